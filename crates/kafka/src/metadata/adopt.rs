//! Partition directories against the metadata: adopted where there is no metadata, compared where
//! there is.
//!
//! Invariants: adoption happens only into an empty metadata log; a topic keeps the id its
//! directories name, and no partition gets a leader epoch below the one in its log.
//! Absent on purpose: moving or deleting directories (the log directory does, by what it is told).

use std::collections::BTreeMap;
use std::path::Path;

use crate::log::leader_epochs::LeaderEpochs;
use crate::log::{StorageError, TopicId, TopicPartition, partition_metadata};

use super::error::OpenError;
use super::image::Image;
use super::names::{METADATA_TOPIC, check_topic_name};

/// A topic put together from its directories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundTopic {
    pub(super) id: TopicId,
    /// Leader epoch of each partition found, by number.
    pub(super) partitions: BTreeMap<i32, i32>,
}

/// Looks for partition directories at the data root.
///
/// # Errors
/// `Foreign` when two directories of a topic name different ids, `Storage`.
pub(super) fn find(root: &Path) -> Result<BTreeMap<String, FoundTopic>, OpenError> {
    let mut topics: BTreeMap<String, FoundTopic> = BTreeMap::new();
    let listing = match std::fs::read_dir(root) {
        Ok(listing) => listing,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(topics),
        Err(error) => return Err(StorageError::io("list", root, error).into()),
    };
    for entry in listing {
        let entry = entry.map_err(|error| StorageError::io("list", root, error))?;
        let named = entry
            .file_name()
            .to_str()
            .and_then(TopicPartition::from_dir_name);
        let Some(partition) = named.filter(|found| &*found.topic != METADATA_TOPIC) else {
            continue;
        };
        let dir = entry.path();
        if !dir.is_dir() || check_topic_name(&partition.topic).is_err() {
            continue;
        }
        let id = partition_metadata::read(&dir)?;
        let epoch = LeaderEpochs::load(&dir)?.latest().unwrap_or(0);
        let topic = topics
            .entry(partition.topic.to_string())
            .or_insert(FoundTopic {
                id: TopicId::ZERO,
                partitions: BTreeMap::new(),
            });
        match id {
            Some(id) if topic.id.is_zero() => topic.id = id,
            Some(id) if id != topic.id => {
                let why = format!(
                    "topic {} has the ids {} and {id}",
                    partition.topic, topic.id
                );
                let advice = "Remove the directories of one of the two topics";
                return Err(OpenError::foreign(&dir, why, advice));
            }
            _ => {}
        }
        topic.partitions.insert(partition.partition, epoch);
    }
    for topic in topics.values_mut().filter(|topic| topic.id.is_zero()) {
        topic.id = TopicId::random();
    }
    Ok(topics)
}

/// How the directories found differ from the metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// In the metadata without a directory: to be created empty. A partition that held data before
    /// has lost it, so this is worth a warning unless the topic was just created.
    pub missing: Vec<(TopicPartition, TopicId)>,
    /// Directories that the metadata does not know under this name and id. Kafka renames such ones
    /// to `-stray`; so do we. They hold a deleted topic's rest, or data put there by hand.
    pub strays: Vec<TopicPartition>,
}

impl Image {
    /// Compares the metadata with the partition directories found (id `None` where a directory has
    /// no `partition.metadata`; it then counts by its name).
    pub fn reconcile<'d>(
        &self,
        found: impl IntoIterator<Item = (&'d TopicPartition, Option<TopicId>)>,
    ) -> Reconciled {
        let mut known = std::collections::HashSet::new();
        let mut out = Reconciled::default();
        for (partition, id) in found {
            let topic = self.topic(&partition.topic).filter(|topic| {
                id.is_none_or(|id| id == topic.id())
                    && topic.partition(partition.partition).is_some()
            });
            if topic.is_some() {
                known.insert(partition.clone());
            } else {
                out.strays.push(partition.clone());
            }
        }
        for topic in self.topics() {
            for (number, _) in topic.partitions() {
                let partition = TopicPartition::new(topic.name().clone(), number);
                if !known.contains(&partition) {
                    out.missing.push((partition, topic.id()));
                }
            }
        }
        out.missing.sort();
        out.strays.sort();
        out
    }
}
