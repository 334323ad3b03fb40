//! CONSUME_MESSAGE_DIRECTLY (309): an administrator has one consumer consume one message now.

use std::str::FromStr;
use std::sync::Arc;

use super::pull::read_refusal;
use super::running_info::{TIMEOUT, online};
use crate::broker::Broker;
use crate::connection::Handled;
use crate::remoting::headers::ConsumeDirectlyHeader;
use crate::remoting::{Answer, Command, ExtWriter, Refusal};
use crate::store::Access;
use crate::store::message::OffsetMessageId;

pub(super) fn handle(broker: &Arc<Broker>, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = ConsumeDirectlyHeader::decode(&command.ext)?;
    let client = header.client_id.filter(|client| !client.is_empty());
    let channel = online(broker, header.consumer_group, client)?;
    let id = header.msg_id.unwrap_or("");
    let place = OffsetMessageId::from_str(id)
        .map_err(|error| Refusal::system(format!("the message id `{id}`: {error}")))?;
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let mut fields: Vec<(String, String)> = command.ext.iter().map(own).collect();
    fields.retain(|(name, _)| name != "brokerName");
    fields.push(("brokerName".to_owned(), broker.settings().name.clone()));
    let code = command.code;
    let broker = Arc::clone(broker);
    Ok(Handled::Later(Box::pin(async move {
        let find = move |broker: &Broker| {
            let found = broker
                .store()
                .look_up(place.physical_offset, Access::MayBlock);
            let found = found.map_err(|error| read_refusal(&error))?;
            let found = found.map(|entry| entry.to_vec());
            found.ok_or_else(|| Refusal::system(format!("no message has the id {place}")))
        };
        let body = match broker.blocking(find).await {
            Ok(Ok(body)) => body,
            Ok(Err(refusal)) | Err(refusal) => return Some(refusal.into()),
        };
        let write = |writer: &mut ExtWriter<'_>| {
            for (name, value) in &fields {
                writer.put(name, value);
            }
        };
        Some(match channel.call(code, &write, &body, TIMEOUT).await {
            Ok(reply) => Answer {
                code: reply.code,
                remark: reply.remark.map(Into::into),
                body: reply.body,
                ..Answer::default()
            },
            Err(error) => Refusal::system(error.to_string()).into(),
        })
    })))
}
