//! `cargo xtask bench together`: Kafka's and RocketMQ's clients on one Highwater at the same time.
//!
//! What one protocol's load costs the other's clients has two parts: that the machine is busy, and that the process is. So
//! everything is run twice, with both halves in one process and with a process for each on the same disk, and what is
//! read is the difference between the two. A client that is looked at sends 5000 messages of 1 KiB a second and waits for
//! none; the other does the same, or sends as fast as it can.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::load::{self, Produce};
use super::rocketmq::paced_quantiles;
use super::server::{Measured, machine, ours};
use super::table::{Output, median, short};
use crate::daemon::{Daemon, bound_address};
use crate::{maven, rocketmq_peer, step, workspace};

/// Options of `bench together`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Repetitions of each line.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Messages of a client that is looked at.
    #[arg(long, default_value_t = 50_000)]
    messages: u64,
    /// Appends the table to this file too.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Where the servers keep their data; a directory below target/ when not given.
    #[arg(long)]
    dir: Option<PathBuf>,
}

const MESSAGE_BYTES: u32 = 1024;
/// Partitions and queues are made by the first message; two topics, so that neither load waits for the other's partition.
const LOOKED_AT: &str = "looked-at";
const FLAT_OUT: &str = "flat-out";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Protocol {
    Kafka,
    RocketMq,
}

impl Protocol {
    fn name(self) -> &'static str {
        match self {
            Self::Kafka => "Kafka",
            Self::RocketMq => "RocketMQ",
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Kafka => Self::RocketMq,
            Self::RocketMq => Self::Kafka,
        }
    }
}

/// What the other protocol's client does meanwhile.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Beside {
    Nothing,
    Paced,
    FlatOut,
}

/// Measures everything and prints the table. There is no bar: what is asked for is that it be shown.
pub(crate) fn run(args: &Args) -> Result<bool> {
    rocketmq_peer::jars()?;
    let jars = maven::jars("kafka-4.3.1", maven::KAFKA)?;
    let mut build = workspace::cargo();
    build.args(["build", "--release", "--package", "highwater"]);
    step::output(&mut build)?;
    let home = args
        .dir
        .clone()
        .unwrap_or_else(|| workspace::root().join("target/bench"));
    let dir = home.join(format!("together-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let measured = measure(args, &jars, &dir);
    std::fs::remove_dir_all(&dir)?;
    measured?.append_to(args.write.as_deref())?;
    Ok(true)
}

fn measure(args: &Args, jars: &Path, dir: &Path) -> Result<Output> {
    let mut out = Output::default();
    out.line(&format!(
        "\n## Both protocols at once, {}, medians of {} runs\n",
        machine(),
        args.runs
    ));
    out.line("| acknowledged | clients of | beside | one process: p50 / p99 / p99.9 ms | two processes: p50 / p99 / p99.9 ms |");
    out.line("|---|---|---|---|---|");
    for synced in [false, true] {
        let one = Both::start(dir, synced, "one")?;
        let two = Both::start(dir, synced, "two")?;
        for protocol in [Protocol::Kafka, Protocol::RocketMq] {
            // The JVMs' first seconds are nobody's figures, and the topics are made here.
            for servers in [(&one, &one), (&one, &two)] {
                pair(protocol, Beside::Paced, servers, jars, args.messages / 5)?;
            }
            for beside in [Beside::Nothing, Beside::Paced, Beside::FlatOut] {
                let (mut within, mut apart) = (Vec::new(), Vec::new());
                for _ in 0..args.runs {
                    rustix::fs::sync();
                    within.push(pair(protocol, beside, (&one, &one), jars, args.messages)?);
                    rustix::fs::sync();
                    apart.push(pair(protocol, beside, (&one, &two), jars, args.messages)?);
                }
                let acknowledged = if synced { "synced" } else { "page cache" };
                let beside = match beside {
                    Beside::Nothing => "nothing".to_owned(),
                    Beside::Paced => format!("{}, paced", protocol.other().name()),
                    Beside::FlatOut => format!("{}, flat out", protocol.other().name()),
                };
                out.line(&format!(
                    "| {acknowledged} | {} | {beside} | {} | {} |",
                    protocol.name(),
                    figures(&within),
                    figures(&apart),
                ));
            }
        }
        one.process.stop()?;
        two.process.stop()?;
    }
    Ok(out)
}

fn figures(runs: &[[f64; 3]]) -> String {
    let of = |at: usize| {
        let values: Vec<f64> = runs.iter().filter_map(|run| run.get(at).copied()).collect();
        short(median(&values))
    };
    format!("{} / {} / {}", of(0), of(1), of(2))
}

/// A Highwater that serves both.
struct Both {
    process: Measured,
    kafka: String,
    names: String,
}

impl Both {
    fn start(dir: &Path, synced: bool, name: &str) -> Result<Self> {
        let (caching, flush) = match synced {
            true => ("false", "SYNC_FLUSH"),
            false => ("true", "ASYNC_FLUSH"),
        };
        let mut command = ours();
        let data = dir.join(format!("{name}-{flush}"));
        command.arg("serve").arg("--data").arg(&data);
        for listener in ["--kafka", "--namesrv", "--rocketmq", "--http"] {
            command.args([listener, "127.0.0.1:0"]);
        }
        command.args(["--set", &format!("log.write.caching={caching}")]);
        command.args(["--set", &format!("rocketmq.flushDiskType={flush}")]);
        let log = dir.join(format!("{name}-{flush}.log"));
        let ready = |daemon: &Daemon| bound_address(&daemon.output(), "http").is_some();
        let (process, _) = Measured::start(name, &mut command, &log, ready)?;
        let said = process.output();
        let address = |listener| bound_address(&said, listener).context("a listener is missing");
        Ok(Self {
            kafka: address("kafka")?,
            names: address("namesrv")?,
            process,
        })
    }
}

/// p50, p99 and p99.9 in ms of a client of `protocol` on the first server, beside a load on the second.
fn pair(
    protocol: Protocol,
    beside: Beside,
    (looked_at, other): (&Both, &Both),
    jars: &Path,
    messages: u64,
) -> Result<[f64; 3]> {
    let other_protocol = protocol.other();
    match beside {
        Beside::Nothing => paced(protocol, looked_at, jars, messages),
        Beside::Paced => std::thread::scope(|scope| {
            // Longer by as much as the two may start apart.
            let longer = messages + messages / 2;
            let other = scope.spawn(move || paced(other_protocol, other, jars, longer));
            let figures = paced(protocol, looked_at, jars, messages);
            let other = other.join().ok().context("the other client panicked")?;
            other.and(figures)
        }),
        Beside::FlatOut => {
            let log = tempfile::NamedTempFile::new()?;
            let mut load = flat_out(other_protocol, other, jars)?;
            let load = Daemon::start("the load", &mut load, log.path())?;
            let figures = paced(protocol, looked_at, jars, messages);
            load.kill()?;
            figures
        }
    }
}

fn paced(protocol: Protocol, server: &Both, jars: &Path, messages: u64) -> Result<[f64; 3]> {
    if protocol == Protocol::RocketMq {
        let [_, p50, p99, p999] =
            paced_quantiles(&server.names, LOOKED_AT, MESSAGE_BYTES, messages)?;
        return Ok([p50, p99, p999]);
    }
    let work = Produce {
        topic: LOOKED_AT,
        record_bytes: MESSAGE_BYTES,
        records: messages,
        rate: 5000,
        properties: &[],
    };
    let outcome = load::java_produce(&server.kafka, jars, work)?;
    Ok([outcome.p50_ms, outcome.p99_ms, outcome.p999_ms])
}

/// A client that sends as fast as it can until it is ended.
fn flat_out(protocol: Protocol, server: &Both, jars: &Path) -> Result<std::process::Command> {
    match protocol {
        Protocol::RocketMq => super::rocketmq::endless(&server.names, FLAT_OUT, MESSAGE_BYTES),
        Protocol::Kafka => {
            let work = Produce {
                topic: FLAT_OUT,
                record_bytes: MESSAGE_BYTES,
                records: u64::from(u32::MAX),
                rate: -1,
                properties: &[],
            };
            Ok(load::java_producer(&server.kafka, jars, work))
        }
    }
}
