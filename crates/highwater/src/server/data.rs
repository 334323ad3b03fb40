//! Finds and prepares the data directory.
//!
//! `data/` is ours: `kafka/` in it is an ordinary Kafka log directory and `.highwater/` holds what is
//! only ours. A directory that is a Kafka log directory itself is used as it is; ours then lies beside
//! it, because a Java broker would take any stranger inside for a partition.

use super::StartError;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where the parts of the data lie.
#[derive(Debug, Clone)]
pub(super) struct DataDirs {
    /// Kafka's log directory.
    pub(super) kafka: PathBuf,
    /// For files of ours.
    pub(super) own: PathBuf,
}

/// Creates what is missing and checks that it can be written.
///
/// # Errors
/// `StartError::Data`, saying which path and what is wrong with it.
pub(super) fn prepare(root: &Path) -> Result<DataDirs, StartError> {
    let foreign = root.join("meta.properties").is_file();
    let dirs = if foreign {
        let mut name = root.file_name().unwrap_or_default().to_owned();
        name.push(".highwater");
        DataDirs {
            kafka: root.to_owned(),
            own: root.with_file_name(name),
        }
    } else {
        DataDirs {
            kafka: root.join("kafka"),
            own: root.join(".highwater"),
        }
    };
    for path in [root, &dirs.kafka, &dirs.own] {
        create(path)?;
    }
    check_writable(&dirs.kafka)?;
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

fn explain(error: &io::Error) -> String {
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
