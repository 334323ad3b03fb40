//! `cargo xtask bench kafka`: the broker's cost per record, beside the real Kafka and beside the floor.
//!
//! The servers run side by side and idle while another is measured; runs of one cell alternate between them, so that
//! whatever else the machine does falls on all. "Page cache" means that no side syncs before it acknowledges; "synced"
//! means that both do (`flush.messages=1` there, the default here). The floor is `bench/floor`: the same frames on the
//! same runtime, answered from a constant, so what lies between it and zero is the kernel's and the protocol's share.
//! The floor that writes (and syncs) puts the same bytes into files besides, by the fewest calls that can do it: a bar that
//! it misses cannot be held by a broker that appends each batch to its log by a plain write, and the figures say so.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::load::{self, Outcome, Produce};
use super::memory::Kept;
use super::server::{Kind, Server, machine};
use super::table::{Bar, Output, Runs, median, short, spread};
use crate::{maven, step, workspace};

/// Options of `bench kafka`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Repetitions of each cell.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Share of the full record counts, in percent; small shares check that everything runs.
    #[arg(long, default_value_t = 100)]
    percent: u64,
    /// Only cells whose name contains this.
    #[arg(long, default_value = "")]
    filter: String,
    /// Highwater's engine; its default when not given.
    #[arg(long, default_value = "")]
    engine: String,
    /// Leaves free memory as it is, so that writers pay for pages nobody has touched.
    #[arg(long)]
    fresh_memory: bool,
    /// Appends the tables to this file too.
    #[arg(long)]
    write: Option<PathBuf>,
    /// Where the servers keep their data; a directory below target/ when not given. The disk under it is what is measured.
    #[arg(long)]
    dir: Option<PathBuf>,
}

const BATCHED: &[&str] = &["batch.size=262144", "linger.ms=5"];
const DEFAULTS: &[&str] = &[];
/// Anonymous memory that a server may hold after all this load.
const ANONYMOUS_MIB_MAX: u64 = 64;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    Batched,
    Defaults,
    Paced,
    Light,
    Consume,
}

#[derive(Clone, Copy)]
struct Cell {
    work: Work,
    synced: bool,
    partitions: u32,
    record_bytes: u32,
    records: u64,
}

impl Cell {
    fn name(&self) -> String {
        let work = match self.work {
            Work::Batched => "produce batched",
            Work::Defaults => "produce defaults",
            Work::Paced => "produce paced 5000/s",
            Work::Light => "produce librdkafka",
            Work::Consume => "consume",
        };
        let durability = if self.synced { "synced" } else { "page cache" };
        format!(
            "{work}, {durability}, {} B, {} partitions",
            self.record_bytes, self.partitions
        )
    }

    /// The number at its end is how the floor, which keeps no topics, knows the partitions.
    fn topic(&self) -> String {
        format!("perf-{}", self.partitions)
    }

    /// Whether a server has a part in it. The floors have nothing to consume; where the others sync, the bare floor shows
    /// what latency the client alone has.
    fn has(&self, kind: Kind) -> bool {
        let produces = self.work != Work::Consume;
        match kind {
            Kind::Highwater | Kind::Kafka => true,
            Kind::Floor => self.work == Work::Paced || self.work == Work::Defaults && !self.synced,
            Kind::Writer => produces && !self.synced,
            Kind::Syncer => produces && self.synced,
        }
    }
}

/// Measures all cells, prints tables and bars; `false` when a bar was missed.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let jars = maven::jars("kafka-4.3.1", maven::KAFKA)?;
    build()?;
    let home = args
        .dir
        .clone()
        .unwrap_or_else(|| workspace::root().join("target/bench"));
    let dir = home.join(format!("kafka-{}", std::process::id()));
    let measured = measure(args, &jars, &dir);
    std::fs::remove_dir_all(&dir)?;
    let (out, held) = measured?;
    out.append_to(args.write.as_deref())?;
    Ok(held)
}

fn build() -> Result<()> {
    let mut ours = workspace::cargo();
    ours.args([
        "build",
        "--release",
        "--package",
        "highwater",
        "--package",
        "floor",
    ]);
    step::output(&mut ours)?;
    let mut light = workspace::cargo();
    light.args([
        "build",
        "--release",
        "--manifest-path",
        "bench/rdload/Cargo.toml",
    ]);
    light.args(["--target-dir", "target/rdload"]);
    step::output(&mut light).map(drop)
}

fn measure(args: &Args, jars: &Path, dir: &Path) -> Result<(Output, bool)> {
    let mut out = Output::default();
    out.line(&format!(
        "\n## Highwater and Kafka 4.3.1, {}, {} runs a cell\n",
        machine(),
        args.runs
    ));
    let kinds = [
        Kind::Highwater,
        Kind::Kafka,
        Kind::Floor,
        Kind::Writer,
        Kind::Syncer,
    ];
    let servers = kinds
        .into_iter()
        .map(|kind| Server::start(kind, &dir.join(kind.name()), jars, &args.engine))
        .collect::<Result<Vec<_>>>()?;
    for server in &servers {
        let memory = server.process.memory()?;
        out.line(&format!(
            "- {}: first metadata {} ms after start, idle {}/{} MiB resident/anonymous",
            server.kind.name(),
            server.first_metadata_ms,
            memory.all_mib,
            memory.anonymous_mib
        ));
    }
    warm_up(&servers, jars, args)?;
    let _kept = match args.fresh_memory {
        true => None,
        false => Some(Kept::take()?),
    };
    out.line(
        "\n| cell | server | records/s | p50 ms | p99 ms | p99.9 ms | broker CPU s per million |",
    );
    out.line("|---|---|---|---|---|---|---|");
    let mut bars = Vec::new();
    for cell in cells(args.percent)
        .iter()
        .filter(|cell| cell.name().contains(&args.filter))
    {
        let runs = measure_cell(cell, &servers, jars, args.runs)?;
        for (kind, runs) in &runs {
            out.line(&row(cell, *kind, runs));
        }
        bars.extend(judge(cell, &runs));
    }
    memory_after(&servers, &mut out, &mut bars)?;
    let held = out.bars(&bars);
    Ok((out, held))
}

fn cells(percent: u64) -> Vec<Cell> {
    let mut cells = Vec::new();
    let scaled = |records: u64| (records * percent / 100).max(1000);
    let mut add = |work, synced, partitions, record_bytes, records| {
        cells.push(Cell {
            work,
            synced,
            partitions,
            record_bytes,
            records: scaled(records),
        });
    };
    for synced in [false, true] {
        // Kafka syncs each request by itself: at its defaults that is some thousand records a second.
        let unbatched = if synced { 20 } else { 1 };
        for partitions in [1, 8, 100] {
            for (record_bytes, records) in [(100, 3_000_000), (1024, 800_000), (10240, 80_000)] {
                let fewer = if synced { 4 } else { 1 };
                add(
                    Work::Batched,
                    synced,
                    partitions,
                    record_bytes,
                    records / fewer,
                );
                add(
                    Work::Defaults,
                    synced,
                    partitions,
                    record_bytes,
                    records / 2 / unbatched,
                );
            }
        }
        add(Work::Paced, synced, 1, 1024, 50_000);
        add(Work::Paced, synced, 8, 1024, 50_000);
        for record_bytes in [100, 1024] {
            add(
                Work::Light,
                synced,
                1,
                record_bytes,
                if synced { 100_000 } else { 1_000_000 },
            );
        }
    }
    for partitions in [1, 8, 100] {
        for (record_bytes, records) in [(100, 3_000_000), (1024, 1_000_000), (10240, 100_000)] {
            add(Work::Consume, false, partitions, record_bytes, records);
        }
    }
    cells
}

/// A Java broker wants a minute of load before its figures settle; the others do no harm by it.
fn warm_up(servers: &[Server], jars: &Path, args: &Args) -> Result<()> {
    let records = (2_000_000 * args.percent / 100).max(1000);
    for server in servers.iter().filter(|server| server.kind.is_broker()) {
        load::create_topic(server, "warm-up", 8, &[])?;
        for record_bytes in [100, 1024] {
            let work = Produce {
                topic: "warm-up",
                record_bytes,
                records,
                rate: -1,
                properties: BATCHED,
            };
            load::java_produce(&server.address, jars, work)?;
        }
        load::delete_topic(server, "warm-up")?;
    }
    Ok(())
}

fn measure_cell(
    cell: &Cell,
    servers: &[Server],
    jars: &Path,
    runs: usize,
) -> Result<Vec<(Kind, Runs)>> {
    let taking_part: Vec<&Server> = servers
        .iter()
        .filter(|server| cell.has(server.kind))
        .collect();
    for server in &taking_part {
        prepare(cell, server, jars)?;
    }
    let mut figures = vec![Runs::default(); taking_part.len()];
    for run in 0..runs {
        for (server, runs) in taking_part.iter().zip(&mut figures) {
            let before = server.process.cpu_seconds()?;
            let outcome = load_once(cell, server, jars, run)?;
            let spent = server.process.cpu_seconds()? - before;
            push(runs, outcome, spent, cell.records);
            server.forget_files()?;
        }
    }
    for server in taking_part.iter().filter(|server| server.kind.is_broker()) {
        load::delete_topic(server, &cell.topic())?;
    }
    Ok(taking_part
        .iter()
        .map(|server| server.kind)
        .zip(figures)
        .collect())
}

#[allow(
    clippy::cast_precision_loss,
    reason = "record counts are far below 2^52"
)]
fn push(runs: &mut Runs, outcome: Outcome, cpu_seconds: f64, records: u64) {
    runs.records_per_second.push(outcome.records_per_second);
    runs.p50_ms.push(outcome.p50_ms);
    runs.p99_ms.push(outcome.p99_ms);
    runs.p999_ms.push(outcome.p999_ms);
    runs.cpu_per_million
        .push(cpu_seconds / records as f64 * 1e6);
}

fn prepare(cell: &Cell, server: &Server, jars: &Path) -> Result<()> {
    let durability = match (server.kind, cell.synced) {
        (Kind::Highwater, false) => "write.caching=true",
        (Kind::Kafka, true) => "flush.messages=1",
        (Kind::Highwater, true) | (Kind::Kafka, false) => "file.delete.delay.ms=1000",
        (Kind::Floor | Kind::Writer | Kind::Syncer, _) => return Ok(()),
    };
    let configs = ["file.delete.delay.ms=1000", durability];
    load::create_topic(server, &cell.topic(), cell.partitions, &configs)?;
    if cell.work == Work::Consume {
        let fill = Produce {
            topic: &cell.topic(),
            record_bytes: cell.record_bytes,
            records: cell.records,
            rate: -1,
            properties: BATCHED,
        };
        load::java_produce(&server.address, jars, fill)?;
    }
    Ok(())
}

fn load_once(cell: &Cell, server: &Server, jars: &Path, run: usize) -> Result<Outcome> {
    let topic = cell.topic();
    let work = |rate, properties| Produce {
        topic: &topic,
        record_bytes: cell.record_bytes,
        records: cell.records,
        rate,
        properties,
    };
    match cell.work {
        Work::Batched => load::java_produce(&server.address, jars, work(-1, BATCHED)),
        Work::Defaults => load::java_produce(&server.address, jars, work(-1, DEFAULTS)),
        Work::Paced => load::java_produce(&server.address, jars, work(5000, DEFAULTS)),
        Work::Light => load::light_produce(server, work(-1, DEFAULTS)),
        Work::Consume => {
            let group = format!("{}-{run}", cell.name().replace([' ', ',', '/'], "-"));
            load::java_consume(server, jars, &topic, cell.records, &group)
        }
    }
}

fn row(cell: &Cell, kind: Kind, runs: &Runs) -> String {
    format!(
        "| {} | {} | {} | {} | {} | {} | {} |",
        cell.name(),
        kind.name(),
        spread(&runs.records_per_second),
        short(median(&runs.p50_ms)),
        short(median(&runs.p99_ms)),
        short(median(&runs.p999_ms)),
        spread(&runs.cpu_per_million),
    )
}

fn judge(cell: &Cell, runs: &[(Kind, Runs)]) -> Vec<Bar> {
    let of = |kind| {
        runs.iter()
            .find(|(found, _)| *found == kind)
            .map(|(_, runs)| runs)
    };
    let (Some(ours), Some(theirs)) = (of(Kind::Highwater), of(Kind::Kafka)) else {
        return Vec::new();
    };
    let (cpu, their_cpu) = (
        median(&ours.cpu_per_million),
        median(&theirs.cpu_per_million),
    );
    let least = of(Kind::Writer)
        .or(of(Kind::Syncer))
        .map(|runs| median(&runs.cpu_per_million));
    let mut bars = Vec::new();
    if cell.work != Work::Paced {
        let what = format!("records/s ≥ Kafka's: {}", cell.name());
        bars.push(Bar::at_least(
            what,
            median(&ours.records_per_second),
            median(&theirs.records_per_second),
        ));
    }
    if matches!(cell.work, Work::Batched | Work::Consume) {
        bars.push(Bar::cost_at_most(
            format!("CPU ≤ 1/3 of Kafka's: {}", cell.name()),
            cpu,
            1.0 / 3.0,
            their_cpu,
            least,
        ));
    }
    if let Some(floor) = of(Kind::Floor).filter(|_| !cell.synced) {
        let what = format!("CPU ≤ 1.5 × the floor: {}", cell.name());
        let floor = median(&floor.cpu_per_million);
        bars.push(Bar::cost_at_most(what, cpu, 1.5, floor, least));
    }
    if cell.work == Work::Paced {
        let factor = if cell.synced { 0.1 } else { 1.0 };
        for (name, ours, theirs) in [
            ("p99", &ours.p99_ms, &theirs.p99_ms),
            ("p99.9", &ours.p999_ms, &theirs.p999_ms),
        ] {
            let what = format!("{name} ≤ {factor} × Kafka's: {}", cell.name());
            bars.push(Bar::at_most(what, median(ours), factor, median(theirs)));
        }
    }
    bars.extend(rival(cell, ours));
    bars
}

/// Figures of the nearest Rust rival (krabka-broker 0.4.0, release build, same commands, another day on a machine of
/// this kind): CPU seconds per million records.
fn rival(cell: &Cell, ours: &Runs) -> Option<Bar> {
    let theirs = match (cell.work, cell.synced, cell.partitions, cell.record_bytes) {
        (Work::Batched, false, 1, 1024) => 1.66,
        (Work::Batched, false, 1, 100) => 0.26,
        (Work::Defaults, false, 1, 1024) => 7.67,
        (Work::Paced, false, 1, 1024) => 20.0,
        (Work::Consume, false, 1, 1024) => 0.60,
        _ => return None,
    };
    let what = format!("CPU ahead of the Rust rival's: {}", cell.name());
    Some(Bar::at_most(
        what,
        median(&ours.cpu_per_million),
        1.0,
        theirs,
    ))
}

#[allow(clippy::cast_precision_loss, reason = "MiB of a process")]
fn memory_after(servers: &[Server], out: &mut Output, bars: &mut Vec<Bar>) -> Result<()> {
    out.line("");
    for server in servers {
        let memory = server.process.memory()?;
        out.line(&format!(
            "- {}: {}/{} MiB resident/anonymous after the load",
            server.kind.name(),
            memory.all_mib,
            memory.anonymous_mib
        ));
        if server.kind == Kind::Highwater {
            let (ours, most) = (memory.anonymous_mib as f64, ANONYMOUS_MIB_MAX as f64);
            bars.push(Bar::at_most(
                "anonymous MiB after the load".to_owned(),
                ours,
                1.0,
                most,
            ));
        }
    }
    Ok(())
}
