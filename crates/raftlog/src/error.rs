//! What can go wrong, one variant per thing the caller does next.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use segment::SegmentError;

/// An error of a log.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RaftLogError {
    /// The entries do not follow the log. Nothing happened; the caller's idea of the log is wrong.
    #[error("entry {got} does not follow the log, which goes on at {expected}")]
    NotNext {
        /// The index that would have.
        expected: u64,
        /// The index that came.
        got: u64,
    },
    /// An entry's term, or a vote's, is below one that the log holds. Nothing happened.
    #[error("term {got} comes after term {last}")]
    TermWentBack {
        /// The highest so far.
        last: u64,
        /// The term that came.
        got: u64,
    },
    /// More bytes than there is a place for. Nothing happened.
    #[error("{what} of {bytes} bytes; the most is {bytes_max}")]
    TooLarge {
        /// An entry, a vote, a log id.
        what: &'static str,
        /// How many there are.
        bytes: u64,
        /// How many there may be.
        bytes_max: u64,
    },
    /// A truncation would take committed or purged entries away. Nothing happened. A Raft that asks for this has lost
    /// its way: stop the group.
    #[error("cannot cut the log at {from}: entries below {floor} are committed or purged")]
    BelowCommit {
        /// The first entry that was to go.
        from: u64,
        /// The first that may.
        floor: u64,
    },
    /// The disk (or a quota, or the file table) is full. The entries up to the log's last one are there, nothing behind
    /// it; repeat the rest when there is space.
    #[error("no space for {path}: {source}", path = path.display())]
    NoSpace {
        /// The file that could not grow.
        path: PathBuf,
        /// The system's own words.
        source: Arc<io::Error>,
    },
    /// What is on the disk is not what was written there, and it is not the torn end of a log that lost power. The
    /// replica must not vote or count as a copy until the entries have come from another one.
    #[error("{path} is damaged at byte {at}: {what}", path = path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Byte in the file.
        at: u64,
        /// What is wrong.
        what: String,
    },
    /// An earlier write or sync failed, so nothing is known of what is on the disk. The group takes no more writes until
    /// it is opened anew; what was not acknowledged may or may not be there then.
    #[error("the log takes no more writes: {0}")]
    Poisoned(Arc<str>),
    /// The log was closed.
    #[error("the log is closed")]
    Closed,
    /// Another process, or another part of this one, has the directory or the group open.
    #[error("{0}")]
    InUse(String),
    /// A group's name is not one that can be a directory's: 1 to 100 of `a-z A-Z 0-9 . _ -`, the first no dot.
    #[error("{0:?} cannot be the name of a group")]
    BadName(String),
    /// An operation on a file failed, and nothing was changed by it.
    #[error("{doing} {path}: {source}", path = path.display())]
    Io {
        /// What was being done, as a verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's own words.
        source: Arc<io::Error>,
    },
}

impl RaftLogError {
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let (path, source) = (path.to_owned(), Arc::new(source));
        if source.kind() == io::ErrorKind::StorageFull {
            return Self::NoSpace { path, source };
        }
        Self::Io {
            doing,
            path,
            source,
        }
    }

    pub(crate) fn corrupt(path: &Path, at: u64, what: impl Into<String>) -> Self {
        Self::Corrupt {
            path: path.to_owned(),
            at,
            what: what.into(),
        }
    }
}

impl From<SegmentError> for RaftLogError {
    fn from(error: SegmentError) -> Self {
        match error {
            SegmentError::NoSpace { path, source } => Self::NoSpace { path, source },
            SegmentError::Io {
                doing,
                path,
                source,
            } => Self::Io {
                doing,
                path,
                source,
            },
            SegmentError::Closed => Self::Closed,
            SegmentError::Locked { .. } => Self::InUse(error.to_string()),
            other => Self::Poisoned(other.to_string().into()),
        }
    }
}
