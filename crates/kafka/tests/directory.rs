//! A broker's data directory between two openings: what is refused is left alone, what no topic claims is set aside,
//! and leader epochs follow the metadata.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod served;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kafka::broker::Broker;
use kafka::config::{Layers, Overrides};
use kafka::log::builder::BatchBuilder;
use kafka::log::{AppendContext, PartitionLog, TopicId, TopicPartition, partition_metadata};
use kafka::metadata::NewTopic;

const NOW: i64 = 1_700_000_000_000;

fn open(root: &Path) -> Arc<Broker> {
    served::open(root, Layers::default())
}

fn create(broker: &Broker, name: &str) {
    let new = NewTopic {
        name: name.to_owned(),
        partitions: 1,
        configs: Overrides::new(),
    };
    broker.create_topics(&[new]).remove(0).unwrap();
}

fn log(broker: &Broker, name: &str) -> Arc<PartitionLog> {
    broker.logs().log(&TopicPartition::new(name, 0)).unwrap()
}

fn append(log: &PartitionLog) {
    let mut batch = BatchBuilder::default();
    batch.push(NOW, None, Some(b"value"));
    log.append(&mut batch.finish().unwrap(), &AppendContext::client(NOW))
        .unwrap();
}

fn contents(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut dirs = vec![root.to_path_buf()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.file_name().is_some_and(|name| name != ".lock") {
                found.insert(path.clone(), fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_directory_whose_metadata_is_refused_is_left_as_it_was() {
    for crashed in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let broker = open(dir.path());
        create(&broker, "t");
        append(&log(&broker, "t"));
        broker.close().unwrap();
        drop(broker);
        if crashed {
            fs::remove_file(dir.path().join(".kafka_cleanshutdown")).unwrap();
        }
        let properties = dir.path().join("meta.properties");
        let text = fs::read_to_string(&properties).unwrap();
        fs::write(&properties, text.replace("node.id=1", "node.id=2")).unwrap();
        let before = contents(dir.path());
        let error = served::try_open(dir.path(), Layers::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains("node 2"), "{error}");
        assert!(contents(dir.path()) == before, "crashed: {crashed}");
        fs::write(&properties, text).unwrap();
        assert_eq!(log(&open(dir.path()), "t").log_end_offset().unwrap().0, 1);
    }
}

#[test]
fn a_directory_no_topic_claims_is_in_nobodys_way() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(dir.path());
    create(&broker, "t");
    broker.close().unwrap();
    drop(broker);
    let ghost = dir.path().join("ghost-0");
    fs::create_dir(&ghost).unwrap();
    partition_metadata::write(&ghost, TopicId::random()).unwrap();
    fs::write(ghost.join("note"), "mine").unwrap();
    let broker = open(dir.path());
    assert!(!ghost.exists());
    create(&broker, "ghost");
    append(&log(&broker, "ghost"));
    let kept = fs::read_dir(dir.path())
        .unwrap()
        .map(Result::unwrap)
        .find(|entry| {
            let name = entry.file_name().into_string().unwrap();
            name.starts_with("ghost-0.") && name.ends_with("-stray")
        });
    assert_eq!(
        fs::read_to_string(kept.unwrap().path().join("note")).unwrap(),
        "mine"
    );
}

#[test]
fn a_leader_epoch_begun_in_the_metadata_is_on_the_next_batch() {
    for clean in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let broker = open(dir.path());
        create(&broker, "t");
        append(&log(&broker, "t"));
        assert_eq!(log(&broker, "t").leader_epoch().unwrap(), 0);
        let id = broker.metadata().topic("t").unwrap().id();
        for _ in 0..3 {
            broker.metadata().begin_leader_epochs(&[(id, 0)]).unwrap();
        }
        if clean {
            broker.close().unwrap();
        }
        drop(broker);
        let broker = open(dir.path());
        let log = log(&broker, "t");
        assert_eq!(log.leader_epoch().unwrap(), 3);
        append(&log);
        assert_eq!(log.end_offset_for_epoch(0).unwrap().1.0, 1);
        assert_eq!(log.end_offset_for_epoch(3).unwrap().1.0, 2);
    }
}

#[test]
fn a_crash_that_cost_records_begins_a_leader_epoch() {
    let dir = tempfile::tempdir().unwrap();
    let broker = open(dir.path());
    for name in ["torn", "whole"] {
        create(&broker, name);
        append(&log(&broker, name));
        append(&log(&broker, name));
    }
    drop(broker);
    let file = dir.path().join("torn-0/00000000000000000000.log");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() / 2 + 10]).unwrap();
    let broker = open(dir.path());
    for (name, epoch, end) in [("torn", 1, 1), ("whole", 0, 2)] {
        let topic = broker.metadata().topic(name).unwrap();
        assert_eq!(topic.partition(0).unwrap().leader_epoch(), epoch, "{name}");
        assert_eq!(log(&broker, name).leader_epoch().unwrap(), epoch, "{name}");
        assert_eq!(
            log(&broker, name).log_end_offset().unwrap().0,
            end,
            "{name}"
        );
    }
}
