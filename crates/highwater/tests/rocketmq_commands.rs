//! `highwater rocketmq …`, through the command line, against a name server and a broker in this process.
//!
//! HIGHWATER_TEST_NAMESRV names another cluster to use instead (RocketMQ itself, for instance: the commands must not know the
//! difference); what needs the broker's own settings is left out then.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "../../rocketmq/tests/served/mod.rs"]
mod served;

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use served::{Served, serve_with};

const HIGHWATER: &str = env!("CARGO_BIN_EXE_highwater");

/// A cluster, and a name that nobody else uses on it.
struct Cluster {
    names: String,
    own: Option<Served>,
    suffix: u128,
}

impl Cluster {
    fn start() -> Self {
        let suffix = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_nanos();
        if let Ok(names) = std::env::var("HIGHWATER_TEST_NAMESRV") {
            return Self {
                names,
                own: None,
                suffix,
            };
        }
        let own = serve_with(|_, _| {});
        Self {
            names: own.names.to_string(),
            own: Some(own),
            suffix,
        }
    }

    fn name(&self, word: &str) -> String {
        format!("{word}-{}", self.suffix)
    }

    /// Runs a command that must leave with `code`; gives back what it wrote to stdout.
    fn run(&self, args: &[&str], input: &str, code: i32) -> String {
        let output = self.output(args, input);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{args:?}: {}",
            said(&output)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    fn output(&self, args: &[&str], input: &str) -> Output {
        let mut child = Command::new(HIGHWATER)
            .arg("rocketmq")
            .args(args)
            .env("NAMESRV_ADDR", &self.names)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that fails early does not read its input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn json(&self, args: &[&str]) -> Value {
        let args = [args, &["--format", "json"]].concat();
        serde_json::from_str(&self.run(&args, "", 0)).unwrap()
    }

    fn topic(&self, queues: &str) -> String {
        let topic = self.name("t");
        self.run(&["topic", "create", &topic, "--queues", queues], "", 0);
        topic
    }

    /// Sends lines, and waits until they can be read.
    fn produce(&self, topic: &str, more: &[&str], input: &str) {
        let args = [&["produce", topic, "--quiet"], more].concat();
        self.run(&args, input, 0);
        if let Some(own) = &self.own {
            let store = own.broker.store();
            assert!(store.wait_dispatched(store.state().visible));
        }
    }

    /// Lines of all that is in a topic, sorted.
    fn read(&self, topic: &str, more: &[&str]) -> Vec<String> {
        let args = [&["consume", topic, "--from-beginning", "-e"], more].concat();
        let mut lines: Vec<String> = self.run(&args, "", 0).lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }
}

fn said(output: &Output) -> String {
    format!(
        "{}\n{}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn topics_are_made_shown_and_removed() {
    let cluster = Cluster::start();
    let topic = cluster.topic("3");
    let names = |internal: bool| -> Vec<String> {
        let more: &[&str] = if internal { &["--internal"] } else { &[] };
        let found = cluster.json(&[&["topic", "list"], more].concat());
        found["topics"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["topic"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(names(false).contains(&topic));
    assert!(
        names(true).contains(&"TBW102".to_owned()) && !names(false).contains(&"TBW102".to_owned())
    );
    cluster.produce(&topic, &["--queue", "1"], "a\nb\n");
    let found = cluster.json(&["topic", "describe", &topic]);
    let broker = &found["topics"][0]["brokers"][0];
    assert_eq!(
        (&broker["read_queues"], &broker["perm"]),
        (&Value::from(3), &Value::from(6))
    );
    let ends: Vec<i64> = broker["queues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["end_offset"].as_i64().unwrap())
        .collect();
    assert_eq!(ends, [0, 2, 0]);
    assert!(
        cluster
            .run(&["topic", "describe", &topic], "", 0)
            .contains(&topic)
    );
    cluster.run(
        &[
            "topic",
            "create",
            &topic,
            "--if-not-exists",
            "--queues",
            "9",
        ],
        "",
        0,
    );
    assert_eq!(
        cluster.json(&["topic", "describe", &topic]),
        found,
        "--if-not-exists changes nothing"
    );
    assert!(
        cluster
            .run(&["topic", "delete", &topic, "--dry-run"], "", 0)
            .contains("would")
    );
    cluster.run(&["topic", "delete", &topic], "", 2);
    cluster.run(&["topic", "delete", &topic, "--yes"], "", 0);
    assert!(!names(true).contains(&topic));
    cluster.run(&["topic", "delete", &topic, "--yes"], "", 1);
}

#[test]
fn what_was_sent_is_read() {
    let cluster = Cluster::start();
    let topic = cluster.topic("2");
    cluster.produce(
        &topic,
        &["-k", ":", "--tags", "new"],
        "k1:one\nk2 k3:two\n:three\n",
    );
    cluster.produce(&topic, &["-H", "amount=7"], "four\n");
    assert_eq!(cluster.read(&topic, &[]), ["four", "one", "three", "two"]);
    assert_eq!(
        cluster.read(&topic, &["--tags", "old || new"]),
        ["one", "three", "two"]
    );
    assert_eq!(cluster.read(&topic, &["--tags", "old"]), [] as [&str; 0]);
    assert_eq!(
        cluster.read(&topic, &["-k", "="]),
        ["=four", "=three", "k1=one", "k2 k3=two"]
    );
    assert_eq!(cluster.read(&topic, &["-n", "2"]).len(), 2);
    let messages = cluster.read(&topic, &["--format", "json", "--tags", "new"]);
    let messages: Vec<Value> = messages
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let one = messages
        .iter()
        .find(|message| message["body"] == "one")
        .unwrap();
    assert_eq!(
        (&one["topic"], &one["keys"], &one["tags"]),
        (&topic.clone().into(), &"k1".into(), &"new".into())
    );
    // One queue, by offset from its end.
    let args = [
        "consume", &topic, "-q", "0", "-o", "-1", "-e", "--format", "table",
    ];
    assert_eq!(cluster.run(&args, "", 0).lines().count(), 2);
}

#[test]
fn sql_chooses_by_properties() {
    let cluster = Cluster::start();
    let topic = cluster.topic("1");
    cluster.produce(&topic, &["-H", "amount=7"], "seven\n");
    cluster.produce(&topic, &["-H", "amount=9"], "nine\n");
    let args = [
        "consume",
        &topic,
        "--from-beginning",
        "-e",
        "--sql",
        "amount > 8",
    ];
    let output = cluster.output(&args, "");
    // RocketMQ's own broker does not filter by properties unless it is told to.
    if cluster.own.is_some() || output.status.success() {
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            "nine\n",
            "{}",
            said(&output)
        );
    }
    let wrong = [
        "consume",
        &topic,
        "--from-beginning",
        "-e",
        "--sql",
        "amount >",
    ];
    let output = cluster.output(&wrong, "");
    assert!(!output.status.success(), "{}", said(&output));
}

#[test]
fn groups_go_on_where_they_were() {
    let cluster = Cluster::start();
    let topic = cluster.topic("3");
    let group = cluster.name("g");
    cluster.produce(&topic, &[], "1\n2\n3\n4\n5\n6\n");
    let first = cluster.read(&topic, &["-g", &group]);
    assert_eq!(first, ["1", "2", "3", "4", "5", "6"]);
    assert_eq!(cluster.read(&topic, &["-g", &group]), [] as [&str; 0]);
    cluster.produce(&topic, &[], "7\n8\n");
    let groups = cluster.json(&["group", "list"]);
    assert!(
        groups["groups"]
            .as_array()
            .unwrap()
            .contains(&serde_json::json!({"group": group}))
    );
    let found = cluster.json(&["group", "describe", &group]);
    let found = &found["groups"][0];
    let queues: Vec<&Value> = found["queues"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["topic"] == topic.as_str())
        .collect();
    let sum = |key: &str| -> i64 { queues.iter().map(|one| one[key].as_i64().unwrap()).sum() };
    assert_eq!(
        (sum("committed_offset"), sum("end_offset"), sum("lag")),
        (6, 8, 2),
        "{found}"
    );
    assert_eq!(found["members"], serde_json::json!([]), "it has left");
    cluster.run(&["group", "describe", &group, "--max-lag", "2"], "", 0);
    cluster.run(&["group", "describe", &group, "--max-lag", "1"], "", 1);
    // From the beginning again.
    let to = ["group", "reset", &group, "--topic", &topic, "--to-earliest"];
    let dry = cluster.json(&[&to[..], &["--dry-run"]].concat());
    assert!(
        dry["offsets"]
            .as_array()
            .unwrap()
            .iter()
            .all(|one| one["new_offset"] == 0),
        "{dry}"
    );
    cluster.run(&to, "", 2);
    cluster.run(&[&to[..], &["--yes"]].concat(), "", 0);
    assert_eq!(cluster.read(&topic, &["-g", &group]).len(), 8);
    // To the end, to a place, to a time.
    for (args, lag) in [
        (&["--to-latest"][..], 0),
        (&["--to-offset", "1"], 5),
        (&["--to-time", "1"], 8),
    ] {
        let to = ["group", "reset", &group, "--topic", &topic, "--yes"];
        cluster.run(&[&to[..], args].concat(), "", 0);
        let found = cluster.json(&["group", "describe", &group]);
        let queues = found["groups"][0]["queues"].as_array().unwrap().clone();
        let of_topic = queues.iter().filter(|one| one["topic"] == topic.as_str());
        let sum: i64 = of_topic.map(|one| one["lag"].as_i64().unwrap()).sum();
        assert_eq!(sum, lag, "{args:?}");
    }
    cluster.run(&["group", "describe", "nobody-knows-it"], "", 1);
}

#[test]
fn messages_are_found_by_each_of_their_names() {
    let cluster = Cluster::start();
    let topic = cluster.topic("1");
    cluster.produce(&topic, &["-k", ":"], "k1 both:one\nk2 both:two\n");
    let messages = cluster.read(&topic, &["--format", "json"]);
    let messages: Vec<Value> = messages
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let one = messages
        .iter()
        .find(|message| message["body"] == "one")
        .unwrap();
    let bodies = |args: &[&str]| -> Vec<String> {
        let found = cluster.json(&[&["query"], args].concat());
        let mut bodies: Vec<String> = found
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["body"].as_str().unwrap().to_owned())
            .collect();
        bodies.sort();
        bodies
    };
    assert_eq!(bodies(&["--id", one["id"].as_str().unwrap()]), ["one"]);
    assert_eq!(bodies(&["--key", "k2", "--topic", &topic]), ["two"]);
    assert_eq!(
        bodies(&["--key", "both", "--topic", &topic]),
        ["one", "two"]
    );
    assert_eq!(
        bodies(&["--key", "both", "--topic", &topic, "--limit", "1"]).len(),
        1
    );
    assert_eq!(
        bodies(&[
            "--unique-key",
            one["unique_key"].as_str().unwrap(),
            "--topic",
            &topic
        ]),
        ["one"]
    );
    assert_eq!(bodies(&["--offset", "1", "--topic", &topic]), ["two"]);
    for (args, code) in [
        (&["--key", "k9", "--topic", topic.as_str()][..], 1),
        (&["--offset", "99", "--topic", topic.as_str()], 1),
        (&["--key", "k1", "--topic", "nobody-knows-it"], 1),
        (&["--key", "k1"], 2),
        (&["--id", "rubbish"], 2),
        (&[], 2),
        (&["--key", "a", "--id", "b"], 2),
    ] {
        cluster.run(&[&["query"], args].concat(), "", code);
    }
    assert!(
        cluster
            .run(&["query", "--key", "k1", "--topic", &topic], "", 0)
            .contains("one")
    );
}

#[test]
fn delayed_messages_wait() {
    let cluster = Cluster::start();
    let topic = cluster.topic("1");
    cluster.produce(&topic, &["--delay-level", "18"], "later\n");
    cluster.produce(&topic, &[], "now\n");
    assert_eq!(cluster.read(&topic, &[]), ["now"]);
}

#[test]
fn what_cannot_be_is_told_in_time() {
    let cluster = Cluster::start();
    let topic = cluster.topic("1");
    let nobody = served_by_nobody();
    let text = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    for (args, code, word) in [
        (
            &["topic", "list", "--namesrv", nobody.as_str()][..],
            3,
            "cannot reach a name server",
        ),
        (&["topic", "describe", "nobody-knows-it"], 1, "topic create"),
        (&["produce", "nobody-knows-it"], 1, "TOPIC_NOT_EXIST"),
        (&["consume", "nobody-knows-it"], 1, "TOPIC_NOT_EXIST"),
        (&["produce", topic.as_str(), "--queue", "7"], 2, "queue 7"),
        (&["consume", topic.as_str(), "-q", "7"], 2, "no such queue"),
        (
            &["produce", topic.as_str(), "-k", ":"],
            2,
            "line 1 has no `:`",
        ),
        (&["topic", "create", "a b"], 2, "topic a b"),
        (
            &["topic", "create", "t", "--broker", "nobody"],
            2,
            "no broker nobody",
        ),
    ] {
        let output = cluster.output(args, "line\n");
        let is_broker_words = args.contains(&"a b");
        if !is_broker_words {
            assert_eq!(
                output.status.code(),
                Some(code),
                "{args:?}: {}",
                said(&output)
            );
        }
        assert!(!output.status.success(), "{args:?}");
        assert!(text(&output).contains(word), "{args:?}: {}", said(&output));
    }
    // A topic that may not be written, and one that may not be read.
    let closed = cluster.name("closed");
    cluster.run(&["topic", "create", &closed, "--perm", "4"], "", 0);
    cluster.run(&["produce", &closed], "a\n", 2);
    cluster.run(&["topic", "create", &closed, "--perm", "2"], "", 0);
    cluster.run(&["consume", &closed], "", 2);
}

#[test]
fn a_server_that_is_none_is_told() {
    // Somebody takes the connection and says nothing, or nonsense.
    for (answer, code) in [(&b""[..], 3), (b"HTTP/1.1 400 Bad Request\r\n\r\n", 1)] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(answer).unwrap();
            // Until the command has ended.
            let _ = stopped.recv();
        });
        let output = Command::new(HIGHWATER)
            .args([
                "rocketmq",
                "topic",
                "list",
                "--timeout",
                "1",
                "-b",
                &address,
            ])
            .output()
            .unwrap();
        drop(stop);
        thread.join().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
    }
}

/// An address where nobody listens.
fn served_by_nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}
