//! `highwater bench`: measures this machine with the code that runs in production, and servers from outside.
//!
//! Every command makes one [`Report`](highwater::report::Report), prints it, and writes it to a file where one is named.
//! A run that is ended early keeps what it measured and says that it was.

mod io;
mod load;
mod mapping;
pub(super) mod output;
mod show;
pub(super) mod watch;

use std::io::Write as _;

use highwater::measure::{self, MeasureError};

use crate::exit::{Exit, Failure};

/// Arguments of `highwater bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
#[allow(clippy::large_enum_variant, reason = "made once")]
enum What {
    /// Measure the I/O engines on a disk: writes and reads by block size and page-cache state, durable appends, latency at
    /// a fixed rate, sockets, index searches, many files, files larger than memory.
    Io(io::Args),
    /// Put load on a running server: latency, throughput, what fails.
    Load(Box<load::Args>),
    /// Show what kinds of mapping do when a file is larger than memory.
    Mapping(mapping::Args),
    /// Show a report that was written before: as text, or as a page with charts.
    Show(show::Args),
    /// One of the processes of `mapping`; takes its task from stdin.
    #[command(hide = true)]
    MappingWriter,
    /// The process of `mapping` that maps its stdin until it is refused.
    #[command(hide = true)]
    MappingCount,
    /// The process of `io` that is there to be killed; takes its task from stdin.
    #[command(hide = true)]
    KilledWriter,
    /// The part of `io` that runs in a memory-limited group; takes its task from stdin.
    #[command(hide = true)]
    LimitedCell,
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    match args.what {
        What::Io(args) => io::run(args),
        What::Load(args) => load::run(*args),
        What::Mapping(args) => mapping::run(args),
        What::Show(args) => show::run(&args),
        What::MappingWriter => measure::mapping::run_writer().map_err(failure),
        What::MappingCount => {
            let count = measure::mapping::count_mappings().map_err(failure)?;
            answer(&format!("{count}\n"))
        }
        What::KilledWriter => measure::run_killed_writer().map_err(failure),
        What::LimitedCell => limited_cell(),
    }
}

fn limited_cell() -> Result<(), Failure> {
    let failed = |error: String| Failure::new(Exit::NotWell, error);
    answer(&measure::run_limited_cell().map_err(|error| failed(error.to_string()))?)
}

/// What a child says to its parent.
fn answer(text: &str) -> Result<(), Failure> {
    std::io::stdout()
        .lock()
        .write_all(text.as_bytes())
        .map_err(|error| Failure::new(Exit::NotWell, format!("stdout: {error}")))
}

/// The exit code of a measurement that ended early.
pub(super) fn failure(error: MeasureError) -> Failure {
    let exit = match &error {
        MeasureError::Settings(_) => Exit::Usage,
        MeasureError::Stopped => Exit::Interrupted,
        MeasureError::Unusable { .. } | MeasureError::NoRoom { .. } | MeasureError::Full { .. } => {
            Exit::Unavailable
        }
        MeasureError::Io { .. } | MeasureError::State(_) => Exit::NotWell,
    };
    Failure::new(exit, error.to_string())
}
