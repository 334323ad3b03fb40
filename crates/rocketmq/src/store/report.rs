//! What a start found: where recovery began, what was cut from which file and why, what was dispatched again.
//!
//! Invariants: every byte of the commit log that recovery walked is in here as kept, cut or spare; what was cut and was more
//! than a torn tail is named with the file it was copied or moved to. Times are the passed-in clock's.

use std::fmt;
use std::path::{Path, PathBuf};

use segment::Disk;
use serde::Serialize;

use super::error::StoreError;
use super::files;

/// What became of the bytes of one commit log file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LogFileReport {
    /// The file.
    pub file: PathBuf,
    /// Where in it the walk began.
    pub walked_from: u64,
    /// Whole entries, and the filler, end here.
    pub kept_bytes: u64,
    /// What went from behind them: all that may have been part of an entry.
    pub cut_bytes: u64,
    /// Zeros up to the end of the file: nothing was ever there.
    pub spare_bytes: u64,
    /// Why the walk ended, if not at zeros or at the end of the file.
    pub reason: Option<String>,
    /// Where the cut bytes are kept, if they were more than a torn tail.
    pub quarantined: Option<PathBuf>,
}

/// What a start of a store found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RecoveryReport {
    /// The data root.
    pub root: PathBuf,
    /// When, ms since the epoch.
    pub started_at_ms: i64,
    /// The last stop was clean.
    pub clean: bool,
    /// Where the walk through the log began.
    pub walked_from: i64,
    /// First byte of the log.
    pub log_start: i64,
    /// End of the log, exclusive.
    pub log_end: i64,
    /// Entries walked.
    pub walked_entries: u64,
    /// Bytes walked.
    pub walked_bytes: u64,
    /// From where on entries were put into the queues again.
    pub queues_from: i64,
    /// From where on keys were put into the index again.
    pub index_from: i64,
    /// Consume queues.
    pub queues: usize,
    /// Consume queue files from which units were cut.
    pub cut_queue_files: usize,
    /// The commit log files that were walked or moved away.
    pub files: Vec<LogFileReport>,
    /// Anything else that was not as a clean stop leaves it.
    pub notes: Vec<String>,
    /// Time taken.
    pub elapsed_ms: i64,
}

impl RecoveryReport {
    pub(crate) fn new(root: &Path, started_at_ms: i64) -> Self {
        Self {
            root: root.to_owned(),
            started_at_ms,
            clean: true,
            walked_from: 0,
            log_start: 0,
            log_end: 0,
            walked_entries: 0,
            walked_bytes: 0,
            queues_from: 0,
            index_from: 0,
            queues: 0,
            cut_queue_files: 0,
            files: Vec::new(),
            notes: Vec::new(),
            elapsed_ms: 0,
        }
    }

    /// Bytes cut in all.
    #[must_use]
    pub fn cut_bytes(&self) -> u64 {
        self.files.iter().map(|file| file.cut_bytes).sum()
    }

    /// Whether a person should look at it.
    #[must_use]
    pub fn is_remarkable(&self) -> bool {
        self.cut_bytes() > 0 || !self.notes.is_empty()
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Writes it beside the data, where there is something to tell.
    pub(crate) fn keep(&self, disk: &dyn Disk, own_dir: &Path) -> Result<(), StoreError> {
        if self.clean && !self.is_remarkable() {
            return Ok(());
        }
        let dir = own_dir.join("recovery");
        files::make_dir(&dir)?;
        let name = dir.join(self.started_at_ms.to_string());
        files::replace(
            disk,
            own_dir,
            &name.with_extension("json"),
            self.to_json().as_bytes(),
        )?;
        files::replace(
            disk,
            own_dir,
            &name.with_extension("txt"),
            self.to_string().as_bytes(),
        )
    }
}

impl fmt::Display for RecoveryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stop = if self.clean {
            "clean stop"
        } else {
            "unclean stop"
        };
        writeln!(
            f,
            "{}: {stop}, log from {} to {} (exclusive), {} queues, {} ms",
            self.root.display(),
            self.log_start,
            self.log_end,
            self.queues,
            self.elapsed_ms
        )?;
        writeln!(
            f,
            "  walked {} entries, {} bytes from {} on; cut {} bytes",
            self.walked_entries,
            self.walked_bytes,
            self.walked_from,
            self.cut_bytes()
        )?;
        writeln!(
            f,
            "  dispatched again from {} to queues ({} files cut), from {} to the index",
            self.queues_from, self.cut_queue_files, self.index_from
        )?;
        for file in self.files.iter().filter(|file| file.cut_bytes > 0) {
            writeln!(
                f,
                "  {}: kept {} bytes, cut {}, {} were never written{}",
                file.file.display(),
                file.kept_bytes,
                file.cut_bytes,
                file.spare_bytes,
                file.reason
                    .as_ref()
                    .map_or(String::new(), |why| format!(": {why}"))
            )?;
            if let Some(copy) = &file.quarantined {
                writeln!(f, "    kept in {}", copy.display())?;
            }
        }
        for note in &self.notes {
            writeln!(f, "  note: {note}")?;
        }
        Ok(())
    }
}
