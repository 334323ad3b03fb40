//! A Raft log far larger than the memory there is for it: what `cargo xtask bench raftlog-large` runs in a group of
//! processes whose memory is limited.
//!
//! `write` appends and then dies without closing; `read` opens what that left, reads at random, closes and opens again;
//! `sparse` makes segments as large as they may be, almost all of it holes, and reads in each. Each prints what it saw, a
//! line a fact. Every entry says which one it is in every eighth of its bytes, and all that is read is checked.
#![allow(clippy::print_stdout, reason = "the answer of a program")]

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use clap::{Parser, Subcommand};
use parking_lot::{Condvar, Mutex};
use raftlog::{Entry, LogConfig, Logstore, LogstoreOptions, RaftLog, RaftLogError, RecoveryReport};

/// Bytes of an entry's payload.
const PAYLOAD_BYTES: usize = 64 << 10;
/// Entries of one append, and appends under way.
const BATCH: u64 = 16;
const APPENDS: usize = 8;
/// Bytes of a sparse segment: the most there may be, a little less for its header.
const SPARSE_BYTES: u64 = 4 << 30;

#[derive(Parser)]
struct Cli {
    /// Where the log is.
    #[arg(long)]
    dir: PathBuf,
    /// How bytes reach the disk.
    #[arg(long)]
    engine: String,
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Copy, Subcommand)]
enum What {
    /// Appends so much, synced, and dies.
    Write {
        /// Payload.
        #[arg(long)]
        gib: u64,
    },
    /// Opens it, reads at random, closes it and opens it again.
    Read {
        /// Reads of one entry.
        #[arg(long, default_value_t = 20_000)]
        reads: u64,
    },
    /// Maps so much of almost nothing.
    Sparse {
        /// Bytes of all segments together.
        #[arg(long, default_value_t = 1024)]
        gib: u64,
    },
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    match cli.what {
        What::Write { gib } => write(&cli, gib),
        What::Read { reads } => read(&cli, reads),
        What::Sparse { gib } => sparse(&cli, gib),
    }
}

fn open(cli: &Cli, config: LogConfig) -> Result<(RaftLog, RecoveryReport)> {
    let options = LogstoreOptions {
        engine: cli.engine.parse()?,
        ..LogstoreOptions::default()
    };
    Ok(Logstore::open(&cli.dir, options)?.open_log("group", config)?)
}

/// The payload of an entry.
fn payload(index: u64, random: &[u8]) -> Bytes {
    let mut bytes = random.to_vec();
    for piece in bytes.chunks_mut(PAYLOAD_BYTES / 8) {
        if let Some(place) = piece.first_chunk_mut() {
            *place = index.to_le_bytes();
        }
    }
    bytes.into()
}

/// Appends that are under way.
#[derive(Default)]
struct Window {
    state: Mutex<(usize, Option<RaftLogError>)>,
    moved: Condvar,
}

impl Window {
    /// Waits until at most so many are under way.
    fn wait(&self, most: usize) -> Result<()> {
        let mut state = self.state.lock();
        while state.0 > most {
            self.moved.wait(&mut state);
        }
        state.1.take().map_or(Ok(()), |error| Err(error.into()))
    }
}

fn write(cli: &Cli, gib: u64) -> Result<()> {
    let (log, _) = open(cli, LogConfig::default())?;
    let random = raftload::random_bytes(PAYLOAD_BYTES);
    let entries = (gib << 30) / PAYLOAD_BYTES as u64;
    let window = Arc::new(Window::default());
    let began = Instant::now();
    let mut worst = Duration::ZERO;
    for first in (0..entries).step_by(usize::try_from(BATCH)?) {
        let some: Vec<Entry> = (first..entries.min(first + BATCH))
            .map(|index| Entry::new(index, 1, payload(index, &random)))
            .collect();
        window.wait(APPENDS - 1)?;
        window.state.lock().0 += 1;
        let told = Arc::clone(&window);
        let called = Instant::now();
        log.append(&some, move |result| {
            let mut state = told.state.lock();
            state.0 -= 1;
            state.1 = state.1.take().or(result.err());
            told.moved.notify_all();
        })?;
        worst = worst.max(called.elapsed());
    }
    window.wait(0)?;
    let took = began.elapsed().as_secs_f64();
    println!(
        "appended and synced {gib} GiB in {took:.1} s, {:.0} MiB/s; longest call of append {:.1} ms",
        (gib << 10) as f64 / took,
        worst.as_secs_f64() * 1e3
    );
    memory("after the appends")?;
    // As a crash leaves it: nothing is closed, nothing is dropped.
    std::process::exit(0)
}

fn read(cli: &Cli, reads: u64) -> Result<()> {
    let began = Instant::now();
    let (log, report) = open(cli, LogConfig::default())?;
    println!(
        "opened after a crash in {:.1} ms, {} entries walked",
        began.elapsed().as_secs_f64() * 1e3,
        report.entries_walked
    );
    let random = raftload::random_bytes(PAYLOAD_BYTES);
    let last = log.last().context("an empty log")?.index;
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut took: Vec<Duration> = Vec::new();
    for _ in 0..reads {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let index = (state >> 11) % (last + 1);
        let began = Instant::now();
        let found = log.read(index..index + 1, 0)?;
        took.push(began.elapsed());
        let found = found.first().context("no entry")?;
        ensure!(
            found.index == index && found.payload == payload(index, &random),
            "entry {index} is not what was written"
        );
    }
    took.sort_unstable();
    let at = |share: usize| {
        took.get(took.len() * share / 1000)
            .map_or(0.0, |took| took.as_secs_f64() * 1e6)
    };
    println!(
        "{reads} entries of 64 KiB read at random: p50 {:.0} µs, p99 {:.0} µs, p99.9 {:.0} µs",
        at(500),
        at(990),
        at(999)
    );
    memory("after the reads")?;
    log.close()?;
    drop(log);
    let began = Instant::now();
    let (log, report) = open(cli, LogConfig::default())?;
    println!(
        "opened after a clean stop in {:.1} ms, {} entries walked; last entry {last}",
        began.elapsed().as_secs_f64() * 1e3,
        report.entries_walked
    );
    ensure!(
        log.last().is_some_and(|found| found.index == last),
        "the last entry is gone"
    );
    Ok(())
}

fn sparse(cli: &Cli, gib: u64) -> Result<()> {
    let config = LogConfig {
        segment_bytes: 4096,
        cache_bytes: 0,
        ..LogConfig::default()
    };
    let segments = (gib << 30) / SPARSE_BYTES;
    let (log, _) = open(cli, config.clone())?;
    // One entry fills a segment.
    let bytes = usize::try_from(log.payload_bytes_max())?;
    for index in 0..=segments {
        log.append_and_wait(&[Entry::new(
            index,
            1,
            payload(index, &raftload::random_bytes(bytes)),
        )])?;
    }
    log.close()?;
    drop(log);
    let dir = cli.dir.join("group");
    for index in 0..segments {
        let path = dir.join(format!("{index:020}.log"));
        let file = OpenOptions::new().write(true).open(&path);
        file.and_then(|file| file.set_len(SPARSE_BYTES - 4096))
            .with_context(|| path.display().to_string())?;
    }
    let (files, blocks) = on_disk(&dir)?;
    println!(
        "{segments} segments of {} GiB in all, {} MiB on the disk",
        files >> 30,
        blocks >> 20
    );
    memory("before it is opened")?;
    let began = Instant::now();
    let (log, _) = open(cli, config)?;
    println!("opened in {:.1} ms", began.elapsed().as_secs_f64() * 1e3);
    memory("opened")?;
    let random = raftload::random_bytes(bytes);
    for index in 0..=segments {
        let found = log.read(index..index + 1, 0)?;
        let found = found.first().context("no entry")?;
        ensure!(
            found.payload == payload(index, &random),
            "entry {index} is not what was written"
        );
    }
    memory("an entry of each segment read")
}

/// Bytes of the files of a directory, and of their blocks.
fn on_disk(dir: &Path) -> Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let (mut files, mut blocks) = (0, 0);
    for entry in fs::read_dir(dir)? {
        let metadata = entry?.metadata()?;
        files += metadata.len();
        blocks += metadata.blocks() * 512;
    }
    Ok((files, blocks))
}

/// What the kernel says of the process's memory.
fn memory(when: &str) -> Result<()> {
    let status = fs::read_to_string("/proc/self/status")?;
    let kib = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| {
            line.trim_start_matches(':')
                .split_whitespace()
                .next()?
                .parse()
                .ok()
        })
        .unwrap_or_default()
    };
    let maps = fs::read_to_string("/proc/self/maps")?.lines().count();
    println!(
        "{when}: {maps} maps, {} MiB of addresses, resident {} MiB of its own and {} MiB of files, page tables {} KiB",
        kib("VmSize") >> 10,
        kib("RssAnon") >> 10,
        kib("RssFile") >> 10,
        kib("VmPTE")
    );
    Ok(())
}
