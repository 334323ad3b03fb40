//! Which client of a group may consume a queue in order.
//!
//! Invariants: a queue has one owner at a time; a lock ends by itself after [`LEASE_MS`] without renewal. One mutex for
//! all groups: locks are asked for once in 20 seconds.

use std::collections::HashMap;

use parking_lot::Mutex;

/// How long a lock holds.
pub(crate) const LEASE_MS: i64 = 60_000;

/// A queue as clients name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MessageQueue {
    pub(crate) topic: String,
    pub(crate) broker_name: String,
    pub(crate) queue_id: i32,
}

#[derive(Debug)]
struct Lock {
    client: String,
    renewed_ms: i64,
}

impl Lock {
    fn is_over(&self, now_ms: i64) -> bool {
        now_ms.saturating_sub(self.renewed_ms) > LEASE_MS
    }
}

#[derive(Debug, Default)]
pub(crate) struct QueueLocks {
    groups: Mutex<HashMap<String, HashMap<MessageQueue, Lock>>>,
}

impl QueueLocks {
    /// Locks what is free, or the client's already; what it has then, of those asked for.
    pub(crate) fn lock(
        &self,
        group: &str,
        client: &str,
        queues: Vec<MessageQueue>,
        now_ms: i64,
    ) -> Vec<MessageQueue> {
        let mut groups = self.groups.lock();
        let locks = groups.entry(group.to_owned()).or_default();
        let mut locked = Vec::with_capacity(queues.len());
        for queue in queues {
            let owned = locks.get(&queue).filter(|lock| !lock.is_over(now_ms));
            if owned.is_some_and(|lock| lock.client != client) {
                continue;
            }
            let lock = Lock {
                client: client.to_owned(),
                renewed_ms: now_ms,
            };
            locks.insert(queue.clone(), lock);
            locked.push(queue);
        }
        locked
    }

    /// Gives back what the client has.
    pub(crate) fn unlock(&self, group: &str, client: &str, queues: &[MessageQueue]) {
        let mut groups = self.groups.lock();
        let Some(locks) = groups.get_mut(group) else {
            return;
        };
        for queue in queues {
            if locks.get(queue).is_some_and(|lock| lock.client == client) {
                locks.remove(queue);
            }
        }
        if locks.is_empty() {
            groups.remove(group);
        }
    }

    /// Whether a group consumes in order now: it holds a lock that is not over.
    pub(crate) fn is_held(&self, group: &str, now_ms: i64) -> bool {
        let groups = self.groups.lock();
        let locks = groups.get(group).into_iter().flat_map(HashMap::values);
        locks.into_iter().any(|lock| !lock.is_over(now_ms))
    }

    /// Forgets locks that are over.
    pub(crate) fn sweep(&self, now_ms: i64) {
        self.groups.lock().retain(|_, locks| {
            locks.retain(|_, lock| !lock.is_over(now_ms));
            !locks.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(queue_id: i32) -> MessageQueue {
        MessageQueue {
            topic: "T".to_owned(),
            broker_name: "b".to_owned(),
            queue_id,
        }
    }

    #[test]
    fn one_owner_until_the_lease_is_over() {
        let locks = QueueLocks::default();
        let both = || vec![queue(0), queue(1)];
        assert_eq!(locks.lock("g", "c1", vec![queue(0)], 0), [queue(0)]);
        assert_eq!(locks.lock("g", "c2", both(), 1), [queue(1)]);
        assert_eq!(locks.lock("g", "c1", both(), 2), [queue(0)]);
        assert_eq!(locks.lock("other", "c2", both(), 2).len(), 2);
        // c1 renewed at 2, c2 took its own at 1.
        assert_eq!(locks.lock("g", "c1", both(), 2 + LEASE_MS), both());
        assert_eq!(locks.lock("g", "c2", both(), 3 + LEASE_MS), []);
    }

    #[test]
    fn only_the_owner_unlocks() {
        let locks = QueueLocks::default();
        locks.lock("g", "c1", vec![queue(0)], 0);
        locks.unlock("g", "c2", &[queue(0)]);
        assert!(locks.is_held("g", 0));
        locks.unlock("g", "c1", &[queue(0)]);
        assert!(!locks.is_held("g", 0));
    }

    #[test]
    fn what_is_over_is_swept() {
        let locks = QueueLocks::default();
        locks.lock("g", "c1", vec![queue(0)], 0);
        locks.sweep(LEASE_MS);
        assert!(locks.is_held("g", LEASE_MS));
        assert!(!locks.is_held("g", LEASE_MS + 1));
        locks.sweep(LEASE_MS + 1);
        assert!(locks.groups.lock().is_empty());
    }
}
