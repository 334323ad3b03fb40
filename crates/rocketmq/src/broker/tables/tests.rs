//! Tables are read back, as text and from files.

use std::collections::BTreeMap;
use std::sync::Arc;

use segment::RealDisk;

use super::*;
use crate::broker::group_configs::{GroupConfig, StoredGroups};
use crate::broker::offsets::TopicGroup;
use crate::broker::topics::{TableVersion, TopicConfig};
use crate::config_json::{Style, parse};

const VERSION: TableVersion = TableVersion {
    state_version: 1,
    timestamp_ms: 1_700_000_000_000,
    counter: 3,
};

/// The document as it is after it was text.
fn again(table: &Value) -> Value {
    parse(table.write(Style::DialectPretty).as_bytes()).unwrap()
}

#[test]
fn tables_read_back() {
    let mut topic = TopicConfig::new("T", 4, 6);
    topic.order = true;
    topic.multi_tag = true;
    topic
        .attributes
        .insert("message.type".to_owned(), "FIFO".to_owned());
    let table = topics_json(&[Arc::new(topic.clone())], VERSION);
    assert_eq!(topics_from_json(&again(&table)), (vec![topic], VERSION));

    let mut group = GroupConfig::new("g");
    group.consume_enable = false;
    group.retry_max_times = 3;
    let customized = Value::object().with("next", Value::Array(vec![1000_i64.into()]));
    group.retry_policy = Value::object().with("customizedRetryPolicy", customized);
    group.subscriptions = Some(Value::Array(vec![Value::object().with("topic", "T")]));
    let stored = StoredGroups {
        groups: vec![Arc::new(group)],
        forbidden: BTreeMap::from([("g".to_owned(), BTreeMap::from([("T".to_owned(), 4)]))]),
        version: VERSION,
    };
    assert_eq!(groups_from_json(&again(&groups_json(&stored))), stored);

    let key = TopicGroup {
        topic: "%RETRY%g".into(),
        group: "g".into(),
    };
    let offsets = vec![(key, BTreeMap::from([(0, 3), (1, 5_000_000_000)]))];
    let table = offsets_json(&offsets);
    let text = table.write(Style::Dialect);
    assert!(text.contains("\"%RETRY%g@g\":{0:3,1:5000000000}"), "{text}");
    assert_eq!(offsets_from_json(&again(&table)), offsets);

    let delays = DelayOffsets::from([(1, 5), (18, 0)]);
    assert_eq!(delay_from_json(&again(&delay_json(&delays))), delays);
}

#[test]
fn what_a_file_does_not_say_is_as_usual() {
    let table =
        parse(b"{\"subscriptionGroupTable\":{\"g\":{}},\"topicConfigTable\":{\"T\":{}}}").unwrap();
    let groups = groups_from_json(&table).groups;
    assert_eq!(groups, [Arc::new(GroupConfig::new("g"))]);
    assert_eq!(topics_from_json(&table).0, [TopicConfig::new("T", 16, 6)]);
    for text in ["{}", "[]", "{\"offsetTable\":5,\"topicConfigTable\":[1]}"] {
        let table = parse(text.as_bytes()).unwrap();
        assert!(topics_from_json(&table).0.is_empty());
        assert!(offsets_from_json(&table).is_empty());
        assert!(delay_from_json(&table).is_empty());
    }
}

#[test]
fn files_are_where_a_java_broker_looks() {
    let root = tempfile::tempdir().unwrap();
    let tables = ConfigDir::at(root.path(), Arc::new(RealDisk));
    assert!(tables.load(DELAYS).unwrap().is_none());
    let delays = DelayOffsets::from([(3, 7)]);
    tables.store(DELAYS, &delay_json(&delays)).unwrap();
    assert!(root.path().join("config/delayOffset.json").is_file());
    let loaded = tables.load(DELAYS).unwrap().unwrap();
    assert_eq!(delay_from_json(&loaded), delays);
}
