//! One consume queue: four numbers and what they allow.
//!
//! Invariants: `first ≤ end ≤ assigned`. `assigned` is changed under the commit log's lock only, `end` by the dispatcher
//! only, `first` by retention only.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use parking_lot::Mutex;

use super::super::ids::{PhysicalOffset, QueueOffset};

/// A queue. Everything about its files is in [`super::Queues`].
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) topic: Arc<str>,
    pub(crate) id: i32,
    /// Tells queues apart for as long as the store is open, also those of a topic that was deleted and made again.
    pub(super) number: u32,
    /// The next message's number.
    assigned: AtomicI64,
    /// Units below can be read.
    end: AtomicI64,
    /// The first unit there is a file for.
    first: AtomicI64,
    /// The first unit whose entry is there, and for which start of the log that was found.
    min: Mutex<Option<(PhysicalOffset, QueueOffset)>>,
    gone: AtomicBool,
}

impl Queue {
    pub(super) fn new(
        topic: Arc<str>,
        id: i32,
        number: u32,
        first: QueueOffset,
        end: QueueOffset,
    ) -> Self {
        Self {
            topic,
            id,
            number,
            assigned: end.0.into(),
            end: end.0.into(),
            first: first.0.into(),
            min: Mutex::new(None),
            gone: false.into(),
        }
    }

    /// The number the next message gets. Under the log's lock.
    pub(crate) fn assigned(&self) -> QueueOffset {
        QueueOffset(self.assigned.load(Ordering::Relaxed))
    }

    /// Messages up to `next` (exclusive) were stored. Under the log's lock.
    pub(crate) fn assign_up_to(&self, next: QueueOffset) {
        self.assigned.store(next.0, Ordering::Relaxed);
    }

    /// End of what can be read, exclusive.
    pub(crate) fn end(&self) -> QueueOffset {
        QueueOffset(self.end.load(Ordering::Acquire))
    }

    pub(crate) fn first(&self) -> QueueOffset {
        QueueOffset(self.first.load(Ordering::Acquire))
    }

    pub(super) fn set_end(&self, end: QueueOffset) {
        self.end.store(end.0, Ordering::Release);
    }

    /// Units below are gone with their files.
    pub(super) fn set_first(&self, first: QueueOffset) {
        self.first.store(first.0, Ordering::Release);
    }

    /// Whether the topic was deleted.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }

    pub(super) fn set_gone(&self) {
        self.gone.store(true, Ordering::Release);
    }

    /// What `find` says the first readable unit is, remembered as long as the log starts at `log_start`.
    pub(super) fn min_or<E>(
        &self,
        log_start: PhysicalOffset,
        find: impl FnOnce() -> Result<QueueOffset, E>,
    ) -> Result<QueueOffset, E> {
        if let Some((at, min)) = *self.min.lock()
            && at == log_start
        {
            return Ok(min);
        }
        let found = find()?;
        let mut min = self.min.lock();
        // A later start of the log may have been looked at meanwhile.
        if min.is_none_or(|(at, _)| at <= log_start) {
            *min = Some((log_start, found));
        }
        Ok(found)
    }
}
