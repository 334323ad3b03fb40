//! Files and directories that are to go once their delay is over.
//!
//! Invariants: what is in here has already been renamed so that no start takes it for data. What a killed process
//! leaves, the next start finds by its name.

use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use segment::RemovedFile;

#[derive(Debug)]
enum Item {
    /// A file, or a directory with all in it.
    Path(PathBuf),
    /// A segment's log file, which others may still be reading.
    Segment(RemovedFile),
}

/// The list, with times.
#[derive(Debug, Default)]
pub(crate) struct Trash {
    due: Mutex<Vec<(i64, Item)>>,
}

impl Trash {
    /// Removes `path` (a file, or a directory with all in it) once the clock passes `due_ms`.
    pub(crate) fn put(&self, due_ms: i64, path: PathBuf) {
        self.due.lock().push((due_ms, Item::Path(path)));
    }

    /// Has a segment's file removed once the clock passes `due_ms`.
    pub(crate) fn put_segment(&self, due_ms: i64, file: RemovedFile) {
        self.due.lock().push((due_ms, Item::Segment(file)));
    }

    /// Removes what is due; the number of things removed.
    pub(crate) fn empty(&self, now_ms: i64) -> usize {
        self.remove(|due_ms, _| due_ms <= now_ms)
    }

    /// Removes all files, due or not, because nobody will be there when they are. Directories are left: the next start
    /// lists those anyway, but not what is in the directory of a log that was closed cleanly.
    pub(crate) fn empty_files(&self) -> usize {
        self.remove(|_, item| match item {
            Item::Path(path) => !path.is_dir(),
            Item::Segment(_) => true,
        })
    }

    fn remove(&self, wanted: impl Fn(i64, &Item) -> bool) -> usize {
        let mut list = self.due.lock();
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut *list)
            .into_iter()
            .partition(|(due_ms, item)| wanted(*due_ms, item));
        *list = later;
        drop(list);
        let count = due.len();
        for (_, item) in due {
            match item {
                Item::Path(path) => remove(&path),
                Item::Segment(file) => file.reap(),
            }
        }
        count
    }
}

fn remove(path: &Path) {
    let removed = if path.is_dir() {
        std::fs::remove_dir_all(path)
    } else {
        std::fs::remove_file(path)
    };
    if let Err(error) = removed
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(path = %path.display(), %error, "could not be removed");
    }
}
