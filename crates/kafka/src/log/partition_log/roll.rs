//! Starting a new segment: when, and what is written at the seam.
//!
//! Invariants: a segment rolls before the batch that would pass `segment.bytes`, whose time is
//! `segment.ms` (on a compacted topic `max.compaction.lag.ms`, if less) past the first batch's, which finds an index full, or whose offset does not fit.
//! The sealed segment gets its last time entry, trimmed indexes and a background sync; the producer
//! snapshot at the seam is written beside.

use std::sync::Arc;

use segment::{Mark, SegmentError};

use super::super::batch::BatchHeader;
use super::super::config::LogConfig;
use super::super::error::{AppendError, StorageError};
use super::super::ids::KafkaOffset;
use super::super::offset_index::OFFSET_INDEX_SUFFIX;
use super::super::producer_snapshot;
use super::super::small_file;
use super::super::time_index::TIME_INDEX_SUFFIX;
use super::super::txn_index::TXN_INDEX_SUFFIX;
use super::rebuild::IndexState;
use super::segments::{Indexes, LogSegment, file_path};
use super::{Opened, PartitionLog, Tail};

impl PartitionLog {
    pub(super) fn roll_if_due(
        &self,
        opened: &Opened,
        tail: &mut Tail,
        config: &LogConfig,
        header: &BatchHeader,
        now_ms: i64,
    ) -> Result<(), AppendError> {
        let size = tail.active.file.len();
        let limit = u64::from(config.segment_bytes);
        let relative = header.last_offset().0 - tail.active.base();
        let full = tail.indexes.offsets.is_full() || tail.indexes.times.is_full();
        let by_size = size + header.size_bytes() as u64 > limit;
        let by_time = size > 0
            && tail.waited_ms(header, now_ms) > config.segment_ms_max() - tail.roll_jitter_ms;
        if size > 0 && (by_size || by_time || full || i32::try_from(relative).is_err()) {
            self.roll(opened, tail, config, now_ms)?;
        }
        Ok(())
    }

    /// Seals the active segment and starts the next at the end of the log.
    pub(super) fn roll(
        &self,
        opened: &Opened,
        tail: &mut Tail,
        config: &LogConfig,
        now_ms: i64,
    ) -> Result<(), AppendError> {
        let base = tail.next_offset;
        let dir = opened.chain.dir();
        for suffix in [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX] {
            small_file::remove(&file_path(&dir, base.0, suffix)).map_err(AppendError::Storage)?;
        }
        let indexes = Indexes::open(&dir, base.0, config.segment_index_bytes)
            .map_err(|error| self.storage_error(opened, error))?;
        opened
            .chain
            .set_capacity_bytes(u64::from(config.segment_bytes));
        let file_base = u64::try_from(base.0).unwrap_or(0);
        tail.appender
            .roll(file_base)
            .map_err(|error| self.append_error(opened, error))?;

        let sealed = tail
            .index_state
            .seal(&tail.indexes)
            .and_then(|()| tail.indexes.trim());
        if let Err(error) = sealed {
            tracing::warn!(log = %self.tp(), %error, "index of a sealed segment is not trimmed");
        }
        let Some(file) = opened.chain.active() else {
            return Err(AppendError::Closed);
        };
        let indexes = Arc::new(indexes);
        let segment = Arc::new(LogSegment::with_indexes(base.0, file, Arc::clone(&indexes)));
        opened.segments.write().push(Arc::clone(&segment));
        tail.active = segment;
        tail.indexes = indexes;
        tail.index_state = IndexState::default();
        tail.first_timestamp_ms = None;
        tail.created_ms = now_ms;
        tail.roll_jitter_ms = jitter_ms(config, base);
        self.write_snapshot_unsynced(tail, base, &dir);
        // The sealed segment reaches the disk in the background.
        let _ = opened
            .chain
            .request(Mark::Durable, opened.chain.marks().written);
        Ok(())
    }

    /// A snapshot is only a shortcut: one that a crash tears is noticed by its checksum.
    fn write_snapshot_unsynced(&self, tail: &mut Tail, offset: KafkaOffset, dir: &std::path::Path) {
        let path = producer_snapshot::path(dir, offset);
        match std::fs::write(&path, producer_snapshot::encode(&tail.producers)) {
            Ok(()) => tail.snapshots_unsynced.push(path),
            Err(error) => {
                tracing::warn!(log = %self.tp(), %error, "producer snapshot was not written")
            }
        }
    }

    pub(super) fn storage_error(&self, opened: &Opened, error: StorageError) -> AppendError {
        match error {
            StorageError::Segment(error @ SegmentError::NoSpace { .. }) => {
                self.append_error(opened, error)
            }
            other => AppendError::Storage(other),
        }
    }
}

/// At most `segment.jitter.ms`, spread over logs and segments without a random source.
pub(super) fn jitter_ms(config: &LogConfig, base: KafkaOffset) -> i64 {
    let most = config.segment_jitter_ms.min(config.segment_ms_max());
    if most <= 0 {
        return 0;
    }
    let mixed = base
        .0
        .wrapping_mul(0x5851_f42d_4c95_7f2d)
        .wrapping_add(0x1405_7b7e_f767_814f);
    mixed.rotate_left(17).rem_euclid(most)
}
