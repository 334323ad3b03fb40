//! ElectLeaders (43), versions 0-2: on one node every partition is led already.

use super::refusal::Refusal;
use super::{Close, RequestContext};
use crate::metadata::Image;
use kafka_wire::messages::elect_leaders_response::{PartitionResult, ReplicaElectionResult};
use kafka_wire::{ElectLeadersRequest, ElectLeadersResponse, ErrorCode};

pub(crate) async fn handle(
    ctx: &RequestContext<'_>,
    request: ElectLeadersRequest<'_>,
) -> Result<ElectLeadersResponse<'static>, Close> {
    let image = ctx.broker.metadata().image();
    // Asked for all partitions, Kafka reports only those that needed an election: none.
    let topics = request.topic_partitions.unwrap_or_default();
    let results = topics.into_iter().map(|topic| ReplicaElectionResult {
        partition_result: topic
            .partitions
            .iter()
            .map(|number| {
                let refusal = refusal(&image, &topic.topic, *number);
                let (error_code, error_message) = Refusal::fields(Err(refusal));
                PartitionResult {
                    partition_id: *number,
                    error_code,
                    error_message,
                }
            })
            .collect(),
        topic: topic.topic.into_owned().into(),
    });
    Ok(ElectLeadersResponse {
        throttle_time_ms: 0,
        error_code: 0,
        replica_election_results: results.collect(),
    })
}

fn refusal(image: &Image, topic: &str, number: i32) -> Refusal {
    let missing = |message| Refusal::new(ErrorCode::UnknownTopicOrPartition, message);
    match image.topic(topic) {
        None => missing(format!("No such topic as {topic}")),
        Some(found) if found.partition(number).is_none() => {
            missing(format!("No such partition as {topic}-{number}"))
        }
        Some(_) => Refusal::new(
            ErrorCode::ElectionNotNeeded,
            "Leader election not needed for topic partition.",
        ),
    }
}
