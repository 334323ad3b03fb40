//! Messages in and out, request by request, over a socket.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod served;

use rocketmq::remoting::HeaderForm;
use rocketmq::store::Durability;
use served::{bodies, message, messages, serve, serve_with};

#[test]
fn a_topic_is_made_by_its_first_message() {
    let served = serve();
    let mut names = served.names();
    assert_eq!(names.ask(105, &[("topic", "T")], b"").code, 17);
    let lent = names.ask(105, &[("topic", "TBW102")], b"").json();
    assert_eq!(lent["queueDatas"][0]["perm"], 7);
    let mut client = served.client();
    let sent = client.put(
        "T",
        "2",
        "TAGS\x01a\x02KEYS\x01k\x02UNIQ_KEY\x01u\x02",
        b"hello",
    );
    assert_eq!(
        (
            sent.code,
            sent.number("queueId"),
            sent.number("queueOffset")
        ),
        (0, 2, 0)
    );
    assert_eq!(
        (sent.get("MSG_REGION"), sent.get("TRACE_ON")),
        ("DefaultRegion", "true")
    );
    assert_eq!(
        (sent.get("transactionId"), sent.get("msgId").len()),
        ("u", 32)
    );
    let route = names.ask(105, &[("topic", "T")], b"").json();
    assert_eq!(route["queueDatas"][0]["writeQueueNums"], 4);
    assert_eq!(
        route["brokerDatas"][0]["brokerAddrs"]["0"],
        served.address.to_string()
    );
    let pulled = client.pull("g", "T", "2", 0);
    let [got] = &messages(&pulled.body)[..] else {
        panic!("{pulled:?}")
    };
    assert_eq!((got.topic.as_str(), got.body.as_str()), ("T", "hello"));
    for (name, value) in [
        ("TAGS", "a"),
        ("KEYS", "k"),
        ("UNIQ_KEY", "u"),
        ("CLUSTER", "DefaultCluster"),
    ] {
        assert_eq!(got.property(name).as_deref(), Some(value));
    }
    for (name, value) in [("nextBeginOffset", 1), ("minOffset", 0), ("maxOffset", 1)] {
        assert_eq!(pulled.number(name), value);
    }
    // After a restart the topic is there without anybody sending.
    let served = served.restart();
    assert_eq!(served.names().ask(105, &[("topic", "T")], b"").code, 0);
    assert_eq!(bodies(&served.client().pull("g", "T", "2", 0)), ["hello"]);
}

#[test]
fn the_binary_form_is_answered_in_kind() {
    let served = serve();
    let mut client = served.client();
    client.form = HeaderForm::Binary;
    assert_eq!(client.put("T", "0", "", b"x").code, 0);
    assert_eq!(bodies(&client.pull("g", "T", "0", 0)), ["x"]);
}

#[test]
fn messages_that_may_not_be() {
    let served = serve();
    let mut client = served.client();
    assert_eq!(client.put("T", "0", "", b"x").code, 0);
    let long = "t".repeat(128);
    for (topic, queue, code) in [
        ("a b", "0", 29),
        ("", "0", 29),
        (&long, "0", 29),
        ("SCHEDULE_TOPIC_XXXX", "0", 16),
        ("RMQ_SYS_TRANS_HALF_TOPIC", "0", 16),
        ("T", "4", 29),
        ("T", "x", 1),
    ] {
        assert_eq!(
            client.put(topic, queue, "", b"x").code,
            code,
            "{topic} {queue}"
        );
    }
    let all = message("T", "0", "");
    for missing in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let fields = all.iter().filter(|(name, _)| *name != missing);
        let fields: Vec<_> = fields.map(|(n, v)| (*n, v.as_str())).collect();
        let got = client.ask(310, &fields, b"x");
        assert_eq!(got.remark, format!("the custom field <{missing}> is null"));
    }
    let long = format!("k\x01{}\x02", "v".repeat(32_800));
    assert_eq!(client.put("T", "0", &long, b"x").code, 13);
    assert_eq!(client.put("T", "0", "", &vec![0; (4 << 20) + 1]).code, 13);
    assert_eq!(
        client.put("T", "0", "TIMER_DELAY_SEC\x015\x02", b"x").code,
        1
    );
    let other = client.ask(
        310,
        &[
            ("a", "p"),
            ("b", "U"),
            ("c", "nothing"),
            ("d", "4"),
            ("e", "0"),
            ("f", "0"),
            ("g", "0"),
            ("h", "0"),
        ],
        b"x",
    );
    assert_eq!(other.code, 17);
    assert_eq!(client.put("T", "-1", "", b"x").code, 0, "any queue");
    // One-way: nothing is answered, and the next request is.
    let fields: Vec<_> = all.iter().map(|(n, v)| (*n, v.as_str())).collect();
    client.write(310, 77, 2, &fields, b"one-way");
    assert_eq!(client.pull_behind("g", "T", "0", 1).code, 0);
}

#[test]
fn without_auto_creation_an_unknown_topic_is_refused() {
    let served = serve_with(|settings, _| settings.auto_create_topics = false);
    assert_eq!(served.client().put("T", "0", "", b"x").code, 17);
}

/// The body of a batch.
fn batch(bodies: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    for body in bodies {
        let properties = format!("UNIQ_KEY\x01{body}\x02");
        let size = u32::try_from(22 + body.len() + properties.len()).unwrap();
        out.extend_from_slice(&size.to_be_bytes());
        out.extend_from_slice(&[0; 12]);
        out.extend_from_slice(&u32::try_from(body.len()).unwrap().to_be_bytes());
        out.extend_from_slice(body.as_bytes());
        out.extend_from_slice(&u16::try_from(properties.len()).unwrap().to_be_bytes());
        out.extend_from_slice(properties.as_bytes());
    }
    out
}

#[test]
fn a_batch_is_stored_whole_or_not() {
    let served = serve();
    let mut client = served.client();
    let mut fields = message("T", "1", "");
    fields.push(("m", "true".to_owned()));
    let fields: Vec<_> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let sent = client.ask(320, &fields, &batch(&["a", "b", "c"]));
    assert_eq!((sent.code, sent.number("queueOffset")), (0, 0));
    assert_eq!(sent.get("msgId").split(',').count(), 3);
    let damaged = batch(&["d", "e"]);
    assert_eq!(
        client.ask(320, &fields, &damaged[..damaged.len() - 1]).code,
        13
    );
    assert_eq!(client.ask(320, &fields, b"").code, 13);
    let pulled = client.pull("g", "T", "1", 0);
    assert_eq!(bodies(&pulled), ["a", "b", "c"]);
    assert_eq!(
        messages(&pulled.body)[2].property("UNIQ_KEY").as_deref(),
        Some("c")
    );
    // What the request says of the batch is no property of its messages.
    assert_eq!(messages(&pulled.body)[2].property("CLUSTER"), None);
}

#[test]
fn pulls_at_the_edges_of_a_queue() {
    let served = serve();
    let mut client = served.client();
    for body in ["a", "b"] {
        client.put("T", "0", "", body.as_bytes());
    }
    assert_eq!(bodies(&client.pull_behind("g", "T", "0", 1)), ["b"]);
    for (queue, offset, code, next) in [
        ("0", 2, 19, 2),
        ("0", 3, 21, 2),
        ("0", -1, 21, 0),
        ("1", 0, 19, 0),
        ("1", 5, 21, 0),
    ] {
        let opaque = client.start_pull("g", "T", queue, offset, 0);
        let got = client.answer(opaque);
        assert_eq!(
            (got.code, got.number("nextBeginOffset")),
            (code, next),
            "{queue} {offset}"
        );
    }
    for (topic, queue, code) in [("U", "0", 17), ("T", "4", 29), ("T", "-1", 29)] {
        let opaque = client.start_pull("g", topic, queue, 0, 0);
        assert_eq!(client.answer(opaque).code, code, "{topic} {queue}");
    }
    let opaque = client.start_pull("g.g", "T", "0", 0, 0);
    assert_eq!(client.answer(opaque).code, 26);
}

#[test]
fn a_held_pull_is_woken_by_a_message_it_wants() {
    let served = serve();
    let (mut producer, mut consumer) = (served.client(), served.client());
    producer.put("T", "0", "TAGS\x01a\x02", b"first");
    assert_eq!(consumer.consume("c", "g", "T", "a", "TAG").code, 0);
    let fields = |offset: &'static str, flag: &'static str| {
        [
            ("consumerGroup", "g"),
            ("topic", "T"),
            ("queueId", "0"),
            ("queueOffset", offset),
            ("maxMsgNums", "32"),
            ("sysFlag", flag),
            ("commitOffset", "1"),
            ("suspendTimeoutMillis", "20000"),
            ("subVersion", "1"),
        ]
    };
    let held = consumer.send(11, &fields("1", "3"), b"");
    served.wait_held(None);
    producer.put("T", "0", "TAGS\x01b\x02", b"unwanted");
    producer.put("T", "0", "TAGS\x01a\x02", b"wanted");
    let got = consumer.answer(held);
    // It may have been woken between the two: then it goes on behind the first.
    let got = match got.code {
        20 => {
            let held = consumer.send(11, &fields("2", "3"), b"");
            consumer.answer(held)
        }
        _ => got,
    };
    assert_eq!(bodies(&got), ["wanted"]);
    let offset = consumer.ask(
        14,
        &[("consumerGroup", "g"), ("topic", "T"), ("queueId", "0")],
        b"",
    );
    assert_eq!(offset.number("offset"), 1, "the pull committed");
    // A held pull is answered when its time is over, and when its connection goes it is forgotten.
    let opaque = consumer.start_pull("g", "T", "0", 3, 1);
    assert_eq!(consumer.answer(opaque).code, 19);
    consumer.start_pull("g", "T", "0", 3, 20_000);
    served.wait_held(None);
    drop(consumer);
    served.wait_held(Some(0));
}

#[test]
fn a_stop_answers_held_pulls() {
    let served = serve();
    let mut client = served.client();
    client.put("T", "0", "", b"x");
    let held = client.start_pull("g", "T", "0", 1, 20_000);
    served.wait_held(None);
    let served = served.restart();
    assert_eq!(client.answer(held).code, 19);
    assert!(client.read().is_none(), "and the connection is closed");
    assert_eq!(bodies(&served.client().pull("g", "T", "0", 0)), ["x"]);
}

#[test]
fn subscriptions_that_do_not_fit() {
    let served = serve();
    let mut client = served.client();
    client.put("T", "0", "", b"x");
    let pull = |client: &mut served::Client, topic: &str, version: &str| {
        let fields = [
            ("consumerGroup", "g"),
            ("topic", topic),
            ("queueId", "0"),
            ("queueOffset", "0"),
            ("maxMsgNums", "1"),
            ("sysFlag", "0"),
            ("commitOffset", "0"),
            ("suspendTimeoutMillis", "0"),
            ("subVersion", version),
        ];
        client.ask(11, &fields, b"").code
    };
    assert_eq!(pull(&mut client, "T", "0"), 24, "no heartbeat");
    client.consume("c", "g", "T", "a = 1", "SQL92");
    assert_eq!(pull(&mut client, "T", "1"), 20, "nothing matches");
    assert_eq!(pull(&mut client, "T", "2"), 25);
    client.put("U", "0", "", b"x");
    assert_eq!(pull(&mut client, "U", "1"), 24);
    client.consume("c", "g2", "T", "a =", "SQL92");
    let check = |client: &mut served::Client, text: &str, kind: &str| {
        let asked = serde_json::json!({
            "clientId": "c", "group": "g",
            "subscriptionData": { "topic": "T", "subString": text, "expressionType": kind },
        });
        client.ask(46, &[], asked.to_string().as_bytes())
    };
    assert_eq!(check(&mut client, "a = 1", "SQL92").code, 0);
    assert_eq!(check(&mut client, "*", "TAG").code, 0);
    let wrong = check(&mut client, "a =", "SQL92");
    assert_eq!(wrong.code, 23);
    assert!(wrong.remark.contains("SQL92"), "{}", wrong.remark);
}

#[test]
fn sql_filters_see_properties() {
    let served = serve();
    let mut client = served.client();
    for n in 0..5 {
        client.put("T", "0", &format!("n\x01{n}\x02"), n.to_string().as_bytes());
    }
    // Until the last can be read.
    client.pull_behind("g", "T", "0", 4);
    let fields = [
        ("consumerGroup", "g"),
        ("topic", "T"),
        ("queueId", "0"),
        ("queueOffset", "0"),
        ("maxMsgNums", "32"),
        ("sysFlag", "4"),
        ("commitOffset", "0"),
        ("suspendTimeoutMillis", "0"),
        ("subVersion", "0"),
        ("subscription", "n BETWEEN 1 AND 2 OR n = 4"),
        ("expressionType", "SQL92"),
    ];
    assert_eq!(bodies(&client.ask(11, &fields, b"")), ["1", "2", "4"]);
}

#[test]
fn messages_are_found_by_key_and_id() {
    let served = serve();
    let mut client = served.client();
    let sent = client.put("T", "0", "KEYS\x01k1 k2\x02UNIQ_KEY\x01u1\x02", b"one");
    client.put("T", "1", "KEYS\x01k2\x02UNIQ_KEY\x01u2\x02", b"two");
    client.pull("g", "T", "1", 0);
    let query = |client: &mut served::Client, key: &str, more: served::Fields<'_>| {
        let end = (served::START_MS + 1).to_string();
        let mut fields = vec![
            ("topic", "T"),
            ("key", key),
            ("maxNum", "10"),
            ("beginTimestamp", "0"),
            ("endTimestamp", end.as_str()),
        ];
        fields.extend_from_slice(more);
        let got = client.ask(12, &fields, b"");
        let mut found = bodies(&got);
        found.sort();
        (got.code, found.join(" "))
    };
    assert_eq!(query(&mut client, "k2", &[]), (0, "one two".to_owned()));
    assert_eq!(query(&mut client, "k1", &[]), (0, "one".to_owned()));
    assert_eq!(query(&mut client, "k3", &[]), (22, String::new()));
    let unique = [("_UNIQUE_KEY_QUERY", "true")];
    assert_eq!(query(&mut client, "u2", &unique), (0, "two".to_owned()));
    let id = sent.get("msgId");
    let offset = i64::from_str_radix(&id[16..], 16).unwrap();
    let view = client.ask(33, &[("offset", &offset.to_string())], b"");
    assert_eq!(bodies(&view), ["one"]);
    for wrong in [offset + 1, -1, 1 << 40] {
        assert_eq!(
            client.ask(33, &[("offset", &wrong.to_string())], b"").code,
            1
        );
    }
}

#[test]
fn offsets_of_queues() {
    let served = serve();
    let mut client = served.client();
    for n in 0..3 {
        client.put("T", "0", "", b"x");
        served.clock.set(served::START_MS + 100 * (n + 1));
    }
    client.pull_behind("g", "T", "0", 2);
    let mut ask = |code, more: served::Fields<'_>| {
        let mut fields = vec![("topic", "T"), ("queueId", "0")];
        fields.extend_from_slice(more);
        client.ask(code, &fields, b"")
    };
    assert_eq!(ask(30, &[]).number("offset"), 3);
    assert_eq!(ask(31, &[]).number("offset"), 0);
    assert_eq!(ask(32, &[]).number("timestamp"), served::START_MS);
    for (after_ms, boundary, offset) in [
        (-5, "LOWER", 0),
        (100, "LOWER", 1),
        (101, "LOWER", 2),
        (150, "UPPER", 1),
        (999, "LOWER", 3),
    ] {
        let time = (served::START_MS + after_ms).to_string();
        let found = ask(29, &[("timestamp", &time), ("boundaryType", boundary)]);
        assert_eq!(found.number("offset"), offset, "{after_ms} {boundary}");
    }
    assert_eq!(ask(29, &[]).code, 1);
    assert_eq!(
        client
            .ask(32, &[("topic", "none"), ("queueId", "0")], b"")
            .number("timestamp"),
        -1
    );
}

#[test]
fn a_lone_message_is_acknowledged_when_it_is_durable() {
    let served = serve_with(|_, store| store.settings.durability = Durability::Disk);
    for n in 0..3 {
        let mut client = served.client();
        assert_eq!(client.put("T", "0", "", b"x").number("queueOffset"), n);
        assert_eq!(client.put("T", "1", "WAIT\x01false\x02", b"x").code, 0);
    }
    assert_eq!(
        bodies(&served.client().pull_behind("g", "T", "0", 2)),
        ["x"]
    );
}
