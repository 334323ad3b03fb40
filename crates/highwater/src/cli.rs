//! The command line's root. Each noun's arguments live beside its code in `commands/`.

use crate::commands;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Keeps messages in log files and serves them to Kafka and RocketMQ clients.
///
/// Without a command the server starts on `./highwater-data` with no configuration.
#[derive(Debug, Parser)]
#[command(name = "highwater", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the server (also what happens without a command).
    Serve(ServeArgs),
    /// Look at the configuration: what is set, by which layer, whether it is valid.
    Config(commands::config::Args),
    /// Topics of a running server.
    Topic(commands::topic::Args),
    /// Consumer groups of a running server.
    Group(commands::group::Args),
    /// Send records from stdin or a file.
    Produce(commands::produce::Args),
    /// Print records.
    Consume(commands::consume::Args),
    /// Look at this machine as the server will find it, and say what to change.
    Doctor(commands::doctor::Args),
    /// Look at and mend log directories of Kafka and RocketMQ, offline.
    Log(commands::log::Args),
    /// Topics, groups and messages of a RocketMQ cluster.
    Rocketmq(commands::rocketmq::Args),
    /// Measure this machine, or a running server.
    Bench(commands::bench::Args),
    /// Find out which I/O engine suits a disk and a load, and say why.
    Tune(commands::tune::Args),
}

/// Flags of `serve`. A flag wins over the environment, that over the file, that over the defaults.
#[derive(Debug, Default, Clone, Args)]
pub(crate) struct ServeArgs {
    /// TOML file; every key is optional [default: none]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Data directory [default: ./highwater-data]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<String>,
    /// I/O engine: auto, mmap, file, staged or direct [default: auto]
    #[arg(long, value_name = "NAME")]
    pub(crate) engine: Option<String>,
    /// Kafka listener, or off; port 0 picks one [default: localhost:9092]
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) kafka: Option<String>,
    /// RocketMQ name server listener, or off; port 0 picks one [default: localhost:9876]
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) namesrv: Option<String>,
    /// RocketMQ broker listener, or off for neither; port 0 picks one [default: localhost:10911]
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) rocketmq: Option<String>,
    /// Metrics and health, or off; port 0 picks one [default: localhost:8080]
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) http: Option<String>,
    /// Address told to Kafka clients [default: the one each client dialled]
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(crate) advertise: Option<String>,
    /// Address told to RocketMQ clients [default: the one listened on]
    #[arg(long, value_name = "HOST[:PORT]")]
    pub(crate) advertise_rocketmq: Option<String>,
    /// Listen on addresses that other machines can reach although nobody is asked who they are
    #[arg(long)]
    pub(crate) allow_remote: bool,
    /// error, warn, info, debug, trace, or a filter such as `info,kafka=debug` [default: info]
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
    /// auto, text or json; auto is text on a terminal and JSON otherwise [default: auto]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
    /// A Kafka broker setting, such as `num.partitions=4`, or one of RocketMQ's, such as
    /// `rocketmq.flushDiskType=ASYNC_FLUSH`; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
}

/// How a reading command prints what it found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
#[allow(dead_code, reason = "shared by the commands that print")]
pub(crate) enum Format {
    /// Aligned columns for people.
    #[default]
    Table,
    /// One JSON document; its keys are an interface.
    Json,
}
