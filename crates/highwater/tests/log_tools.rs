//! The offline tools on directories that are sound, torn and damaged, through the command line.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use kafka::log::builder::BatchBuilder;
use kafka::log::compression::Compression;
use serde_json::Value;

/// Records in each batch of the test's log.
const RECORDS: i64 = 3;
/// Batches in the test's log.
const BATCHES: i64 = 10;

fn highwater(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_highwater"))
        .args(args)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stdout)))
}

fn batch(number: i64) -> Vec<u8> {
    let mut builder = BatchBuilder::new(Compression::None).position(number * RECORDS, 0);
    for record in 0..RECORDS {
        let (key, value) = (format!("key-{number}"), format!("value-{number}-{record}"));
        builder.push(1000 + number, Some(key.as_bytes()), Some(value.as_bytes()));
    }
    builder.finish().unwrap()
}

/// A data directory with one partition whose log is `log`.
struct Dir {
    root: tempfile::TempDir,
}

impl Dir {
    fn with(log: &[u8]) -> Self {
        let root = tempfile::tempdir().unwrap();
        let partition = root.path().join("orders-0");
        fs::create_dir(&partition).unwrap();
        fs::write(partition.join("00000000000000000000.log"), log).unwrap();
        Self { root }
    }

    fn path(&self) -> &str {
        self.root.path().to_str().unwrap()
    }

    fn file(&self, suffix: &str) -> PathBuf {
        self.root
            .path()
            .join("orders-0")
            .join(format!("00000000000000000000.{suffix}"))
    }

    fn run(&self, verb: &str, more: &[&str]) -> Output {
        let mut args = vec!["log", verb, self.path(), "--format", "json"];
        args.extend(more);
        highwater(&args)
    }

    /// Records that `verify --deep` counts, how many places it calls damaged, and its exit code.
    fn verified(&self) -> (u64, usize, i32) {
        let output = self.run("verify", &["--deep"]);
        let found = json(&output);
        let partition = &found["partitions"][0];
        let problems = partition["problems"].as_array().unwrap();
        let damaged = problems
            .iter()
            .filter(|problem| problem["damage"] == true)
            .count();
        (
            partition["records"].as_u64().unwrap(),
            damaged,
            output.status.code().unwrap(),
        )
    }
}

fn whole_log() -> Vec<u8> {
    (0..BATCHES).flat_map(batch).collect()
}

#[test]
fn a_sound_directory_needs_nothing() {
    let dir = Dir::with(&whole_log());
    assert!(dir.run("repair", &["--yes"]).status.success());
    assert_eq!(dir.verified(), (30, 0, 0));
    let again = dir.run("repair", &["--yes"]);
    assert_eq!(json(&again)["steps"].as_array().unwrap().len(), 0);
}

#[test]
fn damage_is_told_taken_out_and_kept() {
    let one = batch(0).len();
    let mut flipped = whole_log();
    flipped[4 * one + 70] ^= 0x40;
    let mut torn = whole_log();
    torn.truncate(torn.len() - 5);
    let mut both = flipped.clone();
    both.truncate(both.len() - 5);
    let mut zeros = whole_log();
    zeros.extend([0; 8192]);
    // Name, log, records there (before and after), damaged places, exit code of verify.
    let table = [
        ("flipped", flipped, 27, 1, 1),
        ("torn", torn, 27, 0, 0),
        ("both", both, 24, 1, 1),
        ("zeros", zeros, 30, 0, 0),
    ];
    for (name, log, records, damaged, code) in table {
        let dir = Dir::with(&log);
        assert_eq!(dir.verified(), (records, damaged, code), "{name}");
        let dry = dir.run("repair", &[]);
        assert_eq!(
            dry.status.code(),
            Some(1),
            "{name}: a plan is not yet a repair"
        );
        assert_eq!(
            fs::read(dir.file("log")).unwrap(),
            log,
            "{name}: a dry run changes nothing"
        );
        assert!(!dir.root.path().join(".highwater").exists(), "{name}");
        let done = dir.run("repair", &["--yes"]);
        assert!(
            done.status.success(),
            "{name}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
        assert_eq!(dir.verified(), (records, 0, 0), "{name}");
        kept_bytes_make_up_the_difference(&dir, &log, name);
    }
}

/// Nothing is lost: every byte that left the log is in quarantine.
fn kept_bytes_make_up_the_difference(dir: &Dir, before: &[u8], name: &str) {
    let after = fs::read(dir.file("log")).unwrap();
    if after == before {
        return;
    }
    let mut kept = Vec::new();
    for entry in fs::read_dir(dir.root.path().join(".highwater/quarantine/orders-0")).unwrap() {
        kept.push(fs::read(entry.unwrap().path()).unwrap());
    }
    let whole = kept.iter().any(|bytes| bytes == before);
    let end = kept
        .iter()
        .any(|bytes| [after.as_slice(), bytes].concat() == before);
    assert!(whole || end, "{name}: what was cut is not in quarantine");
}

#[test]
fn rebuilt_indexes_lead_to_their_batches() {
    let dir = Dir::with(&whole_log());
    assert!(
        dir.run("repair", &["--yes", "--index-interval-bytes", "200"])
            .status
            .success()
    );
    let index = fs::read(dir.file("index")).unwrap();
    assert!(index.len() >= 2 * 8);
    let one = u32::try_from(batch(0).len()).unwrap();
    for entry in index.as_chunks::<8>().0 {
        let offset = i64::from(u32::from_be_bytes(entry[..4].try_into().unwrap()));
        let position = u32::from_be_bytes(entry[4..].try_into().unwrap());
        assert_eq!(i64::from(position / one) * RECORDS + RECORDS - 1, offset);
    }
    // A wrong entry is found: it would hide records from a search.
    let mut wrong = index.clone();
    wrong[3] = 0;
    fs::write(dir.file("index"), &wrong).unwrap();
    assert_eq!(dir.verified().2, 1);
}

#[test]
fn records_are_found_by_offset_time_and_key() {
    let dir = Dir::with(&whole_log());
    let offsets = |more: &[&str]| -> Vec<i64> {
        let found = json(&dir.run("find", more));
        found
            .as_array()
            .unwrap()
            .iter()
            .map(|record| record["offset"].as_i64().unwrap())
            .collect()
    };
    assert_eq!(offsets(&["--offset", "13"]), [13]);
    assert_eq!(offsets(&["--key", "key-4"]), [12, 13, 14]);
    assert_eq!(offsets(&["--time", "1009"]), [27, 28, 29]);
    assert_eq!(offsets(&["--time", "1000", "--limit", "2"]), [0, 1]);
    assert_eq!(dir.run("find", &["--key", "nobody"]).status.code(), Some(1));
}

#[test]
fn dump_shows_what_is_there() {
    let dir = Dir::with(&whole_log());
    let log = dir.file("log");
    let output = highwater(&[
        "log",
        "dump",
        log.to_str().unwrap(),
        "--records",
        "--format",
        "json",
    ]);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).count();
    assert_eq!((kinds("batch"), kinds("record")), (10, 30));
    assert!(lines.iter().any(|line| line["value"] == "value-9-2"));
}

#[test]
fn nonsense_paths_get_an_answer() {
    let empty = tempfile::tempdir().unwrap();
    let missing = empty.path().join("missing");
    for path in [empty.path(), Path::new("/dev/null"), &missing] {
        for verb in ["verify", "find", "repair", "dump"] {
            let mut args = vec!["log", verb, path.to_str().unwrap()];
            if verb == "find" {
                args.extend(["--offset", "0"]);
            }
            let output = highwater(&args);
            assert!(!output.status.success(), "{verb} {}", path.display());
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(
                said.contains(path.to_str().unwrap()),
                "{verb} {}: {said}",
                path.display()
            );
        }
    }
}
