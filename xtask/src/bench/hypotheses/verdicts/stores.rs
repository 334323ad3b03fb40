//! Claims about what a store does with its files that `bench io` decides.

use super::{Decided, Word, verdict};
use crate::bench::hypotheses::data::{Data, Experiment, Missing, Spread};
use crate::bench::hypotheses::show::{blocks, spread};

/// Bytes of the buffer in `parse`.
const BUFFER_BYTES: f64 = 131_072.0;

pub(super) fn killed(data: &Data) -> Decided {
    let lost = |engine: &str, of: &str| data.called("killed", engine, of)?.value();
    let mut figures = Vec::new();
    let mut cached_lost: f64 = 0.0;
    for engine in ["mmap", "file"] {
        let written = lost(engine, "written")?;
        cached_lost = cached_lost.max(written.max);
        figures.push(format!("{engine}: {} lost", bytes(written)));
    }
    let mut buffered_lost: f64 = 0.0;
    let mut committed_lost: f64 = 0.0;
    for engine in ["staged", "direct"] {
        let Ok(written) = lost(engine, "written") else {
            continue;
        };
        let committed = lost(engine, "committed")?;
        buffered_lost = buffered_lost.max(written.max);
        committed_lost = committed_lost.max(committed.max);
        figures.push(format!(
            "{engine}: {} lost of what was written, {} of what was committed",
            bytes(written),
            bytes(committed)
        ));
    }
    let word = match (
        cached_lost > 0.0 || committed_lost > 0.0,
        buffered_lost > 0.0,
    ) {
        (true, _) => Word::Refuted,
        (false, true) => Word::Holds,
        (false, false) => Word::HoldsWithALimit,
    };
    verdict(word, figures.join("; "))
}

fn bytes(of: Spread) -> String {
    spread(of, "B")
}

pub(super) fn moved_records(data: &Data) -> Decided {
    let experiment = data.experiment("parse")?;
    let mut figures = Vec::new();
    let mut as_expected = 0;
    let points = &experiment.series("buffer")?.points;
    for point in points {
        let moved = data.at("parse", "buffer", point.x)?.beside("moved/byte")?;
        let mapped = data.at("parse", "mapping", point.x)?.beside("moved/byte")?;
        let expected = point.x / 2.0 / BUFFER_BYTES;
        let fits = (expected / 2.0..=expected * 2.0).contains(&moved.median) && mapped.max == 0.0;
        as_expected += usize::from(fits);
        let (by_buffer, by_mapping) = (
            data.value("parse", "buffer", point.x)?,
            data.value("parse", "mapping", point.x)?,
        );
        figures.push(format!(
            "{}: {:.1} % moved (half a record a buffer is {:.1} %), buffer {}, mapping {}",
            blocks(point.x),
            moved.median * 100.0,
            expected * 100.0,
            spread(by_buffer, "B/s"),
            spread(by_mapping, "B/s")
        ));
    }
    let word = match as_expected {
        0 => Word::Refuted,
        n if n == points.len() => Word::Holds,
        _ => Word::HoldsWithALimit,
    };
    verdict(word, figures.join("; "))
}

pub(super) fn more_memory(data: &Data) -> Decided {
    let mut by_size: Vec<(f64, Spread)> = Vec::new();
    for run in data.all("limited")? {
        let size = size_of(run)?;
        if by_size.iter().all(|(known, _)| *known != size) {
            let worst = run
                .called("mmap", "write and sync")?
                .beside("worst append")?;
            by_size.push((size, worst));
        }
    }
    by_size.sort_by(|a, b| a.0.total_cmp(&b.0));
    let ([(_, least), .., (_, most)], true) = (by_size.as_slice(), by_size.len() >= 3) else {
        return Err("`limited` was not run with three sizes".to_owned());
    };
    let rises = by_size
        .windows(2)
        .all(|pair| matches!(pair, [a, b] if b.1.median >= a.1.median));
    let word = match (most.is_above(least), least.is_above(most)) {
        (true, _) if rises => Word::Holds,
        (true, _) => Word::HoldsWithALimit,
        (_, true) => Word::Refuted,
        _ => Word::Undecided,
    };
    let figures: Vec<String> = by_size
        .iter()
        .map(|(size, worst)| format!("{}: {}", blocks(size / 4.0), spread(*worst, "ns")))
        .collect();
    verdict(
        word,
        format!("worst append of mmap by memory: {}", figures.join("; ")),
    )
}

/// Bytes of the file of an experiment, as its header has them.
fn size_of(experiment: &Experiment) -> Result<f64, Missing> {
    let text = experiment.setting("file");
    let wrong = || format!("a file of {text:?}");
    let (number, unit) = text.split_once(' ').ok_or_else(wrong)?;
    let factor = match unit {
        "GiB" => 1_073_741_824.0,
        "MiB" => 1_048_576.0,
        "KiB" => 1024.0,
        _ => return Err(wrong()),
    };
    Ok(number.parse::<f64>().map_err(|_| wrong())? * factor)
}

pub(super) fn rolls(data: &Data) -> Decided {
    let at = |engine: &str, label: &str| data.called("roll", engine, label)?.value();
    let mut figures = Vec::new();
    let (mut hidden, mut opposite) = (0, 0);
    let engines = ["mmap", "file", "staged"];
    for engine in engines {
        let (none, one, two) = (
            at(engine, "0 ready")?,
            at(engine, "1 ready")?,
            at(engine, "2 ready")?,
        );
        hidden += usize::from(none.is_above(&one) && none.is_above(&two));
        opposite += usize::from(one.is_above(&none) && two.is_above(&none));
        figures.push(format!(
            "{engine}: none {}, one {}, two {}",
            spread(none, "ns"),
            spread(one, "ns"),
            spread(two, "ns")
        ));
    }
    let word = match (hidden, opposite) {
        (3, _) => Word::Holds,
        (0, 3) => Word::Refuted,
        (0, _) => Word::Undecided,
        _ => Word::HoldsWithALimit,
    };
    verdict(
        word,
        format!(
            "longest roll by segments made ahead: {}",
            figures.join("; ")
        ),
    )
}
