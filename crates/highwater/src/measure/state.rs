//! The states of a file that the matrix tells apart: made, and then asked for from the kernel.
//!
//! | state | blocks on the disk | in the page cache | engine |
//! |---|---|---|---|
//! | `resident` | written (zeros, or the data) | all of it | made its pages ready |
//! | `cached` | written | all of it, clean | maps nothing yet |
//! | `fallocated` | reserved, never written | none of it | maps nothing yet |
//! | `hole` | none | none of it | maps nothing yet |
//! | `cold` | written | none of it | maps nothing yet |
//!
//! Invariants: a file is in its state when [`verify`] says so and not before; preparing is never part of a measured time.
//! `direct` keeps nothing in the page cache, so for its writes `resident` and `cached` mean `cold`.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use parking_lot::Mutex;
use rustix::fs::Advice;
use segment::engine::OpenSegment;
use segment::{Allocation, Disk, Engine, EngineKind, RealDisk, RingFate, SegmentSpec};
use std::sync::Arc;

use super::error::{Doing, MeasureError};
use crate::report::Residency;

/// A state of a file before a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// In the page cache, and the engine has made its pages ready.
    Resident,
    /// In the page cache, clean, mapped by nobody.
    Cached,
    /// Space reserved and never written.
    Fallocated,
    /// No space behind the file's length.
    Hole,
    /// On the disk and not in the page cache.
    Cold,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Resident,
        Self::Cached,
        Self::Fallocated,
        Self::Hole,
        Self::Cold,
    ];

    /// The name used in settings and ids.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Resident => "resident",
            Self::Cached => "cached",
            Self::Fallocated => "fallocated",
            Self::Hole => "hole",
            Self::Cold => "cold",
        }
    }

    /// The state in words, as part of a sentence.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Resident => {
                "all of it is in the page cache and the engine has made its pages ready"
            }
            Self::Cached => "all of it is in the page cache, clean, and nobody maps it",
            Self::Fallocated => "its space is reserved but was never written",
            Self::Hole => "it has a length and no space on the disk",
            Self::Cold => "it is on the disk and not in the page cache",
        }
    }

    /// What the state amounts to for the writes of an engine.
    pub(super) fn for_writes_by(self, kind: EngineKind) -> Self {
        match (self, kind) {
            (Self::Resident | Self::Cached, EngineKind::Direct) => Self::Cold,
            (state, _) => state,
        }
    }

    /// How space is taken to get there.
    fn space(self) -> Space {
        match self {
            Self::Fallocated => Space::Engine,
            Self::Hole => Space::Length,
            Self::Resident | Self::Cached | Self::Cold => Space::Zeros,
        }
    }

    fn wants_pages(self) -> Option<bool> {
        match self {
            Self::Resident | Self::Cached => Some(true),
            Self::Fallocated | Self::Hole | Self::Cold => Some(false),
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|state| state.name() == name);
        found.ok_or_else(|| {
            format!(
                "{name:?} is not a state; it is one of resident, cached, fallocated, hole, cold"
            )
        })
    }
}

/// Zeros are written in blocks of this size: it decides how large the folios of the page cache become, and so what a sync
/// of a mapped page costs.
pub(super) const ZERO_BLOCK_BYTES: usize = 64 * 1024;

/// The disk port under the measured engines: the system's calls, but space is taken as the wanted state has it.
#[derive(Debug, Default)]
pub(super) struct StateDisk {
    space: Mutex<Space>,
}

/// How space is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Space {
    /// As the engine wants it.
    #[default]
    Engine,
    /// Not at all: only the length is set.
    Length,
    /// Reserved, and zeros written and synced.
    Zeros,
}

impl StateDisk {
    /// From now on, for all engines.
    pub(super) fn take_space(&self, space: Space) {
        *self.space.lock() = space;
    }
}

impl Disk for StateDisk {
    fn write_at(&self, file: &File, parts: &[IoSlice<'_>], at: u64) -> io::Result<usize> {
        RealDisk.write_at(file, parts, at)
    }

    fn sync_data(&self, file: &File) -> io::Result<()> {
        RealDisk.sync_data(file)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        RealDisk.sync_dir(dir)
    }

    fn allocate(&self, file: &File, from: u64, len: u64, keep_size: bool) -> io::Result<()> {
        let space = *self.space.lock();
        match space {
            Space::Engine => RealDisk.allocate(file, from, len, keep_size),
            Space::Length if keep_size => Ok(()),
            Space::Length => file.set_len(from + len),
            Space::Zeros => {
                RealDisk.allocate(file, from, len, keep_size)?;
                // Another description of the same file: this one may be opened past the page cache.
                let path = format!("/proc/self/fd/{}", file.as_raw_fd());
                let file = OpenOptions::new().write(true).open(path)?;
                write_zeros(&file, from, len)?;
                file.sync_data()
            }
        }
    }

    fn ring_write(&self, at: u64, len: u32) -> RingFate {
        RealDisk.ring_write(at, len)
    }
}

fn write_zeros(file: &File, from: u64, len: u64) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    let zeros = vec![0; ZERO_BLOCK_BYTES];
    let mut at = from;
    while at < from + len {
        let want = usize::try_from(from + len - at).unwrap_or(usize::MAX);
        let zeros = zeros.get(..want).unwrap_or(&zeros);
        file.write_all_at(zeros, at)?;
        at += zeros.len() as u64;
    }
    Ok(())
}

/// A segment in a state, ready to be appended to from its start.
#[derive(Debug)]
pub(super) struct ForWriting {
    pub(super) open: OpenSegment,
    pub(super) watched: Watched,
    /// What the state amounts to for this engine.
    pub(super) state: State,
}

/// Makes a segment of `bytes` at `path` through an engine, in a state.
pub(super) fn for_writing(
    engine: &Arc<dyn Engine>,
    disk: &StateDisk,
    path: PathBuf,
    bytes: u64,
    state: State,
) -> Result<ForWriting, MeasureError> {
    let state = state.for_writes_by(engine.kind());
    let is_ready = state == State::Resident;
    let spec = SegmentSpec {
        capacity_bytes: bytes,
        allocation: Allocation::Whole,
        populate_ahead_bytes: if is_ready { bytes } else { 0 },
        ..SegmentSpec::default()
    };
    disk.take_space(state.space());
    let opened = engine.create(&path, &spec);
    disk.take_space(Space::Engine);
    let open = opened.doing("create", &path)?;
    let watched = Watched::open(path, bytes)?;
    // An engine that finds no room for all of a file begins with less.
    if watched
        .file
        .metadata()
        .doing("ask for the length of", &watched.path)?
        .len()
        < bytes
    {
        let full = io::ErrorKind::StorageFull.into();
        return Err(MeasureError::io("take space for", &watched.path, full));
    }
    watched.bring_into(state)?;
    if is_ready {
        open.reader.make_room().doing("make ready", &watched.path)?;
    }
    Ok(ForWriting {
        open,
        watched,
        state,
    })
}

/// A file whose pages are asked after. Removed on drop.
#[derive(Debug)]
pub(super) struct Watched {
    file: File,
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
}

impl Watched {
    pub(super) fn open(path: PathBuf, bytes: u64) -> Result<Self, MeasureError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&path)
            .doing("open", &path)?;
        Ok(Self { file, path, bytes })
    }

    /// Makes a file of `bytes` with data, reserved space or nothing in it, to be read.
    pub(super) fn make(path: PathBuf, bytes: u64, state: State) -> Result<Self, MeasureError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .doing("create", &path)?;
        // From here on it is removed again, whatever happens.
        let made = Self { file, path, bytes };
        let filled = match state {
            State::Hole => made.file.set_len(bytes),
            State::Fallocated => RealDisk.allocate(&made.file, 0, bytes, false),
            State::Resident | State::Cached | State::Cold => made.fill(),
        };
        filled.doing("write", &made.path)?;
        Ok(made)
    }

    /// Makes a file that is like what [`for_writing`] makes, for the bare calls beside an engine.
    pub(super) fn make_for_writing(
        path: PathBuf,
        bytes: u64,
        disk: &StateDisk,
        state: State,
    ) -> Result<Self, MeasureError> {
        let mut made = Self::make(path, 0, State::Hole)?;
        disk.take_space(state.space());
        let taken = disk.allocate(&made.file, 0, bytes, false);
        disk.take_space(Space::Engine);
        taken.doing("take space for", &made.path)?;
        made.bytes = bytes;
        made.bring_into(state)?;
        Ok(made)
    }

    /// Data that differs from block to block, so that no layer can keep one for all.
    fn fill(&self) -> io::Result<()> {
        use std::os::unix::fs::FileExt;
        let mut block: Vec<u8> = (0..1_u32 << 20).map(|at| at.to_le_bytes()[0]).collect();
        let mut at = 0;
        while at < self.bytes {
            if let Some(head) = block.first_chunk_mut::<8>() {
                *head = at.to_be_bytes();
            }
            let want = usize::try_from(self.bytes - at).unwrap_or(usize::MAX);
            let block = block.get(..want).unwrap_or(&block);
            self.file.write_all_at(block, at)?;
            at += block.len() as u64;
        }
        self.file.sync_all()
    }

    /// Brings the file's pages into a state; what an engine makes ready comes after.
    pub(super) fn bring_into(&self, state: State) -> Result<(), MeasureError> {
        match state.wants_pages() {
            Some(true) => self.read_all(),
            _ => self.drop_pages(),
        }
    }

    /// Reads what is not in the page cache.
    fn read_all(&self) -> Result<(), MeasureError> {
        use std::os::unix::fs::FileExt;
        let found = self.residency()?;
        if found.cached >= found.pages {
            return Ok(());
        }
        let mut sink = vec![0; 1 << 20];
        let mut at = 0;
        while at < self.bytes {
            match self.file.read_at(&mut sink, at).doing("read", &self.path)? {
                0 => break,
                n => at += n as u64,
            }
        }
        Ok(())
    }

    /// Writes dirty pages back and lets go of all. Mapped pages stay: no mapping may be left.
    fn drop_pages(&self) -> Result<(), MeasureError> {
        self.file.sync_data().doing("sync", &self.path)?;
        rustix::fs::fadvise(&self.file, 0, None, Advice::DontNeed)
            .doing("drop pages of", &self.path)
    }

    /// What the kernel holds of the file now.
    pub(super) fn residency(&self) -> Result<Residency, MeasureError> {
        let found =
            segment::residency(&self.file, 0..self.bytes).doing("ask for pages of", &self.path)?;
        Ok(Residency {
            pages: found.pages,
            cached: found.cached,
            dirty: found.dirty,
        })
    }

    pub(super) fn sync(&self) -> Result<(), MeasureError> {
        self.file.sync_data().doing("sync", &self.path)
    }

    /// The file itself, opened for reading and writing through the page cache.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    /// Space that the file has on the disk.
    fn blocks_bytes(&self) -> Result<u64, MeasureError> {
        let metadata = self
            .file
            .metadata()
            .doing("ask for the space of", &self.path)?;
        Ok(metadata.blocks() * 512)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // Left-overs go with the directory.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Is the file in the state? Says what the kernel holds, or what is wrong.
///
/// Memory file systems keep everything in the page cache, so `cold` and their like cannot be had there.
pub(super) fn verify(watched: &Watched, state: State) -> Result<Residency, MeasureError> {
    let found = watched.residency()?;
    let Residency { pages, cached, .. } = found;
    let wrong = match state.wants_pages() {
        Some(true) if cached < pages => {
            Some(format!("{cached} of {pages} pages are in the page cache"))
        }
        Some(false) if cached > 0 => Some(format!(
            "{cached} of {pages} pages are still in the page cache"
        )),
        _ => None,
    };
    let blocks = watched.blocks_bytes()?;
    let wrong = wrong.or_else(|| match state {
        State::Hole if blocks > 64 * 1024 => {
            Some(format!("it has {blocks} bytes of space on the disk"))
        }
        State::Hole => None,
        // A file system that compresses zeros, or promises space without taking it.
        _ if blocks < watched.bytes => {
            Some(format!("it has only {blocks} bytes of space on the disk"))
        }
        _ => None,
    });
    match wrong {
        Some(what) => Err(MeasureError::State(format!(
            "the state {state} was not reached: {what}"
        ))),
        None => Ok(found),
    }
}

/// After a cell: was the state lost meanwhile, so that something else was measured?
///
/// Only pages that were there can be lost to others; pages that a cell brought in are what was measured.
pub(super) fn verify_after(watched: &Watched, state: State) -> Result<Residency, MeasureError> {
    let found = watched.residency()?;
    let Residency { pages, cached, .. } = found;
    if state.wants_pages() == Some(true) && cached < pages {
        return Err(MeasureError::State(format!(
            "the state {state} was lost during the run: {cached} of {pages} pages are left in the page cache"
        )));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_is_reached_or_its_absence_told() {
        let dir = tempfile::tempdir().unwrap();
        for state in State::ALL {
            let path = dir.path().join(state.name());
            let watched = Watched::make(path.clone(), 1 << 20, state).unwrap();
            watched.bring_into(state).unwrap();
            match verify(&watched, state) {
                Ok(found) => {
                    assert_eq!(found.pages, 256);
                    assert_eq!(
                        found.cached,
                        if state.wants_pages() == Some(true) {
                            256
                        } else {
                            0
                        }
                    );
                }
                // On a memory file system.
                Err(MeasureError::State(why)) => assert!(why.contains(state.name()), "{why}"),
                Err(error) => panic!("{error}"),
            }
            // The opposite is never taken for it.
            let opposite = match state.wants_pages() {
                Some(true) => State::Cold,
                _ => State::Cached,
            };
            if verify(&watched, state).is_ok() {
                assert!(
                    matches!(verify(&watched, opposite), Err(MeasureError::State(_))),
                    "{state}"
                );
            }
            drop(watched);
            assert!(!path.exists());
        }
    }

    #[test]
    fn names_are_read_back() {
        for state in State::ALL {
            assert_eq!(state.name().parse(), Ok(state));
        }
        assert!(
            "warm"
                .parse::<State>()
                .unwrap_err()
                .contains("resident, cached")
        );
    }
}
