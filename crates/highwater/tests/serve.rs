//! `highwater serve` as a process: it starts, says where it listens, refuses what it must, stops in
//! order, and comes back after it was killed.
//!
//! Waiting is always for something the process says or does; a deadline only ends a test that would
//! otherwise hang.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

mod served;

use served::{Served, command, create_topic, park_fetch, park_join, refused, serve_args};
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

#[test]
fn starts_with_nothing_and_says_where() {
    let root = tempfile::tempdir().unwrap();
    let mut served = Served::start(&root.path().join("data"), &[]);
    let words: Vec<&str> = served.ready.split_whitespace().collect();
    assert_eq!(
        (words[0], words[1], words[3], words.len()),
        ("ready", "in", "ms", 8)
    );
    assert!(words[2].parse::<u64>().is_ok());
    for name in ["kafka", "namesrv", "rocketmq"] {
        TcpStream::connect(served.address(name)).unwrap();
    }
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
        "highwater_rocketmq_recovery_clean",
        "highwater_rocketmq_connections",
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
    let fast = format!("listen.rocketmq_fast = '{taken}'\n");
    std::fs::write(path("fast.toml"), fast).unwrap();
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
            vec!["--data", &data, "--rocketmq", &taken],
            7,
            "(listen.rocketmq): the port is in use; stop what uses it, or give another (port 0 picks a free one), or `off`",
        ),
        (
            vec!["--data", &data, "--namesrv", &taken],
            7,
            "(listen.namesrv): the port is in use",
        ),
        (
            vec!["--data", &data, "--config", &path("fast.toml")],
            7,
            "(listen.rocketmq_fast): the port is in use",
        ),
        (
            vec![
                "--data",
                &data,
                "--advertise-rocketmq",
                "no.such.host.invalid",
            ],
            7,
            "set it to an address of this machine that clients can reach",
        ),
        (
            vec!["--data", &data, "--set", "rocketmq.flushDiskTyp=disk"],
            2,
            "did you mean `rocketmq.flushDiskType`?",
        ),
        (
            vec!["--data", &data, "--nonsense"],
            2,
            "unexpected argument",
        ),
    ] {
        let mut only = vec!["serve"];
        for (name, value) in [
            ("--kafka", "127.0.0.1:0"),
            ("--rocketmq", "127.0.0.1:0"),
            ("--namesrv", "127.0.0.1:0"),
            ("--http", "off"),
        ] {
            if !args.contains(&name) {
                only.extend([name, value]);
            }
        }
        only.extend(args.iter().copied());
        let there = || Path::new(&data).join("kafka").exists();
        let was_there = there();
        let (exit, said) = refused(&only);
        assert_eq!(exit, Some(code), "{args:?}: {said}");
        assert!(said.contains(says), "{args:?}: {said}");
        assert!(
            !there() || was_there || code == 7,
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
