//! `cargo xtask check`: format, lints, documentation, house rules. Writes nothing outside the build directory.

use anyhow::Result;

use crate::report::{Report, Tally};
use crate::{step, tidy, workspace};

/// Options of `check`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only the house rules (no compiler): answers in under a second.
    #[arg(long)]
    tidy: bool,
}

/// Runs all checks, goes on after a failed one, and tells the counts.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let mut report = Report::new();
    if args.tidy {
        report.step("tidy", tidy_step);
    } else {
        steps(&mut report);
    }
    Ok(report.finish())
}

/// The steps of `check`, also the first ones of `test`.
pub(crate) fn steps(report: &mut Report) {
    report.step("format", || {
        step::single(workspace::cargo().args(["fmt", "--all", "--check"]))
    });
    report.step("tidy", tidy_step);
    report.step("clippy", || {
        let args = [
            "clippy",
            "--quiet",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        step::single(workspace::cargo().args(args))
    });
    report.step("rustdoc", || {
        let args = [
            "doc",
            "--quiet",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ];
        step::single(
            workspace::cargo()
                .args(args)
                .env("RUSTDOCFLAGS", "-D warnings"),
        )
    });
}

fn tidy_step() -> Result<Tally> {
    let outcome = tidy::check()?;
    for complaint in &outcome.complaints {
        println!("{complaint}");
    }
    Ok(Tally {
        passed: outcome.rules_kept,
        failed: outcome.rules_broken,
        skipped: 0,
    })
}
