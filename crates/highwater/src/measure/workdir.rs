//! The directory of a run inside of the directory that is measured.
//!
//! Invariants: it is removed when the run ends; a run that was killed leaves it, and the next one removes it, but only a
//! directory with a name of this pattern that holds this lock file, which nobody holds; and in it only files with names
//! that are made here, so that nothing of anybody else's is ever removed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use segment::DirLock;

use super::error::{Doing, MeasureError};

/// What such a directory's name begins with; a number follows.
const PREFIX: &str = ".highwater-bench-";
/// Held while the run lives.
const LOCK: &str = "bench.lock";
/// What every file and directory in it begins with.
const FILE_PREFIX: &str = "cell-";
/// Names tried before giving up.
const ATTEMPTS: u32 = 1000;

/// The directory, removed on drop.
#[derive(Debug)]
pub struct WorkDir {
    path: PathBuf,
    lock: Option<DirLock>,
    /// Directories of killed runs that were removed, and what could not be.
    cleared: Vec<String>,
}

impl WorkDir {
    /// Removes what killed runs left in `parent`, then makes a new directory there.
    ///
    /// # Errors
    /// `Unusable`: not there, no permission, read-only.
    pub fn make(parent: &Path) -> Result<Self, MeasureError> {
        let unusable = |doing, path: &Path, source| MeasureError::Unusable {
            doing,
            path: path.to_owned(),
            source,
        };
        let cleared = clear(parent).map_err(|source| unusable("read", parent, source))?;
        for attempt in 0..ATTEMPTS {
            let path = parent.join(format!("{PREFIX}{}", std::process::id() + attempt));
            match fs::create_dir(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(source) => return Err(unusable("make a directory in", parent, source)),
            }
            let mut work = Self {
                path,
                lock: None,
                cleared,
            };
            let lock = DirLock::acquire(&work.path.join(LOCK))
                .map_err(|error| unusable("lock", &work.path, io::Error::other(error)))?;
            work.lock = Some(lock);
            return Ok(work);
        }
        Err(unusable(
            "make a directory in",
            parent,
            io::ErrorKind::AlreadyExists.into(),
        ))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was removed at the start, or could not be.
    #[must_use]
    pub fn cleared(&self) -> &[String] {
        &self.cleared
    }

    /// The path of a file of this run. What was there under that name is removed.
    pub(super) fn file(&self, name: &str) -> Result<PathBuf, MeasureError> {
        let path = self.path.join(format!("{FILE_PREFIX}{name}"));
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
        .doing("remove", &path)?;
        Ok(path)
    }

    /// A new, empty directory of this run.
    pub(super) fn folder(&self, name: &str) -> Result<Folder, MeasureError> {
        let path = self.path.join(format!("{FILE_PREFIX}{name}"));
        remove_folder(&path).doing("remove", &path)?;
        fs::create_dir(&path).doing("create", &path)?;
        Ok(Folder { path })
    }
}

impl Drop for WorkDir {
    fn drop(&mut self) {
        // Nobody is left to tell; the next run finds it again.
        let _ = empty(&self.path);
        self.lock = None;
        let _ = fs::remove_file(self.path.join(LOCK)).and_then(|()| fs::remove_dir(&self.path));
    }
}

/// A directory of a cell, removed with its files on drop.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = remove_folder(&self.path);
    }
}

fn remove_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Removes the files of a run, and nothing else that may lie there.
fn empty(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        if !name.to_string_lossy().starts_with(FILE_PREFIX) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Removes the directories of runs that were killed; says which, and which could not be.
fn clear(parent: &Path) -> io::Result<Vec<String>> {
    let mut told = Vec::new();
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        let name = entry.file_name();
        let is_ours = name
            .to_string_lossy()
            .strip_prefix(PREFIX)
            .is_some_and(|number| !number.is_empty() && number.bytes().all(|c| c.is_ascii_digit()));
        let path = entry.path();
        // A symbolic link of that name is somebody's joke: `file_type` does not follow it.
        if !is_ours || !entry.file_type()?.is_dir() || !path.join(LOCK).is_file() {
            continue;
        }
        // Held: a run that lives.
        let Ok(lock) = DirLock::acquire(&path.join(LOCK)) else {
            continue;
        };
        let emptied = empty(&path);
        drop(lock);
        let removed = emptied
            .and_then(|()| fs::remove_file(path.join(LOCK)))
            .and_then(|()| fs::remove_dir(&path));
        told.push(match removed {
            Ok(()) => format!("removed {}, which a killed run had left", path.display()),
            Err(error) => format!("{} was left by a killed run: {error}", path.display()),
        });
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap().flatten();
        let mut names: Vec<_> = entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn nothing_is_left_and_nothing_of_others_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let work = WorkDir::make(parent.path()).unwrap();
        fs::write(work.file("a").unwrap(), b"x").unwrap();
        let folder = work.folder("b").unwrap();
        fs::write(folder.path().join("inner"), b"x").unwrap();
        let stranger = work.path().join("precious");
        fs::write(&stranger, b"x").unwrap();
        let path = work.path().to_owned();
        // A directory that lives is left alone by others.
        let other = WorkDir::make(parent.path()).unwrap();
        assert!(path.is_dir() && other.path() != path);
        assert!(other.cleared().is_empty(), "{:?}", other.cleared());
        drop(other);
        drop(folder);
        drop(work);
        assert_eq!(
            names(&path),
            ["precious"],
            "the file of somebody else stays"
        );
        fs::remove_file(stranger).unwrap();
        fs::remove_dir(&path).unwrap();
        drop(WorkDir::make(parent.path()).unwrap());
        assert!(names(parent.path()).is_empty());
    }

    #[test]
    fn what_a_killed_run_left_is_recognised_by_name_and_lock() {
        let parent = tempfile::tempdir().unwrap();
        let make = |name: &str, files: &[&str]| {
            let dir = parent.path().join(name);
            fs::create_dir(&dir).unwrap();
            for file in files {
                fs::write(dir.join(file), b"x").unwrap();
            }
        };
        make(".highwater-bench-1", &[LOCK, "cell-1", "cell-2"]);
        make(".highwater-bench-2", &[LOCK, "cell-1", "precious"]);
        make(".highwater-bench-3", &["cell-1"]);
        make(".highwater-bench-x", &[LOCK, "cell-1"]);
        make("cell-1", &[LOCK]);
        let work = WorkDir::make(parent.path()).unwrap();
        assert_eq!(work.cleared().len(), 2, "{:?}", work.cleared());
        drop(work);
        let left = names(parent.path());
        assert_eq!(
            left,
            [
                ".highwater-bench-2",
                ".highwater-bench-3",
                ".highwater-bench-x",
                "cell-1"
            ]
        );
        assert_eq!(
            names(&parent.path().join(".highwater-bench-2")),
            ["precious"]
        );
        assert_eq!(names(&parent.path().join(".highwater-bench-3")), ["cell-1"]);
    }

    #[test]
    fn a_directory_that_cannot_be_used_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let file = parent.path().join("file");
        fs::write(&file, b"x").unwrap();
        for path in [file, parent.path().join("none")] {
            let error = WorkDir::make(&path).unwrap_err();
            assert!(
                error.to_string().contains(path.to_str().unwrap()),
                "{error}"
            );
            assert!(matches!(error, MeasureError::Unusable { .. }));
        }
    }
}
