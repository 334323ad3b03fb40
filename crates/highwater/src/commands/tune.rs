//! `highwater tune`: which engine for this disk and this load, and why. See docs/bench.md.

use std::path::PathBuf;
use std::time::Duration;

use highwater::measure::{Bench, MeasureError};
use highwater::report::units::bytes_of;
use highwater::report::{Choice, Ending, Outcome};
use highwater::tune::{self, Durability, Layout, Plan};
use segment::EngineKind;

use super::bench::failure;
use super::bench::output::{Output, OutputArgs};
use super::bench::watch::{self, Bar};
use crate::exit::{Exit, Failure};

/// Arguments of `highwater tune`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The engines take turns on files of this directory, with appends as a server makes them for your load; the default is kept
unless another engine is better in every round, and by more than a fifth. Sizes are bytes, with K, M, G for powers of 1024.
A run makes a directory .highwater-bench-N in DIR and removes it, also when it is interrupted. What is measured and how it is
judged: docs/bench.md.
Exit codes:
  0    measured; the report says what to do, which may be nothing
  1    --write was asked for, and the figures allow no choice (a disk made of memory, say)
  2    a flag makes no sense
  7    the directory cannot be used, has no room, or filled up; a file cannot be written
  130  interrupted; what was measured is in the report, and nothing is chosen")]
pub(crate) struct Args {
    /// Directory on the disk that the data is to lie on
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Bytes of a message, with key and headers
    #[arg(long, value_name = "SIZE", value_parser = bytes_of, default_value = "1K")]
    message_bytes: u64,
    /// Messages a second, of all producers to one log; 0 is as fast as it goes
    #[arg(long, value_name = "N", default_value_t = 0)]
    rate_per_s: u32,
    /// When a message counts: on the disk, or in the page cache of the operating system
    #[arg(long, value_enum, default_value_t)]
    durability: DurabilityArg,
    /// Whose files: Kafka's take batches and grow, RocketMQ's take single messages and have their size from the start
    #[arg(long, value_enum, default_value_t)]
    layout: LayoutArg,
    /// Most bytes of a producer's batch, for Kafka's layout [default: 16K]
    #[arg(long, value_name = "SIZE", value_parser = bytes_of)]
    batch_bytes: Option<u64>,
    /// Appends on their way at a time, where it goes as fast as it can
    #[arg(long, value_name = "N", default_value_t = 32)]
    in_flight: u32,
    /// An engine to compare: mmap, file, staged or direct; may be repeated [default: all]
    #[arg(long = "engine", value_name = "NAME")]
    engines: Vec<EngineKind>,
    /// Time for all of it
    #[arg(long, value_name = "N", default_value_t = 120)]
    seconds: u64,
    /// How often each engine is measured
    #[arg(long, value_name = "N", default_value_t = 7)]
    rounds: u32,
    /// Most bytes of a file; the directory needs room for one
    #[arg(long, value_name = "SIZE", value_parser = bytes_of, default_value = "256M")]
    file_bytes: u64,
    /// Write the settings to this file, for `highwater serve --config`
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// Replace that file if there is one
    #[arg(long, requires = "write")]
    force: bool,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum DurabilityArg {
    /// It survives power loss (write.caching=false, SYNC_FLUSH).
    #[default]
    Disk,
    /// It survives the process (write.caching=true, ASYNC_FLUSH).
    Os,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum LayoutArg {
    #[default]
    Kafka,
    Rocketmq,
}

impl Args {
    fn plan(&self) -> Plan {
        let plan = Plan::new(self.dir.clone());
        Plan {
            engines: match self.engines.as_slice() {
                [] => plan.engines.clone(),
                asked => asked.to_vec(),
            },
            message_bytes: self.message_bytes,
            rate_per_s: self.rate_per_s,
            durability: match self.durability {
                DurabilityArg::Disk => Durability::Disk,
                DurabilityArg::Os => Durability::Os,
            },
            layout: match self.layout {
                LayoutArg::Kafka => Layout::Kafka,
                LayoutArg::Rocketmq => Layout::Rocketmq,
            },
            batch_bytes: self.batch_bytes,
            in_flight: self.in_flight,
            rounds: self.rounds,
            time: Duration::from_secs(self.seconds),
            file_bytes: self.file_bytes,
            ..plan
        }
    }
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    let plan = args.plan();
    plan.check().map_err(failure)?;
    if let Some(path) = &args.write {
        tune::check_fragment(path, args.force).map_err(|error| cannot_write(&error))?;
    }
    let stop = watch::stop_on_signals()?;
    let steps = plan.steps();
    let bar = Bar::new(steps.len());
    let bench = Bench::open(plan.settings(), &[], stop, &bar).map_err(failure)?;
    let mut output = Output::begin(args.output, bench.machine())?;
    for note in bench.work.cleared() {
        output.note(note.clone());
    }
    let mut ended = Ok(());
    for step in steps {
        let (experiment, result) = plan.run(&bench, step, &output.report().experiments);
        output.add(experiment, &bar)?;
        ended = result;
        if ended.is_err() {
            break;
        }
    }
    bar.clear();
    drop(bench);
    let choice = choose(&plan, &output, ended.is_ok());
    output.choose(choice.clone());
    output.end(match &ended {
        Ok(()) => Ending::Complete,
        Err(MeasureError::Stopped) => Ending::Interrupted,
        Err(error) => Ending::Failed {
            why: error.to_string(),
        },
    })?;
    ended.map_err(failure)?;
    match args.write {
        Some(path) => write(&path, &choice, args.force),
        None => Ok(()),
    }
}

fn choose(plan: &Plan, output: &Output, complete: bool) -> Choice {
    let report = output.report();
    let mut choice = tune::choose(plan, &report.machine, &report.experiments, complete);
    choice.configuration = tune::fragment(plan, report, &choice);
    choice
}

fn write(path: &std::path::Path, choice: &Choice, force: bool) -> Result<(), Failure> {
    let Some(text) = &choice.configuration else {
        debug_assert_eq!(choice.outcome, Outcome::NoChoice);
        let why = choice.why.last().map_or("", String::as_str);
        let message = format!("{} was not written: {why}", path.display());
        return Err(Failure::new(Exit::NotWell, message));
    };
    tune::write_fragment(path, text, force).map_err(|error| cannot_write(&error))
}

fn cannot_write(error: &tune::FragmentError) -> Failure {
    Failure::new(Exit::Unavailable, format!("--write {error}"))
}
