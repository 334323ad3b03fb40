//! `highwater bench load`: load on a running server, by the protocol its clients speak.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use highwater::client::Acks;
use highwater::load::kafka::{self, Progress, Target};
use highwater::load::{self, End, Half, LoadError, Outcome, Plan, RecordBytes, Requirement, Work};
use highwater::measure::machine;
use highwater::report::units::{self, Unit};
use highwater::report::{Ending, Report};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::watch;

use super::output::{Files, blank};
use crate::cli::Format;
use crate::commands::listing;
use crate::commands::remote::{self, Connect};
use crate::exit::{Exit, Failure};

/// Arguments of `highwater bench load`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
With --rate the loop is open: each record is due at its time, and its latency counts from then, whatever held it up
(coordinated omission is corrected). Without, as many requests are in flight as allowed, and latency counts from when a
batch was sent. Failures are counted by kind and not tried again.

Exit codes:
  0    measured; nothing failed
  1    records failed, or --verify found that something acknowledged is not there
  2    wrong usage
  3    the server cannot be reached
  6    a --require was not met
  130  interrupted; what was measured until then was printed")]
pub(crate) struct Args {
    /// Topic to send to and read from.
    topic: String,
    /// What the server's clients speak.
    #[arg(long, value_enum, default_value_t)]
    protocol: Protocol,
    /// Send, read what is there, or both at once.
    #[arg(long, value_enum, default_value_t)]
    mode: Mode,
    /// Records a second over all connections (an open loop) [default: as fast as it goes]
    #[arg(short, long, value_name = "RECORDS")]
    rate: Option<f64>,
    /// Requests on their way at a time, per connection
    #[arg(long, value_name = "N", default_value_t = 5)]
    in_flight: u32,
    /// Connections that send, and as many that read
    #[arg(short, long, value_name = "N", default_value_t = 1)]
    connections: u32,
    /// Threads of the generator
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
    /// Size of the values, or a range such as 100-2KiB, any size in it being as likely as the others
    #[arg(long, value_name = "BYTES", default_value = "1KiB", value_parser = record_bytes)]
    record_bytes: RecordBytes,
    /// Different keys; 0 is none
    #[arg(long, value_name = "N", default_value_t = 0)]
    keys: u64,
    /// all, 1 or 0: who must have a record before it counts
    #[arg(long, value_enum, default_value_t)]
    acks: AcksArg,
    /// Bytes at which a batch is full
    #[arg(long, value_name = "BYTES", default_value = "16KiB", value_parser = bytes)]
    batch_bytes: usize,
    /// How long a batch that is not full waits for more, with --rate
    #[arg(long, value_name = "TIME", default_value = "5ms", value_parser = time)]
    linger: Duration,
    /// End after so long, warm-up left out [default: 10s]
    #[arg(short, long, value_name = "TIME", value_parser = time, conflicts_with = "records")]
    duration: Option<Duration>,
    /// End after so many records, warm-up included
    #[arg(short = 'n', long, value_name = "N")]
    records: Option<u64>,
    /// Time at the beginning that is not measured [default: 1s; with --records or --mode consume none]
    #[arg(long, value_name = "TIME", value_parser = time)]
    warm_up: Option<Duration>,
    /// Read back all that was acknowledged and compare it
    #[arg(long)]
    verify: bool,
    /// Create the topic with so many partitions if there is none
    #[arg(long, value_name = "PARTITIONS", value_parser = clap::value_parser!(i32).range(1..=100_000))]
    create: Option<i32>,
    /// Leave with 6 unless this holds: p99<5ms, max<1s, e2e-p99<10ms, rate>10000, errors<1; may be repeated
    #[arg(long, value_name = "WHAT")]
    require: Vec<Requirement>,
    /// Decides what is in the records [default: another one each time]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    files: Files,
    /// No progress on stderr.
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    connect: Connect,
}

/// Length of a run where nothing else is asked for.
const DURATION: Duration = Duration::from_secs(10);

/// RocketMQ's own joins when there is a driver for it in `load`.
#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Protocol {
    #[default]
    Kafka,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Mode {
    #[default]
    Produce,
    Consume,
    Both,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum AcksArg {
    #[default]
    All,
    #[value(name = "1")]
    Leader,
    #[value(name = "0")]
    None,
}

fn bytes(text: &str) -> Result<usize, String> {
    ::kafka::config::parse_bytes(text)
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or_else(|| "expected a number of bytes such as 1024, 16KiB or 1MiB".to_owned())
}

fn record_bytes(text: &str) -> Result<RecordBytes, String> {
    match text.split_once('-') {
        None => bytes(text).map(|size| RecordBytes {
            min: size,
            max: size,
        }),
        Some((min, max)) => Ok(RecordBytes {
            min: bytes(min)?,
            max: bytes(max)?,
        }),
    }
}

fn time(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a time such as 500ms, 30s or 5m".to_owned();
    if text.parse::<u64>().is_ok_and(|number| number > 0) {
        return Err(format!("{text} of what? {}", wrong()));
    }
    let millis = ::kafka::config::parse_millis(text).ok_or_else(wrong)?;
    u64::try_from(millis)
        .map(Duration::from_millis)
        .map_err(|_| wrong())
}

impl Args {
    fn plan(&self) -> Plan {
        let (end, warm_up) = match self.records {
            Some(records) => (End::Records(records), Duration::ZERO),
            None => {
                // What is there to be read does not come twice, so none of it is left out.
                let reads_only = matches!(self.mode, Mode::Consume);
                let warm_up = Duration::from_secs(u64::from(!reads_only));
                (End::After(self.duration.unwrap_or(DURATION)), warm_up)
            }
        };
        Plan {
            work: match self.mode {
                Mode::Produce => Work::Produce,
                Mode::Consume => Work::Consume,
                Mode::Both => Work::Both,
            },
            rate: self.rate,
            in_flight: self.in_flight,
            connections: self.connections,
            threads: self.threads,
            record_bytes: self.record_bytes,
            keys: self.keys,
            batch_bytes: self.batch_bytes,
            linger: self.linger,
            acks: match self.acks {
                AcksArg::All => Acks::All,
                AcksArg::Leader => Acks::Leader,
                AcksArg::None => Acks::None,
            },
            end,
            warm_up: self.warm_up.unwrap_or(warm_up),
            verify: self.verify,
            patience: self.connect.patience(),
            seed: self.seed.unwrap_or_else(another_seed),
        }
    }
}

/// Different in each run, so that a run does not take the records of another for its own.
fn another_seed() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let nanos = since.unwrap_or_default().as_nanos();
    u64::try_from(nanos & u128::from(u64::MAX)).unwrap_or_default() ^ u64::from(std::process::id())
}

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Client(error) => error.into(),
            LoadError::Plan(_) => Self::new(Exit::Usage, error.to_string()),
            LoadError::System(_) => Self::new(Exit::Unavailable, error.to_string()),
            _ => Self::new(Exit::NotWell, error.to_string()),
        }
    }
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    let plan = args.plan();
    // Before the server is asked anything.
    plan.check().map_err(LoadError::Plan)?;
    let target = Target {
        client: args.connect.options(),
        topic: args.topic.clone(),
        create: args.create,
    };
    let began = Instant::now();
    let mut report = blank(machine::read(None));
    // Shows before anything is measured that it can be written.
    args.files.save(&report)?;
    let mut measured = None;
    let bar = progress_bar(&args, &plan);
    let end = plan.end;
    remote::block_on_to_the_end(async {
        let (stop, stopped) = watch::channel(false);
        let watcher = tokio::spawn(async move {
            remote::interrupted().await;
            stop.send_replace(true);
            // The second one does not wait for answers.
            remote::interrupted().await;
            std::process::exit(Exit::Interrupted as i32);
        });
        let running = match args.protocol {
            Protocol::Kafka => kafka::run(plan, target, stopped, |at| tell(&bar, end, at)),
        };
        let outcome = running.await;
        watcher.abort();
        measured = Some(outcome?);
        Ok(())
    })
    .inspect_err(|_| bar.finish_and_clear())?;
    bar.finish_and_clear();
    let Some(outcome) = measured else {
        return Ok(());
    };
    match args.format {
        Format::Table => listing::print(&summary(&outcome))?,
        Format::Json => listing::print_json(&outcome.json())?,
    }
    finish(&mut report, &outcome, began);
    args.files.save(&report)?;
    judge(&args, &outcome)
}

fn finish(report: &mut Report, outcome: &Outcome, began: Instant) {
    report.experiments = load::experiments(outcome);
    report.duration_s = began.elapsed().as_secs_f64();
    if !outcome.interrupted {
        report.ending = Ending::Complete;
    }
}

/// The exit code.
fn judge(args: &Args, outcome: &Outcome) -> Result<(), Failure> {
    if outcome.interrupted {
        return Err(remote::interruption());
    }
    if outcome
        .checked
        .as_ref()
        .is_some_and(|checked| !checked.is_whole())
    {
        let message = "records that were acknowledged are not there as they were sent";
        return Err(Failure::new(Exit::NotWell, message));
    }
    let short: Vec<String> = args
        .require
        .iter()
        .filter_map(|requirement| requirement.fell_short(outcome))
        .collect();
    if !short.is_empty() {
        return Err(Failure::new(Exit::FellShort, short.join("; ")));
    }
    if outcome.failures() > 0 {
        let message = format!("{} records failed", outcome.failed());
        return Err(Failure::new(Exit::NotWell, message));
    }
    Ok(())
}

fn progress_bar(args: &Args, plan: &Plan) -> ProgressBar {
    if args.quiet || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let (length, template) = match plan.end {
        End::Records(records) => (
            records,
            "{bar:30} {human_pos}/{human_len} {per_sec} {eta} left {msg}",
        ),
        End::After(time) => {
            let all = u64::try_from((time + plan.warm_up).as_millis()).unwrap_or(u64::MAX);
            (all, "{bar:30} {percent} % {eta} left {msg}")
        }
    };
    let style = ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}

fn tell(bar: &ProgressBar, end: End, at: Progress) {
    let done = at.acknowledged.max(at.read);
    match end {
        End::Records(_) => bar.set_position(done),
        End::After(_) => {
            bar.set_position(at.now_ns / 1_000_000);
            bar.set_message(format!("{done} records"));
        }
    }
}

fn summary(outcome: &Outcome) -> String {
    let mut out = String::new();
    let plan = &outcome.plan;
    let about = |name| outcome.target.get(name).map_or("?", String::as_str);
    let loop_kind = match plan.rate {
        Some(rate) => format!("open loop of {rate} records/s"),
        None => "closed loop".to_owned(),
    };
    // Writing into a string cannot fail.
    let _ = writeln!(
        out,
        "{} at {}, topic {} of {} partitions, {} connections with {} in flight, {loop_kind}\n",
        about("protocol"),
        about("servers"),
        about("topic"),
        about("partitions"),
        plan.connections,
        plan.in_flight,
    );
    let halves = [("sent", &outcome.produced), ("read", &outcome.consumed)];
    for (verb, half) in halves {
        if let Some(half) = half {
            half_summary(&mut out, plan, verb, half);
        }
    }
    if let Some(end_to_end) = &outcome.end_to_end {
        let _ = writeln!(out, "end to end   {}", quantiles(end_to_end));
    }
    let lateness = outcome.produced.as_ref().map(|half| &half.lateness);
    let lateness = lateness.filter(|lateness| !lateness.is_empty());
    let late = lateness.map_or(String::new(), |lateness| {
        format!("; by itself late by {}", quantiles(lateness))
    });
    let _ = writeln!(
        out,
        "generator    {:.2} processor seconds per million records{late}",
        outcome.cpu_s_per_million()
    );
    if let Some(checked) = &outcome.checked {
        let _ = writeln!(
            out,
            "verified     {} acknowledged records found, {} missing, {} damaged, {} more of this run",
            checked.found, checked.missing, checked.damaged, checked.unacknowledged
        );
        for example in &checked.examples {
            let _ = writeln!(out, "             {example}");
        }
    }
    out
}

fn half_summary(out: &mut String, plan: &Plan, verb: &str, half: &Half) {
    let _ = writeln!(
        out,
        "{verb:<12} {} records in {:.2} s: {}, {}, {} requests",
        half.records,
        half.elapsed_s(plan),
        units::show(half.rate(plan), Unit::PerSecond),
        units::show(half.bytes_per_second(plan), Unit::BytesPerSecond),
        half.requests,
    );
    // Without acknowledgement nothing is known about when a record arrived.
    let has_no_answers = plan.acks == Acks::None && verb == "sent";
    if !half.latency.is_empty() && !has_no_answers {
        let _ = writeln!(out, "  latency    {}", quantiles(&half.latency));
    }
    for (kind, records) in &half.errors {
        let _ = writeln!(out, "  failed     {records} records: {kind}");
    }
    if half.unsent > 0 {
        let _ = writeln!(
            out,
            "  never sent {} records that were due: the rate was not reached, and they count in the \
             latency with the time they had waited",
            half.unsent
        );
    }
}

fn quantiles(histogram: &hdrhistogram::Histogram<u64>) -> String {
    #[allow(clippy::cast_precision_loss, reason = "for people")]
    let at = |quantile| {
        let value = histogram.value_at_quantile(quantile) as f64;
        units::show(value, Unit::Nanoseconds)
    };
    format!(
        "p50 {}, p90 {}, p99 {}, p99.9 {}, p99.99 {}, max {}",
        at(0.5),
        at(0.9),
        at(0.99),
        at(0.999),
        at(0.9999),
        at(1.0)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_ranges() {
        for (text, min, max) in [
            ("100", 100, 100),
            ("1KiB", 1024, 1024),
            ("1.5KiB", 1536, 1536),
            ("2 MB", 2_000_000, 2_000_000),
            ("10-1KiB", 10, 1024),
            ("0-0", 0, 0),
        ] {
            assert_eq!(record_bytes(text), Ok(RecordBytes { min, max }), "{text}");
        }
        for text in ["", "-", "1-", "-1", "99999999999GiB", "x", "1 2"] {
            assert!(record_bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_have_units() {
        for (text, millis) in [
            ("5ms", Some(5)),
            ("2s", Some(2000)),
            ("0", Some(0)),
            ("1m", Some(60_000)),
        ] {
            assert_eq!(time(text).ok(), millis.map(Duration::from_millis), "{text}");
        }
        for text in ["5", "", "-1s", "x", "1y"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
