//! Index files: where each entry of a segment lies.
//!
//! Derived, lazy and never trusted: positions of the newest entries are in memory and are written out in blocks; who
//! looks one up checks that the frame which lies there is the one that was wanted, and has the index made anew where it
//! is not. No file of these is ever synced, and losing them costs time only.
//! Format: docs/formats/raftlog.md.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Buf, BufMut};
use parking_lot::Mutex;
use segment::{Disk, segment_path};

/// What follows the 20 digits.
pub(crate) const INDEX_SUFFIX: &str = ".index";
/// Bytes of an entry.
pub(crate) const INDEX_ENTRY_BYTES: usize = 16;

/// Entries that are kept in memory before they are written: a page of them. An append now and then makes this write, so it
/// must be too small to be felt there.
const SPILL_ENTRIES: usize = 256;
/// Files that stay open.
const OPEN_FILES_MAX: usize = 8;

/// Where an entry lies in its segment, and its term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) at: u64,
    pub(crate) term: u64,
}

/// The indexes of a log's segments.
#[derive(Debug)]
pub(crate) struct Indexes {
    dir: PathBuf,
    disk: Arc<dyn Disk>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// The segment that the entries in memory belong to.
    base: u64,
    /// The index of the first of them.
    first: u64,
    newest: Vec<Place>,
    open: Vec<(u64, Arc<File>)>,
}

impl Indexes {
    pub(crate) fn new(dir: &Path, disk: &Arc<dyn Disk>) -> Self {
        Self {
            dir: dir.to_owned(),
            disk: Arc::clone(disk),
            inner: Mutex::default(),
        }
    }

    /// Adds the places of the entries from `first` on, which follow those added last or begin a segment anew.
    pub(crate) fn push(&self, base: u64, first: u64, places: impl Iterator<Item = Place>) {
        let mut inner = self.inner.lock();
        for (index, place) in (first..).zip(places) {
            let follows = inner.base == base && inner.first + inner.newest.len() as u64 == index;
            if !follows || inner.newest.len() >= SPILL_ENTRIES {
                self.spill(&mut inner);
                inner.base = base;
                inner.first = index;
            }
            inner.newest.push(place);
        }
    }

    /// Up to `most` places of the segment's entries from `index` on; fewer, or none, where no more are known. Takes memory for
    /// `most` of them.
    pub(crate) fn get(&self, base: u64, index: u64, most: usize) -> Vec<Place> {
        let mut inner = self.inner.lock();
        let mut places = Vec::new();
        if inner.base != base || index < inner.first {
            let first_in_memory = if inner.base == base {
                inner.first
            } else {
                u64::MAX
            };
            let in_file = usize::try_from(first_in_memory - index).unwrap_or(usize::MAX);
            let file = self.file(&mut inner, base, false);
            if let Ok(file) = file {
                drop(inner);
                places = read(&file, base, index, most.min(in_file)).unwrap_or_default();
                if places.len() < in_file {
                    return places;
                }
                inner = self.inner.lock();
            } else {
                return places;
            }
        }
        let next = index + places.len() as u64;
        if inner.base == base
            && let Some(skip) = next.checked_sub(inner.first)
            && let Some(newest) = inner
                .newest
                .get(usize::try_from(skip).unwrap_or(usize::MAX)..)
        {
            places.extend(newest.iter().take(most - places.len()));
        }
        places
    }

    /// Puts places that were found by walking into the segment's file.
    pub(crate) fn put(&self, base: u64, first: u64, places: &[Place]) {
        let mut inner = self.inner.lock();
        self.write(&mut inner, base, first, places);
    }

    /// Writes what is in memory.
    pub(crate) fn flush(&self) {
        let mut inner = self.inner.lock();
        self.spill(&mut inner);
    }

    /// Forgets the entries of a segment from `from` on.
    pub(crate) fn cut(&self, base: u64, from: u64) {
        let mut inner = self.inner.lock();
        if inner.base == base && from >= inner.first {
            let keep = usize::try_from(from - inner.first).unwrap_or(usize::MAX);
            inner.newest.truncate(keep);
            return;
        }
        inner.newest.clear();
        (inner.base, inner.first) = (base, from);
        if let Ok(file) = self.file(&mut inner, base, false) {
            let _ = file.set_len((from - base) * INDEX_ENTRY_BYTES as u64);
        }
    }

    /// Forgets a segment.
    pub(crate) fn remove(&self, base: u64) {
        let mut inner = self.inner.lock();
        if inner.base == base {
            inner.newest.clear();
        }
        inner.open.retain(|(open, _)| *open != base);
        drop(inner);
        // One that stays is overwritten when its segment's name is used again, and checked before it is believed.
        let _ = std::fs::remove_file(segment_path(&self.dir, base, INDEX_SUFFIX));
    }

    fn spill(&self, inner: &mut Inner) {
        let places = std::mem::take(&mut inner.newest);
        let (base, first) = (inner.base, inner.first);
        self.write(inner, base, first, &places);
        inner.first += places.len() as u64;
        inner.newest = places;
        inner.newest.clear();
    }

    fn write(&self, inner: &mut Inner, base: u64, first: u64, places: &[Place]) {
        if places.is_empty() {
            return;
        }
        let mut content = Vec::with_capacity(places.len() * INDEX_ENTRY_BYTES);
        for place in places {
            content.put_u64_le(place.at);
            content.put_u64_le(place.term);
        }
        let at = (first - base) * INDEX_ENTRY_BYTES as u64;
        let written = self
            .file(inner, base, true)
            .and_then(|file| self.disk.write_at(&file, &[IoSlice::new(&content)], at));
        if let Err(error) = written {
            // What is missing is found by walking the segment.
            tracing::warn!(dir = %self.dir.display(), base, %error, "index not written");
        }
    }

    fn file(&self, inner: &mut Inner, base: u64, create: bool) -> io::Result<Arc<File>> {
        if let Some(place) = inner.open.iter().position(|(open, _)| *open == base) {
            // The last one is the one used last.
            let found = inner.open.remove(place);
            let file = Arc::clone(&found.1);
            inner.open.push(found);
            return Ok(file);
        }
        let path = segment_path(&self.dir, base, INDEX_SUFFIX);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(create)
            .truncate(false)
            .open(path)?;
        let file = Arc::new(file);
        if inner.open.len() >= OPEN_FILES_MAX {
            inner.open.remove(0);
        }
        inner.open.push((base, Arc::clone(&file)));
        Ok(file)
    }
}

/// Reads at most `most` places, up to the first that is not there.
fn read(file: &File, base: u64, index: u64, most: usize) -> io::Result<Vec<Place>> {
    let at = (index - base) * INDEX_ENTRY_BYTES as u64;
    let mut content = vec![0; most * INDEX_ENTRY_BYTES];
    let mut filled = 0;
    while let Some(rest) = content.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, at + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    content.truncate(filled);
    Ok(content
        .chunks_exact(INDEX_ENTRY_BYTES)
        .map(|mut entry| Place {
            at: entry.get_u64_le(),
            term: entry.get_u64_le(),
        })
        .take_while(|place| place.at != 0)
        .collect())
}
