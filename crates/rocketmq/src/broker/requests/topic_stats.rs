//! GET_TOPIC_STATS_INFO (202): where each queue of a topic begins and ends, and when its last message came.

use std::sync::Arc;

use super::pull::read_refusal;
use crate::broker::Broker;
use crate::config_json::{Key, Style, Value};
use crate::connection::Handled;
use crate::remoting::codes::response;
use crate::remoting::headers::TopicHeader;
use crate::remoting::{Answer, Command, Refusal};
use crate::store::{QueueOffset, ReadError};

pub(super) fn handle(broker: &Arc<Broker>, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = TopicHeader::decode(&command.ext)?;
    let Some(topic) = broker.topics().get(header.topic) else {
        let remark = format!("topic[{}] not exist", header.topic);
        return Err(Refusal::new(response::TOPIC_NOT_EXIST, remark));
    };
    Ok(broker.answer_blocking(move |broker| {
        let queues = 0..topic.read_queues.max(topic.write_queues);
        let rows = queues.map(|queue_id| row(broker, &topic.name, queue_id));
        let rows = rows.collect::<Result<Vec<_>, ReadError>>();
        let rows = rows.map_err(|error| read_refusal(&error))?;
        let body = Value::object().with("offsetTable", Value::Object(rows));
        Ok(Answer::with_body(body.write(Style::Dialect).into_bytes()))
    }))
}

/// One queue; its key is an object, as fastjson writes and reads it.
fn row(broker: &Broker, topic: &str, queue_id: i32) -> Result<(Key, Value), ReadError> {
    let store = broker.store();
    let key = vec![
        (
            Key::from("brokerName"),
            broker.settings().name.clone().into(),
        ),
        (Key::from("queueId"), queue_id.into()),
        (Key::from("topic"), topic.into()),
    ];
    let (min, max) = (
        store.min_offset(topic, queue_id)?,
        store.max_offset(topic, queue_id),
    );
    let last = if max > min {
        store.store_time(topic, queue_id, QueueOffset(max.0 - 1))?
    } else {
        None
    };
    let value = Value::object()
        .with("lastUpdateTimestamp", last.unwrap_or(0))
        .with("maxOffset", max.0)
        .with("minOffset", min.0);
    Ok((Key::Object(key), value))
}
