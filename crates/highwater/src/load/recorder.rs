//! What one connection measures; those of all are added up in the end.
//!
//! Invariant: a record counts by when it was due; those due before the warm-up ended are left out of
//! everything but the count of warm-up records.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::outcome::{Half, Interval};
use crate::client::ClientError;

/// An hour: latencies above count as this.
const LATENCY_NS_MAX: u64 = 3_600_000_000_000;
const SECOND_NS: u64 = 1_000_000_000;

/// A histogram of nanoseconds, exact to three digits.
pub(super) fn histogram() -> Histogram<u64> {
    // The bounds are right, so the second one, which cannot fail, is never made.
    Histogram::new_with_bounds(1, LATENCY_NS_MAX, 3)
        .or_else(|_| Histogram::new(3))
        .unwrap_or_else(|error| unreachable!("a histogram of three digits: {error}"))
}

/// One connection's measurements.
#[derive(Debug)]
pub(super) struct Recorder {
    from_ns: u64,
    half: Half,
}

impl Recorder {
    /// Measures from this time of the run on.
    pub(super) fn new(from_ns: u64) -> Self {
        Self {
            from_ns,
            half: Half::new(),
        }
    }

    pub(super) fn finish(self) -> Half {
        self.half
    }

    /// `records` that were due at `due_ns` have come to their end now.
    pub(super) fn done(&mut self, due_ns: u64, now_ns: u64, records: u64) {
        if due_ns < self.from_ns {
            self.half.warm_up_records += records;
            return;
        }
        let latency_ns = now_ns.saturating_sub(due_ns);
        self.half
            .latency
            .saturating_record_n(latency_ns.max(1), records);
        self.half.records += records;
        self.half.last_ns = self.half.last_ns.max(now_ns);
        let interval = self.interval(now_ns);
        interval.records += records;
        interval.latency_max_ns = interval.latency_max_ns.max(latency_ns);
    }

    /// `bytes` of keys and values came with them.
    pub(super) fn bytes(&mut self, due_ns: u64, now_ns: u64, bytes: u64) {
        if due_ns >= self.from_ns {
            self.half.bytes += bytes;
            self.interval(now_ns).bytes += bytes;
        }
    }

    /// One request has been answered, or needs no answer.
    pub(super) fn request(&mut self) {
        self.half.requests += 1;
    }

    /// How much too late the generator itself was for a record that nothing else held up.
    pub(super) fn lateness(&mut self, due_ns: u64, now_ns: u64) {
        if due_ns >= self.from_ns {
            let late_ns = now_ns.saturating_sub(due_ns);
            self.half.lateness.saturating_record(late_ns.max(1));
        }
    }

    /// Records of this kind of failure; 0 for one that cost no records.
    pub(super) fn error(&mut self, kind: String, now_ns: u64, records: u64) {
        *self.half.errors.entry(kind).or_default() += records;
        self.half.failures += 1;
        if now_ns >= self.from_ns {
            self.interval(now_ns).failed += records;
        }
    }

    /// Records that were due but were never sent, and how long each had waited at least.
    pub(super) fn unsent(&mut self, due_ns: u64, now_ns: u64, records: u64) {
        let waited_ns = now_ns.saturating_sub(due_ns);
        self.half
            .latency
            .saturating_record_n(waited_ns.max(1), records);
        self.half.unsent += records;
    }

    fn interval(&mut self, now_ns: u64) -> &mut Interval {
        let second = now_ns.saturating_sub(self.from_ns) / SECOND_NS;
        let at = usize::try_from(second)
            .unwrap_or(usize::MAX)
            .min(INTERVALS_MAX - 1);
        let seconds = &mut self.half.seconds;
        if seconds.len() <= at {
            seconds.resize(at + 1, Interval::default());
        }
        &mut seconds[at]
    }
}

/// Seconds that are kept one by one: a week.
const INTERVALS_MAX: usize = 7 * 24 * 3600;

/// What a failure is counted as.
pub(super) fn kind_of(error: &ClientError) -> String {
    match error {
        ClientError::Unreachable { .. } => "CONNECTION_LOST".to_owned(),
        ClientError::Timeout { .. } => "NO_ANSWER_IN_TIME".to_owned(),
        ClientError::Refused { code, .. } => code.name().to_owned(),
        ClientError::NotOffered { .. } => "NOT_OFFERED".to_owned(),
        ClientError::Protocol { .. } => "PROTOCOL_BROKEN".to_owned(),
        ClientError::Unsayable(_) => "CANNOT_BE_SENT".to_owned(),
    }
}

impl Half {
    pub(super) fn new() -> Self {
        Self {
            records: 0,
            warm_up_records: 0,
            bytes: 0,
            requests: 0,
            last_ns: 0,
            latency: histogram(),
            lateness: histogram(),
            errors: BTreeMap::new(),
            failures: 0,
            unsent: 0,
            seconds: Vec::new(),
        }
    }

    /// Adds what another connection measured.
    pub(super) fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.warm_up_records += other.warm_up_records;
        self.bytes += other.bytes;
        self.requests += other.requests;
        self.last_ns = self.last_ns.max(other.last_ns);
        self.failures += other.failures;
        self.unsent += other.unsent;
        // Both have the same bounds, so adding cannot fail.
        let _ = self.latency.add(&other.latency);
        let _ = self.lateness.add(&other.lateness);
        for (kind, records) in &other.errors {
            *self.errors.entry(kind.clone()).or_default() += records;
        }
        if self.seconds.len() < other.seconds.len() {
            self.seconds
                .resize(other.seconds.len(), Interval::default());
        }
        for (mine, theirs) in self.seconds.iter_mut().zip(&other.seconds) {
            mine.records += theirs.records;
            mine.bytes += theirs.bytes;
            mine.failed += theirs.failed;
            mine.latency_max_ns = mine.latency_max_ns.max(theirs.latency_max_ns);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_counts_against_every_record_that_waited_behind_it() {
        // A thousand records a second; the server stands still for a second, then answers all.
        let mut recorder = Recorder::new(0);
        for n in 0..1000 {
            let due_ns = n * 1_000_000;
            recorder.done(due_ns, SECOND_NS, 1);
        }
        let half = recorder.finish();
        let median = half.latency.value_at_quantile(0.5);
        assert!((490_000_000..=510_000_000).contains(&median), "{median}");
    }

    #[test]
    fn warm_up_is_counted_and_otherwise_left_out() {
        let mut recorder = Recorder::new(SECOND_NS);
        recorder.done(SECOND_NS - 1, 5 * SECOND_NS, 3);
        recorder.bytes(SECOND_NS - 1, 5 * SECOND_NS, 300);
        recorder.lateness(SECOND_NS - 1, SECOND_NS);
        assert_eq!(recorder.half.seconds, []);
        recorder.done(SECOND_NS, 3 * SECOND_NS, 2);
        recorder.bytes(SECOND_NS, 3 * SECOND_NS, 200);
        let half = recorder.finish();
        assert_eq!(
            (half.records, half.warm_up_records, half.bytes),
            (2, 3, 200)
        );
        assert_eq!((half.latency.len(), half.lateness.len()), (2, 0));
        assert_eq!(half.seconds.len(), 3);
        assert_eq!((half.seconds[2].records, half.seconds[2].bytes), (2, 200));
    }

    #[test]
    fn connections_are_added_up() {
        let of = |due_s: u64, errors: u64| {
            let mut recorder = Recorder::new(0);
            recorder.done(due_s * SECOND_NS, due_s * SECOND_NS + 1000, 1);
            recorder.error("X".into(), due_s * SECOND_NS, errors);
            recorder.unsent(0, 1, 1);
            recorder.finish()
        };
        let mut sum = Half::new();
        sum.add(&of(0, 2));
        sum.add(&of(4, 3));
        assert_eq!((sum.records, sum.failures, sum.unsent), (2, 2, 2));
        assert_eq!(sum.errors.get("X"), Some(&5));
        assert_eq!(sum.latency.len(), 4);
        let records: Vec<u64> = sum.seconds.iter().map(|one| one.records).collect();
        assert_eq!(records, [1, 0, 0, 0, 1]);
    }
}
