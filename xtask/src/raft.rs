//! `cargo xtask raft`: three nodes of `examples/kv` as processes, under load, while nodes are killed, stopped and cut off.
//!
//! The rounds themselves are a test program of the example (`examples/kv/tests/rounds`), the checker of histories is a Go
//! program on porcupine (`examples/kv/tests/porcupine`); this task builds both and runs them. It needs `unshare`, `nsenter`
//! and `ip`, and root or user namespaces. Data, histories and logs of the last run are left below `target/raft`.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::report::{Report, Tally};
use crate::{clients, step, workspace};

/// Options of `raft`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rounds of faults, on each engine.
    #[arg(long, default_value_t = ROUNDS_IN_TEST)]
    rounds: u32,
    /// Decides faults and requests; printed by every run.
    #[arg(long)]
    seed: Option<u64>,
    /// Engines of the nodes' logs.
    #[arg(long, num_args = 1.., default_values = ["file"])]
    engine: Vec<String>,
}

const ROUNDS_IN_TEST: u32 = 5;

/// In how many rounds a fault that was put in must be found.
const ROUNDS_TO_BE_CAUGHT: u32 = 5;

/// Runs the rounds.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let mut report = Report::new();
    steps(&mut report, args);
    Ok(report.finish())
}

/// What `cargo xtask test` runs of this.
pub(crate) fn test_steps(report: &mut Report) {
    let args = Args {
        rounds: ROUNDS_IN_TEST,
        seed: None,
        engine: vec!["file".to_owned()],
    };
    steps(report, &args);
}

fn steps(report: &mut Report, args: &Args) {
    let seed = args.seed.unwrap_or_else(clients::fresh_seed);
    let (rounds, home) = (args.rounds, workspace::target_dir().join("raft"));
    let checker = home.join("porcupine");
    if !report.step("the checker of histories, tested", || {
        build_checker(&checker)
    }) {
        return;
    }
    println!("seed {seed} (`cargo xtask raft --rounds {rounds} --seed {seed}` repeats it)");
    for engine in &args.engine {
        report.step(&format!("kv under faults on {engine}"), || {
            let mut command = program(engine, rounds, seed, &checker, &home.join(engine))?;
            step::counted(&mut command, verdict)
        });
    }
    report.step("stale reads are caught", || {
        let (engine, dir) = (
            args.engine.first().context("no engine named")?,
            home.join("stale"),
        );
        let mut command = program(engine, ROUNDS_TO_BE_CAUGHT, seed, &checker, &dir)?;
        step::single(command.arg("--stale-reads"))
    });
}

fn build_checker(program: &Path) -> Result<Tally> {
    let go = |args: &[&str]| {
        let mut command = Command::new("go");
        command
            .args(args)
            .current_dir(workspace::root().join("examples/kv/tests/porcupine"));
        command
    };
    step::output(&mut go(&["vet", "-mod=readonly", "."]))?;
    step::output(&mut go(&["test", "-mod=readonly", "."]))?;
    step::output(go(&["build", "-mod=readonly", "-o"]).arg(program).arg("."))?;
    Ok(Tally::single(true))
}

/// The test program, which leaves its data in a new `dir`.
fn program(engine: &str, rounds: u32, seed: u64, checker: &Path, dir: &Path) -> Result<Command> {
    if dir.exists() {
        std::fs::remove_dir_all(dir).with_context(|| dir.display().to_string())?;
    }
    let mut command = workspace::cargo();
    command.args([
        "test",
        "--quiet",
        "--package",
        "kv",
        "--test",
        "rounds",
        "--",
    ]);
    command.args(["--rounds", &rounds.to_string(), "--seed", &seed.to_string()]);
    command
        .args(["--engine", engine])
        .arg("--checker")
        .arg(checker);
    command.arg("--dir").arg(dir);
    Ok(command)
}

/// Each round ends with a line that ends with its verdict.
fn verdict(line: &str) -> Tally {
    Tally {
        passed: u64::from(line.ends_with("; linearizable")),
        failed: u64::from(line.ends_with("; NOT LINEARIZABLE")),
        skipped: 0,
    }
}
