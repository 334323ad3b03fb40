//! A running Java program of the comparison: asked for a cell at a time, answered by two passes.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use super::{Plan, Program};
use crate::{java, maven, step, workspace};

/// What the original calls the C library by.
const JNA: &[&str] = &["net.java.dev.jna:jna:4.2.2"];

/// Packages of the JDK that the original reaches into.
const EXPORTS: [&str; 3] = ["sun.nio.ch", "jdk.internal.ref", "jdk.internal.misc"];

/// Sources of the original that are compiled as they are. The one beside them, `DataSet`, is ours.
const ORIGINAL: [&str; 5] = [
    "LibC",
    "ReadWithPageCache",
    "WriteWithPageCache",
    "ReadWithOutPageCache",
    "WriteWithOutPageCache",
];

const ORIGINAL_FOLDER: &str = "fileio/src/main/java/com/benchmark/fileio";

/// A program that says nothing for so long is taken to hang: sixteen million writes of 64 bytes take a minute or two.
const SILENCE_MAX: Duration = Duration::from_secs(1800);

/// Compiled programs.
#[derive(Debug)]
pub(super) struct Classes {
    path: String,
    exports: Vec<String>,
    pub(super) is_original: bool,
    /// Version of the JVM, in its own words.
    pub(super) java: String,
    /// Holds the class files.
    _folder: Option<TempDir>,
}

/// What a Java program says of one cell.
#[derive(Debug, Default)]
pub(super) struct JavaCell {
    /// Bytes a second.
    pub(super) mmap: f64,
    pub(super) channel: f64,
    /// Pages of the file in the page cache, and how many there are, before and after. Absent where each pass has a file of its
    /// own, which is a hole before.
    pub(super) held: Option<[(u64, u64); 2]>,
}

impl Classes {
    /// Compiles the code of our own.
    pub(super) fn ours() -> Result<Self> {
        let source = workspace::root().join("bench/java/FileIo.java");
        Self::compile(&[source], None, Vec::new())
    }

    /// Compiles a checkout of the original.
    pub(super) fn of_the_original(checkout: &Path) -> Result<Self> {
        let folder = checkout.join(ORIGINAL_FOLDER);
        let mut sources: Vec<PathBuf> = ORIGINAL
            .iter()
            .map(|name| folder.join(name).with_extension("java"))
            .collect();
        for source in &sources {
            ensure!(source.is_file(), "{} is not there", source.display());
        }
        sources.push(workspace::root().join("bench/java/original/DataSet.java"));
        let exports = EXPORTS
            .iter()
            .map(|package| format!("--add-exports=java.base/{package}=ALL-UNNAMED"));
        let jars = maven::jars("jna-4.2.2", JNA)?;
        Self::compile(&sources, Some(&jars), exports.collect())
    }

    /// Nothing compiled.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self {
            path: String::new(),
            exports: Vec::new(),
            is_original: false,
            java: "none".to_owned(),
            _folder: None,
        }
    }

    fn compile(sources: &[PathBuf], jars: Option<&Path>, exports: Vec<String>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut path = folder.path().display().to_string();
        if let Some(jars) = jars {
            path = format!("{path}:{}/*", jars.display());
        }
        let mut javac = Command::new("javac");
        javac.args(["-nowarn", "-encoding", "UTF-8", "-cp", &path, "-d"]);
        javac.arg(folder.path()).args(&exports).args(sources);
        step::output(&mut javac)?;
        let java = Command::new("java").arg("-version").output()?;
        let java = String::from_utf8_lossy(&java.stderr)
            .lines()
            .next()
            .map(str::to_owned);
        Ok(Self {
            path,
            exports,
            is_original: jars.is_some(),
            java: java.unwrap_or_default(),
            _folder: Some(folder),
        })
    }
}

/// A running program.
#[derive(Debug)]
pub(super) struct Jvm {
    child: Child,
    orders: Option<ChildStdin>,
    answers: Receiver<String>,
    /// The file that is there for all cells.
    file: Option<PathBuf>,
    file_bytes: u64,
    /// Where its files are; goes with it.
    folder: TempDir,
}

impl Jvm {
    /// Starts a program in a directory of its own on the disk that is measured.
    pub(super) fn start(classes: &Classes, program: &Program, plan: &Plan) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix(".java-bench-")
            .tempdir_in(&plan.dir)
            .with_context(|| plan.dir.display().to_string())?;
        let mut command = Command::new("java");
        // The largest block is on the heap and in a direct buffer.
        command.args(["-Xmx3g", "-cp", &classes.path, &java::tmpdir()]);
        command.args(&classes.exports).current_dir(folder.path());
        let name = if classes.is_original {
            command.arg(format!("com.benchmark.fileio.{}", program.class));
            program.class
        } else {
            let limit = plan.cell_ms.unwrap_or(u64::from(u32::MAX));
            command.args(["FileIo", program.name, "file"]);
            command.args([plan.file_bytes.to_string(), limit.to_string()]);
            "file"
        };
        let errors = File::create(folder.path().join("stderr"))?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .with_context(|| format!("{command:?}"))?;
        let orders = child.stdin.take();
        let stdout = child.stdout.take().context("the program's output")?;
        let (lines, answers) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if lines.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            child,
            orders,
            answers,
            file: program.cached.then(|| folder.path().join(name)),
            file_bytes: plan.file_bytes,
            folder,
        })
    }

    /// One pass through the mapping and one through the channel, in blocks of this size.
    pub(super) fn cell(&mut self, block: u64) -> Result<JavaCell> {
        let before = self.held()?;
        let orders = self.orders.as_mut().context("the program has been ended")?;
        writeln!(orders, "{block}")
            .and_then(|()| orders.flush())
            .with_context(|| self.last_words())?;
        let mut cell = JavaCell::default();
        loop {
            let line = self.answers.recv_timeout(SILENCE_MAX);
            let line = line.with_context(|| self.last_words())?;
            if line == "done" {
                break;
            }
            match pass_of(&line, self.file_bytes) {
                Some(Pass::Mmap(rate)) => cell.mmap = rate,
                Some(Pass::Channel(rate)) => cell.channel = rate,
                None => {}
            }
        }
        ensure!(
            cell.mmap > 0.0 && cell.channel > 0.0,
            "a pass is missing for blocks of {block} bytes"
        );
        cell.held = before
            .zip(self.held()?)
            .map(|(before, after)| [before, after]);
        Ok(cell)
    }

    /// Pages of the file that are in the page cache, of how many. Before its first cell a program may not have made it.
    fn held(&self) -> Result<Option<(u64, u64)>> {
        let Some(file) = self.file.as_ref().filter(|file| file.is_file()) else {
            return Ok(None);
        };
        let mut fincore = Command::new("fincore");
        fincore
            .args(["--bytes", "--noheadings", "--output", "PAGES"])
            .arg(file);
        let pages = step::output(&mut fincore).context("fincore comes with util-linux")?;
        let pages = pages
            .trim()
            .parse()
            .with_context(|| format!("fincore said {pages:?}"))?;
        Ok(Some((pages, self.file_bytes.div_ceil(4096))))
    }

    fn last_words(&self) -> String {
        let words = fs::read_to_string(self.folder.path().join("stderr"));
        format!(
            "the Java program does not answer: {}",
            words.unwrap_or_default()
        )
    }

    /// Lets it end by itself.
    pub(super) fn end(mut self) -> Result<()> {
        self.orders = None;
        // It says nothing any more; its output ends when it does.
        while self.answers.recv_timeout(SILENCE_MAX).is_ok() {}
        let status = self.child.wait()?;
        if !status.success() {
            bail!("{status}: {}", self.last_words());
        }
        Ok(())
    }
}

impl Drop for Jvm {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line about a pass, as bytes a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Pass {
    Mmap(f64),
    Channel(f64),
}

/// Reads `mmap NANOS BYTES` and `channel NANOS BYTES`, or the original's `-- mmap … N ms` and `-- filechannel … N ms`, which are
/// about the whole file.
pub(super) fn pass_of(line: &str, file_bytes: u64) -> Option<Pass> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let rate = |bytes: f64, seconds: f64| bytes / seconds;
    match *words.as_slice() {
        ["--", who, time, "ms"] => {
            let digits = time.trim_start_matches(|letter: char| !letter.is_ascii_digit());
            // Nothing takes 0 ms: the clock of the original tells no less than one.
            let ms: f64 = digits.parse::<f64>().ok()?.max(0.5);
            let rate = rate(bytes(file_bytes), ms / 1e3);
            match who {
                "mmap" => Some(Pass::Mmap(rate)),
                "filechannel" => Some(Pass::Channel(rate)),
                _ => None,
            }
        }
        [who, nanos, moved] => {
            let (nanos, moved): (f64, f64) = (nanos.parse().ok()?, moved.parse().ok()?);
            let rate = rate(moved, nanos / 1e9);
            match who {
                "mmap" => Some(Pass::Mmap(rate)),
                "channel" => Some(Pass::Channel(rate)),
                _ => None,
            }
        }
        _ => None,
    }
}

#[allow(clippy::cast_precision_loss, reason = "sizes of files")]
fn bytes(count: u64) -> f64 {
    count as f64
}
