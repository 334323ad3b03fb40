//! A store filled by fixed rules, and its contents as text: `StoreHarness.java` does and prints the same.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rocketmq::store::message::{MessageBatch, NewMessage, SysFlag, decode, push_property};
use rocketmq::store::*;
use segment::{EngineKind, EngineOptions, FlushOptions, FlushService, Part, open_engine};

/// Settings that `StoreHarness.java` has too.
fn settings() -> StoreSettings {
    StoreSettings {
        commit_log_file_bytes: 16_384,
        queue_file_bytes: 200,
        index_slots: 7,
        index_entries: 40,
        durability: Durability::Os,
        ..StoreSettings::default()
    }
}

struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap();
        i64::try_from(now.as_millis()).unwrap()
    }
}

pub(crate) fn open(root: &Path, kind: EngineKind) -> (Arc<Store>, RecoveryReport) {
    let (engine, _) = open_engine(kind, &EngineOptions::new(root));
    let flush = FlushService::start(FlushOptions::default());
    let mut options = StoreOptions::new(engine, flush, Arc::new(SystemClock));
    options.settings = settings();
    Store::open(root, options).unwrap()
}

/// Message `n`; the same rules as in `StoreHarness.java`.
pub(crate) fn put(store: &Store, n: usize) -> Put {
    let (v4, v6): (SocketAddr, SocketAddr) = (
        "127.0.0.1:10911".parse().unwrap(),
        "[2001:db8::1]:10911".parse().unwrap(),
    );
    let body = format!("body {n} ").repeat(n % 7 * 20 + 1);
    let long = "%RETRY%".to_owned() + &"g".repeat(150);
    let topic = match n {
        _ if n % 11 == 5 => long.as_str(),
        _ if n % 5 == 3 => "other",
        _ => "topic-a",
    };
    let int = |value: usize| i32::try_from(value).unwrap();
    let mut message = NewMessage {
        topic,
        queue_id: int(n % 2),
        flag: int(n),
        sys_flag: SysFlag(0),
        born_timestamp_ms: 1000 + i64::from(int(n)),
        born_host: v4,
        store_host: v4,
        reconsume_times: int(n % 3),
        prepared_transaction_offset: 0,
        body: body.as_bytes(),
        properties: b"",
    };
    let ack = Some(Ack::Visible);
    if n % 13 == 7 {
        let mut batch = Vec::new();
        for i in 0..3 {
            let properties = format!("KEYS\x01b{n}-{i}\x02WAIT\x01true\x02");
            let size = int(20 + body.len() + 2 + properties.len());
            batch.extend_from_slice(&size.to_be_bytes());
            batch.extend_from_slice(&[0; 12]);
            batch.extend_from_slice(&int(body.len()).to_be_bytes());
            batch.extend_from_slice(body.as_bytes());
            batch.extend_from_slice(&i16::try_from(properties.len()).unwrap().to_be_bytes());
            batch.extend_from_slice(properties.as_bytes());
        }
        message.topic = "topic-a";
        message.reconsume_times = 0;
        message.body = &batch;
        return store
            .put_batch(&MessageBatch { common: message }, ack)
            .unwrap();
    }
    let mut properties = Vec::new();
    push_property(&mut properties, "KEYS", &format!("k{n} all"));
    if n.is_multiple_of(4) {
        push_property(&mut properties, "TAGS", &format!("Tag{}", n % 3));
    }
    message.properties = &properties;
    let kind = match n % 17 {
        2 => 0x4,
        9 => 0x8,
        12 => 0xC,
        _ => 0,
    };
    message.sys_flag = SysFlag(kind);
    message.prepared_transaction_offset = if kind == 0x8 { 77 } else { 0 };
    message.born_host = if n % 6 == 1 { v6 } else { v4 };
    message.store_host = if n % 6 >= 4 { v6 } else { v4 };
    store.put(&message, ack).unwrap()
}

pub(crate) fn put_all(store: &Store, range: std::ops::Range<usize>) {
    for n in range {
        let put = put(store, n);
        store.wait_reached(Ack::Visible, put.end).unwrap();
        assert!(store.wait_dispatched(put.end.into()));
    }
}

pub(crate) const KEYS: &[(&str, &str)] = &[
    ("topic-a", "all"),
    ("topic-a", "k4"),
    ("topic-a", "b7-2"),
    ("other", "k13"),
    ("topic-a", "none"),
    ("other", "all"),
];

/// What `StoreHarness.dump` prints.
pub(crate) fn dump(store: &Store) -> String {
    let mut out = String::new();
    let mut topics = store.topics();
    topics.sort();
    for topic in topics {
        for id in store.queue_ids(&topic) {
            let (min, max) = (
                store.min_offset(&topic, id).unwrap().0,
                store.max_offset(&topic, id).0,
            );
            writeln!(out, "queue {topic} {id} {min} {max}").unwrap();
            for offset in min..max {
                let mut request = GetRequest::new(&topic, id, QueueOffset(offset));
                request.messages_max = 1;
                let got = store.get(&request).unwrap();
                for part in &got.parts {
                    writeln!(out, "  {}", line(&bytes_of(part))).unwrap();
                }
                if got.parts.is_empty() {
                    writeln!(out, "  nothing at {offset}: {:?}", got.status).unwrap();
                }
            }
        }
    }
    for (topic, key) in KEYS {
        writeln!(out, "key {topic} {key}").unwrap();
        let request = QueryRequest {
            topic,
            key: QueryKey::Key(key),
            messages_max: 64,
            begin_ms: 0,
            end_ms: i64::MAX,
        };
        for lease in store.query(&request).unwrap().entries {
            writeln!(out, "  {}", decode(&lease).unwrap().physical_offset).unwrap();
        }
    }
    out
}

fn bytes_of(part: &Part) -> Vec<u8> {
    match part {
        Part::Mem(lease) => lease.to_vec(),
        Part::File { file, offset, len } => {
            let mut bytes = vec![0; *len];
            std::os::unix::fs::FileExt::read_exact_at(&**file, &mut bytes, *offset).unwrap();
            bytes
        }
    }
}

fn line(bytes: &[u8]) -> String {
    let m = decode(bytes).unwrap();
    m.check_body().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let properties: BTreeMap<_, _> = m.properties().map(|(n, v)| (text(n), text(v))).collect();
    let pairs: Vec<_> = properties.iter().map(|(n, v)| format!("{n}={v}")).collect();
    format!(
        "{} {} {} {} {} {} {} {} {} {} {} {} {} {{{}}}",
        m.queue_offset,
        m.physical_offset,
        m.bytes.len(),
        m.flag,
        m.sys_flag.0,
        m.born_timestamp_ms,
        address(m.born_host),
        m.store_timestamp_ms,
        address(m.store_host),
        m.reconsume_times,
        m.prepared_transaction_offset,
        m.body.len(),
        m.body_crc,
        pairs.join(", ")
    )
}

fn address(host: SocketAddr) -> String {
    let hex = |octets: &[u8]| {
        octets
            .iter()
            .fold(String::new(), |text, octet| text + &format!("{octet:02x}"))
    };
    let ip = match host.ip() {
        std::net::IpAddr::V4(ip) => hex(&ip.octets()),
        std::net::IpAddr::V6(ip) => hex(&ip.octets()),
    };
    format!("{ip}:{}", host.port())
}

/// Equal texts are the claim.
pub(crate) fn assert_same(ours: &str, theirs: &str, what: &str) {
    let different = ours.lines().zip(theirs.lines()).find(|(a, b)| a != b);
    assert!(
        ours == theirs,
        "{what}: first difference (ours, RocketMQ's): {different:#?}"
    );
}
