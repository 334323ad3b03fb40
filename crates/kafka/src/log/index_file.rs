//! What offset and time index have in common: a file of equal entries that grows at its end.
//!
//! Invariants: one writer (the append lock), any number of readers; readers see only entries below
//! `count`. The file may be longer than its entries while its segment takes appends, and is trimmed
//! to them when the segment is sealed or closed; what a crash leaves behind them is zeros, which
//! are no entries. An index at rest holds no descriptor and no mapping; the next use opens it.
//! Absent on purpose: what an entry means.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::RwLock;
use segment::{RandomFile, RandomForm, SegmentError};

use super::error::StorageError;

/// A file of entries of `N` bytes.
pub(crate) struct IndexFile<const N: usize> {
    path: PathBuf,
    file: RwLock<Option<RandomFile>>,
    entries_max: u32,
    count: AtomicU32,
}

impl<const N: usize> IndexFile<N> {
    /// Opens the file, creating an empty one if there is none. Entries are counted from its size,
    /// less a tail of zeros.
    ///
    /// # Errors
    /// `Io`; `Damaged` if the size is not whole entries.
    pub(crate) fn open(path: &Path, entries_max: u32) -> Result<Self, StorageError> {
        let capacity = u64::from(entries_max) * N as u64;
        let opened = match path.try_exists() {
            Ok(false) => RandomFile::create(path, RandomForm::Mmap, capacity),
            _ => RandomFile::open(path, RandomForm::Mmap, capacity),
        };
        let file = opened.map_err(|error| StorageError::segment("open", path, error))?;
        let bytes = file.len();
        let slots = u32::try_from(bytes / N as u64);
        let slots = slots.map_err(|_| StorageError::damaged(path, "too large"))?;
        let index = Self {
            path: path.to_path_buf(),
            file: RwLock::new(Some(file)),
            entries_max,
            count: AtomicU32::new(slots),
        };
        if index.broken_off(slots)? {
            let why = format!("{bytes} bytes are not whole entries");
            return Err(StorageError::damaged(path, why));
        }
        index
            .count
            .store(index.count_entries(slots)?, Ordering::Release);
        Ok(index)
    }

    /// Does something with the file, opening it if it is at rest.
    fn with<T>(
        &self,
        what: &'static str,
        act: impl FnOnce(&RandomFile) -> Result<T, SegmentError>,
    ) -> Result<T, StorageError> {
        let failed = |error| StorageError::segment(what, &self.path, error);
        if let Some(file) = &*self.file.read() {
            return act(file).map_err(failed);
        }
        let mut slot = self.file.write();
        if slot.is_none() {
            let capacity = u64::from(self.entries_max) * N as u64;
            let file = RandomFile::open(&self.path, RandomForm::Mmap, capacity).map_err(failed)?;
            *slot = Some(file);
        }
        match &*slot {
            Some(file) => act(file).map_err(failed),
            None => Err(StorageError::damaged(&self.path, "not open")),
        }
    }

    /// Trims the file and closes it until the next use.
    pub(crate) fn rest(&self) -> Result<(), StorageError> {
        if self.file.read().is_some() {
            self.trim()?;
            *self.file.write() = None;
        }
        Ok(())
    }

    /// Whether something other than zeros follows the last whole entry.
    fn broken_off(&self, slots: u32) -> Result<bool, StorageError> {
        let mut rest = [0u8; N];
        let at = u64::from(slots) * N as u64;
        let got = self.with("read", |file| file.read_at(at, &mut rest))?;
        Ok(rest[..got.min(N)] != [0; N][..got.min(N)])
    }

    /// The first all-zero slot ends the entries; everything after it is zeros too.
    fn count_entries(&self, slots: u32) -> Result<u32, StorageError> {
        if slots == 0 || self.read(slots - 1)? != [0; N] {
            return Ok(slots);
        }
        let (mut low, mut high) = (0, slots - 1);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.read(middle)? == [0; N] {
                high = middle
            } else {
                low = middle + 1
            }
        }
        Ok(low)
    }

    /// Entries readable.
    pub(crate) fn count(&self) -> u32 {
        self.count.load(Ordering::Acquire)
    }

    /// Entries the file may hold.
    pub(crate) fn entries_max(&self) -> u32 {
        self.entries_max
    }

    /// The entry at `index`, which is below the file's slots.
    pub(crate) fn read(&self, index: u32) -> Result<[u8; N], StorageError> {
        let mut entry = [0; N];
        self.with("read", |file| {
            file.read_at(u64::from(index) * N as u64, &mut entry)
        })?;
        Ok(entry)
    }

    /// Appends an entry and publishes it.
    pub(crate) fn push(&self, entry: [u8; N]) -> Result<(), StorageError> {
        let count = self.count();
        let at = u64::from(count) * N as u64;
        self.with("write", |file| file.write_at(at, &entry))?;
        self.count.store(count + 1, Ordering::Release);
        Ok(())
    }

    /// Forgets the entries from `count` on; the file is shortened by `trim`.
    pub(crate) fn cut(&self, count: u32) {
        self.count.fetch_min(count, Ordering::AcqRel);
    }

    /// Index of the last entry for which `below` holds; entries for which it holds come first.
    pub(crate) fn last_where(
        &self,
        below: impl Fn(&[u8; N]) -> bool,
    ) -> Result<Option<u32>, StorageError> {
        let (mut low, mut high) = (0, self.count());
        while low < high {
            let middle = low + (high - low) / 2;
            if below(&self.read(middle)?) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        Ok(low.checked_sub(1))
    }

    /// Shortens the file to its entries.
    pub(crate) fn trim(&self) -> Result<(), StorageError> {
        let bytes = u64::from(self.count()) * N as u64;
        self.with("trim", |file| {
            file.set_len(bytes).and_then(|()| file.trim())
        })
    }

    /// Syncs the file.
    pub(crate) fn flush(&self) -> Result<(), StorageError> {
        self.with("sync", RandomFile::flush)
    }
}
