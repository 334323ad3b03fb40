//! A whole report as text for a terminal.

use std::fmt::Write as _;

use super::model::{Choice, Ending, Experiment, Latency, Report};
use super::units::{self, Unit};
use super::{plot, table};

/// The report: machine, then each experiment with its table, plot, crossings and overheads.
#[must_use]
pub fn text(report: &Report) -> String {
    let experiments = report
        .experiments
        .iter()
        .map(|one| format!("\n{}", experiment(one)));
    header(report) + &experiments.collect::<String>() + "\n" + &footer(report)
}

/// What stands before the experiments.
#[must_use]
pub fn header(report: &Report) -> String {
    let mut out = format!("highwater {}, {}\n", report.highwater, report.started);
    for (name, fact) in report.machine.facts() {
        let _ = writeln!(out, "  {name:<14} {fact}");
    }
    out
}

/// What stands behind them: remarks about all of it, and how it ended.
#[must_use]
pub fn footer(report: &Report) -> String {
    let mut out = report.choice.as_ref().map(choice).unwrap_or_default();
    for note in &report.notes {
        let _ = writeln!(out, "note: {note}");
    }
    let took = units::show(report.duration_s * 1e9, Unit::Nanoseconds);
    let end = match &report.ending {
        Ending::Complete => format!("complete, in {took}"),
        Ending::Interrupted => {
            format!("interrupted after {took}; what is above was measured before")
        }
        Ending::Failed { why } => format!("ended by an error after {took}: {why}"),
    };
    let _ = writeln!(out, "{end}");
    out
}

/// What `tune` chose: the disk, the comparison, the settings.
fn choice(choice: &Choice) -> String {
    let mut out = String::from("# The choice\n");
    for sentence in choice.evidence.iter().chain(&choice.why) {
        let _ = writeln!(out, "- {sentence}");
    }
    if let Some(configuration) = &choice.configuration {
        let _ = writeln!(out, "\n{configuration}");
    }
    out
}

/// One experiment.
#[must_use]
pub fn experiment(experiment: &Experiment) -> String {
    let mut out = format!("# {} ({})\n", experiment.title, experiment.id);
    let _ = writeln!(out, "{}", experiment.about);
    let settings: Vec<String> = experiment
        .settings
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    if !settings.is_empty() {
        let _ = writeln!(out, "{}", settings.join(", "));
    }
    out.push('\n');
    if let Some(why) = &experiment.refused {
        let _ = writeln!(out, "not measured: {why}");
    }
    for block in [
        table::main(experiment),
        plot::draw(experiment),
        latencies(experiment),
        table::beside(experiment),
        crossings(experiment),
        table::overheads(experiment),
    ] {
        if !block.is_empty() {
            out.push_str(&block);
            out.push('\n');
        }
    }
    for table in &experiment.tables {
        let _ = writeln!(out, "{}\n{}", table.title, table::draw(table));
    }
    for note in notes(experiment) {
        let _ = writeln!(out, "note: {note}");
    }
    if !experiment.complete {
        out.push_str("incomplete: it was ended early\n");
    }
    out
}

/// Each remark once, with the points that it is about.
fn notes(experiment: &Experiment) -> Vec<String> {
    let mut about: Vec<(&str, Vec<String>)> = Vec::new();
    for series in &experiment.series {
        for point in &series.points {
            let x = point.label.clone();
            let x = x.unwrap_or_else(|| units::show(point.x, experiment.x.unit));
            for note in &point.notes {
                let place = format!("{} {x}", series.name);
                match about.iter_mut().find(|(known, _)| known == note) {
                    Some((_, places)) => places.push(place),
                    None => about.push((note, vec![place])),
                }
            }
        }
    }
    let of_points = about
        .into_iter()
        .map(|(note, places)| format!("{note}: {}", places.join(", ")));
    experiment.notes.iter().cloned().chain(of_points).collect()
}

fn crossings(experiment: &Experiment) -> String {
    let mut out = String::new();
    let x = |value: f64| units::show(value, experiment.x.unit);
    for crossing in &experiment.crossings {
        let _ = writeln!(
            out,
            "{} passes {} at about {} (the one leads up to {}, the other from {})",
            crossing.leads_above,
            crossing.leads_below,
            x(crossing.x),
            x(crossing.from),
            x(crossing.to),
        );
    }
    out
}

fn latencies(experiment: &Experiment) -> String {
    let points = experiment
        .series
        .iter()
        .flat_map(|series| series.points.iter().map(move |point| (series, point)));
    let mut rows = Vec::new();
    for (series, point) in points {
        let Some(latency) = &point.latency else {
            continue;
        };
        let x = point.label.clone();
        let mut row = vec![
            series.name.clone(),
            x.unwrap_or_else(|| units::show(point.x, experiment.x.unit)),
            latency.count.to_string(),
        ];
        row.extend(
            latency
                .percentiles
                .iter()
                .map(|at| units::show(at.ns as f64, Unit::Nanoseconds)),
        );
        rows.push(row);
    }
    if rows.is_empty() {
        return String::new();
    }
    let mut columns = vec![
        "series".to_owned(),
        format!("#{}", experiment.x.label),
        "#count".to_owned(),
    ];
    columns.extend(Latency::PERCENTILES.iter().map(|percent| match *percent {
        100.0 => "#max".to_owned(),
        percent => format!("#p{percent}"),
    }));
    table::draw(&super::Table {
        title: String::new(),
        columns,
        rows,
    })
}
