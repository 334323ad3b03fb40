//! `.kafka_cleanshutdown`: the last file written at a stop, the first removed at a start.
//!
//! Invariants: only its existence means something for recovery; it is removed, durably, before any
//! log is opened. Format: docs/formats/clean-shutdown.md.

use std::path::Path;

use super::error::StorageError;
use super::small_file;

/// The file's name at the data root.
pub const CLEAN_SHUTDOWN: &str = ".kafka_cleanshutdown";

/// Whether the last stop was clean; the marker is gone afterwards.
///
/// # Errors
/// `Io`.
pub fn take(root: &Path) -> Result<bool, StorageError> {
    let path = root.join(CLEAN_SHUTDOWN);
    if !path.exists() {
        return Ok(false);
    }
    small_file::remove(&path)?;
    small_file::sync_parent(&path)?;
    Ok(true)
}

/// Writes the marker with the broker epoch Kafka keeps in it (−1 when unknown).
///
/// # Errors
/// `Io`.
pub fn write(root: &Path, broker_epoch: i64) -> Result<(), StorageError> {
    let text = format!("{{\"version\":0,\"brokerEpoch\":{broker_epoch}}}");
    small_file::replace(&root.join(CLEAN_SHUTDOWN), text.as_bytes())
}
