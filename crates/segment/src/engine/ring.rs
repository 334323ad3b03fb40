//! The thread that owns the `io_uring` of the `direct` engine.
//!
//! Writes come in through a queue from any thread and go out in the order they came, up to the
//! ring's depth at a time; each is reported to its target once, whole or failed. Invariants: the
//! memory and the file of a write are kept alive by the write itself until its completion was
//! seen; a short write is continued here; the thread ends only when nothing is in flight.

#![allow(unsafe_code)]

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;

use io_uring::{IoUring, opcode, types};
use parking_lot::Mutex;

use super::pool::Extent;
use super::tail::WRITE_PIECES;
use crate::disk::{Disk, RingFate};
use crate::slow::Began;

/// Short writes of a direct file are continued at this granularity.
pub(super) const BLOCK_BYTES: u64 = 4096;

const BELL: u64 = u64::MAX;

/// Hears of finished writes, on the ring's thread.
pub(super) trait RingTarget: Send + Sync {
    fn finished(&self, tag: u64, result: io::Result<()>);
}

/// A write on its way.
pub(super) struct RingWrite {
    pub(super) file: Arc<File>,
    /// File position; a multiple of the block size, as are all lengths.
    pub(super) at: u64,
    pub(super) pieces: [libc::iovec; WRITE_PIECES + 1],
    pub(super) count: usize,
    /// The last, padded block; one of the pieces points into it.
    pub(super) block: Option<Extent>,
    pub(super) tag: u64,
    /// When it was handed over.
    pub(super) began: Began,
    /// Keeps the extents that the pieces point into.
    pub(super) target: Arc<dyn RingTarget>,
}

// SAFETY: the pointers lead into memory that the target and the block keep, and that nobody
// writes while the write is under way.
unsafe impl Send for RingWrite {}

impl RingWrite {
    fn left(&self) -> u64 {
        self.pieces
            .iter()
            .take(self.count)
            .map(|piece| piece.iov_len as u64)
            .sum()
    }

    /// Forgets the first `bytes`, which have been written.
    fn advance(&mut self, bytes: u64) {
        self.at += bytes;
        let mut skip = usize::try_from(bytes).unwrap_or(usize::MAX);
        for piece in self.pieces.iter_mut().take(self.count) {
            let step = skip.min(piece.iov_len);
            piece.iov_base = piece.iov_base.wrapping_byte_add(step);
            piece.iov_len -= step;
            skip -= step;
        }
    }

    /// A copy of the pieces that ends after `most` bytes, for a short write made on purpose.
    fn shorten(&mut self, most: u64) {
        let mut left = usize::try_from(most).unwrap_or(usize::MAX);
        for piece in self.pieces.iter_mut().take(self.count) {
            piece.iov_len = piece.iov_len.min(left);
            left -= piece.iov_len;
        }
    }
}

#[derive(Debug)]
pub(super) struct Ring {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    queue: Mutex<VecDeque<RingWrite>>,
    /// The thread waits for the kernel, or is about to.
    asleep: AtomicBool,
    stopped: AtomicBool,
    /// The ring has failed; nothing is taken any more.
    dead: AtomicBool,
    bell: OwnedFd,
    disk: Arc<dyn Disk>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring").finish_non_exhaustive()
    }
}

impl Ring {
    /// Starts the thread with a ring for `depth` writes in flight.
    pub(super) fn start(depth: u32, disk: Arc<dyn Disk>) -> io::Result<Self> {
        let depth = depth.clamp(1, 4096);
        let bell = rustix::event::eventfd(0, rustix::event::EventfdFlags::CLOEXEC)?;
        let shared = Arc::new(Shared {
            queue: Mutex::new(VecDeque::with_capacity(depth as usize)),
            asleep: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            dead: AtomicBool::new(false),
            bell,
            disk,
        });
        let (started, answer) = mpsc::sync_channel(1);
        let theirs = Arc::clone(&shared);
        // The ring belongs to the thread that makes it (SINGLE_ISSUER, DEFER_TASKRUN).
        let thread = std::thread::Builder::new()
            .name("segment-ring".into())
            .spawn(move || match build(depth) {
                Ok(ring) => {
                    let _ = started.send(Ok(()));
                    run(ring, depth as usize, &theirs);
                }
                Err(error) => {
                    let _ = started.send(Err(error));
                }
            })?;
        answer.recv().map_err(io::Error::other)??;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Hands a write over. False if the ring is dead; the write is gone then, unreported.
    pub(super) fn submit(&self, write: RingWrite) -> bool {
        let mut queue = self.shared.queue.lock();
        // Asked under the lock that `fail_all` takes: nothing is queued behind its back.
        if self.shared.dead.load(Ordering::SeqCst) {
            return false;
        }
        queue.push_back(write);
        drop(queue);
        self.shared.ring_bell();
        true
    }
}

impl Shared {
    fn ring_bell(&self) {
        if self.asleep.swap(false, Ordering::SeqCst)
            && let Err(error) = rustix::io::write(&self.bell, &1_u64.to_ne_bytes())
        {
            tracing::error!(%error, "the ring's thread cannot be woken");
        }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        self.shared.asleep.store(true, Ordering::SeqCst);
        self.shared.ring_bell();
        if let Some(thread) = self.thread.lock().take()
            && thread.thread().id() != std::thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

fn build(depth: u32) -> io::Result<IoUring> {
    let entries = depth + 1;
    IoUring::builder()
        .setup_single_issuer()
        .setup_defer_taskrun()
        .build(entries)
        .or_else(|_| IoUring::builder().build(entries))
}

struct Flights {
    slots: Vec<Option<RingWrite>>,
    free: Vec<usize>,
    bell: Box<[u8; 8]>,
}

fn run(mut ring: IoUring, depth: usize, shared: &Shared) {
    let mut flights = Flights {
        slots: (0..depth).map(|_| None).collect(),
        free: (0..depth).collect(),
        bell: Box::new([0; 8]),
    };
    arm_bell(&mut ring, &mut flights, shared);
    loop {
        take_from_queue(&mut ring, &mut flights, shared);
        let idle = flights.free.len() == depth;
        shared.asleep.store(true, Ordering::SeqCst);
        // Who queued before this line is seen here; who queues after it rings.
        let more = !flights.free.is_empty() && !shared.queue.lock().is_empty();
        if more {
            shared.asleep.store(false, Ordering::SeqCst);
            continue;
        }
        if idle && shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        match ring.submit_and_wait(1) {
            Ok(_) => {}
            Err(error) if matches!(error.raw_os_error(), Some(libc::EINTR | libc::EBUSY)) => {}
            Err(error) => {
                tracing::error!(%error, "the ring has failed");
                fail_all(&mut flights, shared);
                return;
            }
        }
        shared.asleep.store(false, Ordering::SeqCst);
        reap(&mut ring, &mut flights, shared);
    }
}

fn arm_bell(ring: &mut IoUring, flights: &mut Flights, shared: &Shared) {
    let buffer = flights.bell.as_mut_ptr();
    let entry = opcode::Read::new(types::Fd(shared.bell.as_raw_fd()), buffer, 8)
        .build()
        .user_data(BELL);
    push(ring, &entry);
}

fn push(ring: &mut IoUring, entry: &io_uring::squeue::Entry) {
    loop {
        // SAFETY: the entry's memory lives in `Flights`, which outlives the ring's work: a slot
        // is emptied only when its completion was seen, and the thread returns only when all are
        // empty or the ring is dead.
        if unsafe { ring.submission().push(entry) }.is_ok() {
            return;
        }
        // Full: the kernel takes what is there. Its errors come back at the next wait.
        if ring.submit().is_err() {
            std::thread::yield_now();
        }
    }
}

fn take_from_queue(ring: &mut IoUring, flights: &mut Flights, shared: &Shared) {
    while let Some(slot) = flights.free.pop() {
        let Some(write) = shared.queue.lock().pop_front() else {
            flights.free.push(slot);
            return;
        };
        start(ring, flights, slot, write, shared);
    }
}

/// Puts a write, or what is left of one, into the ring.
fn start(
    ring: &mut IoUring,
    flights: &mut Flights,
    slot: usize,
    mut write: RingWrite,
    shared: &Shared,
) {
    let len = u32::try_from(write.left()).unwrap_or(u32::MAX);
    let whole = write.pieces;
    match shared.disk.ring_write(write.at, len) {
        RingFate::Whole => {}
        RingFate::Short(most) => {
            write.shorten((u64::from(most) / BLOCK_BYTES * BLOCK_BYTES).max(BLOCK_BYTES));
        }
        RingFate::Fail(errno) => {
            flights.free.push(slot);
            write
                .target
                .finished(write.tag, Err(io::Error::from_raw_os_error(errno)));
            return;
        }
    }
    let Some(place) = flights.slots.get_mut(slot) else {
        return;
    };
    let short = std::mem::replace(&mut write.pieces, whole);
    let write = place.insert(write);
    // The shortened pieces are needed only until the kernel has taken the entry, which the call
    // of `submit` right below makes sure of.
    let is_short = short
        .iter()
        .zip(&whole)
        .any(|(a, b)| a.iov_len != b.iov_len);
    let pieces = if is_short {
        short.as_ptr()
    } else {
        write.pieces.as_ptr()
    };
    let count = u32::try_from(write.count).unwrap_or(0);
    let entry = opcode::Writev::new(types::Fd(write.file.as_raw_fd()), pieces, count)
        .offset(write.at)
        .build()
        .user_data(slot as u64);
    push(ring, &entry);
    if is_short && let Err(error) = ring.submit() {
        tracing::error!(%error, "the ring takes nothing");
    }
}

fn reap(ring: &mut IoUring, flights: &mut Flights, shared: &Shared) {
    loop {
        // The queue is borrowed for this line only: `start` needs the ring.
        let done = ring.completion().next();
        let Some(done) = done else { return };
        if done.user_data() == BELL {
            arm_bell(ring, flights, shared);
            continue;
        }
        let Ok(slot) = usize::try_from(done.user_data()) else {
            continue;
        };
        let Some(mut write) = flights.slots.get_mut(slot).and_then(Option::take) else {
            continue;
        };
        let result = done.result();
        if result == -libc::EAGAIN || result == -libc::EINTR {
            start(ring, flights, slot, write, shared);
            continue;
        }
        let Ok(bytes) = u64::try_from(result) else {
            flights.free.push(slot);
            write
                .target
                .finished(write.tag, Err(io::Error::from_raw_os_error(-result)));
            continue;
        };
        let whole_blocks = bytes / BLOCK_BYTES * BLOCK_BYTES;
        if bytes < write.left() && whole_blocks > 0 {
            write.advance(whole_blocks);
            start(ring, flights, slot, write, shared);
            continue;
        }
        flights.free.push(slot);
        write.began.tell_if_slow("direct write", &write.file);
        let outcome = if bytes < write.left() {
            Err(io::ErrorKind::WriteZero.into())
        } else {
            Ok(())
        };
        write.target.finished(write.tag, outcome);
    }
}

/// The ring is dead. What was in flight may or may not be written: its memory is leaked rather
/// than given back under the kernel's hands.
fn fail_all(flights: &mut Flights, shared: &Shared) {
    for slot in &mut flights.slots {
        if let Some(write) = slot.take() {
            write
                .target
                .finished(write.tag, Err(io::Error::other("the ring has failed")));
            std::mem::forget(write);
        }
    }
    let mut queue = shared.queue.lock();
    shared.dead.store(true, Ordering::SeqCst);
    let left = std::mem::take(&mut *queue);
    drop(queue);
    for write in left {
        write
            .target
            .finished(write.tag, Err(io::Error::other("the ring has failed")));
    }
}
