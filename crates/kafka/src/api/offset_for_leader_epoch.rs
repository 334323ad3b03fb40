//! OffsetForLeaderEpoch (23), versions 2 to 4: where an epoch ends, for readers that look for lost records.

use std::borrow::Cow;

use kafka_wire::offset_for_leader_epoch_response::{EpochEndOffset, OffsetForLeaderTopicResult};
use kafka_wire::{ErrorCode, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};

use super::{Close, RequestContext, leader_epoch_error};
use crate::broker::Broker;
use crate::broker::routes::PartitionRoute;
use crate::broker::visible::visible;

/// One question, free of the request's memory.
struct Question {
    number: i32,
    current_leader_epoch: i32,
    leader_epoch: i32,
}

pub(crate) async fn handle(
    context: &RequestContext<'_>,
    request: OffsetForLeaderEpochRequest<'_>,
) -> Result<OffsetForLeaderEpochResponse<'static>, Close> {
    let topics: Vec<(String, Vec<Question>)> = request
        .topics
        .into_iter()
        .map(|topic| {
            let questions = topic.partitions.into_iter().map(|asked| Question {
                number: asked.partition,
                current_leader_epoch: asked.current_leader_epoch,
                leader_epoch: asked.leader_epoch,
            });
            (topic.topic.into_owned(), questions.collect())
        })
        .collect();
    let routes = context.broker.routes().current();
    let logs = topics.iter().flat_map(|(name, questions)| {
        let topic = routes.topic(name);
        let partitions = questions.iter();
        partitions.filter_map(move |question| topic?.partition(question.number))
    });
    let logs: Vec<_> = logs.map(|partition| partition.log.clone()).collect();
    visible(&logs).await;
    // A log that nobody has used yet is opened for this, which may wait for the disk.
    let answered = context.broker.blocking(move |broker| {
        let answers = topics.into_iter().map(|(name, questions)| {
            let partitions = questions
                .iter()
                .map(|question| answer(broker, &name, question));
            OffsetForLeaderTopicResult {
                partitions: partitions.collect(),
                topic: Cow::Owned(name),
            }
        });
        answers.collect()
    });
    Ok(OffsetForLeaderEpochResponse {
        throttle_time_ms: 0,
        topics: answered.await?,
    })
}

fn answer(broker: &Broker, topic: &str, question: &Question) -> EpochEndOffset {
    let routes = broker.routes().current();
    let partition = routes
        .topic(topic)
        .and_then(|topic| topic.partition(question.number));
    let mut response = EpochEndOffset {
        partition: question.number,
        ..Default::default()
    };
    match partition.map_or(Err(ErrorCode::UnknownTopicOrPartition), |partition| {
        end_of(partition, question)
    }) {
        Ok((epoch, end_offset)) => {
            response.leader_epoch = epoch;
            response.end_offset = end_offset;
        }
        Err(error) => response.error_code = error.to_i16(),
    }
    response
}

fn end_of(partition: &PartitionRoute, question: &Question) -> Result<(i32, i64), ErrorCode> {
    let fenced = leader_epoch_error(question.current_leader_epoch, partition.leader_epoch);
    if fenced.is_error() {
        return Err(fenced);
    }
    match partition.log.end_offset_for_epoch(question.leader_epoch) {
        Ok((epoch, end)) => Ok((epoch, end.0)),
        Err(error) => {
            tracing::warn!(log = %partition.log.tp(), %error, "epoch lookup failed");
            Err(ErrorCode::KafkaStorageError)
        }
    }
}
