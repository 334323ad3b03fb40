//! `highwater bench io`: the engines on this disk, through the interface that the store uses. See docs/bench.md.

use std::path::PathBuf;
use std::time::Duration;

use highwater::measure::{Bench, MeasureError, Settings, State, selected};
use highwater::report::units::{bytes_of, show};
use highwater::report::{Ending, Table, Unit, table};
use segment::EngineKind;

use super::failure;
use super::output::{Output, OutputArgs};
use super::watch::{self, Bar};
use crate::commands::listing;
use crate::exit::Failure;

/// Arguments of `bench io`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Sizes are bytes, with K, M, G or T (or KiB, MiB, …) for powers of 1024.
A run makes a directory .highwater-bench-N in DIR and removes it, also when it is interrupted. It needs room for about one
file of --file-bytes. Without --full it takes a few minutes. What each experiment does and how to read it: docs/bench.md.")]
pub(super) struct Args {
    /// Directory on the disk to measure
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// An engine to measure: mmap, file, staged or direct; may be repeated [default: all]
    #[arg(long = "engine", value_name = "NAME")]
    engines: Vec<EngineKind>,
    /// Block sizes of reads and writes [default: six from 64 to 32M; with --full sixteen from 64 to 512M]
    #[arg(long, value_name = "SIZES", value_delimiter = ',', value_parser = bytes_of)]
    sizes: Vec<u64>,
    /// States of the page cache: resident, cached, fallocated, hole, cold [default: resident,cold; with --full all]
    #[arg(long, value_name = "STATES", value_delimiter = ',')]
    states: Vec<State>,
    /// Size of the measured file [default: 128M; with --full 1G]
    #[arg(long, value_name = "SIZE", value_parser = bytes_of)]
    file_bytes: Option<u64>,
    /// How often each cell is measured; least, median and most are shown
    #[arg(long, value_name = "N", default_value_t = 5)]
    runs: u32,
    /// Longest time of one pass over the file, in milliseconds [default: 150; with --full 2000]
    #[arg(long, value_name = "MS")]
    cell_ms: Option<u64>,
    /// Only this experiment, or all whose id begins with this word and a hyphen; may be repeated
    #[arg(long, value_name = "EXPERIMENT")]
    only: Vec<String>,
    /// Everything: all sizes and states, a 1 GiB file, whole passes; takes several hours
    #[arg(long)]
    full: bool,
    /// Measure the bare calls that each engine is made of as well, and show what the engine adds
    #[arg(long)]
    bare: bool,
    /// Appends a second in `paced` [default: 50000; with --full 100000]
    #[arg(long, value_name = "N")]
    rate: Option<u32>,
    /// Bytes of an append in `paced`
    #[arg(long, value_name = "SIZE", value_parser = bytes_of, default_value = "1K")]
    record_bytes: u64,
    /// Length of one run of `paced`, in milliseconds [default: 1000; with --full 5000]
    #[arg(long, value_name = "MS")]
    paced_ms: Option<u64>,
    /// Durable appends in one run of `synced` [default: 100; with --full 2000]
    #[arg(long, value_name = "N")]
    synced_appends: Option<u32>,
    /// Most files in `fanout` [default: 100; with --full 1000]
    #[arg(long, value_name = "N")]
    files: Option<u32>,
    /// List the experiments of this run and stop
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    output: OutputArgs,
}

impl Args {
    fn settings(&self) -> Settings {
        let dir = self.dir.clone();
        let mut settings = if self.full {
            Settings::full(dir)
        } else {
            Settings::short(dir)
        };
        let set = |to: &mut u32, asked: Option<u32>| *to = asked.unwrap_or(*to);
        set(&mut settings.rate, self.rate);
        set(&mut settings.synced_appends, self.synced_appends);
        set(&mut settings.files_max, self.files);
        settings.runs = self.runs;
        settings.bare = self.bare;
        settings.record_bytes = self.record_bytes;
        settings.cell_limit = self
            .cell_ms
            .map_or(settings.cell_limit, Duration::from_millis);
        settings.paced_time = self
            .paced_ms
            .map_or(settings.paced_time, Duration::from_millis);
        settings.limited_program = std::env::current_exe().ok();
        if !self.engines.is_empty() {
            settings.engines.clone_from(&self.engines);
        }
        if !self.states.is_empty() {
            settings.states.clone_from(&self.states);
        }
        if let Some(bytes) = self.file_bytes {
            settings.file_bytes = bytes;
            settings.transfer_bytes = bytes;
        }
        if self.sizes.is_empty() {
            settings.drop_sizes_above_the_file();
        } else {
            settings.sizes.clone_from(&self.sizes);
            settings.sizes.sort_unstable();
            settings.sizes.dedup();
        }
        settings
    }
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    let settings = args.settings();
    let entries = selected(&settings, &args.only, args.full).map_err(failure)?;
    if args.list {
        let rows = entries.iter().map(|entry| {
            let experiment = entry.describe(&settings);
            vec![experiment.id, experiment.title]
        });
        return listing::print(&table::draw(&Table {
            title: String::new(),
            columns: ["EXPERIMENT", "WHAT"].map(str::to_owned).to_vec(),
            rows: rows.collect(),
        }));
    }
    let stop = watch::stop_on_signals()?;
    let bar = Bar::new(entries.len());
    let bench = Bench::open(settings, &entries, stop, &bar).map_err(failure)?;
    let mut output = Output::begin(args.output, bench.machine())?;
    for note in notes(&bench) {
        output.note(note);
    }
    let mut ended = Ok(());
    for entry in entries {
        let (experiment, result) = bench.run(entry);
        output.add(experiment, &bar)?;
        ended = result;
        if ended.is_err() {
            break;
        }
    }
    bar.clear();
    drop(bench);
    output.end(match &ended {
        Ok(()) => Ending::Complete,
        Err(MeasureError::Stopped) => Ending::Interrupted,
        Err(error) => Ending::Failed {
            why: error.to_string(),
        },
    })?;
    ended.map_err(failure)
}

/// What a reader of the report must know.
fn notes(bench: &Bench<'_>) -> Vec<String> {
    let mut notes = bench.work.cleared().to_vec();
    let machine = bench.machine();
    if machine
        .page_cache
        .damon
        .iter()
        .any(|line| line.starts_with("pageout"))
    {
        notes.push(
            "a DAMON scheme drops idle pages that nobody maps: in long pauses that hurts file and not mmap".to_owned(),
        );
    }
    if let Some(memory) = machine.memory_limit_bytes.or(machine.memory_bytes)
        && bench.settings.file_bytes > memory / 2
    {
        notes.push(format!(
            "the file of {} is more than half of the memory: resident states may not be reached",
            show(bench.settings.file_bytes as f64, Unit::Bytes)
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use highwater::measure::settings;

    #[test]
    fn the_help_and_the_defaults_agree() {
        let (short, full) = (Settings::short(".".into()), Settings::full(".".into()));
        assert_eq!((short.file_bytes, full.file_bytes), (128 << 20, 1 << 30));
        assert_eq!(
            (short.cell_limit.as_millis(), full.cell_limit.as_millis()),
            (150, 2000)
        );
        assert_eq!((short.rate, full.rate), (50_000, 100_000));
        assert_eq!(
            (short.paced_time.as_millis(), full.paced_time.as_millis()),
            (1000, 5000)
        );
        assert_eq!((short.synced_appends, full.synced_appends), (100, 2000));
        assert_eq!((short.files_max, full.files_max), (100, 1000));
        assert_eq!(
            (settings::FEW_SIZES.len(), settings::ALL_SIZES.len()),
            (6, 16)
        );
        assert_eq!((short.runs, short.record_bytes), (5, 1024));
    }
}
