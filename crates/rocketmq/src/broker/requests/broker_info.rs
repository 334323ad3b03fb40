//! What the broker says of itself: GET_BROKER_CONFIG (26), GET_BROKER_RUNTIME_INFO (28),
//! GET_SYSTEM_TOPIC_LIST_FROM_BROKER (305).
//!
//! Only settings and figures that this broker has are told, under Java's names; rates are not among them (the metrics
//! have counters).

use std::fmt::Write;
use std::sync::Arc;

use serde_json::json;

use super::pull::read_refusal;
use crate::broker::{Broker, names};
use crate::connection::Handled;
use crate::remoting::{Answer, VERSION};
use crate::store::Durability;

/// As a Java properties file, which is what clients parse.
pub(super) fn config(broker: &Broker) -> Handled {
    let settings = broker.settings();
    let store = broker.store().settings();
    let flush = match store.durability {
        Durability::Os => "ASYNC_FLUSH",
        Durability::Disk => "SYNC_FLUSH",
    };
    let levels: Vec<String> = store.delay_levels_ms.iter().map(|ms| span(*ms)).collect();
    let rows: [(&str, &dyn std::fmt::Display); 23] = [
        ("autoCreateSubscriptionGroup", &settings.auto_create_groups),
        ("autoCreateTopicEnable", &settings.auto_create_topics),
        ("brokerClusterName", &settings.cluster),
        ("brokerId", &0),
        ("brokerIP1", &settings.address.ip()),
        ("brokerName", &settings.name),
        ("defaultTopicQueueNums", &settings.default_topic_queues),
        ("enablePropertyFilter", &settings.property_filter),
        ("fileReservedTime", &(store.file_reserved_ms / 3_600_000)),
        ("flushDiskType", &flush),
        ("listenPort", &settings.address.port()),
        ("longPollingEnable", &settings.long_polling),
        ("mappedFileSizeCommitLog", &store.commit_log_file_bytes),
        ("mappedFileSizeConsumeQueue", &store.queue_file_bytes),
        ("maxHashSlotNum", &store.index_slots),
        ("maxIndexNum", &store.index_entries),
        ("maxMessageSize", &settings.body_bytes_max),
        ("messageDelayLevel", &levels.join(" ")),
        ("storePathRootDir", &broker.store().root().display()),
        ("traceOn", &settings.trace_on),
        (
            "transactionCheckInterval",
            &settings.transaction_check_interval.as_millis(),
        ),
        ("transactionCheckMax", &settings.transaction_check_max),
        (
            "transactionTimeOut",
            &settings.transaction_timeout.as_millis(),
        ),
    ];
    let mut text = String::new();
    for (name, value) in rows {
        // Writing to a `String` does not fail.
        let _ = writeln!(text, "{name}={value}");
    }
    let (_, version) = broker.topics().all();
    let version = json!({
        "counter": version.counter,
        "stateVersion": version.state_version,
        "timestamp": version.timestamp_ms,
    });
    Answer::with_body(text.into_bytes())
        .field("version", version.to_string())
        .into()
}

/// A span as `messageDelayLevel` has it: whole units where it is whole units.
fn span(ms: i64) -> String {
    for (unit_ms, unit) in [(3_600_000, "h"), (60_000, "m"), (1000, "s")] {
        if ms > 0 && ms % unit_ms == 0 {
            return format!("{}{unit}", ms / unit_ms);
        }
    }
    format!("{ms}ms")
}

pub(super) fn runtime(broker: &Arc<Broker>) -> Handled {
    broker.answer_blocking(|broker| {
        let state = broker.store().state();
        let earliest = broker.store().earliest_store_time();
        let earliest = earliest.map_err(|error| read_refusal(&error))?;
        let behind = state.log_end.0 - state.dispatched.0;
        let seconds = (broker.now_ms() - broker.started_ms).max(0) / 1000;
        let runtime = format!(
            "[ {} days, {} hours, {} minutes, {} seconds ]",
            seconds / 86_400,
            seconds / 3600 % 24,
            seconds / 60 % 60,
            seconds % 60
        );
        let table = json!({
            "bootTimestamp": broker.started_ms.to_string(),
            "brokerVersion": VERSION.to_string(),
            "brokerVersionDesc": concat!("Highwater ", env!("CARGO_PKG_VERSION")),
            "commitLogMaxOffset": state.log_end.0.to_string(),
            "commitLogMinOffset": state.log_start.0.to_string(),
            "dispatchBehindBytes": behind.to_string(),
            "earliestMessageTimeStamp": earliest.unwrap_or(-1).to_string(),
            "runtime": runtime,
        });
        let body = json!({ "table": table });
        Ok(Answer::with_body(body.to_string().into_bytes()))
    })
}

/// The topics that are the server's own and not a user's.
pub(super) fn system_topics(broker: &Broker) -> Handled {
    let settings = broker.settings();
    let (topics, _) = broker.topics().all();
    let own = [
        settings.cluster.clone(),
        settings.name.clone(),
        settings.reply_topic(),
    ];
    let is_own = |name: &str| names::is_system_topic(name) || own.iter().any(|own| own == name);
    let list: Vec<&str> = topics
        .iter()
        .map(|topic| &*topic.name)
        .filter(|name| is_own(name))
        .collect();
    let body = json!({ "topicList": list });
    Answer::with_body(body.to_string().into_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::span;

    #[test]
    fn spans_are_told_in_their_largest_whole_unit() {
        let cases = [
            (1000, "1s"),
            (90_000, "90s"),
            (60_000, "1m"),
            (7_200_000, "2h"),
            (1500, "1500ms"),
        ];
        for (ms, text) in cases {
            assert_eq!(span(ms), text);
        }
    }
}
