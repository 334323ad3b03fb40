//! The calls that engines make to change a disk, behind one port.
//!
//! Everything that can fail for want of space, or that decides about durability, goes through a
//! [`Disk`], so that tests can let exactly the n-th such call fail. Reads do not.
//! Invariant: a wrapper may refuse or shorten a call, never claim what was not done.

use std::fmt::Debug;
use std::fs::File;
use std::io::{self, IoSlice};
use std::path::Path;

use rustix::fs::FallocateFlags;

use crate::slow::Began;

/// What a test lets happen to a write that goes through a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingFate {
    /// Nothing: write it all.
    Whole,
    /// Only the first bytes are written.
    Short(u32),
    /// It fails with this system error number.
    Fail(i32),
}

/// The port. [`RealDisk`] in production.
pub trait Disk: Send + Sync + Debug + 'static {
    /// `pwritev`, or `pwrite` of a single part: may write less than asked.
    ///
    /// # Errors
    /// The system's.
    fn write_at(&self, file: &File, parts: &[IoSlice<'_>], at: u64) -> io::Result<usize>;

    /// `fdatasync`.
    ///
    /// # Errors
    /// The system's. After one, nothing is known about the file's pages.
    fn sync_data(&self, file: &File) -> io::Result<()>;

    /// Makes the names in a directory durable.
    ///
    /// # Errors
    /// The system's.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// `fallocate` of `[from, from + len)`, with or without moving the file's end.
    ///
    /// # Errors
    /// The system's; `EOPNOTSUPP` where the file system cannot.
    fn allocate(&self, file: &File, from: u64, len: u64, keep_size: bool) -> io::Result<()>;

    /// Asked before a write is handed to a ring.
    fn ring_write(&self, at: u64, len: u32) -> RingFate;
}

/// The system's own calls.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn write_at(&self, file: &File, parts: &[IoSlice<'_>], at: u64) -> io::Result<usize> {
        // The kernel takes a single piece without copying a vector first.
        told("write", file, || match parts {
            [part] => Ok(rustix::io::pwrite(file, part, at)?),
            parts => Ok(rustix::io::pwritev(file, parts, at)?),
        })
    }

    fn sync_data(&self, file: &File) -> io::Result<()> {
        told("sync", file, || file.sync_data())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let dir = File::open(dir)?;
        told("sync of a directory", &dir, || dir.sync_all())
    }

    fn allocate(&self, file: &File, from: u64, len: u64, keep_size: bool) -> io::Result<()> {
        let flags = if keep_size {
            FallocateFlags::KEEP_SIZE
        } else {
            FallocateFlags::empty()
        };
        told("allocation", file, || {
            Ok(rustix::fs::fallocate(file, flags, from, len)?)
        })
    }

    fn ring_write(&self, _at: u64, _len: u32) -> RingFate {
        RingFate::Whole
    }
}

/// Makes a call, and a line in the log if it was slow.
fn told<T>(what: &str, file: &File, call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let began = Began::now();
    let outcome = call();
    began.tell_if_slow(what, file);
    outcome
}

/// The most slices one `pwritev` takes (`UIO_MAXIOV`).
const IOV_MAX: usize = 1024;

/// Writes all parts at `at`, however short the single writes are.
///
/// # Errors
/// The first error. Bytes may have been written then, all of them at or above `at`; the same
/// write may be repeated.
pub(crate) fn write_all_at(
    disk: &dyn Disk,
    file: &File,
    parts: &[IoSlice<'_>],
    at: u64,
) -> io::Result<()> {
    let total: usize = parts.iter().map(|part| part.len()).sum();
    if total == 0 {
        return Ok(());
    }
    let mut done = if parts.len() <= IOV_MAX {
        write_some(disk, file, parts, at)?
    } else {
        0
    };
    while done < total {
        // The rare path: find where the last write stopped and go on from there.
        let mut rest: Vec<IoSlice<'_>> = Vec::with_capacity(parts.len().min(IOV_MAX));
        let mut skip = done;
        for part in parts {
            if skip >= part.len() {
                skip -= part.len();
                continue;
            }
            rest.push(IoSlice::new(part.get(skip..).unwrap_or_default()));
            skip = 0;
            if rest.len() == IOV_MAX {
                break;
            }
        }
        done += write_some(disk, file, &rest, at + done as u64)?;
    }
    Ok(())
}

fn write_some(disk: &dyn Disk, file: &File, parts: &[IoSlice<'_>], at: u64) -> io::Result<usize> {
    loop {
        match disk.write_at(file, parts, at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
