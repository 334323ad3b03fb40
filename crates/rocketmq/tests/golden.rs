//! Directories that RocketMQ 5.5.0's own store wrote: see golden/README.md.
#![allow(clippy::unwrap_used, reason = "a test's helpers")]

#[allow(dead_code, reason = "the test against Java uses the rest")]
mod interchange;

use std::path::{Path, PathBuf};

use interchange::{assert_same, dump, open};
use segment::EngineKind;

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
