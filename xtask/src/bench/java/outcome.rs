//! What a comparison found: samples of both sides cell by cell, their ratios, and the forms of it.
//!
//! The document is a report as `highwater bench` makes them, one experiment a program; `highwater bench show` computes the
//! crossings and draws the page. Ratios are of the two samples of one run, so that what disturbs both cancels out; *faster* and
//! *slower* are said only where every run says so.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::jvm::{Classes, JavaCell};
use super::ours::OurCell;
use super::{Plan, Program};
use crate::step;

/// Our engine and what it is compared with.
const PAIRS: [(&str, &str); 2] = [("mmap", "Java mmap"), ("file", "Java FileChannel")];

/// All that was measured.
#[derive(Debug)]
pub(super) struct Outcome {
    programs: Vec<Measured>,
    /// Of the first of our reports: machine, versions, when.
    header: Value,
    java: String,
    command: String,
    file_bytes: u64,
    runs: u32,
}

/// One program's cells.
#[derive(Debug)]
struct Measured {
    name: &'static str,
    title: &'static str,
    cells: Vec<Cell>,
}

/// One block size: samples as the report has them, a list for each line of the chart.
#[derive(Debug)]
struct Cell {
    block: u64,
    ours: [Vec<Value>; 2],
    theirs: [Vec<Value>; 2],
}

/// Least, median (the lower one of an even number) and most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) min: f64,
    pub(super) median: f64,
    pub(super) max: f64,
}

/// Who is faster, as far as all runs agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Faster,
    Alike,
    Slower,
}

impl Outcome {
    pub(super) fn new(plan: &Plan, classes: &Classes) -> Self {
        let side = if classes.is_original {
            "the original's four programs"
        } else {
            "code of our own for the same passes"
        };
        let measured = |program: &&'static Program| Measured {
            name: program.name,
            title: program.title,
            cells: Vec::new(),
        };
        let command: Vec<String> = std::env::args().skip(1).collect();
        Self {
            programs: plan.programs.iter().map(measured).collect(),
            header: Value::Null,
            java: format!("{}: {side}", classes.java),
            command: command.join(" "),
            file_bytes: plan.file_bytes,
            runs: plan.runs,
        }
    }

    /// Adds one run of a cell.
    pub(super) fn add(&mut self, program: &Program, block: u64, theirs: &JavaCell, ours: &OurCell) {
        if self.header.is_null() {
            self.header = ours.report.clone();
        }
        let Some(measured) = self
            .programs
            .iter_mut()
            .find(|one| one.name == program.name)
        else {
            return;
        };
        let at = measured.cells.iter().position(|cell| cell.block == block);
        let at = at.unwrap_or_else(|| {
            measured.cells.push(Cell {
                block,
                ours: Default::default(),
                theirs: Default::default(),
            });
            measured.cells.len() - 1
        });
        let Some(cell) = measured.cells.get_mut(at) else {
            return;
        };
        let held = theirs
            .held
            .map(|pages| pages.map(|(cached, pages)| json!({"pages": pages, "cached": cached})));
        let sample = |value: f64| match &held {
            Some([before, after]) => json!({"value": value, "before": before, "after": after}),
            None => json!({ "value": value }),
        };
        let sides = [(&ours.mmap, theirs.mmap), (&ours.file, theirs.channel)];
        let lines = cell.ours.iter_mut().zip(&mut cell.theirs);
        for ((to_ours, to_theirs), (ours, theirs)) in lines.zip(sides) {
            // A run counts where both sides have one.
            if let Some(ours) = ours {
                to_ours.push(ours.clone());
                to_theirs.push(sample(theirs));
            }
        }
    }

    /// Cells in which both sides were measured, each engine's counted.
    pub(super) fn cells(&self) -> usize {
        self.ratios().count()
    }

    /// Cells in which ours is slower beyond doubt.
    pub(super) fn slower(&self) -> usize {
        self.ratios()
            .filter(|(_, verdict)| *verdict == Verdict::Slower)
            .count()
    }

    fn ratios(&self) -> impl Iterator<Item = (Spread, Verdict)> + '_ {
        let cells = self.programs.iter().flat_map(|program| &program.cells);
        cells.flat_map(|cell| [0, 1].into_iter().filter_map(|pair| cell.ratio(pair)))
    }

    /// The document.
    pub(super) fn report(&self) -> Value {
        let experiments: Vec<Value> = self
            .programs
            .iter()
            .map(|one| self.experiment(one))
            .collect();
        json!({
            "schema": 1,
            "highwater": self.header["highwater"],
            "command": ["cargo", "xtask", self.command],
            "started": self.header["started"],
            "duration_s": 0.0,
            "ending": {"how": "complete"},
            "machine": self.header["machine"],
            "experiments": experiments,
            "notes": [self.java],
        })
    }

    fn experiment(&self, program: &Measured) -> Value {
        let mut series = Vec::new();
        for (pair, (ours, theirs)) in PAIRS.into_iter().enumerate() {
            series.push(line(ours, program, |cell| cell.ours.get(pair)));
            series.push(line(theirs, program, |cell| cell.theirs.get(pair)));
        }
        json!({
            "id": program.name,
            "title": program.title,
            "about": "One pass over the file in blocks: our engines through the interface of the store, Java's mapping and its \
                      FileChannel, in turns.",
            "x": {"label": "block", "unit": "bytes", "scale": "log"},
            "y": {"label": "throughput", "unit": "bytes_per_second", "scale": "log"},
            "better": "higher",
            "settings": {"file": blocks(self.file_bytes), "runs": self.runs.to_string()},
            "series": series,
            "complete": true,
        })
    }

    /// Writes `BASE.json` and `BASE.html`.
    pub(super) fn save(&self, highwater: &Path, base: &Path) -> Result<()> {
        let raw = base.with_extension("raw.json");
        fs::write(&raw, self.report().to_string()).with_context(|| raw.display().to_string())?;
        let mut show = Command::new(highwater);
        show.args(["bench", "show"]).arg(&raw);
        show.arg("--out").arg(base.with_extension("json"));
        show.arg("--html").arg(base.with_extension("html"));
        step::output(&mut show)?;
        fs::remove_file(&raw).with_context(|| raw.display().to_string())
    }

    /// Tables for a terminal.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        for program in &self.programs {
            let _ = writeln!(
                out,
                "\n{} ({}), ours by Java's throughput",
                program.title, program.name
            );
            for cell in &program.cells {
                let _ = write!(out, "  {:>8}", blocks(cell.block));
                for (pair, (ours, _)) in PAIRS.into_iter().enumerate() {
                    let _ = write!(out, "   {ours} {:<28}", cell.shown(pair));
                }
                out.push('\n');
            }
        }
        let _ = write!(out, "\n{}", self.summary());
        out
    }

    /// In a sentence, how many cells went how.
    fn summary(&self) -> String {
        let count = |wanted: Verdict| {
            self.ratios()
                .filter(|(_, verdict)| *verdict == wanted)
                .count()
        };
        let (faster, alike, slower) = (
            count(Verdict::Faster),
            count(Verdict::Alike),
            count(Verdict::Slower),
        );
        format!(
            "Of {} cells ours is faster in every run in {faster}, slower in every run in {slower}; in {alike} the runs overlap.",
            faster + alike + slower
        )
    }

    /// The page in the docs.
    pub(super) fn page(&self) -> String {
        let machine = &self.header["machine"];
        let mut out = format!(
            "# The Java benchmark of the texts, beside ours\n\n\
             Written by `cargo xtask bench java --write`; how it is measured: [bench.md](bench.md). One run of\n\
             `{}`, a file of {}, {} runs a cell, on {} ({} cores, Linux {}, {}), build {}.\n\
             Java's side is {}.\n\n\
             A cell is our throughput by Java's in the same run: median (least … most). **Bold**: slower in every run.\n\n{}\n",
            self.command,
            blocks(self.file_bytes),
            self.runs,
            word(&machine["cpu"]),
            word(&machine["cores"]),
            word(&machine["kernel"]),
            word(&machine["storage"]["filesystem"]),
            word(&machine["build"]),
            self.java,
            self.summary(),
        );
        for program in &self.programs {
            let _ = writeln!(out, "\n## {}\n", program.title);
            out.push_str("| block | mmap, GB/s | Java's mmap | ours by Java's | file, GB/s | Java's FileChannel | ours by Java's |\n");
            out.push_str("|---|---|---|---|---|---|---|\n");
            for cell in &program.cells {
                let _ = write!(out, "| {} |", blocks(cell.block));
                for pair in 0..PAIRS.len() {
                    let rate = |samples: &[Value]| {
                        Spread::of(&values(samples)).map_or(0.0, |one| one.median / 1e9)
                    };
                    let (ours, theirs) = (rate(&cell.ours[pair]), rate(&cell.theirs[pair]));
                    let shown = match cell.ratio(pair) {
                        Some((_, Verdict::Slower)) => format!("**{}**", cell.shown(pair)),
                        _ => cell.shown(pair),
                    };
                    let _ = write!(out, " {} | {} | {shown} |", short(ours), short(theirs));
                }
                out.push('\n');
            }
            let _ = writeln!(out, "\n{}", program.crossings());
        }
        out
    }
}

impl Measured {
    /// Where file I/O passes the mapping, in ours and in Java: between which blocks, where every run agrees on both sides.
    fn crossings(&self) -> String {
        let ours = self.crossing(|cell| &cell.ours);
        let theirs = self.crossing(|cell| &cell.theirs);
        format!("File I/O passes the mapping: ours {ours}; Java {theirs}.")
    }

    fn crossing(&self, side: impl Fn(&Cell) -> &[Vec<Value>; 2]) -> String {
        let mut found = Vec::new();
        let mut before: Option<(u64, bool)> = None;
        for cell in &self.cells {
            let [mmap, file] = side(cell);
            let (Some(mmap), Some(file)) = (Spread::of(&values(mmap)), Spread::of(&values(file)))
            else {
                continue;
            };
            let file_leads = match (file.min > mmap.max, mmap.min > file.max) {
                (true, _) => true,
                (_, true) => false,
                _ => continue,
            };
            if let Some((from, led)) = before.filter(|(_, led)| *led != file_leads) {
                let back = if led { " (back)" } else { "" };
                found.push(format!(
                    "between {} and {}{back}",
                    blocks(from),
                    blocks(cell.block)
                ));
            }
            before = Some((cell.block, file_leads));
        }
        match (found.is_empty(), before) {
            (false, _) => found.join(", "),
            (true, Some((_, true))) => "nowhere: it leads from the smallest block on".to_owned(),
            (true, Some((_, false))) => "nowhere: the mapping leads".to_owned(),
            (true, None) => "is not decided".to_owned(),
        }
    }
}

impl Cell {
    /// Our throughput by Java's, run by run.
    fn ratio(&self, pair: usize) -> Option<(Spread, Verdict)> {
        let (ours, theirs) = (values(self.ours.get(pair)?), values(self.theirs.get(pair)?));
        let ratios: Vec<f64> = ours
            .iter()
            .zip(&theirs)
            .map(|(ours, theirs)| ours / theirs)
            .collect();
        let verdict = match (Spread::of(&ours)?, Spread::of(&theirs)?) {
            (ours, theirs) if ours.min > theirs.max => Verdict::Faster,
            (ours, theirs) if ours.max < theirs.min => Verdict::Slower,
            _ => Verdict::Alike,
        };
        Some((Spread::of(&ratios)?, verdict))
    }

    fn shown(&self, pair: usize) -> String {
        self.ratio(pair).map_or_else(
            || "–".to_owned(),
            |(one, _)| {
                format!(
                    "{} ({} … {})",
                    short(one.median),
                    short(one.min),
                    short(one.max)
                )
            },
        )
    }
}

impl Spread {
    /// `None` of nothing.
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            min: *sorted.first()?,
            median: *sorted.get((sorted.len() - 1) / 2)?,
            max: *sorted.last()?,
        })
    }
}

fn line<'a>(
    name: &str,
    program: &'a Measured,
    samples: impl Fn(&'a Cell) -> Option<&'a Vec<Value>>,
) -> Value {
    let points = program.cells.iter().map(|cell| {
        let samples = samples(cell).map(Vec::as_slice).unwrap_or_default();
        let mut point = json!({"x": cell.block, "samples": samples});
        if let Some(Spread { min, median, max }) = Spread::of(&values(samples)) {
            point["spread"] = json!({"min": min, "median": median, "max": max});
        }
        point
    });
    json!({"name": name, "points": points.collect::<Vec<_>>()})
}

fn values(samples: &[Value]) -> Vec<f64> {
    samples
        .iter()
        .filter_map(|sample| sample["value"].as_f64())
        .collect()
}

/// A text or a number of the report, without quotes.
fn word(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// A number of bytes by its largest whole unit.
fn blocks(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let unit = units
        .into_iter()
        .find(|(shift, _)| bytes > 0 && bytes.is_multiple_of(1 << shift));
    unit.map_or_else(
        || format!("{bytes} B"),
        |(shift, name)| format!("{} {name}", bytes >> shift),
    )
}

/// Three significant digits.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
