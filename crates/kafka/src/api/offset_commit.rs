//! OffsetCommit (8), versions 2 to 10.

use std::borrow::Cow;
use std::sync::Arc;

use kafka_wire::ErrorCode;
use kafka_wire::offset_commit_request::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_wire::offset_commit_response::{
    OffsetCommitResponse, OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};

use super::{Close, RequestContext};
use crate::group::caller::Caller;
use crate::group::coordinator::{Committer, Coordinator, NewOffset};
use crate::group::error::GroupError;
use crate::group::topics::Topics;
use crate::log::TopicId;

/// First version that says "no such group" as such.
const GROUP_NOT_FOUND_FROM: i16 = 9;
/// First version with topic ids instead of names.
const TOPIC_IDS_FROM: i16 = 10;

pub(crate) async fn handle(
    context: &RequestContext<'_>,
    request: OffsetCommitRequest<'_>,
) -> Result<OffsetCommitResponse<'static>, Close> {
    let caller = Caller::of(context);
    let topics: &dyn Topics = &**context.broker.metadata();
    Ok(answer(context.broker.groups(), topics, &caller, request).await)
}

pub(crate) async fn answer(
    groups: &Coordinator,
    topics: &dyn Topics,
    caller: &Caller<'_>,
    request: OffsetCommitRequest<'_>,
) -> OffsetCommitResponse<'static> {
    let mut offsets = Vec::new();
    let mut response = OffsetCommitResponse::default();
    // Which partitions of the response wait for the coordinator's word.
    let mut waiting = Vec::new();
    for asked in &request.topics {
        let known = resolve(topics, caller.version, asked);
        let mut partitions = Vec::with_capacity(asked.partitions.len());
        for partition in &asked.partitions {
            let outcome = check(groups, &known, partition);
            // A group's refusal counts for whatever exists, also where the text is too long.
            if matches!(outcome, Ok(_) | Err(ErrorCode::OffsetMetadataTooLarge)) {
                waiting.push((response.topics.len(), partitions.len()));
            }
            offsets.extend(outcome.map(|topic| new_offset(topic, partition)));
            partitions.push(OffsetCommitResponsePartition {
                partition_index: partition.partition_index,
                error_code: outcome.err().unwrap_or(ErrorCode::None) as i16,
            });
        }
        response.topics.push(OffsetCommitResponseTopic {
            name: Cow::Owned(asked.name.to_string()),
            topic_id: asked.topic_id,
            partitions,
        });
    }
    if !waiting.is_empty() {
        let outcome = groups
            .commit(&request.group_id, &committer(&request), offsets)
            .await;
        if let Err(error) = outcome {
            refuse(&mut response, &waiting, told(error, caller.version));
        }
    }
    response
}

/// A topic that exists.
struct Known {
    name: Arc<str>,
    id: TopicId,
    partitions: i32,
}

fn resolve(
    topics: &dyn Topics,
    version: i16,
    asked: &OffsetCommitRequestTopic<'_>,
) -> Result<Known, ErrorCode> {
    if version >= TOPIC_IDS_FROM {
        let id = TopicId(asked.topic_id.0);
        let name = topics.name_of(id).ok_or(ErrorCode::UnknownTopicId)?;
        let topic = topics.by_name(&name).ok_or(ErrorCode::UnknownTopicId)?;
        return Ok(Known {
            name,
            id,
            partitions: topic.partitions,
        });
    }
    let topic = topics
        .by_name(&asked.name)
        .ok_or(ErrorCode::UnknownTopicOrPartition)?;
    Ok(Known {
        name: Arc::from(&*asked.name),
        id: topic.id,
        partitions: topic.partitions,
    })
}

fn check<'k>(
    groups: &Coordinator,
    known: &'k Result<Known, ErrorCode>,
    partition: &OffsetCommitRequestPartition<'_>,
) -> Result<&'k Known, ErrorCode> {
    let topic = known.as_ref().map_err(|error| *error)?;
    if !(0..topic.partitions).contains(&partition.partition_index) {
        return Err(ErrorCode::UnknownTopicOrPartition);
    }
    let text = partition.committed_metadata.as_deref().unwrap_or("");
    // Kafka counts UTF-16 units.
    if text.encode_utf16().count() > groups.settings().metadata_max {
        return Err(ErrorCode::OffsetMetadataTooLarge);
    }
    Ok(topic)
}

fn new_offset(topic: &Known, partition: &OffsetCommitRequestPartition<'_>) -> NewOffset {
    NewOffset {
        topic: topic.name.clone(),
        topic_id: topic.id,
        partition: partition.partition_index,
        offset: partition.committed_offset,
        leader_epoch: partition.committed_leader_epoch,
        metadata: Arc::from(partition.committed_metadata.as_deref().unwrap_or("")),
    }
}

fn committer(request: &OffsetCommitRequest<'_>) -> Committer {
    Committer {
        member_id: Arc::from(&*request.member_id),
        instance_id: request.group_instance_id.as_deref().map(Arc::from),
        generation: request.generation_id_or_member_epoch,
        retention_ms: (request.retention_time_ms >= 0).then_some(request.retention_time_ms),
    }
}

/// What a client of this version understands.
fn told(error: GroupError, version: i16) -> i16 {
    match error {
        GroupError::GroupNotFound if version < GROUP_NOT_FOUND_FROM => {
            GroupError::IllegalGeneration.code()
        }
        other => other.code(),
    }
}

fn refuse(response: &mut OffsetCommitResponse<'_>, waiting: &[(usize, usize)], code: i16) {
    for (topic, partition) in waiting {
        let topic = response.topics.get_mut(*topic);
        if let Some(found) = topic.and_then(|topic| topic.partitions.get_mut(*partition)) {
            found.error_code = code;
        }
    }
}
