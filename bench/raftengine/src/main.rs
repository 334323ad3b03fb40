//! TiKV's raft-engine under the load of `raftload`.
//!
//! One group, one writer: what has piled up goes into one batch, is written and, if asked for, synced in one call, as
//! TiKV's own writer does; this call waits for the disk. The engine has its defaults but for compression, which is off:
//! the payload does not compress, so it would only cost. An entry is a protobuf message of bytes, the first eight of which
//! are its index.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use protobuf::well_known_types::BytesValue;
use raft_engine::{Config, Engine, LogBatch, MessageExt, ReadableSize};
use raftload::{Log, Plan, Told};

/// The histogram in which it counts its syncs.
const SYNCS: &str = "raft_engine_sync_log_duration_seconds";
/// Its name for the group.
const REGION: u64 = 1;

fn main() -> ExitCode {
    raftload::program(|plan| Ok(Box::new(Theirs::open(plan)?)))
}

#[derive(Clone)]
struct Entries;

impl MessageExt for Entries {
    type Entry = BytesValue;

    fn index(entry: &BytesValue) -> u64 {
        let index = entry.value.first_chunk().copied();
        u64::from_le_bytes(index.unwrap_or_default())
    }
}

struct Theirs {
    engine: Engine,
    batch: LogBatch,
    entries: Vec<BytesValue>,
    payload: Vec<u8>,
    synced: bool,
}

impl Theirs {
    fn open(plan: &Plan) -> Result<Self> {
        let config = Config {
            dir: plan.dir.to_string_lossy().into_owned(),
            batch_compression_threshold: ReadableSize::kb(0),
            ..Config::default()
        };
        Ok(Self {
            engine: Engine::open(config)?,
            batch: LogBatch::default(),
            entries: Vec::new(),
            payload: raftload::random_bytes(plan.payload_bytes),
            synced: plan.synced,
        })
    }
}

impl Log for Theirs {
    fn append(&mut self, first: u64, count: u64, told: &Arc<Told>) -> Result<()> {
        let count = usize::try_from(count)?;
        while self.entries.len() < count {
            let mut entry = BytesValue::new();
            entry.set_value(self.payload.clone());
            self.entries.push(entry);
        }
        let entries = self.entries.get_mut(..count).context("entries")?;
        for (entry, index) in entries.iter_mut().zip(first..) {
            let place = entry.value.first_chunk_mut().context("payload too small")?;
            *place = index.to_le_bytes();
        }
        self.batch.add_entries::<Entries>(REGION, entries)?;
        self.engine.write(&mut self.batch, self.synced)?;
        told.complete(first + count as u64);
        Ok(())
    }

    fn syncs(&self) -> u64 {
        let families = prometheus::gather();
        let family = families.iter().find(|family| family.get_name() == SYNCS);
        family
            .and_then(|family| family.get_metric().first())
            .map_or(0, |metric| metric.get_histogram().get_sample_count())
    }
}
