//! Rounds of `kill -9` under load from a real client: every acknowledged record must be there afterwards, in order, once.
//!
//! One data directory per run, so that each round recovers what all rounds before it have left. The load goes on while
//! the server is down and after it is back: an idempotent producer must get every record in exactly once across the crash.
//! A batch is torn before each restart, and the report must account for every byte that the kill had left ([`account`]).
//! The moment of the kill is drawn from the seed; what was in flight then is not, so a seed repeats the draw, not the run.

mod account;
mod slow_disk;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use self::account::Accounted;
use self::slow_disk::SlowDisk;
use super::install;
use super::server::{Server, Target, kafka_data};
use crate::report::Tally;
use crate::workspace;

/// The load runs for between these two before the kill, and again after the restart.
const LOAD_MS: (u64, u64) = (30, 500);

/// A seed nobody chose.
pub(crate) fn fresh_seed() -> u64 {
    RandomState::new().build_hasher().finish() % 1_000_000_000
}

/// Runs `rounds` rounds on `target`; a round passes when the reader finds nothing wrong.
pub(crate) fn run(target: Target, rounds: u32, seed: u64, slow_disk: bool) -> Result<Tally> {
    let dir = tempfile::Builder::new()
        .prefix("highwater-crash-")
        .tempdir()?;
    let slow_disk = slow_disk.then(|| SlowDisk::new(dir.path())).transpose()?;
    let mut random = Random(seed);
    let mut worker = Worker::start()?;
    let mut server = Server::start(target, dir.path())?;
    let mut tally = Tally::default();
    let (mut acked, mut read, mut ready, mut slowest_ack_ms) = (0, 0, Duration::ZERO, 0);
    let mut waited = 0;
    let mut accounted = Accounted::default();
    for round in 1..=rounds {
        let outcome = one_round(
            target,
            dir.path(),
            server,
            &mut worker,
            round,
            &mut random,
            slow_disk.as_ref(),
        )?;
        server = outcome.server;
        ready = ready.max(outcome.ready_after);
        acked += outcome.verdict.acked;
        read += outcome.verdict.read;
        slowest_ack_ms = slowest_ack_ms.max(outcome.verdict.slowest_ack_ms);
        if outcome.verdict.slowest_ack_ms > WORTH_A_LINE_MS {
            tell_of_slowness(round, &outcome.verdict, &server);
        }
        waited += u32::from(outcome.waited);
        accounted.add(&outcome.accounted);
        tally.add(Tally::single(outcome.verdict.ok));
        if !outcome.verdict.ok {
            let kept =
                workspace::target_dir().join(format!("clients/crash-{target}-{seed}-{round}"));
            println!(
                "   round {round}: {}\n   directory kept: {}",
                outcome.verdict.detail,
                kept.display()
            );
            server.kill()?;
            copy_dir(dir.path(), &kept)?;
            return Ok(tally);
        }
    }
    println!(
        "   {acked} records acknowledged, {read} read back; slowest restart {} ms, slowest acknowledgement {slowest_ack_ms} ms",
        ready.as_millis()
    );
    if slow_disk.is_some() {
        println!("   {waited} restarts waited for writes of the server before");
    } else if target != Target::Kafka {
        println!(
            "   reports: {} files, {} bytes found, {} kept, {} cut, {} were space taken ahead",
            accounted.files,
            accounted.found_bytes,
            accounted.kept_bytes,
            accounted.cut_bytes,
            accounted.spare_bytes
        );
    }
    server.stop()?;
    Ok(tally)
}

/// An acknowledgement that took longer is told of.
const WORTH_A_LINE_MS: u64 = 10_000;

/// Prints how slow a round was, and what the server after the kill has to say about its disk.
fn tell_of_slowness(round: u32, verdict: &Answer, server: &Server) {
    let slowest = verdict.slowest_ack_ms;
    println!("   round {round}: an acknowledgement took {slowest} ms");
    let output = server.output();
    for line in output.lines().filter(|line| line.contains("was slow")) {
        println!("   {line}");
    }
}

struct Outcome {
    server: Server,
    ready_after: Duration,
    /// Recovery met writes that the killed server had left in flight.
    waited: bool,
    accounted: Accounted,
    verdict: Answer,
}

fn one_round(
    target: Target,
    dir: &Path,
    server: Server,
    worker: &mut Worker,
    round: u32,
    random: &mut Random,
    slow_disk: Option<&SlowDisk>,
) -> Result<Outcome> {
    let address = server.address().to_owned();
    if let (Some(slow), Some(pid)) = (slow_disk, server.pid()) {
        slow.add(pid)?;
    }
    let order = json!({
        "do": "load", "bootstrap": address, "round": round, "seed": random.next(), "reference": target == Target::Kafka,
    });
    let started = worker.ask(&order)?;
    ensure!(
        started.ok,
        "round {round}: the load did not start: {}",
        started.detail
    );
    random.pause();
    server.kill()?;
    let (kafka, own) = (kafka_data(dir), dir.join("data/.highwater"));
    let topics = format!("crash-{round}-");
    // A slow disk is for what the next server meets: nothing is waited for, and nothing read.
    let left = match (slow_disk, target) {
        (None, Target::Engine(_)) => Some(tear_and_measure(&kafka, &own, &topics, random.next())?),
        _ => None,
    };
    let killed = Instant::now();
    let server = Server::start_at(target, dir, &address, &[])?;
    let ready_after = killed.elapsed();
    let report = match &left {
        None => Ok(Accounted::default()),
        Some(left) => account::check(left, &own, &server.output()),
    };
    random.pause();
    worker.ask(&json!({"do": "stop"}))?;
    let mut verdict = worker.ask(&json!({"do": "verify"}))?;
    let accounted = report.unwrap_or_else(|error| {
        verdict.ok = false;
        verdict.detail = format!("report: {error:#}\n{}", verdict.detail);
        Accounted::default()
    });
    Ok(Outcome {
        ready_after,
        waited: server.output().contains(WAITED),
        server,
        accounted,
        verdict,
    })
}

/// What the log says when recovery met writes in flight.
const WAITED: &str = "waited for the writes of a process that is gone";

/// Damages what the kill has left as a power loss might have, and measures it.
fn tear_and_measure(kafka: &Path, own: &Path, topics: &str, draw: u64) -> Result<account::Left> {
    let written = |partition: &str| {
        partition.starts_with(topics) || partition.starts_with("__consumer_offsets-")
    };
    account::settle(kafka, written)?;
    account::tear(kafka, |name| name.starts_with(topics), draw)?;
    account::measure(kafka, own, written)
}

/// What the worker answers; fields that an order has no use for are left at their defaults.
#[derive(Deserialize)]
struct Answer {
    ok: bool,
    #[serde(default)]
    acked: u64,
    #[serde(default)]
    read: u64,
    #[serde(default)]
    slowest_ack_ms: u64,
    #[serde(default)]
    detail: String,
}

/// The client's process.
struct Worker {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Worker {
    fn start() -> Result<Self> {
        let python = install::python_environment()?.join("bin/python");
        let script = workspace::root().join("tests/clients/python/crash_worker.py");
        let mut child = Command::new(python)
            .arg("-B")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the crash worker")?;
        let orders = child.stdin.take().context("no standard input")?;
        let answers = BufReader::new(child.stdout.take().context("no standard output")?);
        Ok(Self {
            child,
            orders,
            answers,
        })
    }

    fn ask(&mut self, order: &Value) -> Result<Answer> {
        writeln!(self.orders, "{order}")?;
        self.orders.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line)
            .with_context(|| format!("the crash worker's answer to {order}: {line:?}"))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// SplitMix64: enough to draw moments from a seed.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Lets the load run for a while of its own choosing: the moment of the kill is what is random here.
    fn pause(&mut self) {
        std::thread::sleep(Duration::from_millis(LOAD_MS.0));
        self.sleep_up_to(LOAD_MS.1 - LOAD_MS.0);
    }

    /// Sleeps for less than so long.
    pub(crate) fn sleep_up_to(&mut self, most_ms: u64) {
        std::thread::sleep(Duration::from_millis(self.next() % most_ms.max(1)));
    }
}

fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status()?;
    ensure!(status.success(), "cannot keep {}", from.display());
    Ok(())
}
