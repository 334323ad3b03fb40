//! What a piece of work cost besides time: CPU, page faults, bytes that went to the device.
//!
//! Of the calling thread alone where the kernel keeps them by thread. An engine's own threads (the ring of `direct`, the
//! flush service) are in the figures of the process.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use rustix::time::{ClockId, clock_gettime};

use super::error::MeasureError;
use crate::report::{Point, Unit};

/// Counters at one moment.
#[derive(Clone, Copy, Debug, Default)]
struct Counters {
    minor_faults: u64,
    major_faults: u64,
    thread_cpu: Duration,
    process_cpu: Duration,
}

impl Counters {
    fn now() -> Self {
        let (minor_faults, major_faults) = faults().unwrap_or_default();
        Self {
            minor_faults,
            major_faults,
            thread_cpu: cpu(ClockId::ThreadCPUTime),
            process_cpu: cpu(ClockId::ProcessCPUTime),
        }
    }
}

fn cpu(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

/// Minor and major faults of this thread: the 10th and 12th word of its `stat`. The 2nd is a name in parentheses that may
/// hold blanks.
fn faults() -> Option<(u64, u64)> {
    let stat = fs::read_to_string("/proc/thread-self/stat").ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    Some((words.get(7)?.parse().ok()?, words.get(9)?.parse().ok()?))
}

/// What a piece of work took.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    pub(super) time: Duration,
    pub(super) minor_faults: u64,
    pub(super) major_faults: u64,
    pub(super) thread_cpu: Duration,
    pub(super) process_cpu: Duration,
}

impl Cost {
    /// Runs `work` and says what it took.
    pub(super) fn of<T>(
        work: impl FnOnce() -> Result<T, MeasureError>,
    ) -> Result<(T, Self), MeasureError> {
        let before = Counters::now();
        let begun = Instant::now();
        let done = work()?;
        let time = begun.elapsed();
        let after = Counters::now();
        let cost = Self {
            time,
            minor_faults: after.minor_faults.saturating_sub(before.minor_faults),
            major_faults: after.major_faults.saturating_sub(before.major_faults),
            thread_cpu: after.thread_cpu.saturating_sub(before.thread_cpu),
            process_cpu: after.process_cpu.saturating_sub(before.process_cpu),
        };
        Ok((done, cost))
    }

    /// Adds faults and CPU by the bytes and operations that were done.
    pub(super) fn note(&self, point: &mut Point, bytes: u64, operations: u64) {
        let mib = bytes as f64 / f64::from(1 << 20);
        let kib = bytes as f64 / 1024.0;
        point.also(
            "an operation",
            Unit::Nanoseconds,
            self.time.as_nanos() as f64 / operations as f64,
        );
        point.also("faults/MiB", Unit::Count, self.minor_faults as f64 / mib);
        point.also("major faults", Unit::Count, self.major_faults as f64);
        point.also(
            "cpu/KiB",
            Unit::Nanoseconds,
            self.process_cpu.as_nanos() as f64 / kib,
        );
    }
}

/// Longer than this is counted as this.
const LONGEST_NS: u64 = 3_600_000_000_000;

/// An empty histogram of nanoseconds, kept to three digits, up to an hour.
pub(super) fn histogram() -> Result<Histogram<u64>, MeasureError> {
    Histogram::new_with_max(LONGEST_NS, 3)
        .map_err(|error| MeasureError::Settings(error.to_string()))
}

/// Nanoseconds since a moment.
pub(super) fn nanos(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Bytes that a block device has been told to write.
#[derive(Clone, Debug)]
pub(super) struct DeviceCounter {
    stat: PathBuf,
}

impl DeviceCounter {
    /// Of the device under a directory; `None` for memory and networks.
    pub(super) fn under(dir: &Path) -> Option<Self> {
        let queue = super::machine::storage(dir).queue?;
        let stat = PathBuf::from(format!("/sys/dev/block/{}/stat", queue.number?));
        stat.is_file().then_some(Self { stat })
    }

    /// Since the machine started: the 7th word, in sectors of 512 bytes.
    pub(super) fn written_bytes(&self) -> Option<u64> {
        let stat = fs::read_to_string(&self.stat).ok()?;
        let sectors: u64 = stat.split_whitespace().nth(6)?.parse().ok()?;
        Some(sectors * 512)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_from_nothing_to_an_hour_are_kept_to_three_digits() {
        for ns in [1, 999, 5_000, 123_456_789, LONGEST_NS] {
            let mut histogram = histogram().unwrap();
            histogram.saturating_record(ns);
            let kept = histogram.value_at_quantile(1.0);
            assert!(kept.abs_diff(ns) <= ns / 1000, "{ns} became {kept}");
            let mut sum = super::histogram().unwrap();
            sum.add(&histogram).unwrap();
            assert_eq!(sum.len(), 1);
        }
    }

    #[test]
    fn touching_memory_costs_faults_and_cpu() {
        let (sum, cost) = Cost::of(|| {
            let mut memory = vec![0_u8; 16 << 20];
            for byte in memory.iter_mut().step_by(4096) {
                *byte = 1;
            }
            Ok(memory.iter().map(|byte| u64::from(*byte)).sum::<u64>())
        })
        .unwrap();
        assert_eq!(sum, 4096);
        // With huge pages there are few, without 4096.
        assert!(cost.minor_faults > 0 && cost.thread_cpu > Duration::ZERO);
        assert!(cost.process_cpu >= cost.thread_cpu / 2);
    }
}
