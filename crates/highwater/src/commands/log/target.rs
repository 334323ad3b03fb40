//! What a path given to `highwater log` means: a data directory, a partition's directory, or one file.
//!
//! Only names decide; nothing is opened but directories. Works on directories of any Kafka broker.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use kafka::log::TopicPartition;

/// Suffixes of the files of a segment, in the order in which they are shown.
pub(super) const SUFFIXES: [&str; 5] = ["log", "index", "timeindex", "txnindex", "snapshot"];
/// Digits of a base offset in a file name.
const NAME_DIGITS: usize = 20;

/// One partition's directory.
#[derive(Debug, Clone)]
pub(super) struct Partition {
    /// Where it is.
    pub(super) dir: PathBuf,
    /// `topic-number`, as the directory is named.
    pub(super) name: String,
    /// Base offsets of its `.log` files, rising.
    pub(super) bases: Vec<i64>,
}

impl Partition {
    /// Path of one file of the segment at `base`.
    pub(super) fn file(&self, base: i64, suffix: &str) -> PathBuf {
        self.dir.join(format!("{base:020}.{suffix}"))
    }

    /// Bytes of all its `.log` files.
    pub(super) fn log_bytes(&self) -> u64 {
        let size = |base: &i64| fs::metadata(self.file(*base, "log")).map_or(0, |meta| meta.len());
        self.bases.iter().map(size).sum()
    }
}

/// The partitions below `path`: all of a data directory, or the one it is. `only` keeps those whose topic has that name.
pub(super) fn partitions(path: &Path, only: Option<&str>) -> Result<Vec<Partition>> {
    let meta = fs::metadata(path).with_context(|| format!("{}", path.display()))?;
    ensure!(
        meta.is_dir(),
        "{} is a file; give a data directory or a partition's directory",
        path.display()
    );
    let mut found = Vec::new();
    if let Some(partition) = partition(path)? {
        found.push(partition);
    } else {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                found.extend(partition(&entry.path())?);
            }
        }
    }
    found.retain(|partition| {
        let topic = TopicPartition::from_dir_name(&partition.name).map(|tp| tp.topic.to_string());
        only.is_none_or(|only| topic.as_deref() == Some(only))
    });
    if found.is_empty() {
        bail!(
            "no partition's directory with .log files, and no commitlog/ of a RocketMQ store, at {}",
            path.display()
        );
    }
    found.sort_by_key(|partition| {
        TopicPartition::from_dir_name(&partition.name).map(|tp| (tp.topic, tp.partition))
    });
    Ok(found)
}

/// The partition whose directory `dir` is; `None` when it holds no `.log` file.
fn partition(dir: &Path) -> Result<Option<Partition>> {
    let mut bases = Vec::new();
    for entry in fs::read_dir(dir).with_context(|| format!("{}", dir.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "log") {
            bases.extend(base_offset(&path));
        }
    }
    bases.sort_unstable();
    let absolute = dir.canonicalize()?;
    let name = absolute
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let looks_like_one = !bases.is_empty() && TopicPartition::from_dir_name(&name).is_some();
    Ok(looks_like_one.then(|| Partition {
        dir: dir.to_path_buf(),
        name,
        bases,
    }))
}

/// The 20-digit number a segment's file is named by.
pub(super) fn base_offset(path: &Path) -> Option<i64> {
    let stem = path.file_stem()?.to_str()?;
    (stem.len() == NAME_DIGITS && stem.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| stem.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_found_by_their_names() {
        let root = tempfile::tempdir().unwrap();
        for dir in ["a-0", "a-1", "b-c-2", "no-number", "a-3-deleted"] {
            fs::create_dir(root.path().join(dir)).unwrap();
            for file in [
                "00000000000000000000.log",
                "00000000000000000007.log",
                "7.log",
                "x.log",
            ] {
                fs::write(root.path().join(dir).join(file), "").unwrap();
            }
        }
        fs::create_dir(root.path().join("empty-0")).unwrap();
        let names = |only| -> Vec<String> {
            partitions(root.path(), only)
                .unwrap()
                .into_iter()
                .map(|partition| partition.name)
                .collect()
        };
        assert_eq!(names(None), ["a-0", "a-1", "b-c-2"]);
        assert_eq!(names(Some("a")), ["a-0", "a-1"]);
        let one = partitions(&root.path().join("a-1"), None).unwrap();
        assert_eq!(one.first().unwrap().bases, [0, 7]);
        assert!(partitions(&root.path().join("empty-0"), None).is_err());
    }
}
