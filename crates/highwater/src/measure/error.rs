//! Why a measurement ended early.

use std::io;
use std::path::{Path, PathBuf};

use segment::SegmentError;

use crate::report::units::{Unit, show};

/// One variant for each next action. None of them loses what was measured before.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// A setting makes no sense. Nothing was touched.
    #[error("{0}")]
    Settings(String),
    /// The directory cannot be used. Nothing was left in it.
    #[error("cannot {doing} {path}: {source}; name another directory", path = path.display())]
    Unusable {
        /// As a verb: `create`, `lock`.
        doing: &'static str,
        /// What could not be used.
        path: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
    /// The files would not fit. Nothing was written.
    #[error(
        "{dir} has {free} free, and files of {need} with a margin of {margin} are to be made; use a smaller --file-bytes, or another directory",
        dir = dir.display(),
        free = show(*free_bytes as f64, Unit::Bytes),
        need = show(*need_bytes as f64, Unit::Bytes),
        margin = show(*margin_bytes as f64, Unit::Bytes)
    )]
    NoRoom {
        /// The directory.
        dir: PathBuf,
        /// Free for this user.
        free_bytes: u64,
        /// Most that exists at one time.
        need_bytes: u64,
        /// What is to stay free.
        margin_bytes: u64,
    },
    /// The disk filled up while measuring, by others or by a quota. The run ends; the files are removed.
    #[error("no space left while writing {path}: {source}", path = path.display())]
    Full {
        /// The file that could not grow.
        path: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
    /// A call failed. This cell has no sample; others may go on.
    #[error("{doing} {path}: {source}", path = path.display())]
    Io {
        /// As a verb.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
    /// The state that was to be measured was not reached, or was lost during the run. This cell has no sample.
    #[error("{0}")]
    State(String),
    /// A signal asked to stop.
    #[error("interrupted")]
    Stopped,
}

impl MeasureError {
    /// An error of a system call.
    pub(crate) fn io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::Full { path, source }
            }
            _ => Self::Io {
                doing,
                path,
                source,
            },
        }
    }

    /// An error of the store.
    pub(crate) fn store(doing: &'static str, path: &Path, error: SegmentError) -> Self {
        match error {
            SegmentError::NoSpace { path, source } => Self::Full {
                path,
                source: io::Error::new(source.kind(), source),
            },
            other => Self::io(doing, path, io::Error::other(other)),
        }
    }

    /// True where other cells may still be measured.
    pub(crate) fn is_of_one_cell(&self) -> bool {
        matches!(self, Self::Io { .. } | Self::State(_))
    }
}

/// Adds what was done, and on what, to an error.
pub(crate) trait Doing<T> {
    /// `doing` as a verb.
    fn doing(self, doing: &'static str, path: &Path) -> Result<T, MeasureError>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, doing: &'static str, path: &Path) -> Result<T, MeasureError> {
        self.map_err(|source| MeasureError::io(doing, path, source))
    }
}

impl<T> Doing<T> for Result<T, rustix::io::Errno> {
    fn doing(self, doing: &'static str, path: &Path) -> Result<T, MeasureError> {
        self.map_err(|errno| MeasureError::io(doing, path, errno.into()))
    }
}

impl<T> Doing<T> for Result<T, SegmentError> {
    fn doing(self, doing: &'static str, path: &Path) -> Result<T, MeasureError> {
        self.map_err(|error| MeasureError::store(doing, path, error))
    }
}
