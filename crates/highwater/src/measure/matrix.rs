//! In which order cells are measured, and what becomes of those that cannot be.
//!
//! Invariants: run `r` of every cell comes before run `r + 1` of any, so that what changes slowly (a disk's own cache, a
//! neighbour) spreads over all of them; the cells of one place take turns in going first; a cell that failed once is not
//! tried again in later runs and says why.

use segment::EngineKind;

use super::Bench;
use super::error::MeasureError;
use crate::report::{Experiment, Point};

/// The cells of one place along `x`, in the order of their columns.
pub(super) struct Place<T> {
    pub(super) x: f64,
    /// What to print in place of `x`.
    pub(super) label: Option<String>,
    /// Name of the series, and what to measure.
    pub(super) cells: Vec<(String, T)>,
}

/// Times that a state is prepared anew when it was not reached.
const ATTEMPTS: u32 = 3;

/// Measures every cell as often as the settings say. `measure` adds one sample to the point.
///
/// # Errors
/// Those that end the run: `Stopped`, `Full`. What was measured before is in the experiment.
pub(super) fn run<T>(
    bench: &Bench<'_>,
    experiment: &mut Experiment,
    places: &[Place<T>],
    mut measure: impl FnMut(&T, &mut Point) -> Result<(), MeasureError>,
) -> Result<(), MeasureError> {
    let cells: usize = places.iter().map(|place| place.cells.len()).sum();
    let runs = bench.settings.runs;
    bench
        .progress
        .begin(&experiment.id, cells as u64 * u64::from(runs));
    for run in 0..runs as usize {
        for place in places {
            let count = place.cells.len();
            for turn in 0..count {
                let Some((series, what)) = place.cells.get((turn + run) % count) else {
                    continue;
                };
                bench.stop.check()?;
                bench.progress.step(series);
                let point = experiment.point(series, place.x);
                point.label.clone_from(&place.label);
                if point.refused.is_none() {
                    cell(what, point, &mut measure)?;
                }
            }
        }
    }
    Ok(())
}

/// Measures each engine as often as the settings say, for experiments in which one run makes several points. `record` is told of
/// what was measured, or why it could not be.
///
/// # Errors
/// As [`run`].
pub(super) fn engines<T>(
    bench: &Bench<'_>,
    experiment: &mut Experiment,
    mut measure: impl FnMut(EngineKind) -> Result<T, MeasureError>,
    mut record: impl FnMut(&mut Experiment, EngineKind, Result<T, MeasureError>),
) -> Result<(), MeasureError> {
    let engines = bench.engines.wanted();
    let runs = bench.settings.runs as usize;
    bench
        .progress
        .begin(&experiment.id, (runs * engines.len()) as u64);
    for run in 0..runs {
        for turn in 0..engines.len() {
            let Some(kind) = engines.get((turn + run) % engines.len()) else {
                continue;
            };
            bench.progress.step(kind.name());
            bench.stop.check()?;
            match measure(*kind) {
                Err(error) if !error.is_of_one_cell() => return Err(error),
                measured => record(experiment, *kind, measured),
            }
        }
    }
    Ok(())
}

fn cell<T>(
    what: &T,
    point: &mut Point,
    measure: &mut impl FnMut(&T, &mut Point) -> Result<(), MeasureError>,
) -> Result<(), MeasureError> {
    for attempt in 1..=ATTEMPTS {
        match measure(what, point) {
            Ok(()) => return Ok(()),
            Err(MeasureError::State(_)) if attempt < ATTEMPTS => {}
            Err(error) if error.is_of_one_cell() => {
                point.refuse(error.to_string());
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
