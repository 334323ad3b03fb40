//! The receiving half of a connection for `fuzz/`; compiled with `--cfg fuzzing` only, so no part of the crate's interface.
//!
//! Absent on purpose: anything of its own. It hands on what [`Input`] does, and shows what memory that holds.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::Poll;

use serving::Budget;
use tokio::net::TcpStream;

use super::input::{Buffers, Input, POOLED_BYTES};
use crate::remoting::FrameError;

/// Memory that a declared length may claim before the peer has sent anything.
pub const PROVEN_BYTES: usize = POOLED_BYTES;

/// One connection's [`Input`] with a pool and a budget of its own.
#[derive(Debug)]
pub struct Receiver {
    input: Input,
    buffers: Buffers,
    budget: Arc<Budget>,
}

impl Receiver {
    /// For frames up to `frame_bytes_max`; `memory_bytes` is the budget.
    pub fn new(frame_bytes_max: usize, memory_bytes: usize) -> Self {
        let budget = Budget::new(memory_bytes);
        Self {
            input: Input::new(frame_bytes_max, Arc::clone(&budget)),
            buffers: Buffers::default(),
            budget,
        }
    }

    /// The next whole frame.
    ///
    /// # Errors
    /// The length at the front is none that may be.
    pub fn next_frame(&mut self) -> Result<Option<&[u8]>, FrameError> {
        let range = self.input.next_frame()?;
        Ok(range.map(|range| self.input.bytes().get(range).unwrap_or_default()))
    }

    /// Reads once, waiting for bytes; how many came, 0 at the end.
    ///
    /// # Errors
    /// The socket's.
    pub async fn receive(&mut self, stream: &mut TcpStream) -> io::Result<usize> {
        poll_fn(|cx| self.input.poll_receive(cx, stream, &self.buffers)).await
    }

    /// Asks once where nothing is to come, as a connection does before it waits; true when it found nothing.
    pub async fn wait(&mut self, stream: &mut TcpStream) -> bool {
        poll_fn(|cx| {
            let asked = self.input.poll_receive(cx, stream, &self.buffers);
            Poll::Ready(asked.is_pending())
        })
        .await
    }

    /// Bytes received and not yet handed out.
    pub fn buffered_bytes(&self) -> usize {
        self.input.buffered_bytes()
    }

    /// Bytes taken from the budget.
    pub fn memory_bytes(&self) -> usize {
        self.budget.used_bytes()
    }
}
