//! Claims about how fast blocks go to and from a file, which the matrix of `bench io` decides.

use super::{Decided, KIB, MIB, Word, verdict};
use crate::bench::hypotheses::data::{Data, Spread};
use crate::bench::hypotheses::show::{blocks, spread, times};

/// Both sides look at every byte; `file` copies it out first. It matters only near memory bandwidth where the copy's time is a
/// small part of what the disk takes for the same bytes.
pub(super) fn one_copy(data: &Data) -> Decided {
    const SMALL: f64 = 0.25;
    let disk = data.value("write-cold", "direct", MIB)?;
    let (mut leads, mut is_small) = (0, true);
    let mut figures = Vec::new();
    let sizes = [4.0 * KIB, 64.0 * KIB, MIB];
    for block in sizes {
        let in_place = data.value("lease-resident", "mmap", block)?;
        let copied = data.value("lease-resident", "file", block)?;
        let share = disk.median / copied.median - disk.median / in_place.median;
        leads += usize::from(in_place.is_above(&copied));
        is_small &= share <= SMALL;
        figures.push(format!(
            "{}: used in place {}, copied out first {}; the difference is {:.0} % of what the disk takes for as much",
            blocks(block),
            spread(in_place, "B/s"),
            spread(copied, "B/s"),
            share * 100.0
        ));
    }
    let word = match leads {
        0 => Word::Refuted,
        n if n == sizes.len() && is_small => Word::Holds,
        _ => Word::HoldsWithALimit,
    };
    verdict(word, figures.join("; "))
}

pub(super) fn disk_and_memory(data: &Data) -> Decided {
    let memory = data.value("write-resident", "bare mmap", MIB)?;
    let disk = data.value("write-cold", "direct", MIB)?;
    let ratio = memory.median / disk.median;
    let most = memory.max / disk.min;
    let word = match (most <= 10.0, ratio <= 10.0) {
        (true, _) => Word::Holds,
        (false, true) => Word::HoldsWithALimit,
        _ => Word::Refuted,
    };
    verdict(
        word,
        format!(
            "stores to a ready mapping {}, direct writes {} at 1 MiB: {}",
            spread(memory, "B/s"),
            spread(disk, "B/s"),
            times(ratio)
        ),
    )
}

/// mmap leads below, file from `expected` on; or never, where nothing is expected.
pub(super) fn crossing(data: &Data, id: &str, expected: Option<f64>) -> Decided {
    let experiment = data.experiment(id)?;
    let (mmap, file) = (experiment.series("mmap")?, experiment.series("file")?);
    let reached = mmap.points.iter().map(|point| point.x).fold(0.0, f64::max);
    for point in &mmap.points {
        data.at(id, "mmap", point.x)?;
        data.at(id, "file", point.x)?;
    }
    let found: Vec<_> = experiment
        .crossings
        .iter()
        .filter(|one| {
            [&one.leads_below, &one.leads_above]
                .iter()
                .all(|name| ["mmap", "file"].contains(&name.as_str()))
        })
        .collect();
    let told: Vec<String> = found
        .iter()
        .map(|one| {
            format!(
                "{} passes {} at {}",
                one.leads_above,
                one.leads_below,
                blocks(one.x)
            )
        })
        .collect();
    let overtakes = found.iter().find(|one| one.leads_above == "file");
    let first = mmap.points.first().and_then(|at| at.spread);
    let first_file = file.points.first().and_then(|at| at.spread);
    let mmap_begins =
        matches!((first, first_file), (Some(mmap), Some(file)) if mmap.is_above(&file));
    let word = match (overtakes, expected) {
        _ if !mmap_begins => Word::Undecided,
        (Some(one), Some(at)) if (at / 2.0..=at * 2.0).contains(&one.x) => Word::Holds,
        (Some(_), Some(_)) => Word::HoldsWithALimit,
        (None, Some(at)) if reached >= at => Word::Refuted,
        (None, Some(_)) => Word::Undecided,
        (Some(_), None) => Word::Refuted,
        (None, None) => Word::Holds,
    };
    let told = match told.is_empty() {
        true => format!(
            "no crossing beyond doubt from {} to {}",
            blocks(mmap.points.first().map_or(0.0, |point| point.x)),
            blocks(reached)
        ),
        false => told.join("; "),
    };
    verdict(
        word,
        format!("{told} (file of {})", experiment.setting("file")),
    )
}

pub(super) fn best_block(data: &Data) -> Decided {
    let series = data.experiment("write-resident")?.series("file")?;
    let mut best: Option<(f64, Spread)> = None;
    for point in &series.points {
        let value = data.value("write-resident", "file", point.x)?;
        if best.is_none_or(|(_, known)| value.median > known.median) {
            best = Some((point.x, value));
        }
    }
    let (at, value) = best.ok_or("no points")?;
    let claimed = data.value("write-resident", "file", 64.0 * KIB)?;
    let word = if at == 64.0 * KIB {
        Word::Holds
    } else if value.is_above(&claimed) {
        Word::Refuted
    } else {
        Word::HoldsWithALimit
    };
    verdict(
        word,
        format!(
            "best at {}: {}; at 64 KiB {}",
            blocks(at),
            spread(value, "B/s"),
            spread(claimed, "B/s")
        ),
    )
}

pub(super) fn file_is_enough(data: &Data) -> Decided {
    let disk = data.value("write-cold", "direct", MIB)?;
    let mut shares = Vec::new();
    for block in [4.0 * KIB, 64.0 * KIB, MIB] {
        let file = data.value("write-growing", "file", block)?;
        shares.push((block, file.median / disk.median, file));
    }
    let enough = shares.iter().filter(|(_, share, _)| *share >= 1.0).count();
    let word = match enough {
        3 => Word::Holds,
        0 => Word::Refuted,
        _ => Word::HoldsWithALimit,
    };
    let figures: Vec<String> = shares
        .iter()
        .map(|(block, share, file)| {
            format!(
                "{}: {}, {} the disk's direct rate",
                blocks(*block),
                spread(*file, "B/s"),
                times(*share)
            )
        })
        .collect();
    verdict(word, figures.join("; "))
}

pub(super) fn warm_stores(data: &Data) -> Decided {
    let faults = data
        .at("write-resident", "mmap", 64.0)?
        .beside("faults/MiB")?;
    let call = data
        .at("write-resident", "mmap", 64.0)?
        .beside("an operation")?;
    let word = match (faults.max < 1.0, faults.median < 1.0) {
        (true, _) => Word::Holds,
        (_, true) => Word::HoldsWithALimit,
        _ => Word::Refuted,
    };
    verdict(
        word,
        format!(
            "faults a MiB {}; an append of 64 B takes {}",
            spread(faults, ""),
            spread(call, "ns")
        ),
    )
}

pub(super) fn transfers(data: &Data) -> Decided {
    let at = |series: &str, chunk: f64| data.at("transfer", series, chunk);
    let (mapped, sent) = ("write of a mapping", "sendfile");
    let small = at(mapped, KIB)?.value()?.is_above(&at(sent, KIB)?.value()?);
    let large = at(sent, MIB)?.value()?.is_above(&at(mapped, MIB)?.value()?);
    let cpu = |series| at(series, MIB)?.beside("sender's cpu/KiB");
    let cheaper = cpu(mapped)?.is_above(&cpu(sent)?);
    let word = match (small, large, cheaper) {
        (true, true, _) => Word::Holds,
        (true, false, true) | (false, true, _) | (false, false, true) => Word::HoldsWithALimit,
        (true, false, false) => Word::Undecided,
        (false, false, false) => Word::Refuted,
    };
    verdict(
        word,
        format!(
            "1 KiB: mapping {}, sendfile {}; 1 MiB: mapping {}, sendfile {}; sender's CPU a KiB at 1 MiB: {} and {}",
            spread(at(mapped, KIB)?.value()?, "B/s"),
            spread(at(sent, KIB)?.value()?, "B/s"),
            spread(at(mapped, MIB)?.value()?, "B/s"),
            spread(at(sent, MIB)?.value()?, "B/s"),
            spread(cpu(mapped)?, "ns"),
            spread(cpu(sent)?, "ns")
        ),
    )
}
