//! Numbers of the shared log, and the clock that is passed in.
//!
//! Invariants: a `PhysicalOffset` counts bytes of the commit log, a `QueueOffset` counts units of one consume queue;
//! neither is ever used for the other. Both are Java `long`s, so negative ones can come from a file or a socket.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

use segment::Position;

/// A byte of the commit log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct PhysicalOffset(pub i64);

impl PhysicalOffset {
    /// The offset `bytes` further on (saturating).
    #[must_use]
    pub fn plus(self, bytes: u64) -> Self {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(bytes))
    }

    /// The same byte as a place in the chain; a negative offset is the start.
    #[must_use]
    pub fn position(self) -> Position {
        Position(u64::try_from(self.0).unwrap_or(0))
    }
}

impl From<Position> for PhysicalOffset {
    fn from(position: Position) -> Self {
        Self(i64::try_from(position.0).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for PhysicalOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of a message in its queue: a unit of a consume queue, never bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct QueueOffset(pub i64);

impl QueueOffset {
    /// The offset after this one (saturating).
    #[must_use]
    pub fn next(self) -> Self {
        self.plus(1)
    }

    /// This offset moved by `by` (saturating).
    #[must_use]
    pub fn plus(self, by: i64) -> Self {
        Self(self.0.saturating_add(by))
    }
}

impl fmt::Display for QueueOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where wall-clock time comes from. The store never asks the system itself.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> i64;
}

/// A clock that stands where it was put: for tests and offline tools.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock at `now_ms`.
    #[must_use]
    pub fn at(now_ms: i64) -> Self {
        Self(AtomicI64::new(now_ms))
    }

    /// Puts it to `now_ms`.
    pub fn set(&self, now_ms: i64) {
        self.0.store(now_ms, Ordering::Release);
    }

    /// Puts it forward.
    pub fn advance(&self, by_ms: i64) {
        self.0.fetch_add(by_ms, Ordering::AcqRel);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::Acquire)
    }
}
