//! What there is to measure: the experiments by name, what each one asks, and its code.

use super::error::MeasureError;
use super::io::{self, Cell, Operation};
use super::matrix::{self, Place};
use super::settings::Settings;
use super::state::{State, Watched};
use super::synced::FileKind;
use super::{
    Bench, fanout, grow, killed, limited, paced, parse, roll, search, synced, touch, transfer,
};
use crate::report::units::show;
use crate::report::{Axis, Better, Experiment, Scale, Unit};

/// An experiment of `bench io`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry(What);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Matrix(Operation, State),
    Growing,
    Touch,
    Synced(FileKind),
    Paced,
    Transfer,
    Search(State),
    Fanout,
    Limited,
    Parse,
    Roll,
    Killed,
}

/// All experiments, in the order in which they run.
fn all() -> Vec<Entry> {
    let matrix = |operation| State::ALL.map(|state| Entry(What::Matrix(operation, state)));
    let mut all = Vec::new();
    all.extend(matrix(Operation::Append));
    all.push(Entry(What::Growing));
    all.push(Entry(What::Matrix(Operation::Encode, State::Resident)));
    all.extend(matrix(Operation::Read));
    all.extend(matrix(Operation::Lease));
    all.push(Entry(What::Touch));
    all.extend(FileKind::ALL.map(|kind| Entry(What::Synced(kind))));
    all.push(Entry(What::Paced));
    all.push(Entry(What::Transfer));
    all.extend([State::Resident, State::Cold].map(|state| Entry(What::Search(state))));
    all.push(Entry(What::Fanout));
    all.push(Entry(What::Limited));
    all.extend([What::Parse, What::Roll, What::Killed].map(Entry));
    all
}

/// The experiments whose id, or the part of it before a `-`, is in `only`; without any, those of the states in the
/// settings, and in a short run without the ones that answer no question of their own.
///
/// # Errors
/// `Settings` where a name fits none.
pub fn selected(
    settings: &Settings,
    only: &[String],
    full: bool,
) -> Result<Vec<Entry>, MeasureError> {
    let all = all();
    if only.is_empty() {
        let mut chosen = all;
        chosen.retain(|entry| entry.is_in(settings, full));
        return Ok(chosen);
    }
    for name in only {
        if !all.iter().any(|entry| entry.is_called(name)) {
            let ids: Vec<String> = all.iter().map(|entry| entry.id()).collect();
            return Err(MeasureError::Settings(format!(
                "{name:?} is no experiment; there are {}",
                ids.join(", ")
            )));
        }
    }
    let wanted = |entry: &Entry| only.iter().any(|name| entry.is_called(name));
    Ok(all.into_iter().filter(wanted).collect())
}

impl Entry {
    /// All of them.
    #[must_use]
    pub fn all() -> Vec<Self> {
        all()
    }

    /// Its id in reports and on the command line.
    #[must_use]
    pub fn id(self) -> String {
        match self.0 {
            What::Matrix(operation, state) => format!("{}-{state}", verb(operation)),
            What::Growing => "write-growing".to_owned(),
            What::Touch => "touch".to_owned(),
            What::Synced(kind) => format!("synced-{}", kind.name()),
            What::Paced => "paced".to_owned(),
            What::Transfer => "transfer".to_owned(),
            What::Search(state) => format!("search-{state}"),
            What::Fanout => "fanout".to_owned(),
            What::Limited => "limited".to_owned(),
            What::Parse => "parse".to_owned(),
            What::Roll => "roll".to_owned(),
            What::Killed => "killed".to_owned(),
        }
    }

    fn is_called(self, name: &str) -> bool {
        let id = self.id();
        id == name || id.split('-').next() == Some(name)
    }

    fn is_in(self, settings: &Settings, full: bool) -> bool {
        match self.0 {
            What::Matrix(Operation::Encode, _) | What::Parse | What::Killed => full,
            // In place and copied out differ most where nothing else costs.
            What::Matrix(Operation::Lease, state) if !full => state == State::Resident,
            What::Matrix(Operation::Read, State::Fallocated) if !full => false,
            What::Matrix(_, state) => settings.states.contains(&state),
            _ => true,
        }
    }

    /// Most bytes that its files have at one time.
    pub(super) fn need_bytes(self, settings: &Settings) -> u64 {
        let file = settings.file_bytes;
        match self.0 {
            What::Paced => paced::appends_of(settings).saturating_mul(settings.record_bytes),
            What::Transfer => file.min(settings.transfer_bytes),
            What::Search(_) => file.min(search::LARGEST_BYTES),
            What::Fanout => fanout::need_bytes(settings.files_max),
            // A segment that grows takes a step ahead.
            What::Growing | What::Limited | What::Killed => file.saturating_add(16 << 20),
            What::Roll => roll::need_bytes(settings),
            What::Matrix(..) | What::Touch | What::Synced(_) | What::Parse => file,
        }
    }

    /// The experiment before anything is measured.
    #[must_use]
    pub fn describe(self, settings: &Settings) -> Experiment {
        let (x, y, better) = self.axes();
        let (title, about) = self.texts();
        let mut experiment = Experiment::new(&self.id(), &title, &about, x, y, better)
            .with("file", show(settings.file_bytes as f64, Unit::Bytes))
            .with("runs", settings.runs);
        let longest = show(settings.cell_limit.as_nanos() as f64, Unit::Nanoseconds);
        let mut also = |name: &str, value: String| {
            experiment.settings.insert(name.to_owned(), value);
        };
        match self.0 {
            What::Matrix(_, state) => {
                also("state", state.to_string());
                also("time of a pass at most", longest);
            }
            What::Growing => also("time of a pass at most", longest),
            What::Synced(_) => also("batches a run at most", settings.synced_appends.to_string()),
            What::Paced => {
                also("appends a second", settings.rate.to_string());
                also("record", show(settings.record_bytes as f64, Unit::Bytes));
            }
            _ => {}
        }
        experiment
    }

    fn axes(self) -> (Axis, Axis, Better) {
        let bytes = |label: &str| Axis::new(label, Unit::Bytes, Scale::Log);
        let names = |label: &str| Axis::new(label, Unit::Count, Scale::Names);
        let counts = |label: &str| Axis::new(label, Unit::Count, Scale::Log);
        let time = |label: &str| Axis::new(label, Unit::Nanoseconds, Scale::Log);
        let throughput = Axis::new("throughput", Unit::BytesPerSecond, Scale::Log);
        let lookups = Axis::new("lookups", Unit::PerSecond, Scale::Log);
        match self.0 {
            What::Matrix(..) | What::Growing => (bytes("block"), throughput, Better::Higher),
            What::Touch => (
                names("page of a file that is"),
                time("a page"),
                Better::Lower,
            ),
            What::Synced(_) => (bytes("batch"), time("until durable"), Better::Lower),
            What::Paced => (
                counts("one in so many is slower"),
                time("latency"),
                Better::Lower,
            ),
            What::Transfer => (bytes("chunk"), throughput, Better::Higher),
            What::Search(_) => (bytes("index"), lookups, Better::Higher),
            What::Fanout => (
                counts("files"),
                time("until all are durable"),
                Better::Lower,
            ),
            What::Limited => (names("pass"), throughput, Better::Higher),
            What::Parse => (bytes("record"), throughput, Better::Higher),
            What::Roll => (names("next segments"), time("longest roll"), Better::Lower),
            What::Killed => (
                names("of what was"),
                Axis::new("lost", Unit::Bytes, Scale::Linear),
                Better::Lower,
            ),
        }
    }

    /// Heading, and what is done.
    fn texts(self) -> (String, String) {
        let (title, about) = match self.0 {
            What::Matrix(operation, state) => return matrix_texts(operation, state),
            What::Synced(kind) => {
                let title = format!("Durable appends, one after the other: file {}", kind.name());
                let about = "One batch is appended and synced, then the next. A sample is the median of a run.";
                return (title, about.to_owned());
            }
            What::Search(state) => {
                let title = format!("Binary search in an index file: {state}");
                let how = "Random keys are looked up entry by entry, as the Kafka layout does";
                return (title, format!("{how}; {}.", state.in_words()));
            }
            What::Growing => (
                "Appends to a growing segment, as the store makes them",
                "Blocks appended through a chain with its defaults: the file grows, space and pages are made ready by the \
                 store's own thread. Until all is committed.",
            ),
            What::Touch => (
                "First touch of a mapped page",
                "A byte is stored to (or loaded from) each page of a mapping, once, by how the file and the mapping were \
                 prepared. *written back*: populated, stored to, synced, then stored to again.",
            ),
            What::Paced => (
                "Latency of appends at a fixed rate, with the flusher at work",
                "Open loop: an append's latency counts from when it was due, so a stall counts against all behind it. The \
                 flush service commits at 64 KiB or 200 ms and syncs every 500 ms.",
            ),
            What::Transfer => (
                "A resident file to a socket",
                "Over loopback TCP, chunk by chunk, until the receiver has everything.",
            ),
            What::Fanout => (
                "Many files made durable",
                "A KiB is appended to each of so many files, then all are synced.",
            ),
            What::Parse => (
                "Records through a buffer, and in place",
                "A resident file of records is parsed first to last: through a buffer of 128 KiB, whose end cuts records that \
                 are moved to its front, and in a mapping.",
            ),
            What::Roll => (
                "The change to the next segment",
                "Segments of fixed size are filled at 64 MB/s; a sample is the longest roll of a run, by how many next \
                 segments are made ready ahead.",
            ),
            What::Killed => (
                "What a killed process leaves",
                "A child appends as fast as it can and is killed; what its file lacks of what it had told to be written, and \
                 to be committed.",
            ),
            What::Limited => (
                "A file four times as large as the memory there is for it",
                "A child process with a memory limit writes the file at full speed in 64 KiB appends, syncing every 500 ms, \
                 and then reads it in place.",
            ),
        };
        (title.to_owned(), about.to_owned())
    }

    /// Measures it. What was measured before an error is kept.
    pub(super) fn run(
        self,
        bench: &Bench<'_>,
        experiment: &mut Experiment,
    ) -> Result<(), MeasureError> {
        match self.0 {
            What::Matrix(operation, state) => run_matrix(bench, experiment, operation, state),
            What::Growing => grow::run(bench, experiment),
            What::Touch => touch::run(bench, experiment),
            What::Synced(kind) => synced::run(bench, experiment, kind),
            What::Paced => paced::run(bench, experiment),
            What::Transfer => transfer::run(bench, experiment),
            What::Search(state) => search::run(bench, experiment, state),
            What::Fanout => fanout::run(bench, experiment),
            What::Limited => limited::run(bench, experiment),
            What::Parse => parse::run(bench, experiment),
            What::Roll => roll::run(bench, experiment),
            What::Killed => killed::run(bench, experiment),
        }
    }
}

fn verb(operation: Operation) -> &'static str {
    match operation {
        Operation::Append => "write",
        Operation::Encode => "encode",
        Operation::Read => "read",
        Operation::Lease => "lease",
    }
}

fn matrix_texts(operation: Operation, state: State) -> (String, String) {
    let (title, about) = match operation {
        Operation::Append => (
            "Appends",
            "Blocks are appended from memory until the file is full and all is committed",
        ),
        Operation::Encode => (
            "Records made in place",
            "Room for a block is reserved, filled where it lies and published, until the file is full and all is committed",
        ),
        Operation::Read => (
            "Reads by copy",
            "Blocks are copied out of the file, first to last",
        ),
        Operation::Lease => (
            "Reads in place",
            "Blocks are borrowed where they lie, first to last, and their words added up",
        ),
    };
    (
        format!("{title}: {state}"),
        format!("{about}; at the start {}.", state.in_words()),
    )
}

fn run_matrix(
    bench: &Bench<'_>,
    experiment: &mut Experiment,
    operation: Operation,
    state: State,
) -> Result<(), MeasureError> {
    let settings = &bench.settings;
    let is_read = matches!(operation, Operation::Read | Operation::Lease);
    let place = |block: u64| {
        let mut cells = Vec::new();
        for engine in bench.engines.wanted() {
            for bare in [false, true]
                .into_iter()
                .take(1 + usize::from(settings.bare))
            {
                let name = if bare {
                    format!("bare {engine}")
                } else {
                    engine.to_string()
                };
                let cell = Cell {
                    engine: *engine,
                    operation,
                    state,
                    block,
                    bare,
                };
                cells.push((name, cell));
            }
        }
        Place {
            x: block as f64,
            label: None,
            cells,
        }
    };
    let places: Vec<Place<Cell>> = settings.sizes.iter().copied().map(place).collect();
    let watched = if is_read {
        Some(Watched::make(
            bench.work.file("read")?,
            settings.file_bytes,
            state,
        )?)
    } else {
        None
    };
    let ended = matrix::run(bench, experiment, &places, |cell, point| {
        let measured = match &watched {
            Some(watched) => io::read(bench, cell, watched)?,
            None => io::write(bench, cell)?,
        };
        measured.record(point, cell, settings.file_bytes);
        Ok(())
    });
    for series in &mut experiment.series {
        series.bare_of = series.name.strip_prefix("bare ").map(str::to_owned);
    }
    ended
}
