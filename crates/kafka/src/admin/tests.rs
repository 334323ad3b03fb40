//! Topics and settings over a real directory: created, refused, grown, altered, obeyed, deleted, and
//! still so after a restart.

use super::*;
use crate::broker::{Broker, BrokerConfig, Limits, TopicError};
use crate::config::{Alteration, Operation};
use crate::config::{Layers, Overrides};
use crate::log::{Durability, LogConfig, ManualClock, TopicPartition};
use crate::metadata::ChangeError;
use segment::{EngineKind, EngineOptions, FlushOptions, FlushService};
use std::path::Path;
use std::sync::Arc;

fn open(root: &Path, fixed: &[(&str, &str)]) -> Arc<Broker> {
    let mut layers = Layers::default();
    for (name, value) in fixed {
        layers.set_fixed(name, value).unwrap();
    }
    let (engine, _) = segment::open_engine(EngineKind::File, &EngineOptions::new(root));
    let config = BrokerConfig {
        root: root.to_owned(),
        own_dir: None,
        engine,
        flush: FlushService::start(FlushOptions::default()),
        clock: Arc::new(ManualClock::at(1_700_000_000_000)),
        node_id: None,
        cluster_id: None,
        layers,
        advertised: None,
        limits: Limits::default(),
    };
    Broker::open(config).unwrap().0
}

fn spec(name: &str, partitions: i32, replication_factor: i16) -> TopicSpec {
    let replication = Replication::Automatic {
        partitions,
        replication_factor,
    };
    TopicSpec {
        name: name.to_owned(),
        replication,
        configs: Overrides::new(),
    }
}

fn manual(name: &str, assignments: &[(i32, &[i32])]) -> TopicSpec {
    let list = assignments
        .iter()
        .map(|(number, nodes)| (*number, nodes.to_vec()))
        .collect();
    TopicSpec {
        replication: Replication::Manual(list),
        ..spec(name, -1, -1)
    }
}

fn with(name: &str, setting: &str, value: &str) -> TopicSpec {
    let configs = [(setting.to_owned(), value.to_owned())]
        .into_iter()
        .collect();
    TopicSpec {
        configs,
        ..spec(name, 1, 1)
    }
}

fn create(broker: &Broker, spec: TopicSpec) -> Result<i32, String> {
    let outcome = create_topics(broker, &[spec], false).remove(0);
    outcome
        .map(|created| created.partitions)
        .map_err(|error| error.to_string())
}

fn set<'a>(name: &'a str, value: &'a str) -> Vec<Alteration<'a>> {
    vec![Alteration {
        name,
        operation: Operation::Set,
        value: Some(value),
    }]
}

fn log_config(broker: &Broker, topic: &str) -> Arc<LogConfig> {
    broker
        .logs()
        .log(&TopicPartition::new(topic, 0))
        .unwrap()
        .config()
}

#[test]
fn wishes_and_what_becomes_of_them() {
    let root = tempfile::tempdir().unwrap();
    let broker = open(root.path(), &[("num.partitions", "4")]);
    for (spec, result) in [
        (spec("a", 3, 1), Ok(3)),
        (spec("defaults", -1, -1), Ok(4)),
        (manual("by-hand", &[(1, &[1]), (0, &[1])]), Ok(2)),
        (spec("a", 1, 1), Err("Topic 'a' already exists.")),
        (spec("x.y", 1, 1), Ok(1)),
        (
            spec("x_y", 1, 1),
            Err("Topic 'x_y' collides with existing topic: x.y"),
        ),
        (
            spec("zero", 0, 1),
            Err("Number of partitions was set to an invalid non-positive value."),
        ),
        (
            spec("minus", -2, 1),
            Err("Number of partitions was set to an invalid non-positive value."),
        ),
        (
            spec("none", 1, 0),
            Err("Replication factor must be larger than 0, or -1 to use the default value."),
        ),
        (
            spec("many", 10_001, 1),
            Err("Excessively large number of partitions per request."),
        ),
        (
            spec("__consumer_offsets", 1, 1),
            Err("Topic '__consumer_offsets' is internal; it cannot be created by a client."),
        ),
        (
            spec("__cluster_metadata", 1, 1),
            Err("Creation of internal topic __cluster_metadata is prohibited."),
        ),
        (
            with("odd", "nope", "1"),
            Err("Unknown topic config name: nope"),
        ),
        (
            manual("gap", &[(0, &[1]), (2, &[1])]),
            Err("partitions should be a consecutive 0-based integer sequence"),
        ),
        (
            manual("twice", &[(0, &[1]), (0, &[1])]),
            Err("Found multiple manual partition assignments for partition 0"),
        ),
        (
            manual("nobody", &[(0, &[])]),
            Err("The manual partition assignment includes an empty replica list."),
        ),
        (
            manual("stranger", &[(0, &[7])]),
            Err(
                "The manual partition assignment includes broker 7, but no such broker is registered.",
            ),
        ),
        (
            manual("double", &[(0, &[1, 1])]),
            Err("The manual partition assignment includes the broker 1 more than once."),
        ),
    ] {
        assert_eq!(
            create(&broker, spec.clone()),
            result.map_err(str::to_owned),
            "{spec:?}"
        );
    }
    let refused = create(&broker, spec("two", 1, 2)).unwrap_err();
    assert!(
        refused.starts_with("Unable to replicate the partition 2 time(s)"),
        "{refused}"
    );
    assert!(broker.metadata().topic("two").is_none());
    assert_eq!(broker.logs().logs().len(), 3 + 4 + 2 + 1);
}

#[test]
fn validate_only_changes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let broker = open(root.path(), &[]);
    let outcome = create_topics(&broker, &[spec("a", 3, 1)], true)
        .remove(0)
        .unwrap();
    assert_eq!((outcome.partitions, outcome.topic.is_none()), (3, true));
    assert!(broker.metadata().topic("a").is_none());
    create(&broker, spec("a", 3, 1)).unwrap();
    create_partitions(&broker, "a", 5, None, true).unwrap();
    alter_topic(&broker, "a", &set("retention.ms", "5"), Extent::Named, true).unwrap();
    assert_eq!(broker.metadata().topic("a").unwrap().partition_count(), 3);
    assert_eq!(*broker.metadata().topic_config("a"), Overrides::new());
}

#[test]
fn a_clamped_replication_factor_is_one() {
    let root = tempfile::tempdir().unwrap();
    let broker = open(
        root.path(),
        &[("highwater.clamp.replication.factor", "true")],
    );
    assert_eq!(create(&broker, spec("three", 2, 3)), Ok(2));
    assert_eq!(
        broker
            .metadata()
            .topic("three")
            .unwrap()
            .partition(0)
            .unwrap()
            .replicas(),
        [1]
    );
}

#[test]
fn growing() {
    let root = tempfile::tempdir().unwrap();
    let broker = open(root.path(), &[]);
    create(&broker, with("a", "retention.ms", "777")).unwrap();
    create_partitions(&broker, "a", 3, None, false).unwrap();
    let last = broker.logs().log(&TopicPartition::new("a", 2)).unwrap();
    assert_eq!(last.config().retention_ms, 777);
    let one: &[Vec<i32>] = &[vec![1]];
    for (total, assignments, says) in [
        (3, None, "Topic already has 3 partition(s)."),
        (
            1,
            None,
            "The topic a currently has 3 partition(s); 1 would not be an increase.",
        ),
        (
            5,
            Some(one),
            "Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified.",
        ),
        (
            20_000,
            None,
            "Excessively large number of partitions per request.",
        ),
    ] {
        let error = create_partitions(&broker, "a", total, assignments, false).unwrap_err();
        assert_eq!(error.to_string(), says);
    }
    create_partitions(&broker, "a", 4, Some(one), false).unwrap();
    let missing = create_partitions(&broker, "b", 4, None, false).unwrap_err();
    assert!(matches!(
        missing,
        Refused::Topic(TopicError::Change(ChangeError::UnknownTopic(_)))
    ));
    let internal = create_partitions(&broker, "__consumer_offsets", 60, None, false).unwrap_err();
    assert!(matches!(internal, Refused::Internal(..)));
}

#[test]
fn altered_settings_are_obeyed_at_once_and_after_a_restart() {
    let root = tempfile::tempdir().unwrap();
    {
        let broker = open(root.path(), &[]);
        create(&broker, spec("a", 1, 1)).unwrap();
        create(&broker, with("b", "segment.bytes", "5242880")).unwrap();
        alter_topic(
            &broker,
            "a",
            &set("write.caching", "true"),
            Extent::Named,
            false,
        )
        .unwrap();
        assert_eq!(log_config(&broker, "a").durability, Durability::Os);
        alter_broker(
            &broker,
            true,
            &set("log.segment.bytes", "2097152"),
            Extent::Named,
            false,
        )
        .unwrap();
        alter_broker(
            &broker,
            false,
            &set("log.retention.ms", "9"),
            Extent::Named,
            false,
        )
        .unwrap();
        assert_eq!(broker.settings().log_defaults.segment_bytes, 2 << 20);
        assert_eq!(log_config(&broker, "a").segment_bytes, 2 << 20);
        assert_eq!(log_config(&broker, "a").retention_ms, 9);
        assert_eq!(log_config(&broker, "b").segment_bytes, 5 << 20);
        broker.close().unwrap();
    }
    let broker = open(root.path(), &[("log.segment.bytes", "3MiB")]);
    assert_eq!(broker.settings().log_defaults.segment_bytes, 2 << 20);
    let overrides = broker.metadata().topic_config("a");
    assert_eq!(
        broker.layers().log_config(&overrides).durability,
        Durability::Os
    );
    let gone = [Alteration {
        name: "log.segment.bytes",
        operation: Operation::Delete,
        value: None,
    }];
    alter_broker(&broker, true, &gone, Extent::Named, false).unwrap();
    assert_eq!(log_config(&broker, "a").segment_bytes, 3 << 20);
}

#[test]
fn the_older_request_replaces_all_settings() {
    let root = tempfile::tempdir().unwrap();
    let broker = open(root.path(), &[]);
    create(&broker, with("a", "retention.ms", "777")).unwrap();
    let pairs = [("segment.ms", Some("5"))];
    alter_topic(
        &broker,
        "a",
        &set_all(pairs.into_iter()),
        Extent::All,
        false,
    )
    .unwrap();
    let now = broker.metadata().topic_config("a");
    assert_eq!(
        now.iter().collect::<Vec<_>>(),
        [(&"segment.ms".to_owned(), &"5".to_owned())]
    );
    assert_eq!(log_config(&broker, "a").retention_ms, 604_800_000);
    let missing =
        alter_topic(&broker, "z", &set("segment.ms", "5"), Extent::All, false).unwrap_err();
    assert_eq!(missing.to_string(), "The topic 'z' does not exist.");
}

#[test]
fn deleting_takes_records_settings_and_id() {
    let root = tempfile::tempdir().unwrap();
    let broker = open(root.path(), &[]);
    create(&broker, with("a", "retention.ms", "777")).unwrap();
    let id = broker.metadata().topic("a").unwrap().id();
    delete_topic(&broker, "a").unwrap();
    assert!(broker.logs().logs().is_empty());
    assert_eq!(
        delete_topic(&broker, "a").unwrap_err().to_string(),
        "Topic 'a' does not exist."
    );
    assert!(matches!(
        delete_topic(&broker, "__consumer_offsets"),
        Err(Refused::Internal(..))
    ));
    create(&broker, spec("a", 1, 1)).unwrap();
    assert_ne!(broker.metadata().topic("a").unwrap().id(), id);
    assert_eq!(*broker.metadata().topic_config("a"), Overrides::new());
}
