//! Consume queues: for each topic and queue a row of 20-byte units that name entries of the commit log.
//!
//! Invariants: unit `n` lies at byte `20 × n` of its queue, counted over its files; only the dispatcher adds units, in
//! order; readers see those below `end`. A queue costs about 150 bytes of memory while nobody reads or writes it: no
//! descriptor, no thread, no timer. Files are sparse and of full length from birth, as RocketMQ wants them.
//! Nothing in a queue is believed over the log: what a crash may have left is cut and dispatched again.
//! Format: docs/formats/rocketmq-consume-queue.md.

mod file_cache;
mod load;
mod queue;
mod table;
mod unit;

pub(crate) use load::Bound;
pub(crate) use queue::Queue;
pub(crate) use table::Queues;
pub use unit::{PREFILL_SIZE, QueueUnit, UNIT_BYTES};
