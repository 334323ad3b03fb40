//! RocketMQ's own store and ours on one directory: each reads what the other wrote, after a clean stop and after none.
//!
//! Needs Java and the jars of RocketMQ 5.5.0: `HIGHWATER_ROCKETMQ_LIB=~/.cache/peers/rocketmq-5.5.0/lib cargo test
//! -p rocketmq --features java-peer --test java_store`. Meanings are compared, as text that both sides print; never bytes.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

mod interchange;

use std::path::{Path, PathBuf};
use std::process::Command;

use interchange::{KEYS, assert_same, dump, open, put_all};
use segment::EngineKind;

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

#[test]
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

#[test]
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
