//! A producer ends a half: commit or rollback.

use std::time::Duration;

use segment::{Lease, Position};

use super::super::Broker;
use super::super::names::HALF_TOPIC;
use super::super::properties::{PropertyMap, key};
use super::super::put::{Draft, Pending};
use super::Transactions;
use crate::remoting::codes::response;
use crate::remoting::{Answer, Refusal};
use crate::store::message::{self, Entry, TransactionKind};
use crate::store::{Access, Ack, PhysicalOffset};

/// What a producer says of a half.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) group: String,
    pub(crate) queue_offset: i64,
    pub(crate) physical_offset: i64,
    pub(crate) from_check: bool,
    pub(crate) commit: bool,
}

impl Transactions {
    /// Ends a half, once; waits until that is acknowledged.
    pub(crate) fn end(&self, broker: &Broker, ended: &Ended) -> Result<Answer, Refusal> {
        let found = find(broker, PhysicalOffset(ended.physical_offset))?;
        let entry = found
            .as_deref()
            .and_then(|bytes| message::decode(bytes).ok());
        let missing = || Refusal::system("Find prepared transaction message failed");
        let entry = entry.ok_or_else(missing)?;
        let properties = PropertyMap::of(entry.properties);
        check(broker, &entry, &properties, ended)?;
        let claimed = {
            let mut state = self.state.lock();
            let now_at = state.resolve(ended.queue_offset);
            state.done.insert(now_at).then_some(now_at)
        };
        let Some(half) = claimed else {
            // It has ended already; saying so again changes nothing.
            return Ok(Answer::success());
        };
        let stored = self.end_claimed(broker, &entry, properties, ended, half);
        let last = stored.inspect_err(|_| {
            self.state.lock().done.remove(&half);
        })?;
        let reached = broker.store().wait_reached(Ack::Visible, last.end());
        reached.map_err(|poisoned| Refusal::system(poisoned.to_string()))?;
        Ok(Answer::success())
    }

    fn end_claimed(
        &self,
        broker: &Broker,
        entry: &Entry<'_>,
        properties: PropertyMap<'_>,
        ended: &Ended,
        half: i64,
    ) -> Result<Pending, Refusal> {
        if ended.commit {
            commit(broker, entry, properties)?;
        }
        self.write_op(broker, half)
    }
}

/// The entry at an offset. A producer that does not wait for its half to be stored may end it before readers may see it.
fn find(broker: &Broker, offset: PhysicalOffset) -> Result<Option<Lease>, Refusal> {
    let store = broker.store();
    let state = store.state();
    if offset >= state.visible && offset < state.log_end {
        let end = Position(u64::try_from(state.log_end.0).unwrap_or(0));
        let reached = store.wait_reached(Ack::Visible, end);
        reached.map_err(|poisoned| Refusal::system(poisoned.to_string()))?;
    }
    let found = store.look_up(offset, Access::MayBlock);
    found.map_err(|error| Refusal::system(error.to_string()))
}

/// Whether the half is the one meant, and may be ended now.
fn check(
    broker: &Broker,
    entry: &Entry<'_>,
    properties: &PropertyMap<'_>,
    ended: &Ended,
) -> Result<(), Refusal> {
    if entry.topic != HALF_TOPIC.as_bytes() {
        return Err(Refusal::system("Find prepared transaction message failed"));
    }
    if properties.get(key::PRODUCER_GROUP).as_deref() != Some(&*ended.group) {
        return Err(Refusal::system("The producer group wrong"));
    }
    if entry.queue_offset.0 != ended.queue_offset {
        return Err(Refusal::system("The transaction state table offset wrong"));
    }
    let age_ms = broker.now_ms().saturating_sub(entry.born_timestamp_ms);
    let immunity = immunity_ms(properties, broker.settings().transaction_timeout);
    if !ended.from_check && immunity.is_some_and(|immunity_ms| age_ms > immunity_ms) {
        let remark = "the time in which the transaction may end unasked is over";
        return Err(Refusal::new(response::ILLEGAL_OPERATION, remark));
    }
    Ok(())
}

/// How long a half with a time of its own is not asked about, ms.
pub(super) fn immunity_ms(properties: &PropertyMap<'_>, usual: Duration) -> Option<i64> {
    let text = properties.get(key::CHECK_IMMUNITY)?;
    let usual_ms = i64::try_from(usual.as_millis()).unwrap_or(i64::MAX);
    let seconds = text.parse::<i64>().ok().filter(|seconds| *seconds != -1);
    Some(seconds.map_or(usual_ms, |seconds| seconds.saturating_mul(1000)))
}

/// Puts the message into its own queue. It still says that it was half, as consumers of RocketMQ have seen for years.
fn commit(
    broker: &Broker,
    entry: &Entry<'_>,
    properties: PropertyMap<'_>,
) -> Result<Pending, Refusal> {
    let topic = properties
        .get(key::REAL_TOPIC)
        .map(|topic| topic.into_owned());
    let queue_id = properties.number(key::REAL_QUEUE_ID);
    let (Some(topic), Some(queue_id)) = (topic, queue_id) else {
        return Err(Refusal::system(
            "the half message does not say where it goes",
        ));
    };
    broker.put(Draft {
        topic: &topic,
        queue_id,
        flag: entry.flag,
        sys_flag: entry.sys_flag.with_transaction(TransactionKind::Commit),
        born_timestamp_ms: entry.born_timestamp_ms,
        born_host: entry.born_host,
        reconsume_times: entry.reconsume_times,
        prepared_transaction_offset: entry.physical_offset.0,
        delay_level: properties.number(key::DELAY).unwrap_or(0),
        body: entry.body,
        properties,
    })
}
