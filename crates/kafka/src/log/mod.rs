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
mod crc;
mod error;
mod ids;
pub mod leader_epochs;
pub mod partition_metadata;
pub mod producer_snapshot;
pub mod producer_state;
pub mod record;
pub(crate) mod small_file;
pub mod txn_index;
pub mod validate;
pub mod varint;

pub use config::{Durability, LogConfig, TimestampType, TopicCompression};
pub use crc::crc32c;
pub use error::{AppendError, BatchDefect, Poisoned, ReadError, RecordError, StorageError};
pub use ids::{BadTopicId, Clock, KafkaOffset, ManualClock, TopicId, TopicPartition};
