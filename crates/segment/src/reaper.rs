//! Unlinks removed files, slowly.
//!
//! On a file system mounted with `discard`, freeing a large file can stall other people's
//! commits. So a file nobody reads any more is shortened in steps with pauses before it goes.
//! Invariant: a file that may be mapped or read is never shortened, only unlinked; the system
//! frees it when the last reader is done.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use crate::segment::Segment;

const IDLE: Duration = Duration::from_secs(30);

/// A file is shortened by this much at a time.
const STEP_BYTES: u64 = 64 << 20;

/// And then left alone for this long.
const PAUSE: Duration = Duration::from_millis(10);

#[derive(Debug)]
struct Job {
    path: PathBuf,
    segment: Option<Arc<Segment>>,
}

#[derive(Debug, Default)]
pub(crate) struct Reaper {
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
    busy: bool,
    running: bool,
    stopped: bool,
}

impl Reaper {
    /// Removes a file, or a directory with all it holds.
    pub(crate) fn reap(&self, path: PathBuf, segment: Option<Arc<Segment>>) {
        let mut queue = self.shared.queue.lock();
        queue.jobs.push_back(Job { path, segment });
        if queue.running {
            drop(queue);
            self.shared.wake.notify_all();
            return;
        }
        queue.running = true;
        drop(queue);
        let shared = Arc::clone(&self.shared);
        let thread = std::thread::Builder::new().name("segment-reap".into());
        if let Err(error) = thread.spawn(move || run(&shared)) {
            tracing::warn!(%error, "no thread to remove files; they stay until the next start");
            self.shared.queue.lock().running = false;
        }
    }

    /// Waits until everything handed over so far is gone.
    pub(crate) fn wait(&self) {
        let mut queue = self.shared.queue.lock();
        while queue.running && (queue.busy || !queue.jobs.is_empty()) {
            self.shared.wake.wait(&mut queue);
        }
    }

    /// Removes the rest without pauses, then ends.
    pub(crate) fn stop(&self) {
        self.shared.queue.lock().stopped = true;
        self.shared.wake.notify_all();
    }
}

fn run(shared: &Shared) {
    loop {
        let mut queue = shared.queue.lock();
        queue.busy = false;
        shared.wake.notify_all();
        let job = loop {
            if let Some(job) = queue.jobs.pop_front() {
                break job;
            }
            let timed_out = shared.wake.wait_for(&mut queue, IDLE).timed_out();
            if queue.jobs.is_empty() && (timed_out || queue.stopped) {
                queue.running = false;
                shared.wake.notify_all();
                return;
            }
        };
        queue.busy = true;
        drop(queue);
        let Job { path, segment } = job;
        // Unused: the queue held the last handle, and no lease holds the reader.
        let is_used =
            segment.is_some_and(|segment| segment.is_lent() || Arc::strong_count(&segment) > 1);
        if let Err(error) = remove(shared, &path, is_used) {
            tracing::warn!(path = %path.display(), %error, "a removed file stays behind");
        }
    }
}

fn remove(shared: &Shared, path: &Path, is_used: bool) -> io::Result<()> {
    let about = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    if about.is_dir() {
        for entry in fs::read_dir(path)? {
            // Somebody may still read what lies in a removed directory.
            remove(shared, &entry?.path(), true)?;
            pause(shared);
        }
        return fs::remove_dir(path);
    }
    if !is_used && about.is_file() && about.len() > STEP_BYTES {
        let file = fs::OpenOptions::new().write(true).open(path)?;
        let mut len = about.len();
        while len > STEP_BYTES {
            len -= STEP_BYTES;
            file.set_len(len)?;
            pause(shared);
        }
    }
    fs::remove_file(path)
}

/// Rests, unless the process is about to end.
fn pause(shared: &Shared) {
    let mut queue = shared.queue.lock();
    if !queue.stopped {
        shared.wake.wait_for(&mut queue, PAUSE);
    }
}
