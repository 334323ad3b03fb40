//! What an administrator asks a client, by way of its broker: GET_CONSUMER_RUNNING_INFO (307) of one client, and
//! INVOKE_BROKER_TO_GET_CONSUMER_STATUS (223), which asks every member of a group by 221.

use std::sync::Arc;
use std::time::Duration;

use crate::broker::Broker;
use crate::connection::{CallError, Channel, Handled, Reply};
use crate::remoting::codes::{request as code, response};
use crate::remoting::headers::RelayHeader;
use crate::remoting::{Answer, Command, ExtWriter, Refusal, json_string};

/// How long a client may take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn handle(broker: &Broker, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = RelayHeader::decode(&command.ext)?;
    let (group, client) = (header.consumer_group, header.client_id);
    let channel = online(broker, group, Some(client))?;
    Ok(relay(channel, command, &[]))
}

/// The connection of a member of the group: the one named, or any.
pub(super) fn online(
    broker: &Broker,
    group: &str,
    client: Option<&str>,
) -> Result<Arc<Channel>, Refusal> {
    let found = broker.consumers().with(group, |members| {
        let member = match client {
            Some(client) => members.member(client),
            None => members.members().next(),
        };
        member.map(|member| Arc::clone(&member.channel))
    });
    found.flatten().ok_or_else(|| {
        let client = client.unwrap_or("any");
        let remark = format!("The Consumer <{group}> <{client}> not online");
        Refusal::new(response::CONSUMER_NOT_ONLINE, remark)
    })
}

/// Hands a request on to a client as it came, with `more` fields, and its answer back.
pub(super) fn relay(
    channel: Arc<Channel>,
    command: &Command<'_>,
    more: &[(&str, &str)],
) -> Handled {
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let fields = command.ext.iter().chain(more.iter().copied());
    let fields: Vec<(String, String)> = fields.map(own).collect();
    let (code, body) = (command.code, command.body.to_vec());
    Handled::Later(Box::pin(async move {
        let write = |writer: &mut ExtWriter<'_>| {
            for (name, value) in &fields {
                writer.put(name, value);
            }
        };
        Some(answer(channel.call(code, &write, &body, TIMEOUT).await))
    }))
}

/// A client's answer as the broker's own.
fn answer(reply: Result<Reply, CallError>) -> Answer {
    match reply {
        Ok(reply) => Answer {
            code: reply.code,
            remark: reply.remark.map(Into::into),
            body: reply.body,
            ..Answer::default()
        },
        Err(error @ CallError::Timeout(_)) => {
            Answer::with_code(response::CONSUME_MSG_TIMEOUT, error.to_string())
        }
        Err(error @ CallError::Closed) => {
            Answer::with_code(response::CONSUMER_NOT_ONLINE, error.to_string())
        }
    }
}

/// INVOKE_BROKER_TO_GET_CONSUMER_STATUS: how far each member is in a topic.
pub(super) fn status(broker: &Broker, command: &Command<'_>) -> Result<Handled, Refusal> {
    let topic = command.ext.read::<String>("topic")?;
    let group = command.ext.read::<String>("group")?;
    let only = command.ext.read::<Option<String>>("clientAddr")?;
    let only = only.filter(|client| !client.is_empty());
    let members = broker.consumers().with(&group, |group| {
        let wanted = group
            .members()
            .filter(|member| only.as_deref().is_none_or(|only| only == &*member.id));
        let wanted = wanted.map(|member| (Arc::clone(&member.id), Arc::clone(&member.channel)));
        wanted.collect::<Vec<_>>()
    });
    let members = members
        .filter(|members| !members.is_empty())
        .ok_or_else(|| {
            Refusal::system(format!(
                "No Any Consumer online in the consumer group: [{group}]"
            ))
        })?;
    Ok(Handled::Later(Box::pin(async move {
        let fields = |writer: &mut ExtWriter<'_>| {
            writer.put("topic", &topic);
            writer.put("group", &group);
        };
        let mut body = b"{\"consumerTable\":{".to_vec();
        let mut count = 0;
        for (id, channel) in members {
            let code = code::GET_CONSUMER_STATUS_FROM_CLIENT;
            let reply = channel.call(code, &fields, &[], TIMEOUT).await;
            let Some(table) = reply.ok().and_then(|reply| queue_table(&reply.body)) else {
                continue;
            };
            if count > 0 {
                body.push(b',');
            }
            json_string(&mut body, &id);
            body.push(b':');
            body.extend_from_slice(&table);
            count += 1;
        }
        body.extend_from_slice(b"}}");
        Some(Answer::with_body(body))
    })))
}

/// The `messageQueueTable` of a client's status, as it stands: its keys are objects, which no JSON parser takes.
fn queue_table(body: &[u8]) -> Option<Vec<u8>> {
    let name = b"\"messageQueueTable\":";
    let at = body.windows(name.len()).position(|window| window == name)?;
    let table = body.get(at + name.len()..)?;
    let (mut depth, mut in_text, mut escaped) = (0u32, false, false);
    for (at, byte) in table.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' if !in_text => depth += 1,
            b'}' if !in_text => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(table.get(..=at)?.to_vec());
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::queue_table;

    #[test]
    fn a_table_is_cut_out_whole() {
        for (body, table) in [
            (r#"{"messageQueueTable":{}}"#, Some("{}")),
            (
                r#"{"a":1,"messageQueueTable":{{"topic":"}\"{"}:5,{"b":{}}:6},"z":{}}"#,
                Some(r#"{{"topic":"}\"{"}:5,{"b":{}}:6}"#),
            ),
            (r#"{"messageQueueTable":{{"#, None),
            (r#"{"messageQueueTable":}"#, None),
            ("{}", None),
        ] {
            let found = queue_table(body.as_bytes());
            assert_eq!(found.as_deref(), table.map(str::as_bytes), "{body}");
        }
    }
}
