//! Consumers and producers by group: who is there, how far they are, what comes again, over a socket.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod served;

use serde_json::json;
use served::{START_MS, bodies, messages, serve};

#[test]
fn members_are_told_of_each_other() {
    let served = serve();
    let (mut one, mut two) = (served.client(), served.client());
    one.put("T", "0", "", b"x");
    let list = |client: &mut served::Client| client.ask(38, &[("consumerGroup", "g")], b"");
    assert_eq!(list(&mut one).code, 1);
    let beat = one.consume("c1", "g", "T", "*", "TAG");
    assert_eq!(beat.get("IS_SUPPORT_HEART_BEAT_V2"), "true");
    let told = one.pushed(40);
    assert!(told.is_oneway);
    assert_eq!(told.get("consumerGroup"), "g");
    two.consume("c2", "g", "T", "*", "TAG");
    one.pushed(40);
    two.pushed(40);
    assert_eq!(
        list(&mut one).json(),
        json!({ "consumerIdList": ["c1", "c2"] })
    );
    // The group's retry topic is there now.
    assert_eq!(
        served.names().ask(105, &[("topic", "%RETRY%g")], b"").code,
        0
    );
    two.ask(35, &[("clientID", "c2"), ("consumerGroup", "g")], b"");
    one.pushed(40);
    two.consume("c2", "g", "T", "*", "TAG");
    one.pushed(40);
    drop(two);
    one.pushed(40);
    assert_eq!(list(&mut one).json(), json!({ "consumerIdList": ["c1"] }));
    let connections = one.ask(203, &[("consumerGroup", "g")], b"").json();
    assert_eq!(connections["connectionSet"][0]["clientId"], "c1");
    assert_eq!(connections["subscriptionTable"]["T"]["subString"], "*");
    assert_eq!(one.ask(203, &[("consumerGroup", "none")], b"").code, 206);
    one.produce("c1", "pg");
    let producers = one.ask(204, &[("producerGroup", "pg")], b"").json();
    assert_eq!(producers["connectionSet"][0]["language"], "JAVA");
    one.ask(35, &[("clientID", "c1"), ("producerGroup", "pg")], b"");
    assert_eq!(one.ask(204, &[("producerGroup", "pg")], b"").code, 1);
    for body in [&b""[..], b"{", b"[]", b"{\"clientID\":5}"] {
        assert_eq!(one.ask(34, &[], body).code, 1);
    }
}

#[test]
fn progress_is_kept() {
    let served = serve();
    let mut client = served.client();
    let query = |client: &mut served::Client, more: served::Fields<'_>| {
        let mut fields = vec![("consumerGroup", "g"), ("topic", "T"), ("queueId", "0")];
        fields.extend_from_slice(more);
        client.ask(14, &fields, b"")
    };
    let commit = |client: &mut served::Client, topic, offset| {
        let fields = [
            ("consumerGroup", "g"),
            ("topic", topic),
            ("queueId", "0"),
            ("commitOffset", offset),
        ];
        client.ask(15, &fields, b"").code
    };
    assert_eq!(query(&mut client, &[]).code, 22);
    assert_eq!(commit(&mut client, "T", "1"), 26, "no such group");
    client.put("T", "0", "", b"x");
    client.pull("g", "T", "0", 0);
    assert_eq!(query(&mut client, &[]).number("offset"), 0, "a young queue");
    assert_eq!(
        query(&mut client, &[("setZeroIfNotFound", "false")]).code,
        22
    );
    assert_eq!(commit(&mut client, "U", "1"), 17, "no such topic");
    assert_eq!(commit(&mut client, "T", "1"), 0);
    assert_eq!(query(&mut client, &[]).number("offset"), 1);
    let stats = client.ask(208, &[("consumerGroup", "g")], b"");
    let first = r#"{"brokerName":"broker-a","queueId":0,"topic":"T"}:{"brokerOffset":1,"consumerOffset":1,"#;
    assert!(stats.text().contains(first), "{}", stats.text());
    let who = client.ask(300, &[("topic", "T")], b"");
    assert_eq!(who.json(), json!({ "groupList": ["g"] }));
    let served = served.restart();
    assert_eq!(query(&mut served.client(), &[]).number("offset"), 1);
}

#[test]
fn queues_are_locked_for_one_client() {
    let served = serve();
    let mut client = served.client();
    let mut ask = |code, who: &str| {
        let queue = json!({ "topic": "T", "brokerName": "broker-a", "queueId": 0 });
        let body = json!({ "consumerGroup": "g", "clientId": who, "mqSet": [queue] });
        let got = client.ask(code, &[], body.to_string().as_bytes());
        (got.code, got.body)
    };
    let locked = br#"{"lockOKMQSet":[{"brokerName":"broker-a","queueId":0,"topic":"T"}]}"#.to_vec();
    let none = br#"{"lockOKMQSet":[]}"#.to_vec();
    assert_eq!(ask(41, "c1"), (0, locked.clone()));
    assert_eq!(ask(41, "c2"), (0, none));
    assert_eq!(ask(42, "c1").0, 0);
    assert_eq!(ask(41, "c2"), (0, locked));
    assert_eq!(client.ask(41, &[], b"{}").code, 1);
}

#[test]
fn what_could_not_be_consumed_comes_again_and_dies_at_last() {
    let served = serve();
    let mut client = served.client();
    client.put("T", "0", "TAGS\x01a\x02UNIQ_KEY\x01u\x02", b"hard");
    let first = messages(&client.pull("g", "T", "0", 0).body).remove(0);
    let back = |client: &mut served::Client, offset: i64, level: &str, most: &str| {
        let offset = offset.to_string();
        let fields = [
            ("offset", offset.as_str()),
            ("group", "g"),
            ("delayLevel", level),
            ("originMsgId", "u"),
            ("originTopic", "T"),
            ("maxReconsumeTimes", most),
        ];
        client.ask(36, &fields, b"").code
    };
    assert_eq!(back(&mut client, first.physical_offset, "0", "1"), 0);
    // Level 3 is ten seconds.
    served.clock.advance(10_000);
    served.broker.wake_delays();
    let again = messages(&client.pull("g", "%RETRY%g", "0", 0).body).remove(0);
    assert_eq!((again.body.as_str(), again.reconsume_times), ("hard", 1));
    assert_eq!(again.property("RETRY_TOPIC").as_deref(), Some("T"));
    assert!(again.property("ORIGIN_MESSAGE_ID").is_some());
    assert_eq!(back(&mut client, again.physical_offset, "0", "1"), 0);
    let dead = messages(&client.pull("g", "%DLQ%g", "0", 0).body).remove(0);
    assert_eq!((dead.body.as_str(), dead.reconsume_times), ("hard", 2));
    assert_eq!(
        dead.property("ORIGIN_MESSAGE_ID"),
        again.property("ORIGIN_MESSAGE_ID")
    );
    assert_eq!(
        back(&mut client, first.physical_offset, "-1", "16"),
        0,
        "at once"
    );
    assert_eq!(
        messages(&client.pull("g", "%DLQ%g", "0", 1).body)[0].reconsume_times,
        1
    );
    assert_eq!(back(&mut client, 1 << 40, "0", "16"), 1);
    // A client that cannot send back sends to the retry topic itself.
    let mut fields = served::message("%RETRY%g", "0", "");
    fields.push(("l", "2".to_owned()));
    fields
        .iter_mut()
        .filter(|(name, _)| *name == "j")
        .for_each(|(_, times)| *times = "3".to_owned());
    let fields: Vec<_> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    assert_eq!(client.ask(310, &fields, b"too often").code, 0);
    assert_eq!(bodies(&client.pull("g", "%DLQ%g", "0", 2)), ["too often"]);
}

#[test]
fn delayed_messages_come_in_time_and_not_before() {
    let served = serve();
    let mut client = served.client();
    client.put("T", "0", "", b"now");
    for (level, body) in [("2", "five"), ("1", "one"), ("99", "two hours")] {
        let sent = client.put("T", "0", &format!("DELAY\x01{level}\x02"), body.as_bytes());
        assert_eq!(sent.code, 0);
    }
    assert_eq!(bodies(&client.pull("g", "T", "0", 0)), ["now"]);
    served.clock.set(START_MS + 1000);
    served.broker.wake_delays();
    let got = messages(&client.pull("g", "T", "0", 1).body);
    assert_eq!((got.len(), got[0].body.as_str()), (1, "one"));
    assert_eq!(got[0].property("REAL_TOPIC").as_deref(), Some("T"));
    served.clock.set(START_MS + 5000);
    served.broker.wake_delays();
    assert_eq!(bodies(&client.pull("g", "T", "0", 2)), ["five"]);
    // What is not due survives a restart, and what came does not come again.
    let served = served.restart();
    let mut client = served.client();
    served.clock.set(START_MS + 7_200_000);
    served.broker.wake_delays();
    assert_eq!(bodies(&client.pull("g", "T", "0", 3)), ["two hours"]);
    let end = client.ask(30, &[("topic", "T"), ("queueId", "0")], b"");
    assert_eq!(end.number("offset"), 4);
}

#[test]
fn requests_are_handed_on_to_clients() {
    let served = serve();
    let (mut admin, mut consumer) = (served.client(), served.client());
    let sent = admin.put("T", "0", "", b"x");
    consumer.consume("c", "g", "T", "*", "TAG");
    let asked = admin.send(
        307,
        &[
            ("consumerGroup", "g"),
            ("clientId", "c"),
            ("jstackEnable", "false"),
        ],
        b"",
    );
    let handed = consumer.pushed(307);
    assert_eq!(
        (handed.get("clientId"), handed.get("jstackEnable")),
        ("c", "false")
    );
    consumer.reply(&handed, 0, b"running");
    assert_eq!(admin.answer(asked).body, b"running");
    let away = admin.ask(307, &[("consumerGroup", "g"), ("clientId", "d")], b"");
    assert_eq!(away.code, 206);
    let id = sent.get("msgId");
    let asked = admin.send(
        309,
        &[("consumerGroup", "g"), ("clientId", "c"), ("msgId", id)],
        b"",
    );
    let handed = consumer.pushed(309);
    assert_eq!(bodies(&handed), ["x"]);
    assert_eq!(handed.get("brokerName"), "broker-a");
    consumer.reply(&handed, 0, b"{}");
    assert_eq!(admin.answer(asked).body, b"{}");
    assert_eq!(
        admin
            .ask(309, &[("consumerGroup", "g"), ("msgId", "zz")], b"")
            .code,
        1
    );
    let asked = admin.send(223, &[("topic", "T"), ("group", "g")], b"");
    let handed = consumer.pushed(221);
    consumer.reply(&handed, 0, br#"{"messageQueueTable":{{"queueId":0}:5}}"#);
    assert_eq!(
        admin.answer(asked).text(),
        r#"{"consumerTable":{"c":{{"queueId":0}:5}}}"#
    );
    // A client that goes while it is asked.
    let asked = admin.send(307, &[("consumerGroup", "g"), ("clientId", "c")], b"");
    consumer.pushed(307);
    drop(consumer);
    assert_eq!(admin.answer(asked).code, 206);
}

#[test]
fn progress_is_set_from_outside() {
    let served = serve();
    let (mut admin, mut consumer) = (served.client(), served.client());
    for n in 0..3 {
        admin.put("T", "0", "", b"x");
        served.clock.set(START_MS + 100 * (n + 1));
    }
    consumer.consume("c", "g", "T", "*", "TAG");
    consumer.pull_behind("g", "T", "0", 2);
    let time = (START_MS + 100).to_string();
    let reset = admin.ask(
        222,
        &[
            ("topic", "T"),
            ("group", "g"),
            ("timestamp", &time),
            ("isForce", "true"),
        ],
        b"",
    );
    let queue = r#"{"brokerName":"broker-a","queueId":0,"topic":"T"}:1"#;
    assert!(reset.text().contains(queue), "{}", reset.text());
    assert_eq!(consumer.pushed(220).body, reset.body);
    let commit = [
        ("consumerGroup", "g"),
        ("topic", "T"),
        ("queueId", "0"),
        ("commitOffset", "3"),
    ];
    assert_eq!(
        consumer.ask(15, &commit, b"").remark,
        "Offset has been previously reset"
    );
    let moved = consumer.pull("g", "T", "0", 3);
    assert_eq!((moved.code, moved.number("nextBeginOffset")), (21, 1));
    assert_eq!(bodies(&consumer.pull("g", "T", "0", 1)).len(), 2);
    assert_eq!(consumer.ask(15, &commit, b"").remark, "");
    assert_eq!(
        admin
            .ask(222, &[("topic", "none"), ("group", "g")], b"")
            .code,
        17
    );
    assert_eq!(
        admin
            .ask(222, &[("topic", "T"), ("group", "none")], b"")
            .code,
        26
    );
}

#[test]
fn a_reply_finds_who_waits_for_it() {
    let served = serve();
    let (mut asker, mut replier) = (served.client(), served.client());
    asker.produce("asker", "pg");
    let topic = "DefaultCluster_REPLY_TOPIC";
    let properties = "REPLY_TO_CLIENT\x01asker\x02CORRELATION_ID\x0142\x02";
    let fields = served::message(topic, "0", properties);
    let fields: Vec<_> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let replied = replier.send(325, &fields, b"answer");
    let pushed = asker.pushed(326);
    assert_eq!(pushed.body, b"answer");
    assert_eq!(pushed.get("topic"), topic);
    assert!(pushed.get("properties").contains("CORRELATION_ID\x0142"));
    assert!(pushed.get("bornHost").starts_with("127.0.0.1:"));
    asker.reply(&pushed, 0, b"");
    assert_eq!(replier.answer(replied).code, 0);
    assert_eq!(
        bodies(&replier.pull("g", topic, "0", 0)),
        ["answer"],
        "it is stored too"
    );
    drop(asker);
    loop {
        // The broker hears of a closed connection when it does.
        let got = replier.ask(325, &fields, b"late");
        assert_eq!(got.code, 1);
        if got.remark.contains("not found") {
            break;
        }
    }
}

/// UPDATE_AND_CREATE_TOPIC; its answer's code.
fn create(client: &mut served::Client, name: &str, queues: &str, attributes: &str) -> i32 {
    let fields = [
        ("topic", name),
        ("defaultTopic", "TBW102"),
        ("readQueueNums", queues),
        ("writeQueueNums", queues),
        ("perm", "6"),
        ("topicFilterType", "SINGLE_TAG"),
        ("order", "false"),
        ("attributes", attributes),
    ];
    client.ask(17, &fields, b"").code
}

#[test]
fn topics_by_hand() {
    let served = serve();
    let mut client = served.client();
    assert_eq!(
        create(&mut client, "T", "2", "+message.type=FIFO,+a=b,-a"),
        0
    );
    for (name, queues, attributes) in [
        ("a b", "1", ""),
        ("TBW102", "1", ""),
        ("U", "-1", ""),
        ("U", "1", "x"),
        ("U", "1", "+x"),
    ] {
        let code = create(&mut client, name, queues, attributes);
        assert_eq!(code, 29, "{name} {queues} {attributes}");
    }
    let topic = client.ask(351, &[("topic", "T")], b"").json();
    assert_eq!(topic["attributes"], json!({ "message.type": "FIFO" }));
    assert_eq!(topic["writeQueueNums"], 2);
    assert_eq!(client.ask(351, &[("topic", "none")], b"").code, 17);
    assert_eq!(
        client.ask(21, &[], b"").json()["topicConfigTable"]["T"],
        topic
    );
    let served = served.restart();
    let mut client = served.client();
    assert_eq!(client.ask(351, &[("topic", "T")], b"").json(), topic);
    assert_eq!(client.put("T", "0", "", b"x").code, 0);
    assert_eq!(client.ask(215, &[("topic", "T")], b"").code, 0);
    assert_eq!(client.ask(215, &[("topic", "TBW102")], b"").code, 29);
    assert_eq!(client.ask(351, &[("topic", "T")], b"").code, 17);
    assert_eq!(served.names().ask(105, &[("topic", "T")], b"").code, 17);
    let end = client.ask(30, &[("topic", "T"), ("queueId", "0")], b"");
    assert_eq!(end.number("offset"), 0);
}

#[test]
fn groups_by_hand() {
    let served = serve();
    let mut client = served.client();
    let group = json!({ "groupName": "g", "retryMaxTimes": 3, "consumeEnable": false });
    let group = group.to_string();
    assert_eq!(client.ask(200, &[], group.as_bytes()).code, 0);
    assert_eq!(client.ask(200, &[], b"{}").code, 29);
    assert_eq!(create(&mut client, "T", "1", ""), 0);
    let opaque = client.start_pull("g", "T", "0", 0, 0);
    assert_eq!(client.answer(opaque).code, 16, "the group may not consume");
    let served = served.restart();
    let mut client = served.client();
    let one = client.ask(352, &[("group", "g")], b"").json();
    assert_eq!(one["retryMaxTimes"], 3);
    let all = client.ask(201, &[], b"").json();
    assert_eq!(all["subscriptionGroupTable"]["g"], one);
    let gone = [("groupName", "g"), ("cleanOffset", "true")];
    assert_eq!(client.ask(207, &gone, b"").code, 0);
    assert_eq!(client.ask(352, &[("group", "g")], b"").code, 26);
    for (field, kept) in [
        ("cleanOffset", false),
        ("removeOffset", false),
        ("none", true),
    ] {
        let progress = [("consumerGroup", "h"), ("topic", "T"), ("queueId", "0")];
        assert_eq!(client.ask(200, &[], b"{\"groupName\":\"h\"}").code, 0);
        let committed = [progress.as_slice(), &[("commitOffset", "7")]].concat();
        assert_eq!(client.ask(15, &committed, b"").code, 0);
        let gone = [("groupName", "h"), (field, "true")];
        assert_eq!(client.ask(207, &gone, b"").code, 0);
        let known = client.ask(14, &progress, b"").ext;
        let known = known
            .iter()
            .any(|(name, value)| name == "offset" && value == "7");
        assert_eq!(known, kept, "{field}");
    }
    assert_eq!(client.ask(352, &[], b"").code, 1);
    assert_eq!(client.ask(9999, &[], b"").code, 3);
}
