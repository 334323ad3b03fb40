//! `lock` and `abort`: who has the directory, and whether the last one left it in order.
//!
//! Invariants: `abort` is there, durably, before anything but the checkpoint is changed, and goes last, when everything else is
//! durable.
//! The lock is RocketMQ's: a POSIX record lock on the file `lock`, so that a Java broker and we exclude each other.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use segment::{DirLock, Disk};

use super::error::StoreError;
use super::files;
use super::store::LOCK_FILE;

/// The file whose existence says that the last stop was not clean.
pub const ABORT: &str = "abort";

/// Takes the directory. The file stays empty where it is new: opening it again to write RocketMQ's word `lock` would give
/// the lock away when it is closed, and nobody reads that word.
pub(crate) fn lock(root: &Path) -> Result<DirLock, StoreError> {
    let path = root.join(LOCK_FILE);
    Ok(DirLock::acquire(&path)?)
}

/// Whether the last stop was not clean.
pub(crate) fn is_there(root: &Path) -> bool {
    root.join(ABORT).exists()
}

/// Says that the store is in use.
pub(crate) fn create(root: &Path, disk: &dyn Disk) -> Result<(), StoreError> {
    let path = root.join(ABORT);
    let write = || {
        let mut file = File::create(&path)?;
        file.write_all(std::process::id().to_string().as_bytes())?;
        disk.sync_data(&file)
    };
    write().map_err(|error| StoreError::io("create", &path, error))?;
    files::sync_dir(disk, root)
}

/// Says that it was left in order.
pub(crate) fn remove(root: &Path, disk: &dyn Disk) -> Result<(), StoreError> {
    files::remove(&root.join(ABORT))?;
    files::sync_dir(disk, root)
}
