//! A runtime of its own for what belongs to no connection: timers of groups, reading of their offsets.
//!
//! One thread; it ends, with whatever runs on it, when the broker closes.

use std::io;
use std::thread::JoinHandle;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Threads that may wait for the disk at once.
const BLOCKING_THREADS: usize = 4;

#[derive(Debug)]
pub(super) struct Background {
    handle: Handle,
    running: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
}

impl Background {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(BLOCKING_THREADS)
            .build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name("kafka-groups".to_owned());
        let thread = thread.spawn(move || {
            // An error means that the broker is gone without a word.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_background();
        })?;
        Ok(Self {
            handle,
            running: Mutex::new(Some((stop, thread))),
        })
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Ends the thread and waits for it, unless it is the one that asks.
    pub(super) fn stop(&self) {
        let Some((stop, thread)) = self.running.lock().take() else {
            return;
        };
        let _ = stop.send(());
        if thread.thread().id() != std::thread::current().id() {
            let _ = thread.join();
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop();
    }
}
