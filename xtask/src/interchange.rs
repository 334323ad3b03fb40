//! `cargo xtask interchange`: the RocketMQ half's directory under `kill -9`, and in turn with Apache RocketMQ 5.5.0.
//!
//! Load and questions are frames that this task writes itself, to both servers the same, so that it knows of every message
//! whether and where it was acknowledged.

mod client;
mod crash;
mod forgotten;
mod load;
mod model;
mod server;
mod turns;

use anyhow::{Context, Result};

use self::turns::End;
use crate::clients;
use crate::report::Report;
use crate::rocketmq_peer::Peer;
use crate::workspace;

/// Rounds of `kill -9` per engine in `test`.
const CRASH_ROUNDS: u32 = 10;

/// Options of `interchange`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Engines that Highwater runs on.
    #[arg(long, num_args = 1.., default_values = workspace::ENGINES)]
    engine: Vec<String>,
    /// Only so many rounds of `kill -9` under load on each engine.
    #[arg(long)]
    crash: Option<u32>,
    /// Only what `cargo xtask test` runs of this.
    #[arg(long, conflicts_with_all = ["crash", "engine"])]
    short: bool,
    /// Decides the moments of kills; printed by every run.
    #[arg(long)]
    seed: Option<u64>,
    /// Keep the directories of turns and say where they are.
    #[arg(long)]
    keep: bool,
}

/// Rounds where they are asked for, else all turns on each engine.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let mut report = Report::new();
    let seed = args.seed.unwrap_or_else(clients::fresh_seed);
    println!("seed {seed}");
    clients::server::build()?;
    if args.short {
        short(&mut report, seed);
        return Ok(report.finish());
    }
    for name in &args.engine {
        let engine = Peer::ENGINES.iter().find(|peer| peer.to_string() == *name);
        let engine = *engine.with_context(|| format!("no engine `{name}`"))?;
        match args.crash {
            Some(rounds) => crash_step(&mut report, engine, rounds, seed),
            None => {
                let orders = [
                    ("Highwater first", long(engine, Peer::RocketMq)),
                    ("RocketMQ first", long(Peer::RocketMq, engine)),
                    ("RocketMQ twice", twice(engine)),
                ];
                for (order, turns) in orders {
                    turns_step(&mut report, order, &turns, seed, args.keep);
                }
            }
        }
    }
    Ok(report.finish())
}

/// What `cargo xtask test` runs of this.
pub(crate) fn test_steps(report: &mut Report) {
    let seed = clients::fresh_seed();
    println!("seed {seed} of the rounds and turns of RocketMQ directories");
    if let Err(error) = clients::server::build() {
        report.step("build of the RocketMQ half", || Err(error));
        return;
    }
    short(report, seed);
}

/// Rounds on every engine, and two short trips.
fn short(report: &mut Report, seed: u64) {
    for engine in Peer::ENGINES {
        crash_step(report, engine, CRASH_ROUNDS, seed);
    }
    let [mmap, _, _, direct] = Peer::ENGINES;
    let turns = [
        (mmap, End::Stop),
        (Peer::RocketMq, End::Kill),
        (mmap, End::Kill),
        (Peer::RocketMq, End::Stop),
        (mmap, End::Stop),
    ];
    turns_step(report, "Highwater first", &turns, seed, false);
    turns_step(report, "RocketMQ twice", &twice(direct), seed, false);
}

/// Five times to and fro, with every way to end followed by either server; one look more at the end.
fn long(first: Peer, second: Peer) -> Vec<(Peer, End)> {
    let ends = [
        (End::Stop, End::Stop),
        (End::Kill, End::Kill),
        (End::Stop, End::Kill),
        (End::Kill, End::Stop),
        (End::Kill, End::Kill),
    ];
    let turns = ends.into_iter();
    let turns = turns.flat_map(|(one, other)| [(first, one), (second, other)]);
    turns.chain([(first, End::Stop)]).collect()
}

/// RocketMQ after a crash of its own, which costs it keys; Highwater finds them again.
fn twice(engine: Peer) -> Vec<(Peer, End)> {
    vec![
        (Peer::RocketMq, End::Stop),
        (Peer::RocketMq, End::KillIdle),
        (Peer::RocketMq, End::Stop),
        (engine, End::Stop),
    ]
}

fn crash_step(report: &mut Report, engine: Peer, rounds: u32, seed: u64) {
    report.step(&format!("RocketMQ kill -9 on {engine}"), || {
        crash::run(engine, rounds, seed)
    });
}

fn turns_step(report: &mut Report, order: &str, turns: &[(Peer, End)], seed: u64, keep: bool) {
    let engine = turns.iter().find(|(peer, _)| *peer != Peer::RocketMq);
    let engine = engine.map_or_else(String::new, |(peer, _)| peer.to_string());
    report.step(&format!("one directory, {order} ({engine})"), || {
        turns::run(turns, seed, keep)
    });
}
