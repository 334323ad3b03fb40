//! Changes to the metadata: validated, appended, synced, then visible.
//!
//! Invariants: one change at a time; a change that fails validation writes nothing. All
//! methods block on the disk.
//! Absent on purpose: how a change gets to the disk (`writer`).

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use kafka_wire::{
    ConfigRecord, MetadataRecord, PartitionChangeRecord, PartitionRecord, ProducerIdsRecord,
    RemoveTopicRecord, TopicRecord, Uuid,
};

use super::Metadata;
use super::error::ChangeError;
use super::image::{Image, ResourceType, TopicImage};
use super::names::{Collisions, OFFSETS_TOPIC, check_topic_name};
use crate::config::Overrides;
use crate::log::TopicId;

/// Most partitions of one topic. Their records must fit one batch that Kafka reads (8 MiB).
pub const PARTITIONS_MAX: i32 = 100_000;
/// Producer ids that are taken from the metadata at a time, as Kafka does.
pub const PRODUCER_ID_BLOCK: u32 = 1000;

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
