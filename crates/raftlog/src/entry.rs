//! What a log holds.

use std::fmt;

use bytes::Bytes;

/// Names an entry. Ordered as Raft orders logs: by term, then by index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId {
    /// The term of the leader that made the entry.
    pub term: u64,
    /// Its place in the log.
    pub index: u64,
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.term, self.index)
    }
}

/// What an entry is to the log. It looks at nothing else of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntryKind {
    /// Anything but a membership.
    #[default]
    Normal,
    /// The members of the group from here on. The last one is remembered when it is purged.
    Membership,
}

/// An entry of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the log. The next entry's is one more.
    pub index: u64,
    /// The term of the leader that made it; never less than that of the entry before.
    pub term: u64,
    /// What it is to the log.
    pub kind: EntryKind,
    /// What it is to the caller.
    pub payload: Bytes,
}

impl Entry {
    /// A normal entry.
    #[must_use]
    pub fn new(index: u64, term: u64, payload: impl Into<Bytes>) -> Self {
        Self {
            index,
            term,
            kind: EntryKind::Normal,
            payload: payload.into(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> LogId {
        LogId {
            term: self.term,
            index: self.index,
        }
    }
}
