//! Messages of the commit log as people and programs see them. The JSON keys are an interface.

use rocketmq::store::message::{Entry, OffsetMessageId, SysFlag, TransactionKind, key};
use serde_json::{Map, Value, json};

use super::super::show;

/// The parts of a message that do not depend on its body.
pub(super) fn entry_json(entry: &Entry<'_>) -> Value {
    json!({
        "kind": "message",
        "physical_offset": entry.physical_offset.0,
        "bytes": entry.bytes.len(),
        "topic": show::text(entry.topic),
        "queue": entry.queue_id,
        "queue_offset": entry.queue_offset.0,
        "id": id(entry),
        "unique_key": entry.property(key::UNIQUE_KEY),
        "keys": entry.property(key::KEYS),
        "tags": entry.property(key::TAGS),
        "store_timestamp_ms": entry.store_timestamp_ms,
        "born_timestamp_ms": entry.born_timestamp_ms,
        "store_host": entry.store_host.to_string(),
        "born_host": entry.born_host.to_string(),
        "flag": entry.flag,
        "sys_flag": entry.sys_flag.0,
        "transaction": transaction(entry),
        "compressed": entry.sys_flag.has(SysFlag::COMPRESSED),
        "reconsume_times": entry.reconsume_times,
        "prepared_transaction_offset": entry.prepared_transaction_offset,
    })
}

/// All of a message.
pub(super) fn whole_json(entry: &Entry<'_>) -> Value {
    let mut json = entry_json(entry);
    let properties: Map<String, Value> = entry
        .properties()
        .map(|(name, value)| (show::text(name), Value::from(show::text(value))))
        .collect();
    if let Some(object) = json.as_object_mut() {
        object.insert("properties".to_owned(), Value::from(properties));
        object.insert("body".to_owned(), Value::from(show::text(entry.body)));
    }
    json
}

/// A message on one line.
pub(super) fn entry_line(entry: &Entry<'_>) -> String {
    let mut line = format!(
        "{:>10}  {} {} @ {}  bytes {}  stored {}  id {}",
        entry.physical_offset.0,
        show::text(entry.topic),
        entry.queue_id,
        entry.queue_offset.0,
        entry.bytes.len(),
        entry.store_timestamp_ms,
        id(entry),
    );
    for (word, value) in [("tags", key::TAGS), ("keys", key::KEYS)] {
        if let Some(value) = entry.property(value) {
            line.push_str(&format!("  {word} {value}"));
        }
    }
    if transaction(entry) != "none" {
        line.push_str("  ");
        line.push_str(transaction(entry));
    }
    line
}

/// The line below it: body and properties.
pub(super) fn body_line(entry: &Entry<'_>) -> String {
    let mut line = format!("            body {}", show::cell(Some(entry.body)));
    for (name, value) in entry.properties() {
        line.push_str(&format!(
            "  {}={}",
            show::text(name),
            show::cell(Some(value))
        ));
    }
    line
}

fn id(entry: &Entry<'_>) -> String {
    let id = OffsetMessageId {
        store_host: entry.store_host,
        physical_offset: entry.physical_offset,
    };
    id.to_string()
}

fn transaction(entry: &Entry<'_>) -> &'static str {
    match entry.sys_flag.transaction() {
        TransactionKind::None => "none",
        TransactionKind::Prepared => "prepared",
        TransactionKind::Commit => "commit",
        TransactionKind::Rollback => "rollback",
    }
}
