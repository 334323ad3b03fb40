//! Is there room for the files, with a margin?

use std::path::Path;

use super::catalogue::Entry;
use super::error::{Doing, MeasureError};
use super::settings::Settings;

/// Free space that is left alone: a twentieth of the file system, from 16 MiB to 1 GiB.
fn margin(size_bytes: u64) -> u64 {
    (size_bytes / 20).clamp(16 << 20, 1 << 30)
}

/// Compares what a run needs with what is free.
pub(super) fn check(
    settings: &Settings,
    entries: &[Entry],
    dir: &Path,
) -> Result<(), MeasureError> {
    let found = rustix::fs::statvfs(dir).doing("ask for the free space of", dir)?;
    let free_bytes = found.f_bavail.saturating_mul(found.f_frsize);
    let margin_bytes = margin(found.f_blocks.saturating_mul(found.f_frsize));
    let needs = entries.iter().map(|entry| entry.need_bytes(settings));
    // One after the other, each removing its files. Whoever measures nothing yet will measure one file at least.
    let need_bytes = needs.max().unwrap_or(settings.file_bytes);
    if free_bytes < need_bytes.saturating_add(margin_bytes) {
        return Err(MeasureError::NoRoom {
            dir: dir.parent().unwrap_or(dir).to_owned(),
            free_bytes,
            need_bytes,
            margin_bytes,
        });
    }
    Ok(())
}
