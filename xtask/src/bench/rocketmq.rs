//! `cargo xtask bench rocketmq`: the broker's cost per message, beside the real RocketMQ 5.5.0.
//!
//! Load comes from RocketMQ's own benchmark programs, and from `bench/rocketmq/Paced.java` where quantiles are wanted, which those
//! do not give. For each way to flush both brokers run side by side and idle while the other is measured; runs of one cell alternate
//! between them. A broker says that way once for all its topics, so each has a pair of brokers of its own; so have the cells that
//! fill the disk with whole batches, since neither broker frees what its topics no longer hold.

mod load;
mod server;

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use self::load::Outcome;
pub(super) use self::load::{endless, paced_quantiles};
use self::server::{Broker, Flush};
use super::memory::Kept;
use super::server::machine;
use super::table::{Bar, Output, Runs, median, short, spread};
use crate::rocketmq_peer::Peer;
use crate::{rocketmq_peer, step, workspace};

/// Options of `bench rocketmq`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Repetitions of each cell.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Share of the full message counts, in percent; small shares check that everything runs.
    #[arg(long, default_value_t = 100)]
    percent: u64,
    /// Only cells whose name contains this.
    #[arg(long, default_value = "")]
    filter: String,
    /// Leaves free memory as it is, so that writers pay for pages nobody has touched.
    #[arg(long)]
    fresh_memory: bool,
    /// Appends the tables to this file too.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Where the brokers keep their data; a directory below target/ when not given. The disk under it is what is measured.
    #[arg(long)]
    dir: Option<PathBuf>,
}

/// Anonymous memory that Highwater may hold after the load.
const ANONYMOUS_MIB_MAX: f64 = 128.0;
/// Of the Java broker's CPU, and of its quantiles.
const CPU_SHARE_MAX: f64 = 1.0 / 3.0;
const LATENCY_SHARE_MAX: f64 = 0.2;
/// What one stage may leave on the disk until it is over.
const DISK_GIB_MIN: u64 = 40;
const SIZES: [u32; 3] = [128, 1024, 10240];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// `benchmark.Producer`: each thread waits for its answer.
    Send { threads: u32 },
    /// `benchmark.BatchProducer`: 16 threads, 32 messages a request.
    Batch,
    /// `benchmark.Consumer`, from the start of what the batches left.
    Consume,
    /// One sender at 5000 a second that waits for nothing.
    Paced,
}

#[derive(Clone, Copy)]
struct Cell {
    work: Work,
    flush: Flush,
    message_bytes: u32,
    messages: u64,
}

impl Cell {
    fn name(&self) -> String {
        let work = match self.work {
            Work::Send { threads } => format!("send, {threads} threads"),
            Work::Batch => "send batches".to_owned(),
            Work::Consume => "consume".to_owned(),
            Work::Paced => "send paced 5000/s".to_owned(),
        };
        format!("{work}, {}, {} B", self.flush.name(), self.message_bytes)
    }

    /// Batches and their consumers share one, or there is nothing to consume.
    fn topic(&self) -> String {
        let work = match self.work {
            Work::Send { threads } => format!("send-{threads}"),
            Work::Batch | Work::Consume => "batch".to_owned(),
            Work::Paced => "paced".to_owned(),
        };
        format!("{work}-{}", self.message_bytes)
    }
}

/// Measures all cells, prints tables and bars; `false` when a bar was missed.
pub(crate) fn run(args: &Args) -> Result<bool> {
    rocketmq_peer::jars()?;
    let mut build = workspace::cargo();
    build.args(["build", "--release", "--package", "highwater"]);
    step::output(&mut build)?;
    let home = args
        .dir
        .clone()
        .unwrap_or_else(|| workspace::root().join("target/bench"));
    let dir = home.join(format!("rocketmq-{}", std::process::id()));
    std::fs::create_dir_all(&dir)?;
    let measured = measure(args, &dir);
    std::fs::remove_dir_all(&dir)?;
    let (out, held) = measured?;
    out.append_to(args.write.as_deref())?;
    Ok(held)
}

fn measure(args: &Args, dir: &Path) -> Result<(Output, bool)> {
    let mut out = Output::default();
    out.line(&format!(
        "\n## Highwater and RocketMQ 5.5.0, {}, {} runs a cell\n",
        machine(),
        args.runs
    ));
    let _kept = match args.fresh_memory {
        true => None,
        false => Some(Kept::take()?),
    };
    out.line(
        "| cell | broker | messages/s | p50 ms | p99 ms | p99.9 ms | broker CPU s per million |",
    );
    out.line("|---|---|---|---|---|---|---|");
    let mut bars = Vec::new();
    let mut notes = Vec::new();
    for cells in stages(args.percent) {
        let wanted = |cell: &Cell| cell.name().contains(&args.filter);
        let cells: Vec<Cell> = cells.into_iter().filter(wanted).collect();
        if let Some(first) = cells.first() {
            let stage = dir.join(first.topic());
            measure_stage(
                &cells,
                first.flush,
                &stage,
                args,
                &mut out,
                &mut bars,
                &mut notes,
            )?;
        }
    }
    out.line("");
    for note in &notes {
        out.line(note);
    }
    let held = out.bars(&bars);
    Ok((out, held))
}

/// What one pair of brokers goes through, in this order.
fn stages(percent: u64) -> Vec<Vec<Cell>> {
    let mut stages = Vec::new();
    for flush in Flush::ALL {
        let cell = |work, message_bytes, messages: u64| Cell {
            work,
            flush,
            message_bytes,
            messages: (messages * percent / 100).max(1000),
        };
        // Consumers start at the first message while that is still in memory: right behind the batches.
        let batches =
            SIZES.map(|bytes| [cell(Work::Batch, bytes, 0), cell(Work::Consume, bytes, 0)]);
        stages.push(batches.concat());
        let mut sends = Vec::new();
        for (threads, messages) in [(1, 20_000), (16, 150_000), (64, 200_000)] {
            for bytes in SIZES {
                let fewer = if bytes > 4096 { 2 } else { 1 };
                sends.push(cell(Work::Send { threads }, bytes, messages / fewer));
            }
        }
        sends.push(cell(Work::Paced, 1024, 50_000));
        stages.push(sends);
    }
    stages
}

fn measure_stage(
    cells: &[Cell],
    flush: Flush,
    dir: &Path,
    args: &Args,
    out: &mut Output,
    bars: &mut Vec<Bar>,
    notes: &mut Vec<String>,
) -> Result<()> {
    std::fs::create_dir_all(dir)?;
    let free = rustix::fs::statvfs(dir)?;
    let free_gib = (free.f_bavail * free.f_frsize) >> 30;
    ensure!(
        free_gib >= DISK_GIB_MIN,
        "{} has {free_gib} GiB free; {DISK_GIB_MIN} are needed",
        dir.display()
    );
    let brokers = [Peer::Highwater(flush.engine()), Peer::RocketMq]
        .into_iter()
        .map(|peer| Broker::start(peer, flush, dir))
        .collect::<Result<Vec<_>>>()?;
    for broker in &brokers {
        load::warm_up(broker, (300_000 * args.percent / 100).max(1000))?;
    }
    for cell in cells {
        let runs = measure_cell(cell, &brokers, args.runs)?;
        for (broker, runs) in brokers.iter().zip(&runs) {
            out.line(&row(cell, broker, runs));
        }
        if let [ours, theirs] = &*runs {
            bars.extend(judge(cell, ours, theirs));
        }
    }
    for broker in brokers {
        let memory = broker.process.memory()?;
        notes.push(format!(
            "- {}, {}: clients found it {} ms after its start; {}/{} MiB resident/anonymous after the load",
            broker.name,
            flush.name(),
            broker.found_ms,
            memory.all_mib,
            memory.anonymous_mib
        ));
        if broker.is_ours {
            #[allow(clippy::cast_precision_loss, reason = "MiB of a process")]
            let held = memory.anonymous_mib as f64;
            let what = format!("anonymous MiB after the load, {}", flush.name());
            bars.push(Bar::at_most(what, held, 1.0, ANONYMOUS_MIB_MAX));
        }
        broker.stop()?;
    }
    std::fs::remove_dir_all(dir)?;
    // What was freed is discarded now, and not while the next stage is measured.
    rustix::fs::sync();
    Ok(())
}

fn measure_cell(cell: &Cell, brokers: &[Broker], runs: usize) -> Result<Vec<Runs>> {
    let mut figures = vec![Runs::default(); brokers.len()];
    for run in 0..runs {
        for (broker, runs) in brokers.iter().zip(&mut figures) {
            // What the run before wrote goes to the disk at its own cost.
            rustix::fs::sync();
            let Outcome {
                per_second,
                quantiles_ms: [p50, p99, p999],
                cpu_per_million,
            } = load_once(cell, broker, run)?;
            runs.records_per_second.push(per_second);
            runs.p50_ms.push(p50);
            runs.p99_ms.push(p99);
            runs.p999_ms.push(p999);
            runs.cpu_per_million.push(cpu_per_million);
        }
    }
    Ok(figures)
}

fn load_once(cell: &Cell, broker: &Broker, run: usize) -> Result<Outcome> {
    let (topic, bytes) = (cell.topic(), cell.message_bytes);
    match cell.work {
        Work::Send { threads } => load::send(broker, &topic, bytes, threads, cell.messages),
        Work::Batch => load::send_batches(broker, &topic, bytes),
        Work::Consume => load::consume(broker, &topic, &format!("{topic}-{run}")),
        Work::Paced => load::paced(broker, &topic, bytes, cell.messages),
    }
}

fn row(cell: &Cell, broker: &Broker, runs: &Runs) -> String {
    let quantile = |values: &[f64]| match cell.work {
        Work::Paced => short(median(values)),
        _ => "–".to_owned(),
    };
    format!(
        "| {} | {} | {} | {} | {} | {} | {} |",
        cell.name(),
        broker.name,
        spread(&runs.records_per_second),
        quantile(&runs.p50_ms),
        quantile(&runs.p99_ms),
        quantile(&runs.p999_ms),
        spread(&runs.cpu_per_million),
    )
}

fn judge(cell: &Cell, ours: &Runs, theirs: &Runs) -> Vec<Bar> {
    let name = cell.name();
    let mut bars = vec![Bar::at_most(
        format!("CPU ≤ 1/3 of RocketMQ's: {name}"),
        median(&ours.cpu_per_million),
        CPU_SHARE_MAX,
        median(&theirs.cpu_per_million),
    )];
    if cell.work == Work::Paced {
        for (quantile, ours, theirs) in [
            ("p99", &ours.p99_ms, &theirs.p99_ms),
            ("p99.9", &ours.p999_ms, &theirs.p999_ms),
        ] {
            let what = format!("{quantile} ≤ 1/5 of RocketMQ's: {name}");
            bars.push(Bar::at_most(
                what,
                median(ours),
                LATENCY_SHARE_MAX,
                median(theirs),
            ));
        }
    } else {
        bars.push(Bar::at_least(
            format!("messages/s ≥ RocketMQ's: {name}"),
            median(&ours.records_per_second),
            median(&theirs.records_per_second),
        ));
    }
    bars
}
