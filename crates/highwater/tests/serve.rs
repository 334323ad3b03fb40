//! `highwater serve` as a process: it starts, says where it listens, refuses what it must, stops in
//! order, and comes back after it was killed.
//!
//! Waiting is always for something the process says or does; a deadline only ends a test that would
//! otherwise hang.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(60);

/// A server process; killed when dropped.
struct Served {
    child: Child,
    ready: String,
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_highwater"));
    command
        .args(args)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn serve_args<'a>(data: &'a str, http: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec![
        "serve",
        "--data",
        data,
        "--kafka",
        "127.0.0.1:0",
        "--http",
        http,
    ];
    args.extend(more);
    args
}

impl Served {
    fn start(data: &Path, more: &[&str]) -> Self {
        Self::start_with(data, "127.0.0.1:0", more)
    }

    fn start_with(data: &Path, http: &str, more: &[&str]) -> Self {
        let data = data.to_str().unwrap();
        let mut child = command(&serve_args(data, http, more))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut ready)
            .unwrap();
        assert!(ready.starts_with("ready in "), "{ready:?}");
        Self { child, ready }
    }

    /// An address of the ready line.
    fn address(&self, name: &str) -> SocketAddr {
        let prefix = format!("{name}=");
        let field = self
            .ready
            .split_whitespace()
            .find_map(|word| word.strip_prefix(&prefix));
        field
            .unwrap_or_else(|| panic!("{name} in {:?}", self.ready))
            .parse()
            .unwrap()
    }

    fn http(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address("http")).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    fn wait(&mut self) -> ExitStatus {
        wait(&mut self.child)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait(child: &mut Child) -> ExitStatus {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(began.elapsed() < DEADLINE, "the process does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Runs to the end; gives the exit code and what stood on stderr.
fn refused(args: &[&str]) -> (Option<i32>, String) {
    let mut child = command(args).spawn().unwrap();
    let status = wait(&mut child);
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    (status.code(), said)
}

/// A request frame, by hand so that these tests need no client: key, version, fields after the header.
fn frame(key: i16, version: i16, fields: &[&[u8]]) -> Vec<u8> {
    let mut frame = Vec::new();
    frame.extend(key.to_be_bytes());
    frame.extend(version.to_be_bytes());
    // Correlation id, no client id.
    frame.extend(7_i32.to_be_bytes());
    frame.extend((-1_i16).to_be_bytes());
    fields.iter().for_each(|field| frame.extend(*field));
    let mut whole = i32::try_from(frame.len()).unwrap().to_be_bytes().to_vec();
    whole.extend(frame);
    whole
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = i16::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

fn int(number: i32) -> [u8; 4] {
    number.to_be_bytes()
}

/// Sends; the answer is left for later.
fn send(at: SocketAddr, frame: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.write_all(frame).unwrap();
    stream
}

/// The next answer without its length and correlation id.
fn receive(stream: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut answer = vec![0; usize::try_from(i32::from_be_bytes(length)).unwrap()];
    stream.read_exact(&mut answer).unwrap();
    answer.split_off(4)
}

/// CreateTopics version 2, one partition; gives the code.
fn create_topic(at: SocketAddr, name: &str) -> i16 {
    let name = text(name);
    let fields: [&[u8]; 8] = [
        &int(1),
        &name,
        &int(1),
        &[0, 1],
        &int(0),
        &int(0),
        &int(1000),
        &[0],
    ];
    let answer = receive(&mut send(at, &frame(19, 2, &fields)));
    // Throttle time, one topic, its name, then the code.
    let code = 4 + 4 + name.len();
    i16::from_be_bytes([answer[code], answer[code + 1]])
}

/// Fetch version 4 that waits a minute for the first record of partition 0; taken when this returns.
fn park_fetch(at: SocketAddr, topic: &str) -> TcpStream {
    let (topic, mib) = (text(topic), int(1 << 20));
    let fields: [&[u8]; 11] = [
        // Replica, longest wait, least and most bytes, isolation.
        &int(-1),
        &int(60_000),
        &int(1),
        &mib,
        &[0],
        &int(1),
        &topic,
        &int(1),
        &int(0),
        &[0; 8],
        &mib,
    ];
    // ApiVersions in front, in one piece: what is answered there was read with what follows.
    let mut both = frame(18, 0, &[]);
    both.extend(frame(1, 4, &fields));
    let mut stream = send(at, &both);
    receive(&mut stream);
    stream
}

/// JoinGroup version 0, once there is a coordinator; the answer comes when the group has assembled.
fn park_join(at: SocketAddr) -> TcpStream {
    let (group, empty, kind, range) = (text("g"), text(""), text("consumer"), text("range"));
    let ask = frame(10, 0, &[&group]);
    while receive(&mut send(at, &ask))[..2] != [0, 0] {
        std::thread::yield_now();
    }
    let fields: [&[u8]; 7] = [
        &group,
        &int(1_000_000),
        &empty,
        &kind,
        &int(1),
        &range,
        &int(0),
    ];
    send(at, &frame(11, 0, &fields))
}

#[test]
fn starts_with_nothing_and_says_where() {
    let root = tempfile::tempdir().unwrap();
    let mut served = Served::start(&root.path().join("data"), &[]);
    let words: Vec<&str> = served.ready.split_whitespace().collect();
    assert_eq!(
        (words[0], words[1], words[3], words.len()),
        ("ready", "in", "ms", 6)
    );
    assert!(words[2].parse::<u64>().is_ok());
    TcpStream::connect(served.address("kafka")).unwrap();
    assert!(served.http("/health/live").starts_with("HTTP/1.1 200"));
    assert!(
        served
            .http("/health/ready")
            .ends_with(r#"{"status":"ready"}"#)
    );
    let metrics = served.http("/metrics");
    for name in [
        "highwater_ready 1",
        "highwater_recovery_clean",
        "highwater_kafka_connections",
    ] {
        assert!(metrics.contains(name), "{name} in {metrics}");
    }
    assert!(served.http("/nothing").starts_with("HTTP/1.1 404"));
    served.signal("TERM");
    assert_eq!(served.wait().code(), Some(0));
    assert!(root.path().join("data/kafka/.kafka_cleanshutdown").exists());
}

#[test]
fn idles_in_little_memory() {
    let root = tempfile::tempdir().unwrap();
    let served = Served::start(root.path(), &[]);
    let metrics = served.http("/metrics");
    let bytes = metrics
        .lines()
        .find_map(|line| line.strip_prefix("highwater_process_resident_memory_bytes "))
        .and_then(|bytes| bytes.parse::<u64>().ok())
        .unwrap();
    assert!(bytes < 30 << 20, "{bytes} bytes resident");
}

#[test]
fn requests_are_counted() {
    let root = tempfile::tempdir().unwrap();
    let served = Served::start(root.path(), &[]);
    assert_eq!(create_topic(served.address("kafka"), "counted"), 0);
    assert_eq!(create_topic(served.address("kafka"), "counted"), 36);
    let metrics = served.http("/metrics");
    for line in [
        r#"highwater_kafka_requests_total{api="CreateTopics"} 2"#,
        r#"highwater_kafka_request_duration_seconds_count{api="CreateTopics"} 2"#,
        r#"highwater_kafka_request_duration_seconds_bucket{le="+Inf",api="CreateTopics"} 2"#,
        r#"highwater_kafka_topic_partitions{topic="counted"} 1"#,
        "highwater_kafka_connections_accepted_total 2",
        "# TYPE highwater_kafka_group_lag gauge",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

#[test]
fn interrupt_stops_too_and_http_can_be_off() {
    let root = tempfile::tempdir().unwrap();
    let mut served = Served::start_with(root.path(), "off", &[]);
    assert!(!served.ready.contains("http="), "{}", served.ready);
    served.signal("INT");
    assert_eq!(served.wait().code(), Some(0));
}

#[test]
fn a_stop_ends_long_polls_and_waits_for_nothing_else() {
    let root = tempfile::tempdir().unwrap();
    let config = root.path().join("highwater.toml");
    std::fs::write(&config, "stop.grace = '1h'\n").unwrap();
    let args = ["--config", config.to_str().unwrap()];
    let mut served = Served::start(&root.path().join("data"), &args);
    assert_eq!(create_topic(served.address("kafka"), "t"), 0);
    let mut parked = park_fetch(served.address("kafka"), "t");
    served.signal("TERM");
    // The whole, empty answer comes although its minute is not over, then the end of the stream.
    let mut answer = Vec::new();
    parked.read_to_end(&mut answer).unwrap();
    let length = i32::from_be_bytes(answer[..4].try_into().unwrap());
    assert_eq!(answer.len(), 4 + usize::try_from(length).unwrap());
    assert_eq!(served.wait().code(), Some(0));
    assert!(root.path().join("data/kafka/.kafka_cleanshutdown").exists());
}

#[test]
fn a_second_signal_does_not_wait() {
    let root = tempfile::tempdir().unwrap();
    let config = root.path().join("highwater.toml");
    let text = "stop.grace = '1h'\n[kafka]\ngroup.initial.rebalance.delay.ms = '10m'\n";
    std::fs::write(&config, text).unwrap();
    let args = ["--config", config.to_str().unwrap()];
    let mut served = Served::start(&root.path().join("data"), &args);
    let _parked = park_join(served.address("kafka"));
    // The coordinator knows the group once it has taken the request.
    while !served.http("/metrics").contains(r#"group="g""#) {
        std::thread::yield_now();
    }
    served.signal("TERM");
    while served.http("/health/ready").contains("200 OK") {
        std::thread::yield_now();
    }
    served.signal("TERM");
    assert_eq!(served.wait().code(), Some(130));
    assert!(!root.path().join("data/kafka/.kafka_cleanshutdown").exists());
}

#[test]
fn a_second_process_is_kept_out() {
    let root = tempfile::tempdir().unwrap();
    let served = Served::start(root.path(), &[]);
    let (code, said) = refused(&serve_args(root.path().to_str().unwrap(), "off", &[]));
    assert_eq!(code, Some(7), "{said}");
    assert!(
        said.contains(&served.child.id().to_string()),
        "names the holder: {said}"
    );
}

#[test]
fn comes_back_after_a_kill() {
    let root = tempfile::tempdir().unwrap();
    let mut served = Served::start(root.path(), &[]);
    assert_eq!(create_topic(served.address("kafka"), "kept"), 0);
    served.signal("KILL");
    assert!(!served.wait().success());
    assert!(!root.path().join("kafka/.kafka_cleanshutdown").exists());
    let served = Served::start(root.path(), &[]);
    assert_eq!(create_topic(served.address("kafka"), "kept"), 36);
    assert!(
        served
            .http("/metrics")
            .contains("highwater_recovery_clean 0")
    );
}

#[test]
fn node_id_0_is_as_good_as_another_and_stays_what_it_was() {
    let root = tempfile::tempdir().unwrap();
    let mut served = Served::start(root.path(), &["--set", "node.id=0"]);
    assert_eq!(create_topic(served.address("kafka"), "kept"), 0);
    served.signal("KILL");
    served.wait();
    let properties = std::fs::read_to_string(root.path().join("kafka/meta.properties")).unwrap();
    assert!(
        properties.lines().any(|line| line == "node.id=0"),
        "{properties}"
    );
    for more in [&[][..], &["--set", "node.id=0"]] {
        let mut served = Served::start(root.path(), more);
        assert_eq!(create_topic(served.address("kafka"), "kept"), 36);
        served.signal("KILL");
        served.wait();
    }
    let data = root.path().to_str().unwrap();
    let (code, said) = refused(&serve_args(data, "off", &["--set", "node.id=2"]));
    assert_ne!(code, Some(0));
    assert!(said.contains("node.id is 0, asked for was 2"), "{said}");
    let (_, said) = refused(&serve_args(data, "off", &["--set", "node.id=-1"]));
    assert!(said.contains("must be at least 0"), "{said}");
}

#[test]
fn what_a_stop_left_is_clean() {
    let root = tempfile::tempdir().unwrap();
    let mut served = Served::start(root.path(), &[]);
    assert_eq!(create_topic(served.address("kafka"), "kept"), 0);
    served.signal("TERM");
    assert_eq!(served.wait().code(), Some(0));
    let served = Served::start(root.path(), &[]);
    assert!(
        served
            .http("/metrics")
            .contains("highwater_recovery_clean 1")
    );
    assert_eq!(create_topic(served.address("kafka"), "kept"), 36);
    // Nothing of ours lies where a Java broker looks for partitions.
    let strangers: Vec<_> = std::fs::read_dir(root.path().join("kafka"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("highwater"))
        .collect();
    assert_eq!(strangers, Vec::<String>::new());
}

#[test]
fn a_kafka_directory_is_used_where_it_lies() {
    let root = tempfile::tempdir().unwrap();
    let mut served = Served::start(&root.path().join("first"), &[]);
    assert_eq!(create_topic(served.address("kafka"), "moved"), 0);
    served.signal("TERM");
    served.wait();
    let kafka = root.path().join("first/kafka");
    let served = Served::start(&kafka, &[]);
    assert_eq!(create_topic(served.address("kafka"), "moved"), 36);
    assert!(!kafka.join("kafka").exists());
}

#[test]
fn refusals_say_what_where_and_what_to_do() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| root.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("file"), "not a directory").unwrap();
    std::fs::write(path("bad.toml"), "[listen]\nkafak = 'x'\n").unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let data = path("data");
    for (args, code, says) in [
        (
            vec!["--data", &path("file")],
            2,
            "is a file, not a directory; name another with --data",
        ),
        (
            vec!["--data", &path("file/below")],
            7,
            "a part of the path is a file",
        ),
        (
            vec!["--data", &data, "--config", &path("none.toml")],
            2,
            "cannot read the configuration file",
        ),
        (
            vec!["--data", &data, "--config", &path("bad.toml")],
            2,
            "did you mean `listen.kafka`?",
        ),
        (
            vec!["--data", &data, "--set", "num.partitions"],
            2,
            "must be NAME=VALUE",
        ),
        (
            vec!["--data", &data, "--set", "num.partitions=0"],
            2,
            "must be at least 1",
        ),
        (
            vec!["--data", &data, "--kafka", "0.0.0.0:0"],
            2,
            "--allow-remote",
        ),
        (
            vec!["--data", &data, "--kafka", &taken],
            7,
            "the port is in use",
        ),
        (vec!["--data", &data, "--http", &taken], 7, "listen.http"),
        (
            vec!["--data", &data, "--nonsense"],
            2,
            "unexpected argument",
        ),
    ] {
        let mut only = vec!["serve"];
        for (name, value) in [("--kafka", "127.0.0.1:0"), ("--http", "off")] {
            if !args.contains(&name) {
                only.extend([name, value]);
            }
        }
        only.extend(args.iter().copied());
        let (exit, said) = refused(&only);
        assert_eq!(exit, Some(code), "{args:?}: {said}");
        assert!(said.contains(says), "{args:?}: {said}");
        assert!(
            !Path::new(&data).join("kafka").exists() || code == 7,
            "{args:?} left something"
        );
    }
}

#[test]
fn a_directory_without_permission_is_named() {
    // Root may write anywhere, so there is nothing to see then.
    let root = tempfile::tempdir().unwrap();
    let closed = root.path().join("closed");
    std::fs::create_dir(&closed).unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o555)).unwrap();
    if std::fs::write(closed.join("probe"), "").is_ok() {
        return;
    }
    let (code, said) = refused(&serve_args(closed.to_str().unwrap(), "off", &[]));
    assert_eq!(code, Some(7), "{said}");
    assert!(said.contains("permission denied"), "{said}");
}

#[test]
fn hangup_takes_over_the_log_level() {
    let root = tempfile::tempdir().unwrap();
    let config = root.path().join("highwater.toml");
    std::fs::write(&config, "log.level = 'warn'\n").unwrap();
    let data = root.path().join("data");
    let args = ["--config", config.to_str().unwrap(), "--log-format", "json"];
    let mut child = command(&serve_args(data.to_str().unwrap(), "off", &args))
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    let served = Served { child, ready: line };
    std::fs::write(&config, "log.level = 'info'\n").unwrap();
    served.signal("HUP");
    // Nothing at `warn` was said before, so the first line is the one about the reload.
    let mut said = String::new();
    log.read_line(&mut said).unwrap();
    assert!(said.contains("reloaded"), "{said}");
    // A faulty file changes nothing, and is told.
    std::fs::write(&config, "log.level = 'loud'\n").unwrap();
    served.signal("HUP");
    said.clear();
    log.read_line(&mut said).unwrap();
    assert!(
        said.contains("not reloaded") && said.contains("loud"),
        "{said}"
    );
}

#[test]
fn environment_and_config_show() {
    let run = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = command(args);
        for (name, value) in variables {
            command.env(name, value);
        }
        let output = command.output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
        )
    };
    let variables = [
        ("HIGHWATER_LISTEN__KAFKA", "127.0.0.1:7"),
        ("HIGHWATER_DATA", "/x"),
    ];
    let (code, shown) = run(
        &["config", "show", "--origin", "--set-only", "--data", "/y"],
        &variables,
    );
    assert_eq!(code, Some(0));
    assert_eq!(
        shown,
        "data = \"/y\"                   # flag --data\n\
         listen.kafka = \"127.0.0.1:7\"  # environment HIGHWATER_LISTEN__KAFKA\n"
    );
    let (code, shown) = run(
        &["config", "show", "--format", "json", "--set-only"],
        &variables,
    );
    assert_eq!(code, Some(0));
    assert!(
        shown.contains(r#""origin": "environment HIGHWATER_DATA""#),
        "{shown}"
    );
    assert_eq!(
        run(&["config", "check"], &variables),
        (Some(0), "ok: 2 settings set\n".to_owned())
    );
    assert_eq!(run(&["config", "check", "--engine", "x"], &[]).0, Some(2));
}
