//! Disk space ahead of a writer.
//!
//! Invariants: `allocated` only grows while the segment is open for appending; a byte below it
//! can be written without asking for space again (as far as the file system keeps its word).
//! Real-length rooms also move the file's end to `allocated`, filled with zeros.

use std::fs::File;
use std::io::{self, IoSlice};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use rustix::fs::FallocateFlags;

use crate::disk::{Disk, write_all_at};
use crate::spec::{Allocation, SegmentSpec};

/// Engines that need real length ahead keep the zero tail no longer than this.
const ZERO_TAIL_MAX: u64 = 4 << 20;

/// Less than this ahead of the writer is little.
const LOW_BYTES: u64 = 512 * 1024;

/// A segment that has more room than this takes the next append, unless that is larger still.
const FULL_BYTES: u64 = 2 << 20;

/// Zeros end where a page does.
const PAGE_BYTES: u64 = 4096;

#[derive(Debug)]
pub(crate) struct Room {
    spec: SegmentSpec,
    disk: Arc<dyn Disk>,
    allocated: AtomicU64,
    /// The file's length when it was opened.
    opened_at: u64,
    /// Bytes below it were written at some time, if only with zeros. Of the one writer.
    used: AtomicU64,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    steps: u32,
    /// No more extending: the file has been cut to its final length.
    closed: bool,
    /// The file system cannot allocate; space is found out about at the write.
    unsupported: bool,
}

impl Room {
    /// The room of a file that is `len` bytes long.
    pub(crate) fn new(spec: &SegmentSpec, disk: &Arc<dyn Disk>, len: u64) -> Self {
        Self {
            spec: spec.clone(),
            disk: Arc::clone(disk),
            allocated: AtomicU64::new(len),
            opened_at: len,
            used: AtomicU64::new(len),
            progress: Mutex::new(Progress {
                steps: 0,
                closed: false,
                unsupported: false,
            }),
        }
    }

    /// For engines that cannot work beyond a file's end: `Grow` becomes small real steps.
    pub(crate) fn real_length(spec: &SegmentSpec) -> SegmentSpec {
        let allocation = match spec.allocation {
            Allocation::Grow { step_bytes } => Allocation::ZeroAhead {
                step_bytes: step_bytes.min(ZERO_TAIL_MAX),
            },
            other => other,
        };
        SegmentSpec {
            allocation,
            ..spec.clone()
        }
    }

    pub(crate) fn allocated(&self) -> u64 {
        self.allocated.load(Ordering::Acquire)
    }

    pub(crate) fn capacity(&self) -> u64 {
        self.spec.capacity_bytes
    }

    pub(crate) fn is_whole(&self) -> bool {
        self.spec.allocation == Allocation::Whole
    }

    /// True when the next step ought to be taken by somebody else soon. Small steps are not
    /// worth the errand.
    pub(crate) fn is_low(&self, written: u64) -> bool {
        let allocated = self.allocated();
        written > LOW_BYTES && allocated - written < LOW_BYTES && allocated < self.capacity()
    }

    fn keeps_size(&self) -> bool {
        matches!(self.spec.allocation, Allocation::Grow { .. })
    }

    /// Takes what a file that is opened for appending at `len` has from the start: a new one its first step, a whole one
    /// everything. One that is opened again takes nothing before it is appended to: many never are, and zeros behind their
    /// ends would look like an unclean stop to the start after a crash.
    pub(crate) fn begin(&self, file: &File, len: u64) -> io::Result<()> {
        if len > 0 && !self.is_whole() {
            return Ok(());
        }
        self.ensure(file, (len + 1).min(self.capacity()))
    }

    /// Makes sure that bytes below `need` have space.
    pub(crate) fn ensure(&self, file: &File, need: u64) -> io::Result<()> {
        if need <= self.allocated() {
            return Ok(());
        }
        self.extend(file, need)
    }

    /// Takes at least the space up to `need`, and a step more if that is not yet more than what
    /// is there.
    pub(crate) fn extend(&self, file: &File, need: u64) -> io::Result<()> {
        let mut progress = self.progress.lock();
        let allocated = self.allocated();
        if progress.closed || need <= allocated {
            return Ok(());
        }
        let end = self.spec.next_allocation(allocated, need, progress.steps);
        match self.take(file, &mut progress, allocated, end) {
            Ok(()) => {}
            // Less may still fit.
            Err(_) if need < end => self.take(file, &mut progress, allocated, need)?,
            Err(error) => return Err(error),
        }
        progress.steps += 1;
        Ok(())
    }

    /// Before an append of `len` bytes at `at` that runs into space nobody has written yet, writes zeros over that space and
    /// over what follows it: the kernel finds its pages once for many appends, and a sync that records which blocks came
    /// into use does so for the next ones too.
    pub(crate) fn zero_behind(&self, file: &File, at: u64, len: u64) -> io::Result<()> {
        let ahead = self.spec.zero_ahead_bytes.next_multiple_of(PAGE_BYTES);
        let (end, used) = (at + len, self.used.load(Ordering::Relaxed).max(at));
        if ahead == 0 || end <= used {
            return Ok(());
        }
        let zeros_end = ((end / ahead + 1) * ahead)
            .min(self.allocated())
            .min(self.zeros_max());
        if len < ahead && end < zeros_end && !self.is_quiet(end) {
            fill_with_zeros(&*self.disk, file, used, zeros_end, 0)?;
            self.used.store(zeros_end, Ordering::Relaxed);
        } else {
            self.used.store(end, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Zeros end below this. Where they would show in the file's size they stay away from the capacity, so that a segment that
    /// is left because it is full has none to cut, which would have to be made durable.
    fn zeros_max(&self) -> u64 {
        let capacity = self.capacity();
        if self.keeps_size() {
            capacity - (capacity / 4).min(FULL_BYTES)
        } else {
            capacity
        }
    }

    /// True while so little was appended that zeros are not worth it, where they would show in the file's size: most logs
    /// that are open are hardly written to, and zeros behind their ends would cost each of them a look after a crash.
    fn is_quiet(&self, end: u64) -> bool {
        self.keeps_size() && end - self.opened_at < self.spec.zero_ahead_bytes
    }

    /// Takes the next step, if there is one within the capacity.
    pub(crate) fn extend_by_a_step(&self, file: &File) -> io::Result<()> {
        let allocated = self.allocated();
        if allocated < self.capacity() {
            self.extend(file, allocated + 1)
        } else {
            Ok(())
        }
    }

    fn take(&self, file: &File, progress: &mut Progress, from: u64, end: u64) -> io::Result<()> {
        let keep_size = self.keeps_size();
        if !progress.unsupported {
            match self.disk.allocate(file, from, end - from, keep_size) {
                Ok(()) => {}
                Err(error) if is_unsupported(&error) => progress.unsupported = true,
                Err(error) => return Err(error),
            }
        }
        if !keep_size && (progress.unsupported || self.spec.zero_block_bytes > 0) {
            // Zeros written for real: the only promise left without fallocate.
            fill_with_zeros(&*self.disk, file, from, end, self.spec.zero_block_bytes)?;
            self.used.fetch_max(end, Ordering::Relaxed);
        }
        self.allocated.store(end, Ordering::Release);
        Ok(())
    }

    /// Gives back what lies beyond `len`, unless the whole capacity belongs to the file. Nothing
    /// is extended afterwards. True if the file became shorter.
    pub(crate) fn close(&self, file: &File, len: u64) -> io::Result<bool> {
        let mut progress = self.progress.lock();
        let mut shorter = false;
        // Whole files stay whole, but lose what a last padded block took beyond.
        let keep = if self.is_whole() {
            len.max(self.capacity())
        } else {
            len
        };
        if self.allocated() > keep {
            shorter = file.metadata()?.len() > keep;
            file.set_len(keep)?;
            self.allocated.store(keep, Ordering::Release);
        }
        progress.closed = true;
        Ok(shorter)
    }

    /// Takes back the bytes of a write that failed half way, where the file's size shows them.
    pub(crate) fn undo_partial(&self, file: &File, len: u64) {
        let mut progress = self.progress.lock();
        if self.keeps_size() && file.set_len(len).is_ok() {
            self.allocated.store(len, Ordering::Release);
            self.used.store(len, Ordering::Relaxed);
            progress.steps = 0;
        }
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    matches!(
        error.raw_os_error(),
        Some(libc::EOPNOTSUPP | libc::ENOSYS | libc::EINVAL)
    )
}

fn fill_with_zeros(
    disk: &dyn Disk,
    file: &File,
    from: u64,
    end: u64,
    block_bytes: u32,
) -> io::Result<()> {
    static ZEROS: [u8; 64 * 1024] = [0; 64 * 1024];
    let block = match block_bytes {
        0 => ZEROS.len() as u64,
        bytes => u64::from(bytes).min(ZEROS.len() as u64),
    };
    let mut at = from;
    while at < end {
        let len = usize::try_from(block.min(end - at)).unwrap_or(ZEROS.len());
        let zeros = ZEROS.get(..len).unwrap_or(&ZEROS);
        write_all_at(disk, file, &[IoSlice::new(zeros)], at)?;
        at += len as u64;
    }
    Ok(())
}

/// Brings a file that is to be appended to at `valid` into the state a room starts from: nothing
/// above `valid`. A whole file keeps its length at every moment: others refuse one that has not.
pub(crate) fn cut_for_append(file: &File, spec: &SegmentSpec, valid: u64) -> io::Result<()> {
    let len = file.metadata()?.len();
    if len < valid {
        let short = format!("file has {len} bytes where {valid} are expected");
        return Err(io::Error::new(io::ErrorKind::InvalidData, short));
    }
    if len > valid && spec.allocation == Allocation::Whole {
        return empty_in_place(file, valid, len, spec.capacity_bytes);
    }
    if len > valid {
        file.set_len(valid)?;
    }
    Ok(())
}

/// Makes a hole of what lies above `valid`; what lies above the capacity goes.
fn empty_in_place(file: &File, valid: u64, len: u64, capacity: u64) -> io::Result<()> {
    let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    let emptied = rustix::fs::fallocate(file, flags, valid, len - valid).map_err(io::Error::from);
    match emptied {
        Ok(()) => {}
        // The file system knows no holes: then there is no other way.
        Err(error) if is_unsupported(&error) => {
            file.set_len(valid)?;
            file.set_len(len)?;
        }
        Err(error) => return Err(error),
    }
    if len > capacity.max(valid) {
        file.set_len(capacity.max(valid))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::disk::{RealDisk, RingFate};

    use super::*;

    /// Notes where something is written.
    #[derive(Debug, Default)]
    struct Noted(Mutex<Vec<(u64, u64)>>);

    impl Disk for Noted {
        fn write_at(&self, file: &File, parts: &[IoSlice<'_>], at: u64) -> io::Result<usize> {
            let len: usize = parts.iter().map(|part| part.len()).sum();
            self.0.lock().push((at, at + len as u64));
            RealDisk.write_at(file, parts, at)
        }
        fn sync_data(&self, file: &File) -> io::Result<()> {
            RealDisk.sync_data(file)
        }
        fn sync_dir(&self, dir: &std::path::Path) -> io::Result<()> {
            RealDisk.sync_dir(dir)
        }
        fn allocate(&self, file: &File, from: u64, len: u64, keep_size: bool) -> io::Result<()> {
            RealDisk.allocate(file, from, len, keep_size)
        }
        fn ring_write(&self, at: u64, len: u32) -> RingFate {
            RealDisk.ring_write(at, len)
        }
    }

    #[test]
    fn zeros_are_written_behind_a_small_append_once_for_many() {
        let file = tempfile::tempfile().unwrap();
        let noted = Arc::new(Noted::default());
        let disk: Arc<dyn Disk> = Arc::clone(&noted) as _;
        let spec = SegmentSpec {
            capacity_bytes: 1 << 20,
            allocation: Allocation::ZeroAhead {
                step_bytes: 1 << 20,
            },
            zero_ahead_bytes: 16 * 1024,
            ..SegmentSpec::default()
        };
        let room = Room::new(&spec, &disk, 0);
        // (at, len, where zeros are written)
        let steps = [
            (0, 1000, Some((0, 16 * 1024))),
            (1000, 1000, None),
            (2000, 14_384, None),
            (16_384, 100, Some((16_384, 32 * 1024))),
            // A large append needs none, and what comes after it may.
            (16_484, 20_000, None),
            (36_484, 1, Some((36_484, 49_152))),
            // No more than there is space.
            (1_048_000, 500, Some((1_048_000, 1 << 20))),
            (1_048_500, 76, None),
        ];
        for (at, len, zeros) in steps {
            room.ensure(&file, at + len).unwrap();
            room.zero_behind(&file, at, len).unwrap();
            let wrote = std::mem::take(&mut *noted.0.lock());
            assert_eq!(wrote, Vec::from_iter(zeros), "{len} bytes at {at}");
        }
    }

    #[test]
    fn a_file_that_shows_its_size_gets_zeros_once_it_is_written_to_in_earnest() {
        let file = tempfile::tempfile().unwrap();
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let spec = SegmentSpec {
            capacity_bytes: 128 * 1024,
            allocation: Allocation::Grow {
                step_bytes: 1 << 20,
            },
            zero_ahead_bytes: 16 * 1024,
            ..SegmentSpec::default()
        };
        let room = Room::new(&spec, &disk, 0);
        // Where the file ends after appends of 5 000 bytes.
        let ends = [5_000, 10_000, 15_000, 32_768, 32_768, 32_768, 49_152];
        for (at, end) in (0..).step_by(5_000).zip(ends) {
            room.ensure(&file, at + 5_000).unwrap();
            room.zero_behind(&file, at, 5_000).unwrap();
            write_all_at(&*disk, &file, &[IoSlice::new(&[1; 5_000])], at).unwrap();
            assert_eq!(file.metadata().unwrap().len(), end, "{at}");
        }
        room.undo_partial(&file, 30_000);
        assert_eq!(file.metadata().unwrap().len(), 30_000);
        room.ensure(&file, 35_000).unwrap();
        room.zero_behind(&file, 30_000, 5_000).unwrap();
        assert_eq!(file.metadata().unwrap().len(), 49_152);
        assert!(room.close(&file, 35_000).unwrap(), "shorter");
        assert_eq!(file.metadata().unwrap().len(), 35_000);

        // Near the capacity there are none, so there is nothing to cut.
        let room = Room::new(&spec, &disk, 35_000);
        for at in (35_000..120_000).step_by(5_000) {
            room.ensure(&file, at + 5_000).unwrap();
            room.zero_behind(&file, at, 5_000).unwrap();
            write_all_at(&*disk, &file, &[IoSlice::new(&[1; 5_000])], at).unwrap();
        }
        assert!(!room.close(&file, 120_000).unwrap(), "as long as before");
        assert_eq!(file.metadata().unwrap().len(), 120_000);
    }
}
