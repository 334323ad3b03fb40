//! What a log under load tells: which entries are complete, and how long each took.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hdrhistogram::Histogram;
use parking_lot::{Condvar, Mutex};

/// The ear.
#[derive(Debug, Default)]
pub struct Told {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// What was appended and is not complete, in order.
    under_way: VecDeque<Batch>,
    /// The first index that is not complete; 0 stands for 1.
    complete: u64,
    failed: Option<String>,
    /// While it counts.
    latencies: Option<Histogram<u64>>,
    is_waiting: bool,
}

/// Entries that went into the log together.
#[derive(Debug)]
struct Batch {
    /// The index behind the last.
    end: u64,
    count: u64,
    /// When the first one was appended, or due.
    began: Instant,
    /// From one to the next.
    apart: Duration,
}

impl Told {
    /// Entries below `end` are complete.
    pub fn complete(&self, end: u64) {
        let now = Instant::now();
        let mut state = self.state.lock();
        state.complete = state.complete.max(end);
        while state
            .under_way
            .front()
            .is_some_and(|batch| batch.end <= end)
        {
            let batch = state.under_way.pop_front();
            if let (Some(batch), Some(latencies)) = (batch, &mut state.latencies) {
                batch.record(now, latencies);
            }
        }
        if state.is_waiting {
            drop(state);
            self.moved.notify_all();
        }
    }

    /// Nothing will be complete any more.
    pub fn fail(&self, why: String) {
        self.state.lock().failed = Some(why);
        self.moved.notify_all();
    }

    /// The next `count` entries, below `end`, are about to be appended.
    pub(crate) fn begin(&self, end: u64, count: u64, began: Instant, apart: Duration) {
        self.state.lock().under_way.push_back(Batch {
            end,
            count,
            began,
            apart,
        });
    }

    /// Waits until fewer than `pending` entries below `next` are under way; returns how many may follow.
    pub(crate) fn wait_for_room(&self, next: u64, pending: u64) -> Result<u64> {
        let complete = self.wait_for((next + 1).saturating_sub(pending))?;
        Ok(pending - (next - complete))
    }

    /// Waits until the entries below `end` are complete; returns the first that is not.
    pub(crate) fn wait_for(&self, end: u64) -> Result<u64> {
        let mut state = self.state.lock();
        while state.complete.max(1) < end {
            if let Some(why) = &state.failed {
                bail!("{why}");
            }
            state.is_waiting = true;
            self.moved.wait(&mut state);
            state.is_waiting = false;
        }
        Ok(state.complete.max(1))
    }

    /// It counts from here on.
    pub(crate) fn start(&self) {
        self.state.lock().latencies = Histogram::new(3).ok();
    }

    /// What was counted.
    pub(crate) fn stop(&self) -> Result<Histogram<u64>> {
        self.state
            .lock()
            .latencies
            .take()
            .context("nothing was counted")
    }
}

impl Batch {
    fn record(&self, now: Instant, latencies: &mut Histogram<u64>) {
        let took = |since: Instant| {
            let took = now.saturating_duration_since(since).as_nanos();
            u64::try_from(took).unwrap_or(u64::MAX).max(1)
        };
        // A histogram that grows refuses nothing.
        if self.apart.is_zero() {
            let _ = latencies.record_n(took(self.began), self.count);
            return;
        }
        let mut since = self.began;
        for _ in 0..self.count {
            let _ = latencies.record(took(since));
            since += self.apart;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_what_is_not_under_way() {
        let told = Told::default();
        assert_eq!(told.wait_for_room(1, 16).unwrap(), 16);
        told.begin(11, 10, Instant::now(), Duration::ZERO);
        assert_eq!(told.wait_for_room(11, 16).unwrap(), 6);
        told.complete(6);
        assert_eq!(told.wait_for_room(11, 16).unwrap(), 11);
        told.complete(11);
        assert_eq!(told.wait_for_room(11, 16).unwrap(), 16);
    }

    #[test]
    fn entries_that_were_due_one_after_the_other_waited_so_much_less() {
        let mut latencies = Histogram::new(3).unwrap();
        let began = Instant::now();
        let batch = Batch {
            end: 4,
            count: 3,
            began,
            apart: Duration::from_millis(10),
        };
        batch.record(began + Duration::from_millis(100), &mut latencies);
        assert_eq!(latencies.len(), 3);
        assert_eq!(latencies.min() / 1_000_000, 79);
        assert_eq!(latencies.max() / 1_000_000, 100);
    }

    #[test]
    fn a_log_that_failed_does_not_keep_its_owner() {
        let told = Told::default();
        told.begin(2, 1, Instant::now(), Duration::ZERO);
        told.fail("the disk is gone".to_owned());
        assert!(told.wait_for(2).is_err());
    }
}
