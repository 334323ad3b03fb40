//! Starting on a data directory: lock, marker, checkpoints, the list of partitions, recovery.
//!
//! Invariants: damaged checkpoint files mean "nothing known", never a refusal. A log that cannot be
//! opened is named in the report and left untouched; the others are served.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use parking_lot::{Mutex, RwLock};

use super::super::checkpoints::{
    self, CLEANER_CHECKPOINT, LOG_START_CHECKPOINT, Offsets, RECOVERY_POINT_CHECKPOINT,
};
use super::super::clean_shutdown;
use super::super::error::StorageError;
use super::super::ids::{KafkaOffset, TopicPartition};
use super::super::partition_log::{Hints, LogEnv, PartitionLog};
use super::super::report::{PartitionReport, Phase, RecoveryReport};
use super::super::small_file;
use super::super::trash::Trash;
use super::clean::Cleaner;
use super::{DELETE_DIR_SUFFIX, LogDir, LogDirOptions, METADATA_LOG_DIR, OWN_DIR};

/// Times phases by the passed-in clock.
struct Stopwatch<'c> {
    clock: &'c dyn super::Clock,
    since_ms: i64,
    phases: Vec<Phase>,
}

impl<'c> Stopwatch<'c> {
    fn start(clock: &'c dyn super::Clock) -> Self {
        let (since_ms, phases) = (clock.now_ms(), Vec::new());
        Self {
            clock,
            since_ms,
            phases,
        }
    }

    fn lap(&mut self, name: &str) {
        let now = self.clock.now_ms();
        let elapsed_ms = now.saturating_sub(self.since_ms);
        self.phases.push(Phase {
            name: name.to_owned(),
            elapsed_ms,
        });
        self.since_ms = now;
    }
}

impl LogDir {
    /// Opens a data directory, making it if there is none, and recovers what an unclean stop left.
    ///
    /// Cost after a clean stop: a listing of the root and three small files, whatever its size.
    /// After an unclean one: the bytes written since the last checkpoint.
    ///
    /// # Errors
    /// `Unusable` if another process holds it; `Io`. A damaged log is no error: it is reported.
    pub fn open(
        root: &Path,
        options: LogDirOptions,
    ) -> Result<(Arc<Self>, RecoveryReport), StorageError> {
        let started_at_ms = options.clock.now_ms();
        let clock = Arc::clone(&options.clock);
        let mut watch = Stopwatch::start(&*clock);
        let lock = options.lock.map_or_else(|| Self::lock(root), Ok)?;
        let clean = clean_shutdown::take(root)?;
        let mut notes = Vec::new();
        let recovery = read_checkpoint(root, RECOVERY_POINT_CHECKPOINT, &mut notes);
        let starts = read_checkpoint(root, LOG_START_CHECKPOINT, &mut notes);
        let first_dirty = read_checkpoint(root, CLEANER_CHECKPOINT, &mut notes);
        watch.lap("lock and checkpoints");
        let own = options.own_dir.unwrap_or_else(|| root.join(OWN_DIR));
        let env = Arc::new(LogEnv {
            engine: options.engine,
            flush: options.flush,
            clock: options.clock,
            trash: Trash::default(),
            quarantine: own.join("quarantine"),
            producer_expiration_ms: options.producer_expiration_ms,
        });
        let found = list(root, &env, started_at_ms, &mut notes)?;
        watch.lap("list of partitions");
        // A directory without logs has nothing to recover, marker or not.
        let clean = clean || found.is_empty();
        let make = |(tp, dir): &(TopicPartition, PathBuf)| {
            let mut hints = hints_for(tp, clean, &recovery, &starts);
            hints.leader_epoch = (options.epoch_of)(tp);
            let (config, env) = ((options.config_of)(tp), Arc::clone(&env));
            let log = PartitionLog::new(tp.clone(), env, dir.clone(), config, hints);
            Arc::new(log)
        };
        let (logs, partitions, failed) = match clean {
            true => (found.iter().map(make).collect(), Vec::new(), Vec::new()),
            false => recover_all(&found, make, options.recovery_threads.max(1)),
        };
        watch.lap("recovery");
        let report = RecoveryReport {
            root: root.to_path_buf(),
            started_at_ms,
            clean,
            logs: found.len(),
            phases: watch.phases,
            partitions,
            failed,
            notes,
        };
        keep_report(&own, &report);
        let by_name = logs.into_iter().map(|log| (log.tp().clone(), log));
        let dir = Arc::new(Self {
            root: root.to_path_buf(),
            env,
            logs: RwLock::new(by_name.collect()),
            changes: Mutex::new(()),
            report: report.clone(),
            lock: Mutex::new(Some(lock)),
            broker_epoch: AtomicI64::new(-1),
            epoch_of: options.epoch_of,
            cleaner: Cleaner::new(first_dirty),
        });
        Ok((dir, report))
    }
}

fn read_checkpoint(root: &Path, name: &str, notes: &mut Vec<String>) -> Offsets {
    checkpoints::read(&root.join(name)).unwrap_or_else(|error| {
        notes.push(format!("taken as empty: {error}"));
        Offsets::new()
    })
}

fn hints_for(tp: &TopicPartition, clean: bool, recovery: &Offsets, starts: &Offsets) -> Hints {
    let of = |offsets: &Offsets| {
        offsets
            .get(tp)
            .copied()
            .unwrap_or(KafkaOffset(0))
            .max(KafkaOffset(0))
    };
    Hints {
        clean,
        recovery_point: of(recovery),
        log_start: of(starts),
        leader_epoch: 0,
    }
}

/// Partition directories by name; deleted ones go to the trash at once.
fn list(
    root: &Path,
    env: &LogEnv,
    now_ms: i64,
    notes: &mut Vec<String>,
) -> Result<Vec<(TopicPartition, PathBuf)>, StorageError> {
    let failed = |error| StorageError::io("list", root, error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.file_type().map_err(failed)?.is_dir() {
            continue;
        }
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if name == METADATA_LOG_DIR || name.starts_with('.') {
            continue;
        }
        if name.ends_with(DELETE_DIR_SUFFIX) {
            env.trash.put(now_ms, entry.path());
            continue;
        }
        match TopicPartition::from_dir_name(&name) {
            Some(tp) => found.push((tp, entry.path())),
            None => notes.push(format!("directory {name} is no partition, left alone")),
        }
    }
    found.sort_unstable();
    Ok(found)
}

type Recovered = (
    Vec<Arc<PartitionLog>>,
    Vec<PartitionReport>,
    Vec<(String, String)>,
);

/// Opens every log now, several at a time. Those to which nothing was appended since their recovery
/// point are put back unopened: only logs that were in use cost memory.
fn recover_all(
    found: &[(TopicPartition, PathBuf)],
    make: impl Fn(&(TopicPartition, PathBuf)) -> Arc<PartitionLog> + Sync,
    threads: usize,
) -> Recovered {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Recovered::default());
    std::thread::scope(|scope| {
        for _ in 0..threads.min(found.len()) {
            scope.spawn(|| {
                while let Some(one) = found.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let log = make(one);
                    match log.open() {
                        Ok(report) => {
                            let settled = report.as_ref().is_some_and(PartitionReport::is_settled);
                            let log = if settled { make(one) } else { log };
                            let mut done = done.lock();
                            done.0.push(log);
                            let told =
                                |report: &PartitionReport| !settled || report.has_leftovers();
                            done.1.extend(report.filter(told));
                        }
                        Err(error) => {
                            tracing::error!(log = %log.tp(), %error, "log is not served");
                            done.lock()
                                .2
                                .push((log.tp().to_string(), error.to_string()));
                        }
                    }
                }
            });
        }
    });
    let (logs, mut reports, mut failed) = done.into_inner();
    reports.sort_by(|a, b| a.partition.cmp(&b.partition));
    failed.sort();
    (logs, reports, failed)
}

/// Writes the report of an unclean start beside the data; losing it is no reason not to start.
fn keep_report(own: &Path, report: &RecoveryReport) {
    let nothing_to_tell = report.clean || report.logs == 0;
    if nothing_to_tell && report.notes.is_empty() {
        return;
    }
    let dir = own.join("recovery");
    let write = || -> Result<(), StorageError> {
        std::fs::create_dir_all(&dir).map_err(|error| StorageError::io("create", &dir, error))?;
        let name = dir.join(report.started_at_ms.to_string());
        small_file::replace(&name.with_extension("json"), report.to_json().as_bytes())?;
        small_file::replace(&name.with_extension("txt"), report.to_string().as_bytes())
    };
    if let Err(error) = write() {
        tracing::warn!(%error, "recovery report was not written");
    }
}
