//! Small files that are replaced whole: written beside, synced, renamed, directory synced.
//!
//! Invariants: after a crash the old content or the new is there, never a mixture.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use super::error::StorageError;

/// A small file larger than this is not ours.
const SMALL_FILE_BYTES_MAX: u64 = 256 << 20;

/// Replaces `path` by `content` through `path.tmp`.
///
/// # Errors
/// `Io`; the old content is then still there.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), StorageError> {
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = Path::new(&temporary);
    let write = || -> io::Result<()> {
        let mut file = File::create(temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(temporary, path)
    };
    write().map_err(|error| StorageError::io("replace", path, error))?;
    sync_parent(path)
}

/// Reads a small file; `None` if there is none.
///
/// # Errors
/// `Io`, or `Damaged` if it is absurdly large.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, StorageError> {
    match std::fs::metadata(path) {
        Ok(found) if found.len() > SMALL_FILE_BYTES_MAX => Err(StorageError::damaged(
            path,
            format!("{} bytes are too many", found.len()),
        )),
        Ok(_) => std::fs::read(path)
            .map(Some)
            .map_err(|error| StorageError::io("read", path, error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StorageError::io("read", path, error)),
    }
}

/// Reads a small text file; `None` if there is none.
///
/// # Errors
/// As `read`, and `Damaged` if it is not UTF-8.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>, StorageError> {
    match read(path)? {
        None => Ok(None),
        Some(bytes) => String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| StorageError::damaged(path, "not UTF-8")),
    }
}

/// Makes the names in the directory of `path` survive power loss.
///
/// # Errors
/// `Io`.
pub(crate) fn sync_parent(path: &Path) -> Result<(), StorageError> {
    match path.parent() {
        Some(parent) => sync_dir(parent),
        None => Ok(()),
    }
}

/// Makes the names in `dir` survive power loss.
///
/// # Errors
/// `Io`.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), StorageError> {
    let dir = if dir.as_os_str().is_empty() {
        Path::new(".")
    } else {
        dir
    };
    File::open(dir)
        .and_then(|open| open.sync_all())
        .map_err(|error| StorageError::io("sync directory", dir, error))
}

/// Removes a file; one that is not there is fine.
///
/// # Errors
/// `Io`.
pub(crate) fn remove(path: &Path) -> Result<(), StorageError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StorageError::io("remove", path, error))
        }
        _ => Ok(()),
    }
}
