//! `highwater bench show`: a report that was written before, shown again: as text, as JSON, as a page.
//!
//! What is computed from the samples (spreads are in the file; crossings, overheads) is computed anew, so a document of
//! somebody else's making needs only samples and their spreads.

use std::path::PathBuf;

use highwater::report::{Report, json, terminal};

use super::output::{Files, json_text};
use crate::cli::Format;
use crate::commands::listing;
use crate::exit::{Exit, Failure};

/// Arguments of `bench show`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The report, as `--out` wrote it
    #[arg(value_name = "FILE")]
    report: PathBuf,
    #[command(flatten)]
    files: Files,
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let mut report: Report =
        json::read(&args.report).map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
    for experiment in &mut report.experiments {
        experiment.conclude();
    }
    args.files.save(&report)?;
    match args.format {
        Format::Table => listing::print(&terminal::text(&report)),
        Format::Json => listing::print(&json_text(&report)?),
    }
}
