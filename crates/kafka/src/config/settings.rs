//! The broker settings the code asks for, typed: a snapshot taken when anything changed.

use super::layers::{Layers, Overrides};
use super::value::Value;
use crate::log::LogConfig;

/// Typed broker settings. Cheap to read; replaced as a whole when something is altered.
#[derive(Debug, Clone, PartialEq)]
pub struct BrokerSettings {
    /// `num.partitions`, default 1: partitions of a topic that does not ask for a number.
    pub num_partitions: i32,
    /// `default.replication.factor`, default 1.
    pub default_replication_factor: i16,
    /// `highwater.clamp.replication.factor`, default false: take a too large factor as 1.
    pub clamp_replication_factor: bool,
    /// `auto.create.topics.enable`, default true.
    pub auto_create_topics: bool,
    /// `delete.topic.enable`, default true.
    pub delete_topics: bool,
    /// `fetch.max.bytes`, default 55 MiB.
    pub fetch_max_bytes: i32,
    /// `socket.request.max.bytes`, default 100 MiB.
    pub request_max_bytes: i32,
    /// `connections.max.idle.ms`, default 10 minutes.
    pub connections_max_idle_ms: i64,
    /// `max.connections`, default no limit.
    pub max_connections: i32,
    /// `max.incremental.fetch.session.cache.slots`, default 1000.
    pub fetch_session_slots: i32,
    /// `max.request.partition.size.limit`, default 2000.
    pub describe_partitions_max: i32,
    /// `group.min.session.timeout.ms`, default 6 s.
    pub group_min_session_timeout_ms: i32,
    /// `group.max.session.timeout.ms`, default 30 minutes.
    pub group_max_session_timeout_ms: i32,
    /// `group.initial.rebalance.delay.ms`, default 0.
    pub group_initial_rebalance_delay_ms: i32,
    /// `group.max.size`, default no limit.
    pub group_max_size: i32,
    /// `offset.metadata.max.bytes`, default 4096.
    pub offset_metadata_max_bytes: i32,
    /// `offsets.topic.num.partitions`, default 50.
    pub offsets_topic_partitions: i32,
    /// `offsets.topic.segment.bytes`, default 100 MiB.
    pub offsets_topic_segment_bytes: i32,
    /// `offsets.retention.minutes` in milliseconds, default 7 days.
    pub offsets_retention_ms: i64,
    /// `offsets.retention.check.interval.ms`, default 10 minutes.
    pub offsets_retention_check_interval_ms: i64,
    /// `producer.id.expiration.ms`, default 1 day.
    pub producer_id_expiration_ms: i64,
    /// `log.cleaner.backoff.ms`, default 15 s.
    pub cleaner_backoff_ms: i64,
    /// `log.cleaner.dedupe.buffer.size`, default 128 MiB.
    pub cleaner_memory_bytes: i64,
    /// `log.retention.check.interval.ms`, default 5 minutes.
    pub retention_check_interval_ms: i64,
    /// `log.flush.offset.checkpoint.interval.ms`, default 1 minute.
    pub recovery_point_interval_ms: i64,
    /// `num.recovery.threads.per.data.dir`, default 2.
    pub recovery_threads: usize,
    /// What a topic without settings of its own gets.
    pub log_defaults: LogConfig,
}

impl Default for BrokerSettings {
    fn default() -> Self {
        Self::from_layers(&Layers::default())
    }
}

impl BrokerSettings {
    pub(super) fn from_layers(layers: &Layers) -> Self {
        // The table's own defaults were checked by a test, so a missing value cannot happen; 0 and
        // false stand in rather than a panic.
        let long = |name: &str| match layers.value(name) {
            Some(Value::Number(number)) => number,
            _ => 0,
        };
        let int = |name: &str| i32::try_from(long(name)).unwrap_or(i32::MAX);
        let on = |name: &str| matches!(layers.value(name), Some(Value::Boolean(true)));
        Self {
            num_partitions: int("num.partitions"),
            default_replication_factor: i16::try_from(long("default.replication.factor"))
                .unwrap_or(i16::MAX),
            clamp_replication_factor: on("highwater.clamp.replication.factor"),
            auto_create_topics: on("auto.create.topics.enable"),
            delete_topics: on("delete.topic.enable"),
            fetch_max_bytes: int("fetch.max.bytes"),
            request_max_bytes: int("socket.request.max.bytes"),
            connections_max_idle_ms: long("connections.max.idle.ms"),
            max_connections: int("max.connections"),
            fetch_session_slots: int("max.incremental.fetch.session.cache.slots"),
            describe_partitions_max: int("max.request.partition.size.limit"),
            group_min_session_timeout_ms: int("group.min.session.timeout.ms"),
            group_max_session_timeout_ms: int("group.max.session.timeout.ms"),
            group_initial_rebalance_delay_ms: int("group.initial.rebalance.delay.ms"),
            group_max_size: int("group.max.size"),
            offset_metadata_max_bytes: int("offset.metadata.max.bytes"),
            offsets_topic_partitions: int("offsets.topic.num.partitions"),
            offsets_topic_segment_bytes: int("offsets.topic.segment.bytes"),
            offsets_retention_ms: long("offsets.retention.minutes").saturating_mul(60_000),
            offsets_retention_check_interval_ms: long("offsets.retention.check.interval.ms"),
            producer_id_expiration_ms: long("producer.id.expiration.ms"),
            cleaner_backoff_ms: long("log.cleaner.backoff.ms"),
            cleaner_memory_bytes: long("log.cleaner.dedupe.buffer.size"),
            retention_check_interval_ms: long("log.retention.check.interval.ms"),
            recovery_point_interval_ms: long("log.flush.offset.checkpoint.interval.ms"),
            recovery_threads: usize::try_from(long("num.recovery.threads.per.data.dir"))
                .unwrap_or(1)
                .max(1),
            log_defaults: layers.log_config(&Overrides::new()),
        }
    }
}
