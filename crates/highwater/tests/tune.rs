//! `highwater tune` from outside: a whole small run, what it writes, disks made of memory, bad input, interruption.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use highwater::report::{Ending, Outcome, Report, StorageKind, json};

const HIGHWATER: &str = env!("CARGO_BIN_EXE_highwater");

/// Flags that make everything small.
const SMALL: [&str; 3] = ["--seconds=1", "--rounds=5", "--file-bytes=1M"];

fn tune(dir: &Path, flags: &[&str]) -> Command {
    let mut command = Command::new(HIGHWATER);
    command.arg("tune").arg(dir).args(SMALL).args(flags);
    command
}

fn run(dir: &Path, flags: &[&str]) -> Output {
    tune(dir, flags).output().unwrap()
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

/// A directory that is not in memory, if there is one here: the build's own.
fn on_a_disk() -> tempfile::TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

#[test]
fn a_small_run_measures_every_engine_and_says_why_it_chose() {
    let dir = on_a_disk();
    let out = tempfile::tempdir().unwrap();
    let (file, page, settings) = (
        out.path().join("report.json"),
        out.path().join("report.html"),
        out.path().join("tuned.toml"),
    );
    for (flags, experiments) in [
        (vec!["--rate-per-s=2000", "--message-bytes=200"], 3),
        (vec!["--layout=rocketmq", "--durability=os", "--force"], 2),
    ] {
        let output = tune(dir.path(), &flags)
            .args(["--format=json", "--out"])
            .arg(&file)
            .arg("--html")
            .arg(&page)
            .arg("--write")
            .arg(&settings)
            .output()
            .unwrap();
        let printed: Report = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)));
        assert_eq!(printed, json::read(&file).unwrap());
        assert_eq!(printed.ending, Ending::Complete);
        assert_eq!(printed.experiments.len(), experiments);
        for experiment in printed.experiments.iter().skip(1) {
            assert!(experiment.complete && experiment.refused.is_none());
            assert_eq!(experiment.series.len(), 4, "{}", experiment.id);
            for point in experiment.series.iter().flat_map(|series| &series.points) {
                let whole = point.samples.len() == 5 && point.values().all(|value| value > 0.0);
                assert!(whole || point.refused.is_some(), "{point:?}");
            }
        }
        let choice = printed.choice.unwrap();
        let html = fs::read_to_string(&page).unwrap();
        assert!(html.contains("<section id=\"choice\">"));
        assert!(names(dir.path()).is_empty(), "{:?}", names(dir.path()));
        let storage = printed.machine.storage.unwrap();
        if storage.kind == StorageKind::Memory {
            // The build lies in memory here; what that leads to has its own test.
            assert_eq!(output.status.code(), Some(1));
            continue;
        }
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(choice.why.len() > 4, "{choice:?}");
        let text = fs::read_to_string(&settings).unwrap();
        assert_eq!(Some(&text), choice.configuration.as_ref());
        let check = Command::new(HIGHWATER)
            .args(["config", "check", "--config"])
            .arg(&settings)
            .output()
            .unwrap();
        assert!(check.status.success(), "{}: {text}", stderr(&check));
        let kernel = printed.machine.kernel.unwrap();
        for expected in ["# Written by highwater", "tune", &kernel, &storage.dir] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
    }
}

#[test]
fn a_table_ends_with_the_choice() {
    let dir = on_a_disk();
    let output = run(dir.path(), &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = String::from_utf8_lossy(&output.stdout);
    for expected in [
        "# As fast as it goes",
        "# The choice",
        "messages of 1 KiB",
        "complete, in",
    ] {
        assert!(text.contains(expected), "{expected}:\n{text}");
    }
}

#[test]
fn a_disk_made_of_memory_is_measured_and_nothing_is_chosen() {
    let Ok(dir) = tempfile::tempdir_in("/dev/shm") else {
        return;
    };
    let out = tempfile::tempdir().unwrap();
    let settings = out.path().join("tuned.toml");
    let output = tune(dir.path(), &["--format=json", "--write"])
        .arg(&settings)
        .output()
        .unwrap();
    let report: Report = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", stderr(&output)));
    let choice = report.choice.unwrap();
    assert_eq!(choice.outcome, Outcome::NoChoice);
    assert!(choice.evidence[0].contains("tmpfs"), "{choice:?}");
    assert_eq!(output.status.code(), Some(1), "--write was not met");
    assert!(
        stderr(&output).contains("not written"),
        "{}",
        stderr(&output)
    );
    assert!(!settings.exists() && names(dir.path()).is_empty());
}

#[test]
fn bad_input_is_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let there = tempfile::NamedTempFile::new().unwrap();
    let there_flag = format!("--write={}", there.path().display());
    // Flags, exit code, what stderr says.
    let table: [(&[&str], i32, &str); 17] = [
        (&["--message-bytes=0"], 2, "from 1 B to 16 MiB"),
        (&["--message-bytes=17M"], 2, "from 1 B to 16 MiB"),
        (
            &["--message-bytes=99999999T"],
            2,
            "more bytes than can be counted",
        ),
        (&["--message-bytes=x"], 2, "no number of bytes"),
        (&["--rate-per-s=10000001"], 2, "10 million"),
        (&["--rate-per-s=-1"], 2, "rate-per-s"),
        (&["--seconds=0"], 2, "from 1 second"),
        (&["--seconds=3601"], 2, "from 1 second"),
        (&["--rounds=4"], 2, "fewer than 5"),
        (&["--in-flight=0"], 2, "from 1 to 10000"),
        (&["--message-bytes=1M"], 2, "--file-bytes of at least 4 MiB"),
        (&["--file-bytes=1000"], 2, "--file-bytes"),
        (&["--file-bytes=1000000T"], 7, "free"),
        (&["--durability=none"], 2, "disk, os"),
        (&["--layout=pulsar"], 2, "kafka, rocketmq"),
        (&["--write=/nowhere/tuned.toml"], 7, "/nowhere/tuned.toml"),
        (&[&there_flag], 7, "--force"),
    ];
    for (flags, code, expected) in table {
        let mut command = Command::new(HIGHWATER);
        command.arg("tune").arg(dir.path());
        let own = |name: &str| flags.iter().any(|flag| flag.starts_with(name));
        for flag in SMALL {
            let name = flag.split('=').next().unwrap();
            if !own(name) {
                command.arg(flag);
            }
        }
        let output = command.args(flags).output().unwrap();
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{flags:?}: {told}");
        assert!(told.contains(expected), "{flags:?}: {told}");
        assert!(output.stdout.is_empty(), "{flags:?}");
        assert!(names(dir.path()).is_empty(), "{flags:?}");
    }
}

#[test]
fn directories_that_cannot_be_used_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, b"x").unwrap();
    for path in [&*file, &dir.path().join("none"), Path::new("/proc")] {
        let output = run(path, &[]);
        assert_eq!(output.status.code(), Some(7), "{}", stderr(&output));
        assert!(stderr(&output).contains(path.to_str().unwrap()));
    }
}

#[test]
fn a_read_only_mount_and_a_disk_that_fills_up_are_told() {
    let script = format!(
        "mount -t tmpfs none /mnt || exit 99
         mkdir /mnt/ro /mnt/small && mount -t tmpfs -o ro none /mnt/ro && mount -t tmpfs -o size=40m none /mnt/small
         {HIGHWATER} tune /mnt/ro --seconds 1 >/dev/null; echo \"ro $?\"
         {HIGHWATER} tune /mnt/small --seconds 1 >/dev/null; echo \"room $?\"
         {HIGHWATER} tune /mnt/small --seconds 60 --file-bytes 8M --format json > /mnt/out.json 2>/mnt/err &
         pid=$!
         while ! ls /mnt/small/.highwater-bench-*/cell-* >/dev/null 2>&1; do kill -0 $pid || exit 98; done
         while kill -0 $pid 2>/dev/null; do dd if=/dev/zero of=/mnt/small/fill bs=64k oflag=append conv=notrunc 2>/dev/null; done
         wait $pid; echo \"full $?\"; rm /mnt/small/fill; ls -A /mnt/small | wc -l; cat /mnt/err >&2; cat /mnt/out.json"
    );
    let output = Command::new("unshare")
        .args(["--mount", "--map-root-user", "sh", "-c", &script])
        .output();
    let Ok(output) = output else { return };
    if !output.status.success() && output.stdout.is_empty() {
        // No namespace can be made here; the errors themselves are tested without.
        return;
    }
    let (text, told) = (String::from_utf8_lossy(&output.stdout), stderr(&output));
    assert!(
        text.starts_with("ro 7\nroom 7\nfull 7\n0\n{"),
        "{text}{told}"
    );
    assert!(
        told.contains("Read-only file system") && told.contains("free"),
        "{told}"
    );
    assert!(told.contains("no space left while writing"), "{told}");
    let report: Report = serde_json::from_str(&text[text.find("\n{").unwrap()..]).unwrap();
    assert!(matches!(report.ending, Ending::Failed { .. }));
    assert_eq!(report.choice.unwrap().outcome, Outcome::NoChoice);
}

#[test]
fn an_interrupted_run_keeps_what_it_measured_and_chooses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let out = tempfile::tempdir().unwrap();
    let (file, settings) = (
        out.path().join("report.json"),
        out.path().join("tuned.toml"),
    );
    let mut child = Command::new(HIGHWATER)
        .arg("tune")
        .arg(dir.path())
        .args(["--seconds=600", "--file-bytes=4M", "--out"])
        .arg(&file)
        .arg("--write")
        .arg(&settings)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let is_measuring = || {
        names(dir.path()).iter().any(|name| {
            let files = fs::read_dir(dir.path().join(name))
                .into_iter()
                .flatten()
                .flatten();
            files
                .into_iter()
                .any(|file| file.file_name().to_string_lossy().starts_with("cell-"))
        })
    };
    while !is_measuring() {
        assert_eq!(child.try_wait().unwrap(), None, "it has ended");
        std::thread::yield_now();
    }
    let pid = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-s", "INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(names(dir.path()).is_empty(), "{:?}", names(dir.path()));
    let report = json::read(&file).unwrap();
    assert_eq!(report.ending, Ending::Interrupted);
    assert_eq!(report.experiments.len(), 1, "the one at hand");
    assert_eq!(report.choice.unwrap().outcome, Outcome::NoChoice);
    assert!(!settings.exists());
}
