//! `.highwater/rocketmq-mark.json`: our own word on how far queues and index are on the disk.
//!
//! Invariants: what it says was synced before it was written; both offsets are ends of entries (or of files) below the
//! durable end of the log, so that a recovery may start there. It is a hint: where it does not fit the log, recovery starts
//! further back.

use std::path::Path;

use segment::Disk;
use serde::{Deserialize, Serialize};

use super::error::StoreError;
use super::files;
use super::ids::PhysicalOffset;
use super::settings::StoreSettings;

const NAME: &str = "rocketmq-mark.json";
const VERSION: u32 = 1;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Mark {
    version: u32,
    /// Units of all entries below are in their queues.
    dispatched: i64,
    /// Keys of all messages below are in the index.
    indexed: i64,
    /// Index files there were.
    pub(crate) index_files: usize,
    /// Bytes of a commit log file.
    log_file_bytes: u64,
    /// Bytes of a consume queue file.
    queue_file_bytes: u64,
}

impl Mark {
    pub(crate) fn new(
        dispatched: PhysicalOffset,
        indexed: PhysicalOffset,
        index_files: usize,
        settings: &StoreSettings,
    ) -> Self {
        Self {
            log_file_bytes: settings.commit_log_file_bytes,
            queue_file_bytes: settings.queue_file_bytes,
            version: VERSION,
            dispatched: dispatched.0,
            indexed: indexed.0,
            index_files,
        }
    }

    pub(crate) fn dispatched(&self) -> PhysicalOffset {
        PhysicalOffset(self.dispatched)
    }

    pub(crate) fn indexed(&self) -> PhysicalOffset {
        PhysicalOffset(self.indexed)
    }

    /// Refuses settings with other sizes than the directory was made with.
    pub(crate) fn check(&self, root: &Path, settings: &StoreSettings) -> Result<(), StoreError> {
        let sizes = [
            (
                "mappedFileSizeCommitLog",
                self.log_file_bytes,
                settings.commit_log_file_bytes,
            ),
            (
                "mappedFileSizeConsumeQueue",
                self.queue_file_bytes,
                settings.queue_file_bytes,
            ),
        ];
        for (name, made, wanted) in sizes {
            if made != wanted {
                return Err(StoreError::unusable(
                    root,
                    format!("was made with {name}={made}, not {wanted}: set it to that"),
                ));
            }
        }
        Ok(())
    }

    /// The mark in `own_dir`; `None` where there is none that can be read, with a note if there is one.
    pub(crate) fn read(
        own_dir: &Path,
        notes: &mut Vec<String>,
    ) -> Result<Option<Self>, StoreError> {
        let path = own_dir.join(NAME);
        let Some(bytes) = files::read(&path)? else {
            return Ok(None);
        };
        match serde_json::from_slice::<Self>(&bytes) {
            Ok(mark) if mark.version == VERSION && mark.dispatched >= 0 && mark.indexed >= 0 => {
                Ok(Some(mark))
            }
            _ => {
                notes.push(format!("{}: cannot be read, not used", path.display()));
                Ok(None)
            }
        }
    }

    /// Takes the mark in `own_dir` away, durably.
    pub(crate) fn remove(disk: &dyn Disk, own_dir: &Path) -> Result<(), StoreError> {
        if !own_dir.exists() {
            return Ok(());
        }
        files::remove(&own_dir.join(NAME))?;
        files::sync_dir(disk, own_dir)
    }

    pub(crate) fn write(&self, disk: &dyn Disk, own_dir: &Path) -> Result<(), StoreError> {
        let bytes = serde_json::to_vec(self).unwrap_or_default();
        files::replace(disk, own_dir, &own_dir.join(NAME), &bytes)
    }
}
