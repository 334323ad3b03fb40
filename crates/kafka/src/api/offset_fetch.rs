//! OffsetFetch (9), versions 1 to 10: one group up to version 7, many from 8 on.

use std::borrow::Cow;
use std::sync::Arc;

use kafka_wire::ErrorCode;
use kafka_wire::Uuid;
use kafka_wire::offset_fetch_request::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopics,
};
use kafka_wire::offset_fetch_response::{
    OffsetFetchResponse, OffsetFetchResponseGroup, OffsetFetchResponsePartition,
    OffsetFetchResponsePartitions, OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};

use super::{Close, RequestContext};
use crate::group::coordinator::{Coordinator, Offsets};
use crate::group::error::GroupError;
use crate::group::topics::Topics;
use crate::log::TopicId;

/// First version with an error of the whole group.
const GROUP_ERROR_FROM: i16 = 2;
/// First version with several groups.
const BATCH_FROM: i16 = 8;
/// First version with topic ids instead of names.
const TOPIC_IDS_FROM: i16 = 10;

pub(crate) async fn handle(
    context: &RequestContext<'_>,
    request: OffsetFetchRequest<'_>,
) -> Result<OffsetFetchResponse<'static>, Close> {
    let topics: &dyn Topics = &**context.broker.metadata();
    Ok(answer(context.broker.groups(), topics, context.version, request).await)
}

pub(crate) async fn answer(
    groups: &Coordinator,
    topics: &dyn Topics,
    version: i16,
    request: OffsetFetchRequest<'_>,
) -> OffsetFetchResponse<'static> {
    if version >= BATCH_FROM {
        let mut response = OffsetFetchResponse::default();
        for asked in &request.groups {
            response
                .groups
                .push(fetch(groups, topics, version, asked).await);
        }
        return response;
    }
    let single = OffsetFetchRequestGroup {
        group_id: request.group_id,
        topics: request.topics.map(|topics| {
            let topic = |topic: kafka_wire::offset_fetch_request::OffsetFetchRequestTopic<'_>| {
                OffsetFetchRequestTopics {
                    name: Cow::Owned(topic.name.into_owned()),
                    partition_indexes: topic.partition_indexes,
                    ..OffsetFetchRequestTopics::default()
                }
            };
            topics.into_iter().map(topic).collect()
        }),
        ..OffsetFetchRequestGroup::default()
    };
    flatten(fetch(groups, topics, version, &single).await)
}

async fn fetch(
    groups: &Coordinator,
    topics: &dyn Topics,
    version: i16,
    asked: &OffsetFetchRequestGroup<'_>,
) -> OffsetFetchResponseGroup<'static> {
    let group_id = Cow::Owned(asked.group_id.to_string());
    let found = match &asked.topics {
        None => groups
            .offsets(&asked.group_id, None)
            .await
            .map(|all| list_all(topics, version, all)),
        Some(wanted) => list_wanted(groups, topics, version, &asked.group_id, wanted).await,
    };
    match (found, &asked.topics) {
        (Ok(topics), _) => OffsetFetchResponseGroup {
            group_id,
            topics,
            ..OffsetFetchResponseGroup::default()
        },
        (Err(error), Some(wanted)) if version < GROUP_ERROR_FROM => OffsetFetchResponseGroup {
            group_id,
            topics: wanted
                .iter()
                .map(|topic| refuse(topic, error.code()))
                .collect(),
            ..OffsetFetchResponseGroup::default()
        },
        (Err(error), _) => OffsetFetchResponseGroup {
            group_id,
            error_code: error.code(),
            ..OffsetFetchResponseGroup::default()
        },
    }
}

/// All offsets of a group. Where topics have no names on the wire, those without an id are left out.
fn list_all(
    topics: &dyn Topics,
    version: i16,
    offsets: Offsets,
) -> Vec<OffsetFetchResponseTopics<'static>> {
    let mut listed = Vec::with_capacity(offsets.len());
    for (name, partitions) in offsets {
        let topic_id = topics
            .by_name(&name)
            .map_or(Uuid::ZERO, |topic| Uuid(topic.id.0));
        if version >= TOPIC_IDS_FROM && topic_id.is_zero() {
            continue;
        }
        let partition = |(index, committed): (i32, Option<_>)| show(index, committed.as_ref());
        listed.push(OffsetFetchResponseTopics {
            name: Cow::Owned(name.to_string()),
            topic_id,
            partitions: partitions.into_iter().map(partition).collect(),
        });
    }
    listed
}

async fn list_wanted(
    groups: &Coordinator,
    topics: &dyn Topics,
    version: i16,
    group: &str,
    wanted: &[OffsetFetchRequestTopics<'_>],
) -> Result<Vec<OffsetFetchResponseTopics<'static>>, GroupError> {
    let names: Vec<_> = wanted
        .iter()
        .map(|topic| name_of(topics, version, topic))
        .collect();
    let named = names.iter().zip(wanted).filter_map(|(name, topic)| {
        name.as_ref()
            .map(|name| (name.clone(), topic.partition_indexes.clone()))
    });
    let found = groups
        .offsets(group, Some(&named.collect::<Vec<_>>()))
        .await?;
    let mut listed = Vec::with_capacity(wanted.len());
    for (name, topic) in names.iter().zip(wanted) {
        let Some(name) = name else {
            listed.push(refuse(topic, ErrorCode::UnknownTopicId as i16));
            continue;
        };
        // An offset of an earlier topic of this name is not this topic's.
        let current = topics.by_name(name).map(|topic| topic.id);
        let partition = |index: &i32| {
            let committed = found
                .get(name)
                .and_then(|p| p.get(index))
                .and_then(Option::as_ref);
            let is_its = |id: TopicId| id.is_zero() || current.is_none_or(|now| now == id);
            show(
                *index,
                committed.filter(|committed| is_its(committed.topic_id)),
            )
        };
        listed.push(OffsetFetchResponseTopics {
            name: Cow::Owned(name.to_string()),
            topic_id: topic.topic_id,
            partitions: topic.partition_indexes.iter().map(partition).collect(),
        });
    }
    Ok(listed)
}

fn name_of(
    topics: &dyn Topics,
    version: i16,
    topic: &OffsetFetchRequestTopics<'_>,
) -> Option<Arc<str>> {
    if version >= TOPIC_IDS_FROM {
        topics.name_of(TopicId(topic.topic_id.0))
    } else {
        Some(Arc::from(&*topic.name))
    }
}

/// A partition without a committed offset is no error: its offset is -1.
fn show(
    index: i32,
    committed: Option<&crate::group::Committed>,
) -> OffsetFetchResponsePartitions<'static> {
    OffsetFetchResponsePartitions {
        partition_index: index,
        committed_offset: committed.map_or(-1, |committed| committed.offset),
        committed_leader_epoch: committed.map_or(-1, |committed| committed.leader_epoch),
        metadata: Some(Cow::Owned(
            committed.map_or_else(String::new, |committed| committed.metadata.to_string()),
        )),
        error_code: ErrorCode::None as i16,
    }
}

fn refuse(
    topic: &OffsetFetchRequestTopics<'_>,
    error_code: i16,
) -> OffsetFetchResponseTopics<'static> {
    let partition = |index: &i32| OffsetFetchResponsePartitions {
        error_code,
        ..show(*index, None)
    };
    OffsetFetchResponseTopics {
        name: Cow::Owned(topic.name.to_string()),
        topic_id: topic.topic_id,
        partitions: topic.partition_indexes.iter().map(partition).collect(),
    }
}

/// The form of the versions that know one group only.
fn flatten(group: OffsetFetchResponseGroup<'static>) -> OffsetFetchResponse<'static> {
    let partition =
        |partition: OffsetFetchResponsePartitions<'static>| OffsetFetchResponsePartition {
            partition_index: partition.partition_index,
            committed_offset: partition.committed_offset,
            committed_leader_epoch: partition.committed_leader_epoch,
            metadata: partition.metadata,
            error_code: partition.error_code,
        };
    let topic = |topic: OffsetFetchResponseTopics<'static>| OffsetFetchResponseTopic {
        name: topic.name,
        partitions: topic.partitions.into_iter().map(partition).collect(),
    };
    OffsetFetchResponse {
        topics: group.topics.into_iter().map(topic).collect(),
        error_code: group.error_code,
        ..OffsetFetchResponse::default()
    }
}
