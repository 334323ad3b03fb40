//! Binary searches in a sorted index file, mapped against `pread`, as the Kafka layout searches: entry by entry through a
//! [`RandomFile`].

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use segment::{RandomFile, RandomForm};

use super::Bench;
use super::cost::Cost;
use super::error::{Doing, MeasureError};
use super::matrix::{self, Place};
use super::state::{self, State, Watched};
use crate::report::{Experiment, Point, Sample, Unit};

/// Sizes of the index: a segment's at most, 10 MiB, is Kafka's default.
const INDEX_BYTES: [u64; 4] = [64 << 10, 1 << 20, 10 << 20, LARGEST_BYTES];
/// The largest of them.
pub(super) const LARGEST_BYTES: u64 = 64 << 20;
/// An entry: 4 bytes that are searched for, 4 that are found.
const ENTRY_BYTES: u64 = 8;
/// Lookups in a row where everything is resident, if there is time for so many.
const LOOKUPS: u64 = 20_000;
/// Lookups in a row from a cold file: few, for each warms it.
const COLD_LOOKUPS: u64 = 32;

pub(super) fn run(
    bench: &Bench<'_>,
    experiment: &mut Experiment,
    state: State,
) -> Result<(), MeasureError> {
    let mut places = Vec::new();
    for bytes in INDEX_BYTES {
        if bytes > bench.settings.file_bytes {
            continue;
        }
        let forms = [("mmap", RandomForm::Mmap), ("pread", RandomForm::File)];
        places.push(Place {
            x: bytes as f64,
            label: None,
            cells: forms
                .into_iter()
                .map(|(name, form)| (name.to_owned(), (bytes, form)))
                .collect(),
        });
    }
    if places.is_empty() {
        experiment.refused = Some("the file size is smaller than the smallest index".to_owned());
        return Ok(());
    }
    matrix::run(bench, experiment, &places, |(bytes, form), point| {
        measure(bench, (*bytes, *form), state, point)
    })
}

/// An index whose entry `i` has the key `2 i`.
fn make(path: &Path, bytes: u64) -> Result<(), MeasureError> {
    let mut content = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
    for at in 0..u32::try_from(bytes / ENTRY_BYTES).unwrap_or(u32::MAX) {
        content.extend_from_slice(&(2 * at).to_be_bytes());
        content.extend_from_slice(&at.to_be_bytes());
    }
    std::fs::write(path, content).doing("write", path)
}

fn measure(
    bench: &Bench<'_>,
    (bytes, form): (u64, RandomForm),
    state: State,
    point: &mut Point,
) -> Result<(), MeasureError> {
    let path = bench.work.file("index")?;
    make(&path, bytes)?;
    let watched = Watched::open(path, bytes)?;
    watched.sync()?;
    watched.bring_into(state)?;
    let index = RandomFile::open(&watched.path, form, bytes).doing("open", &watched.path)?;
    if form == RandomForm::Mmap {
        // The first reads of a file that was only opened go without a mapping. This maps it and touches no page.
        index.with_slice(<[u8]>::len).doing("map", &watched.path)?;
    }
    let entries = bytes / ENTRY_BYTES;
    let lookups = if state == State::Cold {
        COLD_LOOKUPS
    } else {
        LOOKUPS
    };
    if state == State::Resident {
        // One round untimed: pages become mapped.
        look_up_all(bench, &index, entries, lookups)?;
    }
    let before = state::verify(&watched, state)?;
    let (lookups, cost) = Cost::of(|| look_up_all(bench, &index, entries, lookups))?;
    let after = state::verify_after(&watched, state)?;
    point.push(Sample {
        value: lookups as f64 / cost.time.as_secs_f64(),
        before: Some(before),
        after: Some(after),
    });
    point.also(
        "a lookup",
        Unit::Nanoseconds,
        cost.time.as_nanos() as f64 / lookups as f64,
    );
    point.also("major faults", Unit::Count, cost.major_faults as f64);
    Ok(())
}

/// Looks up so many, or fewer where the time is up; says how many.
fn look_up_all(
    bench: &Bench<'_>,
    index: &RandomFile,
    entries: u64,
    most: u64,
) -> Result<u64, MeasureError> {
    let begun = Instant::now();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for done in 0..most {
        if done % 64 == 0 {
            bench.stop.check()?;
            if done > 0 && begun.elapsed() >= bench.settings.cell_limit {
                return Ok(done);
            }
        }
        // Marsaglia's xorshift: the same keys in every run.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let entry = random % entries;
        let found = look_up(index, entries, entry * 2 + 1)?;
        if black_box(found) != entry {
            let text = format!("entry {found} was found in place of {entry}");
            return Err(MeasureError::State(text));
        }
    }
    Ok(most)
}

/// The last entry whose key is at most `key`.
fn look_up(index: &RandomFile, entries: u64, key: u64) -> Result<u64, MeasureError> {
    let (mut low, mut high) = (0, entries);
    let mut entry = [0; 8];
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        index
            .read_at(middle * ENTRY_BYTES, &mut entry)
            .doing("read", index.path())?;
        let found = u64::from_be_bytes(entry) >> 32;
        if found <= key {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(low)
}
