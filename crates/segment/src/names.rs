//! Names of segment files: the base in 20 decimal digits, then the chain's suffix.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::error::SegmentError;
use crate::segment::REMOVED_SUFFIX;

/// Digits of a base in a file name.
pub const NAME_DIGITS: usize = 20;

/// The ending of prepared segments that have no base yet.
pub(crate) const SPARE_SUFFIX: &str = ".spare";

/// A segment that lies in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundSegment {
    /// What its name says it starts with.
    pub base: u64,
    /// Valid bytes. A scan reports the file's size; recovery puts the truth here.
    pub len_bytes: u64,
    /// When the file was last written, as far as known.
    pub modified: SystemTime,
}

impl FoundSegment {
    /// Where the file lies.
    #[must_use]
    pub fn path(&self, dir: &Path, suffix: &str) -> PathBuf {
        segment_path(dir, self.base, suffix)
    }
}

/// The path of the segment that starts with `base`.
#[must_use]
pub fn segment_path(dir: &Path, base: u64, suffix: &str) -> PathBuf {
    dir.join(format!("{base:0NAME_DIGITS$}{suffix}"))
}

/// The base in a file name, if it is exactly 20 digits and the suffix.
#[must_use]
pub fn parse_base(file_name: &str, suffix: &str) -> Option<u64> {
    let digits = file_name.strip_suffix(suffix)?;
    if digits.len() != NAME_DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// Lists the segments in `dir`, in order of base. Other files are passed over.
///
/// # Errors
/// `Io` where the directory or a file's size cannot be read.
pub(crate) fn scan(dir: &Path, suffix: &str) -> Result<Vec<FoundSegment>, SegmentError> {
    let failed = |source| SegmentError::io("list", dir, source);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name();
        let Some(base) = name.to_str().and_then(|name| parse_base(name, suffix)) else {
            continue;
        };
        let about = match entry.metadata() {
            Ok(about) => about,
            Err(gone) if gone.kind() == io::ErrorKind::NotFound => continue,
            Err(source) => return Err(SegmentError::io("stat", &entry.path(), source)),
        };
        if !about.is_file() {
            continue;
        }
        let modified = about.modified().unwrap_or(SystemTime::UNIX_EPOCH);
        found.push(FoundSegment {
            base,
            len_bytes: about.len(),
            modified,
        });
    }
    found.sort_unstable_by_key(|segment| segment.base);
    Ok(found)
}

/// Removes prepared segments, and removed ones, that an earlier process left behind. Call it under the directory
/// lock, before the first chain that prepares into `spare_dir` is opened.
///
/// # Errors
/// `Io` where the directory cannot be listed or a spare cannot be removed.
pub fn clear_spares(spare_dir: &Path) -> Result<usize, SegmentError> {
    let mut removed = 0;
    let entries = match std::fs::read_dir(spare_dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(source) => return Err(SegmentError::io("list", spare_dir, source)),
    };
    for entry in entries {
        let entry = entry.map_err(|source| SegmentError::io("list", spare_dir, source))?;
        if entry
            .file_name()
            .to_str()
            .is_some_and(|name| name.ends_with(SPARE_SUFFIX) || name.ends_with(REMOVED_SUFFIX))
        {
            let path = entry.path();
            match std::fs::remove_file(&path) {
                Ok(()) => removed += 1,
                // Threads of an earlier life in this process may still be clearing up behind it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => (),
                Err(source) => return Err(SegmentError::io("remove", &path, source)),
            }
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_twenty_digits_and_the_suffix_are_a_segment() {
        for (name, suffix, expected) in [
            ("00000000000000000000.log", ".log", Some(0)),
            ("00000000000000000042.log", ".log", Some(42)),
            ("00000000001073741824", "", Some(1 << 30)),
            ("18446744073709551615.log", ".log", Some(u64::MAX)),
            ("18446744073709551616.log", ".log", None),
            ("0000000000000000042.log", ".log", None),
            ("+0000000000000000042.log", ".log", None),
            ("00000000000000000042.log.deleted", ".log", None),
            ("00000000000000000042.index", ".log", None),
            ("leader-epoch-checkpoint", "", None),
        ] {
            assert_eq!(parse_base(name, suffix), expected, "{name}");
        }
    }
}
