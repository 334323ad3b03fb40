//! A directory of logs, one per group, that share an engine, the threads that sync and those that prepare files.
//!
//! Invariants: one process has the directory; a group is open once; a group's directory is durable before its log is
//! made. No thread belongs to a group.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use segment::{
    DirLock, Disk, Engine, EngineChoice, EngineKind, EngineOptions, FlushOptions, FlushService,
    RealDisk, clear_spares, open_engine,
};

use crate::error::RaftLogError;
use crate::log::{self, LogConfig, RaftLog};
use crate::pool::Pool;
use crate::report::RecoveryReport;

/// The lock file's name.
const LOCK_FILE: &str = ".lock";
/// Where prepared segments wait.
const SPARE_DIR: &str = ".spares";
/// Longest name of a group.
const NAME_BYTES_MAX: usize = 100;

/// Settings of a directory.
#[derive(Clone, Debug)]
pub struct LogstoreOptions {
    /// How bytes reach the disk. May change from one start to the next. Default `file`.
    pub engine: EngineKind,
    /// The threads that sync, and open files.
    pub flush: FlushOptions,
    /// The way to the disk; tests put faults in between. Default: the real one.
    pub disk: Arc<dyn Disk>,
}

impl Default for LogstoreOptions {
    fn default() -> Self {
        Self {
            engine: EngineKind::File,
            flush: FlushOptions::default(),
            disk: Arc::new(RealDisk),
        }
    }
}

/// What all logs of a directory share.
#[derive(Debug)]
pub(crate) struct Services {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) flush: Arc<FlushService>,
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) pool: Pool,
    pub(crate) spare_dir: PathBuf,
    open: Mutex<HashSet<String>>,
    /// The last thing to go.
    _lock: DirLock,
}

impl Services {
    /// A group is no longer open.
    pub(crate) fn forget(&self, group: &str) {
        self.open.lock().remove(group);
    }
}

/// A directory of logs. Cheap to clone; the directory stays locked until the last clone and the last log are gone.
#[derive(Clone, Debug)]
pub struct Logstore {
    dir: PathBuf,
    choice: EngineChoice,
    services: Arc<Services>,
}

impl Logstore {
    /// Opens a directory, which is made if it is not there.
    ///
    /// # Errors
    /// `InUse` if somebody else has it; `Io`.
    pub fn open(dir: impl Into<PathBuf>, options: LogstoreOptions) -> Result<Self, RaftLogError> {
        let dir = dir.into();
        make_dir(&dir, &*options.disk)?;
        let lock = DirLock::acquire(&dir.join(LOCK_FILE))?;
        let spare_dir = dir.join(SPARE_DIR);
        make_dir(&spare_dir, &*options.disk)?;
        clear_spares(&spare_dir)?;
        let mut engine = EngineOptions::new(&dir);
        engine.disk = Arc::clone(&options.disk);
        let (engine, choice) = open_engine(options.engine, &engine);
        let services = Arc::new(Services {
            engine,
            flush: FlushService::start(options.flush),
            disk: options.disk,
            pool: Pool::default(),
            spare_dir,
            open: Mutex::default(),
            _lock: lock,
        });
        Ok(Self {
            dir,
            choice,
            services,
        })
    }

    /// Opens a group's log, which is made if it is not there.
    ///
    /// # Errors
    /// `BadName`; `InUse` if the group is open; `Corrupt` names what is not as it was written; `Io`.
    pub fn open_log(
        &self,
        group: &str,
        config: LogConfig,
    ) -> Result<(RaftLog, RecoveryReport), RaftLogError> {
        check_name(group)?;
        if !self.services.open.lock().insert(group.to_owned()) {
            return Err(RaftLogError::InUse(format!("group {group} is open")));
        }
        let dir = self.dir.join(group);
        let opened = make_dir(&dir, &*self.services.disk)
            .and_then(|()| log::open(&self.services, group, dir, config));
        match &opened {
            Ok((_, report)) => tracing::info!(group, %report, "Raft log open"),
            Err(_) => self.services.forget(group),
        }
        opened
    }

    /// The groups that have a directory, in order of name.
    ///
    /// # Errors
    /// `Io`.
    pub fn groups(&self) -> Result<Vec<String>, RaftLogError> {
        let failed = |error| RaftLogError::io("list", &self.dir, error);
        let mut groups = Vec::new();
        for entry in std::fs::read_dir(&self.dir).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if let Ok(name) = entry.file_name().into_string()
                && check_name(&name).is_ok()
                && entry.path().is_dir()
            {
                groups.push(name);
            }
        }
        groups.sort_unstable();
        Ok(groups)
    }

    /// The engine that runs, and why.
    #[must_use]
    pub fn engine(&self) -> &EngineChoice {
        &self.choice
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

fn check_name(name: &str) -> Result<(), RaftLogError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.is_empty()
        || name.len() > NAME_BYTES_MAX
        || name.starts_with('.')
        || !name.chars().all(is_plain)
    {
        return Err(RaftLogError::BadName(name.to_owned()));
    }
    Ok(())
}

/// Makes a directory and its name durable, and those above it that are missing. One that is there may have been made just
/// before a crash, so its name is synced all the same.
fn make_dir(dir: &Path, disk: &dyn Disk) -> Result<(), RaftLogError> {
    let parent = match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let was_there = dir.is_dir();
    if !was_there {
        if !parent.is_dir() {
            make_dir(parent, disk)?;
        }
        std::fs::create_dir(dir).map_err(|error| RaftLogError::io("make", dir, error))?;
    }
    match disk.sync_dir(parent) {
        // Whoever made it for us saw to its name too.
        Err(error) if was_there && error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        other => other.map_err(|error| RaftLogError::io("sync", parent, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_groups() {
        let long = "x".repeat(NAME_BYTES_MAX + 1);
        for (name, good) in [
            ("group-1", true),
            ("A_b.c", true),
            ("", false),
            (".spares", false),
            ("..", false),
            ("a/b", false),
            ("ä", false),
            (&long, false),
        ] {
            assert_eq!(check_name(name).is_ok(), good, "{name}");
        }
    }
}
