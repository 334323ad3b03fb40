//! Highwater's Raft log under the load, on one of its engines; with `--engine bare` no log at all.

mod bare;

use std::fs::File;
use std::io::{self, IoSlice};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Result, ensure};
use bytes::Bytes;
use raftload::{Log, Plan, Told};
use raftlog::{Ack, Entry, LogConfig, Logstore, LogstoreOptions, RaftLog, RaftLogError};
use segment::{Disk, EngineKind, RealDisk, RingFate};

fn main() -> ExitCode {
    raftload::program(|plan| match plan.engine.as_str() {
        "bare" => Ok(Box::new(bare::Bare::open(plan)?)),
        _ => Ok(Box::new(Ours::open(plan)?)),
    })
}

/// The log.
struct Ours {
    log: RaftLog,
    disk: Arc<CountingDisk>,
    payload: Bytes,
    entries: Vec<Entry>,
    /// Entries that may be under way; `None` at a rate.
    window: Option<u64>,
}

impl Ours {
    fn open(plan: &Plan) -> Result<Self> {
        let engine: EngineKind = plan.engine.parse()?;
        let disk = Arc::new(CountingDisk::default());
        let options = LogstoreOptions {
            engine,
            disk: Arc::clone(&disk) as Arc<dyn Disk>,
            ..LogstoreOptions::default()
        };
        let store = Logstore::open(&plan.dir, options)?;
        ensure!(
            store.engine().kind == engine,
            "{engine} does not work here: {}",
            store.engine().why
        );
        let config = LogConfig {
            ack: if plan.synced {
                Ack::Durable
            } else {
                Ack::Memory
            },
            ..LogConfig::default()
        };
        let (log, _) = store.open_log("group", config)?;
        Ok(Self {
            log,
            disk,
            payload: raftload::random_bytes(plan.payload_bytes).into(),
            entries: Vec::new(),
            window: (plan.rate == 0).then_some(plan.pending),
        })
    }
}

impl Ours {
    fn window_is(&self, count: u64) -> bool {
        self.window == Some(count)
    }
}

impl Log for Ours {
    fn append(&mut self, first: u64, count: u64, told: &Arc<Told>) -> Result<()> {
        let end = first + count;
        self.entries.clear();
        let entries = (first..end).map(|index| Entry::new(index, 1, self.payload.clone()));
        self.entries.extend(entries);
        if self.window_is(count) {
            // Nothing may follow before this is complete, so its owner has nothing to do but wait.
            self.log.append_and_wait(&self.entries)?;
            told.complete(end);
            return Ok(());
        }
        let told = Arc::clone(told);
        let done = move |result: Result<(), RaftLogError>| match result {
            Ok(()) => told.complete(end),
            Err(error) => told.fail(error.to_string()),
        };
        Ok(self.log.append(&self.entries, done)?)
    }

    fn syncs(&self) -> u64 {
        self.disk.syncs.load(Ordering::Relaxed)
    }
}

/// The disk, with its syncs counted.
#[derive(Debug, Default)]
struct CountingDisk {
    syncs: AtomicU64,
}

impl Disk for CountingDisk {
    fn write_at(&self, file: &File, parts: &[IoSlice<'_>], at: u64) -> io::Result<usize> {
        RealDisk.write_at(file, parts, at)
    }

    fn sync_data(&self, file: &File) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::Relaxed);
        RealDisk.sync_data(file)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        RealDisk.sync_dir(dir)
    }

    fn allocate(&self, file: &File, from: u64, len: u64, keep_size: bool) -> io::Result<()> {
        RealDisk.allocate(file, from, len, keep_size)
    }

    fn ring_write(&self, at: u64, len: u32) -> RingFate {
        RealDisk.ring_write(at, len)
    }
}
