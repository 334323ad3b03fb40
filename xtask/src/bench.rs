//! `cargo xtask bench`: Highwater beside its peers, in one run on one machine.
//!
//! Absolute times are noise on shared machines, so every figure here is read as a ratio of two columns of one run, with
//! the spread of its repetitions. The load generator shares the cores with the server, which is why the broker's CPU
//! seconds per million records count for more than records per second.

mod hypotheses;
mod java;
mod kafka;
mod load;
mod memory;
mod raftlarge;
pub(crate) mod raftlog;
mod rocketmq;
mod server;
mod store;
mod table;
mod together;
mod tune;

use anyhow::Result;
use clap::Subcommand;

use crate::report::Report;

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
    /// The Java benchmark of the texts beside our engines, the same cells in one run.
    Java(java::Args),
    /// The Raft log on each engine, raft-engine and dongting's log, under one load.
    Raftlog(raftlog::Args),
    /// A Raft log far larger than the memory there is for it.
    RaftlogLarge(raftlarge::Args),
    /// Highwater and the real RocketMQ: its own benchmark programs, same disk, same durability.
    Rocketmq(rocketmq::Args),
    /// The segment store alone, against memcpy, pwrite and a plain mapping.
    Store(store::Args),
    /// Kafka's and RocketMQ's clients on one Highwater at the same time: what each costs the other.
    Together(together::Args),
    /// `highwater tune` on disks that differ: is it sensible, and the same each time?
    Tune(tune::Args),
}

/// Runs one benchmark.
pub(crate) fn run(args: &Args) -> Result<bool> {
    match &args.what {
        What::Kafka(args) => kafka::run(args),
        What::Hypotheses(args) => hypotheses::run(args),
        What::Java(args) => java::run(args),
        What::RaftlogLarge(args) => raftlarge::run(args),
        What::Raftlog(args) => raftlog::run(args),
        What::Rocketmq(args) => rocketmq::run(args),
        What::Store(args) => store::run(args),
        What::Together(args) => together::run(args),
        What::Tune(args) => tune::run(args),
    }
}

/// What `cargo xtask test` runs of this.
pub(crate) fn test_steps(report: &mut Report) {
    java::test_steps(report);
}
