//! The machine's clock, handed to everything that needs the time.

use std::time::{SystemTime, UNIX_EPOCH};

/// Wall-clock time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemClock;

fn now_ms() -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

impl kafka::log::Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        now_ms()
    }
}

impl rocketmq::store::Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        now_ms()
    }
}
