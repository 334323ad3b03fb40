//! One segment of a partition log: its file, and its two indexes, opened when first asked for.
//!
//! Invariants: an index only says where to start looking; every position it gives is checked
//! against the batch header found there. A missing index of a sealed segment is rebuilt.
//! Absent on purpose: appending (`append`), and which segments there are (the log's list).

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use segment::Segment;

use super::super::batch::{BATCH_HEADER_BYTES, BatchHeader};
use super::super::error::{ReadError, StorageError};
use super::super::ids::KafkaOffset;
use super::super::offset_index::{OFFSET_INDEX_SUFFIX, OffsetIndex};
use super::super::time_index::{TIME_INDEX_SUFFIX, TimeIndex};
use super::super::txn_index::TxnIndex;
use super::rebuild;

/// Whether a read may wait for the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// It may.
    MayBlock,
    /// It must not: `ReadError::WouldBlock` where it would.
    InMemory,
}

/// Path of a file of the segment at `base`.
pub(crate) fn file_path(dir: &Path, base: i64, suffix: &str) -> PathBuf {
    dir.join(format!("{base:020}{suffix}"))
}

/// The two indexes of a segment.
pub(crate) struct Indexes {
    pub(crate) offsets: OffsetIndex,
    pub(crate) times: TimeIndex,
}

impl Indexes {
    /// Opens both, creating empty files where there are none.
    pub(crate) fn open(dir: &Path, base: i64, index_bytes_max: u32) -> Result<Self, StorageError> {
        Ok(Self {
            offsets: OffsetIndex::open(
                &file_path(dir, base, OFFSET_INDEX_SUFFIX),
                base,
                index_bytes_max,
            )?,
            times: TimeIndex::open(
                &file_path(dir, base, TIME_INDEX_SUFFIX),
                base,
                index_bytes_max,
            )?,
        })
    }

    pub(crate) fn trim(&self) -> Result<(), StorageError> {
        self.offsets.trim()?;
        self.times.trim()
    }

    pub(crate) fn flush(&self) -> Result<(), StorageError> {
        self.offsets.flush()?;
        self.times.flush()
    }

    pub(crate) fn rest(&self) -> Result<(), StorageError> {
        self.offsets.rest()?;
        self.times.rest()
    }
}

/// A segment as the partition log sees it.
pub(crate) struct LogSegment {
    base: i64,
    pub(crate) file: Arc<Segment>,
    indexes: OnceLock<Arc<Indexes>>,
    opening: Mutex<()>,
}

/// A batch found in a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FoundBatch {
    pub(crate) header: BatchHeader,
    pub(crate) position: u64,
}

impl FoundBatch {
    pub(crate) fn end(&self) -> u64 {
        self.position + self.header.size_bytes() as u64
    }
}

impl LogSegment {
    pub(crate) fn new(base: i64, file: Arc<Segment>) -> Self {
        Self {
            base,
            file,
            indexes: OnceLock::new(),
            opening: Mutex::new(()),
        }
    }

    pub(crate) fn with_indexes(base: i64, file: Arc<Segment>, indexes: Arc<Indexes>) -> Self {
        let segment = Self::new(base, file);
        let _ = segment.indexes.set(indexes);
        segment
    }

    pub(crate) fn base(&self) -> i64 {
        self.base
    }

    pub(crate) fn txn_index(&self, dir: &Path) -> TxnIndex {
        TxnIndex::of(dir, self.base)
    }

    /// The indexes if they are open.
    pub(crate) fn indexes_if_open(&self) -> Option<&Arc<Indexes>> {
        self.indexes.get()
    }

    /// The indexes; opens them, and rebuilds them if the offset index is missing.
    pub(crate) fn indexes(
        &self,
        dir: &Path,
        limits: IndexLimits,
    ) -> Result<&Arc<Indexes>, StorageError> {
        if let Some(indexes) = self.indexes.get() {
            return Ok(indexes);
        }
        let _opening = self.opening.lock();
        if let Some(indexes) = self.indexes.get() {
            return Ok(indexes);
        }
        let missing = !file_path(dir, self.base, OFFSET_INDEX_SUFFIX).exists();
        let indexes = match Indexes::open(dir, self.base, limits.bytes_max) {
            Ok(indexes) if !missing => indexes,
            Ok(indexes) => {
                rebuild::indexes_of_sealed(&self.file, &indexes, limits.interval_bytes)?;
                indexes
            }
            Err(StorageError::Damaged { path, why }) => {
                tracing::warn!(path = %path.display(), why, "index is damaged, building it again");
                for suffix in [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX] {
                    super::super::small_file::remove(&file_path(dir, self.base, suffix))?;
                }
                let indexes = Indexes::open(dir, self.base, limits.bytes_max)?;
                rebuild::indexes_of_sealed(&self.file, &indexes, limits.interval_bytes)?;
                indexes
            }
            Err(error) => return Err(error),
        };
        Ok(self.indexes.get_or_init(|| Arc::new(indexes)))
    }
}

/// What an index is opened and rebuilt with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IndexLimits {
    pub(crate) bytes_max: u32,
    pub(crate) interval_bytes: u32,
}

/// Steps over batch headers in a segment file, a few KiB per read.
pub(crate) struct HeaderScan<'s> {
    file: &'s Segment,
    access: Access,
    at: u64,
    end: u64,
    window: [u8; HeaderScan::WINDOW_BYTES],
    window_at: u64,
    window_len: usize,
}

impl<'s> HeaderScan<'s> {
    const WINDOW_BYTES: usize = 4096;

    /// Scans from `at`, which is where a batch begins, to `end` (exclusive).
    pub(crate) fn new(file: &'s Segment, at: u64, end: u64, access: Access) -> Self {
        let window = [0; Self::WINDOW_BYTES];
        Self {
            file,
            access,
            at,
            end,
            window,
            window_at: 0,
            window_len: 0,
        }
    }

    /// The next batch whose header is whole; `None` at the end.
    ///
    /// # Errors
    /// `Storage` for bytes that are no header; `WouldBlock`.
    pub(crate) fn next(&mut self) -> Result<Option<FoundBatch>, ReadError> {
        if self.at + BATCH_HEADER_BYTES as u64 > self.end {
            return Ok(None);
        }
        let position = self.at;
        let header = BatchHeader::parse(self.bytes_at(position)?).map_err(|defect| {
            let path = self.file.path();
            ReadError::Storage(StorageError::damaged(
                &path,
                format!("at byte {position}: {defect}"),
            ))
        })?;
        let found = FoundBatch { header, position };
        self.at = found.end();
        Ok(Some(found))
    }

    fn bytes_at(&mut self, position: u64) -> Result<&[u8], ReadError> {
        let within = position
            .checked_sub(self.window_at)
            .and_then(|skip| usize::try_from(skip).ok());
        if let Some(skip) = within
            && skip + BATCH_HEADER_BYTES <= self.window_len
        {
            return Ok(&self.window[skip..self.window_len]);
        }
        let left = usize::try_from(self.end - position)
            .unwrap_or(usize::MAX)
            .min(Self::WINDOW_BYTES);
        let into = &mut self.window[..left];
        let got = match self.access {
            Access::MayBlock => self
                .file
                .read_into(position, into)
                .map_err(StorageError::from)?,
            Access::InMemory => match self
                .file
                .try_read_into(position, into)
                .map_err(StorageError::from)?
            {
                Some(got) if got >= BATCH_HEADER_BYTES => got,
                _ => return Err(ReadError::WouldBlock),
            },
        };
        self.window_at = position;
        self.window_len = got;
        Ok(&self.window[..got])
    }
}

/// The first batch in `[from, end)` whose last offset is at or above `target`.
pub(crate) fn first_batch_at(
    file: &Segment,
    from: u64,
    end: u64,
    target: KafkaOffset,
    access: Access,
) -> Result<Option<FoundBatch>, ReadError> {
    let mut scan = HeaderScan::new(file, from, end, access);
    while let Some(found) = scan.next()? {
        if found.header.last_offset() >= target {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
