//! Delayed messages: each level is a queue in order of time; one thread delivers from all of them.
//!
//! A message of level n lies in queue n−1 of [`SCHEDULE_TOPIC`], whose units hold the time it is due. The thread sleeps
//! until the earliest of the first ones is due, or a message arrives that is due before that.
//!
//! Invariants: progress of a level moves only when what was delivered has reached the mark that acknowledges, so a
//! crash repeats a delivery and never loses one.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use parking_lot::Mutex;
use serving::Bell;

use super::Broker;
use super::names::{HALF_TOPIC, SCHEDULE_TOPIC};
use super::properties::{PropertyMap, key};
use super::put::Draft;
use super::tables::DelayOffsets;
use crate::remoting::Refusal;
use crate::store::message::{self, Entry};
use crate::store::{Access, GetRequest, GetStatus, QueueOffset, QueueUnit};

/// Messages of a level that are delivered before the next level has its turn.
const BATCH: usize = 32;
/// Pause after a delivery that failed.
const RETRY_MS: i64 = 1000;
/// Longest sleep while something is to come: clocks may be set.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// Progress of each level.
#[derive(Debug, Default)]
pub(crate) struct Delays {
    offsets: Mutex<DelayOffsets>,
    written: Mutex<DelayOffsets>,
}

/// What is next on a level.
enum Next {
    /// More may be due now.
    Now,
    /// Due at this time, ms.
    At(i64),
    /// Nothing is there.
    Never,
}

impl Delays {
    pub(crate) fn new(offsets: DelayOffsets) -> Self {
        Self {
            written: Mutex::new(offsets.clone()),
            offsets: Mutex::new(offsets),
        }
    }

    fn offset(&self, level: i32) -> i64 {
        self.offsets.lock().get(&level).copied().unwrap_or(0)
    }

    fn advance(&self, level: i32, offset: i64) {
        self.offsets.lock().insert(level, offset);
    }

    /// Progress, if it moved since it was written last.
    pub(crate) fn unwritten(&self) -> Option<DelayOffsets> {
        let offsets = self.offsets.lock().clone();
        (offsets != *self.written.lock()).then_some(offsets)
    }

    pub(crate) fn written(&self, offsets: DelayOffsets) {
        *self.written.lock() = offsets;
    }
}

/// The thread: delivers what is due until the broker closes.
pub(super) fn run(broker: &std::sync::Weak<Broker>, bell: &Bell) {
    let mut sleep = Some(Duration::ZERO);
    while !bell.rest(sleep) {
        let Some(broker) = broker.upgrade() else {
            return;
        };
        let next_ms = deliver_all(&broker, bell);
        let wakes = &broker.arrivals().delays_wake_ms;
        wakes.store(next_ms, Ordering::Release);
        let wait_ms = u64::try_from(next_ms.saturating_sub(broker.now_ms())).unwrap_or(0);
        let wait = Duration::from_millis(wait_ms).min(SLEEP_MAX);
        sleep = (next_ms != i64::MAX).then_some(wait);
        if sleep.is_none() && anything_new(&broker) {
            // Arrived between the last look and the promise to be woken.
            sleep = Some(Duration::ZERO);
        }
    }
}

/// Whether a level has more than was delivered.
fn anything_new(broker: &Broker) -> bool {
    (1..=broker.delay_levels()).any(|level| {
        let end = broker.store().max_offset(SCHEDULE_TOPIC, level - 1).0;
        end > broker.delays().offset(level)
    })
}

/// Delivers all that is due; when the next is, or `i64::MAX`.
fn deliver_all(broker: &Arc<Broker>, bell: &Bell) -> i64 {
    let mut next_ms = i64::MAX;
    let mut levels: Vec<i32> = (1..=broker.delay_levels()).collect();
    while !levels.is_empty() && !bell.is_stopped() {
        levels.retain(|level| match deliver(broker, *level) {
            Ok(Next::Now) => true,
            Ok(Next::At(due_ms)) => {
                next_ms = next_ms.min(due_ms);
                false
            }
            Ok(Next::Never) => false,
            Err(refusal) => {
                tracing::warn!(level, %refusal, "delayed messages wait for another try");
                next_ms = next_ms.min(broker.now_ms() + RETRY_MS);
                false
            }
        });
    }
    next_ms
}

/// Delivers some of one level.
fn deliver(broker: &Arc<Broker>, level: i32) -> Result<Next, Refusal> {
    let from = broker.delays().offset(level);
    let mut request = GetRequest::new(SCHEDULE_TOPIC, level - 1, QueueOffset(from));
    request.messages_max = BATCH;
    let got = broker.store().get(&request);
    let got = got.map_err(|error| Refusal::system(error.to_string()))?;
    match got.status {
        GetStatus::Found => {}
        GetStatus::NoMatchedLogicQueue
        | GetStatus::NoMessageInQueue
        | GetStatus::OffsetOverflowOne => return Ok(Next::Never),
        GetStatus::OffsetOverflowBadly => {
            // The log was cut by a recovery; what comes next comes at its end.
            broker.delays().advance(level, got.max_offset.0);
            return Ok(Next::Never);
        }
        GetStatus::OffsetTooSmall | GetStatus::NoMatchedMessage | GetStatus::MessageWasRemoving => {
            broker.delays().advance(level, got.next_offset.0);
            return Ok(Next::Now);
        }
    }
    let now_ms = broker.now_ms();
    let mut done = from;
    let mut last_end = None;
    let mut next = Next::Now;
    for (offset, unit) in &got.units {
        let due_ms = due(unit, now_ms, broker.delay_ms(level));
        if due_ms > now_ms {
            next = Next::At(due_ms);
            break;
        }
        if let Some(end) = deliver_one(broker, unit)? {
            last_end = Some(end);
        }
        done = offset.0 + 1;
    }
    if let Some(end) = last_end {
        let reached = broker.store().wait_reached(crate::store::Ack::Visible, end);
        reached.map_err(|poisoned| Refusal::system(poisoned.to_string()))?;
    }
    broker.delays().advance(level, done);
    Ok(next)
}

/// When a message is due. One that would wait for longer than its level takes was stored under another clock.
fn due(unit: &QueueUnit, now_ms: i64, delay_ms: i64) -> i64 {
    if unit.tags_code > now_ms.saturating_add(delay_ms) {
        return now_ms;
    }
    unit.tags_code
}

/// Puts a message where it was meant to go; where the log ends then, `None` for one that goes nowhere.
fn deliver_one(
    broker: &Arc<Broker>,
    unit: &QueueUnit,
) -> Result<Option<segment::Position>, Refusal> {
    let found = broker
        .store()
        .look_up(unit.physical_offset, Access::MayBlock);
    let found = found.map_err(|error| Refusal::system(error.to_string()))?;
    let entry = found
        .as_deref()
        .and_then(|bytes| message::decode(bytes).ok());
    let Some(entry) = entry else {
        tracing::warn!(at = %unit.physical_offset, "a delayed message is no longer in the log");
        return Ok(None);
    };
    let properties = PropertyMap::of(entry.properties);
    let topic = properties
        .get(key::REAL_TOPIC)
        .map(|topic| topic.into_owned());
    let queue_id = properties.number(key::REAL_QUEUE_ID);
    let (Some(topic), Some(queue_id)) = (topic, queue_id) else {
        tracing::warn!(at = %unit.physical_offset, "a delayed message does not say where it goes");
        return Ok(None);
    };
    if topic == HALF_TOPIC {
        tracing::warn!(at = %unit.physical_offset, "a delayed message has an open transaction");
        return Ok(None);
    }
    let pending = broker.put_as_is(&delivered(&entry, &topic, queue_id, properties))?;
    Ok(Some(pending.end()))
}

/// The message as it is delivered. It still says how it was delayed, as consumers of RocketMQ have seen for years.
fn delivered<'e>(
    entry: &Entry<'e>,
    topic: &'e str,
    queue_id: i32,
    properties: PropertyMap<'e>,
) -> Draft<'e> {
    Draft {
        topic,
        queue_id,
        flag: entry.flag,
        sys_flag: entry.sys_flag,
        born_timestamp_ms: entry.born_timestamp_ms,
        born_host: entry.born_host,
        reconsume_times: entry.reconsume_times,
        prepared_transaction_offset: entry.prepared_transaction_offset,
        delay_level: 0,
        body: entry.body,
        properties,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::PhysicalOffset;

    #[test]
    fn nothing_waits_longer_than_its_level() {
        for (stored_due, now, delay, expected) in [
            (500, 100, 400, 500),
            (501, 100, 400, 100),
            (50, 100, 400, 50),
        ] {
            let unit = QueueUnit {
                physical_offset: PhysicalOffset(0),
                size_bytes: 1,
                tags_code: stored_due,
            };
            assert_eq!(due(&unit, now, delay), expected);
        }
    }
}
