//! Which segment files are open, so that they can be closed again.
//!
//! Invariant: a segment is closed only when nobody used it for a whole interval (or, above the
//! limit, since the last look), every byte of it is durable, and its writer is not in use.

use std::sync::Weak;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::chain::Chain;

#[derive(Debug, Default)]
pub(crate) struct OpenSet {
    files: Mutex<Vec<(Weak<Chain>, u64)>>,
    count: AtomicUsize,
}

impl OpenSet {
    /// Notes that the segment of the chain with this base has been opened. May note one twice.
    pub(crate) fn opened(&self, chain: Weak<Chain>, base: u64) {
        let mut files = self.files.lock();
        files.push((chain, base));
        self.count.store(files.len(), Ordering::Relaxed);
    }

    /// Entries now: at least the open files.
    pub(crate) fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Closes what has not been used since the last sweep, on the calling thread.
    pub(crate) fn sweep(&self) {
        let mut files = std::mem::take(&mut *self.files.lock());
        files.sort_unstable_by_key(|(chain, base)| (chain.as_ptr(), *base));
        files.dedup_by(|a, b| a.0.ptr_eq(&b.0) && a.1 == b.1);
        files.retain(|(chain, base)| {
            chain
                .upgrade()
                .is_some_and(|chain| chain.close_if_idle(*base))
        });
        let mut now = self.files.lock();
        now.append(&mut files);
        self.count.store(now.len(), Ordering::Relaxed);
    }
}
