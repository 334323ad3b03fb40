//! The outside of a connection: what other threads hold to send to a client and to ask it something.
//!
//! A [`Channel`] outlives its connection; then sending does nothing and asking fails. What is sent waits in memory
//! until the connection takes it, up to a bound: a client that does not read loses its connection, not this server
//! its memory.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::task::Waker;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::remoting::{Command, ExtWriter, Head, write_frame};

/// Bytes that may wait to be taken.
const OUTBOX_BYTES_MAX: usize = 16 << 20;

/// Why a client did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallError {
    /// The connection is gone. Whether the client did what was asked is not known.
    #[error("the client's connection is closed")]
    Closed,
    /// No answer in time.
    #[error("the client did not answer within {0:?}")]
    Timeout(Duration),
}

/// A client's answer, with its own memory.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) code: i32,
    pub(crate) remark: Option<String>,
    pub(crate) body: Vec<u8>,
}

impl From<&Command<'_>> for Reply {
    fn from(command: &Command<'_>) -> Self {
        Self {
            code: command.code,
            remark: command.remark.as_deref().map(ToOwned::to_owned),
            body: command.body.to_vec(),
        }
    }
}

/// A client, as the rest of the server sees it.
#[derive(Debug)]
pub(crate) struct Channel {
    /// Unique among all connections of this process.
    pub(crate) id: u64,
    pub(crate) peer: SocketAddr,
    outbox: Mutex<Outbox>,
    /// Set when the outbox has something, so that nobody locks it to find nothing.
    pushed: AtomicBool,
    asked: Mutex<HashMap<i32, oneshot::Sender<Reply>>>,
    next_opaque: AtomicI32,
}

#[derive(Debug, Default)]
struct Outbox {
    bytes: Vec<u8>,
    waker: Option<Waker>,
    closed: bool,
    overflowed: bool,
}

impl Channel {
    pub(crate) fn new(id: u64, peer: SocketAddr) -> Self {
        Self {
            id,
            peer,
            outbox: Mutex::default(),
            pushed: AtomicBool::new(false),
            asked: Mutex::default(),
            next_opaque: AtomicI32::new(0),
        }
    }

    /// Sends a request that wants no answer; false if the client is gone or does not read.
    pub(crate) fn send_oneway(
        &self,
        code: i32,
        fields: &dyn Fn(&mut ExtWriter<'_>),
        body: &[u8],
    ) -> bool {
        self.push(&Head::request(code, self.opaque(), true), fields, body)
    }

    /// Sends a request and waits for the client's answer.
    pub(crate) async fn call(
        &self,
        code: i32,
        fields: &dyn Fn(&mut ExtWriter<'_>),
        body: &[u8],
        timeout: Duration,
    ) -> Result<Reply, CallError> {
        let opaque = self.opaque();
        let (sender, answered) = oneshot::channel();
        self.asked.lock().insert(opaque, sender);
        let asked = Asked {
            channel: self,
            opaque,
        };
        if !self.push(&Head::request(code, opaque, false), fields, body) {
            return Err(CallError::Closed);
        }
        let answered = tokio::time::timeout(timeout, answered).await;
        drop(asked);
        answered
            .map_err(|_| CallError::Timeout(timeout))?
            .map_err(|_| CallError::Closed)
    }

    fn opaque(&self) -> i32 {
        self.next_opaque.fetch_add(1, Ordering::Relaxed)
    }

    fn push(&self, head: &Head<'_>, fields: &dyn Fn(&mut ExtWriter<'_>), body: &[u8]) -> bool {
        let mut outbox = self.outbox.lock();
        if outbox.closed || outbox.overflowed {
            return false;
        }
        if outbox.bytes.len() + body.len() > OUTBOX_BYTES_MAX {
            outbox.overflowed = true;
        } else if write_frame(&mut outbox.bytes, head, fields, body.len()) {
            outbox.bytes.extend_from_slice(body);
        } else {
            return false;
        }
        self.pushed.store(true, Ordering::Release);
        if let Some(waker) = &outbox.waker {
            waker.wake_by_ref();
        }
        !outbox.overflowed
    }

    /// Whether the connection is gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.outbox.lock().closed
    }

    /// Says who to wake when something was sent.
    pub(super) fn connected(&self, waker: Waker) {
        self.outbox.lock().waker = Some(waker);
    }

    /// Moves what was sent behind `out`; `Err` if too much had gathered.
    pub(super) fn take_pushed(&self, out: &mut Vec<u8>) -> Result<(), Overflow> {
        if !self.pushed.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let mut outbox = self.outbox.lock();
        if outbox.overflowed {
            return Err(Overflow);
        }
        let bytes = std::mem::take(&mut outbox.bytes);
        out.extend_from_slice(&bytes);
        Ok(())
    }

    /// Hands a client's answer to who asked; what nobody waits for any more is dropped.
    pub(super) fn answered(&self, command: &Command<'_>) {
        let asked = self.asked.lock().remove(&command.opaque);
        if let Some(asked) = asked {
            let _ = asked.send(Reply::from(command));
        }
    }

    /// The connection has ended: nobody will be answered.
    pub(super) fn close(&self) {
        let mut outbox = self.outbox.lock();
        outbox.closed = true;
        outbox.waker = None;
        outbox.bytes = Vec::new();
        drop(outbox);
        self.asked.lock().clear();
    }
}

/// Too much was sent to a client that does not read.
#[derive(Debug)]
pub(super) struct Overflow;

/// Forgets a question when nobody waits for its answer any more.
struct Asked<'c> {
    channel: &'c Channel,
    opaque: i32,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.channel.asked.lock().remove(&self.opaque);
    }
}
