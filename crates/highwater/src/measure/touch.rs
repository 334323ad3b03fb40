//! What the first touch of a mapped page costs, by how the file and the mapping were prepared: the price that an engine
//! pays for a page it has not made ready.

use std::hint::black_box;

use segment::engine::PlainMap;

use super::Bench;
use super::cost::Cost;
use super::error::{Doing, MeasureError};
use super::matrix::{self, Place};
use super::state::{State, Watched};
use crate::report::{Experiment, Point, Sample, Unit};

const PAGE_BYTES: usize = 4096;

/// How a mapping is prepared before each of its pages is touched once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// Mapped, nothing else.
    Nothing,
    /// `MADV_POPULATE_WRITE`.
    Populated,
    /// `mlock`.
    Locked,
    /// Populated, stored to, written back by a sync.
    WrittenBack,
    /// The same, locked as well.
    WrittenBackLocked,
}

/// Name, state of the file, what happens before, store (or load).
const CASES: [(&str, State, Before, bool); 9] = [
    ("hole", State::Hole, Before::Nothing, true),
    ("fallocated", State::Fallocated, Before::Nothing, true),
    ("cached", State::Cached, Before::Nothing, true),
    ("populated", State::Cached, Before::Populated, true),
    ("locked only", State::Cached, Before::Locked, true),
    ("written back", State::Cached, Before::WrittenBack, true),
    (
        "written back, locked",
        State::Cached,
        Before::WrittenBackLocked,
        true,
    ),
    ("load, cached", State::Cached, Before::Nothing, false),
    ("load, cold", State::Cold, Before::Nothing, false),
];

/// Name of the one series.
const SERIES: &str = "mapping";

pub(super) fn run(bench: &Bench<'_>, experiment: &mut Experiment) -> Result<(), MeasureError> {
    let place = |(at, case): (usize, (&'static str, State, Before, bool))| Place {
        x: at as f64,
        label: Some(case.0.to_owned()),
        cells: vec![(SERIES.to_owned(), case)],
    };
    let places: Vec<_> = CASES.into_iter().enumerate().map(place).collect();
    matrix::run(
        bench,
        experiment,
        &places,
        |(_, state, before, store), point| measure(bench, (*state, *before, *store), point),
    )
}

fn measure(
    bench: &Bench<'_>,
    (state, before, store): (State, Before, bool),
    point: &mut Point,
) -> Result<(), MeasureError> {
    let path = bench.work.file("touch")?;
    let bytes = bench.settings.file_bytes;
    let watched = Watched::make_for_writing(path, bytes, bench.engines.disk(), state)?;
    let found = super::state::verify(&watched, state)?;
    let len =
        usize::try_from(bytes).map_err(|_| MeasureError::State("too large to map".to_owned()))?;
    let mut map = PlainMap::new(watched.file(), len, true).doing("map", &watched.path)?;
    if matches!(before, Before::Locked | Before::WrittenBackLocked) {
        map.lock().doing("lock pages of", &watched.path)?;
    }
    match before {
        Before::Populated => map.populate().doing("populate", &watched.path)?,
        Before::WrittenBack | Before::WrittenBackLocked => {
            map.populate().doing("populate", &watched.path)?;
            touch(&mut map, true, &watched)?;
            watched.sync()?;
        }
        Before::Nothing | Before::Locked => {}
    }
    let ((), cost) = Cost::of(|| touch(&mut map, store, &watched))?;
    let pages = (len / PAGE_BYTES) as f64;
    point.push(Sample {
        value: cost.time.as_nanos() as f64 / pages,
        before: Some(found),
        after: Some(watched.residency()?),
    });
    point.also("faults/page", Unit::Count, cost.minor_faults as f64 / pages);
    point.also("major faults", Unit::Count, cost.major_faults as f64);
    Ok(())
}

fn touch(map: &mut PlainMap, store: bool, watched: &Watched) -> Result<(), MeasureError> {
    if store {
        let bytes = map.bytes_mut().doing("store to", &watched.path)?;
        for byte in bytes.iter_mut().step_by(PAGE_BYTES) {
            *byte = black_box(1);
        }
    } else {
        let bytes = map.bytes().doing("read", &watched.path)?;
        let sum = bytes.iter().step_by(PAGE_BYTES);
        black_box(sum.fold(0_u64, |sum, byte| sum.wrapping_add(u64::from(*byte))));
    }
    map.check().doing("touch", &watched.path)
}
