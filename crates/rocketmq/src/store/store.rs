//! The store as its users see it: what is open, and what is asked of all of it. Puts are in `put`, reads in `get`.
//!
//! Invariants: one store per directory, held by RocketMQ's own lock; everything takes `&self`; one thread (the
//! dispatcher's) belongs to it. What has to happen from time to time (`checkpoint`, `retain`) is called by its owner.
//! Lock order: `Store::deleting` before the commit log's tail; nothing is held while waiting for the disk but `keeping`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Instant;

use parking_lot::Mutex;
use segment::{DirLock, Disk, FlushService, Lease, Position};

use super::abort;
use super::checkpoint::Checkpoint;
use super::commit_log::{Ack, CommitLog};
use super::consume_queue::Queues;
use super::dispatch::Dispatcher;
use super::error::{Poisoned, PutError, ReadError, StoreError};
use super::ids::{Clock, PhysicalOffset, QueueOffset};
use super::index_file::IndexFiles;
use super::mark::Mark;
use super::read_types::Access;
use super::recover;
use super::report::RecoveryReport;
use super::settings::{DiskUsage, Durability, StoreOptions, StoreSettings};

/// Our own directory at the data root.
pub const OWN_DIR: &str = ".highwater";
/// RocketMQ's lock file at the data root.
pub const LOCK_FILE: &str = "lock";

/// An open store. Share it as an `Arc`.
pub struct Store {
    pub(super) root: PathBuf,
    pub(super) own_dir: PathBuf,
    pub(super) settings: StoreSettings,
    pub(super) log: Arc<CommitLog>,
    pub(super) queues: Arc<Queues>,
    pub(super) index: Option<Arc<IndexFiles>>,
    pub(super) dispatcher: Arc<Dispatcher>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) flush: Arc<FlushService>,
    pub(super) disk_usage: DiskUsage,
    /// The disk is so full that messages are refused.
    pub(super) is_full: AtomicBool,
    /// Held by whoever checkpoints or removes files.
    pub(super) keeping: Mutex<Keeping>,
    thread: Mutex<Option<JoinHandle<()>>>,
    lock: Mutex<Option<DirLock>>,
}

/// What the last checkpoint knew.
pub(super) struct Keeping {
    pub(super) checkpoint: Checkpoint,
    pub(super) mark: Mark,
}

/// How the store is doing.
#[derive(Clone, Debug)]
pub struct StoreState {
    /// First byte of the log.
    pub log_start: PhysicalOffset,
    /// End of what was written, exclusive.
    pub log_end: PhysicalOffset,
    /// End of what survives the process, exclusive.
    pub committed: PhysicalOffset,
    /// End of what survives power loss, exclusive.
    pub durable: PhysicalOffset,
    /// End of what readers may see, exclusive: one of the two above, by the store's durability.
    pub visible: PhysicalOffset,
    /// End of what is in queues and index, exclusive.
    pub dispatched: PhysicalOffset,
    /// Consume queue files that are open.
    pub queue_files_open: usize,
    /// Bytes of the log that a power loss would take.
    pub unsynced_bytes: u64,
    /// Since when the oldest of them has been there.
    pub unsynced_since: Option<Instant>,
    /// Why messages are refused, if they are.
    pub refusing: Option<String>,
}

impl Store {
    /// Opens (or makes) the store in `root`, recovers it, and starts its dispatcher.
    ///
    /// # Errors
    /// `Segment(Locked)` if another process has it, a RocketMQ broker included; `Unusable` if it belongs to another kind of
    /// store or was made with other sizes; `Damaged`, `Io`. Nothing was lost by any of them.
    pub fn open(
        root: &Path,
        options: StoreOptions,
    ) -> Result<(Arc<Self>, RecoveryReport), StoreError> {
        options.settings.check(root)?;
        recover::refuse_foreign(root)?;
        let disk = Arc::clone(options.engine.disk());
        super::files::make_dir(root)?;
        let lock = abort::lock(root)?;
        let own_dir = root.join(OWN_DIR);
        let recovered = recover::run(root, &own_dir, &options, &disk)?;
        let recover::Recovered {
            log,
            queues,
            index,
            mut dispatch,
            keeping,
            report,
        } = recovered;
        if let Err(error) = report.keep(&*disk, &own_dir) {
            tracing::warn!(%error, "recovery report was not written");
        }
        let dispatcher = Arc::new(Dispatcher::new(Arc::clone(&log), log.end()));
        let (runner, listener) = (Arc::clone(&dispatcher), options.listener);
        let thread = std::thread::Builder::new()
            .name("rocketmq-dispatch".into())
            .spawn(move || runner.run(&mut dispatch, &*listener))
            .map_err(|error| StoreError::io("start the dispatcher of", root, error))?;
        let store = Arc::new(Self {
            root: root.to_owned(),
            own_dir,
            settings: options.settings,
            log,
            queues,
            index,
            dispatcher,
            clock: options.clock,
            disk,
            flush: options.flush,
            disk_usage: options.disk_usage,
            is_full: AtomicBool::new(false),
            keeping: Mutex::new(keeping),
            thread: Mutex::new(Some(thread)),
            lock: Mutex::new(Some(lock)),
        });
        Ok((store, report))
    }

    /// The data root.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The settings it was opened with.
    #[must_use]
    pub fn settings(&self) -> &StoreSettings {
        &self.settings
    }

    /// Which mark acknowledges a message that waits, and shows messages to readers.
    #[must_use]
    pub fn durability(&self) -> Durability {
        self.settings.durability
    }

    /// Ready when everything below `upto` (exclusive; `Put::end`) has reached `ack`.
    ///
    /// Cost: two atomic loads when it has; a lock and a stored waker when it has not.
    ///
    /// # Errors
    /// `Poisoned` when it never will: the message may or may not be on disk.
    pub fn poll_reached(
        &self,
        ack: Ack,
        upto: Position,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Poisoned>> {
        let shared = self.log.shared();
        let chain = self.log.chain();
        let polled = shared.poll_reached(shared.mark_of(ack), upto, || chain.marks(), context);
        if polled.is_pending() {
            self.log.request(ack, upto);
        }
        polled
    }

    /// As [`Self::poll_reached`], waiting on this thread.
    ///
    /// # Errors
    /// As there.
    pub fn wait_reached(&self, ack: Ack, upto: Position) -> Result<(), Poisoned> {
        let chain = self.log.chain();
        let reached = match self.log.shared().mark_of(ack) {
            segment::Mark::Committed => chain.commit_to(upto),
            segment::Mark::Durable => chain.flush_to(upto),
        };
        reached
            .map(|_| ())
            .map_err(|error| Poisoned(error.to_string()))
    }

    /// Waits until everything that readers may see by now is in its queue and in the index; false if that will not be.
    #[must_use]
    pub fn wait_dispatched(&self, upto: PhysicalOffset) -> bool {
        self.dispatcher.wait(upto)
    }

    /// First offset of a queue; 0 where there is none.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn min_offset(&self, topic: &str, queue_id: i32) -> Result<QueueOffset, ReadError> {
        match self.queues.get(topic, queue_id) {
            Some(queue) => self.queues.min_offset(&queue, self.log.start()),
            None => Ok(QueueOffset(0)),
        }
    }

    /// End of a queue (exclusive) as readers see it; 0 where there is none.
    #[must_use]
    pub fn max_offset(&self, topic: &str, queue_id: i32) -> QueueOffset {
        let queue = self.queues.get(topic, queue_id);
        queue.map_or(QueueOffset(0), |queue| queue.end())
    }

    /// The ids of the queues of a topic that ever had a message.
    #[must_use]
    pub fn queue_ids(&self, topic: &str) -> Vec<i32> {
        self.queues.ids(topic)
    }

    /// The topics that ever had a message.
    #[must_use]
    pub fn topics(&self) -> Vec<Arc<str>> {
        self.queues.topics()
    }

    /// The entry at an offset, whole; `None` if none that readers may see lies exactly there.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn look_up(
        &self,
        offset: PhysicalOffset,
        access: Access,
    ) -> Result<Option<Lease>, ReadError> {
        self.log.entry_at(offset, access)
    }

    /// The oldest message's store time; `None` for an empty store.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn earliest_store_time(&self) -> Result<Option<i64>, ReadError> {
        self.log.earliest_store_time()
    }

    /// How the store is doing.
    #[must_use]
    pub fn state(&self) -> StoreState {
        let marks = self.log.chain().marks();
        StoreState {
            log_start: self.log.start(),
            log_end: marks.written.into(),
            committed: marks.committed.into(),
            durable: marks.durable.into(),
            visible: self.log.visible(),
            dispatched: self.dispatcher.dispatched(),
            queue_files_open: self.queues.open_files(),
            unsynced_bytes: self.log.chain().unsynced_bytes(),
            unsynced_since: self.log.chain().unsynced_since(),
            refusing: self.check_writable().err().map(|error| error.to_string()),
        }
    }

    pub(super) fn check_writable(&self) -> Result<(), PutError> {
        if let Some(poison) = self.log.chain().poisoned() {
            return Err(PutError::NotWritable(poison.to_string()));
        }
        if let Some(why) = self.dispatcher.failed() {
            return Err(PutError::NotWritable(why));
        }
        if self.is_full.load(Ordering::Relaxed) {
            let most = self.settings.disk_ratio_full;
            return Err(PutError::NotWritable(format!(
                "the disk is fuller than {most}"
            )));
        }
        Ok(())
    }

    /// Forgets a topic's queues and removes their files in the background. Its messages stay in the log until retention
    /// takes them.
    ///
    /// # Errors
    /// `Io`.
    pub fn delete_topic(&self, topic: &str) -> Result<(), StoreError> {
        let _keeping = self.keeping.lock();
        let Some(dir) = self.queues.remove_topic(topic) else {
            return Ok(());
        };
        let removed = super::trash::take(&dir, &self.own_dir, &*self.disk)?;
        removed.into_iter().for_each(|path| self.flush.reap(path));
        Ok(())
    }

    /// Takes nothing more, makes everything durable, and leaves the directory as a clean stop of RocketMQ does.
    ///
    /// # Errors
    /// What kept it from being a clean stop: the next start recovers.
    pub fn close(&self) -> Result<(), StoreError> {
        let flushed = self.log.flush();
        self.dispatcher.stop();
        let thread = self.thread.lock().take();
        if let Some(thread) = thread {
            // A dispatcher that panicked has not caught up; `is_settled` says so.
            let _ = thread.join();
        }
        let end = self.log.end();
        let is_settled = self.dispatcher.failed().is_none() && self.dispatcher.dispatched() >= end;
        let settled = flushed.and_then(|_| self.checkpoint_all());
        let closed = self.log.close();
        settled.and(closed)?;
        if is_settled {
            abort::remove(&self.root, &*self.disk)?;
        }
        *self.lock.lock() = None;
        Ok(())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Without `close` this is an unclean stop; only the thread must not outlive the store.
        self.log.shared().close();
        self.dispatcher.stop();
        if let Some(thread) = self.thread.get_mut().take() {
            let _ = thread.join();
        }
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}
