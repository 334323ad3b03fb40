//! `topic`, `group`, `produce` and `consume`, through the command line, against a server.
//!
//! Each test starts a server of its own; HIGHWATER_TEST_BOOTSTRAP names another one to use instead
//! (Kafka itself, for instance: the commands must not know the difference).
#![allow(clippy::unwrap_used, reason = "a test")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};
use tempfile::TempDir;

const HIGHWATER: &str = env!("CARGO_BIN_EXE_highwater");

/// A running server that ends with the test.
struct Server {
    bootstrap: String,
    _own: Option<(Reaped, TempDir)>,
}

impl Server {
    fn start() -> Self {
        if let Ok(bootstrap) = std::env::var("HIGHWATER_TEST_BOOTSTRAP") {
            return Self {
                bootstrap,
                _own: None,
            };
        }
        let dir = TempDir::new().unwrap();
        let child = Command::new(HIGHWATER)
            .args([
                "serve",
                "--kafka",
                "127.0.0.1:0",
                "--rocketmq",
                "off",
                "--http",
                "127.0.0.1:0",
                "--data",
            ])
            .arg(dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut child = Reaped(child);
        let mut ready = String::new();
        BufReader::new(child.0.stdout.take().unwrap())
            .read_line(&mut ready)
            .unwrap();
        let bound = ready
            .split_whitespace()
            .find_map(|word| word.strip_prefix("kafka="));
        let bootstrap = bound
            .unwrap_or_else(|| panic!("no address in {ready:?}"))
            .to_owned();
        Self {
            bootstrap,
            _own: Some((child, dir)),
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(HIGHWATER);
        command
            .args(args)
            .env("HIGHWATER_BOOTSTRAP", &self.bootstrap);
        command
    }

    /// Runs a command that must leave with `code`; gives back what it wrote to stdout.
    fn run(&self, args: &[&str], input: &str, code: i32) -> String {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that fails early does not read its input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let Output {
            status,
            stdout,
            stderr,
        } = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(code), "{args:?}: {stderr}");
        String::from_utf8(stdout).unwrap()
    }

    fn ok(&self, args: &[&str]) -> String {
        self.run(args, "", 0)
    }

    fn json(&self, args: &[&str]) -> Value {
        let text = self.ok(&[args, &["--format", "json"]].concat());
        serde_json::from_str(&text).unwrap()
    }

    fn produce(&self, topic: &str, lines: &str, args: &[&str]) {
        self.run(&[&["produce", topic], args].concat(), lines, 0);
    }
}

/// A child process that does not outlive its test, not even a failed one.
struct Reaped(Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A name no other test uses, also against a server that outlives the tests.
fn fresh(name: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("{name}-{}-{number}", std::process::id())
}

fn lines(range: std::ops::Range<u32>) -> String {
    range.map(|n| format!("{n}\n")).collect()
}

fn sorted(text: &str) -> Vec<u32> {
    let mut numbers: Vec<u32> = text.lines().map(|line| line.parse().unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn a_topic_from_creation_to_deletion() {
    let server = Server::start();
    let topic = &fresh("life");
    server.ok(&["topic", "create", topic, "-p", "3", "--dry-run"]);
    server.run(&["topic", "describe", topic], "", 1);
    server.ok(&[
        "topic",
        "create",
        topic,
        "-p",
        "3",
        "-c",
        "retention.ms=60000",
    ]);
    server.run(&["topic", "create", topic], "", 1);
    server.ok(&["topic", "create", topic, "--if-not-exists"]);

    let listed = server.json(&["topic", "list"]);
    let entry = listed["topics"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["topic"] == **topic);
    let entry = entry.unwrap();
    assert_eq!(
        (&entry["partitions"], &entry["internal"]),
        (&json!(3), &json!(false))
    );
    assert_eq!(entry["id"].as_str().unwrap().len(), 22);

    server.produce(topic, &lines(0..5), &["-p", "1"]);
    let described = server.json(&["topic", "describe", topic]);
    let described = &described["topics"][0];
    assert_eq!(described["id"], entry["id"]);
    assert_eq!(described["settings"], json!({"retention.ms": "60000"}));
    let partition = &described["partitions"][1];
    assert_eq!(
        (&partition["first_offset"], &partition["end_offset"]),
        (&json!(0), &json!(5))
    );
    assert_eq!(partition["replicas"], partition["in_sync"]);

    server.ok(&[
        "topic",
        "alter",
        topic,
        "-c",
        "max.message.bytes=1000",
        "--unset",
        "retention.ms",
    ]);
    server.ok(&["topic", "alter", topic, "-p", "5"]);
    let described = server.json(&["topic", "describe", topic]);
    assert_eq!(
        described["topics"][0]["settings"],
        json!({"max.message.bytes": "1000"})
    );
    assert_eq!(
        described["topics"][0]["partitions"]
            .as_array()
            .unwrap()
            .len(),
        5
    );

    server.run(&["topic", "delete", topic], "", 2);
    server.ok(&["topic", "delete", topic, "--dry-run"]);
    server.ok(&["topic", "describe", topic]);
    server.ok(&["topic", "delete", topic, "--yes"]);
}

#[test]
fn what_is_wrong_has_its_exit_code() {
    let server = Server::start();
    let topic = &fresh("wrong");
    server.ok(&["topic", "create", topic, "-p", "2"]);
    for (args, code) in [
        (&["topic", "list", "-b", "127.0.0.1:1"][..], 3),
        (&["topic", "describe", "no-such-topic"], 1),
        (&["topic", "create", "not a name"], 2),
        (&["topic", "create", "wide", "-r", "1000"], 2),
        (&["topic", "create", "wide", "-p", "0"], 2),
        (&["topic", "alter", topic], 2),
        (&["topic", "alter", topic, "-p", "1"], 2),
        (&["topic", "alter", topic, "-c", "retention.ms=soon"], 2),
        (&["topic", "alter", topic, "-c", "retention.ms"], 2),
        (&["topic", "alter", topic, "-c", "no.such.setting=1"], 2),
        (&["group", "describe", "no-such-group"], 1),
        (&["group", "reset-offsets", "g"], 2),
        (
            &[
                "group",
                "reset-offsets",
                "g",
                "--to-earliest",
                "--to-latest",
            ],
            2,
        ),
        (
            &["group", "reset-offsets", "no-such-group", "--to-earliest"],
            1,
        ),
        (
            &[
                "group",
                "reset-offsets",
                "g",
                "--topic",
                "t:x",
                "--to-earliest",
            ],
            2,
        ),
        (&["produce", topic, "-p", "7"], 1),
        (&["produce", topic, "-k", ":"], 1),
        (&["produce", topic, "-k", ""], 2),
        (&["produce", topic, "--file", "/no/such/file"], 2),
        (&["consume", "no-such-topic", "-e"], 1),
        (&["consume", topic, "-p", "9", "-e"], 1),
        (&["consume", topic, "-o", "5", "-e", "--from-beginning"], 2),
        (&["consume", topic, "--from-time", "yesterday", "-e"], 2),
        (&["consume", topic, "-g", "g", "-p", "1"], 2),
    ] {
        server.run(args, "a line\n", code);
    }
}

#[test]
fn records_come_back_as_they_were_sent() {
    let server = Server::start();
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let topic = &fresh(codec);
        server.ok(&["topic", "create", topic, "-p", "3"]);
        server.produce(topic, &lines(0..20_000), &["-z", codec]);
        let read = server.ok(&["consume", topic, "--from-beginning", "-e"]);
        assert_eq!(sorted(&read), (0..20_000).collect::<Vec<u32>>(), "{codec}");
    }
}

#[test]
fn keys_headers_and_tombstones_are_kept() {
    let server = Server::start();
    let topic = &fresh("keys");
    server.ok(&["topic", "create", topic, "-p", "4"]);
    let flags = [
        "-k",
        "=",
        "-H",
        "trace=1",
        "--null-value",
        "-",
        "--acks",
        "1",
    ];
    server.produce(topic, "a=1\nb=x=y\na=-\na=2", &flags);
    let args = ["consume", topic, "--from-beginning", "-e"];
    let text = server.ok(&[&args[..], &["-k", "="]].concat());
    let of_a: Vec<&str> = text.lines().filter(|line| line.starts_with("a=")).collect();
    assert_eq!(
        of_a,
        ["a=1", "a=", "a=2"],
        "one key stays in one partition, in order"
    );
    assert!(text.lines().any(|line| line == "b=x=y"));
    let text = server.ok(&[&args[..], &["--format", "json"]].concat());
    let records: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let tombstones: Vec<&Value> = records
        .iter()
        .filter(|one| one["value"].is_null())
        .collect();
    assert_eq!(tombstones.len(), 1);
    assert_eq!(tombstones[0]["key"], "a");
    assert_eq!(
        tombstones[0]["headers"],
        json!([{"name": "trace", "value": "1"}])
    );
    assert_eq!(tombstones[0]["topic"], **topic);
}

#[test]
fn reading_starts_and_stops_where_it_is_told() {
    let server = Server::start();
    let topic = &fresh("where");
    server.ok(&["topic", "create", topic, "-p", "1"]);
    server.produce(topic, &lines(0..10), &["-p", "0"]);
    let far_future = "4102444800000";
    for (args, expected) in [
        (&["--from-beginning"][..], 0..10),
        (&["--from-beginning", "-n", "4"], 0..4),
        (&["-o", "7"], 7..10),
        (&["-o", "-3"], 7..10),
        (&["-o", "-99"], 0..10),
        (&["-o", "10"], 0..0),
        (&["--from-time", "-1h"], 0..10),
        (&["--from-time", "0"], 0..10),
        (&["--from-time", far_future], 0..0),
        (&["-p", "0", "--from-beginning"], 0..10),
        (&["--from-beginning", "--committed"], 0..10),
        (&[], 0..0),
    ] {
        let read = server.ok(&[&["consume", topic, "-e"], args].concat());
        assert_eq!(read, lines(expected), "{args:?}");
    }
    server.run(&["consume", topic, "-e", "-o", "11"], "", 1);
    let table = server.ok(&["consume", topic, "-o", "9", "-e", "--format", "table"]);
    let last: Vec<&str> = table.lines().nth(1).unwrap().split('\t').collect();
    assert_eq!(
        (last[0], last[1], last[3], last[4]),
        ("0", "9", "(null)", "9")
    );
}

#[test]
fn a_group_goes_on_where_it_was() {
    let server = Server::start();
    let (topic, group) = (&fresh("group"), &fresh("readers"));
    server.ok(&["topic", "create", topic, "-p", "3"]);
    server.produce(topic, &lines(0..90), &[]);
    let read = ["consume", topic, "-g", group, "--from-beginning", "-e"];
    assert_eq!(sorted(&server.ok(&read)), (0..90).collect::<Vec<u32>>());
    assert_eq!(server.ok(&read), "");
    server.produce(topic, &lines(90..100), &["-p", "2"]);
    assert_eq!(
        server.ok(&[&read[..], &["-n", "3"]].concat()),
        lines(90..93)
    );

    let listed = server.json(&["group", "list"]);
    let listed = listed["groups"].as_array().unwrap();
    let entry = listed.iter().find(|one| one["group"] == **group).unwrap();
    assert_eq!(
        (&entry["protocol"], &entry["state"]),
        (&json!("consumer"), &json!("Empty"))
    );
    server.ok(&["group", "describe", group, "--max-lag", "7"]);
    server.run(&["group", "describe", group, "--max-lag", "6"], "", 1);
    let described = server.json(&["group", "describe", group]);
    let described = &described["groups"][0];
    assert_eq!(
        (&described["lag"], &described["members"]),
        (&json!(7), &json!([]))
    );
    assert_eq!(described["partitions"][2]["lag"], 7);
}

#[test]
fn committed_offsets_are_moved_when_that_is_confirmed() {
    let server = Server::start();
    let (topic, group) = (&fresh("moved"), &fresh("movers"));
    server.ok(&["topic", "create", topic, "-p", "3"]);
    server.produce(topic, &lines(0..93), &["-p", "2"]);
    let read = ["consume", topic, "-g", group, "--from-beginning", "-e"];
    assert_eq!(server.ok(&read), lines(0..93));
    server.produce(topic, &lines(93..100), &["-p", "2"]);
    let lag = || server.json(&["group", "describe", group])["groups"][0]["lag"].clone();

    server.ok(&["group", "reset-offsets", group, "--to-latest", "--dry-run"]);
    server.run(&["group", "reset-offsets", group, "--to-latest"], "", 2);
    assert_eq!(lag(), 7);
    let one = format!("{topic}:2");
    server.ok(&[
        "group",
        "reset-offsets",
        group,
        "--topic",
        &one,
        "--shift-by",
        "5",
        "--yes",
    ]);
    assert_eq!(server.ok(&read), lines(98..100));
    server.ok(&["group", "reset-offsets", group, "--to-time", "-1h", "--yes"]);
    assert_eq!(lag(), 100);
    server.ok(&[
        "group",
        "reset-offsets",
        group,
        "--to-offset",
        "1000000",
        "--yes",
    ]);
    assert_eq!(
        server.ok(&read),
        "",
        "an offset past the end becomes the end"
    );

    server.run(&["group", "delete", group], "", 2);
    server.ok(&["group", "delete", group, "--yes"]);
    server.run(&["group", "describe", group], "", 1);
}

#[test]
fn an_interrupted_member_commits_and_leaves() {
    let server = Server::start();
    let (topic, group) = (&fresh("leave"), &fresh("leavers"));
    server.ok(&["topic", "create", topic, "-p", "1"]);
    server.produce(topic, &lines(0..3), &[]);
    let child = server
        .command(&["consume", topic, "-g", group, "--from-beginning"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut child = Reaped(child);
    let mut printed = BufReader::new(child.0.stdout.take().unwrap());
    for n in 0..3 {
        let mut line = String::new();
        printed.read_line(&mut line).unwrap();
        assert_eq!(line, format!("{n}\n"));
    }
    let described = server.json(&["group", "describe", group]);
    assert_eq!(described["groups"][0]["state"], "Stable");
    assert_eq!(described["groups"][0]["members"][0]["partitions"], 1);
    server.run(
        &[
            "group",
            "reset-offsets",
            group,
            "--topic",
            topic,
            "--to-latest",
            "-y",
        ],
        "",
        1,
    );
    let pid = child.0.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.0.wait().unwrap().code(), Some(130));
    let described = server.json(&["group", "describe", group]);
    assert_eq!(described["groups"][0]["state"], "Empty");
    assert_eq!(
        described["groups"][0]["partitions"][0]["committed_offset"],
        3
    );
}

#[test]
fn nobody_reading_stdout_is_no_failure() {
    let server = Server::start();
    let topic = &fresh("pipe");
    server.ok(&["topic", "create", topic, "-p", "1"]);
    server.produce(topic, &lines(0..50_000), &[]);
    let child = server
        .command(&["consume", topic, "--from-beginning"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut child = Reaped(child);
    let mut first = String::new();
    let mut printed = BufReader::new(child.0.stdout.take().unwrap());
    printed.read_line(&mut first).unwrap();
    drop(printed);
    assert_eq!(first, "0\n");
    assert_eq!(child.0.wait().unwrap().code(), Some(0));
}
