//! The receiving half of a connection: bytes in, whole frames out.
//!
//! A frame is an int32 length and that many bytes. Frames are handed out in place, mutable, so that a record batch is
//! stamped and written to the log from the very bytes the socket delivered. A frame that fits a pooled buffer is read
//! into it whole; a larger one gets a buffer of its own.
//!
//! Invariants: `start <= end <= buffer length`; without a buffer both are 0. No buffer is held while nothing is
//! buffered; a few leftover bytes wait in `stash` instead. A declared length commits memory only as far as the peer
//! has proved it by sending: buffers above [`PROVEN_BYTES`] at most double.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use serving::{Budget, Permit};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;

use super::buffers::{Buffers, CLASS_BYTES};

/// Bytes of the length prefix.
const PREFIX_BYTES: usize = 4;
/// Up to this capacity a declared length is believed at once.
const PROVEN_BYTES: usize = CLASS_BYTES[2];
/// Leftovers up to this size leave their buffer while the connection waits.
const STASH_BYTES: usize = 4096;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum FrameError {
    #[error("frame length {0} is negative")]
    Negative(i32),
    #[error("frame of {0} bytes is larger than the {1} allowed")]
    TooLarge(usize, usize),
}

/// What a read brought.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub(crate) enum Received {
    /// This many bytes.
    Bytes(usize),
    /// The peer will send no more.
    End,
}

#[derive(Debug)]
pub(crate) struct Input {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// Leftover of less than a frame, kept while no buffer is held.
    stash: Vec<u8>,
    /// Largest frame seen lately: decides the class of the next buffer.
    hint_bytes: usize,
    permit: Option<Permit>,
    frame_limit_bytes: usize,
    budget: Arc<Budget>,
}

impl Input {
    pub(crate) fn new(frame_limit_bytes: usize, budget: Arc<Budget>) -> Self {
        Self {
            buffer: Box::default(),
            start: 0,
            end: 0,
            stash: Vec::new(),
            hint_bytes: 0,
            permit: None,
            frame_limit_bytes,
            budget,
        }
    }

    /// The next whole frame without its length prefix, as a range of [`Self::bytes_mut`]; `None` until more is read.
    pub(crate) fn next_frame(&mut self) -> Result<Option<Range<usize>>, FrameError> {
        let Some(length) = self.pending_length()? else {
            return Ok(None);
        };
        let first = self.start + PREFIX_BYTES;
        if self.end - first < length {
            return Ok(None);
        }
        self.start = first + length;
        self.hint_bytes = (PREFIX_BYTES + length).max(self.hint_bytes - self.hint_bytes / 16);
        Ok(Some(first..first + length))
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.buffer
    }

    /// Bytes received and not yet handed out.
    pub(crate) fn buffered_bytes(&self) -> usize {
        self.end - self.start + self.stash.len()
    }

    /// Declared length of the frame at the front, once its prefix is here.
    fn pending_length(&self) -> Result<Option<usize>, FrameError> {
        let prefix = self
            .buffer
            .get(self.start..self.end)
            .and_then(|b| b.first_chunk::<4>());
        let Some(prefix) = prefix else {
            return Ok(None);
        };
        let declared = i32::from_be_bytes(*prefix);
        let length = usize::try_from(declared).map_err(|_| FrameError::Negative(declared))?;
        if length > self.frame_limit_bytes {
            return Err(FrameError::TooLarge(length, self.frame_limit_bytes));
        }
        Ok(Some(length))
    }

    /// Reads once. Pending when the socket is empty, or when no memory may be taken for a large frame.
    pub(crate) fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut TcpStream,
        buffers: &Buffers,
    ) -> Poll<io::Result<Received>> {
        if self.buffer.is_empty() {
            // Asked first, so that an idle connection takes no buffer only to give it back.
            ready!(stream.poll_read_ready(cx))?;
        }
        ready!(self.make_room(cx, buffers));
        let mut into = ReadBuf::new(self.buffer.get_mut(self.end..).unwrap_or_default());
        let outcome = std::pin::Pin::new(stream).poll_read(cx, &mut into);
        let received = into.filled().len();
        self.end += received;
        match outcome {
            Poll::Ready(Ok(())) if received == 0 => Poll::Ready(Ok(Received::End)),
            Poll::Ready(Ok(())) => Poll::Ready(Ok(Received::Bytes(received))),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                self.rest(buffers);
                Poll::Pending
            }
        }
    }

    /// Gives the buffer back if it holds nothing worth keeping it for.
    pub(crate) fn rest(&mut self, buffers: &Buffers) {
        let left = self.end - self.start;
        // Part of a frame that will not fit a stash is left where it is: the rest of it is on its way.
        if self.buffer.is_empty() || left > STASH_BYTES {
            return;
        }
        self.stash
            .extend_from_slice(self.buffer.get(self.start..self.end).unwrap_or_default());
        self.replace(Box::default(), buffers);
        self.start = 0;
        self.end = 0;
    }

    /// Sees to it that the frame at the front can be completed in the buffer.
    fn make_room(&mut self, cx: &Context<'_>, buffers: &Buffers) -> Poll<()> {
        if self.buffer.is_empty() {
            let wanted_bytes = self.hint_bytes.min(PROVEN_BYTES);
            // A large buffer here is a matter of speed; without one the smallest class does.
            if self.swap(cx, buffers, wanted_bytes).is_pending() {
                ready!(self.swap(cx, buffers, CLASS_BYTES[0]));
            }
            let stashed = self.stash.len();
            if let Some(front) = self.buffer.get_mut(..stashed) {
                front.copy_from_slice(&self.stash);
            }
            self.end = stashed;
            self.stash.clear();
            return Poll::Ready(());
        }
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
        // A bad length was reported by `next_frame` before anybody reads on.
        let length = self.pending_length().ok().flatten().unwrap_or(0);
        let frame_bytes = PREFIX_BYTES + length;
        if self.start + frame_bytes <= self.buffer.len() && self.end < self.buffer.len() {
            return Poll::Ready(());
        }
        if frame_bytes <= self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            return Poll::Ready(());
        }
        let proven_bytes = PROVEN_BYTES.max(2 * self.buffer.len());
        if self.start == 0 && self.end < self.buffer.len() && self.buffer.len() >= PROVEN_BYTES {
            return Poll::Ready(());
        }
        self.swap(cx, buffers, frame_bytes.min(proven_bytes))
    }

    /// Moves what is buffered to the front of a buffer of at least `wanted_bytes`.
    fn swap(&mut self, cx: &Context<'_>, buffers: &Buffers, wanted_bytes: usize) -> Poll<()> {
        let size_bytes = Buffers::size_for(wanted_bytes);
        let permit = if size_bytes > CLASS_BYTES[0] {
            match self.budget.take(size_bytes, cx.waker()) {
                Some(permit) => Some(permit),
                // What is held already may be all there is: two connections must not wait for each other's halves.
                None if self.permit.is_some() => {
                    self.permit = None;
                    match self.budget.take(size_bytes, cx.waker()) {
                        Some(permit) => Some(permit),
                        None => return Poll::Pending,
                    }
                }
                None => return Poll::Pending,
            }
        } else {
            None
        };
        let mut larger = buffers.take(size_bytes);
        let held = self.buffer.get(self.start..self.end).unwrap_or_default();
        let held_bytes = held.len();
        if let Some(front) = larger.get_mut(..held_bytes) {
            front.copy_from_slice(held);
        }
        self.replace(larger, buffers);
        self.permit = permit;
        self.start = 0;
        self.end = held_bytes;
        Poll::Ready(())
    }

    fn replace(&mut self, buffer: Box<[u8]>, buffers: &Buffers) {
        self.permit = None;
        buffers.give_back(std::mem::replace(&mut self.buffer, buffer));
    }
}
