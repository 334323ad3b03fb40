//! Directories that the real Kafka 4.3.1 wrote (tests/golden/kafka-4.3.1, remade by its make.sh).

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;

const TOPICS: [(&str, i64); 8] = [
    ("plain", 400),
    ("appendtime", 20),
    ("gzip", 40),
    ("snappy", 40),
    ("lz4", 40),
    ("zstd", 40),
    ("txn", 66),
    ("empty", 0),
];

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/kafka-4.3.1/clean")
}

fn copy_of(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_of(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The settings Make.java gave each topic, as far as files show them.
fn config_of(tp: &TopicPartition) -> LogConfig {
    match &*tp.topic {
        "plain" => LogConfig {
            segment_bytes: 30_000,
            index_interval_bytes: 2000,
            ..LogConfig::default()
        },
        "txn" => LogConfig {
            index_interval_bytes: 500,
            ..LogConfig::default()
        },
        "appendtime" => LogConfig {
            timestamp_type: TimestampType::LogAppendTime,
            ..LogConfig::default()
        },
        _ => LogConfig::default(),
    }
}

fn open(root: &Path, kind: EngineKind) -> (Arc<LogDir>, RecoveryReport) {
    let (engine, _) = open_engine(kind, &EngineOptions::new(root));
    let flush = FlushService::start(FlushOptions::default());
    let mut options = LogDirOptions::new(engine, flush, Arc::new(ManualClock::at(NOW)));
    options.config_of = Box::new(config_of);
    LogDir::open(root, options).unwrap()
}

/// Value and key of record `index`, as Make.java makes them.
fn expected(index: i64, bytes: usize) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let key = (index % 5 != 0).then(|| format!("key-{}", index % 7).into_bytes());
    let value = (index % 11 != 10).then(|| {
        let mut text = format!("value-{index}-").into_bytes();
        while text.len() < bytes {
            text.extend_from_slice(b"abcdefghij");
        }
        text.truncate(bytes);
        text
    });
    (key, value)
}

type Seen = (
    i64,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    Vec<(Vec<u8>, Option<Vec<u8>>)>,
);

/// Time, key, value and headers of every data record.
fn data_records(log: &PartitionLog) -> Vec<Seen> {
    let (mut records, mut at) = (Vec::new(), KafkaOffset(0));
    while at < log.log_end_offset().unwrap() {
        let fetched = log
            .read(at, 1 << 20, true, Isolation::LogEnd, Access::MayBlock)
            .unwrap();
        for view in Batches::of(&bytes_of(&fetched)) {
            let view = view.unwrap();
            view.check_crc().unwrap();
            at = view.header().next_offset();
            if view.header().is_control() {
                continue;
            }
            record::visit(&view, |r| {
                let headers = r
                    .headers()
                    .map(|(k, v)| (k.to_vec(), v.map(<[u8]>::to_vec)))
                    .collect();
                records.push((
                    r.timestamp_ms,
                    r.key.map(<[u8]>::to_vec),
                    r.value.map(<[u8]>::to_vec),
                    headers,
                ));
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        }
    }
    records
}

fn check_contents(dir: &LogDir) {
    for (topic, end) in TOPICS {
        let log = dir.log(&TopicPartition::new(topic, 0)).unwrap();
        assert_eq!(log.log_end_offset().unwrap().0, end, "{topic}");
        let bytes = match topic {
            "plain" => 120,
            "appendtime" => 50,
            "txn" => 60,
            _ => 200,
        };
        for (index, (time, key, value, headers)) in data_records(&log).into_iter().enumerate() {
            let index = i64::try_from(index).unwrap();
            assert_eq!((key, value), expected(index, bytes), "{topic} {index}");
            if topic != "appendtime" {
                assert_eq!(time, 1_600_000_000_000 + index * 10);
            }
            assert_eq!(headers.len(), if index % 3 == 0 { 3 } else { 0 });
            if let [first, second, third] = &headers[..] {
                assert_eq!(*first, (b"h".to_vec(), Some(vec![1, 2])));
                assert_eq!(*second, (b"h".to_vec(), None));
                assert_eq!(*third, ("ü".as_bytes().to_vec(), Some(vec![])));
            }
        }
    }
}

/// Every file of the partitions but the log files and snapshots, by path.
fn side_files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let entry = entry.unwrap();
        if !entry.file_type().unwrap().is_dir() || entry.file_name() == OWN_DIR {
            continue;
        }
        for file in std::fs::read_dir(entry.path()).unwrap() {
            let file = file.unwrap();
            let name = file.file_name().into_string().unwrap();
            let path = format!("{}/{name}", entry.file_name().to_string_lossy());
            files.insert(path, std::fs::read(file.path()).unwrap());
        }
    }
    files
}

#[test]
fn a_directory_kafka_closed_opens_with_every_record() {
    for kind in EngineKind::ALL {
        let root = tempfile::tempdir().unwrap();
        copy_of(&golden(), root.path());
        let (dir, report) = open(root.path(), kind);
        assert!(report.clean);
        assert!(report.notes.is_empty(), "{report}");
        check_contents(&dir);
        dir.close().unwrap();
        let (before, after) = (side_files(&golden()), side_files(root.path()));
        assert_eq!(
            before.keys().collect::<Vec<_>>(),
            after.keys().collect::<Vec<_>>()
        );
        for (path, bytes) in &before {
            assert!(after[path] == *bytes, "{kind}: a look changed {path}");
        }
    }
}

#[test]
fn rebuilt_files_equal_kafkas_byte_for_byte() {
    for kind in EngineKind::ALL {
        let root = tempfile::tempdir().unwrap();
        copy_of(&golden(), root.path());
        for name in [".kafka_cleanshutdown", "recovery-point-offset-checkpoint"] {
            std::fs::remove_file(root.path().join(name)).unwrap();
        }
        let before = side_files(root.path());
        for path in before
            .keys()
            .filter(|path| path.ends_with("index") || path.ends_with("snapshot"))
        {
            std::fs::remove_file(root.path().join(path)).unwrap();
        }
        let (dir, report) = open(root.path(), kind);
        assert!(!report.clean);
        assert!(
            report
                .partitions
                .iter()
                .all(|partition| partition.cuts.is_empty()),
            "{report}"
        );
        check_contents(&dir);
        dir.close().unwrap();
        let after = side_files(root.path());
        for (path, bytes) in &before {
            // Snapshots at segment ends exist to save a walk; the walk was made, the last one counts.
            let is_old_snapshot = path.ends_with("snapshot") && !after.contains_key(path);
            assert!(
                is_old_snapshot || after.get(path) == Some(bytes),
                "{kind}: {path} differs"
            );
        }
    }
}

#[test]
fn aborted_transactions_are_known() {
    let root = tempfile::tempdir().unwrap();
    copy_of(&golden(), root.path());
    let (dir, _) = open(root.path(), EngineKind::File);
    let log = dir.log(&TopicPartition::new("txn", 0)).unwrap();
    let (mut at, mut aborted) = (KafkaOffset(0), Vec::new());
    while at < log.last_stable_offset().unwrap() {
        let fetched = log
            .read(at, 1 << 20, true, Isolation::Committed, Access::MayBlock)
            .unwrap();
        aborted.extend(
            fetched
                .aborted
                .clone()
                .unwrap()
                .into_iter()
                .map(|txn| (txn.first_offset.0, txn.last_offset.0)),
        );
        at = Batches::of(&bytes_of(&fetched))
            .map(|view| view.unwrap().header().next_offset())
            .last()
            .unwrap();
    }
    aborted.dedup();
    assert_eq!(aborted, [(11, 21), (33, 43), (55, 65)]);
    assert_eq!(log.last_stable_offset().unwrap().0, 66);
}

#[test]
fn a_directory_kafka_was_killed_on_recovers_to_the_same_bytes() {
    for kind in EngineKind::ALL {
        let root = tempfile::tempdir().unwrap();
        copy_of(&golden(), root.path());
        let before = side_files(root.path());
        // As kill -9 leaves it: no marker, no recovery point but the rolls', indexes at full size.
        std::fs::remove_file(root.path().join(".kafka_cleanshutdown")).unwrap();
        let points = "0\n2\nplain 0 344\ntxn 0 10\n";
        std::fs::write(root.path().join("recovery-point-offset-checkpoint"), points).unwrap();
        for path in before.keys() {
            let full = match path.rsplit('.').next() {
                Some("index") => 10_485_760,
                Some("timeindex") => 10_485_756,
                _ => continue,
            };
            let file = std::fs::File::options()
                .write(true)
                .open(root.path().join(path));
            file.unwrap().set_len(full).unwrap();
        }
        let (dir, report) = open(root.path(), kind);
        assert!(
            report
                .partitions
                .iter()
                .all(|partition| partition.cuts.is_empty()),
            "{report}"
        );
        check_contents(&dir);
        dir.close().unwrap();
        let after = side_files(root.path());
        for (path, bytes) in &before {
            let below = path.starts_with("plain-0/") && !path.contains("344")
                || path == "txn-0/00000000000000000000.timeindex"
                || path == "txn-0/00000000000000000000.index";
            let same = after.get(path).is_some_and(|found| {
                found == bytes
                    || (below
                        && found.starts_with(bytes)
                        && found[bytes.len()..].iter().all(|byte| *byte == 0))
            });
            assert!(same || path.ends_with("snapshot"), "{kind}: {path} differs");
        }
    }
}
