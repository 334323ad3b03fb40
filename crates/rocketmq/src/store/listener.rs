//! Who hears of messages that have become readable: the holder of waiting pulls.

use std::sync::Arc;

use super::consume_queue::QueueUnit;
use super::ids::QueueOffset;

/// Told by the dispatcher, in order of the log, after the units can be read.
///
/// Called on the dispatcher's thread: must not block.
pub trait StoreListener: Send + Sync {
    /// `units` were put at the end of a queue, which ends at `end` (exclusive) now.
    fn arrived(&self, topic: &Arc<str>, queue_id: i32, units: &[QueueUnit], end: QueueOffset);
}

/// Hears nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoListener;

impl StoreListener for NoListener {
    fn arrived(&self, _: &Arc<str>, _: i32, _: &[QueueUnit], _: QueueOffset) {}
}
