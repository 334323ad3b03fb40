//! Kafka and RocketMQ in one process: both answer, both keep what they acknowledged, one can be left out, and what
//! keeps one from starting leaves the other in order.
#![allow(clippy::unwrap_used, reason = "a test")]

mod served;

use segment::DirLock;
use served::rocketmq::Client;
use served::{DEADLINE, Served, command, create_topic, fetch, produce, refused, serve_args};
use std::fs;
use std::path::Path;
use std::time::Instant;

/// Files small enough for a test to fill some.
const SMALL: [&str; 6] = [
    "--set",
    "rocketmq.mappedFileSizeCommitLog=64KiB",
    "--set",
    "rocketmq.maxHashSlotNum=1000",
    "--set",
    "rocketmq.maxIndexNum=4000",
];

fn start(data: &Path, more: &[&str]) -> Served {
    Served::start(data, &[&SMALL, more].concat())
}

fn client(served: &Served) -> Client {
    Client::connect(served.address("rocketmq"))
}

fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle.as_bytes())
}

fn exists(data: &Path, name: &str) -> bool {
    data.join(name).exists()
}

#[test]
fn both_protocols_answer_and_a_restart_keeps_both() {
    let root = tempfile::tempdir().unwrap();
    let mut served = start(root.path(), &[]);
    assert_eq!(create_topic(served.address("kafka"), "orders"), 0);
    assert_eq!(
        produce(served.address("kafka"), "orders", b"by kafka"),
        (0, 0)
    );
    assert_eq!(client(&served).put("orders", b"by rocketmq"), 0);
    for round in 0..2 {
        assert!(contains(
            &fetch(served.address("kafka"), "orders"),
            "by kafka"
        ));
        let pulled = client(&served).pull("orders", 0);
        assert_eq!(pulled.bodies(), ["by rocketmq"], "round {round}");
        let mut names = Client::connect(served.address("namesrv"));
        let route = names.ask(105, &[("topic", "orders")], b"");
        let address = served.address("rocketmq").to_string();
        assert!(route.text().contains(&address), "{}", route.text());
        served.signal("TERM");
        assert_eq!(served.wait().code(), Some(0));
        assert!(exists(root.path(), "kafka/.kafka_cleanshutdown"));
        assert!(exists(root.path(), "rocketmq/commitlog"));
        assert!(!exists(root.path(), "rocketmq/abort"), "a clean stop");
        served = start(root.path(), &[]);
    }
    let metrics = served.http("/metrics");
    for line in ["recovery_clean 1", "rocketmq_recovery_clean 1"] {
        assert!(metrics.contains(&format!("highwater_{line}")), "{metrics}");
    }
}

#[test]
fn what_was_acknowledged_outlives_a_killed_process() {
    const MESSAGES: usize = 300;
    for engine in ["file", "mmap", "staged"] {
        for durability in ["disk", "os"] {
            let root = tempfile::tempdir().unwrap();
            let flush = format!("rocketmq.flushDiskType={durability}");
            let more = ["--engine", engine, "--set", &flush];
            let mut served = start(root.path(), &more);
            assert_eq!(create_topic(served.address("kafka"), "t"), 0);
            let mut sender = client(&served);
            let sent: Vec<String> = (0..MESSAGES).map(|n| format!("message {n:0400}")).collect();
            for (at, body) in sent.iter().enumerate() {
                let offset = sender.put("t", body.as_bytes());
                assert_eq!(offset, i64::try_from(at).unwrap());
            }
            assert_eq!(produce(served.address("kafka"), "t", b"last").0, 0);
            served.signal("KILL");
            assert!(!served.wait().success());
            assert!(exists(root.path(), "rocketmq/abort"), "no clean stop");
            let served = start(root.path(), &more);
            let read = client(&served).read("t", MESSAGES);
            assert!(read == sent, "{engine} {durability}: {read:?}");
            assert_eq!(
                client(&served).put("t", b"next"),
                i64::try_from(MESSAGES).unwrap()
            );
            assert!(contains(&fetch(served.address("kafka"), "t"), "last"));
            let metrics = served.http("/metrics");
            assert!(
                metrics.contains("highwater_rocketmq_recovery_clean 0"),
                "{metrics}"
            );
        }
    }
}

#[test]
fn metrics_tell_what_the_broker_does() {
    let root = tempfile::tempdir().unwrap();
    let served = start(root.path(), &[]);
    let mut sender = client(&served);
    for _ in 0..3 {
        sender.put("counted", b"0123456789");
    }
    assert_eq!(client(&served).read("counted", 3).len(), 3);
    let unknown = sender.ask(4711, &[], b"");
    assert_eq!(unknown.code, 3, "{unknown:?}");
    let mut waiting = client(&served);
    waiting.start_pull("counted", 3);
    let began = Instant::now();
    let metrics = loop {
        let metrics = served.http("/metrics");
        if metrics.contains("highwater_rocketmq_held_pulls 1\n") {
            break metrics;
        }
        assert!(began.elapsed() < DEADLINE, "no pull is held: {metrics}");
        std::thread::yield_now();
    };
    for line in [
        "highwater_rocketmq_messages_in_total 3\n",
        "highwater_rocketmq_messages_out_total 3\n",
        "highwater_rocketmq_refusals_total{code=\"REQUEST_CODE_NOT_SUPPORTED\"} 1\n",
        "highwater_rocketmq_dispatch_lag_bytes 0\n",
        "highwater_rocketmq_queue_files_open 1\n",
        "highwater_rocketmq_refusing 0\n",
        "highwater_rocketmq_unsynced_bytes 0\n",
        "highwater_rocketmq_unsynced_age_seconds 0.0\n",
        "highwater_rocketmq_connections_accepted_total 3\n",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    let figure = |name: &str| -> u64 {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().parse().unwrap()
    };
    let bytes_in = figure("highwater_rocketmq_in_bytes_total");
    assert!(bytes_in > 3 * 91, "{bytes_in}");
    assert_eq!(bytes_in, figure("highwater_rocketmq_out_bytes_total"));
    assert_eq!(bytes_in, figure("highwater_rocketmq_log_size_bytes"));
    // What waits is answered by a stop.
    served.signal("TERM");
    assert_eq!(waiting.finish().code, 19);
}

#[test]
fn a_half_that_is_off_is_not_there() {
    let root = tempfile::tempdir().unwrap();
    let data = |name: &str| root.path().join(name);

    let served = start(&data("kafka-only"), &["--rocketmq", "off"]);
    assert!(!served.ready.contains("rocketmq="), "{}", served.ready);
    assert_eq!(create_topic(served.address("kafka"), "t"), 0);
    assert!(!exists(&data("kafka-only"), "rocketmq"));
    assert!(!served.http("/metrics").contains("highwater_rocketmq"));

    let mut served = start(&data("rocketmq-only"), &["--kafka", "off"]);
    assert!(!served.ready.contains("kafka="), "{}", served.ready);
    client(&served).put("t", b"x");
    assert!(!exists(&data("rocketmq-only"), "kafka"));
    assert!(!served.http("/metrics").contains("highwater_kafka"));
    served.signal("TERM");
    assert_eq!(served.wait().code(), Some(0));

    let names = ["--rocketmq", "off", "--namesrv", "127.0.0.1:0"];
    let served = start(&data("names-only"), &names);
    let mut names = Client::connect(served.address("namesrv"));
    let fields = [("namespace", "n"), ("key", "k"), ("value", "v")];
    assert_eq!(names.ask(100, &fields, b"").code, 0);
    assert!(!exists(&data("names-only"), "rocketmq"));
    assert!(exists(&data("names-only"), ".highwater/kvConfig.json"));
}

#[test]
fn the_fast_port_is_two_below() {
    let root = tempfile::tempdir().unwrap();
    let served = start(root.path(), &[]);
    let mut at = served.address("rocketmq");
    at.set_port(at.port() - 2);
    assert_eq!(Client::connect(at).put("t", b"by the fast port"), 0);
    assert_eq!(client(&served).read("t", 1), ["by the fast port"]);
}

#[test]
fn a_store_of_its_own_is_used_where_it_lies() {
    let root = tempfile::tempdir().unwrap();
    let mut served = start(&root.path().join("data"), &[]);
    client(&served).put("t", b"kept");
    served.signal("TERM");
    served.wait();
    let store = root.path().join("data/rocketmq");
    // As the data directory itself, and as the setting says it.
    let setting = format!("rocketmq.storePathRootDir={}", store.display());
    for (data, more) in [
        (store.clone(), vec![]),
        (root.path().join("other"), vec!["--set", &setting]),
    ] {
        let mut served = start(&data, &more);
        assert_eq!(client(&served).read("t", 1), ["kept"]);
        served.signal("TERM");
        assert_eq!(served.wait().code(), Some(0));
        assert!(!exists(&store, "rocketmq") && !exists(&store, "kafka"));
    }
}

#[test]
fn a_directory_that_another_broker_holds_is_refused_by_name() {
    let root = tempfile::tempdir().unwrap();
    let store = root.path().join("rocketmq");
    fs::create_dir(&store).unwrap();
    // The lock that Java's `FileChannel.tryLock` takes.
    let _held = DirLock::acquire(&store.join("lock")).unwrap();
    let data = root.path().to_str().unwrap();
    let (code, said) = refused(&serve_args(data, "off", &[]));
    assert_eq!(code, Some(7), "{said}");
    let me = std::process::id().to_string();
    for words in [
        "rocketmq/lock is locked",
        me.as_str(),
        "(both_halves",
        "rocketmq.storePathRootDir",
    ] {
        assert!(said.contains(words), "{words} in {said}");
    }
    // The Kafka half, which was open by then, was left in order.
    assert!(exists(root.path(), "kafka/.kafka_cleanshutdown"));
}

#[test]
fn directories_of_other_stores_and_other_sizes_are_refused() {
    let root = tempfile::tempdir().unwrap();
    let data = root.path().to_str().unwrap();
    let dledger = root.path().join("rocketmq/dledger-n0");
    fs::create_dir_all(&dledger).unwrap();
    let (code, said) = refused(&serve_args(data, "off", &[]));
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("dledger-n0: a DLedger commit log"), "{said}");
    fs::remove_dir(&dledger).unwrap();

    let mut served = start(root.path(), &[]);
    client(&served).put("t", b"x");
    served.signal("TERM");
    served.wait();
    let (code, said) = refused(&serve_args(data, "off", &[]));
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("mappedFileSizeCommitLog"), "{said}");
    assert!(!exists(root.path(), "rocketmq/abort"), "still a clean stop");
    assert_eq!(client(&start(root.path(), &[])).read("t", 1), ["x"]);
}

#[test]
fn a_start_that_fails_says_so_before_anything_is_ready() {
    let root = tempfile::tempdir().unwrap();
    let served = start(&root.path().join("first"), &[]);
    let taken = served.address("rocketmq").to_string();
    let data = root.path().join("second");
    let output = command(&serve_args(
        data.to_str().unwrap(),
        "off",
        &["--rocketmq", &taken],
    ))
    .output()
    .unwrap();
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    assert!(!data.exists(), "nothing was created");
}
