//! Commit log files as they lie on the disk, before the log is open.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use segment::{Chain, FoundSegment, parse_base};

use super::super::error::StoreError;
use super::super::files;
use super::super::ids::PhysicalOffset;
use super::super::message::{self, ENTRY_OVERHEAD_BYTES, MAGIC_V1, MAGIC_V2};
use super::super::report::RecoveryReport;

/// Piece in which bytes are searched and copied.
const PIECE_BYTES: usize = 1 << 20;

/// How long files are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) file_bytes: u64,
    /// Shorter ones are not those of another setting.
    pub(super) may_be_short: bool,
}

/// The files, oldest first, all of full length.
///
/// # Errors
/// `Unusable` where sizes are not the configured one, `Damaged` where a file is missing.
pub(super) fn find(
    dir: &Path,
    sizes: Sizes,
    report: &mut RecoveryReport,
) -> Result<Vec<FoundSegment>, StoreError> {
    let file_bytes = sizes.file_bytes;
    for name in files::names_in(dir)? {
        let is_file = name
            .to_str()
            .is_some_and(|name| parse_base(name, "").is_some());
        if !is_file {
            report.notes.push(format!(
                "{}: not a commit log file; RocketMQ does not start with it there",
                dir.join(&name).display()
            ));
        }
    }
    let mut found = Chain::scan(dir, "")?;
    let count = found.len();
    for (index, file) in found.iter_mut().enumerate() {
        let path = file.path(dir, "");
        let is_new = index + 1 == count && file.len_bytes == 0;
        let is_cut_off = file.len_bytes < file_bytes && (is_new || sizes.may_be_short);
        if !file.base.is_multiple_of(file_bytes) || (file.len_bytes != file_bytes && !is_cut_off) {
            let len = file.len_bytes;
            return Err(StoreError::unusable(
                &path,
                format!(
                    "has {len} bytes where files of {file_bytes} are configured: set mappedFileSizeCommitLog to what the directory was made with"
                ),
            ));
        }
        if is_cut_off {
            report.notes.push(format!(
                "{}: made full length, the stop came while it was being made",
                path.display()
            ));
            let grown = OpenOptions::new().write(true).open(&path);
            grown
                .and_then(|open| open.set_len(file_bytes))
                .map_err(|error| StoreError::io("grow", &path, error))?;
            file.len_bytes = file_bytes;
        }
    }
    for pair in found.windows(2) {
        if let [before, after] = pair
            && before.base + file_bytes != after.base
        {
            return Err(StoreError::damaged(
                &before.path(dir, ""),
                format!(
                    "the file after it is {}: one is missing between them; bring it back, or move the older files away",
                    after.base
                ),
            ));
        }
    }
    Ok(found)
}

/// The bytes of what announces itself as an entry at `offset`.
pub(super) fn entry_bytes(
    dir: &Path,
    found: &[FoundSegment],
    offset: PhysicalOffset,
) -> Option<Vec<u8>> {
    let at = u64::try_from(offset.0).ok()?;
    let index = found
        .partition_point(|file| file.base <= at)
        .checked_sub(1)?;
    let file = found.get(index)?;
    let within = at - file.base;
    let open = File::open(file.path(dir, "")).ok()?;
    let len = open.metadata().ok()?.len();
    announced_entry(&open, within, len)
}

fn announced_entry(open: &File, within: u64, len: u64) -> Option<Vec<u8>> {
    let mut head = [0; 8];
    files::read_full(open, &mut head, within).ok()?;
    let (size, magic) = head.split_at(4);
    let size = u32::from_be_bytes(size.try_into().ok()?);
    let magic = i32::from_be_bytes(magic.try_into().ok()?);
    let is_entry = matches!(magic, MAGIC_V1 | MAGIC_V2)
        && u64::from(size) >= ENTRY_OVERHEAD_BYTES as u64
        && u64::from(size) <= len.checked_sub(within)?;
    if !is_entry {
        return None;
    }
    let mut bytes = vec![0; usize::try_from(size).ok()?];
    let read = files::read_full(open, &mut bytes, within).ok()?;
    (read == bytes.len()).then_some(bytes)
}

/// Whether a whole entry that was written for its place lies anywhere in a range of a file: then what lies before it is
/// damage, not a torn tail.
pub(super) fn has_entry_within(
    path: &Path,
    base: u64,
    range: std::ops::Range<u64>,
) -> Result<bool, StoreError> {
    let failed = |error| StoreError::io("search", path, error);
    let open = File::open(path).map_err(failed)?;
    let len = open.metadata().map_err(failed)?.len();
    let mut buffer = vec![0; PIECE_BYTES];
    let mut at = range.start;
    while at + 8 <= range.end {
        let want = usize::try_from(range.end - at)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let piece = buffer.get_mut(..want).unwrap_or_default();
        let read = files::read_full(&open, piece, at).map_err(failed)?;
        let piece = piece.get(..read).unwrap_or_default();
        let magics = [MAGIC_V1.to_be_bytes(), MAGIC_V2.to_be_bytes()];
        for (index, window) in piece.windows(8).enumerate() {
            let is_magic = magics.iter().any(|magic| window.ends_with(magic));
            let within = at + index as u64;
            if is_magic && is_entry_of(&open, base, within, len) {
                return Ok(true);
            }
        }
        if read < 8 {
            break;
        }
        // A magic number may lie across the edge.
        at += (read - 7) as u64;
    }
    Ok(false)
}

fn is_entry_of(open: &File, base: u64, within: u64, len: u64) -> bool {
    let place = PhysicalOffset::from(segment::Position(base + within));
    announced_entry(open, within, len).is_some_and(|bytes| {
        message::decode(&bytes)
            .is_ok_and(|entry| entry.check_place(place).is_ok() && entry.check_body().is_ok())
    })
}

/// Copies a range of a file into the quarantine; where to.
pub(super) fn quarantine_copy(
    path: &Path,
    range: std::ops::Range<u64>,
    own_dir: &Path,
    started_ms: i64,
) -> Result<PathBuf, StoreError> {
    let to = quarantine_path(path, range.start, own_dir, started_ms)?;
    let failed = |error| StoreError::io("copy to the quarantine", &to, error);
    let open = File::open(path).map_err(failed)?;
    let out = File::create(&to).map_err(failed)?;
    let mut buffer = vec![0; PIECE_BYTES];
    let mut at = range.start;
    while at < range.end {
        let want = usize::try_from(range.end - at)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let piece = buffer.get_mut(..want).unwrap_or_default();
        let read = files::read_full(&open, piece, at).map_err(failed)?;
        if read == 0 {
            break;
        }
        let bytes = piece.get(..read).unwrap_or_default();
        files::write_all_at(&segment::RealDisk, &out, bytes, at - range.start).map_err(failed)?;
        at += read as u64;
    }
    out.sync_all().map_err(failed)?;
    Ok(to)
}

/// Moves a whole file into the quarantine; where to.
pub(super) fn quarantine_move(
    path: &Path,
    own_dir: &Path,
    started_ms: i64,
) -> Result<PathBuf, StoreError> {
    let to = quarantine_path(path, 0, own_dir, started_ms)?;
    std::fs::rename(path, &to)
        .map_err(|error| StoreError::io("move to the quarantine", path, error))?;
    Ok(to)
}

fn quarantine_path(
    path: &Path,
    at: u64,
    own_dir: &Path,
    started_ms: i64,
) -> Result<PathBuf, StoreError> {
    let dir = own_dir.join("quarantine");
    files::make_dir(&dir)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(dir.join(format!("{started_ms}-commitlog-{name}-at-{at}")))
}
