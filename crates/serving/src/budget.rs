//! Memory in flight, bounded over all connections.
//!
//! What is counted are receive buffers above the smallest class and copies of requests that wait. A connection that
//! gets nothing stops reading, so the bound turns into TCP backpressure; it is woken when anything is given back.
//! Absent on purpose: fairness between connections. Every waiter is woken and tries again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Waker;

use parking_lot::Mutex;

/// Bytes that may be held at once, shared by all connections of a broker.
#[derive(Debug)]
pub struct Budget {
    limit_bytes: usize,
    used_bytes: AtomicUsize,
    waiting: Mutex<Vec<Waker>>,
}

impl Budget {
    /// With nothing held.
    #[must_use]
    pub fn new(limit_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            limit_bytes,
            used_bytes: AtomicUsize::new(0),
            waiting: Mutex::new(Vec::new()),
        })
    }

    /// Takes `bytes`, or arranges for `waker` to be woken when some are given back.
    ///
    /// A single holder may exceed the limit when nothing else is held: a legal frame larger than the whole budget
    /// must still be readable.
    pub fn take(self: &Arc<Self>, bytes: usize, waker: &Waker) -> Option<Permit> {
        if let Some(permit) = self.try_take(bytes) {
            return Some(permit);
        }
        self.waiting.lock().push(waker.clone());
        // Something may have been given back between the refusal and the registration.
        self.try_take(bytes)
    }

    fn try_take(self: &Arc<Self>, bytes: usize) -> Option<Permit> {
        let taken = self
            .used_bytes
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |used| {
                let after = used.saturating_add(bytes);
                (used == 0 || after <= self.limit_bytes).then_some(after)
            });
        taken.is_ok().then(|| Permit {
            budget: Arc::clone(self),
            bytes,
        })
    }

    /// Bytes held now.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        self.used_bytes.load(Ordering::Relaxed)
    }
}

/// A share of the budget; dropping it gives the share back.
#[derive(Debug)]
pub struct Permit {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.budget
            .used_bytes
            .fetch_sub(self.bytes, Ordering::AcqRel);
        let waiting = std::mem::take(&mut *self.budget.waiting.lock());
        for waker in waiting {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    #[derive(Default)]
    struct Count(AtomicUsize);
    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn refuses_beyond_the_limit_and_wakes_when_given_back() {
        let budget = Budget::new(100);
        let count = Arc::new(Count::default());
        let waker = Waker::from(Arc::clone(&count));
        let first = budget.take(60, &waker).expect("fits");
        assert!(budget.take(60, &waker).is_none());
        assert_eq!(budget.used_bytes(), 60);
        drop(first);
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        assert!(budget.take(60, &waker).is_some());
        assert_eq!(budget.used_bytes(), 0);
    }

    #[test]
    fn one_holder_may_exceed_the_whole_budget() {
        let budget = Budget::new(100);
        let huge = budget.take(1000, Waker::noop());
        assert!(huge.is_some());
        assert!(budget.take(1, Waker::noop()).is_none());
    }
}
