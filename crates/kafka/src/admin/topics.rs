//! Topics: created, grown, deleted.

use super::Admin;
use crate::config::{Overrides, TopicConfigError};
use crate::log::{StorageError, TopicPartition};
use crate::metadata::{ChangeError, METADATA_TOPIC, NewTopic, TopicImage, is_internal};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Most partitions that one request may create, as Kafka limits it.
const PARTITIONS_PER_REQUEST_MAX: i64 = 10_000;

/// How a topic's partitions are spread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replication {
    /// By numbers; −1 takes the broker's default.
    Automatic {
        /// How many partitions.
        partitions: i32,
        /// How many replicas of each.
        replication_factor: i16,
    },
    /// Partition numbers with the nodes that hold them.
    Manual(Vec<(i32, Vec<i32>)>),
}

/// A topic that somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSpec {
    /// Its name.
    pub name: String,
    /// Partitions and replicas.
    pub replication: Replication,
    /// Settings of its own.
    pub configs: Overrides,
}

/// Why a topic was not created, grown or deleted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TopicError {
    /// The metadata refuses it. The code stands with each variant there.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// Wire code 37.
    #[error("{0}")]
    Partitions(String),
    /// Wire code 38.
    #[error("{0}")]
    ReplicationFactor(String),
    /// Wire code 39.
    #[error("{0}")]
    Assignment(String),
    /// Wire code 40.
    #[error(transparent)]
    Config(#[from] TopicConfigError),
    /// Wire code 42.
    #[error("{0}")]
    Request(String),
    /// Wire code 44.
    #[error("Excessively large number of partitions per request.")]
    TooMany,
    /// Wire code 17: clients may not do this to a topic of ours.
    #[error("Topic '{0}' is internal; it cannot be {1} by a client.")]
    Internal(String, &'static str),
    /// It is in the metadata, but its log could not be made; a restart makes it. Wire code 56.
    #[error("{0}")]
    Storage(#[from] StorageError),
}

impl Admin {
    /// Creates topics with one sync of the metadata log; each succeeds or fails for itself. With
    /// `validate_only` nothing is created, and a success tells the number of partitions.
    ///
    /// # Errors
    /// Per topic.
    pub fn create_topics(
        &self,
        specs: &[TopicSpec],
        validate_only: bool,
    ) -> Vec<Result<CreatedTopic, TopicError>> {
        let wanted: i64 = specs.iter().map(|spec| self.partitions_wanted(spec)).sum();
        if wanted > PARTITIONS_PER_REQUEST_MAX {
            return specs.iter().map(|_| Err(TopicError::TooMany)).collect();
        }
        let _changing = self.changing.lock();
        let checked: Vec<Result<NewTopic, TopicError>> =
            specs.iter().map(|spec| self.check_spec(spec)).collect();
        if validate_only {
            let validated = checked.into_iter().map(|checked| {
                let new = checked?;
                Ok(CreatedTopic {
                    topic: None,
                    partitions: new.partitions,
                    configs: new.configs,
                })
            });
            return validated.collect();
        }
        let accepted: Vec<NewTopic> = checked
            .iter()
            .filter_map(|c| c.as_ref().ok().cloned())
            .collect();
        let mut created = self.metadata.create_topics(&accepted).into_iter();
        let outcomes = checked.into_iter().map(|checked| {
            let new = checked?;
            let Some(topic) = created.next() else {
                return Err(ChangeError::UnknownTopic(new.name).into());
            };
            let topic = topic?;
            self.create_logs(&topic, 0, &new.configs)?;
            let partitions = topic.partition_count();
            Ok(CreatedTopic {
                topic: Some(topic),
                partitions,
                configs: new.configs,
            })
        });
        outcomes.collect()
    }

    /// Creates a topic with the broker's defaults, for a client that asked for one that was not
    /// there, or one of ours with the settings given. Gives the topic if it exists by now.
    ///
    /// # Errors
    /// As [`Self::create_topics`].
    pub fn ensure_topic(&self, new: &NewTopic) -> Result<Arc<TopicImage>, TopicError> {
        let _changing = self.changing.lock();
        if let Some(topic) = self.metadata.topic(&new.name) {
            return Ok(topic);
        }
        let topic = self
            .metadata
            .create_topic(&new.name, new.partitions, new.configs.clone())?;
        self.create_logs(&topic, 0, &new.configs)?;
        Ok(topic)
    }

    /// Raises a topic's number of partitions. `assignments` are the nodes of each further one.
    ///
    /// # Errors
    /// `TopicError`.
    pub fn create_partitions(
        &self,
        name: &str,
        total: i32,
        assignments: Option<&[Vec<i32>]>,
        validate_only: bool,
    ) -> Result<(), TopicError> {
        if is_internal(name) {
            return Err(TopicError::Internal(name.to_owned(), "changed"));
        }
        let _changing = self.changing.lock();
        self.metadata.check_new_partitions(name, total)?;
        let before = self
            .metadata
            .topic(name)
            .map_or(0, |topic| topic.partition_count());
        let further = total.saturating_sub(before);
        if i64::from(further) > PARTITIONS_PER_REQUEST_MAX {
            return Err(TopicError::TooMany);
        }
        if let Some(assignments) = assignments {
            let given = assignments.len();
            if usize::try_from(further) != Ok(given) {
                return Err(TopicError::Assignment(format!(
                    "Attempted to add {further} additional partition(s), but only {given} \
                     assignment(s) were specified."
                )));
            }
            assignments
                .iter()
                .try_for_each(|nodes| self.check_assignment(nodes, Some(1)))?;
        }
        if validate_only {
            return Ok(());
        }
        let topic = self.metadata.create_partitions(name, total)?;
        self.create_logs(&topic, before, &self.metadata.topic_config(name))
    }

    /// Deletes a topic, its records and its settings. Files go in the background.
    ///
    /// # Errors
    /// `TopicError`.
    pub fn delete_topic(&self, name: &str) -> Result<(), TopicError> {
        if is_internal(name) {
            return Err(TopicError::Internal(name.to_owned(), "deleted"));
        }
        let _changing = self.changing.lock();
        let topic = self.metadata.delete_topic(name)?;
        for (number, _) in topic.partitions() {
            let tp = TopicPartition::new(Arc::clone(topic.name()), number);
            if let Err(error) = self.logs.delete(&tp) {
                // Gone from the metadata: a leftover directory is removed at the next start.
                tracing::warn!(partition = %tp, %error, "log of a deleted topic left behind");
            }
        }
        Ok(())
    }

    fn partitions_wanted(&self, spec: &TopicSpec) -> i64 {
        match &spec.replication {
            Replication::Automatic { partitions: -1, .. } => {
                i64::from(self.settings().num_partitions)
            }
            Replication::Automatic { partitions, .. } => i64::from((*partitions).max(0)),
            Replication::Manual(assignments) => {
                i64::try_from(assignments.len()).unwrap_or(i64::MAX)
            }
        }
    }

    fn check_spec(&self, spec: &TopicSpec) -> Result<NewTopic, TopicError> {
        if spec.name == METADATA_TOPIC {
            return Err(TopicError::Request(format!(
                "Creation of internal topic {METADATA_TOPIC} is prohibited."
            )));
        }
        // The name first, as Kafka: what follows is about a topic that could exist.
        self.metadata.check_new_topic(&spec.name, 1)?;
        if is_internal(&spec.name) {
            return Err(TopicError::Internal(spec.name.clone(), "created"));
        }
        self.layers().check_topic(&spec.configs)?;
        let partitions = match &spec.replication {
            Replication::Automatic {
                partitions,
                replication_factor,
            } => self.check_numbers(*partitions, *replication_factor)?,
            Replication::Manual(assignments) => self.check_manual(assignments)?,
        };
        self.metadata.check_new_topic(&spec.name, partitions)?;
        Ok(NewTopic {
            name: spec.name.clone(),
            partitions,
            configs: spec.configs.clone(),
        })
    }

    fn check_numbers(&self, partitions: i32, replication_factor: i16) -> Result<i32, TopicError> {
        let settings = self.settings();
        let factor = match replication_factor {
            -1 => settings.default_replication_factor,
            ..=0 => {
                return Err(TopicError::ReplicationFactor(
                    "Replication factor must be larger than 0, or -1 to use the default value."
                        .to_owned(),
                ));
            }
            asked => asked,
        };
        let partitions = match partitions {
            -1 => settings.num_partitions,
            ..=0 => {
                return Err(TopicError::Partitions(
                    "Number of partitions was set to an invalid non-positive value.".to_owned(),
                ));
            }
            asked => asked,
        };
        if factor > 1 && !settings.clamp_replication_factor {
            return Err(TopicError::ReplicationFactor(format!(
                "Unable to replicate the partition {factor} time(s): The target replication factor \
                 of {factor} cannot be reached because only 1 broker(s) are registered. Start with \
                 highwater.clamp.replication.factor=true to have it taken as 1."
            )));
        }
        Ok(partitions)
    }

    fn check_manual(&self, assignments: &[(i32, Vec<i32>)]) -> Result<i32, TopicError> {
        let mut numbers = BTreeSet::new();
        let mut factor = None;
        for (number, nodes) in assignments {
            if !numbers.insert(*number) {
                return Err(TopicError::Assignment(format!(
                    "Found multiple manual partition assignments for partition {number}"
                )));
            }
            self.check_assignment(nodes, factor)?;
            factor = Some(nodes.len());
        }
        let consecutive = numbers
            .iter()
            .zip(0..)
            .all(|(number, expected)| *number == expected);
        if !consecutive {
            return Err(TopicError::Assignment(
                "partitions should be a consecutive 0-based integer sequence".to_owned(),
            ));
        }
        i32::try_from(numbers.len()).map_err(|_| TopicError::TooMany)
    }

    /// One partition's nodes: there is only this one.
    fn check_assignment(&self, nodes: &[i32], factor: Option<usize>) -> Result<(), TopicError> {
        let refuse = |why: String| {
            Err(TopicError::Assignment(format!(
                "The manual partition assignment includes {why}"
            )))
        };
        let own = self.metadata.node_id();
        let mut nodes = nodes.to_vec();
        nodes.sort_unstable();
        if nodes.is_empty() {
            return refuse("an empty replica list.".to_owned());
        }
        if let Some(stranger) = nodes.iter().find(|node| **node != own) {
            return refuse(format!(
                "broker {stranger}, but no such broker is registered."
            ));
        }
        if nodes.len() > 1 {
            return refuse(format!("the broker {own} more than once."));
        }
        match factor {
            Some(factor) if factor != nodes.len() => refuse(format!(
                "a partition with {} replica(s), but this is not consistent with previous \
                 partitions, which have {factor} replica(s).",
                nodes.len()
            )),
            _ => Ok(()),
        }
    }

    fn create_logs(
        &self,
        topic: &TopicImage,
        from: i32,
        configs: &Overrides,
    ) -> Result<(), TopicError> {
        let config = self.log_config(configs);
        for number in from..topic.partition_count() {
            let tp = TopicPartition::new(Arc::clone(topic.name()), number);
            self.logs.create(&tp, topic.id(), config.clone())?;
        }
        Ok(())
    }
}

/// What came of a wish.
#[derive(Debug, Clone)]
pub struct CreatedTopic {
    /// The topic; `None` when it was only validated.
    pub topic: Option<Arc<TopicImage>>,
    /// How many partitions it has or would have.
    pub partitions: i32,
    /// Its own settings.
    pub configs: Overrides,
}
