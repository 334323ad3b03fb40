//! AlterPartitionReassignments (45), versions 0-1: a partition can only stay where it is.

use super::refusal::Refusal;
use super::{Close, RequestContext};
use crate::metadata::Image;
use kafka_wire::messages::alter_partition_reassignments_response::{
    ReassignablePartitionResponse, ReassignableTopicResponse,
};
use kafka_wire::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, ErrorCode,
};

pub(crate) async fn handle(
    ctx: &RequestContext<'_>,
    request: AlterPartitionReassignmentsRequest<'_>,
) -> Result<AlterPartitionReassignmentsResponse<'static>, Close> {
    let image = ctx.broker.metadata().image();
    let node = ctx.broker.metadata().node_id();
    let responses = request
        .topics
        .into_iter()
        .map(|topic| ReassignableTopicResponse {
            partitions: topic
                .partitions
                .iter()
                .map(|partition| {
                    let (number, replicas) =
                        (partition.partition_index, partition.replicas.as_deref());
                    let result = reassign(&image, node, &topic.name, number, replicas);
                    let (error_code, error_message) = Refusal::fields(result);
                    ReassignablePartitionResponse {
                        partition_index: number,
                        error_code,
                        error_message,
                    }
                })
                .collect(),
            name: topic.name.into_owned().into(),
        });
    Ok(AlterPartitionReassignmentsResponse {
        throttle_time_ms: 0,
        allow_replication_factor_change: request.allow_replication_factor_change,
        error_code: 0,
        error_message: None,
        responses: responses.collect(),
    })
}

/// `None` cancels what is under way.
fn reassign(
    image: &Image,
    node: i32,
    topic: &str,
    number: i32,
    replicas: Option<&[i32]>,
) -> Result<(), Refusal> {
    let missing = |message| Err(Refusal::new(ErrorCode::UnknownTopicOrPartition, message));
    let Some(found) = image.topic(topic) else {
        return missing(format!("Unable to find a topic named {topic}."));
    };
    if found.partition(number).is_none() {
        return missing(format!("Unable to find partition {topic}:{number}."));
    }
    let refuse = |why: String| {
        let message = format!("The manual partition assignment includes {why}");
        Err(Refusal::new(ErrorCode::InvalidReplicaAssignment, message))
    };
    match replicas {
        None => Err(Refusal::new(
            ErrorCode::NoReassignmentInProgress,
            "No partition reassignment is in progress.",
        )),
        Some([]) => refuse("an empty replica list.".to_owned()),
        Some([only]) if *only == node => Ok(()),
        Some(several) => match several.iter().find(|other| **other != node) {
            Some(other) => refuse(format!("broker {other}, but no such broker is registered.")),
            None => refuse(format!("the broker {node} more than once.")),
        },
    }
}
