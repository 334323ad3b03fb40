//! The files that take a group's place: written under `.cleaned` names, renamed to `.swap` when all are complete.
//!
//! Invariant: what [`Output::finish`] gives is synced, the names in the directory are not.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::super::super::batch::BatchHeader;
use super::super::super::config::LogConfig;
use super::super::super::error::StorageError;
use super::super::super::offset_index::{OFFSET_INDEX_SUFFIX, OffsetIndex};
use super::super::super::small_file;
use super::super::super::time_index::{TIME_INDEX_SUFFIX, TimeIndex};
use super::super::super::txn_index::{AbortedTxn, TXN_INDEX_SUFFIX};
use super::super::open::LOG_SUFFIX;
use super::super::rebuild::IndexState;
use super::super::recover::tidy::CLEANED_SUFFIX;
use super::super::segments::{Indexes, file_path};

/// The files of a segment, the one that counts last.
const SUFFIXES: [&str; 4] = [
    OFFSET_INDEX_SUFFIX,
    TIME_INDEX_SUFFIX,
    TXN_INDEX_SUFFIX,
    LOG_SUFFIX,
];

/// A group's new files, all under `.cleaned` names.
pub(super) struct Written {
    pub(super) base: i64,
    pub(super) bytes: u64,
    /// Whether any batch is not as it was.
    pub(super) is_changed: bool,
    has_txn_index: bool,
}

impl Written {
    pub(super) fn suffixes(&self) -> impl Iterator<Item = &'static str> + use<> {
        let has_txn_index = self.has_txn_index;
        SUFFIXES
            .into_iter()
            .filter(move |suffix| has_txn_index || *suffix != TXN_INDEX_SUFFIX)
    }
}

/// Path of a file of the segment at `base`: its suffix, and what says that it is not in place yet.
pub(super) fn named(dir: &Path, base: i64, (suffix, state): (&str, &str)) -> PathBuf {
    file_path(dir, base, &format!("{suffix}{state}"))
}

/// Renames such a file.
pub(super) fn rename(
    dir: &Path,
    base: i64,
    from: (&str, &str),
    to: (&str, &str),
) -> Result<(), StorageError> {
    let from = named(dir, base, from);
    std::fs::rename(&from, named(dir, base, to))
        .map_err(|error| StorageError::io("rename", &from, error))
}

/// Removes a group's new files.
pub(super) fn discard(dir: &Path, base: i64, state: &str) -> Result<(), StorageError> {
    SUFFIXES
        .iter()
        .try_for_each(|suffix| small_file::remove(&named(dir, base, (suffix, state))))
}

/// A segment being written, with its indexes.
pub(super) struct Output {
    dir: PathBuf,
    base: i64,
    file: BufWriter<File>,
    bytes: u64,
    pub(super) is_changed: bool,
    indexes: Indexes,
    state: IndexState,
    interval_bytes: u32,
}

impl Output {
    const BUFFER_BYTES: usize = 1 << 20;

    pub(super) fn create(dir: &Path, base: i64, config: &LogConfig) -> Result<Self, StorageError> {
        let path = named(dir, base, (LOG_SUFFIX, CLEANED_SUFFIX));
        let file =
            File::create_new(&path).map_err(|error| StorageError::io("create", &path, error))?;
        let at = |suffix| named(dir, base, (suffix, CLEANED_SUFFIX));
        Ok(Self {
            dir: dir.to_owned(),
            base,
            file: BufWriter::with_capacity(Self::BUFFER_BYTES, file),
            bytes: 0,
            is_changed: false,
            indexes: Indexes {
                offsets: OffsetIndex::open(
                    &at(OFFSET_INDEX_SUFFIX),
                    base,
                    config.segment_index_bytes,
                )?,
                times: TimeIndex::open(&at(TIME_INDEX_SUFFIX), base, config.segment_index_bytes)?,
            },
            state: IndexState::default(),
            interval_bytes: config.index_interval_bytes,
        })
    }

    fn path(&self, suffix: &str) -> PathBuf {
        named(&self.dir, self.base, (suffix, CLEANED_SUFFIX))
    }

    pub(super) fn push(&mut self, batch: &[u8]) -> Result<(), StorageError> {
        let header = BatchHeader::parse(batch)
            .map_err(|defect| StorageError::damaged(&self.path(LOG_SUFFIX), defect.to_string()))?;
        self.file
            .write_all(batch)
            .map_err(|error| StorageError::io("write", &self.path(LOG_SUFFIX), error))?;
        self.state
            .batch(&header, self.bytes, &self.indexes, self.interval_bytes)?;
        self.bytes += batch.len() as u64;
        Ok(())
    }

    pub(super) fn finish(
        mut self,
        aborted: &[AbortedTxn],
        modified: Option<std::time::SystemTime>,
    ) -> Result<Written, StorageError> {
        self.state.seal(&self.indexes)?;
        self.indexes.trim()?;
        self.indexes.flush()?;
        let txn_index = self.path(TXN_INDEX_SUFFIX);
        if !aborted.is_empty() {
            let bytes: Vec<u8> = aborted.iter().flat_map(AbortedTxn::encode).collect();
            small_file::replace(&txn_index, &bytes)?;
        }
        let sync = |file: &mut BufWriter<File>| -> std::io::Result<()> {
            file.flush()?;
            // Retention goes by the time of the newest bytes in it.
            if let Some(modified) = modified {
                file.get_ref().set_modified(modified)?;
            }
            file.get_ref().sync_all()
        };
        sync(&mut self.file)
            .map_err(|error| StorageError::io("write", &self.path(LOG_SUFFIX), error))?;
        Ok(Written {
            base: self.base,
            bytes: self.bytes,
            is_changed: self.is_changed,
            has_txn_index: !aborted.is_empty(),
        })
    }
}
