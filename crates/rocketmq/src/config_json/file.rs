//! A configuration file and its backup.
//!
//! Invariants: a crash at any moment leaves the old content or the new in one of the two files, and [`load`] finds it. What
//! is written first goes into our own directory and is renamed from there, so that RocketMQ never meets half a file.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use segment::Disk;

use super::parse::parse;
use super::value::Value;
use super::write::Style;
use crate::store::StoreError;

/// What the name of a backup ends in.
pub const BACKUP_SUFFIX: &str = ".bak";

fn backup_of(path: &Path) -> PathBuf {
    let mut backup = path.to_owned();
    backup.as_mut_os_string().push(BACKUP_SUFFIX);
    backup
}

/// Reads a configuration file, or its backup where the file is missing, empty or damaged; `None` where there is neither.
///
/// # Errors
/// `Io`; `Damaged` where there is something and neither of the two can be read.
pub fn load(path: &Path) -> Result<Option<Value>, StoreError> {
    let mut defect = None;
    for candidate in [path.to_owned(), backup_of(path)] {
        let bytes = match std::fs::read(&candidate) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                return Err(StoreError::Io {
                    doing: "read",
                    path: candidate,
                    source: error,
                });
            }
        };
        match parse(&bytes) {
            Ok(value) => {
                if let Some(StoreError::Damaged { what, .. }) = &defect {
                    tracing::warn!(path = %path.display(), %what, "using the backup");
                }
                return Ok(Some(value));
            }
            Err(why) => {
                let damaged = StoreError::Damaged {
                    path: candidate,
                    what: why.to_string(),
                };
                defect = defect.or(Some(damaged));
            }
        }
    }
    defect.map_or(Ok(None), Err)
}

/// Writes a configuration file durably; what it held becomes its backup. `temporary_dir` is ours, on the same file system.
///
/// # Errors
/// `Io`; the old content is then in the file or its backup.
pub fn persist(
    disk: &dyn Disk,
    temporary_dir: &Path,
    path: &Path,
    value: &Value,
) -> Result<(), StoreError> {
    let failed = |error| StoreError::Io {
        doing: "write",
        path: path.to_owned(),
        source: error,
    };
    let text = value.write(Style::DialectPretty);
    let mut temporary = temporary_dir.join(path.file_name().unwrap_or_default());
    temporary.as_mut_os_string().push(".tmp");
    let write = || -> io::Result<()> {
        std::fs::create_dir_all(temporary_dir)?;
        let mut file = File::create(&temporary)?;
        file.write_all(text.as_bytes())?;
        disk.sync_data(&file)?;
        let parent = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(parent)?;
        // Between the two renames there is only the backup, which a start takes.
        match std::fs::rename(path, backup_of(path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        std::fs::rename(&temporary, path)?;
        disk.sync_dir(parent)
    };
    write().map_err(failed)
}

#[cfg(test)]
mod tests {
    use segment::RealDisk;

    use super::*;

    #[test]
    fn a_file_keeps_its_last_content_as_backup_and_is_read_whatever_a_crash_leaves() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("config/topics.json");
        let own = root.path().join(".highwater");
        assert_eq!(load(&path).unwrap(), None);
        let value = |n: i64| Value::object().with("counter", n);
        for n in 1..=3 {
            persist(&RealDisk, &own, &path, &value(n)).unwrap();
            assert_eq!(load(&path).unwrap(), Some(value(n)));
        }
        assert_eq!(
            std::fs::read(backup_of(&path)).unwrap(),
            b"{\n\t\"counter\":2\n}"
        );
        for damage in [&b""[..], b"{\"counter\":", b"\0\0\0\0"] {
            std::fs::write(&path, damage).unwrap();
            assert_eq!(load(&path).unwrap(), Some(value(2)));
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(load(&path).unwrap(), Some(value(2)));
        std::fs::write(backup_of(&path), "?").unwrap();
        assert!(
            load(&path)
                .unwrap_err()
                .to_string()
                .contains("topics.json.bak")
        );
    }
}
