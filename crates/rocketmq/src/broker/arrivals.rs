//! Hears of messages that have become readable, and wakes who waits for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serving::Bell;

use super::holds::Holds;
use super::names::SCHEDULE_TOPIC;
use crate::store::{QueueOffset, QueueUnit, StoreListener};

#[derive(Debug)]
pub(crate) struct Arrivals {
    pub(crate) holds: Arc<Holds>,
    pub(crate) delays: Arc<Bell>,
    /// When the scheduler of delayed messages wakes by itself, ms.
    pub(crate) delays_wake_ms: AtomicI64,
}

impl Arrivals {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            holds: Arc::default(),
            delays: Arc::default(),
            delays_wake_ms: AtomicI64::new(i64::MAX),
        })
    }
}

impl StoreListener for Arrivals {
    fn arrived(&self, topic: &Arc<str>, queue_id: i32, units: &[QueueUnit], end: QueueOffset) {
        self.holds.arrived(topic, queue_id, units, end);
        if &**topic == SCHEDULE_TOPIC {
            let wakes_ms = self.delays_wake_ms.load(Ordering::Acquire);
            if units.iter().any(|unit| unit.tags_code < wakes_ms) {
                self.delays.ring();
            }
        }
    }
}
