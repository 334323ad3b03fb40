//! Highwater's build tasks, run as `cargo xtask TASK`.
//!
//! Each task is one module with one `run`. `check` writes nothing into the tree, `fix` does; `test` is what CI runs.
//! Anything fetched or built for a task lies under `target/` or the download cache (`clients::cache`).
#![allow(
    clippy::print_stdout,
    reason = "a task talks to the person who started it"
)]

mod bench;
mod browser;
mod check;
mod clients;
mod codegen;
mod daemon;
mod fix;
mod fuzz;
mod interchange;
mod interop;
mod java;
mod maven;
mod raft;
mod report;
mod rocketmq_peer;
mod step;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Highwater's build tasks")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Format, lints, documentation and the house rules; writes nothing outside target/.
    Check(check::Args),
    /// Formats, applies the lints' own fixes and lowers the function-length ratchet.
    Fix,
    /// Writes the Kafka message codec from the published schemas.
    Codegen(codegen::Args),
    /// Highwater beside its peers in one run; ratios, not times.
    Bench(bench::Args),
    /// Real clients against a running server, crash rounds, the clients' own suites.
    Clients(clients::Args),
    /// The page of a report in a real browser.
    Browser(browser::Args),
    /// One data directory, served in turn by Highwater and by Kafka.
    Interop(interop::Args),
    /// A RocketMQ directory under kill -9, and served in turn by Highwater and by RocketMQ 5.5.0.
    Interchange(interchange::Args),
    /// Runs the fuzz targets.
    Fuzz(fuzz::Args),
    /// Three nodes of examples/kv under kill -9, pauses and partitions; their histories checked for linearizability.
    Raft(raft::Args),
    /// Everything that must pass before a change lands; what CI runs.
    Test(test::Args),
}

fn main() -> ExitCode {
    let outcome = run(Cli::parse().task);
    java::clean();
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs one task; `false` means that it ran and something did not pass.
fn run(task: Task) -> Result<bool> {
    match task {
        Task::Check(args) => check::run(&args),
        Task::Fix => fix::run(),
        Task::Codegen(args) => codegen::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Clients(args) => clients::run(&args),
        Task::Browser(args) => browser::run(&args),
        Task::Interop(args) => interop::run(&args),
        Task::Interchange(args) => interchange::run(&args),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Raft(args) => raft::run(&args),
        Task::Test(args) => test::run(&args),
    }
}
