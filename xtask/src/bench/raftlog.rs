//! `cargo xtask bench raftlog`: our Raft log on each engine, TiKV's raft-engine, dongting's log and a bare file, under one load.
//!
//! The load is `bench/raftload`'s; each cell of each log is a process of its own with a new directory. Rounds go through all
//! cells and, in a cell, through all logs, beginning with another each time, so that whatever else the machine does, and what the log
//! before leaves behind, falls on all of them. Figures are least, median and most of the rounds. Nothing of the tree is written unless
//! asked (`--write`).

#[path = "../../../crates/highwater/src/measure/cgroup.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "what `highwater bench io` uses, without building the server for every task"
)]
pub(super) mod cgroup;
mod chart;
mod figures;
mod page;
pub(super) mod peers;
mod pressure;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::memory::Kept;
use crate::workspace;
use figures::{Cell, Figures};
use peers::{Peer, Programs};

/// Options of `bench raftlog`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Rounds; the figures are least, median and most of them.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Bytes of an entry's payload.
    #[arg(long, num_args = 1.., default_values_t = [64, 256, 1024, 16_384])]
    payload: Vec<u32>,
    /// Entries under way.
    #[arg(long, num_args = 1.., default_values_t = [1, 16, 2000])]
    pending: Vec<u32>,
    /// What an entry waits for.
    #[arg(long, num_args = 1.., default_values = ["synced", "unsynced"], value_parser = ["synced", "unsynced"])]
    durability: Vec<String>,
    /// Which logs.
    #[arg(long, num_args = 1.., value_enum, default_values_t = Peer::ALL)]
    log: Vec<Peer>,
    /// Time of a cell that counts.
    #[arg(long, default_value_t = 1000)]
    measured_ms: u64,
    /// Time of a cell before that.
    #[arg(long, default_value_t = 500)]
    warm_up_ms: u64,
    /// Payload a cell may write; it ends earlier then.
    #[arg(long, default_value_t = 1024)]
    total_mib: u64,
    /// Leave out the run in little memory.
    #[arg(long)]
    no_pressure: bool,
    /// Memory of the run in little memory.
    #[arg(long, default_value_t = 192)]
    pressure_mib: u64,
    /// Its entries of 1 KiB a second.
    #[arg(long, default_value_t = 40_000)]
    pressure_rate: u64,
    /// How long it goes on.
    #[arg(long, default_value_t = 15)]
    pressure_seconds: u64,
    /// Where to make the logs; the disk to be measured. Default: below target/.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Let the host have free memory back meanwhile, as it does outside a benchmark.
    #[arg(long)]
    fresh_memory: bool,
    /// A git repository with dongting's commit in it, where GitHub is out of reach.
    #[arg(long, value_name = "REPOSITORY")]
    dongting: Option<PathBuf>,
    /// Take the figures of an earlier run instead of measuring.
    #[arg(long, value_name = "FIGURES.json")]
    from: Option<PathBuf>,
    /// Write docs/raftlog-comparison.md and its chart.
    #[arg(long)]
    write: bool,
}

/// Measures, prints the tables and says which bars hold. False if one of a whole run does not.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let figures = match &args.from {
        Some(path) => Figures::read(path)?,
        None => measure(args)?,
    };
    let page = page::page(&figures);
    println!("{page}");
    if args.write {
        let docs = workspace::root().join("docs");
        fs::write(docs.join("raftlog-comparison.md"), page)?;
        fs::write(
            docs.join("img/raftlog-comparison.svg"),
            chart::svg(&figures),
        )?;
    }
    Ok(figures.bars().iter().all(|(_, bar)| bar.held))
}

fn measure(args: &Args) -> Result<Figures> {
    let programs = Programs::build(&args.log, args.dongting.as_deref())?;
    let dir = args
        .dir
        .clone()
        .unwrap_or_else(|| workspace::target_dir().join("raftlog-bench"));
    let _kept = match args.fresh_memory {
        true => None,
        false => Some(Kept::take()?),
    };
    let mut figures = Figures::new(super::server::machine(), args.rounds);
    for round in 1..=args.rounds {
        for (nth, cell) in cells(args).iter().enumerate() {
            let mut peers = args.log.clone();
            peers.rotate_left((nth + round as usize) % args.log.len());
            for peer in &peers {
                let outcome = programs.run(*peer, &cell.flags(args), &dir, Limit::of(args, cell));
                let outcome =
                    outcome.with_context(|| format!("{} at {}", peer.name(), cell.name()))?;
                eprintln!(
                    "{round}/{} {} {}: {}",
                    args.rounds,
                    cell.name(),
                    peer.name(),
                    outcome.line()
                );
                figures.add(cell, *peer, outcome);
            }
        }
        if !args.no_pressure {
            pressure::round(args, &programs, &dir, &mut figures)?;
        }
        // After each round, so that a run that is ended leaves what it has.
        figures.write(&workspace::target_dir().join("raftlog-bench.json"))?;
    }
    Ok(figures)
}

fn cells(args: &Args) -> Vec<Cell> {
    let mut cells = Vec::new();
    for durability in &args.durability {
        for payload_bytes in &args.payload {
            for pending in &args.pending {
                cells.push(Cell {
                    payload_bytes: *payload_bytes,
                    pending: *pending,
                    synced: durability == "synced",
                });
            }
        }
    }
    cells
}

impl Cell {
    fn flags(&self, args: &Args) -> Vec<String> {
        let mut flags = vec![
            format!("--payload-bytes={}", self.payload_bytes),
            format!("--pending={}", self.pending),
            format!("--warm-up-ms={}", args.warm_up_ms),
            format!("--measured-ms={}", args.measured_ms),
            format!("--total-mib={}", args.total_mib),
        ];
        if self.synced {
            flags.push("--synced".to_owned());
        }
        flags
    }
}

/// How long a program may take before it is given up.
#[derive(Clone, Copy)]
struct Limit(Duration);

impl Limit {
    fn of(args: &Args, _cell: &Cell) -> Self {
        Self(Duration::from_millis(args.warm_up_ms + args.measured_ms) + Duration::from_secs(60))
    }
}

/// What `cargo xtask test` runs of this: our own log on every engine and the bare file, one small cell each way.
pub(crate) fn smoke() -> Result<()> {
    let programs = Programs::build_ours(false)?;
    let dir = workspace::target_dir().join("raftlog-bench-smoke");
    let small = ["--warm-up-ms=20", "--measured-ms=100", "--total-mib=16"];
    for peer in Peer::OURS.into_iter().chain([Peer::Bare]) {
        for durability in [None, Some("--synced")] {
            let flags: Vec<String> = small
                .into_iter()
                .chain(durability)
                .map(str::to_owned)
                .collect();
            let outcome = programs.run(peer, &flags, &dir, Limit(Duration::from_secs(60)))?;
            let said = format!("{}: {}", peer.name(), outcome.line());
            println!("{said}");
            ensure!(outcome.entries > 0, "{said}");
            ensure!(durability.is_none() || outcome.syncs > 0, "{said}");
        }
    }
    Ok(())
}
