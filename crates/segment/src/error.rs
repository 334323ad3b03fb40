//! What can go wrong, one variant per thing the caller does next.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An error of the store.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SegmentError {
    /// The segment has no room for this. Nothing was written: roll, then repeat.
    #[error("segment is full: {need_bytes} bytes wanted, {free_bytes} free")]
    Full {
        /// Bytes the append or reservation asked for.
        need_bytes: u64,
        /// Bytes left in the active segment.
        free_bytes: u64,
    },
    /// The chain has no active segment yet. Nothing was written: roll to the first base.
    #[error("the chain has no segment yet")]
    NoSegment,
    /// The disk (or a quota, or the file table) is full. Nothing happened; repeat later.
    #[error("no space for {path}: {source}", path = path.display())]
    NoSpace {
        /// The file that could not grow.
        path: PathBuf,
        /// The system's own words.
        source: Arc<io::Error>,
    },
    /// An earlier write or sync failed. Nothing above the durable mark is trusted any more, and
    /// nothing will be appended until the chain is opened again and recovered.
    #[error("chain is poisoned: {0}")]
    Poisoned(Arc<Poison>),
    /// Somebody still reads bytes that a truncation would take away. Nothing happened.
    #[error("{path} is being read above the cut", path = path.display())]
    Leased {
        /// The segment that is in use.
        path: PathBuf,
    },
    /// The range is not (or no longer) within the readable bytes. The caller's position is wrong.
    #[error("no such bytes: {from}..{to} of {len} in segment {base}")]
    OutOfRange {
        /// The segment's base.
        base: u64,
        /// Start asked for, in the file.
        from: u64,
        /// End asked for, in the file.
        to: u64,
        /// Readable bytes.
        len: u64,
    },
    /// The base does not fit the chain: a roll must go upward, a truncation must name a segment.
    #[error("base {base} does not fit the chain")]
    BadBase {
        /// The offending base.
        base: u64,
    },
    /// The chain was closed or its directory is being deleted.
    #[error("the chain is closed")]
    Closed,
    /// Another process or another part of this one holds the directory.
    #[error("{path} is locked{}", holder(*holder_pid), path = path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// The process that holds it, where the system tells. Our own id: this very process.
        holder_pid: Option<u32>,
    },
    /// An operation on a file failed, and nothing was changed or lost by it.
    #[error("{doing} {path}: {source}", path = path.display())]
    Io {
        /// What was being done, as a verb: `open`, `read`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's own words.
        source: Arc<io::Error>,
    },
}

fn holder(pid: Option<u32>) -> String {
    match pid {
        Some(pid) if pid == std::process::id() => " by this process".into(),
        Some(pid) => format!(" by process {pid}"),
        None => String::new(),
    }
}

/// Why a chain takes no more bytes.
#[derive(Debug, thiserror::Error)]
#[error("{doing} {path} failed: {source}", path = path.display())]
pub struct Poison {
    /// What failed: `sync`, `write`, `commit`.
    pub doing: &'static str,
    /// The file it failed on.
    pub path: PathBuf,
    /// The system's own words.
    pub source: io::Error,
}

impl SegmentError {
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        if is_exhaustion(&source) {
            return Self::NoSpace {
                path: path.to_owned(),
                source: Arc::new(source),
            };
        }
        Self::Io {
            doing,
            path: path.to_owned(),
            source: Arc::new(source),
        }
    }

    /// True when the same call may well succeed later without anything being repaired.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::NoSpace { .. } | Self::Leased { .. } | Self::Full { .. }
        )
    }
}

/// True for errors that mean "not now": nothing was lost, the same write may be repeated when
/// space, file handles or memory are back.
pub(crate) fn is_exhaustion(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(
            libc::ENOSPC
                | libc::EDQUOT
                | libc::EFBIG
                | libc::EMFILE
                | libc::ENFILE
                | libc::ENOMEM
                | libc::EAGAIN
                | libc::EINTR
        )
    )
}
