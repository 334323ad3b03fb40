//! The `staged` engine: copies into a locked buffer, and writes larger pieces to the file a
//! little later.
//!
//! Invariants: appending takes no system call while the pool has memory; a byte is committed
//! when its `pwritev` has returned; one commit runs at a time per file, on whoever's thread asked
//! first, and takes along what has piled up; space for every staged byte is allocated before the
//! append returns, so a full disk is an error of the append and not of the commit. Without
//! memory, and for very large appends, bytes go straight to the file.
//! Readers get committed bytes by mapping or file, the others as a copy.

#![allow(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::file::{create_new, file_part, open_for_reading, read_full, warm_by_reading};
use super::lease::Lease;
use super::map::Map;
use super::pool::Pool;
use super::room::{Room, cut_for_append};
use super::tail::{TailMemory, WRITE_PIECES};
use super::{CommitSink, Engine, EngineKind, OpenSegment, SegmentReader, SegmentWriter, sys};
use crate::disk::{Disk, write_all_at};
use crate::segment::Part;
use crate::spec::SegmentSpec;

/// A writer holds this much at a time; an append above it is written straight through.
const EXTENT_BYTES: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) struct StagedEngine {
    disk: Arc<dyn Disk>,
    pool: Arc<Pool>,
}

impl StagedEngine {
    pub(crate) fn new(disk: Arc<dyn Disk>, bytes: usize, lock: bool) -> io::Result<Self> {
        Ok(Self {
            disk,
            pool: Pool::new(bytes, EXTENT_BYTES, lock)?,
        })
    }

    fn opened(&self, file: File, spec: &SegmentSpec, len: u64) -> io::Result<OpenSegment> {
        let room = Room::new(spec, &self.disk, len);
        room.begin(&file, len)?;
        let body = Arc::new(Body {
            disk: Arc::clone(&self.disk),
            file: Arc::new(file),
            map: OnceLock::new(),
            map_bytes: spec.capacity_bytes.max(len),
            committed: AtomicU64::new(len),
            room: Some(room),
            room_asked: AtomicBool::new(false),
            tail: Mutex::new(Tail {
                wanted: len,
                ..Tail::default()
            }),
            moved: Condvar::new(),
        });
        let writer = Writer {
            pool: Arc::clone(&self.pool),
            body: Arc::clone(&body),
            written: len,
            reserved: Reserved::Nothing,
            scratch: Vec::new(),
        };
        Ok(OpenSegment {
            writer: Box::new(writer),
            reader: body,
        })
    }
}

impl Engine for StagedEngine {
    fn kind(&self) -> EngineKind {
        EngineKind::Staged
    }

    fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    fn create(&self, path: &Path, spec: &SegmentSpec) -> io::Result<OpenSegment> {
        create_new(path, |file| self.opened(file, spec, 0))
    }

    fn open_append(&self, path: &Path, spec: &SegmentSpec, valid: u64) -> io::Result<OpenSegment> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        cut_for_append(&file, spec, valid)?;
        self.opened(file, spec, valid)
    }

    fn open_read(
        &self,
        path: &Path,
        _spec: &SegmentSpec,
        len: u64,
    ) -> io::Result<Arc<dyn SegmentReader>> {
        let file = open_for_reading(path, len)?;
        Ok(Arc::new(Body {
            disk: Arc::clone(&self.disk),
            file: Arc::new(file),
            map: OnceLock::new(),
            map_bytes: len,
            committed: AtomicU64::new(len),
            room: None,
            room_asked: AtomicBool::new(true),
            tail: Mutex::default(),
            moved: Condvar::new(),
        }))
    }
}

#[derive(Debug)]
struct Body {
    disk: Arc<dyn Disk>,
    file: Arc<File>,
    /// Read-only, made by the first lease.
    map: OnceLock<Arc<Map>>,
    map_bytes: u64,
    /// Moved under `tail`'s lock.
    committed: AtomicU64,
    /// Absent where the segment was opened to be read.
    room: Option<Room>,
    room_asked: AtomicBool,
    tail: Mutex<Tail>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct Tail {
    memory: TailMemory,
    /// Commits are asked for up to here.
    wanted: u64,
    /// Somebody writes to the file; only that one shortens `memory`.
    committing: bool,
    /// A reservation lies in the last extent.
    reserved: bool,
}

impl Body {
    fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    /// Writes out what is staged until everything wanted is in the file.
    fn commit_to(&self, upto: u64, wait: bool) -> io::Result<u64> {
        let mut tail = self.tail.lock();
        tail.wanted = tail.wanted.max(upto);
        loop {
            let committed = self.committed();
            if committed >= upto {
                return Ok(committed);
            }
            if !tail.committing {
                break;
            }
            if !wait {
                // Whoever commits now goes on until `wanted`.
                return Ok(committed);
            }
            self.moved.wait(&mut tail);
        }
        tail.committing = true;
        let (mut tail, result) = self.write_out(tail);
        tail.committing = false;
        self.moved.notify_all();
        result.map(|()| self.committed())
    }

    fn write_out<'a>(
        &'a self,
        mut tail: MutexGuard<'a, Tail>,
    ) -> (MutexGuard<'a, Tail>, io::Result<()>) {
        loop {
            let committed = self.committed();
            let mut slices = [IoSlice::new(&[]); WRITE_PIECES];
            // SAFETY: extents leave the row only in `release` below, and `committing` makes this
            // the only thread that gets there.
            let (count, bytes) = unsafe { tail.memory.slices(committed, u64::MAX, &mut slices) };
            if bytes == 0 || committed >= tail.wanted {
                return (tail, Ok(()));
            }
            drop(tail);
            let parts = slices.get(..count).unwrap_or_default();
            let result = self
                .zero_behind(committed, bytes)
                .and_then(|()| write_all_at(&*self.disk, &self.file, parts, committed));
            tail = self.tail.lock();
            if result.is_err() {
                return (tail, result);
            }
            self.committed.store(committed + bytes, Ordering::Release);
            let reserved = tail.reserved;
            tail.memory.release(committed + bytes, 0, reserved);
            self.moved.notify_all();
        }
    }

    /// See [`Room::zero_behind`]; asked by the one who writes to the file.
    fn zero_behind(&self, at: u64, len: u64) -> io::Result<()> {
        match &self.room {
            Some(room) => room.zero_behind(&self.file, at, len),
            None => Ok(()),
        }
    }

    /// Copies what is in memory of `[at, at + out.len())`; returns where the bytes that are only
    /// in the file end: everything from there on has been copied.
    fn copy_staged(&self, at: u64, out: &mut [u8]) -> u64 {
        let tail = self.tail.lock();
        let split = self.committed().max(at);
        let skip = usize::try_from(split - at).unwrap_or(usize::MAX);
        if let Some(rest) = out.get_mut(skip..) {
            tail.memory.copy_out(split, rest);
        }
        split
    }

    fn map(&self) -> io::Result<&Arc<Map>> {
        if let Some(map) = self.map.get() {
            return Ok(map);
        }
        let len = usize::try_from(self.map_bytes).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let map = Arc::new(Map::new(&self.file, len, false)?);
        Ok(self.map.get_or_init(|| map))
    }

    fn mapped_lease(&self, range: &Range<u64>) -> io::Result<Lease> {
        let place = |at| usize::try_from(at).map_err(|_| io::ErrorKind::FileTooLarge);
        let range = place(range.start)?..place(range.end)?;
        // SAFETY: committed bytes are in the file and do not change; truncation refuses while
        // the mapping is lent.
        unsafe { Lease::mapped(self.map()?, range) }
    }
}

#[derive(Debug)]
struct Writer {
    pool: Arc<Pool>,
    body: Arc<Body>,
    written: u64,
    reserved: Reserved,
    scratch: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum Reserved {
    Nothing,
    /// In the last extent.
    Staged(usize),
    /// In `scratch`.
    Aside(usize),
}

impl Writer {
    fn ensure(&self, len: u64) -> io::Result<()> {
        match &self.body.room {
            Some(room) => room.ensure(&self.body.file, self.written + len),
            None => Ok(()),
        }
    }

    /// Commits what is staged, then writes the parts after it.
    fn write_through(&mut self, parts: &[IoSlice<'_>], len: u64) -> io::Result<()> {
        self.body.commit_to(self.written, true)?;
        self.body.zero_behind(self.written, len)?;
        let written = write_all_at(&*self.body.disk, &self.body.file, parts, self.written);
        if let (Err(_), Some(room)) = (&written, &self.body.room) {
            room.undo_partial(&self.body.file, self.written);
        }
        written?;
        // Nothing is staged and nobody else appends: no commit can run in between.
        let tail = self.body.tail.lock();
        self.written += len;
        self.body.committed.store(self.written, Ordering::Release);
        drop(tail);
        Ok(())
    }

    /// Makes at least one extent of space, or says that there is no memory.
    fn stage(&mut self, parts: &[IoSlice<'_>]) -> bool {
        let mut tail = self.body.tail.lock();
        let len: usize = parts.iter().map(|part| part.len()).sum();
        let space = tail.memory.space();
        let next = if space < len { self.pool.take() } else { None };
        if space < len && next.is_none() {
            return false;
        }
        let mut next = next;
        for part in parts {
            let mut rest: &[u8] = part;
            while !rest.is_empty() {
                let done = tail.memory.fill(rest);
                self.written += done as u64;
                rest = rest.get(done..).unwrap_or_default();
                if !rest.is_empty()
                    && let Some(extent) = next.take()
                {
                    let at = self.written;
                    tail.memory.push(extent, at, 0);
                }
            }
        }
        true
    }
}

impl SegmentWriter for Writer {
    fn attach(&mut self, _sink: Arc<dyn CommitSink>) {}

    fn append(&mut self, parts: &[IoSlice<'_>]) -> io::Result<()> {
        let len: u64 = parts.iter().map(|part| part.len() as u64).sum();
        self.ensure(len)?;
        if len <= EXTENT_BYTES as u64 && self.stage(parts) {
            return Ok(());
        }
        self.write_through(parts, len)
    }

    fn reserve(&mut self, len: usize) -> io::Result<()> {
        self.ensure(len as u64)?;
        let mut tail = self.body.tail.lock();
        if len <= EXTENT_BYTES {
            if tail.memory.space() < len
                && let Some(extent) = self.pool.take()
            {
                tail.memory.push(extent, self.written, 0);
            }
            if tail.memory.space() >= len {
                tail.reserved = true;
                self.reserved = Reserved::Staged(len);
                return Ok(());
            }
        }
        drop(tail);
        if self.scratch.len() < len {
            self.scratch.resize(len, 0);
        }
        self.reserved = Reserved::Aside(len);
        Ok(())
    }

    fn reserved(&mut self) -> &mut [u8] {
        match self.reserved {
            Reserved::Nothing => &mut [],
            // SAFETY: this is the one writer, mutably borrowed; `reserved` keeps the extent.
            Reserved::Staged(len) => unsafe { self.body.tail.lock().memory.unfilled(len) },
            Reserved::Aside(len) => self.scratch.get_mut(..len).unwrap_or_default(),
        }
    }

    fn reserved_ref(&self) -> &[u8] {
        match self.reserved {
            Reserved::Nothing => &[],
            // SAFETY: as above; only the one writer, which is borrowed, writes there.
            Reserved::Staged(len) => unsafe { self.body.tail.lock().memory.unfilled(len) },
            Reserved::Aside(len) => self.scratch.get(..len).unwrap_or_default(),
        }
    }

    fn publish(&mut self, len: usize) -> io::Result<()> {
        match std::mem::replace(&mut self.reserved, Reserved::Nothing) {
            Reserved::Nothing => Ok(()),
            Reserved::Staged(most) => {
                let mut tail = self.body.tail.lock();
                tail.reserved = false;
                tail.memory.advance(len.min(most));
                self.written += len.min(most) as u64;
                Ok(())
            }
            Reserved::Aside(most) => {
                let scratch = std::mem::take(&mut self.scratch);
                let bytes = scratch.get(..len.min(most)).unwrap_or_default();
                let result = self.write_through(&[IoSlice::new(bytes)], bytes.len() as u64);
                self.scratch = scratch;
                result
            }
        }
    }

    fn committed(&self) -> u64 {
        self.body.committed()
    }

    fn wants_room(&self) -> bool {
        self.body
            .room
            .as_ref()
            .is_some_and(|room| room.is_low(self.written))
            && !self.body.room_asked.swap(true, Ordering::AcqRel)
    }

    fn seal(&mut self) -> io::Result<bool> {
        self.body.commit_to(self.written, true)?;
        match &self.body.room {
            Some(room) => room.close(&self.body.file, self.written),
            None => Ok(false),
        }
    }
}

impl SegmentReader for Body {
    fn read_at(&self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        let split = self.copy_staged(at, out);
        let from_file = usize::try_from(split - at)
            .unwrap_or(usize::MAX)
            .min(out.len());
        if let Some(first) = out.get_mut(..from_file).filter(|first| !first.is_empty()) {
            let n = read_full(&self.file, at, first)?;
            if n < from_file {
                return Ok(n);
            }
        }
        Ok(out.len())
    }

    fn try_read_at(&self, at: u64, out: &mut [u8]) -> io::Result<Option<usize>> {
        let split = self.copy_staged(at, out);
        let from_file = usize::try_from(split - at)
            .unwrap_or(usize::MAX)
            .min(out.len());
        let all = out.len();
        let Some(first) = out.get_mut(..from_file).filter(|first| !first.is_empty()) else {
            return Ok(Some(all));
        };
        match sys::read_without_waiting(&self.file, at, first)? {
            Some(n) if n == from_file => Ok(Some(all)),
            some_or_none => Ok(some_or_none),
        }
    }

    fn lease_in_place(&self, range: Range<u64>) -> Option<io::Result<Lease>> {
        (range.end <= self.committed()).then(|| self.mapped_lease(&range))
    }

    fn lease(&self, range: Range<u64>) -> io::Result<Lease> {
        if let Some(lease) = self.lease_in_place(range.clone()) {
            return lease;
        }
        let len = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
        let mut bytes = vec![0; len];
        if self.read_at(range.start, &mut bytes)? < len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Lease::owned(bytes))
    }

    fn file_part(&self, range: Range<u64>) -> Option<Part> {
        (range.end <= self.committed()).then(|| file_part(&self.file, range))
    }

    fn is_lent(&self) -> bool {
        self.map.get().is_some_and(|map| Arc::strong_count(map) > 1)
            || Arc::strong_count(&self.file) > 1
    }

    fn resident(&self, range: Range<u64>) -> bool {
        let committed = self.committed();
        sys::is_resident(
            &self.file,
            range.start.min(committed)..range.end.min(committed),
        )
    }

    fn warm(&self, range: Range<u64>) -> io::Result<()> {
        warm_by_reading(&self.file, range.start..range.end.min(self.committed()))
    }

    fn commit(&self, upto: u64, wait: bool) -> io::Result<u64> {
        self.commit_to(upto, wait)
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.sync_data(&self.file)
    }

    fn make_room(&self) -> io::Result<()> {
        self.room_asked.store(false, Ordering::Release);
        match &self.room {
            Some(room) => room.extend_by_a_step(&self.file),
            None => Ok(()),
        }
    }

    fn begin_write_back(&self, range: Range<u64>) {
        let end = range.end.min(self.committed());
        sys::begin_write_back(&self.file, &(range.start..end));
    }
}
