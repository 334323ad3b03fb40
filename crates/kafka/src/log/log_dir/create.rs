//! New logs: directory, `partition.metadata`, first segment.
//!
//! Invariants: all is durable before a log is served. A topic of thousands of partitions is made several at a time, and
//! the root is synced once for all of them: what takes long is the syncs, and the disk serves many at once.

use std::sync::Arc;

use super::super::config::LogConfig;
use super::super::error::StorageError;
use super::super::ids::{KafkaOffset, TopicId, TopicPartition};
use super::super::partition_log::{Hints, PartitionLog};
use super::super::{partition_metadata, small_file};
use super::{LogDir, side_by_side};

impl LogDir {
    /// The log of `tp`, made if there is none. Durable on return. An existing log gets `config`.
    ///
    /// # Errors
    /// `Io`; `Damaged` if a directory of that name belongs to another topic id.
    pub fn create(
        &self,
        tp: &TopicPartition,
        id: TopicId,
        config: LogConfig,
    ) -> Result<Arc<PartitionLog>, StorageError> {
        self.create_all(std::slice::from_ref(tp), id, &config)?;
        self.log(tp).ok_or_else(|| {
            StorageError::Unusable(format!("{tp} was deleted while it was being made"))
        })
    }

    /// The same for many partitions of one topic.
    ///
    /// # Errors
    /// As `create`, the first one met; the logs that could be made are there.
    pub fn create_all(
        &self,
        tps: &[TopicPartition],
        id: TopicId,
        config: &LogConfig,
    ) -> Result<(), StorageError> {
        let _changes = self.changes.lock();
        let mut missing = Vec::new();
        for tp in tps {
            match self.log(tp) {
                Some(log) => log.set_config(config.clone()),
                None => missing.push(tp),
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let (mut made, mut failed) = (Vec::with_capacity(missing.len()), None);
        for (_, result) in side_by_side(&missing, |tp| self.make(tp, id, config.clone())) {
            match result {
                Ok(log) => made.push(log),
                Err(error) => {
                    failed.get_or_insert(error);
                }
            }
        }
        small_file::sync_dir(&self.root)?;
        let mut logs = self.logs.write();
        logs.extend(made.into_iter().map(|log| (log.tp().clone(), log)));
        failed.map_or(Ok(()), Err)
    }

    /// All but the sync of the root.
    fn make(
        &self,
        tp: &TopicPartition,
        id: TopicId,
        config: LogConfig,
    ) -> Result<Arc<PartitionLog>, StorageError> {
        let dir = self.root.join(tp.dir_name());
        std::fs::create_dir_all(&dir).map_err(|error| StorageError::io("create", &dir, error))?;
        match partition_metadata::read(&dir)? {
            Some(found) if found != id && !id.is_zero() => {
                let why = format!("it belongs to topic id {found}, not {id}");
                return Err(StorageError::damaged(&dir, why));
            }
            Some(_) => (),
            None => partition_metadata::write(&dir, id)?,
        }
        let start = KafkaOffset(0);
        let hints = Hints {
            clean: true,
            recovery_point: start,
            log_start: start,
            leader_epoch: (self.epoch_of)(tp),
        };
        let log = PartitionLog::new(tp.clone(), Arc::clone(&self.env), dir, config, hints);
        log.open()?;
        Ok(Arc::new(log))
    }
}
