//! The tables as documents, member by member.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::DelayOffsets;
use crate::broker::group_configs::{Forbidden, GroupConfig, StoredGroups};
use crate::broker::offsets::TopicGroup;
use crate::broker::topics::{TableVersion, TopicConfig};
use crate::config_json::{Key, Value};

/// Between topic and group in a key.
const SEPARATOR: char = '@';

fn number(json: &Value, name: &str, usual: i64) -> i64 {
    json.get(name).and_then(Value::integer).unwrap_or(usual)
}

fn small(json: &Value, name: &str, usual: i32) -> i32 {
    i32::try_from(number(json, name, i64::from(usual))).unwrap_or(usual)
}

fn truth(json: &Value, name: &str, usual: bool) -> bool {
    json.get(name).and_then(Value::bool).unwrap_or(usual)
}

/// Members of a member that have text for a name.
fn named<'j>(json: &'j Value, name: &str) -> impl Iterator<Item = (String, &'j Value)> {
    let members = json.get(name).map_or(&[][..], Value::members).iter();
    members.filter_map(|(key, value)| Some((key.text()?.into_owned(), value)))
}

fn texts(json: &Value, name: &str) -> BTreeMap<String, String> {
    let pairs = named(json, name);
    let pairs = pairs.filter_map(|(name, value)| Some((name, value.text()?.to_owned())));
    pairs.collect()
}

fn texts_json(texts: &BTreeMap<String, String>) -> Value {
    let pairs = texts.iter();
    Value::Object(
        pairs
            .map(|(name, text)| (Key::Text(name.clone()), text.clone().into()))
            .collect(),
    )
}

fn version_json(version: TableVersion) -> Value {
    Value::object()
        .with("counter", version.counter)
        .with("stateVersion", version.state_version)
        .with("timestamp", version.timestamp_ms)
}

fn version_from_json(json: &Value) -> TableVersion {
    let version = json.get("dataVersion").unwrap_or(&Value::Null);
    TableVersion {
        state_version: number(version, "stateVersion", 0),
        timestamp_ms: number(version, "timestamp", 0),
        counter: number(version, "counter", 0),
    }
}

/// One topic, as files and clients have it.
pub(crate) fn topic_json(topic: &TopicConfig) -> Value {
    let filter = if topic.multi_tag {
        "MULTI_TAG"
    } else {
        "SINGLE_TAG"
    };
    Value::object()
        .with("attributes", texts_json(&topic.attributes))
        .with("order", topic.order)
        .with("perm", topic.perm)
        .with("readQueueNums", topic.read_queues)
        .with("topicFilterType", filter)
        .with("topicName", &*topic.name)
        .with("topicSysFlag", topic.sys_flag)
        .with("writeQueueNums", topic.write_queues)
}

fn topic_from_json(name: &str, json: &Value) -> TopicConfig {
    let filter = json.get("topicFilterType").and_then(Value::text);
    TopicConfig {
        name: name.into(),
        read_queues: small(json, "readQueueNums", 16),
        write_queues: small(json, "writeQueueNums", 16),
        perm: small(json, "perm", 6),
        multi_tag: filter == Some("MULTI_TAG"),
        sys_flag: small(json, "topicSysFlag", 0),
        order: truth(json, "order", false),
        attributes: texts(json, "attributes"),
    }
}

/// `topics.json`.
pub(crate) fn topics_json(topics: &[Arc<TopicConfig>], version: TableVersion) -> Value {
    let table = topics
        .iter()
        .map(|topic| (Key::from(&*topic.name), topic_json(topic)));
    Value::object()
        .with("dataVersion", version_json(version))
        .with("topicConfigTable", Value::Object(table.collect()))
}

/// Reads `topics.json`.
pub(crate) fn topics_from_json(json: &Value) -> (Vec<TopicConfig>, TableVersion) {
    let topics = named(json, "topicConfigTable");
    let topics = topics.map(|(name, topic)| topic_from_json(&name, topic));
    (topics.collect(), version_from_json(json))
}

/// One group, as files and clients have it.
pub(crate) fn group_json(group: &GroupConfig) -> Value {
    let json = Value::object()
        .with("attributes", texts_json(&group.attributes))
        .with("brokerId", group.broker_id)
        .with("consumeBroadcastEnable", group.consume_broadcast_enable)
        .with("consumeEnable", group.consume_enable)
        .with("consumeFromMinEnable", group.consume_from_min_enable)
        .with("consumeMessageOrderly", group.consume_orderly)
        .with("consumeTimeoutMinute", group.consume_timeout_minutes)
        .with("groupName", &*group.name)
        .with("groupRetryPolicy", group.retry_policy.clone())
        .with("groupSysFlag", group.sys_flag)
        .with("notifyConsumerIdsChangedEnable", group.notify_changes)
        .with("retryMaxTimes", group.retry_max_times)
        .with("retryQueueNums", group.retry_queues);
    let json = match &group.subscriptions {
        Some(subscriptions) => json.with("subscriptionDataSet", subscriptions.clone()),
        None => json,
    };
    json.with("whichBrokerWhenConsumeSlowly", group.which_broker_when_slow)
}

/// Reads one group; what it does not say is as usual.
pub(crate) fn group_from_json(name: &str, json: &Value) -> GroupConfig {
    let usual = GroupConfig::new(name);
    GroupConfig {
        consume_enable: truth(json, "consumeEnable", usual.consume_enable),
        consume_from_min_enable: truth(json, "consumeFromMinEnable", true),
        consume_broadcast_enable: truth(json, "consumeBroadcastEnable", true),
        consume_orderly: truth(json, "consumeMessageOrderly", false),
        retry_queues: small(json, "retryQueueNums", usual.retry_queues),
        retry_max_times: small(json, "retryMaxTimes", usual.retry_max_times),
        broker_id: number(json, "brokerId", usual.broker_id),
        which_broker_when_slow: number(json, "whichBrokerWhenConsumeSlowly", 1),
        notify_changes: truth(json, "notifyConsumerIdsChangedEnable", true),
        sys_flag: small(json, "groupSysFlag", 0),
        consume_timeout_minutes: small(json, "consumeTimeoutMinute", 15),
        attributes: texts(json, "attributes"),
        retry_policy: json
            .get("groupRetryPolicy")
            .cloned()
            .unwrap_or(usual.retry_policy),
        subscriptions: json.get("subscriptionDataSet").cloned(),
        name: usual.name,
    }
}

/// `subscriptionGroup.json`.
pub(crate) fn groups_json(stored: &StoredGroups) -> Value {
    let groups = stored.groups.iter();
    let table = groups.map(|group| (Key::from(&*group.name), group_json(group)));
    let forbidden = stored.forbidden.iter().map(|(group, topics)| {
        let topics = topics.iter();
        let topics = topics.map(|(topic, bits)| (Key::from(&**topic), i64::from(*bits).into()));
        (Key::from(&**group), Value::Object(topics.collect()))
    });
    Value::object()
        .with("dataVersion", version_json(stored.version))
        .with("forbiddenTable", Value::Object(forbidden.collect()))
        .with("subscriptionGroupTable", Value::Object(table.collect()))
}

/// Reads `subscriptionGroup.json`.
pub(crate) fn groups_from_json(json: &Value) -> StoredGroups {
    let groups = named(json, "subscriptionGroupTable");
    let groups = groups.map(|(name, group)| Arc::new(group_from_json(&name, group)));
    StoredGroups {
        groups: groups.collect(),
        forbidden: named(json, "forbiddenTable")
            .map(|(group, topics)| (group, bits(topics)))
            .collect::<Forbidden>(),
        version: version_from_json(json),
    }
}

/// Numbers of an object by its members' names.
fn bits(json: &Value) -> BTreeMap<String, i32> {
    let members = json.members().iter();
    let members = members.filter_map(|(key, number)| {
        let number = i32::try_from(number.integer()?).ok()?;
        Some((key.text()?.into_owned(), number))
    });
    members.collect()
}

/// `consumerOffset.json`.
pub(crate) fn offsets_json(offsets: &[(TopicGroup, BTreeMap<i32, i64>)]) -> Value {
    let table = offsets.iter().map(|(key, queues)| {
        let key = format!("{}{SEPARATOR}{}", key.topic, key.group);
        (Key::Text(key), numbers_json(queues))
    });
    Value::object()
        .with("dataVersion", version_json(TableVersion::default()))
        .with("offsetTable", Value::Object(table.collect()))
}

/// Reads `consumerOffset.json`.
pub(crate) fn offsets_from_json(json: &Value) -> Vec<(TopicGroup, BTreeMap<i32, i64>)> {
    let entries = named(json, "offsetTable").filter_map(|(key, queues)| {
        let (topic, group) = key.split_once(SEPARATOR)?;
        let key = TopicGroup {
            topic: topic.into(),
            group: group.into(),
        };
        Some((key, numbers(queues)))
    });
    entries.collect()
}

/// `delayOffset.json`.
pub(crate) fn delay_json(offsets: &DelayOffsets) -> Value {
    Value::object()
        .with("dataVersion", version_json(TableVersion::default()))
        .with("offsetTable", numbers_json(offsets))
}

/// Reads `delayOffset.json`.
pub(crate) fn delay_from_json(json: &Value) -> DelayOffsets {
    json.get("offsetTable").map(numbers).unwrap_or_default()
}

fn numbers_json(numbers: &BTreeMap<i32, i64>) -> Value {
    let pairs = numbers.iter();
    let pairs = pairs.map(|(key, number)| (Key::Integer(i64::from(*key)), Value::from(*number)));
    Value::Object(pairs.collect())
}

fn numbers(json: &Value) -> BTreeMap<i32, i64> {
    let pairs = json.members().iter();
    let pairs = pairs
        .filter_map(|(key, number)| Some((i32::try_from(key.integer()?).ok()?, number.integer()?)));
    pairs.collect()
}
