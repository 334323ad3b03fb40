//! Kafka's log on disk: record batches, partition logs, their indexes, producer state, checkpoints.
//!
//! Invariants: what lies in a partition's directory is what Kafka 4.3.1 would have written, byte for
//! byte where the content is determined; files of ours go into `.highwater/` at the data root. No
//! log content is trusted because an index says so. Time comes from the `Clock` that is passed in.
//! Absent on purpose: sockets, a runtime, wire types. Waiting is done with `std::task::Waker`.
//! Formats: docs/formats/.

pub mod batch;
pub mod builder;
pub mod checkpoints;
pub mod clean_shutdown;
pub mod compression;
mod config;
mod error;
mod ids;
mod index_file;
pub mod leader_epochs;
mod log_dir;
pub mod offset_index;
mod partition_log;
pub mod partition_metadata;
pub mod producer_snapshot;
pub mod producer_state;
pub mod record;
mod report;
pub(crate) mod small_file;
pub mod time_index;
mod trash;
pub mod txn_index;
pub mod validate;
pub mod varint;

pub use config::{Durability, LogConfig, TimestampType, TopicCompression};
pub use error::{AppendError, BatchDefect, Poisoned, ReadError, RecordError, StorageError};
pub use ids::{BadTopicId, Clock, KafkaOffset, ManualClock, TopicId, TopicPartition};
pub use log_dir::{
    CleanedLog, DELETE_DIR_SUFFIX, EpochOf, LogDescription, LogDir, LogDirOptions,
    METADATA_LOG_DIR, OWN_DIR, STRAY_DIR_SUFFIX,
};
pub use partition_log::{
    Access, Ack, AppendContext, Appended, Fetched, Isolation, PartitionLog, StopReason, TimedOffset,
};
pub use report::{Cut, FileReport, PartitionReport, Phase, RecoveryReport};
pub use validate::Origin;

#[cfg(test)]
mod tests;
