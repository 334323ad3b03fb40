//! What can go wrong in the store: one variant per thing the caller does next.
//!
//! Invariants: every `PutError` but `Unknown` means that nothing was stored. The request layer maps each variant to
//! exactly one response code in one exhaustive match.

use std::io;
use std::path::{Path, PathBuf};

use segment::SegmentError;

use super::message::BatchDefect;

/// Why a message was not stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PutError {
    /// Topic, queue, properties or body are outside what an entry can hold: MESSAGE_ILLEGAL.
    #[error("{0}")]
    Illegal(String),
    /// A batch that cannot be read: MESSAGE_ILLEGAL.
    #[error("{0}")]
    BadBatch(#[from] BatchDefect),
    /// The disk is full, or above the ratio at which the store takes nothing more. Nothing was stored; later it may be:
    /// SERVICE_NOT_AVAILABLE.
    #[error("the store takes no messages now: {0}")]
    NotWritable(String),
    /// The store is being closed: SERVICE_NOT_AVAILABLE.
    #[error("the store is closed")]
    Closed,
    /// A write or sync failed: the message may be on disk or not, and nothing more is taken: SYSTEM_ERROR.
    #[error("the message may or may not be stored: {0}")]
    Unknown(String),
}

impl From<SegmentError> for PutError {
    fn from(error: SegmentError) -> Self {
        match error {
            SegmentError::Poisoned(_) => Self::Unknown(error.to_string()),
            SegmentError::Closed => Self::Closed,
            other => Self::NotWritable(other.to_string()),
        }
    }
}

/// The log takes no more messages; what is not durable by now may never be.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Poisoned(pub String);

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The bytes are not in memory and the caller must not wait: ask again from a thread that may.
    #[error("the read needs the disk")]
    WouldBlock,
    /// The store is being closed.
    #[error("the store is closed")]
    Closed,
    /// The disk did not give the bytes.
    #[error(transparent)]
    Storage(#[from] StoreError),
}

impl From<SegmentError> for ReadError {
    fn from(error: SegmentError) -> Self {
        match error {
            SegmentError::Closed => Self::Closed,
            other => Self::Storage(StoreError::Segment(other)),
        }
    }
}

/// What went wrong with files of the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// An operation on a file failed. Nothing was lost by it.
    #[error("{doing} {}: {source}", path.display())]
    Io {
        /// What was being done, as a verb.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
    /// A file does not hold what its name promises, and guessing would lose something. Repair it, or move it away.
    #[error("{}: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        what: String,
    },
    /// The directory belongs to another kind of store, or the settings do not fit it. Nothing was touched.
    #[error("{}: {what}", path.display())]
    Unusable {
        /// The directory or file.
        path: PathBuf,
        /// What is the matter and what to do.
        what: String,
    },
    /// An error of the segment layer.
    #[error(transparent)]
    Segment(#[from] SegmentError),
}

impl StoreError {
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            doing,
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            what: what.into(),
        }
    }

    pub(crate) fn unusable(path: &Path, what: impl Into<String>) -> Self {
        Self::Unusable {
            path: path.to_owned(),
            what: what.into(),
        }
    }
}
