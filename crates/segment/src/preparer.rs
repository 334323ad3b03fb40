//! Slow work ahead of the appenders: space, ready pages, prepared files, closing idle ones.
//!
//! One thread, started when there is first something to do, gone when there has been nothing for
//! a while. Everything here is help: an appender that finds it undone does it itself.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use crate::chain::Chain;
use crate::engine::SegmentReader;
use crate::engine::sys::wait_for_turns;
use crate::open_set::OpenSet;

const IDLE: Duration = Duration::from_secs(30);

#[derive(Debug)]
enum Job {
    Room(Arc<dyn SegmentReader>),
    Spare(Weak<Chain>),
    Sweep(Arc<OpenSet>),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Preparer {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    jobs: VecDeque<Job>,
    running: bool,
    stopped: bool,
}

impl Preparer {
    pub(crate) fn make_room(&self, reader: Arc<dyn SegmentReader>) {
        self.push(Job::Room(reader));
    }

    pub(crate) fn make_spare(&self, chain: Weak<Chain>) {
        self.push(Job::Spare(chain));
    }

    pub(crate) fn sweep(&self, files: Arc<OpenSet>) {
        self.push(Job::Sweep(files));
    }

    /// Forgets what is queued and lets the thread end.
    pub(crate) fn stop(&self) {
        let mut queue = self.shared.queue.lock();
        queue.stopped = true;
        let jobs = std::mem::take(&mut queue.jobs);
        drop(queue);
        drop(jobs);
        self.shared.wake.notify_all();
    }

    fn push(&self, job: Job) {
        let mut queue = self.shared.queue.lock();
        if queue.stopped {
            return;
        }
        queue.jobs.push_back(job);
        if queue.running {
            drop(queue);
            self.shared.wake.notify_one();
            return;
        }
        queue.running = true;
        drop(queue);
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name("segment-prepare".into());
        if let Err(error) = thread.spawn(move || run(&shared)) {
            tracing::warn!(%error, "no thread to prepare segments; appenders do it themselves");
            self.shared.queue.lock().running = false;
        }
    }
}

fn run(shared: &Shared) {
    // Readying pages keeps a processor for milliseconds, and who asks for it is in the middle of a roll or an append.
    if let Err(error) = wait_for_turns() {
        tracing::debug!(%error, "preparing segments may hold up who asks for it");
    }
    loop {
        let mut queue = shared.queue.lock();
        let job = loop {
            if let Some(job) = queue.jobs.pop_front() {
                break job;
            }
            let timed_out = shared.wake.wait_for(&mut queue, IDLE).timed_out();
            if queue.jobs.is_empty() && (timed_out || queue.stopped) {
                queue.running = false;
                return;
            }
        };
        drop(queue);
        perform(job);
    }
}

fn perform(job: Job) {
    match job {
        Job::Room(reader) => {
            if let Err(error) = reader.make_room() {
                tracing::debug!(%error, "no room ahead of the writer; it will find out itself");
            }
        }
        Job::Spare(chain) => {
            if let Some(chain) = chain.upgrade() {
                chain.prepare_spare();
            }
        }
        Job::Sweep(files) => files.sweep(),
    }
}
