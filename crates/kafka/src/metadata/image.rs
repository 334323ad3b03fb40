//! The metadata at one moment: topics, partitions, settings, features, and everything else the
//! directory holds, understood here or not.
//!
//! Invariants: immutable once published behind an `Arc`; what Kafka put into the directory and this
//! server does not use (access rights, quotas, credentials, tokens) is kept, so that it is still
//! there after a snapshot. Cost of a lookup: one hash by id, two by name.
//! Absent on purpose: files (`store`), rules for changes (`change`).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use kafka_wire::{
    AccessControlEntryRecord, ClientQuotaRecord, DelegationTokenRecord, PartitionRecord,
    RegisterBrokerRecord, RegisterControllerRecord, UserScramCredentialRecord, Uuid,
};

use super::records::METADATA_VERSION;
use crate::config::Overrides;
use crate::log::TopicId;

/// One partition as the metadata has it.
#[derive(Debug, Clone, PartialEq)]
pub struct PartitionImage {
    pub(super) record: PartitionRecord,
}

impl PartitionImage {
    /// The epoch the next batch carries. Never goes back for a topic id.
    pub fn leader_epoch(&self) -> i32 {
        self.record.leader_epoch.max(0)
    }

    /// Counts every change of this partition's metadata.
    pub fn partition_epoch(&self) -> i32 {
        self.record.partition_epoch
    }

    /// Brokers meant to hold it.
    pub fn replicas(&self) -> &[i32] {
        &self.record.replicas
    }
}

/// One topic.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicImage {
    pub(super) name: Arc<str>,
    pub(super) id: TopicId,
    pub(super) partitions: BTreeMap<i32, PartitionImage>,
}

impl TopicImage {
    /// Its name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Its id; another one after the topic was deleted and created again.
    pub fn id(&self) -> TopicId {
        self.id
    }

    /// How many partitions it has; their numbers are 0 to one less.
    pub fn partition_count(&self) -> i32 {
        i32::try_from(self.partitions.len()).unwrap_or(i32::MAX)
    }

    /// One partition.
    pub fn partition(&self, number: i32) -> Option<&PartitionImage> {
        self.partitions.get(&number)
    }

    /// All partitions, by number.
    pub fn partitions(&self) -> impl Iterator<Item = (i32, &PartitionImage)> {
        self.partitions
            .iter()
            .map(|(number, image)| (*number, image))
    }
}

/// What a setting belongs to. The numbers are Kafka's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceType(pub i8);

impl ResourceType {
    /// Topic settings, by topic name.
    pub const TOPIC: Self = Self(2);
    /// Broker settings, by node id as text; the empty name is every broker's default.
    pub const BROKER: Self = Self(4);
    /// Client metrics subscriptions.
    pub const CLIENT_METRICS: Self = Self(16);
    /// Consumer group settings, by group id.
    pub const GROUP: Self = Self(32);
}

/// Records that are kept for Kafka and not used here, by what identifies them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Retained {
    pub(super) acls: BTreeMap<Uuid, AccessControlEntryRecord<'static>>,
    pub(super) scram: BTreeMap<(String, i8), UserScramCredentialRecord<'static>>,
    pub(super) quotas: BTreeMap<QuotaKey, ClientQuotaRecord<'static>>,
    pub(super) tokens: BTreeMap<String, DelegationTokenRecord<'static>>,
    pub(super) controllers: BTreeMap<i32, RegisterControllerRecord<'static>>,
}

/// The parts of a quota's entity (type, name) in order, then the quota's name.
pub(super) type QuotaKey = (Vec<(String, Option<String>)>, String);

/// The metadata at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Image {
    pub(super) topics: HashMap<TopicId, Arc<TopicImage>>,
    pub(super) names: HashMap<Arc<str>, TopicId>,
    pub(super) configs: HashMap<ResourceType, BTreeMap<Arc<str>, Arc<Overrides>>>,
    pub(super) features: BTreeMap<String, i16>,
    pub(super) brokers: BTreeMap<i32, RegisterBrokerRecord<'static>>,
    pub(super) next_producer_id: i64,
    pub(super) retained: Retained,
    /// Offset after the last record applied.
    pub(super) end_offset: i64,
}

impl Image {
    /// A topic by name.
    pub fn topic(&self, name: &str) -> Option<&Arc<TopicImage>> {
        self.topics.get(self.names.get(name)?)
    }

    /// A topic by id.
    pub fn topic_by_id(&self, id: TopicId) -> Option<&Arc<TopicImage>> {
        self.topics.get(&id)
    }

    /// All topics, in no order.
    pub fn topics(&self) -> impl Iterator<Item = &Arc<TopicImage>> {
        self.topics.values()
    }

    /// How many topics there are.
    pub fn topic_count(&self) -> usize {
        self.topics.len()
    }

    /// The settings of a resource; empty if none were set.
    pub fn config(&self, resource: ResourceType, name: &str) -> Arc<Overrides> {
        let found = self
            .configs
            .get(&resource)
            .and_then(|by_name| by_name.get(name));
        found.map(Arc::clone).unwrap_or_default()
    }

    /// All resources of a type that have settings, by name.
    pub fn configured(
        &self,
        resource: ResourceType,
    ) -> impl Iterator<Item = (&Arc<str>, &Arc<Overrides>)> {
        self.configs.get(&resource).into_iter().flatten()
    }

    /// The settings of a topic that differ from the broker's.
    pub fn topic_config(&self, topic: &str) -> Arc<Overrides> {
        self.config(ResourceType::TOPIC, topic)
    }

    /// The features the directory has finalized, by name. A server may serve less.
    pub fn features(&self) -> &BTreeMap<String, i16> {
        &self.features
    }

    /// Level of `metadata.version`; 0 before anything was written.
    pub(super) fn metadata_version(&self) -> i16 {
        self.features.get(METADATA_VERSION).copied().unwrap_or(0)
    }

    /// Offset after the last metadata record that this image holds.
    pub fn end_offset(&self) -> i64 {
        self.end_offset
    }

    /// The epoch of a broker's last registration, −1 if it never registered.
    pub fn broker_epoch(&self, node_id: i32) -> i64 {
        self.brokers
            .get(&node_id)
            .map_or(-1, |broker| broker.broker_epoch)
    }
}
