//! DeleteRecords (21), versions 0-2: moves the start of logs; files go at the next retention pass.

use super::{Close, RequestContext};
use crate::broker::Broker;
use crate::broker::visible::visible;
use crate::log::{KafkaOffset, PartitionLog, ReadError, TopicPartition};
use kafka_wire::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
};
use kafka_wire::{DeleteRecordsRequest, DeleteRecordsResponse, ErrorCode};
use std::sync::Arc;

/// "Everything readers can see."
const TO_HIGH_WATERMARK: i64 = -1;

pub(crate) async fn handle(
    ctx: &RequestContext<'_>,
    request: DeleteRecordsRequest<'_>,
) -> Result<DeleteRecordsResponse<'static>, Close> {
    let request = request.into_owned();
    let logs = request.topics.iter().flat_map(|topic| {
        let partitions = topic.partitions.iter();
        partitions.filter_map(|partition| {
            let tp = TopicPartition::new(&*topic.name, partition.partition_index);
            ctx.broker.logs().log(&tp)
        })
    });
    visible(&logs.collect::<Vec<_>>()).await;
    let delete = move |broker: &Arc<Broker>| {
        let topics = request.topics.iter().map(|topic| DeleteRecordsTopicResult {
            name: topic.name.clone(),
            partitions: topic
                .partitions
                .iter()
                .map(|partition| {
                    let number = partition.partition_index;
                    let low = delete(broker, &topic.name, number, partition.offset);
                    DeleteRecordsPartitionResult {
                        partition_index: number,
                        low_watermark: low.map_or(-1, |low| low.0),
                        error_code: low.err().map_or(0, i16::from),
                    }
                })
                .collect(),
        });
        topics.collect()
    };
    let topics = ctx.broker.blocking(delete).await?;
    Ok(DeleteRecordsResponse {
        throttle_time_ms: 0,
        topics,
    })
}

fn delete(
    broker: &Broker,
    topic: &str,
    number: i32,
    offset: i64,
) -> Result<KafkaOffset, ErrorCode> {
    let log = broker
        .logs()
        .log(&TopicPartition::new(topic, number))
        .filter(|_| broker.metadata().topic(topic).is_some())
        .ok_or(ErrorCode::UnknownTopicOrPartition)?;
    // Compaction keeps the newest of each key; a start that moves would take those away.
    if log.config().cleanup_compact && !log.config().cleanup_delete {
        return Err(ErrorCode::PolicyViolation);
    }
    let to = target(&log, offset)?;
    log.delete_records_before(to).map_err(|error| match error {
        ReadError::OutOfRange { .. } => ErrorCode::OffsetOutOfRange,
        _ => ErrorCode::KafkaStorageError,
    })
}

fn target(log: &PartitionLog, offset: i64) -> Result<KafkaOffset, ErrorCode> {
    let end = log
        .high_watermark()
        .map_err(|_| ErrorCode::KafkaStorageError)?;
    match offset {
        TO_HIGH_WATERMARK => Ok(end),
        0.. if offset <= end.0 => Ok(KafkaOffset(offset)),
        _ => Err(ErrorCode::OffsetOutOfRange),
    }
}
