//! RocketMQ's own store and ours on one directory: each reads what the other wrote, after a clean stop and after none.
//!
//! Needs Java and the jars of RocketMQ 5.5.0:
//! `HIGHWATER_ROCKETMQ_LIB=~/.cache/peers/rocketmq-5.5.0/lib cargo test -p rocketmq --test java_store -- --ignored`.
//! Meanings are compared, as text that both sides print; never bytes.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
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

fn open(root: &Path, kind: EngineKind) -> (Arc<Store>, RecoveryReport) {
    let (engine, _) = open_engine(kind, &EngineOptions::new(root));
    let flush = FlushService::start(FlushOptions::default());
    let mut options = StoreOptions::new(engine, flush, Arc::new(SystemClock));
    options.settings = settings();
    Store::open(root, options).unwrap()
}

/// Message `n`; the same rules as in `StoreHarness.java`.
fn put(store: &Store, n: usize) -> Put {
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
    if n % 4 == 0 {
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

fn put_all(store: &Store, range: std::ops::Range<usize>) {
    for n in range {
        let put = put(store, n);
        store.wait_reached(Ack::Visible, put.end).unwrap();
        assert!(store.wait_dispatched(put.end.into()));
    }
}

const KEYS: &[(&str, &str)] = &[
    ("topic-a", "all"),
    ("topic-a", "k4"),
    ("topic-a", "b7-2"),
    ("other", "k13"),
    ("topic-a", "none"),
    ("other", "all"),
];

/// What `StoreHarness.dump` prints.
fn dump(store: &Store) -> String {
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
            key,
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

/// Runs RocketMQ's store over the directory; what it says is in it.
fn java(root: &Path, write: Option<std::ops::Range<usize>>, halt: bool) -> String {
    let lib =
        std::env::var("HIGHWATER_ROCKETMQ_LIB").expect("HIGHWATER_ROCKETMQ_LIB names the jars");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/java/StoreHarness.java");
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new("java");
    command.args(["-Xmx256m", "--add-opens=java.base/java.nio=ALL-UNNAMED"]);
    command.args([
        "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
        "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
    ]);
    command.args([
        "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
        "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
    ]);
    command.arg(format!("-Duser.home={}", home.path().display()));
    command
        .arg("-cp")
        .arg(format!("{lib}/*"))
        .arg(source)
        .arg(root);
    if let Some(range) = write {
        command.args(["write", &range.start.to_string(), &range.len().to_string()]);
    }
    for (topic, key) in KEYS {
        command.args(["key", topic, key]);
    }
    command.args(halt.then_some("halt"));
    let output = command.output().unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    out.lines()
        .filter(|line| {
            ["queue ", "key ", "  "]
                .iter()
                .any(|start| line.starts_with(start))
        })
        .fold(String::new(), |text, line| text + line + "\n")
}

/// Java's index keeps the order of a file's chains, ours asks the same; equal texts are the claim.
fn assert_same(ours: &str, theirs: &str, what: &str) {
    let different = ours.lines().zip(theirs.lines()).find(|(a, b)| a != b);
    assert!(
        ours == theirs,
        "{what}: first difference (ours, RocketMQ's): {different:#?}"
    );
}

#[test]
#[ignore = "needs Java and RocketMQ's jars"]
fn rocketmq_reads_what_we_wrote() {
    for kind in EngineKind::ALL {
        let root = tempfile::tempdir().unwrap();
        let (store, _) = open(root.path(), kind);
        put_all(&store, 0..120);
        let ours = dump(&store);
        store.close().unwrap();
        drop(store);
        assert_same(
            &ours,
            &java(root.path(), None, false),
            &format!("{kind}, clean"),
        );
    }
}

#[test]
#[ignore = "needs Java and RocketMQ's jars"]
fn rocketmq_recovers_what_we_did_not_close() {
    let root = tempfile::tempdir().unwrap();
    let (store, _) = open(root.path(), EngineKind::Mmap);
    put_all(&store, 0..120);
    let ours = dump(&store);
    drop(store);
    assert!(root.path().join("abort").exists());
    let theirs = java(root.path(), None, false);
    // RocketMQ deletes the newest index file after such a stop, and indexes from its checkpoint on: nothing is on it yet,
    // so that is from the start.
    assert_same(&ours, &theirs, "abort");
}

#[test]
#[ignore = "needs Java and RocketMQ's jars"]
fn we_read_what_rocketmq_wrote_and_recover_what_it_did_not_close() {
    for halt in [false, true] {
        let root = tempfile::tempdir().unwrap();
        let theirs = java(root.path(), Some(0..120), halt);
        let (store, report) = open(root.path(), EngineKind::File);
        assert_eq!(report.clean, !halt, "{report}");
        assert_same(&dump(&store), &theirs, &format!("halt {halt}, {report}"));
        put_all(&store, 120..140);
        store.close().unwrap();
    }
}

#[test]
#[ignore = "needs Java and RocketMQ's jars"]
fn five_times_there_and_back() {
    let root = tempfile::tempdir().unwrap();
    for turn in 0..5 {
        let at = turn * 80;
        let (store, report) = open(root.path(), EngineKind::ALL[turn % 4]);
        put_all(&store, at..at + 40);
        let ours = dump(&store);
        store.close().unwrap();
        drop(store);
        assert_same(
            &ours,
            &java(root.path(), None, false),
            &format!("turn {turn}: {report}"),
        );
        let theirs = java(root.path(), Some(at + 40..at + 80), turn % 2 == 1);
        let (store, report) = open(root.path(), EngineKind::File);
        assert_same(
            &dump(&store),
            &theirs,
            &format!("turn {turn} back: {report}"),
        );
        store.close().unwrap();
    }
}

const GOLDEN: [(&str, bool); 2] = [
    ("rocketmq-5.5.0-clean", false),
    ("rocketmq-5.5.0-killed", true),
];

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
#[ignore = "writes the golden directories, with HIGHWATER_GOLDEN=write"]
fn golden_directories_are_made() {
    if std::env::var("HIGHWATER_GOLDEN").is_err() {
        return;
    }
    for (name, halt) in GOLDEN {
        let root = golden(name);
        if root.exists() {
            std::fs::remove_dir_all(&root).unwrap();
        }
        let said = java(&root, Some(0..90), halt);
        // What 5.5.0 keeps beside a file store, and no reader of it needs.
        for other in ["rocksdbstore", "compaction"] {
            let _ = std::fs::remove_dir_all(root.join(other));
        }
        std::fs::write(root.with_file_name(format!("{name}.txt")), said).unwrap();
    }
}

#[test]
fn golden_directories_are_read_as_rocketmq_reads_them() {
    for (name, killed) in GOLDEN {
        let root = tempfile::tempdir().unwrap();
        copy_dir(&golden(name), root.path());
        let said =
            std::fs::read_to_string(golden(name).with_file_name(format!("{name}.txt"))).unwrap();
        assert!(said.lines().count() > 90);
        for engine in EngineKind::ALL {
            let (store, report) = open(root.path(), engine);
            // Killed once; the engines after the first find a clean stop of the one before.
            let is_first = engine == EngineKind::ALL[0];
            assert_eq!(report.clean, !(killed && is_first), "{report}");
            assert_eq!(report.cut_bytes(), 0, "{report}");
            assert_same(&dump(&store), &said, &format!("{name}, {engine}"));
            store.close().unwrap();
        }
    }
}
