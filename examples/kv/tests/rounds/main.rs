//! Rounds of faults: three nodes as processes, clients that record what they asked and what they were told, and a nemesis
//! that kills, stops and cuts off nodes meanwhile. After each round the history is checked for linearizability.
//!
//! Run by `cargo xtask raft`, which builds the checker (`tests/porcupine`, in Go). The same seed gives the same faults at the
//! same times and the same mix of requests; what the machine makes of them differs from run to run.
//!
//! The whole run lives in namespaces of its own (`unshare`): its addresses cannot collide with anything, and when its
//! first process ends, however it ends, the kernel ends all nodes, the stopped ones too. That needs root or user
//! namespaces.
#![allow(
    clippy::print_stdout,
    reason = "a task talks to the person who started it"
)]

mod faults;
mod history;
mod machines;
mod nodes;
mod workload;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;

use history::{History, Verdict};
use nodes::Cluster;
use workload::Reads;

/// Set for the process inside of the namespaces.
const INSIDE: &str = "KV_ROUNDS_INSIDE";

#[derive(Parser)]
struct Args {
    /// How many rounds of faults.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Decides faults and requests.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The program that checks a history.
    #[arg(long)]
    checker: PathBuf,
    /// Engine of the nodes' logs.
    #[arg(long, default_value = "file")]
    engine: String,
    /// Test of the test: reads are answered from what the asked node has, and the checker must object.
    #[arg(long)]
    stale_reads: bool,
    /// An empty or new directory, where data, histories and the nodes' words are left.
    #[arg(long)]
    dir: PathBuf,
}

fn main() -> ExitCode {
    if !std::env::args().any(|arg| arg.starts_with("--checker")) {
        println!("rounds: run by `cargo xtask raft`; nothing is done here");
        return ExitCode::SUCCESS;
    }
    let args = Args::parse();
    let result = if std::env::var_os(INSIDE).is_none() {
        enter_namespaces()
    } else {
        inside(&args)
    };
    result.unwrap_or_else(|error| {
        eprintln!("rounds: {error:#}");
        ExitCode::from(2)
    })
}

/// Runs this program again, as the first process of new namespaces.
fn enter_namespaces() -> Result<ExitCode> {
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--net", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    let status = command
        .arg(std::env::current_exe()?)
        .args(std::env::args_os().skip(1))
        .env(INSIDE, "1")
        .status()
        .context("unshare (of util-linux) makes the namespaces that this test runs in")?;
    Ok(status.code().map_or(ExitCode::from(2), |code| {
        ExitCode::from(u8::try_from(code).unwrap_or(2))
    }))
}

fn inside(args: &Args) -> Result<ExitCode> {
    std::fs::create_dir_all(&args.dir)?;
    tokio::runtime::Runtime::new()?.block_on(async {
        tokio::select! {
            run = rounds(args) => run,
            // The first process of a namespace is not ended by a signal that it does not handle.
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        }
    })
}

async fn rounds(args: &Args) -> Result<ExitCode> {
    let dir = &args.dir;
    let reads = if args.stale_reads {
        Reads::Stale
    } else {
        Reads::Linearizable
    };
    let mut cluster = Cluster::start(dir, &args.engine)?;
    let mut all = History::new(Instant::now());
    for round in 0..args.rounds {
        let mut random = fastrand::Rng::with_seed(seed_of(args.seed, round));
        let mut history = all.successor();
        let done = one_round(&mut cluster, &mut history, round, reads, &mut random).await;
        let done = done.with_context(|| format!("round {round}\n{}", cluster.last_words()))?;
        let verdict = history.check(&args.checker, &dir.join(format!("round-{round}")))?;
        println!("round {round}: {done}; {}; {verdict}", history.summary());
        match (verdict, args.stale_reads) {
            (Verdict::Linearizable, _) => {}
            (Verdict::NotLinearizable, true) => {
                println!("the checker objects to stale reads, as it must");
                return Ok(ExitCode::SUCCESS);
            }
            (Verdict::NotLinearizable, false) => {
                println!("history, picture and logs: {}", dir.display());
                return Ok(ExitCode::FAILURE);
            }
        }
        all.absorb(history);
    }
    ensure!(
        !args.stale_reads,
        "stale reads passed {} rounds: the checker sees nothing",
        args.rounds
    );
    // What was acknowledged in the first round must still be there after the last.
    workload::read_all(&mut all)
        .await
        .context("reading everything again")?;
    let verdict = all.check(&args.checker, &dir.join("all-rounds"))?;
    println!(
        "all rounds, every key read again: {}; {verdict}",
        all.summary()
    );
    Ok(ExitCode::from(u8::from(verdict != Verdict::Linearizable)))
}

/// The seed of a round: neighbouring seeds of runs have no rounds in common.
fn seed_of(run: u64, round: u32) -> u64 {
    fastrand::Rng::with_seed(run)
        .u64(..)
        .wrapping_add(u64::from(round))
}

/// Load, faults in the middle of it, and at the end a read of every key, which needs the cluster whole again.
async fn one_round(
    cluster: &mut Cluster,
    history: &mut History,
    round: u32,
    reads: Reads,
    random: &mut fastrand::Rng,
) -> Result<String> {
    let load = workload::Load::start(history, round, reads, random.u64(..));
    let mut told = Vec::new();
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(random.u64(300..900))).await;
        let fault = faults::choose(cluster, random).await;
        told.push(fault.to_string());
        fault.begin(cluster)?;
        tokio::time::sleep(Duration::from_millis(random.u64(500..3500))).await;
        fault.end(cluster)?;
    }
    tokio::time::sleep(Duration::from_millis(random.u64(500..1500))).await;
    load.stop(history).await?;
    workload::read_all(history).await?;
    cluster.all_alive()?;
    Ok(told.join(", "))
}
