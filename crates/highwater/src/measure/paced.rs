//! Appends at a fixed rate while the flush service commits and syncs as it does in the store.
//!
//! Open loop: append `i` is due `i / rate` seconds after the start, whatever became of those before it, and its latency
//! counts from then. A stall therefore counts against every append that it held up (the correction of coordinated
//! omission), and the generator's own delay is part of the figure, equally for all engines. Between appends it waits on
//! the processor, not asleep, so it needs a core to itself.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use segment::{EngineKind, FlushRules};

use super::cost::{histogram, nanos};
use super::error::MeasureError;
use super::io::Buffer;
use super::store::Store;
use super::{Bench, matrix};
use crate::report::{Experiment, Latency, Unit};

/// The flush service syncs when the oldest byte has waited for this long.
pub(super) const SYNC_AGE: Duration = Duration::from_millis(500);

/// Waits longer than this begin asleep.
const SLEEP_ABOVE: Duration = Duration::from_millis(2);

/// Percentiles that become points, in percent, and what they are called. The last one is the largest value.
pub(super) const POINTS: [(f64, &str); 6] = [
    (50.0, "p50"),
    (90.0, "p90"),
    (99.0, "p99"),
    (99.9, "p99.9"),
    (99.99, "p99.99"),
    (100.0, "max"),
];

/// One run of one engine: from when an append was due, and from when it began.
struct Recorded {
    from_due: Histogram<u64>,
    service: Histogram<u64>,
}

impl Recorded {
    fn new() -> Result<Self, MeasureError> {
        Ok(Self {
            from_due: histogram()?,
            service: histogram()?,
        })
    }
}

/// Where a percentile lies on the axis: one in so many is larger. The maximum lies a decade behind the last.
pub(super) fn place(percent: f64) -> f64 {
    match percent {
        100.0 => 1e5,
        percent => (100.0 / (100.0 - percent)).round(),
    }
}

pub(super) fn run(bench: &Bench<'_>, experiment: &mut Experiment) -> Result<(), MeasureError> {
    let mut all: HashMap<EngineKind, Recorded> = HashMap::new();
    for kind in bench.engines.wanted() {
        all.insert(*kind, Recorded::new()?);
    }
    matrix::engines(
        bench,
        experiment,
        |kind| one(bench, kind),
        |experiment, kind, recorded| match recorded {
            Ok(recorded) => record(experiment, kind, &recorded, all.get_mut(&kind)),
            Err(error) => refuse(experiment, kind, &error),
        },
    )?;
    if std::thread::available_parallelism().is_ok_and(|cores| cores.get() < 2) {
        experiment.notes.push(
            "the generator waits on the only core, so nothing can be written back beside it"
                .to_owned(),
        );
    }
    Ok(())
}

pub(super) fn refuse(experiment: &mut Experiment, kind: EngineKind, error: &MeasureError) {
    for (percent, name) in POINTS {
        let point = experiment.point(kind.name(), place(percent));
        point.label = Some(name.to_owned());
        point.refuse(error.to_string());
    }
}

fn record(
    experiment: &mut Experiment,
    kind: EngineKind,
    recorded: &Recorded,
    all: Option<&mut Recorded>,
) {
    for (percent, name) in POINTS {
        let at = |histogram: &Histogram<u64>| histogram.value_at_quantile(percent / 100.0) as f64;
        let point = experiment.point(kind.name(), place(percent));
        point.label = Some(name.to_owned());
        point.push_value(at(&recorded.from_due));
        point.also("service time", Unit::Nanoseconds, at(&recorded.service));
    }
    let Some(all) = all else { return };
    // All count to three digits, so one fits into the other.
    let added = all.from_due.add(&recorded.from_due);
    let added = added.and_then(|()| all.service.add(&recorded.service));
    if added.is_ok() {
        let last = experiment.point(kind.name(), place(100.0));
        last.latency = Some(Latency::of(&all.from_due, true));
    }
}

fn one(bench: &Bench<'_>, kind: EngineKind) -> Result<Recorded, MeasureError> {
    let settings = &bench.settings;
    let engine = bench.engines.get(kind).map_err(MeasureError::State)?;
    let rules = FlushRules {
        unsynced_age_max: Some(SYNC_AGE),
        ..FlushRules::default()
    };
    let appends = appends_of(settings);
    let capacity = (appends + 1) * settings.record_bytes;
    let mut store = Store::open(
        engine,
        bench.work.folder("paced")?,
        capacity.max(1 << 20),
        rules,
    )?;
    let source = Buffer::new(settings.record_bytes)?;
    let mut recorded = Recorded::new()?;
    let begun = Instant::now();
    for at in 0..appends {
        let due = begun + Duration::from_nanos(at * 1_000_000_000 / u64::from(settings.rate));
        wait_until(due);
        if at % 1024 == 0 {
            bench.stop.check()?;
        }
        let service_begun = Instant::now();
        store.append(source.get())?;
        recorded.service.saturating_record(nanos(service_begun));
        recorded.from_due.saturating_record(nanos(due));
    }
    store.sync()?;
    Ok(recorded)
}

/// Appends of one run.
pub(super) fn appends_of(settings: &super::Settings) -> u64 {
    let nanos = u64::try_from(settings.paced_time.as_nanos()).unwrap_or(u64::MAX);
    (u128::from(settings.rate) * u128::from(nanos) / 1_000_000_000)
        .try_into()
        .unwrap_or(u64::MAX)
        .max(1)
}

/// Waits for a moment; the last 2 ms on the processor.
pub(super) fn wait_until(due: Instant) {
    loop {
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        if left > SLEEP_ABOVE {
            std::thread::sleep(left - SLEEP_ABOVE);
        } else {
            std::hint::spin_loop();
        }
    }
}
