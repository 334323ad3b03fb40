//! Load on a running server, and what it answers: how fast, how late, how often not at all.
//!
//! What is asked for is a [`Plan`], without a protocol; what came of it is an [`Outcome`], without
//! one either. In between, a module per protocol drives connections (`kafka`; RocketMQ's will lie
//! beside it) and uses what they share: `pace` says when each record is due, `payload` what is in
//! it, `recorder` keeps what was measured.
//!
//! Invariants: with a rate, a record's latency counts from when it was due, whether or not the
//! generator or the server was late by then (so a stall counts against all that waited behind it);
//! an error is counted, never retried and never hidden; a record counts as acknowledged only when
//! its own answer said so.
//! Absent on purpose: retries, idempotence, transactions and groups. They are the client's doing,
//! and this measures the server.

pub mod kafka;
mod outcome;
mod pace;
mod payload;
mod plan;
mod recorder;
mod report;
mod requirement;

pub use outcome::{Checked, Half, Interval, Outcome};
pub use pace::Clock;
pub use payload::STAMP_BYTES;
pub use plan::{End, Plan, PlanError, RecordBytes, Work};
pub use report::experiments;
pub use requirement::{Requirement, UnknownRequirement};

/// Why a run did not take place, or ended without a result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The plan makes no sense. Nothing was sent.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The server could not be reached, or refused what has to be known before.
    #[error(transparent)]
    Client(#[from] crate::client::ClientError),
    /// There is no such topic. Nothing was sent.
    #[error(
        "there is no topic {topic}; create it with `highwater topic create {topic} -p 4`, or add \
         --create"
    )]
    NoTopic {
        /// Its name.
        topic: String,
    },
    /// The system refused a timer, a thread or an event loop.
    #[error("the system refused the generator what it needs: {0}")]
    System(#[from] std::io::Error),
}
