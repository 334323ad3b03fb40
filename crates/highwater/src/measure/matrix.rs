//! In which order cells are measured, and what becomes of those that cannot be.
//!
//! Invariants: run `r` of every cell comes before run `r + 1` of any, so that what changes slowly (a disk's own cache, a
//! neighbour) spreads over all of them; the cells of one place take turns in going first and in what they come after, because
//! a cell leaves the next one its memory and its disk; a cell that failed once is not tried again in later runs and says why.

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
            for (series, what) in in_turn(&place.cells, run) {
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
        for kind in in_turn(engines, run) {
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

/// All of them, in the order of this run: another one is first each time, and as far as their number allows another one before
/// each.
fn in_turn<T>(all: &[T], run: usize) -> impl Iterator<Item = &T> {
    let count = all.len();
    // Steps that come by everything before they come back.
    let steps: Vec<usize> = (1..count.max(2))
        .filter(|step| gcd(*step, count) <= 1)
        .collect();
    let step = steps.get(run % steps.len().max(1)).copied().unwrap_or(1);
    (0..count).filter_map(move |turn| all.get((run + turn * step) % count))
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_run_has_all_of_them_after_others() {
        for count in [0, 1, 2, 3, 4, 5, 8] {
            let all: Vec<usize> = (0..count).collect();
            let (mut first, mut before) = (HashSet::new(), HashSet::new());
            for run in 0..count.max(5) {
                let order: Vec<usize> = in_turn(&all, run).copied().collect();
                let mut sorted = order.clone();
                sorted.sort_unstable();
                assert_eq!(sorted, all, "run {run} of {count}");
                first.extend(order.first().copied());
                before.extend(order.windows(2).map(<[usize]>::to_vec));
            }
            assert_eq!(first.len(), count, "each is first once");
            for one in all.iter().filter(|_| count > 2) {
                let others = before.iter().filter(|pair| pair.last() == Some(one));
                assert!(
                    others.count() >= 2,
                    "{one} of {count} always comes after the same"
                );
            }
        }
    }
}
