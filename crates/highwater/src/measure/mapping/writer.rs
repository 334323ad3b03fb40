//! The processes that write: the child's side, and how the parent watches them.
//!
//! A child is this program with a hidden command. It waits for its task on stdin, so that it is in
//! the group before it uses memory, tells how far it is on stdout, and keeps its memory until its
//! stdin is closed, so that two children press on the group together.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use segment::engine::{AnyMap, MapKind};
use serde::{Deserialize, Serialize};

use super::super::Stop;
use super::super::cgroup::MemoryGroup;
use super::super::cost::{Cost, nanos};
use super::super::error::{Doing, MeasureError};
use crate::report::Point;
use crate::report::units::{self, Unit};

const PAGE_BYTES: usize = 4096;
/// How often a child tells how far it is.
const TELL_BYTES: usize = 4 << 20;
/// Stores longer than this are counted.
const LONG_NS: u64 = 1_000_000;
/// How often the parent looks.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What a child has to do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Task {
    /// Name of the kind of mapping.
    kind: String,
    path: PathBuf,
    bytes: u64,
}

impl Task {
    pub(super) fn new(kind: MapKind, path: &Path, bytes: u64) -> Self {
        Self {
            kind: kind.name().to_owned(),
            path: path.to_owned(),
            bytes,
        }
    }
}

/// A line that a child writes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// The call failed.
    NotMapped(String),
    /// So many bytes are written.
    Written(u64),
    /// All are.
    Done(Stores),
}

/// What the stores of a child took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stores {
    pub(super) all_ns: u64,
    pub(super) longest_ns: u64,
    /// Longer than a millisecond.
    pub(super) long: u64,
    pub(super) minor_faults: u64,
    pub(super) major_faults: u64,
}

/// How a child ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Done(Stores),
    NotMapped(String),
    /// By this signal.
    Killed(i32),
    /// Otherwise.
    Failed(String),
}

/// A child that was watched to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Watched {
    pub(super) written_bytes: u64,
    pub(super) ended: Ended,
}

impl Watched {
    /// For the table.
    pub(super) fn text(&self) -> String {
        let ns = |ns: u64| units::show(super::as_f64(ns), Unit::Nanoseconds);
        let written = units::show(super::as_f64(self.written_bytes), Unit::Bytes);
        match &self.ended {
            Ended::Done(stores) => format!(
                "{written} in {}, longest store {}, {} above 1 ms, {} major faults",
                ns(stores.all_ns),
                ns(stores.longest_ns),
                stores.long,
                stores.major_faults
            ),
            Ended::NotMapped(why) => format!("mmap: {why}"),
            Ended::Killed(signal) => format!("killed (signal {signal}) after {written}"),
            Ended::Failed(why) => format!("after {written}: {why}"),
        }
    }

    /// Adds what was counted to its point.
    pub(super) fn note(&self, point: &mut Point) {
        let Ended::Done(stores) = &self.ended else {
            return;
        };
        let counts = [
            ("longest store", Unit::Nanoseconds, stores.longest_ns),
            ("stores above 1 ms", Unit::Count, stores.long),
            ("minor faults", Unit::Count, stores.minor_faults),
            ("major faults", Unit::Count, stores.major_faults),
        ];
        for (name, unit, value) in counts {
            point.also(name, unit, super::as_f64(value));
        }
    }
}

/// The child: reads its task, does it, and waits until it may go.
///
/// # Errors
/// Whatever went wrong, for the parent to read.
pub fn run_writer() -> Result<(), MeasureError> {
    let stdin = Path::new("stdin");
    let mut lines = std::io::stdin().lock().lines();
    let bad = |error: String| MeasureError::Settings(format!("the task: {error}"));
    let line = lines.next().transpose().doing("read", stdin)?;
    let task: Task = serde_json::from_str(line.unwrap_or_default().trim())
        .map_err(|error| bad(error.to_string()))?;
    let kind = MapKind::ALL
        .into_iter()
        .find(|kind| kind.name() == task.kind);
    let kind = kind.ok_or_else(|| bad(format!("no mapping is called {}", task.kind)))?;
    let len = usize::try_from(task.bytes).map_err(|error| bad(error.to_string()))?;
    let file = match kind.has_file() {
        true => {
            let mut options = std::fs::OpenOptions::new();
            let opened = options.read(true).write(true).open(&task.path);
            Some(opened.doing("open", &task.path)?)
        }
        false => None,
    };
    let mut map = match AnyMap::new(kind, file.as_ref(), len) {
        Ok(map) => map,
        Err(error) => return tell(&Line::NotMapped(error.to_string())),
    };
    let stores = store_to_all(&mut map, &task.path)?;
    tell(&Line::Done(stores))?;
    // Until the parent has seen what it wanted.
    let _ = lines.next();
    Ok(())
}

fn store_to_all(map: &mut AnyMap, path: &Path) -> Result<Stores, MeasureError> {
    let (mut longest_ns, mut long) = (0, 0);
    let (_, cost) = Cost::of(|| {
        for at in (0..map.len()).step_by(PAGE_BYTES) {
            let begun = Instant::now();
            map.store(at, 1).doing("store to", path)?;
            let took_ns = nanos(begun);
            longest_ns = longest_ns.max(took_ns);
            long += u64::from(took_ns > LONG_NS);
            if at % TELL_BYTES == 0 {
                tell(&Line::Written(at as u64))?;
            }
        }
        tell(&Line::Written(map.len() as u64))
    })?;
    Ok(Stores {
        all_ns: u64::try_from(cost.time.as_nanos()).unwrap_or(u64::MAX),
        longest_ns,
        long,
        minor_faults: cost.minor_faults,
        major_faults: cost.major_faults,
    })
}

fn tell(line: &Line) -> Result<(), MeasureError> {
    let text =
        serde_json::to_string(line).map_err(|error| MeasureError::State(error.to_string()))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .doing("write", Path::new("stdout"))
}

/// A child and what it has told.
struct Running {
    child: Child,
    /// Open as long as the child is to keep its memory.
    stdin: Option<ChildStdin>,
    lines: Receiver<Line>,
    written_bytes: u64,
    last: Option<Line>,
    status: Option<ExitStatus>,
}

impl Drop for Running {
    fn drop(&mut self) {
        // Gone already, as a rule.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a child for each task, in the group, and watches until each has ended or is done.
///
/// # Errors
/// `Stopped`, `Io`, `State`: they could not be started. No child is left.
pub(super) fn watch(
    program: &Path,
    group: &MemoryGroup,
    tasks: &[Task],
    patience: Duration,
    stop: &Stop,
) -> Result<Vec<Watched>, MeasureError> {
    let mut all = Vec::new();
    for _ in tasks {
        all.push(Running::start(program, group)?);
    }
    // All are in the group; now they may begin together.
    for (running, task) in all.iter_mut().zip(tasks) {
        running.give(task)?;
    }
    let begun = Instant::now();
    while !all.iter_mut().all(|one| one.is_at_its_end()) {
        stop.check()?;
        if begun.elapsed() > patience {
            break;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    Ok(all.into_iter().map(|one| one.end(patience)).collect())
}

impl Running {
    fn start(program: &Path, group: &MemoryGroup) -> Result<Self, MeasureError> {
        let mut child = Command::new(program)
            .args(["bench", "mapping-writer"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .doing("run", program)?;
        let (sender, lines) = mpsc::channel();
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                for text in BufReader::new(stdout).lines().map_while(Result::ok) {
                    let Ok(line) = serde_json::from_str(&text) else {
                        return;
                    };
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        let running = Self {
            stdin: child.stdin.take(),
            child,
            lines,
            written_bytes: 0,
            last: None,
            status: None,
        };
        group.add(running.child.id()).map_err(|error| {
            MeasureError::State(format!(
                "a child could not be moved into the group: {error}"
            ))
        })?;
        Ok(running)
    }

    fn give(&mut self, task: &Task) -> Result<(), MeasureError> {
        let text =
            serde_json::to_string(task).map_err(|error| MeasureError::State(error.to_string()))?;
        let Some(stdin) = &mut self.stdin else {
            return Ok(());
        };
        writeln!(stdin, "{text}").doing("write", Path::new("the child's stdin"))
    }

    fn hear(&mut self) {
        while let Ok(line) = self.lines.try_recv() {
            match line {
                Line::Written(bytes) => self.written_bytes = bytes,
                other => self.last = Some(other),
            }
        }
    }

    /// It has said its last word, or is gone.
    fn is_at_its_end(&mut self) -> bool {
        self.hear();
        if self.status.is_none() {
            self.status = self.child.try_wait().ok().flatten();
        }
        self.last.is_some() || self.status.is_some()
    }

    /// Lets it go, and says how it ended.
    fn end(mut self, patience: Duration) -> Watched {
        let is_at_its_end = self.is_at_its_end();
        if !is_at_its_end {
            let _ = self.child.kill();
        }
        drop(self.stdin.take());
        let status = self.child.wait();
        // What it wrote last is in the pipe still; the reader's end closes the channel.
        while let Ok(line) = self.lines.recv() {
            match line {
                Line::Written(bytes) => self.written_bytes = bytes,
                other => self.last = Some(other),
            }
        }
        let ended = match (self.last.take(), status) {
            (Some(Line::Done(stores)), _) => Ended::Done(stores),
            (Some(Line::NotMapped(why)), _) => Ended::NotMapped(why),
            _ if !is_at_its_end => Ended::Failed(format!("not done in {patience:?}, ended by us")),
            (_, Ok(status)) => match status.signal() {
                Some(signal) => Ended::Killed(signal),
                None => Ended::Failed(status.to_string()),
            },
            (_, Err(error)) => Ended::Failed(error.to_string()),
        };
        Watched {
            written_bytes: self.written_bytes,
            ended,
        }
    }
}
