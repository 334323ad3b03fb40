//! `highwater bench io` from outside: a whole small run, bad input, no space, no permission, interruption, left-overs.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use highwater::report::{Ending, Report, json};

const HIGHWATER: &str = env!("CARGO_BIN_EXE_highwater");

/// Flags that make everything small.
const SMALL: [&str; 14] = [
    "--file-bytes=1M",
    "--sizes=64,4K,256K",
    "--runs=2",
    "--cell-ms=20",
    "--rate=2000",
    "--paced-ms=50",
    "--synced-appends=3",
    "--files=10",
    "--record-bytes=128",
    "--engine=mmap",
    "--engine=file",
    "--engine=staged",
    "--engine=direct",
    "--states=resident,fallocated,hole,cold,cached",
];

fn bench_io(dir: &Path, flags: &[&str]) -> Command {
    let mut command = Command::new(HIGHWATER);
    command.args(["bench", "io", "--dir"]).arg(dir).args(flags);
    command
}

fn run(dir: &Path, flags: &[&str]) -> Output {
    bench_io(dir, flags).output().unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_whole_small_run_reports_every_experiment() {
    let dir = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("report.json");
    let flags: Vec<&str> = SMALL
        .into_iter()
        .chain(["--full", "--bare", "--format=json", "--out"])
        .chain([file.to_str().unwrap()])
        .collect();
    let output = run(dir.path(), &flags);
    assert!(output.status.success(), "{}", stderr(&output));
    let printed: Report = serde_json::from_slice(&output.stdout).unwrap();
    let written = json::read(&file).unwrap();
    assert_eq!(printed, written);
    assert_eq!(written.ending, Ending::Complete);
    assert!(written.command.iter().any(|word| word == "--bare"));
    assert_eq!(written.machine.engines.len(), 4);
    assert!(written.machine.storage.is_some());
    let ids: Vec<&str> = written.experiments.iter().map(|one| &*one.id).collect();
    for expected in [
        "write-resident",
        "write-cold",
        "write-growing",
        "encode-resident",
        "read-hole",
        "lease-cached",
        "synced-zeroed",
        "paced",
        "transfer",
        "search-cold",
        "fanout",
        "limited",
        "parse",
        "roll",
        "killed",
    ] {
        assert!(ids.contains(&expected), "{expected}: {ids:?}");
    }
    for experiment in &written.experiments {
        assert!(experiment.complete, "{}", experiment.id);
        assert!(
            experiment.refused.is_some() || !experiment.series.is_empty(),
            "{}",
            experiment.id
        );
    }
    let resident = &written.experiments[0];
    assert!(
        resident
            .series
            .iter()
            .filter(|series| series.bare_of.is_some())
            .count()
            == 4
    );
    assert!(!resident.overheads.is_empty());
    assert!(names(dir.path()).is_empty(), "{:?}", names(dir.path()));
}

#[test]
fn a_table_shows_the_machine_and_one_experiment_that_was_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let flags: Vec<&str> = SMALL.into_iter().chain(["--only=write-resident"]).collect();
    let output = run(dir.path(), &flags);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    for expected in [
        "file system",
        "Appends: resident",
        "256 KiB",
        "staged",
        "complete, in",
    ] {
        assert!(text.contains(expected), "{expected}:\n{text}");
    }
    assert_eq!(text.matches("\n# ").count(), 1, "{text}");
}

#[test]
fn the_list_measures_nothing() {
    let output = run(Path::new("/nowhere"), &["--list", "--full"]);
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        text.contains("write-hole") && text.contains("limited"),
        "{text}"
    );
    let short = run(Path::new("/nowhere"), &["--list"]);
    assert!(short.stdout.len() < output.stdout.len());
}

#[test]
fn bad_input_is_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    // Flags, exit code, what stderr says.
    let table: [(&[&str], i32, &str); 13] = [
        (&["--sizes=0"], 2, "0 bytes"),
        (&["--sizes=4K,x"], 2, "no number of bytes"),
        (&["--sizes=2M", "--file-bytes=1M"], 2, "does not fit"),
        (&["--file-bytes=0"], 2, "multiple of 4 KiB"),
        (&["--file-bytes=1000"], 2, "multiple of 4 KiB"),
        (
            &["--file-bytes=99999999T"],
            2,
            "more bytes than can be counted",
        ),
        (&["--file-bytes=1000000T"], 7, "free"),
        (&["--runs=0"], 2, "from 1 to 1000"),
        (&["--engine=fast"], 2, "mmap, file, staged, direct"),
        (&["--states=warm"], 2, "resident, cached"),
        (&["--only=writes"], 2, "write-resident"),
        (&["--rate=0"], 2, "10 million"),
        (&["--out=/nowhere/report.json"], 7, "/nowhere/report.json"),
    ];
    for (flags, code, expected) in table {
        let output = run(dir.path(), flags);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{flags:?}: {}",
            stderr(&output)
        );
        assert!(
            stderr(&output).contains(expected),
            "{flags:?}: {}",
            stderr(&output)
        );
        assert!(output.stdout.is_empty(), "{flags:?}");
        assert!(names(dir.path()).is_empty(), "{flags:?}");
    }
}

#[test]
fn directories_that_cannot_be_used_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, b"x").unwrap();
    // `/proc` takes no directories, whoever asks.
    for path in [&*file, &dir.path().join("none"), Path::new("/proc")] {
        let output = run(path, &SMALL);
        assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
        let told = stderr(&output);
        assert!(
            told.contains(path.to_str().unwrap()) && told.contains("another directory"),
            "{told}"
        );
    }
}

/// A shell command in a mount namespace of its own; `None` where this user may not make one.
fn in_namespace(script: &str) -> Option<Output> {
    let unshare = |script: &str| {
        Command::new("unshare")
            .args(["--mount", "--map-root-user", "sh", "-c", script])
            .output()
            .ok()
    };
    let probe = unshare("mount -t tmpfs none /mnt")?;
    if !probe.status.success() {
        return None;
    }
    unshare(script)
}

#[test]
fn a_read_only_mount_and_a_small_disk_are_refused_and_left_as_they_were() {
    let small = SMALL.join(" ");
    let script = format!(
        "mount -t tmpfs -o size=64m none /mnt && mkdir /mnt/ro /mnt/rw &&
         mount -t tmpfs -o ro none /mnt/ro;
         {HIGHWATER} bench io --dir /mnt/ro {small}; echo \"ro $?\";
         {HIGHWATER} bench io --dir /mnt/rw --file-bytes 60M; echo \"full $?\";
         ls -A /mnt/rw | wc -l"
    );
    let Some(output) = in_namespace(&script) else {
        // Nothing to see where no namespace can be made; the errors themselves are tested without.
        return;
    };
    let (out, told) = (String::from_utf8_lossy(&output.stdout), stderr(&output));
    assert_eq!(out, "ro 7\nfull 7\n0\n", "{told}");
    assert!(told.contains("Read-only file system"), "{told}");
    assert!(
        told.contains("64 MiB free") || told.contains("MiB free"),
        "{told}"
    );
}

#[test]
fn a_disk_that_fills_up_ends_the_run_with_what_was_measured() {
    // Others take the space between the check and the write: here a file made by the shell as soon as the run has its
    // directory.
    let script = format!(
        "mount -t tmpfs none /mnt && mkdir /mnt/d && mount -t tmpfs -o size=64m none /mnt/d || exit 99;
         {HIGHWATER} bench io --dir /mnt/d --file-bytes 8M --engine file --only write-resident --sizes 64 --cell-ms 200 \
            --runs 1000 --format json > /mnt/out.json 2> /mnt/err &
         pid=$!
         while ! ls /mnt/d/.highwater-bench-*/cell-write >/dev/null 2>&1; do kill -0 $pid || exit 98; done
while kill -0 $pid 2>/dev/null; do dd if=/dev/zero of=/mnt/d/fill bs=64k oflag=append conv=notrunc 2>/dev/null; done
         wait $pid; echo \"exit $?\"; cat /mnt/err; rm /mnt/d/fill; ls -A /mnt/d | wc -l; cat /mnt/out.json"
    );
    let Some(output) = in_namespace(&script) else {
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("exit 7\n"), "{text}{}", stderr(&output));
    assert!(text.contains("no space left while writing"), "{text}");
    assert!(text.contains("\n0\n{"), "the directory is empty: {text}");
    let report: Report = serde_json::from_str(&text[text.find("\n{").unwrap()..])
        .unwrap_or_else(|error| panic!("{error}: {text}"));
    assert!(matches!(report.ending, Ending::Failed { .. }));
    assert_eq!(report.experiments.len(), 1);
    assert!(!report.experiments[0].complete);
}

/// Starts a long run and waits until it measures.
fn long_run(dir: &Path, out: &Path) -> Child {
    let mut child = bench_io(
        dir,
        &[
            "--file-bytes=4M",
            "--runs=1000",
            "--engine=file",
            "--only=write",
            "--sizes=4K,64K",
        ],
    )
    .arg("--out")
    .arg(out)
    .stdout(Stdio::piped())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    let is_measuring = || {
        let mine = names(dir);
        mine.iter().any(|name| {
            let files = fs::read_dir(dir.join(name)).into_iter().flatten().flatten();
            files
                .into_iter()
                .any(|file| file.file_name() == "cell-write")
        })
    };
    while !is_measuring() {
        assert_eq!(child.try_wait().unwrap(), None, "it has ended");
        std::thread::yield_now();
    }
    child
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let sent = Command::new("kill")
        .args(["-s", name, &pid])
        .status()
        .unwrap();
    assert!(sent.success());
}

#[test]
fn an_interrupted_run_keeps_its_partial_report_and_removes_its_files() {
    for name in ["INT", "TERM"] {
        let dir = tempfile::tempdir().unwrap();
        let out = tempfile::tempdir().unwrap();
        let file = out.path().join("report.json");
        let child = long_run(dir.path(), &file);
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        assert_eq!(
            output.status.code(),
            Some(130),
            "{name}: {}",
            stderr(&output)
        );
        assert!(
            names(dir.path()).is_empty(),
            "{name}: {:?}",
            names(dir.path())
        );
        let report = json::read(&file).unwrap();
        assert_eq!(report.ending, Ending::Interrupted, "{name}");
        assert_eq!(report.experiments.len(), 1, "{name}: the one at hand");
        assert!(!report.experiments[0].complete, "{name}");
        assert!(report.duration_s > 0.0);
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(shown.contains("interrupted after"), "{name}: {shown}");
    }
}

#[test]
fn what_a_killed_run_left_goes_with_the_next_run() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("report.json");
    let mut child = long_run(dir.path(), &out);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(names(dir.path()).len(), 2, "its directory, and the report");
    // The report was begun, and says that it was not ended.
    assert_eq!(json::read(&out).unwrap().ending, Ending::Interrupted);
    let flags: Vec<&str> = SMALL
        .into_iter()
        .chain(["--only=search-resident"])
        .collect();
    let output = run(dir.path(), &flags);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(names(dir.path()), ["report.json"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("which a killed run had left"), "{text}");
}

#[test]
fn two_runs_in_one_directory_do_not_meet() {
    let dir = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    let mut first = long_run(dir.path(), &out.path().join("first.json"));
    let flags: Vec<&str> = SMALL.into_iter().chain(["--only=write-cold"]).collect();
    let second = run(dir.path(), &flags);
    assert!(second.status.success(), "{}", stderr(&second));
    assert!(first.try_wait().unwrap().is_none(), "the first still runs");
    assert_eq!(names(dir.path()).len(), 1);
    signal(&first, "INT");
    let mut lines = BufReader::new(first.stderr.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().contains("stopping"));
    drop(first.stdout.take());
    first.wait().unwrap();
    assert!(names(dir.path()).is_empty());
}
