//! SEND_MESSAGE (10), SEND_MESSAGE_V2 (310), SEND_BATCH_MESSAGE (320): a message comes in.
//!
//! A message is put into the log at once, on the thread of its connection; only the answer waits: for the mark that
//! acknowledges, and where the message made its topic, for the topic to be on disk.

use std::sync::Arc;

use super::send_batch;
use crate::broker::Broker;
use crate::broker::names::{self, RETRY_PREFIX};
use crate::broker::properties::{PropertyMap, key};
use crate::broker::put::Draft;
use crate::broker::topics::{TopicConfig, perm, unit_flag};
use crate::connection::{Handled, Request};
use crate::remoting::codes::{request as code, response};
use crate::remoting::headers::SendHeader;
use crate::remoting::{Answer, Command, Refusal};
use crate::store::message::SysFlag;

pub(super) fn handle(broker: &Arc<Broker>, request: &Request<'_>) -> Result<Handled, Refusal> {
    let command = request.command;
    let header = match command.code {
        code::SEND_MESSAGE => SendHeader::decode(&command.ext)?,
        _ => SendHeader::decode_v2(&command.ext)?,
    };
    let topic = Target::check(broker, &header)?;
    if header.batch == Some(true) || command.code == code::SEND_BATCH_MESSAGE {
        return send_batch::handle(broker, request, &header, &topic);
    }
    one(broker, request, &header, topic)
}

/// Where a message goes: its topic, and its queue there.
pub(super) struct Target {
    pub(super) topic: Arc<TopicConfig>,
    pub(super) queue_id: i32,
    /// The topic was made for this message.
    pub(super) is_new: bool,
}

impl Target {
    /// Checks whether the message may go where it wants to, and makes its topic if need be.
    pub(super) fn check(broker: &Broker, header: &SendHeader<'_>) -> Result<Self, Refusal> {
        let name = header.topic;
        let (topic, is_new) = match broker.topics().get(name) {
            Some(topic) => (topic, false),
            None => {
                names::check_topic(name)
                    .map_err(|why| Refusal::new(response::INVALID_PARAMETER, why))?;
                create(broker, header)?
            }
        };
        if !names::may_be_sent_to(name) {
            let remark = format!("Sending message to topic[{name}] is forbidden.");
            return Err(Refusal::new(response::NO_PERMISSION, remark));
        }
        // Whether a topic is writable is for its route to say, as in Java: who has an older route may finish.
        let queues = topic.write_queues.max(topic.read_queues);
        if header.queue_id >= queues {
            let id = header.queue_id;
            let remark =
                format!("request queueId[{id}] is illegal, topic[{name}] has {queues} queues");
            return Err(Refusal::new(response::INVALID_PARAMETER, remark));
        }
        let queue_id = match header.queue_id {
            0.. => header.queue_id,
            _ => broker.any_queue(topic.write_queues)?,
        };
        Ok(Self {
            topic,
            queue_id,
            is_new,
        })
    }
}

/// Makes a topic that a message is sent to before anybody made it.
fn create(broker: &Broker, header: &SendHeader<'_>) -> Result<(Arc<TopicConfig>, bool), Refusal> {
    let (name, wanted) = (header.topic, header.default_topic_queue_nums);
    let is_retry = name.starts_with(RETRY_PREFIX);
    let inherited = broker
        .topics()
        .inherited(name, header.default_topic, wanted);
    let topic = inherited.or_else(|| is_retry.then(|| TopicConfig::new(name, 1, perm::READ_WRITE)));
    let Some(mut topic) = topic else {
        let remark = format!("topic[{name}] not exist, apply first please!");
        return Err(Refusal::new(response::TOPIC_NOT_EXIST, remark));
    };
    if header.unit_mode == Some(true) {
        topic.sys_flag = match is_retry {
            true => unit_flag::UNIT_SUBSCRIPTION,
            false => unit_flag::UNIT,
        };
    }
    Ok(broker.add_topic(topic))
}

fn one(
    broker: &Arc<Broker>,
    request: &Request<'_>,
    header: &SendHeader<'_>,
    target: Target,
) -> Result<Handled, Refusal> {
    let command = request.command;
    let mut is_new = target.is_new;
    let mut properties = PropertyMap::of(header.properties.unwrap_or("").as_bytes());
    properties.remove(key::POP_CK);
    broker.mark(&mut properties);
    let reconsume_times = header.reconsume_times.unwrap_or(0);
    let mut draft = Draft {
        topic: &target.topic.name,
        queue_id: target.queue_id,
        flag: header.flag,
        sys_flag: SysFlag(header.sys_flag).with(SysFlag::MULTI_TAGS, target.topic.multi_tag),
        born_timestamp_ms: header.born_timestamp,
        born_host: request.channel.peer,
        reconsume_times,
        prepared_transaction_offset: 0,
        delay_level: properties.number(key::DELAY).unwrap_or(0),
        body: command.body,
        properties,
    };
    let dead = dead_letter_topic(broker, command, header)?;
    if let Some((topic, made)) = &dead {
        is_new |= made;
        draft.topic = &topic.name;
        draft.queue_id = 0;
        draft.delay_level = 0;
        draft.properties.set(key::DELAY, "-1");
    }
    let unique_key = broker.unique_key_of(&mut draft.properties);
    let queue_id = draft.queue_id;
    // Clients before 4.6.1 keep the mark of a transaction on what they send back.
    let sent_back = reconsume_times > 0 && draft.delay_level > 0;
    let pending = if draft.properties.is_true(key::TRANSACTION_PREPARED) && !sent_back {
        broker.transactions().prepare(broker, draft)?
    } else {
        broker.put(draft)?
    };
    let (messages, bytes) = pending.size();
    broker.stats().taken(messages, bytes);
    let answer = stored(broker)
        .number("queueId", i64::from(queue_id))
        .number("queueOffset", pending.queue_offset.0)
        .field("msgId", pending.message_id())
        .field("transactionId", unique_key);
    Ok(broker.when_stored(pending, answer, is_new))
}

/// Success, with what every answer to a sender has.
pub(super) fn stored(broker: &Broker) -> Answer {
    let settings = broker.settings();
    Answer::success()
        .field("MSG_REGION", settings.region.clone())
        .field("TRACE_ON", if settings.trace_on { "true" } else { "false" })
}

/// Where a message to a retry topic goes that was tried often enough, or whose group consumes in order.
fn dead_letter_topic(
    broker: &Broker,
    command: &Command<'_>,
    header: &SendHeader<'_>,
) -> Result<Option<(Arc<TopicConfig>, bool)>, Refusal> {
    /// The protocol version of RocketMQ 3.4.9: older clients do not say how often is enough.
    const SAYS_MAXIMUM_FROM: i32 = 121;
    let Some(group) = header.topic.strip_prefix(RETRY_PREFIX) else {
        return Ok(None);
    };
    let Some(config) = broker.find_group(group) else {
        let remark = format!("subscription group not exist, {group}");
        return Err(Refusal::new(response::SUBSCRIPTION_GROUP_NOT_EXIST, remark));
    };
    let said = header.max_reconsume_times;
    let said = said.filter(|_| command.version >= SAYS_MAXIMUM_FROM);
    let enough = said.unwrap_or(config.retry_max_times);
    let tried = header.reconsume_times.unwrap_or(0);
    let in_order = broker.locks().is_held(group, broker.now_ms());
    let dead = tried > enough || in_order;
    let topic = || TopicConfig::new(&names::dlq_topic(group), 1, perm::READ_WRITE);
    Ok(dead.then(|| broker.add_topic(topic())))
}
