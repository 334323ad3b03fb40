//! Appends to a segment that grows, through a chain with the store's defaults.

use super::Bench;
use super::cost::Cost;
use super::error::MeasureError;
use super::io::{Buffer, pass};
use super::matrix::{self, Place};
use super::store::Store;
use crate::report::{Experiment, Point};
use segment::{EngineKind, FlushRules};

pub(super) fn run(bench: &Bench<'_>, experiment: &mut Experiment) -> Result<(), MeasureError> {
    let place = |block: u64| Place {
        x: block as f64,
        label: None,
        cells: bench
            .engines
            .wanted()
            .iter()
            .map(|engine| (engine.name().to_owned(), (*engine, block)))
            .collect(),
    };
    let sizes = bench.settings.sizes.iter().copied();
    let places: Vec<_> = sizes.map(place).collect();
    matrix::run(bench, experiment, &places, |(engine, block), point| {
        measure(bench, *engine, *block, point)
    })
}

fn measure(
    bench: &Bench<'_>,
    kind: EngineKind,
    block: u64,
    point: &mut Point,
) -> Result<(), MeasureError> {
    let settings = &bench.settings;
    let engine = bench.engines.get(kind).map_err(MeasureError::State)?;
    let folder = bench.work.folder("grow")?;
    let mut store = Store::open(engine, folder, settings.file_bytes, FlushRules::default())?;
    let source = Buffer::new(block)?;
    let (passed, cost) = Cost::of(|| {
        let mut failed = None;
        let extent = (settings.file_bytes, block);
        let passed = pass(extent, settings.cell_limit, &bench.stop, |_| {
            store.append(source.get()).map_err(|error| {
                failed = Some(error);
                std::io::ErrorKind::Other.into()
            })
        })?;
        match (passed, failed) {
            (Ok(passed), _) => store.commit().map(|()| passed),
            (Err(_), Some(error)) => Err(error),
            (Err(error), None) => Err(MeasureError::State(error.to_string())),
        }
    })?;
    point.push_value(passed.bytes as f64 / cost.time.as_secs_f64());
    cost.note(point, passed.bytes, passed.operations);
    Ok(())
}
