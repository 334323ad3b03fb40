//! CHECK_CLIENT_CONFIG (46): a consumer asks before it starts whether its filter will be understood.

use serde_json::Value;

use super::done;
use crate::broker::Broker;
use crate::broker::clients::Subscription;
use crate::connection::Handled;
use crate::remoting::codes::response;
use crate::remoting::{Command, Refusal};

pub(super) fn handle(broker: &Broker, command: &Command<'_>) -> Result<Handled, Refusal> {
    let asked: Value = serde_json::from_slice(command.body)
        .map_err(|error| Refusal::system(format!("the request is not JSON: {error}")))?;
    let Some(subscription) = Subscription::from_json(&asked["subscriptionData"]) else {
        return done();
    };
    match subscription.filter {
        Ok(filter) if filter.is_sql() && !broker.settings().property_filter => {
            let remark = "The broker does not support consumer to filter message by SQL92";
            Err(Refusal::system(remark))
        }
        Ok(_) => done(),
        Err(error) => {
            let code = response::SUBSCRIPTION_PARSE_FAILED;
            Err(Refusal::new(code, error.to_string()))
        }
    }
}
