//! Cluster metadata kept in Kafka's own format in `__cluster_metadata-0/`, so that the data
//! directory *is* a Kafka directory: a Kafka node opens it, and what Kafka wrote opens here.
//!
//! Invariants: a change is in the log and synced before it returns and before anyone sees it; what
//! readers see is an immutable [`Image`]; metadata that does not read stops the opening instead of
//! dropping topics; a partition's leader epoch never goes back. This node is the only voter.
//! While this server holds the directory, its broker stands fenced in the metadata, for no Kafka
//! broker runs.
//! Absent on purpose: partition directories (`log`), the meaning of settings (`config`), the lock
//! on the directory (the caller holds it).
//! Format: docs/formats/cluster-metadata.md. Why: docs/decisions/0002-metadata-in-kafkas-format.md.

mod adopt;
mod change;
mod error;
mod format;
mod image;
mod names;
mod open;
mod properties;
mod quorum;
mod records;
mod replay;
mod segments;
mod snapshot;
mod store;
mod writer;

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod tests;

pub use adopt::Reconciled;
pub use change::{ConfigChange, NewTopic, PARTITIONS_MAX, PRODUCER_ID_BLOCK};
pub use error::{ChangeError, OpenError};
pub use format::METADATA_DIR;
pub use image::{Image, PartitionImage, ResourceType, TopicImage};
pub use names::{
    METADATA_TOPIC, OFFSETS_TOPIC, TOPIC_NAME_BYTES_MAX, TRANSACTIONS_TOPIC, check_topic_name,
    is_internal,
};
pub use open::{MetadataOptions, MetadataReport, Origin};
pub use properties::{META_PROPERTIES, MetaProperties};
pub use store::TailCut;

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};

use crate::config::Overrides;
use crate::log::{Clock, TopicId};

/// The metadata of one data directory. Reads are cheap; changes wait for the disk, so call them
/// where blocking is allowed.
pub struct Metadata {
    dir: PathBuf,
    identity: MetaProperties,
    clock: Arc<dyn Clock>,
    image: RwLock<Arc<Image>>,
    writer: Mutex<writer::Writer>,
}

impl std::fmt::Debug for Metadata {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metadata")
            .field("dir", &self.dir)
            .finish_non_exhaustive()
    }
}

/// What `DescribeQuorum` and the operator see of the metadata log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuorumView {
    /// The epoch this node leads in.
    pub epoch: i32,
    /// Offset after the last record, all of it synced.
    pub end_offset: i64,
}

impl Metadata {
    /// The metadata as it is now. Take it once per request and look everything up in it.
    pub fn image(&self) -> Arc<Image> {
        Arc::clone(&self.image.read())
    }

    /// All topics, by name.
    pub fn topics(&self) -> Vec<Arc<TopicImage>> {
        let mut topics: Vec<_> = self.image.read().topics().cloned().collect();
        topics.sort_by(|left, right| left.name().cmp(right.name()));
        topics
    }

    /// A topic by name.
    pub fn topic(&self, name: &str) -> Option<Arc<TopicImage>> {
        self.image.read().topic(name).cloned()
    }

    /// A topic by id.
    pub fn topic_by_id(&self, id: TopicId) -> Option<Arc<TopicImage>> {
        self.image.read().topic_by_id(id).cloned()
    }

    /// The settings of a topic that differ from the broker's; empty for an unknown topic too.
    pub fn topic_config(&self, topic: &str) -> Arc<Overrides> {
        self.image.read().topic_config(topic)
    }

    /// Settings altered for all brokers.
    pub fn all_brokers_config(&self) -> Arc<Overrides> {
        self.image.read().config(ResourceType::BROKER, "")
    }

    /// Settings altered for this broker alone; they win over [`Self::all_brokers_config`].
    pub fn broker_config(&self) -> Arc<Overrides> {
        self.image
            .read()
            .config(ResourceType::BROKER, &self.identity.node_id.to_string())
    }

    /// The id of the cluster, as text.
    pub fn cluster_id(&self) -> &str {
        &self.identity.cluster_id
    }

    /// The number of this node.
    pub fn node_id(&self) -> i32 {
        self.identity.node_id
    }

    /// The id of this data directory.
    pub fn directory_id(&self) -> kafka_wire::Uuid {
        self.identity.directory_id
    }

    /// What `.kafka_cleanshutdown` must name for Kafka to take the stop as clean.
    pub fn broker_epoch(&self) -> i64 {
        self.image.read().broker_epoch(self.identity.node_id)
    }

    /// The state of the metadata log.
    pub fn quorum(&self) -> QuorumView {
        let writer = self.writer.lock();
        QuorumView {
            epoch: writer.epoch(),
            end_offset: self.image.read().end_offset(),
        }
    }
}
