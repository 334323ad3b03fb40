//! The connections of one thread, so that they can be told of the end.
//!
//! Invariants: a connection is a member from its first turn until it is dropped, however it ends.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// The connections that one thread serves.
#[derive(Debug, Default)]
pub struct Members {
    stopping: Cell<bool>,
    wakers: RefCell<HashMap<u64, Waker>>,
}

impl Members {
    /// Adds the connection whose task this is called on, until what is returned is dropped.
    pub async fn enter(&self, id: u64) -> Member<'_> {
        // A task's waker stays the same for its life.
        poll_fn(|cx| {
            self.wakers.borrow_mut().insert(id, cx.waker().clone());
            Poll::Ready(())
        })
        .await;
        Member { members: self, id }
    }

    /// Whether connections are to send what they owe and close.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Asks every connection to send what it owes and close.
    pub(crate) fn stop(&self) {
        self.stopping.set(true);
        for waker in self.wakers.borrow().values() {
            waker.wake_by_ref();
        }
    }

    /// Connections being served.
    #[must_use]
    pub fn count(&self) -> usize {
        self.wakers.borrow().len()
    }
}

/// One connection's membership.
#[derive(Debug)]
pub struct Member<'m> {
    members: &'m Members,
    id: u64,
}

impl Drop for Member<'_> {
    fn drop(&mut self) {
        self.members.wakers.borrow_mut().remove(&self.id);
    }
}
