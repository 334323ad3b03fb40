//! A connection: frames in, answers out, requests to the client in between.
//!
//! One task on one single-threaded runtime owns a connection from accept to close. Each turn handles every whole frame
//! that the last read brought, gathers the answers that are ready, and sends them at once. An answer that has to wait
//! is a task of its own on the same thread; answers leave in whatever order they are ready, as the protocol allows.
//!
//! Back pressure: while answers cannot be sent, or too many wait, nothing is read.
//! Absent on purpose: what a request means (`namesrv`, `broker`).

mod channel;
#[cfg(fuzzing)]
pub mod fuzzing;
mod input;
mod output;

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use serving::{Budget, Members};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep};
use tracing::{debug, warn};

pub(crate) use self::channel::{CallError, Channel, Reply};
pub(crate) use self::input::Buffers;
use self::input::Input;
use self::output::Output;
use crate::remoting::{
    Answer, Command, CommandError, FRAME_BYTES_MAX, FrameError, HeaderForm, Refusal,
};
use crate::service::Service;

/// Answers of one connection that may wait: a consumer of ten thousand queues holds a pull for each.
const WAITING_MAX: usize = 65_536;
/// A connection that sends nothing for so long is closed, as by Java's server.
const IDLE: Duration = Duration::from_secs(120);
/// How long answers may still take once the peer has stopped sending.
const ENDED_GRACE: Duration = Duration::from_secs(2);

/// An answer that has to wait for something; `None` where there will be none.
pub(crate) type Later = Pin<Box<dyn Future<Output = Option<Answer>>>>;

/// What became of a request.
pub(crate) enum Handled {
    /// The answer is there.
    Answer(Answer),
    /// There will be none.
    Nothing,
    /// It has to wait.
    Later(Later),
}

impl From<Answer> for Handled {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

/// A request and who sent it.
pub(crate) struct Request<'r> {
    pub(crate) command: &'r Command<'r>,
    pub(crate) channel: &'r Arc<Channel>,
}

/// What the connections of one thread share.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    buffers: Buffers,
    pub(crate) members: Members,
}

/// Why a connection ends.
#[derive(Debug, thiserror::Error)]
enum Close {
    #[error("closed by the peer")]
    ByPeer,
    #[error("nothing came for {} s", IDLE.as_secs())]
    Idle,
    #[error("the server stops")]
    Stopping,
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error("the peer does not read what it is sent")]
    Overflow,
}

/// Serves one connection until either side ends it.
pub(crate) async fn serve(
    stream: TcpStream,
    channel: Arc<Channel>,
    service: Service,
    budget: Arc<Budget>,
    shard: Rc<Shard>,
) {
    let mut connection = Connection {
        stream,
        channel: Arc::clone(&channel),
        service: service.clone(),
        shard: Rc::clone(&shard),
        input: Input::new(FRAME_BYTES_MAX, budget),
        output: Output::default(),
        waiting: JoinSet::new(),
        last_received: Instant::now(),
        ended: None,
        alarm: Box::pin(tokio::time::sleep(IDLE)),
    };
    let member = shard.members.enter(channel.id).await;
    // A task's waker stays the same for its life.
    poll_fn(|cx| {
        channel.connected(cx.waker().clone());
        Poll::Ready(())
    })
    .await;
    let close = poll_fn(|cx| connection.poll(cx)).await;
    drop(member);
    channel.close();
    service.closed(&channel);
    let (peer, unread_bytes) = (channel.peer, connection.input.buffered_bytes());
    match close {
        Close::Frame(_) | Close::Command(_) | Close::Overflow => {
            warn!(%peer, %close, unread_bytes, "connection closed");
        }
        _ => debug!(%peer, %close, unread_bytes, "connection closed"),
    }
}

/// An answer that had to wait, and the request it belongs to.
struct Waited {
    form: HeaderForm,
    opaque: i32,
    answer: Option<Answer>,
}

struct Connection {
    stream: TcpStream,
    channel: Arc<Channel>,
    service: Service,
    shard: Rc<Shard>,
    input: Input,
    output: Output,
    waiting: JoinSet<Waited>,
    last_received: Instant,
    /// When the peer said that it will send no more.
    ended: Option<Instant>,
    alarm: Pin<Box<Sleep>>,
}

impl Connection {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Close> {
        loop {
            match self.turn(cx) {
                Ok(Poll::Pending) => match self.poll_alarm(cx) {
                    Ok(()) => return Poll::Pending,
                    Err(close) => return Poll::Ready(close),
                },
                Ok(Poll::Ready(())) => {}
                Err(close) => return Poll::Ready(close),
            }
        }
    }

    /// Does what can be done; pending once only the waker can bring more.
    fn turn(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, Close> {
        let pushed = self.channel.take_pushed(self.output.buffer());
        pushed.map_err(|_| Close::Overflow)?;
        let stopping = self.shard.members.is_stopping();
        let all_handled = stopping || self.handle_frames()?;
        // Last, so that what a frame has just begun wakes this task when it is done.
        self.take_waited(cx);
        let sent = self.output.poll_flush(cx, &self.stream)?;
        if sent.is_pending() {
            return Ok(Poll::Pending);
        }
        if self.waiting.is_empty() {
            if stopping {
                return Err(Close::Stopping);
            }
            if self.ended.is_some() && all_handled {
                return Err(Close::ByPeer);
            }
        }
        if !all_handled {
            // Frames are left because answers wait; one that is ready makes room.
            let full = self.waiting.len() >= WAITING_MAX;
            return Ok(if full { Poll::Pending } else { Poll::Ready(()) });
        }
        if stopping || self.ended.is_some() {
            return Ok(Poll::Pending);
        }
        self.receive(cx)
    }

    fn receive(&mut self, cx: &mut Context<'_>) -> Result<Poll<()>, Close> {
        let buffers = &self.shard.buffers;
        let Poll::Ready(received) = self.input.poll_receive(cx, &mut self.stream, buffers)? else {
            return Ok(Poll::Pending);
        };
        let now = Instant::now();
        if received == 0 {
            // What was asked before is still answered, to a peer that only stopped sending.
            self.ended = Some(now);
        } else {
            self.last_received = now;
        }
        Ok(Poll::Ready(()))
    }

    /// Handles whole frames while answers may be added; true when none is left.
    fn handle_frames(&mut self) -> Result<bool, Close> {
        loop {
            if self.output.is_full() || self.waiting.len() >= WAITING_MAX {
                return Ok(false);
            }
            let Some(frame) = self.input.next_frame()? else {
                return Ok(true);
            };
            let frame = self.input.bytes().get(frame).unwrap_or_default();
            let command = Command::decode(frame)?;
            if command.is_response() {
                self.channel.answered(&command);
                continue;
            }
            let request = Request {
                command: &command,
                channel: &self.channel,
            };
            let handled = self.service.handle(&request);
            let (form, opaque) = (command.form, command.opaque);
            let oneway = command.is_oneway();
            self.settle(handled, form, opaque, oneway);
        }
    }

    fn settle(
        &mut self,
        handled: Result<Handled, Refusal>,
        form: HeaderForm,
        opaque: i32,
        oneway: bool,
    ) {
        match handled {
            Ok(Handled::Answer(answer)) if !oneway => self.answer(answer, form, opaque),
            Err(refusal) if !oneway => self.answer(refusal.into(), form, opaque),
            Ok(Handled::Later(later)) => {
                self.waiting.spawn_local(async move {
                    let answer = later.await.filter(|_| !oneway);
                    Waited {
                        form,
                        opaque,
                        answer,
                    }
                });
            }
            Err(refusal) => {
                self.service.answered(refusal.code);
                debug!(peer = %self.channel.peer, %refusal, "a one-way request failed");
            }
            Ok(Handled::Answer(_) | Handled::Nothing) => {}
        }
    }

    fn answer(&mut self, answer: Answer, form: HeaderForm, opaque: i32) {
        self.service.answered(answer.code);
        self.output.push(answer, form, opaque);
    }

    /// Writes the answers that had to wait and are there now.
    fn take_waited(&mut self, cx: &mut Context<'_>) {
        while let Poll::Ready(Some(done)) = self.waiting.poll_join_next(cx) {
            match done {
                Ok(Waited {
                    form,
                    opaque,
                    answer: Some(answer),
                }) => self.answer(answer, form, opaque),
                Ok(_) => {}
                Err(error) => warn!(peer = %self.channel.peer, %error, "an answer was lost"),
            }
        }
    }

    /// Sees whether the connection has been idle, or ending, for too long.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Result<(), Close> {
        loop {
            let due = match self.ended {
                Some(ended) => ended + ENDED_GRACE,
                None => self.last_received + IDLE,
            };
            if Instant::now() >= due {
                return Err(self.ended.map_or(Close::Idle, |_| Close::ByPeer));
            }
            if self.alarm.deadline() > due || self.alarm.as_mut().poll(cx).is_ready() {
                self.alarm.as_mut().reset(due);
                continue;
            }
            return Ok(());
        }
    }
}
