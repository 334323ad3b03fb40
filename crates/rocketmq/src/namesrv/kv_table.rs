//! The name server's KV configuration, kept in one JSON file.
//!
//! Invariants: the file is replaced whole, by rename after a sync, so that it is always the old or the new one; what
//! could not be written is not kept in memory either.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

type Tables = BTreeMap<String, BTreeMap<String, String>>;

/// What is wrong with the file.
#[derive(Debug, thiserror::Error)]
pub enum KvError {
    /// It cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds something else.
    #[error("{}: holds no KV configuration ({source}); repair it or move it away", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The new state could not be written, and the old one stands.
    #[error("{}: cannot be written: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

#[derive(Debug)]
pub(super) struct KvTable {
    path: PathBuf,
    tables: Mutex<Tables>,
}

impl KvTable {
    pub(super) fn open(path: &Path) -> Result<Self, KvError> {
        let path = path.to_owned();
        let tables = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|source| KvError::Damaged {
                path: path.clone(),
                source,
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Tables::new(),
            Err(source) => return Err(KvError::Read { path, source }),
        };
        let tables = Mutex::new(tables);
        Ok(Self { path, tables })
    }

    pub(super) fn get(&self, namespace: &str, key: &str) -> Option<String> {
        self.tables.lock().get(namespace)?.get(key).cloned()
    }

    pub(super) fn has(&self, namespace: &str) -> bool {
        self.tables.lock().contains_key(namespace)
    }

    /// `{"table":{…}}` of a namespace.
    pub(super) fn table_json(&self, namespace: &str) -> String {
        let tables = self.tables.lock();
        let table =
            serde_json::json!({ "table": tables.get(namespace).cloned().unwrap_or_default() });
        table.to_string()
    }

    pub(super) fn put(&self, namespace: &str, key: &str, value: &str) -> Result<(), KvError> {
        self.change(|tables| {
            let table = tables.entry(namespace.to_owned()).or_default();
            table.insert(key.to_owned(), value.to_owned());
        })
    }

    pub(super) fn delete(&self, namespace: &str, key: &str) -> Result<(), KvError> {
        self.change(|tables| {
            if let Some(table) = tables.get_mut(namespace) {
                table.remove(key);
            }
        })
    }

    fn change(&self, change: impl FnOnce(&mut Tables)) -> Result<(), KvError> {
        let mut tables = self.tables.lock();
        let mut changed = tables.clone();
        change(&mut changed);
        self.write(&changed).map_err(|source| KvError::Write {
            path: self.path.clone(),
            source,
        })?;
        *tables = changed;
        Ok(())
    }

    fn write(&self, tables: &Tables) -> io::Result<()> {
        let parent = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(parent)?;
        let fresh = self.path.with_extension("tmp");
        let mut file = File::create(&fresh)?;
        file.write_all(&serde_json::to_vec_pretty(tables)?)?;
        file.sync_all()?;
        fs::rename(&fresh, &self.path)?;
        File::open(parent)?.sync_all()
    }
}
