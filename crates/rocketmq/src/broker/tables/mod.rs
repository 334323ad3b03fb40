//! The tables of `config/*.json`: topics, groups, progress of consumers, progress of delay levels.
//!
//! The files are RocketMQ's own: what a Java broker wrote is read, what is written a Java broker reads. What this build
//! has no use for in a file is not kept. How a file is replaced, and when its backup counts, is
//! [`crate::config_json`]'s.
//! Format: docs/formats/rocketmq-config.md.

mod json;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use segment::Disk;

pub(crate) use self::json::{
    delay_from_json, delay_json, group_from_json, group_json, groups_from_json, groups_json,
    offsets_from_json, offsets_json, topic_json, topics_from_json, topics_json,
};
use crate::config_json::{self, Value};
use crate::store::{OWN_DIR, StoreError};

/// Names of the files.
pub(crate) const TOPICS: &str = "topics.json";
pub(crate) const GROUPS: &str = "subscriptionGroup.json";
pub(crate) const OFFSETS: &str = "consumerOffset.json";
pub(crate) const DELAYS: &str = "delayOffset.json";

/// Progress of each delay level.
pub(crate) type DelayOffsets = BTreeMap<i32, i64>;

/// The directory of the tables.
pub(crate) struct ConfigDir {
    dir: PathBuf,
    own_dir: PathBuf,
    disk: Arc<dyn Disk>,
}

impl ConfigDir {
    /// `config` at the data root.
    pub(crate) fn at(root: &Path, disk: Arc<dyn Disk>) -> Self {
        Self {
            dir: root.join("config"),
            own_dir: root.join(OWN_DIR),
            disk,
        }
    }

    /// The table in a file, or in its backup; `None` where there is neither.
    pub(crate) fn load(&self, name: &str) -> Result<Option<Value>, StoreError> {
        config_json::load(&self.dir.join(name))
    }

    /// Replaces a file.
    pub(crate) fn store(&self, name: &str, table: &Value) -> Result<(), StoreError> {
        config_json::persist(&*self.disk, &self.own_dir, &self.dir.join(name), table)
    }
}
