//! CONSUMER_SEND_MSG_BACK (36): a consumer could not consume a message; it shall come again later, or no more.

use std::sync::Arc;

use super::pull::read_refusal;
use crate::broker::Broker;
use crate::broker::group_configs::GroupConfig;
use crate::broker::names;
use crate::broker::properties::{PropertyMap, key};
use crate::broker::put::{Draft, Pending};
use crate::broker::topics::{TopicConfig, perm, unit_flag};
use crate::connection::{Handled, Request};
use crate::remoting::codes::response;
use crate::remoting::headers::SendBackHeader;
use crate::remoting::{Answer, Refusal};
use crate::store::message::{self, Entry, OffsetMessageId};
use crate::store::{Access, PhysicalOffset};

/// The protocol version of RocketMQ 3.4.9: older clients do not say how often is enough.
const SAYS_MAXIMUM_FROM: i32 = 121;
/// The first retry waits for this level, the next for the one after it.
const FIRST_RETRY_LEVEL: i32 = 3;

/// What a consumer asked for.
struct SentBack {
    offset: PhysicalOffset,
    delay_level: i32,
    tries_max: i32,
    unit_mode: bool,
    config: Arc<GroupConfig>,
}

pub(super) fn handle(broker: &Arc<Broker>, request: &Request<'_>) -> Result<Handled, Refusal> {
    let command = request.command;
    let header = SendBackHeader::decode(&command.ext)?;
    let group = header.group;
    let Some(config) = broker.find_group(group) else {
        let remark = format!("subscription group not exist, {group}");
        return Err(Refusal::new(response::SUBSCRIPTION_GROUP_NOT_EXIST, remark));
    };
    if config.retry_queues <= 0 {
        return super::done();
    }
    let said = header.max_reconsume_times;
    let said = said.filter(|_| command.version >= SAYS_MAXIMUM_FROM);
    let sent_back = SentBack {
        offset: PhysicalOffset(header.offset),
        delay_level: header.delay_level,
        tries_max: said.unwrap_or(config.retry_max_times),
        unit_mode: header.unit_mode == Some(true),
        config,
    };
    let broker = Arc::clone(broker);
    Ok(Handled::Later(Box::pin(async move {
        let put = broker.blocking(move |broker| sent_back.put(broker)).await;
        let stored = async {
            let (pending, is_new) = put??;
            if is_new {
                broker.topics_on_disk().await?;
            }
            // A consumer forgets the message as soon as it is answered.
            broker.reached(pending.end()).await
        };
        Some(match stored.await {
            Ok(()) => Answer::success(),
            Err(refusal) => refusal.into(),
        })
    })))
}

impl SentBack {
    /// Puts the message into the log once more; whether that made a topic.
    fn put(&self, broker: &Broker) -> Result<(Pending, bool), Refusal> {
        let found = broker.store().look_up(self.offset, Access::MayBlock);
        let found = found.map_err(|error| read_refusal(&error))?;
        let entry = found
            .as_deref()
            .and_then(|bytes| message::decode(bytes).ok());
        let failed = || Refusal::system(format!("look message by offset failed, {}", self.offset));
        let entry = entry.ok_or_else(failed)?;
        let group = &self.config.name;
        let dead = self.delay_level < 0 || entry.reconsume_times >= self.tries_max;
        let mut topic = match dead {
            true => TopicConfig::new(&names::dlq_topic(group), 1, perm::READ_WRITE),
            false => {
                let queues = self.config.retry_queues;
                TopicConfig::new(&names::retry_topic(group), queues, perm::READ_WRITE)
            }
        };
        if self.unit_mode && !dead {
            topic.sys_flag = unit_flag::UNIT_SUBSCRIPTION;
        }
        let (topic, is_new) = broker.add_topic(topic);
        if !topic.is_writable() {
            let remark = format!("the topic[{}] sending message is forbidden", topic.name);
            return Err(Refusal::new(response::NO_PERMISSION, remark));
        }
        let delay_level = match self.delay_level {
            _ if dead => 0,
            0 => FIRST_RETRY_LEVEL.saturating_add(entry.reconsume_times),
            level => level,
        };
        let draft = Draft {
            topic: &topic.name,
            queue_id: broker.any_queue(topic.write_queues)?,
            flag: entry.flag,
            sys_flag: entry.sys_flag,
            born_timestamp_ms: entry.born_timestamp_ms,
            born_host: entry.born_host,
            reconsume_times: entry.reconsume_times.saturating_add(1),
            prepared_transaction_offset: 0,
            delay_level,
            body: entry.body,
            properties: again(&entry),
        };
        Ok((broker.put(draft)?, is_new))
    }
}

/// The properties of a message that comes again: where it was first, and which it was.
fn again<'e>(entry: &Entry<'e>) -> PropertyMap<'e> {
    let mut properties = PropertyMap::of(entry.properties);
    let topic = String::from_utf8_lossy(entry.topic);
    if properties.get(key::RETRY_TOPIC).is_none() {
        properties.set(key::RETRY_TOPIC, topic.clone());
    }
    let origin = properties
        .get(key::ORIGIN_MESSAGE_ID)
        .map(|id| id.into_owned());
    let origin = origin.unwrap_or_else(|| {
        let id = OffsetMessageId {
            store_host: entry.store_host,
            physical_offset: entry.physical_offset,
        };
        id.to_string()
    });
    properties.set(key::ORIGIN_MESSAGE_ID, origin);
    // A message that was delayed before waits for its new level, not for its old one.
    properties.remove(key::DELAY);
    properties.remove(key::WAIT);
    properties
}
