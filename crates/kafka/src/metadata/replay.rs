//! Applies metadata records to an image, as Kafka's controller does.
//!
//! Invariants: replaying the same records gives the same image; a record that cannot be applied is
//! an error, never skipped. Transactions (`Transactions`) become visible whole or not at all.
//! Absent on purpose: what a record *should* say (`change`), files.

use std::sync::Arc;

use kafka_wire::{
    BrokerRegistrationChangeRecord, ClientQuotaRecord, ConfigRecord, MetadataRecord,
    PartitionChangeRecord, PartitionRecord, RegisterBrokerRecord, TopicRecord, Uuid,
};

use super::image::{Image, PartitionImage, QuotaKey, ResourceType, TopicImage};
use super::records::{METADATA_VERSION, METADATA_VERSION_MAX, METADATA_VERSION_MIN};
use crate::config::Overrides;
use crate::log::TopicId;

/// "The leader did not change" in a partition change.
const NO_LEADER_CHANGE: i32 = -2;

impl Image {
    /// Applies one record. Transaction markers are the caller's.
    ///
    /// # Errors
    /// One sentence saying what does not fit.
    pub(super) fn apply(&mut self, record: MetadataRecord<'_>) -> Result<(), String> {
        match record {
            MetadataRecord::TopicRecord(topic) => self.add_topic(&topic)?,
            MetadataRecord::PartitionRecord(partition) => self.put_partition(partition)?,
            MetadataRecord::PartitionChangeRecord(change) => self.change_partition(change)?,
            MetadataRecord::RemoveTopicRecord(remove) => self.remove_topic(remove.topic_id)?,
            MetadataRecord::ConfigRecord(config) => self.set_config(config),
            MetadataRecord::FeatureLevelRecord(feature) => {
                self.set_feature(&feature.name, feature.feature_level)?;
            }
            MetadataRecord::ProducerIdsRecord(ids) => self.next_producer_id = ids.next_producer_id,
            MetadataRecord::ClearElrRecord(clear) => self.clear_elr(&clear.topic_name),
            MetadataRecord::RegisterBrokerRecord(broker) => {
                self.brokers.insert(broker.broker_id, broker.into_owned());
            }
            MetadataRecord::UnregisterBrokerRecord(broker) => {
                self.brokers.remove(&broker.broker_id);
            }
            MetadataRecord::BrokerRegistrationChangeRecord(change) => {
                let broker = self.broker(change.broker_id)?;
                change_registration(broker, change);
            }
            MetadataRecord::FenceBrokerRecord(fence) => self.broker(fence.id)?.fenced = true,
            MetadataRecord::UnfenceBrokerRecord(unfence) => self.broker(unfence.id)?.fenced = false,
            other => self.retain(other),
        }
        Ok(())
    }

    /// Takes records this server does not use.
    fn retain(&mut self, record: MetadataRecord<'_>) {
        let retained = &mut self.retained;
        match record {
            MetadataRecord::AccessControlEntryRecord(acl) => {
                retained.acls.insert(acl.id, acl.into_owned());
            }
            MetadataRecord::RemoveAccessControlEntryRecord(gone) => {
                retained.acls.remove(&gone.id);
            }
            MetadataRecord::UserScramCredentialRecord(user) => {
                let key = (user.name.clone().into_owned(), user.mechanism);
                retained.scram.insert(key, user.into_owned());
            }
            MetadataRecord::RemoveUserScramCredentialRecord(gone) => {
                retained
                    .scram
                    .remove(&(gone.name.into_owned(), gone.mechanism));
            }
            MetadataRecord::ClientQuotaRecord(quota) => {
                let key = quota_key(&quota);
                if quota.remove {
                    retained.quotas.remove(&key);
                } else {
                    retained.quotas.insert(key, quota.into_owned());
                }
            }
            MetadataRecord::DelegationTokenRecord(token) => {
                let key = token.token_id.clone().into_owned();
                retained.tokens.insert(key, token.into_owned());
            }
            MetadataRecord::RemoveDelegationTokenRecord(gone) => {
                retained.tokens.remove(&*gone.token_id);
            }
            MetadataRecord::RegisterControllerRecord(controller) => {
                retained
                    .controllers
                    .insert(controller.controller_id, controller.into_owned());
            }
            // Nothing follows from the rest: no-ops, ended migrations, transaction markers.
            _ => {}
        }
    }

    fn add_topic(&mut self, topic: &TopicRecord<'_>) -> Result<(), String> {
        let id = TopicId(topic.topic_id.0);
        let name: Arc<str> = Arc::from(&*topic.name);
        if self.topics.contains_key(&id) {
            return Err(format!("topic id {id} is there twice"));
        }
        if let Some(other) = self.names.get(&name) {
            return Err(format!("topic {name} is there twice, as {other} and {id}"));
        }
        self.names.insert(Arc::clone(&name), id);
        let partitions = Default::default();
        self.topics.insert(
            id,
            Arc::new(TopicImage {
                name,
                id,
                partitions,
            }),
        );
        Ok(())
    }

    fn topic_mut(&mut self, id: Uuid) -> Result<&mut TopicImage, String> {
        match self.topics.get_mut(&TopicId(id.0)) {
            Some(topic) => Ok(Arc::make_mut(topic)),
            None => Err(format!("no topic has the id {id}")),
        }
    }

    fn put_partition(&mut self, record: PartitionRecord) -> Result<(), String> {
        let topic = self.topic_mut(record.topic_id)?;
        if record.partition_id < 0 {
            return Err(format!(
                "topic {} has a partition {}",
                topic.name, record.partition_id
            ));
        }
        topic
            .partitions
            .insert(record.partition_id, PartitionImage { record });
        Ok(())
    }

    fn change_partition(&mut self, change: PartitionChangeRecord) -> Result<(), String> {
        let topic = self.topic_mut(change.topic_id)?;
        let Some(partition) = topic.partitions.get_mut(&change.partition_id) else {
            return Err(format!(
                "topic {} has no partition {}",
                topic.name, change.partition_id
            ));
        };
        change_partition(&mut partition.record, change);
        Ok(())
    }

    fn remove_topic(&mut self, id: Uuid) -> Result<(), String> {
        let Some(topic) = self.topics.remove(&TopicId(id.0)) else {
            return Err(format!("no topic has the id {id}"));
        };
        self.names.remove(&topic.name);
        self.drop_config(ResourceType::TOPIC, &topic.name);
        Ok(())
    }

    fn set_config(&mut self, config: ConfigRecord<'_>) {
        let by_name = self
            .configs
            .entry(ResourceType(config.resource_type))
            .or_default();
        let settings = match by_name.get_mut(&*config.resource_name) {
            Some(settings) => settings,
            None => by_name
                .entry(Arc::from(&*config.resource_name))
                .or_default(),
        };
        let settings: &mut Overrides = Arc::make_mut(settings);
        match config.value {
            Some(value) => {
                settings.insert(config.name.into_owned(), value.into_owned());
            }
            None => {
                settings.remove(&*config.name);
            }
        }
        if settings.is_empty() {
            self.drop_config(ResourceType(config.resource_type), &config.resource_name);
        }
    }

    fn drop_config(&mut self, resource: ResourceType, name: &str) {
        if let Some(by_name) = self.configs.get_mut(&resource) {
            by_name.remove(name);
            if by_name.is_empty() {
                self.configs.remove(&resource);
            }
        }
    }

    fn set_feature(&mut self, name: &str, level: i16) -> Result<(), String> {
        let known = METADATA_VERSION_MIN..=METADATA_VERSION_MAX;
        if name == METADATA_VERSION && !known.contains(&level) {
            return Err(format!(
                "metadata.version {level} is outside what this server knows ({} to {})",
                known.start(),
                known.end()
            ));
        }
        if level == 0 {
            self.features.remove(name);
        } else {
            self.features.insert(name.to_owned(), level);
        }
        Ok(())
    }

    fn clear_elr(&mut self, topic_name: &str) {
        for topic in self.topics.values_mut() {
            if topic_name.is_empty() || &*topic.name == topic_name {
                for partition in Arc::make_mut(topic).partitions.values_mut() {
                    partition.record.eligible_leader_replicas = None;
                    partition.record.last_known_elr = None;
                }
            }
        }
    }

    fn broker(&mut self, id: i32) -> Result<&mut RegisterBrokerRecord<'static>, String> {
        self.brokers
            .get_mut(&id)
            .ok_or_else(|| format!("broker {id} was never registered"))
    }
}

fn quota_key(quota: &ClientQuotaRecord<'_>) -> QuotaKey {
    let mut entity: Vec<_> = quota
        .entity
        .iter()
        .map(|part| {
            let name = part.entity_name.as_ref().map(|name| name.to_string());
            (part.entity_type.to_string(), name)
        })
        .collect();
    entity.sort();
    (entity, quota.key.to_string())
}

/// Every change counts; only one that names a leader begins a leader epoch.
fn change_partition(record: &mut PartitionRecord, change: PartitionChangeRecord) {
    fn put<T>(field: &mut T, change: Option<T>) {
        if let Some(change) = change {
            *field = change;
        }
    }
    put(&mut record.isr, change.isr);
    put(&mut record.replicas, change.replicas);
    put(&mut record.removing_replicas, change.removing_replicas);
    put(&mut record.adding_replicas, change.adding_replicas);
    put(&mut record.directories, change.directories);
    let elr = |list: Option<Vec<i32>>| list.map(|list| (!list.is_empty()).then_some(list));
    put(
        &mut record.eligible_leader_replicas,
        elr(change.eligible_leader_replicas),
    );
    put(&mut record.last_known_elr, elr(change.last_known_elr));
    if change.leader != NO_LEADER_CHANGE {
        record.leader = change.leader;
        record.leader_epoch = record.leader_epoch.saturating_add(1);
    }
    if change.leader_recovery_state >= 0 {
        record.leader_recovery_state = change.leader_recovery_state;
    }
    record.partition_epoch = record.partition_epoch.saturating_add(1);
}

/// In the tri-state fields 1 sets, −1 clears, 0 leaves alone.
fn change_registration(
    broker: &mut RegisterBrokerRecord<'static>,
    change: BrokerRegistrationChangeRecord,
) {
    match change.fenced {
        1 => broker.fenced = true,
        -1 => broker.fenced = false,
        _ => {}
    }
    match change.in_controlled_shutdown {
        1 => broker.in_controlled_shutdown = true,
        -1 => broker.in_controlled_shutdown = false,
        _ => {}
    }
    if !change.log_dirs.is_empty() {
        broker.log_dirs = change.log_dirs;
    }
    if change.cordoned_log_dirs.is_some() {
        broker.cordoned_log_dirs = change.cordoned_log_dirs;
    }
}

/// Replays a log with Kafka's metadata transactions: what lies between begin and end appears at
/// once, what was aborted or never ended does not appear.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    before: Option<Box<Image>>,
}

impl Transactions {
    /// Applies one record of the log.
    ///
    /// # Errors
    /// One sentence saying what does not fit.
    pub(super) fn apply(
        &mut self,
        image: &mut Image,
        record: MetadataRecord<'_>,
    ) -> Result<(), String> {
        match record {
            MetadataRecord::BeginTransactionRecord(_) => {
                if self.before.is_some() {
                    return Err("a transaction begins inside another".to_owned());
                }
                self.before = Some(Box::new(image.clone()));
                Ok(())
            }
            MetadataRecord::EndTransactionRecord(_) => match self.before.take() {
                Some(_) => Ok(()),
                None => Err("a transaction ends that never began".to_owned()),
            },
            MetadataRecord::AbortTransactionRecord(_) => match self.before.take() {
                Some(before) => {
                    *image = *before;
                    Ok(())
                }
                None => Err("a transaction is aborted that never began".to_owned()),
            },
            other => image.apply(other),
        }
    }

    /// Takes back a transaction that the log left open; true if there was one.
    pub(super) fn roll_back(&mut self, image: &mut Image) -> bool {
        match self.before.take() {
            Some(before) => {
                *image = *before;
                true
            }
            None => false,
        }
    }
}
