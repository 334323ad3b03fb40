//! Durable appends: one batch, one sync, the next batch; by batch size and by what the file was before.
//!
//! A sync of a growing or reserved file also writes the file system's journal, one of a file that was written before does
//! not. The median of a run is its sample; the distribution of all runs is beside it.

use std::io::IoSlice;
use std::time::Instant;

use hdrhistogram::Histogram;
use segment::engine::OpenSegment;
use segment::{Allocation, EngineKind, SegmentSpec};

use super::Bench;
use super::cost::{DeviceCounter, histogram, nanos};
use super::error::{Doing, MeasureError};
use super::io::Buffer;
use super::matrix::{self, Place};
use super::state::{self, ForWriting, State, Watched};
use crate::report::{Experiment, Latency, Point, Sample, Unit};

/// Bytes of a batch.
const BATCHES: [u64; 6] = [128, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 1 << 20];

/// What the file was before it is appended to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    /// It grows, as the store's files do by default.
    Growing,
    /// Its space is reserved and never written.
    Fallocated,
    /// It was written with zeros, and its pages are in the page cache.
    Zeroed,
}

impl FileKind {
    pub(super) const ALL: [Self; 3] = [Self::Growing, Self::Fallocated, Self::Zeroed];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Growing => "growing",
            Self::Fallocated => "fallocated",
            Self::Zeroed => "zeroed",
        }
    }
}

/// One cell: an engine and a batch size, with what is kept between its runs.
struct Cell {
    engine: EngineKind,
    batch: u64,
}

pub(super) fn run(
    bench: &Bench<'_>,
    experiment: &mut Experiment,
    kind: FileKind,
) -> Result<(), MeasureError> {
    let most = bench.settings.file_bytes;
    let place = |batch: u64| Place {
        x: batch as f64,
        label: None,
        cells: bench
            .engines
            .wanted()
            .iter()
            .map(|engine| {
                (
                    engine.name().to_owned(),
                    Cell {
                        engine: *engine,
                        batch,
                    },
                )
            })
            .collect(),
    };
    let places: Vec<Place<Cell>> = BATCHES
        .into_iter()
        .filter(|batch| *batch <= most)
        .map(place)
        .collect();
    let device = DeviceCounter::under(bench.work.path());
    let mut all: Vec<(EngineKind, u64, Histogram<u64>)> = Vec::new();
    matrix::run(bench, experiment, &places, |cell, point| {
        let same = |known: &(EngineKind, u64, Histogram<u64>)| {
            (known.0, known.1) == (cell.engine, cell.batch)
        };
        let at = match all.iter().position(same) {
            Some(at) => at,
            None => {
                all.push((cell.engine, cell.batch, histogram()?));
                all.len() - 1
            }
        };
        measure(bench, kind, cell, device.as_ref(), &mut all[at].2, point)
    })
}

fn measure(
    bench: &Bench<'_>,
    kind: FileKind,
    cell: &Cell,
    device: Option<&DeviceCounter>,
    all: &mut Histogram<u64>,
    point: &mut Point,
) -> Result<(), MeasureError> {
    let count =
        (bench.settings.file_bytes / cell.batch).clamp(1, u64::from(bench.settings.synced_appends));
    let (open, watched) = open(bench, kind, cell, count)?;
    let OpenSegment { mut writer, reader } = open;
    let source = Buffer::new(cell.batch)?;
    let before = watched.residency()?;
    let written_before = device.and_then(DeviceCounter::written_bytes);
    let mut run = histogram()?;
    let begun = Instant::now();
    for at in 1..=count {
        bench.stop.check()?;
        let append_begun = Instant::now();
        let synced = writer
            .append(&[IoSlice::new(source.get())])
            .and_then(|()| reader.commit(at * cell.batch, true))
            .and_then(|_| reader.sync());
        synced.doing("append to", &watched.path)?;
        run.saturating_record(nanos(append_begun));
    }
    let time = begun.elapsed();
    if let (Some(before), Some(after)) = (
        written_before,
        device.and_then(DeviceCounter::written_bytes),
    ) {
        let each = after.saturating_sub(before) as f64 / count as f64;
        point.also("to the device", Unit::Bytes, each);
    }
    point.also(
        "batches",
        Unit::PerSecond,
        count as f64 / time.as_secs_f64(),
    );
    point.also("p99", Unit::Nanoseconds, run.value_at_quantile(0.99) as f64);
    point.push(Sample {
        value: run.value_at_quantile(0.5) as f64,
        before: Some(before),
        after: Some(watched.residency()?),
    });
    // Both count to three digits, so one fits into the other.
    if all.add(&run).is_ok() {
        point.latency = Some(Latency::of(all, false));
    }
    Ok(())
}

fn open(
    bench: &Bench<'_>,
    kind: FileKind,
    cell: &Cell,
    count: u64,
) -> Result<(OpenSegment, Watched), MeasureError> {
    let engine = bench
        .engines
        .get(cell.engine)
        .map_err(MeasureError::State)?;
    let path = bench.work.file("synced")?;
    let bytes = (count * cell.batch).next_multiple_of(4096);
    let state = match kind {
        FileKind::Growing => {
            let spec = SegmentSpec {
                capacity_bytes: bytes.max(bench.settings.file_bytes),
                ..SegmentSpec::default()
            };
            debug_assert!(matches!(spec.allocation, Allocation::Grow { .. }));
            let open = engine.create(&path, &spec).doing("create", &path)?;
            return Ok((open, Watched::open(path, bytes)?));
        }
        FileKind::Fallocated => State::Fallocated,
        FileKind::Zeroed => State::Cached,
    };
    let made = state::for_writing(engine, bench.engines.disk(), path, bytes, state)?;
    let ForWriting {
        open,
        watched,
        state,
    } = made;
    state::verify(&watched, state)?;
    // What the creation left to write must not be the first batch's business.
    watched.sync()?;
    Ok((open, watched))
}
