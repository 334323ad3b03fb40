//! `highwater log`: offline tools for the directories of Kafka and RocketMQ, also those that a Java broker wrote.
//!
//! Which of the two a directory is, is told by the names in it; RocketMQ's are handled in `rocketmq`.
//!
//! Invariants: `dump`, `verify` and `find` only read, and may run beside a broker; `repair` takes the directory's lock,
//! changes nothing unless told `--yes`, and deletes nothing: what it cuts off is kept.
//! Absent on purpose: a server, a runtime.

mod dump;
mod entries;
mod find;
mod repair;
mod rocketmq;
mod scan;
mod show;
mod target;
mod verify;

use std::path::PathBuf;

use crate::cli::Format;
use crate::exit::Failure;

/// Arguments of `highwater log`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Print what is in files of a log: batches, records, messages, queue units, index entries.
    Dump(dump::Args),
    /// Check every batch or message, queue, index and side file. Leaves with 1 when something is damaged.
    Verify(verify::Args),
    /// Find records by offset, time or key.
    Find(find::Args),
    /// Mend a directory: cut torn ends, take damaged bytes out, rebuild queues and indexes. A dry run unless told --yes.
    Repair(repair::Args),
}

/// The directory a command looks at, and how it prints.
#[derive(Debug, clap::Args)]
struct Where {
    /// A Kafka data directory, one partition's directory, or a RocketMQ store
    #[arg(value_name = "DIR")]
    path: PathBuf,
    /// Only this topic
    #[arg(long)]
    topic: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    match args.what {
        What::Dump(args) => dump::run(&args),
        What::Verify(args) if rocketmq::is_rocketmq(&args.at.path) => rocketmq::verify::run(&args),
        What::Verify(args) => verify::run(&args),
        What::Find(args) if rocketmq::is_rocketmq(&args.at.path) => rocketmq::find::run(&args),
        What::Find(args) => find::run(&args),
        What::Repair(args) if rocketmq::is_rocketmq(&args.at.path) => rocketmq::repair::run(&args),
        What::Repair(args) => repair::run(&args),
    }
}
