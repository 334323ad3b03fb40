//! The `direct` engine: past the page cache, by `O_DIRECT` writes through an `io_uring`.
//!
//! Invariants: writes are whole blocks; the last, partial block stays in memory and is written
//! again, with more in it, by the next write, never while an earlier write of that block is under
//! way; padding is zeros and is cut off on seal. A byte is committed when the completion of its
//! write was seen and all before it are, never while its append is under way. Space is
//! allocated before an append returns. No write goes through the page cache, and no read either,
//! for that would slow every later write down. Readers get recent bytes from memory, older ones by
//! a direct read: there are no file parts.

#![allow(unsafe_code)]

mod reading;
mod writer;

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::lease::Lease;
use super::pool::Pool;
use super::ring::{BLOCK_BYTES, Ring, RingTarget, RingWrite};
use super::room::{Room, cut_for_append};
use super::tail::{TailMemory, WRITE_PIECES};
use super::{CommitSink, Engine, EngineKind, EngineOptions, OpenSegment, SegmentReader};
use crate::disk::Disk;
use crate::segment::Part;
use crate::slow::Began;
use crate::spec::SegmentSpec;
use reading::{read_blocks, read_into};
use writer::Writer;

const EXTENT_BYTES: usize = 64 * 1024;

/// Committed extents that stay in memory for those who read the tail.
const CACHED_EXTENTS: usize = 16;

/// An appender with more than this in memory waits for its own writes.
const EXTENTS_MAX: usize = 64;

/// Most bytes of one write.
const WRITE_BYTES: u64 = (WRITE_PIECES * EXTENT_BYTES) as u64;

/// Writes of one file in flight.
const FLIGHTS_MAX: usize = 8;

#[derive(Debug)]
pub(crate) struct DirectEngine {
    disk: Arc<dyn Disk>,
    ring: Arc<Ring>,
    pool: Arc<Pool>,
    blocks: Arc<Pool>,
}

fn block_of(position: u64) -> u64 {
    position / BLOCK_BYTES * BLOCK_BYTES
}

fn open_direct(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    options.custom_flags(libc::O_DIRECT).open(path)
}

impl DirectEngine {
    /// Starts the ring and tries everything out on a file in `options.probe_dir`.
    pub(crate) fn start(options: &EngineOptions) -> io::Result<Self> {
        let engine = Self {
            disk: Arc::clone(&options.disk),
            ring: Arc::new(Ring::start(options.ring_depth, Arc::clone(&options.disk))?),
            pool: Pool::new(options.buffer_bytes, EXTENT_BYTES, options.lock_buffers)?,
            blocks: Pool::new(1 << 18, usize::try_from(BLOCK_BYTES).unwrap_or(4096), false)?,
        };
        engine.probe(&options.probe_dir)?;
        Ok(engine)
    }

    fn probe(&self, dir: &Path) -> io::Result<()> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = dir.join(format!(".direct-{}-{number}.probe", std::process::id()));
        let tried = self.try_out(&path);
        let removed = std::fs::remove_file(&path);
        tried.and(removed)
    }

    fn try_out(&self, path: &Path) -> io::Result<()> {
        let spec = SegmentSpec {
            capacity_bytes: 1 << 16,
            ..SegmentSpec::default()
        };
        let sample: Vec<u8> = (0..5000_u32).map(|i| i.to_le_bytes()[0]).collect();
        let OpenSegment { mut writer, reader } = self.create(path, &spec)?;
        writer.append(&[IoSlice::new(&sample)])?;
        writer.seal()?;
        reader.sync()?;
        let read = self.open_read(path, &spec, 5000)?.lease(0..5000)?;
        if *read != *sample {
            return Err(io::Error::other(
                "direct I/O reads back other bytes than were written",
            ));
        }
        Ok(())
    }

    fn body(&self, file: File, spec: Option<&SegmentSpec>, len: u64) -> io::Result<Arc<Body>> {
        let room = spec.map(|spec| Room::new(&Room::real_length(spec), &self.disk, len));
        if let Some(room) = &room {
            room.begin(&file, len)?;
        }
        let mut memory = TailMemory::default();
        let part = usize::try_from(len - block_of(len)).unwrap_or(0);
        if part > 0 && room.is_some() {
            let mut extent = self.pool.take_or_allocate();
            let block = read_blocks(&file, block_of(len)..len)?;
            let bytes = block.all().get(..part).unwrap_or_default();
            if let Some(to) = extent.all_mut().get_mut(..part) {
                to.copy_from_slice(bytes);
            }
            memory.push(extent, block_of(len), part);
        }
        Ok(Arc::new_cyclic(|me| Body {
            me: Weak::clone(me),
            disk: Arc::clone(&self.disk),
            ring: Arc::clone(&self.ring),
            pool: Arc::clone(&self.pool),
            blocks: Arc::clone(&self.blocks),
            file: Arc::new(file),
            room,
            room_asked: AtomicBool::new(false),
            committed: AtomicU64::new(len),
            sink: OnceLock::new(),
            moved: Condvar::new(),
            tail: Mutex::new(Tail {
                memory,
                landed: len,
                submitted: len,
                whole: len,
                written: len,
                wanted: len,
                flights: VecDeque::new(),
                next_tag: 0,
                failed: None,
                reserved: false,
            }),
        }))
    }

    fn opened(&self, file: File, spec: &SegmentSpec, len: u64) -> io::Result<OpenSegment> {
        let body = self.body(file, Some(spec), len)?;
        let writer = Writer::at(Arc::clone(&body), len);
        Ok(OpenSegment {
            writer: Box::new(writer),
            reader: body,
        })
    }
}

impl Engine for DirectEngine {
    fn kind(&self) -> EngineKind {
        EngineKind::Direct
    }

    fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    fn create(&self, path: &Path, spec: &SegmentSpec) -> io::Result<OpenSegment> {
        let mut options = OpenOptions::new();
        let file = open_direct(options.read(true).write(true).create_new(true), path)?;
        self.opened(file, spec, 0).inspect_err(|_| {
            let _ = std::fs::remove_file(path);
        })
    }

    fn open_append(&self, path: &Path, spec: &SegmentSpec, valid: u64) -> io::Result<OpenSegment> {
        let file = open_direct(OpenOptions::new().read(true).write(true), path)?;
        // Requests of a ring outlive the process that made them: writes of one that was killed may still be under way, behind
        // the end that recovery found. The cut waits for them (shortening a file does, and making a hole, on ext4, XFS and btrfs), so none
        // can land on what is appended from here on. One below `valid` carries the bytes that recovery has read.
        cut_for_append(&file, spec, valid)?;
        // Recovery has read the file through the page cache; pages left there would make the
        // kernel hand our writes to its slow path. Dirty ones stay, and are dealt with by it.
        let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
        self.opened(file, spec, valid)
    }

    fn open_read(
        &self,
        path: &Path,
        _spec: &SegmentSpec,
        len: u64,
    ) -> io::Result<Arc<dyn SegmentReader>> {
        let file = open_direct(OpenOptions::new().read(true), path)?;
        let found = file.metadata()?.len();
        if found < len {
            let short = format!("file has {found} bytes where {len} are expected");
            return Err(io::Error::new(io::ErrorKind::InvalidData, short));
        }
        Ok(self.body(file, None, len)?)
    }
}

#[derive(Debug)]
struct Body {
    me: Weak<Body>,
    disk: Arc<dyn Disk>,
    ring: Arc<Ring>,
    pool: Arc<Pool>,
    blocks: Arc<Pool>,
    file: Arc<File>,
    /// Absent where the segment was opened to be read.
    room: Option<Room>,
    room_asked: AtomicBool,
    /// The lower of `landed` and `whole`, moved under `tail`'s lock.
    committed: AtomicU64,
    sink: OnceLock<Arc<dyn CommitSink>>,
    moved: Condvar,
    tail: Mutex<Tail>,
}

impl std::fmt::Debug for dyn CommitSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CommitSink")
    }
}

#[derive(Debug)]
struct Tail {
    memory: TailMemory,
    /// End of what is in memory. An append that is under way may lie above `whole`.
    written: u64,
    /// End of the last append that is whole: nothing above is told to be committed.
    whole: u64,
    /// Bytes below are in the file or on their way.
    submitted: u64,
    /// Bytes below are in the file.
    landed: u64,
    /// Commits are asked for up to here.
    wanted: u64,
    flights: VecDeque<Flight>,
    next_tag: u64,
    failed: Option<io::ErrorKind>,
    /// A reservation lies in the last extent.
    reserved: bool,
}

#[derive(Debug)]
struct Flight {
    tag: u64,
    /// Bytes that are committed when this and all before it are done.
    end: u64,
    done: bool,
}

impl Tail {
    /// Up to where to write next: what is wanted, or full extents at least.
    fn next_end(&self) -> u64 {
        if self.wanted > self.submitted {
            self.written
        } else {
            self.memory.full_end()
        }
    }

    /// True while the block that the next write begins with is on its way.
    fn is_block_in_flight(&self) -> bool {
        self.submitted != block_of(self.submitted)
            && self
                .flights
                .iter()
                .any(|flight| !flight.done && flight.end == self.submitted)
    }

    fn check(&self) -> io::Result<()> {
        match self.failed {
            Some(kind) => Err(io::Error::new(kind, "an earlier direct write failed")),
            None => Ok(()),
        }
    }
}

impl Body {
    fn committed(&self) -> u64 {
        self.committed.load(Ordering::Acquire)
    }

    /// Hands over what can be written now.
    fn submit(&self, tail: &mut Tail) {
        while tail.failed.is_none() && tail.flights.len() < FLIGHTS_MAX {
            let end = tail.next_end();
            if end <= tail.submitted || tail.is_block_in_flight() {
                return;
            }
            let Some(write) = self.prepare(tail, end) else {
                return;
            };
            if !self.ring.submit(write) {
                tail.failed = Some(io::ErrorKind::BrokenPipe);
            }
        }
    }

    fn prepare(&self, tail: &mut Tail, end: u64) -> Option<RingWrite> {
        let target = self.me.upgrade()?;
        let at = block_of(tail.submitted);
        let mut slices = [IoSlice::new(&[]); WRITE_PIECES];
        // SAFETY: extents with bytes above `landed` stay in the row, and `target` keeps the row
        // until the write is done.
        let (count, bytes) = unsafe { tail.memory.slices(at, end, &mut slices) };
        let empty = libc::iovec {
            iov_base: std::ptr::null_mut(),
            iov_len: 0,
        };
        let mut pieces = [empty; WRITE_PIECES + 1];
        for (piece, slice) in pieces.iter_mut().zip(slices.iter().take(count)) {
            piece.iov_base = slice.as_ptr().cast_mut().cast();
            piece.iov_len = slice.len();
        }
        let end = at + bytes;
        let mut write = RingWrite {
            began: Began::now(),
            file: Arc::clone(&self.file),
            at,
            pieces,
            count,
            block: None,
            tag: 0,
            target,
        };
        self.pad(&mut write, slices.get(count.checked_sub(1)?)?, end);
        write.tag = tail.next_tag;
        tail.next_tag += 1;
        tail.submitted = end;
        tail.flights.push_back(Flight {
            tag: write.tag,
            end,
            done: false,
        });
        Some(write)
    }

    /// Moves a partial last block into memory of its own, followed by zeros: the appender may
    /// fill the one in the extent further while the kernel reads.
    fn pad(&self, write: &mut RingWrite, last: &[u8], end: u64) {
        let part = usize::try_from(end - block_of(end)).unwrap_or(0);
        if part == 0 {
            return;
        }
        let mut block = self.blocks.take_or_allocate();
        let whole = last.len() - part.min(last.len());
        let to = block.all_mut();
        to.fill(0);
        if let (Some(to), Some(from)) = (to.get_mut(..part), last.get(whole..)) {
            to.copy_from_slice(from);
        }
        let address = to.as_mut_ptr();
        let len = to.len();
        if whole == 0 {
            write.count -= 1;
        } else if let Some(piece) = write.pieces.get_mut(write.count - 1) {
            piece.iov_len = whole;
        }
        if let Some(piece) = write.pieces.get_mut(write.count) {
            *piece = libc::iovec {
                iov_base: address.cast(),
                iov_len: len,
            };
        }
        write.count += 1;
        write.block = Some(block);
    }

    /// Lets go of memory that nobody needs. Where it is short, all but the last block.
    fn release(&self, tail: &mut Tail) {
        let is_short = self.pool.is_low();
        let landed = tail.landed;
        tail.memory
            .release(landed, if is_short { 1 } else { CACHED_EXTENTS }, true);
        if !is_short || tail.reserved || landed < tail.written || tail.memory.extents() == 0 {
            return;
        }
        let start = block_of(landed);
        let mut block = self.blocks.take_or_allocate();
        let filled = tail.memory.copy_out(start, block.all_mut());
        tail.memory = TailMemory::default();
        if filled > 0 {
            tail.memory.push(block, start, filled);
        }
    }

    fn commit_to(&self, upto: u64, wait: bool) -> io::Result<u64> {
        let mut tail = self.tail.lock();
        tail.wanted = tail.wanted.max(upto);
        self.submit(&mut tail);
        while wait && self.committed() < upto {
            tail.check()?;
            self.moved.wait(&mut tail);
        }
        tail.check()?;
        Ok(self.committed())
    }

    /// Takes an append. Large ones are on their way to the disk while the rest is copied, and take no more memory than
    /// others.
    fn copy_in(&self, parts: &[IoSlice<'_>]) -> io::Result<()> {
        let mut tail = self.tail.lock();
        tail.check()?;
        self.wait_for_memory(&mut tail)?;
        for part in parts {
            let mut rest: &[u8] = part;
            while !rest.is_empty() {
                let done = match rest.first_chunk() {
                    Some(extent) if tail.memory.space() == 0 => {
                        self.copy_extent(&mut tail, extent)?
                    }
                    _ => self.copy_some(&mut tail, rest),
                };
                rest = rest.get(done..).unwrap_or_default();
            }
        }
        self.end_append(&mut tail);
        Ok(())
    }

    /// Copies what fits into the last extent, or into a new one where that is full.
    fn copy_some(&self, tail: &mut Tail, bytes: &[u8]) -> usize {
        if tail.memory.space() == 0 {
            let at = tail.written;
            tail.memory.push(self.pool.take_or_allocate(), at, 0);
        }
        let done = tail.memory.fill(bytes);
        tail.written += done as u64;
        done
    }

    /// Copies a whole extent without holding the lock, so that writes may end meanwhile.
    fn copy_extent(
        &self,
        tail: &mut MutexGuard<'_, Tail>,
        bytes: &[u8; EXTENT_BYTES],
    ) -> io::Result<usize> {
        let extent = MutexGuard::unlocked(tail, || {
            let mut extent = self.pool.take_or_allocate();
            extent.all_mut().copy_from_slice(bytes);
            extent
        });
        let at = tail.written;
        tail.memory.push(extent, at, bytes.len());
        tail.written += bytes.len() as u64;
        if tail.written - tail.submitted >= WRITE_BYTES {
            self.submit(tail);
            self.wait_for_memory(tail)?;
        }
        Ok(bytes.len())
    }

    /// All that was copied counts from here on.
    fn end_append(&self, tail: &mut Tail) {
        tail.whole = tail.written;
        self.settle(tail);
        self.submit(tail);
    }

    /// Tells what is committed: appends that are whole and in the file.
    fn settle(&self, tail: &Tail) {
        let committed = tail.landed.min(tail.whole);
        self.committed.store(committed, Ordering::Release);
    }

    fn wait_for_memory(&self, tail: &mut MutexGuard<'_, Tail>) -> io::Result<()> {
        self.release(tail);
        while tail.memory.extents() > EXTENTS_MAX {
            let written = tail.written;
            tail.wanted = written;
            self.submit(tail);
            // After a failure nobody gives notice any more.
            tail.check()?;
            self.moved.wait(tail);
            self.release(tail);
        }
        tail.check()?;
        Ok(())
    }
}

impl RingTarget for Body {
    fn finished(&self, tag: u64, result: io::Result<()>) {
        let mut tail = self.tail.lock();
        if let Some(flight) = tail.flights.iter_mut().find(|flight| flight.tag == tag) {
            flight.done = result.is_ok();
        }
        let before = self.committed();
        while tail.flights.front().is_some_and(|flight| flight.done) {
            if let Some(flight) = tail.flights.pop_front() {
                tail.landed = flight.end;
            }
        }
        self.settle(&tail);
        let now = self.committed();
        if let Err(error) = &result {
            tail.failed = Some(error.kind());
        } else {
            self.release(&mut tail);
            self.submit(&mut tail);
        }
        self.moved.notify_all();
        drop(tail);
        let Some(sink) = self.sink.get() else {
            return;
        };
        if now > before {
            sink.committed(now);
        }
        if let Err(error) = result {
            sink.failed(error);
        }
    }
}

impl SegmentReader for Body {
    fn read_at(&self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        let tail = self.tail.lock();
        // All below the first byte in memory is in the file.
        let split = tail.memory.start().unwrap_or(u64::MAX).max(at);
        let from_file = usize::try_from(split - at)
            .unwrap_or(usize::MAX)
            .min(out.len());
        if let Some(rest) = out.get_mut(from_file..) {
            tail.memory.copy_out(split, rest);
        }
        drop(tail);
        if let Some(first) = out.get_mut(..from_file).filter(|first| !first.is_empty()) {
            read_into(&self.file, at, first)?;
        }
        Ok(out.len())
    }

    fn try_read_at(&self, at: u64, out: &mut [u8]) -> io::Result<Option<usize>> {
        let tail = self.tail.lock();
        if tail.memory.start().is_none_or(|start| at < start) {
            return Ok(None);
        }
        Ok(Some(tail.memory.copy_out(at, out)))
    }

    fn lease_in_place(&self, _range: Range<u64>) -> Option<io::Result<Lease>> {
        None
    }

    fn lease(&self, range: Range<u64>) -> io::Result<Lease> {
        let start = self.tail.lock().memory.start();
        if start.is_none_or(|start| range.end <= start) {
            let skip = usize::try_from(range.start - block_of(range.start)).unwrap_or(0);
            let len = usize::try_from(range.end - range.start).map_err(io::Error::other)?;
            return Lease::in_extent(read_blocks(&self.file, range)?, skip..skip + len);
        }
        let mut bytes =
            vec![0; usize::try_from(range.end - range.start).map_err(io::Error::other)?];
        self.read_at(range.start, &mut bytes)?;
        Ok(Lease::owned(bytes))
    }

    fn file_part(&self, _range: Range<u64>) -> Option<Part> {
        None
    }

    fn is_lent(&self) -> bool {
        false
    }

    fn resident(&self, range: Range<u64>) -> bool {
        self.tail
            .lock()
            .memory
            .start()
            .is_some_and(|start| start <= range.start)
    }

    fn warm(&self, _range: Range<u64>) -> io::Result<()> {
        // There is no cache to warm: who needs the bytes reads them.
        Ok(())
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

    fn begin_write_back(&self, _range: Range<u64>) {}
}
