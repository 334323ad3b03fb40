//! An experiment as tables for a terminal.

use std::fmt::Write as _;

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, Table as Drawn};

use super::model::{Better, Experiment, Point, Series, Table};
use super::units::{self, Unit};

/// The main table: a line for each place, a column for each series that is not a floor; `median (least … most)`. A star
/// stands at the best of a line when it is the best beyond doubt. Reasons for what is missing follow.
#[must_use]
pub fn main(experiment: &Experiment) -> String {
    let series: Vec<&Series> = experiment
        .series
        .iter()
        .filter(|series| series.bare_of.is_none())
        .collect();
    if series.is_empty() {
        return String::new();
    }
    let mut columns = vec![format!("#{}", experiment.x.label)];
    columns.extend(series.iter().map(|series| format!("#{}", series.name)));
    let mut reasons = Reasons::default();
    let rows = places(&series)
        .into_iter()
        .map(|x| row(experiment, &series, x, &mut reasons))
        .collect();
    let table = Table {
        title: String::new(),
        columns,
        rows,
    };
    draw(&table) + &reasons.text()
}

/// All x of some series, rising.
fn places(series: &[&Series]) -> Vec<f64> {
    let mut places: Vec<f64> = series
        .iter()
        .flat_map(|series| series.points.iter().map(|point| point.x))
        .collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    places
}

fn row(experiment: &Experiment, series: &[&Series], x: f64, reasons: &mut Reasons) -> Vec<String> {
    let points: Vec<Option<&Point>> = series.iter().map(|series| series.at(x)).collect();
    let best = best(&points, experiment.better);
    let label = points
        .iter()
        .flatten()
        .find_map(|point| point.label.clone());
    let mut cells = vec![label.unwrap_or_else(|| units::show(x, experiment.x.unit))];
    for (at, point) in points.iter().enumerate() {
        let Some(point) = point else {
            cells.push(String::new());
            continue;
        };
        let mut text = cell(point, experiment.y.unit);
        if best == Some(at) {
            text.push('*');
        }
        if let Some(why) = &point.refused {
            let _ = write!(text, " [{}]", reasons.number(why));
        }
        cells.push(text);
    }
    cells
}

fn cell(point: &Point, unit: Unit) -> String {
    let Some(spread) = point.spread else {
        return "—".to_owned();
    };
    let median = units::show(spread.median, unit);
    if point.samples.len() < 2 {
        return median;
    }
    let (least, most) = (units::show(spread.min, unit), units::show(spread.max, unit));
    format!("{median} ({least} … {most})")
}

/// The point that is better than every other beyond doubt.
fn best(points: &[Option<&Point>], better: Better) -> Option<usize> {
    let spreads: Vec<_> = points
        .iter()
        .enumerate()
        .filter_map(|(at, point)| Some((at, point.as_ref()?.spread?)))
        .collect();
    if spreads.len() < 2 {
        return None;
    }
    let beats_all = |(at, spread): &&(usize, super::Spread)| {
        spreads
            .iter()
            .filter(|(other, _)| other != at)
            .all(|(_, other)| match better {
                Better::Higher => spread.min > other.max,
                Better::Lower => spread.max < other.min,
            })
    };
    spreads.iter().find(beats_all).map(|(at, _)| *at)
}

/// Reasons, numbered in the order in which they are met.
#[derive(Default)]
struct Reasons(Vec<String>);

impl Reasons {
    fn number(&mut self, why: &str) -> usize {
        if let Some(at) = self.0.iter().position(|known| known == why) {
            return at + 1;
        }
        self.0.push(why.to_owned());
        self.0.len()
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (at, why) in self.0.iter().enumerate() {
            let _ = writeln!(text, "[{}] {why}", at + 1);
        }
        text
    }
}

/// What was counted beside the main value: a line for each place and series, a column for each count.
#[must_use]
pub fn beside(experiment: &Experiment) -> String {
    let mut names: Vec<&str> = Vec::new();
    for measure in experiment
        .series
        .iter()
        .flat_map(|series| &series.points)
        .flat_map(|point| &point.also)
    {
        if !names.contains(&measure.name.as_str()) {
            names.push(&measure.name);
        }
    }
    if names.is_empty() {
        return String::new();
    }
    let mut columns = vec![format!("#{}", experiment.x.label), "series".to_owned()];
    columns.extend(names.iter().map(|name| format!("#{name}")));
    let mut rows = Vec::new();
    let series: Vec<&Series> = experiment.series.iter().collect();
    for x in places(&series) {
        for (name, point) in series
            .iter()
            .filter_map(|one| Some((&one.name, one.at(x)?)))
        {
            let label = point.label.clone();
            let mut cells = vec![
                label.unwrap_or_else(|| units::show(x, experiment.x.unit)),
                name.clone(),
            ];
            cells.extend(names.iter().map(|name| {
                let shown =
                    |measure: &super::Measure| units::show(measure.spread.median, measure.unit);
                point.measure(name).map(shown).unwrap_or_default()
            }));
            rows.push(cells);
        }
    }
    draw(&Table {
        title: String::new(),
        columns,
        rows,
    })
}

/// What engines cost above their floors; empty where there are none.
#[must_use]
pub fn overheads(experiment: &Experiment) -> String {
    if experiment.overheads.is_empty() {
        return String::new();
    }
    let percent = |ratio: f64| format!("{:+.1} %", (ratio - 1.0) * 100.0);
    let row = |overhead: &super::Overhead| {
        let ratio = overhead.ratio;
        let extra = overhead
            .extra_ns
            .map(|extra| units::show(extra.median, Unit::Nanoseconds));
        vec![
            units::show(overhead.x, experiment.x.unit),
            overhead.series.clone(),
            percent(ratio.median),
            format!("{} … {}", percent(ratio.min), percent(ratio.max)),
            extra.unwrap_or_default(),
        ]
    };
    draw(&Table {
        title: String::new(),
        columns: [
            &*format!("#{}", experiment.x.label),
            "series",
            "#above its bare calls",
            "#least … most",
            "#an operation",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows: experiment.overheads.iter().map(row).collect(),
    })
}

/// A table without lines, a newline at the end of each row.
#[must_use]
pub fn draw(table: &Table) -> String {
    let mut drawn = Drawn::new();
    drawn.load_style(NOTHING);
    drawn.set_header(
        table
            .columns
            .iter()
            .map(|heading| heading.trim_start_matches('#')),
    );
    for (heading, column) in table.columns.iter().zip(drawn.column_iter_mut()) {
        column.set_padding((0, 2));
        if heading.starts_with('#') {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for row in &table.rows {
        drawn.add_row(row.iter().map(Cell::new));
    }
    drawn
        .lines()
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect()
}
