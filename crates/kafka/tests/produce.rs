//! Produce over a socket: every version, refusals, acknowledgements, order, large frames.

mod served;

use kafka::log::builder::{BatchBuilder, ProducerStamp};
use kafka::log::compression::Compression;
use kafka_wire::ErrorCode;
use kafka_wire::produce_request::ProduceRequest;
use served::Served;
use served::data::{
    FETCH, From, PRODUCE, batch, bytes_of, create, fetch, partitions, produce, produced,
};

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
