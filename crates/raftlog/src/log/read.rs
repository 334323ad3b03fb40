//! Reading entries: the newest from the tail cache, older ones from the segments.
//!
//! Invariants: an entry is given out only if its checksum, its index and its link to the one before are right; bytes are
//! lent in place only from segments that lie wholly below the commit mark, because nothing else keeps a cut from taking
//! them away; a damaged entry is an error with its place, never a shorter answer.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use segment::{Segment, SegmentError};

use super::{RaftLog, Shared, View};
use crate::entry::Entry;
use crate::error::RaftLogError;
use crate::frame::{FRAME_HEADER_BYTES, FrameHeader, Generations, SEGMENT_HEADER_BYTES};
use crate::index::Place;
use crate::walk::{Found, SegmentSource, frame_at, header_of};

/// Entries read from a file at once.
const ENTRIES_AT_ONCE: usize = 4096;

/// Why an entry could not be had.
enum Miss {
    /// The index led astray: make it anew.
    Index,
    /// Final.
    Error(RaftLogError),
}

impl From<RaftLogError> for Miss {
    fn from(error: RaftLogError) -> Self {
        Self::Error(error)
    }
}

impl From<SegmentError> for Miss {
    fn from(error: SegmentError) -> Self {
        Self::Error(error.into())
    }
}

impl RaftLog {
    /// Reads the entries of a range that there are, from its beginning on: as many as have `bytes_max` of payload, but at
    /// least one. Waits for the disk where they are not in the tail cache.
    ///
    /// # Errors
    /// `Corrupt` names file and position; `Io`.
    pub fn read(&self, range: Range<u64>, bytes_max: usize) -> Result<Vec<Entry>, RaftLogError> {
        self.shared.read(range, bytes_max)
    }

    /// As [`Self::read`], but only where that need not wait for the disk; `None` otherwise.
    #[must_use]
    pub fn read_cached(&self, range: Range<u64>, bytes_max: usize) -> Option<Vec<Entry>> {
        let view = *self.shared.view.read();
        let (from, to) = (range.start.max(view.first), range.end.min(view.next));
        if from >= to {
            return Some(Vec::new());
        }
        self.shared.cache.lock().get(from, to, bytes_max)
    }
}

impl Shared {
    pub(super) fn read(
        &self,
        range: Range<u64>,
        bytes_max: usize,
    ) -> Result<Vec<Entry>, RaftLogError> {
        loop {
            let view = *self.view.read();
            let (from, to) = (range.start.max(view.first), range.end.min(view.next));
            if from >= to {
                return Ok(Vec::new());
            }
            if let Some(found) = self.cache.lock().get(from, to, bytes_max) {
                return Ok(found);
            }
            match self.read_segment(&view, from, to, bytes_max) {
                Ok(found) => return Ok(found),
                // A cut or a purge took them away meanwhile.
                Err(_) if self.view.read().changes != view.changes => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads entries of one segment.
    fn read_segment(
        &self,
        view: &View,
        from: u64,
        to: u64,
        bytes_max: usize,
    ) -> Result<Vec<Entry>, RaftLogError> {
        let Some(segment) = self.chain.find(from) else {
            let what = format!("no segment holds entry {from}");
            return Err(RaftLogError::corrupt(&self.dir, 0, what));
        };
        let end = self
            .chain
            .after(segment.base())
            .map_or(u64::MAX, |next| next.base());
        let may_lend = end <= view.committed_next;
        let most = usize::try_from(to.min(end) - from).unwrap_or(usize::MAX);
        let places = self
            .indexes
            .get(segment.base(), from, most.min(ENTRIES_AT_ONCE));
        match read_places(&segment, from, &places, bytes_max, may_lend) {
            Ok(found) => return Ok(found),
            Err(Miss::Error(error)) => return Err(error),
            Err(Miss::Index) => {}
        }
        let last = from + most.min(ENTRIES_AT_ONCE) as u64 - 1;
        let places = self.walk_for(&segment, from, last)?;
        read_places(&segment, from, &places, bytes_max, may_lend).map_err(|miss| match miss {
            Miss::Error(error) => error,
            Miss::Index => RaftLogError::corrupt(&segment.path(), 0, format!("entry {from} moved")),
        })
    }

    /// Walks a segment up to entry `last` and puts what it finds into the index; returns the places from `from` on.
    fn walk_for(
        &self,
        segment: &Arc<Segment>,
        from: u64,
        last: u64,
    ) -> Result<Vec<Place>, RaftLogError> {
        let path = segment.path();
        let failed = |error| RaftLogError::io("read", &path, error);
        let mut source = SegmentSource::new(segment);
        let mut expect = match header_of(&mut source).map_err(failed)? {
            Ok((header, first)) if header.log == self.log => first,
            Ok(_) => return Err(RaftLogError::corrupt(&path, 0, "a segment of another log")),
            Err(what) => return Err(RaftLogError::corrupt(&path, 0, what)),
        };
        // What is in the log's extent has been checked against cuts before.
        let generations = Generations {
            newest: u32::MAX,
            void_from: u64::MAX,
        };
        let (base, mut at) = (segment.base(), SEGMENT_HEADER_BYTES as u64);
        // As many as one write of the index takes; of those that were asked for, all.
        let (mut piece, mut places) = (Vec::new(), Vec::new());
        while expect.index <= last {
            match frame_at(&mut source, at, &expect, &generations).map_err(failed)? {
                Found::Frame(header) => {
                    let term = header.term;
                    if piece.len() >= ENTRIES_AT_ONCE {
                        self.indexes
                            .put(base, header.index - piece.len() as u64, &piece);
                        piece.clear();
                    }
                    piece.push(Place { at, term });
                    if header.index >= from {
                        places.push(Place { at, term });
                    }
                    at += header.frame_bytes();
                    expect = header.after();
                }
                Found::End => {
                    let what = format!("entry {} is not there", expect.index);
                    return Err(RaftLogError::corrupt(&path, at, what));
                }
                Found::Bad(what) => return Err(RaftLogError::corrupt(&path, at, what)),
            }
        }
        self.indexes
            .put(base, expect.index - piece.len() as u64, &piece);
        tracing::debug!(path = %path.display(), upto = last, "index made anew");
        Ok(places)
    }

    /// Where entry `index` lies, and its header.
    pub(super) fn locate(
        &self,
        index: u64,
    ) -> Result<(Arc<Segment>, u64, FrameHeader), RaftLogError> {
        let missing = || {
            let what = format!("no segment holds entry {index}");
            RaftLogError::corrupt(&self.dir, 0, what)
        };
        let segment = self.chain.find(index).ok_or_else(missing)?;
        let known = self.indexes.get(segment.base(), index, 1);
        if let Some(place) = known.first()
            && let Ok(header) = read_header(&segment, place.at, index)
            && read_places(&segment, index, &known, 0, false).is_ok()
        {
            return Ok((segment, place.at, header));
        }
        let walked = self.walk_for(&segment, index, index)?;
        let place = walked.first().ok_or_else(missing)?;
        match read_header(&segment, place.at, index) {
            Ok(header) => Ok((segment, place.at, header)),
            Err(Miss::Error(error)) => Err(error),
            Err(Miss::Index) => Err(missing()),
        }
    }
}

fn read_header(segment: &Segment, at: u64, index: u64) -> Result<FrameHeader, Miss> {
    let mut bytes = [0; FRAME_HEADER_BYTES];
    if at > segment.len() || segment.read_into(at, &mut bytes)? < bytes.len() {
        return Err(Miss::Index);
    }
    FrameHeader::decode(&bytes)
        .filter(|header| header.index == index)
        .ok_or(Miss::Index)
}

/// Reads the entries from `first` on that lie at `places`.
fn read_places(
    segment: &Segment,
    first: u64,
    places: &[Place],
    bytes_max: usize,
    may_lend: bool,
) -> Result<Vec<Entry>, Miss> {
    let start = places.first().ok_or(Miss::Index)?.at;
    // As many as are wanted; where the last of them ends, its own header says.
    let mut count =
        places.partition_point(|place| place.at.saturating_sub(start) <= bytes_max as u64);
    count = count.clamp(1, places.len());
    let last = places.get(count - 1).ok_or(Miss::Index)?;
    let last_index = first + count as u64 - 1;
    let end = last.at + read_header(segment, last.at, last_index)?.frame_bytes();
    if end > segment.len() || end <= start {
        return Err(Miss::Index);
    }
    let bytes = if may_lend {
        let lease = Arc::new(segment.lease(start..end)?);
        let bytes = Bytes::from_owner(Lent(Arc::clone(&lease)));
        let entries = parse(&bytes, first, count)?;
        if !lease.is_intact() {
            return Err(lost_page(segment, start).into());
        }
        return Ok(entries);
    } else {
        let len = usize::try_from(end - start).unwrap_or(usize::MAX);
        let mut bytes = vec![0; len];
        if segment.read_into(start, &mut bytes)? < len {
            return Err(Miss::Index);
        }
        Bytes::from(bytes)
    };
    parse(&bytes, first, count)
}

fn lost_page(segment: &Segment, at: u64) -> RaftLogError {
    RaftLogError::corrupt(&segment.path(), at, "a page could not be read")
}

/// A lease that several slices share.
struct Lent(Arc<segment::Lease>);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Cuts `bytes` into `count` entries, each checked.
fn parse(bytes: &Bytes, first: u64, count: usize) -> Result<Vec<Entry>, Miss> {
    let mut entries = Vec::with_capacity(count);
    let (mut at, mut link) = (0, None);
    for index in (first..).take(count) {
        let rest = bytes.get(at..).ok_or(Miss::Index)?;
        let header = FrameHeader::decode(rest)
            .filter(|header| header.index == index && header.fits(rest))
            .filter(|header| link.is_none_or(|link| link == header.link))
            .ok_or(Miss::Index)?;
        let payload = at + FRAME_HEADER_BYTES..at + FRAME_HEADER_BYTES + header.length as usize;
        entries.push(Entry {
            index,
            term: header.term,
            kind: header.kind,
            payload: bytes.slice(payload),
        });
        at += usize::try_from(header.frame_bytes()).unwrap_or(usize::MAX);
        link = Some(header.crc);
    }
    Ok(entries)
}
