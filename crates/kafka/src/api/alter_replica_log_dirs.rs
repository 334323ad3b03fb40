//! AlterReplicaLogDirs (34), versions 1-2: a node has one log directory, so every replica is where it may be.
//!
//! Asked to move a replica to the directory that it is in, Kafka answers that this is done; so do we.

use super::{Close, RequestContext};
use crate::broker::Broker;
use kafka_wire::messages::alter_replica_log_dirs_response::{
    AlterReplicaLogDirPartitionResult, AlterReplicaLogDirTopicResult,
};
use kafka_wire::{AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse, ErrorCode};
use std::collections::BTreeMap;
use std::path::Path;

pub(crate) async fn handle(
    ctx: &RequestContext<'_>,
    request: AlterReplicaLogDirsRequest<'_>,
) -> Result<AlterReplicaLogDirsResponse<'static>, Close> {
    // A topic has one entry in the answer, however many directories it was asked into.
    let mut results: BTreeMap<String, Vec<AlterReplicaLogDirPartitionResult>> = BTreeMap::new();
    for dir in &request.dirs {
        for topic in &dir.topics {
            let partitions = topic.partitions.iter().map(|number| {
                let outcome = place(ctx.broker, &dir.path, &topic.name, *number);
                AlterReplicaLogDirPartitionResult {
                    partition_index: *number,
                    error_code: outcome.to_i16(),
                }
            });
            results
                .entry(topic.name.to_string())
                .or_default()
                .extend(partitions);
        }
    }
    Ok(AlterReplicaLogDirsResponse {
        throttle_time_ms: 0,
        results: results
            .into_iter()
            .map(|(topic_name, partitions)| AlterReplicaLogDirTopicResult {
                topic_name: topic_name.into(),
                partitions,
            })
            .collect(),
    })
}

fn place(broker: &Broker, dir: &str, topic: &str, number: i32) -> ErrorCode {
    let image = broker.metadata().image();
    if Path::new(dir) != broker.logs().root() {
        ErrorCode::LogDirNotFound
    } else if image
        .topic(topic)
        .and_then(|found| found.partition(number))
        .is_none()
    {
        ErrorCode::UnknownTopicOrPartition
    } else {
        ErrorCode::None
    }
}
