//! What a process leaves behind that is killed in the middle of its appends: how much of what it had written, and of what it
//! had committed, is in its file.
//!
//! The child is this program with a hidden command. It appends numbered records as fast as it can and tells its marks; the
//! parent kills it and counts the records that are there. Only the file system's promise is looked at, not the store's
//! recovery: whole records from the front, no more.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use segment::{EngineKind, FlushRules};
use serde::{Deserialize, Serialize};

use super::error::{Doing, MeasureError};
use super::store::Store;
use super::workdir::WorkDir;
use super::{Bench, Engines, matrix};
use crate::report::{Experiment, Unit};

/// A record: its number, counted from 1, over and over.
const RECORD_BYTES: usize = 64;
/// Records between two looks at the marks.
const TELL_EVERY: u64 = 64;
/// How long a child writes before it is killed.
const LIFE: Duration = Duration::from_millis(200);

/// Where the answers stand on the axis.
const WRITTEN: (f64, &str) = (0.0, "written");
const COMMITTED: (f64, &str) = (1.0, "committed");

/// The child's task.
#[derive(Debug, Serialize, Deserialize)]
struct Task {
    engine: String,
    dir: PathBuf,
    capacity_bytes: u64,
}

/// What was there when the child was killed, and after.
#[derive(Clone, Copy, Debug)]
struct Left {
    written: u64,
    committed: u64,
    found: u64,
}

pub(super) fn run(bench: &Bench<'_>, experiment: &mut Experiment) -> Result<(), MeasureError> {
    let Some(program) = bench.settings.limited_program.clone() else {
        experiment.refused = Some("there is no program to run as a child".to_owned());
        return Ok(());
    };
    matrix::engines(
        bench,
        experiment,
        |kind| kill_one(bench, &program, kind),
        |experiment, kind, left| {
            let (was, found) = match &left {
                Ok(left) => ([left.written, left.committed], left.found),
                Err(_) => ([0, 0], 0),
            };
            for ((x, name), was) in [WRITTEN, COMMITTED].into_iter().zip(was) {
                let point = experiment.point(kind.name(), x);
                point.label = Some(name.to_owned());
                match &left {
                    Ok(_) => {
                        point.push_value(was.saturating_sub(found) as f64);
                        point.also("in the file", Unit::Bytes, found as f64);
                    }
                    Err(why) => point.refuse(why.to_string()),
                }
            }
        },
    )
}

fn kill_one(bench: &Bench<'_>, program: &Path, kind: EngineKind) -> Result<Left, MeasureError> {
    bench.engines.get(kind).map_err(MeasureError::State)?;
    let folder = bench.work.folder("killed")?;
    let task = Task {
        engine: kind.name().to_owned(),
        dir: folder.path().to_owned(),
        capacity_bytes: bench.settings.file_bytes,
    };
    let task =
        serde_json::to_string(&task).map_err(|error| MeasureError::State(error.to_string()))?;
    let mut child = Command::new(program)
        .args(["bench", "killed-writer"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .doing("run", program)?;
    let told = watch(&mut child, &task);
    // Whatever it said, it ends here.
    let _ = child.kill();
    child.wait().doing("wait for", program)?;
    let (path, written, committed) = told?;
    let found = whole_records(&path).doing("read", &path)?;
    Ok(Left {
        written,
        committed,
        found,
    })
}

/// Hands the task over, reads the file's path and then marks for a while; returns the last whole line of them.
fn watch(child: &mut Child, task: &str) -> Result<(PathBuf, u64, u64), MeasureError> {
    let mut stdin = child.stdin.take();
    if let Some(stdin) = &mut stdin {
        stdin
            .write_all(format!("{task}\n").as_bytes())
            .doing("tell the task to", Path::new("the child"))?;
    }
    let ended = || MeasureError::State("the child ended before it wrote anything".to_owned());
    let stdout = child.stdout.take().ok_or_else(ended)?;
    let mut lines = BufReader::new(stdout).lines();
    let path = lines.next().ok_or_else(ended)?;
    let path = PathBuf::from(path.doing("read from", Path::new("the child"))?);
    let mut marks = None;
    let begun = Instant::now();
    for line in lines {
        let line = line.doing("read from", Path::new("the child"))?;
        let mut numbers = line.split(' ').map(str::parse::<u64>);
        if let (Some(Ok(written)), Some(Ok(committed))) = (numbers.next(), numbers.next()) {
            marks = Some((written, committed));
        }
        if begun.elapsed() >= LIFE {
            break;
        }
    }
    let (written, committed) = marks.ok_or_else(ended)?;
    Ok((path, written, committed))
}

/// Bytes of the numbered records at the front of a file.
fn whole_records(path: &Path) -> std::io::Result<u64> {
    let mut file = BufReader::new(File::open(path)?);
    let mut record = [0; RECORD_BYTES];
    let mut found = 0;
    while file.read_exact(&mut record).is_ok() && record == numbered(found + 1) {
        found += 1;
    }
    Ok(found * RECORD_BYTES as u64)
}

fn numbered(number: u64) -> [u8; RECORD_BYTES] {
    let mut record = [0; RECORD_BYTES];
    for word in record.chunks_mut(8) {
        word.copy_from_slice(&number.to_le_bytes());
    }
    record
}

/// The child: reads a task from stdin and appends until the file is full, which it waits out.
///
/// # Errors
/// Whatever went wrong, for the parent to read.
pub fn run_killed_writer() -> Result<(), MeasureError> {
    let mut line = String::new();
    BufReader::new(std::io::stdin().take(1 << 16))
        .read_line(&mut line)
        .doing("read", Path::new("stdin"))?;
    let bad = |error: String| MeasureError::Settings(format!("the task: {error}"));
    let task: Task = serde_json::from_str(&line).map_err(|error| bad(error.to_string()))?;
    let kind = task.engine.parse::<EngineKind>();
    let kind = kind.map_err(|error| bad(error.to_string()))?;
    let work = WorkDir::make(&task.dir)?;
    let engines = Engines::start(&[kind], work.path());
    let engine = engines.get(kind).map_err(MeasureError::State)?;
    let folder = work.folder("store")?;
    let mut store = Store::open(engine, folder, task.capacity_bytes, FlushRules::default())?;
    let path = store.file().ok_or(MeasureError::Stopped)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", path.display()).doing("write to", Path::new("stdout"))?;
    for number in 1..=task.capacity_bytes / RECORD_BYTES as u64 {
        store.append(&numbered(number))?;
        if number % TELL_EVERY == 0 {
            let marks = store.chain().marks();
            writeln!(out, "{} {}", marks.written, marks.committed)
                .and_then(|()| out.flush())
                .doing("write to", Path::new("stdout"))?;
        }
    }
    // It is there to be killed.
    let marks = store.chain().marks();
    loop {
        writeln!(out, "{} {}", marks.written, marks.committed)
            .and_then(|()| out.flush())
            .doing("write to", Path::new("stdout"))?;
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_count_up_to_the_first_that_is_not_whole_or_not_next() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let three: Vec<u8> = (1..=3).flat_map(numbered).collect();
        let zeros = vec![0; 256];
        let mut wrong = three.clone();
        wrong[RECORD_BYTES + 60] ^= 1;
        for (bytes, records) in [
            (three.clone(), 3),
            ([three.clone(), zeros].concat(), 3),
            (three[..RECORD_BYTES * 3 - 1].to_vec(), 2),
            (wrong, 1),
            (Vec::new(), 0),
        ] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(whole_records(&path).unwrap(), records * RECORD_BYTES as u64);
        }
    }
}
