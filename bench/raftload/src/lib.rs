//! One load for Raft logs of any make.
//!
//! A log is one Raft group's. Its owner, one thread, keeps so many entries under way: it appends what it may, all of it in
//! one call, as the core of a Raft library does with what has piled up, and goes on when some of it is complete. With a rate
//! it appends what is due instead, however much is under way, so that a stall counts for every entry that it holds up.
//!
//! A program of this kind is one measurement: it makes a new log in a directory, appends for a while that does not count and
//! for one that does, and prints one line of JSON. Every peer's program takes the same flags and prints the same line.
//! Payloads are random bytes, so a log that would compress them gains nothing.
#![allow(
    clippy::print_stdout,
    reason = "the answer of a program that another one runs"
)]

mod told;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use rustix::time::{ClockId, clock_gettime};
use serde::Serialize;

pub use told::Told;

/// What is done to a log.
#[derive(Clone, Debug, Parser)]
pub struct Plan {
    /// A directory that is not there yet, or is empty.
    #[arg(long)]
    pub dir: PathBuf,
    /// Which of the log's forms, where it has several.
    #[arg(long, default_value = "")]
    pub engine: String,
    /// Bytes of each entry's payload; at least 8.
    #[arg(long, default_value_t = 256)]
    pub payload_bytes: usize,
    /// Entries under way at a time.
    #[arg(long, default_value_t = 16)]
    pub pending: u64,
    /// An entry is complete when it survives power loss; otherwise when the page cache has it.
    #[arg(long)]
    pub synced: bool,
    /// Entries a second, whatever is under way; 0: as fast as they are completed.
    #[arg(long, default_value_t = 0)]
    pub rate: u64,
    /// Time before it counts.
    #[arg(long, default_value_t = 500)]
    pub warm_up_ms: u64,
    /// Time that counts.
    #[arg(long, default_value_t = 1000)]
    pub measured_ms: u64,
    /// Payload that may be written, the first quarter of it before it counts; ends the time early.
    #[arg(long, default_value_t = 1024)]
    pub total_mib: u64,
}

/// A log under the load.
pub trait Log {
    /// Appends `count` entries from index `first` on. When they are complete, and not before, [`Told::complete`] is called
    /// with the index behind the last, on any thread; calls come in order.
    ///
    /// # Errors
    /// Whatever ends the measurement.
    fn append(&mut self, first: u64, count: u64, told: &Arc<Told>) -> Result<()>;

    /// Syncs so far: of data files by their contents.
    fn syncs(&self) -> u64;
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// Entries that were appended and completed in the time that counts.
    pub entries: u64,
    /// That time.
    pub seconds: f64,
    /// Syncs in it.
    pub syncs: u64,
    /// Bytes that were written to the disk of the directory, by its own counter, whoever wrote them; 0 where the directory is
    /// on no disk. (The kernel's account of the process counts large folios whole for a few dirty bytes.)
    pub disk_bytes: u64,
    /// CPU time of all threads of the process, user and system.
    pub cpu_seconds: f64,
    /// From the call of append (with a rate: from when the entry was due) to completion.
    pub p50_ns: u64,
    /// The same.
    pub p99_ns: u64,
    /// The same.
    pub p999_ns: u64,
    /// The same.
    pub p9999_ns: u64,
    /// The same.
    pub max_ns: u64,
}

/// The program of a peer.
pub fn program(open: impl FnOnce(&Plan) -> Result<Box<dyn Log>>) -> ExitCode {
    let plan = Plan::parse();
    let answer = open(&plan)
        .and_then(|mut log| run(&plan, &mut *log))
        .and_then(|outcome| Ok(serde_json::to_string(&outcome)?));
    match answer {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs a plan on a log that has no entries and begins at index 1.
///
/// # Errors
/// The log's; a plan that makes no sense.
pub fn run(plan: &Plan, log: &mut dyn Log) -> Result<Outcome> {
    ensure!(
        plan.pending > 0,
        "--pending 0: nothing would ever be appended"
    );
    ensure!(plan.payload_bytes >= 8, "--payload-bytes: at least 8");
    let told = Arc::new(Told::default());
    let payload = plan.payload_bytes as u64;
    let total = ((plan.total_mib << 20) / payload).max(plan.pending * 8);
    let mut driver = Driver {
        plan,
        told,
        next: 1,
    };
    driver.drive(log, plan.warm_up_ms, total / 4)?;
    let before = Counters::now(plan, log)?;
    driver.told.start();
    let first = driver.next;
    driver.drive(log, plan.measured_ms, total)?;
    let after = Counters::now(plan, log)?;
    let latencies = driver.told.stop()?;
    let quantile = |q| latencies.value_at_quantile(q);
    Ok(Outcome {
        entries: driver.next - first,
        seconds: (after.at - before.at).as_secs_f64(),
        syncs: after.syncs - before.syncs,
        disk_bytes: after.disk_bytes.saturating_sub(before.disk_bytes),
        cpu_seconds: (after.cpu - before.cpu).as_secs_f64(),
        p50_ns: quantile(0.5),
        p99_ns: quantile(0.99),
        p999_ns: quantile(0.999),
        p9999_ns: quantile(0.9999),
        max_ns: latencies.max(),
    })
}

/// The owner of the log.
struct Driver<'a> {
    plan: &'a Plan,
    told: Arc<Told>,
    /// The index of the next entry.
    next: u64,
}

impl Driver<'_> {
    /// Appends for a while, or up to an index, and waits for what is under way.
    fn drive(&mut self, log: &mut dyn Log, for_ms: u64, upto: u64) -> Result<()> {
        let began = Instant::now();
        let end = began + Duration::from_millis(for_ms);
        if self.plan.rate > 0 {
            self.at_a_rate(log, began, end, upto)?;
        } else {
            while self.next <= upto && Instant::now() < end {
                let room = self.told.wait_for_room(self.next, self.plan.pending)?;
                let count = room.min(upto + 1 - self.next);
                self.told
                    .begin(self.next + count, count, Instant::now(), Duration::ZERO);
                self.append(log, count)?;
            }
        }
        self.told.wait_for(self.next).map(drop)
    }

    fn at_a_rate(
        &mut self,
        log: &mut dyn Log,
        began: Instant,
        end: Instant,
        upto: u64,
    ) -> Result<()> {
        let apart = Duration::from_secs(1) / u32::try_from(self.plan.rate).context("--rate")?;
        let first = self.next;
        while self.next <= upto {
            let now = Instant::now();
            if now >= end {
                break;
            }
            let due_now = (now - began).as_nanos() / apart.as_nanos().max(1);
            let due = first.saturating_add(u64::try_from(due_now)?);
            let count = due.saturating_sub(self.next).min(upto + 1 - self.next);
            if count == 0 {
                std::thread::sleep(apart.max(Duration::from_micros(100)));
                continue;
            }
            let since = began + apart * u32::try_from(self.next - first)?;
            self.told.begin(self.next + count, count, since, apart);
            self.append(log, count)?;
        }
        Ok(())
    }

    fn append(&mut self, log: &mut dyn Log, count: u64) -> Result<()> {
        log.append(self.next, count, &self.told)?;
        self.next += count;
        Ok(())
    }
}

/// Of the counters of a disk, whatever its own sectors are.
const SECTOR_BYTES: u64 = 512;

/// What has been used so far.
struct Counters {
    at: Instant,
    syncs: u64,
    disk_bytes: u64,
    cpu: Duration,
}

impl Counters {
    fn now(plan: &Plan, log: &dyn Log) -> Result<Self> {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        Ok(Self {
            at: Instant::now(),
            syncs: log.syncs(),
            disk_bytes: disk_bytes(&plan.dir)?,
            cpu: Duration::try_from(cpu).context("the clock of the process")?,
        })
    }
}

/// Bytes written so far to the disk that `dir` is on.
fn disk_bytes(dir: &Path) -> Result<u64> {
    let device = std::fs::metadata(dir)?.dev();
    let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
    let Ok(counters) = std::fs::read_to_string(format!("/sys/dev/block/{major}:{minor}/stat"))
    else {
        return Ok(0);
    };
    let sectors = counters.split_whitespace().nth(6);
    Ok(sectors.map_or(Ok(0), str::parse::<u64>)? * SECTOR_BYTES)
}

/// So many bytes that do not compress; the same ones every time.
#[must_use]
pub fn random_bytes(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.flatten().take(len).collect()
}
