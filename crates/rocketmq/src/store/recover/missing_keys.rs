//! Keys that the index lacks though the log has their messages: RocketMQ loses them at a start after a crash.
//!
//! RocketMQ throws away index files that were in use and puts in again only what it dispatches again. What it leaves is whole
//! in itself, so the hole shows between files: a file begins behind the first message with keys that follows the end of the
//! file before. Invariants: only the index is changed; damage in the log ends the search in that file and no more.
//! Absent on purpose: holes within a file, which nobody makes.

use segment::{Position, scan_tail};

use super::super::commit_log::EntryFraming;
use super::super::error::StoreError;
use super::super::ids::PhysicalOffset;
use super::super::message::{self, Entry};
use super::{Recovery, log_files};

/// Messages without keys that are passed over in search of one that has some.
const KEYLESS_MAX: usize = 256;

impl Recovery<'_> {
    /// Puts in what the index lacks of messages below `upto`.
    pub(super) fn complete_index(&mut self, upto: PhysicalOffset) -> Result<(), StoreError> {
        let Some(index) = self.index.clone() else {
            return Ok(());
        };
        let next_keyed = |after| self.next_keyed(after);
        let Some(hole) = index.find_hole(upto, &next_keyed) else {
            return Ok(());
        };
        let from = hole.from.max(self.log_start());
        // Files that are made now are not among those that are known to be on the disk.
        self.checkpoint.index_ms = self.checkpoint.index_ms.min(hole.kept_ms);
        self.checkpoint.write(&**self.disk, self.root)?;
        let mut notes = Vec::new();
        index.drop_behind(&hole, &mut notes)?;
        self.put_keys(from, upto, &mut notes)?;
        index.sync(true)?;
        self.report.notes.push(format!(
            "the index had no keys of messages from {from} on, as after a crash of RocketMQ: put in again from the log"
        ));
        self.report.notes.extend(notes);
        Ok(())
    }

    /// The first message with keys behind the one at `after`, or in the whole log; `None` where none is to be seen soon.
    fn next_keyed(&self, after: Option<PhysicalOffset>) -> Option<PhysicalOffset> {
        let mut at = match after.filter(|after| *after >= self.log_start()) {
            Some(after) => self.behind(after),
            None => self.log_start(),
        };
        for _ in 0..KEYLESS_MAX {
            if at >= self.files_end() {
                return None;
            }
            let bytes = log_files::entry_bytes(&self.dir, &self.found, at);
            let entry = bytes.as_deref().map(message::decode);
            match entry {
                Some(Ok(entry)) if is_whole(&entry, at) => {
                    if has_keys(&entry) {
                        return Some(at);
                    }
                    at = at.plus(u64::from(entry.size_bytes()));
                }
                _ => at = self.next_file(at),
            }
        }
        None
    }

    fn behind(&self, at: PhysicalOffset) -> PhysicalOffset {
        match self.entry_at(at) {
            Some((size, _)) => at.plus(u64::from(size)),
            None => self.next_file(at),
        }
    }

    fn next_file(&self, at: PhysicalOffset) -> PhysicalOffset {
        let file_bytes = self.options.settings.commit_log_file_bytes;
        let base = at.position().0 / file_bytes * file_bytes;
        PhysicalOffset::from(Position(base + file_bytes))
    }

    /// Puts in the keys of the messages from `from` up to `upto` (exclusive).
    fn put_keys(
        &self,
        from: PhysicalOffset,
        upto: PhysicalOffset,
        notes: &mut Vec<String>,
    ) -> Result<(), StoreError> {
        let (from, upto) = (from.position().0, upto.position().0);
        let file_bytes = self.options.settings.commit_log_file_bytes;
        let files = self.found.iter();
        for file in files.filter(|file| file.base + file_bytes > from && file.base < upto) {
            let mut sink = |entry: &Entry<'_>| self.put_keys_of(entry, upto);
            let mut framing = EntryFraming::new(file.base, file_bytes, &mut sink);
            let path = file.path(&self.dir, "");
            let within = from.saturating_sub(file.base);
            let tail = scan_tail(&path, within, &mut framing)?;
            if let Some(error) = framing.failed.take() {
                return Err(error);
            }
            if !framing.is_full && file.base + tail.valid_len < upto {
                notes.push(format!(
                    "{}: the log cannot be read at {}, keys of messages behind it in this file are not in the index",
                    path.display(),
                    tail.valid_len
                ));
            }
        }
        Ok(())
    }

    fn put_keys_of(&self, entry: &Entry<'_>, upto: u64) -> Result<(), StoreError> {
        match (&self.index, entry.topic()) {
            (Some(index), Ok(topic)) if entry.physical_offset.position().0 < upto => {
                index.add(entry, topic, self.options.clock.now_ms())
            }
            _ => Ok(()),
        }
    }
}

/// As the walk that puts keys in sees it: a message it would not come to is no hole.
fn is_whole(entry: &Entry<'_>, at: PhysicalOffset) -> bool {
    entry.check_place(at).is_ok() && entry.check_body().is_ok()
}

fn has_keys(entry: &Entry<'_>) -> bool {
    let any = entry.visit_index_keys(|_| Err(()));
    entry.topic().is_ok() && any.is_err()
}
