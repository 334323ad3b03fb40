//! What can go wrong with the metadata: when a directory is opened, and when something is changed.
//!
//! Invariants: an `OpenError` names the file and what to do; a `ChangeError` says whether the change
//! may have happened (`Poisoned`) or did not (all others).

use std::path::{Path, PathBuf};

use crate::log::StorageError;

/// Why a data directory's metadata was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// A metadata file is not what it should be. Nothing was changed; topics would be lost by
    /// going on, so a person decides.
    #[error("{} is damaged at byte {at}: {why}. {advice}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Where in it.
        at: u64,
        /// What is wrong.
        why: String,
        /// What can be done.
        advice: String,
    },
    /// The directory is whole but belongs to something one node cannot stand in for.
    #[error("{}: {why}. {advice}", path.display())]
    Foreign {
        /// The file that says so.
        path: PathBuf,
        /// What it says.
        why: String,
        /// What can be done.
        advice: String,
    },
    /// A file could not be read or written, or a small file is damaged.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

pub(super) const REPAIR_ADVICE: &str = "Nothing was changed. Restore the file from a copy; or let \
    `highwater log repair DIR` show what can be kept of it; or move __cluster_metadata-0 away to take \
    over the partitions without their settings";

impl OpenError {
    pub(super) fn damaged(path: &Path, at: u64, why: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_path_buf(),
            at,
            why: why.into(),
            advice: REPAIR_ADVICE.to_owned(),
        }
    }

    pub(super) fn foreign(path: &Path, why: impl Into<String>, advice: &str) -> Self {
        Self::Foreign {
            path: path.to_path_buf(),
            why: why.into(),
            advice: advice.to_owned(),
        }
    }
}

/// Why the metadata was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// Wire code 36, TOPIC_ALREADY_EXISTS.
    #[error("Topic '{0}' already exists.")]
    TopicExists(String),
    /// Wire code 17, INVALID_TOPIC_EXCEPTION.
    #[error("{0}")]
    InvalidTopic(String),
    /// Wire code 37, INVALID_PARTITIONS.
    #[error("{0}")]
    InvalidPartitions(String),
    /// Wire code 3, UNKNOWN_TOPIC_OR_PARTITION.
    #[error("Topic '{0}' does not exist.")]
    UnknownTopic(String),
    /// Wire code 42, INVALID_REQUEST.
    #[error("{0}")]
    InvalidRequest(String),
    /// The disk refused the append (full, for one). Nothing changed; the same may be tried again.
    /// Wire code 56, KAFKA_STORAGE_ERROR.
    #[error("{0}")]
    NotWritten(StorageError),
    /// A sync failed now or earlier: the change may or may not be on disk. Only a restart helps.
    /// Wire code 56, KAFKA_STORAGE_ERROR.
    #[error("the metadata log takes no more changes until a restart: {0}")]
    Poisoned(String),
}
