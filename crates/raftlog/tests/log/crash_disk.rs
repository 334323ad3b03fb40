//! A disk that shows what a loss of power could leave, at any moment.
//!
//! Writes, stores into mappings and changes of a file's length reach the real files at once. What a file held when it was
//! last synced is remembered, and so are the names a directory had. An image takes each sector of a file from what is there
//! now or from what was synced, its length likewise, and each name from the directory as it is or as it was synced.
//! Invariant: what a returned sync covers is in every image.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, IoSlice};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use segment::{Disk, RealDisk, RingFate};

const SECTOR_BYTES: usize = 512;

type Inode = u64;

/// Called before each write and before and after each sync.
type Watch = Box<dyn FnMut(&Disks) + Send>;

/// The disk.
#[derive(Default)]
pub(crate) struct CrashDisk {
    disks: Mutex<Disks>,
    watch: Mutex<Option<Watch>>,
}

impl std::fmt::Debug for CrashDisk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CrashDisk")
    }
}

/// What would be there after a loss of power, come what may.
#[derive(Default)]
pub(crate) struct Disks {
    contents: HashMap<Inode, Vec<u8>>,
    names: HashMap<PathBuf, BTreeMap<OsString, Inode>>,
}

impl CrashDisk {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Has `watch` called at each event from now on.
    pub(crate) fn watch(&self, watch: impl FnMut(&Disks) + Send + 'static) {
        *self.watch.lock().unwrap() = Some(Box::new(watch));
    }

    /// Ends that.
    pub(crate) fn unwatch(&self) {
        *self.watch.lock().unwrap() = None;
    }

    /// An image of this moment.
    pub(crate) fn image(&self, from: &Path, to: &Path, seed: u64) {
        self.disks.lock().unwrap().image(from, to, seed);
    }

    fn event(&self) {
        // Taken out: only one event at a time is looked at, and others do not wait for it.
        let Some(mut watch) = self.watch.lock().unwrap().take() else {
            return;
        };
        watch(&self.disks.lock().unwrap());
        self.watch.lock().unwrap().get_or_insert(watch);
    }
}

impl Disks {
    /// Copies the directory `from` to `to` as a loss of power now could leave it; `seed` chooses how.
    pub(crate) fn image(&self, from: &Path, to: &Path, seed: u64) {
        let mut dice = Dice::new(seed);
        let manner = dice.below(5);
        self.copy_dir(from, to, manner, &mut dice);
    }

    fn copy_dir(&self, from: &Path, to: &Path, manner: u64, dice: &mut Dice) {
        fs::create_dir_all(to).unwrap();
        let now = names(from).unwrap_or_default();
        let synced = self.names.get(from).cloned().unwrap_or_default();
        let paths: HashMap<Inode, PathBuf> = now
            .iter()
            .map(|(name, inode)| (*inode, from.join(name)))
            .collect();
        let all: BTreeSet<&OsString> = now.keys().chain(synced.keys()).collect();
        for name in all {
            let takes_now = match manner {
                0 => true,
                1 => false,
                _ => dice.below(2) == 0,
            };
            let Some(inode) = (if takes_now { &now } else { &synced }).get(name) else {
                continue;
            };
            let path = paths.get(inode);
            if path.is_some_and(|path| path.is_dir()) {
                self.copy_dir(&from.join(name), &to.join(name), manner, dice);
                continue;
            }
            let synced = self.contents.get(inode).map_or(&[][..], Vec::as_slice);
            let now = path.and_then(|path| fs::read(path).ok());
            let content = match now {
                Some(now) => mix(&now, synced, manner, dice),
                None => synced.to_vec(),
            };
            fs::write(to.join(name), content).unwrap();
        }
    }
}

/// A file of sectors from here and there.
fn mix(now: &[u8], synced: &[u8], manner: u64, dice: &mut Dice) -> Vec<u8> {
    let sectors = now.len().max(synced.len()).div_ceil(SECTOR_BYTES);
    let chosen = dice.below(sectors as u64 + 1);
    let takes_now = |sector: usize, dice: &mut Dice| match manner {
        0 => true,
        1 => false,
        2 => (sector as u64) < chosen,
        3 => sector as u64 != chosen,
        _ => dice.below(2) == 0,
    };
    let len = if takes_now(usize::MAX, dice) {
        now.len()
    } else {
        synced.len()
    };
    let mut out = vec![0; len];
    for (sector, place) in out.chunks_mut(SECTOR_BYTES).enumerate() {
        let source = if takes_now(sector, dice) { now } else { synced };
        let from = source.get(sector * SECTOR_BYTES..).unwrap_or_default();
        let some = from.len().min(place.len());
        place[..some].copy_from_slice(&from[..some]);
    }
    out
}

fn names(dir: &Path) -> io::Result<BTreeMap<OsString, Inode>> {
    fs::read_dir(dir)?
        .map(|entry| {
            entry.map(|entry| (entry.file_name(), entry.metadata().map_or(0, |m| m.ino())))
        })
        .collect()
}

/// Marsaglia's xorshift.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit.max(1)
    }
}

impl Disk for CrashDisk {
    fn write_at(&self, file: &File, parts: &[IoSlice<'_>], at: u64) -> io::Result<usize> {
        self.event();
        RealDisk.write_at(file, parts, at)
    }

    fn sync_data(&self, file: &File) -> io::Result<()> {
        self.event();
        let inode = file.metadata()?.ino();
        // Through the path of the descriptor: it may be one for whole blocks only.
        let content = fs::read(format!("/proc/self/fd/{}", file.as_raw_fd()))?;
        self.disks.lock().unwrap().contents.insert(inode, content);
        self.event();
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.event();
        let names = names(dir)?;
        self.disks
            .lock()
            .unwrap()
            .names
            .insert(dir.to_owned(), names);
        self.event();
        Ok(())
    }

    fn allocate(&self, file: &File, from: u64, len: u64, keep_size: bool) -> io::Result<()> {
        RealDisk.allocate(file, from, len, keep_size)
    }

    fn ring_write(&self, _at: u64, _len: u32) -> RingFate {
        RingFate::Whole
    }
}
