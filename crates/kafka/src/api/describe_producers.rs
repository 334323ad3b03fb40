//! DescribeProducers (61), version 0: who writes to a partition with sequence numbers.

use super::refusal::Refusal;
use super::{Close, RequestContext};
use crate::broker::Broker;
use crate::log::TopicPartition;
use kafka_wire::messages::describe_producers_response::{
    PartitionResponse, ProducerState, TopicResponse,
};
use kafka_wire::{DescribeProducersRequest, DescribeProducersResponse, ErrorCode};
use std::sync::Arc;

/// "No open transaction."
const NONE: i64 = -1;

pub(crate) async fn handle(
    ctx: &RequestContext<'_>,
    request: DescribeProducersRequest<'_>,
) -> Result<DescribeProducersResponse<'static>, Close> {
    let request = request.into_owned();
    let describe = move |broker: &Arc<Broker>| {
        let topics = request.topics.iter().map(|topic| TopicResponse {
            name: topic.name.clone(),
            partitions: topic
                .partition_indexes
                .iter()
                .map(|number| partition(broker, &topic.name, *number))
                .collect(),
        });
        topics.collect()
    };
    let topics = ctx.broker.blocking(describe).await?;
    Ok(DescribeProducersResponse {
        throttle_time_ms: 0,
        topics,
    })
}

fn partition(broker: &Broker, topic: &str, number: i32) -> PartitionResponse<'static> {
    let (active_producers, result) = match producers(broker, topic, number) {
        Ok(producers) => (producers, Ok(())),
        Err(refusal) => (Vec::new(), Err(refusal)),
    };
    let (error_code, error_message) = Refusal::fields(result);
    PartitionResponse {
        partition_index: number,
        error_code,
        error_message,
        active_producers,
    }
}

fn producers(broker: &Broker, topic: &str, number: i32) -> Result<Vec<ProducerState>, Refusal> {
    let log = broker
        .logs()
        .log(&TopicPartition::new(topic, number))
        .filter(|_| broker.metadata().topic(topic).is_some())
        .ok_or_else(|| Refusal::plain(ErrorCode::UnknownTopicOrPartition))?;
    let entries = log.producers()?;
    let states = entries.iter().map(|entry| ProducerState {
        producer_id: entry.producer_id,
        producer_epoch: i32::from(entry.epoch),
        last_sequence: entry.last_sequence(),
        last_timestamp: entry.last_timestamp_ms,
        coordinator_epoch: entry.coordinator_epoch,
        current_txn_start_offset: entry.open_transaction.map_or(NONE, |offset| offset.0),
    });
    Ok(states.collect())
}
