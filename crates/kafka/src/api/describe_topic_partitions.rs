//! DescribeTopicPartitions (75), version 0: topics in pages.

use super::operations::TOPIC_OPERATIONS;
use super::{Close, RequestContext};
use crate::metadata::{PartitionImage, TopicImage, is_internal};
use kafka_wire::messages::describe_topic_partitions_response::{
    Cursor, DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
};
use kafka_wire::{
    DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, ErrorCode, Uuid,
};
use std::collections::BTreeSet;

pub(crate) async fn handle(
    ctx: &RequestContext<'_>,
    request: DescribeTopicPartitionsRequest<'_>,
) -> Result<DescribeTopicPartitionsResponse<'static>, Close> {
    let image = ctx.broker.metadata().image();
    let node = ctx.broker.metadata().node_id();
    let start = request.cursor.as_ref();
    let mut names: BTreeSet<&str> = if request.topics.is_empty() {
        image.topics().map(|topic| &**topic.name()).collect()
    } else {
        request.topics.iter().map(|topic| &*topic.name).collect()
    };
    let bad_cursor = start.is_some_and(|cursor| {
        let stranger = !request.topics.is_empty() && !names.contains(&*cursor.topic_name);
        cursor.partition_index < 0 || stranger
    });
    if bad_cursor {
        return Ok(refused(&names));
    }
    if let Some(cursor) = start {
        names.retain(|name| **name >= *cursor.topic_name);
    }
    let limit = ctx.broker.settings().describe_partitions_max;
    let mut left = request.response_partition_limit.clamp(1, limit.max(1));
    let mut topics = Vec::new();
    let mut next_cursor = None;
    for name in names {
        let Some(topic) = image.topic(name) else {
            // Among all topics, one that vanished meanwhile is no error.
            if !request.topics.is_empty() {
                topics.push(missing(name, ErrorCode::UnknownTopicOrPartition));
            }
            continue;
        };
        let at_cursor = start.filter(|cursor| cursor.topic_name == name);
        let from = at_cursor.map_or(0, |cursor| cursor.partition_index);
        let page: Vec<_> = topic
            .partitions()
            .filter(|(number, _)| *number >= from)
            .take(usize::try_from(left).unwrap_or_default())
            .map(|(number, partition)| described(node, number, partition))
            .collect();
        left -= i32::try_from(page.len()).unwrap_or(left);
        let shown_to = from + i32::try_from(page.len()).unwrap_or_default();
        let whole = shown_to >= topic.partition_count();
        topics.push(found(topic, page));
        if !whole || left == 0 {
            next_cursor = following(&request, topic, whole, shown_to, &image);
            break;
        }
    }
    Ok(DescribeTopicPartitionsResponse {
        throttle_time_ms: 0,
        topics,
        next_cursor,
    })
}

/// Where the next page starts: in this topic, or at the one after it if there is one.
fn following(
    request: &DescribeTopicPartitionsRequest<'_>,
    topic: &TopicImage,
    whole: bool,
    shown_to: i32,
    image: &crate::metadata::Image,
) -> Option<Cursor<'static>> {
    let here = |name: &str, partition_index| {
        Some(Cursor {
            topic_name: name.to_owned().into(),
            partition_index,
        })
    };
    if !whole {
        return here(topic.name(), shown_to);
    }
    let after = |name: &&str| **name > **topic.name();
    let next = if request.topics.is_empty() {
        image
            .topics()
            .map(|topic| &**topic.name())
            .filter(after)
            .min()
    } else {
        request
            .topics
            .iter()
            .map(|topic| &*topic.name)
            .filter(after)
            .min()
    };
    next.and_then(|name| here(name, 0))
}

fn found(
    topic: &TopicImage,
    partitions: Vec<DescribeTopicPartitionsResponsePartition>,
) -> DescribeTopicPartitionsResponseTopic<'static> {
    DescribeTopicPartitionsResponseTopic {
        error_code: 0,
        name: Some(topic.name().to_string().into()),
        topic_id: Uuid(topic.id().0),
        is_internal: is_internal(topic.name()),
        partitions,
        topic_authorized_operations: TOPIC_OPERATIONS,
    }
}

fn missing(name: &str, code: ErrorCode) -> DescribeTopicPartitionsResponseTopic<'static> {
    DescribeTopicPartitionsResponseTopic {
        error_code: code.into(),
        name: Some(name.to_owned().into()),
        topic_authorized_operations: TOPIC_OPERATIONS,
        ..Default::default()
    }
}

/// The response has no error of its own, so each topic carries it.
fn refused(names: &BTreeSet<&str>) -> DescribeTopicPartitionsResponse<'static> {
    let topics = names
        .iter()
        .map(|name| missing(name, ErrorCode::InvalidRequest))
        .collect();
    DescribeTopicPartitionsResponse {
        throttle_time_ms: 0,
        topics,
        next_cursor: None,
    }
}

fn described(
    node: i32,
    number: i32,
    partition: &PartitionImage,
) -> DescribeTopicPartitionsResponsePartition {
    DescribeTopicPartitionsResponsePartition {
        error_code: 0,
        partition_index: number,
        leader_id: node,
        leader_epoch: partition.leader_epoch(),
        replica_nodes: vec![node],
        isr_nodes: vec![node],
        eligible_leader_replicas: Some(Vec::new()),
        last_known_elr: Some(Vec::new()),
        offline_replicas: Vec::new(),
    }
}
