//! What goes: by time, by size, by log start.
//!
//! Invariants: nothing at or above the high watermark goes; the active segment only after a new one
//! was begun; readers keep what they hold. Files are renamed to `.deleted` and unlinked after
//! `file.delete.delay.ms`.

use std::path::Path;
use std::sync::Arc;

use super::super::error::{AppendError, ReadError, StorageError};
use super::super::ids::KafkaOffset;
use super::super::offset_index::OFFSET_INDEX_SUFFIX;
use super::super::producer_snapshot;
use super::super::time_index::TIME_INDEX_SUFFIX;
use super::super::txn_index::TXN_INDEX_SUFFIX;
use super::recover::tidy::DELETED_SUFFIX;
use super::segments::{LogSegment, file_path};
use super::{Opened, PartitionLog};

impl PartitionLog {
    /// One retention pass; the bytes that went. A log nobody has opened is only opened if its
    /// files say that something may be due.
    ///
    /// # Errors
    /// The first failure; segments removed before it stay removed.
    pub(crate) fn run_retention(&self, now_ms: i64) -> Result<u64, StorageError> {
        let config = self.config();
        if !self.is_open() && !self.cold_retention_due(&config, now_ms) {
            return Ok(0);
        }
        let opened = self.opened()?;
        let _files = opened.files.lock();
        opened
            .tail
            .lock()
            .producers
            .expire(now_ms, self.env.producer_expiration_ms);
        let keep_from = self.keep_from(opened, &config, now_ms)?;
        self.drop_below(opened, keep_from, now_ms)
    }

    /// The smallest base that stays.
    fn keep_from(
        &self,
        opened: &Opened,
        config: &super::super::config::LogConfig,
        now_ms: i64,
    ) -> Result<i64, StorageError> {
        let segments: Vec<Arc<LogSegment>> = opened.segments.read().clone();
        let (log_start, visible) = (opened.shared.log_start(), opened.shared.visible());
        let mut size: u64 = segments.iter().map(|segment| segment.file.len()).sum();
        let mut keep_from = segments.first().map_or(0, |segment| segment.base());
        for (index, segment) in segments.iter().enumerate() {
            let next = segments
                .get(index + 1)
                .map_or(opened.shared.log_end().0, |next| next.base());
            let is_last = index + 1 == segments.len();
            if next > visible.0 || (is_last && segment.file.is_empty()) {
                break;
            }
            let len = segment.file.len();
            let by_start = next <= log_start.0 && !is_last;
            let by_size = config.cleanup_delete
                && u64::try_from(config.retention_bytes)
                    .is_ok_and(|most| size.saturating_sub(most) >= len && size > most);
            let by_time = config.cleanup_delete
                && config.retention_ms >= 0
                && now_ms.saturating_sub(self.time_of(opened, segment)?) > config.retention_ms;
            if !(by_start || by_size || by_time) {
                break;
            }
            size -= len;
            keep_from = next;
        }
        Ok(keep_from)
    }

    pub(super) fn time_of(
        &self,
        opened: &Opened,
        segment: &Arc<LogSegment>,
    ) -> Result<i64, StorageError> {
        self.largest_time(opened, segment)
            .map_err(|error| match error {
                ReadError::Storage(error) => error,
                other => StorageError::Unusable(other.to_string()),
            })
    }

    fn drop_below(
        &self,
        opened: &Opened,
        keep_from: i64,
        now_ms: i64,
    ) -> Result<u64, StorageError> {
        let last_base = opened
            .segments
            .read()
            .last()
            .map_or(0, |segment| segment.base());
        if keep_from > last_base {
            // Even the active segment goes: what comes next needs a place first.
            let config = self.config();
            let mut tail = opened.tail.lock();
            if tail.next_offset.0 == keep_from && !tail.active.file.is_empty() {
                self.roll(opened, &mut tail, &config, now_ms)
                    .map_err(|error| match error {
                        AppendError::Storage(error) => error,
                        other => StorageError::Unusable(other.to_string()),
                    })?;
            }
        }
        opened.shared.raise_log_start(KafkaOffset(keep_from));
        let (mut removed, mut failed) = (Vec::new(), None);
        loop {
            match opened
                .chain
                .take_front(u64::try_from(keep_from).unwrap_or(0))
            {
                Ok(Some(one)) => removed.push(one),
                Ok(None) => break,
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        if removed.is_empty() {
            return failed.map_or(Ok(0), |error| Err(error.into()));
        }
        let gone: Vec<Arc<LogSegment>> = {
            let mut segments = opened.segments.write();
            let count = removed.len().min(segments.len());
            segments.drain(..count).collect()
        };
        let dir = opened.chain.dir();
        let due_ms = now_ms.saturating_add(self.config().file_delete_delay_ms);
        for segment in &gone {
            self.bin_indexes(&dir, segment.base(), due_ms);
            self.bin_snapshot(&dir, segment.base(), due_ms);
        }
        let mut bytes = 0;
        for (one, file) in removed {
            bytes += one.len_bytes;
            if let Some(file) = file {
                self.env.trash.put_segment(due_ms, file);
            }
        }
        let log_start = opened.shared.log_start();
        let mut epochs = opened.epochs.lock();
        if epochs.cut_start(log_start) {
            epochs.write()?;
        }
        failed.map_or(Ok(bytes), |error| Err(error.into()))
    }

    /// Renames the indexes of the segment at `base` to `.deleted`; they go at `due_ms`.
    pub(super) fn bin_indexes(&self, dir: &Path, base: i64, due_ms: i64) {
        for suffix in [OFFSET_INDEX_SUFFIX, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX] {
            self.bin(&file_path(dir, base, suffix), due_ms);
        }
    }

    /// The same with the producer snapshot at `base`.
    pub(super) fn bin_snapshot(&self, dir: &Path, base: i64, due_ms: i64) {
        self.bin(&producer_snapshot::path(dir, KafkaOffset(base)), due_ms);
    }

    fn bin(&self, path: &Path, due_ms: i64) {
        let mut to = path.to_path_buf();
        to.as_mut_os_string().push(DELETED_SUFFIX);
        if std::fs::rename(path, &to).is_ok() {
            self.env.trash.put(due_ms, to);
        }
    }

    /// Moves the log start up to `offset`, the high watermark for −1; the new log start. Files go
    /// at the next retention pass.
    ///
    /// # Errors
    /// `OutOfRange` above the high watermark or below 0.
    pub fn delete_records_before(&self, offset: KafkaOffset) -> Result<KafkaOffset, ReadError> {
        let opened = self.opened()?;
        let visible = opened.shared.visible();
        let to = if offset.0 == -1 { visible } else { offset };
        if to > visible || to.0 < 0 {
            let (log_start, log_end) = (opened.shared.log_start(), visible);
            return Err(ReadError::OutOfRange {
                asked: to,
                log_start,
                log_end,
            });
        }
        if opened.shared.raise_log_start(to) {
            let mut epochs = opened.epochs.lock();
            if epochs.cut_start(to) {
                epochs.write()?;
            }
        }
        Ok(opened.shared.log_start())
    }

    /// Whether the oldest segment's files suggest that retention has work: read without opening.
    fn cold_retention_due(&self, config: &super::super::config::LogConfig, now_ms: i64) -> bool {
        let dir = self.dir();
        let Ok(found) = segment::Chain::scan(&dir, super::open::LOG_SUFFIX) else {
            return false;
        };
        let size: u64 = found.iter().map(|segment| segment.len_bytes).sum();
        let Some(oldest) = found.first().filter(|_| size > 0) else {
            return false;
        };
        let base = i64::try_from(oldest.base).unwrap_or(0);
        let next = found.get(1).map(|segment| segment.base);
        if next.is_some_and(|next| {
            i64::try_from(next).is_ok_and(|next| next <= self.hints().log_start.0)
        }) {
            return true;
        }
        if !config.cleanup_delete {
            return false;
        }
        let by_size = u64::try_from(config.retention_bytes).is_ok_and(|most| size > most);
        let times = super::super::time_index::TimeIndex::open(
            &file_path(&dir, base, TIME_INDEX_SUFFIX),
            base,
            config.segment_index_bytes,
        );
        let largest = times
            .ok()
            .and_then(|times| times.last().ok().flatten())
            .map(|entry| entry.timestamp_ms);
        let modified = oldest
            .modified
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        let written = i64::try_from(modified.as_millis()).unwrap_or(i64::MAX);
        let by_time = config.retention_ms >= 0
            && now_ms.saturating_sub(largest.unwrap_or(written)) > config.retention_ms;
        by_size || by_time
    }
}
