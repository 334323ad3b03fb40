//! The broker settings: one row each, and what becomes of names that have no row.

use super::topic::TOPIC_SETTINGS;
use super::value::{Bound, Definition, Type};
use std::borrow::Cow;

/// How a broker setting gets its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// By configuration at start; `AlterConfigs` refuses it.
    AtStart,
    /// By `AlterConfigs` too, and obeyed at once.
    Dynamic,
    /// By the server itself from its own settings (listeners, data directory, identity).
    Derived,
}

/// One broker setting.
#[derive(Debug, Clone, Copy)]
pub struct BrokerSetting {
    /// Name, type, default, bounds, documentation.
    pub definition: Definition,
    /// When and by whom it can be set.
    pub change: Change,
}

const fn row(
    name: &'static str,
    kind: Type,
    default: &'static str,
    bound: Bound,
    change: Change,
    doc: &'static str,
) -> BrokerSetting {
    BrokerSetting {
        definition: Definition {
            name,
            kind,
            default: Some(default),
            bound,
            doc,
        },
        change,
    }
}

const fn null(
    name: &'static str,
    kind: Type,
    bound: Bound,
    change: Change,
    doc: &'static str,
) -> BrokerSetting {
    BrokerSetting {
        definition: Definition {
            name,
            kind,
            default: None,
            bound,
            doc,
        },
        change,
    }
}

use Bound::{Any, AtLeast, Between, BetweenOr, Fraction, OneOf, Only};
use Change::{AtStart, Derived, Dynamic};
use Type::{Boolean, Double, Int, List, Long, Short, Text};

const MAX: &str = "9223372036854775807";
/// Stands for the sentence that `documentation` completes with the topic setting's name.
const DEFAULT_OF: &str = "Default of a topic setting";

impl BrokerSetting {
    /// What it does, for people.
    pub fn documentation(&self) -> Cow<'static, str> {
        if self.definition.doc != DEFAULT_OF {
            return Cow::Borrowed(self.definition.doc);
        }
        let name = Some(self.definition.name);
        match TOPIC_SETTINGS.iter().find(|topic| topic.broker == name) {
            Some(topic) => Cow::Owned(format!(
                "Default of the topic setting {}. {}",
                topic.definition.name, topic.definition.doc
            )),
            None => Cow::Borrowed(DEFAULT_OF),
        }
    }
}

/// Every broker setting, in alphabetical order.
pub static BROKER_SETTINGS: &[BrokerSetting] = &[
    null(
        "advertised.listeners",
        List,
        Any,
        Derived,
        "Addresses told to clients; set with --advertise.",
    ),
    row(
        "auto.create.topics.enable",
        Boolean,
        "true",
        Any,
        AtStart,
        "Create a topic when a client asks for the metadata of one that does not exist.",
    ),
    row("broker.id", Int, "1", Any, Derived, "Same as node.id."),
    row(
        "compression.gzip.level",
        Int,
        "-1",
        BetweenOr(1, 9, -1),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "compression.lz4.level",
        Int,
        "9",
        Between(1, 17),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "compression.type",
        Text,
        "producer",
        OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "compression.zstd.level",
        Int,
        "3",
        Between(-131_072, 22),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "connections.max.idle.ms",
        Long,
        "600000",
        AtLeast(1),
        AtStart,
        "A connection without a request for this long is closed.",
    ),
    row(
        "default.replication.factor",
        Int,
        "1",
        AtLeast(1),
        AtStart,
        "Replicas of topics that do not ask for a number.",
    ),
    row(
        "delete.topic.enable",
        Boolean,
        "true",
        Any,
        AtStart,
        "Whether DeleteTopics deletes.",
    ),
    row(
        "fetch.max.bytes",
        Int,
        "57671680",
        AtLeast(1024),
        AtStart,
        "Largest amount of records in one fetch response, whatever the client asks for.",
    ),
    row(
        "group.initial.rebalance.delay.ms",
        Int,
        "0",
        AtLeast(0),
        AtStart,
        "How long an empty group waits for more members before its first assignment. Kafka's default is \
         3000; on one node 0 makes every first start faster.",
    ),
    row(
        "group.max.session.timeout.ms",
        Int,
        "1800000",
        AtLeast(1),
        AtStart,
        "Longest session timeout a group member may ask for.",
    ),
    row(
        "group.max.size",
        Int,
        "2147483647",
        AtLeast(1),
        AtStart,
        "Most members a group may have.",
    ),
    row(
        "group.min.session.timeout.ms",
        Int,
        "6000",
        AtLeast(1),
        AtStart,
        "Shortest session timeout a group member may ask for.",
    ),
    row(
        "highwater.clamp.replication.factor",
        Boolean,
        "false",
        Any,
        AtStart,
        "Highwater's own. True: a topic that asks for more replicas than there are nodes gets as many as \
         there are. False: it is refused, as Kafka does.",
    ),
    row(
        "listeners",
        List,
        "PLAINTEXT://127.0.0.1:9092",
        Any,
        Derived,
        "Addresses listened on; set with --kafka.",
    ),
    row(
        "log.cleaner.backoff.ms",
        Long,
        "15000",
        AtLeast(0),
        Dynamic,
        "How long the cleaner rests when no compacted log is due.",
    ),
    row(
        "log.cleaner.dedupe.buffer.size",
        Long,
        "134217728",
        AtLeast(1_048_576),
        Dynamic,
        "Most memory for the keys of one compaction pass; a log with more keys takes several passes.",
    ),
    row(
        "log.cleaner.delete.retention.ms",
        Long,
        "86400000",
        AtLeast(0),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "log.cleaner.max.compaction.lag.ms",
        Long,
        MAX,
        AtLeast(1),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "log.cleaner.min.cleanable.ratio",
        Double,
        "0.5",
        Fraction,
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "log.cleaner.min.compaction.lag.ms",
        Long,
        "0",
        AtLeast(0),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "log.cleanup.policy",
        List,
        "delete",
        OneOf(&["compact", "delete"]),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "log.dir",
        List,
        "./highwater-data",
        Any,
        Derived,
        "Data directory; set with --data.",
    ),
    null(
        "log.dirs",
        List,
        Any,
        Derived,
        "Data directory; set with --data.",
    ),
    row(
        "log.flush.interval.messages",
        Long,
        MAX,
        AtLeast(1),
        Dynamic,
        DEFAULT_OF,
    ),
    null(
        "log.flush.interval.ms",
        Long,
        AtLeast(0),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "log.flush.offset.checkpoint.interval.ms",
        Int,
        "60000",
        AtLeast(1),
        AtStart,
        "How often logs are synced and recovery points, log starts and high watermarks written; recovery after a crash reads what came later.",
    ),
    row(
        "log.flush.scheduler.interval.ms",
        Long,
        MAX,
        AtLeast(1),
        AtStart,
        "Used where log.flush.interval.ms is not set.",
    ),
    row(
        "log.index.interval.bytes",
        Int,
        "4096",
        AtLeast(0),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "log.index.size.max.bytes",
        Int,
        "10485760",
        AtLeast(4),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "log.local.retention.bytes",
        Long,
        "-2",
        AtLeast(-2),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "log.local.retention.ms",
        Long,
        "-2",
        AtLeast(-2),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "log.message.timestamp.after.max.ms",
        Long,
        "3600000",
        AtLeast(0),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "log.message.timestamp.before.max.ms",
        Long,
        MAX,
        AtLeast(0),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "log.message.timestamp.type",
        Text,
        "CreateTime",
        OneOf(&["CreateTime", "LogAppendTime"]),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "log.preallocate",
        Boolean,
        "false",
        Any,
        Dynamic,
        DEFAULT_OF,
    ),
    row("log.retention.bytes", Long, "-1", Any, Dynamic, DEFAULT_OF),
    row(
        "log.retention.check.interval.ms",
        Long,
        "300000",
        AtLeast(1),
        AtStart,
        "How often segments are checked against retention.",
    ),
    row(
        "log.retention.hours",
        Int,
        "168",
        Any,
        AtStart,
        "Used where neither log.retention.ms nor .minutes is set.",
    ),
    null(
        "log.retention.minutes",
        Int,
        Any,
        AtStart,
        "Used where log.retention.ms is not set.",
    ),
    null("log.retention.ms", Long, AtLeast(-1), Dynamic, DEFAULT_OF),
    row(
        "log.roll.hours",
        Int,
        "168",
        AtLeast(1),
        AtStart,
        "Used where log.roll.ms is not set.",
    ),
    row(
        "log.roll.jitter.hours",
        Int,
        "0",
        AtLeast(0),
        AtStart,
        "Used where log.roll.jitter.ms is not set.",
    ),
    null("log.roll.jitter.ms", Long, AtLeast(0), Dynamic, DEFAULT_OF),
    null("log.roll.ms", Long, AtLeast(1), Dynamic, DEFAULT_OF),
    row(
        "log.segment.bytes",
        Int,
        "1073741824",
        AtLeast(1 << 20),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "log.segment.delete.delay.ms",
        Long,
        "60000",
        AtLeast(0),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "log.write.caching",
        Boolean,
        "false",
        Any,
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "max.connections",
        Int,
        "2147483647",
        AtLeast(1),
        AtStart,
        "Most client connections at a time; further ones are closed at once.",
    ),
    row(
        "max.incremental.fetch.session.cache.slots",
        Int,
        "1000",
        AtLeast(0),
        AtStart,
        "Most incremental fetch sessions kept.",
    ),
    row(
        "max.request.partition.size.limit",
        Int,
        "2000",
        AtLeast(1),
        AtStart,
        "Most partitions in one DescribeTopicPartitions response.",
    ),
    row(
        "message.max.bytes",
        Int,
        "1048588",
        AtLeast(0),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "min.insync.replicas",
        Int,
        "1",
        AtLeast(1),
        Dynamic,
        DEFAULT_OF,
    ),
    row(
        "node.id",
        Int,
        "1",
        AtLeast(0),
        AtStart,
        "This node's number. Chosen when a data directory is made and kept in its meta.properties; later starts accept no other.",
    ),
    row(
        "num.partitions",
        Int,
        "1",
        AtLeast(1),
        AtStart,
        "Partitions of topics that do not ask for a number.",
    ),
    row(
        "num.recovery.threads.per.data.dir",
        Int,
        "2",
        Between(1, 256),
        AtStart,
        "Threads that open and recover partitions at start.",
    ),
    row(
        "offset.metadata.max.bytes",
        Int,
        "4096",
        AtLeast(0),
        AtStart,
        "Longest text a consumer may attach to a committed offset.",
    ),
    row(
        "offsets.retention.check.interval.ms",
        Long,
        "600000",
        AtLeast(1),
        AtStart,
        "How often committed offsets are checked against offsets.retention.minutes.",
    ),
    row(
        "offsets.retention.minutes",
        Int,
        "10080",
        AtLeast(1),
        AtStart,
        "Committed offsets are forgotten this long after their group became empty.",
    ),
    row(
        "offsets.topic.num.partitions",
        Int,
        "50",
        AtLeast(1),
        AtStart,
        "Partitions of __consumer_offsets; fixed once the topic exists.",
    ),
    row(
        "offsets.topic.replication.factor",
        Short,
        "1",
        AtLeast(1),
        AtStart,
        "Replicas of __consumer_offsets; never more than there are nodes.",
    ),
    row(
        "offsets.topic.segment.bytes",
        Int,
        "104857600",
        AtLeast(1),
        AtStart,
        "Segment size of __consumer_offsets.",
    ),
    row(
        "process.roles",
        List,
        "broker,controller",
        Any,
        Derived,
        "What this node is. Always both on a single node.",
    ),
    row(
        "producer.id.expiration.ms",
        Int,
        "86400000",
        AtLeast(1),
        AtStart,
        "An idempotent producer that wrote nothing for this long is forgotten.",
    ),
    row(
        "remote.log.storage.system.enable",
        Boolean,
        "false",
        Only("false", "this build has no tiered storage"),
        AtStart,
        "Tiered storage. Always false here.",
    ),
    row(
        "socket.request.max.bytes",
        Int,
        "104857600",
        AtLeast(1),
        AtStart,
        "Largest request; a larger one closes the connection.",
    ),
    row(
        "unclean.leader.election.enable",
        Boolean,
        "false",
        Any,
        Dynamic,
        DEFAULT_OF,
    ),
];

/// The row of `name`.
pub fn broker_setting(name: &str) -> Option<&'static BrokerSetting> {
    BROKER_SETTINGS
        .binary_search_by(|setting| setting.definition.name.cmp(name))
        .ok()
        .and_then(|at| BROKER_SETTINGS.get(at))
}
