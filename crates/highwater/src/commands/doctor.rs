//! `highwater doctor`: what of this machine is in the way of the server, and what to change.

use std::fmt::Write as _;

use highwater::doctor::{self, Finding, Verdict};
use serde_json::json;

use super::{config, listing};
use crate::cli::{Format, ServeArgs};
use crate::exit::{Exit, Failure};

/// Arguments of `highwater doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing is changed: ports are bound and let go, and a file of 64 KiB is written beside the data and removed.
Root is not needed.

Exit codes:
  0  nothing failed (with --strict: nothing failed or warned)
  1  something failed, or with --strict, warned
  2  wrong usage or configuration")]
pub(crate) struct Args {
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Leave with 1 for a warning, too.
    #[arg(long)]
    strict: bool,
    /// Leave out what is as it should be.
    #[arg(long)]
    problems: bool,
    #[command(flatten)]
    serve: ServeArgs,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let loaded = config::load(&args.serve)?;
    let all = doctor::examine(&loaded.config);
    let shown: Vec<&Finding> = all
        .iter()
        .filter(|finding| !args.problems || finding.verdict > Verdict::Ok)
        .collect();
    match args.format {
        Format::Table => listing::print(&table(&shown, &all))?,
        Format::Json => listing::print_json(&json!({
            "data": loaded.config.data.display().to_string(),
            "worst": worst(&all),
            "findings": shown,
        }))?,
    }
    let allowed = if args.strict {
        Verdict::Note
    } else {
        Verdict::Warn
    };
    if worst(&all) <= allowed {
        return Ok(());
    }
    Err(Failure::new(
        Exit::NotWell,
        "not everything is as it should be",
    ))
}

fn worst(findings: &[Finding]) -> Verdict {
    let verdicts = findings.iter().map(|finding| finding.verdict);
    verdicts.max().unwrap_or(Verdict::Ok)
}

/// The worst first; under each that is not ok, why it matters and what to do.
fn table(shown: &[&Finding], all: &[Finding]) -> String {
    let width = shown
        .iter()
        .map(|finding| finding.check.len())
        .max()
        .unwrap_or(0);
    let mut sorted = shown.to_vec();
    sorted.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
    let mut out = String::new();
    for finding in sorted {
        let Finding {
            check,
            found,
            verdict,
            why,
            change,
        } = finding;
        let verdict_name = verdict.name();
        // Writing into a string cannot fail.
        let _ = writeln!(out, "{verdict_name:<4}  {check:<width$}  {found}");
        if *verdict > Verdict::Ok {
            for line in std::iter::once(why).chain(change) {
                let mark = if std::ptr::eq(line, why) {
                    "why:   "
                } else {
                    "change:"
                };
                let _ = writeln!(out, "{:8}{mark} {line}", "");
            }
        }
    }
    let count = |verdict| all.iter().filter(|one| one.verdict == verdict).count();
    let _ = writeln!(
        out,
        "\n{} ok, {} to note, {} to warn of, {} failed",
        count(Verdict::Ok),
        count(Verdict::Note),
        count(Verdict::Warn),
        count(Verdict::Fail)
    );
    out
}
