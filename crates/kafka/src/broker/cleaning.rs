//! Compaction of the topics that ask for it, on a thread of its own: a pass over a large log takes its time.

use std::io;
use std::sync::{Arc, Weak};
use std::time::Duration;

use serving::{Bell, Worker};

use super::Broker;

pub(super) fn start(broker: &Arc<Broker>) -> io::Result<Worker> {
    let broker = Arc::downgrade(broker);
    Worker::start("kafka-cleaner", Arc::default(), move |bell| {
        run(&broker, bell);
    })
}

fn run(broker: &Weak<Broker>, bell: &Bell) {
    loop {
        let Some(strong) = broker.upgrade() else {
            return;
        };
        let settings = strong.settings();
        drop(strong);
        let backoff_ms = u64::try_from(settings.cleaner_backoff_ms).unwrap_or(0);
        if bell.rest(Some(Duration::from_millis(backoff_ms.max(1)))) {
            return;
        }
        let Some(broker) = broker.upgrade() else {
            return;
        };
        clean_all(&broker, bell);
    }
}

/// Goes on until no log is due.
fn clean_all(broker: &Broker, bell: &Bell) {
    let memory_bytes = broker.settings().cleaner_memory_bytes;
    let memory_bytes = u64::try_from(memory_bytes).unwrap_or(0);
    while !bell.is_stopped() {
        let now_ms = broker.clock().now_ms();
        let cleaned = broker
            .logs()
            .clean_dirtiest(memory_bytes, now_ms, &|| bell.is_stopped());
        let Some(cleaned) = cleaned else { return };
        tracing::info!(
            log = %cleaned.tp,
            before_bytes = cleaned.before_bytes,
            after_bytes = cleaned.after_bytes,
            "log compacted"
        );
    }
}
