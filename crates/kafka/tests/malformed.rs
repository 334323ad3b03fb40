//! Requests that no correct client sends, as bytes, and what each gets. The process survives all of them.
//!
//! Three outcomes: the connection is closed (unreadable: there is no answer that could be trusted), the request is
//! answered with an error code, or the input turns out to be legal.

mod served;

use std::io::{Read, Write};

use kafka_wire::{
    ApiVersionsRequest, ErrorCode, FetchRequest, ListOffsetsRequest, Message, MetadataRequest,
    ProduceRequest, Writer, encode_request, list_offsets_request as list,
    metadata_request::MetadataRequestTopic,
};
use served::{Served, read_frame};

/// What a peer sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The end of the stream, or a reset.
    Closed,
    /// An answer; its error code lies at this byte of the frame (the correlation id is at 0).
    Code(usize, ErrorCode),
    /// An answer of any kind.
    Answered,
}
use Outcome::{Answered, Closed, Code};

/// A frame around `payload`.
fn frame(payload: &[u8]) -> Vec<u8> {
    let length = i32::try_from(payload.len()).expect("short");
    [&length.to_be_bytes()[..], payload].concat()
}

/// A request header of version 1: key, version, correlation id 9, client id "t".
fn header(key: i16, version: i16) -> Vec<u8> {
    let mut w = Writer::new();
    w.i16(key);
    w.i16(version);
    w.i32(9);
    w.nullable_string(Some("t"), false).expect("short");
    w.into_vec()
}

/// A frame of header and body.
fn raw(key: i16, version: i16, body: &[u8]) -> Vec<u8> {
    frame(&[&header(key, version), body].concat())
}

/// A frame of header, empty tagged fields and body: for flexible versions.
fn raw_flexible(key: i16, version: i16, body: &[u8]) -> Vec<u8> {
    frame(&[&header(key, version), &[0][..], body].concat())
}

fn request<'a, M: Message<'a> + kafka_wire::Request>(message: &M, version: i16) -> Vec<u8> {
    let mut w = Writer::new();
    encode_request(&mut w, 9, Some("t"), version, message).expect("encodes");
    w.into_vec()
}

/// The frame cut after `keep` bytes of its payload, with a length that says so.
fn cut(whole: &[u8], keep: usize) -> Vec<u8> {
    frame(&whole[4..4 + keep])
}

/// The frame with `extra` behind its payload.
fn padded(whole: &[u8], extra: &[u8]) -> Vec<u8> {
    frame(&[&whole[4..], extra].concat())
}

/// Big-endian bytes of numbers and plain bytes, one after the other.
macro_rules! bytes {
    ($($part:expr),* $(,)?) => { [$(&$part.to_be_bytes()[..]),*].concat() };
}

fn frames_and_headers() -> Vec<(&'static str, Vec<u8>, Outcome)> {
    vec![
        ("length −1", bytes!(-1i32), Closed),
        ("length i32::MIN", bytes!(i32::MIN), Closed),
        (
            "length above socket.request.max.bytes",
            bytes!(104_857_601i32),
            Closed,
        ),
        (
            "an HTTP request",
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(),
            Closed,
        ),
        (
            "a TLS hello",
            [&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3][..], &[7; 600]].concat(),
            Closed,
        ),
        ("an empty frame", frame(&[]), Closed),
        ("a frame of one byte", frame(&[0]), Closed),
        (
            "header without client id",
            frame(&bytes!(18i16, 2i16, 9i32)),
            Closed,
        ),
        (
            "client id longer than the frame",
            frame(&bytes!(18i16, 2i16, 9i32, 500i16)),
            Closed,
        ),
        (
            "client id of length −2",
            frame(&bytes!(18i16, 2i16, 9i32, -2i16)),
            Closed,
        ),
        (
            "client id that is not UTF-8",
            frame(&[&bytes!(18i16, 2i16, 9i32, 2i16)[..], &[0xff, 0xfe]].concat()),
            Closed,
        ),
        (
            "null client id",
            frame(&bytes!(18i16, 2i16, 9i32, -1i16)),
            Code(4, ErrorCode::None),
        ),
    ]
}

fn keys_and_versions() -> Vec<(&'static str, Vec<u8>, Outcome)> {
    let versions = request(&ApiVersionsRequest::default(), 2);
    vec![
        ("key 999", raw(999, 0, &[]), Closed),
        ("key −1", raw(-1, 0, &[]), Closed),
        ("a key between brokers (Vote)", raw(52, 0, &[]), Closed),
        ("version −1", raw(3, -1, &[]), Closed),
        ("Metadata version 99", raw(3, 99, &[]), Closed),
        (
            "Produce version 2, advertised but gone",
            raw(0, 2, &[]),
            Closed,
        ),
        (
            "Produce version 12, inside transactions",
            raw_flexible(0, 12, &[]),
            Closed,
        ),
        ("Fetch version 3", raw(1, 3, &[]), Closed),
        (
            "ApiVersions version 99",
            raw_flexible(18, 99, &[]),
            Code(4, ErrorCode::UnsupportedVersion),
        ),
        (
            "ApiVersions version −1",
            raw(18, -1, &[]),
            Code(4, ErrorCode::UnsupportedVersion),
        ),
        (
            "bytes behind the message",
            padded(&versions, &[1, 2, 3]),
            Code(4, ErrorCode::None),
        ),
    ]
}

fn tagged_and_counted() -> Vec<(&'static str, Vec<u8>, Outcome)> {
    let software = |name: &'static str| {
        request(
            &ApiVersionsRequest {
                client_software_name: name.into(),
                client_software_version: "1".into(),
            },
            4,
        )
    };
    let flexible_header = |tags: &[u8]| frame(&[&header(3, 9), tags].concat());
    vec![
        (
            "software name with a space",
            software("a b"),
            Code(4, ErrorCode::InvalidRequest),
        ),
        (
            "empty software name",
            software(""),
            Code(4, ErrorCode::InvalidRequest),
        ),
        (
            "tagged fields: count above the bytes left",
            flexible_header(&[0xff, 0xff, 3]),
            Closed,
        ),
        (
            "tagged field longer than the frame",
            flexible_header(&[1, 5, 0xff, 1]),
            Closed,
        ),
        (
            "tag count that never ends",
            flexible_header(&[0xff; 6]),
            Closed,
        ),
        (
            "unknown tagged field in the header",
            frame(&[&header(18, 3)[..], &[1, 7, 2, 1, 2, 2, b'a', 2, b'1', 0]].concat()),
            Code(4, ErrorCode::None),
        ),
        (
            "Metadata: 2^31−1 topics",
            raw(3, 5, &bytes!(i32::MAX)),
            Closed,
        ),
        ("Metadata: −2 topics", raw(3, 5, &bytes!(-2i32)), Closed),
        (
            "Metadata: 4 billion topics, compact",
            raw_flexible(3, 9, &[0xff, 0xff, 0xff, 0xff, 0x0f]),
            Closed,
        ),
        (
            "Metadata: a length of six bytes",
            raw_flexible(3, 9, &[0xff, 0xff, 0xff, 0xff, 0xff, 1]),
            Closed,
        ),
        (
            "Metadata: a name that is not UTF-8",
            raw(3, 5, &[&bytes!(1i32, 1i16)[..], &[0xff, 1]].concat()),
            Closed,
        ),
        ("Metadata: empty body", raw(3, 5, &[]), Closed),
    ]
}

fn produces_and_fetches() -> Vec<(&'static str, Vec<u8>, Outcome)> {
    let no_topics = request(
        &ProduceRequest {
            acks: -1,
            timeout_ms: 1000,
            ..Default::default()
        },
        9,
    );
    let fetch = request(
        &FetchRequest {
            replica_id: -1,
            session_epoch: -1,
            ..Default::default()
        },
        12,
    );
    vec![
        ("Produce: empty body", raw(0, 8, &[]), Closed),
        ("Produce: no topics", no_topics.clone(), Answered),
        (
            "Produce: last byte missing",
            cut(&no_topics, no_topics.len() - 5),
            Closed,
        ),
        (
            "Produce: 2^31−1 topics",
            raw(0, 8, &bytes!(-1i16, 1i16, 1000i32, i32::MAX)),
            Closed,
        ),
        (
            "Produce: null topics",
            raw(0, 8, &bytes!(-1i16, 1i16, 1000i32, -1i32)),
            Closed,
        ),
        (
            "Produce: records longer than the frame",
            raw(
                0,
                8,
                &[
                    &bytes!(-1i16, 1i16, 1000i32, 1i32, 1i16)[..],
                    b"t",
                    &bytes!(1i32, 0i32, 1_000_000i32),
                ]
                .concat(),
            ),
            Closed,
        ),
        (
            "Produce: records of length −2",
            raw(
                0,
                8,
                &[
                    &bytes!(-1i16, 1i16, 1000i32, 1i32, 1i16)[..],
                    b"t",
                    &bytes!(1i32, 0i32, -2i32),
                ]
                .concat(),
            ),
            Closed,
        ),
        (
            "Produce: one partition readable, the next not",
            raw(
                0,
                8,
                &[
                    &bytes!(-1i16, 1i16, 1000i32, 1i32, 1i16)[..],
                    b"t",
                    &bytes!(2i32, 0i32, 0i32, 1i32, 77i32),
                ]
                .concat(),
            ),
            Closed,
        ),
        ("Fetch: empty body", raw(1, 11, &[]), Closed),
        ("Fetch: nothing asked", fetch.clone(), Answered),
        (
            "Fetch: last byte missing",
            cut(&fetch, fetch.len() - 5),
            Closed,
        ),
        (
            "Fetch: 2^31−1 topics",
            raw(1, 4, &bytes!(-1i32, 0i32, 0i32, 0i32, 0i8, i32::MAX)),
            Closed,
        ),
        (
            "Fetch: unknown session",
            request(
                &FetchRequest {
                    replica_id: -1,
                    session_id: 5,
                    session_epoch: 3,
                    ..Default::default()
                },
                12,
            ),
            Code(9, ErrorCode::FetchSessionIdNotFound),
        ),
        (
            "Fetch: unknown session, epoch −7",
            request(
                &FetchRequest {
                    replica_id: -1,
                    session_id: 5,
                    session_epoch: -7,
                    ..Default::default()
                },
                12,
            ),
            Code(9, ErrorCode::FetchSessionIdNotFound),
        ),
        (
            "Fetch: negative limits and waits",
            request(
                &FetchRequest {
                    replica_id: -1,
                    max_wait_ms: -5,
                    min_bytes: -5,
                    max_bytes: -5,
                    session_epoch: -1,
                    ..Default::default()
                },
                12,
            ),
            Code(9, ErrorCode::None),
        ),
    ]
}

fn lookups() -> Vec<(&'static str, Vec<u8>, Outcome)> {
    let offsets = |partitions: Vec<(i32, i64)>| {
        let partitions =
            partitions
                .into_iter()
                .map(|(partition_index, timestamp)| list::ListOffsetsPartition {
                    partition_index,
                    current_leader_epoch: -1,
                    timestamp,
                });
        let topic = list::ListOffsetsTopic {
            name: "t".into(),
            partitions: partitions.collect(),
        };
        request(
            &ListOffsetsRequest {
                replica_id: -1,
                topics: vec![topic],
                ..Default::default()
            },
            5,
        )
    };
    // correlation id, throttle time, one topic "t", one or two partitions, index of the first: its code.
    let first_code = 4 + 4 + 4 + 3 + 4 + 4;
    let named = |name: &'static str| {
        let topic = MetadataRequestTopic {
            name: Some(name.into()),
            ..Default::default()
        };
        request(
            &MetadataRequest {
                topics: Some(vec![topic]),
                allow_auto_topic_creation: true,
                ..Default::default()
            },
            1,
        )
    };
    // correlation id, one broker (id, "127.0.0.1", port, null rack), controller, one topic: its code.
    let topic_code = 4 + 4 + (4 + 2 + 9 + 4 + 2) + 4 + 4;
    vec![
        (
            "ListOffsets: partition −1",
            offsets(vec![(-1, -1)]),
            Code(first_code, ErrorCode::UnknownTopicOrPartition),
        ),
        (
            "ListOffsets: partition i32::MAX",
            offsets(vec![(i32::MAX, -1)]),
            Code(first_code, ErrorCode::UnknownTopicOrPartition),
        ),
        (
            "ListOffsets: timestamp −99",
            offsets(vec![(0, -99)]),
            Code(first_code, ErrorCode::UnsupportedVersion),
        ),
        (
            "ListOffsets: a partition twice",
            offsets(vec![(0, -1), (0, -1)]),
            Code(first_code, ErrorCode::None),
        ),
        (
            "Metadata: empty name",
            named(""),
            Code(topic_code, ErrorCode::InvalidTopicException),
        ),
        (
            "Metadata: name with a slash",
            named("../../etc"),
            Code(topic_code, ErrorCode::InvalidTopicException),
        ),
        (
            "Metadata: name \"..\"",
            named(".."),
            Code(topic_code, ErrorCode::InvalidTopicException),
        ),
        (
            "Metadata: the transaction log is not made",
            named("__transaction_state"),
            Code(topic_code, ErrorCode::UnknownTopicOrPartition),
        ),
    ]
}

#[test]
fn every_malformed_request_gets_its_outcome_and_the_server_goes_on() {
    let served = Served::start();
    let mut other = served.client();
    // The topic that some of the requests name.
    let topic = MetadataRequestTopic {
        name: Some("t".into()),
        ..Default::default()
    };
    let make = MetadataRequest {
        topics: Some(vec![topic]),
        allow_auto_topic_creation: true,
        ..Default::default()
    };
    other.call(&make, 4);
    let cases = [
        frames_and_headers(),
        keys_and_versions(),
        tagged_and_counted(),
        produces_and_fetches(),
        lookups(),
    ]
    .concat();
    assert!(cases.len() >= 40);
    for (what, bytes, expected) in cases {
        let mut stream = served.connect();
        // A peer that has been refused may find the door shut while it still talks.
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        match expected {
            Closed => {
                let mut rest = Vec::new();
                let _ = stream.read_to_end(&mut rest);
                assert!(rest.is_empty(), "{what}: answered with {rest:?}");
            }
            Answered => {
                read_frame(&mut stream);
            }
            Code(at, code) => {
                let frame = read_frame(&mut stream);
                assert_eq!(frame[..4], 9i32.to_be_bytes(), "{what}: correlation id");
                assert_eq!(
                    frame[at..at + 2],
                    code.to_i16().to_be_bytes(),
                    "{what}: {frame:?}"
                );
            }
        }
        assert_eq!(
            other.call(&ApiVersionsRequest::default(), 2).error_code,
            0,
            "after {what}"
        );
    }
    served.stop();
}

#[test]
fn a_huge_length_commits_no_memory_before_its_bytes_come() {
    let served = Served::start();
    let mut claims = Vec::new();
    for _ in 0..64 {
        let mut stream = served.connect();
        stream
            .write_all(&104_857_600i32.to_be_bytes())
            .expect("sends");
        stream.write_all(&[0; 100]).expect("sends");
        claims.push(stream);
    }
    let mut other = served.client();
    assert_eq!(other.call(&ApiVersionsRequest::default(), 2).error_code, 0);
    // 64 claims of 100 MiB each; the bound is what large buffers may take in all.
    assert!(
        served.broker.in_flight_bytes() <= 33 << 20,
        "{}",
        served.broker.in_flight_bytes()
    );
    drop(claims);
    served.stop();
}
