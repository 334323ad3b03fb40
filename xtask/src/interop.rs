//! `cargo xtask interop`: one data directory, served in turn by Highwater and by Apache Kafka 4.3.1.
//!
//! A Java client (`tests/clients/java/interop/RoundTrip.java`) keeps a model of every topic, topic id, setting, record and
//! committed offset; after each change of server it compares all of them, then adds to both. Servers are stopped, and
//! killed under load. Between two servers nothing touches the directory: there is no conversion step.
//! After Highwater, Kafka's own `DumpLogSegments` reads every file; and the indexes that Kafka rebuilds must equal ours.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::ffi::OsStr;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::clients::server::{self, Server, Target};
use crate::report::{Report, Tally};
use crate::{maven, step, workspace};

/// Options of `interop`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Engines that Highwater runs on.
    #[arg(long, num_args = 1.., default_values = workspace::ENGINES)]
    engine: Vec<String>,
    /// Keep the directories and say where they are.
    #[arg(long)]
    keep: bool,
}

/// Runs all trips on each engine.
pub(crate) fn run(args: &Args) -> Result<bool> {
    let mut report = Report::new();
    let engines: Vec<Target> = args
        .engine
        .iter()
        .map(|name| name.parse())
        .collect::<Result<_>>()?;
    server::build()?;
    for engine in engines {
        steps(&mut report, engine, args.keep);
    }
    Ok(report.finish())
}

/// What `cargo xtask test` runs of this, after the server was built: everything, on one engine.
pub(crate) fn test_steps(report: &mut Report) {
    if let Some(first) = Target::ENGINES.first() {
        steps(report, *first, false);
    }
}

fn steps(report: &mut Report, engine: Target, keep: bool) {
    report.step(
        &format!("one directory, Highwater ({engine}) first"),
        || {
            let legs = [
                (engine, End::Stop),
                (Target::Kafka, End::KillUnderLoad),
                (engine, End::KillUnderLoad),
                (Target::Kafka, End::Stop),
                (engine, End::Stop),
            ];
            trip(&legs, keep)
        },
    );
    report.step(
        &format!("one directory, Kafka first, then Highwater ({engine})"),
        || {
            trip(
                &[
                    (Target::Kafka, End::Stop),
                    (engine, End::Stop),
                    (Target::Kafka, End::Stop),
                ],
                keep,
            )
        },
    );
    report.step(
        &format!("Kafka rebuilds the indexes of Highwater ({engine})"),
        || rebuilt_indexes(engine, keep),
    );
}

/// How a server's turn ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Stop,
    KillUnderLoad,
}

/// A scratch directory; kept when something failed or when asked.
fn scratch(keep: bool) -> Result<tempfile::TempDir> {
    let mut dir = tempfile::Builder::new()
        .prefix("highwater-interop-")
        .tempdir()?;
    dir.disable_cleanup(keep);
    if keep {
        println!("   directory: {}", dir.path().display());
    }
    Ok(dir)
}

fn trip(legs: &[(Target, End)], keep: bool) -> Result<Tally> {
    let mut dir = scratch(keep)?;
    let mut tally = Tally::default();
    for (number, (target, end)) in legs.iter().enumerate() {
        let passed = leg(dir.path(), number, *target, *end);
        tally.add(Tally::single(passed.is_ok()));
        match passed {
            Ok(said) => println!("   {target:<6} {end:?}: {said}"),
            Err(error) => {
                dir.disable_cleanup(true);
                println!("   {target} {end:?}, turn {number}: {error:#}");
                println!("   directory kept: {}", dir.path().display());
                return Ok(tally);
            }
        }
    }
    Ok(tally)
}

/// One server's turn: everything is compared, then changed, then the server ends.
fn leg(dir: &Path, number: usize, target: Target, end: End) -> Result<String> {
    // Kafka writes snapshots of its metadata often, so that Highwater finds some.
    let settings: &[&str] = match target {
        Target::Kafka => &["metadata.log.max.record.bytes.between.snapshots=4096"],
        Target::Engine(_) => &[],
    };
    let server = Server::start_at(target, dir, "127.0.0.1:0", settings)?;
    let mut said = Vec::new();
    if number > 0 {
        said.push(round_trip("verify", &server, dir, number, false)?);
    }
    // Transactions are left to the server that has them.
    said.push(round_trip(
        "change",
        &server,
        dir,
        number,
        target == Target::Kafka,
    )?);
    match end {
        End::Stop => server.stop()?,
        End::KillUnderLoad => said.push(kill_under_load(server, dir, number)?),
    }
    if target != Target::Kafka {
        said.push(dump_after(dir, target, end)?);
    }
    Ok(said.join("; "))
}

fn client(what: &str, server: &Server, dir: &Path, number: usize) -> Result<Command> {
    let jars = maven::jars("kafka-4.3.1", maven::KAFKA)?;
    let mut command = server::java(&jars, &["-Xmx512m"]);
    command.arg(workspace::root().join("tests/clients/java/interop/RoundTrip.java"));
    command
        .args([what, server.address()])
        .arg(dir.join("model"))
        .arg(number.to_string());
    Ok(command)
}

fn round_trip(
    what: &str,
    server: &Server,
    dir: &Path,
    number: usize,
    transactions: bool,
) -> Result<String> {
    let mut command = client(what, server, dir, number)?;
    if transactions {
        command.arg("transactions");
    }
    let said = step::output(&mut command)
        .with_context(|| format!("the server said:\n{}", last_lines(&server.output(), 15)))?;
    Ok(last_lines(&said, 1))
}

/// Starts producing, kills the server in the middle, and lets the producer find out.
fn kill_under_load(server: Server, dir: &Path, number: usize) -> Result<String> {
    let mut command = client("load", &server, dir, number)?;
    let mut load = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut output = BufReader::new(load.stdout.take().context("no output")?);
    let mut line = String::new();
    while !line.starts_with("loading") {
        line.clear();
        ensure!(
            output.read_line(&mut line)? > 0,
            "the load ended before it began"
        );
    }
    // Somewhere in the middle; the moment is nobody's choice.
    let moment = RandomState::new().build_hasher().finish() % 1500;
    std::thread::sleep(Duration::from_millis(moment));
    server.kill()?;
    let mut rest = String::new();
    output.read_to_string(&mut rest)?;
    ensure!(load.wait()?.success(), "the load failed:\n{rest}");
    Ok(last_lines(&rest, 1))
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    lines
        .get(lines.len().saturating_sub(count)..)
        .unwrap_or_default()
        .join("\n")
}

/// Files below `root` with one of these endings, without the metadata log's and the deleted.
fn files(root: &Path, endings: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root).with_context(|| root.display().to_string())? {
        let dir = entry?.path();
        let name = dir.file_name().and_then(OsStr::to_str).unwrap_or_default();
        let partition = name
            .rsplit_once('-')
            .is_some_and(|(_, n)| n.parse::<u32>().is_ok());
        if !dir.is_dir() || !partition {
            continue;
        }
        for file in fs::read_dir(&dir)? {
            let file = file?.path();
            let extension = file.extension().and_then(OsStr::to_str).unwrap_or_default();
            if endings.contains(&extension) {
                found.push(file);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What `DumpLogSegments` prints when something is wrong. It exits with 0 all the same.
const COMPLAINTS: &[&str] = &[
    "isvalid: false",
    "Mismatches in",
    "Index timestamp mismatch",
    "Found timestamp mismatch",
    "Found out of order",
    "not found in",
    "Exception",
    "corrupt",
    "invalid bytes",
    "ERROR",
];

/// Every file whose first offset is not 0 gets "-1 is followed by …"; a hole inside is another matter.
fn complains(line: &str) -> bool {
    let hole = line.contains(" is followed by ") && !line.trim_start().starts_with("-1 ");
    hole || COMPLAINTS.iter().any(|complaint| line.contains(complaint))
}

fn dump(options: &[&str], files: &[PathBuf]) -> Result<String> {
    let jars = maven::jars("kafka-4.3.1", maven::KAFKA)?;
    let mut command = server::java(&jars, &["-Xmx512m"]);
    let names: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    command
        .arg("org.apache.kafka.tools.DumpLogSegments")
        .args(options);
    let output = command
        .args(["--files", &names.join(",")])
        .stdin(Stdio::null())
        .output()?;
    let text = [output.stdout, output.stderr]
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .concat();
    let wrong: Vec<&str> = text
        .lines()
        .filter(|line| complains(line))
        .take(5)
        .collect();
    ensure!(
        wrong.is_empty() && output.status.success(),
        "DumpLogSegments {options:?}: {wrong:#?}"
    );
    Ok(text)
}

/// What a killed server left (zeros taken ahead of the end, for one) is for the next start to recover: a copy of it gets
/// one before the tool reads it.
fn dump_after(dir: &Path, target: Target, end: End) -> Result<String> {
    if end == End::Stop {
        return dump_everything(&server::kafka_data(dir));
    }
    let copy = scratch(false)?;
    copy_dir(&dir.join("data"), &copy.path().join("data"))?;
    Server::start(target, copy.path())?.stop()?;
    dump_everything(&server::kafka_data(copy.path()))
}

/// Has Kafka's tool read every file of the directory, indexes too.
fn dump_everything(data: &Path) -> Result<String> {
    let filled = |endings: &[&str]| -> Result<(Vec<PathBuf>, Vec<PathBuf>)> {
        let found = files(data, endings)?.into_iter();
        let filled = found.filter(|file| fs::metadata(file).is_ok_and(|found| found.len() > 0));
        Ok(filled.partition(|file| file.to_string_lossy().contains("__cluster_metadata-0")))
    };
    let (metadata, logs) = filled(&["log"])?;
    let (_, indexes) = filled(&["index", "timeindex"])?;
    ensure!(
        !logs.is_empty() && !indexes.is_empty() && !metadata.is_empty(),
        "files are missing in {}",
        data.display()
    );
    let read = dump(&["--deep-iteration", "--print-data-log"], &logs)?;
    let batches = read.matches("isvalid: true").count();
    ensure!(batches > 0, "DumpLogSegments found no batch");
    dump(&["--cluster-metadata-decoder"], &metadata)?;
    for options in [
        "--index-sanity-check",
        "--verify-index-only",
        "--deep-iteration",
    ] {
        dump(&[options], &indexes)?;
    }
    Ok(format!(
        "DumpLogSegments: {} logs, {batches} batches, {} indexes",
        logs.len(),
        indexes.len()
    ))
}

/// Takes the indexes away from a copy, lets Kafka recover it, and compares.
fn rebuilt_indexes(engine: Target, keep: bool) -> Result<Tally> {
    let ours = scratch(keep)?;
    let server = Server::start(engine, ours.path())?;
    round_trip("change", &server, ours.path(), 0, false)?;
    server.stop()?;
    let theirs = scratch(keep)?;
    let (from, data) = (server::kafka_data(ours.path()), theirs.path().join("data"));
    copy_dir(&from, &data)?;
    for file in files(&data, REBUILT)? {
        fs::remove_file(file)?;
    }
    for name in [".kafka_cleanshutdown", "recovery-point-offset-checkpoint"] {
        fs::remove_file(data.join(name)).with_context(|| name.to_owned())?;
    }
    Server::start(Target::Kafka, theirs.path())?.stop()?;
    let (expected, found) = (contents(&from)?, contents(&data)?);
    let mut tally = Tally::default();
    for (name, bytes) in &expected {
        let same = found.get(name).is_some_and(|rebuilt| rebuilt == bytes);
        if !same {
            let rebuilt = found.get(name).map_or(0, Vec::len);
            println!(
                "   {name}: ours has {} bytes, Kafka's {rebuilt}",
                bytes.len()
            );
        }
        tally.add(Tally::single(same));
    }
    let filled = expected.values().filter(|bytes| !bytes.is_empty()).count();
    println!(
        "   {} index files, {filled} of them not empty",
        expected.len()
    );
    if filled < 4 {
        bail!("too few indexes to say anything");
    }
    Ok(tally)
}

/// Endings of the files that a recovery makes anew.
const REBUILT: &[&str] = &["index", "timeindex", "txnindex"];

fn contents(data: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    for file in files(data, REBUILT)? {
        let name = file.strip_prefix(data)?.display().to_string();
        if !name.starts_with("__cluster_metadata-0") {
            found.insert(name, fs::read(&file)?);
        }
    }
    Ok(found)
}

/// Indexes of open logs are mostly holes; `cp` keeps them holes.
fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    let mut cp = Command::new("cp");
    cp.args(["-r", "--sparse=always"]).arg(from.join("."));
    step::output(cp.arg(to)).map(|_| ())
}
