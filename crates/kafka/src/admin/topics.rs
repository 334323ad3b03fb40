//! Topics: created, grown, deleted.

use crate::broker::{Broker, TopicError};
use crate::config::{Overrides, TopicConfigError};
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
pub enum Refused {
    /// The metadata or the disk refuses it.
    #[error(transparent)]
    Topic(#[from] TopicError),
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
}

impl From<ChangeError> for Refused {
    fn from(error: ChangeError) -> Self {
        Self::Topic(error.into())
    }
}

/// Creates topics with one sync of the metadata log; each succeeds or fails for itself. With
/// `validate_only` nothing is created, and a success tells the number of partitions.
///
/// # Errors
/// Per topic.
pub fn create_topics(
    broker: &Broker,
    specs: &[TopicSpec],
    validate_only: bool,
) -> Vec<Result<CreatedTopic, Refused>> {
    let wanted: i64 = specs
        .iter()
        .map(|spec| partitions_wanted(broker, spec))
        .sum();
    if wanted > PARTITIONS_PER_REQUEST_MAX {
        return specs.iter().map(|_| Err(Refused::TooMany)).collect();
    }
    let checked: Vec<Result<NewTopic, Refused>> =
        specs.iter().map(|spec| check_spec(broker, spec)).collect();
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
    let mut created = broker.create_topics(&accepted).into_iter();
    let outcomes = checked.into_iter().map(|checked| {
        let new = checked?;
        let Some(topic) = created.next() else {
            return Err(ChangeError::UnknownTopic(new.name).into());
        };
        let topic = topic?;
        let partitions = topic.partition_count();
        Ok(CreatedTopic {
            topic: Some(topic),
            partitions,
            configs: new.configs,
        })
    });
    outcomes.collect()
}

/// Raises a topic's number of partitions. `assignments` are the nodes of each further one.
///
/// # Errors
/// `Refused`.
pub fn create_partitions(
    broker: &Broker,
    name: &str,
    total: i32,
    assignments: Option<&[Vec<i32>]>,
    validate_only: bool,
) -> Result<(), Refused> {
    if is_internal(name) {
        return Err(Refused::Internal(name.to_owned(), "changed"));
    }
    broker.metadata().check_new_partitions(name, total)?;
    let before = broker
        .metadata()
        .topic(name)
        .map_or(0, |topic| topic.partition_count());
    let further = total.saturating_sub(before);
    if i64::from(further) > PARTITIONS_PER_REQUEST_MAX {
        return Err(Refused::TooMany);
    }
    if let Some(assignments) = assignments {
        let given = assignments.len();
        if usize::try_from(further) != Ok(given) {
            return Err(Refused::Assignment(format!(
                "Attempted to add {further} additional partition(s), but only {given} \
                 assignment(s) were specified."
            )));
        }
        assignments
            .iter()
            .try_for_each(|nodes| check_assignment(broker, nodes, Some(1)))?;
    }
    if validate_only {
        return Ok(());
    }
    broker.create_partitions(name, total)?;
    Ok(())
}

/// Deletes a topic, its records and its settings. Files go in the background.
///
/// # Errors
/// `Refused`.
pub fn delete_topic(broker: &Broker, name: &str) -> Result<(), Refused> {
    if is_internal(name) {
        return Err(Refused::Internal(name.to_owned(), "deleted"));
    }
    broker.delete_topic(name)?;
    Ok(())
}

fn partitions_wanted(broker: &Broker, spec: &TopicSpec) -> i64 {
    match &spec.replication {
        Replication::Automatic { partitions: -1, .. } => {
            i64::from(broker.settings().num_partitions)
        }
        Replication::Automatic { partitions, .. } => i64::from((*partitions).max(0)),
        Replication::Manual(assignments) => i64::try_from(assignments.len()).unwrap_or(i64::MAX),
    }
}

fn check_spec(broker: &Broker, spec: &TopicSpec) -> Result<NewTopic, Refused> {
    if spec.name == METADATA_TOPIC {
        return Err(Refused::Request(format!(
            "Creation of internal topic {METADATA_TOPIC} is prohibited."
        )));
    }
    // The name first, as Kafka: what follows is about a topic that could exist.
    broker.metadata().check_new_topic(&spec.name, 1)?;
    if is_internal(&spec.name) {
        return Err(Refused::Internal(spec.name.clone(), "created"));
    }
    broker.layers().check_topic(&spec.configs)?;
    let partitions = match &spec.replication {
        Replication::Automatic {
            partitions,
            replication_factor,
        } => check_numbers(broker, *partitions, *replication_factor)?,
        Replication::Manual(assignments) => check_manual(broker, assignments)?,
    };
    broker.metadata().check_new_topic(&spec.name, partitions)?;
    Ok(NewTopic {
        name: spec.name.clone(),
        partitions,
        configs: spec.configs.clone(),
    })
}

fn check_numbers(
    broker: &Broker,
    partitions: i32,
    replication_factor: i16,
) -> Result<i32, Refused> {
    let settings = broker.settings();
    let factor = match replication_factor {
        -1 => settings.default_replication_factor,
        ..=0 => {
            return Err(Refused::ReplicationFactor(
                "Replication factor must be larger than 0, or -1 to use the default value."
                    .to_owned(),
            ));
        }
        asked => asked,
    };
    let partitions = match partitions {
        -1 => settings.num_partitions,
        ..=0 => {
            return Err(Refused::Partitions(
                "Number of partitions was set to an invalid non-positive value.".to_owned(),
            ));
        }
        asked => asked,
    };
    if factor > 1 && !settings.clamp_replication_factor {
        return Err(Refused::ReplicationFactor(format!(
            "Unable to replicate the partition {factor} time(s): The target replication factor \
             of {factor} cannot be reached because only 1 broker(s) are registered. Start with \
             highwater.clamp.replication.factor=true to have it taken as 1."
        )));
    }
    Ok(partitions)
}

fn check_manual(broker: &Broker, assignments: &[(i32, Vec<i32>)]) -> Result<i32, Refused> {
    let mut numbers = BTreeSet::new();
    let mut factor = None;
    for (number, nodes) in assignments {
        if !numbers.insert(*number) {
            return Err(Refused::Assignment(format!(
                "Found multiple manual partition assignments for partition {number}"
            )));
        }
        check_assignment(broker, nodes, factor)?;
        factor = Some(nodes.len());
    }
    let consecutive = numbers
        .iter()
        .zip(0..)
        .all(|(number, expected)| *number == expected);
    if !consecutive {
        return Err(Refused::Assignment(
            "partitions should be a consecutive 0-based integer sequence".to_owned(),
        ));
    }
    i32::try_from(numbers.len()).map_err(|_| Refused::TooMany)
}

/// One partition's nodes: there is only this one.
fn check_assignment(broker: &Broker, nodes: &[i32], factor: Option<usize>) -> Result<(), Refused> {
    let refuse = |why: String| {
        Err(Refused::Assignment(format!(
            "The manual partition assignment includes {why}"
        )))
    };
    let own = broker.metadata().node_id();
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
