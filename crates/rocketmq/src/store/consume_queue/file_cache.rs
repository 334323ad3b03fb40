//! Open files of consume queues: a bounded number for all queues together.
//!
//! Invariants: at most `files_max` descriptors are kept; the one that was not used for longest goes. Who works with a file
//! keeps it open by its `Arc`. A file that is written and closed before it is synced is synced through a new descriptor.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

use parking_lot::Mutex;

/// A queue's number and which of its files.
pub(super) type FileKey = (u32, u64);

#[derive(Debug)]
pub(super) struct FileCache {
    files_max: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    files: HashMap<FileKey, (Arc<File>, u64)>,
    uses: u64,
}

impl FileCache {
    pub(super) fn new(files_max: usize) -> Self {
        Self {
            files_max: files_max.max(1),
            kept: Mutex::default(),
        }
    }

    pub(super) fn get(&self, key: FileKey) -> Option<Arc<File>> {
        let mut kept = self.kept.lock();
        kept.uses += 1;
        let now = kept.uses;
        let (file, used) = kept.files.get_mut(&key)?;
        *used = now;
        Some(Arc::clone(file))
    }

    pub(super) fn put(&self, key: FileKey, file: &Arc<File>) {
        let mut kept = self.kept.lock();
        let mut closing = None;
        if kept.files.len() >= self.files_max && !kept.files.contains_key(&key) {
            let oldest = kept.files.iter().min_by_key(|(_, (_, used))| *used);
            let oldest = oldest.map(|(key, _)| *key);
            closing = oldest.and_then(|key| kept.files.remove(&key));
        }
        kept.uses += 1;
        let now = kept.uses;
        kept.files.insert(key, (Arc::clone(file), now));
        drop(kept);
        drop(closing);
    }

    pub(super) fn forget(&self, key: FileKey) {
        let gone = self.kept.lock().files.remove(&key);
        drop(gone);
    }

    pub(super) fn len(&self) -> usize {
        self.kept.lock().files.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_unused_for_longest_goes() {
        let cache = FileCache::new(2);
        let file = Arc::new(tempfile::tempfile().unwrap());
        cache.put((1, 0), &file);
        cache.put((2, 0), &file);
        assert!(cache.get((1, 0)).is_some());
        cache.put((3, 0), &file);
        assert_eq!(cache.len(), 2);
        assert!(cache.get((2, 0)).is_none());
        assert!(cache.get((1, 0)).is_some() && cache.get((3, 0)).is_some());
        cache.forget((1, 0));
        assert!(cache.get((1, 0)).is_none());
    }
}
