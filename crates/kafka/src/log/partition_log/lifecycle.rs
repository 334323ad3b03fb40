//! Checkpoint, close and delete.
//!
//! Invariants: the recovery point moves only after data, indexes and producers below it are synced.
//! A clean close leaves trimmed files, a producer snapshot at the end and everything durable.
//! A closed log is never opened again by the same `PartitionLog`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use segment::Position;

use super::super::error::StorageError;
use super::super::ids::{KafkaOffset, TopicId};
use super::super::{producer_snapshot, small_file};
use super::open::LOG_SUFFIX;
use super::segments::LogSegment;
use super::{Opened, PartitionLog};

/// What the data root's checkpoint files hold of one log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Points {
    pub(crate) recovery_point: KafkaOffset,
    /// Only where the log start lies above the first segment's base.
    pub(crate) log_start: Option<KafkaOffset>,
    pub(crate) high_watermark: KafkaOffset,
}

/// What a checkpoint has to make durable.
struct Pending {
    offset: KafkaOffset,
    position: Position,
    since: KafkaOffset,
    snapshot: Option<Vec<u8>>,
    snapshots_unsynced: Vec<PathBuf>,
}

impl PartitionLog {
    /// The offsets that the checkpoint files hold, without opening or syncing anything.
    pub(crate) fn points(&self) -> Points {
        let Some(opened) = self.opened.get() else {
            let hints = self.hints();
            let log_start = (hints.log_start.0 > 0).then_some(hints.log_start);
            return Points {
                recovery_point: hints.recovery_point,
                log_start,
                high_watermark: hints.recovery_point,
            };
        };
        let log_start = opened.shared.log_start();
        let first_base = opened
            .segments
            .read()
            .first()
            .map_or(0, |segment| segment.base());
        Points {
            recovery_point: opened.tail.lock().recovery_point,
            log_start: (log_start.0 > first_base).then_some(log_start),
            high_watermark: opened.shared.visible(),
        }
    }

    /// Syncs what was appended since the last checkpoint and moves the recovery point behind it.
    /// Blocks on the disk, not under the append lock.
    ///
    /// # Errors
    /// The recovery point then stays where it is.
    pub(crate) fn checkpoint(&self) -> Result<(), StorageError> {
        let Some(opened) = self.opened.get() else {
            return Ok(());
        };
        let _files = opened.files.lock();
        let pending = {
            let mut tail = opened.tail.lock();
            if tail.closed {
                return Ok(());
            }
            if tail.next_offset <= tail.recovery_point {
                // Nothing was appended for a whole interval: the index files may be closed.
                return self.rest(opened);
            }
            let snapshot = producer_snapshot::encode(&tail.producers);
            Pending {
                offset: tail.next_offset,
                position: opened.chain.marks().written,
                since: tail.recovery_point,
                snapshot: Some(snapshot),
                snapshots_unsynced: std::mem::take(&mut tail.snapshots_unsynced),
            }
        };
        self.make_durable(opened, &pending)?;
        let mut tail = opened.tail.lock();
        let before = tail.recovery_point;
        tail.recovery_point = tail.recovery_point.max(pending.offset);
        tail.producers_changed = false;
        drop(tail);
        self.drop_snapshot_between_segments(opened, before)
    }

    /// Trims the open index files and closes them until their next use.
    fn rest(&self, opened: &Opened) -> Result<(), StorageError> {
        let segments = opened.segments.read().clone();
        segments
            .iter()
            .filter_map(|segment| segment.indexes_if_open())
            .try_for_each(|indexes| indexes.rest())
    }

    fn make_durable(&self, opened: &Opened, pending: &Pending) -> Result<(), StorageError> {
        opened.chain.flush_to(pending.position)?;
        let dir = opened.chain.dir();
        let touched: Vec<Arc<LogSegment>> = {
            let segments = opened.segments.read();
            let after = segments.partition_point(|segment| segment.base() <= pending.since.0);
            segments[after.saturating_sub(1)..].to_vec()
        };
        for segment in touched {
            if let Some(indexes) = segment.indexes_if_open() {
                indexes.flush()?;
            }
            segment.txn_index(&dir).flush()?;
        }
        for path in &pending.snapshots_unsynced {
            if let Ok(file) = std::fs::File::open(path) {
                file.sync_all()
                    .map_err(|error| StorageError::io("sync", path, error))?;
            }
        }
        match &pending.snapshot {
            Some(bytes) => {
                small_file::replace(&producer_snapshot::path(&dir, pending.offset), bytes)
            }
            None => Ok(()),
        }
    }

    /// The last checkpoint's snapshot is superseded unless a segment begins there.
    fn drop_snapshot_between_segments(
        &self,
        opened: &Opened,
        at: KafkaOffset,
    ) -> Result<(), StorageError> {
        let begins_one = opened
            .segments
            .read()
            .iter()
            .any(|segment| segment.base() == at.0);
        if begins_one {
            Ok(())
        } else {
            small_file::remove(&producer_snapshot::path(&opened.chain.dir(), at))
        }
    }

    /// Closes the log: everything durable, files trimmed, snapshot written. Appends, reads and
    /// waits end with an error from here on. A log that was never opened is left as it is.
    ///
    /// # Errors
    /// The first failure; the log is closed all the same, and the stop was not clean.
    pub(crate) fn close(&self) -> Result<(), StorageError> {
        let Some(opened) = self.opened.get() else {
            return Ok(());
        };
        let _files = opened.files.lock();
        let mut tail = opened.tail.lock();
        if tail.closed {
            return Ok(());
        }
        tail.closed = true;
        let poisoned = opened.shared.poison_of();
        let finish = || -> Result<(), StorageError> {
            if let Some(poison) = poisoned {
                return Err(poison.into());
            }
            tail.index_state.seal(&tail.indexes)?;
            // Before the sync, which then covers the cut.
            tail.appender.seal()?;
            let grown = tail.next_offset > tail.recovery_point || tail.producers_changed;
            let (pending, before) = (
                Pending {
                    offset: tail.next_offset,
                    position: opened.chain.marks().written,
                    since: tail.recovery_point,
                    snapshot: Some(producer_snapshot::encode(&tail.producers)),
                    snapshots_unsynced: std::mem::take(&mut tail.snapshots_unsynced),
                },
                tail.recovery_point,
            );
            if grown {
                self.make_durable(opened, &pending)?;
                tail.recovery_point = tail.next_offset;
            }
            self.rest(opened)?;
            drop(tail);
            if grown && before != pending.offset {
                self.drop_snapshot_between_segments(opened, before)?;
            }
            Ok(())
        };
        let finished = finish();
        opened.chain.retire();
        opened.shared.close();
        finished
    }

    /// Ends service and renames the directory so that no start takes it for a log; its path then.
    pub(crate) fn set_aside(&self, mark: TopicId, suffix: &str) -> Result<PathBuf, StorageError> {
        let _opening = self.opening.lock();
        let opened = self.opened.get();
        let _files = opened.map(|opened| opened.files.lock());
        if let Some(opened) = opened {
            opened.tail.lock().closed = true;
            opened.chain.retire();
            opened.shared.close();
        }
        let mut dir = self.dir.write();
        let to = set_aside_name(&dir, mark, suffix);
        std::fs::rename(&*dir, &to).map_err(|error| StorageError::io("rename", &dir, error))?;
        small_file::sync_parent(&to)?;
        if let Some(opened) = opened {
            opened.chain.dir_moved(&to);
            opened.epochs.lock().moved_to(&to);
        }
        dir.clone_from(&to);
        Ok(to)
    }

    /// Bytes of all segment files.
    pub fn size_bytes(&self) -> u64 {
        match self.opened.get() {
            Some(opened) => opened.chain.len_bytes(),
            None => segment::Chain::scan(&self.dir(), LOG_SUFFIX).map_or(0, |found| {
                found.iter().map(|segment| segment.len_bytes).sum()
            }),
        }
    }

    /// Ends the log's threads and waits without making anything durable: as a crash would.
    pub(crate) fn abandon(&self) {
        if let Some(opened) = self.opened.get() {
            opened.chain.retire();
            opened.shared.close();
        }
    }
}

/// `topic-partition.<32 hex digits>` and `suffix`, the topic cut so that the name fits a directory.
fn set_aside_name(dir: &Path, mark: TopicId, suffix: &str) -> PathBuf {
    let hex: String = mark.0.iter().map(|byte| format!("{byte:02x}")).collect();
    let suffix = format!(".{hex}{suffix}");
    let name = dir
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let room = 255 - suffix.len();
    let kept: String = name.chars().take(room).collect();
    dir.with_file_name(format!("{kept}{suffix}"))
}
