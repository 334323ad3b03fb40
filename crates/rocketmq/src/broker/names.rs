//! Names of topics and groups: which may be, and which mean something.

pub(crate) use crate::store::SCHEDULE_TOPIC;

/// Longest name of a topic that a user makes, UTF-16 units in Java and so bytes here: no other characters may be in it.
const TOPIC_BYTES_MAX: usize = 127;
/// Longest name of a topic that the server makes of a group.
const RETRY_BYTES_MAX: usize = 255;
/// Longest name of a group.
const GROUP_BYTES_MAX: usize = 255;

/// In front of a group's name, the topic of what it has to try again.
pub(crate) const RETRY_PREFIX: &str = "%RETRY%";
/// In front of a group's name, the topic of what it gave up.
pub(crate) const DLQ_PREFIX: &str = "%DLQ%";
/// The topic whose settings an unknown topic gets.
pub(crate) const AUTO_CREATE_KEY: &str = "TBW102";
/// Messages whose transaction is open.
pub(crate) const HALF_TOPIC: &str = "RMQ_SYS_TRANS_HALF_TOPIC";
/// Which of them are done.
pub(crate) const OP_TOPIC: &str = "RMQ_SYS_TRANS_OP_HALF_TOPIC";
/// Messages whose producer never said what became of them.
pub(crate) const GAVE_UP_TOPIC: &str = "TRANS_CHECK_MAX_TIME_TOPIC";
/// The group whose offsets are the progress of transactions.
pub(crate) const TRANSACTION_GROUP: &str = "CID_RMQ_SYS_TRANS";
/// In front of the names of system topics and groups.
const SYSTEM_TOPIC_PREFIX: &str = "rmq_sys_";
const SYSTEM_GROUP_PREFIX: &str = "CID_RMQ_SYS_";

/// Topics that no client may send to.
const NOT_SENDABLE: [&str; 5] = [
    SCHEDULE_TOPIC,
    HALF_TOPIC,
    OP_TOPIC,
    "SELF_TEST_TOPIC",
    "OFFSET_MOVED_EVENT",
];

/// Topics that are the server's own.
const SYSTEM_TOPICS: [&str; 10] = [
    AUTO_CREATE_KEY,
    SCHEDULE_TOPIC,
    "BenchmarkTest",
    HALF_TOPIC,
    "RMQ_SYS_TRACE_TOPIC",
    OP_TOPIC,
    GAVE_UP_TOPIC,
    "SELF_TEST_TOPIC",
    "OFFSET_MOVED_EVENT",
    "CHECKPOINT_TOPIC",
];

/// Groups that are there from the start.
pub(crate) const PRESET_GROUPS: [&str; 8] = [
    "TOOLS_CONSUMER",
    "FILTERSRV_CONSUMER",
    "SELF_TEST_C_GROUP",
    "CID_ONS-HTTP-PROXY",
    "CID_ONSAPI_PULL",
    "CID_ONSAPI_PERMISSION",
    "CID_ONSAPI_OWNER",
    TRANSACTION_GROUP,
];

/// Why a name may not be; the words are Java's.
pub(crate) fn check_topic(topic: &str) -> Result<(), String> {
    if topic.trim().is_empty() {
        return Err("The specified topic is blank.".to_owned());
    }
    if !topic.chars().all(may_be_in_a_name) {
        return Err(
            "The specified topic contains illegal characters, allowing only ^[%|a-zA-Z0-9_-]+$"
                .to_owned(),
        );
    }
    let made_of_group = topic.starts_with(RETRY_PREFIX) || topic.starts_with(DLQ_PREFIX);
    let limit = if made_of_group {
        RETRY_BYTES_MAX
    } else {
        TOPIC_BYTES_MAX
    };
    if topic.len() > limit {
        return Err("The specified topic is longer than topic max length.".to_owned());
    }
    Ok(())
}

/// Whether a group may be named so.
pub(crate) fn is_group_name(group: &str) -> bool {
    !group.is_empty() && group.len() <= GROUP_BYTES_MAX && group.chars().all(may_be_in_a_name)
}

fn may_be_in_a_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '%' | '|' | '_' | '-')
}

pub(crate) fn may_be_sent_to(topic: &str) -> bool {
    !NOT_SENDABLE.contains(&topic)
}

pub(crate) fn is_system_topic(topic: &str) -> bool {
    SYSTEM_TOPICS.contains(&topic) || topic.starts_with(SYSTEM_TOPIC_PREFIX)
}

pub(crate) fn is_system_group(group: &str) -> bool {
    group.starts_with(SYSTEM_GROUP_PREFIX)
}

/// The topic of what a group has to try again.
pub(crate) fn retry_topic(group: &str) -> String {
    format!("{RETRY_PREFIX}{group}")
}

/// The topic of what a group gave up.
pub(crate) fn dlq_topic(group: &str) -> String {
    format!("{DLQ_PREFIX}{group}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics() {
        let long = "t".repeat(127);
        let group = "g".repeat(248);
        for (name, fits) in [
            ("TopicTest", true),
            ("%RETRY%g", true),
            ("a|b_c-1", true),
            ("", false),
            (" ", false),
            ("a b", false),
            ("a.b", false),
            ("é", false),
            (long.as_str(), true),
            (&format!("{long}t"), false),
            (&retry_topic(&group), true),
            (&retry_topic(&format!("{group}g")), false),
        ] {
            assert_eq!(check_topic(name).is_ok(), fits, "{name}");
        }
    }

    #[test]
    fn groups() {
        for (name, fits) in [("g", true), ("", false), ("a.b", false)] {
            assert_eq!(is_group_name(name), fits, "{name}");
        }
        assert!(!is_group_name(&"g".repeat(256)));
    }
}
