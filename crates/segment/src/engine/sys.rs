//! System calls that the safe wrappers do not offer.

#![allow(unsafe_code)]

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::ops::Range;
use std::os::fd::AsRawFd;

use rustix::io::ReadWriteFlags;

use super::map::Map;

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

/// What the page cache holds of a range of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Residency {
    /// Pages that the range touches, as far as the file reaches.
    pub pages: u64,
    /// Of them in the page cache.
    pub cached: u64,
    /// Of those changed and not yet written back. `None` on kernels before 6.5, which tell only
    /// what is cached.
    pub dirty: Option<u64>,
}

/// Asks the kernel what it holds of a range: by `cachestat`, before Linux 6.5 by `mincore`. Does
/// not change what is held.
///
/// # Errors
/// The system's. `mincore` needs a file that this user may write or owns: others get
/// `PermissionDenied`.
pub fn residency(file: &File, range: Range<u64>) -> io::Result<Residency> {
    let end = range.end.min(file.metadata()?.len());
    let range = range.start.min(end)..end;
    let pages = range.end.div_ceil(PAGE_BYTES) - range.start / PAGE_BYTES;
    if range.is_empty() {
        return Ok(Residency {
            pages: 0,
            cached: 0,
            dirty: Some(0),
        });
    }
    match cachestat(file, &range) {
        Some(found) => Ok(Residency {
            pages,
            cached: found.nr_cache,
            dirty: Some(found.nr_dirty),
        }),
        None => Ok(Residency {
            pages,
            cached: mincore_pages(file, &range)?,
            dirty: None,
        }),
    }
}

/// Pages of the range that are in the page cache. `None` on kernels before 6.5.
pub(crate) fn cached_pages(file: &File, range: &Range<u64>) -> Option<u64> {
    cachestat(file, range).map(|found| found.nr_cache)
}

fn cachestat(file: &File, range: &Range<u64>) -> Option<Cachestat> {
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
    (done == 0).then_some(answer)
}

/// The same count through a mapping that is made for it and never touched.
fn mincore_pages(file: &File, range: &Range<u64>) -> io::Result<u64> {
    /// Pages asked about at a time.
    const STEP_PAGES: usize = 16 * 1024;
    let too_large = |_| io::Error::from(io::ErrorKind::FileTooLarge);
    let len = usize::try_from(range.end).map_err(too_large)?;
    let first = usize::try_from(range.start / PAGE_BYTES).map_err(too_large)?;
    let page = usize::try_from(PAGE_BYTES).map_err(too_large)?;
    let map = Map::new(file, len, false)?;
    let mut states = vec![0_u8; STEP_PAGES];
    let mut cached = 0;
    let pages = len.div_ceil(page);
    for at in (first..pages).step_by(STEP_PAGES) {
        let count = STEP_PAGES.min(pages - at);
        // SAFETY: whole pages of the mapping made above, which lives until the end of this
        // function; `mincore` reads none of them and writes one byte for each, `count` in all,
        // into `states`, which is that long.
        let done = unsafe {
            libc::mincore(
                map.address_of(at * page)?.cast(),
                count * page,
                states.as_mut_ptr(),
            )
        };
        if done != 0 {
            return Err(io::Error::last_os_error());
        }
        let held = states.iter().take(count).filter(|state| **state & 1 == 1);
        cached += held.count() as u64;
    }
    Ok(cached)
}

/// True if every page of the range is in the page cache. False where it cannot be told.
pub(crate) fn is_resident(file: &File, range: Range<u64>) -> bool {
    if range.is_empty() {
        return true;
    }
    let pages = range.end.div_ceil(PAGE_BYTES) - range.start / PAGE_BYTES;
    cached_pages(file, &range).is_some_and(|cached| cached >= pages)
}

/// Starts to write the dirty pages of a range to the disk. Neither waits nor takes note of an error: the next sync waits
/// for these writes and reports what became of them, as it does for those that the kernel begins by itself.
pub(super) fn begin_write_back(file: &File, range: &Range<u64>) {
    let (Ok(from), Ok(len)) = (
        i64::try_from(range.start),
        i64::try_from(range.end.saturating_sub(range.start)),
    ) else {
        return;
    };
    if len > 0 {
        // SAFETY: the descriptor is open; the call takes no pointer.
        unsafe { libc::sync_file_range(file.as_raw_fd(), from, len, libc::SYNC_FILE_RANGE_WRITE) };
    }
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

/// Whether somebody may still write to the file, judged by the kernel's refusal of a read lease. `None` where leases are
/// not to be had: another user's file, or a file system that refuses them for reasons of its own.
pub(crate) fn has_writers(file: &File) -> io::Result<Option<bool>> {
    /// `fcntl`'s number of the call that chooses the signal of a lease.
    const F_SETSIG: libc::c_int = 10;
    /// `f_type` of NFS, SMB and its second version, whose leases depend on what their servers grant.
    const REMOTE: [rustix::fs::FsWord; 3] = [0x6969, 0xFF53_4D42, 0xFE53_4D42];
    if REMOTE.contains(&rustix::fs::fstatfs(file)?.f_type) {
        return Ok(None);
    }
    // Whoever opens the file for writing while we hold the lease makes the kernel send us a signal: one that is ignored
    // unless somebody asked for it, in the place of SIGIO, which ends a process.
    let asked = [
        (F_SETSIG, libc::SIGURG),
        (libc::F_SETLEASE, libc::F_RDLCK),
        (libc::F_SETLEASE, libc::F_UNLCK),
    ];
    for (command, argument) in asked {
        // SAFETY: the descriptor is open, and both commands take an integer and no pointer.
        if unsafe { libc::fcntl(file.as_raw_fd(), command, argument) } == 0 {
            continue;
        }
        let error = io::Error::last_os_error();
        return match error.raw_os_error() {
            Some(libc::EAGAIN) => Ok(Some(true)),
            Some(libc::EACCES | libc::EINVAL | libc::ENOLCK | libc::EOPNOTSUPP) => Ok(None),
            _ => Err(error),
        };
    }
    Ok(Some(false))
}

/// From now on the calling thread waits its turn (`SCHED_BATCH`): when it wakes up it takes no processor from a thread that runs.
/// An error changes nothing; a sandbox may forbid it.
pub(crate) fn wait_for_turns() -> io::Result<()> {
    let parameters = libc::sched_param { sched_priority: 0 };
    // SAFETY: 0 is the calling thread; the structure is only read, during the call.
    let done = unsafe { libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const parameters) };
    if done != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    #[test]
    fn both_ways_of_asking_agree() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&vec![7; 10_000]).unwrap();
        file.set_len(1 << 20).unwrap();
        // Range, pages in it, pages of it that were written and are therefore held.
        let cases = [
            (0..10_000, 3, 3),
            (0..1 << 20, 256, 3),
            (4096..8192, 1, 1),
            (1 << 19..1 << 30, 128, 0),
            (1 << 20..1 << 21, 0, 0),
        ];
        for (range, pages, cached) in cases {
            let found = residency(&file, range.clone()).unwrap();
            assert_eq!((found.pages, found.cached), (pages, cached), "{range:?}");
            if pages > 0 {
                let end = range.end.min(1 << 20);
                let held = mincore_pages(&file, &(range.start..end)).unwrap();
                assert_eq!(held, cached, "{range:?}");
            }
        }
    }
}
