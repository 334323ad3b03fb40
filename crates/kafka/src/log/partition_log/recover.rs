//! Recovery after a crash: from the recovery point on, every batch is checked again.
//!
//! Invariants: only bytes at or above the first bad batch are cut, only at the end of what is left;
//! cut bytes that were more than a torn tail are copied into the quarantine first. Indexes come out
//! as Kafka would rebuild them. Cost follows the bytes since the recovery point: a segment that lies
//! half below it is resumed at its last index entry that the recovery point covers.
//! Absent on purpose: the order of partitions, the report's file (`log_dir`).

pub(super) mod tidy;

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use segment::Chain;

use super::super::batch::{BATCH_HEADER_BYTES, BatchHeader, BatchView, MAGIC_AT};
use super::super::error::StorageError;
use super::super::ids::KafkaOffset;
use super::super::producer_state::ProducerStates;
use super::super::report::Cut;
use super::super::txn_index::AbortedTxn;
use super::super::{producer_snapshot, small_file};
use super::append::marker_of;
use super::open::{End, Found, LOG_SUFFIX, Loading, newest_snapshot};
use super::rebuild::{self, IndexState, MaxTimestamp, StopReason, Walked};
use super::segments::{Access, HeaderScan, Indexes, LogSegment};

/// Largest cut region that is searched for whole batches behind the bad one.
const SEARCH_BYTES_MAX: u64 = 64 << 20;

/// Where the walk of one segment begins.
struct Resume {
    position: u64,
    next_offset: KafkaOffset,
    state: IndexState,
}

/// Waits until the writes of a killed process have ended, in every segment that may have had some: those from the one that
/// holds `recovery_point` on.
pub(super) fn settle(dir: &Path, recovery_point: KafkaOffset) -> Result<(), StorageError> {
    let found = Chain::scan(dir, LOG_SUFFIX)?;
    let point = u64::try_from(recovery_point.0).unwrap_or(0);
    let after = found.partition_point(|segment| segment.base <= point);
    for segment in found.iter().skip(after.saturating_sub(1)) {
        segment::wait_for_writers(&segment.path(dir, LOG_SUFFIX))?;
    }
    Ok(())
}

impl Loading<'_> {
    /// Walks everything from the segment that holds `recovery_point` on; cuts at the first bad batch.
    pub(super) fn recover(&mut self, recovery_point: KafkaOffset) -> Result<Found, StorageError> {
        let after = self
            .segments
            .partition_point(|segment| segment.base() <= recovery_point.0);
        let first = after.saturating_sub(1);
        for segment in &self.segments[first..] {
            sync_file(&segment.file.path())?;
        }
        let resume = self.resume_point(&Arc::clone(&self.segments[first]), recovery_point)?;
        self.report.recovered_from = resume.next_offset;
        let known = self.load_producers(resume.next_offset, recovery_point)?;
        let mut end = End {
            next_offset: resume.next_offset,
            state: resume.state,
        };
        let mut resume = Some(resume);
        for index in first..self.segments.len() {
            let segment = Arc::clone(&self.segments[index]);
            let from = match resume.take() {
                Some(resume) => resume,
                None => fresh(&segment, self)?,
            };
            let (mut walked, state) = self.walk_segment(&segment, from, known)?;
            let next = self.segments.get(index + 1).map(|next| next.base());
            if walked.stop == Some(StopReason::Zeros) && next == Some(walked.next_offset.0) {
                return Ok(Found::SpaceInside {
                    path: segment.file.path(),
                    end_bytes: walked.valid_bytes,
                });
            }
            if walked.stop.is_none() && self.is_followed_by_a_gap(index, &walked) {
                walked.stop = Some(StopReason::Missing);
            }
            end = End {
                next_offset: walked.next_offset,
                state,
            };
            let is_last = index + 1 == self.segments.len();
            let indexes = Arc::clone(segment.indexes(self.dir, self.limits())?);
            if let Some(stop) = &walked.stop {
                self.cut(index, &walked, stop)?;
                indexes.flush()?;
                break;
            }
            let (file, found_bytes) = (segment.file.path(), segment.file.len());
            self.report
                .account(&file, found_bytes, walked.valid_bytes, found_bytes);
            if !is_last {
                state.seal(&indexes)?;
                indexes.trim()?;
            }
            indexes.flush()?;
        }
        if end.next_offset < known {
            // The log ends below what the snapshot knew: an older one counts.
            self.load_producers(end.next_offset, end.next_offset)?;
        }
        Ok(Found::End(end))
    }

    /// The last index entry below the recovery point whose batch is as it says; else the start.
    fn resume_point(
        &self,
        segment: &Arc<LogSegment>,
        recovery_point: KafkaOffset,
    ) -> Result<Resume, StorageError> {
        let indexes = segment.indexes(self.dir, self.limits())?;
        let below = KafkaOffset(recovery_point.0 - 1);
        let Some(entry) = indexes.offsets.floor(below)? else {
            return fresh(segment, self);
        };
        let mut head = [0u8; BATCH_HEADER_BYTES];
        let position = u64::from(entry.position);
        let matches = position < segment.file.len()
            && segment.file.read_into(position, &mut head)? == BATCH_HEADER_BYTES
            && BatchHeader::parse(&head).is_ok_and(|header| header.last_offset() == entry.offset);
        if !matches {
            return fresh(segment, self);
        }
        indexes.offsets.cut_from(entry.offset)?;
        let mut state = IndexState::default();
        // The time entry that goes with the entry before this one; this batch is walked again.
        match indexes.offsets.last()? {
            Some(before) => indexes.times.cut_above(before.offset)?,
            None => indexes.times.clear(),
        }
        let max = max_before(segment, indexes, position)?;
        state.max = max;
        state.interval.count(usize::MAX >> 1, u32::MAX);
        let header = BatchHeader::parse(&head)
            .map_err(|defect| StorageError::damaged(&segment.file.path(), defect.to_string()))?;
        Ok(Resume {
            position,
            next_offset: KafkaOffset(header.base_offset),
            state,
        })
    }

    /// Walks one segment from `from` on; the producers are as of `known` already.
    fn walk_segment(
        &mut self,
        segment: &Arc<LogSegment>,
        from: Resume,
        known: KafkaOffset,
    ) -> Result<(Walked, IndexState), StorageError> {
        let limits = self.limits();
        let indexes = Arc::clone(segment.indexes(self.dir, limits)?);
        let txn_index = segment.txn_index(self.dir);
        if from.position == 0 && from.next_offset >= known {
            txn_index.reset()?;
        } else {
            txn_index.cut_end(from.next_offset.max(known))?;
        }
        let mut state = from.state;
        let (epochs, producers) = (&mut self.epochs, &mut self.producers);
        let mut epochs_changed = false;
        let end = segment.file.len();
        let walked = rebuild::walk(
            &segment.file,
            from.position,
            end,
            from.next_offset,
            |view, position| {
                let header = view.header();
                state.batch(header, position, &indexes, limits.interval_bytes)?;
                if epochs
                    .latest()
                    .is_none_or(|latest| header.leader_epoch > latest)
                {
                    epochs_changed |=
                        epochs.note(header.leader_epoch, KafkaOffset(header.base_offset));
                }
                if header.base_offset < known.0 {
                    return Ok(());
                }
                match replay(producers, header, view.bytes()) {
                    Some(aborted) => txn_index.append(&aborted),
                    None => Ok(()),
                }
            },
        )?;
        self.report.epochs_changed |= epochs_changed;
        self.report.walked_bytes += walked.valid_bytes - from.position;
        self.report.walked_batches += walked.batches;
        Ok((walked, state))
    }

    /// Whether offsets are missing before the next segment: a power loss took the end of this one and left the next, or
    /// some of it. What it left there counts as little as whole batches behind a torn one. A producer that sends several
    /// batches at a time would take the sequence numbers in it for an acknowledgement of the lost ones when it sends them again.
    /// Where segments are compacted a gap says nothing.
    fn is_followed_by_a_gap(&self, index: usize, walked: &Walked) -> bool {
        let next = self.segments.get(index + 1);
        let is_gap = next.is_some_and(|next| next.base() > walked.next_offset.0);
        is_gap && !self.config.cleanup_compact
    }

    /// Cuts segment `index` at the end of its whole batches and drops the segments after it.
    fn cut(
        &mut self,
        index: usize,
        walked: &Walked,
        stop: &StopReason,
    ) -> Result<(), StorageError> {
        let segment = Arc::clone(&self.segments[index]);
        let (at, found_bytes) = (walked.valid_bytes, segment.file.len());
        let later: Vec<Arc<LogSegment>> = self.segments.drain(index + 1..).collect();
        let hidden = matches!(stop, StopReason::Torn(_))
            && may_hold_a_batch(&segment, at, found_bytes, walked.next_offset)?;
        let worth_keeping = matches!(stop, StopReason::Damaged(_)) || hidden;
        let mut quarantined = Vec::new();
        let end = match stop {
            StopReason::Zeros | StopReason::Missing => at,
            // A batch may well end in zeros, so nothing tells where what is kept ends.
            _ if worth_keeping => {
                quarantined.push(self.quarantine(&segment, at, found_bytes)?);
                found_bytes
            }
            _ => torn_end(&segment, at, found_bytes)?,
        };
        self.report
            .account(&segment.file.path(), found_bytes, at, end);
        for segment in &later {
            let len = segment.file.len();
            let empty = rebuild::all_zero(&segment.file, 0, len)?;
            if !empty {
                quarantined.push(self.quarantine(segment, 0, len)?);
            }
            let end = if empty { 0 } else { len };
            self.report.account(&segment.file.path(), len, 0, end);
        }
        let base = u64::try_from(segment.base()).unwrap_or(0);
        self.appender.truncate(base, at)?;
        for gone in &later {
            tidy::remove_side_files(self.dir, gone.base())?;
        }
        // Zeros are space taken ahead, not data: worth no entry.
        if *stop != StopReason::Zeros || !later.is_empty() {
            self.report.cuts.push(Cut {
                file: segment.file.path(),
                at_bytes: at,
                cut_bytes: end - at,
                offset: walked.next_offset,
                reason: stop.to_string(),
                later_segments: later.len(),
                quarantined,
            });
        }
        Ok(())
    }

    fn quarantine(&self, segment: &LogSegment, at: u64, end: u64) -> Result<PathBuf, StorageError> {
        let dir = self.env.quarantine.join(self.tp.dir_name());
        std::fs::create_dir_all(&dir).map_err(|error| StorageError::io("create", &dir, error))?;
        let path = dir.join(format!(
            "{:020}.{at}.{}.cut",
            segment.base(),
            self.env.clock.now_ms()
        ));
        let copy = || -> Result<(), StorageError> {
            let failed = |error| StorageError::io("write", &path, error);
            let mut out = File::create(&path).map_err(failed)?;
            let (mut at, mut buffer) = (at, vec![0u8; 256 << 10]);
            while at < end {
                let want = usize::try_from(end - at)
                    .unwrap_or(usize::MAX)
                    .min(buffer.len());
                let got = segment.file.read_into(at, &mut buffer[..want])?;
                if got == 0 {
                    break;
                }
                out.write_all(&buffer[..got]).map_err(failed)?;
                at += got as u64;
            }
            out.sync_all().map_err(failed)
        };
        copy()?;
        // Nothing is cut before a power loss can neither take the copy nor any folder above it: the partition's, the
        // quarantine, ours, and the one that ours is in.
        for folder in dir.ancestors().take(4) {
            small_file::sync_dir(folder)?;
        }
        Ok(path)
    }

    /// Producer state as of `end` or later: the newest snapshot up to `newest`, and if that lies
    /// below `end` the batches between. Gives the offset the state is as of.
    pub(super) fn load_producers(
        &mut self,
        end: KafkaOffset,
        newest: KafkaOffset,
    ) -> Result<KafkaOffset, StorageError> {
        let snapshot = newest_snapshot(self.dir, newest.max(end), &mut self.report)?;
        let (from, states) = match snapshot {
            Some(found) => found,
            None if self.hints.clean => return Ok(end),
            None => (
                KafkaOffset(self.segments.first().map_or(0, |s| s.base())),
                ProducerStates::default(),
            ),
        };
        self.producers = states;
        if from >= end {
            return Ok(from);
        }
        let first = self
            .segments
            .partition_point(|segment| segment.base() <= from.0)
            .saturating_sub(1);
        for segment in &self.segments[first..] {
            if segment.base() >= end.0 {
                break;
            }
            let indexes = segment.indexes(self.dir, self.limits())?;
            let start = indexes
                .offsets
                .floor(from)?
                .map_or(0, |entry| u64::from(entry.position));
            let mut scan =
                HeaderScan::new(&segment.file, start, segment.file.len(), Access::MayBlock);
            while let Ok(Some(found)) = scan.next() {
                if found.header.base_offset >= end.0 {
                    break;
                }
                if found.header.base_offset < from.0 || !found.header.has_producer() {
                    continue;
                }
                let mut bytes = Vec::new();
                if found.header.is_control() && found.header.size_bytes() < 4096 {
                    bytes.resize(found.header.size_bytes(), 0);
                    segment.file.read_into(found.position, &mut bytes)?;
                }
                replay(&mut self.producers, &found.header, &bytes);
            }
        }
        Ok(end)
    }
}

/// Notes a batch in the producer state; an aborted transaction that it ended goes to the index.
fn replay(
    producers: &mut ProducerStates,
    header: &BatchHeader,
    batch: &[u8],
) -> Option<AbortedTxn> {
    if !header.has_producer() {
        return None;
    }
    if !header.is_control() {
        producers.appended(header);
        return None;
    }
    let ended = producers.ended(header, marker_of(batch)?)?;
    let next = ended.last_offset.next();
    ended.aborted.then(|| AbortedTxn {
        producer_id: ended.producer_id,
        first_offset: ended.first_offset,
        last_offset: ended.last_offset,
        last_stable_offset: producers
            .first_open_transaction()
            .map_or(next, |first| first.min(next)),
    })
}

/// From the start of a segment, with empty indexes.
fn fresh(segment: &Arc<LogSegment>, loading: &Loading<'_>) -> Result<Resume, StorageError> {
    let indexes = segment.indexes(loading.dir, loading.limits())?;
    indexes.offsets.cut(0);
    indexes.times.clear();
    let next_offset = KafkaOffset(segment.base());
    Ok(Resume {
        position: 0,
        next_offset,
        state: IndexState::default(),
    })
}

/// Largest time below `position`: the last time entry and the headers after its batch.
fn max_before(
    segment: &LogSegment,
    indexes: &Indexes,
    position: u64,
) -> Result<MaxTimestamp, StorageError> {
    let mut max = MaxTimestamp::NONE;
    if let Some(time) = indexes.times.last()? {
        max = MaxTimestamp {
            timestamp_ms: time.timestamp_ms,
            offset: time.offset,
        };
    }
    let start = indexes
        .offsets
        .last()?
        .map_or(0, |entry| u64::from(entry.position));
    let mut scan = HeaderScan::new(&segment.file, start, position, Access::MayBlock);
    while let Ok(Some(found)) = scan.next() {
        max.note(&found.header);
    }
    Ok(max)
}

/// Whether a whole batch lies somewhere in the bytes to be cut: then they were no torn tail. More than can be searched
/// may hold anything.
fn may_hold_a_batch(
    segment: &LogSegment,
    at: u64,
    end: u64,
    next: KafkaOffset,
) -> Result<bool, StorageError> {
    if rebuild::data_end(&segment.file, at, end)? - at > SEARCH_BYTES_MAX {
        return Ok(true);
    }
    let want = (end - at).min(SEARCH_BYTES_MAX);
    let mut bytes = vec![0u8; usize::try_from(want).unwrap_or(0)];
    let got = segment.file.read_into(at, &mut bytes)?;
    bytes.truncate(got);
    for start in 1..bytes.len().saturating_sub(BATCH_HEADER_BYTES) {
        if bytes[start + MAGIC_AT] != 2 {
            continue;
        }
        let Ok(view) = BatchView::first(&bytes[start..]) else {
            continue;
        };
        let plausible = view.header().base_offset >= next.0 && view.header().last_offset_delta >= 0;
        if plausible && view.check_crc().is_ok() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where the torn batch at `at` ends: after as many bytes as it says it has, or after the last that is not zero.
fn torn_end(segment: &LogSegment, at: u64, end: u64) -> Result<u64, StorageError> {
    let mut head = [0u8; BATCH_HEADER_BYTES];
    segment.file.read_into(at, &mut head)?;
    let size_bytes = BatchHeader::parse(&head).map_or(0, |header| header.size_bytes() as u64);
    let data_end = rebuild::data_end(&segment.file, at, end)?;
    Ok(data_end.max(at.saturating_add(size_bytes).min(end)))
}

fn sync_file(path: &Path) -> Result<(), StorageError> {
    File::open(path)
        .and_then(|file| file.sync_data())
        .map_err(|error| StorageError::io("sync", path, error))
}

/// Offsets of the snapshot files in `dir`, rising.
pub(super) fn snapshot_offsets(dir: &Path) -> Result<Vec<KafkaOffset>, StorageError> {
    let entries = std::fs::read_dir(dir).map_err(|error| StorageError::io("list", dir, error))?;
    let mut offsets: Vec<KafkaOffset> = entries
        .filter_map(|entry| producer_snapshot::offset_of(entry.ok()?.file_name().to_str()?))
        .collect();
    offsets.sort_unstable();
    Ok(offsets)
}

/// Removes snapshots above the end, and those at no segment's base but the newest.
pub(super) fn drop_stray_snapshots(
    dir: &Path,
    segments: &[Arc<LogSegment>],
    end: KafkaOffset,
) -> Result<(), StorageError> {
    let offsets = snapshot_offsets(dir)?;
    let newest = offsets.iter().copied().rfind(|offset| *offset <= end);
    for offset in offsets {
        let at_base = segments.iter().any(|segment| segment.base() == offset.0);
        if offset > end || (!at_base && Some(offset) != newest) {
            small_file::remove(&producer_snapshot::path(dir, offset))?;
        }
    }
    Ok(())
}
