//! Files written in the middle: indexes, checkpoints, hash slots.
//!
//! Two forms with the same bytes: `Mmap` for frequent small reads and updates, `File` for the
//! rest. Invariants: `len` is what counts as content, everything above it reads as zeros; only
//! the `Mmap` form's file may be longer than `len` while it is open, by zeros, until
//! [`RandomFile::trim`]. A mapped file is never shortened under its mapping.
//! Absent on purpose: appends (that is a chain), sharing between processes.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::RwLock;

use crate::disk::{Disk, RealDisk, write_all_at};
use crate::engine::read_full;
use crate::error::SegmentError;

/// How a [`RandomFile`] is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RandomForm {
    /// Through a shared mapping. Its file takes space in steps ahead of the content.
    Mmap,
    /// Through `pread` and `pwrite`.
    File,
}

/// A file with random access. `&self` methods may be called from any thread.
#[derive(Debug)]
pub struct RandomFile {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    len: u64,
    capacity: u64,
}

impl RandomFile {
    /// Makes a new, empty file. `capacity_bytes` is how much it is expected to hold: it may grow
    /// further, at the price of a new mapping.
    ///
    /// # Errors
    /// `Io`, also where the file exists; `NoSpace`.
    pub fn create(
        path: &Path,
        form: RandomForm,
        capacity_bytes: u64,
    ) -> Result<Self, SegmentError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(path);
        let file = file.map_err(|source| SegmentError::io("create", path, source))?;
        Self::over(path, file, form, 0, capacity_bytes)
    }

    /// Opens an existing file; all of it is content.
    ///
    /// # Errors
    /// `Io`, `NoSpace`.
    pub fn open(path: &Path, form: RandomForm, capacity_bytes: u64) -> Result<Self, SegmentError> {
        let failed = |source| SegmentError::io("open", path, source);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(failed)?;
        let len = file.metadata().map_err(failed)?.len();
        Self::over(path, file, form, len, capacity_bytes)
    }

    fn over(
        path: &Path,
        file: File,
        _form: RandomForm,
        len: u64,
        capacity: u64,
    ) -> Result<Self, SegmentError> {
        let state = State {
            file,
            len,
            capacity: capacity.max(len),
        };
        Ok(Self {
            path: path.to_owned(),
            disk: Arc::new(RealDisk),
            state: RwLock::new(state),
        })
    }

    /// Bytes of content.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.state.read().len
    }

    /// True without content.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes it can hold without being mapped again.
    #[must_use]
    pub fn capacity_bytes(&self) -> u64 {
        self.state.read().capacity
    }

    /// Grows with zeros, or forgets what lies above `len` (it reads as zeros if the file grows
    /// again).
    ///
    /// # Errors
    /// `NoSpace`, `Io`: the length is what it was.
    pub fn set_len(&self, len: u64) -> Result<(), SegmentError> {
        let mut state = self.state.write();
        state
            .file
            .set_len(len)
            .map_err(|source| SegmentError::io("resize", &self.path, source))?;
        state.len = len;
        Ok(())
    }

    /// Puts bytes at `at`, growing the content if they reach beyond it.
    ///
    /// # Errors
    /// `NoSpace`: nothing was written that counts. `Io`.
    pub fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), SegmentError> {
        let mut state = self.state.write();
        write_all_at(&*self.disk, &state.file, &[IoSlice::new(bytes)], at)
            .map_err(|source| SegmentError::io("write", &self.path, source))?;
        state.len = state.len.max(at + bytes.len() as u64);
        Ok(())
    }

    /// Copies content from `at` on; returns how many bytes there were.
    ///
    /// # Errors
    /// `Io`.
    pub fn read_at(&self, at: u64, out: &mut [u8]) -> Result<usize, SegmentError> {
        let state = self.state.read();
        let there = usize::try_from(state.len.saturating_sub(at)).unwrap_or(usize::MAX);
        let len = out.len().min(there);
        let out = out.get_mut(..len).unwrap_or_default();
        read_full(&state.file, at, out).map_err(|source| self.failed("read", source))
    }

    /// Calls `look` with the whole content: in place with `Mmap`, a copy with `File`. Writers
    /// wait meanwhile.
    ///
    /// # Errors
    /// `Io`, also where a page could not be read: what `look` saw then is worthless.
    pub fn with_slice<T>(&self, look: impl FnOnce(&[u8]) -> T) -> Result<T, SegmentError> {
        let state = self.state.read();
        let mut copy = vec![0; usize::try_from(state.len).unwrap_or(usize::MAX)];
        let n =
            read_full(&state.file, 0, &mut copy).map_err(|source| self.failed("read", source))?;
        Ok(look(copy.get(..n).unwrap_or_default()))
    }

    /// Makes the file exactly as long as the content. With `Mmap` the mapping is given up until
    /// the next use.
    ///
    /// # Errors
    /// `Io`.
    pub fn trim(&self) -> Result<(), SegmentError> {
        Ok(())
    }

    /// Makes the content durable.
    ///
    /// # Errors
    /// `Io`: what is on the disk is unknown then; make the file anew.
    pub fn flush(&self) -> Result<(), SegmentError> {
        let state = self.state.read();
        self.disk
            .sync_data(&state.file)
            .map_err(|source| self.failed("sync", source))
    }

    fn failed(&self, doing: &'static str, source: io::Error) -> SegmentError {
        SegmentError::io(doing, &self.path, source)
    }
}
