//! Waits for writes that a killed process left in flight: requests of an `io_uring` outlive their process.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::Result;

const BLOCK_BYTES: usize = 4096;

/// Returns when no direct write to the file is in flight any more.
///
/// A file that becomes shorter waits for direct I/O on it, so its last block goes and comes back, if that is space taken
/// ahead.
pub(crate) fn settle(path: &Path) -> Result<()> {
    let file = File::options().read(true).write(true).open(path)?;
    let len = file.metadata()?.len();
    let mut last = [1; BLOCK_BYTES];
    if let Some(from) = len.checked_sub(BLOCK_BYTES as u64) {
        file.read_exact_at(&mut last, from)?;
        if last.iter().all(|byte| *byte == 0) {
            file.set_len(from)?;
            file.set_len(len)?;
        }
    }
    Ok(())
}
