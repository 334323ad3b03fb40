//! The index files of a store, oldest first.
//!
//! Invariants: only the newest takes entries; a file that is full is sealed by the next [`IndexFiles::sync`], not by the
//! dispatcher. Names are the local time at which a file was made, as RocketMQ names them, and rise.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use parking_lot::{Mutex, RwLock};
use segment::Disk;

use super::super::error::StoreError;
use super::super::files;
use super::super::ids::PhysicalOffset;
use super::super::message::{Entry, index_hash, index_hash_of_tags};
use super::file::IndexFile;
use super::header::{Header, Shape};

/// A query looks at no more candidates.
pub(crate) const QUERY_HITS_MAX: usize = 64;
/// Digits of a file's name: year to millisecond.
const NAME_DIGITS: usize = 17;

#[derive(Debug)]
pub(crate) struct IndexFiles {
    pub(super) dir: PathBuf,
    pub(super) shape: Shape,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) files: RwLock<Vec<Arc<IndexFile>>>,
    /// Full files that are not synced yet.
    full: Mutex<Vec<Arc<IndexFile>>>,
    /// Entries were added since the last sync of all.
    is_dirty: AtomicBool,
}

impl IndexFiles {
    /// Opens what is there; returns what is not as it should be.
    pub(crate) fn load(
        dir: &Path,
        slots: u32,
        entries: u32,
        disk: Arc<dyn Disk>,
    ) -> Result<(Self, Vec<String>), StoreError> {
        let shape = Shape { slots, entries };
        let (mut files, mut notes) = (Vec::new(), Vec::new());
        for name in files::names_in(dir)? {
            let path = dir.join(&name);
            let is_ours = name
                .to_str()
                .is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
            let about = std::fs::metadata(&path).map_err(|e| StoreError::io("stat", &path, e))?;
            if !is_ours || !about.is_file() {
                notes.push(format!("{}: no index file, left alone", path.display()));
            } else if about.len() == shape.file_bytes() {
                files.push(Arc::new(IndexFile::load(&path, shape)?));
            } else if about.len() == 0 {
                notes.push(format!("{}: empty, removed", path.display()));
                files::remove(&path)?;
            } else {
                let (found, wanted) = (about.len(), shape.file_bytes());
                return Err(StoreError::unusable(
                    &path,
                    format!(
                        "has {found} bytes where {wanted} are expected: set maxHashSlotNum and maxIndexNum to what the directory was made with, or move the file away"
                    ),
                ));
            }
        }
        let set = Self {
            dir: dir.to_owned(),
            shape,
            disk,
            files: RwLock::new(files),
            full: Mutex::default(),
            is_dirty: false.into(),
        };
        Ok((set, notes))
    }

    /// Number of files.
    pub(crate) fn count(&self) -> usize {
        self.files.read().len()
    }

    pub(super) fn newest(&self) -> Option<Arc<IndexFile>> {
        self.files.read().last().cloned()
    }

    /// The newest message in the index: its store time and place.
    pub(crate) fn last_update(&self) -> (i64, PhysicalOffset) {
        self.newest().map_or((0, PhysicalOffset(0)), |newest| {
            let header = newest.header();
            (header.end_ms, header.end)
        })
    }

    /// Store time and place of the first message of the first file that ends behind `ms`.
    pub(crate) fn begin_of_first_behind(&self, ms: i64) -> Option<(i64, PhysicalOffset)> {
        let files = self.files.read();
        let mut headers = files.iter().map(|file| file.header());
        let first = headers.find(|header| header.end_ms > ms)?;
        Some((first.begin_ms, first.begin))
    }

    /// Adds the keys and the tags of a message, unless it is in the index already.
    pub(crate) fn add(
        &self,
        entry: &Entry<'_>,
        topic: &str,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        entry.visit_index_keys(|key| self.put(index_hash(topic, key), entry, now_ms))?;
        match entry.index_tags() {
            Some(tags) => self.put(index_hash_of_tags(topic, &tags), entry, now_ms),
            None => Ok(()),
        }
    }

    fn put(&self, hash: i32, entry: &Entry<'_>, now_ms: i64) -> Result<(), StoreError> {
        let file = match self.newest() {
            Some(newest) if !newest.is_full() => newest,
            newest => self.roll(newest, now_ms)?,
        };
        if entry.physical_offset < file.header().end {
            return Ok(());
        }
        self.is_dirty.store(true, Ordering::Release);
        file.put(hash, entry.physical_offset, entry.store_timestamp_ms)
    }

    fn roll(
        &self,
        full: Option<Arc<IndexFile>>,
        now_ms: i64,
    ) -> Result<Arc<IndexFile>, StoreError> {
        files::make_dir(&self.dir)?;
        let header = match &full {
            Some(full) => Header::following(full.header().end, full.header().end_ms),
            None => Header::following(PhysicalOffset(0), 0),
        };
        let after = full.as_ref().and_then(|full| number_of(full.path()));
        let name = local_name(now_ms);
        let name = after.map_or(name, |after| name.max(after + 1));
        let path = self.dir.join(format!("{name:0NAME_DIGITS$}"));
        let file = Arc::new(IndexFile::create(&path, self.shape, header)?);
        if let Some(full) = full {
            full.write_header()?;
            self.full.lock().push(full);
        }
        self.files.write().push(Arc::clone(&file));
        Ok(file)
    }

    /// Puts what memory knows about the newest file into it: after each round of the dispatcher.
    pub(crate) fn settle(&self) -> Result<(), StoreError> {
        match self.newest() {
            Some(newest) if self.is_dirty.load(Ordering::Acquire) => newest.write_header(),
            _ => Ok(()),
        }
    }

    /// Seals full files; with `all`, syncs and closes the newest too. Returns the store time up to which entries are
    /// durable, if that has changed, and whether nothing is left to sync.
    pub(crate) fn sync(&self, all: bool) -> Result<(Option<i64>, bool), StoreError> {
        let full = std::mem::take(&mut *self.full.lock());
        let mut upto_ms = None;
        for file in &full {
            file.seal()?;
            upto_ms = Some(file.header().end_ms);
        }
        if !full.is_empty() || (all && self.is_dirty.load(Ordering::Acquire)) {
            files::sync_dir(&*self.disk, &self.dir)?;
        }
        if all && let Some(newest) = self.newest() {
            if self.is_dirty.swap(false, Ordering::AcqRel) {
                newest.seal()?;
            }
            upto_ms = Some(newest.header().end_ms);
        }
        Ok((upto_ms, !self.is_dirty.load(Ordering::Acquire)))
    }

    /// Messages whose key has this hash, newest first; only the message itself can tell whether it has the key.
    pub(crate) fn find(
        &self,
        hash: i32,
        begin_ms: i64,
        end_ms: i64,
        hits_max: usize,
    ) -> Result<Vec<PhysicalOffset>, StoreError> {
        let hits_max = hits_max.min(QUERY_HITS_MAX);
        let files: Vec<_> = self.files.read().clone();
        let mut hits = Vec::new();
        for file in files.iter().rev() {
            let header = file.header();
            if header.overlaps(begin_ms, end_ms) {
                file.find(hash, begin_ms, end_ms, hits_max, &mut hits)?;
            }
            if header.begin_ms < begin_ms || hits.len() >= hits_max {
                break;
            }
        }
        Ok(hits)
    }

    /// Removes files that only know messages below `log_start`, but never the newest. Returns how many.
    pub(crate) fn remove_below(&self, log_start: PhysicalOffset) -> Result<usize, StoreError> {
        let mut files = self.files.write();
        let newest = files.len().saturating_sub(1);
        let old = files
            .iter()
            .take(newest)
            .take_while(|file| file.header().end < log_start)
            .count();
        let removed: Vec<_> = files.drain(..old).collect();
        drop(files);
        for file in &removed {
            self.full.lock().retain(|full| !Arc::ptr_eq(full, file));
            files::remove(file.path())?;
        }
        Ok(old)
    }
}

fn number_of(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.parse().ok()
}

/// `yyyyMMddHHmmssSSS` of the local time, as a number.
fn local_name(now_ms: i64) -> u64 {
    let time = Timestamp::from_millisecond(now_ms).unwrap_or_default();
    let time = time.to_zoned(TimeZone::system()).datetime();
    let part = |value: i64| value.unsigned_abs();
    let date = part(i64::from(time.year())) * 10_000
        + part(i64::from(time.month())) * 100
        + part(i64::from(time.day()));
    let clock = part(i64::from(time.hour())) * 10_000
        + part(i64::from(time.minute())) * 100
        + part(i64::from(time.second()));
    (date * 1_000_000 + clock) * 1000 + part(i64::from(time.millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_local_time() {
        let name = format!("{:0NAME_DIGITS$}", local_name(1_700_000_000_123));
        assert_eq!(name.len(), 17);
        assert!(
            name.starts_with("202311") && name.ends_with("20123"),
            "{name}"
        );
    }
}
