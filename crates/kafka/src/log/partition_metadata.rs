//! `partition.metadata`: which topic id a partition directory belongs to.
//!
//! Invariants: written and synced before the partition's first record; a zero id is never written
//! and refused when read.
//! Format: docs/formats/partition-metadata.md.

use std::path::Path;

use super::error::StorageError;
use super::ids::TopicId;
use super::small_file;

/// The file's name inside a partition directory.
pub const PARTITION_METADATA: &str = "partition.metadata";
/// The version written.
pub const PARTITION_METADATA_VERSION: i32 = 0;

/// The id in `dir`'s file; `None` without a file.
///
/// # Errors
/// `Damaged` with what is missing, or `Io`.
pub fn read(dir: &Path) -> Result<Option<TopicId>, StorageError> {
    let path = dir.join(PARTITION_METADATA);
    let Some(text) = small_file::read_text(&path)? else {
        return Ok(None);
    };
    let (mut version, mut id) = (None, None);
    for line in text.lines() {
        match line.split_once(':') {
            Some(("version", value)) => version = value.trim().parse::<i32>().ok(),
            Some(("topic_id", value)) => id = value.trim().parse::<TopicId>().ok(),
            _ => {
                return Err(StorageError::damaged(
                    &path,
                    format!("unknown line {line:?}"),
                ));
            }
        }
    }
    match (version, id) {
        (Some(version), _) if version < 0 => Err(StorageError::damaged(&path, "negative version")),
        (None, _) => Err(StorageError::damaged(&path, "no version")),
        (_, None) => Err(StorageError::damaged(&path, "no topic id")),
        (_, Some(id)) if id.is_zero() => Err(StorageError::damaged(&path, "the topic id is zero")),
        (_, Some(id)) => Ok(Some(id)),
    }
}

/// Writes and syncs `dir`'s file. A zero id writes nothing.
///
/// # Errors
/// `Io`.
pub fn write(dir: &Path, id: TopicId) -> Result<(), StorageError> {
    if id.is_zero() {
        return Ok(());
    }
    let text = format!("version: {PARTITION_METADATA_VERSION}\ntopic_id: {id}");
    small_file::replace(&dir.join(PARTITION_METADATA), text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_damage() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()).unwrap(), None);
        let id: TopicId = "AAAAAAAAQACAAAAAAAAAAQ".parse().unwrap();
        write(dir.path(), id).unwrap();
        let path = dir.path().join(PARTITION_METADATA);
        assert_eq!(
            std::fs::read(&path).unwrap(),
            b"version: 0\ntopic_id: AAAAAAAAQACAAAAAAAAAAQ"
        );
        assert_eq!(read(dir.path()).unwrap(), Some(id));
        for bad in [
            "",
            "version: 0",
            "topic_id: AAAAAAAAQACAAAAAAAAAAQ",
            "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA",
            "version: -1\ntopic_id: AAAAAAAAQACAAAAAAAAAAQ",
            "version: 0\ntopic_id: short",
            "hello",
        ] {
            std::fs::write(&path, bad).unwrap();
            assert!(
                matches!(read(dir.path()), Err(StorageError::Damaged { .. })),
                "{bad:?}"
            );
        }
    }
}
