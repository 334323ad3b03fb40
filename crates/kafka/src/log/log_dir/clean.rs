//! Cleaning: which compacted log is next, and up to where each is clean.
//!
//! Invariants: one pass at a time; the dirtiest log of those that are due goes first. `cleaner-offset-checkpoint` is Kafka's
//! own file: it says where to go on, and a lower offset than the truth costs time only. A log that cannot be cleaned is
//! told once and left alone until the next start.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;

use super::super::checkpoints::{self, CLEANER_CHECKPOINT, Offsets};
use super::super::error::StorageError;
use super::super::ids::{KafkaOffset, TopicPartition};
use super::super::partition_log::{CLEANER_ENTRY_BYTES, Cleaned, Dirt, PartitionLog, Stop};
use super::LogDir;

/// What is known about cleaning.
#[derive(Debug, Default)]
pub(super) struct Cleaner {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    first_dirty: Offsets,
    uncleanable: HashSet<TopicPartition>,
}

/// A pass over one log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CleanedLog {
    /// Which one.
    pub tp: TopicPartition,
    /// Bytes of the segments that were looked at.
    pub before_bytes: u64,
    /// Bytes of what took their place.
    pub after_bytes: u64,
}

impl Cleaner {
    pub(super) fn new(first_dirty: Offsets) -> Self {
        Self {
            state: Mutex::new(State {
                first_dirty,
                uncleanable: HashSet::new(),
            }),
        }
    }

    fn first_dirty(&self, tp: &TopicPartition) -> Option<KafkaOffset> {
        let state = self.state.lock();
        if state.uncleanable.contains(tp) {
            return None;
        }
        Some(state.first_dirty.get(tp).copied().unwrap_or(KafkaOffset(0)))
    }

    fn give_up_on(&self, tp: &TopicPartition, error: &StorageError) {
        tracing::error!(log = %tp, %error, "log is not compacted any more until the next start");
        self.state.lock().uncleanable.insert(tp.clone());
    }

    /// A log of that name that comes later is another one.
    pub(super) fn forget(&self, tp: &TopicPartition) {
        let mut state = self.state.lock();
        state.first_dirty.remove(tp);
        state.uncleanable.remove(tp);
    }
}

impl LogDir {
    /// Compacts the dirtiest log that is due, if there is one. `memory_bytes` bounds what the keys of a pass may take.
    /// Blocks on the disk; `stop` is asked now and then whether to give up.
    pub fn clean_dirtiest(
        &self,
        memory_bytes: u64,
        now_ms: i64,
        stop: Stop<'_>,
    ) -> Option<CleanedLog> {
        let (log, first_dirty) = self.dirtiest(now_ms)?;
        let keys_max = usize::try_from(memory_bytes).unwrap_or(usize::MAX) / CLEANER_ENTRY_BYTES;
        let cleaned = match log.clean(first_dirty, keys_max, now_ms, stop) {
            Ok(cleaned) => cleaned?,
            Err(error) => {
                if self.is_served(&log) {
                    self.cleaner.give_up_on(log.tp(), &error);
                }
                return None;
            }
        };
        if self.is_served(&log) {
            self.note_cleaned(&log, &cleaned);
        }
        Some(CleanedLog {
            tp: log.tp().clone(),
            before_bytes: cleaned.before_bytes,
            after_bytes: cleaned.after_bytes,
        })
    }

    /// False once the log was deleted, perhaps in the middle of being cleaned.
    fn is_served(&self, log: &Arc<PartitionLog>) -> bool {
        self.log(log.tp()).is_some_and(|now| Arc::ptr_eq(&now, log))
    }

    fn dirtiest(&self, now_ms: i64) -> Option<(Arc<PartitionLog>, KafkaOffset)> {
        let mut best: Option<(f64, Arc<PartitionLog>, KafkaOffset)> = None;
        for log in self.logs() {
            if !log.config().cleanup_compact {
                continue;
            }
            let Some(first_dirty) = self.cleaner.first_dirty(log.tp()) else {
                continue;
            };
            if !log.is_open() && !log.may_be_dirty(first_dirty) {
                continue;
            }
            match log.dirt(first_dirty, now_ms) {
                Ok(Some(Dirt {
                    ratio,
                    is_due: true,
                })) => {
                    if best.as_ref().is_none_or(|(most, ..)| ratio > *most) {
                        best = Some((ratio, log, first_dirty));
                    }
                }
                Ok(_) => {}
                Err(error) if self.is_served(&log) => self.cleaner.give_up_on(log.tp(), &error),
                Err(_) => {}
            }
        }
        best.map(|(_, log, first_dirty)| (log, first_dirty))
    }

    fn note_cleaned(&self, log: &PartitionLog, cleaned: &Cleaned) {
        let mut state = self.cleaner.state.lock();
        state
            .first_dirty
            .insert(log.tp().clone(), cleaned.first_dirty);
        let there = self.logs.read();
        state.first_dirty.retain(|tp, _| there.contains_key(tp));
        drop(there);
        let written = checkpoints::write(&self.root.join(CLEANER_CHECKPOINT), &state.first_dirty);
        if let Err(error) = written {
            tracing::warn!(%error, "where logs are clean was not written");
        }
    }
}
