//! The settings of one partition log, typed, with Kafka's defaults and bounds beside each.
//!
//! Invariants: a `LogConfig` is valid once `validate` has passed; nothing here is text.
//! Absent on purpose: names, synonyms and documentation of the settings (the table in `config`).

use super::compression::Compression;

/// Which mark of a byte makes it acknowledged to `acks=all` producers and visible to readers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Durability {
    /// In the operating system's page cache: survives the process being killed.
    Os,
    /// Synced: survives power loss. The default.
    #[default]
    Disk,
}

/// Whose clock a topic's timestamps come from (`message.timestamp.type`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TimestampType {
    /// The producer's.
    #[default]
    CreateTime,
    /// The log's, stamped at append.
    LogAppendTime,
}

/// What `compression.type` asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum TopicCompression {
    /// Keep whatever the producer chose.
    #[default]
    Producer,
    /// Store with this codec, recompressing where the batch differs.
    Codec(Compression),
}

/// Every setting of a partition log that changes its files or its behaviour.
#[derive(Clone, PartialEq, Debug)]
pub struct LogConfig {
    /// `segment.bytes`. Default 1 GiB; a segment rolls before it would grow past this. Minimum 14
    /// (Kafka lists 1 MiB; smaller through `internal.segment.bytes`).
    pub segment_bytes: u32,
    /// `segment.ms`. Default 7 days, minimum 1: roll when batch times span more.
    pub segment_ms: i64,
    /// `segment.jitter.ms`. Default 0: at most this much is taken off `segment_ms`, by chance.
    pub segment_jitter_ms: i64,
    /// `segment.index.bytes`. Default 10 MiB, minimum 4: size limit of each index file.
    pub segment_index_bytes: u32,
    /// `index.interval.bytes`. Default 4096, minimum 0: log bytes between two index entries.
    pub index_interval_bytes: u32,
    /// `retention.ms`. Default 7 days; −1 keeps for ever.
    pub retention_ms: i64,
    /// `retention.bytes`. Default −1, no limit.
    pub retention_bytes: i64,
    /// `cleanup.policy` contains `delete`. Default true.
    pub cleanup_delete: bool,
    /// `cleanup.policy` contains `compact`. Default false.
    pub cleanup_compact: bool,
    /// `delete.retention.ms`. Default 1 day.
    pub delete_retention_ms: i64,
    /// `min.cleanable.dirty.ratio`. Default 0.5, 0 to 1.
    pub min_cleanable_dirty_ratio: f64,
    /// `min.compaction.lag.ms`. Default 0.
    pub min_compaction_lag_ms: i64,
    /// `max.compaction.lag.ms`. Default 2^63−1, minimum 1.
    pub max_compaction_lag_ms: i64,
    /// `file.delete.delay.ms`. Default 60 s: `.deleted` files stay this long.
    pub file_delete_delay_ms: i64,
    /// `flush.messages`. Default 2^63−1, minimum 1: at most this many records unsynced.
    pub flush_messages: i64,
    /// `flush.ms`. Default 2^63−1: unsynced for at most this long.
    pub flush_ms: i64,
    /// `max.message.bytes`. Default 1 048 588: largest batch, after compression.
    pub max_message_bytes: u32,
    /// `message.timestamp.type`. Default `CreateTime`.
    pub timestamp_type: TimestampType,
    /// `message.timestamp.before.max.ms`. Default 2^63−1: how old a record may be.
    pub timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`. Default 1 hour: how far ahead a record may be.
    pub timestamp_after_max_ms: i64,
    /// `compression.type`. Default `producer`.
    pub compression: TopicCompression,
    /// `compression.gzip.level`. Default −1 (the codec's own), else 1 to 9.
    pub gzip_level: i32,
    /// `compression.lz4.level`. Default 9, 1 to 17. Taken and shown; our encoder has one level.
    pub lz4_level: i32,
    /// `compression.zstd.level`. Default 3, −131072 to 22.
    pub zstd_level: i32,
    /// `min.insync.replicas`. Default 1.
    pub min_insync_replicas: u32,
    /// `preallocate`. Default false; space is reserved ahead of the tail in any case.
    pub preallocate: bool,
    /// `unclean.leader.election.enable`. Default false.
    pub unclean_leader_election: bool,
    /// From `write.caching`: true is `Os`, false (default) is `Disk`.
    pub durability: Durability,
}

const DAY_MS: i64 = 86_400_000;

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            segment_bytes: 1 << 30,
            segment_ms: 7 * DAY_MS,
            segment_jitter_ms: 0,
            segment_index_bytes: 10 << 20,
            index_interval_bytes: 4096,
            retention_ms: 7 * DAY_MS,
            retention_bytes: -1,
            cleanup_delete: true,
            cleanup_compact: false,
            delete_retention_ms: DAY_MS,
            min_cleanable_dirty_ratio: 0.5,
            min_compaction_lag_ms: 0,
            max_compaction_lag_ms: i64::MAX,
            file_delete_delay_ms: 60_000,
            flush_messages: i64::MAX,
            flush_ms: i64::MAX,
            max_message_bytes: 1_048_588,
            timestamp_type: TimestampType::CreateTime,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: 3_600_000,
            compression: TopicCompression::Producer,
            gzip_level: -1,
            lz4_level: 9,
            zstd_level: 3,
            min_insync_replicas: 1,
            preallocate: false,
            unclean_leader_election: false,
            durability: Durability::Disk,
        }
    }
}

impl LogConfig {
    /// How long a segment takes appends at most: records are compacted only once their segment is sealed.
    pub fn segment_ms_max(&self) -> i64 {
        if self.cleanup_compact {
            self.segment_ms.min(self.max_compaction_lag_ms)
        } else {
            self.segment_ms
        }
    }

    /// Refuses values the log cannot work with, naming the setting.
    ///
    /// # Errors
    /// The first setting out of bounds, as a sentence.
    pub fn validate(&self) -> Result<(), String> {
        let checks: [(bool, &str); 9] = [
            (
                (14..=0x7fff_ffff).contains(&self.segment_bytes),
                "segment.bytes must be 14 to 2147483647",
            ),
            (self.segment_ms >= 1, "segment.ms must be at least 1"),
            (
                self.segment_jitter_ms >= 0,
                "segment.jitter.ms must not be negative",
            ),
            (
                (4..=0x7fff_ffff).contains(&self.segment_index_bytes),
                "segment.index.bytes must be 4 to 2147483647",
            ),
            (self.retention_ms >= -1, "retention.ms must be at least -1"),
            (
                self.flush_messages >= 1,
                "flush.messages must be at least 1",
            ),
            (self.flush_ms >= 0, "flush.ms must not be negative"),
            (
                (0.0..=1.0).contains(&self.min_cleanable_dirty_ratio),
                "min.cleanable.dirty.ratio must be 0 to 1",
            ),
            (
                self.max_compaction_lag_ms >= 1,
                "max.compaction.lag.ms must be at least 1",
            ),
        ];
        match checks.iter().find(|(ok, _)| !ok) {
            Some((_, why)) => Err((*why).to_owned()),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_name_the_setting() {
        assert_eq!(LogConfig::default().validate(), Ok(()));
        let bad = LogConfig {
            segment_ms: 0,
            ..LogConfig::default()
        };
        assert!(bad.validate().is_err_and(|why| why.contains("segment.ms")));
        let bad = LogConfig {
            segment_bytes: 3,
            ..LogConfig::default()
        };
        assert!(
            bad.validate()
                .is_err_and(|why| why.contains("segment.bytes"))
        );
    }
}
