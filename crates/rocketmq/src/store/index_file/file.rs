//! One index file.
//!
//! Invariants: one writer; an entry is complete before its slot names it, so a reader that comes in between finds the chain
//! as it was. The head in the file follows the one in memory when [`IndexFile::write_header`] is called.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use segment::{RandomFile, RandomForm, SegmentError};

use super::super::error::StoreError;
use super::super::ids::PhysicalOffset;
use super::header::{Header, INDEX_ENTRY_BYTES, INDEX_HEADER_BYTES, IndexEntry, Shape};

#[derive(Debug)]
pub(super) struct IndexFile {
    path: PathBuf,
    pub(super) shape: Shape,
    header: Mutex<Header>,
    /// Open while it is the newest file.
    open: Mutex<Option<Arc<RandomFile>>>,
}

impl IndexFile {
    /// Makes a new file of full length.
    pub(super) fn create(path: &Path, shape: Shape, header: Header) -> Result<Self, StoreError> {
        let made = OpenOptions::new().write(true).create_new(true).open(path);
        made.and_then(|file| file.set_len(shape.file_bytes()))
            .map_err(|error| StoreError::io("create", path, error))?;
        let file = Self::new(path, shape, header);
        file.write_header()?;
        Ok(file)
    }

    /// Opens a file of full length.
    pub(super) fn load(path: &Path, shape: Shape) -> Result<Self, StoreError> {
        let file = Self::new(path, shape, Header::following(PhysicalOffset(0), 0));
        let mut bytes = [0; INDEX_HEADER_BYTES];
        file.for_reading()?.read_at(0, &mut bytes)?;
        file.set_header(Header::decode(&bytes));
        Ok(file)
    }

    fn new(path: &Path, shape: Shape, header: Header) -> Self {
        Self {
            path: path.to_owned(),
            shape,
            header: Mutex::new(header),
            open: Mutex::new(None),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn header(&self) -> Header {
        *self.header.lock()
    }

    pub(super) fn set_header(&self, header: Header) {
        *self.header.lock() = header;
    }

    pub(super) fn is_full(&self) -> bool {
        self.header().count >= self.shape.entries
    }

    /// The file, to be written; stays open.
    pub(super) fn for_writing(&self) -> Result<Arc<RandomFile>, SegmentError> {
        let mut open = self.open.lock();
        if let Some(file) = &*open {
            return Ok(Arc::clone(file));
        }
        let file = RandomFile::open(&self.path, RandomForm::Mmap, self.shape.file_bytes())?;
        let file = Arc::new(file);
        *open = Some(Arc::clone(&file));
        Ok(file)
    }

    /// The file, to be read; opened for the occasion unless it is open.
    fn for_reading(&self) -> Result<Arc<RandomFile>, SegmentError> {
        if let Some(file) = &*self.open.lock() {
            return Ok(Arc::clone(file));
        }
        let file = RandomFile::open(&self.path, RandomForm::File, self.shape.file_bytes())?;
        Ok(Arc::new(file))
    }

    /// Syncs, and closes.
    pub(super) fn seal(&self) -> Result<(), StoreError> {
        self.write_header()?;
        self.for_writing()?.flush()?;
        *self.open.lock() = None;
        Ok(())
    }

    /// Puts the head of memory into the file.
    pub(super) fn write_header(&self) -> Result<(), StoreError> {
        let bytes = self.header().encode();
        Ok(self.for_writing()?.write_at(0, &bytes)?)
    }

    /// Adds an entry. The caller has checked that there is room.
    pub(super) fn put(
        &self,
        hash: i32,
        physical_offset: PhysicalOffset,
        store_ms: i64,
    ) -> Result<(), StoreError> {
        let file = self.for_writing()?;
        let mut header = self.header();
        let slot_at = self.shape.slot_at(self.shape.slot_of(hash));
        let mut slot = [0; 4];
        file.read_at(slot_at, &mut slot)?;
        let newest = u32::from_be_bytes(slot);
        let previous = if newest < header.count { newest } else { 0 };
        let seconds = match header.begin_ms {
            begin if begin <= 0 => 0,
            begin => {
                i32::try_from(store_ms.saturating_sub(begin).max(0) / 1000).unwrap_or(i32::MAX)
            }
        };
        let entry = IndexEntry {
            hash,
            physical_offset,
            seconds,
            previous,
        };
        file.write_at(self.shape.entry_at(header.count), &entry.encode())?;
        file.write_at(slot_at, &header.count.to_be_bytes())?;
        if header.count <= 1 {
            (header.begin, header.begin_ms) = (physical_offset, store_ms);
        }
        header.used_slots += u32::from(previous == 0);
        header.count += 1;
        (header.end, header.end_ms) = (physical_offset, store_ms);
        self.set_header(header);
        Ok(())
    }

    /// Puts the messages under `hash` whose time may lie between `begin_ms` and `end_ms` (inclusive) behind `out`, newest
    /// first, until it holds `hits_max`.
    pub(super) fn find(
        &self,
        hash: i32,
        begin_ms: i64,
        end_ms: i64,
        hits_max: usize,
        out: &mut Vec<PhysicalOffset>,
    ) -> Result<(), StoreError> {
        let header = self.header();
        let file = self.for_reading()?;
        let mut slot = [0; 4];
        file.read_at(self.shape.slot_at(self.shape.slot_of(hash)), &mut slot)?;
        let mut at = u32::from_be_bytes(slot);
        // An entry that names itself or a later one is damage; entries of one slot go down.
        let mut below = header.count;
        while at > 0 && at < below && out.len() < hits_max {
            below = at;
            let entry = self.entry(&file, at)?;
            let from_ms = header
                .begin_ms
                .saturating_add(i64::from(entry.seconds) * 1000);
            // The second that an entry counts has begun a while before.
            let upto_ms = from_ms.saturating_add(999);
            if entry.hash == hash && upto_ms >= begin_ms && from_ms <= end_ms {
                out.push(entry.physical_offset);
            }
            if upto_ms < begin_ms {
                break;
            }
            at = entry.previous;
        }
        Ok(())
    }

    pub(super) fn entry(&self, file: &RandomFile, number: u32) -> Result<IndexEntry, StoreError> {
        let mut bytes = [0; INDEX_ENTRY_BYTES];
        file.read_at(self.shape.entry_at(number), &mut bytes)?;
        Ok(IndexEntry::decode(&bytes))
    }
}
