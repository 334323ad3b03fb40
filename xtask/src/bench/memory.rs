//! Fills free memory with page cache before a measurement, as it is on any server that has run for a while.
//!
//! A machine that was just started writes its files into memory nobody has touched. On a virtual machine each such page
//! is first fetched from the host: 2.5 CPU seconds per GiB here, charged to whoever writes, against 0.2 to 0.3 for pages
//! that the kernel takes from its own cache. That says nothing about a server, and it falls on one run and not on the
//! next, because free pages are handed back to the host behind the scenes.
//!
//! The filling is clean pages of a sparse file: they cost no disk, and the kernel drops them first when it needs memory.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result};

/// Memory left free: about what the kernel keeps free by itself on a machine whose cache is full.
const FREE_MIB: u64 = 512;
const BLOCK_BYTES: usize = 1 << 20;

/// The file whose pages fill the memory.
pub(crate) struct Filling {
    file: File,
    size_bytes: u64,
    at: u64,
}

impl Filling {
    /// A sparse file, twice as large as the memory, below `dir`.
    pub(crate) fn create(dir: &Path) -> Result<Self> {
        let path = dir.join("filling");
        let file = File::options()
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .open(&path)
            .with_context(|| path.display().to_string())?;
        let size_bytes = (2 * mib("MemTotal:")?) << 20;
        file.set_len(size_bytes)?;
        Ok(Self {
            file,
            size_bytes,
            at: 0,
        })
    }

    /// Reads on until hardly any memory is free.
    pub(crate) fn top_up(&mut self) -> Result<()> {
        let mut block = vec![0; BLOCK_BYTES];
        // Once round at most: what cannot be filled then is not to be had.
        for round in 0..self.size_bytes / BLOCK_BYTES as u64 {
            if round.is_multiple_of(64) && mib("MemFree:")? <= FREE_MIB {
                break;
            }
            self.file.read_exact_at(&mut block, self.at)?;
            self.at = (self.at + BLOCK_BYTES as u64) % self.size_bytes;
        }
        Ok(())
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
