//! A shared mapping of a file, larger than the file may be yet.
//!
//! Address space is reserved for the whole capacity at once (it costs nothing), so growing the
//! file never moves the mapping. Invariants: only published bytes are lent, and those are not
//! written again; one writer stores above them; pages behind the end of the file are never
//! touched, and if they are, or a page cannot be had, [`Map::is_intact`] turns false instead of
//! the process ending (see `sigbus`).

#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::mm::{Advice, MapFlags, ProtFlags};

use super::sigbus::Watch;

pub(crate) const PAGE_BYTES: usize = 4096;

#[derive(Debug)]
pub(crate) struct Map {
    base: NonNull<u8>,
    /// Bytes from the base that are still mapped; the rest has been given up by [`Map::cut`].
    mapped: AtomicUsize,
    watch: Option<Watch>,
}

// SAFETY: the mapping is plain memory; who may read and write which bytes when is laid down by
// the contracts of the methods below.
unsafe impl Send for Map {}
// SAFETY: as above.
unsafe impl Sync for Map {}

impl Map {
    /// Maps `len` bytes of the file, at least one page, whether it is that long or not.
    pub(crate) fn new(file: &File, len: usize, writable: bool) -> io::Result<Self> {
        let len = len.max(1).next_multiple_of(PAGE_BYTES);
        let mut access = ProtFlags::READ;
        if writable {
            access |= ProtFlags::WRITE;
        }
        // SAFETY: a new mapping at an address of the kernel's choice; nothing is there yet.
        let base = unsafe {
            rustix::mm::mmap(std::ptr::null_mut(), len, access, MapFlags::SHARED, file, 0)
        }?;
        let base = NonNull::new(base.cast::<u8>()).ok_or(io::ErrorKind::OutOfMemory)?;
        // SAFETY: exactly the mapping made above. A child process must not inherit it.
        let _ = unsafe { rustix::mm::madvise(base.as_ptr().cast(), len, Advice::LinuxDontFork) };
        let watch = Some(Watch::new(base.as_ptr() as usize, len));
        Ok(Self {
            base,
            mapped: AtomicUsize::new(len),
            watch,
        })
    }

    /// False once a page could not be had.
    pub(crate) fn is_intact(&self) -> bool {
        !self.watch.as_ref().is_some_and(Watch::is_hit)
    }

    /// Fails once a page could not be had.
    pub(crate) fn check(&self) -> io::Result<()> {
        if self.is_intact() {
            return Ok(());
        }
        Err(io::Error::other(
            "a mapped page could not be read or written",
        ))
    }

    fn place(&self, range: &Range<usize>) -> io::Result<*mut u8> {
        if range.start > range.end || range.end > self.mapped.load(Ordering::Acquire) {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: `range.start` is within the mapping, checked above.
        Ok(unsafe { self.base.as_ptr().add(range.start) })
    }

    /// Where a byte of the mapping lies, to ask the system about it.
    pub(crate) fn address_of(&self, at: usize) -> io::Result<*mut u8> {
        self.place(&(at..at))
    }

    /// The bytes of the range.
    ///
    /// # Safety
    /// They lie below the end of the file, have been published, and nobody writes them while the
    /// slice lives.
    pub(crate) unsafe fn bytes(&self, range: Range<usize>) -> io::Result<&[u8]> {
        let from = self.place(&range)?;
        // SAFETY: mapped (checked by `place`, and kept by `&self`), and unchanging by contract.
        Ok(unsafe { std::slice::from_raw_parts(from, range.len()) })
    }

    /// The bytes of the range, to be filled.
    ///
    /// # Safety
    /// They lie below the end of the file, and nobody else reads or writes them while the slice
    /// lives.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn bytes_mut(&self, range: Range<usize>) -> io::Result<&mut [u8]> {
        let from = self.place(&range)?;
        // SAFETY: mapped (checked by `place`, and kept by `&self`), and exclusive by contract.
        Ok(unsafe { std::slice::from_raw_parts_mut(from, range.len()) })
    }

    /// Makes the pages of a range present and writable. They count as dirty afterwards.
    pub(crate) fn populate_for_writing(&self, range: Range<usize>) -> io::Result<()> {
        self.advise(range, Advice::LinuxPopulateWrite)
    }

    /// Makes the pages of a range present.
    pub(crate) fn populate_for_reading(&self, range: Range<usize>) -> io::Result<()> {
        self.advise(range, Advice::LinuxPopulateRead)
    }

    fn advise(&self, range: Range<usize>, advice: Advice) -> io::Result<()> {
        let mapped = self.mapped.load(Ordering::Acquire);
        let start = range.start / PAGE_BYTES * PAGE_BYTES;
        let end = range.end.next_multiple_of(PAGE_BYTES).min(mapped);
        if start >= end {
            return Ok(());
        }
        let from = self.place(&(start..end))?;
        // SAFETY: whole pages of this mapping; populating does not change their content.
        Ok(unsafe { rustix::mm::madvise(from.cast(), end - start, advice) }?)
    }

    /// Locks a range of pages in memory.
    pub(crate) fn lock(&self, range: Range<usize>) -> io::Result<()> {
        let start = range.start / PAGE_BYTES * PAGE_BYTES;
        let end = range
            .end
            .next_multiple_of(PAGE_BYTES)
            .min(self.mapped.load(Ordering::Acquire));
        let from = self.place(&(start..end))?;
        // SAFETY: whole pages of this mapping.
        Ok(unsafe { rustix::mm::mlock(from.cast(), end - start) }?)
    }

    /// Gives up the pages wholly above `len`, before the file is shortened to that.
    ///
    /// The caller sees to it that nobody uses bytes above `len` any more, and that no other call
    /// of `cut` or of a method for ranges above `len` runs at the same time.
    pub(crate) fn cut(&self, len: usize) -> io::Result<()> {
        let keep = len.max(1).next_multiple_of(PAGE_BYTES);
        let before = self.mapped.load(Ordering::Acquire);
        if keep >= before {
            return Ok(());
        }
        self.mapped.store(keep, Ordering::Release);
        // SAFETY: whole pages of this mapping that no slice covers: only published bytes are
        // lent, they lie below `len`, and the one writer is at its end here.
        Ok(unsafe { rustix::mm::munmap(self.base.as_ptr().add(keep).cast(), before - keep) }?)
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        self.watch = None;
        let mapped = self.mapped.load(Ordering::Acquire);
        // SAFETY: exactly what is left of the mapping; slices borrow from `self` or hold it in an
        // `Arc`, so none is left.
        let _ = unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), mapped) };
    }
}
