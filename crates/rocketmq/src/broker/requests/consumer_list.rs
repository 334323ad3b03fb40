//! GET_CONSUMER_LIST_BY_GROUP (38): who shares a group's queues.

use crate::broker::Broker;
use crate::connection::Handled;
use crate::remoting::headers::ConsumerListHeader;
use crate::remoting::{Answer, Command, Refusal};

pub(super) fn handle(broker: &Broker, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = ConsumerListHeader::decode(&command.ext)?;
    let group = header.consumer_group;
    let members = broker.consumers().member_ids(group);
    if members.is_empty() {
        return Err(Refusal::system(format!(
            "no consumer for this group, {group}"
        )));
    }
    let members: Vec<&str> = members.iter().map(|id| &**id).collect();
    let body = serde_json::json!({ "consumerIdList": members });
    Ok(Answer::with_body(body.to_string().into_bytes()).into())
}
