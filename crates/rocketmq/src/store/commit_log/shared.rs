//! Who waits for marks of the commit log: answers to producers, and the dispatcher.
//!
//! Invariants: a mark is looked at again under the lock before somebody is put in line, so no move of it is missed; the
//! list never grows past `WAITERS_MAX`: when it would, everybody in it is woken and asks again.
//! Absent on purpose: the append lock, files.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::task::{Context, Poll, Waker};
use std::thread::Thread;

use parking_lot::Mutex;
use segment::{ChainListener, Mark, Marks, Position, SegmentError};

use super::super::error::Poisoned;
use super::super::settings::Durability;
use super::mark_named;

const WAITERS_MAX: usize = 4096;

/// What somebody waits for a message to reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ack {
    /// Survives the process being killed.
    Committed,
    /// Survives power loss.
    Durable,
    /// Readers may see it: the store's durability names which of the other two that is.
    Visible,
}

/// Wakes the dispatcher's thread; costs two atomic operations while it is awake.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    sleeper: OnceLock<Thread>,
    sleeps: AtomicBool,
}

impl Bell {
    /// The calling thread is the one to be woken.
    pub(crate) fn answer_here(&self) {
        let _ = self.sleeper.set(std::thread::current());
    }

    pub(crate) fn ring(&self) {
        // Pairs with the one in `sleep_unless`: either the sleeper sees what is new, or we see that it sleeps.
        fence(Ordering::SeqCst);
        if self.sleeps.load(Ordering::Relaxed)
            && self.sleeps.swap(false, Ordering::AcqRel)
            && let Some(sleeper) = self.sleeper.get()
        {
            sleeper.unpark();
        }
    }

    /// Sleeps until the bell rings, unless `is_work` says that there is something already.
    pub(crate) fn sleep_unless(&self, is_work: impl Fn() -> bool) {
        self.sleeps.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if !is_work() {
            std::thread::park();
        }
        self.sleeps.store(false, Ordering::Relaxed);
    }
}

#[derive(Debug)]
struct Waiter {
    mark: Mark,
    upto: Position,
    waker: Waker,
}

/// Who waits.
#[derive(Debug)]
pub(crate) struct Shared {
    durability: Durability,
    waiters: Mutex<Vec<Waiter>>,
    pub(crate) bell: Bell,
    poisoned: OnceLock<Poisoned>,
    closed: AtomicBool,
}

impl Shared {
    pub(crate) fn new(durability: Durability) -> Self {
        Self {
            durability,
            waiters: Mutex::default(),
            bell: Bell::default(),
            poisoned: OnceLock::new(),
            closed: AtomicBool::new(false),
        }
    }

    /// The mark below which readers see.
    pub(crate) fn visible_mark(&self) -> Mark {
        mark_named(self.durability)
    }

    pub(crate) fn mark_of(&self, ack: Ack) -> Mark {
        match ack {
            Ack::Committed => Mark::Committed,
            Ack::Durable => Mark::Durable,
            Ack::Visible => self.visible_mark(),
        }
    }

    pub(crate) fn poison_of(&self) -> Option<Poisoned> {
        self.poisoned.get().cloned()
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.wake_everybody();
        self.bell.ring();
    }

    /// Ready when everything below `upto` has reached `mark`; `marks` reads the chain's.
    pub(crate) fn poll_reached(
        &self,
        mark: Mark,
        upto: Position,
        marks: impl Fn() -> Marks,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Poisoned>> {
        if marks().get(mark) >= upto {
            return Poll::Ready(Ok(()));
        }
        let mut waiters = self.waiters.lock();
        if marks().get(mark) >= upto {
            return Poll::Ready(Ok(()));
        }
        if let Some(poison) = self.poison_of() {
            return Poll::Ready(Err(poison));
        }
        if self.closed.load(Ordering::Acquire) {
            return Poll::Ready(Err(Poisoned("the store was closed".into())));
        }
        let crowd = match waiters.len() >= WAITERS_MAX {
            true => std::mem::take(&mut *waiters),
            false => Vec::new(),
        };
        waiters.push(Waiter {
            mark,
            upto,
            waker: context.waker().clone(),
        });
        drop(waiters);
        crowd.into_iter().for_each(|waiter| waiter.waker.wake());
        Poll::Pending
    }

    fn wake_reached(&self, marks: Marks) {
        let mut waiters = self.waiters.lock();
        let reached: Vec<Waiter> = waiters
            .extract_if(.., |waiter| marks.get(waiter.mark) >= waiter.upto)
            .collect();
        drop(waiters);
        reached.into_iter().for_each(|waiter| waiter.waker.wake());
    }

    fn wake_everybody(&self) {
        let all = std::mem::take(&mut *self.waiters.lock());
        all.into_iter().for_each(|waiter| waiter.waker.wake());
    }
}

impl ChainListener for Shared {
    fn marks_moved(&self, marks: Marks) {
        self.wake_reached(marks);
        self.bell.ring();
    }

    fn poisoned(&self, error: &SegmentError) {
        let _ = self.poisoned.set(Poisoned(error.to_string()));
        self.wake_everybody();
    }
}
