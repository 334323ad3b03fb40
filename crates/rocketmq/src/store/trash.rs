//! Where directories go before they are removed: out of RocketMQ's sight.
//!
//! Invariants: what is to be removed is renamed into `.highwater/trash/` first, durably, so that no half-removed directory is
//! found by the next start; what an earlier process left there is removed at a start.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use segment::Disk;

use super::error::StoreError;
use super::files;

fn dir(own_dir: &Path) -> PathBuf {
    own_dir.join("trash")
}

/// Moves a directory out of the way and returns where it is now; `None` if it was not there.
pub(crate) fn take(
    path: &Path,
    own_dir: &Path,
    disk: &dyn Disk,
) -> Result<Option<PathBuf>, StoreError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let trash = dir(own_dir);
    files::make_dir(&trash)?;
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let to = trash.join(format!("{}-{number}", std::process::id()));
    match std::fs::rename(path, &to) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("remove", path, error)),
    }
    files::sync_parent(disk, path)?;
    Ok(Some(to))
}

/// What an earlier process left to be removed.
pub(crate) fn leftovers(own_dir: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let trash = dir(own_dir);
    let names = files::names_in(&trash)?;
    Ok(names.into_iter().map(|name| trash.join(name)).collect())
}
