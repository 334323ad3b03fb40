//! What mqadmin asks the broker about itself and its topics, over a socket; and what a batch keeps.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod served;

use served::{START_MS, messages, serve};

#[test]
fn the_broker_tells_its_settings_and_its_state() {
    let served = serve();
    let mut client = served.client();
    client.put("T", "0", "", b"x");
    let config = client.ask(26, &[], b"");
    assert_eq!(config.code, 0);
    assert!(config.get("version").contains("counter"));
    let port = format!("listenPort={}", served.address.port());
    for line in [
        "brokerName=broker-a",
        "flushDiskType=ASYNC_FLUSH",
        "messageDelayLevel=1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h",
        &port,
    ] {
        assert!(config.text().lines().any(|said| said == line), "{line}");
    }
    let runtime = client.ask(28, &[], b"").json();
    let table = &runtime["table"];
    assert_eq!(table["bootTimestamp"], START_MS.to_string());
    assert_eq!(table["earliestMessageTimeStamp"], START_MS.to_string());
    assert_eq!(table["dispatchBehindBytes"], "0");
    let end: i64 = table["commitLogMaxOffset"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(end > 0);
    let system = client.ask(305, &[], b"").json();
    let names: Vec<&str> = system["topicList"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|n| n.as_str())
        .collect();
    assert!(
        names.contains(&"TBW102") && !names.contains(&"T"),
        "{names:?}"
    );
}

#[test]
fn a_topic_tells_where_its_queues_begin_and_end() {
    let served = serve();
    let mut client = served.client();
    client.put("T", "1", "", b"x");
    client.put("T", "1", "", b"y");
    let stats = client.ask(202, &[("topic", "T")], b"");
    let text = stats.text().to_owned();
    let full = format!(
        "{{\"brokerName\":\"broker-a\",\"queueId\":1,\"topic\":\"T\"}}:{{\"lastUpdateTimestamp\":{START_MS},\"maxOffset\":2,\"minOffset\":0}}"
    );
    let empty = "\"queueId\":0,\"topic\":\"T\"}:{\"lastUpdateTimestamp\":0,\"maxOffset\":0,\"minOffset\":0}";
    assert!(text.contains(&full) && text.contains(empty), "{text}");
    assert_eq!(client.ask(202, &[("topic", "none")], b"").code, 17);
}

#[test]
fn messages_of_a_batch_keep_their_own_ids() {
    let served = serve();
    let mut client = served.client();
    client.put("T", "0", "", b"first");
    let mut batch = Vec::new();
    for id in ["A", "B"] {
        let properties = format!("UNIQ_KEY\x01{id}\x02");
        let size = i32::try_from(20 + 1 + 2 + properties.len()).unwrap();
        batch.extend_from_slice(&size.to_be_bytes());
        batch.extend_from_slice(&[0; 12]);
        batch.extend_from_slice(&1_i32.to_be_bytes());
        batch.push(b'x');
        batch.extend_from_slice(&i16::try_from(properties.len()).unwrap().to_be_bytes());
        batch.extend_from_slice(properties.as_bytes());
    }
    let fields = served::message("T", "0", "UNIQ_KEY\x01whole\x02");
    let mut fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    fields.retain(|(name, _)| *name != "m");
    fields.push(("m", "true"));
    assert_eq!(client.ask(320, &fields, &batch).code, 0);
    let store = served.broker.store();
    assert!(store.wait_dispatched(store.state().visible));
    let pulled = client.pull("g", "T", "0", 1);
    let ids: Vec<String> = messages(&pulled.body)
        .iter()
        .map(|message| message.properties.clone())
        .collect();
    assert_eq!(ids, ["UNIQ_KEY\x01A\x02", "UNIQ_KEY\x01B\x02"]);
}
