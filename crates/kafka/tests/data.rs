//! Produce and Fetch over a socket: every version, limits, long polling, sessions, order of answers.

mod served;

use std::borrow::Cow;
use std::io::Write;

use kafka::log::builder::{BatchBuilder, ProducerStamp};
use kafka::log::compression::Compression;
use kafka_wire::fetch_request::{FetchPartition, FetchRequest, FetchTopic, ForgottenTopic};
use kafka_wire::fetch_response::{FetchResponse, PartitionData};
use kafka_wire::metadata_request::{MetadataRequest, MetadataRequestTopic};
use kafka_wire::produce_request::{PartitionProduceData, ProduceRequest, TopicProduceData};
use kafka_wire::produce_response::PartitionProduceResponse;
use kafka_wire::{
    ApiVersionsRequest, ErrorCode, ListOffsetsRequest, Uuid, list_offsets_request as list,
};
use served::{Client, Served};

/// Largest request and answer versions spoken.
const PRODUCE: i16 = 11;
const FETCH: i16 = 18;

fn batch(records: usize, value_bytes: usize) -> Vec<u8> {
    let mut builder = BatchBuilder::new(Compression::None);
    for _ in 0..records {
        builder.push(1_000, Some(b"key"), Some(&vec![b'v'; value_bytes]));
    }
    builder.finish().expect("builds")
}

fn produce(topic: &str, acks: i16, records: Option<Vec<u8>>) -> ProduceRequest<'static> {
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

fn produced(
    client: &mut Client,
    request: &ProduceRequest<'_>,
    version: i16,
) -> PartitionProduceResponse<'static> {
    let mut response = client.call(request, version);
    response.responses.remove(0).partition_responses.remove(0)
}

/// Makes topics by asking for them; their ids. The first answer shows no leader yet, the second one does.
fn create(client: &mut Client, topics: &[&str]) -> Vec<Uuid> {
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
struct From<'a> {
    topic: &'a str,
    id: Uuid,
    offset: i64,
    max_bytes: i32,
}

fn fetch(from: &[From<'_>], version: i16) -> FetchRequest<'static> {
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

fn partitions<'a>(response: &'a FetchResponse<'static>) -> Vec<&'a PartitionData<'static>> {
    response
        .responses
        .iter()
        .flat_map(|topic| &topic.partitions)
        .collect()
}

fn bytes_of(partition: &PartitionData<'_>) -> usize {
    partition.records.as_deref().unwrap_or_default().len()
}

#[test]
fn every_version_of_produce_and_fetch_carries_the_same_batch() {
    let served = Served::start();
    let mut client = served.client();
    let id = create(&mut client, &["t"])[0];
    let sent = batch(3, 100);
    for version in 3..=PRODUCE {
        let answer = produced(&mut client, &produce("t", -1, Some(sent.clone())), version);
        assert_eq!(answer.error_code, 0, "version {version}");
        assert_eq!(answer.base_offset, i64::from(version - 3) * 3);
    }
    for version in 4..=FETCH {
        let from = From {
            topic: "t",
            id,
            offset: 4,
            max_bytes: 1 << 20,
        };
        let response = client.call(&fetch(&[from], version), version);
        let partition = partitions(&response)[0];
        assert_eq!(partition.error_code, 0, "version {version}");
        assert_eq!(partition.high_watermark, 27);
        let records = partition.records.as_deref().expect("records");
        // From within a batch the whole batch is given, stamped with its offset.
        assert_eq!(records.len(), sent.len() * 8);
        assert_eq!(records[..8], 3i64.to_be_bytes());
        assert_eq!(records[16..sent.len()], sent[16..]);
    }
    served.stop();
}

/// Requests for topic "t", which exists, and what each is refused with.
fn refused_produces(good: &[u8]) -> Vec<(&'static str, ProduceRequest<'static>, ErrorCode)> {
    let changed = |at: usize, byte: u8| {
        let mut batch = good.to_vec();
        batch[at] ^= byte;
        Some(batch)
    };
    let two = [good.to_vec(), good.to_vec()].concat();
    let transactional = BatchBuilder::new(Compression::None)
        .producer(ProducerStamp {
            id: 5,
            epoch: 0,
            base_sequence: 0,
        })
        .transactional();
    let mut transactional = transactional;
    transactional.push(1_000, None, Some(b"v"));
    let transactional = transactional.finish().expect("builds");
    use ErrorCode as E;
    vec![
        (
            "unknown topic",
            produce("nope", -1, Some(good.to_vec())),
            E::UnknownTopicOrPartition,
        ),
        (
            "acks 2",
            produce("t", 2, Some(good.to_vec())),
            E::InvalidRequiredAcks,
        ),
        (
            "acks -2",
            produce("t", -2, Some(good.to_vec())),
            E::InvalidRequiredAcks,
        ),
        ("no records", produce("t", -1, None), E::InvalidRecord),
        (
            "empty records",
            produce("t", -1, Some(Vec::new())),
            E::InvalidRecord,
        ),
        ("two batches", produce("t", -1, Some(two)), E::InvalidRecord),
        (
            "magic 1",
            produce("t", -1, changed(16, 3)),
            E::InvalidRecord,
        ),
        (
            "wrong checksum",
            produce("t", -1, changed(17, 1)),
            E::CorruptMessage,
        ),
        (
            "damaged record",
            produce("t", -1, changed(good.len() - 1, 1)),
            E::CorruptMessage,
        ),
        (
            "cut short",
            produce("t", -1, Some(good[..good.len() - 1].to_vec())),
            E::CorruptMessage,
        ),
        (
            "shorter than a header",
            produce("t", -1, Some(good[..20].to_vec())),
            E::CorruptMessage,
        ),
        (
            "in a transaction",
            produce("t", -1, Some(transactional)),
            E::InvalidTxnState,
        ),
        (
            "above max.message.bytes",
            produce("t", -1, Some(batch(1, 1_100_000))),
            E::MessageTooLarge,
        ),
    ]
}

#[test]
fn what_produce_refuses_and_how() {
    let served = Served::start();
    let mut client = served.client();
    create(&mut client, &["t"]);
    let good = batch(2, 10);
    let cases = refused_produces(&good);
    for (what, request, expected) in cases {
        for version in [3, PRODUCE] {
            let answer = produced(&mut client, &request, version);
            assert_eq!(
                answer.error_code,
                expected.to_i16(),
                "{what}, version {version}"
            );
            assert_eq!(answer.base_offset, -1, "{what}");
        }
    }
    // Nothing of all that was appended, and the connection lives.
    assert_eq!(
        produced(&mut client, &produce("t", -1, Some(good)), PRODUCE).base_offset,
        0
    );
    served.stop();
}

#[test]
fn internal_topics_are_written_by_nobody_but_the_admin_client() {
    let served = Served::start();
    let mut client = served.client();
    create(&mut client, &["__consumer_offsets"]);
    let request = produce("__consumer_offsets", -1, Some(batch(1, 10)));
    let refused = produced(&mut client, &request, PRODUCE);
    assert_eq!(
        refused.error_code,
        ErrorCode::InvalidTopicException.to_i16()
    );
    client.client_id = "__admin_client".to_owned();
    assert_eq!(produced(&mut client, &request, PRODUCE).error_code, 0);
    served.stop();
}

#[test]
fn without_acknowledgement_there_is_no_answer_and_a_failure_closes() {
    let served = Served::start();
    let mut client = served.client();
    create(&mut client, &["t"]);
    client.send(&produce("t", 0, Some(batch(1, 10))), PRODUCE);
    // The next answer on the wire is the one to the next request.
    assert_eq!(
        produced(&mut client, &produce("t", 1, Some(batch(1, 10))), PRODUCE).base_offset,
        1
    );
    client.send(&produce("nope", 0, Some(batch(1, 10))), PRODUCE);
    let mut rest = Vec::new();
    let _ = std::io::Read::read_to_end(&mut client.stream, &mut rest);
    assert!(rest.is_empty());
    served.stop();
}

#[test]
fn an_idempotent_batch_sent_twice_is_there_once() {
    let served = Served::start();
    let mut client = served.client();
    create(&mut client, &["t"]);
    let with_sequence = |base_sequence| {
        let stamp = ProducerStamp {
            id: 7,
            epoch: 0,
            base_sequence,
        };
        let mut builder = BatchBuilder::new(Compression::None).producer(stamp);
        builder.push(1_000, None, Some(b"v"));
        produce("t", -1, Some(builder.finish().expect("builds")))
    };
    for (sequence, offset, error) in [(0, 0, 0), (1, 1, 0), (1, 1, 0), (0, 0, 0), (3, -1, 45)] {
        let answer = produced(&mut client, &with_sequence(sequence), PRODUCE);
        assert_eq!(
            (answer.base_offset, answer.error_code),
            (offset, error),
            "sequence {sequence}"
        );
    }
    served.stop();
}

#[test]
fn fetch_keeps_the_byte_limits_but_always_makes_progress() {
    let served = Served::start();
    let mut client = served.client();
    let ids = create(&mut client, &["a", "b"]);
    let one = batch(1, 1000);
    for topic in ["a", "a", "b", "b"] {
        assert_eq!(
            produced(&mut client, &produce(topic, -1, Some(one.clone())), PRODUCE).error_code,
            0
        );
    }
    let whole = one.len();
    // Limits of the answer and of each partition; what each partition gives.
    for (answer, partition, expected) in [
        (50 << 20, 1 << 20, [2 * whole, 2 * whole]),
        (50 << 20, 1, [whole, 0]),
        (1, 1 << 20, [whole, 0]),
        (2 * whole, 1 << 20, [2 * whole, 0]),
        (3 * whole, 1 << 20, [2 * whole, whole]),
    ] {
        let from = |topic, id| From {
            topic,
            id,
            offset: 0,
            max_bytes: partition,
        };
        let mut request = fetch(&[from("a", ids[0]), from("b", ids[1])], FETCH);
        request.max_bytes = i32::try_from(answer).expect("small");
        let response = client.call(&request, FETCH);
        let given: Vec<_> = partitions(&response)
            .iter()
            .map(|partition| bytes_of(partition))
            .collect();
        assert_eq!(given, expected, "at most {answer}, {partition} each");
    }
    served.stop();
}

#[test]
fn what_fetch_refuses_and_how() {
    let served = Served::start();
    let mut client = served.client();
    let id = create(&mut client, &["t"])[0];
    assert_eq!(
        produced(&mut client, &produce("t", -1, Some(batch(2, 10))), PRODUCE).error_code,
        0
    );
    let at = |topic, id, offset| From {
        topic,
        id,
        offset,
        max_bytes: 1 << 20,
    };
    let unknown = Uuid([9; 16]);
    use ErrorCode as E;
    for (what, from, version, error) in [
        ("at the end", at("t", id, 2), FETCH, E::None),
        ("beyond the end", at("t", id, 3), FETCH, E::OffsetOutOfRange),
        (
            "before the start",
            at("t", id, -1),
            FETCH,
            E::OffsetOutOfRange,
        ),
        (
            "unknown name",
            at("nope", id, 0),
            12,
            E::UnknownTopicOrPartition,
        ),
        (
            "unknown id",
            at("nope", unknown, 0),
            FETCH,
            E::UnknownTopicId,
        ),
    ] {
        let mut request = fetch(&[from], version);
        request.max_wait_ms = if error == E::None { 0 } else { 60_000 };
        request.min_bytes = 1;
        let response = client.call(&request, version);
        assert_eq!(
            partitions(&response)[0].error_code,
            error.to_i16(),
            "{what}"
        );
        assert_eq!(bytes_of(partitions(&response)[0]), 0, "{what}");
    }
    for (epoch, error) in [(-1, E::None), (0, E::None), (1, E::UnknownLeaderEpoch)] {
        let mut request = fetch(&[at("t", id, 0)], FETCH);
        request.topics[0].partitions[0].current_leader_epoch = epoch;
        let response = client.call(&request, FETCH);
        assert_eq!(
            partitions(&response)[0].error_code,
            error.to_i16(),
            "epoch {epoch}"
        );
    }
    served.stop();
}

#[test]
fn a_waiting_fetch_is_woken_by_an_append_and_answers_leave_in_order() {
    let served = Served::start();
    let (mut reader, mut writer) = (served.client(), served.client());
    let id = create(&mut writer, &["t"])[0];
    let mut request = fetch(
        &[From {
            topic: "t",
            id,
            offset: 0,
            max_bytes: 1 << 20,
        }],
        FETCH,
    );
    request.max_wait_ms = 600_000;
    request.min_bytes = 1;
    let waiting = reader.send(&request, FETCH);
    // Handled at once, answered only after the fetch before it.
    let behind = reader.send(&ApiVersionsRequest::default(), 2);
    let also = reader.send(&produce("t", 1, Some(batch(1, 10))), PRODUCE);
    let response = reader.receive::<FetchRequest<'_>>(waiting, FETCH);
    assert!(
        response.len() > 60,
        "the fetch was woken by the produce behind it"
    );
    reader.receive::<ApiVersionsRequest<'_>>(behind, 2);
    reader.receive::<ProduceRequest<'_>>(also, PRODUCE);
    request.topics[0].partitions[0].fetch_offset = 1;
    let waiting = reader.send(&request, FETCH);
    assert_eq!(
        produced(&mut writer, &produce("t", -1, Some(batch(1, 10))), PRODUCE).base_offset,
        1
    );
    reader.receive::<FetchRequest<'_>>(waiting, FETCH);
    served.stop();
}

#[test]
fn a_session_tells_only_what_changed() {
    let served = Served::start();
    let mut client = served.client();
    let ids = create(&mut client, &["a", "b"]);
    let all: Vec<_> = ["a", "b"]
        .iter()
        .zip(&ids)
        .map(|(topic, id)| From {
            topic,
            id: *id,
            offset: 0,
            max_bytes: 1 << 20,
        })
        .collect();
    let mut request = fetch(&all, FETCH);
    request.session_epoch = 0;
    let full = client.call(&request, FETCH);
    assert_eq!(partitions(&full).len(), 2);
    let session = full.session_id;
    assert_ne!(session, 0);
    let mut next = fetch(&[], FETCH);
    next.session_id = session;
    let mut epoch = 0;
    let mut step = |client: &mut Client, change: &dyn Fn(&mut FetchRequest<'static>)| {
        epoch += 1;
        let mut request = next.clone();
        request.session_epoch = epoch;
        change(&mut request);
        client.call(&request, FETCH)
    };
    assert!(
        step(&mut client, &|_| {}).responses.is_empty(),
        "nothing changed"
    );
    produced(&mut client, &produce("b", -1, Some(batch(1, 10))), PRODUCE);
    let response = step(&mut client, &|_| {});
    assert_eq!(response.responses.len(), 1);
    assert_eq!(response.responses[0].topic_id, ids[1]);
    // Not moved on, the same data comes again; moved on, nothing does.
    assert_eq!(partitions(&step(&mut client, &|_| {})).len(), 1);
    let moved = From {
        offset: 1,
        ..all[1]
    };
    assert!(
        step(&mut client, &|request| request.topics =
            fetch(&[moved], FETCH).topics)
        .responses
        .is_empty()
    );
    let forget = |id: Uuid| ForgottenTopic {
        topic: Cow::Borrowed(""),
        topic_id: id,
        partitions: vec![0],
    };
    produced(&mut client, &produce("b", -1, Some(batch(1, 10))), PRODUCE);
    let after = step(&mut client, &|request| {
        request.forgotten_topics_data = vec![forget(ids[1])]
    });
    assert!(after.responses.is_empty(), "forgotten");
    served.stop();
}

#[test]
fn a_session_ends_when_emptied_and_wrong_epochs_are_told() {
    let served = Served::start();
    let mut client = served.client();
    let id = create(&mut client, &["a"])[0];
    let from = From {
        topic: "a",
        id,
        offset: 0,
        max_bytes: 1 << 20,
    };
    let mut request = fetch(&[from], FETCH);
    request.session_epoch = 0;
    let session = client.call(&request, FETCH).session_id;
    let mut next = fetch(&[], FETCH);
    next.session_id = session;
    next.session_epoch = 100;
    let wrong = client.call(&next, FETCH);
    assert_eq!(
        wrong.error_code,
        ErrorCode::InvalidFetchSessionEpoch.to_i16()
    );
    next.session_epoch = 1;
    let named = client.call(
        &{
            let mut named = next.clone();
            named.topics = fetch(&[from], 12).topics;
            named
        },
        12,
    );
    assert_eq!(
        named.error_code,
        ErrorCode::FetchSessionTopicIdError.to_i16()
    );
    next.session_epoch = 2;
    next.forgotten_topics_data = vec![ForgottenTopic {
        topic: Cow::Borrowed(""),
        topic_id: id,
        partitions: vec![0],
    }];
    let emptied = client.call(&next, FETCH);
    assert_eq!((emptied.error_code, emptied.session_id), (0, 0));
    next.session_epoch = 3;
    let gone = client.call(&next, FETCH);
    assert_eq!(gone.error_code, ErrorCode::FetchSessionIdNotFound.to_i16());
    served.stop();
}

#[test]
fn large_frames_and_many_at_once_come_through_whole() {
    let served = Served::start();
    let mut client = served.client();
    let id = create(&mut client, &["t"])[0];
    let value_bytes = 900_000;
    let ids: Vec<i32> = (0..8)
        .map(|_| client.send(&produce("t", -1, Some(batch(1, value_bytes))), PRODUCE))
        .collect();
    for id in ids {
        client.receive::<ProduceRequest<'_>>(id, PRODUCE);
    }
    let from = From {
        topic: "t",
        id,
        offset: 0,
        max_bytes: 50 << 20,
    };
    let response = client.call(&fetch(&[from], FETCH), FETCH);
    assert_eq!(
        bytes_of(partitions(&response)[0]),
        8 * batch(1, value_bytes).len()
    );
    served.stop();
}

#[test]
fn offsets_are_listed_by_end_and_by_time() {
    let served = Served::start();
    let mut client = served.client();
    create(&mut client, &["t"]);
    for _ in 0..3 {
        produced(&mut client, &produce("t", -1, Some(batch(1, 10))), PRODUCE);
    }
    for (timestamp, offset) in [
        (-1, 3),
        (-2, 0),
        (-3, 0),
        (-4, 0),
        (-5, -1),
        (0, 0),
        (1_000, 0),
        (1_001, -1),
    ] {
        for version in [7, 10] {
            let request = ListOffsetsRequest {
                replica_id: -1,
                topics: vec![list::ListOffsetsTopic {
                    name: Cow::Borrowed("t"),
                    partitions: vec![list::ListOffsetsPartition {
                        partition_index: 0,
                        current_leader_epoch: -1,
                        timestamp,
                    }],
                }],
                ..Default::default()
            };
            let response = client.call(&request, version);
            let partition = &response.topics[0].partitions[0];
            assert_eq!(
                (partition.error_code, partition.offset),
                (0, offset),
                "{timestamp}, version {version}"
            );
        }
    }
    served.stop();
}

#[test]
fn what_was_acknowledged_is_within_the_offsets_listed_next() {
    let served = Served::start();
    let mut client = served.client();
    create(&mut client, &["t"]);
    // acks=1 comes before the sync that shows the record to readers.
    for written in 1..=20 {
        produced(&mut client, &produce("t", 1, Some(batch(1, 10))), PRODUCE);
        let request = ListOffsetsRequest {
            replica_id: -1,
            topics: vec![list::ListOffsetsTopic {
                name: Cow::Borrowed("t"),
                partitions: vec![list::ListOffsetsPartition {
                    partition_index: 0,
                    current_leader_epoch: -1,
                    timestamp: -1,
                }],
            }],
            ..Default::default()
        };
        assert_eq!(
            client.call(&request, 7).topics[0].partitions[0].offset,
            written
        );
    }
    served.stop();
}

#[test]
fn a_peer_that_stops_reading_does_not_stop_others() {
    let served = Served::start();
    let mut client = served.client();
    let id = create(&mut client, &["t"])[0];
    produced(
        &mut client,
        &produce("t", -1, Some(batch(1, 900_000))),
        PRODUCE,
    );
    let mut deaf = served.client();
    let request = fetch(
        &[From {
            topic: "t",
            id,
            offset: 0,
            max_bytes: 1 << 20,
        }],
        FETCH,
    );
    for _ in 0..50 {
        deaf.send(&request, FETCH);
    }
    deaf.stream.flush().expect("sent");
    for _ in 0..3 {
        let answer = produced(&mut client, &produce("t", -1, Some(batch(1, 10))), PRODUCE);
        assert_eq!(answer.error_code, 0);
    }
    drop(deaf);
    served.stop();
}
