//! Compaction: of each key the newest record stays.
//!
//! Two walks: over the dirty part to learn the newest offset of each key (`offset_map`), then over all of it to copy what
//! stays (`filter`), a group of segments into one.
//!
//! Invariants: offsets never change; nothing at or above the last stable offset, the active segment or
//! `min.compaction.lag.ms` is touched. New files are complete and synced, and called `.swap`, before an old one is
//! renamed: a start after a crash ends or undoes the exchange (`recover::tidy`). Readers see the old segments or the new.
//! Absent on purpose: which log is next, and when (`log_dir::clean`).

mod filter;
mod offset_map;
mod output;
mod transactions;

use std::borrow::Cow;
use std::sync::Arc;

use super::super::batch::BatchView;
use super::super::config::LogConfig;
use super::super::error::{BatchDefect, StorageError};
use super::super::ids::KafkaOffset;
use super::super::offset_index::OFFSET_ENTRY_BYTES;
use super::super::record;
use super::super::small_file;
use super::super::time_index::TIME_ENTRY_BYTES;
use super::super::txn_index::AbortedTxn;
use super::open::LOG_SUFFIX;
use super::rebuild;
use super::recover::tidy::{CLEANED_SUFFIX, SWAP_SUFFIX};
use super::segments::{LogSegment, file_path};
use super::{Opened, PartitionLog};
use filter::Filter;
pub(crate) use offset_map::ENTRY_BYTES_MAX;
use offset_map::OffsetMap;
use output::{Output, Written, discard, named, rename};
use transactions::Transactions;

/// How much of a log wants cleaning.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Dirt {
    /// Bytes not cleaned yet, of all that can be.
    pub(crate) ratio: f64,
    /// `max.compaction.lag.ms` is over, or the ratio above the topic's.
    pub(crate) is_due: bool,
}

/// What a pass did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cleaned {
    /// Everything below has been cleaned.
    pub(crate) first_dirty: KafkaOffset,
    pub(crate) before_bytes: u64,
    pub(crate) after_bytes: u64,
}

/// Asked now and then whether to give up.
pub(crate) type Stop<'s> = &'s (dyn Fn() -> bool + Sync);

/// What can be cleaned: whole segments from the start of the log.
struct Range {
    segments: Vec<Arc<LogSegment>>,
    /// Base of the segment after the last one.
    end: KafkaOffset,
    first_dirty: KafkaOffset,
}

impl PartitionLog {
    /// How dirty the log is above `first_dirty`; `None` if there is nothing to be cleaned.
    ///
    /// # Errors
    /// As the first open of the log; `Io`.
    pub(crate) fn dirt(
        &self,
        first_dirty: KafkaOffset,
        now_ms: i64,
    ) -> Result<Option<Dirt>, StorageError> {
        let (opened, config) = (self.opened()?, self.config());
        let range = self.cleanable(opened, &config, first_dirty, now_ms)?;
        let (mut clean, mut dirty, mut oldest_ms) = (0, 0, None);
        for (segment, next) in range.with_ends() {
            if next <= range.first_dirty {
                clean += segment.file.len();
                continue;
            }
            dirty += segment.file.len();
            oldest_ms = oldest_ms.or(super::open::first_timestamp(segment));
        }
        if dirty == 0 {
            return Ok(None);
        }
        #[allow(clippy::cast_precision_loss, reason = "a ratio")]
        let ratio = dirty as f64 / (clean + dirty) as f64;
        let waited_ms = oldest_ms.map_or(0, |oldest_ms| now_ms.saturating_sub(oldest_ms));
        let is_due =
            ratio > config.min_cleanable_dirty_ratio || waited_ms > config.max_compaction_lag_ms;
        Ok(Some(Dirt { ratio, is_due }))
    }

    /// Cleans once, as far as `keys_max` keys reach. `None` if there was nothing to do, or `stop` said so.
    ///
    /// Cost: reads the log twice at most and writes what stays; blocks on the disk throughout.
    ///
    /// # Errors
    /// `Damaged` for a batch that does not check: the log is as it was. `Io`.
    pub(crate) fn clean(
        &self,
        first_dirty: KafkaOffset,
        keys_max: usize,
        now_ms: i64,
        stop: Stop<'_>,
    ) -> Result<Option<Cleaned>, StorageError> {
        let (opened, config) = (self.opened()?, self.config());
        let range = self.cleanable(opened, &config, first_dirty, now_ms)?;
        let aborted = self.aborted_from(opened, &range)?;
        let map = map_offsets(&range, Transactions::new(aborted.clone()), keys_max, stop)?;
        if map.latest() < range.first_dirty || stop() {
            return Ok(None);
        }
        let producers = opened.tail.lock().producers.clone();
        let mut filter = Filter::new(
            &map,
            Transactions::new(aborted),
            &producers,
            now_ms,
            config.delete_retention_ms,
        );
        let mut cleaned = Cleaned {
            first_dirty: map.latest().next(),
            before_bytes: 0,
            after_bytes: 0,
        };
        for group in self.groups(opened, &config, &range, map.latest())? {
            let before_bytes: u64 = group.iter().map(|segment| segment.file.len()).sum();
            let Some(written) = self.write_group(opened, &config, &group, &mut filter, stop)?
            else {
                return Ok(None);
            };
            cleaned.before_bytes += before_bytes;
            cleaned.after_bytes += written.bytes;
            let is_same = group.len() == 1 && !written.is_changed;
            if is_same || !self.exchange(opened, &group, &written, now_ms)? {
                discard(&opened.chain.dir(), written.base, CLEANED_SUFFIX)?;
            }
        }
        Ok(Some(cleaned))
    }

    fn cleanable(
        &self,
        opened: &Opened,
        config: &LogConfig,
        first_dirty: KafkaOffset,
        now_ms: i64,
    ) -> Result<Range, StorageError> {
        let mut segments = opened.segments.read().clone();
        let (log_start, log_end) = (opened.shared.log_start(), opened.shared.log_end());
        let first_dirty = match first_dirty < log_start || first_dirty > log_end {
            true => log_start,
            false => first_dirty,
        };
        let bases: Vec<i64> = segments.iter().map(|segment| segment.base()).collect();
        let upto = opened.shared.last_stable();
        // A segment counts whole or not at all: all of it lies below the next one's base.
        let mut count = bases
            .partition_point(|base| *base <= upto.0)
            .saturating_sub(1);
        if config.min_compaction_lag_ms > 0 {
            let young_from = now_ms.saturating_sub(config.min_compaction_lag_ms);
            for (index, segment) in segments.iter().enumerate().take(count) {
                if bases[index + 1] > first_dirty.0 && self.time_of(opened, segment)? > young_from {
                    count = index;
                    break;
                }
            }
        }
        let end = KafkaOffset(bases.get(count).copied().unwrap_or(0));
        segments.truncate(count);
        Ok(Range {
            segments,
            end,
            first_dirty,
        })
    }

    /// Aborted transactions that begin in the range; their markers may lie behind it.
    fn aborted_from(
        &self,
        opened: &Opened,
        range: &Range,
    ) -> Result<Vec<AbortedTxn>, StorageError> {
        let dir = opened.chain.dir();
        let mut aborted = Vec::new();
        for segment in opened.segments.read().clone() {
            aborted.extend(segment.txn_index(&dir).read()?);
        }
        aborted.retain(|transaction| transaction.first_offset < range.end);
        Ok(aborted)
    }

    /// Neighbours that fit one segment together, as far as the map reaches.
    fn groups(
        &self,
        opened: &Opened,
        config: &LogConfig,
        range: &Range,
        latest: KafkaOffset,
    ) -> Result<Vec<Vec<Arc<LogSegment>>>, StorageError> {
        let dir = opened.chain.dir();
        let mut groups: Vec<Vec<Arc<LogSegment>>> = Vec::new();
        let (mut bytes, mut index_bytes) = (0, 0);
        for (segment, next) in range.with_ends() {
            if segment.base() > latest.0 {
                break;
            }
            let indexes = segment.indexes(&dir, self.limits())?;
            let largest_index = (indexes.offsets.count() as usize * OFFSET_ENTRY_BYTES)
                .max(indexes.times.count() as usize * TIME_ENTRY_BYTES);
            let fits = |group: &Vec<Arc<LogSegment>>| {
                let first = group.first().map_or(0, |first| first.base());
                bytes + segment.file.len() <= u64::from(config.segment_bytes)
                    && index_bytes + largest_index <= config.segment_index_bytes as usize
                    && i32::try_from(next.0 - first).is_ok()
            };
            match groups.last_mut().filter(|group| fits(group)) {
                Some(group) => group.push(Arc::clone(segment)),
                None => {
                    groups.push(vec![Arc::clone(segment)]);
                    (bytes, index_bytes) = (0, 0);
                }
            }
            bytes += segment.file.len();
            index_bytes += largest_index;
        }
        Ok(groups)
    }

    /// Copies what stays of a group into `.cleaned` files, synced. `None` if told to stop.
    fn write_group(
        &self,
        opened: &Opened,
        config: &LogConfig,
        group: &[Arc<LogSegment>],
        filter: &mut Filter<'_>,
        stop: Stop<'_>,
    ) -> Result<Option<Written>, StorageError> {
        let dir = opened.chain.dir();
        let base = group.first().map_or(0, |first| first.base());
        discard(&dir, base, CLEANED_SUFFIX)?;
        let mut out = Output::create(&dir, base, config)?;
        for segment in group {
            walk_whole(segment, |view| {
                let left = filter.batch(view);
                let left = left.map_err(|defect| damaged(segment, &defect))?;
                out.is_changed |= !matches!(left, Some(Cow::Borrowed(_)));
                left.map_or(Ok(()), |bytes| out.push(&bytes))
            })?;
            if stop() {
                discard(&dir, base, CLEANED_SUFFIX)?;
                return Ok(None);
            }
        }
        let modified = group.last().map(|last| last.file.modified());
        out.finish(&filter.transactions.take_kept(), modified)
            .map(Some)
    }

    /// Puts the new files in the place of the group's. False if the group is no more what it was.
    fn exchange(
        &self,
        opened: &Opened,
        group: &[Arc<LogSegment>],
        written: &Written,
        now_ms: i64,
    ) -> Result<bool, StorageError> {
        let _files = opened.files.lock();
        if opened.tail.lock().closed || !is_current(opened, group) {
            return Ok(false);
        }
        let exchanged = self.exchange_files(opened, group, written, now_ms);
        let dir = opened.chain.dir();
        if exchanged.is_err() && file_path(&dir, written.base, LOG_SUFFIX).exists() {
            // The old file has its name still: a start must not take the new ones for complete at some later time.
            discard(&dir, written.base, SWAP_SUFFIX)?;
        }
        exchanged.map(|()| true)
    }

    fn exchange_files(
        &self,
        opened: &Opened,
        group: &[Arc<LogSegment>],
        written: &Written,
        now_ms: i64,
    ) -> Result<(), StorageError> {
        let dir = opened.chain.dir();
        for suffix in written.suffixes() {
            rename(
                &dir,
                written.base,
                (suffix, CLEANED_SUFFIX),
                (suffix, SWAP_SUFFIX),
            )?;
        }
        small_file::sync_dir(&dir)?;
        // `replace` waits for this; here no reader waits with it.
        if let Some(last) = group.last() {
            opened.chain.flush_to(last.file.end())?;
        }
        let due_ms = now_ms.saturating_add(self.config().file_delete_delay_ms);
        let exchange = opened.exchange.write();
        for segment in group {
            // The snapshot at the first base stays with it.
            self.bin_indexes(&dir, segment.base(), due_ms);
            if segment.base() != written.base {
                self.bin_snapshot(&dir, segment.base(), due_ms);
            }
        }
        let base = u64::try_from(written.base).unwrap_or(0);
        let upto = group.last().map_or(0, |last| last.base() + 1);
        let swap = named(&dir, written.base, (LOG_SUFFIX, SWAP_SUFFIX));
        let (file, removed) =
            opened
                .chain
                .replace(base, u64::try_from(upto).unwrap_or(0), &swap)?;
        {
            let mut segments = opened.segments.write();
            let at = segments.partition_point(|segment| segment.base() < written.base);
            let new = Arc::new(LogSegment::new(written.base, file));
            segments.splice(at..at + group.len(), [new]);
        }
        // Last, and no reason to stop: offset and time index are built from the log where they are missing.
        for suffix in written.suffixes().filter(|suffix| *suffix != LOG_SUFFIX) {
            let renamed = rename(&dir, written.base, (suffix, SWAP_SUFFIX), (suffix, ""));
            if let Err(error) = renamed {
                tracing::warn!(log = %self.tp(), %error, "a cleaned segment's index is not in place");
            }
        }
        drop(exchange);
        small_file::sync_dir(&dir)?;
        for file in removed {
            self.env.trash.put_segment(due_ms, file);
        }
        Ok(())
    }

    /// Whether a log that nobody has opened may want cleaning: by the names of its files.
    pub(crate) fn may_be_dirty(&self, first_dirty: KafkaOffset) -> bool {
        let found = segment::Chain::scan(&self.dir(), LOG_SUFFIX).unwrap_or_default();
        let active_base = found.last().map_or(0, |active| active.base);
        u64::try_from(first_dirty.0).is_ok_and(|first_dirty| first_dirty < active_base)
    }
}

impl Range {
    /// Each segment with the base of the one after it.
    fn with_ends(&self) -> impl Iterator<Item = (&Arc<LogSegment>, KafkaOffset)> {
        let next = self.segments.iter().skip(1);
        let ends = next
            .map(|segment| KafkaOffset(segment.base()))
            .chain([self.end]);
        self.segments.iter().zip(ends)
    }
}

/// Learns the newest offset of each key from the dirty segments on.
fn map_offsets(
    range: &Range,
    mut transactions: Transactions,
    keys_max: usize,
    stop: Stop<'_>,
) -> Result<OffsetMap, StorageError> {
    let mut map = OffsetMap::new(keys_max);
    let mut is_full = false;
    for (segment, next) in range.with_ends() {
        if next <= range.first_dirty || is_full || stop() {
            continue;
        }
        walk_whole(segment, |view| {
            let is_aborted = transactions.read(view) || view.header().is_control();
            if is_full || view.header().last_offset() < range.first_dirty {
                return Ok(());
            }
            if !is_aborted {
                is_full = !note_keys(&mut map, view, range.first_dirty)
                    .map_err(|defect| damaged(segment, &defect))?;
            }
            if !is_full {
                map.complete_to(view.header().last_offset());
            }
            Ok(())
        })?;
    }
    Ok(map)
}

/// Notes the records of a batch; false if not all found room.
fn note_keys(
    map: &mut OffsetMap,
    view: &BatchView<'_>,
    from: KafkaOffset,
) -> Result<bool, BatchDefect> {
    use std::ops::ControlFlow::{Break, Continue};
    let mut fits = true;
    record::visit(view, |record| {
        if let Some(key) = record.key.filter(|_| record.offset >= from) {
            fits = map.put(key, record.offset);
        }
        if fits { Continue(()) } else { Break(()) }
    })?;
    Ok(fits)
}

/// Walks all batches of a sealed segment; one that does not check is an error.
fn walk_whole(
    segment: &LogSegment,
    mut each: impl FnMut(&BatchView<'_>) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    let file = &segment.file;
    let walked = rebuild::walk(
        file,
        0,
        file.len(),
        KafkaOffset(segment.base()),
        |view, _| each(view),
    )?;
    match walked.stop {
        Some(why) => {
            let at = walked.valid_bytes;
            Err(StorageError::damaged(
                &file.path(),
                format!("at byte {at}: {why}"),
            ))
        }
        None => Ok(()),
    }
}

fn damaged(segment: &LogSegment, defect: &BatchDefect) -> StorageError {
    StorageError::damaged(&segment.file.path(), defect.to_string())
}

fn is_current(opened: &Opened, group: &[Arc<LogSegment>]) -> bool {
    let segments = opened.segments.read();
    let first = group.first().map_or(0, |first| first.base());
    let at = segments.partition_point(|segment| segment.base() < first);
    let now = segments.get(at..at + group.len()).unwrap_or_default();
    now.len() == group.len() && now.iter().zip(group).all(|(a, b)| Arc::ptr_eq(a, b))
}
