//! `cargo xtask fuzz`: every fuzz target for a while, each from the corpus in `fuzz/corpus/TARGET`.
//!
//! The corpus in the tree is read, never written: what a run finds goes to `target/fuzz`. An input that breaks a target is
//! left in `target/fuzz/artifacts/TARGET` and told.
//!
//! No nightly compiler and no cargo-fuzz: what LLVM needs to know to count edges can be said to any rustc. Absent for that
//! reason: sanitizers. The code under test has no `unsafe`, so what they would find is found by checks and assertions.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::report::{Report, Tally};
use crate::{step, workspace};

/// Options of `fuzz`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long each target runs; 0: only what is in the corpora.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Only these targets.
    #[arg(long, num_args = 1..)]
    target: Vec<String>,
}

/// What makes LLVM count edges and tell comparisons to libFuzzer.
const INSTRUMENTED: &str = "--cfg fuzzing \
    -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Cllvm-args=-simplifycfg-branch-fold-threshold=0 \
    -Ccodegen-units=1";

/// Runs the targets one after the other.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let mut report = Report::new();
    steps(&mut report, args)?;
    Ok(report.finish())
}

/// The seeds alone, as a step of `test`: the targets compile, and nothing found before comes back.
pub(crate) fn test_steps(report: &mut Report) {
    let args = Args {
        seconds: 0,
        target: Vec::new(),
    };
    if let Err(error) = steps(report, &args) {
        report.step("fuzz", || Err(error));
    }
}

fn steps(report: &mut Report, args: &Args) -> Result<()> {
    let all = targets()?;
    for wanted in &args.target {
        ensure!(
            all.contains(wanted),
            "no fuzz target {wanted}; there are {all:?}"
        );
    }
    // The seeds alone are done in no time, so that the compiler need not think for long.
    let profile = if args.seconds == 0 { "dev" } else { "release" };
    if !report.step("fuzz build", || step::single(&mut build(profile))) {
        return Ok(());
    }
    for target in &all {
        if args.target.is_empty() || args.target.contains(target) {
            let program = program(target, profile);
            report.step(&format!("fuzz {target}"), || {
                one(target, &program, args.seconds)
            });
        }
    }
    Ok(())
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

/// Where builds, found inputs and artifacts go.
fn folder() -> PathBuf {
    workspace::target_dir().join("fuzz")
}

fn program(target: &str, profile: &str) -> PathBuf {
    let folder_of_profile = if profile == "dev" { "debug" } else { profile };
    let built = folder().join("build").join(triple());
    built.join(folder_of_profile).join(target)
}

fn build(profile: &str) -> Command {
    let mut command = workspace::cargo();
    command
        .args(["build", "--quiet", "--locked", "--bins"])
        .args(["--profile", profile])
        .args(["--manifest-path", "fuzz/Cargo.toml"])
        // Named even where it is the host: build scripts must not be instrumented.
        .args(["--target", &triple(), "--target-dir"])
        .arg(folder().join("build"))
        .env("RUSTFLAGS", INSTRUMENTED);
    command
}

fn triple() -> String {
    format!("{}-unknown-linux-gnu", std::env::consts::ARCH)
}

fn one(target: &str, program: &Path, seconds: u64) -> Result<Tally> {
    let (corpus, artifacts) = (
        folder().join("corpus").join(target),
        folder().join("artifacts").join(target),
    );
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&artifacts)?;
    let seeds = workspace::root().join("fuzz/corpus").join(target);
    ensure!(seeds.is_dir(), "no corpus for {target}");
    let mut command = Command::new(program);
    let amount = if seconds == 0 {
        "-runs=0".to_owned()
    } else {
        format!("-max_total_time={seconds}")
    };
    command
        .arg(amount)
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .args([
            "-max_len=65536",
            "-rss_limit_mb=2048",
            "-timeout=10",
            "-print_final_stats=1",
        ])
        .arg(&corpus)
        .arg(&seeds)
        .current_dir(folder());
    Ok(Tally::single(watched(&mut command)?))
}

/// Runs a target and passes on what it says, but for thousands of lines of progress; true when it found nothing.
fn watched(command: &mut Command) -> Result<bool> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{command:?}"))?;
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).lines() {
            let line = line.context("output of a fuzz target")?;
            if !is_noise(&line) {
                println!("   {line}");
            }
        }
    }
    Ok(child.wait()?.success())
}

/// A line of progress such as `#4096 NEW cov: 120 ...`, or one that misses a sanitizer. The closing line, `#9 DONE ...`,
/// is none.
fn is_noise(line: &str) -> bool {
    (line.starts_with('#') && !line.contains("DONE"))
        || line.starts_with("WARNING: Failed to find function")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_noise_is_kept_back() {
        assert!(is_noise("#1024\tpulse  cov: 9 ft: 9 corp: 1/1b"));
        assert!(!is_noise("#2048\tDONE   cov: 9 ft: 9 corp: 1/1b"));
        assert!(!is_noise("stat::number_of_executed_units: 2048"));
    }
}
