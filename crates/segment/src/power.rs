//! A disk whose power fails, for tests of this crate and of those above it.
//!
//! Writes go to the real files at once, so a process sees what it wrote. What has not been synced is
//! remembered together with what was there before, and [`PowerDisk::image`] copies a directory in a
//! state that a loss of power at that moment could leave: of each write since the last sync all,
//! nothing or a part; files without their newest bytes or with zeros in their place; and none of the
//! newest files whose names were never synced.
//! Invariant: what a returned sync covers is in every image.
//! Absent: stores into mappings and writes through a ring, which do not come by here.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, IoSlice};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use crate::disk::{Disk, RealDisk, RingFate};

/// Writes reach a disk in units of this size; a torn one ends between two of them.
const SECTOR_BYTES: u64 = 512;

/// The disk. Clone the `Arc` to take images while it is in use.
#[derive(Debug, Default)]
pub struct PowerDisk {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// By device and inode.
    files: HashMap<(u64, u64), Unsynced>,
    /// The names that were in a directory when it was last synced.
    names: HashMap<PathBuf, HashSet<OsString>>,
    sequence: u64,
}

/// What a file would lose.
#[derive(Debug, Default)]
struct Unsynced {
    synced_len: u64,
    writes: Vec<Write>,
}

#[derive(Debug)]
struct Write {
    sequence: u64,
    at: u64,
    len: u64,
    before: Vec<u8>,
}

impl PowerDisk {
    /// A disk that has lost nothing yet.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Copies the directory `from` to `to` as a loss of power now could leave it; `seed` chooses how. Files in it
    /// whose names end in `suffix` are those that this disk's chains write; all others are copied as they are.
    ///
    /// # Errors
    /// The system's, about reading the one and writing the other.
    pub fn image(&self, from: &Path, to: &Path, suffix: &str, seed: u64) -> io::Result<()> {
        // Held all along: the power fails at one moment.
        let state = self.state.lock();
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        state.copy_dir(from, to, suffix, &mut dice)
    }
}

impl State {
    fn copy_dir(&self, from: &Path, to: &Path, suffix: &str, dice: &mut Dice) -> io::Result<()> {
        fs::create_dir_all(to)?;
        let mut entries = fs::read_dir(from)?.collect::<io::Result<Vec<_>>>()?;
        // Segments are named in the order they were made: of new names, the last ones go.
        entries.sort_by_key(fs::DirEntry::file_name);
        let known = self.names.get(from);
        let mut lost = false;
        for entry in entries {
            let (name, path) = (entry.file_name(), entry.path());
            if entry.file_type()?.is_dir() {
                self.copy_dir(&path, &to.join(&name), suffix, dice)?;
                continue;
            }
            if !name.to_string_lossy().ends_with(suffix) {
                fs::copy(&path, to.join(&name))?;
                continue;
            }
            let is_synced = known.is_some_and(|known| known.contains(&name));
            lost |= !is_synced && dice.below(3) == 0;
            if is_synced || !lost {
                fs::write(to.join(&name), self.survivors(&path, dice)?)?;
            }
        }
        Ok(())
    }

    /// What is left of a file.
    fn survivors(&self, path: &Path, dice: &mut Dice) -> io::Result<Vec<u8>> {
        let about = fs::metadata(path)?;
        let mut bytes = fs::read(path)?;
        let Some(unsynced) = self.files.get(&(about.dev(), about.ino())) else {
            return Ok(bytes);
        };
        let mut end = unsynced.synced_len;
        for write in unsynced.writes.iter().rev() {
            let (from, to) = write.lost(dice);
            for at in from..to {
                let before = write.before.get(index(at - write.at)).copied();
                if let Some(byte) = bytes.get_mut(index(at)) {
                    *byte = before.unwrap_or(0);
                }
            }
            if from > write.at {
                end = end.max(from);
            }
            if to < write.at + write.len {
                end = end.max(write.at + write.len);
            }
        }
        // The file's size is a write like any other.
        if dice.below(2) == 0 {
            bytes.truncate(index(end));
        }
        Ok(bytes)
    }
}

impl Write {
    /// The range that did not make it: nothing, all, or from or up to the edge of a sector.
    fn lost(&self, dice: &mut Dice) -> (u64, u64) {
        let end = self.at + self.len;
        let sectors = self.len / SECTOR_BYTES + 2;
        let edge = (self.at / SECTOR_BYTES + dice.below(sectors)) * SECTOR_BYTES;
        let edge = edge.clamp(self.at, end);
        match dice.below(4) {
            0 => (end, end),
            1 => (self.at, end),
            2 => (edge, end),
            _ => (self.at, edge),
        }
    }
}

fn index(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// Marsaglia's xorshift.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit.max(1)
    }
}

impl Disk for PowerDisk {
    fn write_at(&self, file: &File, parts: &[IoSlice<'_>], at: u64) -> io::Result<usize> {
        let mut state = self.state.lock();
        let about = file.metadata()?;
        let total: usize = parts.iter().map(|part| part.len()).sum();
        let mut before = vec![0; total];
        let known = file.read_at(&mut before, at)?;
        before.truncate(known);
        let written = RealDisk.write_at(file, parts, at)?;
        state.sequence += 1;
        let sequence = state.sequence;
        let unsynced = state.files.entry((about.dev(), about.ino())).or_default();
        if about.len() == 0 {
            // A new file, perhaps on the inode of one that is gone.
            *unsynced = Unsynced::default();
        }
        unsynced.writes.push(Write {
            sequence,
            at,
            len: written as u64,
            before,
        });
        Ok(written)
    }

    fn sync_data(&self, file: &File) -> io::Result<()> {
        let about = file.metadata()?;
        let upto = self.state.lock().sequence;
        // What is written while a sync runs may come too late for it.
        std::thread::yield_now();
        let mut state = self.state.lock();
        if let Some(unsynced) = state.files.get_mut(&(about.dev(), about.ino())) {
            unsynced.synced_len = unsynced.synced_len.max(about.len());
            unsynced.writes.retain(|write| write.sequence > upto);
        }
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        let names = fs::read_dir(dir)?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<io::Result<_>>()?;
        state.names.insert(dir.to_owned(), names);
        Ok(())
    }

    fn allocate(&self, file: &File, from: u64, len: u64, keep_size: bool) -> io::Result<()> {
        RealDisk.allocate(file, from, len, keep_size)
    }

    fn ring_write(&self, _at: u64, _len: u32) -> RingFate {
        RingFate::Whole
    }
}
