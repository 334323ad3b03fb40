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
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{step, workspace};
use data::Data;
use verdicts::{By, CLAIMS, Claim, Verdict, Word};

/// Options of `bench hypotheses`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The directory to measure. Default: the system's temporary directory.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Decide from these reports instead of running anything; may be repeated.
    #[arg(long = "from", value_name = "REPORT.json")]
    from: Vec<PathBuf>,
    /// Sizes of the files that are four times their memory, for the claim about more memory.
    #[arg(
        long,
        value_name = "SIZES",
        value_delimiter = ',',
        default_value = "512M,1G,2G,4G"
    )]
    limited: Vec<String>,
    /// Memory of the group for the claims about mappings.
    #[arg(long, value_name = "SIZE", default_value = "256M")]
    mapping_limit: String,
    /// Where to write the page.
    #[arg(long, default_value = "docs/hypotheses.md")]
    page: PathBuf,
    /// Further flags for `highwater bench io`. The default is the full matrix thinned out until it takes half an hour: the claims
    /// need its ends and the places where the texts see crossings.
    #[arg(last = true, default_values = FLAGS)]
    flags: Vec<String>,
}

/// A file, a longest pass and blocks that take half an hour, and reach the 64 MiB at which the texts see a crossing.
const FLAGS: [&str; 3] = [
    "--file-bytes=512M",
    "--cell-ms=700",
    "--sizes=64,1K,4K,16K,64K,1M,32M,64M",
];

/// Runs the experiments, or reads them, and writes the page. False only when a run failed.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let mut reports = args.from.clone();
    if reports.is_empty() {
        let Some(measured) = measure(args)? else {
            return Ok(false);
        };
        reports = measured;
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
        if all.machine.is_null() {
            all.machine = data.machine;
        }
    }
    let page = workspace::root().join(&args.page);
    fs::write(&page, text(&all, &headers)).with_context(|| page.display().to_string())?;
    println!("{}", page.display());
    Ok(true)
}

/// Runs everything; the reports, that of `bench io` first. `None`: one of them failed.
fn measure(args: &Args) -> Result<Option<Vec<PathBuf>>> {
    let mut build = workspace::cargo();
    build.args(["build", "--release", "--quiet", "-p", "highwater"]);
    if !step::passes(&mut build)? {
        return Ok(None);
    }
    let dir = args.dir.clone().unwrap_or_else(std::env::temp_dir);
    let mut reports = Vec::new();
    let mut run = |name: &str, flags: &[&str]| -> Result<bool> {
        let report = workspace::target_dir().join(format!("hypotheses-{name}.json"));
        let mut command = Command::new(workspace::target_dir().join("release/highwater"));
        command.arg("bench").args(flags).arg("--dir").arg(&dir);
        let passes = step::passes(command.arg("--out").arg(&report))?;
        reports.push(report);
        Ok(passes)
    };
    let mut wanted = Vec::new();
    for claim in CLAIMS {
        if let By::Io(experiments) = claim.by {
            wanted.extend(experiments.split_whitespace());
        }
    }
    wanted.sort_unstable();
    wanted.dedup();
    let mut flags = vec!["io", "--full", "--bare"];
    flags.extend(wanted.into_iter().flat_map(|id| ["--only", id]));
    flags.extend(args.flags.iter().map(String::as_str));
    let mut passes = run("io", &flags)?;
    for number in 1..=data::RUNS_MIN {
        let flags = ["mapping", "--limit", args.mapping_limit.as_str()];
        passes &= run(&format!("mapping-{number}"), &flags)?;
    }
    for size in &args.limited {
        let flags = [
            "io",
            "--only",
            "limited",
            "--engine",
            "mmap",
            "--file-bytes",
            size.as_str(),
        ];
        passes &= run(&format!("limited-{size}"), &flags)?;
    }
    Ok(passes.then_some(reports))
}

/// When a report was begun, to the second, and the machine that it is of, in a line.
fn header(report: &Value) -> (String, String) {
    let machine = &report["machine"];
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "?".to_owned(),
        other => other.to_string(),
    };
    let gib = machine["memory_bytes"].as_f64().unwrap_or(0.0) / f64::from(1 << 30);
    let started = text(&report["started"]);
    let seconds = started.split('.').next().unwrap_or_default().to_owned();
    let line = format!(
        "{}, {} cores, {gib:.1} GiB, {}, {} on {}, build {}",
        text(&machine["cpu"]),
        text(&machine["cores"]),
        text(&machine["kernel"]),
        text(&machine["storage"]["filesystem"]),
        text(&machine["storage"]["source"]),
        text(&machine["build"]),
    );
    (seconds, line)
}

fn text(data: &Data, headers: &[(String, String)]) -> String {
    let mut out = String::from(
        "# The claims, tested\n\n\
         Written by `cargo xtask bench hypotheses` from the data of one run; verdicts are computed\n\
         (`xtask/src/bench/hypotheses/verdicts.rs`). Figures are the median of at least five runs, with the least and the most.\n\
         *Not decided*: nothing of this run decides it, or the spreads overlap.\n\n",
    );
    for same in headers.chunk_by(|a, b| a.1 == b.1) {
        if let ([(first, machine), ..], [.., (last, _)]) = (same, same) {
            let count = same.len();
            let _ = writeln!(
                out,
                "- {machine}: {count} reports, begun {first} to {last} UTC"
            );
        }
    }
    out.push_str("\n| | claim | verdict | figures | measured by |\n|---|---|---|---|---|\n");
    for claim in CLAIMS {
        let Verdict { word, figures } = decide(claim, data);
        let by = match claim.by {
            By::Io(experiments) => format!(
                "`highwater bench io --only {}`",
                experiments.replace(' ', " --only ")
            ),
            By::Mapping => "`highwater bench mapping`".to_owned(),
            By::Sizes => "`highwater bench io --only limited` by file size".to_owned(),
            By::Nobody => String::new(),
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
