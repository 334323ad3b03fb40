//! `cargo xtask bench raftlog-large`: a Raft log far larger than the memory there is for it, on each engine.
//!
//! The program is `bench/raftload`'s `raftlarge`, a process for each step, in a group of processes whose memory, page cache
//! included, is limited. A process that is killed for want of memory fails the run.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::raftlog::cgroup::{MemoryGroup, Version};
use super::raftlog::peers::Place;
use crate::{step, workspace};

/// Options of `bench raftlog-large`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Payload of the log; the disk needs a little more.
    #[arg(long, default_value_t = 40)]
    gib: u64,
    /// Memory of the group.
    #[arg(long, default_value_t = 1024)]
    memory_mib: u64,
    /// Bytes of the sparse segments that are opened and read.
    #[arg(long, default_value_t = 1024)]
    sparse_gib: u64,
    /// Engines, one after the other; the log of one is removed before the next.
    #[arg(long, num_args = 1.., default_values = workspace::ENGINES)]
    engine: Vec<String>,
    /// Where to make the log. Default: below target/.
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// Runs every step on every engine; an error ends it.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let mut build = workspace::cargo();
    build.args(["build", "--release", "--package", "raftload"]);
    ensure!(step::passes(&mut build)?, "bench/raftload was not built");
    let dir = args
        .dir
        .clone()
        .unwrap_or_else(|| workspace::target_dir().join("raftlog-large"));
    for engine in &args.engine {
        println!(
            "{engine}, {} GiB in a group of {} MiB",
            args.gib, args.memory_mib
        );
        let place = Place::new(&dir)?;
        for task in [
            vec!["write".to_owned(), format!("--gib={}", args.gib)],
            vec!["read".to_owned()],
        ] {
            one(args, &place.log(), engine, &task)?;
        }
        drop(place);
        let place = Place::new(&dir)?;
        let task = ["sparse".to_owned(), format!("--gib={}", args.sparse_gib)];
        one(args, &place.log(), engine, &task)?;
    }
    Ok(true)
}

fn one(args: &Args, dir: &Path, engine: &str, task: &[String]) -> Result<()> {
    let group = MemoryGroup::create("large", args.memory_mib << 20).map_err(anyhow::Error::msg)?;
    let mut command = Command::new("sh");
    // It waits until it is in the group.
    command.args(["-c", "read _ && exec \"$0\" \"$@\""]);
    command.arg(workspace::target_dir().join("release/raftlarge"));
    command
        .arg("--dir")
        .arg(dir)
        .args(["--engine", engine])
        .args(task);
    let mut child = command
        .stdin(Stdio::piped())
        .spawn()
        .with_context(|| format!("{command:?}"))?;
    group.add(child.id())?;
    child.stdin.take().context("stdin")?.write_all(b"go\n")?;
    let status = child.wait()?;
    ensure!(
        group.oom_kills().unwrap_or(0) == 0,
        "{engine}: killed for want of memory"
    );
    ensure!(status.success(), "{engine}: {task:?}: {status}");
    let version = if group.version() == Version::V1 { 1 } else { 2 };
    println!("no process was killed for want of memory (control groups of version {version})");
    Ok(())
}
