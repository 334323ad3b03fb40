//! What a disk takes for longer than a moment: 1 MiB and a sync, again and again, and the rate by time.
//!
//! A control group's limit, the credits of a rented disk or a full write cache show here as a rate that is level at the
//! limit or falls; a mean would hide it.

use std::time::{Duration, Instant};

use segment::{EngineKind, FlushRules};

use super::Bench;
use super::error::MeasureError;
use super::io::Buffer;
use super::store::Store;
use crate::report::{Axis, Better, Experiment, Scale, Unit};

/// Pieces of the time, a figure each.
const WINDOWS: u32 = 20;
/// Bytes before each sync.
const BLOCK_BYTES: u64 = 1 << 20;
/// What the line is called.
pub const SUSTAINED: &str = "1 MiB and a sync";

impl Bench<'_> {
    /// Writes and syncs for about `time`. A file is used up to the size in the settings, then the next one.
    pub fn sustained(&self, time: Duration) -> (Experiment, Result<(), MeasureError>) {
        let experiment = Experiment::new(
            "sustained",
            "What the disk takes, over time",
            "1 MiB is written and synced, then the next; each figure is the rate of a twentieth of the time.",
            Axis::new("after", Unit::Nanoseconds, Scale::Linear),
            Axis::new("written and synced", Unit::BytesPerSecond, Scale::Linear),
            Better::Higher,
        );
        self.conclude(experiment, |experiment| run(self, experiment, time))
    }
}

fn run(bench: &Bench<'_>, experiment: &mut Experiment, time: Duration) -> Result<(), MeasureError> {
    bench.progress.begin(&experiment.id, u64::from(WINDOWS));
    let source = Buffer::new(BLOCK_BYTES.min(bench.settings.file_bytes))?;
    let mut lap: Option<(Store, u64)> = None;
    let begun = Instant::now();
    for window in 1..=WINDOWS {
        bench.progress.step("write");
        let ends = time * window / WINDOWS;
        let (mut bytes, mut busy) = (0, Duration::ZERO);
        // At least one block in each, so that a slow disk has a figure in each, too.
        while bytes == 0 || begun.elapsed() < ends {
            bench.stop.check()?;
            let (store, left) = match &mut lap {
                Some((store, left)) if *left >= source.get().len() as u64 => (store, left),
                _ => {
                    // The old file goes before the new one is made.
                    drop(lap.take());
                    let (store, left) = lap.insert((open(bench)?, bench.settings.file_bytes));
                    (store, left)
                }
            };
            let one = Instant::now();
            store.append(source.get())?;
            store.sync()?;
            busy += one.elapsed();
            bytes += source.get().len() as u64;
            *left -= source.get().len() as u64;
        }
        let point = experiment.point(SUSTAINED, ends.as_nanos() as f64);
        point.push_value(bytes as f64 / busy.as_secs_f64());
    }
    Ok(())
}

fn open(bench: &Bench<'_>) -> Result<Store, MeasureError> {
    // `file` is the plainest and runs everywhere; who left it out is measured with what he named.
    let wanted = bench.engines.wanted().iter().copied();
    let found = std::iter::once(EngineKind::File)
        .chain(wanted)
        .find_map(|kind| bench.engines.get(kind).ok());
    let engine =
        found.ok_or_else(|| MeasureError::State("none of the engines runs here".to_owned()))?;
    let folder = bench.work.folder("sustained")?;
    let capacity = bench.settings.file_bytes.max(1 << 20);
    Store::open(engine, folder, capacity, FlushRules::default())
}
