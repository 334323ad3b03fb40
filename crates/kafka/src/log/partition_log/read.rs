//! Reading by offset: index, a short scan over headers, then a slice of the file.
//!
//! Invariants: a slice starts at the batch that holds the offset, never crosses a segment, and ends
//! at the reader's bound or earlier; its end may cut a batch, as Kafka's may. Records are never
//! decoded. Below the first batch's size nothing is given unless the caller must make progress.

use segment::{Lease, Part};

use super::super::error::{ReadError, StorageError};
use super::super::ids::KafkaOffset;
use super::super::txn_index::AbortedTxn;
use super::segments::{Access, FoundBatch, LogSegment, first_batch_at};
use super::{Opened, PartitionLog};
use std::sync::Arc;

/// Slices up to this size are copied: cheaper than a system call of their own.
const SMALL_READ_BYTES: u64 = 16 << 10;

/// Up to where a reader sees the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Isolation {
    /// The high watermark.
    Uncommitted,
    /// The last stable offset; aborted transactions are listed.
    Committed,
    /// The end of the log (followers, tools).
    LogEnd,
}

/// What a read found.
#[derive(Debug)]
pub struct Fetched {
    /// The bytes, in order; empty if there are none.
    pub parts: Vec<Part>,
    /// Sum of the parts' lengths.
    pub bytes: usize,
    /// The high watermark when the read was bounded.
    pub high_watermark: KafkaOffset,
    /// The last stable offset then.
    pub last_stable_offset: KafkaOffset,
    /// First offset readable.
    pub log_start_offset: KafkaOffset,
    /// Under `Isolation::Committed`, transactions to filter out.
    pub aborted: Option<Vec<AbortedTxn>>,
}

/// A place in a segment.
struct Place {
    segment: Arc<LogSegment>,
    first: FoundBatch,
    /// Where the readable bytes of the segment end.
    end: u64,
}

impl PartitionLog {
    /// Reads whole batches from the one that holds `from` on, at most `max_bytes`.
    ///
    /// With `at_least_one`, the first batch is given whole however large it is; without, nothing
    /// if it does not fit. The slice may end inside a batch.
    ///
    /// # Errors
    /// `OutOfRange` below the log start or above the log end; `WouldBlock` only for
    /// `Access::InMemory`.
    pub fn read(
        &self,
        from: KafkaOffset,
        max_bytes: usize,
        at_least_one: bool,
        upto: Isolation,
        access: Access,
    ) -> Result<Fetched, ReadError> {
        let opened = match self.opened.get() {
            Some(opened) => opened,
            None if access == Access::InMemory => return Err(ReadError::WouldBlock),
            None => self.opened()?,
        };
        let exchange = match access {
            Access::MayBlock => Some(opened.exchange.read()),
            Access::InMemory => opened.exchange.try_read(),
        };
        let Some(_exchange) = exchange else {
            return Err(ReadError::WouldBlock);
        };
        let shared = &opened.shared;
        if shared.is_closed() {
            return Err(ReadError::Closed);
        }
        let mut fetched = Fetched {
            parts: Vec::new(),
            bytes: 0,
            high_watermark: shared.visible(),
            last_stable_offset: shared.last_stable(),
            log_start_offset: shared.log_start(),
            aborted: (upto == Isolation::Committed).then(Vec::new),
        };
        let log_end = shared.log_end();
        if from < fetched.log_start_offset || from > log_end {
            let (asked, log_start) = (from, fetched.log_start_offset);
            return Err(ReadError::OutOfRange {
                asked,
                log_start,
                log_end,
            });
        }
        let Some(place) = self.locate(opened, from, upto, access)? else {
            return Ok(fetched);
        };
        let first_bytes = place.first.end() - place.first.position;
        let wanted = (max_bytes as u64).max(if at_least_one { first_bytes } else { 0 });
        let end = place.end.min(place.first.position.saturating_add(wanted));
        if end < place.first.end() {
            return Ok(fetched);
        }
        let range = place.first.position..end;
        if !place.segment.file.resident(range.clone()) {
            if access == Access::InMemory {
                return Err(ReadError::WouldBlock);
            }
            // What is sent from the file later must not wait for the disk then.
            let warmed = place.segment.file.warm(range.clone());
            warmed.map_err(StorageError::from)?;
        }
        if upto == Isolation::Committed {
            fetched.aborted = Some(self.aborted_in(opened, from, &place, end)?);
        }
        take(&place, range, &mut fetched)?;
        Ok(fetched)
    }

    /// The segment and batch that `from` lies in, and where the reader's bound lies in that segment.
    fn locate(
        &self,
        opened: &Opened,
        from: KafkaOffset,
        upto: Isolation,
        access: Access,
    ) -> Result<Option<Place>, ReadError> {
        let visible = opened.shared.visible_boundary();
        let bound = match upto {
            Isolation::Uncommitted => visible.offset,
            Isolation::Committed => opened.shared.last_stable(),
            Isolation::LogEnd => opened.shared.log_end(),
        };
        if from >= bound {
            return Ok(None);
        }
        let mut at = from;
        let mut segment = self.segment_at(opened, from)?;
        loop {
            // What the boundary's position bounds exactly, a smaller offset bounds by a header scan.
            let len = segment.file.len();
            let mut end = match upto {
                Isolation::LogEnd => len,
                _ => visible
                    .position
                    .0
                    .saturating_sub(segment.file.start().0)
                    .min(len),
            };
            let start = self.scan_start(opened, &segment, at)?;
            let Some(first) = first_batch_at(&segment.file, start, end, at, access)? else {
                // The rest of this segment was compacted away: the next one's first batch follows.
                match self.segment_after(opened, segment.base()) {
                    Some(next) if next.base() < bound.0 => {
                        at = KafkaOffset(next.base()).max(at);
                        segment = next;
                        continue;
                    }
                    _ => return Ok(None),
                }
            };
            if first.header.base_offset >= bound.0 {
                return Ok(None);
            }
            if upto == Isolation::Committed && bound < visible.offset {
                end = self.position_of(opened, &segment, bound, end, access)?;
            }
            return Ok(Some(Place {
                segment,
                first,
                end,
            }));
        }
    }

    /// Position of the first batch at or above `offset`, or `end`.
    fn position_of(
        &self,
        opened: &Opened,
        segment: &LogSegment,
        offset: KafkaOffset,
        end: u64,
        access: Access,
    ) -> Result<u64, ReadError> {
        let start = self.scan_start(opened, segment, offset)?;
        let found = first_batch_at(&segment.file, start, end, offset, access)?;
        Ok(found.map_or(end, |batch| batch.position))
    }

    /// Where a scan for `target` begins, by the index.
    pub(super) fn scan_start(
        &self,
        opened: &Opened,
        segment: &LogSegment,
        target: KafkaOffset,
    ) -> Result<u64, StorageError> {
        let indexes = match segment.indexes_if_open() {
            Some(indexes) => indexes,
            None => segment.indexes(&opened.chain.dir(), self.limits())?,
        };
        let entry = indexes.offsets.floor(target)?;
        let position = entry.map_or(0, |entry| u64::from(entry.position));
        Ok(if position < segment.file.len() {
            position
        } else {
            0
        })
    }

    pub(super) fn segment_at(
        &self,
        opened: &Opened,
        offset: KafkaOffset,
    ) -> Result<Arc<LogSegment>, ReadError> {
        let segments = opened.segments.read();
        let after = segments.partition_point(|segment| segment.base() <= offset.0);
        match after.checked_sub(1).and_then(|index| segments.get(index)) {
            Some(segment) => Ok(Arc::clone(segment)),
            // Retention may have taken it between the bounds check and here.
            None => Err(ReadError::OutOfRange {
                asked: offset,
                log_start: opened.shared.log_start(),
                log_end: opened.shared.log_end(),
            }),
        }
    }

    pub(super) fn segment_after(&self, opened: &Opened, base: i64) -> Option<Arc<LogSegment>> {
        let segments = opened.segments.read();
        segments
            .get(segments.partition_point(|segment| segment.base() <= base))
            .cloned()
    }

    /// Aborted transactions that overlap `[from, end of the slice)`; too many is harmless.
    fn aborted_in(
        &self,
        opened: &Opened,
        from: KafkaOffset,
        place: &Place,
        end: u64,
    ) -> Result<Vec<AbortedTxn>, ReadError> {
        let dir = opened.chain.dir();
        let indexes = place.segment.indexes(&dir, self.limits())?;
        let next = self.segment_after(opened, place.segment.base());
        let upper = match (indexes.offsets.first_at_position(end)?, &next) {
            (Some(entry), _) => entry.offset,
            (None, Some(next)) => KafkaOffset(next.base()),
            (None, None) => opened.shared.log_end(),
        };
        let mut found = Vec::new();
        let mut segment = Some(Arc::clone(&place.segment));
        while let Some(here) = segment {
            for entry in here.txn_index(&dir).read()? {
                if entry.last_offset >= from && entry.first_offset < upper {
                    found.push(entry);
                }
                if entry.last_stable_offset >= upper {
                    return Ok(found);
                }
            }
            segment = self.segment_after(opened, here.base());
        }
        Ok(found)
    }
}

fn take(place: &Place, range: std::ops::Range<u64>, into: &mut Fetched) -> Result<(), ReadError> {
    let len = range.end - range.start;
    if len <= SMALL_READ_BYTES {
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
        let got = place
            .segment
            .file
            .read_into(range.start, &mut bytes)
            .map_err(StorageError::from)?;
        bytes.truncate(got);
        into.bytes = got;
        into.parts.push(Part::Mem(Lease::owned(bytes)));
        return Ok(());
    }
    place
        .segment
        .file
        .parts(range, &mut into.parts)
        .map_err(StorageError::from)?;
    into.bytes = into.parts.iter().map(Part::len).sum();
    Ok(())
}
