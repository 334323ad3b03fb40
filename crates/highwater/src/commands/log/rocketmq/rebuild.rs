//! Opens a store with the sizes its files have, to let it make queues and index anew.
//!
//! Delivery times of delayed messages are computed by RocketMQ's usual levels: other ones are not written down in a store.

use std::sync::Arc;

use anyhow::Result;
use rocketmq::store::{self, Clock, Durability, RecoveryReport, StoreOptions};
use segment::{EngineKind, EngineOptions, FlushOptions, FlushService, open_engine};

use super::store_dir::StoreDir;

struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        jiff::Timestamp::now().as_millisecond()
    }
}

pub(super) fn rebuild(dir: &StoreDir) -> Result<RecoveryReport> {
    let (engine, _) = open_engine(EngineKind::File, &EngineOptions::new(&dir.root));
    let flush = FlushService::start(FlushOptions::default());
    let mut options = StoreOptions::new(engine, flush, Arc::new(SystemClock));
    let settings = &mut options.settings;
    settings.durability = Durability::Disk;
    settings.prepared_files = 0;
    settings.commit_log_file_bytes = dir.log_file_bytes;
    settings.queue_file_bytes = dir.queue_file_bytes;
    settings.index_enabled = !dir.index.is_empty();
    if let Some(shape) = dir.index_shape {
        (settings.index_slots, settings.index_entries) = (shape.slots, shape.entries);
    }
    Ok(store::rebuild(&dir.root, options)?)
}
