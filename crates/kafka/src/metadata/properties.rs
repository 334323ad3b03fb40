//! `meta.properties` at the data root: which cluster, node and directory this is.
//!
//! Invariants: written once, last of all, when a directory is made; never rewritten.
//! Format: Java properties; docs/formats/cluster-metadata.md.

use std::path::{Path, PathBuf};

use kafka_wire::Uuid;

use super::error::OpenError;
use crate::log::{StorageError, small_file};

/// The file's name at the data root.
pub const META_PROPERTIES: &str = "meta.properties";

/// The identity of a data directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetaProperties {
    /// The cluster's id, as text.
    pub cluster_id: String,
    /// The node's number.
    pub node_id: i32,
    /// The directory's own id; partitions name it.
    pub directory_id: Uuid,
}

impl MetaProperties {
    /// Where the file is.
    pub fn path(root: &Path) -> PathBuf {
        root.join(META_PROPERTIES)
    }

    /// Reads the file; `None` if there is none.
    ///
    /// # Errors
    /// `Storage` with what is missing, `Foreign` for a directory from before KRaft.
    pub fn read(root: &Path) -> Result<Option<Self>, OpenError> {
        let path = Self::path(root);
        let Some(text) = small_file::read_text(&path)? else {
            return Ok(None);
        };
        let entries = parse(&text);
        let find = |name: &str| {
            let found = entries.iter().rev().find(|(key, _)| key == name);
            found.map(|(_, value)| value.as_str())
        };
        let damaged = |why: &str| OpenError::Storage(StorageError::damaged(&path, why));
        match find("version") {
            Some("1") => {}
            Some("0") => {
                return Err(OpenError::foreign(
                    &path,
                    "version 0: the directory of a broker that used ZooKeeper",
                    "Migrate the cluster to KRaft with Kafka 3.9 first",
                ));
            }
            other => {
                return Err(damaged(&format!(
                    "version is {}, not 1",
                    other.unwrap_or("missing")
                )));
            }
        }
        let cluster_id = find("cluster.id").filter(|id| !id.is_empty());
        let node_id = find("node.id")
            .and_then(|id| id.parse().ok())
            .filter(|id: &i32| *id >= 0);
        let directory_id = match find("directory.id") {
            // Directories formatted before Kafka 3.7 have none; the reserved id stands for it.
            None => Uuid::ZERO,
            Some(id) => id
                .parse()
                .map_err(|_| damaged("directory.id is not a UUID"))?,
        };
        Ok(Some(Self {
            cluster_id: cluster_id
                .ok_or_else(|| damaged("no cluster.id"))?
                .to_owned(),
            node_id: node_id.ok_or_else(|| damaged("no valid node.id"))?,
            directory_id,
        }))
    }

    /// Writes the file, synced, by renaming it into place.
    ///
    /// # Errors
    /// `Io`.
    pub fn write(&self, root: &Path) -> Result<(), StorageError> {
        let text = format!(
            "#\n#Written by Highwater\nnode.id={}\ndirectory.id={}\nversion=1\ncluster.id={}\n",
            self.node_id,
            self.directory_id,
            escape(&self.cluster_id)
        );
        small_file::replace(&Self::path(root), text.as_bytes())
    }
}

/// Java's properties without line continuation: `key=value`, `key: value`, `#` and `!` comments.
fn parse(text: &str) -> Vec<(String, String)> {
    let mut entries = Vec::new();
    for line in text.lines().map(str::trim_start) {
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let (mut key, mut value) = (String::new(), String::new());
        let mut in_value = false;
        let mut chars = line.chars();
        while let Some(next) = chars.next() {
            let escaped = next == '\\';
            let next = if escaped {
                chars.next().unwrap_or('\\')
            } else {
                next
            };
            if in_value {
                value.push(next);
            } else if !escaped && (next == '=' || next == ':') {
                in_value = true;
            } else {
                key.push(next);
            }
        }
        entries.push((key.trim_end().to_owned(), value.trim().to_owned()));
    }
    entries
}

fn escape(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for char in value.chars() {
        if "\\=:#!".contains(char) {
            text.push('\\');
        }
        text.push(char);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const KAFKA: &str = "#\n#Sun Nov 22 03:45:32 UTC 2026\nnode.id=1\n\
        directory.id=Zw_K4J-qStK1HoRLP43dgQ\nversion=1\ncluster.id=AAAAAAAAQACAAAAAAAAAAQ\n";

    fn read(text: &str) -> Result<Option<MetaProperties>, OpenError> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(MetaProperties::path(dir.path()), text).unwrap();
        MetaProperties::read(dir.path())
    }

    #[test]
    fn kafkas_own_file_reads_and_ours_reads_back() {
        let found = read(KAFKA).unwrap().unwrap();
        assert_eq!(
            (found.node_id, &*found.cluster_id),
            (1, "AAAAAAAAQACAAAAAAAAAAQ")
        );
        assert_eq!(found.directory_id.to_string(), "Zw_K4J-qStK1HoRLP43dgQ");
        let odd = MetaProperties {
            cluster_id: "a=b:c\\d".to_owned(),
            ..found
        };
        let dir = tempfile::tempdir().unwrap();
        odd.write(dir.path()).unwrap();
        assert_eq!(MetaProperties::read(dir.path()).unwrap(), Some(odd));
    }

    #[test]
    fn what_is_missing_is_named() {
        for (from, to, needle) in [
            ("cluster.id=AAAAAAAAQACAAAAAAAAAAQ", "", "cluster.id"),
            ("node.id=1", "node.id=one", "node.id"),
            ("node.id=1", "node.id=-1", "node.id"),
            ("version=1", "", "version"),
            ("version=1", "version=0", "ZooKeeper"),
            ("Zw_K4J-qStK1HoRLP43dgQ", "Zw_K4J", "directory.id"),
        ] {
            let error = read(&KAFKA.replace(from, to)).unwrap_err().to_string();
            assert!(
                error.contains(needle) && error.contains(META_PROPERTIES),
                "{error}"
            );
        }
        let none = tempfile::tempdir().unwrap();
        assert!(MetaProperties::read(none.path()).unwrap().is_none());
    }
}
