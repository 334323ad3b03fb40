//! Tests of the metadata: what was changed is there after a reopening, whoever wrote it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::log::batch::Batches;
use crate::log::leader_epochs::LeaderEpochs;
use crate::log::{KafkaOffset, ManualClock, TopicPartition, partition_metadata};

pub(super) const LOG: &str = "__cluster_metadata-0/00000000000000000000.log";

pub(super) fn options() -> MetadataOptions {
    MetadataOptions {
        node_id: None,
        cluster_id: None,
        clock: Arc::new(ManualClock::default()),
    }
}

pub(super) fn open(root: &Path) -> (Metadata, MetadataReport) {
    Metadata::open(root, &options()).unwrap()
}

pub(super) fn refused(root: &Path) -> OpenError {
    Metadata::open(root, &options()).unwrap_err()
}

pub(super) fn settings(pairs: &[(&str, &str)]) -> Overrides {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

pub(super) fn put(name: &str, value: &str) -> ConfigChange {
    (name.to_owned(), Some(value.to_owned()))
}

/// A copy of what Kafka 4.3.1 wrote before it was killed: topics with settings, one deleted, one
/// grown, a user, a quota, an access right, broker settings.
pub(super) fn kafkas() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy_dir(&golden(), dir.path());
    dir
}

pub(super) fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/kafka-4.3.1-metadata")
}

pub(super) fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_new_directory_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let (metadata, report) = open(dir.path());
    assert_eq!(report.origin, Origin::Created);
    let topic = metadata
        .create_topic("orders", 3, settings(&[("retention.ms", "1000")]))
        .unwrap();
    metadata.create_topics(&[NewTopic::offsets(50)]);
    metadata.create_partitions("orders", 5).unwrap();
    metadata.create_topic("gone", 1, Overrides::new()).unwrap();
    metadata.delete_topic("gone").unwrap();
    assert_eq!(metadata.allocate_producer_ids(1000).unwrap(), 0..1000);
    metadata
        .alter_broker_config(true, &[put("log.retention.ms", "5")])
        .unwrap();
    let before = metadata.image();
    drop(metadata);

    let (again, report) = open(dir.path());
    assert_eq!(report.origin, Origin::Opened);
    assert_eq!((report.topics, report.partitions), (2, 55));
    assert_eq!(*again.image(), *before);
    assert_eq!(again.topic_by_id(topic.id()).unwrap().partition_count(), 5);
    assert_eq!(again.allocate_producer_ids(1).unwrap(), 1000..1001);
}

#[test]
fn opening_alone_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let log = || fs::read(dir.path().join(LOG)).unwrap();
    let before = log();
    let (metadata, _) = open(dir.path());
    assert_eq!(log(), before);
    metadata.alter_topic_config("none", &[]).unwrap_err();
    metadata
        .create_topic("a/b", 1, Overrides::new())
        .unwrap_err();
    assert_eq!(log(), before, "a refused change writes nothing");
    let epoch = metadata.quorum().epoch;
    metadata.create_topic("t", 1, Overrides::new()).unwrap();
    assert_eq!(
        metadata.quorum().epoch,
        epoch + 1,
        "the first change begins an epoch"
    );
    metadata.create_topic("u", 1, Overrides::new()).unwrap();
    assert_eq!(metadata.quorum().epoch, epoch + 1, "the next does not");
}

#[test]
fn everything_kafka_wrote_is_understood_and_kept() {
    let dir = kafkas();
    let (metadata, report) = open(dir.path());
    assert_eq!(report.origin, Origin::Opened);
    assert!(report.kafka_was_killed);
    let orders = metadata.topic("orders").unwrap();
    assert_eq!(orders.id().to_string(), "lgbUhf2tRqy2fvAXjuZZBw");
    assert_eq!(orders.partition_count(), 3);
    assert!(metadata.topic("doomed").is_none());
    let expected = [
        ("cleanup.policy", "compact,delete"),
        ("retention.ms", "86400000"),
    ];
    assert_eq!(*metadata.topic_config("orders"), settings(&expected));
    assert_eq!(
        metadata.all_brokers_config()["log.retention.ms"],
        "172800000"
    );
    assert_eq!(metadata.broker_config()["log.cleaner.threads"], "2");
    assert_eq!(metadata.cluster_id(), "AAAAAAAAQACAAAAAAAAAAQ");
    assert_eq!(metadata.image().features()["transaction.version"], 2);
    assert_eq!(metadata.allocate_producer_ids(1).unwrap(), 1000..1001);

    // A snapshot carries over what this server has no use for.
    let kept = metadata.image().retained.clone();
    assert_eq!(
        (kept.acls.len(), kept.scram.len(), kept.quotas.len()),
        (1, 1, 1)
    );
    metadata.write_snapshot().unwrap();
    let before = metadata.image();
    drop(metadata);
    let (again, report) = open(dir.path());
    assert!(report.snapshot.is_some());
    assert_eq!(*again.image(), *before);
    assert_eq!(again.image().retained, kept);
}

#[test]
fn what_is_decoded_encodes_to_kafkas_bytes() {
    let dir = golden();
    for file in [LOG, "bootstrap.checkpoint"] {
        let bytes = fs::read(dir.join(file)).unwrap();
        let mut rebuilt = Vec::new();
        for view in Batches::of(&bytes).map(Result::unwrap) {
            let header = *view.header();
            if header.is_control() {
                rebuilt.extend_from_slice(view.bytes());
                continue;
            }
            let mut values: Vec<Vec<u8>> = Vec::new();
            crate::log::record::visit(&view, |record| {
                values.push(record.value.unwrap().to_vec());
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
            let found: Vec<_> = values
                .iter()
                .map(|v| records::unframe(v).unwrap())
                .collect();
            let place = records::Place {
                base_offset: header.base_offset,
                epoch: header.leader_epoch,
                timestamp_ms: header.base_timestamp,
            };
            let batch = records::batch_of(&found, records::RecordVersions::at(30), place).unwrap();
            rebuilt.extend(batch);
        }
        assert!(rebuilt == bytes, "{file} differs");
    }
}

#[test]
fn partitions_without_metadata_are_adopted_with_ids_and_epochs() {
    let dir = tempfile::tempdir().unwrap();
    let id = TopicId::random();
    for (name, id, epoch) in [
        ("t.x-0", Some(id), 4),
        ("t.x-2", Some(id), 0),
        ("plain-0", None, 0),
    ] {
        let partition = dir.path().join(name);
        fs::create_dir(&partition).unwrap();
        if let Some(id) = id {
            partition_metadata::write(&partition, id).unwrap();
        }
        if epoch > 0 {
            LeaderEpochs::empty(&partition)
                .assign(epoch, KafkaOffset(0))
                .unwrap();
        }
    }
    fs::create_dir(dir.path().join("t.x-0.0123-delete")).unwrap();
    fs::create_dir(dir.path().join("other")).unwrap();
    let (metadata, report) = open(dir.path());
    assert_eq!(report.origin, Origin::Adopted);
    assert!(report.is_remarkable() && report.to_string().contains("ADOPTED"));
    let topic = metadata.topic("t.x").unwrap();
    assert_eq!((topic.id(), topic.partition_count()), (id, 3));
    let epochs: Vec<_> = topic
        .partitions()
        .map(|(_, found)| found.leader_epoch())
        .collect();
    assert_eq!(epochs, [4, 0, 0]);
    assert_eq!(metadata.topics().len(), 2);
    drop(metadata);
    // Once there is metadata, directories that it does not know are not adopted any more.
    fs::create_dir(dir.path().join("late-0")).unwrap();
    let (metadata, report) = open(dir.path());
    assert_eq!(report.origin, Origin::Opened);
    let found = [
        ("t.x", 0, Some(id)),
        ("t.x", 1, Some(TopicId::random())),
        ("late", 0, None),
    ];
    let found = found.map(|(topic, number, id)| (TopicPartition::new(topic, number), id));
    let compared = metadata
        .image()
        .reconcile(found.iter().map(|(tp, id)| (tp, *id)));
    let names = |list: &[TopicPartition]| -> Vec<String> {
        list.iter().map(TopicPartition::dir_name).collect()
    };
    assert_eq!(names(&compared.strays), ["late-0", "t.x-1"]);
    let missing: Vec<_> = compared.missing.into_iter().map(|(tp, _)| tp).collect();
    assert_eq!(names(&missing), ["plain-0", "t.x-1", "t.x-2"]);
}

#[test]
fn leader_epochs_only_rise() {
    let dir = kafkas();
    let (metadata, _) = open(dir.path());
    let id = metadata.topic("orders").unwrap().id();
    let epochs = |metadata: &Metadata| -> Vec<i32> {
        let topic = metadata.topic("orders").unwrap();
        topic
            .partitions()
            .map(|(_, found)| found.leader_epoch())
            .collect()
    };
    assert_eq!(epochs(&metadata), [0, 0, 0]);
    let unknown = TopicId::random();
    let raised = metadata
        .raise_leader_epochs(&[(id, 0, 7), (id, 1, 0), (id, 9, 3), (unknown, 0, 3)])
        .unwrap();
    assert_eq!(raised, [(id, 0)]);
    metadata
        .begin_leader_epochs(&[(id, 0), (id, 2), (unknown, 0)])
        .unwrap();
    assert_eq!(epochs(&metadata), [8, 0, 1]);
    drop(metadata);
    assert_eq!(epochs(&open(dir.path()).0), [8, 0, 1]);
}

#[test]
fn refused_changes_say_why_and_do_not_hinder_others() {
    let dir = tempfile::tempdir().unwrap();
    let (metadata, _) = open(dir.path());
    metadata.create_topic("a.b", 2, Overrides::new()).unwrap();
    let new = |name: &str, partitions| NewTopic {
        name: name.to_owned(),
        partitions,
        configs: Overrides::new(),
    };
    let outcomes = metadata.create_topics(&[
        new("good", 1),
        new("a.b", 1),
        new("a_b", 1),
        new("good", 1),
        new("go.od", 1),
        new("go_od", 1),
        new("none", 0),
        new("huge", PARTITIONS_MAX + 1),
        new("__cluster_metadata", 1),
    ]);
    let kinds: Vec<_> = outcomes
        .iter()
        .map(|outcome| match outcome {
            Ok(topic) => topic.name().to_string(),
            Err(ChangeError::TopicExists(_)) => "exists".to_owned(),
            Err(ChangeError::InvalidTopic(_)) => "name".to_owned(),
            Err(ChangeError::InvalidPartitions(_)) => "partitions".to_owned(),
            Err(other) => panic!("{other}"),
        })
        .collect();
    let expected = [
        "good",
        "exists",
        "name",
        "exists",
        "go.od",
        "name",
        "partitions",
        "partitions",
        "name",
    ];
    assert_eq!(kinds, expected);
    for (total, fine) in [(0, false), (1, false), (2, false), (3, true)] {
        assert_eq!(
            metadata.check_new_partitions("a.b", total).is_ok(),
            fine,
            "{total}"
        );
        assert_eq!(
            metadata.create_partitions("a.b", total).is_ok(),
            fine,
            "{total}"
        );
    }
    for unknown in [
        metadata.delete_topic("nope").unwrap_err(),
        metadata.create_partitions("nope", 3).unwrap_err(),
        metadata
            .alter_topic_config("nope", &[put("a", "b")])
            .unwrap_err(),
    ] {
        assert!(matches!(unknown, ChangeError::UnknownTopic(_)));
    }
    // A name is free again after its topic is gone, and so is the one it clashed with.
    metadata.delete_topic("a.b").unwrap();
    metadata.create_topic("a_b", 1, Overrides::new()).unwrap();
}

#[derive(Debug, Clone)]
enum Op {
    Create(u8, i32),
    Delete(u8),
    Grow(u8, i32),
    Config(u8, u8, Option<u8>),
    Ids(u32),
    Reopen,
    Snapshot,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0u8..6, 1i32..4).prop_map(|(topic, count)| Op::Create(topic, count)),
        2 => (0u8..6).prop_map(Op::Delete),
        2 => (0u8..6, 1i32..8).prop_map(|(topic, count)| Op::Grow(topic, count)),
        3 => (0u8..6, 0u8..3, proptest::option::of(0u8..3))
            .prop_map(|(topic, key, value)| Op::Config(topic, key, value)),
        1 => (1u32..2000).prop_map(Op::Ids),
        1 => Just(Op::Reopen),
        1 => Just(Op::Snapshot),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Any changes, reopenings and snapshots agree with a plain map.
    #[test]
    fn agrees_with_a_model(ops in proptest::collection::vec(op(), 1..40)) {
        let dir = tempfile::tempdir().unwrap();
        let mut metadata = open(dir.path()).0;
        let mut model: BTreeMap<String, (i32, Overrides)> = BTreeMap::new();
        let mut next_id = 0i64;
        let name = |topic: u8| format!("topic{topic}");
        for op in ops {
            match op {
                Op::Create(topic, count) => {
                    let made = metadata.create_topic(&name(topic), count, Overrides::new());
                    prop_assert_eq!(made.is_ok(), !model.contains_key(&name(topic)));
                    model.entry(name(topic)).or_insert((count, Overrides::new()));
                }
                Op::Delete(topic) => {
                    let gone = metadata.delete_topic(&name(topic));
                    prop_assert_eq!(gone.is_ok(), model.remove(&name(topic)).is_some());
                }
                Op::Grow(topic, count) => {
                    let fits = model.get(&name(topic)).is_some_and(|(now, _)| count > *now);
                    prop_assert_eq!(metadata.create_partitions(&name(topic), count).is_ok(), fits);
                    if let Some(found) = model.get_mut(&name(topic)).filter(|_| fits) {
                        found.0 = count;
                    }
                }
                Op::Config(topic, key, value) => {
                    let change = (format!("key{key}"), value.map(|value| value.to_string()));
                    let done = metadata.alter_topic_config(&name(topic), std::slice::from_ref(&change));
                    prop_assert_eq!(done.is_ok(), model.contains_key(&name(topic)));
                    if let Some((_, settings)) = model.get_mut(&name(topic)) {
                        match change {
                            (key, Some(value)) => settings.insert(key, value),
                            (key, None) => settings.remove(&key),
                        };
                    }
                }
                Op::Ids(count) => {
                    let end = next_id + i64::from(count);
                    prop_assert_eq!(metadata.allocate_producer_ids(count).unwrap(), next_id..end);
                    next_id = end;
                }
                Op::Reopen => {
                    drop(metadata);
                    metadata = open(dir.path()).0;
                }
                Op::Snapshot => metadata.write_snapshot().unwrap(),
            }
            let now: BTreeMap<_, _> = metadata
                .topics()
                .iter()
                .map(|topic| {
                    let settings = (*metadata.topic_config(topic.name())).clone();
                    (topic.name().to_string(), (topic.partition_count(), settings))
                })
                .collect();
            prop_assert_eq!(&now, &model);
        }
        let before = metadata.image();
        drop(metadata);
        prop_assert_eq!(&*open(dir.path()).0.image(), &*before);
    }
}
