//! `highwater bench mapping`: what kinds of mapping do when a file is larger than memory.
//!
//! The experiment of one of the project's source texts (docs/bench.md): one process maps and writes
//! 30 GiB on a machine with 16 GiB of memory and swap (A), or two write 15 GiB each (B); private
//! mappings fail or are killed, shared ones go on. Here the writing is done in a control group with
//! little memory, at the same proportions, by child processes that the parent watches; the calls
//! that map are made at full size, for this machine's memory and swap.
//!
//! Invariants: nobody but the children can be killed for want of memory, for only they are in the
//! group; what is "as the text says" is decided by code from what was found.

mod costs;
mod writer;

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use rustix::fs::FallocateFlags;
use segment::engine::{AnyMap, MapKind};

pub use costs::count_mappings;
pub use writer::run_writer;
use writer::{Ended, Task, Watched};

use super::cgroup::{MemoryGroup, Version};
use super::error::{Doing, MeasureError};
use super::workdir::WorkDir;
use super::{Progress, Stop};
use crate::report::units::{self, Unit};
use crate::report::{Axis, Better, Experiment, Scale, Table};

/// Less memory than this is too little for the program itself.
const LIMIT_BYTES_MIN: u64 = 64 << 20;
const LIMIT_BYTES_MAX: u64 = 1 << 40;

/// The text's file over its memory: 30 GiB on 16 GiB.
const ALONE: (u64, u64) = (15, 8);
/// And for each of two: 15 GiB on 16 GiB.
const EACH_OF_TWO: (u64, u64) = (15, 16);

/// What is asked for.
#[derive(Clone, Debug)]
pub struct MappingSettings {
    /// Where files may be made.
    pub dir: PathBuf,
    /// Memory of the group that the writers are in.
    pub limit_bytes: u64,
    /// How long one case may take.
    pub patience: std::time::Duration,
    /// This program, for the children.
    pub program: PathBuf,
}

/// One process or two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scenario {
    A,
    B,
}

impl Scenario {
    fn name(self) -> &'static str {
        match self {
            Self::A => "one process",
            Self::B => "two processes",
        }
    }

    fn processes(self) -> usize {
        match self {
            Self::A => 1,
            Self::B => 2,
        }
    }

    /// What each process maps where so much memory is.
    fn bytes_of(self, memory_bytes: u64) -> u64 {
        let (times, of) = match self {
            Self::A => ALONE,
            Self::B => EACH_OF_TWO,
        };
        (memory_bytes / of * times).next_multiple_of(4096)
    }
}

/// How something ends, as a text says or as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The call that maps fails.
    NotMapped,
    /// The call works.
    Mapped,
    /// Every process writes all.
    AllFinish,
    /// At least one process is killed.
    OneKilled,
    /// Nothing is said, or nothing was tried.
    Unknown,
}

/// What the text says: number, mapping, the call, the writing. Those without a number it argues and
/// did not run.
fn said(scenario: Scenario, kind: MapKind) -> (&'static str, End, End) {
    use End::{AllFinish, Mapped, NotMapped, OneKilled};
    use MapKind::{Anonymous, AnonymousUnreserved, Private, PrivateUnreserved, Shared};
    match (scenario, kind) {
        // Where the call fails nothing is written, so the text cannot say how that ends.
        (Scenario::A, Private) => ("A1", NotMapped, End::Unknown),
        (Scenario::A, PrivateUnreserved) => ("A2", Mapped, OneKilled),
        (Scenario::A, Shared) => ("A3", Mapped, AllFinish),
        (Scenario::B, Private) => ("B4", Mapped, OneKilled),
        (Scenario::B, PrivateUnreserved) => ("B5", Mapped, OneKilled),
        (Scenario::B, Shared) => ("B6", Mapped, AllFinish),
        (Scenario::A, Anonymous) => ("argued", NotMapped, End::Unknown),
        (_, AnonymousUnreserved) => ("argued", Mapped, OneKilled),
        (Scenario::B, Anonymous) => ("argued", Mapped, OneKilled),
    }
}

impl End {
    fn text(self) -> &'static str {
        match self {
            Self::NotMapped => "mmap fails",
            Self::Mapped => "maps",
            Self::AllFinish => "writes go on",
            Self::OneKilled => "killed",
            Self::Unknown => "—",
        }
    }
}

/// Whether what was found is what the text says.
fn verdict(said: End, found: End) -> &'static str {
    match (said, found) {
        (End::Unknown, _) => "",
        (_, End::Unknown) => "not tried",
        (said, found) if said == found => "as said",
        _ => "otherwise",
    }
}

/// One row of the result.
struct Case {
    scenario: Scenario,
    kind: MapKind,
    /// The call at full size, and what the system said.
    called: (End, String),
    /// The writing in the group, one for each process; why it was not tried.
    wrote: Result<Vec<Watched>, String>,
}

impl Case {
    fn writing(&self) -> End {
        let Ok(processes) = &self.wrote else {
            return End::Unknown;
        };
        let is = |ended: fn(&Ended) -> bool| processes.iter().any(|one| ended(&one.ended));
        if is(|ended| matches!(ended, Ended::Killed(_))) {
            End::OneKilled
        } else if is(|ended| matches!(ended, Ended::NotMapped(_))) {
            End::NotMapped
        } else if is(|ended| matches!(ended, Ended::Failed(_))) {
            End::Unknown
        } else {
            End::AllFinish
        }
    }

    fn row(&self) -> Vec<String> {
        let (number, said_call, said_writing) = said(self.scenario, self.kind);
        let (called, call_detail) = &self.called;
        let wrote = match &self.wrote {
            Ok(processes) => processes
                .iter()
                .map(Watched::text)
                .collect::<Vec<_>>()
                .join(" / "),
            Err(why) => format!("not tried: {why}"),
        };
        vec![
            number.to_owned(),
            format!("{}, {}", self.scenario.name(), self.kind.name()),
            said_call.text().to_owned(),
            call_detail.clone(),
            verdict(said_call, *called).to_owned(),
            said_writing.text().to_owned(),
            wrote,
            verdict(said_writing, self.writing()).to_owned(),
        ]
    }
}

/// Checks what was asked for.
///
/// # Errors
/// `Settings`.
pub fn check(settings: &MappingSettings) -> Result<(), MeasureError> {
    if (LIMIT_BYTES_MIN..=LIMIT_BYTES_MAX).contains(&settings.limit_bytes) {
        return Ok(());
    }
    let show = |bytes: u64| units::show(as_f64(bytes), Unit::Bytes);
    Err(MeasureError::Settings(format!(
        "--limit is {}; it must be from {} (less than that the program needs itself) to {}",
        show(settings.limit_bytes),
        show(LIMIT_BYTES_MIN),
        show(LIMIT_BYTES_MAX)
    )))
}

/// Runs both scenarios with every kind of mapping. The experiment is worth keeping whatever happened.
pub fn run(
    settings: &MappingSettings,
    stop: &Stop,
    progress: &dyn Progress,
) -> (Experiment, Result<(), MeasureError>) {
    let mut experiment = describe(settings);
    let ended = run_cases(settings, stop, progress, &mut experiment);
    experiment.complete = ended.is_ok();
    (experiment, ended)
}

/// Looks at what mappings cost where memory is not short. Each experiment is worth keeping; after one that ended early there
/// is no other.
pub fn costs(
    settings: &MappingSettings,
    stop: &Stop,
    progress: &dyn Progress,
) -> Vec<(Experiment, Result<(), MeasureError>)> {
    costs::run(settings, stop, progress)
}

fn describe(settings: &MappingSettings) -> Experiment {
    let show = |bytes: u64| units::show(as_f64(bytes), Unit::Bytes);
    let each = |scenario: Scenario| show(scenario.bytes_of(settings.limit_bytes));
    let experiment = Experiment::new(
        "mapping",
        "Mappings larger than memory",
        "Each process maps a file (or memory) and stores to each of its pages once, in a group with little memory. The \
         chart shows how much each case had written when it ended; one that was killed did not get to the end.",
        Axis::new("mapping", Unit::Count, Scale::Names),
        Axis::new("written by one process", Unit::Bytes, Scale::Linear),
        Better::Higher,
    );
    experiment
        .with("memory of the group", show(settings.limit_bytes))
        .with("one process writes", each(Scenario::A))
        .with("each of two writes", each(Scenario::B))
}

fn run_cases(
    settings: &MappingSettings,
    stop: &Stop,
    progress: &dyn Progress,
    experiment: &mut Experiment,
) -> Result<(), MeasureError> {
    check(settings)?;
    let work = WorkDir::make(&settings.dir)?;
    experiment.notes.extend(work.cleared().iter().cloned());
    let full_bytes = memory_and_swap();
    experiment.settings.insert(
        "memory and swap of the machine".to_owned(),
        units::show(as_f64(full_bytes), Unit::Bytes),
    );
    // A group is made for each case; this one only shows whether that can be done.
    let group = MemoryGroup::create("probe", settings.limit_bytes);
    let refused = match group {
        Ok(group) => {
            experiment.notes.push(note_on(group.version()).to_owned());
            None
        }
        Err(why) => {
            experiment
                .notes
                .push(format!("only the calls that map were made: {why}"));
            Some(why)
        }
    };
    let scenarios = [Scenario::A, Scenario::B];
    let cases: Vec<(Scenario, MapKind)> = scenarios
        .into_iter()
        .flat_map(|scenario| MapKind::ALL.map(|kind| (scenario, kind)))
        .collect();
    progress.begin("mapping", cases.len() as u64);
    let mut rows = Vec::new();
    let mut outcome = Ok(());
    for (scenario, kind) in cases {
        progress.step(kind.name());
        match case(
            settings,
            stop,
            &work,
            (scenario, kind),
            full_bytes,
            refused.as_deref(),
        ) {
            Ok(case) => {
                note_point(experiment, &case);
                rows.push(case.row());
            }
            Err(error) => {
                outcome = Err(error);
                break;
            }
        }
    }
    experiment.tables.push(result_table(rows, full_bytes));
    outcome
}

fn note_on(version: Version) -> &'static str {
    match version {
        Version::V1 => {
            "control groups of version 1: dirty pages meet the limit in reclaim, which overstates the longest stores of \
             shared mappings"
        }
        Version::V2 => "control groups of version 2",
    }
}

fn result_table(rows: Vec<Vec<String>>, full_bytes: u64) -> Table {
    let show = |bytes: u64| units::show(as_f64(bytes), Unit::Bytes);
    Table {
        title: format!(
            "The text, and here: the call maps {} or {}; the writing is in the group",
            show(Scenario::A.bytes_of(full_bytes)),
            show(Scenario::B.bytes_of(full_bytes)),
        ),
        columns: [
            "text",
            "mapping",
            "call, text",
            "call, here",
            "",
            "writing, text",
            "writing, here",
            "",
        ]
        .map(str::to_owned)
        .to_vec(),
        rows,
    }
}

fn note_point(experiment: &mut Experiment, case: &Case) {
    let place = MapKind::ALL.iter().position(|kind| *kind == case.kind);
    let x = as_f64(place.unwrap_or_default() as u64);
    let point = experiment.point(case.scenario.name(), x);
    point.label = Some(case.kind.name().to_owned());
    match &case.wrote {
        Err(why) => point.refuse(why.clone()),
        Ok(processes) => {
            for process in processes {
                point.push_value(as_f64(process.written_bytes));
                process.note(point);
            }
        }
    }
}

fn case(
    settings: &MappingSettings,
    stop: &Stop,
    work: &WorkDir,
    (scenario, kind): (Scenario, MapKind),
    full_bytes: u64,
    refused: Option<&str>,
) -> Result<Case, MeasureError> {
    stop.check()?;
    let called = call_at_full_size(work, scenario, kind, full_bytes)?;
    let wrote = match refused {
        Some(why) => Err(why.to_owned()),
        None => write(settings, stop, work, scenario, kind)?,
    };
    Ok(Case {
        scenario,
        kind,
        called,
        wrote,
    })
}

/// Maps what the text maps, for this machine; touches nothing.
fn call_at_full_size(
    work: &WorkDir,
    scenario: Scenario,
    kind: MapKind,
    full_bytes: u64,
) -> Result<(End, String), MeasureError> {
    let bytes = scenario.bytes_of(full_bytes);
    let Ok(len) = usize::try_from(bytes) else {
        return Ok((
            End::Unknown,
            "too large for this machine's addresses".to_owned(),
        ));
    };
    // The second process of B is a second mapping beside the first.
    let mut maps = Vec::new();
    for number in 0..scenario.processes() {
        let file = match kind.has_file() {
            true => Some(sparse_file(&work.file(&format!("full-{number}"))?, bytes)?),
            false => None,
        };
        match AnyMap::new(kind, file.as_ref(), len) {
            Ok(map) => maps.push(map),
            Err(error) => return Ok((End::NotMapped, format!("mmap: {error}"))),
        }
    }
    Ok((End::Mapped, "maps".to_owned()))
}

fn sparse_file(path: &Path, bytes: u64) -> Result<File, MeasureError> {
    let file = new_file(path)?;
    file.set_len(bytes).doing("make a sparse file of", path)?;
    // It has no blocks, and goes when its mapping does.
    std::fs::remove_file(path).doing("remove", path)?;
    Ok(file)
}

fn new_file(path: &Path) -> Result<File, MeasureError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)
        .doing("create", path)
}

/// Writes in the group. The inner error says why it could not be tried.
fn write(
    settings: &MappingSettings,
    stop: &Stop,
    work: &WorkDir,
    scenario: Scenario,
    kind: MapKind,
) -> Result<Result<Vec<Watched>, String>, MeasureError> {
    let bytes = scenario.bytes_of(settings.limit_bytes);
    let group = match MemoryGroup::create("mapping", settings.limit_bytes) {
        Ok(group) => group,
        Err(why) => return Ok(Err(why)),
    };
    let folder = work.folder("mapping")?;
    let mut tasks = Vec::new();
    for number in 0..scenario.processes() {
        let path = folder.path().join(format!("file-{number}"));
        if kind.has_file() {
            let file = new_file(&path)?;
            // With its blocks, so that a full disk is told here and not by a signal at a store.
            rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, bytes)
                .doing("take space for", &path)?;
        }
        tasks.push(Task::new(kind, &path, bytes));
    }
    writer::watch(&settings.program, &group, &tasks, settings.patience, stop).map(Ok)
}

/// Of this machine.
fn memory_and_swap() -> u64 {
    let machine = super::machine::read(None);
    machine.memory_bytes.unwrap_or_default() + machine.swap_bytes.unwrap_or_default()
}

/// For people.
#[allow(clippy::cast_precision_loss, reason = "for people")]
fn as_f64(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests;
