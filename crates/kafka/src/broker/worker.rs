//! A thread that does something again and again until the broker closes.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// Says when to stop.
#[derive(Debug, Default)]
pub(super) struct Stop {
    asked: Mutex<bool>,
    ring: Condvar,
}

impl Stop {
    /// Whether to stop.
    pub(super) fn is_asked(&self) -> bool {
        *self.asked.lock()
    }

    /// Rests for so long, or until asked to stop; true if so.
    pub(super) fn rest(&self, time: Duration) -> bool {
        let mut asked = self.asked.lock();
        if !*asked {
            self.ring.wait_for(&mut asked, time);
        }
        *asked
    }
}

/// The thread. Dropped, it is stopped and waited for.
#[derive(Debug)]
pub(super) struct Worker {
    stop: Arc<Stop>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Worker {
    pub(super) fn start(name: &str, run: impl FnOnce(&Stop) + Send + 'static) -> io::Result<Self> {
        let stop = Arc::<Stop>::default();
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run(&stopped))?;
        Ok(Self {
            stop,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Ends the thread and waits for it.
    pub(super) fn stop(&self) {
        *self.stop.asked.lock() = true;
        self.stop.ring.notify_all();
        let thread = self.thread.lock().take();
        // The thread itself may be the last to hold the broker.
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
