//! Walking a segment file batch by batch to check it and to build its indexes again.
//!
//! Invariants: the same arithmetic as appending, so a rebuilt index equals the one written live.
//! The walk stops at the first batch that is not whole, not in order, or whose checksum differs,
//! and says why; it never changes the log file.
//! Absent on purpose: what is done about a stop (`recover`).

use segment::Segment;

use super::super::batch::{BATCH_HEADER_BYTES, BatchHeader, BatchView};
use super::super::error::{BatchDefect, StorageError};
use super::super::ids::KafkaOffset;
use super::super::offset_index::IndexInterval;
use super::old_message;
use super::segments::Indexes;

/// Bytes asked of the file at once.
const CHUNK_BYTES: usize = 1 << 20;

/// Largest time of a segment so far and the batch that carries it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct MaxTimestamp {
    pub(crate) timestamp_ms: i64,
    pub(crate) offset: KafkaOffset,
}

impl MaxTimestamp {
    pub(crate) const NONE: Self = Self {
        timestamp_ms: -1,
        offset: KafkaOffset(-1),
    };

    pub(crate) fn note(&mut self, header: &BatchHeader) {
        if header.max_timestamp > self.timestamp_ms {
            *self = Self {
                timestamp_ms: header.max_timestamp,
                offset: header.last_offset(),
            };
        }
    }
}

/// Index state at the end of a segment: what the next append continues.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct IndexState {
    pub(crate) interval: IndexInterval,
    pub(crate) max: MaxTimestamp,
}

impl Default for IndexState {
    fn default() -> Self {
        Self {
            interval: IndexInterval::default(),
            max: MaxTimestamp::NONE,
        }
    }
}

impl IndexState {
    /// Counts a batch at `position` and writes the entries it is due.
    pub(crate) fn batch(
        &mut self,
        header: &BatchHeader,
        position: u64,
        indexes: &Indexes,
        interval_bytes: u32,
    ) -> Result<(), StorageError> {
        self.max.note(header);
        if self.interval.count(header.size_bytes(), interval_bytes) {
            let position = u32::try_from(position).map_err(|_| {
                StorageError::Unusable(format!("position {position} does not fit an index"))
            })?;
            indexes.offsets.push(header.last_offset(), position)?;
            indexes
                .times
                .push_if_newer(self.max.timestamp_ms, self.max.offset)?;
        }
        Ok(())
    }

    /// Writes the time entry that ends a sealed or closed segment.
    pub(crate) fn seal(&self, indexes: &Indexes) -> Result<(), StorageError> {
        indexes
            .times
            .push_if_newer(self.max.timestamp_ms, self.max.offset)
    }
}

/// Why a walk ended before the end of the file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StopReason {
    /// Only zeros follow: space that was taken ahead.
    Zeros,
    /// The last batch is not all there, or its bytes never reached the disk.
    Torn(String),
    /// A batch that other bytes follow is damaged.
    Damaged(String),
    /// The segments behind begin at a later offset: what lay between never reached the disk.
    Missing,
}

impl std::fmt::Display for StopReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Zeros => f.write_str("only zeros follow"),
            Self::Torn(why) => write!(f, "torn tail: {why}"),
            Self::Damaged(why) => write!(f, "damaged: {why}"),
            Self::Missing => f.write_str("what followed never reached the disk"),
        }
    }
}

/// What a walk found.
#[derive(Clone, Debug)]
pub(crate) struct Walked {
    /// Bytes up to the last whole batch.
    pub(crate) valid_bytes: u64,
    /// Offset after it.
    pub(crate) next_offset: KafkaOffset,
    pub(crate) batches: u64,
    pub(crate) stop: Option<StopReason>,
}

/// Walks whole, checksummed batches from `at` to `end`; `each` sees header, bytes and position.
pub(crate) fn walk(
    file: &Segment,
    at: u64,
    end: u64,
    next_offset: KafkaOffset,
    mut each: impl FnMut(&BatchView<'_>, u64) -> Result<(), StorageError>,
) -> Result<Walked, StorageError> {
    let mut walked = Walked {
        valid_bytes: at,
        next_offset,
        batches: 0,
        stop: None,
    };
    let mut chunk = vec![0u8; CHUNK_BYTES];
    let mut filled = 0usize;
    let mut chunk_at = at;
    loop {
        while (filled as u64) < end - chunk_at && filled < chunk.len() {
            let got = file.read_into(chunk_at + filled as u64, &mut chunk[filled..])?;
            if got == 0 {
                break;
            }
            filled += got;
        }
        let here = usize::try_from(end - chunk_at)
            .unwrap_or(usize::MAX)
            .min(filled);
        let mut used = 0usize;
        let need = loop {
            let rest = &chunk[used..here];
            if rest.is_empty() {
                break 0;
            }
            match check(rest, walked.next_offset) {
                Ok(view) => {
                    each(&view, chunk_at + used as u64)?;
                    used += view.bytes().len();
                    walked.valid_bytes = chunk_at + used as u64;
                    walked.next_offset = view.header().next_offset();
                    walked.batches += 1;
                }
                Err(Bad::Short(need))
                    if chunk_at + (here as u64) < end && chunk_at + (used + need) as u64 <= end =>
                {
                    break need;
                }
                Err(bad) => {
                    walked.stop = Some(reason(file, walked.valid_bytes, end, &bad)?);
                    return Ok(walked);
                }
            }
        };
        if chunk_at + here as u64 >= end && used == here {
            return Ok(walked);
        }
        if need == 0 && used == 0 {
            return Ok(walked);
        }
        chunk.copy_within(used..filled, 0);
        filled -= used;
        chunk_at += used as u64;
        if need > chunk.len() {
            chunk.resize(need, 0);
        }
    }
}

enum Bad {
    /// The batch needs this many bytes.
    Short(usize),
    Defect(BatchDefect),
    Order(String),
}

fn check(bytes: &[u8], next_offset: KafkaOffset) -> Result<BatchView<'_>, Bad> {
    let view = match BatchView::first(bytes) {
        Ok(view) => view,
        Err(BatchDefect::Truncated { need_bytes, .. }) => return Err(Bad::Short(need_bytes)),
        Err(defect) => return Err(Bad::Defect(defect)),
    };
    view.check_crc().map_err(Bad::Defect)?;
    let header = view.header();
    if header.base_offset < next_offset.0 || header.last_offset_delta < 0 {
        let (first, last) = (header.base_offset, header.last_offset());
        return Err(Bad::Order(format!(
            "offsets {first} to {last} where {next_offset} is next"
        )));
    }
    Ok(view)
}

/// A process killed while it copied a batch into a mapping leaves any part of it zero.
const HEAD_MISSING: &str = "the head of a batch was not written";

/// Tells unused space, a torn last batch, and damage in the middle apart.
fn reason(file: &Segment, at: u64, end: u64, bad: &Bad) -> Result<StopReason, StorageError> {
    if all_zero(file, at, end)? {
        return Ok(StopReason::Zeros);
    }
    let (why, batch_end) = match bad {
        Bad::Defect(BatchDefect::BadMagic(magic @ (0 | 1))) => {
            if old_message::is_whole(file, at, end)? {
                let path = file.path();
                let why = format!(
                    "byte {at} holds a message of format v{magic}; only format v2 is served"
                );
                return Err(StorageError::OldFormat { path, why });
            }
            (
                HEAD_MISSING.to_owned(),
                old_message::stated_end(file, at, end)?.unwrap_or(end),
            )
        }
        Bad::Defect(BatchDefect::BadLength(0)) => (HEAD_MISSING.to_owned(), end),
        Bad::Short(need) => (
            format!("a batch of {need} bytes is cut off after {}", end - at),
            end,
        ),
        Bad::Defect(defect @ BatchDefect::BadChecksum { .. }) => {
            let mut head = [0u8; BATCH_HEADER_BYTES];
            file.read_into(at, &mut head)?;
            let size = BatchHeader::parse(&head).map_or(0, |header| header.size_bytes() as u64);
            (defect.to_string(), at + size)
        }
        Bad::Defect(defect) => (defect.to_string(), at),
        Bad::Order(why) => return Ok(StopReason::Damaged(why.clone())),
    };
    let torn = batch_end > at && all_zero(file, batch_end.min(end), end)?;
    Ok(if torn {
        StopReason::Torn(why)
    } else {
        StopReason::Damaged(why)
    })
}

pub(crate) fn all_zero(file: &Segment, at: u64, end: u64) -> Result<bool, StorageError> {
    Ok(data_end(file, at, end)? == at)
}

/// Where the zeros at the end of `at..end` begin; `at` if there is nothing else.
pub(crate) fn data_end(file: &Segment, at: u64, mut end: u64) -> Result<u64, StorageError> {
    let mut buffer = [0u8; 16 << 10];
    while at < end {
        let want = (end - at).min(buffer.len() as u64);
        let from = end - want;
        let part = &mut buffer[..usize::try_from(want).unwrap_or(0)];
        let got = file.read_into(from, part)?;
        if let Some(last) = part[..got].iter().rposition(|byte| *byte != 0) {
            return Ok(from + last as u64 + 1);
        }
        end = from;
    }
    Ok(at)
}

/// Builds both indexes of a sealed segment again, from empty files.
pub(crate) fn indexes_of_sealed(
    file: &Segment,
    indexes: &Indexes,
    interval_bytes: u32,
) -> Result<(), StorageError> {
    indexes.offsets.cut(0);
    indexes.times.clear();
    let mut state = IndexState::default();
    walk(file, 0, file.len(), KafkaOffset(0), |view, position| {
        state.batch(view.header(), position, indexes, interval_bytes)
    })?;
    state.seal(indexes)?;
    indexes.trim()
}
