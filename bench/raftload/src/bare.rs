//! What the disk gives without a log: the same payloads in one file, in space that was taken ahead, a write for each append
//! and a sync on the thread that made it. No headers, no checksums, no index, nobody who reads; but no zeros ahead either, so it
//! is a mark to read the logs by, not a bound.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use anyhow::{Context, Result};
use raftload::{Log, Plan, Told};
use segment::{Disk, RealDisk};

/// Space is taken in steps of this, as the log does.
const STEP_BYTES: u64 = 4 << 20;

/// The file.
pub(super) struct Bare {
    file: File,
    payload_bytes: usize,
    bytes: Vec<u8>,
    end: u64,
    allocated: u64,
    synced: bool,
    syncs: u64,
}

impl Bare {
    pub(super) fn open(plan: &Plan) -> Result<Self> {
        std::fs::create_dir_all(&plan.dir)?;
        let path = plan.dir.join("bare");
        let file = File::create(&path).with_context(|| path.display().to_string())?;
        RealDisk.sync_dir(&plan.dir)?;
        Ok(Self {
            file,
            payload_bytes: plan.payload_bytes,
            bytes: Vec::new(),
            end: 0,
            allocated: 0,
            synced: plan.synced,
            syncs: 0,
        })
    }
}

impl Log for Bare {
    fn append(&mut self, first: u64, count: u64, told: &Arc<Told>) -> Result<()> {
        let len = usize::try_from(count)? * self.payload_bytes;
        if self.bytes.len() < len {
            self.bytes = raftload::random_bytes(len);
        }
        let after = self.end + len as u64;
        while self.allocated < after {
            RealDisk.allocate(&self.file, self.allocated, STEP_BYTES, false)?;
            self.allocated += STEP_BYTES;
        }
        let bytes = self.bytes.get(..len).unwrap_or_default();
        self.file.write_all_at(bytes, self.end)?;
        self.end = after;
        if self.synced {
            RealDisk.sync_data(&self.file)?;
            self.syncs += 1;
        }
        told.complete(first + count);
        Ok(())
    }

    fn syncs(&self) -> u64 {
        self.syncs
    }
}
