//! What mappings cost where memory is not short: page tables, how many there may be, faults of locked memory.

use std::fs;
use std::fs::File;
use std::process::{Command, Stdio};

use segment::engine::{AnyMap, MapKind, PlainMap};

use super::super::cost::Cost;
use super::super::error::{Doing, MeasureError};
use super::super::workdir::WorkDir;
use super::super::{Progress, Stop};
use super::{MappingSettings, as_f64, new_file};
use crate::report::{Axis, Better, Experiment, Point, Scale, Unit};

/// How often each case is looked at.
const RUNS: usize = 5;
const GIB: u64 = 1 << 30;
/// Pages of this much are touched; the figures are told by GiB.
const TOUCHED_BYTES: u64 = 256 << 20;
const PAGE_BYTES: usize = 4096;
/// Locked memory: as much as an ordinary user may lock.
const LOCKED_BYTES: usize = 4 << 20;
/// Mappings tried at most, whatever the kernel's limit.
const MAPS_MAX: usize = 1 << 20;

/// A way to map, for the page tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Untouched,
    Read,
    Stored,
    /// One mapping of 8 GiB, its last page stored to.
    Large,
    /// 10240 mappings of 1 GiB.
    Many,
}

const CASES: [(&str, Case); 5] = [
    ("untouched", Case::Untouched),
    ("read", Case::Read),
    ("stored to", Case::Stored),
    ("8 GiB, last page stored to", Case::Large),
    ("10 TiB, untouched", Case::Many),
];

type Ran = (Experiment, Result<(), MeasureError>);

/// The experiments, each worth keeping whatever happened.
pub(super) fn run(settings: &MappingSettings, stop: &Stop, progress: &dyn Progress) -> Vec<Ran> {
    let mut all = Vec::new();
    let tables = Experiment::new(
        "mapping-tables",
        "Page tables of mappings",
        "What the kernel keeps for a GiB of a sparse file that is mapped, by what was done to its pages.",
        Axis::new("pages", Unit::Count, Scale::Names),
        Axis::new("page tables for a GiB", Unit::Bytes, Scale::Linear),
        Better::Lower,
    );
    let locked = Experiment::new(
        "mapping-locked",
        "Private memory that was locked",
        "Faults at the first store to each page of 4 MiB of anonymous memory.",
        Axis::new("memory", Unit::Count, Scale::Names),
        Axis::new("faults for a page", Unit::Count, Scale::Linear),
        Better::Lower,
    );
    let count = Experiment::new(
        "mapping-count",
        "Mappings of one process",
        "Pieces of a file are mapped by a child process until the kernel refuses.",
        Axis::new("mappings of", Unit::Count, Scale::Names),
        Axis::new("mappings", Unit::Count, Scale::Linear),
        Better::Higher,
    );
    let steps: [(Experiment, Measure); 3] = [
        (tables, measure_tables),
        (locked, measure_locked),
        (count, measure_count),
    ];
    for (mut experiment, measure) in steps {
        let ended = WorkDir::make(&settings.dir)
            .and_then(|work| measure(settings, &work, stop, progress, &mut experiment));
        experiment.complete = ended.is_ok();
        let over = ended.is_err();
        all.push((experiment, ended));
        if over {
            break;
        }
    }
    all
}

type Measure = fn(
    &MappingSettings,
    &WorkDir,
    &Stop,
    &dyn Progress,
    &mut Experiment,
) -> Result<(), MeasureError>;

/// Keeps the reason in the point where only this case cannot be measured.
fn keep(point: &mut Point, measured: Result<f64, MeasureError>) -> Result<(), MeasureError> {
    match measured {
        Ok(value) => point.push_value(value),
        Err(error) if error.is_of_one_cell() => point.refuse(error.to_string()),
        Err(error) => return Err(error),
    }
    Ok(())
}

fn measure_tables(
    _: &MappingSettings,
    work: &WorkDir,
    stop: &Stop,
    progress: &dyn Progress,
    experiment: &mut Experiment,
) -> Result<(), MeasureError> {
    progress.begin(&experiment.id, (RUNS * CASES.len()) as u64);
    for _ in 0..RUNS {
        for (at, (name, case)) in CASES.into_iter().enumerate() {
            stop.check()?;
            progress.step(name);
            let measured = tables_of(case, work);
            let point = experiment.point("shared", as_f64(at as u64));
            point.label = Some(name.to_owned());
            keep(point, measured)?;
        }
    }
    Ok(())
}

/// Bytes of page tables that a case adds, for a GiB.
fn tables_of(case: Case, work: &WorkDir) -> Result<f64, MeasureError> {
    let (bytes, times) = match case {
        Case::Untouched => (GIB, 1),
        Case::Read | Case::Stored => (TOUCHED_BYTES, 1),
        Case::Large => (8 * GIB, 1),
        Case::Many => (GIB, 10 * 1024),
    };
    let path = work.file("tables")?;
    let file = new_file(&path)?;
    file.set_len(bytes).doing("make a sparse file of", &path)?;
    let len = usize::try_from(bytes)
        .map_err(|_| MeasureError::State("larger than this machine's addresses".to_owned()))?;
    let before = page_tables()?;
    let added = || page_tables().map(|after| after.saturating_sub(before));
    let added = match case {
        Case::Untouched | Case::Many => {
            let mut maps = Vec::with_capacity(times);
            for _ in 0..times {
                maps.push(AnyMap::new(MapKind::Shared, Some(&file), len).doing("map", &path)?);
            }
            added()?
        }
        Case::Large => {
            let mut map = AnyMap::new(MapKind::Shared, Some(&file), len).doing("map", &path)?;
            map.store(len - 1, 1).doing("store to", &path)?;
            added()?
        }
        Case::Read | Case::Stored => {
            let map = PlainMap::new(&file, len, case == Case::Stored).doing("map", &path)?;
            map.populate().doing("touch", &path)?;
            added()?
        }
    };
    drop(file);
    work.file("tables")?;
    Ok(as_f64(added) / (as_f64(bytes) * times as f64 / as_f64(GIB)))
}

/// Of this process, in bytes.
fn page_tables() -> Result<u64, MeasureError> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status.lines().find_map(|line| {
        line.strip_prefix("VmPTE:")?
            .split_whitespace()
            .next()?
            .parse::<u64>()
            .ok()
    });
    kib.map(|kib| kib * 1024)
        .ok_or_else(|| MeasureError::State("/proc does not tell of page tables".to_owned()))
}

fn measure_locked(
    _: &MappingSettings,
    _: &WorkDir,
    stop: &Stop,
    progress: &dyn Progress,
    experiment: &mut Experiment,
) -> Result<(), MeasureError> {
    progress.begin(&experiment.id, (RUNS * 2) as u64);
    for _ in 0..RUNS {
        for (at, (name, lock)) in [("not locked", false), ("locked", true)]
            .into_iter()
            .enumerate()
        {
            stop.check()?;
            progress.step(name);
            let point = experiment.point("anonymous", as_f64(at as u64));
            point.label = Some(name.to_owned());
            keep(point, faults_of(lock))?;
        }
    }
    Ok(())
}

/// Faults for each page at its first store.
fn faults_of(lock: bool) -> Result<f64, MeasureError> {
    let failed =
        |what: &str, error: std::io::Error| MeasureError::State(format!("{what}: {error}"));
    let mut map = AnyMap::new(MapKind::Anonymous, None, LOCKED_BYTES)
        .map_err(|error| failed("map memory", error))?;
    if lock {
        map.lock().map_err(|error| failed("lock memory", error))?;
    }
    let ((), cost) = Cost::of(|| {
        for at in (0..LOCKED_BYTES).step_by(PAGE_BYTES) {
            map.store(at, 1).map_err(|error| failed("store", error))?;
        }
        Ok(())
    })?;
    Ok(as_f64(cost.minor_faults) / (LOCKED_BYTES / PAGE_BYTES) as f64)
}

fn measure_count(
    settings: &MappingSettings,
    work: &WorkDir,
    stop: &Stop,
    progress: &dyn Progress,
    experiment: &mut Experiment,
) -> Result<(), MeasureError> {
    progress.begin(&experiment.id, RUNS as u64);
    if let Some(most) = maps_max() {
        experiment
            .settings
            .insert("vm.max_map_count".to_owned(), most.to_string());
    }
    for _ in 0..RUNS {
        stop.check()?;
        progress.step("4 KiB");
        let point = experiment.point("shared", 0.0);
        point.label = Some("4 KiB".to_owned());
        keep(point, count_in_a_child(settings, work))?;
    }
    Ok(())
}

fn maps_max() -> Option<usize> {
    let text = fs::read_to_string("/proc/sys/vm/max_map_count").ok()?;
    text.trim().parse().ok()
}

/// In a process of its own: one that has no mapping left can hardly do anything else.
fn count_in_a_child(settings: &MappingSettings, work: &WorkDir) -> Result<f64, MeasureError> {
    let path = work.file("count")?;
    let file = new_file(&path)?;
    file.set_len(PAGE_BYTES as u64).doing("lengthen", &path)?;
    let output = Command::new(&settings.program)
        .args(["bench", "mapping-count"])
        .stdin(Stdio::from(file))
        .output()
        .doing("run", &settings.program)?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse::<u64>().map(as_f64).map_err(|_| {
        let why = String::from_utf8_lossy(&output.stderr);
        MeasureError::State(format!("{}: {}", output.status, why.trim()))
    })
}

/// The child: maps its stdin until the kernel refuses, and tells how often that went well.
///
/// # Errors
/// `State` where it was refused for another reason, or never.
pub fn count_mappings() -> Result<u64, MeasureError> {
    use std::os::fd::AsFd as _;
    let failed = |error: std::io::Error| MeasureError::State(error.to_string());
    let stdin = std::io::stdin();
    let file = File::from(stdin.as_fd().try_clone_to_owned().map_err(failed)?);
    let most = maps_max()
        .unwrap_or(MAPS_MAX)
        .saturating_add(16)
        .min(MAPS_MAX);
    // Room for all of them before: later there is none to be had.
    let mut maps = Vec::with_capacity(most);
    while maps.len() < most {
        match AnyMap::new(MapKind::Shared, Some(&file), PAGE_BYTES) {
            Ok(map) => maps.push(map),
            Err(error) if error.kind() == std::io::ErrorKind::OutOfMemory => break,
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(maps.len() as u64)
}
