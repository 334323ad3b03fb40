//! One module per command: its arguments (`Args`) and `run`.

pub(crate) mod bench;
pub(crate) mod config;
pub(crate) mod consume;
pub(crate) mod doctor;
pub(crate) mod group;
mod listing;
pub(crate) mod log;
pub(crate) mod produce;
mod remote;
pub(crate) mod rocketmq;
pub(crate) mod serve;
pub(crate) mod topic;
pub(crate) mod tune;
mod when;

use crate::cli::{Cli, Command};
use crate::exit::Failure;

/// Runs what was asked for.
pub(crate) fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        None => serve::run(cli.serve),
        Some(Command::Serve(args)) => serve::run(args),
        Some(Command::Config(args)) => config::run(args),
        Some(Command::Topic(args)) => topic::run(args),
        Some(Command::Group(args)) => group::run(args),
        Some(Command::Produce(args)) => produce::run(args),
        Some(Command::Consume(args)) => consume::run(args),
        Some(Command::Doctor(args)) => doctor::run(args),
        Some(Command::Log(args)) => log::run(args),
        Some(Command::Rocketmq(args)) => rocketmq::run(args),
        Some(Command::Bench(args)) => bench::run(args),
        Some(Command::Tune(args)) => tune::run(args),
    }
}
