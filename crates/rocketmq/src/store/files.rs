//! Small things done with files: whole writes, whole replacements, listings.
//!
//! Invariants: after a crash a replaced file has its old content or its new one. Writes and syncs go through the `Disk`
//! that is passed in, so that tests can make them fail.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{FallocateFlags, SeekFrom};
use segment::Disk;

use super::error::StoreError;

/// A small file larger than this is not ours.
const SMALL_FILE_BYTES_MAX: u64 = 1 << 30;
const PAGE_BYTES: u64 = 4096;

/// Writes all of `bytes` at `at`, however short the single writes are.
pub(crate) fn write_all_at(
    disk: &dyn Disk,
    file: &File,
    mut bytes: &[u8],
    mut at: u64,
) -> io::Result<()> {
    while !bytes.is_empty() {
        match disk.write_at(file, &[IoSlice::new(bytes)], at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = bytes.get(written..).unwrap_or_default();
                at += written as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Replaces `path` through a temporary file in `temporary_dir`, which is on the same file system and ours.
pub(crate) fn replace(
    disk: &dyn Disk,
    temporary_dir: &Path,
    path: &Path,
    content: &[u8],
) -> Result<(), StoreError> {
    let name = path.file_name().unwrap_or_default();
    let mut temporary = temporary_dir.join(name);
    temporary.as_mut_os_string().push(".tmp");
    let write = || -> io::Result<()> {
        let mut file = File::create(&temporary)?;
        file.write_all(content)?;
        disk.sync_data(&file)?;
        std::fs::rename(&temporary, path)
    };
    write().map_err(|error| StoreError::io("replace", path, error))?;
    sync_parent(disk, path)
}

/// Reads a small file; `None` if there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match std::fs::metadata(path) {
        Ok(about) if about.len() > SMALL_FILE_BYTES_MAX => Err(StoreError::damaged(
            path,
            format!("{} bytes are too many", about.len()),
        )),
        Ok(_) => std::fs::read(path)
            .map(Some)
            .map_err(|error| StoreError::io("read", path, error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io("read", path, error)),
    }
}

/// Removes a file; one that is gone is fine.
pub(crate) fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", path, error))
        }
        _ => Ok(()),
    }
}

/// Makes a directory and those above it.
pub(crate) fn make_dir(path: &Path) -> Result<(), StoreError> {
    std::fs::create_dir_all(path).map_err(|error| StoreError::io("create", path, error))
}

/// Makes the names beside `path` survive power loss.
pub(crate) fn sync_parent(disk: &dyn Disk, path: &Path) -> Result<(), StoreError> {
    match path.parent() {
        Some(parent) => sync_dir(disk, parent),
        None => Ok(()),
    }
}

/// Makes the names in `dir` survive power loss.
pub(crate) fn sync_dir(disk: &dyn Disk, dir: &Path) -> Result<(), StoreError> {
    disk.sync_dir(dir)
        .map_err(|error| StoreError::io("sync", dir, error))
}

/// The names in a directory, sorted; none if it is not there.
pub(crate) fn names_in(dir: &Path) -> Result<Vec<std::ffi::OsString>, StoreError> {
    let failed = |error| StoreError::io("list", dir, error);
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry.map_err(failed)?.file_name());
    }
    names.sort_unstable();
    Ok(names)
}

/// Reads until `out` is full or the file ends.
pub(crate) fn read_full(file: &File, out: &mut [u8], at: u64) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = out.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, at + done as u64) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// Turns everything from `at` on to zeros; true if it was anything else.
pub(crate) fn zero_from(path: &Path, file: &File, at: u64, file_bytes: u64) -> io::Result<bool> {
    if is_zero_from(file, at, file_bytes)? {
        return Ok(false);
    }
    let file = OpenOptions::new().write(true).open(path)?;
    let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    match rustix::fs::fallocate(&file, flags, at, file_bytes - at) {
        Ok(()) => {}
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {
            file.set_len(at)?;
            file.set_len(file_bytes)?;
        }
        Err(error) => return Err(error.into()),
    }
    Ok(true)
}

fn is_zero_from(file: &File, at: u64, file_bytes: u64) -> io::Result<bool> {
    let page_end = at.next_multiple_of(PAGE_BYTES).min(file_bytes);
    let mut bytes = vec![0; usize::try_from(page_end - at).unwrap_or(0)];
    read_full(file, &mut bytes, at)?;
    if bytes.iter().any(|byte| *byte != 0) {
        return Ok(false);
    }
    if page_end >= file_bytes {
        return Ok(true);
    }
    match rustix::fs::seek(file, SeekFrom::Data(page_end)) {
        // Nothing but a hole up to the end.
        Err(rustix::io::Errno::NXIO) => Ok(true),
        Ok(_) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Where the last byte from `from` on lies that is not zero (its end); `None` if all are. Holes are passed over.
pub(crate) fn data_end(file: &File, from: u64, len: u64) -> io::Result<Option<u64>> {
    let mut end = None;
    let mut buffer = vec![0; 64 << 10];
    for Range {
        start: mut at,
        end: hole,
    } in data_ranges(file, from, len)?
    {
        while at < hole {
            let want = usize::try_from(hole - at)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            let piece = buffer.get_mut(..want).unwrap_or_default();
            let read = read_full(file, piece, at)?;
            if read == 0 {
                return Ok(end);
            }
            let data = content_len(piece.get(..read).unwrap_or_default());
            end = (data > 0).then(|| at + data as u64).or(end);
            at += read as u64;
        }
    }
    Ok(end)
}

/// Where a file is no hole, from `from` to `len`. All of it is asked before anything is read: what the kernel reads ahead of
/// a reader is no hole to it any more, and the reader would follow it through all the space that is reserved.
fn data_ranges(file: &File, from: u64, len: u64) -> io::Result<Vec<Range<u64>>> {
    let mut ranges = Vec::new();
    let mut at = from;
    while at < len {
        let data = match rustix::fs::seek(file, SeekFrom::Data(at)) {
            Ok(data) => data,
            Err(rustix::io::Errno::NXIO) => break,
            Err(error) => return Err(error.into()),
        };
        at = rustix::fs::seek(file, SeekFrom::Hole(data))?.min(len);
        ranges.push(data..at);
    }
    Ok(ranges)
}

/// The length without the zeros at the end. They are passed over many at a time: what lies behind a log's end may be much.
fn content_len(bytes: &[u8]) -> usize {
    let mut len = bytes.len();
    for block in bytes.rchunks(256) {
        if block.iter().fold(0, |all, byte| all | byte) != 0 {
            break;
        }
        len -= block.len();
    }
    let rest = bytes.get(..len).unwrap_or_default();
    rest.iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_at_the_end_do_not_count() {
        for len in [0, 1, 255, 256, 257, 1000] {
            assert_eq!(content_len(&vec![0; len]), 0, "{len}");
            for at in 0..len {
                let mut bytes = vec![0; len];
                bytes[at] = 1;
                assert_eq!(content_len(&bytes), at + 1, "{at} of {len}");
            }
        }
    }
}
