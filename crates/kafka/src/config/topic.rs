//! The topic settings: one row each, and their way into a `LogConfig`.
//!
//! A row's `broker` names the broker setting that supplies the default of topics without their own.

use super::value::{Bound, Definition, InvalidValue, Type, Value};
use crate::log::compression::Compression;
use crate::log::{Durability, LogConfig, TimestampType, TopicCompression};
use std::collections::BTreeMap;

/// One topic setting.
#[derive(Debug, Clone, Copy)]
pub struct TopicSetting {
    /// Name, type, default, bounds, documentation.
    pub definition: Definition,
    /// The broker setting that supplies the default, where there is one.
    pub broker: Option<&'static str>,
    /// Whether a description shows it when it is not set on the topic.
    pub listed: bool,
}

const ONE_NODE: &str = "there is one node, so no other replica to throttle";
const NO_TIERS: &str = "this build has no tiered storage";
const MAX: &str = "9223372036854775807";

const fn row(
    name: &'static str,
    kind: Type,
    default: &'static str,
    bound: Bound,
    broker: &'static str,
    doc: &'static str,
) -> TopicSetting {
    TopicSetting {
        definition: Definition {
            name,
            kind,
            default: Some(default),
            bound,
            doc,
        },
        broker: Some(broker),
        listed: true,
    }
}

const fn own(
    name: &'static str,
    kind: Type,
    default: &'static str,
    bound: Bound,
    doc: &'static str,
) -> TopicSetting {
    TopicSetting {
        definition: Definition {
            name,
            kind,
            default: Some(default),
            bound,
            doc,
        },
        broker: None,
        listed: true,
    }
}

/// Every topic setting, in alphabetical order.
pub static TOPIC_SETTINGS: &[TopicSetting] = &[
    row(
        "cleanup.policy",
        Type::List,
        "delete",
        Bound::OneOf(&["compact", "delete"]),
        "log.cleanup.policy",
        "What happens to old segments: delete drops them by age and size, compact keeps the newest record of \
         each key. Both may be given; empty keeps everything.",
    ),
    row(
        "compression.gzip.level",
        Type::Int,
        "-1",
        Bound::BetweenOr(1, 9, -1),
        "compression.gzip.level",
        "Effort of gzip where compression.type is gzip; -1 is the codec's own choice.",
    ),
    row(
        "compression.lz4.level",
        Type::Int,
        "9",
        Bound::Between(1, 17),
        "compression.lz4.level",
        "Effort of lz4 where compression.type is lz4. Accepted and shown; the encoder here has one level.",
    ),
    row(
        "compression.type",
        Type::Text,
        "producer",
        Bound::OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]),
        "compression.type",
        "How batches are stored: producer keeps what the producer chose, anything else recompresses batches \
         that differ.",
    ),
    row(
        "compression.zstd.level",
        Type::Int,
        "3",
        Bound::Between(-131_072, 22),
        "compression.zstd.level",
        "Effort of zstd where compression.type is zstd.",
    ),
    row(
        "delete.retention.ms",
        Type::Long,
        "86400000",
        Bound::AtLeast(0),
        "log.cleaner.delete.retention.ms",
        "How long a compacted topic keeps a tombstone after it was cleaned past, so that readers can see it.",
    ),
    row(
        "file.delete.delay.ms",
        Type::Long,
        "60000",
        Bound::AtLeast(0),
        "log.segment.delete.delay.ms",
        "How long a removed segment stays on disk under a .deleted name.",
    ),
    row(
        "flush.messages",
        Type::Long,
        MAX,
        Bound::AtLeast(1),
        "log.flush.interval.messages",
        "Syncs a partition at the latest when this many records are unsynced. Acknowledgements do not need \
         it: see write.caching.",
    ),
    row(
        "flush.ms",
        Type::Long,
        MAX,
        Bound::AtLeast(0),
        "log.flush.interval.ms",
        "Syncs a partition at the latest when its oldest unsynced record is this old.",
    ),
    own(
        "follower.replication.throttled.replicas",
        Type::List,
        "",
        Bound::Only("", ONE_NODE),
        "Replicas whose fetching is throttled. Always empty on a single node.",
    ),
    row(
        "index.interval.bytes",
        Type::Int,
        "4096",
        Bound::AtLeast(0),
        "log.index.interval.bytes",
        "Log bytes between two entries of the offset and time indexes.",
    ),
    TopicSetting {
        definition: Definition {
            name: "internal.segment.bytes",
            kind: Type::Int,
            default: None,
            bound: Bound::AtLeast(14),
            doc: "Segment size without the lower limit of segment.bytes, for tests. Wins over segment.bytes.",
        },
        broker: None,
        listed: false,
    },
    own(
        "leader.replication.throttled.replicas",
        Type::List,
        "",
        Bound::Only("", ONE_NODE),
        "Replicas whose serving is throttled. Always empty on a single node.",
    ),
    row(
        "local.retention.bytes",
        Type::Long,
        "-2",
        Bound::AtLeast(-2),
        "log.local.retention.bytes",
        "Local share of retention.bytes under tiered storage; -2 means the same. Without tiers it has no effect.",
    ),
    row(
        "local.retention.ms",
        Type::Long,
        "-2",
        Bound::AtLeast(-2),
        "log.local.retention.ms",
        "Local share of retention.ms under tiered storage; -2 means the same. Without tiers it has no effect.",
    ),
    row(
        "max.compaction.lag.ms",
        Type::Long,
        MAX,
        Bound::AtLeast(1),
        "log.cleaner.max.compaction.lag.ms",
        "A record is eligible for compaction at the latest after this time.",
    ),
    row(
        "max.message.bytes",
        Type::Int,
        "1048588",
        Bound::AtLeast(0),
        "message.max.bytes",
        "Largest record batch accepted, after compression.",
    ),
    row(
        "message.timestamp.after.max.ms",
        Type::Long,
        "3600000",
        Bound::AtLeast(0),
        "log.message.timestamp.after.max.ms",
        "How far a producer's timestamp may lie in the future. Ignored under LogAppendTime.",
    ),
    row(
        "message.timestamp.before.max.ms",
        Type::Long,
        MAX,
        Bound::AtLeast(0),
        "log.message.timestamp.before.max.ms",
        "How far a producer's timestamp may lie in the past. Ignored under LogAppendTime.",
    ),
    row(
        "message.timestamp.type",
        Type::Text,
        "CreateTime",
        Bound::OneOf(&["CreateTime", "LogAppendTime"]),
        "log.message.timestamp.type",
        "Whose clock stamps records: the producer's (CreateTime) or the server's (LogAppendTime).",
    ),
    row(
        "min.cleanable.dirty.ratio",
        Type::Double,
        "0.5",
        Bound::Fraction,
        "log.cleaner.min.cleanable.ratio",
        "Share of a compacted log that must be uncleaned before it is cleaned again.",
    ),
    row(
        "min.compaction.lag.ms",
        Type::Long,
        "0",
        Bound::AtLeast(0),
        "log.cleaner.min.compaction.lag.ms",
        "A record is not compacted before it is this old.",
    ),
    row(
        "min.insync.replicas",
        Type::Int,
        "1",
        Bound::AtLeast(1),
        "min.insync.replicas",
        "Replicas that must be in sync for acks=all to succeed. More than the number of nodes refuses such \
         writes.",
    ),
    row(
        "preallocate",
        Type::Boolean,
        "false",
        Bound::Any,
        "log.preallocate",
        "Reserve a segment's full size when it is created. Disk space is reserved ahead of the tail in any \
         case, in steps.",
    ),
    own(
        "remote.log.copy.disable",
        Type::Boolean,
        "false",
        Bound::Only("false", NO_TIERS),
        "Stop copying to tiered storage. Always false here.",
    ),
    own(
        "remote.log.delete.on.disable",
        Type::Boolean,
        "false",
        Bound::Only("false", NO_TIERS),
        "Delete tiered data when tiered storage is turned off. Always false here.",
    ),
    own(
        "remote.storage.enable",
        Type::Boolean,
        "false",
        Bound::Only("false", NO_TIERS),
        "Tiered storage for the topic. Always false here.",
    ),
    row(
        "retention.bytes",
        Type::Long,
        "-1",
        Bound::Any,
        "log.retention.bytes",
        "Size a partition is cut back to by dropping its oldest segments; -1 sets no limit.",
    ),
    row(
        "retention.ms",
        Type::Long,
        "604800000",
        Bound::AtLeast(-1),
        "log.retention.ms",
        "Age after which a segment is dropped, counted from its newest record; -1 keeps it for ever.",
    ),
    row(
        "segment.bytes",
        Type::Int,
        "1073741824",
        Bound::AtLeast(1 << 20),
        "log.segment.bytes",
        "Size at which a partition starts a new segment.",
    ),
    row(
        "segment.index.bytes",
        Type::Int,
        "10485760",
        Bound::AtLeast(4),
        "log.index.size.max.bytes",
        "Largest size of a segment's offset and time index; a full index starts a new segment.",
    ),
    row(
        "segment.jitter.ms",
        Type::Long,
        "0",
        Bound::AtLeast(0),
        "log.roll.jitter.ms",
        "At most this much, by chance, is taken off segment.ms, so that partitions do not roll together.",
    ),
    row(
        "segment.ms",
        Type::Long,
        "604800000",
        Bound::AtLeast(1),
        "log.roll.ms",
        "Time spanned by the records of a segment after which a new one starts.",
    ),
    row(
        "unclean.leader.election.enable",
        Type::Boolean,
        "false",
        Bound::Any,
        "unclean.leader.election.enable",
        "Let a replica that is not in sync lead. Without effect on a single node.",
    ),
    row(
        "write.caching",
        Type::Boolean,
        "false",
        Bound::Any,
        "log.write.caching",
        "Highwater's own. False: acks=all waits until the record is synced to disk and readers see only \
         synced records. True: both wait only for the page cache, which survives the process but not a \
         power loss.",
    ),
];

/// The row of `name`.
pub fn topic_setting(name: &str) -> Option<&'static TopicSetting> {
    TOPIC_SETTINGS
        .binary_search_by(|setting| setting.definition.name.cmp(name))
        .ok()
        .and_then(|at| TOPIC_SETTINGS.get(at))
}

/// Why a topic's settings are refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopicConfigError {
    /// No such setting.
    #[error("Unknown topic config name: {0}")]
    Unknown(String),
    /// Not an acceptable value.
    #[error(transparent)]
    Invalid(#[from] InvalidValue),
    /// Two settings that do not go together.
    #[error("{0}")]
    Conflict(String),
}

/// Checks a topic's own settings: every name known, every value in bounds.
///
/// # Errors
/// The first problem, in the order of names.
pub(super) fn check_topic_overrides(
    overrides: &BTreeMap<String, String>,
) -> Result<(), TopicConfigError> {
    for (name, value) in overrides {
        let setting = topic_setting(name).ok_or_else(|| TopicConfigError::Unknown(name.clone()))?;
        setting.definition.parse(value)?;
    }
    Ok(())
}

/// Checks settings against each other, once all effective values are known.
///
/// # Errors
/// `Conflict`.
pub(super) fn check_together(config: &LogConfig) -> Result<(), TopicConfigError> {
    if config.min_compaction_lag_ms > config.max_compaction_lag_ms {
        return Err(TopicConfigError::Conflict(format!(
            "conflict: min.compaction.lag.ms ({}) > max.compaction.lag.ms ({})",
            config.min_compaction_lag_ms, config.max_compaction_lag_ms
        )));
    }
    config.validate().map_err(TopicConfigError::Conflict)
}

/// Puts one checked value into its field. A name without a field changes nothing.
pub(super) fn apply(config: &mut LogConfig, name: &str, value: &Value) {
    match value {
        Value::Boolean(on) => apply_boolean(config, name, *on),
        Value::Number(number) => apply_number(config, name, *number),
        Value::Double(number) if name == "min.cleanable.dirty.ratio" => {
            config.min_cleanable_dirty_ratio = *number;
        }
        Value::Text(text) => apply_text(config, name, text),
        Value::List(words) if name == "cleanup.policy" => {
            config.cleanup_delete = words.iter().any(|word| word == "delete");
            config.cleanup_compact = words.iter().any(|word| word == "compact");
        }
        Value::Double(_) | Value::List(_) => {}
    }
}

fn apply_boolean(config: &mut LogConfig, name: &str, on: bool) {
    match name {
        "preallocate" => config.preallocate = on,
        "unclean.leader.election.enable" => config.unclean_leader_election = on,
        "write.caching" => {
            config.durability = if on { Durability::Os } else { Durability::Disk };
        }
        _ => {}
    }
}

fn apply_number(config: &mut LogConfig, name: &str, number: i64) {
    // Bounds were checked at parse; saturate rather than fail where a type is narrower.
    let unsigned = u32::try_from(number.max(0)).unwrap_or(u32::MAX);
    let signed = i32::try_from(number).unwrap_or(i32::MAX);
    match name {
        "segment.bytes" | "internal.segment.bytes" => config.segment_bytes = unsigned,
        "segment.ms" => config.segment_ms = number,
        "segment.jitter.ms" => config.segment_jitter_ms = number,
        "segment.index.bytes" => config.segment_index_bytes = unsigned,
        "index.interval.bytes" => config.index_interval_bytes = unsigned,
        "retention.ms" => config.retention_ms = number,
        "retention.bytes" => config.retention_bytes = number,
        "delete.retention.ms" => config.delete_retention_ms = number,
        "min.compaction.lag.ms" => config.min_compaction_lag_ms = number,
        "max.compaction.lag.ms" => config.max_compaction_lag_ms = number,
        "file.delete.delay.ms" => config.file_delete_delay_ms = number,
        "flush.messages" => config.flush_messages = number,
        "flush.ms" => config.flush_ms = number,
        "max.message.bytes" => config.max_message_bytes = unsigned,
        "message.timestamp.before.max.ms" => config.timestamp_before_max_ms = number,
        "message.timestamp.after.max.ms" => config.timestamp_after_max_ms = number,
        "compression.gzip.level" => config.gzip_level = signed,
        "compression.lz4.level" => config.lz4_level = signed,
        "compression.zstd.level" => config.zstd_level = signed,
        "min.insync.replicas" => config.min_insync_replicas = unsigned,
        _ => {}
    }
}

fn apply_text(config: &mut LogConfig, name: &str, text: &str) {
    match (name, text) {
        ("message.timestamp.type", "LogAppendTime") => {
            config.timestamp_type = TimestampType::LogAppendTime;
        }
        ("message.timestamp.type", _) => config.timestamp_type = TimestampType::CreateTime,
        ("compression.type", codec) => {
            config.compression = match codec {
                "uncompressed" => TopicCompression::Codec(Compression::None),
                "gzip" => TopicCompression::Codec(Compression::Gzip),
                "snappy" => TopicCompression::Codec(Compression::Snappy),
                "lz4" => TopicCompression::Codec(Compression::Lz4),
                "zstd" => TopicCompression::Codec(Compression::Zstd),
                _ => TopicCompression::Producer,
            };
        }
        _ => {}
    }
}
