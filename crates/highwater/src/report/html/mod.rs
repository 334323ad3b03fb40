//! A report as one page: header, charts, and the tables behind them.
//!
//! Invariants: the page is one file that asks nobody for anything, and its own policy forbids it; it
//! has no script; every text that comes from outside is escaped; colours follow the reader's choice
//! of light or dark. A chart is drawn here (`chart`), so what is seen is what was measured, whatever
//! the browser. Absent on purpose: a framework.

mod axis;
mod chart;
mod tables;

use std::fmt::Write as _;
use std::path::Path;

use super::json::{JsonError, replace};
use super::model::{Choice, Ending, Experiment, Report};
use super::units::{self, Unit};

const HEAD: &str = include_str!("head.html");
const STYLE: &str = include_str!("page.css");

/// Writes the page; an older file of that name is replaced.
///
/// # Errors
/// `Io`; the older file is what it was then.
pub fn write(report: &Report, path: &Path) -> Result<(), JsonError> {
    replace(path, page(report).as_bytes())
}

/// The page.
#[must_use]
pub fn page(report: &Report) -> String {
    let title = title(report);
    let mut out =
        format!("{HEAD}<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n");
    header(&mut out, report, &title);
    if let Some(choice) = &report.choice {
        chosen(&mut out, choice);
    }
    contents(&mut out, report);
    for experiment in &report.experiments {
        section(&mut out, experiment);
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn title(report: &Report) -> String {
    let command: Vec<&str> = report.command.iter().skip(1).map(String::as_str).collect();
    let words = command.iter().take_while(|word| !word.starts_with('-'));
    let words: Vec<&str> = words.copied().collect();
    escape(&format!("highwater {}", words.join(" ")))
}

fn header(out: &mut String, report: &Report, title: &str) {
    let took = units::show(report.duration_s * 1e9, Unit::Nanoseconds);
    let ending = match &report.ending {
        Ending::Complete => format!("complete, in {took}"),
        Ending::Interrupted => format!("interrupted after {took}; the rest was not measured"),
        Ending::Failed { why } => format!("ended by an error after {took}: {why}"),
    };
    let class = if report.ending == Ending::Complete {
        "complete"
    } else {
        "partial"
    };
    // Writing into a string cannot fail.
    let _ = writeln!(
        out,
        "<header>\n<h1>{title}</h1>\n<p class=\"{class}\">{}, highwater {}, {}</p>\n<p><code>{}</code></p>\n<dl>",
        escape(&report.started),
        escape(&report.highwater),
        escape(&ending),
        escape(&report.command.join(" ")),
    );
    for (name, fact) in report.machine.facts() {
        let _ = writeln!(out, "<dt>{}</dt><dd>{}</dd>", escape(name), escape(&fact));
    }
    out.push_str("</dl>\n");
    notes(out, &report.notes);
    out.push_str("</header>\n");
}

fn chosen(out: &mut String, choice: &Choice) {
    out.push_str("<section id=\"choice\">\n<h2>The choice</h2>\n<ul>\n");
    for sentence in choice.evidence.iter().chain(&choice.why) {
        let _ = writeln!(out, "<li>{}</li>", escape(sentence));
    }
    out.push_str("</ul>\n");
    if let Some(configuration) = &choice.configuration {
        let _ = writeln!(out, "<pre>{}</pre>", escape(configuration));
    }
    out.push_str("</section>\n");
}

fn contents(out: &mut String, report: &Report) {
    if report.experiments.len() < 2 {
        return;
    }
    out.push_str("<nav><ul>\n");
    for experiment in &report.experiments {
        let (id, title) = (escape(&experiment.id), escape(&experiment.title));
        let _ = writeln!(out, "<li><a href=\"#{id}\">{title}</a></li>");
    }
    out.push_str("</ul></nav>\n");
}

fn section(out: &mut String, experiment: &Experiment) {
    let id = escape(&experiment.id);
    let _ = writeln!(
        out,
        "<section id=\"{id}\">\n<h2>{}</h2>\n<p>{}</p>",
        escape(&experiment.title),
        escape(&experiment.about)
    );
    if let Some(why) = &experiment.refused {
        let _ = writeln!(
            out,
            "<p class=\"partial\">not measured: {}</p>",
            escape(why)
        );
    }
    if !experiment.complete {
        out.push_str("<p class=\"partial\">incomplete: it was ended early</p>\n");
    }
    if let Some(chart) = chart::draw(experiment) {
        let _ = writeln!(out, "<figure>\n{chart}");
        legend(out, experiment);
        out.push_str("</figure>\n");
    }
    for crossing in &experiment.crossings {
        let at = |value: f64| escape(&units::show(value, experiment.x.unit));
        let _ = writeln!(
            out,
            "<p class=\"crossing\">{} passes {} at about {} (the one leads up to {}, the other from {})</p>",
            escape(&crossing.leads_above),
            escape(&crossing.leads_below),
            at(crossing.x),
            at(crossing.from),
            at(crossing.to)
        );
    }
    for table in &experiment.tables {
        tables::free(out, table);
    }
    tables::behind(out, experiment);
    notes(out, &experiment.notes);
    settings(out, experiment);
    out.push_str("</section>\n");
}

fn legend(out: &mut String, experiment: &Experiment) {
    out.push_str("<figcaption>\n");
    for (at, series) in experiment.series.iter().enumerate() {
        let look = chart::Look::of(experiment, at);
        let bare = match &series.bare_of {
            Some(of) => format!(" (bare calls under {})", escape(of)),
            None => String::new(),
        };
        let _ = writeln!(
            out,
            "<span class=\"key\">{}{}{bare}</span>",
            look.sample(),
            escape(&series.name)
        );
    }
    out.push_str("</figcaption>\n");
}

fn notes(out: &mut String, notes: &[String]) {
    for note in notes {
        let _ = writeln!(out, "<p class=\"note\">{}</p>", escape(note));
    }
}

fn settings(out: &mut String, experiment: &Experiment) {
    if experiment.settings.is_empty() {
        return;
    }
    out.push_str("<p class=\"settings\">");
    for (at, (name, value)) in experiment.settings.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        let _ = write!(out, "{comma}{} <b>{}</b>", escape(name), escape(value));
    }
    out.push_str("</p>\n");
}

/// Text for an element or an attribute.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
