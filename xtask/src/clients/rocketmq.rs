//! RocketMQ's clients: their cases, on Highwater's engines or on Apache's own name server and broker.
//!
//! The same protocol with drivers as for Kafka's clients; what a driver is given is the name server's address. Every
//! case was first held against Apache RocketMQ 5.5.0 (`cargo xtask clients --engine rocketmq`).

mod examples;
mod install;
mod server;

use anyhow::Result;

use self::server::Server;
use super::matrix::{self, Page};
use super::{Args, Results, run_drivers, tally};
use crate::report::{Report, Tally};
use crate::rocketmq_peer::Peer;

/// Seconds that the levels of delay wait, in both servers under test and in the cases: short, and each its own.
const DELAY_LEVELS: [u32; 18] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18,
];
/// How often both servers look at half messages, ms.
const TRANSACTION_CHECK_MS: u32 = 1000;
/// How old a half message is when its producer is asked, ms. Java's broker writes down only every 3 s which halves ended.
const TRANSACTION_TIMEOUT_MS: u32 = 5000;

/// The servers of these names; Kafka's broker is none.
pub(super) fn targets(names: &[String]) -> Result<Vec<Peer>> {
    let mut targets = Vec::new();
    for name in names {
        if name == "rocketmq" {
            targets.push(Peer::RocketMq);
        } else if let super::Target::Engine(engine) = name.parse()? {
            targets.push(Peer::Highwater(engine));
        }
    }
    Ok(targets)
}

/// What `cargo xtask test` runs of this: every case but the Rust client's, on the engine that the broker picks for itself.
pub(super) fn test_steps(report: &mut Report, args: &Args) {
    if let Err(error) = run_steps(report, &[Peer::Highwater(DEFAULT_ENGINE)], args, false) {
        report.step("install RocketMQ clients", || Err(error));
    }
}

/// What `auto` means for the commit log.
const DEFAULT_ENGINE: &str = "mmap";

/// Runs the cases that match the filter against each target.
pub(super) fn case_steps(report: &mut Report, targets: &[Peer], args: &Args) -> Result<()> {
    run_steps(report, targets, args, true)
}

/// RocketMQ's example programs against each server; `write` records what they print.
pub(super) fn example_steps(report: &mut Report, targets: &[Peer], write: bool) -> Result<()> {
    if targets.iter().any(|target| *target != Peer::RocketMq) {
        super::server::build()?;
    }
    for target in targets {
        report.step(&format!("RocketMQ's examples on {target}"), || {
            examples::run(*target, write)
        });
    }
    Ok(())
}

fn run_steps(report: &mut Report, targets: &[Peer], args: &Args, rust: bool) -> Result<()> {
    let drivers = install::drivers(&args.filter, rust)?;
    if drivers.is_empty() {
        return Ok(());
    }
    if targets.iter().any(|target| *target != Peer::RocketMq) {
        super::server::build()?;
    }
    let mut results = Results::new();
    for target in targets {
        report.step(&format!("RocketMQ clients on {target}"), || {
            let dir = tempfile::Builder::new()
                .prefix("highwater-rocketmq-")
                .tempdir()?;
            let server = Server::start(*target, dir.path())?;
            let run = run_drivers(&drivers, &server.address, args.jobs)?;
            let run = results.entry(target.to_string()).or_insert(run);
            let mut tally = tally(run);
            // The server must outlive its clients and then end in order.
            if let Err(error) = server.stop() {
                println!("{error:#}");
                tally.add(Tally::single(false));
            }
            Ok(tally)
        });
    }
    let path = matrix::write(&PAGE, &drivers, &results, args.write)?;
    println!("matrix: {}", path.display());
    Ok(())
}

const PAGE: Page = Page {
    name: "rocketmq-clients.md",
    head: "# RocketMQ clients\n\nReal, unmodified clients against Highwater's name server and broker. Written by\n\
        `cargo xtask clients --protocol rocketmq --write` from a run; the cases are programs under `tests/clients/rocketmq/`,\n\
        each first held against Apache RocketMQ 5.5.0 (`cargo xtask clients --engine rocketmq`). Levels of delay wait\n\
        1 to 18 s there, half messages are asked about after 5 s; SQL92 filters are on.\n",
};
