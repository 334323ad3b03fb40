//! `cargo xtask bench`: Highwater beside its peers, in one run on one machine.
//!
//! Absolute times are noise on shared machines, so every figure here is read as a ratio of two columns of one run, with
//! the spread of its repetitions. The load generator shares the cores with the server, which is why the broker's CPU
//! seconds per million records count for more than records per second.

mod hypotheses;
mod kafka;
mod load;
mod memory;
mod raftlarge;
pub(crate) mod raftlog;
mod server;
mod store;
mod table;
mod tune;

use anyhow::Result;
use clap::Subcommand;

/// Options of `bench`.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Highwater, the real Kafka and a bare server (the floor): same clients, same disk, same durability.
    Kafka(kafka::Args),
    /// The claims that the project grew from: runs what decides them and writes docs/hypotheses.md.
    Hypotheses(hypotheses::Args),
    /// The Raft log on each engine, raft-engine and dongting's log, under one load.
    Raftlog(raftlog::Args),
    /// A Raft log far larger than the memory there is for it.
    RaftlogLarge(raftlarge::Args),
    /// The segment store alone, against memcpy, pwrite and a plain mapping.
    Store(store::Args),
    /// `highwater tune` on disks that differ: is it sensible, and the same each time?
    Tune(tune::Args),
}

/// Runs one benchmark.
pub(crate) fn run(args: &Args) -> Result<bool> {
    match &args.what {
        What::Kafka(args) => kafka::run(args),
        What::Hypotheses(args) => hypotheses::run(args),
        What::RaftlogLarge(args) => raftlarge::run(args),
        What::Raftlog(args) => raftlog::run(args),
        What::Store(args) => store::run(args),
        What::Tune(args) => tune::run(args),
    }
}
