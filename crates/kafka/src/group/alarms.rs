//! When to look at which group: one heap for all, one task sleeping until the next.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

/// A group to look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Alarm {
    pub(super) at_ms: i64,
    pub(super) partition: i32,
    pub(super) group: Arc<str>,
}

/// The heap. Entries are never taken back: a group that is looked at too early is just asked again.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    heap: Mutex<BinaryHeap<Reverse<Alarm>>>,
    earlier: Notify,
}

impl Alarms {
    pub(super) fn set(&self, alarm: Alarm) {
        let mut heap = self.heap.lock();
        let is_first = heap
            .peek()
            .is_none_or(|Reverse(first)| alarm.at_ms < first.at_ms);
        heap.push(Reverse(alarm));
        drop(heap);
        if is_first {
            self.earlier.notify_one();
        }
    }

    /// Takes one that is due.
    pub(super) fn due(&self, now_ms: i64) -> Option<Alarm> {
        let mut heap = self.heap.lock();
        let is_due = heap
            .peek()
            .is_some_and(|Reverse(first)| first.at_ms <= now_ms);
        if is_due {
            heap.pop().map(|Reverse(alarm)| alarm)
        } else {
            None
        }
    }

    /// When the next one is due.
    pub(super) fn next_ms(&self) -> Option<i64> {
        self.heap.lock().peek().map(|Reverse(first)| first.at_ms)
    }

    /// Returns once an earlier alarm than the first was set.
    pub(super) async fn earlier(&self) {
        self.earlier.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_comes_first_and_none_before_its_time() {
        let alarms = Alarms::default();
        for at_ms in [30, 10, 20] {
            alarms.set(Alarm {
                at_ms,
                partition: 0,
                group: "g".into(),
            });
        }
        assert_eq!(alarms.due(9), None);
        assert_eq!(alarms.due(25).map(|a| a.at_ms), Some(10));
        assert_eq!(alarms.due(25).map(|a| a.at_ms), Some(20));
        assert_eq!(alarms.due(25), None);
        assert_eq!(alarms.next_ms(), Some(30));
    }
}
