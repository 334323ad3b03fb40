//! Who is connected: GET_CONSUMER_CONNECTION_LIST (203), GET_PRODUCER_CONNECTION_LIST (204).

use serde_json::{Map, Value, json};

use crate::broker::Broker;
use crate::broker::clients::Client;
use crate::connection::Handled;
use crate::remoting::codes::response;
use crate::remoting::headers::GroupHeader;
use crate::remoting::{Answer, Command, HeaderError, Refusal};

pub(super) fn consumers(broker: &Broker, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = GroupHeader::decode(&command.ext)?;
    let group = header
        .consumer_group
        .ok_or(HeaderError::Missing("consumerGroup"))?;
    let body = broker.consumers().with(group, |group| {
        let subscriptions = group.subscriptions.iter();
        let subscriptions =
            subscriptions.map(|(topic, wanted)| (topic.clone(), wanted.json.clone()));
        json!({
            "connectionSet": group.members().map(connection).collect::<Vec<_>>(),
            "consumeFromWhere": group.manner.consume_from,
            "consumeType": group.manner.consume_type,
            "messageModel": group.manner.message_model,
            "subscriptionTable": subscriptions.collect::<Map<String, Value>>(),
        })
    });
    let not_online = || {
        let remark = format!("the consumer group[{group}] not online");
        Refusal::new(response::CONSUMER_NOT_ONLINE, remark)
    };
    let body = body.ok_or_else(not_online)?;
    Ok(Answer::with_body(body.to_string().into_bytes()).into())
}

pub(super) fn producers(broker: &Broker, command: &Command<'_>) -> Result<Handled, Refusal> {
    let group = command.ext.read::<&str>("producerGroup")?;
    let members = broker.producers().members(group);
    if members.is_empty() {
        let remark = format!("the producer group[{group}] not exist");
        return Err(Refusal::system(remark));
    }
    let body = json!({ "connectionSet": members.iter().map(connection).collect::<Vec<_>>() });
    Ok(Answer::with_body(body.to_string().into_bytes()).into())
}

fn connection(client: &Client) -> Value {
    json!({
        "clientAddr": client.channel.peer.to_string(),
        "clientId": &*client.id,
        "language": client.language.name(),
        "version": client.version,
    })
}
