//! The tables as JSON, member by member.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::DelayOffsets;
use crate::broker::group_configs::GroupConfig;
use crate::broker::offsets::TopicGroup;
use crate::broker::topics::{TableVersion, TopicConfig};

/// Between topic and group in a key.
const SEPARATOR: char = '@';

fn number(json: &Value, name: &str, usual: i64) -> i64 {
    let value = &json[name];
    let as_text = || value.as_str().and_then(|text| text.parse().ok());
    value.as_i64().or_else(as_text).unwrap_or(usual)
}

fn small(json: &Value, name: &str, usual: i32) -> i32 {
    i32::try_from(number(json, name, i64::from(usual))).unwrap_or(usual)
}

fn truth(json: &Value, name: &str, usual: bool) -> bool {
    json[name].as_bool().unwrap_or(usual)
}

fn texts(json: &Value) -> BTreeMap<String, String> {
    let pairs = json.as_object().into_iter().flatten();
    let pairs = pairs.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
    pairs.collect()
}

fn version_json(version: TableVersion) -> Value {
    json!({
        "counter": version.counter,
        "stateVersion": version.state_version,
        "timestamp": version.timestamp_ms,
    })
}

fn version_from_json(json: &Value) -> TableVersion {
    TableVersion {
        state_version: number(json, "stateVersion", 0),
        timestamp_ms: number(json, "timestamp", 0),
        counter: number(json, "counter", 0),
    }
}

/// One topic, as files and clients have it.
pub(crate) fn topic_json(topic: &TopicConfig) -> Value {
    json!({
        "attributes": topic.attributes,
        "order": topic.order,
        "perm": topic.perm,
        "readQueueNums": topic.read_queues,
        "topicFilterType": if topic.multi_tag { "MULTI_TAG" } else { "SINGLE_TAG" },
        "topicName": &*topic.name,
        "topicSysFlag": topic.sys_flag,
        "writeQueueNums": topic.write_queues,
    })
}

fn topic_from_json(name: &str, json: &Value) -> TopicConfig {
    TopicConfig {
        name: name.into(),
        read_queues: small(json, "readQueueNums", 16),
        write_queues: small(json, "writeQueueNums", 16),
        perm: small(json, "perm", 6),
        multi_tag: json["topicFilterType"] == "MULTI_TAG",
        sys_flag: small(json, "topicSysFlag", 0),
        order: truth(json, "order", false),
        attributes: texts(&json["attributes"]),
    }
}

/// `topics.json`.
pub(crate) fn topics_json(topics: &[Arc<TopicConfig>], version: TableVersion) -> String {
    let table = topics.iter().map(|topic| (topic.name.to_string(), topic_json(topic)));
    let table: Map<String, Value> = table.collect();
    pretty(&json!({ "dataVersion": version_json(version), "topicConfigTable": table }))
}

/// Reads `topics.json`.
pub(crate) fn topics_from_json(json: &Value) -> (Vec<TopicConfig>, TableVersion) {
    let table = json["topicConfigTable"].as_object().into_iter().flatten();
    let topics = table.map(|(name, topic)| topic_from_json(name, topic));
    (topics.collect(), version_from_json(&json["dataVersion"]))
}

/// One group, as files and clients have it.
pub(crate) fn group_json(group: &GroupConfig) -> Value {
    json!({
        "attributes": group.attributes,
        "brokerId": group.broker_id,
        "consumeBroadcastEnable": group.consume_broadcast_enable,
        "consumeEnable": group.consume_enable,
        "consumeFromMinEnable": group.consume_from_min_enable,
        "consumeMessageOrderly": group.consume_orderly,
        "consumeTimeoutMinute": group.consume_timeout_minutes,
        "groupName": &*group.name,
        "groupRetryPolicy": { "type": "CUSTOMIZED" },
        "groupSysFlag": group.sys_flag,
        "notifyConsumerIdsChangedEnable": group.notify_changes,
        "retryMaxTimes": group.retry_max_times,
        "retryQueueNums": group.retry_queues,
        "whichBrokerWhenConsumeSlowly": group.which_broker_when_slow,
    })
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
        attributes: texts(&json["attributes"]),
        ..usual
    }
}

/// `subscriptionGroup.json`.
pub(crate) fn groups_json(groups: &[Arc<GroupConfig>], version: TableVersion) -> String {
    let table = groups.iter().map(|group| (group.name.to_string(), group_json(group)));
    let table: Map<String, Value> = table.collect();
    pretty(&json!({
        "dataVersion": version_json(version),
        "forbiddenTable": {},
        "subscriptionGroupTable": table,
    }))
}

/// Reads `subscriptionGroup.json`.
pub(crate) fn groups_from_json(json: &Value) -> (Vec<GroupConfig>, TableVersion) {
    let table = json["subscriptionGroupTable"].as_object().into_iter().flatten();
    let groups = table.map(|(name, group)| group_from_json(name, group));
    (groups.collect(), version_from_json(&json["dataVersion"]))
}

/// `consumerOffset.json`. Queue numbers stand without quotes, as fastjson writes them.
pub(crate) fn offsets_json(offsets: &[(TopicGroup, BTreeMap<i32, i64>)]) -> String {
    let mut out = "{\n\t\"dataVersion\":{\"counter\":0,\"stateVersion\":0,\"timestamp\":0},\n\t\"offsetTable\":{".to_owned();
    for (at, (key, queues)) in offsets.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        let key = Value::from(format!("{}{SEPARATOR}{}", key.topic, key.group));
        // Writing into a string does not fail.
        let _ = write!(out, "{comma}\n\t\t{key}:{{");
        numbers(&mut out, queues);
        out.push('}');
    }
    out.push_str("\n\t}\n}");
    out
}

/// Reads `consumerOffset.json`.
pub(crate) fn offsets_from_json(json: &Value) -> Vec<(TopicGroup, BTreeMap<i32, i64>)> {
    let table = json["offsetTable"].as_object().into_iter().flatten();
    let entries = table.filter_map(|(key, queues)| {
        let (topic, group) = key.split_once(SEPARATOR)?;
        let key = TopicGroup {
            topic: topic.into(),
            group: group.into(),
        };
        Some((key, numbers_from_json(queues)))
    });
    entries.collect()
}

/// `delayOffset.json`.
pub(crate) fn delay_json(offsets: &DelayOffsets) -> String {
    let mut out = "{\n\t\"dataVersion\":{\"counter\":0,\"stateVersion\":0,\"timestamp\":0},\n\t\"offsetTable\":{".to_owned();
    numbers(&mut out, offsets);
    out.push_str("}\n}");
    out
}

/// Reads `delayOffset.json`.
pub(crate) fn delay_from_json(json: &Value) -> DelayOffsets {
    numbers_from_json(&json["offsetTable"])
}

fn numbers(out: &mut String, numbers: &BTreeMap<i32, i64>) {
    for (at, (key, number)) in numbers.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        let _ = write!(out, "{comma}{key}:{number}");
    }
}

fn numbers_from_json(json: &Value) -> BTreeMap<i32, i64> {
    let pairs = json.as_object().into_iter().flatten();
    let pairs = pairs.filter_map(|(key, number)| Some((key.parse().ok()?, number.as_i64()?)));
    pairs.collect()
}

fn pretty(json: &Value) -> String {
    format!("{json:#}")
}
