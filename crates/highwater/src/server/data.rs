//! Finds and prepares the data directory.
//!
//! `data/` is ours: `kafka/` in it is an ordinary Kafka log directory, `rocketmq/` an ordinary store of RocketMQ, and
//! `.highwater/` holds what is only ours. A directory that is one of the two itself is used as it is; ours then lies
//! beside it, because a Java broker would take any stranger inside for a partition.

use super::StartError;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where the parts of the data lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DataDirs {
    /// Kafka's log directory.
    pub(super) kafka: PathBuf,
    /// RocketMQ's `storePathRootDir`.
    pub(super) rocketmq: PathBuf,
    /// For files of ours.
    pub(super) own: PathBuf,
}

impl DataDirs {
    /// What lies where in a data directory; `store_dir` is where RocketMQ's store was asked to be.
    fn of(root: &Path, store_dir: Option<&Path>) -> Self {
        let beside = || {
            let mut name = root.file_name().unwrap_or_default().to_owned();
            name.push(".highwater");
            root.with_file_name(name)
        };
        let is_kafka = root.join("meta.properties").is_file();
        let is_rocketmq = !is_kafka && root.join("commitlog").is_dir();
        let own = match is_kafka || is_rocketmq {
            true => beside(),
            false => root.join(".highwater"),
        };
        let part = |is_it: bool, name: &str| match (is_it, is_kafka || is_rocketmq) {
            (true, _) => root.to_owned(),
            (false, true) => own.join(name),
            (false, false) => root.join(name),
        };
        Self {
            kafka: part(is_kafka, "kafka"),
            rocketmq: store_dir.map_or_else(|| part(is_rocketmq, "rocketmq"), Path::to_owned),
            own,
        }
    }
}

/// Which parts are going to be used.
#[derive(Debug, Clone, Copy)]
pub(super) struct Halves {
    pub(super) kafka: bool,
    pub(super) rocketmq: bool,
}

/// Creates what is missing and checks that it can be written.
///
/// # Errors
/// `StartError::Data`, saying which path and what is wrong with it.
pub(super) fn prepare(
    root: &Path,
    store_dir: Option<&Path>,
    halves: Halves,
) -> Result<DataDirs, StartError> {
    let dirs = DataDirs::of(root, store_dir);
    create(root)?;
    create(&dirs.own)?;
    let parts = [
        (&dirs.kafka, halves.kafka),
        (&dirs.rocketmq, halves.rocketmq),
    ];
    for (part, _) in parts.into_iter().filter(|(_, used)| *used) {
        create(part)?;
        check_writable(part)?;
    }
    Ok(dirs)
}

fn create(path: &Path) -> Result<(), StartError> {
    let failed = |why: String| StartError::Data {
        path: path.to_owned(),
        why,
    };
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => {
            return Err(StartError::NotADirectory {
                path: path.to_owned(),
            });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(explain(&error))),
    }
    fs::create_dir_all(path)
        .map_err(|error| failed(format!("cannot be created: {}", explain(&error))))
}

/// Permission bits do not tell for root or on a read-only mount, so really write.
fn check_writable(path: &Path) -> Result<(), StartError> {
    let probe = path.join(".highwater-write-probe.tmp");
    let tried = fs::write(&probe, b"x").and_then(|()| fs::remove_file(&probe));
    tried.map_err(|error| StartError::Data {
        path: path.to_owned(),
        why: format!("cannot be written: {}", explain(&error)),
    })
}

/// What a failed file operation means to who started the server.
pub(super) fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "permission denied; give this user the directory, or name another with --data"
                .to_owned()
        }
        io::ErrorKind::ReadOnlyFilesystem => "the filesystem is mounted read-only".to_owned(),
        io::ErrorKind::StorageFull => "the filesystem is full".to_owned(),
        io::ErrorKind::NotADirectory => "a part of the path is a file".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    #[test]
    fn a_directory_of_either_broker_is_used_as_it_is() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("data");
        let beside = temp.path().join("data.highwater");
        let of = |store: Option<&Path>| DataDirs::of(&root, store);
        let ours = DataDirs {
            kafka: root.join("kafka"),
            rocketmq: root.join("rocketmq"),
            own: root.join(".highwater"),
        };
        assert_eq!(of(None), ours);
        fs::create_dir_all(root.join("commitlog")).unwrap();
        let rocketmq = DataDirs {
            kafka: beside.join("kafka"),
            rocketmq: root.clone(),
            own: beside.clone(),
        };
        assert_eq!(of(None), rocketmq);
        fs::write(root.join("meta.properties"), "").unwrap();
        let kafka = DataDirs {
            kafka: root.clone(),
            rocketmq: beside.join("rocketmq"),
            own: beside.clone(),
        };
        assert_eq!(of(None), kafka);
        let elsewhere = temp.path().join("store");
        assert_eq!(of(Some(&elsewhere)).rocketmq, elsewhere);
    }
}
