//! Pulls that found nothing and wait.
//!
//! A pull registers what it waits for and then looks once more, so that a message which came in between is not missed;
//! the dispatcher wakes those whose queue got a message they may want. Nothing polls, and no queue has a thread or a
//! timer: each waiting pull has its own deadline with the connection that brought it.
//!
//! Invariants: what waits is dropped from the table when it ends, for whatever reason. The dispatcher takes no lock
//! while nobody waits.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::filter::Filter;
use crate::store::{MessageFilter, QueueOffset, QueueUnit};

/// The table is split so that the dispatcher and the connections of several threads seldom meet.
const SHARDS: usize = 16;

#[derive(Debug)]
struct Waiting {
    id: u64,
    offset: QueueOffset,
    filter: Filter,
    notify: Arc<Notify>,
}

type Queues = HashMap<Arc<str>, HashMap<i32, Vec<Waiting>>>;

/// All pulls that wait.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    shards: [Mutex<Queues>; SHARDS],
    count: AtomicUsize,
    next_id: AtomicU64,
    closed: AtomicBool,
}

/// One pull that waits; leaves the table when dropped.
#[derive(Debug)]
pub(crate) struct Hold {
    holds: Arc<Holds>,
    topic: Arc<str>,
    queue_id: i32,
    id: u64,
    notify: Arc<Notify>,
}

impl Hold {
    /// Until a message that may be wanted is there, or the broker closes.
    pub(crate) async fn woken(&self) {
        self.notify.notified().await;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut queues = self.holds.shard(&self.topic).lock();
        let Some(by_id) = queues.get_mut(&self.topic) else {
            return;
        };
        if let Some(waiting) = by_id.get_mut(&self.queue_id) {
            waiting.retain(|waiting| waiting.id != self.id);
            if waiting.is_empty() {
                by_id.remove(&self.queue_id);
            }
        }
        if by_id.is_empty() {
            queues.remove(&self.topic);
        }
        drop(queues);
        self.holds.count.fetch_sub(1, Ordering::Release);
    }
}

impl Holds {
    fn shard(&self, topic: &str) -> &Mutex<Queues> {
        let hash = topic.bytes().fold(0usize, |hash, byte| {
            hash.wrapping_mul(31).wrapping_add(usize::from(byte))
        });
        // Never out of range; the first shard is as good as any.
        let [first, ..] = &self.shards;
        self.shards.get(hash % SHARDS).unwrap_or(first)
    }

    /// Starts to wait for a message at or behind `offset`. Look once more before waiting.
    pub(crate) fn hold(
        self: &Arc<Self>,
        topic: &str,
        queue_id: i32,
        offset: QueueOffset,
        filter: Filter,
    ) -> Hold {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let notify = Arc::<Notify>::default();
        self.count.fetch_add(1, Ordering::AcqRel);
        let waiting = Waiting {
            id,
            offset,
            filter,
            notify: Arc::clone(&notify),
        };
        let mut queues = self.shard(topic).lock();
        let topic = match queues.get_key_value(topic) {
            Some((known, _)) => Arc::clone(known),
            None => Arc::from(topic),
        };
        let by_id = queues.entry(Arc::clone(&topic)).or_default();
        by_id.entry(queue_id).or_default().push(waiting);
        drop(queues);
        // Pairs with the fence of `arrived`.
        std::sync::atomic::fence(Ordering::SeqCst);
        if self.closed.load(Ordering::Acquire) {
            notify.notify_one();
        }
        Hold {
            holds: Arc::clone(self),
            topic,
            queue_id,
            id,
            notify,
        }
    }

    /// Wakes those that may want one of `units`, which now end a queue at `end`.
    pub(crate) fn arrived(
        &self,
        topic: &str,
        queue_id: i32,
        units: &[QueueUnit],
        end: QueueOffset,
    ) {
        // Pairs with the fence of `hold`: a pull that looks once more sees the message, or is seen here.
        std::sync::atomic::fence(Ordering::SeqCst);
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let queues = self.shard(topic).lock();
        let waiting = queues.get(topic).and_then(|by_id| by_id.get(&queue_id));
        for waiting in waiting.into_iter().flatten() {
            let wanted = || {
                units
                    .iter()
                    .any(|unit| waiting.filter.wants_tags(unit.tags_code))
            };
            if end > waiting.offset && wanted() {
                waiting.notify.notify_one();
            }
        }
    }

    /// Wakes everybody, now and from now on: the broker closes.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        for shard in &self.shards {
            let queues = shard.lock();
            let waiting = queues.values().flat_map(HashMap::values).flatten();
            for waiting in waiting {
                waiting.notify.notify_one();
            }
        }
    }

    /// Whether the broker closes.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Pulls that wait now.
    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}
