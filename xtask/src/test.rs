//! `cargo xtask test`: everything that must pass before a change lands. CI runs exactly this.
//!
//! Needs no input, writes nothing into the tree, installs what it needs into the download cache.

use anyhow::Result;

use crate::report::{Report, Tally};
use crate::{bench, browser, check, clients, fuzz, interchange, interop, raft, step, workspace};

/// Options of `test`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only what needs no other program: `check` and the Rust tests.
    #[arg(long)]
    quick: bool,
}

/// Runs all steps, goes on after a failed one, and ends with the closing line.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let mut report = Report::new();
    check::steps(&mut report);
    report.step("cargo test", || {
        step::cargo_test(workspace::cargo().args(["test", "--workspace", "--no-fail-fast"]))
    });
    report.step("bench raftlog runs", || {
        bench::raftlog::smoke().map(|()| Tally::single(true))
    });
    if !args.quick {
        fuzz::test_steps(&mut report);
        clients::test_steps(&mut report);
        interop::test_steps(&mut report);
        bench::test_steps(&mut report);
        interchange::test_steps(&mut report);
        browser::test_steps(&mut report);
        raft::test_steps(&mut report);
    }
    Ok(report.finish())
}
