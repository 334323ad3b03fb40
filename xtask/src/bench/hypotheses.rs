//! `cargo xtask bench hypotheses`: runs what decides the claims that the project grew from, and writes
//! `docs/hypotheses.md` from the data alone.
//!
//! The page holds each claim with the command that decides it, its figures (least, median, most of at least five runs) and a
//! verdict. Nothing on the page is typed in; a claim that nothing of this run decides says so.

mod data;
mod show;
mod verdicts;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{step, workspace};
use data::Data;
use verdicts::{CLAIMS, Claim, Verdict, Word};

/// Options of `bench hypotheses`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The directory to measure. Default: the system's temporary directory.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Decide from these reports instead of running anything; may be repeated.
    #[arg(long = "from", value_name = "REPORT.json")]
    from: Vec<PathBuf>,
    /// Where to write the page.
    #[arg(long, default_value = "docs/hypotheses.md")]
    page: PathBuf,
    /// Further flags for `highwater bench io`, such as --file-bytes=256M.
    #[arg(last = true)]
    flags: Vec<String>,
}

/// Runs the experiments, or reads them, and writes the page. False only when a run failed.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let mut reports = args.from.clone();
    if reports.is_empty() {
        let report = workspace::target_dir().join("hypotheses.json");
        if !measure(args, &report)? {
            return Ok(false);
        }
        reports.push(report);
    }
    let mut all = Data::default();
    let mut headers = Vec::new();
    for path in &reports {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let value: Value =
            serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        ensure!(
            value["schema"] == 1,
            "{}: schema {}",
            path.display(),
            value["schema"]
        );
        headers.push(header(&value));
        let data: Data =
            serde_json::from_value(value).with_context(|| path.display().to_string())?;
        all.experiments.extend(data.experiments);
    }
    let page = workspace::root().join(&args.page);
    fs::write(&page, text(&all, &headers)).with_context(|| page.display().to_string())?;
    println!("{}", page.display());
    Ok(true)
}

fn measure(args: &Args, report: &Path) -> Result<bool> {
    let mut build = workspace::cargo();
    build.args(["build", "--release", "--quiet", "-p", "highwater"]);
    if !step::passes(&mut build)? {
        return Ok(false);
    }
    let dir = args.dir.clone().unwrap_or_else(std::env::temp_dir);
    let mut command = Command::new(workspace::target_dir().join("release/highwater"));
    command.args(["bench", "io", "--full", "--bare", "--dir"]);
    command.arg(dir).arg("--out").arg(report).args(&args.flags);
    let experiments = CLAIMS.iter().flat_map(|claim| claim.by.split_whitespace());
    let mut wanted: Vec<&str> = experiments.collect();
    wanted.sort_unstable();
    wanted.dedup();
    for id in wanted {
        command.args(["--only", id]);
    }
    step::passes(&mut command)
}

/// The machine that a report is of, in a line.
fn header(report: &Value) -> String {
    let machine = &report["machine"];
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "?".to_owned(),
        other => other.to_string(),
    };
    let gib = machine["memory_bytes"].as_f64().unwrap_or(0.0) / f64::from(1 << 30);
    format!(
        "{}: {}, {} cores, {gib:.1} GiB, {}, {} on {}, build {}",
        text(&report["started"]),
        text(&machine["cpu"]),
        text(&machine["cores"]),
        text(&machine["kernel"]),
        text(&machine["storage"]["filesystem"]),
        text(&machine["storage"]["source"]),
        text(&machine["build"]),
    )
}

fn text(data: &Data, headers: &[String]) -> String {
    let mut out = String::from(
        "# The claims, tested\n\n\
         Written by `cargo xtask bench hypotheses` from the data of one run; verdicts are computed\n\
         (`xtask/src/bench/hypotheses/verdicts.rs`). Figures are the median of at least five runs, with the least and the most.\n\
         *Not decided*: nothing of this run decides it, or the spreads overlap.\n\n",
    );
    for header in headers {
        let _ = writeln!(out, "- {header}");
    }
    out.push_str("\n| | claim | verdict | figures | measured by |\n|---|---|---|---|---|\n");
    for claim in CLAIMS {
        let Verdict { word, figures } = decide(claim, data);
        let by = match claim.by {
            "" => String::new(),
            by => format!(
                "`highwater bench io --only {}`",
                by.replace(' ', " --only ")
            ),
        };
        let _ = writeln!(
            out,
            "| {} | {} | **{}** | {} | {by} |",
            claim.id,
            claim.text,
            word.text(),
            figures.replace('|', "/")
        );
    }
    out
}

fn decide(claim: &Claim, data: &Data) -> Verdict {
    (claim.decide)(data).unwrap_or_else(|why| Verdict {
        word: Word::Undecided,
        figures: why,
    })
}

#[cfg(test)]
mod tests;
