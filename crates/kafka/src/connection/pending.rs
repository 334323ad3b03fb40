//! Answers that are not ready yet, in request order.
//!
//! Answers leave strictly in the order of the requests, so one that waits holds back those behind it, but not the
//! reading and handling of further requests. Only a request whose effect the next one may rely on (see
//! [`Slot::is_barrier`]) stops that, as Kafka does for every request.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use kafka_wire::ApiKey;
use tokio::time::Instant;

use super::buffers::Buffers;
use super::output::Output;
use crate::api::{Close, Encoded};
use crate::stats::StatsShard;

/// Requests that may wait on one connection before no more are read.
const QUEUE_LIMIT: usize = 512;

/// A whole answer frame to come.
pub(crate) type AnswerFuture = Pin<Box<dyn Future<Output = Result<Encoded, Close>>>>;

/// An answer that is written straight into the output once its condition holds.
pub(crate) trait Waiting: std::fmt::Debug {
    /// Writes the answer if it can be given now, else registers `cx` with what it waits for.
    fn poll_answer(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut Output,
        buffers: &Buffers,
    ) -> Poll<Result<(), Close>>;

    /// When to poll again although nothing woke.
    fn deadline(&self) -> Option<Instant>;

    /// The server stops: give the answer there is now, if waiting longer is only a courtesy.
    fn cut_short(&mut self);
}

pub(crate) enum Slot {
    Ready(Encoded),
    Waiting(Box<dyn Waiting>),
    Future { answer: AnswerFuture, barrier: bool },
}

impl Slot {
    fn is_barrier(&self) -> bool {
        matches!(self, Self::Future { barrier: true, .. })
    }

    /// Lets a future make progress out of turn.
    fn advance(&mut self, cx: &mut Context<'_>) -> Result<(), Close> {
        if let Self::Future { answer, .. } = self
            && let Poll::Ready(encoded) = answer.as_mut().poll(cx)
        {
            *self = Self::Ready(encoded?);
        }
        Ok(())
    }

    fn poll_into(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut Output,
        buffers: &Buffers,
    ) -> Poll<Result<(), Close>> {
        self.advance(cx)?;
        match self {
            Self::Ready(encoded) => {
                output.writer(buffers).raw(&encoded.0);
                Poll::Ready(Ok(()))
            }
            Self::Waiting(waiting) => waiting.poll_answer(cx, output, buffers),
            Self::Future { .. } => Poll::Pending,
        }
    }
}

/// What is counted about a request once its answer is ready.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tally {
    pub(crate) api: ApiKey,
    pub(crate) request_bytes: usize,
    pub(crate) received: Instant,
}

impl Tally {
    pub(crate) fn count(self, stats: &StatsShard, response_bytes: usize) {
        stats.record(
            self.api,
            self.request_bytes,
            response_bytes,
            self.received.elapsed(),
        );
    }
}

#[derive(Default)]
pub(crate) struct Queue {
    slots: VecDeque<(Slot, Tally)>,
}

impl Queue {
    pub(crate) fn push(&mut self, slot: Slot, tally: Tally) {
        self.slots.push_back((slot, tally));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Whether another request may be handled before an answer has left.
    pub(crate) fn accepts(&self) -> bool {
        self.slots.len() < QUEUE_LIMIT
            && !self.slots.back().is_some_and(|(slot, _)| slot.is_barrier())
    }

    /// Tells every answer that the server stops.
    pub(crate) fn cut_short(&mut self) {
        for (slot, _) in &mut self.slots {
            if let Slot::Waiting(waiting) = slot {
                waiting.cut_short();
            }
        }
    }

    /// When the first in line wants to be polled although nothing woke.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.slots.front() {
            Some((Slot::Waiting(waiting), _)) => waiting.deadline(),
            _ => None,
        }
    }

    /// Moves answers into `output` while they are ready and it has room. Pending while any is left.
    pub(crate) fn poll_settle(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut Output,
        buffers: &Buffers,
        stats: &StatsShard,
    ) -> Poll<Result<(), Close>> {
        while let Some((front, tally)) = self.slots.front_mut() {
            if output.is_full() {
                return Poll::Pending;
            }
            let before = output.held_bytes();
            match front.poll_into(cx, output, buffers) {
                Poll::Ready(settled) => {
                    settled?;
                    tally.count(stats, output.held_bytes().saturating_sub(before));
                }
                Poll::Pending => break,
            }
            self.slots.pop_front();
        }
        for (slot, _) in self.slots.iter_mut().skip(1) {
            slot.advance(cx)?;
        }
        if self.slots.is_empty() {
            Poll::Ready(Ok(()))
        } else {
            Poll::Pending
        }
    }
}
