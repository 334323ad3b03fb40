//! What has to happen from time to time: checkpoints, and the removal of what is old.
//!
//! Invariants: the mark is written only after the queues it speaks of, and the log below it, were synced. Retention removes
//! whole files from the front, never the newest, and only unlinks them: who reads one goes on reading. Nothing here holds a
//! lock that a put or a read needs.

use std::sync::atomic::Ordering;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::checkpoint::Checkpoint;
use super::error::StoreError;
use super::ids::PhysicalOffset;
use super::mark::Mark;
use super::store::{Keeping, Store};

/// What a round of retention did.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Retained {
    /// How full the disk is, 0 to 1.
    pub disk_used: f64,
    /// Commit log files removed.
    pub log_files: usize,
    /// Consume queue files removed.
    pub queue_files: usize,
    /// Index files removed.
    pub index_files: usize,
}

impl Store {
    /// Syncs log and queues and notes down how far that is. A crash after it costs no more than dispatching what came
    /// later. To be called about every ten seconds, from a thread that may wait.
    ///
    /// # Errors
    /// `Io`; the last checkpoint stays.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        let mut keeping = self.keeping.lock();
        self.checkpoint_now(&mut keeping, false)
    }

    /// The same, with the index.
    pub(super) fn checkpoint_all(&self) -> Result<(), StoreError> {
        let mut keeping = self.keeping.lock();
        self.checkpoint_now(&mut keeping, true)
    }

    fn checkpoint_now(&self, keeping: &mut Keeping, all: bool) -> Result<(), StoreError> {
        let store_ms = self.dispatcher.dispatched_ms();
        let dispatched = self.dispatcher.dispatched();
        if dispatched <= keeping.mark.dispatched() && !all {
            return Ok(());
        }
        self.log.chain().flush_to(dispatched.position())?;
        self.queues.sync()?;
        let mut indexed = keeping.mark.indexed();
        let mut checkpoint = Checkpoint {
            log_ms: keeping.checkpoint.log_ms.max(store_ms),
            queues_ms: keeping.checkpoint.queues_ms.max(store_ms),
            dispatch_from: dispatched.0,
            ..keeping.checkpoint
        };
        let mut index_files = 0;
        if let Some(index) = &self.index {
            let (synced_ms, is_clean) = index.sync(all)?;
            checkpoint.index_ms = checkpoint.index_ms.max(synced_ms.unwrap_or(0));
            checkpoint.go_back_to(index.begin_of_first_behind(checkpoint.index_ms));
            if is_clean {
                indexed = dispatched;
            }
            index_files = index.count();
        }
        let mark = Mark::new(dispatched, indexed, index_files, &self.settings);
        checkpoint.write(&*self.disk, &self.root)?;
        mark.write(&*self.disk, &self.own_dir)?;
        *keeping = Keeping { checkpoint, mark };
        Ok(())
    }

    /// Removes old files, and decides whether messages are refused because the disk is full. To be called about every ten
    /// seconds, from a thread that may wait.
    ///
    /// # Errors
    /// `Io`; what was removed before it stays removed.
    pub fn retain(&self) -> Result<Retained, StoreError> {
        let _keeping = self.keeping.lock();
        let usage = (self.disk_usage)(&self.root);
        let disk_used =
            usage.map_err(|error| StoreError::io("ask how full is", &self.root, error))?;
        let is_full = disk_used > self.settings.disk_ratio_full;
        if self.is_full.swap(is_full, Ordering::Relaxed) != is_full {
            tracing::warn!(disk_used, refusing = is_full, "disk is full, or no longer");
        }
        let mut done = Retained {
            disk_used,
            log_files: self.remove_old(disk_used)?,
            ..Retained::default()
        };
        let log_start = self.log.start();
        for queue in self.queues.all() {
            done.queue_files += self.queues.remove_below(&queue, log_start)?;
        }
        if let Some(index) = &self.index {
            done.index_files = index.remove_below(log_start)?;
        }
        Ok(done)
    }

    fn remove_old(&self, disk_used: f64) -> Result<usize, StoreError> {
        let settings = &self.settings;
        let is_forced = disk_used > settings.disk_ratio_force;
        let is_hour = settings
            .delete_hours
            .contains(&local_hour(self.clock.now_ms()));
        if !(is_forced || is_hour || disk_used > settings.disk_ratio_clean) {
            return Ok(0);
        }
        let mut removed = 0;
        while removed < settings.delete_files_max {
            let Some(first) = self.log.chain().first() else {
                break;
            };
            let modified = first.modified().duration_since(std::time::UNIX_EPOCH);
            let modified = modified.map_or(0, |since| since.as_millis());
            let modified_ms = i64::try_from(modified).unwrap_or(i64::MAX);
            let age_ms = self.clock.now_ms().saturating_sub(modified_ms);
            // What was not dispatched is in no queue: nobody could read it any more.
            let is_dispatched = PhysicalOffset::from(first.end()) <= self.dispatcher.dispatched();
            if !is_dispatched || !(is_forced || age_ms >= settings.file_reserved_ms) {
                break;
            }
            let gone = self.log.chain().remove_front(first.base() + 1)?;
            if gone.is_empty() {
                break;
            }
            removed += gone.len();
        }
        Ok(removed)
    }
}

fn local_hour(now_ms: i64) -> u8 {
    let time = Timestamp::from_millisecond(now_ms).unwrap_or_default();
    u8::try_from(time.to_zoned(TimeZone::system()).hour()).unwrap_or(0)
}
