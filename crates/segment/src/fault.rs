//! A disk that fails as told, for tests of this crate and of those above it.
//!
//! Faults are planned per kind of call: the n-th from now fails, or all from then on. What it
//! lets through goes to the real disk.

use std::fs::File;
use std::io::{self, IoSlice};
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::disk::{Disk, RealDisk, RingFate};

/// One thing that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Every write takes at most this many bytes.
    ShortWrites(usize),
    /// After this many more writes, all fail with the error number.
    WritesFail(u32, i32),
    /// After this many more allocations, all fail with the error number.
    AllocationsFail(u32, i32),
    /// The sync after this many more (of data or a directory) fails with the error number; the
    /// ones after that succeed, as they do on Linux.
    OneSyncFails(u32, i32),
    /// Every sync waits until the fault is lifted.
    SyncsHang,
}

/// The disk. Clone the `Arc` to plan faults while it is in use.
#[derive(Debug, Default)]
pub struct FaultyDisk {
    plan: Mutex<Plan>,
    lifted: parking_lot::Condvar,
}

#[derive(Debug, Default)]
struct Plan {
    faults: Vec<Fault>,
    syncs: u64,
}

impl FaultyDisk {
    /// A disk without faults yet.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Adds a fault.
    pub fn plan(&self, fault: Fault) {
        self.plan.lock().faults.push(fault);
    }

    /// Takes all faults away.
    pub fn lift(&self) {
        self.plan.lock().faults.clear();
        self.lifted.notify_all();
    }

    /// Syncs that were asked for so far.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.plan.lock().syncs
    }

    fn write_fate(&self, len: usize) -> io::Result<usize> {
        let mut allowed = len;
        for fault in &mut self.plan.lock().faults {
            match fault {
                Fault::ShortWrites(most) => allowed = allowed.min((*most).max(1)),
                Fault::WritesFail(left, errno) => count_down(left, *errno)?,
                _ => {}
            }
        }
        Ok(allowed)
    }

    fn sync_fate(&self) -> io::Result<()> {
        let mut plan = self.plan.lock();
        plan.syncs += 1;
        while plan.faults.contains(&Fault::SyncsHang) {
            self.lifted.wait(&mut plan);
        }
        let mut spent = None;
        for (index, fault) in plan.faults.iter_mut().enumerate() {
            if let Fault::OneSyncFails(left, errno) = fault
                && let Err(error) = count_down(left, *errno)
            {
                spent = Some((index, error));
            }
        }
        match spent {
            Some((index, error)) => {
                plan.faults.remove(index);
                Err(error)
            }
            None => Ok(()),
        }
    }
}

fn count_down(left: &mut u32, errno: i32) -> io::Result<()> {
    if *left == 0 {
        return Err(io::Error::from_raw_os_error(errno));
    }
    *left -= 1;
    Ok(())
}

impl Disk for FaultyDisk {
    fn write_at(&self, file: &File, parts: &[IoSlice<'_>], at: u64) -> io::Result<usize> {
        let total = parts.iter().map(|part| part.len()).sum();
        let allowed = self.write_fate(total)?;
        if allowed == total {
            return RealDisk.write_at(file, parts, at);
        }
        let bytes: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
        let bytes = bytes.get(..allowed).unwrap_or_default();
        RealDisk.write_at(file, &[IoSlice::new(bytes)], at)
    }

    fn sync_data(&self, file: &File) -> io::Result<()> {
        self.sync_fate()?;
        RealDisk.sync_data(file)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.sync_fate()?;
        RealDisk.sync_dir(dir)
    }

    fn allocate(&self, file: &File, from: u64, len: u64, keep_size: bool) -> io::Result<()> {
        for fault in &mut self.plan.lock().faults {
            if let Fault::AllocationsFail(left, errno) = fault {
                count_down(left, *errno)?;
            }
        }
        RealDisk.allocate(file, from, len, keep_size)
    }

    fn ring_write(&self, _at: u64, len: u32) -> RingFate {
        match self.write_fate(len as usize) {
            Ok(allowed) if allowed == len as usize => RingFate::Whole,
            Ok(allowed) => RingFate::Short(u32::try_from(allowed).unwrap_or(len)),
            Err(error) => RingFate::Fail(error.raw_os_error().unwrap_or(libc::EIO)),
        }
    }
}
