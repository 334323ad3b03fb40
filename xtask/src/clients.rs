//! `cargo xtask clients`: real, unmodified clients against a running server, on each engine.
//!
//! A client is a program in its own language under `tests/clients/` (a *driver*) that knows named cases and runs them on
//! order; one process runs all its cases. Every case was first held against Apache Kafka 4.3.1
//! (`cargo xtask clients --engine kafka` does it again), so a case that fails here is this server's fault.
//!
//! Absent on purpose: expected failures. A case that cannot pass yet is not a case.

mod admin;
mod crash;
mod driver;
mod install;
mod matrix;
mod rocketmq;
pub(crate) mod server;
mod suites;

pub(crate) use self::crash::{Random, fresh_seed};

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Context, Result};

use self::driver::{CaseResult, Driver};
use self::server::{Server, Target};
use crate::report::{Report, Tally};
use crate::workspace;

/// Options of `clients`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Engines to run the cases on; `kafka` and `rocketmq` are the Java brokers, for holding the cases themselves to account.
    #[arg(long, num_args = 1.., default_values = workspace::ENGINES)]
    engine: Vec<String>,
    /// Whose clients.
    #[arg(long, num_args = 1.., default_values = ["kafka", "rocketmq"])]
    protocol: Vec<Protocol>,
    /// Only clients and cases whose `client/case` contains one of these texts.
    #[arg(long, num_args = 1..)]
    filter: Vec<String>,
    /// Only this many of the drivers at a time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Writes the matrices into docs/ instead of target/clients/.
    #[arg(long)]
    write: bool,
    /// Instead of the cases: this many rounds of `kill -9` under load, on each engine.
    #[arg(long, value_name = "ROUNDS")]
    crash: Option<u32>,
    /// Seed of the crash rounds; printed by every run.
    #[arg(long)]
    seed: Option<u64>,
    /// Crash rounds on a disk that is slow for the server until it is killed, so that the next one starts while writes are in
    /// flight. Files are not measured between the two. Needs root.
    #[arg(long)]
    slow_disk: bool,
    /// Instead of the cases: RocketMQ's own example programs, which must print what they print with RocketMQ's broker. With
    /// `--engine rocketmq --write` that is recorded anew. Needs root.
    #[arg(long)]
    examples: bool,
    /// Also the clients' own test suites, each on the first engine.
    #[arg(long)]
    all: bool,
    /// Instead of the cases: only these suites.
    #[arg(long, num_args = 1..)]
    suite: Vec<String>,
    /// Against a server that already runs at HOST:PORT (cases only).
    #[arg(long, value_name = "HOST:PORT")]
    bootstrap: Option<String>,
}

/// A protocol with clients of its own.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Protocol {
    Kafka,
    #[value(name = "rocketmq")]
    RocketMq,
}

/// Runs what the options ask for.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let mut report = Report::new();
    if args.examples {
        let targets = rocketmq::targets(&args.engine)?;
        rocketmq::example_steps(&mut report, &targets, args.write)?;
        return Ok(report.finish());
    }
    let kafka_only =
        args.crash.is_some() || args.all || args.bootstrap.is_some() || !args.suite.is_empty();
    if args.protocol.contains(&Protocol::RocketMq) && !kafka_only {
        let targets = rocketmq::targets(&args.engine)?;
        if !targets.is_empty() {
            rocketmq::case_steps(&mut report, &targets, args)?;
        }
    }
    let engines = args.engine.iter().filter(|name| *name != "rocketmq");
    let targets: Vec<Target> = engines.map(|name| name.parse()).collect::<Result<_>>()?;
    if !args.protocol.contains(&Protocol::Kafka) || targets.is_empty() {
        return Ok(report.finish());
    }
    if args.bootstrap.is_none() && targets.iter().any(|target| *target != Target::Kafka) {
        server::build()?;
    }
    if let Some(rounds) = args.crash {
        crash_steps(&mut report, &targets, rounds, args);
        return Ok(report.finish());
    }
    if args.suite.is_empty() {
        case_steps(&mut report, &targets, args)?;
        if let (None, [], Some(first)) = (&args.bootstrap, &*args.filter, targets.first()) {
            report.step("admin calls answered as Kafka answers them", || {
                admin::run(*first)
            });
        }
    }
    if args.all || !args.suite.is_empty() {
        let first = targets.first().context("no engine named")?;
        for suite in suites::chosen(&args.suite)? {
            report.step(&format!("suite {}", suite.name), || {
                suites::run(suite, *first)
            });
        }
    }
    Ok(report.finish())
}

/// What `cargo xtask test` runs of this: every case of Kafka's clients on every engine, of RocketMQ's on one, crash rounds,
/// one suite.
pub(crate) fn test_steps(report: &mut Report) {
    let targets = Target::ENGINES;
    if !report.step("build the server", || {
        server::build().map(|()| Tally::single(true))
    }) {
        return;
    }
    let args = Args {
        engine: Vec::new(),
        protocol: Vec::new(),
        filter: Vec::new(),
        jobs: 2,
        write: false,
        crash: None,
        seed: None,
        slow_disk: false,
        all: false,
        examples: false,
        suite: Vec::new(),
        bootstrap: None,
    };
    if let Err(error) = case_steps(report, &targets, &args) {
        report.step("install clients", || Err(error));
    }
    rocketmq::test_steps(report, &args);
    report.step("admin calls answered as Kafka answers them", || {
        admin::run(Target::ENGINES[0])
    });
    crash_steps(report, &targets, CRASH_ROUNDS_IN_TEST, &args);
    for suite in suites::in_test() {
        report.step(&format!("suite {}", suite.name), || {
            suites::run(suite, Target::ENGINES[0])
        });
    }
}

const CRASH_ROUNDS_IN_TEST: u32 = 10;

fn crash_steps(report: &mut Report, targets: &[Target], rounds: u32, args: &Args) {
    let seed = args.seed.unwrap_or_else(fresh_seed);
    let slow = if args.slow_disk { " --slow-disk" } else { "" };
    println!(
        "crash rounds: seed {seed} (`cargo xtask clients --crash {rounds} --seed {seed}{slow}` repeats them)"
    );
    for target in targets {
        report.step(&format!("kill -9 under load on {target}"), || {
            crash::run(*target, rounds, seed, args.slow_disk)
        });
    }
}

/// Results by target, then by driver.
type Results = BTreeMap<String, Vec<CaseResult>>;

fn case_steps(report: &mut Report, targets: &[Target], args: &Args) -> Result<()> {
    let drivers = install::drivers(&args.filter)?;
    if drivers.is_empty() {
        return Ok(());
    }
    let mut results = Results::new();
    if let Some(bootstrap) = &args.bootstrap {
        report.step(&format!("clients on {bootstrap}"), || {
            let run = run_drivers(&drivers, bootstrap, args.jobs)?;
            Ok(tally(results.entry(bootstrap.clone()).or_insert(run)))
        });
    } else {
        for target in targets {
            report.step(&format!("clients on {target}"), || {
                let dir = tempfile::Builder::new()
                    .prefix("highwater-clients-")
                    .tempdir()?;
                let server = Server::start(*target, dir.path())?;
                let run = run_drivers(&drivers, server.address(), args.jobs)?;
                let run = results.entry(target.to_string()).or_insert(run);
                let mut tally = tally(run);
                // The server must outlive its clients and then end in order.
                if let Err(error) = server.stop() {
                    println!("{error:#}");
                    tally.add(Tally::single(false));
                }
                Ok(tally)
            });
        }
    }
    let path = matrix::write(&matrix::KAFKA, &drivers, &results, args.write)?;
    println!("matrix: {}", path.display());
    Ok(())
}

fn tally(results: &[CaseResult]) -> Tally {
    let mut tally = Tally::default();
    for result in results {
        tally.add(Tally::single(result.ok));
    }
    tally
}

/// Runs all cases of all drivers, `jobs` drivers at a time, and prints the failures as they come.
fn run_drivers(drivers: &[Driver], bootstrap: &str, jobs: usize) -> Result<Vec<CaseResult>> {
    let queue = Mutex::new(drivers.iter());
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..jobs.max(1))
            .map(|_| {
                scope.spawn(|| -> Result<()> {
                    while let Some(driver) = next(&queue) {
                        let run = driver.run(bootstrap, SILENCE_LIMIT)?;
                        let passed = run.iter().filter(|result| result.ok).count();
                        println!("   {:<24} {passed} of {} cases", driver.id, run.len());
                        run.iter()
                            .filter(|result| !result.ok)
                            .for_each(CaseResult::print);
                        lock(&results).extend(run);
                    }
                    Ok(())
                })
            })
            .collect();
        for worker in workers {
            worker
                .join()
                .map_err(|_| anyhow::anyhow!("a driver's thread panicked"))??;
        }
        Ok(())
    })
    .and_then(|()| {
        results
            .into_inner()
            .map_err(|_| anyhow::anyhow!("results are poisoned"))
    })
}

/// A driver that says nothing for so long is ended; its open cases count as failed.
const SILENCE_LIMIT: Duration = Duration::from_secs(90);

fn next<'a>(queue: &Mutex<std::slice::Iter<'a, Driver>>) -> Option<&'a Driver> {
    lock(queue).next()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
