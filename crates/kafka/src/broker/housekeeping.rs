//! The broker's clockwork: retention, checkpoints, files to be removed.
//!
//! One thread, woken when the next duty is due or when the broker closes. Intervals are read anew each time, so that
//! altered settings count at once. Durations here are the machine's, not the log's clock: nothing depends on them.

use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use serving::{Bell, Worker};

use super::Broker;

/// First retention pass after a start (Kafka's `log.initial.task.delay.ms`).
const FIRST_PASS: Duration = Duration::from_secs(30);
/// How often removed files are looked at.
const REAP_EVERY: Duration = Duration::from_secs(1);

/// After a crash the first checkpoint is taken at once: what was just recovered is not checked again by the next
/// start, however soon it comes.
pub(super) fn start(broker: &Arc<Broker>, after_crash: bool) -> io::Result<Worker> {
    let broker = Arc::downgrade(broker);
    Worker::start("kafka-keeper", Arc::default(), move |bell| {
        run(&broker, bell, after_crash);
    })
}

/// How long until each duty.
struct Due {
    retention: Duration,
    checkpoint: Duration,
}

fn run(broker: &Weak<Broker>, bell: &Bell, after_crash: bool) {
    let mut due = Due {
        retention: FIRST_PASS,
        checkpoint: FIRST_PASS,
    };
    if after_crash && let Some(broker) = broker.upgrade() {
        due.checkpoint(&broker);
    }
    while !bell.rest(Some(REAP_EVERY)) {
        let Some(broker) = broker.upgrade() else {
            return;
        };
        due.pass(&broker);
    }
}

impl Due {
    fn pass(&mut self, broker: &Broker) {
        let settings = broker.settings();
        let logs = broker.logs();
        let now_ms = broker.clock().now_ms();
        logs.reap(now_ms);
        self.retention = self.retention.saturating_sub(REAP_EVERY);
        if self.retention.is_zero() {
            self.retention = millis(settings.retention_check_interval_ms);
            let removed = logs.run_retention(now_ms);
            if removed > 0 {
                tracing::info!(bytes = removed, "retention removed segments");
            }
        }
        self.checkpoint = self.checkpoint.saturating_sub(REAP_EVERY);
        if self.checkpoint.is_zero() {
            self.checkpoint(broker);
        }
    }

    fn checkpoint(&mut self, broker: &Broker) {
        self.checkpoint = millis(broker.settings().recovery_point_interval_ms);
        if let Err(error) = broker.logs().checkpoint() {
            tracing::warn!(%error, "checkpoints were not written");
        }
    }
}

fn millis(interval_ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(interval_ms).unwrap_or(0)).max(REAP_EVERY)
}
