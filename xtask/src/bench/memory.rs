//! Fills free memory with page cache before a measurement, as it is on any server that has run for a while.
//!
//! A machine that was just started writes its files into memory nobody has touched. On a virtual machine each such page
//! is first fetched from the host: 2.5 CPU seconds per GiB here, charged to whoever writes, against 0.2 to 0.3 for pages
//! that the kernel takes from its own cache. That says nothing about a server, and it falls on one run and not on the
//! next, because free pages are handed back to the host behind the scenes.
//!
//! The filling is clean pages of a sparse file: they cost no disk, and the kernel takes them when it needs memory. They are
//! mapped, because a machine may hand idle pages that nobody maps back to its host by itself (DAMON does here).

use std::fs::{self, File};
use std::hint::black_box;
use std::path::Path;

use anyhow::{Context, Result};
use segment::{RandomFile, RandomForm};

/// Memory left free: about what the kernel keeps free by itself on a machine whose cache is full.
const FREE_MIB: u64 = 512;
const BLOCK_BYTES: usize = 64 << 20;
const PAGE_BYTES: usize = 4096;

/// The file whose pages fill the memory.
pub(crate) struct Filling {
    file: RandomFile,
    at: usize,
}

impl Filling {
    /// A sparse file, twice as large as the memory, below `dir`.
    pub(crate) fn create(dir: &Path) -> Result<Self> {
        let path = dir.join("filling");
        let size_bytes = (2 * mib("MemTotal:")?) << 20;
        File::create(&path)
            .and_then(|file| file.set_len(size_bytes))
            .with_context(|| path.display().to_string())?;
        let file = RandomFile::open(&path, RandomForm::Mmap, size_bytes)?;
        Ok(Self { file, at: 0 })
    }

    /// Reads on until hardly any memory is free.
    pub(crate) fn top_up(&mut self) -> Result<()> {
        let from = self.at;
        self.at = self.file.with_slice(|bytes| fill(bytes, from))??;
        Ok(())
    }
}

/// Reads pages from `at` on; where it stopped. Once round at most: what cannot be filled then is not to be had.
fn fill(bytes: &[u8], mut at: usize) -> Result<usize> {
    for _ in 0..bytes.len() / BLOCK_BYTES {
        if mib("MemFree:")? <= FREE_MIB {
            break;
        }
        let block = bytes.get(at..at + BLOCK_BYTES).unwrap_or_default();
        block.iter().step_by(PAGE_BYTES).for_each(|byte| {
            black_box(*byte);
        });
        at += BLOCK_BYTES;
        if at + BLOCK_BYTES > bytes.len() {
            at = 0;
        }
    }
    Ok(at)
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
