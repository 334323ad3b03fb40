//! All consume queues of a store, and their files.
//!
//! Invariants: `topics` is a map in memory of what lies in `consumequeue/`; a queue's directory and files are made by its
//! first unit. Units are written by one thread at a time (the dispatcher's, or recovery's), read by any.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use parking_lot::{Mutex, RwLock};
use rustix::io::ReadWriteFlags;
use segment::{Disk, NAME_DIGITS};

use super::super::error::{ReadError, StoreError};
use super::super::files;
use super::super::ids::{PhysicalOffset, QueueOffset};
use super::super::read_types::Access;
use super::file_cache::FileCache;
use super::queue::Queue;
use super::unit::{QueueUnit, UNIT_BYTES};

/// Above this many unsynced files, one `syncfs` is cheaper than many `fdatasync`s.
const SINGLE_SYNCS_MAX: usize = 64;
const UNIT: u64 = UNIT_BYTES as u64;

/// The queues of one topic.
#[derive(Debug, Default)]
struct Topic {
    queues: RwLock<BTreeMap<i32, Arc<Queue>>>,
}

/// What has been written and not synced.
#[derive(Debug, Default)]
pub(super) struct Unsynced {
    pub(super) files: HashSet<PathBuf>,
    pub(super) dirs: HashSet<PathBuf>,
}

/// The queues.
#[derive(Debug)]
pub(crate) struct Queues {
    pub(super) dir: PathBuf,
    pub(super) file_bytes: u64,
    topics: RwLock<HashMap<Arc<str>, Arc<Topic>>>,
    next_number: AtomicU32,
    cache: FileCache,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) unsynced: Mutex<Unsynced>,
    /// A sync failed: what is on the disk is unknown until the queues are built again.
    sync_failed: AtomicBool,
}

impl Queues {
    /// No queues yet; `Self::load` finds those on disk.
    pub(crate) fn new(
        dir: PathBuf,
        file_bytes: u64,
        files_open_max: usize,
        disk: Arc<dyn Disk>,
    ) -> Self {
        Self {
            dir,
            file_bytes,
            topics: RwLock::default(),
            next_number: AtomicU32::new(0),
            cache: FileCache::new(files_open_max),
            disk,
            unsynced: Mutex::default(),
            sync_failed: AtomicBool::new(false),
        }
    }

    /// The queue, if it ever had a message.
    pub(crate) fn get(&self, topic: &str, id: i32) -> Option<Arc<Queue>> {
        let topic = self.topics.read().get(topic).cloned()?;
        let queues = topic.queues.read();
        queues.get(&id).cloned()
    }

    /// The queue; an empty one if there was none.
    pub(crate) fn get_or_add(&self, topic: &str, id: i32) -> Arc<Queue> {
        if let Some(queue) = self.get(topic, id) {
            return queue;
        }
        self.add(topic, id, QueueOffset(0), QueueOffset(0))
    }

    /// Adds a queue that was found on disk (or none was), unless it is there.
    pub(super) fn add(
        &self,
        topic: &str,
        id: i32,
        first: QueueOffset,
        end: QueueOffset,
    ) -> Arc<Queue> {
        let mut topics = self.topics.write();
        let name = match topics.get_key_value(topic) {
            Some((name, _)) => Arc::clone(name),
            None => Arc::from(topic),
        };
        let queues = Arc::clone(topics.entry(Arc::clone(&name)).or_default());
        // Under the table's lock, so that a topic that is being deleted gets no queue.
        let mut queues = queues.queues.write();
        let queue = queues.entry(id).or_insert_with(|| {
            let number = self.next_number.fetch_add(1, Ordering::Relaxed);
            Arc::new(Queue::new(name, id, number, first, end))
        });
        Arc::clone(queue)
    }

    /// All queues.
    pub(crate) fn all(&self) -> Vec<Arc<Queue>> {
        let topics: Vec<_> = self.topics.read().values().cloned().collect();
        let mut all = Vec::new();
        for topic in topics {
            all.extend(topic.queues.read().values().cloned());
        }
        all
    }

    /// The ids of a topic's queues.
    pub(crate) fn ids(&self, topic: &str) -> Vec<i32> {
        let topic = self.topics.read().get(topic).cloned();
        topic.map_or_else(Vec::new, |topic| {
            topic.queues.read().keys().copied().collect()
        })
    }

    /// The topics that have queues.
    pub(crate) fn topics(&self) -> Vec<Arc<str>> {
        self.topics.read().keys().cloned().collect()
    }

    /// Files that are open.
    pub(crate) fn open_files(&self) -> usize {
        self.cache.len()
    }

    /// Takes a topic's queues out and returns where their files lie. Readers that hold one go on.
    pub(crate) fn remove_topic(&self, topic: &str) -> Option<PathBuf> {
        let (name, removed) = self.topics.write().remove_entry(topic)?;
        for queue in removed.queues.read().values() {
            queue.set_gone();
            for file in self.file_numbers(queue) {
                self.cache.forget((queue.number, file));
            }
        }
        Some(self.dir.join(&*name))
    }

    pub(super) fn queue_dir(&self, topic: &str, id: i32) -> PathBuf {
        self.dir.join(topic).join(id.to_string())
    }

    fn file_path(&self, queue: &Queue, file: u64) -> PathBuf {
        let name = format!("{:0NAME_DIGITS$}", file.saturating_mul(self.file_bytes));
        self.queue_dir(&queue.topic, queue.id).join(name)
    }

    /// Which file unit `offset` lies in, and at which byte.
    fn place(&self, offset: QueueOffset) -> (u64, u64) {
        let byte = u64::try_from(offset.0).unwrap_or(0).saturating_mul(UNIT);
        (byte / self.file_bytes, byte % self.file_bytes)
    }

    /// The numbers of a queue's files.
    fn file_numbers(&self, queue: &Queue) -> std::ops::Range<u64> {
        let (first, end) = (queue.first(), queue.end());
        if first >= end {
            return 0..0;
        }
        self.place(first).0..self.place(end.plus(-1)).0 + 1
    }

    fn open(&self, queue: &Queue, file: u64) -> io::Result<Arc<File>> {
        let key = (queue.number, file);
        if let Some(open) = self.cache.get(key) {
            return Ok(open);
        }
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .open(self.file_path(queue, file))?;
        let opened = Arc::new(opened);
        self.cache.put(key, &opened);
        Ok(opened)
    }

    /// Puts units at the end of a queue and shows them to readers.
    ///
    /// `start` is the number of the first of them: the queue's end, or, for a queue without files, anything. A queue that
    /// does not start at 0 gets the units in front of it that RocketMQ wants to see.
    pub(crate) fn append(
        &self,
        queue: &Queue,
        start: QueueOffset,
        units: &[u8],
    ) -> Result<(), StoreError> {
        let is_first = queue.first() >= queue.end();
        let mut at = start;
        let mut rest = units;
        while !rest.is_empty() {
            let (number, byte) = self.place(at);
            let room = usize::try_from(self.file_bytes - byte).unwrap_or(usize::MAX);
            let (now, later) = rest.split_at(rest.len().min(room));
            let path = || self.file_path(queue, number);
            let file = match self.open(queue, number) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    self.create(queue, number)?
                }
                other => other.map_err(|error| StoreError::io("open", &path(), error))?,
            };
            let write = || -> io::Result<()> {
                if is_first && at == start && byte > 0 {
                    self.prefill(&file, byte)?;
                }
                files::write_all_at(&*self.disk, &file, now, byte)
            };
            write().map_err(|error| StoreError::io("write", &path(), error))?;
            self.unsynced.lock().files.insert(path());
            at = at.plus(i64::try_from(now.len() / UNIT_BYTES).unwrap_or(0));
            rest = later;
        }
        if is_first {
            let (number, _) = self.place(start);
            let first = i64::try_from(number * self.file_bytes / UNIT).unwrap_or(i64::MAX);
            queue.set_first(QueueOffset(first));
        }
        queue.set_end(at);
        Ok(())
    }

    fn create(&self, queue: &Queue, number: u64) -> Result<Arc<File>, StoreError> {
        let path = self.file_path(queue, number);
        let dir = self.queue_dir(&queue.topic, queue.id);
        files::make_dir(&dir)?;
        let made = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .and_then(|file| file.set_len(self.file_bytes).map(|()| file));
        let file = made.map_err(|error| StoreError::io("create", &path, error))?;
        let file = Arc::new(file);
        self.cache.put((queue.number, number), &file);
        let mut unsynced = self.unsynced.lock();
        let above = [Some(dir.as_path()), dir.parent(), Some(&self.dir)];
        unsynced
            .dirs
            .extend(above.into_iter().flatten().map(Path::to_owned));
        Ok(file)
    }

    fn prefill(&self, file: &File, upto: u64) -> io::Result<()> {
        let unit = QueueUnit::PREFILL.encode();
        let piece = unit.repeat(1024);
        let mut at = 0;
        while at < upto {
            let len = usize::try_from(upto - at)
                .unwrap_or(usize::MAX)
                .min(piece.len());
            let bytes = piece.get(..len).unwrap_or_default();
            files::write_all_at(&*self.disk, file, bytes, at)?;
            at += bytes.len() as u64;
        }
        Ok(())
    }

    /// Units from `from` on: up to `units_max`, to the end of the file that `from` lies in, below the queue's end.
    ///
    /// # Errors
    /// `WouldBlock` where memory does not have them and `access` does not allow to wait.
    pub(crate) fn read(
        &self,
        queue: &Queue,
        from: QueueOffset,
        units_max: usize,
        access: Access,
    ) -> Result<Vec<QueueUnit>, ReadError> {
        let there = queue.end().0.saturating_sub(from.0).max(0);
        let (number, byte) = self.place(from);
        let in_file = usize::try_from((self.file_bytes - byte) / UNIT).unwrap_or(usize::MAX);
        let count = usize::try_from(there).unwrap_or(usize::MAX);
        let count = count.min(in_file).min(units_max);
        if count == 0 || from < queue.first() {
            return Ok(Vec::new());
        }
        let mut bytes = vec![0; count * UNIT_BYTES];
        let key = (queue.number, number);
        let file = match access {
            Access::InMemory => self.cache.get(key).ok_or(ReadError::WouldBlock)?,
            Access::MayBlock => match self.open(queue, number) {
                Ok(file) => file,
                // Removed by retention, or with its topic, since the queue was looked at.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                Err(error) => {
                    let path = self.file_path(queue, number);
                    return Err(StoreError::io("open", &path, error).into());
                }
            },
        };
        let read = match access {
            Access::MayBlock => files::read_full(&file, &mut bytes, byte),
            Access::InMemory => read_without_waiting(&file, &mut bytes, byte),
        };
        match read {
            Ok(len) => bytes.truncate(len),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(ReadError::WouldBlock);
            }
            Err(error) => {
                let path = self.file_path(queue, number);
                return Err(StoreError::io("read", &path, error).into());
            }
        }
        Ok(QueueUnit::decode_all(&bytes).collect())
    }

    /// The unit with this number, waiting for the disk.
    pub(crate) fn unit(
        &self,
        queue: &Queue,
        offset: QueueOffset,
    ) -> Result<Option<QueueUnit>, ReadError> {
        let read = self.read(queue, offset, 1, Access::MayBlock)?;
        Ok(read.first().copied())
    }

    /// The first unit whose entry lies at or above `log_start`.
    ///
    /// Cost: nothing as long as the log starts where it did, otherwise the logarithm of the queue's length in reads.
    pub(crate) fn min_offset(
        &self,
        queue: &Queue,
        log_start: PhysicalOffset,
    ) -> Result<QueueOffset, ReadError> {
        queue.min_or(log_start, || {
            let (mut low, mut high) = (queue.first(), queue.end());
            while low < high {
                let middle = QueueOffset(low.0 + (high.0 - low.0) / 2);
                let is_below = self
                    .unit(queue, middle)?
                    .is_none_or(|unit| unit.is_prefill() || unit.physical_offset < log_start);
                if is_below {
                    low = middle.next();
                } else {
                    high = middle;
                }
            }
            Ok(low)
        })
    }

    /// Removes files that only name entries below `log_start`, but never a queue's last. Returns how many.
    pub(crate) fn remove_below(
        &self,
        queue: &Queue,
        log_start: PhysicalOffset,
    ) -> Result<usize, StoreError> {
        let files = self.file_numbers(queue);
        let mut removed = 0;
        for number in files.start..files.end.saturating_sub(1) {
            let next_byte = (number + 1).saturating_mul(self.file_bytes);
            let next = QueueOffset(i64::try_from(next_byte / UNIT).unwrap_or(i64::MAX));
            let last = match self.unit(queue, next.plus(-1)) {
                Ok(last) => last,
                Err(ReadError::Storage(error)) => return Err(error),
                Err(_) => break,
            };
            if last.is_none_or(|last| last.physical_offset >= log_start) {
                break;
            }
            queue.set_first(next);
            self.cache.forget((queue.number, number));
            files::remove(&self.file_path(queue, number))?;
            removed += 1;
        }
        Ok(removed)
    }

    /// Makes everything appended so far survive power loss. Returns how many files that took.
    ///
    /// # Errors
    /// `Io`; then for ever, because a later sync would succeed without the pages that this one lost.
    pub(crate) fn sync(&self) -> Result<usize, StoreError> {
        if self.sync_failed.load(Ordering::Acquire) {
            let what = "an earlier sync of a consume queue failed; the queues are built again at the next start";
            return Err(StoreError::damaged(&self.dir, what));
        }
        let Unsynced { files, dirs } = std::mem::take(&mut *self.unsynced.lock());
        let synced = self.sync_these(&files, &dirs);
        if synced.is_err() {
            self.sync_failed.store(true, Ordering::Release);
        }
        synced.map(|()| files.len())
    }

    fn sync_these(
        &self,
        files: &HashSet<PathBuf>,
        dirs: &HashSet<PathBuf>,
    ) -> Result<(), StoreError> {
        if files.len() + dirs.len() > SINGLE_SYNCS_MAX {
            let root = File::open(&self.dir).map_err(|e| StoreError::io("open", &self.dir, e))?;
            return rustix::fs::syncfs(&root)
                .map_err(|error| StoreError::io("sync", &self.dir, error.into()));
        }
        for path in files {
            let synced = match File::open(path) {
                Ok(file) => self.disk.sync_data(&file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                Err(error) => Err(error),
            };
            synced.map_err(|error| StoreError::io("sync", path, error))?;
        }
        for dir in dirs {
            match self.disk.sync_dir(dir) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::io("sync", dir, error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// What memory has of it; `WouldBlock` if that is nothing.
fn read_without_waiting(file: &File, out: &mut [u8], at: u64) -> io::Result<usize> {
    let mut parts = [io::IoSliceMut::new(out)];
    match rustix::io::preadv2(file, &mut parts, at, ReadWriteFlags::NOWAIT) {
        Ok(read) => Ok(read / UNIT_BYTES * UNIT_BYTES),
        // Not every file system can tell; then only the waiting read will do.
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::OPNOTSUPP) => {
            Err(io::ErrorKind::WouldBlock.into())
        }
        Err(error) => Err(error.into()),
    }
}
