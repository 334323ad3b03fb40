//! Index files after an unclean stop: entries that can be believed are kept, everything else is made anew from them.
//!
//! RocketMQ deletes such files; here no more is lost than what had not reached the disk, and that is put in again from the
//! log. Invariants: entries are written in order of the log, so those that count are a prefix: none is zero, none goes
//! back, none lies at or above the dispatch mark. Slots, links and the head are computed from the kept entries; what lies
//! behind them is turned to zeros.

use std::fs::{File, OpenOptions};
use std::io;
use std::sync::Arc;

use super::super::error::StoreError;
use super::super::files::{self, read_full};
use super::super::ids::PhysicalOffset;
use super::file::IndexFile;
use super::header::{
    Header, INDEX_ENTRY_BYTES, INDEX_HEADER_BYTES, INDEX_SLOT_BYTES, IndexEntry, PREVIOUS_AT, Shape,
};
use super::set::IndexFiles;

const PIECE_ENTRIES: u32 = 4096;

/// What a recovery is told.
pub(crate) struct IndexState<'a> {
    /// Entries of messages at or above are cut: they are dispatched again.
    pub(crate) bound: PhysicalOffset,
    /// Entries of messages below are known to be complete and durable.
    pub(crate) indexed: PhysicalOffset,
    /// Entries of messages up to this store time are durable, in files that are full.
    pub(crate) synced_ms: i64,
    /// Store time of the message at an offset, from the log.
    pub(crate) store_time: &'a dyn Fn(PhysicalOffset) -> Option<i64>,
}

/// The entries of a file that count.
struct Prefix {
    /// Number of the first that does not.
    end: u32,
    last: PhysicalOffset,
    last_seconds: i32,
    stop: Stop,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stop {
    /// The file is full.
    Full,
    /// The next entry belongs to a message at or above the bound.
    Bound,
    /// The next entry was never written, or is damaged.
    Broken,
}

impl IndexFiles {
    /// Repairs what is there. Returns from which message on keys have to be put in again, and what was done.
    pub(crate) fn recover(
        &self,
        state: &IndexState<'_>,
    ) -> Result<(PhysicalOffset, Vec<String>), StoreError> {
        let files: Vec<_> = self.files.read().clone();
        let mut notes = Vec::new();
        let mut before: Option<Header> = None;
        for (index, file) in files.iter().enumerate() {
            let header = file.header();
            let is_last = index + 1 == files.len();
            let is_sealed = !is_last
                && header.count >= self.shape.entries
                && header.end_ms <= state.synced_ms
                && header.end < state.bound;
            if is_sealed {
                before = Some(header);
                continue;
            }
            let floor = before.map_or(PhysicalOffset(0), |before| before.end);
            let prefix = prefix_of(file, floor, state.bound)?;
            let (keep, from) = cut_of(file, &prefix, is_last, state)?;
            if keep.end <= 1 {
                files::remove(file.path())?;
                notes.push(format!(
                    "{}: no entry is left, removed",
                    file.path().display()
                ));
                self.drop_from(index, &files, &mut notes)?;
                return Ok((from, notes));
            }
            let header = self.rebuild(file, &keep, state)?;
            before = Some(header);
            if prefix.stop == Stop::Full && !is_last {
                continue;
            }
            notes.push(format!(
                "{}: {} entries kept, keys of messages from {from} on put in again",
                file.path().display(),
                keep.end - 1
            ));
            self.drop_from(index + 1, &files, &mut notes)?;
            return Ok((from, notes));
        }
        Ok((state.indexed.min(state.bound), notes))
    }

    /// Files from `first` on go: their messages are put in again.
    pub(super) fn drop_from(
        &self,
        first: usize,
        files: &[Arc<IndexFile>],
        notes: &mut Vec<String>,
    ) -> Result<(), StoreError> {
        for file in files.iter().skip(first) {
            files::remove(file.path())?;
            notes.push(format!(
                "{}: made again from the log",
                file.path().display()
            ));
        }
        self.files.write().truncate(first);
        files::sync_dir(&*self.disk, &self.dir)
    }

    /// Computes slots, links and head from the kept entries, and syncs the file.
    fn rebuild(
        &self,
        file: &IndexFile,
        keep: &Prefix,
        state: &IndexState<'_>,
    ) -> Result<Header, StoreError> {
        let path = file.path();
        let failed = |error| StoreError::io("rebuild", path, error);
        let shape = self.shape;
        let open = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(failed)?;
        files::zero_from(path, &open, shape.entry_at(keep.end), shape.file_bytes())
            .map_err(failed)?;
        let mut slots = vec![0u32; usize::try_from(shape.slots).unwrap_or(0)];
        let mut used_slots = 0;
        let mut first = None;
        walk(&open, shape, keep.end, |number, entry| {
            first = first.or(Some(*entry));
            let slot = usize::try_from(shape.slot_of(entry.hash)).unwrap_or(0);
            let Some(slot) = slots.get_mut(slot) else {
                return Ok(true);
            };
            used_slots += u32::from(*slot == 0);
            if entry.previous != *slot {
                let at = shape.entry_at(number) + PREVIOUS_AT;
                files::write_all_at(&*self.disk, &open, &slot.to_be_bytes(), at)?;
            }
            *slot = number;
            Ok(true)
        })
        .map_err(failed)?;
        self.write_slots(&open, &slots).map_err(failed)?;
        let old = file.header();
        let begin = first.map_or(old.begin, |first| first.physical_offset);
        let begin_ms = (state.store_time)(begin).unwrap_or(old.begin_ms);
        let about = begin_ms.saturating_add(i64::from(keep.last_seconds) * 1000);
        let header = Header {
            begin_ms,
            end_ms: (state.store_time)(keep.last).unwrap_or(about),
            begin,
            end: keep.last,
            used_slots,
            count: keep.end,
        };
        files::write_all_at(&*self.disk, &open, &header.encode(), 0).map_err(failed)?;
        self.disk.sync_data(&open).map_err(failed)?;
        file.set_header(header);
        Ok(header)
    }

    fn write_slots(&self, file: &File, slots: &[u32]) -> io::Result<()> {
        let mut at = INDEX_HEADER_BYTES as u64;
        for piece in slots.chunks(16 * 1024) {
            let wanted: Vec<u8> = piece.iter().flat_map(|slot| slot.to_be_bytes()).collect();
            let mut there = vec![0; wanted.len()];
            read_full(file, &mut there, at)?;
            if there != wanted {
                files::write_all_at(&*self.disk, file, &wanted, at)?;
            }
            at += (piece.len() * INDEX_SLOT_BYTES) as u64;
        }
        Ok(())
    }
}

/// What is kept of a prefix, and from which message on keys are put in again.
fn cut_of(
    file: &IndexFile,
    prefix: &Prefix,
    is_last: bool,
    state: &IndexState<'_>,
) -> Result<(Prefix, PhysicalOffset), StoreError> {
    let as_found = |from| {
        let keep = Prefix { ..*prefix };
        Ok((keep, from))
    };
    match prefix.stop {
        Stop::Bound => as_found(state.bound),
        // What its last message lacks is in the next file.
        Stop::Full if !is_last => as_found(prefix.last),
        _ if state.indexed > prefix.last => as_found(state.indexed.min(state.bound)),
        // The last message may lack some of its keys.
        _ => {
            let mut keep = Prefix {
                end: 1,
                last: PhysicalOffset(0),
                last_seconds: 0,
                stop: prefix.stop,
            };
            let failed = |error| StoreError::io("read", file.path(), error);
            let open = File::open(file.path()).map_err(failed)?;
            walk(&open, file.shape, prefix.end, |number, entry| {
                let is_before = entry.physical_offset < prefix.last;
                if is_before {
                    keep.end = number + 1;
                    keep.last = entry.physical_offset;
                    keep.last_seconds = entry.seconds;
                }
                Ok(is_before)
            })
            .map_err(failed)?;
            Ok((keep, prefix.last.min(state.bound)))
        }
    }
}

fn prefix_of(
    file: &IndexFile,
    floor: PhysicalOffset,
    bound: PhysicalOffset,
) -> Result<Prefix, StoreError> {
    let failed = |error| StoreError::io("read", file.path(), error);
    let open = File::open(file.path()).map_err(failed)?;
    let mut prefix = Prefix {
        end: 1,
        last: floor,
        last_seconds: 0,
        stop: Stop::Full,
    };
    walk(&open, file.shape, file.shape.entries, |number, entry| {
        let is_zero = *entry == IndexEntry::decode(&[0; INDEX_ENTRY_BYTES]);
        if is_zero || entry.physical_offset < prefix.last || entry.seconds < 0 {
            prefix.stop = Stop::Broken;
            return Ok(false);
        }
        if entry.physical_offset >= bound {
            prefix.stop = Stop::Bound;
            return Ok(false);
        }
        prefix.end = number + 1;
        prefix.last = entry.physical_offset;
        prefix.last_seconds = entry.seconds;
        Ok(true)
    })
    .map_err(failed)?;
    Ok(prefix)
}

/// Shows entries 1 up to `end` (exclusive) to `look`, until it says no.
fn walk(
    file: &File,
    shape: Shape,
    end: u32,
    mut look: impl FnMut(u32, &IndexEntry) -> io::Result<bool>,
) -> io::Result<()> {
    let mut bytes = vec![0; PIECE_ENTRIES as usize * INDEX_ENTRY_BYTES];
    let mut number = 1;
    while number < end {
        let len = read_full(file, &mut bytes, shape.entry_at(number))?;
        let (entries, _) = bytes.get(..len).unwrap_or_default().as_chunks();
        if entries.is_empty() {
            return Ok(());
        }
        for entry in entries {
            if number >= end || !look(number, &IndexEntry::decode(entry))? {
                return Ok(());
            }
            number += 1;
        }
    }
    Ok(())
}
