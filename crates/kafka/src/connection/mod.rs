//! A connection: frames in, answers out, in order.
//!
//! One task on one single-threaded runtime owns a connection from accept to close; nothing crosses threads per
//! request unless a request waits for something that another thread does (a sync, an append elsewhere).
//! Each turn handles every whole frame that the last read brought, moves the answers that are ready into one buffer
//! and sends that at once. Requests that wait (acknowledgement by a sync, long poll, join) queue in [`pending`].
//!
//! Back pressure: while answers cannot be sent, or too many wait, or memory in flight is used up, nothing is read.
//! Absent on purpose: what a request means (`api`), authentication, throttling.

mod buffers;
#[cfg(fuzzing)]
pub mod fuzzing;
mod input;
mod output;
mod pending;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use kafka_wire::ApiKey;
use serving::Members;
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

pub(crate) use self::buffers::Buffers;
pub(crate) use self::input::FrameError;
use self::input::{Input, Received};
pub(crate) use self::output::{Body, Output};
pub(crate) use self::pending::{AnswerFuture, Slot, Waiting};
use self::pending::{Queue, Tally};
use crate::api::{self, Close, ConnectionInfo, Received as Handled};
use crate::broker::Broker;
use crate::stats::StatsShard;

/// How long answers may still take once the peer has stopped sending.
const ENDED_GRACE: Duration = Duration::from_secs(2);

/// What the connections of one thread share.
pub(crate) struct Shard {
    pub(crate) buffers: Buffers,
    stats: Arc<StatsShard>,
    pub(crate) members: Members,
}

impl Shard {
    /// For a new thread that serves `broker`.
    pub(crate) fn new(broker: &Broker) -> Self {
        Self {
            buffers: Buffers::default(),
            stats: broker.stats().shard(),
            members: Members::default(),
        }
    }
}

/// Serves one connection until either side ends it.
pub(crate) async fn serve(
    stream: TcpStream,
    info: ConnectionInfo,
    broker: Arc<Broker>,
    shard: Rc<Shard>,
) {
    let id = info.id;
    let mut connection = Connection::new(stream, info, broker, Rc::clone(&shard));
    let member = shard.members.enter(id).await;
    let close = poll_fn(|cx| connection.poll(cx)).await;
    drop(member);
    connection.report(&close);
}

struct Connection {
    stream: TcpStream,
    info: Arc<ConnectionInfo>,
    broker: Arc<Broker>,
    shard: Rc<Shard>,
    input: Input,
    output: Output,
    queue: Queue,
    /// State that request kinds keep per connection: scratch space and caches.
    exchange: api::Exchange,
    last_received: Instant,
    /// When the peer said that it will send no more.
    ended: Option<Instant>,
    /// Fires at or before the earliest moment something is due; moved only when it has fired.
    alarm: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Connection {
    fn new(stream: TcpStream, info: ConnectionInfo, broker: Arc<Broker>, shard: Rc<Shard>) -> Self {
        let limits = broker.limits();
        Self {
            stream,
            info: Arc::new(info),
            shard,
            input: Input::new(limits.frame_bytes_max, Arc::clone(broker.budget())),
            output: Output::default(),
            queue: Queue::default(),
            exchange: api::Exchange::default(),
            broker,
            last_received: Instant::now(),
            ended: None,
            alarm: None,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Close> {
        loop {
            match self.turn(cx) {
                Ok(Turn::Again) => {}
                Ok(Turn::Wait) => match self.poll_alarm(cx) {
                    Ok(Poll::Pending) => return Poll::Pending,
                    Ok(Poll::Ready(())) => {}
                    Err(close) => return Poll::Ready(close),
                },
                Err(close) => return Poll::Ready(close),
            }
        }
    }

    /// Handles what is buffered, sends what is ready, reads once.
    fn turn(&mut self, cx: &mut Context<'_>) -> Result<Turn, Close> {
        let drained = self.handle_frames(cx)?;
        if self.shard.members.is_stopping() {
            self.queue.cut_short();
        }
        let settled =
            self.queue
                .poll_settle(cx, &mut self.output, &self.shard.buffers, &self.shard.stats)?;
        let was_full = self.output.is_full();
        if self
            .output
            .poll_flush(cx, &self.stream, &self.shard.buffers)?
            .is_pending()
        {
            if was_full {
                return Ok(Turn::Wait);
            }
        } else if was_full {
            // Room again, for frames or answers that were held back.
            return Ok(Turn::Again);
        }
        if self.shard.members.is_stopping() && settled.is_ready() && self.output.is_empty() {
            return Err(Close::Stopping);
        }
        if self.ended.is_some() {
            let owes = settled.is_pending() || !self.output.is_empty();
            return if owes {
                Ok(Turn::Wait)
            } else {
                Err(Close::ByPeer)
            };
        }
        if !drained {
            // Frames are left over only because answers wait; when those settle there is more to do.
            return Ok(if self.queue.accepts() {
                Turn::Again
            } else {
                Turn::Wait
            });
        }
        match self
            .input
            .poll_receive(cx, &mut self.stream, &self.shard.buffers)?
        {
            Poll::Pending => Ok(Turn::Wait),
            Poll::Ready(Received::End) => {
                // What was asked before is still answered, to a peer that only stopped sending.
                self.ended = Some(Instant::now());
                Ok(Turn::Again)
            }
            Poll::Ready(Received::Bytes(_)) => {
                self.last_received = Instant::now();
                Ok(Turn::Again)
            }
        }
    }

    /// Handles whole frames while answers may be added; true when none is left.
    fn handle_frames(&mut self, cx: &mut Context<'_>) -> Result<bool, Close> {
        loop {
            if !self.queue.accepts() || self.output.is_full() {
                return Ok(false);
            }
            let Some(frame) = self.input.next_frame()? else {
                return Ok(true);
            };
            let frame = self.input.bytes_mut().get_mut(frame).unwrap_or_default();
            let tally = tally(frame, self.last_received);
            let handled = api::receive(
                &self.broker,
                &self.info,
                &mut self.exchange,
                frame,
                self.last_received,
            )?;
            match handled {
                Handled::Nothing => {
                    tally.count(&self.shard.stats, 0);
                    continue;
                }
                Handled::Answer(slot) => self.queue.push(slot, tally),
            }
            // Polled in turn, so that work which needs no waiting is done before the next request is looked at.
            let _ = self.queue.poll_settle(
                cx,
                &mut self.output,
                &self.shard.buffers,
                &self.shard.stats,
            )?;
        }
    }

    /// Ready when the alarm fired, that is: when another turn should be taken.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, Close> {
        let idle_until = self.last_received + self.broker.limits().idle;
        let due = if self.queue.is_empty() {
            idle_until
        } else {
            // A connection whose answers wait is not idle, however long that takes.
            let far = Instant::now() + self.broker.limits().idle;
            self.queue
                .deadline()
                .map_or(far, |deadline| deadline.min(far))
        };
        let due = self.ended.map_or(due, |ended| due.min(ended + ENDED_GRACE));
        let (set_for, sleep) = self
            .alarm
            .get_or_insert_with(|| (due, Box::pin(tokio::time::sleep_until(due))));
        if due < *set_for {
            sleep.as_mut().reset(due);
            *set_for = due;
        }
        if sleep.as_mut().poll(cx).is_pending() {
            return Ok(Poll::Pending);
        }
        let now = Instant::now();
        if now >= idle_until && self.queue.is_empty() {
            return Err(Close::Idle);
        }
        if self.ended.is_some_and(|ended| now >= ended + ENDED_GRACE) {
            return Err(Close::ByPeer);
        }
        // Fired early for what is due now, or late for nothing; the smallest step keeps it from spinning.
        let next = due.max(now + Duration::from_millis(1));
        sleep.as_mut().reset(next);
        *set_for = next;
        Ok(Poll::Ready(()))
    }

    fn report(&self, close: &Close) {
        self.broker
            .closings()
            .report(&self.info, close, self.input.buffered_bytes());
    }
}

/// What to count about the request in `frame`, whose key has yet to be checked.
fn tally(frame: &[u8], received: Instant) -> Tally {
    let key = frame.first_chunk().map(|key| i16::from_be_bytes(*key));
    // An unknown key closes the connection and is never counted.
    let api = key
        .and_then(ApiKey::from_i16)
        .unwrap_or(ApiKey::ApiVersions);
    Tally {
        api,
        request_bytes: frame.len(),
        received,
    }
}

enum Turn {
    /// More can be done at once.
    Again,
    /// Everything that could be done is done; something has the waker.
    Wait,
}
