//! What the tests of Produce, Fetch and ListOffsets share: batches, requests, topics made by asking.

use std::borrow::Cow;

use kafka::log::builder::BatchBuilder;
use kafka::log::compression::Compression;
use kafka_wire::fetch_request::{FetchPartition, FetchRequest, FetchTopic};
use kafka_wire::fetch_response::{FetchResponse, PartitionData};
use kafka_wire::metadata_request::{MetadataRequest, MetadataRequestTopic};
use kafka_wire::produce_request::{PartitionProduceData, ProduceRequest, TopicProduceData};
use kafka_wire::produce_response::PartitionProduceResponse;
use kafka_wire::{ErrorCode, Uuid};

use super::Client;

/// Largest request and answer versions spoken.
pub(crate) const PRODUCE: i16 = 11;
pub(crate) const FETCH: i16 = 18;

pub(crate) fn batch(records: usize, value_bytes: usize) -> Vec<u8> {
    let mut builder = BatchBuilder::new(Compression::None);
    for _ in 0..records {
        builder.push(1_000, Some(b"key"), Some(&vec![b'v'; value_bytes]));
    }
    builder.finish().expect("builds")
}

pub(crate) fn produce(topic: &str, acks: i16, records: Option<Vec<u8>>) -> ProduceRequest<'static> {
    ProduceRequest {
        transactional_id: None,
        acks,
        timeout_ms: 30_000,
        topic_data: vec![TopicProduceData {
            name: Cow::Owned(topic.to_owned()),
            topic_id: Uuid::default(),
            partition_data: vec![PartitionProduceData {
                index: 0,
                records: records.map(Cow::Owned),
            }],
        }],
    }
}

pub(crate) fn produced(
    client: &mut Client,
    request: &ProduceRequest<'_>,
    version: i16,
) -> PartitionProduceResponse<'static> {
    let mut response = client.call(request, version);
    response.responses.remove(0).partition_responses.remove(0)
}

/// Makes topics by asking for them; their ids. The first answer shows no leader yet, the second one does.
pub(crate) fn create(client: &mut Client, topics: &[&str]) -> Vec<Uuid> {
    let asked = topics.iter().map(|name| MetadataRequestTopic {
        topic_id: Uuid::default(),
        name: Some(Cow::Owned((*name).to_owned())),
    });
    let request = MetadataRequest {
        topics: Some(asked.collect()),
        allow_auto_topic_creation: true,
        ..Default::default()
    };
    let first = client.call(&request, 12);
    let not_yet = ErrorCode::LeaderNotAvailable.to_i16();
    assert!(
        first
            .topics
            .iter()
            .all(|topic| topic.error_code == not_yet && topic.partitions.is_empty())
    );
    let response = client.call(&request, 12);
    assert!(response.topics.iter().all(|topic| topic.error_code == 0));
    response.topics.iter().map(|topic| topic.topic_id).collect()
}

#[derive(Clone, Copy)]
pub(crate) struct From<'a> {
    pub(crate) topic: &'a str,
    pub(crate) id: Uuid,
    pub(crate) offset: i64,
    pub(crate) max_bytes: i32,
}

pub(crate) fn fetch(from: &[From<'_>], version: i16) -> FetchRequest<'static> {
    let topics = from.iter().map(|from| FetchTopic {
        topic: if version < 13 {
            Cow::Owned(from.topic.to_owned())
        } else {
            Cow::Borrowed("")
        },
        topic_id: if version < 13 {
            Uuid::default()
        } else {
            from.id
        },
        partitions: vec![FetchPartition {
            partition: 0,
            fetch_offset: from.offset,
            partition_max_bytes: from.max_bytes,
            ..Default::default()
        }],
    });
    FetchRequest {
        replica_id: -1,
        max_wait_ms: 0,
        min_bytes: 0,
        max_bytes: 50 << 20,
        session_epoch: -1,
        topics: topics.collect(),
        ..Default::default()
    }
}

pub(crate) fn partitions<'a>(
    response: &'a FetchResponse<'static>,
) -> Vec<&'a PartitionData<'static>> {
    response
        .responses
        .iter()
        .flat_map(|topic| &topic.partitions)
        .collect()
}

pub(crate) fn bytes_of(partition: &PartitionData<'_>) -> usize {
    partition.records.as_deref().unwrap_or_default().len()
}
