//! SEND_REPLY_MESSAGE (324), its V2 (325): the answer of one client to a request of another.
//!
//! The reply is pushed to the client that waits for it, and the replier is told whether that client took it. It is
//! stored too (`storeReplyMessageEnable`), for people who look later.

use std::sync::Arc;
use std::time::Duration;

use super::send::{Target, stored};
use crate::broker::Broker;
use crate::broker::properties::{PropertyMap, key};
use crate::broker::put::Draft;
use crate::connection::{Channel, Handled, Request};
use crate::remoting::codes::{request as code, response};
use crate::remoting::headers::{ReplyPushHeader, SendHeader};
use crate::remoting::{Answer, ExtWriter, Refusal};
use crate::store::message::SysFlag;

/// How long the waiting client may take.
const TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn handle(broker: &Arc<Broker>, request: &Request<'_>) -> Result<Handled, Refusal> {
    let command = request.command;
    let header = match command.code {
        code::SEND_REPLY_MESSAGE => SendHeader::decode(&command.ext)?,
        _ => SendHeader::decode_v2(&command.ext)?,
    };
    let target = Target::check(broker, &header)?;
    let mut properties = PropertyMap::of(header.properties.unwrap_or("").as_bytes());
    broker.mark(&mut properties);
    let to = properties
        .get(key::REPLY_TO_CLIENT)
        .map(|to| to.into_owned());
    let store_properties = properties.clone();
    properties.set(key::PUSH_REPLY_TIME, broker.now_ms().to_string());
    let text = String::from_utf8_lossy(&properties.text()).into_owned();
    let push = Push {
        channel: to.as_deref().and_then(|to| broker.producers().find(to)),
        to,
        frame: push_frame(broker, request, &header, &text),
        body: command.body.to_vec(),
    };
    if broker.settings().store_replies {
        let draft = Draft {
            topic: &target.topic.name,
            queue_id: target.queue_id,
            flag: header.flag,
            sys_flag: SysFlag(header.sys_flag),
            born_timestamp_ms: header.born_timestamp,
            born_host: request.channel.peer,
            reconsume_times: header.reconsume_times.unwrap_or(0),
            prepared_transaction_offset: 0,
            delay_level: 0,
            body: command.body,
            properties: store_properties,
        };
        if let Err(refusal) = broker.put_as_is(&draft) {
            tracing::warn!(%refusal, "a reply was not stored");
        }
    }
    let answer = stored(broker)
        .number("queueId", i64::from(target.queue_id))
        .number("queueOffset", 0)
        .field("msgId", "0");
    Ok(Handled::Later(Box::pin(async move {
        Some(match push.send().await {
            Ok(()) => answer,
            Err(remark) => Answer {
                code: response::SYSTEM_ERROR,
                remark: Some(remark.into()),
                ..answer
            },
        })
    })))
}

/// A reply on its way.
struct Push {
    to: Option<String>,
    channel: Option<Arc<Channel>>,
    /// Fields of the header, by name.
    frame: Vec<(String, String)>,
    body: Vec<u8>,
}

fn push_frame(
    broker: &Broker,
    request: &Request<'_>,
    header: &SendHeader<'_>,
    properties: &str,
) -> Vec<(String, String)> {
    let born = request.channel.peer;
    let born = format!("{}:{}", born.ip().to_canonical(), born.port());
    let store = broker.settings().address.to_string();
    let hosts = (born.as_str(), store.as_str());
    let push = ReplyPushHeader::for_reply(header, properties, hosts, broker.now_ms());
    push.fields()
}

impl Push {
    async fn send(self) -> Result<(), String> {
        let Some(to) = self.to else {
            let key = key::REPLY_TO_CLIENT;
            return Err(format!("reply message properties[{key}] is null"));
        };
        let Some(channel) = self.channel else {
            return Err(format!(
                "push reply message fail, channel of <{to}> not found."
            ));
        };
        let fields = |writer: &mut ExtWriter<'_>| {
            for (name, value) in &self.frame {
                writer.put(name, value);
            }
        };
        let code = code::PUSH_REPLY_MESSAGE_TO_CLIENT;
        match channel.call(code, &fields, &self.body, TIMEOUT).await {
            Ok(reply) if reply.code == response::SUCCESS => Ok(()),
            Ok(reply) => {
                let remark = reply.remark.unwrap_or_default();
                Err(format!("push reply message to {to} fail. {remark}"))
            }
            Err(error) => Err(format!("push reply message to {to} fail. {error}")),
        }
    }
}
