//! The receiving half of a connection: bytes in, whole frames out.
//!
//! Invariants: `start <= end <= buffer length`. A connection holds a buffer only while part of a frame is in it. A
//! declared length commits memory only as far as the peer has proved it by sending: the buffer at most doubles. What
//! is held above a pooled buffer is counted in the budget all connections share.

use std::cell::RefCell;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use serving::{Budget, Permit};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;

use crate::remoting::{Frame, FrameError, PREFIX_BYTES};

/// Size of a pooled buffer: many small frames, or one of the usual size.
pub(super) const POOLED_BYTES: usize = 64 << 10;
/// Buffers one thread keeps.
const KEPT: usize = 16;

/// Receive buffers of one thread, kept for reuse.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    free: RefCell<Vec<Vec<u8>>>,
}

impl Buffers {
    fn take(&self) -> Vec<u8> {
        let pooled = self.free.borrow_mut().pop();
        pooled.unwrap_or_else(|| vec![0; POOLED_BYTES])
    }

    fn give_back(&self, buffer: Vec<u8>) {
        let mut free = self.free.borrow_mut();
        if buffer.len() == POOLED_BYTES && free.len() < KEPT {
            free.push(buffer);
        }
    }
}

#[derive(Debug)]
pub(super) struct Input {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    permit: Option<Permit>,
    frame_bytes_max: usize,
    budget: Arc<Budget>,
}

impl Input {
    pub(super) fn new(frame_bytes_max: usize, budget: Arc<Budget>) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            end: 0,
            permit: None,
            frame_bytes_max,
            budget,
        }
    }

    /// The next whole frame without its prefix, as a range of [`Self::bytes`]; `None` until more is read.
    pub(super) fn next_frame(&mut self) -> Result<Option<Range<usize>>, FrameError> {
        let Some(length) = self.declared()? else {
            return Ok(None);
        };
        let first = self.start + PREFIX_BYTES;
        if self.end - first < length {
            return Ok(None);
        }
        self.start = first + length;
        Ok(Some(first..first + length))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Bytes received and not yet handed out.
    pub(super) fn buffered_bytes(&self) -> usize {
        self.end - self.start
    }

    fn declared(&self) -> Result<Option<usize>, FrameError> {
        let waiting = self.buffer.get(self.start..self.end).unwrap_or_default();
        Frame::declared_length(waiting, self.frame_bytes_max)
    }

    /// Reads once; how many bytes came, 0 at the end. Pending when the socket is empty or memory is short.
    pub(super) fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut TcpStream,
        buffers: &Buffers,
    ) -> Poll<io::Result<usize>> {
        if self.buffer.is_empty() {
            // Asked first, so that an idle connection takes no buffer only to give it back.
            ready!(stream.poll_read_ready(cx))?;
            self.buffer = buffers.take();
        }
        ready!(self.make_room(cx, buffers));
        let mut into = ReadBuf::new(self.buffer.get_mut(self.end..).unwrap_or_default());
        let outcome = Pin::new(stream).poll_read(cx, &mut into);
        let received = into.filled().len();
        self.end += received;
        match outcome {
            Poll::Ready(Ok(())) => Poll::Ready(Ok(received)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => {
                self.rest(buffers);
                Poll::Pending
            }
        }
    }

    /// Gives the buffer back if nothing is in it.
    fn rest(&mut self, buffers: &Buffers) {
        if self.start == self.end {
            buffers.give_back(std::mem::take(&mut self.buffer));
            self.permit = None;
            self.start = 0;
            self.end = 0;
        }
    }

    /// Sees to it that there is room behind `end`.
    fn make_room(&mut self, cx: &Context<'_>, buffers: &Buffers) -> Poll<()> {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
            if self.buffer.len() > POOLED_BYTES {
                // What a large frame needed is not kept for small ones.
                self.buffer = buffers.take();
                self.permit = None;
            }
        }
        // A bad length was reported by `next_frame` before anybody reads on.
        let declared = self.declared().ok().flatten().unwrap_or(0);
        let frame_bytes = PREFIX_BYTES + declared;
        if self.start + frame_bytes <= self.buffer.len() && self.end < self.buffer.len() {
            return Poll::Ready(());
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.end < self.buffer.len() {
            // Grown only when the peer has filled what there is.
            return Poll::Ready(());
        }
        let size = frame_bytes.min(self.buffer.len().saturating_mul(2));
        let size = size.max(POOLED_BYTES);
        let permit = self.budget.take(size, cx.waker()).or_else(|| {
            // What is held already may be all there is: a connection must not wait for itself, nor two of them for each
            // other's halves.
            self.permit.take()?;
            self.budget.take(size, cx.waker())
        });
        let Some(permit) = permit else {
            return Poll::Pending;
        };
        self.permit = Some(permit);
        self.buffer.resize(size, 0);
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    /// The frame, if it came whole.
    async fn received(input: &mut Input, stream: &mut TcpStream) -> Vec<u8> {
        let buffers = Buffers::default();
        loop {
            if let Some(range) = input.next_frame().unwrap() {
                return input.bytes().get(range).unwrap().to_vec();
            }
            let bytes = poll_fn(|cx| input.poll_receive(cx, stream, &buffers)).await;
            assert!(bytes.unwrap() > 0, "the end");
        }
    }

    #[tokio::test]
    async fn a_frame_larger_than_the_budget_is_read_when_nobody_else_holds_any() {
        let body: Vec<u8> = (0..=250).cycle().take(1 << 20).collect();
        for limit_bytes in [0, 100 << 10, 300 << 10, 1 << 20] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut client = TcpStream::connect(listener.local_addr().unwrap())
                .await
                .unwrap();
            let (mut server, _) = listener.accept().await.unwrap();
            let mut frame = u32::try_from(body.len()).unwrap().to_be_bytes().to_vec();
            frame.extend_from_slice(&body);
            let sent = tokio::spawn(async move { client.write_all(&frame).await });
            let mut input = Input::new(16 << 20, Budget::new(limit_bytes));
            // The bound is for a fault that would wait for ever.
            let frame =
                tokio::time::timeout(Duration::from_secs(60), received(&mut input, &mut server));
            assert!(frame.await.expect("stuck") == body, "{limit_bytes}");
            sent.await.unwrap().unwrap();
        }
    }
}
