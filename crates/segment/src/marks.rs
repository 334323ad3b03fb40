//! Positions in a chain and the marks that bytes pass.
//!
//! Invariants: `written >= committed >= durable`; each only grows, except that
//! `Appender::truncate` takes all three back to the cut.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// A byte position in a chain: cumulative over its segments.
///
/// The first segment found when a chain is opened starts at 0 (with
/// [`Allocation::Whole`](crate::Allocation::Whole), at its base). Positions stay what they are
/// when older segments are removed; they mean nothing across a restart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

impl Position {
    /// The position `bytes` further on.
    #[must_use]
    pub fn plus(self, bytes: u64) -> Self {
        Self(self.0.saturating_add(bytes))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A mark somebody can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The bytes survive the death of the process and are visible to other processes.
    Committed,
    /// The bytes survive power loss.
    Durable,
}

/// The marks of a chain at one moment. All are exclusive ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Bytes below are complete and readable in this process.
    pub written: Position,
    /// Bytes below survive the death of the process.
    pub committed: Position,
    /// Bytes below survive power loss.
    pub durable: Position,
}

impl Marks {
    /// The given mark.
    #[must_use]
    pub fn get(&self, mark: Mark) -> Position {
        match mark {
            Mark::Committed => self.committed,
            Mark::Durable => self.durable,
        }
    }
}

/// The live marks of a chain.
#[derive(Debug, Default)]
pub(crate) struct MarkCells {
    pub(crate) written: AtomicU64,
    pub(crate) committed: AtomicU64,
    pub(crate) durable: AtomicU64,
}

impl MarkCells {
    pub(crate) fn starting_at(position: Position) -> Self {
        Self {
            written: AtomicU64::new(position.0),
            committed: AtomicU64::new(position.0),
            durable: AtomicU64::new(position.0),
        }
    }

    /// Reads the lowest mark first, so that the order between them holds in the answer.
    pub(crate) fn load(&self) -> Marks {
        let durable = self.durable.load(Ordering::Acquire);
        let committed = self.committed.load(Ordering::Acquire).max(durable);
        let written = self.written.load(Ordering::Acquire).max(committed);
        Marks {
            written: Position(written),
            committed: Position(committed),
            durable: Position(durable),
        }
    }
}
