//! What brokers say, and what clients are told.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use super::*;
use crate::connection::Channel;
use crate::remoting::{Command, ExtFields, HeaderForm, Language};
use crate::store::ManualClock;

struct Fixture {
    server: NameServer,
    clock: Arc<ManualClock>,
    _dir: tempfile::TempDir,
}

fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(1000));
    let server = NameServer::open(&dir.path().join("kv.json"), Arc::clone(&clock) as _).unwrap();
    Fixture {
        server,
        clock,
        _dir: dir,
    }
}

impl Fixture {
    /// Asks by connection 1; code, body and fields of the answer.
    fn ask(
        &self,
        code: i32,
        version: i32,
        ext: &[(&str, &str)],
        body: &[u8],
    ) -> (i32, String, Answer) {
        let own = |text: &str| Cow::Owned(text.to_owned());
        let ext: ExtFields<'static> = ext.iter().map(|(n, v)| (own(n), own(v))).collect();
        let command = Command {
            form: HeaderForm::Json,
            code,
            language: Language::JAVA,
            version,
            opaque: 0,
            flag: 0,
            remark: None,
            ext,
            body,
        };
        let channel = Arc::new(Channel::new(1, ([127, 0, 0, 1], 5).into()));
        let request = Request {
            command: &command,
            channel: &channel,
        };
        let answer = match handle(&self.server, &request) {
            Ok(Handled::Answer(answer)) => answer,
            Ok(_) => panic!("a name server answers at once"),
            Err(refusal) => refusal.into(),
        };
        (
            answer.code,
            String::from_utf8(answer.body.clone()).unwrap(),
            answer,
        )
    }

    fn register(
        &self,
        broker: &str,
        id: &str,
        address: &str,
        body: &[u8],
        more: &[(&str, &str)],
    ) -> Answer {
        let mut ext = vec![
            ("brokerName", broker),
            ("brokerAddr", address),
            ("clusterName", "c"),
            ("haServerAddr", "h:1"),
            ("brokerId", id),
        ];
        ext.extend_from_slice(more);
        let (code, _, answer) = self.ask(code::REGISTER_BROKER, 479, &ext, body);
        assert_eq!(code, 0, "{answer:?}");
        answer
    }

    fn route(&self, topic: &str, version: i32) -> (i32, String) {
        let (code, body, _) = self.ask(
            code::GET_ROUTEINFO_BY_TOPIC,
            version,
            &[("topic", topic)],
            b"",
        );
        (code, body)
    }
}

const BODY: &str = r#"{"filterServerList":[],"topicConfigSerializeWrapper":{"dataVersion":{"counter":2,"stateVersion":0,"timestamp":7},"topicConfigTable":{"T":{"order":false,"perm":6,"readQueueNums":4,"topicFilterType":"SINGLE_TAG","topicName":"T","topicSysFlag":0,"writeQueueNums":3}}}}"#;

#[test]
fn a_route_is_written_for_old_and_new_clients() {
    let fixture = fixture();
    fixture.register("b", "0", "1.2.3.4:10911", BODY.as_bytes(), &[]);
    let rest = r#""brokerName":"b","cluster":"c","enableActingMaster":false}],"filterServerTable":{},"queueDatas":[{"brokerName":"b","perm":6,"readQueueNums":4,"topicSysFlag":0,"writeQueueNums":3}]}"#;
    let old = format!(r#"{{"brokerDatas":[{{"brokerAddrs":{{0:"1.2.3.4:10911"}},{rest}"#);
    let new = format!(r#"{{"brokerDatas":[{{"brokerAddrs":{{"0":"1.2.3.4:10911"}},{rest}"#);
    assert_eq!(fixture.route("T", 400), (0, old));
    assert_eq!(fixture.route("T", 401), (0, new));
    assert_eq!(fixture.route("U", 401).0, response::TOPIC_NOT_EXIST);
    let missing = fixture.ask(code::GET_ROUTEINFO_BY_TOPIC, 401, &[], b"").2;
    assert_eq!(
        missing.remark.as_deref(),
        Some("the custom field <topic> is null")
    );
}

#[test]
fn a_deflated_registration_says_the_same() {
    let mut lines = Vec::new();
    let mut part = |bytes: &[u8]| {
        lines.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
        lines.extend_from_slice(bytes);
    };
    part(br#"{"counter":2,"stateVersion":0,"timestamp":7}"#);
    lines.extend_from_slice(&1u32.to_be_bytes());
    let mut part = |bytes: &[u8]| {
        lines.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
        lines.extend_from_slice(bytes);
    };
    part(b"T 4 3 6 SINGLE_TAG {}");
    part(b"[]");
    let mut deflater = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    deflater.write_all(&lines).unwrap();
    let body = deflater.finish().unwrap();
    let (plain, deflated) = (fixture(), fixture());
    plain.register("b", "0", "1.2.3.4:1", BODY.as_bytes(), &[]);
    let crc = crate::store::message::body_crc(&body).to_string();
    deflated.register(
        "b",
        "0",
        "1.2.3.4:1",
        &body,
        &[("compressed", "true"), ("bodyCrc32", &crc)],
    );
    assert_eq!(plain.route("T", 479), deflated.route("T", 479));
    for cut in 0..body.len() {
        let cut = registration_body::RegistrationBody::read(&body[..cut], true);
        assert!(cut.is_err());
    }
}

#[test]
fn a_registration_that_cannot_be_read_is_refused() {
    let fixture = fixture();
    let ext = [
        ("brokerName", "b"),
        ("brokerAddr", "a:1"),
        ("clusterName", "c"),
        ("haServerAddr", "h"),
        ("brokerId", "0"),
        ("bodyCrc32", "5"),
    ];
    assert_eq!(fixture.ask(code::REGISTER_BROKER, 479, &ext, b"x").0, 1);
    assert_eq!(
        fixture.ask(code::REGISTER_BROKER, 479, &ext[..5], b"x").0,
        1
    );
    assert_eq!(fixture.ask(code::REGISTER_BROKER, 479, &ext[..4], b"").0, 1);
}

#[test]
fn a_slave_learns_its_master_and_topics_come_from_masters() {
    let fixture = fixture();
    fixture.register("b", "0", "m:1", BODY.as_bytes(), &[]);
    let answer = fixture.register("b", "1", "s:1", b"", &[]);
    assert_eq!(answer.ext[0], ("masterAddr", "m:1".into()));
    assert_eq!(answer.ext[1], ("haServerAddr", "h:1".into()));
    let (_, body) = fixture.route("T", 479);
    assert!(
        body.contains(r#""brokerAddrs":{"0":"m:1","1":"s:1"}"#),
        "{body}"
    );
    // The slave becomes the master: the same address has one id.
    fixture.register("b", "0", "s:1", BODY.as_bytes(), &[]);
    let (_, body) = fixture.route("T", 479);
    assert!(body.contains(r#""brokerAddrs":{"0":"s:1"}"#), "{body}");
}

#[test]
fn who_is_silent_or_gone_is_forgotten() {
    let fixture = fixture();
    fixture.register("b", "0", "m:1", BODY.as_bytes(), &[]);
    fixture.clock.advance(BROKER_TIMEOUT_MS);
    fixture.server.forget_silent();
    assert_eq!(fixture.route("T", 479).0, 0);
    let seen = [
        ("clusterName", "c"),
        ("brokerAddr", "m:1"),
        ("brokerName", "b"),
    ];
    assert_eq!(fixture.ask(code::BROKER_HEARTBEAT, 479, &seen, b"").0, 0);
    fixture.clock.advance(1);
    fixture.server.forget_silent();
    assert_eq!(fixture.route("T", 479).0, 0, "it was heard of since");
    fixture.clock.advance(BROKER_TIMEOUT_MS);
    fixture.server.forget_silent();
    assert_eq!(fixture.route("T", 479).0, response::TOPIC_NOT_EXIST);
    fixture.register(
        "b",
        "0",
        "m:1",
        BODY.as_bytes(),
        &[("heartbeatTimeoutMillis", "10")],
    );
    fixture.clock.advance(11);
    fixture.server.forget_silent();
    assert_eq!(fixture.route("T", 479).0, response::TOPIC_NOT_EXIST);
    fixture.register("b", "0", "m:1", BODY.as_bytes(), &[]);
    fixture.server.channel_closed(2);
    assert_eq!(fixture.route("T", 479).0, 0);
    fixture.server.channel_closed(1);
    assert_eq!(fixture.route("T", 479).0, response::TOPIC_NOT_EXIST);
    fixture.register("b", "0", "m:1", BODY.as_bytes(), &[]);
    let leave = [
        ("clusterName", "c"),
        ("brokerAddr", "m:1"),
        ("brokerName", "b"),
        ("brokerId", "0"),
    ];
    assert_eq!(fixture.ask(code::UNREGISTER_BROKER, 479, &leave, b"").0, 0);
    assert_eq!(fixture.route("T", 479).0, response::TOPIC_NOT_EXIST);
}

#[test]
fn the_broker_of_this_process_is_never_silent() {
    let fixture = fixture();
    fixture.server.register(Registration {
        cluster: "c".to_owned(),
        name: "own".to_owned(),
        address: "o:1".to_owned(),
        ha_address: "o:1".to_owned(),
        id: 0,
        enable_acting_master: false,
        timeout_ms: None,
        channel: None,
        version: DataVersion::default(),
        topics: Some(BTreeMap::from([("T".to_owned(), TopicQueues::default())])),
    });
    fixture
        .server
        .change_topic("own", "U", Some(TopicQueues::default()));
    fixture.clock.advance(10 * BROKER_TIMEOUT_MS);
    fixture.server.forget_silent();
    assert_eq!(
        (fixture.route("T", 479).0, fixture.route("U", 479).0),
        (0, 0)
    );
    fixture.server.change_topic("own", "U", None);
    assert_eq!(fixture.route("U", 479).0, response::TOPIC_NOT_EXIST);
}

#[test]
fn versions_tell_whether_to_register_again() {
    let fixture = fixture();
    let ext = [
        ("clusterName", "c"),
        ("brokerAddr", "m:1"),
        ("brokerName", "b"),
        ("brokerId", "0"),
    ];
    let ask = |body: &str| {
        let (_, known, answer) = fixture.ask(code::QUERY_DATA_VERSION, 479, &ext, body.as_bytes());
        (answer.ext[0].1.to_string(), known)
    };
    let same = r#"{"counter":2,"stateVersion":0,"timestamp":7}"#;
    assert_eq!(ask(same), ("true".to_owned(), String::new()));
    fixture.register("b", "0", "m:1", BODY.as_bytes(), &[]);
    assert_eq!(ask(same), ("false".to_owned(), same.to_owned()));
    assert_eq!(
        ask(r#"{"counter":3}"#),
        ("true".to_owned(), same.to_owned())
    );
    assert_eq!(fixture.ask(code::QUERY_DATA_VERSION, 479, &ext, b"x").0, 1);
}

#[test]
fn lists_and_permissions() {
    let fixture = fixture();
    fixture.register("b", "0", "m:1", BODY.as_bytes(), &[]);
    let list = |code, ext: &[(&str, &str)]| fixture.ask(code, 479, ext, b"").1;
    assert_eq!(
        list(code::GET_ALL_TOPIC_LIST_FROM_NAMESERVER, &[]),
        r#"{"topicList":["T"]}"#
    );
    assert_eq!(
        list(code::GET_TOPICS_BY_CLUSTER, &[("cluster", "c")]),
        r#"{"topicList":["T"]}"#
    );
    assert_eq!(
        list(code::GET_TOPICS_BY_CLUSTER, &[("cluster", "d")]),
        r#"{"topicList":[]}"#
    );
    assert_eq!(
        list(code::GET_SYSTEM_TOPIC_LIST_FROM_NS, &[]),
        r#"{"brokerAddr":"m:1","topicList":["c","b"]}"#
    );
    assert_eq!(
        list(code::GET_BROKER_CLUSTER_INFO, &[]),
        r#"{"brokerAddrTable":{"b":{"brokerAddrs":{"0":"m:1"},"brokerName":"b","cluster":"c","enableActingMaster":false}},"clusterAddrTable":{"c":["b"]}}"#
    );
    let name = [("brokerName", "b")];
    let wiped = fixture
        .ask(code::WIPE_WRITE_PERM_OF_BROKER, 479, &name, b"")
        .2;
    assert_eq!(wiped.ext, [("wipeTopicCount", "1".into())]);
    assert!(fixture.route("T", 479).1.contains(r#""perm":4"#));
    fixture.ask(code::ADD_WRITE_PERM_OF_BROKER, 479, &name, b"");
    assert!(fixture.route("T", 479).1.contains(r#""perm":6"#));
    let other = [("topic", "T"), ("clusterName", "d")];
    fixture.ask(code::DELETE_TOPIC_IN_NAMESRV, 479, &other, b"");
    assert_eq!(fixture.route("T", 479).0, 0);
    fixture.ask(code::DELETE_TOPIC_IN_NAMESRV, 479, &other[..1], b"");
    assert_eq!(fixture.route("T", 479).0, response::TOPIC_NOT_EXIST);
}

#[test]
fn the_kv_configuration_survives_a_restart() {
    let fixture = fixture();
    let key = [
        ("namespace", "ORDER_TOPIC_CONFIG"),
        ("key", "T"),
        ("value", "b:4"),
    ];
    let get = |server: &Fixture| server.ask(code::GET_KV_CONFIG, 479, &key[..2], b"");
    assert_eq!(get(&fixture).0, response::QUERY_NOT_FOUND);
    assert_eq!(
        fixture.ask(code::PUT_KV_CONFIG, 479, &key[..2], b"").0,
        1,
        "no value"
    );
    assert_eq!(fixture.ask(code::PUT_KV_CONFIG, 479, &key, b"").0, 0);
    assert_eq!(get(&fixture).2.ext, [("value", "b:4".into())]);
    let path = fixture._dir.path().join("kv.json");
    let again = NameServer::open(&path, Arc::clone(&fixture.clock) as _).unwrap();
    assert_eq!(
        again.kv.get("ORDER_TOPIC_CONFIG", "T").as_deref(),
        Some("b:4")
    );
    let answer = fixture.register("b", "0", "m:1", BODY.as_bytes(), &[]);
    assert_eq!(answer.body, br#"{"table":{"T":"b:4"}}"#);
    assert!(
        fixture
            .route("T", 479)
            .1
            .contains(r#""orderTopicConf":"b:4""#)
    );
    let list = fixture.ask(code::GET_KVLIST_BY_NAMESPACE, 479, &key[..1], b"");
    assert_eq!(list.1, r#"{"table":{"T":"b:4"}}"#);
    assert_eq!(
        fixture.ask(code::DELETE_KV_CONFIG, 479, &key[..2], b"").0,
        0
    );
    assert_eq!(get(&fixture).0, response::QUERY_NOT_FOUND);
    assert_eq!(
        fixture
            .ask(
                code::GET_KVLIST_BY_NAMESPACE,
                479,
                &[("namespace", "x")],
                b""
            )
            .0,
        22
    );
    std::fs::write(&path, "x").unwrap();
    let damaged = NameServer::open(&path, Arc::clone(&fixture.clock) as _);
    assert!(matches!(damaged, Err(KvError::Damaged { .. })));
}

#[test]
fn unknown_codes_are_told_so() {
    assert_eq!(
        fixture().ask(9999, 479, &[], b"").0,
        response::REQUEST_CODE_NOT_SUPPORTED
    );
}
