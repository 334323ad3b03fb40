//! Logs in temporary directories.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use raftlog::{
    Entry, LogConfig, LogId, Logstore, LogstoreOptions, RaftLog, RaftLogError, RecoveryReport,
};
use segment::{Disk, EngineKind, FaultyDisk, RealDisk};
use tempfile::TempDir;

/// The group of every test.
pub(crate) const GROUP: &str = "g";

/// Segments of a few entries, nothing in memory.
pub(crate) fn small() -> LogConfig {
    LogConfig {
        segment_bytes: 4096,
        cache_bytes: 0,
        ..LogConfig::default()
    }
}

/// Opens the log of a directory.
pub(crate) fn try_open(
    dir: &Path,
    engine: EngineKind,
    disk: Arc<dyn Disk>,
    config: LogConfig,
) -> Result<(RaftLog, RecoveryReport), RaftLogError> {
    let options = LogstoreOptions {
        engine,
        disk,
        ..LogstoreOptions::default()
    };
    Logstore::open(dir, options)?.open_log(GROUP, config)
}

/// A directory, and what it is opened with.
pub(crate) struct Fixture {
    folder: TempDir,
    pub(crate) engine: EngineKind,
    pub(crate) config: LogConfig,
    pub(crate) disk: Arc<FaultyDisk>,
}

impl Fixture {
    pub(crate) fn new(engine: EngineKind, config: LogConfig) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            engine,
            config,
            disk: FaultyDisk::new(),
        }
    }

    pub(crate) fn small() -> Self {
        Self::new(EngineKind::File, small())
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.folder.path().join("raft")
    }

    pub(crate) fn group_dir(&self) -> PathBuf {
        self.dir().join(GROUP)
    }

    pub(crate) fn try_open(&self) -> Result<(RaftLog, RecoveryReport), RaftLogError> {
        let disk = Arc::clone(&self.disk) as Arc<dyn Disk>;
        try_open(&self.dir(), self.engine, disk, self.config.clone())
    }

    pub(crate) fn open(&self) -> (RaftLog, RecoveryReport) {
        self.try_open().unwrap()
    }

    /// A log of entry 0 whose checkpoint lies behind it and stays there until the next segment. (That of a first segment is
    /// written on another thread, which may be as late as to know of what the test appends next.)
    pub(crate) fn open_with_checkpoint(&self) -> RaftLog {
        let (log, _) = self.open();
        log.append_and_wait(&[entry(0, 1)]).unwrap();
        drop(log);
        self.open().0
    }

    /// The segment files, in order.
    pub(crate) fn segments(&self) -> Vec<PathBuf> {
        files(&self.group_dir(), ".log")
    }

    /// A copy of the directory as the death of the process would leave it now.
    pub(crate) fn killed(&self) -> Self {
        let copy = Self::new(self.engine, self.config.clone());
        copy_dir(&self.dir(), &copy.dir());
        copy
    }
}

pub(crate) fn files(dir: &Path, suffix: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(suffix))
        .collect();
    found.sort();
    found
}

pub(crate) fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        // On its way out, perhaps gone by now.
        if target.extension().is_some_and(|kind| kind == "deleted") {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Turns over the bits of one byte.
pub(crate) fn flip(path: &Path, at: u64) {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).unwrap();
    file.write_all_at(&[!byte[0]], at).unwrap();
}

/// The payload of an entry: of a size and content of its own.
pub(crate) fn payload(index: u64, term: u64) -> Vec<u8> {
    let len = usize::try_from((index * 37 + term * 11) % 300).unwrap();
    vec![u8::try_from((index * 7 + term) % 251).unwrap(); len]
}

pub(crate) fn entry(index: u64, term: u64) -> Entry {
    Entry::new(index, term, payload(index, term))
}

/// Entries `from..to` of a term.
pub(crate) fn entries(from: u64, to: u64, term: u64) -> Vec<Entry> {
    (from..to).map(|index| entry(index, term)).collect()
}

pub(crate) fn id(term: u64, index: u64) -> LogId {
    LogId { term, index }
}

/// Everything that is in the log.
pub(crate) fn all(log: &RaftLog) -> Vec<Entry> {
    try_all(log).unwrap()
}

pub(crate) fn try_all(log: &RaftLog) -> Result<Vec<Entry>, RaftLogError> {
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let from = all.last().map_or(0, |last| last.index + 1);
        let more = log.read(from..u64::MAX, 1000)?;
        if more.is_empty() {
            return Ok(all);
        }
        all.extend(more);
    }
}

/// The real disk.
pub(crate) fn real() -> Arc<dyn Disk> {
    Arc::new(RealDisk)
}
