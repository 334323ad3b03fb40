//! The service behind all chains: syncs, timers, and the threads that do slow work.
//!
//! Invariants: at most `threads_max` syncs at a time, at most one per chain; a thread is started
//! only when work waits and all others are busy, and ends after a while without; an idle chain is
//! in no queue. Who asks never waits for a sync here.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::chain::Chain;
use crate::open_set::OpenSet;
use crate::preparer::Preparer;
use crate::reaper::Reaper;
use crate::segment::Segment;

/// A worker without work ends after this time.
const IDLE: Duration = Duration::from_secs(10);

/// Settings of the service.
#[derive(Clone, Debug)]
pub struct FlushOptions {
    /// Most syncs at the same time, each of another chain. Default 32, minimum 1.
    pub threads_max: usize,
    /// Open files above which idle ones are closed early. Default 4096.
    pub open_files_max: usize,
    /// A file that nobody used for so long (and up to twice that) is closed. Default 30 s.
    pub close_idle_after: Duration,
}

impl Default for FlushOptions {
    fn default() -> Self {
        Self {
            threads_max: 32,
            open_files_max: 4096,
            close_idle_after: Duration::from_secs(30),
        }
    }
}

/// Commits and syncs chains, prepares their next files, unlinks removed ones and closes idle
/// ones. One for all chains of a process; made by [`FlushService::start`].
#[derive(Debug)]
pub struct FlushService {
    shared: Arc<Shared>,
    open_set: Arc<OpenSet>,
    preparer: Preparer,
    reaper: Reaper,
}

#[derive(Debug)]
struct Shared {
    options: FlushOptions,
    work: Mutex<Work>,
    wake: Condvar,
    alarms: Mutex<Alarms>,
    rings: Condvar,
}

#[derive(Debug, Default)]
struct Work {
    ready: VecDeque<Arc<Chain>>,
    workers: usize,
    idle: usize,
    stopped: bool,
}

#[derive(Debug, Default)]
struct Alarms {
    due: BinaryHeap<Reverse<Alarm>>,
    sweep_at: Option<Instant>,
    running: bool,
    stopped: bool,
}

#[derive(Debug)]
struct Alarm {
    at: Instant,
    chain: Weak<Chain>,
}

impl PartialEq for Alarm {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}
impl Eq for Alarm {}
impl PartialOrd for Alarm {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Alarm {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

impl FlushService {
    /// Starts the service. No thread runs until there is something to do.
    #[must_use]
    pub fn start(options: FlushOptions) -> Arc<Self> {
        Arc::new(Self {
            shared: Arc::new(Shared {
                options,
                work: Mutex::default(),
                wake: Condvar::new(),
                alarms: Mutex::default(),
                rings: Condvar::new(),
            }),
            open_set: Arc::default(),
            preparer: Preparer::default(),
            reaper: Reaper::default(),
        })
    }

    /// Removes a file, or a directory with all it holds, slowly in the background. Its name
    /// should say that it is being deleted: what is left by a crash is the caller's to find.
    pub fn reap(&self, path: PathBuf) {
        self.reaper.reap(path, None);
    }

    /// Waits until everything given to [`Self::reap`], or removed from a chain, is gone.
    pub fn wait_reaped(&self) {
        self.reaper.wait();
    }

    /// Files that are open, about; for a metric.
    #[must_use]
    pub fn open_files(&self) -> usize {
        self.open_set.len()
    }

    /// Closes files that have not been used since the last such call. Happens by itself from
    /// time to time; here for tests and tight places.
    pub fn close_idle(&self) {
        self.open_set.sweep();
    }

    /// Lets all threads end when they are done with what they are at. Requests are refused from
    /// here on only by chains that are closed; the others wait in vain, so close chains first.
    pub fn stop(&self) {
        let mut work = self.shared.work.lock();
        work.stopped = true;
        let ready = std::mem::take(&mut work.ready);
        drop(work);
        drop(ready);
        self.shared.wake.notify_all();
        let mut alarms = self.shared.alarms.lock();
        alarms.stopped = true;
        let due = std::mem::take(&mut alarms.due);
        drop(alarms);
        drop(due);
        self.shared.rings.notify_all();
        self.preparer.stop();
        self.reaper.stop();
    }

    pub(crate) fn preparer(&self) -> &Preparer {
        &self.preparer
    }

    /// Where segments report that they have been opened.
    pub(crate) fn opened(&self, chain: Weak<Chain>, base: u64) {
        self.open_set.opened(chain, base);
        let above = self
            .open_set
            .len()
            .saturating_sub(self.shared.options.open_files_max);
        // Not for every single one: what is in use stays, and would be looked at each time.
        if above > 0 && above.is_multiple_of(64) {
            self.preparer.sweep(Arc::clone(&self.open_set));
        }
        let mut alarms = self.shared.alarms.lock();
        if alarms.sweep_at.is_none() && !alarms.stopped {
            alarms.sweep_at = Some(Instant::now() + self.shared.options.close_idle_after);
            self.ring(alarms);
        }
    }

    pub(crate) fn reap_segment(&self, path: PathBuf, segment: Arc<Segment>) {
        self.reaper.reap(path, Some(segment));
    }

    /// Puts a chain in line for a round.
    pub(crate) fn enqueue(&self, chain: Arc<Chain>) {
        let mut work = self.shared.work.lock();
        if work.stopped {
            return;
        }
        work.ready.push_back(chain);
        if work.idle >= work.ready.len() || work.workers >= self.shared.options.threads_max.max(1) {
            drop(work);
            self.shared.wake.notify_one();
            return;
        }
        work.workers += 1;
        drop(work);
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name("segment-flush".into());
        if let Err(error) = thread.spawn(move || serve(&shared)) {
            let mut work = self.shared.work.lock();
            work.workers -= 1;
            let left = work.workers;
            drop(work);
            tracing::warn!(%error, left, "no thread to sync with; the others will come to it");
        }
    }

    /// Lets the timer look at a chain at `due`.
    pub(crate) fn arm(&self, due: Instant, chain: Weak<Chain>) {
        let mut alarms = self.shared.alarms.lock();
        if alarms.stopped {
            return;
        }
        let is_first = alarms
            .due
            .peek()
            .is_none_or(|Reverse(first)| due < first.at);
        alarms.due.push(Reverse(Alarm { at: due, chain }));
        if is_first {
            self.ring(alarms);
        }
    }

    /// Wakes the timer's thread, or starts it.
    fn ring(&self, mut alarms: parking_lot::MutexGuard<'_, Alarms>) {
        if alarms.running {
            drop(alarms);
            self.shared.rings.notify_one();
            return;
        }
        alarms.running = true;
        drop(alarms);
        let (shared, files) = (Arc::clone(&self.shared), Arc::clone(&self.open_set));
        let preparer = self.preparer.clone();
        let thread = std::thread::Builder::new().name("segment-timer".into());
        if let Err(error) = thread.spawn(move || keep_time(&shared, &files, &preparer)) {
            tracing::warn!(%error, "no thread for flush intervals");
            self.shared.alarms.lock().running = false;
        }
    }
}

impl Drop for FlushService {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(shared: &Shared) {
    loop {
        let mut work = shared.work.lock();
        let chain = loop {
            if let Some(chain) = work.ready.pop_front() {
                break chain;
            }
            if work.stopped {
                work.workers -= 1;
                return;
            }
            work.idle += 1;
            let timed_out = shared.wake.wait_for(&mut work, IDLE).timed_out();
            work.idle -= 1;
            if timed_out && work.ready.is_empty() {
                work.workers -= 1;
                return;
            }
        };
        drop(work);
        chain.serve();
    }
}

fn keep_time(shared: &Shared, open_set: &Arc<OpenSet>, preparer: &Preparer) {
    let mut alarms = shared.alarms.lock();
    loop {
        if alarms.stopped {
            alarms.running = false;
            return;
        }
        let now = Instant::now();
        if alarms.sweep_at.is_some_and(|at| at <= now) {
            alarms.sweep_at = None;
            drop(alarms);
            // Closing may wait for a disk; alarms must not.
            preparer.sweep(Arc::clone(open_set));
            alarms = shared.alarms.lock();
            if open_set.len() > 0 && alarms.sweep_at.is_none() {
                alarms.sweep_at = Some(now + shared.options.close_idle_after);
            }
            continue;
        }
        if alarms
            .due
            .peek()
            .is_some_and(|Reverse(first)| first.at <= now)
            && let Some(Reverse(alarm)) = alarms.due.pop()
        {
            drop(alarms);
            let again = alarm.chain.upgrade().and_then(|chain| chain.on_timer(now));
            alarms = shared.alarms.lock();
            if let Some(at) = again {
                alarms.due.push(Reverse(Alarm {
                    at,
                    chain: alarm.chain,
                }));
            }
            continue;
        }
        let first = alarms.due.peek().map(|Reverse(first)| first.at);
        let next = match (first, alarms.sweep_at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        };
        match next {
            Some(at) => {
                shared.rings.wait_until(&mut alarms, at);
            }
            None => shared.rings.wait(&mut alarms),
        }
    }
}
