//! When each record is due, and waiting for that moment.
//!
//! Invariant: due times follow from the rate alone; nothing that happens moves them.

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The run's own time: nanoseconds since it began.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    began: Instant,
}

impl Clock {
    /// Starts now.
    pub fn start() -> Self {
        Self {
            began: Instant::now(),
        }
    }

    /// Nanoseconds since the start.
    pub fn now_ns(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Due times of one connection's records in an open loop: it has every `connections`-th of all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    first_ns: f64,
    step_ns: f64,
}

impl Schedule {
    /// Of connection `index` (from 0) of so many, at `rate` records a second over all of them.
    pub(super) fn new(rate: f64, index: u32, connections: u32) -> Self {
        let apart_ns = 1e9 / rate;
        Self {
            first_ns: apart_ns * f64::from(index),
            step_ns: apart_ns * f64::from(connections),
        }
    }

    /// When its `n`-th record (from 0) is due.
    pub(super) fn due_ns(&self, n: u64) -> u64 {
        // Exact to the nanosecond for 2^53 ns, a hundred days.
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "not negative; saturates far beyond the longest run"
        )]
        let due = (self.first_ns + self.step_ns * n as f64) as u64;
        due
    }

    /// How many of its records are due before `until_ns`.
    pub(super) fn count_before(&self, until_ns: u64) -> u64 {
        let mut low = 0;
        let mut high = 1;
        while self.due_ns(high) < until_ns && high < u64::MAX / 2 {
            high *= 2;
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if self.due_ns(middle) < until_ns {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// A timer exact to some microseconds; the runtime's own knows milliseconds only, which is more than
/// many of the latencies measured with it.
#[derive(Debug)]
pub(super) struct Timer {
    clock: Clock,
    descriptor: AsyncFd<OwnedFd>,
}

impl Timer {
    pub(super) fn new(clock: Clock) -> io::Result<Self> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let descriptor = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        #[allow(
            deprecated,
            reason = "unsound only for types whose descriptor may change or close; an OwnedFd's does neither"
        )]
        let descriptor = AsyncFd::with_interest(descriptor, Interest::READABLE)?;
        Ok(Self { clock, descriptor })
    }

    /// Returns at `due_ns` of the run's clock, at once if that is past.
    pub(super) async fn until(&self, due_ns: u64) -> io::Result<()> {
        let now_ns = self.clock.now_ns();
        if due_ns <= now_ns {
            return Ok(());
        }
        let wait = Duration::from_nanos(due_ns - now_ns);
        let time = |of: Duration| Timespec {
            tv_sec: i64::try_from(of.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: of.subsec_nanos().into(),
        };
        let once = Itimerspec {
            it_interval: time(Duration::ZERO),
            it_value: time(wait),
        };
        timerfd_settime(self.descriptor.get_ref(), TimerfdTimerFlags::empty(), &once)?;
        loop {
            let mut ready = self.descriptor.readable().await?;
            let mut count = [0; 8];
            match rustix::io::read(self.descriptor.get_ref(), &mut count) {
                Ok(_) => return Ok(()),
                Err(rustix::io::Errno::AGAIN) => ready.clear_ready(),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_share_the_rate_without_two_being_due_at_once() {
        let schedules: Vec<Schedule> = (0..4).map(|at| Schedule::new(1000.0, at, 4)).collect();
        let mut due: Vec<u64> = schedules
            .iter()
            .flat_map(|one| (0..250).map(|n| one.due_ns(n)))
            .collect();
        due.sort_unstable();
        let wanted: Vec<u64> = (0..1000).map(|n| n * 1_000_000).collect();
        assert_eq!(due, wanted);
    }

    #[test]
    fn counting_agrees_with_the_due_times() {
        for rate in [0.5, 3.0, 1000.0, 1e8] {
            let schedule = Schedule::new(rate, 2, 3);
            for until_ns in [0, 1, 1_000_000_000, 12_345_678_901] {
                let count = schedule.count_before(until_ns);
                assert!(
                    count == 0 || schedule.due_ns(count - 1) < until_ns,
                    "{rate}"
                );
                assert!(schedule.due_ns(count) >= until_ns, "{rate} {until_ns}");
            }
        }
    }

    #[tokio::test]
    async fn a_timer_does_not_return_early_and_may_be_used_again() {
        let clock = Clock::start();
        let timer = Timer::new(clock).unwrap();
        for wait_ns in [0, 200_000, 3_000_000] {
            let due_ns = clock.now_ns() + wait_ns;
            timer.until(due_ns).await.unwrap();
            assert!(clock.now_ns() >= due_ns);
        }
        timer.until(0).await.unwrap();
    }
}
