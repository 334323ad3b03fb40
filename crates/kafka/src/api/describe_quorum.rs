//! DescribeQuorum (55), versions 0-2: one voter, this node.

use super::{Close, RequestContext};
use crate::metadata::METADATA_TOPIC;
use kafka_wire::messages::describe_quorum_response::{
    Node, PartitionData, ReplicaState, TopicData,
};
use kafka_wire::{DescribeQuorumRequest, DescribeQuorumResponse, ErrorCode, Uuid};

pub(crate) async fn handle(
    ctx: &RequestContext<'_>,
    request: DescribeQuorumRequest<'_>,
) -> Result<DescribeQuorumResponse<'static>, Close> {
    let topics = request.topics.iter().map(|topic| TopicData {
        topic_name: topic.topic_name.clone().into_owned().into(),
        partitions: topic
            .partitions
            .iter()
            .map(
                |partition| match (&*topic.topic_name, partition.partition_index) {
                    (METADATA_TOPIC, 0) => quorum(ctx),
                    (_, number) => PartitionData {
                        partition_index: number,
                        error_code: ErrorCode::UnknownTopicOrPartition.into(),
                        error_message: None,
                        ..Default::default()
                    },
                },
            )
            .collect(),
    });
    let node = Node {
        node_id: ctx.broker.metadata().node_id(),
        listeners: Vec::new(),
    };
    Ok(DescribeQuorumResponse {
        error_code: 0,
        error_message: None,
        topics: topics.collect(),
        nodes: if ctx.version >= 2 {
            vec![node]
        } else {
            Vec::new()
        },
    })
}

fn quorum(ctx: &RequestContext<'_>) -> PartitionData<'static> {
    let metadata = ctx.broker.metadata();
    let view = metadata.quorum();
    let id = if ctx.version >= 2 {
        metadata.directory_id()
    } else {
        Uuid::ZERO
    };
    PartitionData {
        partition_index: 0,
        error_code: 0,
        error_message: None,
        leader_id: metadata.node_id(),
        leader_epoch: view.epoch,
        high_watermark: view.end_offset,
        current_voters: vec![ReplicaState {
            replica_id: metadata.node_id(),
            replica_directory_id: id,
            log_end_offset: view.end_offset,
            last_fetch_timestamp: -1,
            last_caught_up_timestamp: -1,
        }],
        observers: Vec::new(),
    }
}
