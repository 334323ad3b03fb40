//! What a crash may leave in a partition directory beside segments, and what becomes of it.
//!
//! Invariants: only names that Kafka itself gives are touched; unknown files are left alone. A
//! finished swap is completed, an unfinished one undone, as Kafka does at load.

use std::fs;
use std::path::Path;

use super::super::super::batch::BatchHeader;
use super::super::super::error::StorageError;
use super::super::super::offset_index::OFFSET_INDEX_SUFFIX;
use super::super::super::report::PartitionReport;
use super::super::super::small_file;
use super::super::super::time_index::TIME_INDEX_SUFFIX;
use super::super::super::txn_index::TXN_INDEX_SUFFIX;
use super::super::open::LOG_SUFFIX;
use super::super::segments::file_path;

/// Files of a removed segment until they are unlinked.
pub(crate) const DELETED_SUFFIX: &str = ".deleted";
/// Files that a cleaner is writing.
pub(crate) const CLEANED_SUFFIX: &str = ".cleaned";
/// Files that are complete and wait to take the place of others.
pub(crate) const SWAP_SUFFIX: &str = ".swap";
const SIDE_SUFFIXES: [&str; 4] = [
    OFFSET_INDEX_SUFFIX,
    TIME_INDEX_SUFFIX,
    TXN_INDEX_SUFFIX,
    ".snapshot",
];

fn base_of(name: &str) -> Option<i64> {
    let digits = name.split('.').next()?;
    if digits.len() == 20 {
        digits.parse().ok()
    } else {
        None
    }
}

fn names(dir: &Path) -> Result<Vec<String>, StorageError> {
    let entries = fs::read_dir(dir).map_err(|error| StorageError::io("list", dir, error))?;
    let mut names: Vec<String> = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| StorageError::io("list", dir, error))?;
        names.extend(entry.file_name().into_string().ok());
    }
    names.sort_unstable();
    Ok(names)
}

/// Removes what was to be deleted, ends or undoes what a cleaner left, drops orphaned indexes.
pub(in super::super) fn directory(
    dir: &Path,
    report: &mut PartitionReport,
) -> Result<(), StorageError> {
    let mut names = names(dir)?;
    let ours = |name: &str| base_of(name).is_some();
    let cleaned_from = names
        .iter()
        .filter(|n| ours(n) && n.ends_with(CLEANED_SUFFIX))
        .filter_map(|n| base_of(n))
        .min();
    let mut changed = false;
    names.retain(|name| {
        let unfinished_swap = name.ends_with(SWAP_SUFFIX)
            && base_of(name)
                .zip(cleaned_from)
                .is_some_and(|(base, cleaned)| base >= cleaned);
        let gone = ours(name)
            && (name.ends_with(DELETED_SUFFIX)
                || name.ends_with(CLEANED_SUFFIX)
                || unfinished_swap);
        if gone {
            changed = true;
            if let Err(error) = small_file::remove(&dir.join(name)) {
                report.notes.push(error.to_string());
            }
        }
        !gone
    });
    let swaps: Vec<String> = names
        .iter()
        .filter(|n| ours(n) && n.ends_with(SWAP_SUFFIX))
        .cloned()
        .collect();
    if !swaps.is_empty() {
        finish_swaps(dir, &names, &swaps, report)?;
        changed = true;
    }
    for name in &names {
        let is_index = [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX]
            .iter()
            .any(|s| name.ends_with(s));
        if let Some(base) = base_of(name).filter(|_| is_index)
            && !file_path(dir, base, LOG_SUFFIX).exists()
        {
            report
                .notes
                .push(format!("index without a log removed: {name}"));
            small_file::remove(&dir.join(name))?;
            changed = true;
        }
    }
    if changed {
        small_file::sync_dir(dir)
    } else {
        Ok(())
    }
}

/// Completes a cleaner's swap: segments whose offsets it covers go, then it takes its own name.
fn finish_swaps(
    dir: &Path,
    names: &[String],
    swaps: &[String],
    report: &mut PartitionReport,
) -> Result<(), StorageError> {
    for swap in swaps.iter().filter(|name| name.ends_with(".log.swap")) {
        let Some(base) = base_of(swap) else { continue };
        let Some(next) = next_offset_of(&dir.join(swap))? else {
            continue;
        };
        let replaced = |name: &&String| {
            name.ends_with(LOG_SUFFIX)
                && base_of(name).is_some_and(|other| other >= base && other < next)
        };
        for log in names.iter().filter(replaced) {
            if let Some(other) = base_of(log) {
                small_file::remove(&dir.join(log))?;
                for suffix in [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX] {
                    small_file::remove(&file_path(dir, other, suffix))?;
                }
            }
        }
        report
            .notes
            .push(format!("cleaner's swap completed: {swap}"));
    }
    for swap in swaps {
        let to = dir.join(swap.trim_end_matches(SWAP_SUFFIX));
        let from = dir.join(swap);
        fs::rename(&from, &to).map_err(|error| StorageError::io("rename", &from, error))?;
    }
    Ok(())
}

/// Offset after the last whole batch header of a file; `None` if it has none.
fn next_offset_of(path: &Path) -> Result<Option<i64>, StorageError> {
    use std::os::unix::fs::FileExt;
    let failed = |error| StorageError::io("read", path, error);
    let file = fs::File::open(path).map_err(failed)?;
    let (mut at, mut next) = (0u64, None);
    let mut head = [0u8; 61];
    while file.read_exact_at(&mut head, at).is_ok() {
        let Ok(header) = BatchHeader::parse(&head) else {
            break;
        };
        next = Some(header.next_offset().0);
        at += header.size_bytes() as u64;
    }
    Ok(next)
}

/// Removes indexes and snapshot of the segment at `base`.
pub(in super::super) fn remove_side_files(dir: &Path, base: i64) -> Result<(), StorageError> {
    SIDE_SUFFIXES
        .iter()
        .try_for_each(|suffix| small_file::remove(&file_path(dir, base, suffix)))
}

/// Removes every segment of the directory.
pub(in super::super) fn remove_segments(dir: &Path) -> Result<(), StorageError> {
    for name in names(dir)? {
        let ends = |suffix: &str| name.ends_with(suffix);
        if base_of(&name).is_some()
            && (name.ends_with(LOG_SUFFIX) || SIDE_SUFFIXES.iter().any(|s| ends(s)))
        {
            small_file::remove(&dir.join(name))?;
        }
    }
    small_file::sync_dir(dir)
}

#[cfg(test)]
mod tests {
    use super::super::super::super::builder::BatchBuilder;
    use super::super::super::super::ids::TopicPartition;
    use super::*;

    fn batch(base: i64, count: i32) -> Vec<u8> {
        let mut builder = BatchBuilder::default().position(base, 0);
        for _ in 0..count {
            builder.push(1, None, Some(b"v"));
        }
        builder.finish().unwrap()
    }

    fn after(files: &[(&str, Vec<u8>)]) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(dir.path().join(name), bytes).unwrap();
        }
        let mut report = PartitionReport::new(&TopicPartition::new("t", 0), false);
        directory(dir.path(), &mut report).unwrap();
        names(dir.path()).unwrap()
    }

    #[test]
    fn leftovers_go_and_strangers_stay() {
        let left = after(&[
            ("00000000000000000000.log", batch(0, 5)),
            ("00000000000000000000.log.deleted", vec![]),
            ("00000000000000000000.index", vec![]),
            ("00000000000000000005.index", vec![]),
            ("00000000000000000005.timeindex.cleaned", vec![]),
            ("notes.txt", vec![]),
            ("notes.deleted", vec![]),
        ]);
        assert_eq!(
            left,
            [
                "00000000000000000000.index",
                "00000000000000000000.log",
                "notes.deleted",
                "notes.txt"
            ]
        );
    }

    #[test]
    fn a_finished_swap_replaces_what_it_covers() {
        let left = after(&[
            ("00000000000000000000.log", batch(0, 5)),
            ("00000000000000000005.log", batch(5, 5)),
            ("00000000000000000005.index", vec![]),
            ("00000000000000000010.log", batch(10, 5)),
            ("00000000000000000000.log.swap", batch(0, 10)),
            ("00000000000000000000.index.swap", vec![]),
        ]);
        assert_eq!(
            left,
            [
                "00000000000000000000.index",
                "00000000000000000000.log",
                "00000000000000000010.log"
            ]
        );
    }

    #[test]
    fn an_unfinished_split_is_undone() {
        let left = after(&[
            ("00000000000000000000.log", batch(0, 5)),
            ("00000000000000000000.log.swap", batch(0, 2)),
            ("00000000000000000000.log.cleaned", vec![]),
        ]);
        assert_eq!(left, ["00000000000000000000.log"]);
    }
}
