//! Compaction of the topics that ask for it, on a thread of its own: a pass over a large log takes its time.

use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::Broker;
use super::worker::{Stop, Worker};

pub(super) fn start(broker: &Arc<Broker>) -> io::Result<Worker> {
    let broker = Arc::downgrade(broker);
    Worker::start("kafka-cleaner", move |stop| run(&broker, stop))
}

fn run(broker: &Weak<Broker>, stop: &Stop) {
    loop {
        let Some(strong) = broker.upgrade() else {
            return;
        };
        let settings = strong.settings();
        drop(strong);
        let backoff_ms = u64::try_from(settings.cleaner_backoff_ms).unwrap_or(0);
        if stop.rest(Duration::from_millis(backoff_ms.max(1))) {
            return;
        }
        let Some(broker) = broker.upgrade() else {
            return;
        };
        clean_all(&broker, stop);
    }
}

/// Goes on until no log is due.
fn clean_all(broker: &Broker, stop: &Stop) {
    let memory_bytes = broker.settings().cleaner_memory_bytes;
    let memory_bytes = u64::try_from(memory_bytes).unwrap_or(0);
    while !stop.is_asked() {
        let now_ms = broker.clock().now_ms();
        let cleaned = broker
            .logs()
            .clean_dirtiest(memory_bytes, now_ms, &|| stop.is_asked());
        let Some(cleaned) = cleaned else { return };
        tracing::info!(
            log = %cleaned.tp,
            before_bytes = cleaned.before_bytes,
            after_bytes = cleaned.after_bytes,
            "log compacted"
        );
    }
}
