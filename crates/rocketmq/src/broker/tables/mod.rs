//! The tables of `config/*.json`: topics, groups, progress of consumers, progress of delay levels.
//!
//! The files are RocketMQ's own, in fastjson's dialect: what a Java broker wrote is read, what is written a Java broker
//! reads. What this build has no use for in a file is not kept.
//! Invariants: a file is replaced whole, by rename after a sync; its predecessor stays beside it as `.bak`, as Java's
//! does, and counts where the file itself is missing or damaged.
//! Format: docs/formats/rocketmq-config.md.

mod json;
mod quoted;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;

pub(crate) use self::json::{
    delay_from_json, delay_json, group_from_json, group_json, groups_from_json, groups_json,
    offsets_from_json, offsets_json, topic_json, topics_from_json, topics_json,
};

/// Names of the files.
pub(crate) const TOPICS: &str = "topics.json";
pub(crate) const GROUPS: &str = "subscriptionGroup.json";
pub(crate) const OFFSETS: &str = "consumerOffset.json";
pub(crate) const DELAYS: &str = "delayOffset.json";

/// Progress of each delay level.
pub(crate) type DelayOffsets = BTreeMap<i32, i64>;

/// What is wrong with a table's file.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// It cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Neither it nor its `.bak` holds a table. Nothing was touched.
    #[error("{}: {what}; repair it, or move it and its .bak away", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
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

/// The directory of the tables.
#[derive(Clone, Debug)]
pub(crate) struct ConfigDir {
    dir: PathBuf,
}

impl ConfigDir {
    /// `config` at the data root.
    pub(crate) fn at(root: &Path) -> Self {
        Self {
            dir: root.join("config"),
        }
    }

    /// The table in a file, or in its `.bak`; `None` where there is neither.
    pub(crate) fn load(&self, name: &str) -> Result<Option<Value>, TableError> {
        let path = self.dir.join(name);
        let main = read(&path)?;
        let problem = match main.as_deref().map(parse) {
            Some(Ok(table)) => return Ok(Some(table)),
            Some(Err(what)) => Some(what),
            None => None,
        };
        let bak = bak(&path);
        match (read(&bak)?.as_deref().map(parse), problem) {
            (Some(Ok(table)), problem) => {
                let why = problem.unwrap_or_else(|| "it is missing".to_owned());
                tracing::warn!(file = %path.display(), why, "the .bak is used in its place");
                Ok(Some(table))
            }
            (_, Some(what)) => Err(TableError::Damaged { path, what }),
            (Some(Err(what)), None) => Err(TableError::Damaged { path: bak, what }),
            (None, None) => Ok(None),
        }
    }

    /// Replaces a file.
    pub(crate) fn store(&self, name: &str, text: &str) -> Result<(), TableError> {
        let path = self.dir.join(name);
        self.replace(&path, text).map_err(|source| TableError::Write { path, source })
    }

    fn replace(&self, path: &Path, text: &str) -> io::Result<()> {
        fs::create_dir_all(&self.dir)?;
        let fresh = path.with_extension("json.tmp");
        let mut file = File::create(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        match fs::hard_link(path, bak(path)) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(bak(path))?;
                fs::hard_link(path, bak(path))?;
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::rename(&fresh, path)?;
        File::open(&self.dir)?.sync_all()
    }
}

fn bak(path: &Path) -> PathBuf {
    path.with_extension("json.bak")
}

fn read(path: &Path) -> Result<Option<String>, TableError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(TableError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

/// A table is an object; Java leaves files empty when it crashes.
fn parse(text: &str) -> Result<Value, String> {
    let table: Value = serde_json::from_str(&quoted::keys(text))
        .map_err(|error| format!("it holds no table ({error})"))?;
    match table.is_object() {
        true => Ok(table),
        false => Err("it holds no table".to_owned()),
    }
}
