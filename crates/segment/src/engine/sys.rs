//! System calls that the safe wrappers do not offer.

#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::ops::Range;
use std::os::fd::AsRawFd;

use rustix::io::ReadWriteFlags;

const PAGE_BYTES: u64 = 4096;

/// Reads what the page cache holds at `at`; `None` if that is nothing, or cannot be told.
pub(crate) fn read_without_waiting(
    file: &File,
    at: u64,
    out: &mut [u8],
) -> io::Result<Option<usize>> {
    if out.is_empty() {
        return Ok(Some(0));
    }
    match rustix::io::preadv2(
        file,
        &mut [IoSliceMut::new(out)],
        at,
        ReadWriteFlags::NOWAIT,
    ) {
        Ok(n) => Ok(Some(n)),
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::INTR) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

#[repr(C)]
struct CachestatRange {
    off: u64,
    len: u64,
}

#[repr(C)]
#[derive(Default)]
struct Cachestat {
    nr_cache: u64,
    nr_dirty: u64,
    nr_writeback: u64,
    nr_evicted: u64,
    nr_recently_evicted: u64,
}

const SYS_CACHESTAT: libc::c_long = 451;

/// Pages of the range that are in the page cache. `None` on kernels before 6.5.
pub(crate) fn cached_pages(file: &File, range: &Range<u64>) -> Option<u64> {
    let asked = CachestatRange {
        off: range.start,
        len: range.end.saturating_sub(range.start),
    };
    let mut answer = Cachestat::default();
    // SAFETY: both pointers are valid for the call, with the layout of `struct cachestat_range`
    // and `struct cachestat`; the descriptor is open.
    let done = unsafe {
        libc::syscall(
            SYS_CACHESTAT,
            file.as_raw_fd(),
            std::ptr::from_ref(&asked),
            std::ptr::from_mut(&mut answer),
            0_u32,
        )
    };
    (done == 0).then_some(answer.nr_cache)
}

/// True if every page of the range is in the page cache. False where it cannot be told.
pub(crate) fn is_resident(file: &File, range: Range<u64>) -> bool {
    if range.is_empty() {
        return true;
    }
    let pages = range.end.div_ceil(PAGE_BYTES) - range.start / PAGE_BYTES;
    cached_pages(file, &range).is_some_and(|cached| cached >= pages)
}

/// The process that holds a conflicting record lock on the file, if any.
pub(crate) fn record_lock_holder(file: &File) -> Option<u32> {
    // SAFETY: `flock` is plain data for which all zeros are a valid value.
    let mut asked: libc::flock = unsafe { std::mem::zeroed() };
    asked.l_type = libc::c_short::try_from(libc::F_WRLCK).ok()?;
    asked.l_whence = libc::c_short::try_from(libc::SEEK_SET).ok()?;
    // SAFETY: the descriptor is open and the pointer valid for the call.
    let done = unsafe {
        libc::fcntl(
            file.as_raw_fd(),
            libc::F_GETLK,
            std::ptr::from_mut(&mut asked),
        )
    };
    let unlocked = libc::c_short::try_from(libc::F_UNLCK).ok()?;
    if done != 0 || asked.l_type == unlocked {
        return None;
    }
    u32::try_from(asked.l_pid).ok()
}
