//! `cargo xtask bench tune`: `highwater tune` several times on disks that differ, and whether it says the same each time.
//!
//! The disks: the directory's own, memory (`/dev/shm`), and ext4 on a loop device whose writes a control group throttles.
//! The last needs root and version 1 of the block controller or `io.max` of version 2; where these are not to be had, it is
//! left out with the reason. Invariant: mounts, loop devices, groups and files made here are gone in the end, whatever
//! happened.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{step, workspace};

/// Options of `bench tune`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A directory on the first disk. Default: the system's temporary directory.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Runs on each disk.
    #[arg(long, default_value_t = 3)]
    runs: u32,
    /// Bytes a second that the throttled disk writes.
    #[arg(long, default_value_t = 20 << 20)]
    throttle: u64,
    /// Debug build: to see that it runs, not for figures.
    #[arg(long)]
    debug: bool,
    /// Further flags for `highwater tune`, such as --rate-per-s=1000.
    #[arg(last = true)]
    flags: Vec<String>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    outcome: String,
    engine: String,
    evidence: Vec<String>,
}

/// Runs all. False where a run failed or the answers on one disk differ.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let mut build = workspace::cargo();
    build.args(["build", "--quiet", "-p", "highwater"]);
    let profile = if args.debug { "debug" } else { "release" };
    if !args.debug {
        build.arg("--release");
    }
    if !step::passes(&mut build)? {
        return Ok(false);
    }
    let highwater = workspace::target_dir().join(profile).join("highwater");
    let dir = args.dir.clone().unwrap_or_else(std::env::temp_dir);
    let mut same = on_disk(args, "own", || tune(&highwater, &dir, args))?;
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        same &= on_disk(args, "memory", || tune(&highwater, memory, args))?;
    }
    match Throttled::make(&dir, args.throttle) {
        Ok(disk) => same &= on_disk(args, "throttled", || disk.tune(&highwater, args))?,
        Err(why) => println!("throttled: left out: {why:#}"),
    }
    Ok(same)
}

/// Prints the answers on one disk; true when they are the same.
fn on_disk(args: &Args, name: &str, make: impl Fn() -> Command) -> Result<bool> {
    let mut answers = Vec::new();
    for number in 1..=args.runs {
        let report = workspace::target_dir().join(format!("tune-{name}-{number}.json"));
        step::output(make().arg("--out").arg(&report))?;
        let text = fs::read_to_string(&report).with_context(|| report.display().to_string())?;
        let report: Value = serde_json::from_str(&text)?;
        println!("{name} {number}: {}", told(&report)?);
        answers.push(answer(&report)?);
    }
    if let Some(first) = answers.first() {
        for sentence in &first.evidence {
            println!("  {sentence}");
        }
    }
    let same = are_same(&answers);
    println!(
        "{name}: {}",
        if same {
            "the same each time"
        } else {
            "DIFFERENT answers"
        }
    );
    Ok(same)
}

/// Evidence may differ in its figures; what is to be done may not.
fn are_same(answers: &[Answer]) -> bool {
    let to_do = |answer: &Answer| match answer.outcome.as_str() {
        // That the default is best, or not worse, comes to the same.
        "default_is_best" | "no_difference" => ("default".to_owned(), answer.engine.clone()),
        other => (other.to_owned(), answer.engine.clone()),
    };
    answers
        .windows(2)
        .all(|pair| matches!(pair, [a, b] if to_do(a) == to_do(b)))
}

fn answer(report: &Value) -> Result<Answer> {
    let choice = &report["choice"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let evidence = choice["evidence"].as_array().into_iter().flatten();
    Ok(Answer {
        outcome: text(&choice["outcome"]).context("the report has no choice")?,
        engine: text(&choice["engine"]).context("the choice has no engine")?,
        evidence: evidence.filter_map(text).collect(),
    })
}

/// A line about a run: the choice, and the engines' figures.
fn told(report: &Value) -> Result<String> {
    let answer = answer(report)?;
    let mut line = format!("{}, {}", answer.outcome, answer.engine);
    let why = report["choice"]["why"].as_array().into_iter().flatten();
    for sentence in why.filter_map(Value::as_str) {
        let is_figure = ["mmap: ", "file: ", "staged: ", "direct: "]
            .iter()
            .any(|name| sentence.starts_with(name));
        if is_figure {
            line.push_str("\n    ");
            line.push_str(sentence);
        }
    }
    Ok(line)
}

fn tune(highwater: &Path, dir: &Path, args: &Args) -> Command {
    let mut command = Command::new(highwater);
    command.arg("tune").arg(dir).args(&args.flags);
    command
}

/// ext4 on a loop device over a file, and a group that limits what is written to it.
struct Throttled {
    work: tempfile::TempDir,
    mounted: bool,
    group: Option<PathBuf>,
}

impl Throttled {
    fn make(dir: &Path, bytes_per_s: u64) -> Result<Self> {
        let work = tempfile::Builder::new()
            .prefix("highwater-tune-")
            .tempdir_in(dir)?;
        let mut disk = Self {
            work,
            mounted: false,
            group: None,
        };
        let (image, mount) = (disk.image(), disk.mount());
        fs::create_dir(&mount)?;
        let image_file = fs::File::create(&image)?;
        rustix::fs::fallocate(&image_file, rustix::fs::FallocateFlags::empty(), 0, 1 << 30)?;
        step::output(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image))?;
        step::output(
            Command::new("mount")
                .args(["-o", "loop"])
                .arg(&image)
                .arg(&mount),
        )?;
        disk.mounted = true;
        let number = step::output(Command::new("findmnt").args(["-no", "MAJ:MIN"]).arg(&mount))?;
        disk.throttle(number.trim(), bytes_per_s)?;
        Ok(disk)
    }

    fn image(&self) -> PathBuf {
        self.work.path().join("image")
    }

    fn mount(&self) -> PathBuf {
        self.work.path().join("mount")
    }

    fn throttle(&mut self, number: &str, bytes_per_s: u64) -> Result<()> {
        let v1 = Path::new("/sys/fs/cgroup/blkio");
        let (root, file, limit) = if v1.is_dir() {
            let limit = format!("{number} {bytes_per_s}");
            (v1, "blkio.throttle.write_bps_device", limit)
        } else {
            let limit = format!("{number} wbps={bytes_per_s}");
            (Path::new("/sys/fs/cgroup"), "io.max", limit)
        };
        let group = root.join(format!("highwater-tune-{}", std::process::id()));
        fs::create_dir(&group).with_context(|| group.display().to_string())?;
        self.group = Some(group.clone());
        let file = group.join(file);
        fs::write(&file, limit).with_context(|| file.display().to_string())?;
        let kept = fs::read_to_string(&file)?;
        ensure!(kept.contains(number), "{} took no limit", file.display());
        Ok(())
    }

    /// The command, in the group.
    fn tune(&self, highwater: &Path, args: &Args) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", "echo $$ > \"$0\" && exec \"$@\""]);
        let group = self.group.clone().unwrap_or_default();
        command.arg(group.join("cgroup.procs")).arg(highwater);
        command.arg("tune").arg(self.mount()).args(&args.flags);
        command
    }
}

impl Drop for Throttled {
    fn drop(&mut self) {
        let told = |what: &str, error: String| println!("{what} stays behind: {error}");
        if self.mounted
            && let Err(error) = step::output(Command::new("umount").arg(self.mount()))
        {
            told("a mount", format!("{error:#}"));
        }
        if let Some(group) = &self.group
            && let Err(error) = fs::remove_dir(group)
        {
            told("a control group", format!("{}: {error}", group.display()));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test")]

    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_the_same_when_the_same_is_to_be_done() {
        let answer = |outcome: &str, engine: &str, evidence: &str| Answer {
            outcome: outcome.to_owned(),
            engine: engine.to_owned(),
            evidence: vec![evidence.to_owned()],
        };
        let table = [
            (
                answer("chosen", "mmap", "a"),
                answer("chosen", "mmap", "b"),
                true,
            ),
            (
                answer("chosen", "mmap", ""),
                answer("chosen", "direct", ""),
                false,
            ),
            (
                answer("no_difference", "file", ""),
                answer("default_is_best", "file", ""),
                true,
            ),
            (
                answer("no_difference", "file", ""),
                answer("chosen", "mmap", ""),
                false,
            ),
            (
                answer("no_choice", "file", ""),
                answer("no_difference", "file", ""),
                false,
            ),
        ];
        for (a, b, same) in table {
            assert_eq!(
                are_same(&[a.clone(), b.clone(), a.clone()]),
                same,
                "{a:?} {b:?}"
            );
        }
    }

    #[test]
    fn a_report_without_a_choice_is_an_error() {
        assert!(answer(&json!({})).is_err());
        let report =
            json!({"choice": {"outcome": "chosen", "engine": "mmap", "why": ["for", "mmap: 1"]}});
        assert_eq!(told(&report).unwrap(), "chosen, mmap\n    mmap: 1");
    }
}
