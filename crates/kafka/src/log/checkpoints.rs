//! The `*-offset-checkpoint` files at the data root: one offset per partition, as text.
//!
//! Invariants: written whole through a temporary file; a count that differs from the lines, or a
//! line that does not parse, is an error, an empty or missing file is no entries.
//! Absent on purpose: the leader epoch file, which has the same frame but other lines.
//! Format: docs/formats/checkpoints.md.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::error::StorageError;
use super::ids::{KafkaOffset, TopicPartition};
use super::small_file;

/// Everything below is durable, data and indexes: recovery starts there.
pub const RECOVERY_POINT_CHECKPOINT: &str = "recovery-point-offset-checkpoint";
/// Log starts that lie above the first segment's base.
pub const LOG_START_CHECKPOINT: &str = "log-start-offset-checkpoint";
/// High watermarks.
pub const HIGH_WATERMARK_CHECKPOINT: &str = "replication-offset-checkpoint";
/// First dirty offsets of compacted logs.
pub const CLEANER_CHECKPOINT: &str = "cleaner-offset-checkpoint";
/// The version all checkpoint files carry on their first line.
pub const CHECKPOINT_VERSION: i32 = 0;

/// Offsets by partition.
pub type Offsets = BTreeMap<TopicPartition, KafkaOffset>;

/// Splits a checkpoint's frame off: version, count, then exactly that many lines.
pub(crate) fn framed_lines<'t>(path: &Path, text: &'t str) -> Result<Vec<&'t str>, StorageError> {
    let mut lines = text.lines();
    let Some(version) = lines.next() else {
        return Ok(Vec::new());
    };
    if version.trim().parse() != Ok(CHECKPOINT_VERSION) {
        return Err(StorageError::damaged(
            path,
            format!("line 1: unknown version {version:?}"),
        ));
    }
    let count: usize = match lines.next().map(|line| line.trim().parse()) {
        Some(Ok(count)) => count,
        _ => return Err(StorageError::damaged(path, "line 2: not a count")),
    };
    let lines: Vec<&str> = lines.filter(|line| !line.trim().is_empty()).collect();
    if lines.len() != count {
        let why = format!("{count} entries announced, {} found", lines.len());
        return Err(StorageError::damaged(path, why));
    }
    Ok(lines)
}

/// Reads a checkpoint file; a missing one has no entries.
///
/// # Errors
/// `Damaged` with the line, or `Io`.
pub fn read(path: &Path) -> Result<Offsets, StorageError> {
    let Some(text) = small_file::read_text(path)? else {
        return Ok(Offsets::new());
    };
    let mut offsets = Offsets::new();
    for (index, line) in framed_lines(path, &text)?.into_iter().enumerate() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let parsed = match fields[..] {
            [topic, partition, offset] => partition
                .parse()
                .ok()
                .zip(offset.parse().ok())
                .map(|(p, o)| (topic, p, o)),
            _ => None,
        };
        let Some((topic, partition, offset)) = parsed else {
            return Err(StorageError::damaged(
                path,
                format!("line {}: {line:?}", index + 3),
            ));
        };
        offsets.insert(TopicPartition::new(topic, partition), KafkaOffset(offset));
    }
    Ok(offsets)
}

/// Replaces a checkpoint file.
///
/// # Errors
/// `Io`; the old file is then still there.
pub fn write<'o>(
    path: &Path,
    offsets: impl IntoIterator<Item = (&'o TopicPartition, &'o KafkaOffset)>,
) -> Result<(), StorageError> {
    let (mut lines, mut count) = (String::new(), 0u64);
    for (tp, offset) in offsets {
        // Writing to a string cannot fail.
        let _ = writeln!(lines, "{} {} {}", tp.topic, tp.partition, offset);
        count += 1;
    }
    small_file::replace(
        path,
        format!("{CHECKPOINT_VERSION}\n{count}\n{lines}").as_bytes(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_kafkas_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(RECOVERY_POINT_CHECKPOINT);
        assert!(read(&path).unwrap().is_empty());
        let offsets = Offsets::from([
            (TopicPartition::new("a", 0), KafkaOffset(5)),
            (TopicPartition::new("b-c", 12), KafkaOffset(1 << 40)),
        ]);
        write(&path, &offsets).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "0\n2\na 0 5\nb-c 12 1099511627776\n"
        );
        assert_eq!(read(&path).unwrap(), offsets);
        assert!(
            !dir.path()
                .join("recovery-point-offset-checkpoint.tmp")
                .exists()
        );
    }

    #[test]
    fn damage_is_named_by_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        for (text, want) in [
            ("", None),
            ("0\n0\n", None),
            ("1\n0\n", Some("line 1")),
            ("0\n", Some("line 2")),
            ("0\nx\n", Some("line 2")),
            ("0\n2\na 0 1\n", Some("2 entries announced, 1 found")),
            ("0\n1\na 0\n", Some("line 3")),
            ("0\n1\na zero 1\n", Some("line 3")),
            ("0\n2\na 0 1\na 1 -\n", Some("line 4")),
        ] {
            std::fs::write(&path, text).unwrap();
            match (read(&path), want) {
                (Ok(_), None) => (),
                (Err(error), Some(want)) => {
                    assert!(error.to_string().contains(want), "{text:?}: {error}")
                }
                (got, want) => panic!("{text:?}: {got:?}, wanted {want:?}"),
            }
        }
    }
}
