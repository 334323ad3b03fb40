//! What load is asked for, whatever the protocol.

use std::fmt;
use std::time::Duration;

use super::payload::STAMP_BYTES;
use crate::client::Acks;

/// Largest record and batch.
const BYTES_MAX: usize = 64 << 20;
/// What all connections together may have in memory.
const MEMORY_BYTES_MAX: u64 = 4 << 30;
/// Records a second.
const RATE_MAX: f64 = 1e8;
const CONNECTIONS_MAX: u32 = 10_000;
const IN_FLIGHT_MAX: u32 = 1000;
const KEYS_MAX: u64 = 1_000_000_000;
const TIME_MAX: Duration = Duration::from_hours(7 * 24);
const RECORDS_MAX: u64 = 1_000_000_000_000;
const THREADS_MAX: usize = 256;

/// Which half of a client is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Send records.
    Produce,
    /// Read what is there, from its first record to what was the end at the start.
    Consume,
    /// Send records and read them back at the same time.
    Both,
}

impl Work {
    /// Whether records are sent.
    pub fn sends(self) -> bool {
        self != Self::Consume
    }

    /// Whether records are read.
    pub fn reads(self) -> bool {
        self != Self::Produce
    }
}

/// When the run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// After so long, warm-up left out.
    After(Duration),
    /// After so many records, warm-up included.
    Records(u64),
}

/// Sizes of the values: each is as likely as any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordBytes {
    /// Smallest (inclusive).
    pub min: usize,
    /// Largest (inclusive).
    pub max: usize,
}

impl fmt::Display for RecordBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.min == self.max {
            write!(f, "{}", self.min)
        } else {
            write!(f, "{}-{}", self.min, self.max)
        }
    }
}

/// A run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Which half.
    pub work: Work,
    /// Records a second over all connections (an open loop); `None` is as fast as it goes.
    pub rate: Option<f64>,
    /// Requests on their way at a time, per connection. Default 5, as Kafka's producer.
    pub in_flight: u32,
    /// Connections that send, and as many that read.
    pub connections: u32,
    /// Threads of the generator.
    pub threads: usize,
    /// Sizes of the values.
    pub record_bytes: RecordBytes,
    /// Different keys; 0 is none.
    pub keys: u64,
    /// Bytes at which a batch is full.
    pub batch_bytes: usize,
    /// How long a batch that is not full waits for more, with a rate.
    pub linger: Duration,
    /// When a record counts as sent.
    pub acks: Acks,
    /// When the run ends.
    pub end: End,
    /// Time at the beginning that is not measured.
    pub warm_up: Duration,
    /// Whether all that was acknowledged is read back and compared.
    pub verify: bool,
    /// How long an answer may take.
    pub patience: Duration,
    /// Decides what is in the records; also tells them from those of other runs.
    pub seed: u64,
}

/// What is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// A number out of its bounds.
    #[error("{what} is {given}; it must be {bounds}")]
    Bounds {
        /// The flag.
        what: &'static str,
        /// What was given.
        given: String,
        /// What is allowed.
        bounds: String,
    },
    /// Two things that do not go together.
    #[error("{0}")]
    Together(String),
}

impl Plan {
    /// Checks every number against its bounds and against the others.
    ///
    /// # Errors
    /// The first that is wrong.
    pub fn check(&self) -> Result<(), PlanError> {
        self.check_numbers()?;
        self.check_together()
    }

    fn check_numbers(&self) -> Result<(), PlanError> {
        let within = |what, given: u64, min: u64, max: u64| {
            if (min..=max).contains(&given) {
                return Ok(());
            }
            Err(PlanError::Bounds {
                what,
                given: given.to_string(),
                bounds: format!("from {min} to {max}"),
            })
        };
        let bytes_max = BYTES_MAX as u64;
        within(
            "--connections",
            self.connections.into(),
            1,
            CONNECTIONS_MAX.into(),
        )?;
        within(
            "--in-flight",
            self.in_flight.into(),
            1,
            IN_FLIGHT_MAX.into(),
        )?;
        within("--threads", self.threads as u64, 1, THREADS_MAX as u64)?;
        within("--record-bytes", self.record_bytes.max as u64, 0, bytes_max)?;
        within("--batch-bytes", self.batch_bytes as u64, 1, bytes_max)?;
        within("--keys", self.keys, 0, KEYS_MAX)?;
        if let End::Records(records) = self.end {
            within("--records", records, 1, RECORDS_MAX)?;
        }
        if let Some(rate) = self.rate
            && !(rate > 0.0 && rate <= RATE_MAX)
        {
            return Err(PlanError::Bounds {
                what: "--rate",
                given: rate.to_string(),
                bounds: format!("above 0 and at most {RATE_MAX} records a second"),
            });
        }
        let after = match self.end {
            End::After(time) => Some(time),
            End::Records(_) => None,
        };
        for (what, time, min) in [
            ("--duration", after, Duration::from_millis(1)),
            ("--warm-up", Some(self.warm_up), Duration::ZERO),
            ("--linger", Some(self.linger), Duration::ZERO),
        ] {
            let Some(time) = time.filter(|time| !(min..=TIME_MAX).contains(time)) else {
                continue;
            };
            return Err(PlanError::Bounds {
                what,
                given: format!("{time:?}"),
                bounds: format!("from {min:?} to 7 days"),
            });
        }
        Ok(())
    }

    fn check_together(&self) -> Result<(), PlanError> {
        let wrong = |text: String| Err(PlanError::Together(text));
        let RecordBytes { min, max } = self.record_bytes;
        if min > max {
            let sizes = self.record_bytes;
            return wrong(format!("--record-bytes {sizes} ends before it begins"));
        }
        if self.rate.is_some() && !self.work.sends() {
            return wrong(
                "--rate is for records that are sent; a consumer takes what there is".into(),
            );
        }
        if self.verify && !self.work.sends() {
            return wrong("--verify compares what was sent; --mode consume sends nothing".into());
        }
        if self.verify && self.acks == Acks::None {
            return wrong(
                "--verify compares what was acknowledged; with --acks 0 nothing is".into(),
            );
        }
        if (self.verify || self.work == Work::Both) && min < STAMP_BYTES {
            return wrong(format!(
                "records of {min} bytes cannot be told apart; --verify and --mode both need \
                 --record-bytes {STAMP_BYTES} or more"
            ));
        }
        let each = self.batch_bytes.max(max) as u64 * u64::from(self.in_flight);
        let all = each.saturating_mul(self.connections.into());
        if self.work.sends() && all > MEMORY_BYTES_MAX {
            return wrong(format!(
                "{} connections with {} requests in flight of up to {} bytes each would hold {} MiB \
                 in memory; at most {} MiB are allowed",
                self.connections,
                self.in_flight,
                self.batch_bytes.max(max),
                all >> 20,
                MEMORY_BYTES_MAX >> 20,
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) fn sample() -> Plan {
    Plan {
        work: Work::Produce,
        rate: None,
        in_flight: 5,
        connections: 1,
        threads: 1,
        record_bytes: RecordBytes { min: 100, max: 100 },
        keys: 0,
        batch_bytes: 16_384,
        linger: Duration::from_millis(5),
        acks: Acks::All,
        end: End::Records(1000),
        warm_up: Duration::ZERO,
        verify: false,
        patience: Duration::from_secs(30),
        seed: 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = fn(&mut Plan);

    #[test]
    fn absurd_plans_are_refused_with_the_flag_at_fault() {
        let cases: &[(&str, Change)] = &[
            ("--connections", |plan| plan.connections = 0),
            ("--connections", |plan| plan.connections = 1_000_000),
            ("--in-flight", |plan| plan.in_flight = 0),
            ("--threads", |plan| plan.threads = 0),
            ("--record-bytes", |plan| plan.record_bytes.max = 1 << 40),
            ("--record-bytes", |plan| plan.record_bytes.min = 101),
            ("--batch-bytes", |plan| plan.batch_bytes = 0),
            ("--keys", |plan| plan.keys = u64::MAX),
            ("--records", |plan| plan.end = End::Records(0)),
            ("--records", |plan| plan.end = End::Records(u64::MAX)),
            ("--duration", |plan| plan.end = End::After(Duration::ZERO)),
            ("--duration", |plan| plan.end = End::After(Duration::MAX)),
            ("--warm-up", |plan| plan.warm_up = Duration::MAX),
            ("--linger", |plan| plan.linger = Duration::MAX),
            ("--rate", |plan| plan.rate = Some(0.0)),
            ("--rate", |plan| plan.rate = Some(-1.0)),
            ("--rate", |plan| plan.rate = Some(f64::NAN)),
            ("--rate", |plan| plan.rate = Some(f64::INFINITY)),
            ("--rate", |plan| {
                plan.rate = Some(10.0);
                plan.work = Work::Consume;
            }),
            ("--verify", |plan| {
                plan.verify = true;
                plan.work = Work::Consume;
            }),
            ("--verify", |plan| {
                plan.verify = true;
                plan.acks = Acks::None;
            }),
            ("--verify", |plan| {
                plan.verify = true;
                plan.record_bytes.min = STAMP_BYTES - 1;
            }),
            ("--mode both", |plan| {
                plan.work = Work::Both;
                plan.record_bytes = RecordBytes { min: 1, max: 1 };
            }),
            ("in memory", |plan| {
                plan.connections = 10_000;
                plan.in_flight = 1000;
            }),
        ];
        assert_eq!(sample().check(), Ok(()));
        for (at_fault, change) in cases {
            let mut plan = sample();
            change(&mut plan);
            let said = plan.check().unwrap_err().to_string();
            assert!(said.contains(at_fault), "{said:?} does not say {at_fault}");
        }
    }
}
