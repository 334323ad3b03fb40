//! The tables behind a chart, and those that are answers themselves.

use std::fmt::Write as _;

use super::super::model::{Experiment, Latency, Point, Series, Table};
use super::super::units::{self, Unit};
use super::escape;

/// A table as it stands.
pub(super) fn free(out: &mut String, table: &Table) {
    let columns: Vec<(&str, bool)> = table
        .columns
        .iter()
        .map(|heading| {
            let is_number = heading.starts_with('#');
            (heading.trim_start_matches('#'), is_number)
        })
        .collect();
    out.push_str("<div class=\"scroll\"><table>\n");
    // Writing into a string cannot fail.
    if !table.title.is_empty() {
        let _ = writeln!(out, "<caption>{}</caption>", escape(&table.title));
    }
    out.push_str("<thead><tr>");
    for (heading, is_number) in &columns {
        let class = class(*is_number);
        let _ = write!(out, "<th{class}>{}</th>", escape(heading));
    }
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in &table.rows {
        out.push_str("<tr>");
        for (at, cell) in row.iter().enumerate() {
            let is_number = columns.get(at).is_some_and(|(_, is_number)| *is_number);
            let _ = write!(out, "<td{}>{}</td>", class(is_number), escape(cell));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

fn class(is_number: bool) -> &'static str {
    if is_number { " class=\"n\"" } else { "" }
}

/// Everything that the chart was drawn from, folded up.
pub(super) fn behind(out: &mut String, experiment: &Experiment) {
    let tables = [
        values(experiment),
        latencies(experiment),
        beside(experiment),
        overheads(experiment),
    ];
    for table in tables.into_iter().flatten() {
        let title = escape(&table.title);
        let _ = writeln!(out, "<details><summary>{title}</summary>");
        let untitled = Table {
            title: String::new(),
            ..table
        };
        free(out, &untitled);
        out.push_str("</details>\n");
    }
    for (series, point) in points(experiment) {
        let about = format!("{}, {}", series.name, place(experiment, point));
        let refused = point.refused.iter();
        for text in refused.chain(&point.notes) {
            let _ = writeln!(
                out,
                "<p class=\"note\">{}: {}</p>",
                escape(&about),
                escape(text)
            );
        }
    }
}

fn points(experiment: &Experiment) -> impl Iterator<Item = (&Series, &Point)> {
    let series = experiment.series.iter();
    series.flat_map(|series| series.points.iter().map(move |point| (series, point)))
}

fn place(experiment: &Experiment, point: &Point) -> String {
    let label = point.label.clone();
    label.unwrap_or_else(|| units::show(point.x, experiment.x.unit))
}

fn table(title: &str, columns: &[&str], rows: Vec<Vec<String>>) -> Option<Table> {
    (!rows.is_empty()).then(|| Table {
        title: title.to_owned(),
        columns: columns.iter().map(|column| (*column).to_owned()).collect(),
        rows,
    })
}

/// Every place of every series with median, least, most and how many runs.
fn values(experiment: &Experiment) -> Option<Table> {
    let y = |value: f64| units::show(value, experiment.y.unit);
    let rows = points(experiment).map(|(series, point)| {
        let mut row = vec![place(experiment, point), series.name.clone()];
        match point.spread {
            Some(spread) => row.extend([spread.median, spread.min, spread.max].map(y)),
            None => row.extend(["—"; 3].map(str::to_owned)),
        }
        row.push(point.samples.len().to_string());
        row
    });
    let x = format!("#{}", experiment.x.label);
    let columns = [&*x, "series", "#median", "#least", "#most", "#runs"];
    table("Values", &columns, rows.collect())
}

fn latencies(experiment: &Experiment) -> Option<Table> {
    let rows = points(experiment).filter_map(|(series, point)| {
        let latency = point.latency.as_ref()?;
        let mut row = vec![
            place(experiment, point),
            series.name.clone(),
            latency.count.to_string(),
        ];
        #[allow(clippy::cast_precision_loss, reason = "for people")]
        let ns = |ns: u64| units::show(ns as f64, Unit::Nanoseconds);
        row.extend(latency.percentiles.iter().map(|at| ns(at.ns)));
        Some(row)
    });
    let mut columns = vec![
        format!("#{}", experiment.x.label),
        "series".to_owned(),
        "#count".to_owned(),
    ];
    columns.extend(Latency::PERCENTILES.iter().map(|percent| match *percent {
        100.0 => "#max".to_owned(),
        percent => format!("#p{percent}"),
    }));
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    table("Latencies", &columns, rows.collect())
}

/// What was counted in the same runs.
fn beside(experiment: &Experiment) -> Option<Table> {
    let mut names: Vec<&str> = Vec::new();
    for measure in points(experiment).flat_map(|(_, point)| &point.also) {
        if !names.contains(&measure.name.as_str()) {
            names.push(&measure.name);
        }
    }
    let rows = points(experiment)
        .filter(|(_, point)| !point.also.is_empty())
        .map(|(series, point)| {
            let mut row = vec![place(experiment, point), series.name.clone()];
            row.extend(names.iter().map(|name| {
                let measure = point.measure(name);
                let shown = measure.map(|one| units::show(one.spread.median, one.unit));
                shown.unwrap_or_default()
            }));
            row
        });
    let mut columns = vec![format!("#{}", experiment.x.label), "series".to_owned()];
    columns.extend(names.iter().map(|name| format!("#{name}")));
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    table("Counted in the same runs", &columns, rows.collect())
}

fn overheads(experiment: &Experiment) -> Option<Table> {
    let percent = |ratio: f64| format!("{:+.1} %", (ratio - 1.0) * 100.0);
    let rows = experiment.overheads.iter().map(|overhead| {
        let extra = overhead.extra_ns;
        let extra = extra.map(|extra| units::show(extra.median, Unit::Nanoseconds));
        vec![
            units::show(overhead.x, experiment.x.unit),
            overhead.series.clone(),
            percent(overhead.ratio.median),
            percent(overhead.ratio.min),
            percent(overhead.ratio.max),
            extra.unwrap_or_default(),
        ]
    });
    let x = format!("#{}", experiment.x.label);
    let columns = [&*x, "series", "#median", "#least", "#most", "#an operation"];
    table("Above the bare calls", &columns, rows.collect())
}
