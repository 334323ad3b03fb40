//! What a store does when nothing goes wrong.

use super::super::message::{MessageBatch, OffsetMessageId, TransactionKind};
use super::*;

#[test]
fn what_is_put_is_got_on_every_engine_and_after_a_restart() {
    for kind in EngineKind::ALL {
        let root = tempfile::tempdir().unwrap();
        let expected = |id: i32| -> Vec<(i64, Vec<u8>)> {
            (0..60)
                .map(|n| (n, format!("{id}-{n}").repeat(20).into_bytes()))
                .collect()
        };
        let open = open_with(root.path(), kind, settings());
        for n in 0..60 {
            for id in 0..2 {
                let body = format!("{id}-{n}").repeat(20);
                let put = put(&open.store, "t", id, body.as_bytes(), b"");
                assert_eq!(put.queue_offset, QueueOffset(n));
                assert_eq!(put.store_timestamp_ms, NOW);
            }
        }
        for id in 0..2 {
            assert_eq!(all_of(&open.store, "t", id, 0), expected(id), "{kind}");
        }
        let state = open.store.state();
        assert!(state.queue_files_open <= 3);
        assert_eq!(state.log_end, state.dispatched);
        open.store.close().unwrap();
        let end = state.log_end;
        drop(open);
        let open = open_with(root.path(), kind, settings());
        assert!(
            open.report.clean && !open.report.is_remarkable(),
            "{}",
            open.report
        );
        assert_eq!(
            (open.report.log_end, open.report.walked_entries),
            (end.0, 0)
        );
        for id in 0..2 {
            assert_eq!(all_of(&open.store, "t", id, 0), expected(id), "{kind}");
            let put = put(&open.store, "t", id, b"after", b"");
            assert_eq!(put.queue_offset, QueueOffset(60));
        }
        open.store.close().unwrap();
    }
}

#[test]
fn the_directory_looks_like_rocketmqs() {
    let root = tempfile::tempdir().unwrap();
    let open = open(root.path());
    for n in 0..100 {
        put(
            &open.store,
            "t",
            1,
            &[7; 100],
            format!("KEYS\x01k{n}\x02").as_bytes(),
        );
    }
    let names = |dir: &str| -> Vec<String> {
        let names = super::super::files::names_in(&root.path().join(dir)).unwrap();
        names
            .into_iter()
            .map(|name| name.into_string().unwrap())
            .collect()
    };
    assert!(root.path().join(ABORT).exists());
    open.store.close().unwrap();
    assert!(!root.path().join(ABORT).exists());
    assert_eq!(
        names(""),
        [
            ".highwater",
            "checkpoint",
            "commitlog",
            "consumequeue",
            "index",
            "lock"
        ]
    );
    let files = names("commitlog");
    assert_eq!(
        files[..3],
        [
            "00000000000000000000",
            "00000000000000008192",
            "00000000000000016384"
        ]
    );
    for file in &files {
        let about = std::fs::metadata(root.path().join("commitlog").join(file)).unwrap();
        assert_eq!(about.len(), FILE_BYTES);
    }
    assert_eq!(names("consumequeue/t/1").len(), 10);
    assert_eq!(names("consumequeue/t/1")[1], "00000000000000000200");
    let indexes = names("index");
    assert_eq!(indexes.len(), 100usize.div_ceil(11));
    assert!(indexes.iter().all(|name| name.len() == 17));
    let checkpoint = Checkpoint::read(root.path()).unwrap().unwrap();
    assert_eq!(
        (checkpoint.log_ms, checkpoint.queues_ms, checkpoint.index_ms),
        (NOW, NOW, NOW)
    );
}

#[test]
fn reads_say_where_a_reader_stands() {
    let root = tempfile::tempdir().unwrap();
    let open = open(root.path());
    let store = &open.store;
    let status = |offset| {
        let got = store
            .get(&GetRequest::new("t", 0, QueueOffset(offset)))
            .unwrap();
        (got.status, got.next_offset.0, got.max_offset.0)
    };
    assert_eq!(status(0), (GetStatus::NoMatchedLogicQueue, 0, 0));
    // Asked for by a producer that could not store anything yet.
    assert!(store.put(&message("t", 0, &[0; 9000], b""), None).is_err());
    assert_eq!(status(5), (GetStatus::NoMessageInQueue, 0, 0));
    for n in 0..3u8 {
        put(
            store,
            "t",
            0,
            &[n],
            if n == 1 { b"TAGS\x01TagA\x02" } else { b"" },
        );
    }
    assert_eq!(status(-1), (GetStatus::OffsetTooSmall, 0, 3));
    assert_eq!(status(1), (GetStatus::Found, 3, 3));
    assert_eq!(status(3), (GetStatus::OffsetOverflowOne, 3, 3));
    assert_eq!(status(9), (GetStatus::OffsetOverflowBadly, 3, 3));
    let tagged = |tag: &str| {
        let filter = TagCodes(vec![super::super::message::tags_code(Some(tag))]);
        let request = GetRequest {
            filter: &filter,
            ..GetRequest::new("t", 0, QueueOffset(0))
        };
        let got = store.get(&request).unwrap();
        (got.status, got.units.len(), got.next_offset.0)
    };
    assert_eq!(tagged("TagA"), (GetStatus::Found, 1, 3));
    assert_eq!(tagged("TagB"), (GetStatus::NoMatchedMessage, 0, 3));
    let limited = |messages_max, bytes_max| {
        let request = GetRequest {
            messages_max,
            bytes_max,
            ..GetRequest::new("t", 0, QueueOffset(0))
        };
        let got = store.get(&request).unwrap();
        (got.units.len(), got.next_offset.0, got.parts.len())
    };
    // Neighbours in the log are one part.
    assert_eq!(limited(2, 1 << 20), (2, 2, 1));
    assert_eq!(limited(32, 1), (1, 1, 1));
    let in_memory = GetRequest {
        access: Access::InMemory,
        ..GetRequest::new("t", 0, QueueOffset(0))
    };
    match store.get(&in_memory) {
        Ok(got) => assert_eq!(got.units.len(), 3),
        Err(ReadError::WouldBlock) => {}
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_batch_is_stored_whole_or_not_at_all() {
    let root = tempfile::tempdir().unwrap();
    let open = open(root.path());
    let body = |count: usize, size: usize| -> Vec<u8> {
        let mut out = Vec::new();
        for n in 0..count {
            let total = i32::try_from(20 + size + 2 + 4).unwrap();
            out.extend_from_slice(&total.to_be_bytes());
            out.extend_from_slice(&[0; 8]);
            out.extend_from_slice(&i32::try_from(n).unwrap().to_be_bytes());
            out.extend_from_slice(&i32::try_from(size).unwrap().to_be_bytes());
            out.extend_from_slice(&vec![u8::try_from(n).unwrap(); size]);
            out.extend_from_slice(&[0, 4]);
            out.extend_from_slice(b"a\x01b\x02");
        }
        out
    };
    let store = |body: &[u8]| {
        let common = message("t", 0, body, b"WAIT\x01true\x02");
        open.store
            .put_batch(&MessageBatch { common }, Some(Ack::Visible))
    };
    let put = store(&body(5, 600)).unwrap();
    assert_eq!(
        (put.message_ids.len(), put.queue_offset),
        (5, QueueOffset(0))
    );
    // Does not fit what is left of the first file: all of it goes into the next.
    let second = store(&body(8, 600)).unwrap();
    assert_eq!(second.physical_offset, PhysicalOffset(8192));
    assert_eq!(second.queue_offset, QueueOffset(5));
    assert!(matches!(store(&body(20, 600)), Err(PutError::Illegal(_))));
    // Each would do, all together are larger than one message may be.
    let together = store(&body(200, 25_000));
    assert!(
        matches!(&together, Err(PutError::Illegal(why)) if why.contains("maxMessageSize")),
        "{together:?}"
    );
    assert!(matches!(store(b""), Err(PutError::Illegal(_))));
    assert!(matches!(store(&[0; 30]), Err(PutError::BadBatch(_))));
    let third = store(&body(1, 1)).unwrap();
    assert_eq!(third.queue_offset, QueueOffset(13));
    settle(&open.store, &third);
    assert_eq!(all_of(&open.store, "t", 0, 0).len(), 14);
    let OffsetMessageId {
        physical_offset, ..
    } = second.message_ids[3];
    let lease = open
        .store
        .look_up(physical_offset, Access::MayBlock)
        .unwrap()
        .unwrap();
    let entry = decode(&lease).unwrap();
    assert_eq!((entry.flag, entry.body[0], entry.queue_offset.0), (3, 3, 8));
    assert_eq!(
        entry.properties, b"a\x01b\x02",
        "its own and not the batch's"
    );
    let beside = PhysicalOffset(physical_offset.0 + 1);
    assert!(
        open.store
            .look_up(beside, Access::MayBlock)
            .unwrap()
            .is_none()
    );
    assert!(
        open.store
            .look_up(PhysicalOffset(-5), Access::MayBlock)
            .unwrap()
            .is_none()
    );
    assert!(
        open.store
            .look_up(PhysicalOffset(1 << 50), Access::MayBlock)
            .unwrap()
            .is_none()
    );
}

#[test]
fn what_an_entry_cannot_hold_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let mut settings = settings();
    settings.body_bytes_max = 100;
    let open = open_with(root.path(), EngineKind::File, settings);
    let long = "t".repeat(256);
    let properties = vec![b'x'; 32_768];
    for (topic, id, body, properties) in [
        ("", 0, 1, &b""[..]),
        (".", 0, 1, b""),
        ("..", 0, 1, b""),
        ("a/b", 0, 1, b""),
        ("a\0b", 0, 1, b""),
        (long.as_str(), 0, 1, b""),
        ("t", -1, 1, b""),
        ("t", 0, 101, b""),
        ("t", 0, 1, &properties),
    ] {
        let body = vec![0; body];
        let put = open.store.put(&message(topic, id, &body, properties), None);
        assert!(
            matches!(put, Err(PutError::Illegal(_))),
            "{topic:?} {id} {put:?}"
        );
    }
    assert_eq!(open.store.state().log_end, PhysicalOffset(0));
    let long = "%RETRY%".to_owned() + &"g".repeat(240);
    put(&open.store, &long, 0, b"kept", b"");
    assert_eq!(all_of(&open.store, &long, 0, 0).len(), 1);
}

#[test]
fn keys_find_their_messages_and_no_others() {
    let root = tempfile::tempdir().unwrap();
    let open = open(root.path());
    for n in 0..40 {
        open.clock.set(NOW + n * 700);
        let (key, tags) = (n % 10, n % 7);
        let properties = format!("KEYS\x01k{key} all\x02UNIQ_KEY\x01u{n}\x02TAGS\x01g{tags}\x02");
        put(
            &open.store,
            "t",
            0,
            format!("m{n}").as_bytes(),
            properties.as_bytes(),
        );
    }
    let bodies = |key: &str| -> Vec<String> {
        let found = query(&open.store, "t", key);
        found
            .into_iter()
            .map(|body| String::from_utf8(body).unwrap())
            .collect()
    };
    assert_eq!(bodies("k3"), ["m3", "m13", "m23", "m33"]);
    assert_eq!(bodies("u17"), ["m17"]);
    assert_eq!(bodies("all").len(), 40);
    assert!(bodies("k33").is_empty() && query(&open.store, "other", "k3").is_empty());
    // A tag is no key, and a key no tag.
    assert!(bodies("g3").is_empty() && bodies("T#g3").is_empty());
    let by_tags = |tags| {
        let request = QueryRequest {
            topic: "t",
            key: QueryKey::Tags(tags),
            messages_max: 64,
            begin_ms: 0,
            end_ms: i64::MAX,
        };
        open.store.query(&request).unwrap().entries.len()
    };
    assert_eq!((by_tags("g3"), by_tags("g6"), by_tags("k3")), (6, 5, 0));
    let between = |begin_ms, end_ms| {
        let request = QueryRequest {
            topic: "t",
            key: QueryKey::Key("all"),
            messages_max: 64,
            begin_ms: NOW + begin_ms,
            end_ms: NOW + end_ms,
        };
        open.store.query(&request).unwrap().entries.len()
    };
    for (begin, end) in [
        (0, 0),
        (700, 700),
        (701, 1399),
        (1400, 7000),
        (20_000, 90_000),
    ] {
        let expected = (0..40)
            .filter(|n| (begin..=end).contains(&(n * 700)))
            .count();
        assert_eq!(between(begin, end), expected, "{begin} {end}");
    }
}

#[test]
fn a_time_names_a_place_in_a_queue() {
    let root = tempfile::tempdir().unwrap();
    let open = open(root.path());
    // Two messages at each of 0, 10, 20 … 190.
    for n in 0..40 {
        open.clock.set(NOW + n / 2 * 10);
        put(&open.store, "t", 0, &[1; 200], b"");
    }
    for (time, lower, upper) in [
        (-5, 0, 0),
        (0, 0, 1),
        (5, 2, 1),
        (10, 2, 3),
        (185, 38, 37),
        (190, 38, 39),
        (500, 40, 39),
    ] {
        let at = |boundary| {
            open.store
                .offset_by_time("t", 0, NOW + time, boundary)
                .unwrap()
                .0
        };
        assert_eq!(
            (at(Boundary::Lower), at(Boundary::Upper)),
            (lower, upper),
            "{time}"
        );
    }
    assert_eq!(
        open.store.store_time("t", 0, QueueOffset(7)).unwrap(),
        Some(NOW + 30)
    );
    assert_eq!(open.store.earliest_store_time().unwrap(), Some(NOW));
    // The clock goes back: the log does not.
    open.clock.set(NOW - 1000);
    assert_eq!(
        put(&open.store, "t", 0, b"", b"").store_timestamp_ms,
        NOW + 190
    );
}

#[test]
fn transactions_and_delays_have_their_rules() {
    let root = tempfile::tempdir().unwrap();
    let open = open(root.path());
    let with = |kind, body: &[u8]| {
        let mut message = message("t", 0, body, b"KEYS\x01k\x02");
        message.sys_flag = message.sys_flag.with_transaction(kind);
        let put = open.store.put(&message, Some(Ack::Visible)).unwrap();
        settle(&open.store, &put);
        put.queue_offset.0
    };
    assert_eq!(with(TransactionKind::None, b"n"), 0);
    assert_eq!(with(TransactionKind::Prepared, b"p"), 0);
    assert_eq!(with(TransactionKind::Rollback, b"r"), 0);
    assert_eq!(with(TransactionKind::Commit, b"c"), 1);
    let bodies = all_of(&open.store, "t", 0, 0);
    assert_eq!(bodies, [(0, b"n".to_vec()), (1, b"c".to_vec())]);
    assert_eq!(
        query(&open.store, "t", "k"),
        [b"n".to_vec(), b"p".to_vec(), b"c".to_vec()]
    );
    for (level, delay) in [("1", 1000), ("18", 7_200_000), ("99", 7_200_000)] {
        let properties = format!("DELAY\x01{level}\x02TAGS\x01x\x02");
        let put = put(&open.store, SCHEDULE_TOPIC, 3, b"", properties.as_bytes());
        let got = open
            .store
            .get(&GetRequest::new(SCHEDULE_TOPIC, 3, put.queue_offset))
            .unwrap();
        assert_eq!(got.units[0].1.tags_code, NOW + delay, "{level}");
    }
    let put = put(
        &open.store,
        SCHEDULE_TOPIC,
        3,
        b"",
        b"DELAY\x010\x02TAGS\x01x\x02",
    );
    let got = open
        .store
        .get(&GetRequest::new(SCHEDULE_TOPIC, 3, put.queue_offset))
        .unwrap();
    assert_eq!(got.units[0].1.tags_code, 120);
}

#[test]
fn a_listener_hears_of_each_message_once_and_in_order() {
    #[derive(Default)]
    struct Heard(Mutex<Vec<(String, i32, i64, usize)>>);
    impl StoreListener for Heard {
        fn arrived(&self, topic: &Arc<str>, id: i32, units: &[QueueUnit], end: QueueOffset) {
            self.0
                .lock()
                .push((topic.to_string(), id, end.0, units.len()));
        }
    }
    let root = tempfile::tempdir().unwrap();
    let (engine, _) = open_engine(EngineKind::Mmap, &EngineOptions::new(root.path()));
    let flush = FlushService::start(FlushOptions::default());
    let heard = Arc::new(Heard::default());
    let mut options = StoreOptions::new(engine, flush, Arc::new(ManualClock::at(NOW)));
    options.settings = settings();
    options.listener = Arc::clone(&heard) as Arc<dyn StoreListener>;
    let (store, _) = Store::open(root.path(), options).unwrap();
    for n in 0..30 {
        put(&store, "t", n % 3, b"x", b"");
    }
    let heard = heard.0.lock().clone();
    for id in 0..3 {
        let mut end = 0;
        for (topic, _, now, count) in heard.iter().filter(|heard| heard.1 == id) {
            assert_eq!(topic, "t");
            end += i64::try_from(*count).unwrap();
            assert_eq!(*now, end);
        }
        assert_eq!(end, 10);
    }
}

#[test]
fn a_topic_can_be_deleted_and_made_again() {
    let root = tempfile::tempdir().unwrap();
    let open = open(root.path());
    for n in 0..25u8 {
        put(&open.store, "t", 0, &[n], b"");
    }
    open.store.delete_topic("t").unwrap();
    open.store.delete_topic("never").unwrap();
    assert_eq!(open.store.max_offset("t", 0), QueueOffset(0));
    assert!(open.store.topics().is_empty());
    assert_eq!(
        put(&open.store, "t", 0, b"new", b"").queue_offset,
        QueueOffset(0)
    );
    assert_eq!(all_of(&open.store, "t", 0, 0), [(0, b"new".to_vec())]);
    open.store.close().unwrap();
    drop(open);
    let open = super::open(root.path());
    assert_eq!(all_of(&open.store, "t", 0, 0), [(0, b"new".to_vec())]);
}

#[test]
fn two_cannot_have_one_directory() {
    let root = tempfile::tempdir().unwrap();
    let first = open(root.path());
    let (engine, _) = open_engine(EngineKind::File, &EngineOptions::new(root.path()));
    let second = open_on(root.path(), Arc::clone(&engine), settings()).err();
    assert!(
        matches!(
            second,
            Some(StoreError::Segment(segment::SegmentError::Locked { .. }))
        ),
        "{second:?}"
    );
    first.store.close().unwrap();
    assert!(matches!(
        first.store.put(&message("t", 0, b"", b""), None),
        Err(PutError::Closed)
    ));
    assert!(open_on(root.path(), engine, settings()).is_ok());
}
