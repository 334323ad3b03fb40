//! Fetch over a socket: limits, refusals, long polling, sessions, peers that stop reading.

mod served;

use std::borrow::Cow;
use std::io::Write;

use kafka_wire::fetch_request::{FetchRequest, ForgottenTopic};
use kafka_wire::produce_request::ProduceRequest;
use kafka_wire::{ApiVersionsRequest, ErrorCode, Uuid};
use served::data::{
    FETCH, From, PRODUCE, batch, bytes_of, create, fetch, partitions, produce, produced,
};
use served::{Client, Served};

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
