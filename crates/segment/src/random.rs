//! Files written in the middle: indexes, checkpoints, hash slots.
//!
//! Two forms with the same bytes: `Mmap` for frequent small reads and updates, `File` for the
//! rest. Invariants: `len` is what counts as content, everything above it reads as zeros; only
//! the `Mmap` form's file may be longer than `len` while it is open, by zeros, until
//! [`RandomFile::trim`]. A mapped file is never shortened under its mapping.
//! Absent on purpose: appends (that is a chain), sharing between processes.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::disk::{Disk, RealDisk, write_all_at};
use crate::engine::random_map::RandomMap;
use crate::engine::read_full;
use crate::error::SegmentError;

/// How a [`RandomFile`] is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RandomForm {
    /// Through a shared mapping. Its file takes space in steps ahead of the content. One that was
    /// only opened is mapped when it is written to, looked at whole, or read a few times.
    Mmap,
    /// Through `pread` and `pwrite`.
    File,
}

/// A file with random access. `&self` methods may be called from any thread.
#[derive(Debug)]
pub struct RandomFile {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    /// Reads since the file was opened or trimmed, as long as it is not mapped.
    reads: AtomicU32,
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    form: RandomForm,
    file: File,
    /// Content.
    len: u64,
    /// The file's length: `len`, and with `Mmap` zeros above it.
    allocated: u64,
    capacity: u64,
    map: Option<RandomMap>,
}

/// A mapped file takes space in steps of this size.
const STEP_BYTES: u64 = 64 * 1024;

/// So many reads go by `pread` before a file is mapped for them: about what mapping it, its first
/// faults and unmapping it cost. Files that are opened for a glance, as thousands are at a start,
/// are not mapped; files that are searched are.
const READS_UNMAPPED: u32 = 32;

impl State {
    /// Makes sure that the file reaches to `end`, and the mapping if there is to be one.
    fn reach(&mut self, disk: &dyn Disk, end: u64) -> io::Result<()> {
        if self.form == RandomForm::File {
            return Ok(());
        }
        if end > self.capacity {
            self.map = None;
            self.capacity = end.max(self.capacity.saturating_mul(2));
        }
        if end > self.allocated {
            let steps = end.div_ceil(STEP_BYTES).saturating_mul(STEP_BYTES);
            let new = steps.min(self.capacity).max(end);
            match disk.allocate(&self.file, self.allocated, new - self.allocated, false) {
                Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => {
                    self.file.set_len(new)?;
                }
                other => other?,
            }
            self.allocated = new;
        }
        if self.map.is_none() {
            self.map = Some(RandomMap::new(&self.file, self.capacity)?);
        }
        Ok(())
    }

    fn mapped(&self, from: u64, to: u64) -> io::Result<Option<&[u8]>> {
        match &self.map {
            Some(map) => Ok(Some(map.bytes(range(from, to)?)?)),
            None => Ok(None),
        }
    }

    fn store(&mut self, disk: &dyn Disk, at: u64, bytes: &[u8]) -> io::Result<()> {
        let end = at + bytes.len() as u64;
        self.reach(disk, end)?;
        match &mut self.map {
            Some(map) => {
                map.bytes_mut(range(at, end)?)?.copy_from_slice(bytes);
                map.check()?;
            }
            None => write_all_at(disk, &self.file, &[IoSlice::new(bytes)], at)?,
        }
        self.len = self.len.max(end);
        self.allocated = self.allocated.max(end);
        Ok(())
    }

    fn resize(&mut self, disk: &dyn Disk, len: u64) -> io::Result<()> {
        if self.form == RandomForm::File {
            self.file.set_len(len)?;
            self.allocated = len;
        } else if len > self.len {
            self.reach(disk, len)?;
        } else if len < self.len {
            let (from, to) = (len, self.len);
            self.reach(disk, to)?;
            if let Some(map) = &mut self.map {
                map.bytes_mut(range(from, to)?)?.fill(0);
                map.check()?;
            }
        }
        self.len = len;
        Ok(())
    }
}

fn range(from: u64, to: u64) -> io::Result<Range<usize>> {
    let place = |at| usize::try_from(at).map_err(|_| io::ErrorKind::FileTooLarge);
    Ok(place(from)?..place(to)?)
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
        form: RandomForm,
        len: u64,
        capacity: u64,
    ) -> Result<Self, SegmentError> {
        let capacity = capacity.max(len).max(1);
        let state = State {
            form,
            file,
            len,
            allocated: len,
            capacity,
            map: None,
        };
        Ok(Self {
            path: path.to_owned(),
            disk: Arc::new(RealDisk),
            reads: AtomicU32::new(0),
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
        let resized = self.state.write().resize(&*self.disk, len);
        resized.map_err(|source| self.failed("resize", source))
    }

    /// Puts bytes at `at`, growing the content if they reach beyond it.
    ///
    /// # Errors
    /// `NoSpace`: nothing was written that counts. `Io`.
    pub fn write_at(&self, at: u64, bytes: &[u8]) -> Result<(), SegmentError> {
        if bytes.is_empty() {
            return Ok(());
        }
        let stored = self.state.write().store(&*self.disk, at, bytes);
        stored.map_err(|source| self.failed("write", source))
    }

    /// Copies content from `at` on; returns how many bytes there were.
    ///
    /// # Errors
    /// `Io`.
    pub fn read_at(&self, at: u64, out: &mut [u8]) -> Result<usize, SegmentError> {
        let state = self.state_for_reading();
        let there = usize::try_from(state.len.saturating_sub(at)).unwrap_or(usize::MAX);
        let len = out.len().min(there);
        let out = out.get_mut(..len).unwrap_or_default();
        if out.is_empty() {
            return Ok(0);
        }
        match state.mapped(at, at + out.len() as u64) {
            Ok(Some(bytes)) => {
                out.copy_from_slice(bytes);
                let intact = state.map.as_ref().map_or(Ok(()), RandomMap::check);
                intact.map(|()| out.len())
            }
            Ok(None) => read_full(&state.file, at, out),
            Err(error) => Err(error),
        }
        .map_err(|source| self.failed("read", source))
    }

    /// The state, mapped if this is not the first time that somebody reads.
    fn state_for_reading(&self) -> RwLockReadGuard<'_, State> {
        let state = self.state.read();
        if state.map.is_some() || state.form == RandomForm::File || state.len == 0 {
            return state;
        }
        if self.reads.fetch_add(1, Ordering::Relaxed) < READS_UNMAPPED {
            return state;
        }
        self.reads.store(0, Ordering::Relaxed);
        drop(state);
        let mut writing = self.state.write();
        let len = writing.len;
        if let Err(error) = writing.reach(&*self.disk, len) {
            // As many mappings as the kernel allows, perhaps: `pread` goes on to serve.
            tracing::debug!(path = %self.path.display(), %error, "an index is read without a mapping");
        }
        RwLockWriteGuard::downgrade(writing)
    }

    /// Calls `look` with the whole content: in place with `Mmap`, a copy with `File`. Writers
    /// wait meanwhile.
    ///
    /// # Errors
    /// `Io`, also where a page could not be read: what `look` saw then is worthless.
    pub fn with_slice<T>(&self, look: impl FnOnce(&[u8]) -> T) -> Result<T, SegmentError> {
        self.look(look)
            .map_err(|source| self.failed("read", source))
    }

    fn look<T>(&self, look: impl FnOnce(&[u8]) -> T) -> io::Result<T> {
        let mut state = self.state.read();
        if state.form == RandomForm::Mmap && state.map.is_none() && state.len > 0 {
            drop(state);
            let mut writing = self.state.write();
            let len = writing.len;
            writing.reach(&*self.disk, len)?;
            state = RwLockWriteGuard::downgrade(writing);
        }
        if let (Some(bytes), Some(map)) = (state.mapped(0, state.len)?, &state.map) {
            let seen = look(bytes);
            return map.check().map(|()| seen);
        }
        let mut copy = vec![0; range(0, state.len)?.len()];
        let n = read_full(&state.file, 0, &mut copy)?;
        Ok(look(copy.get(..n).unwrap_or_default()))
    }

    /// Makes the file exactly as long as the content. With `Mmap` the mapping is given up until
    /// the next use.
    ///
    /// # Errors
    /// `Io`.
    pub fn trim(&self) -> Result<(), SegmentError> {
        let mut state = self.state.write();
        state.map = None;
        self.reads.store(0, Ordering::Relaxed);
        if state.allocated > state.len {
            state
                .file
                .set_len(state.len)
                .map_err(|source| self.failed("trim", source))?;
            state.allocated = state.len;
        }
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

impl Drop for RandomFile {
    fn drop(&mut self) {
        if let Err(error) = self.trim() {
            tracing::debug!(%error, "zeros stay behind the content");
        }
    }
}
