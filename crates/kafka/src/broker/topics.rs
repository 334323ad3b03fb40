//! Changes of topics: metadata, logs and routes, in this order and one change at a time.
//!
//! A topic is in the metadata (durably) before its logs exist, and can be produced to when the call returns. A crash
//! in between leaves logs missing, which the next start creates. Where a log could not be made, the route says so. All of this
//! may wait for the disk.

use std::sync::Arc;

use kafka_wire::ErrorCode;

use super::Broker;
use crate::config::Overrides;
use crate::log::{StorageError, TopicPartition};
use crate::metadata::{ChangeError, ConfigChange, NewTopic, TopicImage};

/// Why a topic was not changed, or not wholly.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TopicError {
    /// The metadata refused; nothing changed unless it says so.
    #[error("{0}")]
    Change(#[from] ChangeError),
    /// The metadata changed, a directory could not be; a restart tries again. Wire code 56.
    #[error("{0}")]
    Storage(#[from] StorageError),
}

impl TopicError {
    /// The code a client gets.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Change(error) => change_code(error),
            Self::Storage(_) => ErrorCode::KafkaStorageError,
        }
    }
}

/// The code a client gets for a refused change of the metadata.
#[must_use]
pub(crate) fn change_code(error: &ChangeError) -> ErrorCode {
    match error {
        ChangeError::TopicExists(_) => ErrorCode::TopicAlreadyExists,
        ChangeError::InvalidTopic(_) => ErrorCode::InvalidTopicException,
        ChangeError::InvalidPartitions(_) => ErrorCode::InvalidPartitions,
        ChangeError::UnknownTopic(_) => ErrorCode::UnknownTopicOrPartition,
        ChangeError::InvalidRequest(_) => ErrorCode::InvalidRequest,
        ChangeError::NotWritten(_) | ChangeError::Poisoned(_) => ErrorCode::KafkaStorageError,
    }
}

impl Broker {
    /// Creates topics; one outcome per topic, in order. Settings must have been checked.
    pub fn create_topics(&self, new: &[NewTopic]) -> Vec<Result<Arc<TopicImage>, TopicError>> {
        let _one_at_a_time = self.topic_changes.lock();
        let outcomes = self.metadata.create_topics(new).into_iter();
        let entered: Vec<Result<_, ChangeError>> = outcomes
            .map(|outcome| outcome.map(|topic| (self.make_logs(&topic), topic)))
            .collect();
        self.routes.change(|routes| {
            for (_, topic) in entered.iter().flatten() {
                routes.put(self.route_of(topic));
            }
        });
        let created = entered.into_iter().map(|outcome| {
            let (made, topic) = outcome?;
            made?;
            Ok(topic)
        });
        created.collect()
    }

    /// Deletes a topic: from here on it is unknown; its files go after `file.delete.delay.ms`.
    ///
    /// # Errors
    /// `Change` for an unknown topic; `Storage` if a directory could not be renamed.
    pub fn delete_topic(&self, name: &str) -> Result<Arc<TopicImage>, TopicError> {
        let _one_at_a_time = self.topic_changes.lock();
        let topic = self.metadata.delete_topic(name)?;
        self.routes.change(|routes| routes.remove(name));
        let mut failed = None;
        for (number, _) in topic.partitions() {
            let tp = TopicPartition::new(Arc::clone(topic.name()), number);
            if let Err(error) = self.logs.delete(&tp) {
                tracing::warn!(log = %tp, %error, "not deleted");
                failed = Some(error);
            }
        }
        self.groups
            .topics_deleted(&[(Arc::clone(topic.name()), topic.id())]);
        failed.map_or(Ok(topic), |error| Err(error.into()))
    }

    /// Raises the number of partitions of a topic to `total`.
    ///
    /// # Errors
    /// `Change` for an unknown topic or a number that is not larger; `Storage`.
    pub fn create_partitions(&self, name: &str, total: i32) -> Result<Arc<TopicImage>, TopicError> {
        let _one_at_a_time = self.topic_changes.lock();
        let topic = self.metadata.create_partitions(name, total)?;
        let made = self.make_logs(&topic);
        self.routes
            .change(|routes| routes.put(self.route_of(&topic)));
        made?;
        Ok(topic)
    }

    /// Changes settings of a topic and puts them in force. They must have been checked.
    ///
    /// # Errors
    /// `Change` for an unknown topic or a metadata log that takes nothing.
    pub fn alter_topic_config(
        &self,
        name: &str,
        changes: &[ConfigChange],
    ) -> Result<(), TopicError> {
        let _one_at_a_time = self.topic_changes.lock();
        self.metadata.alter_topic_config(name, changes)?;
        self.apply_topic_config(name);
        Ok(())
    }

    /// Puts the settings that the metadata has for a topic in force for its logs.
    pub fn apply_topic_config(&self, name: &str) {
        let config = self.log_config(name);
        if let Some(topic) = self.metadata.topic(name) {
            for (number, _) in topic.partitions() {
                self.logs.set_config(
                    &TopicPartition::new(Arc::clone(topic.name()), number),
                    config.clone(),
                );
            }
        }
    }

    /// Puts the broker settings that the metadata has in force, for the broker and for all logs.
    pub fn apply_broker_config(&self) {
        let altered = {
            let (all, this) = (
                self.metadata.all_brokers_config(),
                self.metadata.broker_config(),
            );
            self.layers.read().with_altered(&all, &this)
        };
        *self.settings.write() = Arc::new(altered.settings());
        *self.layers.write() = altered;
        for topic in self.metadata.topics() {
            self.apply_topic_config(topic.name());
        }
    }

    /// Creates a topic that a client mentioned, with the broker's defaults.
    pub(crate) fn auto_create(&self, name: &str) -> Result<Arc<TopicImage>, TopicError> {
        let new = NewTopic {
            name: name.to_owned(),
            partitions: self.settings().num_partitions,
            configs: Overrides::new(),
        };
        let outcome = self.create_topics(std::slice::from_ref(&new)).pop();
        outcome.unwrap_or_else(|| Err(ChangeError::UnknownTopic(new.name).into()))
    }

    /// Makes the logs of a topic that are not there.
    fn make_logs(&self, topic: &TopicImage) -> Result<(), StorageError> {
        let partitions = topic.partitions();
        let missing: Vec<TopicPartition> = partitions
            .map(|(number, _)| TopicPartition::new(Arc::clone(topic.name()), number))
            .filter(|tp| self.logs.log(tp).is_none())
            .collect();
        let config = self.log_config(topic.name());
        self.logs.create_all(&missing, topic.id(), &config)
    }
}
