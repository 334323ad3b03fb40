//! Transactions: messages that are there and not yet for anybody.
//!
//! A half message lies in [`HALF_TOPIC`]. Its producer ends it: a commit puts the message into its own queue, and either
//! way an op message in [`OP_TOPIC`] says that the half is done. A half that nobody ends is asked about (`check`): it is
//! put to the end of its queue with a count, and one producer of its group gets CHECK_TRANSACTION_STATE.
//!
//! Invariants: a half ends once: what ended is remembered until the check has passed it, also across a restart (the op
//! messages tell). The op lies behind the message it is about in the same log, so no power loss keeps the one without
//! the other. A producer that answers late, about a half that was put to the end since, ends the one at the end.
//! Two differences to Java on purpose: a half whose producers are all away is not counted as asked about, and a half
//! with an immunity of its own stays where it is and holds back progress rather than being copied.

mod check;
mod ended;

use std::collections::{HashMap, HashSet, VecDeque};

use parking_lot::Mutex;

pub(crate) use self::ended::Ended;
use super::Broker;
use super::names::{HALF_TOPIC, OP_TOPIC, TRANSACTION_GROUP};
use super::properties::{PropertyMap, key};
use super::put::{Draft, Pending};
use crate::remoting::Refusal;
use crate::store::message::{self, SysFlag, TransactionKind};
use crate::store::{Access, GetRequest, GetStatus, QueueOffset, ReadError};

/// Halves and ops have one queue.
const QUEUE: i32 = 0;
/// The tag of an op message: what it names is done.
const DONE_TAG: &str = "d";

#[derive(Debug, Default)]
struct State {
    /// Halves that ended, by their place in their queue, from the check's progress on.
    done: HashSet<i64>,
    /// Ops and the halves they name, in order, from the op queue's progress on.
    ops: VecDeque<(i64, Vec<i64>)>,
    /// Where a half went that was put to the end of its queue.
    moved: HashMap<i64, i64>,
}

impl State {
    /// Where a half is now.
    fn resolve(&self, mut offset: i64) -> i64 {
        while let Some(later) = self.moved.get(&offset) {
            offset = *later;
        }
        offset
    }

    /// The check has passed everything below `progress`; where the op queue's progress is then, if known.
    fn passed(&mut self, progress: i64) -> Option<i64> {
        self.done.retain(|offset| *offset >= progress);
        self.moved.retain(|_, later| *later >= progress);
        let mut passed = None;
        while let Some((op, halves)) = self.ops.front()
            && halves.iter().all(|half| *half < progress)
        {
            passed = Some(op + 1);
            self.ops.pop_front();
        }
        passed
    }
}

/// What is known of open transactions.
#[derive(Debug, Default)]
pub(crate) struct Transactions {
    state: Mutex<State>,
}

impl Transactions {
    /// Puts a message where nobody reads it yet.
    pub(crate) fn prepare(
        &self,
        broker: &Broker,
        mut draft: Draft<'_>,
    ) -> Result<Pending, Refusal> {
        super::put::refuse_timer(&draft.properties)?;
        let unique_key = draft
            .properties
            .get(key::UNIQUE_KEY)
            .map(|id| id.into_owned());
        if let Some(unique_key) = unique_key {
            draft.properties.set(key::TRANSACTION_ID, unique_key);
        }
        draft.properties.set(key::REAL_TOPIC, draft.topic);
        draft
            .properties
            .set(key::REAL_QUEUE_ID, draft.queue_id.to_string());
        draft.topic = HALF_TOPIC;
        draft.queue_id = QUEUE;
        draft.delay_level = 0;
        draft.sys_flag = draft.sys_flag.with_transaction(TransactionKind::None);
        broker.put_as_is(&draft)
    }

    /// Reads the op messages that count still: after a start.
    pub(crate) fn recover(&self, broker: &Broker) -> Result<(), ReadError> {
        let offsets = broker.offsets();
        let mut at = offsets.get(TRANSACTION_GROUP, OP_TOPIC, QUEUE).unwrap_or(0);
        loop {
            let request = GetRequest::new(OP_TOPIC, QUEUE, QueueOffset(at));
            let got = broker.store().get(&request)?;
            match got.status {
                GetStatus::Found => {}
                GetStatus::OffsetTooSmall
                | GetStatus::NoMatchedMessage
                | GetStatus::MessageWasRemoving => {
                    at = got.next_offset.0;
                    continue;
                }
                _ => return Ok(()),
            }
            for (offset, unit) in &got.units {
                let found = broker
                    .store()
                    .look_up(unit.physical_offset, Access::MayBlock)?;
                let entry = found
                    .as_deref()
                    .and_then(|bytes| message::decode(bytes).ok());
                let halves = entry.map(|entry| halves_of(entry.body)).unwrap_or_default();
                self.remember(offset.0, halves);
            }
            at = got.next_offset.0;
        }
    }

    fn remember(&self, op: i64, halves: Vec<i64>) {
        let mut state = self.state.lock();
        state.done.extend(&halves);
        state.ops.push_back((op, halves));
    }

    /// Writes down that a half is done.
    fn write_op(&self, broker: &Broker, half: i64) -> Result<Pending, Refusal> {
        let body = format!("{half},");
        let mut properties = PropertyMap::default();
        properties.set(key::TAGS, DONE_TAG);
        let address = broker.settings().address;
        let op = broker.put_as_is(&Draft {
            topic: OP_TOPIC,
            queue_id: QUEUE,
            flag: 0,
            sys_flag: SysFlag(0),
            born_timestamp_ms: broker.now_ms(),
            born_host: address,
            reconsume_times: 0,
            prepared_transaction_offset: 0,
            delay_level: 0,
            body: body.as_bytes(),
            properties,
        })?;
        self.remember(op.queue_offset.0, vec![half]);
        Ok(op)
    }
}

/// Places of halves, separated by commas.
fn halves_of(body: &[u8]) -> Vec<i64> {
    let text = String::from_utf8_lossy(body);
    text.split(',')
        .filter_map(|half| half.trim().parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ops_are_javas() {
        for (body, halves) in [
            ("5,", vec![5]),
            ("5,6,7,", vec![5, 6, 7]),
            ("", vec![]),
            ("x,9", vec![9]),
        ] {
            assert_eq!(halves_of(body.as_bytes()), halves, "{body}");
        }
    }

    #[test]
    fn what_was_passed_is_forgotten_in_order() {
        let mut state = State::default();
        for (op, halves) in [(0, vec![0]), (1, vec![5]), (2, vec![1])] {
            state.done.extend(&halves);
            state.ops.push_back((op, halves));
        }
        state.moved.insert(1, 7);
        state.moved.insert(7, 9);
        assert_eq!(state.resolve(1), 9);
        assert_eq!(
            state.passed(2),
            Some(1),
            "the second op names a half that is not passed"
        );
        assert_eq!(state.done, HashSet::from([5]));
        assert_eq!(state.passed(8), Some(3));
        assert_eq!(state.resolve(7), 9);
        assert_eq!(state.passed(10), None);
        assert_eq!(state.resolve(7), 7);
    }
}
