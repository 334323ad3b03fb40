//! Claims that `bench mapping` decides.

use super::{Decided, Word, verdict};
use crate::bench::hypotheses::data::{Data, Missing, RUNS_MIN, Spread};
use crate::bench::hypotheses::show::spread;

/// The cases of the text's table, and where a row of ours has its answers.
const CASES: [&str; 6] = ["A1", "A2", "A3", "B4", "B5", "B6"];
const CALL: usize = 4;
const WRITING: usize = 7;

/// What a case came to over all runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Same {
    Always,
    Sometimes,
    Never,
}

/// Whether the call and the writing of a case ended as the text says, in each run.
fn case(data: &Data, name: &str) -> Result<(Same, usize), Missing> {
    let runs = data.all("mapping")?;
    if runs.len() < RUNS_MIN {
        return Err(format!(
            "`mapping`: {} runs, at least {RUNS_MIN} are needed",
            runs.len()
        ));
    }
    let mut as_said = 0;
    for run in &runs {
        let row = run
            .rows()
            .find(|row| row.first().is_some_and(|first| first == name));
        let row = row.ok_or_else(|| format!("`mapping` has no case {name}"))?;
        let word = |at: usize| row.get(at).map_or("", String::as_str);
        if word(CALL) == "not tried" || word(WRITING) == "not tried" {
            return Err(format!("`mapping`, {name}: {}", word(WRITING - 1)));
        }
        // An empty word: the text says nothing of it.
        let is_so = [CALL, WRITING]
            .into_iter()
            .all(|at| matches!(word(at), "as said" | ""));
        as_said += usize::from(is_so);
    }
    let same = match as_said {
        0 => Same::Never,
        n if n == runs.len() => Same::Always,
        _ => Same::Sometimes,
    };
    Ok((same, runs.len()))
}

pub(super) fn flags(data: &Data) -> Decided {
    let mut figures = Vec::new();
    let (mut always, mut never) = (0, 0);
    for name in CASES {
        let (same, runs) = case(data, name)?;
        always += usize::from(same == Same::Always);
        never += usize::from(same == Same::Never);
        let word = match same {
            Same::Always => "as said",
            Same::Sometimes => "as said in some",
            Same::Never => "otherwise",
        };
        figures.push(format!("{name} {word} ({runs} runs)"));
    }
    let word = match (always, never) {
        (n, _) if n == CASES.len() => Word::Holds,
        (_, n) if n == CASES.len() => Word::Refuted,
        _ => Word::HoldsWithALimit,
    };
    verdict(word, figures.join("; "))
}

pub(super) fn shared_is_fine(data: &Data) -> Decided {
    let many = tables_of(data, "10 TiB, untouched")?;
    let (alone, runs) = case(data, "A3")?;
    let (two, _) = case(data, "B6")?;
    let word = match (alone, two) {
        (Same::Always, Same::Always) => Word::Holds,
        (Same::Never, Same::Never) => Word::Refuted,
        _ => Word::HoldsWithALimit,
    };
    let told = |same| match same {
        Same::Always => "goes on",
        Same::Sometimes => "goes on in some runs",
        Same::Never => "does not go on",
    };
    verdict(
        word,
        format!(
            "10 TiB of files are mapped at {} of page tables a GiB; writing nearly twice the memory {}, two processes {} \
             ({runs} runs)",
            kib(many),
            told(alone),
            told(two)
        ),
    )
}

pub(super) fn count(data: &Data) -> Decided {
    let count = data.called("mapping-count", "shared", "4 KiB")?.value()?;
    let setting = data
        .experiment("mapping-count")?
        .setting("vm.max_map_count");
    let most: f64 = setting
        .parse()
        .map_err(|_| "the limit is not known".to_owned())?;
    let word = match (count.max <= most, count.min > most) {
        (true, _) => Word::Holds,
        (_, true) => Word::Refuted,
        _ => Word::Undecided,
    };
    verdict(
        word,
        format!(
            "refused after {} mappings; the limit is {setting}",
            spread(count, "")
        ),
    )
}

pub(super) fn large(data: &Data) -> Decided {
    // A refused point is an `Err` here, and a mapping that cannot be had is the answer.
    let tables = tables_of(data, "8 GiB, last page stored to");
    match tables {
        Ok(tables) => verdict(
            Word::Holds,
            format!(
                "8 GiB map in one piece, and their last page takes a store; {} a GiB",
                kib(tables)
            ),
        ),
        Err(why) if why.contains(": map ") => verdict(Word::Refuted, why),
        Err(why) => Err(why),
    }
}

pub(super) fn locked(data: &Data) -> Decided {
    let of = |label| data.called("mapping-locked", "anonymous", label)?.value();
    let (free, locked) = (of("not locked")?, of("locked")?);
    let word = match (locked.max < 0.1, locked.min > 0.9) {
        (true, _) => Word::Refuted,
        (_, true) => Word::Holds,
        _ => Word::HoldsWithALimit,
    };
    verdict(
        word,
        format!(
            "faults a page at the first store: locked {}, not locked {}",
            spread(locked, ""),
            spread(free, "")
        ),
    )
}

/// Page tables of a thousandth of what is mapped are a cost that one has to plan for.
const MUCH: f64 = 1_048_576.0;

pub(super) fn tables(data: &Data) -> Decided {
    let of = |label| tables_of(data, label);
    let (untouched, read, stored) = (of("untouched")?, of("read")?, of("stored to")?);
    let touched_is_much = read.min > MUCH || stored.min > MUCH;
    let word = match (untouched.min > MUCH, touched_is_much) {
        (true, _) => Word::Holds,
        (false, true) => Word::HoldsWithALimit,
        (false, false) => Word::Refuted,
    };
    verdict(
        word,
        format!(
            "page tables a GiB: untouched {}, read {}, stored to {}",
            kib(untouched),
            kib(read),
            kib(stored)
        ),
    )
}

fn tables_of(data: &Data, label: &str) -> Result<Spread, Missing> {
    data.called("mapping-tables", "shared", label)?.value()
}

fn kib(bytes: Spread) -> String {
    spread(bytes.by(1024.0), "KiB")
}
