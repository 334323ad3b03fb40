//! How far a group is, beside where its queues end: GET_CONSUME_STATS (208); and which groups read a topic:
//! QUERY_TOPIC_CONSUME_BY_WHO (300).

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use super::pull::read_refusal;
use crate::broker::Broker;
use crate::connection::Handled;
use crate::remoting::headers::{GroupHeader, TopicHeader};
use crate::remoting::{Answer, Command, HeaderError, Refusal, json_string};
use crate::store::QueueOffset;

pub(super) fn handle(broker: &Arc<Broker>, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = GroupHeader::decode(&command.ext)?;
    let group = header
        .consumer_group
        .ok_or(HeaderError::Missing("consumerGroup"))?
        .to_owned();
    let topic = header
        .topic
        .filter(|topic| !topic.is_empty())
        .map(Arc::<str>::from);
    Ok(broker.answer_blocking(move |broker| {
        let topics = match topic {
            Some(topic) => vec![topic],
            None => broker.offsets().topics_of(&group),
        };
        let mut out = b"{\"consumeTps\":0.0,\"offsetTable\":{".to_vec();
        let mut count = 0;
        for topic in topics {
            let queues = broker
                .topics()
                .get(&topic)
                .map_or(0, |topic| topic.read_queues);
            let progress = broker.offsets().of_topic(&group, &topic);
            for queue_id in 0..queues {
                let offset = progress.get(&queue_id).copied().unwrap_or(0);
                if count > 0 {
                    out.push(b',');
                }
                one(broker, &mut out, &topic, queue_id, offset)?;
                count += 1;
            }
        }
        out.extend_from_slice(b"}}");
        Ok(Answer::with_body(out))
    }))
}

/// One queue; its key is an object, as fastjson writes and reads it.
fn one(
    broker: &Broker,
    out: &mut Vec<u8>,
    topic: &str,
    queue_id: i32,
    offset: i64,
) -> Result<(), Refusal> {
    let store = broker.store();
    let end = store.max_offset(topic, queue_id);
    let last = QueueOffset(offset.saturating_sub(1).max(0));
    let time = store
        .store_time(topic, queue_id, last)
        .map_err(|error| read_refusal(&error))?;
    out.extend_from_slice(b"{\"brokerName\":");
    json_string(out, &broker.settings().name);
    out.extend_from_slice(format!(",\"queueId\":{queue_id},\"topic\":").as_bytes());
    json_string(out, topic);
    let rest = format!(
        "}}:{{\"brokerOffset\":{end},\"consumerOffset\":{offset},\"lastTimestamp\":{},\"pullOffset\":{offset}}}",
        time.unwrap_or(0)
    );
    out.extend_from_slice(rest.as_bytes());
    Ok(())
}

pub(super) fn groups(broker: &Broker, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = TopicHeader::decode(&command.ext)?;
    let connected = broker.consumers().groups_of_topic(header.topic);
    let known = broker.offsets().groups_of(header.topic);
    let known = known.iter().map(|group| group.to_string());
    let groups: BTreeSet<String> = connected.into_iter().chain(known).collect();
    let body = json!({ "groupList": groups });
    Ok(Answer::with_body(body.to_string().into_bytes()).into())
}
