//! Where a report goes: as text or JSON to stdout, as JSON or as a page to a file.
//!
//! A file is written when the run begins, which shows that it can be, and again after each experiment, so that even a
//! run that is killed leaves what it had measured.

use std::path::PathBuf;
use std::time::Instant;

use highwater::report::{
    Choice, Ending, Experiment, Machine, Report, SCHEMA, html, json, terminal,
};

use super::watch::Bar;
use crate::cli::Format;
use crate::commands::listing;
use crate::exit::{Exit, Failure};

/// Flags of every command that makes a report.
#[derive(Debug, clap::Args)]
pub(in crate::commands) struct OutputArgs {
    #[command(flatten)]
    files: Files,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Files that a report is written to.
#[derive(Debug, clap::Args)]
pub(in crate::commands) struct Files {
    /// Write the report to this file, as JSON
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write it to this file as one page with charts, which needs no network
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl Files {
    /// Writes those that were asked for.
    pub(in crate::commands) fn save(&self, report: &Report) -> Result<(), Failure> {
        let failed = |flag: &str, error: json::JsonError| {
            Failure::new(Exit::Unavailable, format!("{flag} {error}"))
        };
        if let Some(path) = &self.out {
            json::write(report, path).map_err(|error| failed("--out", error))?;
        }
        if let Some(path) = &self.html {
            html::write(report, path).map_err(|error| failed("--html", error))?;
        }
        Ok(())
    }
}

/// A report without experiments; until it is ended it says that the run was interrupted.
pub(in crate::commands) fn blank(machine: Machine) -> Report {
    let command = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    Report {
        schema: SCHEMA,
        highwater: env!("CARGO_PKG_VERSION").to_owned(),
        command: command.collect(),
        started: jiff::Timestamp::now().to_string(),
        duration_s: 0.0,
        ending: Ending::Interrupted,
        machine,
        experiments: Vec::new(),
        notes: Vec::new(),
        choice: None,
    }
}

/// A report in the making.
pub(in crate::commands) struct Output {
    args: OutputArgs,
    began: Instant,
    report: Report,
}

impl Output {
    /// Begins a report.
    pub(in crate::commands) fn begin(args: OutputArgs, machine: Machine) -> Result<Self, Failure> {
        let mut output = Self {
            args,
            began: Instant::now(),
            report: blank(machine),
        };
        output.save()?;
        if output.args.format == Format::Table {
            listing::print(&terminal::header(&output.report))?;
        }
        Ok(output)
    }

    /// Adds a remark about all of it.
    pub(in crate::commands) fn note(&mut self, note: String) {
        self.report.notes.push(note);
    }

    /// What there is so far.
    pub(in crate::commands) fn report(&self) -> &Report {
        &self.report
    }

    /// Adds what was chosen.
    pub(in crate::commands) fn choose(&mut self, choice: Choice) {
        self.report.choice = Some(choice);
    }

    /// Adds an experiment; a table is printed at once.
    pub(in crate::commands) fn add(
        &mut self,
        experiment: Experiment,
        bar: &Bar,
    ) -> Result<(), Failure> {
        if self.args.format == Format::Table {
            let text = terminal::experiment(&experiment);
            bar.suspend(|| listing::print(&format!("\n{text}")))?;
        }
        self.report.experiments.push(experiment);
        self.save()
    }

    /// Ends the report and prints what has not been printed yet.
    pub(in crate::commands) fn end(mut self, ending: Ending) -> Result<(), Failure> {
        self.report.ending = ending;
        self.save()?;
        match self.args.format {
            Format::Table => listing::print(&format!("\n{}", terminal::footer(&self.report))),
            Format::Json => listing::print(&json_text(&self.report)?),
        }
    }

    fn save(&mut self) -> Result<(), Failure> {
        self.report.duration_s = self.began.elapsed().as_secs_f64();
        self.args.files.save(&self.report)
    }
}

/// The report as it is printed for programs.
pub(super) fn json_text(report: &Report) -> Result<String, Failure> {
    json::text(report).map_err(|error| Failure::new(Exit::NotWell, format!("the report: {error}")))
}
