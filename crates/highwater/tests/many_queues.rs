//! Ten thousand topics of four queues in RocketMQ's layout: what they cost a server, and that a killed one is back with all.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test, which tells its figures"
)]

mod served;

use served::Served;
use served::rocketmq::Client;
use std::fmt::Write;
use std::path::Path;

const TOPICS: usize = 10_000;
const QUEUES: usize = 4;
/// Connections that send.
const SENDERS: usize = 4;

fn topic(number: usize) -> String {
    format!("topic-{number:05}")
}

/// The topics, as a broker that was stopped left them: to have each made by a message takes minutes, for the whole table is
/// written each time.
fn write_topics(data: &Path) {
    let mut table = String::new();
    for number in 0..TOPICS {
        let comma = if number == 0 { "" } else { "," };
        let name = topic(number);
        write!(
            table,
            r#"{comma}"{name}":{{"topicName":"{name}","readQueueNums":{QUEUES},"writeQueueNums":{QUEUES},"perm":6}}"#
        )
        .unwrap();
    }
    let config = data.join("rocketmq/config");
    std::fs::create_dir_all(&config).unwrap();
    let all = format!(r#"{{"topicConfigTable":{{{table}}}}}"#);
    std::fs::write(config.join("topics.json"), all).unwrap();
}

/// A message to each queue of every topic.
fn fill(served: &Served) {
    let address = served.address("rocketmq");
    std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            scope.spawn(move || {
                let mut client = Client::connect(address);
                for number in (sender..TOPICS).step_by(SENDERS) {
                    for queue in 0..QUEUES {
                        let offset = client.put_to(&topic(number), queue, b"x");
                        assert_eq!(offset, 0, "{}, queue {queue}", topic(number));
                    }
                }
            });
        }
    });
}

/// What a server holds: anonymous memory in KiB, threads, open files, mappings.
#[derive(Debug)]
struct Held {
    anonymous_kib: u64,
    threads: usize,
    files: usize,
    maps: usize,
}

fn held(served: &Served) -> Held {
    let process = Path::new("/proc").join(served.child.id().to_string());
    let read = |name: &str| std::fs::read_to_string(process.join(name)).unwrap();
    let count = |name: &str| std::fs::read_dir(process.join(name)).unwrap().count();
    let status = read("status");
    let anonymous = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let anonymous = anonymous.unwrap().split_whitespace().next().unwrap();
    Held {
        anonymous_kib: anonymous.parse().unwrap(),
        threads: count("task"),
        files: count("fd"),
        maps: read("maps").lines().count(),
    }
}

fn check(served: &Served, when: &str) {
    let held = held(served);
    println!("{when}: {}, {held:?}", served.ready.trim());
    // Next to 40 000 queues: none of these is counted per queue.
    assert!(held.anonymous_kib < 128 << 10, "{when}: {held:?}");
    assert!(held.threads < 64, "{when}: {held:?}");
    assert!(held.files < 1000, "{when}: {held:?}");
    assert!(held.maps < 1000, "{when}: {held:?}");
}

#[test]
fn ten_thousand_topics_cost_little_and_are_all_there_after_a_kill() {
    let root = tempfile::tempdir().unwrap();
    write_topics(root.path());
    let start = || Served::start(root.path(), &["--kafka", "off"]);
    let served = start();
    fill(&served);
    check(&served, "filled");
    served.signal("KILL");
    drop(served);
    let mut served = start();
    check(&served, "after a kill");
    for number in [0, TOPICS / 2, TOPICS - 1] {
        let mut client = Client::connect(served.address("rocketmq"));
        assert_eq!(client.read(&topic(number), 1), ["x"]);
        assert_eq!(client.put_to(&topic(number), 3, b"y"), 1);
    }
    served.signal("TERM");
    assert_eq!(served.wait().code(), Some(0));
    check(&start(), "after a clean stop");
}
