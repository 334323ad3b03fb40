//! Opens the metadata of a data directory: made new, written by this server, written by Kafka, or
//! partition directories without any metadata.
//!
//! Invariants: nothing is written into a directory that is refused. A directory that needs nothing
//! is not written to at all.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kafka_wire::{
    BrokerRegistrationChangeRecord, MetadataRecord, PartitionRecord, TopicRecord, Uuid,
};
use parking_lot::{Mutex, RwLock};

use super::adopt::{self, FoundTopic};
use super::change::offsets_topic_config;
use super::error::{ChangeError, OpenError};
use super::format::{self, METADATA_DIR};
use super::image::Image;
use super::names::OFFSETS_TOPIC;
use super::properties::MetaProperties;
use super::store::{self, MetadataLog, Replayed, TailCut};
use super::writer::Writer;
use super::{Metadata, segments};
use crate::log::{Clock, StorageError, TopicId};

/// How a directory is opened.
#[derive(Clone)]
pub struct MetadataOptions {
    /// The node's number; must match an existing directory. `None` takes what is there, else 1.
    pub node_id: Option<i32>,
    /// The cluster's id; must match an existing directory. `None` takes what is there, else a
    /// random one.
    pub cluster_id: Option<String>,
    /// Gives the times in the log's batches.
    pub clock: Arc<dyn Clock>,
}

/// Where the metadata came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The directory was empty.
    Created,
    /// Formatted by `kafka-storage`, never started.
    Formatted,
    /// There was metadata.
    Opened,
    /// There were partition directories without metadata; they are topics now, with the default
    /// settings.
    Adopted,
}

/// What was found when the metadata was opened.
#[derive(Debug, Clone)]
pub struct MetadataReport {
    /// Where it came from.
    pub origin: Origin,
    /// Topics known now.
    pub topics: usize,
    /// Their partitions.
    pub partitions: usize,
    /// Records read, those of the snapshot included.
    pub records: u64,
    /// The snapshot used.
    pub snapshot: Option<PathBuf>,
    /// Records that an earlier repair took out of the log.
    pub missing: i64,
    /// What was cut from the end.
    pub tail: Option<TailCut>,
    /// The last Kafka broker here was killed, not stopped.
    pub kafka_was_killed: bool,
}

impl MetadataReport {
    /// Whether the operator should read it: something was adopted, cut, or is missing.
    pub fn is_remarkable(&self) -> bool {
        self.origin == Origin::Adopted || self.tail.is_some() || self.missing > 0
    }
}

impl fmt::Display for MetadataReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.origin {
            Origin::Created => "created",
            Origin::Formatted => "first start of a formatted directory",
            Origin::Opened => "opened",
            Origin::Adopted => {
                "ADOPTED partition directories that had no metadata (topic settings \
                are the defaults now)"
            }
        };
        write!(
            f,
            "metadata {what}: {} topics, {} partitions, {} records read",
            self.topics, self.partitions, self.records
        )?;
        if self.missing > 0 {
            write!(
                f,
                "; {} records are missing, taken out by a repair",
                self.missing
            )?;
        }
        if let Some(tail) = &self.tail {
            write!(
                f,
                "; cut {} torn bytes at {} of {} ({})",
                tail.bytes,
                tail.at,
                tail.path.display(),
                tail.reason
            )?;
        }
        if self.kafka_was_killed {
            f.write_str("; the Kafka broker before was killed")?;
        }
        Ok(())
    }
}

impl Metadata {
    /// Opens the metadata of `root`, making it if there is none. The caller holds the directory's
    /// lock.
    ///
    /// # Errors
    /// Everything in [`OpenError`]; nothing was changed then.
    pub fn open(
        root: &Path,
        options: &MetadataOptions,
    ) -> Result<(Self, MetadataReport), OpenError> {
        let dir = root.join(METADATA_DIR);
        let (identity, mut origin) = identify(root, &dir, options)?;
        let no_state = segments::list(&dir)?.is_empty() && no_topics_yet(&dir)?;
        let adopted = if no_state {
            adopt::find(root)?
        } else {
            Default::default()
        };
        let now_ms = options.clock.now_ms();
        if origin == Origin::Created {
            format::format(root, &identity, now_ms)?;
        } else if no_state && segments::list_snapshots(&dir)?.is_empty() {
            format::format_log(&dir, &identity, now_ms)?;
        }
        let mut found = store::replay(&dir)?;
        check_ours(&dir, &identity, &found)?;
        let fresh = found.image.metadata_version() == 0;
        if fresh && origin == Origin::Opened {
            origin = Origin::Formatted;
        }
        let log = MetadataLog::open(&dir, &found)?;
        let metadata = Self {
            writer: Mutex::new(Writer::new(log, &found)),
            image: RwLock::new(Arc::new(std::mem::take(&mut found.image))),
            clock: Arc::clone(&options.clock),
            dir,
            identity,
        };
        if fresh {
            metadata.bootstrap(root)?;
        }
        if !adopted.is_empty() {
            origin = Origin::Adopted;
            metadata.adopt(&adopted)?;
        }
        let kafka_was_killed = metadata.fence()?;
        let report = metadata.report(origin, &found, kafka_was_killed);
        Ok((metadata, report))
    }

    fn report(&self, origin: Origin, found: &Replayed, kafka_was_killed: bool) -> MetadataReport {
        let image = self.image();
        MetadataReport {
            origin,
            topics: image.topic_count(),
            partitions: image.topics().map(|topic| topic.partitions.len()).sum(),
            records: found.records,
            snapshot: found
                .snapshot
                .as_ref()
                .map(|snapshot| snapshot.path.clone()),
            missing: found.missing,
            tail: found.tail.clone(),
            kafka_was_killed,
        }
    }

    /// Writes what Kafka's controller writes first: features, and what `format` was told to add.
    fn bootstrap(&self, root: &Path) -> Result<(), OpenError> {
        let image = format::bootstrap_image(root)?;
        let records = format::bootstrap_records(&image);
        self.commit_at_open(|_| Ok(records))?;
        self.commit_at_open(|current| {
            let broker = format::registration(&self.identity, current.end_offset(), current);
            Ok(vec![MetadataRecord::RegisterBrokerRecord(broker)])
        })
    }

    fn adopt(
        &self,
        topics: &std::collections::BTreeMap<String, FoundTopic>,
    ) -> Result<(), OpenError> {
        for (name, topic) in topics {
            self.commit_at_open(|_| {
                let mut records = vec![MetadataRecord::TopicRecord(TopicRecord {
                    name: name.as_str().into(),
                    topic_id: Uuid(topic.id.0),
                })];
                if name == OFFSETS_TOPIC {
                    records.extend(offsets_topic_config());
                }
                let last = topic.partitions.keys().next_back().copied().unwrap_or(0);
                records.extend((0..=last).map(|number| {
                    let epoch = topic.partitions.get(&number).copied().unwrap_or(0);
                    let record = self.new_partition(topic.id, number, epoch);
                    MetadataRecord::PartitionRecord(record)
                }));
                Ok(records)
            })?;
        }
        Ok(())
    }

    /// Says in the metadata that no Kafka broker runs here, unless it says so already. Kafka would
    /// wait nine seconds for the vanished one otherwise. True if it did not.
    fn fence(&self) -> Result<bool, OpenError> {
        let image = self.image();
        let node_id = self.identity.node_id;
        let Some(broker) = image.brokers.get(&node_id).filter(|broker| !broker.fenced) else {
            return Ok(false);
        };
        let change = BrokerRegistrationChangeRecord {
            broker_id: node_id,
            broker_epoch: broker.broker_epoch,
            fenced: 1,
            ..BrokerRegistrationChangeRecord::default()
        };
        self.commit_at_open(|_| Ok(vec![MetadataRecord::BrokerRegistrationChangeRecord(change)]))?;
        Ok(true)
    }

    fn commit_at_open<'r>(
        &self,
        records: impl FnOnce(&Image) -> Result<Vec<MetadataRecord<'r>>, ChangeError>,
    ) -> Result<(), OpenError> {
        self.change(|image, _| records(image))
            .map_err(|error| match error {
                ChangeError::NotWritten(error) => OpenError::Storage(error),
                other => {
                    let error = std::io::Error::other(other.to_string());
                    OpenError::Storage(StorageError::io("append to", &self.dir, error))
                }
            })
    }

    /// A partition's first record, led by this node alone.
    pub(super) fn new_partition(&self, id: TopicId, number: i32, epoch: i32) -> PartitionRecord {
        let node_id = self.identity.node_id;
        PartitionRecord {
            partition_id: number,
            topic_id: Uuid(id.0),
            replicas: vec![node_id],
            isr: vec![node_id],
            leader: node_id,
            leader_epoch: epoch,
            partition_epoch: 0,
            directories: vec![self.identity.directory_id],
            ..PartitionRecord::default()
        }
    }
}

/// True unless a snapshot carries the state.
fn no_topics_yet(dir: &Path) -> Result<bool, OpenError> {
    Ok(segments::list_snapshots(dir)?
        .iter()
        .all(|snapshot| snapshot.offset == 0))
}

/// Reads or invents who this directory is.
fn identify(
    root: &Path,
    dir: &Path,
    options: &MetadataOptions,
) -> Result<(MetaProperties, Origin), OpenError> {
    let path = MetaProperties::path(root);
    let Some(identity) = MetaProperties::read(root)? else {
        if !segments::list(dir)?.is_empty() || !no_topics_yet(dir)? {
            let why = "it is missing, although there is a metadata log";
            let advice = "Restore it: lines version=1, cluster.id=ID, node.id=NUMBER and \
                directory.id=ID; or move __cluster_metadata-0 away to take over the partitions alone";
            return Err(OpenError::foreign(&path, why, advice));
        }
        let random = || TopicId::random().to_string();
        let identity = MetaProperties {
            cluster_id: options.cluster_id.clone().unwrap_or_else(random),
            node_id: options.node_id.unwrap_or(1),
            directory_id: Uuid(TopicId::random().0),
        };
        return Ok((identity, Origin::Created));
    };
    let differs = |what: &str, there: &str, asked: &str| {
        let why = format!("{what} is {there}, asked for was {asked}");
        Err(OpenError::foreign(
            &path,
            why,
            "Change the configuration, or use another directory",
        ))
    };
    match (options.node_id, &options.cluster_id) {
        (Some(asked), _) if asked != identity.node_id => {
            differs("node.id", &identity.node_id.to_string(), &asked.to_string())
        }
        (_, Some(asked)) if *asked != identity.cluster_id => {
            differs("cluster.id", &identity.cluster_id, asked)
        }
        _ => Ok((identity, Origin::Opened)),
    }
}

/// Refuses what one node with one directory cannot serve.
fn check_ours(dir: &Path, identity: &MetaProperties, found: &Replayed) -> Result<(), OpenError> {
    found.quorum.check_alone(dir, identity)?;
    for topic in found.image.topics() {
        for (number, partition) in topic.partitions() {
            let record = &partition.record;
            if record.replicas != [identity.node_id] {
                let why = format!(
                    "{}-{number} has its replicas on nodes {:?}",
                    topic.name(),
                    record.replicas
                );
                let advice = "Highwater serves a cluster of one node only. Reassign all partitions \
                    to this node first, or move __cluster_metadata-0 away to take over what lies here";
                return Err(OpenError::foreign(dir, why, advice));
            }
            let elsewhere = record.directories.first().filter(|directory| {
                // The first hundred ids are reserved: unassigned, migrating, lost.
                let reserved = directory.0[..15].iter().all(|byte| *byte == 0);
                **directory != identity.directory_id && !reserved
            });
            if let Some(directory) = elsewhere {
                let why = format!(
                    "{}-{number} lies in the log directory {directory}",
                    topic.name()
                );
                let advice = "Highwater uses one data directory. Move all partitions into one \
                    (kafka-reassign-partitions with log_dirs) first";
                return Err(OpenError::foreign(dir, why, advice));
            }
        }
    }
    Ok(())
}
