//! What offset and time index have in common: a file of equal entries that grows at its end.
//!
//! Invariants: one writer (the append lock), any number of readers; readers see only entries below
//! `count`. The file may be longer than its entries while its segment takes appends, and is trimmed
//! to them when the segment is sealed or closed; what a crash leaves behind them is zeros, which
//! are no entries.
//! Absent on purpose: what an entry means.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use segment::{RandomFile, RandomForm};

use super::error::StorageError;

/// A file of entries of `N` bytes.
pub(crate) struct IndexFile<const N: usize> {
    path: PathBuf,
    file: RandomFile,
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
        let slots = u32::try_from(file.len() / N as u64);
        let slots = slots.map_err(|_| StorageError::damaged(path, "too large"))?;
        let index = Self {
            path: path.to_path_buf(),
            file,
            entries_max,
            count: AtomicU32::new(slots),
        };
        if index.broken_off(slots)? {
            let why = format!("{} bytes are not whole entries", index.file.len());
            return Err(StorageError::damaged(path, why));
        }
        index
            .count
            .store(index.count_entries(slots)?, Ordering::Release);
        Ok(index)
    }

    /// Whether something other than zeros follows the last whole entry.
    fn broken_off(&self, slots: u32) -> Result<bool, StorageError> {
        let mut rest = [0u8; N];
        let at = u64::from(slots) * N as u64;
        let got = self.file.read_at(at, &mut rest);
        let got = got.map_err(|error| StorageError::segment("read", &self.path, error))?;
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
        self.file
            .read_at(u64::from(index) * N as u64, &mut entry)
            .map_err(|error| StorageError::segment("read", &self.path, error))?;
        Ok(entry)
    }

    /// Appends an entry and publishes it.
    pub(crate) fn push(&self, entry: [u8; N]) -> Result<(), StorageError> {
        let count = self.count();
        let at = u64::from(count) * N as u64;
        self.file
            .write_at(at, &entry)
            .map_err(|error| StorageError::segment("write", &self.path, error))?;
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
        self.file
            .set_len(bytes)
            .and_then(|()| self.file.trim())
            .map_err(|error| StorageError::segment("trim", &self.path, error))
    }

    /// Syncs the file.
    pub(crate) fn flush(&self) -> Result<(), StorageError> {
        self.file
            .flush()
            .map_err(|error| StorageError::segment("sync", &self.path, error))
    }
}
