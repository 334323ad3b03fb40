//! The coordinator's two times.
//!
//! Sessions and rebalances run on a time that only goes forward at its own pace: a clock that is set would drop
//! every member at once, or none for hours. Records carry the wall clock's time.

use std::sync::Arc;

use tokio::time::{Duration, Instant};

use crate::log::Clock;

/// Both times, in milliseconds since the epoch.
pub(crate) struct Timeline {
    clock: Arc<dyn Clock>,
    start_ms: i64,
    started: Instant,
}

impl Timeline {
    /// Both times begin at the wall clock's.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            start_ms: clock.now_ms(),
            started: Instant::now(),
            clock,
        }
    }

    /// The steady time.
    pub(crate) fn now_ms(&self) -> i64 {
        let passed_ms = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.start_ms.saturating_add(passed_ms)
    }

    /// The wall clock's time.
    pub(crate) fn wall_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// The moment of a steady time. One millisecond late rather than early.
    pub(crate) fn instant(&self, at_ms: i64) -> Instant {
        let passed_ms = u64::try_from(at_ms.saturating_sub(self.start_ms)).unwrap_or(0);
        // A day ahead is as good as for ever: the sleeper looks again.
        let ahead =
            Duration::from_millis(passed_ms).min(self.started.elapsed() + Duration::from_hours(24));
        self.started + ahead
    }
}
