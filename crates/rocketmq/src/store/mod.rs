//! RocketMQ's store: one commit log for all topics, a consume queue per topic and queue, an index by key.
//!
//! Invariants: what lies in the data root is what RocketMQ 5.5's file store would have written, byte for byte where the
//! content is determined; files of ours go into `.highwater/` at the root. The log is the truth: no queue and no index is
//! believed over it. Time comes from the `Clock` that is passed in.
//! Absent on purpose: sockets, a runtime, wire types, topic and group rules. Formats: docs/formats/rocketmq-*.md.
//! Reading order: `put`, `dispatch`, `get`, `recover`.

mod abort;
mod checkpoint;
mod commit_log;
mod consume_queue;
mod dispatch;
mod error;
mod files;
mod get;
mod ids;
mod index_file;
mod keep;
mod listener;
mod mark;
pub mod message;
mod put;
mod read_types;
mod rebuild;
mod recover;
mod report;
mod settings;
#[expect(clippy::module_inception, reason = "the type that the module is about")]
mod store;
mod trash;

pub use abort::ABORT;
pub use checkpoint::{CHECKPOINT, CHECKPOINT_BYTES, Checkpoint};
pub use commit_log::Ack;
pub use consume_queue::{PREFILL_SIZE, QueueUnit, UNIT_BYTES};
pub use dispatch::SCHEDULE_TOPIC;
pub use error::{Poisoned, PutError, ReadError, StoreError};
pub use ids::{Clock, ManualClock, PhysicalOffset, QueueOffset};
pub use index_file::{
    INDEX_ENTRY_BYTES, INDEX_HEADER_BYTES, INDEX_SLOT_BYTES, IndexEntry, IndexHeader, IndexShape,
};
pub use keep::Retained;
pub use listener::{NoListener, StoreListener};
pub use put::{Put, TOPIC_BYTES_MAX};
pub use read_types::{
    Access, Boundary, Everything, GetRequest, GetResult, GetStatus, MessageFilter, QueryKey,
    QueryRequest, QueryResult, TagCodes,
};
pub use rebuild::rebuild;
pub use recover::refuse_foreign;
pub use report::{LogFileReport, RecoveryReport};
pub use settings::{DiskUsage, Durability, StoreOptions, StoreSettings};
pub use store::{LOCK_FILE, OWN_DIR, Store, StoreState};

#[cfg(test)]
mod tests;
