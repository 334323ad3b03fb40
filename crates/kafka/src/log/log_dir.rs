//! A data directory: its lock, its checkpoint files, its partition logs.
//!
//! Invariants: one process at a time (`.lock`, a POSIX record lock, so a Java broker is kept out too).
//! The clean-shutdown marker is removed before any log is opened and written after all else. After a
//! clean stop, starting lists the root and reads the checkpoint files, nothing per partition.
//! Absent on purpose: topic names' rules and settings' origin (the metadata), timers (the server).

mod clean;
mod create;
mod start;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use parking_lot::{Mutex, RwLock};
use segment::{DirLock, Engine, FlushService};

use super::checkpoints::{
    self, HIGH_WATERMARK_CHECKPOINT, LOG_START_CHECKPOINT, Offsets, RECOVERY_POINT_CHECKPOINT,
};
use super::clean_shutdown;
use super::config::LogConfig;
use super::error::StorageError;
use super::ids::{Clock, KafkaOffset, TopicId, TopicPartition};
use super::partition_log::{Hints, LogEnv, PartitionLog};
use super::partition_metadata;
use super::report::RecoveryReport;
use super::small_file;

/// Where files of ours lie at the data root.
pub const OWN_DIR: &str = ".highwater";
/// KRaft's own log, which is not a partition of a topic.
pub const METADATA_LOG_DIR: &str = "__cluster_metadata-0";
/// What a deleted partition's directory ends with until it is gone.
pub const DELETE_DIR_SUFFIX: &str = "-delete";
/// What a directory that no topic claims ends with.
pub const STRAY_DIR_SUFFIX: &str = "-stray";

pub use clean::CleanedLog;

/// Tells the leader epoch of a partition.
pub type EpochOf = Box<dyn Fn(&TopicPartition) -> i32 + Send + Sync>;

/// How a data directory is opened.
pub struct LogDirOptions {
    /// The engine for all logs.
    pub engine: Arc<dyn Engine>,
    /// The flush service for all logs.
    pub flush: Arc<FlushService>,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Settings of each log found.
    pub config_of: Box<dyn Fn(&TopicPartition) -> LogConfig + Send + Sync>,
    /// Where files of ours go; `None` is `.highwater` in the data directory, beside which a Kafka
    /// broker does not start. Name a place outside if one is to open the directory.
    pub own_dir: Option<PathBuf>,
    /// Lowest leader epoch of each log's next batch: what the metadata says. Default 0. A log that
    /// has seen a higher one goes on with that.
    pub epoch_of: EpochOf,
    /// Threads that recover logs after an unclean stop. Default 2, minimum 1.
    pub recovery_threads: usize,
    /// `producer.id.expiration.ms`. Default 1 day.
    pub producer_expiration_ms: i64,
    /// The directory's lock, if the caller took it (`LogDir::lock`) to look at other files of the
    /// directory first.
    pub lock: Option<DirLock>,
}

impl LogDirOptions {
    /// The defaults, every log with default settings.
    pub fn new(engine: Arc<dyn Engine>, flush: Arc<FlushService>, clock: Arc<dyn Clock>) -> Self {
        Self {
            engine,
            flush,
            clock,
            config_of: Box::new(|_| LogConfig::default()),
            epoch_of: Box::new(|_| 0),
            own_dir: None,
            recovery_threads: 2,
            producer_expiration_ms: 86_400_000,
            lock: None,
        }
    }
}

/// One log's size and offsets, for listings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogDescription {
    /// Topic and partition.
    pub tp: TopicPartition,
    /// Bytes of its segment files.
    pub size_bytes: u64,
}

/// An open data directory.
pub struct LogDir {
    root: PathBuf,
    env: Arc<LogEnv>,
    logs: RwLock<HashMap<TopicPartition, Arc<PartitionLog>>>,
    /// Held while directories are made or renamed.
    changes: Mutex<()>,
    report: RecoveryReport,
    lock: Mutex<Option<DirLock>>,
    broker_epoch: AtomicI64,
    epoch_of: EpochOf,
    cleaner: clean::Cleaner,
}

impl LogDir {
    /// Takes the lock of a data directory, making the directory if there is none.
    ///
    /// # Errors
    /// `Unusable` naming the holder, or `Io`.
    pub fn lock(root: &Path) -> Result<DirLock, StorageError> {
        std::fs::create_dir_all(root).map_err(|error| StorageError::io("create", root, error))?;
        DirLock::acquire(&root.join(".lock"))
            .map_err(|error| StorageError::Unusable(error.to_string()))
    }

    /// Says which registration of the broker holds the directory (−1, the default: unknown). The
    /// clean-shutdown marker names it, and Kafka's controller takes another one for a crash.
    pub fn set_broker_epoch(&self, epoch: i64) {
        self.broker_epoch.store(epoch, Ordering::Relaxed);
    }

    /// The data root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What the start found.
    pub fn report(&self) -> &RecoveryReport {
        &self.report
    }

    /// The flush service the logs use.
    #[cfg(test)]
    pub(crate) fn env_flush(&self) -> &Arc<FlushService> {
        &self.env.flush
    }

    /// The clock the logs use.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.env.clock
    }

    /// All logs, in no order.
    pub fn logs(&self) -> Vec<Arc<PartitionLog>> {
        self.logs.read().values().cloned().collect()
    }

    fn open_logs(&self) -> Vec<Arc<PartitionLog>> {
        let mut logs = self.logs();
        logs.retain(|log| log.is_open());
        logs
    }

    /// One log.
    pub fn log(&self, tp: &TopicPartition) -> Option<Arc<PartitionLog>> {
        self.logs.read().get(tp).cloned()
    }

    /// Opens a log that starts do not load, such as the metadata log, by the checkpoints' hints if
    /// they know it, else recovering it whole. `checkpoint` and `close` include it.
    ///
    /// # Errors
    /// As opening any log.
    pub fn open_apart(
        &self,
        tp: &TopicPartition,
        id: TopicId,
        config: LogConfig,
    ) -> Result<Arc<PartitionLog>, StorageError> {
        if let Some(log) = self.log(tp) {
            return Ok(log);
        }
        let _changes = self.changes.lock();
        let dir = self.root.join(tp.dir_name());
        std::fs::create_dir_all(&dir).map_err(|error| StorageError::io("create", &dir, error))?;
        if partition_metadata::read(&dir)?.is_none() {
            partition_metadata::write(&dir, id)?;
        }
        small_file::sync_dir(&self.root)?;
        let start = KafkaOffset(0);
        let hints = Hints {
            clean: false,
            recovery_point: start,
            log_start: start,
            leader_epoch: (self.epoch_of)(tp),
        };
        let log = PartitionLog::new(tp.clone(), Arc::clone(&self.env), dir, config, hints);
        log.open()?;
        let log = Arc::new(log);
        self.logs.write().insert(tp.clone(), Arc::clone(&log));
        Ok(log)
    }

    /// Ends service of a log and renames its directory; the files go after `file.delete.delay.ms`.
    /// False if there is no such log.
    ///
    /// # Errors
    /// `Io`: the log is closed then, its directory perhaps still there.
    pub fn delete(&self, tp: &TopicPartition) -> Result<bool, StorageError> {
        let _changes = self.changes.lock();
        let Some(log) = self.logs.write().remove(tp) else {
            return Ok(false);
        };
        self.cleaner.forget(tp);
        let mark = TopicId(*uuid::Uuid::new_v4().as_bytes());
        let dir = log.set_aside(mark, DELETE_DIR_SUFFIX)?;
        let due_ms = self
            .env
            .clock
            .now_ms()
            .saturating_add(log.config().file_delete_delay_ms);
        self.env.trash.put(due_ms, dir);
        Ok(true)
    }

    /// Ends service of a log that no topic claims and renames its directory to end in `-stray`, as
    /// Kafka does: it stands in nobody's way and nothing is lost. Its path then; `None` if there is
    /// no such log.
    ///
    /// # Errors
    /// `Io`: the log is closed then, its directory perhaps still there.
    pub fn set_aside(&self, tp: &TopicPartition) -> Result<Option<PathBuf>, StorageError> {
        let _changes = self.changes.lock();
        let Some(log) = self.logs.write().remove(tp) else {
            return Ok(None);
        };
        self.cleaner.forget(tp);
        let mark = TopicId(*uuid::Uuid::new_v4().as_bytes());
        log.set_aside(mark, STRAY_DIR_SUFFIX).map(Some)
    }

    /// Puts other settings in force for one log. False if there is no such log.
    pub fn set_config(&self, tp: &TopicPartition, config: LogConfig) -> bool {
        match self.log(tp) {
            Some(log) => {
                log.set_config(config);
                true
            }
            None => false,
        }
    }

    /// Sizes of all logs.
    pub fn describe(&self) -> Vec<LogDescription> {
        let describe = |log: &Arc<PartitionLog>| LogDescription {
            tp: log.tp().clone(),
            size_bytes: log.size_bytes(),
        };
        self.logs().iter().map(describe).collect()
    }

    /// Syncs what was appended since the last call, log by log, then writes the checkpoint files.
    /// Blocks; meant for a timer every 60 s. A log that fails keeps its old recovery point.
    ///
    /// # Errors
    /// `Io` on a checkpoint file.
    pub fn checkpoint(&self) -> Result<(), StorageError> {
        let open = self.open_logs();
        for (log, done) in side_by_side(&open, |log| log.checkpoint()) {
            if let Err(error) = done {
                tracing::warn!(log = %log.tp(), %error, "not checkpointed");
            }
        }
        self.write_checkpoints()
    }

    fn write_checkpoints(&self) -> Result<(), StorageError> {
        let (mut recovery, mut starts, mut marks) =
            (Offsets::new(), Offsets::new(), Offsets::new());
        for log in self.logs() {
            let points = log.points();
            recovery.insert(log.tp().clone(), points.recovery_point);
            marks.insert(log.tp().clone(), points.high_watermark);
            if let Some(log_start) = points.log_start {
                starts.insert(log.tp().clone(), log_start);
            }
        }
        checkpoints::write(&self.root.join(RECOVERY_POINT_CHECKPOINT), &recovery)?;
        checkpoints::write(&self.root.join(LOG_START_CHECKPOINT), &starts)?;
        checkpoints::write(&self.root.join(HIGH_WATERMARK_CHECKPOINT), &marks)
    }

    /// One retention pass over all logs, then `reap`; the bytes that went. Blocks on the disk.
    pub fn run_retention(&self, now_ms: i64) -> u64 {
        let mut removed = 0;
        for log in self.logs() {
            match log.run_retention(now_ms) {
                Ok(bytes) => removed += bytes,
                Err(error) => tracing::warn!(log = %log.tp(), %error, "retention failed"),
            }
        }
        self.reap(now_ms);
        removed
    }

    /// Removes files and directories whose delay is over.
    pub fn reap(&self, now_ms: i64) -> usize {
        self.env.trash.empty(now_ms)
    }

    /// Closes every log, writes the checkpoint files and, if all went well, the clean-shutdown
    /// marker; then the directory's lock is given up.
    ///
    /// # Errors
    /// The first failure; the next start then recovers.
    pub fn close(&self) -> Result<(), StorageError> {
        let Some(lock) = self.lock.lock().take() else {
            return Ok(());
        };
        let mut failed = None;
        let open = self.open_logs();
        for (log, done) in side_by_side(&open, |log| log.close()) {
            if let Err(error) = done {
                tracing::warn!(log = %log.tp(), %error, "not closed cleanly");
                failed.get_or_insert(error);
            }
        }
        self.env.trash.empty_files();
        self.write_checkpoints()?;
        if let Some(error) = failed {
            return Err(error);
        }
        if !self.report.failed.is_empty() {
            return Ok(());
        }
        clean_shutdown::write(&self.root, self.broker_epoch.load(Ordering::Relaxed))?;
        drop(lock);
        Ok(())
    }
}

/// Threads that sync logs side by side: the disk serves many syncs in little more than the time of one.
const SYNC_THREADS: usize = 16;

/// Does `act` for each, several at a time; what came of it, in no order.
fn side_by_side<T: Sync, R: Send>(all: &[T], act: impl Fn(&T) -> R + Sync) -> Vec<(&T, R)> {
    let (next, done) = (
        AtomicUsize::new(0),
        Mutex::new(Vec::with_capacity(all.len())),
    );
    std::thread::scope(|scope| {
        for _ in 0..all.len().min(SYNC_THREADS) {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = act(one);
                    done.lock().push((one, result));
                }
            });
        }
    });
    done.into_inner()
}

impl Drop for LogDir {
    fn drop(&mut self) {
        // Without `close` this was a crash as far as the next start is concerned; only threads end.
        for log in self.logs() {
            log.abandon();
        }
    }
}
