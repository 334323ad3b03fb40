//! Behind `highwater tune`: which engine suits this disk and this load, and why.
//!
//! A [`Plan`] is what the user said of the load. Its steps are measured by the core that `bench io` uses (`measure`); then
//! [`choose`] compares, and [`fragment()`] writes the choice down with where it comes from.
//!
//! Invariants: the choice is a function of the report and of nothing else; an engine is chosen in place of the default only
//! where every one of its figures is better than every one of the default's, and by more than a fifth; a disk whose figures
//! say nothing (memory) leads to no choice, never to a lucky one. Absent on purpose: printing; changing a running server;
//! settings that nobody measured here.

mod choice;
mod evidence;
mod fragment;

#[cfg(test)]
mod tests;

pub use choice::choose;
pub use fragment::{FragmentError, check_fragment, fragment, write_fragment};

use std::path::PathBuf;
use std::time::Duration;

use segment::{EngineKind, Mark};

use crate::measure::{Bench, Load, MeasureError, SUSTAINED, Settings};
use crate::report::Experiment;
use crate::report::units::{Unit, show};

/// What acknowledges a message, by the names of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// It survives power loss: `write.caching=false`, `SYNC_FLUSH`.
    Disk,
    /// It survives the process: `write.caching=true`, `ASYNC_FLUSH`.
    Os,
}

/// Whose files the messages lie in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Batches of messages, as producers send them, in a file that grows.
    Kafka,
    /// Single messages in one log of files of fixed size.
    Rocketmq,
}

impl Layout {
    /// The engine that is used where none is named (docs/decisions/0001-engines.md).
    #[must_use]
    pub fn default_engine(self) -> EngineKind {
        match self {
            Self::Kafka => crate::server::DEFAULT_ENGINE,
            Self::Rocketmq => EngineKind::Staged,
        }
    }
}

/// How long Kafka's clients wait for a batch to fill: the default of `linger.ms`.
const LINGER_MS: u64 = 5;
/// Where they send it even so: the default of `batch.size`.
const BATCH_BYTES: u64 = 16 << 10;
/// Largest message that can be asked for; Kafka's own default limit is 1 MiB.
const MESSAGE_BYTES_MAX: u64 = 16 << 20;
/// The disk alone gets so much of the time, in percent.
const SUSTAINED_PERCENT: u32 = 10;
/// And the measured appends so much; the rest goes into making and removing files.
const APPENDS_PERCENT: u32 = 65;

/// The load, and how much time there is.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Where the data is to lie.
    pub dir: PathBuf,
    /// Engines to compare.
    pub engines: Vec<EngineKind>,
    /// Bytes of a message with its key and headers.
    pub message_bytes: u64,
    /// Messages a second; 0: as many as go.
    pub rate_per_s: u32,
    /// What acknowledges.
    pub durability: Durability,
    /// Whose files.
    pub layout: Layout,
    /// Most bytes of a producer's batch; `None`: 16 KiB.
    pub batch_bytes: Option<u64>,
    /// Appends on their way, where there is no rate.
    pub in_flight: u32,
    /// How often each engine is measured.
    pub rounds: u32,
    /// For all of it.
    pub time: Duration,
    /// Most bytes of a file.
    pub file_bytes: u64,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The disk alone, over time.
    Sustained,
    /// As many messages as go.
    Limit,
    /// The latency at the user's rate.
    AtRate,
}

impl Plan {
    /// Defaults for a directory.
    #[must_use]
    pub fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            engines: EngineKind::ALL.to_vec(),
            message_bytes: 1 << 10,
            rate_per_s: 0,
            durability: Durability::Disk,
            layout: Layout::Kafka,
            batch_bytes: None,
            in_flight: 32,
            rounds: 7,
            time: Duration::from_secs(120),
            file_bytes: 256 << 20,
        }
    }

    /// What is measured, in order.
    #[must_use]
    pub fn steps(&self) -> Vec<Step> {
        match self.rate_per_s {
            0 => vec![Step::Sustained, Step::Limit],
            _ => vec![Step::Sustained, Step::Limit, Step::AtRate],
        }
    }

    /// Says what makes no sense.
    ///
    /// # Errors
    /// `Settings`.
    pub fn check(&self) -> Result<(), MeasureError> {
        let refuse = |text: String| Err(MeasureError::Settings(text));
        let bytes = |bytes: u64| show(bytes as f64, Unit::Bytes);
        if !(1..=MESSAGE_BYTES_MAX).contains(&self.message_bytes) {
            return refuse(format!(
                "messages of {}: it must be from 1 B to {}",
                bytes(self.message_bytes),
                bytes(MESSAGE_BYTES_MAX)
            ));
        }
        if !(1..=MESSAGE_BYTES_MAX).contains(&self.batch_bytes.unwrap_or(BATCH_BYTES)) {
            return refuse(format!(
                "--batch-bytes must be from 1 B to {}",
                bytes(MESSAGE_BYTES_MAX)
            ));
        }
        if self.rate_per_s > 10_000_000 {
            return refuse(format!(
                "{} messages a second: it must be from 0 (as many as go) to 10 million",
                self.rate_per_s
            ));
        }
        if !(Duration::from_secs(1)..=Duration::from_secs(3600)).contains(&self.time) {
            return refuse("the time must be from 1 second to an hour".to_owned());
        }
        if !(5..=100).contains(&self.rounds) {
            return refuse(format!(
                "{} rounds: fewer than 5 decide nothing, and more than 100 are refused",
                self.rounds
            ));
        }
        if !(1..=10_000).contains(&self.in_flight) {
            return refuse(format!(
                "{} appends on their way: it must be from 1 to 10000",
                self.in_flight
            ));
        }
        if self.file_bytes / 4 < self.append_bytes() {
            return refuse(format!(
                "appends of {} need --file-bytes of at least {}",
                bytes(self.append_bytes()),
                bytes(self.append_bytes() * 4)
            ));
        }
        self.settings().check()
    }

    /// For the measuring core.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            engines: self.engines.clone(),
            file_bytes: self.file_bytes,
            sizes: vec![1],
            runs: self.rounds,
            ..Settings::short(self.dir.clone())
        }
    }

    /// Messages of one append.
    fn messages(&self) -> u64 {
        if self.layout == Layout::Rocketmq {
            return 1;
        }
        let full = self.batch_bytes.unwrap_or(BATCH_BYTES) / self.message_bytes;
        let come = match self.rate_per_s {
            0 => u64::MAX,
            rate => u64::from(rate) * LINGER_MS / 1000,
        };
        full.min(come).max(1)
    }

    /// Bytes of one append.
    #[must_use]
    pub fn append_bytes(&self) -> u64 {
        self.message_bytes * self.messages()
    }

    /// Runs a step. `before` holds what the steps before it measured: a slow disk gets less to write.
    pub fn run(
        &self,
        bench: &Bench<'_>,
        step: Step,
        before: &[Experiment],
    ) -> (Experiment, Result<(), MeasureError>) {
        match step {
            Step::Sustained => bench.sustained(self.time * SUSTAINED_PERCENT / 100),
            Step::Limit => bench.limit(&Load {
                rate: None,
                ..self.load(before)
            }),
            Step::AtRate => bench.at_rate(&self.load(before)),
        }
    }

    fn load(&self, before: &[Experiment]) -> Load {
        let kinds = u32::try_from(self.steps().len() - 1).unwrap_or(1);
        let engines = u32::try_from(self.engines.len()).unwrap_or(u32::MAX);
        let cells = kinds
            .saturating_mul(engines)
            .saturating_mul(self.rounds)
            .max(1);
        let time = self.time * APPENDS_PERCENT / 100 / cells;
        // What goes into memory at once must still come out of it in about the time of the cell.
        let bytes_max = match sustained_rate(before) {
            Some(rate) => whole(rate * time.as_secs_f64() * 1.5),
            None => self.file_bytes,
        };
        Load {
            message_bytes: self.message_bytes,
            messages: self.messages(),
            rate: (self.rate_per_s > 0).then_some(self.rate_per_s),
            in_flight: usize::try_from(self.in_flight).unwrap_or(usize::MAX),
            mark: match self.durability {
                Durability::Disk => Mark::Durable,
                Durability::Os => Mark::Committed,
            },
            whole_files: self.layout == Layout::Rocketmq,
            time: time.max(Duration::from_millis(5)),
            bytes_max: bytes_max.clamp(
                (16 * self.append_bytes()).min(self.file_bytes),
                self.file_bytes,
            ),
        }
    }
}

/// Bytes without their fraction.
#[allow(
    clippy::cast_possible_truncation,
    reason = "a cast of a float stops at the ends of the range"
)]
fn whole(bytes: f64) -> u64 {
    bytes as u64
}

/// Middle rate of the disk alone, in bytes a second.
fn sustained_rate(experiments: &[Experiment]) -> Option<f64> {
    let mut rates = sustained_rates(experiments);
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len().checked_sub(1)? / 2).copied()
}

/// The same by time.
fn sustained_rates(experiments: &[Experiment]) -> Vec<f64> {
    let found = experiments
        .iter()
        .flat_map(|one| &one.series)
        .find(|series| series.name == SUSTAINED);
    found
        .map(|series| {
            series
                .points
                .iter()
                .flat_map(|point| point.values())
                .collect()
        })
        .unwrap_or_default()
}
