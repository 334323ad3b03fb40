//! Keeps free memory from going back to the host while something is measured.
//!
//! A virtual machine may hand its free memory back in blocks of 2 MiB, and fetch a page from the host again when somebody
//! first writes to it: 2.5 CPU seconds per GiB here, charged to whoever writes, against 0.2 to 0.4 for pages it has kept.
//! That says nothing about a server, and it falls on one run and not on the next. So all free memory is taken once, and
//! given back but for one page in each 2 MiB: what is free then is in pieces too small to be handed over.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use anyhow::{Context, Result};
use rustix::fs::{FallocateFlags, MemfdFlags};

/// Memory that is left alone.
const SPARED_MIB: u64 = 1536;
const BLOCK_BYTES: u64 = 2 << 20;
const PAGE_BYTES: u64 = 4096;

/// One page of each block; dropped, they are free again.
pub(crate) struct Kept {
    _pages: File,
}

impl Kept {
    /// Takes a minute or two: every page is fetched from the host once.
    pub(crate) fn take() -> Result<Self> {
        let pages = File::from(rustix::fs::memfd_create("kept", MemfdFlags::CLOEXEC)?);
        let blocks = (mib("MemAvailable:")?.saturating_sub(SPARED_MIB) << 20) / BLOCK_BYTES;
        pages.set_len(blocks * BLOCK_BYTES)?;
        let zeros = vec![0; 1 << 20];
        for at in (0..blocks * BLOCK_BYTES).step_by(zeros.len()) {
            pages.write_all_at(&zeros, at)?;
        }
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        for block in 0..blocks {
            rustix::fs::fallocate(&pages, flags, block * BLOCK_BYTES, BLOCK_BYTES - PAGE_BYTES)?;
        }
        Ok(Self { _pages: pages })
    }
}

/// A line of `/proc/meminfo`.
fn mib(name: &str) -> Result<u64> {
    let text = fs::read_to_string("/proc/meminfo")?;
    let kib = text.lines().find_map(|line| {
        line.strip_prefix(name)?
            .split_whitespace()
            .next()?
            .parse()
            .ok()
    });
    kib.map(|kib: u64| kib / 1024)
        .with_context(|| format!("no {name} in /proc/meminfo"))
}
