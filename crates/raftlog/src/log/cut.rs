//! Taking entries away: at the end, where they conflict with a leader's, and at the front, where a snapshot covers them.
//!
//! Invariants: a cut is durable twice over before anything is accepted behind it: first the state says from where on
//! entries of older generations are void, then the bytes and the files are gone. The purge point is durable, and the last
//! membership that it passes is, before the first file goes. A crash at any step is finished by the next start.

use std::fs::OpenOptions;

use bytes::Bytes;
use segment::{Segment, SegmentError};

use super::{RaftLog, SEGMENT_SUFFIX, Shared};
use crate::entry::LogId;
use crate::error::RaftLogError;
use crate::frame::{Expect, SegmentHeader};
use crate::membership;
use crate::state::{Checkpoint, Marker, State, check_text};
use crate::walk::{SegmentSource, header_of};

use super::append::Writer;

impl RaftLog {
    /// Takes away all entries from `from` on, durably. Waits for the disk.
    ///
    /// # Errors
    /// `BelowCommit`: nothing happened. `Poisoned`, also where this fails half-way: the next start finishes it.
    pub fn truncate(&self, from: u64) -> Result<(), RaftLogError> {
        self.shared.truncate(from)
    }

    /// Takes away all entries up to `upto`, inclusive; whole segments only, and never the one that takes appends, but the
    /// entries are gone for readers at once. `upto` may lie above the last entry, where a snapshot was installed: the log
    /// is empty then and goes on behind it. At or below the last purge it does nothing. Waits for the disk.
    ///
    /// # Errors
    /// `TooLarge`: nothing happened. `Poisoned`. Files that cannot be removed are not an error.
    pub fn purge(&self, upto: LogId, text: Bytes) -> Result<(), RaftLogError> {
        check_text("a log id", &text)?;
        self.shared.purge(Marker { id: upto, text })
    }
}

impl Shared {
    fn truncate(&self, from: u64) -> Result<(), RaftLogError> {
        self.check_alive()?;
        let mut writer = self.writer.lock();
        if writer.appender.is_none() {
            return Err(RaftLogError::Closed);
        }
        let view = *self.view.read();
        let floor = view.first.max(view.committed_next.min(view.next));
        if from >= view.next {
            return Ok(());
        }
        if from < floor {
            return Err(RaftLogError::BelowCommit { from, floor });
        }
        // Whoever waits for an append gets an answer that was true; and what stays is durable.
        self.chain.flush_to(self.chain.marks().written)?;
        self.completions.quiesce();
        let place = self.place_before(from, view.first)?;
        let Some(generation) = writer.generation.checked_add(1) else {
            let why = "all generations are used up: copy the log into a new one";
            return Err(RaftLogError::corrupt(&self.dir, 0, why));
        };
        let mut kept = self.ledger.memberships().clone();
        kept.retain(|index| *index < from);
        self.ledger.save(
            |_| Ok(()),
            |state| {
                // Before anybody else may write a checkpoint: a higher one would say that what goes had been durable.
                self.completions.set_durable(place);
                state.generation = generation;
                state.void_from = from;
                state.checkpoint = Some(place);
                state.memberships.clone_from(&kept);
            },
        )?;
        writer.generation = generation;
        *self.ledger.memberships() = kept;
        writer.next = place.expect;
        writer.must_roll = false;
        self.hide(from, &place);
        let cut = self.cut_files(&mut writer, from, &place);
        self.poison_if_failed(cut)
    }

    /// The end of what stays when everything from `from` on goes.
    fn place_before(&self, from: u64, first: u64) -> Result<Checkpoint, RaftLogError> {
        if from > first {
            let (segment, at, header) = self.locate(from - 1)?;
            return Ok(Checkpoint {
                expect: header.after(),
                base: segment.base(),
                at: at + header.frame_bytes(),
            });
        }
        // Nothing stays. What the first entry has to fit is in its segment's header, or in the frame before it, which was
        // purged but is still there.
        let segment = self
            .chain
            .find(from)
            .ok_or_else(|| RaftLogError::corrupt(&self.dir, 0, format!("no entry {from}")))?;
        if segment.base() == from {
            let header = self.header(&segment)?;
            let (expect, base) = (header.expect, from);
            return Ok(Checkpoint {
                expect,
                base,
                at: 0,
            });
        }
        let (segment, at, header) = self.locate(from - 1)?;
        Ok(Checkpoint {
            expect: header.after(),
            base: segment.base(),
            at: at + header.frame_bytes(),
        })
    }

    fn header(&self, segment: &Segment) -> Result<SegmentHeader, RaftLogError> {
        let path = segment.path();
        let mut source = SegmentSource::new(segment);
        match header_of(&mut source) {
            Ok(Ok((header, _))) => Ok(header),
            Ok(Err(what)) => Err(RaftLogError::corrupt(&path, 0, what)),
            Err(error) => Err(RaftLogError::io("read", &path, error)),
        }
    }

    /// Takes entries from `from` on out of readers' sight.
    fn hide(&self, from: u64, place: &Checkpoint) {
        self.cache.lock().cut(from);
        let purged = self.purged_id();
        let mut view = self.view.write();
        view.next = from;
        view.last = if from > view.first {
            let term = place.expect.term;
            Some(LogId {
                term,
                index: from - 1,
            })
        } else {
            purged
        };
        view.changes += 1;
    }

    fn purged_id(&self) -> Option<LogId> {
        self.ledger
            .look(|state| state.purged.as_ref().map(|purged| purged.id))
    }

    /// Cuts the segment, takes the later ones away, and makes both durable.
    fn cut_files(
        &self,
        writer: &mut Writer,
        from: u64,
        place: &Checkpoint,
    ) -> Result<(), RaftLogError> {
        for segment in self.chain.segments() {
            if segment.base() > place.base {
                self.indexes.remove(segment.base());
            }
        }
        self.indexes.cut(place.base, from);
        let appender = writer.appender.as_mut().ok_or(RaftLogError::Closed)?;
        appender.truncate(place.base, place.at)?;
        let path = segment::segment_path(&self.dir, place.base, SEGMENT_SUFFIX);
        let failed = |error| RaftLogError::io("sync", &path, error);
        let file = OpenOptions::new().write(true).open(&path).map_err(failed)?;
        self.services.disk.sync_data(&file).map_err(failed)?;
        self.services
            .disk
            .sync_dir(&self.dir)
            .map_err(|error| RaftLogError::io("sync", &self.dir, error))
    }

    fn purge(&self, upto: Marker) -> Result<(), RaftLogError> {
        self.check_alive()?;
        let mut writer = self.writer.lock();
        if writer.appender.is_none() {
            return Err(RaftLogError::Closed);
        }
        let next = upto.id.index.saturating_add(1);
        if next <= self.ledger.look(State::purged_next) {
            return Ok(());
        }
        let view = *self.view.read();
        let is_all = next >= view.next;
        if !is_all && self.completions.durable_next() < next {
            self.chain.flush_to(self.chain.marks().written)?;
            self.completions.quiesce();
        }
        let kept = self.keep_membership(next);
        let kept = self.poison_if_failed(kept)?;
        *self.ledger.memberships() = kept;
        self.save_purge(&upto, is_all)?;
        self.show_purge(&upto, is_all);
        if is_all {
            // A later entry cannot follow what is in the last segment, unless it ends just there.
            let follows = writer.started && next == writer.next.index;
            writer.next = Expect {
                index: next,
                link: if follows { writer.next.link } else { 0 },
                term: upto.id.term,
                generation: writer.generation,
            };
            writer.started = true;
            writer.must_roll = self.chain.active().is_some_and(|last| last.base() < next);
            return self.start_anew(&mut writer);
        }
        let first = self.chain.find(next).map_or(next, |first| first.base());
        self.remove_segments(first)
    }

    /// Remembers the last membership below `next`; returns the indexes of those that stay in the log.
    fn keep_membership(&self, next: u64) -> Result<Vec<u64>, RaftLogError> {
        let all = self.ledger.memberships().clone();
        let (gone, kept): (Vec<u64>, Vec<u64>) = all.into_iter().partition(|index| *index < next);
        if let Some(index) = gone.last()
            && let Some(entry) = self.read(*index..*index + 1, 0)?.pop()
        {
            membership::write(&self.dir, &self.services.disk, &entry)?;
        }
        Ok(kept)
    }

    fn save_purge(&self, upto: &Marker, is_all: bool) -> Result<(), RaftLogError> {
        self.ledger.save(
            |_| Ok(()),
            |state| {
                state.purged = Some(upto.clone());
                self.ledger.add_checkpoint(state);
                if is_all {
                    state.checkpoint = None;
                }
            },
        )
    }

    fn show_purge(&self, upto: &Marker, is_all: bool) {
        let next = upto.id.index.saturating_add(1);
        self.cache.lock().purge(next);
        let mut view = self.view.write();
        (view.first, view.purged_next) = (next, next);
        if is_all {
            view.next = next;
            view.last = Some(upto.id);
        }
        view.committed_next = view.committed_next.max(next);
        view.changes += 1;
    }

    /// Begins a segment behind a purge of everything, so that the old ones can go.
    fn start_anew(&self, writer: &mut Writer) -> Result<(), RaftLogError> {
        let next = writer.next.index;
        match self.chain.flush_to(self.chain.marks().written) {
            // What found no space is purged: this is how there will be some.
            Ok(_) | Err(SegmentError::NoSpace { .. }) => self.completions.quiesce(),
            Err(error) => return self.poison_if_failed(Err(error.into())),
        }
        if writer.must_roll {
            let appender = writer.appender.as_mut().ok_or(RaftLogError::Closed)?;
            match appender.roll(next) {
                Ok(_) => writer.must_roll = false,
                // The next append tries again.
                Err(SegmentError::NoSpace { .. }) => return Ok(()),
                Err(error) => return self.poison_if_failed(Err(error.into())),
            }
        }
        let place = writer.checkpoint(&self.chain);
        self.completions.set_durable(place);
        self.remove_segments(next)
    }

    /// Removes the segments below the one with base `first`.
    pub(super) fn remove_segments(&self, first: u64) -> Result<(), RaftLogError> {
        let removed = match self.chain.remove_front(first) {
            Ok(removed) => removed,
            Err(error) => {
                tracing::warn!(dir = %self.dir.display(), %error, "purged files stay for now");
                return Ok(());
            }
        };
        for segment in removed {
            self.indexes.remove(segment.base);
        }
        Ok(())
    }
}
