//! From the log to the queues and the index: what is dispatched, and the thread that does it.
//!
//! Invariants: entries are dispatched in order of the log, each once per life of its queue; a unit is put at the place its
//! entry names, and readers see it only when it is in its file. The thread sleeps until a mark of the log moves; nothing polls.
//! The dispatch mark (`dispatched`) never passes what readers may see of the log.
//! Absent on purpose: what happens to waiting readers (`StoreListener`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use parking_lot::{Condvar, Mutex};

use super::commit_log::{CommitLog, Piece};
use super::consume_queue::{Queue, QueueUnit, Queues};
use super::error::StoreError;
use super::ids::{Clock, PhysicalOffset, QueueOffset};
use super::index_file::IndexFiles;
use super::listener::StoreListener;
use super::message::{self, Entry, EntryDefect, Found, key, tags_code};

/// The topic of delayed messages.
pub const SCHEDULE_TOPIC: &str = "SCHEDULE_TOPIC_XXXX";
/// What is added for a delay level that does not exist.
const UNKNOWN_LEVEL_MS: i64 = 1000;
/// Bytes of the log that are looked at in one go.
const PIECE_BYTES: usize = 256 << 10;

/// When delayed messages are due.
#[derive(Clone, Debug)]
pub(crate) struct DelayLevels(pub(crate) Vec<i64>);

impl DelayLevels {
    /// When a message of `level` is due, if it is delayed at all.
    fn due_ms(&self, level: i64, store_ms: i64) -> Option<i64> {
        let last = i64::try_from(self.0.len()).unwrap_or(0);
        let level = level.min(last);
        if level <= 0 {
            return None;
        }
        let delay = usize::try_from(level - 1)
            .ok()
            .and_then(|at| self.0.get(at));
        Some(store_ms.saturating_add(delay.copied().unwrap_or(UNKNOWN_LEVEL_MS)))
    }
}

/// What to do about a unit that does not follow the last one of its queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OnGap {
    /// Say so: more of the log has to be dispatched again.
    Report,
    /// The log itself has the gap: stand-ins fill it.
    Fill,
}

/// How a round ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Settled {
    /// Everything is in its file.
    Done,
    /// This queue lacks units before the ones given; nothing of it was written.
    Gap(String),
}

struct Pending {
    queue: Arc<Queue>,
    offset: QueueOffset,
    unit: QueueUnit,
}

/// Makes units and index entries. Recovery has one of its own, the dispatcher's thread the other.
pub(crate) struct Dispatch {
    queues: Arc<Queues>,
    index: Option<Arc<IndexFiles>>,
    delays: DelayLevels,
    clock: Arc<dyn Clock>,
    pending: Vec<Pending>,
    last: Option<Arc<Queue>>,
    on_gap: OnGap,
    /// Store time of the last entry.
    pub(crate) last_store_ms: i64,
    /// Entries whose topic is not text; they have no unit.
    pub(crate) nameless: u64,
    /// Stand-ins that were put into queues.
    pub(crate) filled: u64,
}

impl Dispatch {
    pub(crate) fn new(
        queues: Arc<Queues>,
        index: Option<Arc<IndexFiles>>,
        delays: DelayLevels,
        clock: Arc<dyn Clock>,
        on_gap: OnGap,
    ) -> Self {
        Self {
            queues,
            index,
            delays,
            clock,
            pending: Vec::new(),
            last: None,
            on_gap,
            last_store_ms: 0,
            nameless: 0,
            filled: 0,
        }
    }

    /// Notes the unit of an entry; [`Self::settle`] writes it.
    pub(crate) fn queue_unit(&mut self, entry: &Entry<'_>) {
        self.last_store_ms = entry.store_timestamp_ms;
        if !entry.has_queue_place() || entry.queue_id < 0 {
            return;
        }
        let Ok(topic) = entry.topic() else {
            self.nameless += 1;
            return;
        };
        let queue = self.queue(topic, entry.queue_id);
        if queue.is_gone() {
            return;
        }
        let unit = QueueUnit {
            physical_offset: entry.physical_offset,
            size_bytes: i32::try_from(entry.size_bytes()).unwrap_or(i32::MAX),
            tags_code: self.code(entry, topic),
        };
        self.pending.push(Pending {
            queue,
            offset: entry.queue_offset,
            unit,
        });
    }

    /// Puts an entry's keys into the index.
    pub(crate) fn index_keys(&self, entry: &Entry<'_>) -> Result<(), StoreError> {
        match (&self.index, entry.topic()) {
            (Some(index), Ok(topic)) => index.add(entry, topic, self.clock.now_ms()),
            _ => Ok(()),
        }
    }

    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
    }

    fn queue(&mut self, topic: &str, id: i32) -> Arc<Queue> {
        if let Some(last) = &self.last
            && last.id == id
            && &*last.topic == topic
            && !last.is_gone()
        {
            return Arc::clone(last);
        }
        let queue = self.queues.get_or_add(topic, id);
        self.last = Some(Arc::clone(&queue));
        queue
    }

    fn code(&self, entry: &Entry<'_>, topic: &str) -> i64 {
        if topic == SCHEDULE_TOPIC
            && let Some(level) = entry.property(key::DELAY)
            && let Ok(level) = level.parse()
            && let Some(due) = self.delays.due_ms(level, entry.store_timestamp_ms)
        {
            return due;
        }
        tags_code(entry.property(key::TAGS).as_deref())
    }

    /// Writes what is pending and tells `listener`.
    pub(crate) fn settle(&mut self, listener: &dyn StoreListener) -> Result<Settled, StoreError> {
        // By queue; the order within a queue stays.
        self.pending
            .sort_by_key(|pending| Arc::as_ptr(&pending.queue).addr());
        let pending = std::mem::take(&mut self.pending);
        for run in pending.chunk_by(|a, b| Arc::ptr_eq(&a.queue, &b.queue)) {
            if let Settled::Gap(queue) = self.write_run(run, listener)? {
                return Ok(Settled::Gap(queue));
            }
        }
        self.pending = pending;
        self.pending.clear();
        if let Some(index) = &self.index {
            index.settle()?;
        }
        Ok(Settled::Done)
    }

    fn write_run(
        &mut self,
        run: &[Pending],
        listener: &dyn StoreListener,
    ) -> Result<Settled, StoreError> {
        let Some(first) = run.first() else {
            return Ok(Settled::Done);
        };
        let queue = &first.queue;
        if queue.is_gone() {
            return Ok(Settled::Done);
        }
        let is_empty = queue.first() >= queue.end();
        let mut next = if is_empty { first.offset } else { queue.end() };
        let start = next;
        let mut units = Vec::with_capacity(run.len());
        for pending in run {
            // There already: RocketMQ builds some twice after a restart, and passes over them too.
            if pending.offset < next {
                continue;
            }
            while next < pending.offset {
                if self.on_gap == OnGap::Report {
                    return Ok(Settled::Gap(format!("{}-{}", queue.topic, queue.id)));
                }
                self.filled += 1;
                units.push(QueueUnit::PREFILL);
                next = next.next();
            }
            units.push(pending.unit);
            next = next.next();
        }
        if units.is_empty() {
            return Ok(Settled::Done);
        }
        let bytes: Vec<u8> = units.iter().flat_map(QueueUnit::encode).collect();
        self.queues.append(queue, start, &bytes)?;
        listener.arrived(&queue.topic, queue.id, &units, next);
        Ok(Settled::Done)
    }
}

/// What the dispatcher's thread and everybody else share.
pub(crate) struct Dispatcher {
    log: Arc<CommitLog>,
    dispatched: AtomicI64,
    /// Store time of the last of them.
    dispatched_ms: AtomicI64,
    stopping: AtomicBool,
    /// Why nothing more is dispatched.
    failed: Mutex<Option<String>>,
    moved: Condvar,
}

impl Dispatcher {
    /// A dispatcher that has seen everything below `from`.
    pub(crate) fn new(log: Arc<CommitLog>, from: PhysicalOffset) -> Self {
        Self {
            log,
            dispatched: from.0.into(),
            dispatched_ms: 0.into(),
            stopping: false.into(),
            failed: Mutex::new(None),
            moved: Condvar::new(),
        }
    }

    /// Everything below is in its queue and in the index.
    pub(crate) fn dispatched(&self) -> PhysicalOffset {
        PhysicalOffset(self.dispatched.load(Ordering::Acquire))
    }

    /// Everything up to this store time is; asked for before [`Self::dispatched`], so that it is never too late.
    pub(crate) fn dispatched_ms(&self) -> i64 {
        self.dispatched_ms.load(Ordering::Acquire)
    }

    /// Why nothing more is dispatched, if so.
    pub(crate) fn failed(&self) -> Option<String> {
        self.failed.lock().clone()
    }

    /// Waits until everything below `upto` is dispatched; false if that will not be.
    pub(crate) fn wait(&self, upto: PhysicalOffset) -> bool {
        let mut failed = self.failed.lock();
        while self.dispatched() < upto {
            if failed.is_some() || self.stopping.load(Ordering::Acquire) {
                return false;
            }
            self.moved.wait(&mut failed);
        }
        true
    }

    /// The thread ends once it has dispatched what readers may see by now.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.log.shared().bell.ring();
    }

    /// The thread.
    pub(crate) fn run(&self, dispatch: &mut Dispatch, listener: &dyn StoreListener) {
        let bell = &self.log.shared().bell;
        bell.answer_here();
        let mut buffer = vec![0; PIECE_BYTES];
        loop {
            let upto = self.log.visible();
            if self.dispatched() < upto {
                match self.round(dispatch, listener, upto, &mut buffer) {
                    Ok(true) => continue,
                    // An entry of which readers may see only a part: it is committed or synced in pieces.
                    Ok(false) => {}
                    Err(error) => {
                        tracing::error!(%error, at = %self.dispatched(), "dispatch has stopped; restart to recover");
                        *self.failed.lock() = Some(error.to_string());
                        self.moved.notify_all();
                        return;
                    }
                }
            }
            if self.stopping.load(Ordering::Acquire) {
                // Under the lock: a waiter between its check and its sleep would miss this otherwise.
                drop(self.failed.lock());
                self.moved.notify_all();
                return;
            }
            bell.sleep_unless(|| {
                self.log.visible() > upto || self.stopping.load(Ordering::Acquire)
            });
        }
    }

    /// Dispatches one piece of the log; false if there is no whole entry.
    fn round(
        &self,
        dispatch: &mut Dispatch,
        listener: &dyn StoreListener,
        upto: PhysicalOffset,
        buffer: &mut Vec<u8>,
    ) -> Result<bool, StoreError> {
        let at = self.dispatched();
        let Piece::Bytes(len) = self.log.read_piece(at, upto, buffer)? else {
            // Retention took what was never dispatched: the disk was full.
            tracing::warn!(%at, "messages were removed before they were dispatched");
            self.moved_to(self.log.start());
            return Ok(true);
        };
        let bytes = buffer.get(..len).unwrap_or_default();
        let (mut next, mut rest) = (at, bytes);
        let mut wanted = 0;
        while !rest.is_empty() {
            match message::find(rest) {
                Ok(Found::Entry(entry)) => {
                    entry
                        .check_place(next)
                        .map_err(|defect| self.damaged(next, &defect))?;
                    dispatch.queue_unit(&entry);
                    dispatch.index_keys(&entry)?;
                    let size = entry.bytes.len();
                    rest = rest.get(size..).unwrap_or_default();
                    next = next.plus(size as u64);
                }
                Ok(Found::Blank { .. }) => {
                    next = self.log.next_file(next);
                    break;
                }
                Err(EntryDefect::Truncated { need_bytes, .. }) => {
                    wanted = need_bytes;
                    break;
                }
                Ok(Found::Unwritten) => {
                    return Err(self.damaged(next, &"zeros where a message was written"));
                }
                Err(defect) => return Err(self.damaged(next, &defect)),
            }
        }
        if next == at {
            let is_longer = wanted > buffer.len();
            buffer.resize(buffer.len().max(wanted), 0);
            return Ok(is_longer);
        }
        dispatch.settle(listener)?;
        self.dispatched_ms
            .store(dispatch.last_store_ms, Ordering::Release);
        if buffer.len() > PIECE_BYTES {
            buffer.truncate(PIECE_BYTES);
            buffer.shrink_to_fit();
        }
        self.moved_to(next);
        Ok(true)
    }

    fn moved_to(&self, next: PhysicalOffset) {
        self.dispatched.store(next.0, Ordering::Release);
        // A waiter between its check and its sleep would miss this otherwise.
        drop(self.failed.lock());
        self.moved.notify_all();
    }

    fn damaged(&self, at: PhysicalOffset, what: &dyn std::fmt::Display) -> StoreError {
        StoreError::damaged(&self.log.dir(), format!("at {at}: {what}"))
    }
}
