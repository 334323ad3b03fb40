//! `.timeindex`: from a time to an offset before which no record is younger.
//!
//! Invariants: entries rise in time and in offset. Entries are written together with offset index
//! entries, where the largest time has grown, and once more when a segment is sealed or closed.
//! Format: docs/formats/time-index.md.

use std::path::Path;

use super::error::StorageError;
use super::ids::KafkaOffset;
use super::index_file::IndexFile;

/// What time index names end with.
pub const TIME_INDEX_SUFFIX: &str = ".timeindex";
/// Bytes of one entry: timestamp, relative offset.
pub const TIME_ENTRY_BYTES: usize = 12;

/// One entry, absolute: every record up to `offset` has at most this time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeEntry {
    /// Milliseconds since the epoch.
    pub timestamp_ms: i64,
    /// Last offset of the batch that carries the time.
    pub offset: KafkaOffset,
}

/// The time index of one segment.
pub struct TimeIndex {
    base: i64,
    file: IndexFile<TIME_ENTRY_BYTES>,
}

impl TimeIndex {
    /// Opens (or creates) the index of the segment that starts at `base`.
    ///
    /// # Errors
    /// `Io`, `Damaged` for a size that is not whole entries.
    pub fn open(path: &Path, base: i64, index_bytes_max: u32) -> Result<Self, StorageError> {
        let entry_bytes = 12;
        Ok(Self {
            base,
            file: IndexFile::open(path, index_bytes_max / entry_bytes)?,
        })
    }

    fn absolute(&self, entry: &[u8; TIME_ENTRY_BYTES]) -> TimeEntry {
        let (mut time, mut relative) = ([0; 8], [0; 4]);
        time.copy_from_slice(&entry[..8]);
        relative.copy_from_slice(&entry[8..]);
        TimeEntry {
            timestamp_ms: i64::from_be_bytes(time),
            offset: KafkaOffset(self.base + i64::from(u32::from_be_bytes(relative))),
        }
    }

    /// Entries in it.
    pub fn count(&self) -> u32 {
        self.file.count()
    }

    /// Whether the segment must roll; the last slot is kept for the entry at sealing.
    pub fn is_full(&self) -> bool {
        self.file.count() + 1 >= self.file.entries_max()
    }

    /// The entry at `index`.
    ///
    /// # Errors
    /// `Io`.
    pub fn entry(&self, index: u32) -> Result<Option<TimeEntry>, StorageError> {
        if index >= self.file.count() {
            return Ok(None);
        }
        Ok(Some(self.absolute(&self.file.read(index)?)))
    }

    /// The last entry.
    ///
    /// # Errors
    /// `Io`.
    pub fn last(&self) -> Result<Option<TimeEntry>, StorageError> {
        match self.file.count().checked_sub(1) {
            Some(index) => self.entry(index),
            None => Ok(None),
        }
    }

    /// The last entry with a time at or below `timestamp_ms`.
    ///
    /// # Errors
    /// `Io`.
    pub fn floor(&self, timestamp_ms: i64) -> Result<Option<TimeEntry>, StorageError> {
        match self
            .file
            .last_where(|entry| self.absolute(entry).timestamp_ms <= timestamp_ms)?
        {
            Some(index) => self.entry(index),
            None => Ok(None),
        }
    }

    /// Appends an entry if its time is above the last one's; nothing happens otherwise.
    ///
    /// # Errors
    /// `Io`.
    pub fn push_if_newer(
        &self,
        timestamp_ms: i64,
        offset: KafkaOffset,
    ) -> Result<(), StorageError> {
        let last = self.last()?.map_or(-1, |last| last.timestamp_ms);
        let relative = offset
            .0
            .checked_sub(self.base)
            .and_then(|relative| i32::try_from(relative).ok());
        let Some(relative) = relative.filter(|relative| timestamp_ms > last && *relative >= 0)
        else {
            return Ok(());
        };
        let mut entry = [0; TIME_ENTRY_BYTES];
        entry[..8].copy_from_slice(&timestamp_ms.to_be_bytes());
        entry[8..].copy_from_slice(&relative.to_be_bytes());
        self.file.push(entry)
    }

    /// Forgets every entry above `offset` (an entry at `offset` stays).
    ///
    /// # Errors
    /// `Io`.
    pub fn cut_above(&self, offset: KafkaOffset) -> Result<(), StorageError> {
        let kept = self
            .file
            .last_where(|entry| self.absolute(entry).offset <= offset)?;
        self.file.cut(kept.map_or(0, |index| index + 1));
        Ok(())
    }

    /// Forgets every entry.
    pub fn clear(&self) {
        self.file.cut(0);
    }

    /// Shortens the file to its entries.
    ///
    /// # Errors
    /// `Io`.
    pub fn trim(&self) -> Result<(), StorageError> {
        self.file.trim()
    }

    /// Trims the file and closes it until the next use.
    ///
    /// # Errors
    /// `Io`.
    pub fn rest(&self) -> Result<(), StorageError> {
        self.file.rest()
    }

    /// Syncs the file.
    ///
    /// # Errors
    /// `Io`.
    pub fn flush(&self) -> Result<(), StorageError> {
        self.file.flush()
    }
}
