//! Finding offsets by time and by leader epoch.
//!
//! Invariants: a time lookup decodes records only of the one batch that holds the answer.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::super::batch::BatchView;
use super::super::error::{ReadError, StorageError};
use super::super::ids::KafkaOffset;
use super::super::record;
use super::segments::{Access, FoundBatch, HeaderScan, LogSegment};
use super::{Opened, PartitionLog};

/// A record's place and time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimedOffset {
    /// Its offset.
    pub offset: KafkaOffset,
    /// Its time.
    pub timestamp_ms: i64,
    /// Leader epoch of its batch, −1 for none.
    pub leader_epoch: i32,
}

impl PartitionLog {
    /// The first record at or after `timestamp_ms`, looking at readable offsets only from the log
    /// start on; not bounded by the high watermark.
    ///
    /// # Errors
    /// `Storage` for unreadable bytes.
    pub fn find_by_time(&self, timestamp_ms: i64) -> Result<Option<TimedOffset>, ReadError> {
        let opened = self.opened()?;
        let _exchange = opened.exchange.read();
        let log_start = opened.shared.log_start();
        let segments: Vec<Arc<LogSegment>> = opened.segments.read().clone();
        for (index, segment) in segments.iter().enumerate() {
            let next_base = segments.get(index + 1).map(|next| next.base());
            if next_base.is_some_and(|next| next <= log_start.0) {
                continue;
            }
            let is_last = next_base.is_none();
            if !is_last && self.largest_time(opened, segment)? < timestamp_ms {
                continue;
            }
            if let Some(found) = self.find_in(opened, segment, timestamp_ms, log_start)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The largest time in the log and the first record that has it.
    ///
    /// # Errors
    /// `Storage` for unreadable bytes.
    pub fn max_timestamp(&self) -> Result<Option<TimedOffset>, ReadError> {
        let opened = self.opened()?;
        let _exchange = opened.exchange.read();
        let segments: Vec<Arc<LogSegment>> = opened.segments.read().clone();
        let mut best: Option<(i64, Arc<LogSegment>)> = None;
        for segment in segments {
            let largest = self.largest_indexed(opened, &segment)?;
            if largest >= 0 && best.as_ref().is_none_or(|(most, _)| largest > *most) {
                best = Some((largest, segment));
            }
        }
        match best {
            Some((largest, segment)) => {
                self.find_in(opened, &segment, largest, opened.shared.log_start())
            }
            None => Ok(None),
        }
    }

    fn find_in(
        &self,
        opened: &Opened,
        segment: &LogSegment,
        timestamp_ms: i64,
        from: KafkaOffset,
    ) -> Result<Option<TimedOffset>, ReadError> {
        let indexes = segment.indexes(&opened.chain.dir(), self.limits())?;
        // An entry at exactly this time may stand for a record before it: start below.
        let entry = indexes.times.floor(timestamp_ms.saturating_sub(1))?;
        let target = entry.map_or(from, |entry| entry.offset.max(from));
        let start = self.scan_start(opened, segment, target)?;
        let mut scan = HeaderScan::new(&segment.file, start, segment.file.len(), Access::MayBlock);
        while let Some(found) = scan.next()? {
            if found.header.max_timestamp < timestamp_ms || found.header.last_offset() < from {
                continue;
            }
            if let Some(record) = first_record(segment, &found, timestamp_ms, from)? {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// Largest time of a segment, by its index or what appends have seen; −1 for none.
    fn largest_indexed(
        &self,
        opened: &Opened,
        segment: &Arc<LogSegment>,
    ) -> Result<i64, ReadError> {
        let tail = opened.tail.lock();
        if Arc::ptr_eq(&tail.active, segment) {
            return Ok(tail.index_state.max.timestamp_ms);
        }
        drop(tail);
        let indexes = segment.indexes(&opened.chain.dir(), self.limits())?;
        Ok(indexes.times.last()?.map_or(-1, |entry| entry.timestamp_ms))
    }

    /// As `largest_indexed`, or when the file was last written if no record has a time.
    pub(super) fn largest_time(
        &self,
        opened: &Opened,
        segment: &Arc<LogSegment>,
    ) -> Result<i64, ReadError> {
        let largest = self.largest_indexed(opened, segment)?;
        if largest >= 0 {
            return Ok(largest);
        }
        let modified = segment
            .file
            .modified()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        Ok(i64::try_from(modified.as_millis()).unwrap_or(i64::MAX))
    }

    /// Where `epoch` ended, with the epoch the answer is about; `(−1, −1)` when nothing is known.
    ///
    /// # Errors
    /// As the first open of the log.
    pub fn end_offset_for_epoch(&self, epoch: i32) -> Result<(i32, KafkaOffset), StorageError> {
        let opened = self.opened()?;
        Ok(opened
            .epochs
            .lock()
            .end_offset_for(epoch, opened.shared.log_end()))
    }

    /// Epoch of the batch that holds `offset`, by the epoch history.
    ///
    /// # Errors
    /// As the first open of the log.
    pub fn epoch_at(&self, offset: KafkaOffset) -> Result<Option<i32>, StorageError> {
        Ok(self.opened()?.epochs.lock().epoch_at(offset))
    }

    /// The epoch that appends are stamped with.
    ///
    /// # Errors
    /// As the first open of the log.
    pub fn leader_epoch(&self) -> Result<i32, StorageError> {
        Ok(self.opened()?.tail.lock().leader_epoch)
    }

    /// Stamps appends from now on with `epoch`, which begins at the log's end. Synced on return.
    ///
    /// # Errors
    /// `Io`: the old epoch stays. An epoch below the present one changes nothing.
    pub fn assign_leader_epoch(&self, epoch: i32) -> Result<(), StorageError> {
        let opened = self.opened()?;
        let mut tail = opened.tail.lock();
        if epoch <= tail.noted_epoch {
            return Ok(());
        }
        opened.epochs.lock().assign(epoch, tail.next_offset)?;
        tail.leader_epoch = epoch;
        tail.noted_epoch = epoch;
        Ok(())
    }

    /// What is known of the log's producers.
    ///
    /// # Errors
    /// As the first open of the log.
    pub fn producers(
        &self,
    ) -> Result<Vec<super::super::producer_state::ProducerEntry>, StorageError> {
        Ok(self
            .opened()?
            .tail
            .lock()
            .producers
            .iter()
            .cloned()
            .collect())
    }
}

fn first_record(
    segment: &LogSegment,
    found: &FoundBatch,
    timestamp_ms: i64,
    from: KafkaOffset,
) -> Result<Option<TimedOffset>, ReadError> {
    let lease = segment
        .file
        .lease(found.position..found.end())
        .map_err(StorageError::from)?;
    let damaged = |defect: super::super::error::BatchDefect| {
        let why = format!("at byte {}: {defect}", found.position);
        ReadError::Storage(StorageError::damaged(&segment.file.path(), why))
    };
    let view = BatchView::first(&lease).map_err(damaged)?;
    let mut first = None;
    record::visit(&view, |record| {
        if record.timestamp_ms >= timestamp_ms && record.offset >= from {
            let leader_epoch = found.header.leader_epoch;
            first = Some(TimedOffset {
                offset: record.offset,
                timestamp_ms: record.timestamp_ms,
                leader_epoch,
            });
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })
    .map_err(damaged)?;
    Ok(first)
}
