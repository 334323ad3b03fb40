//! ListOffsets (2), versions 1 to 10: ends of a log, and offsets by time.
//!
//! Ends come from memory; a time is looked up in the time index and then in the log, which may wait for the disk.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use kafka_wire::list_offsets_request::ListOffsetsPartition;
use kafka_wire::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use kafka_wire::{ErrorCode, ListOffsetsRequest, ListOffsetsResponse};

use super::{Close, RequestContext, leader_epoch_error};
use crate::broker::routes::PartitionRoute;
use crate::broker::visible::visible;
use crate::log::{KafkaOffset, PartitionLog, ReadError, StorageError, TimedOffset};

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
/// Of storage that is not there: answered with no offset.
const LATEST_TIERED: i64 = -5;

const READ_COMMITTED: i8 = 1;
/// Leader epochs are told from here on.
const LEADER_EPOCH_FROM: i16 = 4;

/// One question, free of the request's memory.
struct Question {
    partition: Option<PartitionRoute>,
    error: ErrorCode,
    asked: ListOffsetsPartition,
    committed: bool,
    tells_epoch: bool,
}

pub(crate) async fn handle(
    context: &RequestContext<'_>,
    request: ListOffsetsRequest<'_>,
) -> Result<ListOffsetsResponse<'static>, Close> {
    let committed = request.isolation_level == READ_COMMITTED;
    let routes = context.broker.routes().current();
    let mut seen = HashSet::new();
    let mut names = Vec::with_capacity(request.topics.len());
    let mut questions = Vec::new();
    for topic in &request.topics {
        let route = routes.topic(&topic.name);
        names.push((topic.name.to_string(), topic.partitions.len()));
        for asked in &topic.partitions {
            let partition = route.and_then(|route| route.partition(asked.partition_index));
            let error = if !seen.insert((&*topic.name, asked.partition_index)) {
                ErrorCode::InvalidRequest
            } else {
                match partition {
                    None => ErrorCode::UnknownTopicOrPartition,
                    Some(partition) => {
                        leader_epoch_error(asked.current_leader_epoch, partition.leader_epoch)
                    }
                }
            };
            questions.push(Question {
                partition: partition.cloned(),
                error,
                asked: asked.clone(),
                committed,
                tells_epoch: context.version >= LEADER_EPOCH_FROM,
            });
        }
    }
    let settling = questions.iter().filter_map(Question::log_to_settle);
    visible(&settling.cloned().collect::<Vec<_>>()).await;
    let answers = if questions.iter().any(Question::may_block) {
        context
            .broker
            .blocking(move |_| answer_all(&questions))
            .await?
    } else {
        answer_all(&questions)
    };
    let mut answers = answers.into_iter();
    let topics = names
        .into_iter()
        .map(|(name, count)| ListOffsetsTopicResponse {
            name: Cow::Owned(name),
            partitions: answers.by_ref().take(count).collect(),
        });
    Ok(ListOffsetsResponse {
        throttle_time_ms: 0,
        topics: topics.collect(),
    })
}

fn answer_all(questions: &[Question]) -> Vec<ListOffsetsPartitionResponse> {
    questions.iter().map(Question::answer).collect()
}

impl Question {
    /// The log whose end decides the answer.
    fn log_to_settle(&self) -> Option<&Arc<PartitionLog>> {
        let at_the_end = matches!(self.asked.timestamp, LATEST | MAX_TIMESTAMP | 0..);
        let partition = self.partition.as_ref();
        partition
            .filter(|_| at_the_end && self.error == ErrorCode::None)
            .map(|partition| &partition.log)
    }

    fn may_block(&self) -> bool {
        let by_time = self.asked.timestamp >= 0 || self.asked.timestamp == MAX_TIMESTAMP;
        let open = self
            .partition
            .as_ref()
            .is_none_or(|partition| partition.log.is_open());
        by_time || !open
    }

    fn answer(&self) -> ListOffsetsPartitionResponse {
        let partition_index = self.asked.partition_index;
        let mut response = ListOffsetsPartitionResponse {
            partition_index,
            ..Default::default()
        };
        let found = match &self.partition {
            Some(partition) if self.error == ErrorCode::None => self.find(&partition.log),
            _ => Err(self.error),
        };
        match found {
            Ok(None) => {}
            Ok(Some(found)) => {
                response.offset = found.offset.0;
                response.timestamp = found.timestamp_ms;
                if self.tells_epoch {
                    response.leader_epoch = found.leader_epoch;
                }
            }
            Err(error) => response.error_code = error.to_i16(),
        }
        response
    }

    fn find(&self, log: &Arc<PartitionLog>) -> Result<Option<TimedOffset>, ErrorCode> {
        let end = if self.committed {
            log.last_stable_offset()
        } else {
            log.high_watermark()
        };
        let end = end.map_err(|error| failed(log, &error))?;
        match self.asked.timestamp {
            LATEST => at(log, end).map(Some),
            EARLIEST | EARLIEST_LOCAL => {
                let start = log
                    .log_start_offset()
                    .map_err(|error| failed(log, &error))?;
                at(log, start).map(Some)
            }
            MAX_TIMESTAMP => by_time(log, log.max_timestamp(), end),
            timestamp if timestamp >= 0 => by_time(log, log.find_by_time(timestamp), end),
            LATEST_TIERED => Ok(None),
            _ => Err(ErrorCode::UnsupportedVersion),
        }
    }
}

/// An end of the log, with the epoch it lies in.
fn at(log: &PartitionLog, offset: KafkaOffset) -> Result<TimedOffset, ErrorCode> {
    let epoch = log.epoch_at(offset).map_err(|error| failed(log, &error))?;
    Ok(TimedOffset {
        offset,
        timestamp_ms: -1,
        leader_epoch: epoch.unwrap_or(-1),
    })
}

/// What a lookup found, unless the reader may not see it yet.
fn by_time(
    log: &PartitionLog,
    found: Result<Option<TimedOffset>, ReadError>,
    end: KafkaOffset,
) -> Result<Option<TimedOffset>, ErrorCode> {
    match found {
        Ok(found) => Ok(found.filter(|found| found.offset < end)),
        Err(ReadError::Closed) => Err(ErrorCode::UnknownTopicOrPartition),
        Err(ReadError::Storage(error)) => Err(failed(log, &error)),
        Err(ReadError::OutOfRange { .. }) => Err(ErrorCode::OffsetOutOfRange),
        Err(ReadError::WouldBlock) => Err(ErrorCode::KafkaStorageError),
    }
}

fn failed(log: &PartitionLog, error: &StorageError) -> ErrorCode {
    tracing::warn!(log = %log.tp(), %error, "offset lookup failed");
    ErrorCode::KafkaStorageError
}
