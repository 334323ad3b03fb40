//! The files of the metadata log, read batch by batch, and the judgement of a bad tail.
//!
//! Invariants: a batch is given only after its checksum matched, and no base offset is below the one
//! expected. Bytes at the end that a write in progress may have left are torn and may be cut;
//! anything else that does not read is damage and stops the opening (Kafka would cut there and
//! lose every topic created after).
//! Absent on purpose: what the records mean (`replay`).

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::error::OpenError;
use crate::log::StorageError;
use crate::log::batch::{ATTRIBUTES_AT, BATCH_HEADER_BYTES, BatchHeader, BatchView, CRC_AT};
use segment::crc32c;

/// Bytes read at a time.
const CHUNK_BYTES: usize = 1 << 20;
/// What a disk writes or does not write as one.
const SECTOR_BYTES: u64 = 512;

/// One file of the log or one snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NumberedFile {
    /// First offset of a segment; end offset (exclusive) of a snapshot.
    pub(super) offset: i64,
    /// Epoch of a snapshot, 0 for a segment.
    pub(super) epoch: i32,
    pub(super) path: PathBuf,
}

fn numbered(
    dir: &Path,
    parse: impl Fn(&str) -> Option<(i64, i32)>,
) -> Result<Vec<NumberedFile>, StorageError> {
    let listing = match std::fs::read_dir(dir) {
        Ok(listing) => listing,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StorageError::io("list", dir, error)),
    };
    let mut found = Vec::new();
    for entry in listing {
        let entry = entry.map_err(|error| StorageError::io("list", dir, error))?;
        if let Some((offset, epoch)) = entry.file_name().to_str().and_then(&parse) {
            found.push(NumberedFile {
                offset,
                epoch,
                path: entry.path(),
            });
        }
    }
    found.sort_by_key(|file| (file.offset, file.epoch));
    Ok(found)
}

fn digits<T: std::str::FromStr>(text: &str, count: usize) -> Option<T> {
    let all_digits = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| text.parse().ok()).flatten()
}

/// The segments in `dir`, lowest base first.
pub(super) fn list(dir: &Path) -> Result<Vec<NumberedFile>, StorageError> {
    numbered(dir, |name| {
        Some((digits(name.strip_suffix(".log")?, 20)?, 0))
    })
}

/// The complete snapshots in `dir`, oldest first.
pub(super) fn list_snapshots(dir: &Path) -> Result<Vec<NumberedFile>, StorageError> {
    numbered(dir, |name| {
        let (offset, epoch) = name.strip_suffix(".checkpoint")?.split_once('-')?;
        Some((digits(offset, 20)?, digits(epoch, 10)?))
    })
}

/// What stands at a place in a file.
pub(super) enum Step<'a> {
    /// A whole batch, checksum checked.
    Whole(BatchView<'a>),
    /// The file ends here.
    End,
    /// Something else; see [`BatchFile::judge`].
    Bad(String),
}

/// Reads a file of batches from front to back.
pub(super) struct BatchFile {
    file: File,
    path: PathBuf,
    len: u64,
    at: u64,
    buffer: Vec<u8>,
    consumed: usize,
}

impl BatchFile {
    pub(super) fn open(path: &Path) -> Result<Self, StorageError> {
        let file = File::open(path).map_err(|error| StorageError::io("open", path, error))?;
        let len = file
            .metadata()
            .map_err(|error| StorageError::io("read", path, error))?
            .len();
        Ok(Self {
            file,
            path: path.to_path_buf(),
            len,
            at: 0,
            buffer: Vec::new(),
            consumed: 0,
        })
    }

    /// Where the next batch begins.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Bytes in the file.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    fn rest_bytes(&self) -> u64 {
        self.len.saturating_sub(self.at)
    }

    /// Makes `need` bytes from `at` on available, or as many as the file has.
    fn fill(&mut self, need: usize) -> Result<(), StorageError> {
        let available = self.buffer.len() - self.consumed;
        if available >= need || available as u64 >= self.rest_bytes() {
            return Ok(());
        }
        self.buffer.drain(..self.consumed);
        self.consumed = 0;
        let want = self.rest_bytes().min(need.max(CHUNK_BYTES) as u64);
        let want = usize::try_from(want).unwrap_or(usize::MAX);
        self.buffer.resize(want, 0);
        let (from, at) = (available, self.at + available as u64);
        self.file
            .read_exact_at(&mut self.buffer[from..], at)
            .map_err(|error| StorageError::io("read", &self.path, error))
    }

    /// The batch at the current place; a whole one is stepped over.
    pub(super) fn step(&mut self, expected_offset: i64) -> Result<Step<'_>, StorageError> {
        if self.rest_bytes() == 0 {
            return Ok(Step::End);
        }
        self.fill(BATCH_HEADER_BYTES)?;
        let header = match BatchHeader::parse(&self.buffer[self.consumed..]) {
            Ok(header) => header,
            Err(defect) => return Ok(Step::Bad(defect.to_string())),
        };
        let size = header.size_bytes();
        if size as u64 > self.rest_bytes() {
            return Ok(Step::Bad(format!(
                "a batch of {size} bytes begins, the file has {} more",
                self.rest_bytes()
            )));
        }
        self.fill(size)?;
        let from = self.consumed;
        self.consumed += size;
        let view = match BatchView::first(&self.buffer[from..]) {
            Ok(view) => view,
            Err(defect) => {
                self.consumed = from;
                return Ok(Step::Bad(defect.to_string()));
            }
        };
        if let Err(defect) = view.check_crc() {
            let why = defect.to_string();
            self.consumed = from;
            return Ok(Step::Bad(why));
        }
        // A repair leaves a gap where it took damaged records out; nothing hangs on the numbers.
        let gap = header.base_offset.checked_sub(expected_offset);
        let in_order = gap.is_some_and(|gap| (0..=i64::from(i32::MAX)).contains(&gap));
        if !in_order || header.last_offset_delta < 0 {
            self.consumed = from;
            return Ok(Step::Bad(format!(
                "a batch with base offset {} stands where {expected_offset} belongs",
                header.base_offset
            )));
        }
        self.at += size as u64;
        Ok(Step::Whole(view))
    }

    /// Whether what stands at the current place is the torn end of a write. `last_file` says that
    /// no further segment follows.
    ///
    /// # Errors
    /// `Damaged` when it is not.
    pub(super) fn judge(
        &self,
        why: &str,
        expected_offset: i64,
        last_file: bool,
    ) -> Result<(), OpenError> {
        let damaged = |more: &str| {
            let path = self.path.as_path();
            Err(OpenError::damaged(path, self.at, format!("{why}; {more}")))
        };
        if !last_file {
            return damaged("further segments follow");
        }
        let rest = usize::try_from(self.rest_bytes()).unwrap_or(usize::MAX);
        let mut bytes = vec![0; rest];
        self.file
            .read_exact_at(&mut bytes, self.at)
            .map_err(|error| StorageError::io("read", &self.path, error))?;
        if let Some(offset) = later_batch(&bytes, expected_offset) {
            return damaged(&format!("a whole batch with base offset {offset} follows"));
        }
        match whole_but_wrong(&bytes, self.at) {
            Some(more) => damaged(more),
            None => Ok(()),
        }
    }
}

/// Base offset of a whole batch somewhere in `bytes` after the first byte.
fn later_batch(bytes: &[u8], expected_offset: i64) -> Option<i64> {
    let plausible = expected_offset..expected_offset.saturating_add(i64::from(i32::MAX));
    (1..bytes.len().saturating_sub(BATCH_HEADER_BYTES)).find_map(|at| {
        let view = BatchView::first(&bytes[at..]).ok()?;
        let offset = view.header().base_offset;
        (plausible.contains(&offset) && view.check_crc().is_ok()).then_some(offset)
    })
}

/// Why these bytes cannot be a write that was cut short, if they cannot.
fn whole_but_wrong(bytes: &[u8], at: u64) -> Option<&'static str> {
    let stored = bytes.get(CRC_AT..ATTRIBUTES_AT)?.first_chunk::<4>()?;
    let checked = bytes.get(ATTRIBUTES_AT..).filter(|rest| !rest.is_empty())?;
    // Offset, length, epoch and magic are under no checksum.
    if crc32c(checked) == u32::from_be_bytes(*stored) {
        return Some("its records are whole, so its header has changed since it was written");
    }
    let header = BatchHeader::parse(bytes).ok()?;
    let batch = bytes.get(..header.size_bytes())?;
    // A write whose sectors did not all arrive leaves zeros from a sector boundary to its end.
    let first_boundary = usize::try_from(SECTOR_BYTES - at % SECTOR_BYTES).ok()?;
    let step = usize::try_from(SECTOR_BYTES).ok()?;
    let holed = (first_boundary..batch.len()).step_by(step).any(|from| {
        let sector = batch.get(from..(from + step).min(batch.len()));
        sector.is_some_and(|sector| sector.iter().all(|byte| *byte == 0))
    });
    (!holed).then_some("it was written to its end, so bytes in it have changed since")
}
