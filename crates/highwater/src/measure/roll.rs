//! What the change to the next segment costs, by how many segments are made ready ahead of it.
//!
//! Segments of fixed size are filled at a fixed rate; an append that finds no room rolls first, as the layers above a chain
//! do. A sample is the longest roll of a run.

use std::sync::Arc;
use std::time::{Duration, Instant};

use segment::{Allocation, EngineKind, FlushRules, NoListener, SegmentSpec};

use super::Bench;
use super::cost::nanos;
use super::error::MeasureError;
use super::io::Buffer;
use super::matrix::{self, Place};
use super::paced::{SYNC_AGE, wait_until};
use super::store::Store;
use crate::report::{Experiment, Point, Unit};

/// Bytes of an append.
const APPEND_BYTES: u64 = 64 << 10;
/// Appends of one segment.
const APPENDS: u64 = 128;
/// Appends a second: some eight rolls a second.
const RATE: u64 = 1000;

pub(super) fn run(bench: &Bench<'_>, experiment: &mut Experiment) -> Result<(), MeasureError> {
    let place = |spares: usize| Place {
        x: spares as f64,
        label: Some(format!("{spares} ready")),
        cells: bench
            .engines
            .wanted()
            .iter()
            .map(|engine| (engine.name().to_owned(), (*engine, spares)))
            .collect(),
    };
    let places: Vec<_> = [0, 1, 2].map(place).into();
    matrix::run(bench, experiment, &places, |(engine, spares), point| {
        measure(bench, *engine, *spares, point)
    })
}

/// Bytes of a segment: fewer in a small file.
fn segment_bytes(file_bytes: u64) -> u64 {
    (file_bytes / 8 / APPEND_BYTES).clamp(1, APPENDS) * APPEND_BYTES
}

/// Bytes that exist at one time, at most.
pub(super) fn need_bytes(settings: &super::Settings) -> u64 {
    // Removed segments go slowly, so all that are made may still be there.
    let appends = appends_of(settings.paced_time);
    (appends * APPEND_BYTES).saturating_add(4 * segment_bytes(settings.file_bytes))
}

fn appends_of(time: Duration) -> u64 {
    u64::try_from(time.as_millis())
        .unwrap_or(u64::MAX)
        .saturating_mul(RATE)
        / 1000
}

fn measure(
    bench: &Bench<'_>,
    kind: EngineKind,
    spares: usize,
    point: &mut Point,
) -> Result<(), MeasureError> {
    let settings = &bench.settings;
    let engine = bench.engines.get(kind).map_err(MeasureError::State)?;
    let spec = SegmentSpec {
        capacity_bytes: segment_bytes(settings.file_bytes),
        allocation: Allocation::Whole,
        ..SegmentSpec::default()
    };
    let rules = FlushRules {
        unsynced_age_max: Some(SYNC_AGE),
        ..FlushRules::default()
    };
    let folder = bench.work.folder("roll")?;
    let mut store = Store::open_spared(engine, folder, spec, rules, Arc::new(NoListener), spares)?;
    let source = Buffer::new(APPEND_BYTES)?;
    let (mut longest, mut rolls, mut bytes) = (0, 0_u64, 0_u64);
    let begun = Instant::now();
    // Two rolls at the least, so that a small run has a figure, too.
    let most = segment_bytes(settings.file_bytes) / APPEND_BYTES * 2 + 1;
    for at in 0..appends_of(settings.paced_time).max(most) {
        bench.stop.check()?;
        wait_until(begun + Duration::from_nanos(at * 1_000_000_000 / RATE));
        if store.remaining()? < APPEND_BYTES {
            let roll_begun = Instant::now();
            store.roll(bytes)?;
            longest = longest.max(nanos(roll_begun));
            rolls += 1;
        }
        store.append(source.get())?;
        bytes += APPEND_BYTES;
    }
    point.push_value(longest as f64);
    point.also("rolls", Unit::Count, rolls as f64);
    Ok(())
}
