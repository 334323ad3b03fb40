//! `cargo xtask fuzz`: every fuzz target for a while, each from the corpus in `fuzz/corpus/TARGET`.
//!
//! The corpus in the tree is read, never written: what a run finds goes to `target/fuzz`. An input that breaks a target is
//! left in `target/fuzz/artifacts/TARGET` and told.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::report::{Report, Tally};
use crate::{maven, step, workspace};

/// Options of `fuzz`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long each target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Only these targets.
    #[arg(long, num_args = 1..)]
    target: Vec<String>,
}

/// What runs the targets; needs the nightly toolchain.
const CARGO_FUZZ: &str = "0.13.2";

/// Runs the targets one after the other.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let cargo_fuzz = install()?;
    let targets = if args.target.is_empty() {
        targets()?
    } else {
        args.target.clone()
    };
    let mut report = Report::new();
    for target in &targets {
        report.step(&format!("fuzz {target}"), || {
            one(&cargo_fuzz, target, args.seconds)
        });
    }
    Ok(report.finish())
}

fn install() -> Result<PathBuf> {
    let root = maven::cache().join("cargo");
    let program = root.join("bin/cargo-fuzz");
    if !program.is_file() {
        let mut install = Command::new("cargo");
        install
            .args(["install", "--locked", "--root"])
            .arg(&root)
            .arg(format!("cargo-fuzz@{CARGO_FUZZ}"));
        step::output(&mut install)?;
    }
    Ok(program)
}

fn targets() -> Result<Vec<String>> {
    let folder = workspace::root().join("fuzz/fuzz_targets");
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        names.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    names.sort();
    Ok(names)
}

fn one(cargo_fuzz: &PathBuf, target: &str, seconds: u64) -> Result<Tally> {
    let found = workspace::target_dir().join("fuzz");
    let (corpus, artifacts) = (
        found.join("corpus").join(target),
        found.join("artifacts").join(target),
    );
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&artifacts)?;
    let seeds = workspace::root().join("fuzz/corpus").join(target);
    ensure!(seeds.is_dir(), "no corpus for {target}");
    let mut command = Command::new(cargo_fuzz);
    command
        .args(["run", "--sanitizer=none", "--target-dir"])
        .arg(found.join("build"))
        .arg(target);
    command.arg(&corpus).arg(&seeds).arg("--");
    command
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/", artifacts.display()));
    command.args([
        "-max_len=65536",
        "-rss_limit_mb=2048",
        "-timeout=10",
        "-print_final_stats=1",
    ]);
    command.current_dir(workspace::root().join("fuzz"));
    // The nightly compiler, without touching what the tree is built with.
    command
        .env("RUSTUP_TOOLCHAIN", "nightly")
        .env_remove("CARGO");
    step::single(&mut command)
}
