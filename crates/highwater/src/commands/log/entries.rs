//! Entries of `.index` and `.timeindex` files, read without opening them for use.
//!
//! Invariants: the file is only read; slots of zeros behind the last entry (a crashed broker's reserve) are no entries.
//! Format: docs/formats/offset-index.md, docs/formats/time-index.md.

use std::fs;
use std::io;
use std::path::Path;

/// One entry of an offset index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OffsetEntry {
    /// Last offset of a batch.
    pub(super) offset: i64,
    /// Where that batch begins in the `.log` file.
    pub(super) position: u64,
}

/// One entry of a time index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimeEntry {
    /// Milliseconds since the epoch; no record up to `offset` is younger.
    pub(super) timestamp_ms: i64,
    /// Last offset of the batch that carries the time.
    pub(super) offset: i64,
}

/// Entries, and bytes behind them that are not whole entries.
pub(super) struct Entries<E> {
    /// In file order.
    pub(super) entries: Vec<E>,
    /// Bytes at the end that make no entry; 0 in a sound file.
    pub(super) odd_bytes: usize,
}

/// Reads the offset index of the segment at `base`.
pub(super) fn offsets(path: &Path, base: i64) -> io::Result<Entries<OffsetEntry>> {
    read::<8, _>(path, |[a, b, c, d, e, f, g, h]| OffsetEntry {
        offset: base.saturating_add(i64::from(i32::from_be_bytes([a, b, c, d]))),
        position: u64::from(u32::from_be_bytes([e, f, g, h])),
    })
}

/// Reads the time index of the segment at `base`.
pub(super) fn times(path: &Path, base: i64) -> io::Result<Entries<TimeEntry>> {
    read::<12, _>(path, |[a, b, c, d, e, f, g, h, i, j, k, l]| TimeEntry {
        timestamp_ms: i64::from_be_bytes([a, b, c, d, e, f, g, h]),
        offset: base.saturating_add(i64::from(i32::from_be_bytes([i, j, k, l]))),
    })
}

fn read<const N: usize, E>(path: &Path, entry: impl Fn([u8; N]) -> E) -> io::Result<Entries<E>> {
    let bytes = fs::read(path)?;
    let (slots, odd) = bytes.as_chunks::<N>();
    let used = slots
        .iter()
        .rposition(|slot| *slot != [0; N])
        .map_or(0, |last| last + 1);
    let entries = slots.iter().take(used).map(|slot| entry(*slot)).collect();
    // The reserve need not be whole entries either.
    let odd_bytes = if odd.iter().all(|byte| *byte == 0) {
        0
    } else {
        odd.len()
    };
    Ok(Entries { entries, odd_bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crashed_files_reserve_holds_no_entries() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.index");
        fs::write(
            &path,
            [&[0, 0, 0, 9, 0, 0, 0x10, 0][..], &[0; 24], &[1]].concat(),
        )
        .unwrap();
        let found = offsets(&path, 100).unwrap();
        assert_eq!(
            found.entries,
            [OffsetEntry {
                offset: 109,
                position: 4096
            }]
        );
        assert_eq!(found.odd_bytes, 1);
        fs::write(&path, [0; 65_531]).unwrap();
        let found = offsets(&path, 100).unwrap();
        assert_eq!((found.entries.len(), found.odd_bytes), (0, 0));
    }
}
