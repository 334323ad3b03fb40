//! Index files, read without opening them for use.
//!
//! Invariants: the file is only read; a chain is followed only downwards, so a damaged one ends.
//! Format: docs/formats/rocketmq-index-file.md.

use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rocketmq::store::{
    INDEX_ENTRY_BYTES, INDEX_HEADER_BYTES, INDEX_SLOT_BYTES, IndexEntry, IndexHeader, IndexShape,
};

/// What RocketMQ makes unless it is told otherwise.
const USUAL: IndexShape = IndexShape {
    slots: 5_000_000,
    entries: 20_000_000,
};
/// Slots read at a time.
const SLOTS_READ: usize = 64 << 10;
/// Entries read at a time.
const PIECE_ENTRIES: usize = 4096;

/// An index file whose shape is known.
#[derive(Debug)]
pub(super) struct IndexFile {
    pub(super) path: PathBuf,
    file: File,
    pub(super) header: IndexHeader,
    pub(super) shape: IndexShape,
}

/// The shape of the files, which have one; `None` where no file tells.
pub(super) fn shape_of(paths: &[PathBuf]) -> io::Result<Option<IndexShape>> {
    for path in paths {
        if let Some(shape) = shape_told_by(path)? {
            return Ok(Some(shape));
        }
    }
    Ok(None)
}

/// Slots and entries are nowhere written down. Of those that make the file's length, the right ones are where the head's first
/// and last message are the first and last entry, and the last entry is the newest of its slot. Where a message has several
/// entries a neighbour may look right too; the one in which everything fits wins.
fn shape_told_by(path: &Path) -> io::Result<Option<IndexShape>> {
    let file = File::open(path)?;
    let len = file.metadata()?.len();
    if len == USUAL.file_bytes() {
        return Ok(Some(USUAL));
    }
    let Some(rest) = len.checked_sub(INDEX_HEADER_BYTES as u64) else {
        return Ok(None);
    };
    let header = read_header(&file)?;
    let words = rest / INDEX_SLOT_BYTES as u64;
    let entry_words = (INDEX_ENTRY_BYTES / INDEX_SLOT_BYTES) as u64;
    if header.count <= 1 || !rest.is_multiple_of(INDEX_SLOT_BYTES as u64) {
        return Ok(None);
    }
    let mut told = None;
    let mut slots = words % entry_words;
    while slots + u64::from(header.count) * entry_words <= words {
        let entries = u32::try_from((words - slots) / entry_words);
        let candidate = match (u32::try_from(slots), entries) {
            (Ok(slots), Ok(entries)) if slots > 0 => IndexShape { slots, entries },
            _ => IndexShape {
                slots: 0,
                entries: 0,
            },
        };
        if candidate.slots > 0 && is_told(&file, &header, candidate)? {
            if IndexFile::open(path, candidate)?.defect()?.is_none() {
                return Ok(Some(candidate));
            }
            told = told.or(Some(candidate));
        }
        slots += entry_words;
    }
    Ok(told)
}

fn is_told(file: &File, header: &IndexHeader, shape: IndexShape) -> io::Result<bool> {
    let last = read_entry(file, shape, header.count - 1)?;
    if last.physical_offset != header.end {
        return Ok(false);
    }
    let first = read_entry(file, shape, 1)?;
    let newest = read_slot(file, shape, shape.slot_of(last.hash))?;
    Ok(first.physical_offset == header.begin && newest == header.count - 1)
}

fn read_header(file: &File) -> io::Result<IndexHeader> {
    let mut bytes = [0; INDEX_HEADER_BYTES];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(IndexHeader::decode(&bytes))
}

fn read_entry(file: &File, shape: IndexShape, number: u32) -> io::Result<IndexEntry> {
    let mut bytes = [0; INDEX_ENTRY_BYTES];
    file.read_exact_at(&mut bytes, shape.entry_at(number))?;
    Ok(IndexEntry::decode(&bytes))
}

fn read_slot(file: &File, shape: IndexShape, slot: u32) -> io::Result<u32> {
    let mut bytes = [0; INDEX_SLOT_BYTES];
    file.read_exact_at(&mut bytes, shape.slot_at(slot))?;
    Ok(u32::from_be_bytes(bytes))
}

impl IndexFile {
    pub(super) fn open(path: &Path, shape: IndexShape) -> io::Result<Self> {
        let file = File::open(path)?;
        Ok(Self {
            header: read_header(&file)?,
            path: path.to_owned(),
            file,
            shape,
        })
    }

    /// Number behind the last entry: what the head says, as far as the file goes.
    pub(super) fn end(&self) -> u32 {
        self.header.count.min(self.shape.entries)
    }

    /// Entries from `from` on, at most a piece of them.
    pub(super) fn piece(&self, from: u32) -> io::Result<Vec<IndexEntry>> {
        let left = self.end().saturating_sub(from) as usize;
        let mut bytes = vec![0; left.min(PIECE_ENTRIES) * INDEX_ENTRY_BYTES];
        self.file
            .read_exact_at(&mut bytes, self.shape.entry_at(from))?;
        let (entries, _) = bytes.as_chunks();
        Ok(entries.iter().map(IndexEntry::decode).collect())
    }

    /// The entries of `hash`, newest first. Returns whether the chain was whole.
    pub(super) fn chain(
        &self,
        hash: i32,
        mut look: impl FnMut(&IndexEntry) -> ControlFlow<()>,
    ) -> io::Result<bool> {
        let mut number = read_slot(&self.file, self.shape, self.shape.slot_of(hash))?;
        let mut above = self.end();
        while number > 0 {
            if number >= above {
                return Ok(false);
            }
            let entry = read_entry(&self.file, self.shape, number)?;
            if entry.hash == hash && look(&entry).is_break() {
                return Ok(true);
            }
            (above, number) = (number, entry.previous);
        }
        Ok(true)
    }

    /// What is wrong with the file in itself: its entries' order, links, slots and head.
    pub(super) fn defect(&self) -> io::Result<Option<String>> {
        let mut slots = vec![0u32; self.shape.slots as usize];
        let (mut number, mut last) = (1, None);
        while number < self.end() {
            for entry in self.piece(number)? {
                if last.is_some_and(|last| entry.physical_offset < last)
                    || entry.physical_offset.0 < 0
                {
                    return Ok(Some(format!(
                        "entry {number} goes back to {}",
                        entry.physical_offset
                    )));
                }
                last = Some(entry.physical_offset);
                let slot = self.shape.slot_of(entry.hash) as usize;
                let newest = slots
                    .get_mut(slot)
                    .map(|newest| std::mem::replace(newest, number));
                if newest != Some(entry.previous) {
                    return Ok(Some(format!(
                        "entry {number} is linked to {}",
                        entry.previous
                    )));
                }
                number += 1;
            }
        }
        if self.header.count > self.shape.entries {
            return Ok(Some(format!(
                "its head counts {} entries",
                self.header.count
            )));
        }
        for (piece, wanted) in slots.chunks(SLOTS_READ).enumerate() {
            let first = u32::try_from(piece * SLOTS_READ).unwrap_or(u32::MAX);
            let mut bytes = vec![0; wanted.len() * INDEX_SLOT_BYTES];
            self.file
                .read_exact_at(&mut bytes, self.shape.slot_at(first))?;
            let (found, _) = bytes.as_chunks();
            let found = found.iter().map(|slot| u32::from_be_bytes(*slot));
            for (at, (found, newest)) in found.zip(wanted).enumerate() {
                if found != *newest {
                    let slot = piece * SLOTS_READ + at;
                    return Ok(Some(format!(
                        "slot {slot} leads to entry {found}, not {newest}"
                    )));
                }
            }
        }
        Ok(None)
    }
}
