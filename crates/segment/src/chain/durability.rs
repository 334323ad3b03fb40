//! How a chain's marks move: requests, rounds of the flush service, poison.
//!
//! Invariants: one commit-and-sync round at a time per chain (`queued` says that one is waiting
//! or running), and everybody who asks meanwhile shares the next; the directory is synced before
//! the durable mark covers bytes of a new file; after a failed sync the durable mark stands still.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::Chain;
use crate::error::{Poison, SegmentError, is_exhaustion};
use crate::marks::{Mark, Position};
use crate::segment::Segment;
use crate::spec::FlushRules;

/// Time between attempts to commit what found no space.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// What was asked for and what is under way.
#[derive(Debug, Default)]
pub(super) struct FlushState {
    commit_wanted: AtomicU64,
    sync_wanted: AtomicU64,
    /// The chain is in the service's queue or being served.
    queued: AtomicBool,
    /// The chain is in the service's timer.
    armed: AtomicBool,
    /// The listener has to hear of a mark that has moved already.
    tell: AtomicBool,
    /// Nanoseconds on [`now_ns`]'s clock; 0: everything is durable.
    unsynced_since_ns: AtomicU64,
    /// The same for bytes not committed.
    uncommitted_since_ns: AtomicU64,
}

impl FlushState {
    pub(super) fn unsynced_since(&self) -> Option<Instant> {
        match self.unsynced_since_ns.load(Ordering::Acquire) {
            0 => None,
            ns => Some(clock_start() + Duration::from_nanos(ns)),
        }
    }
}

fn clock_start() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now)
}

/// Nanoseconds on a clock of our own, never 0.
fn now_ns() -> u64 {
    u64::try_from(clock_start().elapsed().as_nanos())
        .unwrap_or(u64::MAX)
        .max(1)
}

/// The rules, changeable while the chain works. `u64::MAX` stands for never.
#[derive(Debug)]
pub(super) struct RuleCells {
    unsynced_bytes: AtomicU64,
    unsynced_age_ns: AtomicU64,
    uncommitted_bytes: AtomicU64,
    uncommitted_age_ns: AtomicU64,
}

impl RuleCells {
    pub(super) fn new(rules: FlushRules) -> Self {
        let cells = Self {
            unsynced_bytes: AtomicU64::new(0),
            unsynced_age_ns: AtomicU64::new(0),
            uncommitted_bytes: AtomicU64::new(0),
            uncommitted_age_ns: AtomicU64::new(0),
        };
        cells.set(rules);
        cells
    }

    pub(super) fn set(&self, rules: FlushRules) {
        let ns = |age: Duration| u64::try_from(age.as_nanos()).unwrap_or(u64::MAX);
        let relaxed = Ordering::Relaxed;
        self.unsynced_bytes
            .store(rules.unsynced_bytes_max.unwrap_or(u64::MAX), relaxed);
        self.unsynced_age_ns
            .store(rules.unsynced_age_max.map_or(u64::MAX, ns), relaxed);
        self.uncommitted_bytes
            .store(rules.uncommitted_bytes(), relaxed);
        self.uncommitted_age_ns
            .store(ns(rules.uncommitted_age()), relaxed);
    }
}

impl Chain {
    /// Asks for everything below `upto` to reach `mark`, and returns at once; the listener hears
    /// of it. Costs nothing if it is there already; otherwise the bytes that have piled up since
    /// share one commit or sync.
    ///
    /// A commit may be made by this very call (`staged`); a sync never is.
    ///
    /// # Errors
    /// `Poisoned`, `Closed`; `NoSpace` if the commit found none: it is repeated by itself.
    pub fn request(&self, mark: Mark, upto: Position) -> Result<(), SegmentError> {
        if self.marks().get(mark) >= upto {
            return Ok(());
        }
        self.check_alive()?;
        match mark {
            Mark::Committed => {
                self.flush.commit_wanted.fetch_max(upto.0, Ordering::AcqRel);
                self.commit(upto, false)
            }
            Mark::Durable => {
                self.want_sync(upto);
                Ok(())
            }
        }
    }

    /// Makes every byte below `upto` survive power loss, and waits for it. Returns the durable
    /// mark. Shares its sync with everybody else who waits.
    ///
    /// # Errors
    /// `Poisoned` after any failed sync, for ever; `Closed`; `OutOfRange` if `upto` is not
    /// written; `NoSpace` if staged bytes found none.
    pub fn flush_to(&self, upto: Position) -> Result<Position, SegmentError> {
        self.wait_for(Mark::Durable, upto)
    }

    /// As [`Self::flush_to`], but where no round of this chain is under way the caller makes it, and tells the listener, on
    /// its own thread: for one that has nothing else to do. It saves two changes of threads, which cost as much as a sync
    /// of a fast disk. Does not count against [`crate::FlushOptions::threads_max`].
    ///
    /// # Errors
    /// As [`Self::flush_to`].
    pub fn flush_here_to(&self, upto: Position) -> Result<Position, SegmentError> {
        if self.marks().durable < upto {
            self.check_alive()?;
            self.flush.sync_wanted.fetch_max(upto.0, Ordering::AcqRel);
            // Whoever has the chain in hand looks at what is wanted when done.
            if !self.flush.queued.swap(true, Ordering::AcqRel) {
                self.serve();
            }
        }
        self.flush_to(upto)
    }

    /// Makes every byte below `upto` reach its file, and waits for it.
    ///
    /// # Errors
    /// As [`Self::flush_to`].
    pub fn commit_to(&self, upto: Position) -> Result<Position, SegmentError> {
        self.wait_for(Mark::Committed, upto)
    }

    fn wait_for(&self, mark: Mark, upto: Position) -> Result<Position, SegmentError> {
        let written = self.marks().written;
        if upto > written {
            let (from, to, len) = (upto.0, upto.0, written.0);
            return Err(SegmentError::OutOfRange {
                base: 0,
                from,
                to,
                len,
            });
        }
        loop {
            self.request(mark, upto)?;
            let mut progress = self.progress.lock();
            let reached = self.marks().get(mark);
            if reached >= upto || self.marks().written < upto {
                return Ok(reached);
            }
            if self.poison.get().is_none() {
                // Woken by every move of a mark. The time limit covers commits that wait for
                // space: nobody wakes us for those.
                self.moved.wait_for(&mut progress, RETRY_AFTER);
            }
        }
    }

    /// Notes that an append has ended; called under the tail lock.
    pub(crate) fn after_append(&self, written: Position, committed: Position) {
        self.marks.written.store(written.0, Ordering::SeqCst);
        if committed == written {
            self.marks.committed.store(written.0, Ordering::Release);
        } else {
            self.marks
                .committed
                .fetch_max(committed.0, Ordering::AcqRel);
            self.after_staging(written, committed);
        }
        if self.flush.unsynced_since_ns.load(Ordering::SeqCst) == 0 {
            self.flush
                .unsynced_since_ns
                .store(now_ns(), Ordering::Release);
            if self.rules.unsynced_age_ns.load(Ordering::Relaxed) != u64::MAX {
                self.arm_timer();
            }
        }
        let most = self.rules.unsynced_bytes.load(Ordering::Relaxed);
        if most != u64::MAX && written.0 - self.marks.durable.load(Ordering::Relaxed) >= most {
            self.want_sync(written);
        }
    }

    fn after_staging(&self, written: Position, committed: Position) {
        if self.flush.uncommitted_since_ns.load(Ordering::SeqCst) == 0 {
            self.flush
                .uncommitted_since_ns
                .store(now_ns(), Ordering::Release);
            self.arm_timer();
        }
        if written.0 - committed.0 >= self.rules.uncommitted_bytes.load(Ordering::Relaxed) {
            self.flush
                .commit_wanted
                .fetch_max(written.0, Ordering::AcqRel);
            self.enqueue();
        }
    }

    /// Commits what is written. Only the last segment can have uncommitted bytes: sealing commits.
    fn commit(&self, upto: Position, wait: bool) -> Result<(), SegmentError> {
        let Some(segment) = self.active() else {
            return Ok(());
        };
        // Not open: whatever is in it is committed, closing saw to that.
        let Some(reader) = segment.reader_if_open() else {
            return Ok(());
        };
        let (began, generation) = (now_ns(), self.generation());
        let in_file = upto.0.saturating_sub(segment.start().0).min(segment.len());
        match reader.commit(in_file, wait) {
            Ok(end) => {
                self.committed_now(segment.start().plus(end), began, generation);
                Ok(())
            }
            Err(error) if is_exhaustion(&error) => {
                self.arm_timer();
                Err(SegmentError::io("commit", &segment.path(), error))
            }
            Err(error) => Err(self.poison("commit", &segment.path(), error)),
        }
    }

    /// Number of truncations so far. What began in an earlier generation must not lift marks.
    pub(crate) fn generation(&self) -> u64 {
        *self.progress.lock()
    }

    /// An engine has committed bytes on a thread of its own, through a writer of `generation`.
    pub(crate) fn on_committed(&self, end: Position, generation: u64) {
        self.committed_now(end, now_ns(), generation);
    }

    fn committed_now(&self, end: Position, began_ns: u64, generation: u64) {
        let progress = self.progress.lock();
        if *progress != generation {
            return;
        }
        let before = self.marks.committed.fetch_max(end.0, Ordering::AcqRel);
        if before < end.0 {
            self.moved.notify_all();
        }
        drop(progress);
        self.flush.uncommitted_since_ns.store(0, Ordering::SeqCst);
        if self.marks.written.load(Ordering::SeqCst) > self.marks.committed.load(Ordering::Acquire)
        {
            self.flush
                .uncommitted_since_ns
                .store(began_ns, Ordering::Release);
            self.arm_timer();
        }
        if before < end.0 {
            self.listener.marks_moved(self.marks());
        }
    }

    /// Sealing has committed everything below `end`; a flush worker tells the listener, because
    /// the sealer may hold locks of the layer above.
    pub(crate) fn sealed(&self, end: Position) {
        if self.marks.committed.fetch_max(end.0, Ordering::AcqRel) < end.0 {
            self.flush.uncommitted_since_ns.store(0, Ordering::Release);
            self.flush.tell.store(true, Ordering::Release);
            self.wake_waiters();
            self.enqueue();
        }
    }

    /// Starts an empty chain at another position. Only before the first byte.
    pub(crate) fn rebase(&self, start: Position) -> Position {
        for mark in [
            &self.marks.written,
            &self.marks.committed,
            &self.marks.durable,
        ] {
            mark.store(start.0, Ordering::Release);
        }
        start
    }

    pub(crate) fn want_sync(&self, upto: Position) {
        self.flush.sync_wanted.fetch_max(upto.0, Ordering::AcqRel);
        self.enqueue();
    }

    /// Puts the chain into the service's queue, unless it is there.
    fn enqueue(&self) {
        if !self.flush.queued.swap(true, Ordering::AcqRel)
            && let Some(me) = self.me.upgrade()
        {
            self.home.flush.enqueue(me);
        }
    }

    /// One turn of a flush worker.
    pub(crate) fn serve(&self) {
        if self.flush.tell.swap(false, Ordering::AcqRel) {
            self.listener.marks_moved(self.marks());
        }
        // What this round asks the engine to commit. That may arrive later, on another thread, and
        // is not asked for again: only what is wanted beyond it makes another round.
        let asked = self.marks.written.load(Ordering::Acquire);
        let outcome = self.round();
        self.flush.queued.store(false, Ordering::SeqCst);
        if outcome.is_err() {
            // Poisoned or closed: nothing more to do. Otherwise space, memory or file handles
            // were missing, and the timer repeats it.
            if self.check_alive().is_ok() && !self.flush.armed.swap(true, Ordering::AcqRel) {
                let again = Instant::now() + RETRY_AFTER;
                self.home.flush.arm(again, Weak::clone(&self.me));
            }
            return;
        }
        let marks = self.marks();
        // Nobody can wait for bytes that are not there, or were cut off meanwhile.
        let wanted = |wish: &AtomicU64| wish.load(Ordering::SeqCst).min(marks.written.0);
        if self.flush.tell.load(Ordering::SeqCst)
            || wanted(&self.flush.sync_wanted) > marks.durable.0
            || wanted(&self.flush.commit_wanted) > marks.committed.0.max(asked)
        {
            self.enqueue();
        }
    }

    fn round(&self) -> Result<(), SegmentError> {
        self.check_alive()?;
        let marks = self.marks();
        let sync = self.flush.sync_wanted.load(Ordering::Acquire) > marks.durable.0;
        if sync || self.flush.commit_wanted.load(Ordering::Acquire) > marks.committed.0 {
            self.commit(marks.written, sync)?;
        }
        if sync { self.sync_round() } else { Ok(()) }
    }

    fn sync_round(&self) -> Result<(), SegmentError> {
        let generation = *self.progress.lock();
        let began = now_ns();
        let target = self.marks.committed.load(Ordering::Acquire);
        if self.dir_dirty.swap(false, Ordering::AcqRel) {
            let dir = self.home.dir();
            if let Err(error) = self.home.engine.disk().sync_dir(&dir) {
                return Err(self.poison("sync", &dir, error));
            }
        }
        let mut durable = self.marks.durable.load(Ordering::Acquire);
        while durable < target {
            let Some(segment) = self.first_unsynced(Position(durable)) else {
                break;
            };
            let end = segment.end().0.min(target);
            if let Err(error) = segment.reader()?.sync() {
                return Err(self.poison("sync", &segment.path(), error));
            }
            durable = end;
            if !self.store_durable(generation, durable) {
                // Cut meanwhile; whoever waits for bytes that exist asks again.
                break;
            }
        }
        self.flush.unsynced_since_ns.store(0, Ordering::SeqCst);
        if self.marks.written.load(Ordering::SeqCst) > self.marks.durable.load(Ordering::Acquire) {
            self.flush.unsynced_since_ns.store(began, Ordering::Release);
            self.arm_timer();
        }
        self.wake_waiters();
        self.listener.marks_moved(self.marks());
        Ok(())
    }

    fn first_unsynced(&self, durable: Position) -> Option<Arc<Segment>> {
        let list = self.list.read();
        list.get(list.partition_point(|segment| segment.end() <= durable))
            .cloned()
    }

    fn store_durable(&self, generation: u64, durable: u64) -> bool {
        let progress = self.progress.lock();
        if *progress != generation {
            return false;
        }
        self.marks.durable.fetch_max(durable, Ordering::AcqRel);
        true
    }

    /// Removed bytes need no sync any more. A flush worker tells the listener, as in [`Self::sealed`].
    pub(super) fn raise_durable(&self, end: Position) {
        let progress = self.progress.lock();
        let before = self.marks.durable.fetch_max(end.0, Ordering::AcqRel);
        drop(progress);
        if before < end.0 {
            self.flush.tell.store(true, Ordering::Release);
            self.wake_waiters();
            self.enqueue();
        }
    }

    /// Takes the marks back to a cut.
    pub(crate) fn lower_marks(&self, end: Position) {
        let mut progress = self.progress.lock();
        *progress += 1;
        for mark in [
            &self.marks.durable,
            &self.marks.committed,
            &self.marks.written,
        ] {
            mark.fetch_min(end.0, Ordering::AcqRel);
        }
        for wanted in [&self.flush.commit_wanted, &self.flush.sync_wanted] {
            wanted.fetch_min(end.0, Ordering::AcqRel);
        }
        self.moved.notify_all();
    }

    pub(crate) fn set_dir_dirty(&self) {
        self.dir_dirty.store(true, Ordering::Release);
    }

    pub(super) fn wake_waiters(&self) {
        // Under the lock: a waiter between its check and its sleep would miss us otherwise.
        let progress = self.progress.lock();
        self.moved.notify_all();
        drop(progress);
    }

    /// Ends all appending and syncing. The first cause stays.
    pub(crate) fn poison(
        &self,
        doing: &'static str,
        path: &Path,
        error: std::io::Error,
    ) -> SegmentError {
        let poison = Arc::new(Poison {
            doing,
            path: path.to_owned(),
            source: error,
        });
        let first = self.poison.set(Arc::clone(&poison)).is_ok();
        let kept = self.poison.get().unwrap_or(&poison);
        let error = SegmentError::Poisoned(Arc::clone(kept));
        if first {
            tracing::error!(path = %path.display(), cause = %kept, "log is poisoned, no more writes");
            self.wake_waiters();
            self.listener.poisoned(&error);
        }
        error
    }

    /// Puts the chain into the timer if a rule about age applies to what it holds.
    pub(super) fn arm_timer(&self) {
        let Some(due) = self.next_due() else { return };
        if !self.flush.armed.swap(true, Ordering::AcqRel) {
            self.home.flush.arm(due, Weak::clone(&self.me));
        }
    }

    /// When the timer has to look at this chain.
    fn next_due(&self) -> Option<Instant> {
        let due = |since: &AtomicU64, age: &AtomicU64| {
            let (since, age) = (since.load(Ordering::Acquire), age.load(Ordering::Relaxed));
            (since != 0 && age != u64::MAX)
                .then(|| clock_start() + Duration::from_nanos(since.saturating_add(age)))
        };
        let sync = due(&self.flush.unsynced_since_ns, &self.rules.unsynced_age_ns);
        let commit = due(
            &self.flush.uncommitted_since_ns,
            &self.rules.uncommitted_age_ns,
        );
        match (sync, commit) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        }
    }

    /// The timer has come to this chain: asks for what is due. Returns when to look again.
    pub(crate) fn on_timer(&self, now: Instant) -> Option<Instant> {
        if self.check_alive().is_err() {
            return None;
        }
        let marks = self.marks();
        let is_due = |since: &AtomicU64, age: &AtomicU64| {
            let (since, age) = (since.load(Ordering::Acquire), age.load(Ordering::Relaxed));
            since != 0
                && age != u64::MAX
                && clock_start() + Duration::from_nanos(since.saturating_add(age)) <= now
        };
        if is_due(&self.flush.unsynced_since_ns, &self.rules.unsynced_age_ns) {
            self.flush
                .sync_wanted
                .fetch_max(marks.written.0, Ordering::AcqRel);
        }
        if is_due(
            &self.flush.uncommitted_since_ns,
            &self.rules.uncommitted_age_ns,
        ) {
            self.flush
                .commit_wanted
                .fetch_max(marks.written.0, Ordering::AcqRel);
        }
        let wanted = self.flush.sync_wanted.load(Ordering::Acquire) > marks.durable.0
            || self.flush.commit_wanted.load(Ordering::Acquire) > marks.committed.0;
        if wanted {
            self.enqueue();
        }
        match self.next_due() {
            Some(due) => Some(due.max(now + RETRY_AFTER / 10)),
            None => {
                self.flush.armed.store(false, Ordering::SeqCst);
                // Bytes that came in between would otherwise stay without a timer.
                let due = self.next_due()?;
                (!self.flush.armed.swap(true, Ordering::AcqRel)).then_some(due)
            }
        }
    }
}
