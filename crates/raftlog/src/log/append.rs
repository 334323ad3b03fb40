//! Adding entries.
//!
//! Invariants: bytes are written before the index, the cache and the view know of them; an entry never spans two
//! segments; a segment begins with its header.

use std::io::IoSlice;
use std::ops::DerefMut;

use segment::{Appended, Appender, Mark, SegmentError};

use super::{RaftLog, Shared};
use crate::completions::Done;
use crate::entry::{Entry, EntryKind};
use crate::error::RaftLogError;
use crate::frame::{
    Expect, FRAME_ALIGN_BYTES, FRAME_HEADER_BYTES, FrameHeader, SEGMENT_HEADER_BYTES,
    SegmentHeader, frame_bytes,
};
use crate::index::Place;
use crate::state::Checkpoint;

/// Entries are encoded at their final place in pieces of this size; a larger entry is gathered.
const ENCODE_BYTES_MAX: u64 = 256 * 1024;

/// An append that goes on for at least half as much again sends this much to the disk ahead of the sync. Each time costs a
/// system call and a request to the device, which for less is more than what is gained.
const SEND_BYTES: u64 = 512 * 1024;

/// Where the sync of an append is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sync {
    /// On a thread of the directory.
    Elsewhere,
    /// On the caller's, which waits for it anyway.
    Here,
}

/// What appends need.
pub(crate) struct Writer {
    /// Gone when the log is closed.
    pub(crate) appender: Option<Appender>,
    pub(crate) next: Expect,
    /// The log has a beginning. Until then the first entry says where it is.
    pub(crate) started: bool,
    /// The next entry does not follow what is in the last segment.
    pub(crate) must_roll: bool,
    /// The generation of new frames.
    pub(crate) generation: u32,
}

impl RaftLog {
    /// Adds entries, which must follow the log. They can be read when this returns; `done` is called when they have
    /// reached the mark that the log acknowledges at, or never will. Callbacks are called in the order of the appends,
    /// usually on a thread that syncs: they must not block and must not call the log. Any number of appends may be under
    /// way; all that come while a sync runs share the next.
    ///
    /// This copies the entries into the page cache or a buffer and does not wait for the disk, as far as the system lets
    /// it. Where this fails, `done` is dropped, or was called with an error. Entries at or below the purge point are passed over: they are committed,
    /// and a snapshot covers them.
    ///
    /// # Errors
    /// `NotNext`, `TermWentBack`, `TooLarge`: nothing happened. `NoSpace`: see there. `Poisoned`, `Closed`.
    pub fn append(
        &self,
        entries: &[Entry],
        done: impl FnOnce(Result<(), RaftLogError>) + Send + 'static,
    ) -> Result<(), RaftLogError> {
        self.shared.append(entries, Box::new(done), Sync::Elsewhere)
    }

    /// Adds entries and waits until they are durable, or whatever else the log acknowledges. Where no sync of the log is under
    /// way, this thread makes it, so callbacks of other appends may run on it.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn append_and_wait(&self, entries: &[Entry]) -> Result<(), RaftLogError> {
        let (done, is_done) = std::sync::mpsc::sync_channel(1);
        let done = move |result| {
            // Nobody may be waiting any more; then nobody wants to know.
            let _ = done.send(result);
        };
        self.shared.append(entries, Box::new(done), Sync::Here)?;
        is_done.recv().unwrap_or(Err(RaftLogError::Closed))
    }

    /// Most bytes of an entry's payload.
    #[must_use]
    pub fn payload_bytes_max(&self) -> u64 {
        self.shared.payload_bytes_max()
    }
}

impl Shared {
    fn payload_bytes_max(&self) -> u64 {
        let fixed = (SEGMENT_HEADER_BYTES + FRAME_HEADER_BYTES + FRAME_ALIGN_BYTES) as u64;
        let most = self.config.segment_bytes.saturating_sub(fixed);
        most.min(u64::from(u32::MAX) - fixed)
    }

    fn append(&self, entries: &[Entry], done: Done, sync: Sync) -> Result<(), RaftLogError> {
        self.check_alive()?;
        let mut writer = self.writer.lock();
        if writer.appender.is_none() {
            return Err(RaftLogError::Closed);
        }
        let purged_next = self.view.read().purged_next;
        let skip = entries
            .iter()
            .take_while(|entry| entry.index < purged_next)
            .count();
        let entries = entries.get(skip..).unwrap_or_default();
        self.check(&writer, entries)?;
        if let Some(first) = entries.first()
            && !writer.started
        {
            writer.start_at(first.index);
            self.view.write().first = first.index;
        }
        self.write_all(&mut writer, entries)?;
        let after = writer.checkpoint(&self.chain);
        let end = self.chain.marks().written;
        self.completions.push(end, after, done);
        let ack = self.completions.ack();
        let asked = if sync == Sync::Here && ack == Mark::Durable {
            drop(writer);
            // The callback says what became of it, whoever cut or closed the log meanwhile.
            let _ = self.chain.flush_here_to(end);
            Ok(())
        } else {
            let asked = self.chain.request(ack, end);
            drop(writer);
            asked
        };
        if let Some(error) = self.chain.poisoned() {
            return Err(self.completions.poison(&error.into()));
        }
        self.completions.advance();
        // Want of space is met again by the service, which goes on trying; the callback tells of the end of that.
        match asked {
            Err(SegmentError::NoSpace { .. }) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Writes the entries piece by piece and tells readers of them.
    fn write_all(&self, writer: &mut Writer, entries: &[Entry]) -> Result<(), RaftLogError> {
        let is_synced = self.completions.ack() == Mark::Durable;
        let bytes = |entry: &Entry| frame_bytes(entry.payload.len());
        let mut left: u64 = entries.iter().map(bytes).sum();
        let mut rest = entries;
        let mut unsent: Option<Appended> = None;
        while !rest.is_empty() {
            let (appended, count) = self.write_some(writer, rest)?;
            let (now, later) = rest.split_at(count);
            self.publish(writer, &appended, now);
            rest = later;
            left = left.saturating_sub(appended.end.0 - appended.start.0);
            if !is_synced {
                continue;
            }
            // The disk works on what is written while the rest is encoded.
            let piece = match unsent.take() {
                Some(before) if before.segment.base() == appended.segment.base() => Appended {
                    end: appended.end,
                    ..before
                },
                _ => appended,
            };
            let len = piece.end.0 - piece.start.0;
            if len >= SEND_BYTES && left >= SEND_BYTES / 2 {
                piece.segment.begin_write_back(piece.at..piece.at + len);
            } else {
                unsent = Some(piece);
            }
        }
        Ok(())
    }

    fn check(&self, writer: &Writer, entries: &[Entry]) -> Result<(), RaftLogError> {
        let bytes_max = self.payload_bytes_max();
        let (mut expected, mut term) = (writer.next.index, writer.next.term);
        if !writer.started {
            expected = entries.first().map_or(expected, |first| first.index);
        }
        for entry in entries {
            if entry.index != expected || expected == u64::MAX {
                let got = entry.index;
                return Err(RaftLogError::NotNext { expected, got });
            }
            if entry.term < term {
                let (last, got) = (term, entry.term);
                return Err(RaftLogError::TermWentBack { last, got });
            }
            if entry.payload.len() as u64 > bytes_max {
                return Err(RaftLogError::TooLarge {
                    what: "an entry",
                    bytes: entry.payload.len() as u64,
                    bytes_max,
                });
            }
            (expected, term) = (expected + 1, entry.term);
        }
        Ok(())
    }

    /// Writes as many of the entries as fit into a segment and a piece; returns how many.
    fn write_some(
        &self,
        writer: &mut Writer,
        entries: &[Entry],
    ) -> Result<(Appended, usize), RaftLogError> {
        let first = entries
            .first()
            .map_or(0, |entry| frame_bytes(entry.payload.len()));
        self.make_place(writer, first)?;
        let durable_next = self.completions.durable_next();
        let generation = writer.generation;
        let appender = writer.appender.as_mut().ok_or(RaftLogError::Closed)?;
        let room = appender.remaining();
        let (mut count, mut bytes) = (0, 0);
        for entry in entries {
            let more = bytes + frame_bytes(entry.payload.len());
            if count > 0 && (more > room || more > ENCODE_BYTES_MAX) {
                break;
            }
            (count, bytes) = (count + 1, more);
        }
        let mut next = writer.next;
        let appended = if bytes > ENCODE_BYTES_MAX {
            append_large(appender, entries, &mut next, generation, durable_next)?
        } else {
            let len = usize::try_from(bytes).unwrap_or(usize::MAX);
            let mut slot = appender.reserve(len)?;
            let mut to = slot.deref_mut();
            for entry in entries.iter().take(count) {
                to = encode(to, entry, &mut next, generation, durable_next);
            }
            slot.commit(len)?
        };
        writer.next = next;
        Ok((appended, count))
    }

    /// Sees to a segment with a header and room for `bytes`.
    fn make_place(&self, writer: &mut Writer, bytes: u64) -> Result<(), RaftLogError> {
        let next = writer.next;
        let appender = writer.appender.as_mut().ok_or(RaftLogError::Closed)?;
        let is_full = |appender: &Appender| {
            let is_empty = self.chain.active().is_none_or(|active| active.is_empty());
            let header = if is_empty {
                SEGMENT_HEADER_BYTES as u64
            } else {
                0
            };
            appender.remaining() < bytes + header
        };
        if self.chain.segment_count() == 0 || writer.must_roll || is_full(appender) {
            appender.roll(next.index)?;
            if writer.must_roll {
                writer.must_roll = false;
                self.remove_segments(next.index)?;
            }
            self.completions.checkpoint_soon();
        }
        if self.chain.active().is_some_and(|active| active.is_empty()) {
            let header = SegmentHeader {
                log: self.log,
                expect: Expect {
                    generation: writer.generation,
                    ..next
                },
            };
            let (header, crc) = header.encode();
            appender.append(&[IoSlice::new(&header)])?;
            writer.next.link = crc;
            writer.next.generation = writer.generation;
        }
        Ok(())
    }

    /// Tells readers of entries that were written.
    fn publish(&self, writer: &mut Writer, appended: &Appended, entries: &[Entry]) {
        let base = appended.segment.base();
        let mut at = appended.at;
        let places = entries.iter().map(|entry| {
            let (begins, term) = (at, entry.term);
            at += frame_bytes(entry.payload.len());
            Place { at: begins, term }
        });
        let first = entries.first().map_or(0, |entry| entry.index);
        self.indexes.push(base, first, places);
        let mut cache = self.cache.lock();
        for entry in entries {
            if entry.kind == EntryKind::Membership {
                self.ledger.memberships().push(entry.index);
            }
            cache.push(entry.clone());
        }
        drop(cache);
        if let Some(last) = entries.last() {
            let mut view = self.view.write();
            view.last = Some(last.id());
            view.next = writer.next.index;
        }
    }
}

impl Writer {
    /// Begins the log.
    fn start_at(&mut self, index: u64) {
        self.started = true;
        self.next.index = index;
        self.next.generation = self.generation;
    }

    /// The place behind everything that is written.
    pub(super) fn checkpoint(&self, chain: &segment::Chain) -> Checkpoint {
        let active = chain.active();
        Checkpoint {
            expect: self.next,
            base: active.as_ref().map_or(0, |active| active.base()),
            at: active.as_ref().map_or(0, |active| active.len()),
        }
    }
}

/// Puts a frame at the beginning of `to`; returns what is left of it.
fn encode<'a>(
    to: &'a mut [u8],
    entry: &Entry,
    next: &mut Expect,
    generation: u32,
    durable_next: u64,
) -> &'a mut [u8] {
    let mut header = FrameHeader::of(entry, next, generation, durable_next);
    let len = usize::try_from(frame_bytes(entry.payload.len())).unwrap_or(usize::MAX);
    // The slot is as long as all frames together.
    let (frame, rest) = to.split_at_mut(len);
    header.put(&entry.payload, frame);
    *next = header.after();
    rest
}

/// Appends the first entry without copying it together first.
fn append_large(
    appender: &mut Appender,
    entries: &[Entry],
    next: &mut Expect,
    generation: u32,
    durable_next: u64,
) -> Result<Appended, RaftLogError> {
    let entry = entries.first().ok_or(RaftLogError::Closed)?;
    let mut header = FrameHeader::of(entry, next, generation, durable_next);
    let bytes = header.seal(&entry.payload);
    let padding = [0; FRAME_ALIGN_BYTES];
    let unpadded = FRAME_HEADER_BYTES + entry.payload.len();
    let missing = unpadded.next_multiple_of(FRAME_ALIGN_BYTES) - unpadded;
    let appended = appender.append(&[
        IoSlice::new(&bytes),
        IoSlice::new(&entry.payload),
        IoSlice::new(padding.get(..missing).unwrap_or_default()),
    ])?;
    *next = header.after();
    Ok(appended)
}
