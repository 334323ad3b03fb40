//! INVOKE_BROKER_TO_RESET_OFFSET (222): an administrator sets a group's progress in a topic.
//!
//! The broker keeps the new progress and tells each queue's next pull of it; clients that are connected are told at
//! once too (220), so that they drop what they read ahead.

use std::sync::Arc;

use super::pull::read_refusal;
use crate::broker::Broker;
use crate::connection::Handled;
use crate::remoting::codes::{request as code, response};
use crate::remoting::headers::ResetOffsetHeader;
use crate::remoting::{Answer, Command, ExtWriter, Refusal, json_string};
use crate::store::Boundary;

/// What was asked.
struct Reset {
    topic: String,
    group: String,
    queue_id: Option<i32>,
    timestamp_ms: i64,
    offset: Option<i64>,
}

pub(super) fn handle(broker: &Arc<Broker>, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = ResetOffsetHeader::decode(&command.ext)?;
    let reset = Reset {
        topic: header.topic.to_owned(),
        group: header.group.to_owned(),
        queue_id: header.queue_id.filter(|id| *id >= 0),
        timestamp_ms: header.timestamp.unwrap_or(-1),
        offset: header.offset.filter(|offset| *offset >= 0),
    };
    if !broker.topics().contains(&reset.topic) {
        let remark = format!("topic[{}] not exist", reset.topic);
        return Err(Refusal::new(response::TOPIC_NOT_EXIST, remark));
    }
    if broker.groups().get(&reset.group).is_none() {
        let remark = format!("subscription group not exist, {}", reset.group);
        return Err(Refusal::new(response::SUBSCRIPTION_GROUP_NOT_EXIST, remark));
    }
    Ok(broker.answer_blocking(move |broker| reset.apply(broker)))
}

impl Reset {
    fn apply(&self, broker: &Broker) -> Result<Answer, Refusal> {
        let queues = broker
            .topics()
            .get(&self.topic)
            .map_or(0, |topic| topic.read_queues);
        let wanted = |id: &i32| self.queue_id.is_none_or(|only| only == *id);
        let mut moved = Vec::new();
        for queue_id in (0..queues).filter(wanted) {
            let offset = self.new_offset(broker, queue_id)?;
            broker
                .offsets()
                .reset(&self.group, &self.topic, queue_id, offset);
            moved.push((queue_id, offset));
        }
        let body = self.table(&broker.settings().name, &moved);
        self.tell_members(broker, &body);
        Ok(Answer::with_body(body))
    }

    fn new_offset(&self, broker: &Broker, queue_id: i32) -> Result<i64, Refusal> {
        let store = broker.store();
        let max = store.max_offset(&self.topic, queue_id);
        if let Some(offset) = self.offset {
            return Ok(offset.min(max.0));
        }
        if self.timestamp_ms < 0 {
            return Ok(max.0);
        }
        let at = store.offset_by_time(&self.topic, queue_id, self.timestamp_ms, Boundary::Lower);
        Ok(at.map_err(|error| read_refusal(&error))?.0)
    }

    fn tell_members(&self, broker: &Broker, body: &[u8]) {
        let channels = broker.consumers().with(&self.group, |group| {
            let members = group.members().map(|member| Arc::clone(&member.channel));
            members.collect::<Vec<_>>()
        });
        let timestamp = self.timestamp_ms.to_string();
        let fields = |writer: &mut ExtWriter<'_>| {
            writer.put("topic", &self.topic);
            writer.put("group", &self.group);
            writer.put("timestamp", &timestamp);
            writer.put("isForce", "true");
        };
        for channel in channels.into_iter().flatten() {
            channel.send_oneway(code::RESET_CONSUMER_CLIENT_OFFSET, &fields, body);
        }
    }

    /// Where each queue goes on; keys are objects, as fastjson writes and reads them.
    fn table(&self, broker_name: &str, moved: &[(i32, i64)]) -> Vec<u8> {
        let mut out = b"{\"offsetTable\":{".to_vec();
        for (at, (queue_id, offset)) in moved.iter().enumerate() {
            if at > 0 {
                out.push(b',');
            }
            out.extend_from_slice(b"{\"brokerName\":");
            json_string(&mut out, broker_name);
            out.extend_from_slice(format!(",\"queueId\":{queue_id},\"topic\":").as_bytes());
            json_string(&mut out, &self.topic);
            out.extend_from_slice(format!("}}:{offset}").as_bytes());
        }
        out.extend_from_slice(b"}}");
        out
    }
}
