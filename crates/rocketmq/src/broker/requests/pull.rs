//! PULL_MESSAGE (11), LITE_PULL_MESSAGE (361): messages go out.
//!
//! A pull is answered at once from what is in memory; what has to be read from the disk is read on another thread. One
//! that finds the end of its queue may wait there: see [`crate::broker::holds`].

use std::sync::Arc;
use std::time::Duration;

use crate::broker::Broker;
use crate::broker::topics::perm;
use crate::connection::{Handled, Request};
use crate::filter::Filter;
use crate::remoting::codes::response;
use crate::remoting::headers::PullHeader;
use crate::remoting::{Answer, Refusal};
use crate::store::{Access, GetRequest, GetResult, GetStatus, QueueOffset, ReadError};

/// Messages in an answer, at most, whatever is asked for.
const MESSAGES_MAX: usize = 1024;
/// Bytes of messages in an answer, as `maxTransferBytesOnMessageInMemory`.
const BYTES_MAX: usize = 256 << 10;
/// How long a pull is held, at most, whatever it asks for.
const HOLD_MAX: Duration = Duration::from_secs(600);

/// A pull that passed all checks, with its own memory.
#[derive(Clone, Debug)]
struct Pull {
    topic: Arc<str>,
    queue_id: i32,
    offset: i64,
    messages_max: usize,
    bytes_max: usize,
    filter: Filter,
    topic_sys_flag: i32,
    group_sys_flag: i32,
}

pub(super) fn handle(broker: &Arc<Broker>, request: &Request<'_>) -> Result<Handled, Refusal> {
    let header = PullHeader::decode(&request.command.ext)?;
    let pull = check(broker, &header)?;
    if header.has(PullHeader::COMMIT_OFFSET) {
        let (group, topic) = (header.consumer_group, header.topic);
        broker
            .offsets()
            .commit(group, topic, header.queue_id, header.commit_offset);
    }
    let reset = broker
        .offsets()
        .take_reset(header.consumer_group, header.topic, header.queue_id);
    if let Some(offset) = reset {
        return Ok(pull.moved(broker, offset)?.into());
    }
    let wait = header.has(PullHeader::SUSPEND) && broker.settings().long_polling;
    let wait_ms = u64::try_from(header.suspend_timeout_millis).unwrap_or(0);
    let wait = wait.then(|| Duration::from_millis(wait_ms).min(HOLD_MAX));
    match pull.read(broker, Access::InMemory) {
        Ok(answer) if answer.code == response::PULL_NOT_FOUND && wait.is_some() => {}
        Ok(answer) => return Ok(answer.into()),
        Err(ReadError::WouldBlock) => {}
        Err(error) => return Err(read_refusal(&error)),
    }
    let broker = Arc::clone(broker);
    Ok(Handled::Later(Box::pin(pull.later(broker, wait))))
}

/// Whether the group may pull from the queue, and by which filter.
fn check(broker: &Broker, header: &PullHeader<'_>) -> Result<Pull, Refusal> {
    let (group, topic) = (header.consumer_group, header.topic);
    let Some(config) = broker.find_group(group) else {
        let remark = format!("subscription group [{group}] does not exist");
        return Err(Refusal::new(response::SUBSCRIPTION_GROUP_NOT_EXIST, remark));
    };
    if !config.consume_enable {
        let remark = format!("subscription group no permission, {group}");
        return Err(Refusal::new(response::NO_PERMISSION, remark));
    }
    let Some(known) = broker.topics().get(topic) else {
        let remark = format!("topic[{topic}] not exist, apply first please!");
        return Err(Refusal::new(response::TOPIC_NOT_EXIST, remark));
    };
    if !known.is_readable() {
        let remark = format!("the topic[{topic}] pulling message is forbidden");
        return Err(Refusal::new(response::NO_PERMISSION, remark));
    }
    if !(0..known.read_queues).contains(&header.queue_id) {
        let (id, queues) = (header.queue_id, known.read_queues);
        let remark = format!("queueId[{id}] is illegal, topic:[{topic}] has {queues} queues");
        return Err(Refusal::new(response::INVALID_PARAMETER, remark));
    }
    let filter = match header.has(PullHeader::SUBSCRIPTION) {
        true => Filter::of(header.subscription, header.expression_type).map_err(|error| {
            let remark = format!("parse the consumer's subscription failed: {error}");
            Refusal::new(response::SUBSCRIPTION_PARSE_FAILED, remark)
        })?,
        false => subscribed(broker, header, config.consume_broadcast_enable)?,
    };
    if filter.is_sql() && !broker.settings().property_filter {
        let remark = "The broker does not support consumer to filter message by SQL92";
        return Err(Refusal::system(remark));
    }
    let messages_max = usize::try_from(header.max_msg_nums).unwrap_or(0);
    let bytes_max = header
        .max_msg_bytes
        .and_then(|bytes| usize::try_from(bytes).ok());
    Ok(Pull {
        topic: Arc::clone(&known.name),
        queue_id: header.queue_id,
        offset: header.queue_offset,
        messages_max: messages_max.clamp(1, MESSAGES_MAX),
        bytes_max: bytes_max
            .filter(|bytes| *bytes > 0)
            .unwrap_or(BYTES_MAX)
            .min(BYTES_MAX),
        filter,
        topic_sys_flag: known.sys_flag,
        group_sys_flag: config.sys_flag,
    })
}

/// The filter that the group's heartbeat told.
fn subscribed(
    broker: &Broker,
    header: &PullHeader<'_>,
    may_broadcast: bool,
) -> Result<Filter, Refusal> {
    let not_exist = |remark| Refusal::new(response::SUBSCRIPTION_NOT_EXIST, remark);
    let group = header.consumer_group;
    let found = broker.consumers().with(group, |group| {
        let subscription = group.subscriptions.get(header.topic).cloned();
        (subscription, group.manner.is_broadcast())
    });
    let Some((subscription, broadcast)) = found else {
        return Err(not_exist("the consumer's group info not exist"));
    };
    if broadcast && !may_broadcast {
        let remark = format!("the consumer group[{group}] can not consume by broadcast way");
        return Err(Refusal::new(response::NO_PERMISSION, remark));
    }
    let topic = header.topic;
    if broker.groups().is_forbidden(group, topic, perm::READ) {
        let remark = format!("the consumer group[{group}] is forbidden for topic[{topic}]");
        return Err(Refusal::new(response::NO_PERMISSION, remark));
    }
    let subscription = subscription.ok_or(not_exist("the consumer's subscription not exist"))?;
    if subscription.version < header.sub_version {
        let remark = "the consumer's subscription not latest";
        return Err(Refusal::new(response::SUBSCRIPTION_NOT_LATEST, remark));
    }
    subscription.filter.clone().map_err(|error| {
        let remark = format!("The broker's consumer filter data is not exist! {error}");
        Refusal::new(response::FILTER_DATA_NOT_EXIST, remark)
    })
}

impl Pull {
    fn read(&self, broker: &Broker, access: Access) -> Result<Answer, ReadError> {
        let request = GetRequest {
            topic: &self.topic,
            queue_id: self.queue_id,
            offset: QueueOffset(self.offset),
            messages_max: self.messages_max,
            bytes_max: self.bytes_max,
            filter: &self.filter,
            access,
        };
        let got = broker.store().get(&request)?;
        let code = match got.status {
            GetStatus::Found => response::SUCCESS,
            GetStatus::NoMatchedMessage | GetStatus::MessageWasRemoving => {
                response::PULL_RETRY_IMMEDIATELY
            }
            GetStatus::NoMatchedLogicQueue | GetStatus::NoMessageInQueue if self.offset == 0 => {
                response::PULL_NOT_FOUND
            }
            GetStatus::OffsetOverflowOne => response::PULL_NOT_FOUND,
            GetStatus::NoMatchedLogicQueue
            | GetStatus::NoMessageInQueue
            | GetStatus::OffsetTooSmall
            | GetStatus::OffsetOverflowBadly => response::PULL_OFFSET_MOVED,
        };
        if code == response::SUCCESS {
            broker.stats().given(got.units.len(), got.bytes as u64);
        }
        Ok(self.answer(code, got))
    }

    fn answer(&self, code: i32, got: GetResult) -> Answer {
        let (min, max) = (got.min_offset.0, got.max_offset.0);
        let mut answer = self.with_offsets(code, got.next_offset.0, min, max);
        if code == response::SUCCESS {
            answer.parts = got.parts;
        }
        answer
    }

    fn with_offsets(&self, code: i32, next: i64, min: i64, max: i64) -> Answer {
        let answer = Answer {
            code,
            ..Answer::default()
        };
        answer
            .number("nextBeginOffset", next)
            .number("minOffset", min)
            .number("maxOffset", max)
            .field("suggestWhichBrokerId", "0")
            .number("topicSysFlag", i64::from(self.topic_sys_flag))
            .number("groupSysFlag", i64::from(self.group_sys_flag))
    }

    /// The queue's progress was set from outside: go on there.
    fn moved(&self, broker: &Broker, offset: i64) -> Result<Answer, Refusal> {
        let store = broker.store();
        let min = store.min_offset(&self.topic, self.queue_id);
        let min = min.map_err(|error| read_refusal(&error))?.0;
        let max = store.max_offset(&self.topic, self.queue_id).0;
        Ok(self.with_offsets(response::PULL_OFFSET_MOVED, offset, min, max))
    }

    /// The answer of a pull that needs the disk, or that may wait so long for a message.
    async fn later(self, broker: Arc<Broker>, wait: Option<Duration>) -> Option<Answer> {
        let deadline = wait.map(|wait| tokio::time::Instant::now() + wait);
        loop {
            let offset = QueueOffset(self.offset);
            let hold = deadline.map(|_| {
                let filter = self.filter.clone();
                broker
                    .holds()
                    .hold(&self.topic, self.queue_id, offset, filter)
            });
            let answer = self.read_anyhow(&broker).await;
            let (Some(hold), Some(deadline)) = (hold, deadline) else {
                return Some(answer);
            };
            let nothing = answer.code == response::PULL_NOT_FOUND;
            if !nothing || broker.holds().is_closed() {
                return Some(answer);
            }
            if tokio::time::timeout_at(deadline, hold.woken())
                .await
                .is_err()
            {
                return Some(answer);
            }
        }
    }

    /// Reads from memory, or from the disk on another thread.
    async fn read_anyhow(&self, broker: &Arc<Broker>) -> Answer {
        match self.read(broker, Access::InMemory) {
            Ok(answer) => return answer,
            Err(ReadError::WouldBlock) => {}
            Err(error) => return read_refusal(&error).into(),
        }
        let pull = self.clone();
        let read = move |broker: &Broker| pull.read(broker, Access::MayBlock);
        match broker.blocking(read).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => read_refusal(&error).into(),
            Err(refusal) => refusal.into(),
        }
    }
}

/// What a reader is told when the store cannot read.
pub(super) fn read_refusal(error: &ReadError) -> Refusal {
    match error {
        ReadError::Closed => Refusal::new(response::SERVICE_NOT_AVAILABLE, error.to_string()),
        ReadError::WouldBlock | ReadError::Storage(_) => Refusal::system(error.to_string()),
    }
}
