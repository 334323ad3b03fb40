//! `highwater bench mapping`: kinds of mapping when a file is larger than memory. See docs/bench.md.

use std::path::PathBuf;
use std::time::Duration;

use highwater::measure::mapping::{self, MappingSettings};
use highwater::measure::{MeasureError, machine};
use highwater::report::Ending;
use highwater::report::units::bytes_of;

use super::failure;
use super::output::{Output, OutputArgs};
use super::watch::{self, Bar};
use crate::exit::{Exit, Failure};

/// Arguments of `bench mapping`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A control group with a memory limit is made for the writers, which root may do, or a user whose group was handed to him.
Where it may not be made, only the calls that map are made, and the report says so. Processes that are killed for want of
memory are children of this command in that group, and no other. It takes room for a file of about twice --limit in --dir.")]
pub(super) struct Args {
    /// Where the files are written
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Memory that the writers get
    #[arg(long, value_name = "SIZE", default_value = "256M", value_parser = bytes_of)]
    limit: u64,
    /// Seconds that one case may take
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=3600))]
    patience: u64,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::new(Exit::Unavailable, format!("this program: {error}")))?;
    let settings = MappingSettings {
        dir: args.dir,
        limit_bytes: args.limit,
        patience: Duration::from_secs(args.patience),
        program,
    };
    mapping::check(&settings).map_err(failure)?;
    let stop = watch::stop_on_signals()?;
    let bar = Bar::new(4);
    let mut output = Output::begin(args.output, machine::read(Some(&settings.dir)))?;
    let (experiment, mut ended) = mapping::run(&settings, &stop, &bar);
    output.add(experiment, &bar)?;
    if ended.is_ok() {
        for (experiment, result) in mapping::costs(&settings, &stop, &bar) {
            output.add(experiment, &bar)?;
            ended = result;
        }
    }
    bar.clear();
    output.end(match &ended {
        Ok(()) => Ending::Complete,
        Err(MeasureError::Stopped) => Ending::Interrupted,
        Err(error) => Ending::Failed {
            why: error.to_string(),
        },
    })?;
    ended.map_err(failure)
}
