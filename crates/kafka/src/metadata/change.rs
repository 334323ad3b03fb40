//! Changes to the metadata: validated, appended, synced, then visible.
//!
//! Invariants: one change at a time; a change that fails validation writes nothing; the first
//! change after an opening begins a new epoch of the metadata log. All methods block on the disk.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use kafka_wire::{
    AbortTransactionRecord, ConfigRecord, MetadataRecord, PartitionChangeRecord, PartitionRecord,
    ProducerIdsRecord, RemoveTopicRecord, TopicRecord, Uuid,
};

use super::Metadata;
use super::error::ChangeError;
use super::image::{Image, ResourceType, TopicImage};
use super::names::{Collisions, OFFSETS_TOPIC, check_topic_name};
use super::quorum::Quorum;
use super::records::{Place, RecordVersions, batch_of};
use super::snapshot::{self, SnapshotPlace};
use super::store::{MetadataLog, Replayed};
use crate::config::Overrides;
use crate::log::leader_epochs::LeaderEpochs;
use crate::log::{KafkaOffset, TopicId};

/// Most partitions of one topic. Their records must fit one batch that Kafka reads (8 MiB).
pub const PARTITIONS_MAX: i32 = 100_000;
/// Producer ids that are taken from the metadata at a time, as Kafka does.
pub const PRODUCER_ID_BLOCK: u32 = 1000;
/// Log written or read since the last snapshot that makes the next one due (Kafka's default).
const SNAPSHOT_AFTER_BYTES: u64 = 20 << 20;

/// A topic to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// How many partitions, at least 1.
    pub partitions: i32,
    /// Settings, already checked against the table.
    pub configs: Overrides,
}

/// One setting to put (`Some`) or to remove.
pub type ConfigChange = (String, Option<String>);

/// The one who writes.
#[derive(Debug)]
pub(super) struct Writer {
    log: MetadataLog,
    quorum: Quorum,
    epoch_begun: bool,
    log_is_empty: bool,
    open_transaction: bool,
    collisions: Collisions,
    since_snapshot_bytes: u64,
    last_timestamp_ms: i64,
}

impl Writer {
    pub(super) fn new(log: MetadataLog, found: &Replayed) -> Self {
        let mut collisions = Collisions::default();
        found
            .image
            .topics()
            .for_each(|topic| collisions.insert(topic.name()));
        Self {
            log,
            quorum: found.quorum.clone(),
            epoch_begun: false,
            log_is_empty: found.image.end_offset() == 0,
            open_transaction: found.open_transaction,
            collisions,
            since_snapshot_bytes: found.log_bytes,
            last_timestamp_ms: found.last_timestamp_ms,
        }
    }

    pub(super) fn epoch(&self) -> i32 {
        self.quorum.epoch
    }
}

impl Metadata {
    /// Checks what `create_topics` would check, for `validate_only`.
    ///
    /// # Errors
    /// `InvalidTopic`, `TopicExists`, `InvalidPartitions`.
    pub fn check_new_topic(&self, name: &str, partitions: i32) -> Result<(), ChangeError> {
        check_new(
            &self.image(),
            &self.writer.lock().collisions,
            name,
            partitions,
        )
    }

    /// Creates one topic.
    ///
    /// # Errors
    /// As [`Self::create_topics`].
    pub fn create_topic(
        &self,
        name: &str,
        partitions: i32,
        configs: Overrides,
    ) -> Result<Arc<TopicImage>, ChangeError> {
        let new = NewTopic {
            name: name.to_owned(),
            partitions,
            configs,
        };
        let created = self.create_topics(std::slice::from_ref(&new));
        created
            .into_iter()
            .next()
            .unwrap_or(Err(ChangeError::UnknownTopic(new.name)))
    }

    /// Creates several topics with one sync. One that is refused does not hinder the others.
    ///
    /// # Errors
    /// Per topic: `InvalidTopic`, `TopicExists`, `InvalidPartitions`; for all: `NotWritten`,
    /// `Poisoned`.
    pub fn create_topics(&self, new: &[NewTopic]) -> Vec<Result<Arc<TopicImage>, ChangeError>> {
        let mut outcomes: Vec<Result<TopicId, ChangeError>> = Vec::with_capacity(new.len());
        let written = self.change(|image, writer| {
            let mut records = Vec::new();
            let mut accepted = Collisions::default();
            let mut names: Vec<&str> = Vec::new();
            for topic in new {
                let checked = check_new(image, &writer.collisions, &topic.name, topic.partitions)
                    .and_then(|()| match names.contains(&topic.name.as_str()) {
                        true => Err(ChangeError::TopicExists(topic.name.clone())),
                        false => accepted.check(&topic.name),
                    });
                outcomes.push(checked.map(|()| {
                    names.push(&topic.name);
                    accepted.insert(&Arc::from(topic.name.as_str()));
                    let id = TopicId::random();
                    self.push_topic(&mut records, topic, id);
                    id
                }));
            }
            Ok(records)
        });
        let image = self.image();
        let created = outcomes.into_iter().map(|outcome| {
            let id = outcome?;
            if let Err(error) = &written {
                return Err(error.again());
            }
            // A delete may have come in between; the caller created it all the same.
            let topic = image.topic_by_id(id).cloned();
            topic.ok_or_else(|| ChangeError::UnknownTopic(id.to_string()))
        });
        created.collect()
    }

    fn push_topic<'t>(
        &self,
        records: &mut Vec<MetadataRecord<'t>>,
        topic: &'t NewTopic,
        id: TopicId,
    ) {
        let name = topic.name.as_str().into();
        let topic_id = Uuid(id.0);
        records.push(MetadataRecord::TopicRecord(TopicRecord { name, topic_id }));
        for (name, value) in &topic.configs {
            records.push(config_record(
                ResourceType::TOPIC,
                &topic.name,
                name,
                Some(value),
            ));
        }
        records.extend(
            (0..topic.partitions)
                .map(|number| MetadataRecord::PartitionRecord(self.new_partition(id, number, 0))),
        );
    }

    /// Deletes a topic and its settings; gives what it was.
    ///
    /// # Errors
    /// `UnknownTopic`, `NotWritten`, `Poisoned`.
    pub fn delete_topic(&self, name: &str) -> Result<Arc<TopicImage>, ChangeError> {
        let mut removed = None;
        self.change(|image, _| {
            let topic = known(image, name)?;
            removed = Some(Arc::clone(topic));
            let topic_id = Uuid(topic.id().0);
            Ok(vec![MetadataRecord::RemoveTopicRecord(RemoveTopicRecord {
                topic_id,
            })])
        })?;
        removed.ok_or_else(|| ChangeError::UnknownTopic(name.to_owned()))
    }

    /// Raises the number of partitions to `total`.
    ///
    /// # Errors
    /// `UnknownTopic`, `InvalidPartitions`, `NotWritten`, `Poisoned`.
    pub fn create_partitions(
        &self,
        name: &str,
        total: i32,
    ) -> Result<Arc<TopicImage>, ChangeError> {
        self.change(|image, _| {
            let topic = known(image, name)?;
            check_growth(topic, total)?;
            let more = topic.partition_count()..total;
            Ok(more
                .map(|number| {
                    MetadataRecord::PartitionRecord(self.new_partition(topic.id(), number, 0))
                })
                .collect())
        })?;
        self.topic(name)
            .ok_or_else(|| ChangeError::UnknownTopic(name.to_owned()))
    }

    /// Checks what `create_partitions` would check.
    ///
    /// # Errors
    /// `UnknownTopic`, `InvalidPartitions`.
    pub fn check_new_partitions(&self, name: &str, total: i32) -> Result<(), ChangeError> {
        check_growth(known(&self.image(), name)?, total)
    }

    /// Puts and removes settings of a topic; gives all it has then. Values are the caller's to
    /// check.
    ///
    /// # Errors
    /// `UnknownTopic`, `NotWritten`, `Poisoned`.
    pub fn alter_topic_config(
        &self,
        name: &str,
        changes: &[ConfigChange],
    ) -> Result<Arc<Overrides>, ChangeError> {
        self.alter_config(ResourceType::TOPIC, name, changes)
    }

    /// Puts and removes settings of this broker, or of all brokers.
    ///
    /// # Errors
    /// `NotWritten`, `Poisoned`.
    pub fn alter_broker_config(
        &self,
        all_brokers: bool,
        changes: &[ConfigChange],
    ) -> Result<Arc<Overrides>, ChangeError> {
        let node = self.node_id().to_string();
        let name = if all_brokers { "" } else { node.as_str() };
        self.alter_config(ResourceType::BROKER, name, changes)
    }

    /// Puts and removes settings of any resource; gives all it has then.
    ///
    /// # Errors
    /// `UnknownTopic` for a topic that is none, `NotWritten`, `Poisoned`.
    pub fn alter_config(
        &self,
        resource: ResourceType,
        name: &str,
        changes: &[ConfigChange],
    ) -> Result<Arc<Overrides>, ChangeError> {
        self.change(|image, _| {
            if resource == ResourceType::TOPIC {
                known(image, name)?;
            }
            let before = image.config(resource, name);
            let news = changes
                .iter()
                .filter(|(key, value)| before.get(key) != value.as_ref());
            Ok(news
                .map(|(key, value)| config_record(resource, name, key, value.as_deref()))
                .collect())
        })?;
        Ok(self.image().config(resource, name))
    }

    /// Replaces all settings of a resource (the older AlterConfigs).
    ///
    /// # Errors
    /// As [`Self::alter_config`].
    pub fn replace_config(
        &self,
        resource: ResourceType,
        name: &str,
        settings: &Overrides,
    ) -> Result<Arc<Overrides>, ChangeError> {
        let before = self.image().config(resource, name);
        let gone = before.keys().filter(|key| !settings.contains_key(*key));
        let mut changes: Vec<ConfigChange> = gone.map(|key| (key.clone(), None)).collect();
        changes.extend(
            settings
                .iter()
                .map(|(key, value)| (key.clone(), Some(value.clone()))),
        );
        self.alter_config(resource, name, &changes)
    }

    /// Takes `count` producer ids that nobody ever had or will get. Costs a sync: take
    /// [`PRODUCER_ID_BLOCK`] and hand them out.
    ///
    /// # Errors
    /// `InvalidRequest` when none are left, `NotWritten`, `Poisoned`.
    pub fn allocate_producer_ids(&self, count: u32) -> Result<Range<i64>, ChangeError> {
        let mut range = 0..0;
        self.change(|image, _| {
            let first = image.next_producer_id.max(0);
            let end = first.checked_add(i64::from(count));
            let end = end.ok_or_else(|| {
                ChangeError::InvalidRequest("all producer ids are used up".to_owned())
            })?;
            range = first..end;
            Ok(vec![MetadataRecord::ProducerIdsRecord(ProducerIdsRecord {
                broker_id: self.node_id(),
                broker_epoch: image.broker_epoch(self.node_id()),
                next_producer_id: end,
            })])
        })?;
        Ok(range)
    }

    /// Begins a new leader epoch in each of these partitions: after records were cut from them, so
    /// that clients which had seen more notice. Unknown ones are passed over.
    ///
    /// # Errors
    /// `NotWritten`, `Poisoned`.
    pub fn begin_leader_epochs(&self, partitions: &[(TopicId, i32)]) -> Result<(), ChangeError> {
        self.change(|image, _| {
            let known = partitions.iter().filter(|(id, number)| {
                image
                    .topic_by_id(*id)
                    .is_some_and(|topic| topic.partition(*number).is_some())
            });
            let changes = known.map(|(id, number)| {
                MetadataRecord::PartitionChangeRecord(PartitionChangeRecord {
                    partition_id: *number,
                    topic_id: Uuid(id.0),
                    leader: self.node_id(),
                    isr: Some(vec![self.node_id()]),
                    ..PartitionChangeRecord::default()
                })
            });
            Ok(changes.collect())
        })
    }

    /// Makes the leader epoch of each of these partitions at least the one given: the newest in
    /// its log. Metadata lower than that (copied in from elsewhere) would make Kafka cut the log.
    /// Gives the partitions that were raised.
    ///
    /// # Errors
    /// `NotWritten`, `Poisoned`.
    pub fn raise_leader_epochs(
        &self,
        at_least: &[(TopicId, i32, i32)],
    ) -> Result<Vec<(TopicId, i32)>, ChangeError> {
        let mut raised = Vec::new();
        self.change(|image, _| {
            let lower = at_least.iter().filter_map(|(id, number, epoch)| {
                let found = image.topic_by_id(*id)?.partition(*number)?;
                (found.leader_epoch() < *epoch).then(|| {
                    raised.push((*id, *number));
                    let old: &PartitionRecord = &found.record;
                    MetadataRecord::PartitionRecord(PartitionRecord {
                        leader_epoch: *epoch,
                        partition_epoch: old.partition_epoch.saturating_add(1),
                        ..old.clone()
                    })
                })
            });
            Ok(lower.collect())
        })?;
        Ok(raised)
    }

    /// Lets `decide` look at the present and say what to append; appends it.
    pub(super) fn change<'r>(
        &self,
        decide: impl FnOnce(&Image, &Writer) -> Result<Vec<MetadataRecord<'r>>, ChangeError>,
    ) -> Result<(), ChangeError> {
        let mut writer = self.writer.lock();
        let records = decide(&self.image(), &writer)?;
        if records.is_empty() {
            return Ok(());
        }
        self.begin_epoch(&mut writer)?;
        self.append(&mut writer, records)?;
        if writer.since_snapshot_bytes >= SNAPSHOT_AFTER_BYTES {
            self.snapshot(&mut writer);
        }
        Ok(())
    }

    /// Takes the log over from whoever wrote it last.
    fn begin_epoch(&self, writer: &mut Writer) -> Result<(), ChangeError> {
        if writer.epoch_begun {
            return Ok(());
        }
        let end = self.image().end_offset();
        let node_id = self.node_id();
        let epoch = writer.quorum.epoch.saturating_add(1);
        writer
            .log
            .drop_stale_indexes()
            .map_err(ChangeError::NotWritten)?;
        writer
            .quorum
            .write_state(&self.dir, node_id, epoch)
            .map_err(ChangeError::NotWritten)?;
        // Kafka rebuilds this file from the log, so a damaged one is begun anew.
        LeaderEpochs::load(&self.dir)
            .or_else(|_| Ok(LeaderEpochs::empty(&self.dir)))
            .and_then(|mut epochs| epochs.assign(epoch, KafkaOffset(end)))
            .map_err(ChangeError::NotWritten)?;
        writer.quorum.epoch = epoch;
        let place = Place {
            base_offset: end,
            epoch,
            timestamp_ms: self.clock.now_ms(),
        };
        let with_voters = writer.log_is_empty;
        let batch = writer
            .quorum
            .leader_change(place, node_id, with_voters)
            .map_err(ChangeError::InvalidRequest)?;
        writer.log.append(end, &batch)?;
        writer.epoch_begun = true;
        writer.log_is_empty = false;
        writer.since_snapshot_bytes += batch.len() as u64;
        let voters = if with_voters && writer.quorum.kraft_version > 0 {
            2
        } else {
            0
        };
        self.moved_to(end + 1 + voters);
        if writer.open_transaction {
            let reason = Some("Controller failover".into());
            let abort = MetadataRecord::AbortTransactionRecord(AbortTransactionRecord { reason });
            self.append(writer, vec![abort])?;
            writer.open_transaction = false;
        }
        Ok(())
    }

    fn moved_to(&self, end_offset: i64) {
        Arc::make_mut(&mut self.image.write()).end_offset = end_offset;
    }

    fn append(
        &self,
        writer: &mut Writer,
        mut records: Vec<MetadataRecord<'_>>,
    ) -> Result<(), ChangeError> {
        let image = self.image();
        let level = image.metadata_version().max(level_in(&records));
        let end = image.end_offset();
        drop(image);
        let now_ms = self.clock.now_ms();
        let place = Place {
            base_offset: end,
            epoch: writer.quorum.epoch,
            timestamp_ms: now_ms,
        };
        let versions = RecordVersions::at(level);
        for record in &mut records {
            if let MetadataRecord::PartitionRecord(partition) = record {
                versions.fit(partition);
            }
        }
        let batch = batch_of(&records, versions, place).map_err(ChangeError::InvalidRequest)?;
        writer.log.append(end, &batch)?;
        writer.since_snapshot_bytes += batch.len() as u64;
        writer.last_timestamp_ms = now_ms;
        let count = i64::try_from(records.len()).unwrap_or_default();
        let mut published = self.image.write();
        let image = Arc::make_mut(&mut published);
        for record in records {
            writer.note(image, &record);
            if let Err(why) = image.apply(record) {
                // Validated before it was written, so this is a defect of ours; readers keep what
                // could be applied, and the next start replays the same.
                tracing::error!(%why, "a metadata record was written that does not apply");
            }
        }
        image.end_offset = end + count;
        Ok(())
    }

    /// Writes a snapshot and lets the log go on in a new segment. A failure costs time at the next
    /// start, nothing else.
    fn snapshot(&self, writer: &mut Writer) {
        writer.since_snapshot_bytes = 0;
        let image = self.image();
        let place = SnapshotPlace {
            epoch: writer.quorum.epoch,
            timestamp_ms: self.clock.now_ms(),
            last_log_timestamp_ms: writer.last_timestamp_ms,
        };
        let versions = RecordVersions::at(image.metadata_version());
        let records = snapshot::records_of(&image);
        let path = snapshot::path_of(&self.dir, image.end_offset(), place.epoch);
        let written = snapshot::encode(&records, versions, Some(&writer.quorum), place)
            .and_then(|bytes| snapshot::write(&path, &bytes).map_err(|error| error.to_string()))
            .and_then(|()| {
                let rolled = writer.log.roll_and_trim(image.end_offset());
                rolled.map_err(|error| error.to_string())
            });
        match written {
            Ok(()) => tracing::info!(path = %path.display(), "metadata snapshot written"),
            Err(why) => tracing::warn!(%why, "no metadata snapshot"),
        }
    }

    /// Writes a snapshot now, however little was written since the last.
    pub fn write_snapshot(&self) -> Result<(), ChangeError> {
        let mut writer = self.writer.lock();
        self.begin_epoch(&mut writer)?;
        self.snapshot(&mut writer);
        Ok(())
    }
}

impl Writer {
    /// Keeps the table of clashing names in step with what is about to be applied.
    fn note(&mut self, image: &Image, record: &MetadataRecord<'_>) {
        match record {
            MetadataRecord::TopicRecord(topic) => self.collisions.insert(&Arc::from(&*topic.name)),
            MetadataRecord::RemoveTopicRecord(gone) => {
                if let Some(topic) = image.topic_by_id(TopicId(gone.topic_id.0)) {
                    self.collisions.remove(topic.name());
                }
            }
            _ => {}
        }
    }
}

impl ChangeError {
    /// The same error once more, for the next of several callers.
    fn again(&self) -> Self {
        match self {
            Self::NotWritten(error) => {
                Self::NotWritten(crate::log::StorageError::Unusable(error.to_string()))
            }
            other => Self::Poisoned(other.to_string()),
        }
    }
}

/// The level the batch itself sets, for the very first one.
fn level_in(records: &[MetadataRecord<'_>]) -> i16 {
    let level = records.iter().find_map(|record| match record {
        MetadataRecord::FeatureLevelRecord(feature)
            if feature.name == super::records::METADATA_VERSION =>
        {
            Some(feature.feature_level)
        }
        _ => None,
    });
    level.unwrap_or(0)
}

fn known<'i>(image: &'i Image, name: &str) -> Result<&'i Arc<TopicImage>, ChangeError> {
    image
        .topic(name)
        .ok_or_else(|| ChangeError::UnknownTopic(name.to_owned()))
}

fn check_new(
    image: &Image,
    collisions: &Collisions,
    name: &str,
    partitions: i32,
) -> Result<(), ChangeError> {
    check_topic_name(name)?;
    if image.topic(name).is_some() {
        return Err(ChangeError::TopicExists(name.to_owned()));
    }
    collisions.check(name)?;
    check_count(partitions)
}

fn check_count(partitions: i32) -> Result<(), ChangeError> {
    let why = match partitions {
        ..1 => "Number of partitions was set to an invalid non-positive value.".to_owned(),
        1..=PARTITIONS_MAX => return Ok(()),
        _ => format!("Number of partitions is above {PARTITIONS_MAX}."),
    };
    Err(ChangeError::InvalidPartitions(why))
}

fn check_growth(topic: &TopicImage, total: i32) -> Result<(), ChangeError> {
    let current = topic.partition_count();
    check_count(total)?;
    match total.cmp(&current) {
        std::cmp::Ordering::Greater => Ok(()),
        std::cmp::Ordering::Equal => Err(ChangeError::InvalidPartitions(format!(
            "Topic already has {current} partition(s)."
        ))),
        std::cmp::Ordering::Less => Err(ChangeError::InvalidPartitions(format!(
            "The topic {} currently has {current} partition(s); {total} would not be an increase.",
            topic.name()
        ))),
    }
}

fn config_record<'r>(
    resource: ResourceType,
    resource_name: &'r str,
    name: &'r str,
    value: Option<&'r str>,
) -> MetadataRecord<'r> {
    MetadataRecord::ConfigRecord(ConfigRecord {
        resource_type: resource.0,
        resource_name: resource_name.into(),
        name: name.into(),
        value: value.map(Into::into),
    })
}

/// The settings Kafka gives `__consumer_offsets`.
pub(super) fn offsets_topic_settings() -> BTreeMap<String, String> {
    [
        ("cleanup.policy", "compact"),
        ("compression.type", "producer"),
        ("segment.bytes", "104857600"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into_iter()
    .collect()
}

/// Those settings as records.
pub(super) fn offsets_topic_config() -> Vec<MetadataRecord<'static>> {
    let settings = offsets_topic_settings();
    let owned = settings.into_iter().map(|(name, value)| {
        MetadataRecord::ConfigRecord(ConfigRecord {
            resource_type: ResourceType::TOPIC.0,
            resource_name: OFFSETS_TOPIC.into(),
            name: name.into(),
            value: Some(value.into()),
        })
    });
    owned.collect()
}

impl NewTopic {
    /// `__consumer_offsets` as Kafka creates it, with this many partitions (Kafka's default: 50).
    pub fn offsets(partitions: i32) -> Self {
        Self {
            name: OFFSETS_TOPIC.to_owned(),
            partitions,
            configs: offsets_topic_settings(),
        }
    }
}
