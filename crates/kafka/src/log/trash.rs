//! Files and directories that are to go once their delay is over.
//!
//! Invariants: what is in here has already been renamed so that no start takes it for data.

use std::path::PathBuf;

use parking_lot::Mutex;

/// The list, by time.
#[derive(Debug, Default)]
pub(crate) struct Trash {
    due: Mutex<Vec<(i64, PathBuf)>>,
}

impl Trash {
    /// Removes `path` (a file, or a directory with all in it) once the clock passes `due_ms`.
    pub(crate) fn put(&self, due_ms: i64, path: PathBuf) {
        self.due.lock().push((due_ms, path));
    }

    /// Removes what is due; the number of paths removed.
    pub(crate) fn empty(&self, now_ms: i64) -> usize {
        let mut list = self.due.lock();
        let (due, later) = std::mem::take(&mut *list)
            .into_iter()
            .partition(|(at, _)| *at <= now_ms);
        *list = later;
        drop(list);
        let due: Vec<(i64, PathBuf)> = due;
        for (_, path) in &due {
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
        due.len()
    }
}
