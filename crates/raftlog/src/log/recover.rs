//! What is made of the files that an earlier life left.
//!
//! The walk begins at the last checkpoint, so its cost follows what may not have been durable, not the log's size. What is
//! accepted has been synced again first. Invariants: recovery only shortens; it never takes away what it can prove to have
//! been durable, and says so instead; done twice it gives the same.

use std::path::Path;
use std::sync::Arc;

use segment::{Chain, Disk, FoundSegment, cut_tail, scan_tail};

use super::SEGMENT_SUFFIX;
use crate::entry::{EntryKind, LogId};
use crate::error::RaftLogError;
use crate::frame::{Expect, FrameHeader, SegmentHeader};
use crate::index::{INDEX_SUFFIX, Indexes, Place};
use crate::report::{Cut, RecoveryReport};
use crate::state::{Checkpoint, StateFile};
use crate::walk::{Search, Walk};

/// What recovery found.
pub(super) struct Recovered {
    pub(super) found: Vec<FoundSegment>,
    /// The end, and what has to come there; `None`: the log has no beginning yet.
    pub(super) end: Option<Checkpoint>,
    pub(super) memberships: Vec<u64>,
    pub(super) report: RecoveryReport,
}

/// The work.
pub(super) struct Recovery<'a> {
    pub(super) dir: &'a Path,
    pub(super) disk: &'a Arc<dyn Disk>,
    pub(super) indexes: &'a Indexes,
    pub(super) state: &'a mut StateFile,
    pub(super) report: RecoveryReport,
    pub(super) memberships: Vec<u64>,
}

/// Where a walk ended.
struct End {
    /// The last segment that counts, as a place in the list.
    segment: usize,
    at: u64,
    expect: Option<Expect>,
    reason: Option<String>,
    bytes: u64,
}

impl Recovery<'_> {
    pub(super) fn run(mut self) -> Result<Recovered, RaftLogError> {
        self.sweep()?;
        // The chain takes the names that it finds for durable. One may be as new as the last moment before a crash.
        self.sync_dir()?;
        let mut found = Chain::scan(self.dir, SEGMENT_SUFFIX)?;
        self.drop_void(&mut found)?;
        if self.is_front_lost(&found)? {
            return self.begin_anew(found);
        }
        self.drop_purged(&mut found)?;
        if found.is_empty() {
            self.check_nothing_lost()?;
            return Ok(self.nothing());
        }
        let end = self.walk(&mut found)?;
        self.finish(found, end)
    }

    /// Removes what an interrupted change of a file left.
    fn sweep(&mut self) -> Result<(), RaftLogError> {
        let failed = |error| RaftLogError::io("list", self.dir, error);
        for entry in std::fs::read_dir(self.dir).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let is_left_over = path
                .extension()
                .is_some_and(|kind| kind == "deleted" || kind == "tmp");
            if is_left_over {
                remove_file(&path)?;
                self.report.files_removed += 1;
            }
        }
        Ok(())
    }

    /// Finishes an interrupted truncation: segments wholly behind the cut are void.
    fn drop_void(&mut self, found: &mut Vec<FoundSegment>) -> Result<(), RaftLogError> {
        let generations = self.state.state().generations();
        let mut void = Vec::new();
        for segment in found.iter() {
            if segment.base < generations.void_from {
                continue;
            }
            // One without a whole header is the walk's to judge.
            if let Some(header) = self.read_header(segment)?
                && !generations.allow(segment.base, header.expect.generation)
            {
                void.push(segment.clone());
            }
        }
        found.retain(|segment| void.iter().all(|gone| gone.base != segment.base));
        self.remove(&void)
    }

    fn read_header(&self, segment: &FoundSegment) -> Result<Option<SegmentHeader>, RaftLogError> {
        let path = segment.path(self.dir, SEGMENT_SUFFIX);
        let mut bytes = [0; crate::frame::SEGMENT_HEADER_BYTES];
        let read = std::fs::File::open(&path)
            .and_then(|file| std::os::unix::fs::FileExt::read_at(&file, &mut bytes, 0))
            .map_err(|error| RaftLogError::io("read", &path, error))?;
        let bytes = bytes.get(..read).unwrap_or_default();
        let Ok((header, _)) = SegmentHeader::decode(bytes) else {
            return Ok(None);
        };
        if header.log != self.state.state().log {
            let what = "the segment belongs to another log";
            return Err(RaftLogError::corrupt(&path, 0, what));
        }
        Ok(Some(header))
    }

    /// Whether a segment is missing before the first: each may lose its name as long as nothing in it is durable, an
    /// earlier one too.
    fn is_front_lost(&self, found: &[FoundSegment]) -> Result<bool, RaftLogError> {
        let Some(first) = found.first() else {
            return Ok(false);
        };
        let state = self.state.state();
        if state.purged.is_some() {
            return Ok(first.base > state.purged_next());
        }
        // One that begins a log follows nothing. One without a whole header is the walk's to judge.
        let header = self.read_header(first)?;
        Ok(header.is_some_and(|header| header.expect.link != 0))
    }

    /// Takes everything away that is behind a missing front, if nothing proves that the front was durable.
    fn begin_anew(self, found: Vec<FoundSegment>) -> Result<Recovered, RaftLogError> {
        let state = self.state.state();
        let (lost, durable) = (state.purged_next(), state.durable());
        let Some(first) = found.first() else {
            return Ok(self.nothing());
        };
        let path = first.path(self.dir, SEGMENT_SUFFIX);
        let reason = format!("no segment before it, though entry {lost} comes first");
        if durable.is_some() {
            let what = format!("{reason}, and later ones were durable");
            return Err(RaftLogError::corrupt(&path, 0, what));
        }
        let end = End {
            segment: 0,
            at: 0,
            expect: None,
            reason: Some(reason),
            bytes: found.first().map_or(0, |first| first.len_bytes),
        };
        self.refuse_loss(&path, lost, &end, found.get(1..).unwrap_or_default())?;
        self.remove_all(&path, end, &found)
    }

    /// Takes all segments away: no entry of theirs counts.
    fn remove_all(
        mut self,
        path: &Path,
        end: End,
        found: &[FoundSegment],
    ) -> Result<Recovered, RaftLogError> {
        let later = found.get(1..).unwrap_or_default();
        let bytes = end.bytes + later.iter().map(|one| one.len_bytes).sum::<u64>();
        let removed = self.report.files_removed;
        self.remove(found)?;
        self.report.files_removed = removed;
        self.report.cut = (bytes > 0).then(|| Cut {
            path: path.to_owned(),
            at: 0,
            bytes,
            reason: end.reason,
            segments_removed: later.len() as u64,
        });
        Ok(self.nothing())
    }

    /// Finishes an interrupted purge: segments wholly below the purge point go.
    fn drop_purged(&mut self, found: &mut Vec<FoundSegment>) -> Result<(), RaftLogError> {
        if self.state.state().purged.is_none() {
            return Ok(());
        }
        let purged_next = self.state.state().purged_next();
        let behind = found.partition_point(|segment| segment.base <= purged_next);
        let kept = found.split_off(behind.saturating_sub(1));
        let gone = std::mem::replace(found, kept);
        self.remove(&gone)
    }

    fn remove(&mut self, gone: &[FoundSegment]) -> Result<(), RaftLogError> {
        for segment in gone {
            remove_file(&segment.path(self.dir, SEGMENT_SUFFIX))?;
            remove_file(&segment.path(self.dir, INDEX_SUFFIX))?;
            self.indexes.remove(segment.base);
            self.report.files_removed += 1;
        }
        if !gone.is_empty() {
            self.sync_dir()?;
        }
        Ok(())
    }

    fn sync_dir(&self) -> Result<(), RaftLogError> {
        self.disk
            .sync_dir(self.dir)
            .map_err(|error| RaftLogError::io("sync", self.dir, error))
    }

    /// Without a segment: is that right?
    fn check_nothing_lost(&self) -> Result<(), RaftLogError> {
        let state = self.state.state();
        match state.durable() {
            Some(place) if place.at > 0 => {
                let path = segment::segment_path(self.dir, place.base, SEGMENT_SUFFIX);
                let what = "the file is missing";
                Err(RaftLogError::corrupt(&path, 0, what))
            }
            _ => Ok(()),
        }
    }

    fn nothing(mut self) -> Recovered {
        let state = self.state.state();
        let end = state.purged.as_ref().map(|purged| Checkpoint {
            expect: Expect {
                index: state.purged_next(),
                link: 0,
                term: purged.id.term,
                generation: state.generation,
            },
            base: 0,
            at: 0,
        });
        self.report.last = state.purged.as_ref().map(|purged| purged.id);
        Recovered {
            found: Vec::new(),
            end,
            memberships: Vec::new(),
            report: self.report,
        }
    }

    /// Where the walk begins: a place in the list, a byte, and what has to come there.
    fn beginning(
        &mut self,
        found: &[FoundSegment],
    ) -> Result<(usize, u64, Option<Expect>), RaftLogError> {
        let state = self.state.state();
        let purged_next = state.purged_next();
        let Some(place) = state.durable() else {
            return Ok((0, 0, None));
        };
        let path = segment::segment_path(self.dir, place.base, SEGMENT_SUFFIX);
        let Some(segment) = found.iter().position(|one| one.base == place.base) else {
            if place.at == 0 {
                // A segment that was begun and had nothing yet: the end is in the one before.
                return Ok((found.len().saturating_sub(1), 0, None));
            }
            let what = format!(
                "the file is missing; entry {} ended in it",
                place.expect.index - 1
            );
            return Err(RaftLogError::corrupt(&path, 0, what));
        };
        let len = found.get(segment).map_or(0, |one| one.len_bytes);
        if len < place.at {
            let what = format!("the file ends here; {} bytes of it were durable", place.at);
            return Err(RaftLogError::corrupt(&path, len, what));
        }
        self.check_headers(found.get(..=segment).unwrap_or_default(), place.at)?;
        let state = self.state.state();
        self.memberships = state
            .memberships
            .iter()
            .copied()
            .filter(|index| (purged_next..place.expect.index).contains(index))
            .collect();
        Ok((segment, place.at, Some(place.expect)))
    }

    /// The segments that the walk passes over are of this log, and have the names they should have; in the last of them it
    /// begins at `at`.
    fn check_headers(&self, passed: &[FoundSegment], at: u64) -> Result<(), RaftLogError> {
        let whole = passed.len().saturating_sub(usize::from(at == 0));
        for segment in passed.iter().take(whole) {
            let header = self.read_header(segment)?;
            if header.is_none_or(|header| header.expect.index != segment.base) {
                let path = segment.path(self.dir, SEGMENT_SUFFIX);
                let what = "the segment's header is not the one that was written";
                return Err(RaftLogError::corrupt(&path, 0, what));
            }
        }
        Ok(())
    }

    /// Walks from the beginning to the first frame that does not belong; sets the lengths of the segments on the way.
    fn walk(&mut self, found: &mut [FoundSegment]) -> Result<End, RaftLogError> {
        let (mut segment, mut at, mut expect) = self.beginning(found)?;
        let (log, generations) = (self.state.state().log, self.state.state().generations());
        let (indexes, memberships) = (self.indexes, &mut self.memberships);
        let mut walked = 0;
        loop {
            let Some(one) = found.get_mut(segment) else {
                unreachable!("the walk goes on only where there is a next segment")
            };
            let (base, path) = (one.base, one.path(self.dir, SEGMENT_SUFFIX));
            let mut on_frame = |header: &FrameHeader, at: u64| {
                let term = header.term;
                indexes.push(base, header.index, std::iter::once(Place { at, term }));
                if header.kind == EntryKind::Membership {
                    memberships.push(header.index);
                }
                walked += 1;
            };
            let mut walk = Walk {
                log,
                base,
                generations,
                expect,
                on_frame: &mut on_frame,
                is_foreign: false,
            };
            let tail = scan_tail(&path, at, &mut walk)?;
            expect = walk.expect;
            if walk.is_foreign {
                let what = "the segment belongs to another log";
                return Err(RaftLogError::corrupt(&path, 0, what));
            }
            one.len_bytes = tail.valid_len;
            let next = found.get(segment + 1).map(|next| next.base);
            if next.is_some() && next == expect.map(|expect| expect.index) && tail.valid_len > 0 {
                (segment, at) = (segment + 1, 0);
                continue;
            }
            self.report.entries_walked = walked;
            return Ok(End {
                segment,
                at: tail.valid_len,
                expect,
                reason: tail.reason,
                bytes: tail.cut_bytes,
            });
        }
    }

    /// Judges the end and cuts off what is behind it.
    fn finish(mut self, mut found: Vec<FoundSegment>, end: End) -> Result<Recovered, RaftLogError> {
        let later = found.split_off(end.segment + 1);
        let Some(last) = found.last().cloned() else {
            return Ok(self.nothing());
        };
        let path = last.path(self.dir, SEGMENT_SUFFIX);
        let purged_next = self.state.state().purged_next();
        // Nothing at all counts in a segment whose header does not.
        let expect = end.expect.unwrap_or_else(|| self.blank(last.base));
        let is_cut = end.bytes > 0 || !later.is_empty();
        let is_blank = self.is_new() && found.len() == 1 && expect.index <= last.base;
        if is_cut {
            // Where no entry is left, none may have been durable.
            let lost = expect.index.max(purged_next);
            self.refuse_loss(&path, if is_blank { 0 } else { lost }, &end, &later)?;
        }
        self.refuse_less_than_checkpoint(&path, expect.index, &end)?;
        if expect.index < purged_next {
            // All that is here was purged; a crash came before the segment behind it.
            self.remove(&found)?;
            self.remove(&later)?;
            return Ok(self.nothing());
        }
        if is_blank {
            // Nothing says where the first entry has to be.
            found.extend(later);
            return self.remove_all(&path, end, &found);
        }
        let mut place = Checkpoint {
            expect,
            base: last.base,
            at: end.at,
        };
        if is_cut
            && end.at > 0
            && expect.index == last.base
            && let Some(header) = self.read_header(&last)?
        {
            // No frame stays, so the header has to go too: it is from before this cut.
            (place.expect, place.at) = (header.expect, 0);
            if let Some(last) = found.last_mut() {
                last.len_bytes = 0;
            }
        }
        if is_cut {
            self.cut(&path, &place, end, &later)?;
        }
        self.report.last = self.last(&found, &expect);
        Ok(Recovered {
            found,
            end: Some(place),
            memberships: self.memberships,
            report: self.report,
        })
    }

    /// Nothing was ever purged, and no checkpoint says that an entry was durable.
    fn is_new(&self) -> bool {
        let state = self.state.state();
        state.purged.is_none() && state.durable().is_none()
    }

    /// The last entry before `expect`, or the purge point where there is none.
    fn last(&self, found: &[FoundSegment], expect: &Expect) -> Option<LogId> {
        let state = self.state.state();
        let is_empty = match &state.purged {
            Some(_) => expect.index <= state.purged_next(),
            None => found.first().is_none_or(|first| first.base == expect.index),
        };
        if is_empty {
            return state.purged.as_ref().map(|purged| purged.id);
        }
        let (term, index) = (expect.term, expect.index - 1);
        Some(LogId { term, index })
    }

    /// What has to come at the beginning of a segment of which nothing is known.
    fn blank(&self, base: u64) -> Expect {
        let purged = self.state.state().purged.as_ref();
        Expect {
            index: base,
            term: purged.map_or(0, |purged| purged.id.term),
            ..Expect::default()
        }
    }

    /// Fails if the log ends before the checkpoint.
    fn refuse_less_than_checkpoint(
        &self,
        path: &Path,
        next: u64,
        end: &End,
    ) -> Result<(), RaftLogError> {
        let durable = self.state.state().durable();
        if durable.is_none_or(|durable| next >= durable.expect.index) {
            return Ok(());
        }
        let reason = end.reason.as_deref().unwrap_or("zeros");
        let what = format!("{reason}; entry {next} and later ones were durable");
        Err(RaftLogError::corrupt(path, end.at, what))
    }

    /// Fails if something behind the end proves that what is missing there was durable.
    fn refuse_loss(
        &self,
        path: &Path,
        lost: u64,
        end: &End,
        later: &[FoundSegment],
    ) -> Result<(), RaftLogError> {
        let mut search = Search {
            lost,
            generations: self.state.state().generations(),
            proof: None,
        };
        let mut places = vec![(path.to_owned(), end.at)];
        places.extend(
            later
                .iter()
                .map(|segment| (segment.path(self.dir, SEGMENT_SUFFIX), 0)),
        );
        for (file, from) in places {
            scan_tail(&file, from, &mut search)?;
            if let Some((index, at)) = search.proof {
                let reason = end.reason.as_deref().unwrap_or("zeros");
                let what = format!(
                    "{reason}; entry {lost} was there and durable when entry {index} was written ({file}, byte {at})",
                    file = file.display()
                );
                return Err(RaftLogError::corrupt(path, end.at, what));
            }
        }
        Ok(())
    }

    /// Cuts durably: first the state says so, then the bytes go.
    fn cut(
        &mut self,
        path: &Path,
        place: &Checkpoint,
        end: End,
        later: &[FoundSegment],
    ) -> Result<(), RaftLogError> {
        let behind: u64 = later.iter().map(|segment| segment.len_bytes).sum();
        let memberships = self.memberships.clone();
        self.state.save(|state| {
            state.generation = state.generation.saturating_add(1);
            state.void_from = place.expect.index;
            if place.expect.index > state.purged_next() {
                state.checkpoint = Some(*place);
            }
            state.memberships = memberships;
        })?;
        cut_tail(path, place.at)?;
        self.indexes.cut(place.base, place.expect.index);
        let removed = self.report.files_removed;
        self.remove(later)?;
        self.report.files_removed = removed;
        self.report.cut = Some(Cut {
            path: path.to_owned(),
            at: place.at,
            bytes: end.bytes + behind,
            reason: end.reason,
            segments_removed: later.len() as u64,
        });
        Ok(())
    }
}

fn remove_file(path: &Path) -> Result<(), RaftLogError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(RaftLogError::io("remove", path, error))
        }
        _ => Ok(()),
    }
}
