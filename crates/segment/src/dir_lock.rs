//! One owner per directory: other processes, Java brokers among them, and this one.
//!
//! A POSIX record lock on the whole lock file, the same kind that `FileChannel.lock` takes.
//! Invariants: such locks belong to the process and vanish when *any* descriptor of the file is
//! closed, so within a process a list guards the path before the file is touched at all.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use rustix::fs::FlockOperation;

use crate::engine::sys;
use crate::error::SegmentError;

static HELD: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);

/// Holds a directory until dropped. The lock file stays.
#[derive(Debug)]
pub struct DirLock {
    path: PathBuf,
    file: Option<File>,
}

impl DirLock {
    /// Takes the lock file `path` (usually `DIR/.lock`), creating it if need be.
    ///
    /// # Errors
    /// `Locked` names the holder; `Io` where the file cannot be opened or the file system knows
    /// no locks.
    pub fn acquire(path: &Path) -> Result<Self, SegmentError> {
        let failed = |source| SegmentError::io("lock", path, source);
        let name = path.file_name().unwrap_or_default();
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let path = std::fs::canonicalize(parent).map_err(failed)?.join(name);
        let mut held = HELD.lock();
        let held = held.get_or_insert_default();
        if held.contains(&path) {
            return Err(SegmentError::Locked {
                path,
                holder_pid: Some(std::process::id()),
            });
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed)?;
        match rustix::fs::fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS) => {
                let holder_pid = sys::record_lock_holder(&file);
                return Err(SegmentError::Locked { path, holder_pid });
            }
            Err(error) => return Err(failed(error.into())),
        }
        held.insert(path.clone());
        Ok(Self {
            path,
            file: Some(file),
        })
    }

    /// The lock file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for DirLock {
    fn drop(&mut self) {
        let mut held = HELD.lock();
        // Closing releases the lock, and must come before the path may be taken again.
        self.file = None;
        if let Some(held) = held.as_mut() {
            held.remove(&self.path);
        }
    }
}
