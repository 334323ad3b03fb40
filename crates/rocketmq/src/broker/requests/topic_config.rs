//! Topics by hand: UPDATE_AND_CREATE_TOPIC (17), DELETE_TOPIC_IN_BROKER (215), GET_ALL_TOPIC_CONFIG (21),
//! GET_TOPIC_CONFIG (351).

use std::sync::Arc;

use crate::broker::Broker;
use crate::broker::names;
use crate::broker::tables::{topic_json, topics_json};
use crate::broker::topics::TopicConfig;
use crate::config_json::Style;
use crate::connection::Handled;
use crate::remoting::codes::response;
use crate::remoting::headers::{CreateTopicHeader, TopicHeader};
use crate::remoting::{Answer, Command, Refusal};

/// Queues of a topic, at most: each costs files.
const QUEUES_MAX: i32 = 65_536;

pub(super) fn create(broker: &Arc<Broker>, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = CreateTopicHeader::decode(&command.ext)?;
    let name = header.topic;
    let invalid = |why: String| Refusal::new(response::INVALID_PARAMETER, why);
    names::check_topic(name).map_err(invalid)?;
    if names::is_system_topic(name) {
        return Err(invalid(format!(
            "The topic[{name}] is conflict with system topic."
        )));
    }
    for queues in [header.read_queue_nums, header.write_queue_nums] {
        if !(0..=QUEUES_MAX).contains(&queues) {
            let why = format!("a topic has 0 to {QUEUES_MAX} queues, not {queues}");
            return Err(invalid(why));
        }
    }
    let known = broker.topics().get(name);
    let mut attributes = known
        .map(|known| known.attributes.clone())
        .unwrap_or_default();
    for change in header.attributes.unwrap_or("").split(',').map(str::trim) {
        match (change.strip_prefix('+'), change.strip_prefix('-')) {
            (Some(set), _) => {
                let Some((key, value)) = set.split_once('=') else {
                    return Err(invalid(format!("the attribute `{set}` has no value")));
                };
                attributes.insert(key.to_owned(), value.to_owned());
            }
            (None, Some(key)) => {
                attributes.remove(key);
            }
            (None, None) if change.is_empty() => {}
            (None, None) => {
                let why = format!("`{change}`: attributes are changed by +key=value and -key");
                return Err(invalid(why));
            }
        }
    }
    let topic = TopicConfig {
        name: name.into(),
        read_queues: header.read_queue_nums,
        write_queues: header.write_queue_nums,
        perm: header.perm,
        multi_tag: header.topic_filter_type == "MULTI_TAG",
        sys_flag: header.topic_sys_flag.unwrap_or(0),
        order: header.order,
        attributes,
    };
    broker.put_topic(topic);
    Ok(on_disk(broker))
}

/// Success, once the topics are on disk.
fn on_disk(broker: &Arc<Broker>) -> Handled {
    let broker = Arc::clone(broker);
    Handled::Later(Box::pin(async move {
        Some(match broker.topics_on_disk().await {
            Ok(()) => Answer::success(),
            Err(refusal) => refusal.into(),
        })
    }))
}

pub(super) fn delete(broker: &Arc<Broker>, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = TopicHeader::decode(&command.ext)?;
    let topic = header.topic.to_owned();
    if names::is_system_topic(&topic) {
        let why = format!("The topic[{topic}] is conflict with system topic.");
        return Err(Refusal::new(response::INVALID_PARAMETER, why));
    }
    let broker = Arc::clone(broker);
    Ok(Handled::Later(Box::pin(async move {
        let delete = move |broker: &Broker| broker.delete_topic(&topic);
        Some(match broker.blocking(delete).await {
            Ok(Ok(())) => Answer::success(),
            Ok(Err(refusal)) | Err(refusal) => refusal.into(),
        })
    })))
}

pub(super) fn all(broker: &Broker) -> Handled {
    let (topics, version) = broker.topics().all();
    Answer::with_body(
        topics_json(&topics, version)
            .write(Style::Dialect)
            .into_bytes(),
    )
    .into()
}

pub(super) fn one(broker: &Broker, command: &Command<'_>) -> Result<Handled, Refusal> {
    let header = TopicHeader::decode(&command.ext)?;
    let Some(topic) = broker.topics().get(header.topic) else {
        let remark = format!("No topic in this broker. topic: {}", header.topic);
        return Err(Refusal::new(response::TOPIC_NOT_EXIST, remark));
    };
    let body = topic_json(&topic).write(Style::Dialect).into_bytes();
    Ok(Answer::with_body(body).into())
}
