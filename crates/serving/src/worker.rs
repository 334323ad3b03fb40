//! A thread that does something again and again until its owner closes, woken by a bell.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// Wakes a worker, and tells it when to stop.
#[derive(Debug, Default)]
pub struct Bell {
    state: Mutex<State>,
    ring: Condvar,
}

#[derive(Debug, Default)]
struct State {
    rung: bool,
    stopped: bool,
}

impl Bell {
    /// There is something to do.
    pub fn ring(&self) {
        self.state.lock().rung = true;
        self.ring.notify_all();
    }

    /// Whether to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.state.lock().stopped
    }

    /// Rests for so long, or until rung; true if it is time to stop.
    pub fn rest(&self, time: Option<Duration>) -> bool {
        let mut state = self.state.lock();
        if !state.rung && !state.stopped {
            match time {
                Some(time) => {
                    self.ring.wait_for(&mut state, time);
                }
                None => self.ring.wait(&mut state),
            }
        }
        state.rung = false;
        state.stopped
    }
}

/// The thread. Dropped, it is stopped and waited for.
#[derive(Debug)]
pub struct Worker {
    bell: Arc<Bell>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Worker {
    /// Starts the thread, called `name`; it is to look at its bell and end when that says so.
    ///
    /// # Errors
    /// A thread cannot be made.
    pub fn start(
        name: &str,
        bell: Arc<Bell>,
        run: impl FnOnce(&Bell) + Send + 'static,
    ) -> io::Result<Self> {
        let told = Arc::clone(&bell);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run(&told))?;
        Ok(Self {
            bell,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Ends the thread and waits for it.
    pub fn stop(&self) {
        self.bell.state.lock().stopped = true;
        self.bell.ring.notify_all();
        let thread = self.thread.lock().take();
        // The thread itself may be the last to hold the owner.
        if let Some(thread) =
            thread.filter(|thread| thread.thread().id() != std::thread::current().id())
        {
            let _ = thread.join();
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop();
    }
}
