//! What a start found: per partition where it was recovered from, what was cut and why.
//!
//! Invariants: every byte of a file that recovery looked at is in here as kept, cut or spare, and
//! what was cut with the file it was copied to if it was more than a torn tail. A file that is not
//! in here was left as it was. Times are the passed-in clock's.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::ids::{KafkaOffset, TopicPartition};

/// Bytes taken from the end of a log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Cut {
    /// The log file.
    pub file: PathBuf,
    /// Where in it.
    pub at_bytes: u64,
    /// How many bytes of that file, without space that was taken ahead.
    pub cut_bytes: u64,
    /// The log ends here now (exclusive).
    #[serde(serialize_with = "plain_offset")]
    pub offset: KafkaOffset,
    /// Why.
    pub reason: String,
    /// Segments after it that went with it.
    pub later_segments: usize,
    /// Where copies of the cut bytes lie, if they were more than a torn tail.
    pub quarantined: Vec<PathBuf>,
}

/// What became of the bytes of one log file. What was found is the sum of the other three.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FileReport {
    /// Its name in the partition's directory.
    pub name: String,
    /// Its size before.
    pub found_bytes: u64,
    /// Whole batches, from the start of the file on.
    pub kept_bytes: u64,
    /// What went from behind them: all that may have been part of a record.
    pub cut_bytes: u64,
    /// Zeros at the end: space that an engine takes ahead of what is written. No record was there.
    pub spare_bytes: u64,
}

/// What opening one log found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PartitionReport {
    /// Topic and partition.
    pub partition: String,
    /// Nothing had to be walked.
    pub clean: bool,
    /// Where the walk began.
    #[serde(serialize_with = "plain_offset")]
    pub recovered_from: KafkaOffset,
    /// Bytes walked.
    pub walked_bytes: u64,
    /// Batches walked.
    pub walked_batches: u64,
    /// First offset of the log.
    #[serde(serialize_with = "plain_offset")]
    pub log_start: KafkaOffset,
    /// End of the log (exclusive).
    #[serde(serialize_with = "plain_offset")]
    pub log_end: KafkaOffset,
    /// Segments it has now.
    pub segments: usize,
    /// Producers it remembers.
    pub producers: usize,
    /// The log files that were walked or dropped, by rising offset.
    pub files: Vec<FileReport>,
    /// What was cut.
    pub cuts: Vec<Cut>,
    /// Anything else that was not as a clean stop leaves it.
    pub notes: Vec<String>,
    /// Time taken.
    pub elapsed_ms: i64,
    #[serde(skip)]
    pub(crate) epochs_changed: bool,
}

fn plain_offset<S: serde::Serializer>(offset: &KafkaOffset, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_i64(offset.0)
}

impl PartitionReport {
    pub(crate) fn new(tp: &TopicPartition, clean: bool) -> Self {
        Self {
            partition: tp.to_string(),
            clean,
            recovered_from: KafkaOffset(-1),
            walked_bytes: 0,
            walked_batches: 0,
            log_start: KafkaOffset(0),
            log_end: KafkaOffset(0),
            segments: 0,
            producers: 0,
            files: Vec::new(),
            cuts: Vec::new(),
            notes: Vec::new(),
            elapsed_ms: 0,
            epochs_changed: false,
        }
    }

    /// Accounts for a file of which `kept_bytes` stay and records end at `data_bytes`.
    pub(crate) fn account(
        &mut self,
        file: &Path,
        found_bytes: u64,
        kept_bytes: u64,
        data_bytes: u64,
    ) {
        let name = file.file_name().unwrap_or_default();
        self.files.push(FileReport {
            name: name.to_string_lossy().into_owned(),
            found_bytes,
            kept_bytes,
            cut_bytes: data_bytes.saturating_sub(kept_bytes),
            spare_bytes: found_bytes.saturating_sub(data_bytes.max(kept_bytes)),
        });
    }

    pub(crate) fn finish(
        &mut self,
        start: KafkaOffset,
        end: KafkaOffset,
        segments: usize,
        producers: usize,
    ) {
        (self.log_start, self.log_end) = (start, end);
        (self.segments, self.producers) = (segments, producers);
    }

    /// Whether nothing was found that was appended since the recovery point.
    pub(crate) fn is_settled(&self) -> bool {
        self.walked_bytes == 0 && !self.is_remarkable() && !self.epochs_changed
    }

    /// Whether a file held anything but records that were kept.
    pub(crate) fn has_leftovers(&self) -> bool {
        self.files
            .iter()
            .any(|file| file.kept_bytes != file.found_bytes)
    }

    /// Whether a person should look at it.
    pub fn is_remarkable(&self) -> bool {
        !self.cuts.is_empty() || !self.notes.is_empty()
    }
}

/// Time a phase of the start took.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Phase {
    /// What was done.
    pub name: String,
    /// How long it took.
    pub elapsed_ms: i64,
}

/// What a start of a data directory found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RecoveryReport {
    /// The data directory.
    pub root: PathBuf,
    /// When, ms since the epoch.
    pub started_at_ms: i64,
    /// The last stop was clean.
    pub clean: bool,
    /// Logs in the directory.
    pub logs: usize,
    /// Time per phase.
    pub phases: Vec<Phase>,
    /// Logs that were walked, where space taken ahead was given back, or something was remarkable.
    pub partitions: Vec<PartitionReport>,
    /// Logs that could not be opened, with the reason. They stay untouched and are not served.
    pub failed: Vec<(String, String)>,
    /// Anything at the data root that was not as a clean stop leaves it.
    pub notes: Vec<String>,
}

impl RecoveryReport {
    /// Bytes walked in all.
    pub fn walked_bytes(&self) -> u64 {
        self.partitions
            .iter()
            .map(|partition| partition.walked_bytes)
            .sum()
    }

    /// Bytes cut in all.
    pub fn cut_bytes(&self) -> u64 {
        self.partitions
            .iter()
            .flat_map(|partition| &partition.files)
            .map(|file| file.cut_bytes)
            .sum()
    }

    /// Bytes of space taken ahead that were found behind records.
    pub fn spare_bytes(&self) -> u64 {
        self.partitions
            .iter()
            .flat_map(|partition| &partition.files)
            .map(|file| file.spare_bytes)
            .sum()
    }

    /// As JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

impl fmt::Display for RecoveryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.clean {
            "clean stop"
        } else {
            "unclean stop"
        };
        writeln!(f, "{}: {state}, {} logs", self.root.display(), self.logs)?;
        for phase in &self.phases {
            writeln!(f, "  {:<24} {:>6} ms", phase.name, phase.elapsed_ms)?;
        }
        if !self.clean {
            let (walked, logs) = (self.walked_bytes(), self.partitions.len());
            writeln!(
                f,
                "  checked {walked} bytes in {logs} logs, cut {} bytes, gave back {} of space taken ahead",
                self.cut_bytes(),
                self.spare_bytes()
            )?;
        }
        for note in &self.notes {
            writeln!(f, "  note: {note}")?;
        }
        for (partition, why) in &self.failed {
            writeln!(f, "  not opened: {partition}: {why}")?;
        }
        for partition in self
            .partitions
            .iter()
            .filter(|partition| partition.is_remarkable())
        {
            let (start, end) = (partition.log_start, partition.log_end);
            writeln!(
                f,
                "  {}: offsets {start} to {end} (exclusive)",
                partition.partition
            )?;
            for file in partition.files.iter().filter(|file| file.cut_bytes > 0) {
                writeln!(
                    f,
                    "    {}: {} bytes found, {} kept, {} cut, {} were space taken ahead",
                    file.name, file.found_bytes, file.kept_bytes, file.cut_bytes, file.spare_bytes
                )?;
            }
            for cut in &partition.cuts {
                writeln!(
                    f,
                    "    cut {} bytes at byte {} of {}: {}",
                    cut.cut_bytes,
                    cut.at_bytes,
                    cut.file.display(),
                    cut.reason
                )?;
                if cut.later_segments > 0 {
                    writeln!(f, "    and {} later segments", cut.later_segments)?;
                }
                for copy in &cut.quarantined {
                    writeln!(f, "    kept in {}", copy.display())?;
                }
            }
            for note in &partition.notes {
                writeln!(f, "    {note}")?;
            }
        }
        Ok(())
    }
}
