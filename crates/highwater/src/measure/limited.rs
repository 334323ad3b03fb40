//! A file much larger than the memory there is for it: written, synced and read again by a child process in a group whose
//! memory is a quarter of the file.
//!
//! The child is this program with a hidden command. It waits for its task on stdin, so that it is in the group before it
//! uses memory, and answers in JSON. A child that is killed for want of memory is a result like any other.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use segment::{EngineKind, FlushRules, SegmentSpec};
use serde::{Deserialize, Serialize};

use super::cgroup::{MemoryGroup, Version};
use super::cost::{histogram, nanos};
use super::error::{Doing, MeasureError};
use super::io::{Buffer, intact, sum};
use super::matrix::{self, Place};
use super::store::Store;
use super::workdir::WorkDir;
use super::{Bench, Engines, paced};
use crate::report::{Experiment, Point, Unit};

/// The file has so many times the memory of the group.
const TIMES: u64 = 4;
/// Less memory than this is too little for the program itself.
const LEAST_BYTES: u64 = 32 << 20;
/// Bytes of an append and of a read.
const BLOCK_BYTES: u64 = 64 << 10;

/// The child's task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LimitedCell {
    /// Name of the engine.
    engine: String,
    /// Where it may make a directory of its own.
    dir: PathBuf,
    /// Bytes to write and read.
    file_bytes: u64,
}

/// The child's answer.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Answer {
    write_ns: u64,
    read_ns: u64,
    worst_append_ns: u64,
    p9999_append_ns: u64,
}

/// Where the two halves stand on the axis.
const WRITE: (f64, &str) = (0.0, "write and sync");
const READ: (f64, &str) = (1.0, "read in place");

pub(super) fn run(bench: &Bench<'_>, experiment: &mut Experiment) -> Result<(), MeasureError> {
    let limit_bytes = bench.settings.file_bytes / TIMES;
    let Some(program) = &bench.settings.limited_program else {
        experiment.refused = Some("this caller has no program to run in a group".to_owned());
        return Ok(());
    };
    if limit_bytes < LEAST_BYTES {
        experiment.refused = Some(format!(
            "a quarter of the file is less than the {} MiB that the program needs itself: use --file-bytes {}MiB or more",
            LEAST_BYTES >> 20,
            (LEAST_BYTES * TIMES) >> 20
        ));
        return Ok(());
    }
    match MemoryGroup::create("probe", limit_bytes) {
        Ok(group) if group.version() == Version::V1 => experiment.notes.push(
            "control groups of version 1: dirty pages meet the limit in reclaim, which overstates stalls".to_owned(),
        ),
        Ok(_) => {}
        Err(why) => {
            experiment.refused = Some(why);
            return Ok(());
        }
    }
    let cells = bench.engines.wanted().iter();
    let place = Place {
        x: WRITE.0,
        label: Some(WRITE.1.to_owned()),
        cells: cells.map(|kind| (kind.name().to_owned(), *kind)).collect(),
    };
    let mut reads: Vec<(EngineKind, Result<Answer, String>)> = Vec::new();
    let measured = matrix::run(bench, experiment, &[place], |kind, point| {
        bench.engines.get(*kind).map_err(MeasureError::State)?;
        let answer = child(bench, program, *kind, limit_bytes);
        if let Ok(answer) = &answer {
            record_write(bench, answer, point);
        }
        let (told, result) = match answer {
            Ok(answer) => (Ok(answer), Ok(())),
            Err(error) if error.is_of_one_cell() => (Err(error.to_string()), Err(error)),
            Err(error) => return Err(error),
        };
        reads.push((*kind, told));
        result
    });
    for (kind, told) in reads {
        let point = experiment.point(kind.name(), READ.0);
        point.label = Some(READ.1.to_owned());
        match told {
            Ok(answer) => point.push_value(rate(bench, answer.read_ns)),
            Err(why) => point.refuse(why),
        }
    }
    measured
}

fn rate(bench: &Bench<'_>, ns: u64) -> f64 {
    bench.settings.file_bytes as f64 * 1e9 / ns as f64
}

fn record_write(bench: &Bench<'_>, answer: &Answer, point: &mut Point) {
    point.push_value(rate(bench, answer.write_ns));
    point.also(
        "p99.99 of an append",
        Unit::Nanoseconds,
        answer.p9999_append_ns as f64,
    );
    point.also(
        "worst append",
        Unit::Nanoseconds,
        answer.worst_append_ns as f64,
    );
}

/// Runs one child and reads its answer.
fn child(
    bench: &Bench<'_>,
    program: &Path,
    kind: EngineKind,
    limit_bytes: u64,
) -> Result<Answer, MeasureError> {
    let group = MemoryGroup::create("cell", limit_bytes).map_err(MeasureError::State)?;
    let folder = bench.work.folder("limited")?;
    let cell = LimitedCell {
        engine: kind.name().to_owned(),
        dir: folder.path().to_owned(),
        file_bytes: bench.settings.file_bytes,
    };
    let task =
        serde_json::to_string(&cell).map_err(|error| MeasureError::State(error.to_string()))?;
    let mut child = Command::new(program)
        .args(["bench", "limited-cell"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .doing("run", program)?;
    let told = group
        .add(child.id())
        .and_then(|()| match child.stdin.take() {
            Some(mut stdin) => stdin
                .write_all(task.as_bytes())
                .and_then(|()| stdin.write_all(b"\n")),
            None => Ok(()),
        });
    if let Err(error) = told {
        // It waits for a task that does not come.
        let _ = child.kill();
        let _ = child.wait();
        return Err(MeasureError::State(format!(
            "the child could not be moved into the group: {error}"
        )));
    }
    while child.try_wait().doing("wait for", program)?.is_none() {
        if bench.stop.is_asked() {
            let _ = child.kill();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    bench.stop.check()?;
    let output = child.wait_with_output().doing("wait for", program)?;
    if !output.status.success() {
        let why = match group.oom_kills() {
            Some(kills) if kills > 0 => "killed for want of memory".to_owned(),
            _ => format!(
                "{}: {}",
                output.status,
                String::from_utf8_lossy(&output.stderr).trim()
            ),
        };
        return Err(MeasureError::State(why));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| MeasureError::State(format!("the child's answer: {error}")))
}

/// The child: reads a task from stdin, does it, and returns the answer as JSON.
///
/// # Errors
/// Whatever went wrong, for the parent to read.
pub fn run_limited_cell() -> Result<String, MeasureError> {
    let mut line = String::new();
    BufReader::new(std::io::stdin().take(1 << 16))
        .read_line(&mut line)
        .doing("read", Path::new("stdin"))?;
    let bad = |error: String| MeasureError::Settings(format!("the task: {error}"));
    let cell: LimitedCell = serde_json::from_str(&line).map_err(|error| bad(error.to_string()))?;
    let kind = cell
        .engine
        .parse::<EngineKind>()
        .map_err(|error| bad(error.to_string()))?;
    let work = WorkDir::make(&cell.dir)?;
    let engines = Engines::start(&[kind], work.path());
    let answer = write_and_read(&cell, kind, &work, &engines)?;
    serde_json::to_string(&answer).map_err(|error| bad(error.to_string()))
}

fn write_and_read(
    cell: &LimitedCell,
    kind: EngineKind,
    work: &WorkDir,
    engines: &Engines,
) -> Result<Answer, MeasureError> {
    let engine = engines.get(kind).map_err(MeasureError::State)?;
    let rules = FlushRules {
        unsynced_age_max: Some(paced::SYNC_AGE),
        ..FlushRules::default()
    };
    let mut store = Store::open(engine, work.folder("store")?, cell.file_bytes, rules)?;
    let source = Buffer::new(BLOCK_BYTES)?;
    let mut appends = histogram()?;
    let begun = Instant::now();
    for _ in 0..cell.file_bytes / BLOCK_BYTES {
        let append_begun = Instant::now();
        store.append(source.get())?;
        appends.saturating_record(nanos(append_begun));
    }
    store.sync()?;
    let write_ns = nanos(begun);
    let path = store.file().ok_or(MeasureError::Stopped)?;
    let len = cell.file_bytes / BLOCK_BYTES * BLOCK_BYTES;
    let reader = engine
        .open_read(&path, &SegmentSpec::default(), len)
        .doing("open", &path)?;
    let begun = Instant::now();
    for at in (0..len).step_by(usize::try_from(BLOCK_BYTES).unwrap_or(1)) {
        let lease = reader.lease(at..at + BLOCK_BYTES).doing("read", &path)?;
        std::hint::black_box(sum(&lease));
        intact(lease.is_intact()).doing("read", &path)?;
    }
    Ok(Answer {
        write_ns,
        read_ns: nanos(begun),
        worst_append_ns: appends.max(),
        p9999_append_ns: appends.value_at_quantile(0.9999),
    })
}
