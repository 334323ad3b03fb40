//! `bench load` against a server that is well, that stalls, that dies and that is not there; and
//! `doctor` through the command line.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use highwater::client::{Acks, ClientOptions};
use highwater::load::kafka::{self, Progress, Target};
use highwater::load::{End, Outcome, Plan, RecordBytes, Work};
use highwater::report::{self, Ending};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::watch;

const HIGHWATER: &str = env!("CARGO_BIN_EXE_highwater");

/// A running server that ends with the test.
struct Server {
    bootstrap: String,
    child: Child,
    _dir: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let mut child = Command::new(HIGHWATER)
            .args(["serve", "--kafka", "127.0.0.1:0", "--rocketmq", "off"])
            .args(["--http", "off", "--data"])
            .arg(dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut ready).unwrap();
        let mut words = ready.split_whitespace();
        let bound = words.find_map(|word| word.strip_prefix("kafka=")).unwrap();
        Self {
            bootstrap: bound.to_owned(),
            child,
            _dir: dir,
        }
    }

    fn pid(&self) -> Pid {
        pid_of(&self.child)
    }

    fn load(&self, args: &[&str]) -> Command {
        let mut command = Command::new(HIGHWATER);
        command
            .args(["bench", "load", "--bootstrap", &self.bootstrap])
            .args(args);
        command
    }

    /// The JSON of a run that must leave with `code`.
    fn json(&self, args: &[&str], code: i32) -> Value {
        let output = self.load(&[args, &["--format", "json"]].concat()).output();
        serde_json::from_str(&checked(&output.unwrap(), code).0).unwrap()
    }

    fn target(&self, topic: &str) -> Target {
        Target {
            client: ClientOptions {
                bootstrap: vec![self.bootstrap.clone()],
                client_id: "test".to_owned(),
                patience: Duration::from_secs(2),
            },
            topic: topic.to_owned(),
            create: Some(2),
        }
    }

    async fn run(&self, plan: Plan, progress: impl FnMut(Progress)) -> Outcome {
        let (_stop, stopped) = watch::channel(false);
        let running = kafka::run(plan, self.target("t"), stopped, progress);
        running.await.unwrap()
    }
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap()
}

/// Standard output and error of a command that must have left with `code`.
fn checked(output: &Output, code: i32) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{stdout}{stderr}");
    (stdout, stderr)
}

fn number(document: &Value, path: &str) -> u64 {
    let found = document.pointer(path).and_then(Value::as_u64);
    found.unwrap_or_else(|| panic!("no {path} in {document:#}"))
}

fn plan() -> Plan {
    Plan {
        work: Work::Produce,
        rate: None,
        in_flight: 5,
        connections: 1,
        threads: 1,
        record_bytes: RecordBytes { min: 100, max: 100 },
        keys: 0,
        batch_bytes: 16_384,
        linger: Duration::from_millis(1),
        acks: Acks::Leader,
        end: End::Records(2000),
        warm_up: Duration::ZERO,
        verify: false,
        patience: Duration::from_secs(2),
        seed: 1,
    }
}

#[test]
fn what_is_acknowledged_is_there_and_is_read_again() {
    let server = Server::start();
    let many = [
        "t",
        "--create",
        "3",
        "-n",
        "5000",
        "--verify",
        "--keys",
        "100",
        "-c",
        "2",
        "--threads",
        "2",
        "--record-bytes",
        "24-500",
    ];
    let document = server.json(&many, 0);
    assert_eq!(number(&document, "/produced/records"), 5000);
    assert_eq!(number(&document, "/produced/latency/count"), 5000);
    assert_eq!(number(&document, "/produced/failures"), 0);
    assert_eq!(number(&document, "/verified/found"), 5000);
    assert_eq!(number(&document, "/verified/missing"), 0);
    assert_eq!(number(&document, "/verified/damaged"), 0);
    assert_eq!(number(&document, "/verified/unacknowledged"), 0);
    let cpu = document["generator_cpu_s_per_million"].as_f64().unwrap();
    assert!(cpu > 0.0);

    // A second run does not take the records of the first for its own.
    let document = server.json(&["t", "-n", "100", "--verify", "--acks", "1"], 0);
    assert_eq!(number(&document, "/verified/found"), 100);

    let document = server.json(&["t", "--mode", "consume", "-c", "2"], 0);
    assert_eq!(number(&document, "/consumed/records"), 5100);
    assert!(document.get("produced").is_none());
}

#[test]
fn an_open_loop_keeps_its_rate_and_both_halves_meet() {
    let server = Server::start();
    let args = [
        "t", "--create", "2", "--mode", "both", "-n", "1000", "--rate", "2000", "-c", "2",
    ];
    let document = server.json(&args, 0);
    assert_eq!(number(&document, "/produced/records"), 1000);
    assert_eq!(number(&document, "/consumed/records"), 1000);
    assert_eq!(number(&document, "/end_to_end/count"), 1000);
    assert_eq!(number(&document, "/produced/unsent"), 0);
    // The last record is not due before, however quick everything is.
    let elapsed = document["produced"]["elapsed_s"].as_f64().unwrap();
    assert!(elapsed >= 0.499, "{elapsed}");
    let seconds = document["produced"]["seconds"].as_array().unwrap();
    let sum: u64 = seconds.iter().map(|one| number(one, "/records")).sum();
    assert_eq!(sum, 1000);

    // By time, every record that is due before the end is sent, the last ones included.
    let args = [
        "t",
        "--rate",
        "1000",
        "--duration",
        "500ms",
        "--warm-up",
        "100ms",
        "--linger",
        "50ms",
    ];
    let produced = &server.json(&args, 0)["produced"];
    assert_eq!(number(produced, "/unsent"), 0);
    assert_eq!(number(produced, "/records"), 500);
    assert_eq!(number(produced, "/warm_up_records"), 100);
}

#[test]
fn without_acknowledgement_there_is_no_latency_to_tell() {
    let server = Server::start();
    let output = server
        .load(&["t", "--create", "1", "-n", "500", "--acks", "0", "-q"])
        .output();
    let (text, _) = checked(&output.unwrap(), 0);
    assert!(
        text.contains("500 records") && !text.contains("latency"),
        "{text}"
    );
}

/// The server stands still for half a second under an open loop: every record that was due in it
/// has to show, not only the few that were on their way.
#[tokio::test]
async fn a_stall_shows_in_all_that_waited_behind_it() {
    let server = Server::start();
    let plan = Plan {
        rate: Some(1000.0),
        ..plan()
    };
    let pid = server.pid();
    let mut stalled = None;
    let outcome = server
        .run(plan, |at| {
            if stalled.is_none() && at.acknowledged > 100 {
                kill_process(pid, Signal::STOP).unwrap();
                stalled = Some(std::thread::spawn(move || {
                    // This is the stall.
                    std::thread::sleep(Duration::from_millis(500));
                    kill_process(pid, Signal::CONT).unwrap();
                }));
            }
        })
        .await;
    stalled.unwrap().join().unwrap();
    let produced = outcome.produced.unwrap();
    assert_eq!((produced.records, produced.failures), (2000, 0));
    let late = produced.latency.count_between(100_000_000, u64::MAX);
    assert!(late >= 300, "{late} records were late");
    assert!(produced.latency.max() >= 400_000_000);
}

#[tokio::test]
async fn a_server_that_dies_is_counted_and_the_run_ends() {
    let server = Server::start();
    let plan = Plan {
        rate: Some(1000.0),
        end: End::Records(1_000_000),
        patience: Duration::from_millis(300),
        ..plan()
    };
    let pid = server.pid();
    let outcome = server
        .run(plan, |at| {
            if at.acknowledged > 100 {
                // Dead already at the second call.
                let _ = kill_process(pid, Signal::KILL);
            }
        })
        .await;
    let produced = outcome.produced.unwrap();
    assert!(produced.records > 100, "{}", produced.records);
    assert!(
        produced.errors.contains_key("CONNECTION_LOST"),
        "{:?}",
        produced.errors
    );
    assert!(produced.unsent > 0);
}

#[test]
fn bad_targets_and_absurd_numbers_are_told_at_once() {
    let server = Server::start();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = nobody.local_addr().unwrap().to_string();
    drop(nobody);
    let there = server.bootstrap.as_str();
    for (bootstrap, args, code, said) in [
        (closed.as_str(), &["t"][..], 3, "cannot reach"),
        ("no.such.host.invalid:9092", &["t"], 3, "cannot reach"),
        (there, &["nowhere"], 1, "there is no topic nowhere"),
        (there, &["a/b", "--create", "1"], 2, "a/b"),
        (there, &["t", "--rate", "0"], 2, "--rate"),
        (there, &["t", "--rate", "NaN"], 2, "--rate"),
        (
            there,
            &["t", "--rate", "5", "--mode", "consume"],
            2,
            "--rate",
        ),
        (there, &["t", "--record-bytes", "9EiB"], 2, "--record-bytes"),
        (there, &["t", "--record-bytes", "9TiB"], 2, "--record-bytes"),
        (
            there,
            &["t", "--record-bytes", "9-1"],
            2,
            "ends before it begins",
        ),
        (
            there,
            &["t", "--connections", "99999999"],
            2,
            "--connections",
        ),
        (there, &["t", "--in-flight", "0"], 2, "--in-flight"),
        (there, &["t", "-n", "0"], 2, "--records"),
        (there, &["t", "--duration", "10"], 2, "10 of what"),
        (there, &["t", "--verify", "--acks", "0"], 2, "--verify"),
        (there, &["t", "--require", "p98<1"], 2, "p98<1"),
        (there, &["t", "--html", "/no/where/x.html"], 7, "--html"),
    ] {
        let output = Command::new(HIGHWATER)
            .args(["bench", "load", "-b", bootstrap, "--timeout", "5"])
            .args(args)
            .output();
        let (_, stderr) = checked(&output.unwrap(), code);
        assert!(stderr.contains(said), "{args:?}: {stderr}");
    }
}

#[test]
fn demands_decide_the_exit_code_and_reports_are_written() {
    let server = Server::start();
    let dir = TempDir::new().unwrap();
    let (json, html) = (dir.path().join("r.json"), dir.path().join("r.html"));
    let args = |require: &'static str| ["t", "--create", "1", "-n", "200", "--require", require];
    let output = server.load(&args("rate>1000000000")).output().unwrap();
    let (stdout, stderr) = checked(&output, 6);
    assert!(stdout.contains("200 records"), "{stdout}");
    assert!(stderr.contains("rate>1000000000: it was"), "{stderr}");

    let mut command = server.load(&args("errors<1"));
    command.arg("--out").arg(&json).arg("--html").arg(&html);
    checked(&command.output().unwrap(), 0);
    let report = report::json::read(&json).unwrap();
    assert_eq!(report.ending, Ending::Complete);
    let ids: Vec<&str> = report
        .experiments
        .iter()
        .map(|one| one.id.as_str())
        .collect();
    assert_eq!(ids, ["load-latency", "load-throughput"]);
    assert!(report.experiments.iter().all(|one| one.complete));
    let page = fs::read_to_string(&html).unwrap();
    assert!(page.contains("<svg class=\"chart\""));
}

#[test]
fn an_interrupted_run_tells_what_it_measured() {
    let server = Server::start();
    let child = server
        .load(&[
            "t",
            "--create",
            "1",
            "--duration",
            "1h",
            "--warm-up",
            "0",
            "--format",
            "json",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for_records(&server, "t");
    kill_process(pid_of(&child), Signal::INT).unwrap();
    let (stdout, _) = checked(&child.wait_with_output().unwrap(), 130);
    let document: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(document["interrupted"], true);
    assert!(number(&document, "/produced/records") > 0);
}

fn wait_for_records(server: &Server, topic: &str) {
    for _ in 0..600 {
        let output = Command::new(HIGHWATER)
            .args(["topic", "describe", topic, "--format", "json"])
            .args(["--bootstrap", &server.bootstrap])
            .output()
            .unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let end = document.pointer("/topics/0/partitions/0/end_offset");
        if end.and_then(Value::as_u64).is_some_and(|end| end > 0) {
            return;
        }
    }
    panic!("no records came");
}

fn doctor(dir: &Path, kafka: &str, args: &[&str]) -> Output {
    let mut command = Command::new(HIGHWATER);
    command
        .args([
            "doctor",
            "--http",
            "127.0.0.1:0",
            "--rocketmq",
            "off",
            "--kafka",
            kafka,
            "--data",
        ])
        .arg(dir)
        .args(args);
    command.output().unwrap()
}

#[test]
fn the_doctor_says_what_is_wrong_and_leaves_with_it() {
    let dir = TempDir::new().unwrap();
    let output = doctor(dir.path(), "127.0.0.1:0", &["--format", "json"]);
    // Whatever else this machine has, its verdict and the exit code agree.
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let fails = document["worst"] == "fail";
    assert_eq!(output.status.code(), Some(i32::from(fails)), "{document:#}");
    for finding in document["findings"].as_array().unwrap() {
        for key in ["check", "found", "verdict", "why"] {
            assert!(finding[key].is_string(), "{finding}");
        }
    }

    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap().to_string();
    let (table, _) = checked(&doctor(dir.path(), &taken, &["--problems"]), 1);
    assert!(table.contains("fail  port.kafka"), "{table}");
    assert!(table.contains("give another with --kafka"), "{table}");
    assert!(
        !table.lines().any(|line| line.starts_with("ok ")),
        "{table}"
    );

    let (_, stderr) = checked(&doctor(dir.path(), "nonsense", &[]), 2);
    assert!(stderr.contains("listen.kafka"), "{stderr}");
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        0,
        "something was left"
    );
}

#[test]
fn kinds_of_mapping_do_what_the_text_says_or_the_report_says_why_not() {
    let dir = TempDir::new().unwrap();
    let mut command = Command::new(HIGHWATER);
    command
        .args([
            "bench", "mapping", "--limit", "64M", "--format", "json", "--dir",
        ])
        .arg(dir.path());
    let (text, _) = checked(&command.output().unwrap(), 0);
    let report: report::Report = serde_json::from_str(&text).unwrap();
    let experiment = &report.experiments[0];
    let rows = &experiment.tables[0].rows;
    assert_eq!(rows.len(), 10, "{rows:?}");
    let may_make_groups = !experiment
        .notes
        .iter()
        .any(|note| note.starts_with("only the calls"));
    for number in ["A1", "A2", "A3", "B4", "B5", "B6"] {
        let row = rows.iter().find(|row| row[0] == number).unwrap();
        if !may_make_groups {
            assert!(row[6].starts_with("not tried: "), "{row:?}");
            continue;
        }
        // A shared mapping goes on whatever the kernel's policy on promises; the others depend on it.
        if ["A3", "B6"].contains(&number) {
            assert_eq!(
                (row[4].as_str(), row[7].as_str()),
                ("as said", "as said"),
                "{row:?}"
            );
        } else {
            assert!(!row[6].is_empty(), "{row:?}");
        }
    }
    let ids: Vec<&str> = report.experiments.iter().map(|one| &*one.id).collect();
    assert_eq!(
        ids[1..],
        ["mapping-tables", "mapping-locked", "mapping-count"]
    );
    for point in report.experiments[1..]
        .iter()
        .flat_map(|experiment| &experiment.series)
        .flat_map(|series| &series.points)
    {
        assert!(
            point.samples.len() == 5 || point.refused.is_some(),
            "{point:?}"
        );
    }
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        0,
        "something was left"
    );

    let mut command = Command::new(HIGHWATER);
    command.args(["bench", "mapping", "--limit", "1M"]);
    let (_, stderr) = checked(&command.output().unwrap(), 2);
    assert!(stderr.contains("--limit"), "{stderr}");
}
