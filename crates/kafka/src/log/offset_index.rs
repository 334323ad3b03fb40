//! `.index`: from an offset to the file position of a batch at or before it.
//!
//! Invariants: entries rise in offset and position. An entry is written for a batch when more than
//! `index.interval.bytes` have been appended since the last entry's batch began (`IndexInterval`),
//! so a segment's first batch never has one, and a rebuilt index equals the one written live.
//! Absent on purpose: any trust in what it says beyond "start looking here".
//! Format: docs/formats/offset-index.md.

use std::path::Path;

use super::error::StorageError;
use super::ids::KafkaOffset;
use super::index_file::IndexFile;

/// What offset index names end with.
pub const OFFSET_INDEX_SUFFIX: &str = ".index";
/// Bytes of one entry: relative offset, file position.
pub const OFFSET_ENTRY_BYTES: usize = 8;

/// One entry, absolute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OffsetEntry {
    /// Last offset of the batch.
    pub offset: KafkaOffset,
    /// File position of the batch's first byte.
    pub position: u32,
}

/// The offset index of one segment.
pub struct OffsetIndex {
    base: i64,
    file: IndexFile<OFFSET_ENTRY_BYTES>,
}

impl OffsetIndex {
    /// Opens (or creates) the index of the segment that starts at `base`.
    ///
    /// # Errors
    /// `Io`, `Damaged` for a size that is not whole entries.
    pub fn open(path: &Path, base: i64, index_bytes_max: u32) -> Result<Self, StorageError> {
        let entry_bytes = 8;
        Ok(Self {
            base,
            file: IndexFile::open(path, index_bytes_max / entry_bytes)?,
        })
    }

    fn absolute(&self, entry: &[u8; OFFSET_ENTRY_BYTES]) -> OffsetEntry {
        let [a, b, c, d, e, f, g, h] = *entry;
        OffsetEntry {
            offset: KafkaOffset(self.base + i64::from(u32::from_be_bytes([a, b, c, d]))),
            position: u32::from_be_bytes([e, f, g, h]),
        }
    }

    /// Entries in it.
    pub fn count(&self) -> u32 {
        self.file.count()
    }

    /// Whether the segment must roll before another entry.
    pub fn is_full(&self) -> bool {
        self.file.count() >= self.file.entries_max()
    }

    /// The entry at `index`.
    ///
    /// # Errors
    /// `Io`.
    pub fn entry(&self, index: u32) -> Result<Option<OffsetEntry>, StorageError> {
        if index >= self.file.count() {
            return Ok(None);
        }
        Ok(Some(self.absolute(&self.file.read(index)?)))
    }

    /// The last entry.
    ///
    /// # Errors
    /// `Io`.
    pub fn last(&self) -> Result<Option<OffsetEntry>, StorageError> {
        match self.file.count().checked_sub(1) {
            Some(index) => self.entry(index),
            None => Ok(None),
        }
    }

    /// The last entry with an offset at or below `target`; `None` means "from the file's start".
    ///
    /// # Errors
    /// `Io`.
    pub fn floor(&self, target: KafkaOffset) -> Result<Option<OffsetEntry>, StorageError> {
        match self
            .file
            .last_where(|entry| self.absolute(entry).offset <= target)?
        {
            Some(index) => self.entry(index),
            None => Ok(None),
        }
    }

    /// The first entry whose position is at or behind `position`.
    ///
    /// # Errors
    /// `Io`.
    pub fn first_at_position(&self, position: u64) -> Result<Option<OffsetEntry>, StorageError> {
        let before = self
            .file
            .last_where(|entry| u64::from(self.absolute(entry).position) < position)?;
        self.entry(before.map_or(0, |index| index + 1))
    }

    /// Appends an entry; offset and position are above the last ones.
    ///
    /// # Errors
    /// `Io`; `Damaged` if the offset does not fit the segment.
    pub fn push(&self, offset: KafkaOffset, position: u32) -> Result<(), StorageError> {
        let relative = offset
            .0
            .checked_sub(self.base)
            .and_then(|relative| i32::try_from(relative).ok());
        let Some(relative) = relative.filter(|relative| *relative >= 0) else {
            let why = format!(
                "offset {offset} is out of range of the segment at {}",
                self.base
            );
            return Err(StorageError::Unusable(why));
        };
        let mut entry = [0; OFFSET_ENTRY_BYTES];
        entry[..4].copy_from_slice(&relative.to_be_bytes());
        entry[4..].copy_from_slice(&position.to_be_bytes());
        self.file.push(entry)
    }

    /// Forgets the entries from `count` on.
    pub fn cut(&self, count: u32) {
        self.file.cut(count);
    }

    /// Forgets every entry at or above `offset`; the number kept.
    ///
    /// # Errors
    /// `Io`.
    pub fn cut_from(&self, offset: KafkaOffset) -> Result<u32, StorageError> {
        let kept = self
            .file
            .last_where(|entry| self.absolute(entry).offset < offset)?;
        let kept = kept.map_or(0, |index| index + 1);
        self.file.cut(kept);
        Ok(kept)
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

/// Decides which batches get an index entry: the arithmetic that append and rebuild share.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct IndexInterval {
    bytes_since_entry: u64,
}

impl IndexInterval {
    /// Counts a batch of `batch_bytes`; true if it gets an entry.
    pub fn count(&mut self, batch_bytes: usize, interval_bytes: u32) -> bool {
        let due = self.is_due(interval_bytes);
        if due {
            self.bytes_since_entry = 0;
        }
        self.bytes_since_entry += batch_bytes as u64;
        due
    }

    /// Whether the next batch gets an entry.
    pub fn is_due(&self, interval_bytes: u32) -> bool {
        self.bytes_since_entry > u64::from(interval_bytes)
    }
}
