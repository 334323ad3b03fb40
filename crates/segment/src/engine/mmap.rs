//! The `mmap` engine: stores into a shared mapping, `fdatasync`.
//!
//! Invariants: a byte is committed as soon as it is stored; the file is as long as its allocated
//! space while it takes appends, and cut to its bytes on seal, so its tail of zeros is at most a
//! few MiB; space is allocated before it is stored to, so a full disk is an error of the append
//! and not a signal; pages are readied a little ahead of the writer by the preparer, never the
//! whole file; a store that hit a page that could not be had is found out before it is published.

#![allow(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;

use super::file::{create_new, file_part, open_for_reading};
use super::lease::Lease;
use super::map::{Map, PAGE_BYTES};
use super::room::{Room, cut_for_append};
use super::{CommitSink, Engine, EngineKind, OpenSegment, SegmentReader, SegmentWriter, sys};
use crate::disk::Disk;
use crate::segment::Part;
use crate::spec::{FIRST_STEP_BYTES, SegmentSpec};

/// Pages are readied in pieces of this size, so that sealing never waits long for the preparer.
const POPULATE_STEP: u64 = 1 << 20;

#[derive(Debug)]
pub(crate) struct MmapEngine {
    disk: Arc<dyn Disk>,
}

impl MmapEngine {
    pub(crate) fn new(disk: Arc<dyn Disk>) -> Self {
        Self { disk }
    }

    fn opened(&self, file: File, spec: &SegmentSpec, len: u64) -> io::Result<OpenSegment> {
        let spec = Room::real_length(spec);
        let room = Room::new(&spec, &self.disk, len);
        room.begin(&file, len)?;
        let map = Map::new(&file, to_usize(spec.capacity_bytes.max(len + 1))?, true)?;
        let body = Arc::new(Body {
            disk: Arc::clone(&self.disk),
            file: Arc::new(file),
            map: Arc::new(map),
            ahead: Some(Ahead {
                room,
                first: len,
                most: spec.populate_ahead_bytes,
                lock_memory: spec.lock_memory,
                written: AtomicU64::new(len),
                ready: AtomicU64::new(len),
                asked: AtomicBool::new(false),
                turn: Mutex::new(false),
            }),
        });
        let writer = Writer {
            body: Arc::clone(&body),
            written: len,
            space_end: len,
            reserved: 0,
        };
        Ok(OpenSegment {
            writer: Box::new(writer),
            reader: body,
        })
    }
}

fn to_usize(bytes: u64) -> io::Result<usize> {
    usize::try_from(bytes).map_err(|_| io::ErrorKind::FileTooLarge.into())
}

fn to_range(range: &Range<u64>) -> io::Result<Range<usize>> {
    Ok(to_usize(range.start)?..to_usize(range.end)?)
}

impl Engine for MmapEngine {
    fn kind(&self) -> EngineKind {
        EngineKind::Mmap
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
        let map = Map::new(&file, to_usize(len)?, false)?;
        Ok(Arc::new(Body {
            disk: Arc::clone(&self.disk),
            file: Arc::new(file),
            map: Arc::new(map),
            ahead: None,
        }))
    }
}

#[derive(Debug)]
struct Body {
    disk: Arc<dyn Disk>,
    file: Arc<File>,
    map: Arc<Map>,
    /// Absent where the segment was opened to be read.
    ahead: Option<Ahead>,
}

/// What lies ahead of the writer.
#[derive(Debug)]
struct Ahead {
    room: Room,
    /// Where the writer began: what it has written since is how far ahead it is worth going.
    first: u64,
    most: u64,
    lock_memory: bool,
    /// How far the writer has come, to the page.
    written: AtomicU64,
    /// Pages below are ready.
    ready: AtomicU64,
    asked: AtomicBool,
    /// Held while working ahead and while sealing; true once sealed.
    turn: Mutex<bool>,
}

impl Ahead {
    /// How far ahead of the writer to go: as far as it has come since it was opened, because
    /// most logs are small; with whole files, which are few and large, all the way.
    fn distance(&self, written: u64) -> u64 {
        if self.room.is_whole() {
            return self.most;
        }
        (written - self.first).clamp(FIRST_STEP_BYTES, self.most.max(FIRST_STEP_BYTES))
    }

    fn make_room(&self, file: &File, map: &Map) -> io::Result<()> {
        self.asked.store(false, Ordering::Release);
        loop {
            let sealed = self.turn.lock();
            let written = self.written.load(Ordering::Acquire);
            let target = (written + self.distance(written)).min(self.room.capacity());
            let from = self.ready.load(Ordering::Acquire).max(written);
            if *sealed || from >= target {
                return Ok(());
            }
            self.room.ensure(file, target)?;
            let end = target.min(from + POPULATE_STEP);
            if self.most > 0 {
                map.populate_for_writing(to_range(&(from..end))?)?;
            }
            if self.lock_memory
                && let Err(error) = map.lock(to_range(&(from..end))?)
            {
                warn_once(&error);
            }
            self.ready.store(end, Ordering::Release);
        }
    }
}

fn warn_once(error: &io::Error) {
    static WARNED: AtomicBool = AtomicBool::new(false);
    if !WARNED.swap(true, Ordering::Relaxed) {
        tracing::warn!(%error, "pages cannot be locked in memory; going on without");
    }
}

#[derive(Debug)]
struct Writer {
    body: Arc<Body>,
    written: u64,
    /// Below this there is space, as far as the room was asked. Kept here because small appends
    /// would feel the way there.
    space_end: u64,
    reserved: usize,
}

impl Writer {
    /// Makes sure `len` bytes can be stored at the end; returns where that is in the mapping.
    fn place(&mut self, len: u64) -> io::Result<Range<usize>> {
        let end = self.written + len;
        if end > self.space_end {
            self.take_space(end)?;
        }
        to_range(&(self.written..end))
    }

    #[cold]
    fn take_space(&mut self, end: u64) -> io::Result<()> {
        if let Some(ahead) = &self.body.ahead {
            ahead.room.ensure(&self.body.file, end)?;
            self.space_end = ahead.room.allocated();
        }
        Ok(())
    }

    fn advance(&mut self, len: u64) -> io::Result<()> {
        self.body.map.check()?;
        let before = self.written;
        self.written += len;
        // Who works ahead needs to know the page, no more: a store for each small append would
        // fill the processor's queue of stores.
        if before / PAGE_BYTES as u64 != self.written / PAGE_BYTES as u64
            && let Some(ahead) = &self.body.ahead
        {
            ahead.written.store(self.written, Ordering::Release);
        }
        Ok(())
    }

    /// Where the reservation lies.
    fn reservation(&self) -> io::Result<Range<usize>> {
        to_range(&(self.written..self.written + self.reserved as u64))
    }
}

impl SegmentWriter for Writer {
    fn attach(&mut self, _sink: Arc<dyn CommitSink>) {}

    fn append(&mut self, parts: &[IoSlice<'_>]) -> io::Result<()> {
        let len = parts.iter().map(|part| part.len() as u64).sum();
        let place = self.place(len)?;
        // SAFETY: above everything published and below the file's end (`place`); the one writer
        // of this file is borrowed mutably.
        let mut rest = unsafe { self.body.map.bytes_mut(place) }?;
        for part in parts {
            let Some((to, after)) = rest.split_at_mut_checked(part.len()) else {
                return Err(io::ErrorKind::InvalidInput.into());
            };
            to.copy_from_slice(part);
            rest = after;
        }
        self.advance(len)
    }

    fn reserve(&mut self, len: usize) -> io::Result<()> {
        self.place(len as u64)?;
        self.reserved = len;
        Ok(())
    }

    fn reserved(&mut self) -> &mut [u8] {
        let Ok(place) = self.reservation() else {
            return &mut [];
        };
        // SAFETY: above everything published and below the file's end (`reserve` saw to it); the
        // one writer of this file is borrowed mutably for as long as the slice lives.
        unsafe { self.body.map.bytes_mut(place) }.unwrap_or_default()
    }

    fn reserved_ref(&self) -> &[u8] {
        let Ok(place) = self.reservation() else {
            return &[];
        };
        // SAFETY: only the one writer writes there, and it is borrowed.
        unsafe { self.body.map.bytes(place) }.unwrap_or_default()
    }

    fn publish(&mut self, len: usize) -> io::Result<()> {
        let len = len.min(self.reserved);
        self.reserved = 0;
        self.advance(len as u64)
    }

    fn committed(&self) -> u64 {
        self.written
    }

    fn wants_room(&self) -> bool {
        let Some(ahead) = &self.body.ahead else {
            return false;
        };
        let left = ahead
            .ready
            .load(Ordering::Relaxed)
            .saturating_sub(self.written);
        left < ahead.distance(self.written) / 2
            && self.written + left < ahead.room.capacity()
            && !ahead.asked.swap(true, Ordering::AcqRel)
    }

    fn seal(&mut self) -> io::Result<bool> {
        self.body.map.check()?;
        if let Some(ahead) = &self.body.ahead {
            let mut sealed = ahead.turn.lock();
            *sealed = true;
            if !ahead.room.is_whole() {
                self.body.map.cut(to_usize(self.written)?)?;
            }
            self.space_end = self.written;
            return ahead.room.close(&self.body.file, self.written);
        }
        Ok(false)
    }
}

impl SegmentReader for Body {
    fn read_at(&self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        let range = to_range(&(at..at + out.len() as u64))?;
        // SAFETY: readers are asked for published bytes only; those do not change.
        out.copy_from_slice(unsafe { self.map.bytes(range) }?);
        self.map.check()?;
        Ok(out.len())
    }

    fn try_read_at(&self, at: u64, out: &mut [u8]) -> io::Result<Option<usize>> {
        sys::read_without_waiting(&self.file, at, out)
    }

    fn lease_in_place(&self, range: Range<u64>) -> Option<io::Result<Lease>> {
        // SAFETY: readers are asked for published bytes only; those do not change, and
        // truncation refuses while the mapping is lent.
        Some(to_range(&range).and_then(|range| unsafe { Lease::mapped(&self.map, range) }))
    }

    fn lease(&self, range: Range<u64>) -> io::Result<Lease> {
        self.lease_in_place(range)
            .unwrap_or_else(|| Err(io::ErrorKind::Unsupported.into()))
    }

    fn file_part(&self, range: Range<u64>) -> Option<Part> {
        Some(file_part(&self.file, range))
    }

    fn is_lent(&self) -> bool {
        Arc::strong_count(&self.map) > 1 || Arc::strong_count(&self.file) > 1
    }

    fn resident(&self, range: Range<u64>) -> bool {
        sys::is_resident(&self.file, range)
    }

    fn warm(&self, range: Range<u64>) -> io::Result<()> {
        self.map.populate_for_reading(to_range(&range)?)
    }

    fn commit(&self, upto: u64, _wait: bool) -> io::Result<u64> {
        Ok(upto)
    }

    fn sync(&self) -> io::Result<()> {
        self.map.check()?;
        self.disk.sync_data(&self.file)
    }

    fn make_room(&self) -> io::Result<()> {
        match &self.ahead {
            Some(ahead) => ahead.make_room(&self.file, &self.map),
            None => Ok(()),
        }
    }

    fn begin_write_back(&self, range: Range<u64>) {
        sys::begin_write_back(&self.file, &range);
    }
}
