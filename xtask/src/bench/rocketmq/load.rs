//! Load generators: RocketMQ's own benchmark programs, and one of ours that sends at a fixed rate.
//!
//! The benchmark programs print once a second what the last ten seconds were like. One that sends so many messages and
//! ends is measured from its start to its end; one that goes on until it is stopped, in a window of ten seconds.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::server::Broker;
use crate::daemon::Daemon;
use crate::{rocketmq_peer, step, workspace};

/// What one run reports, and what it cost the broker.
pub(super) struct Outcome {
    pub(super) per_second: f64,
    /// p50, p99 and p99.9; zeros where the program does not say.
    pub(super) quantiles_ms: [f64; 3],
    /// CPU seconds, user and system, per million messages.
    pub(super) cpu_per_million: f64,
}

/// How long a program runs before its window.
const WARM_UP: Duration = Duration::from_secs(4);
/// As far back as the programs' own figures reach.
const WINDOW: Duration = Duration::from_secs(10);

/// A Java broker wants a minute of load before its figures settle; ours does no harm by it.
pub(super) fn warm_up(broker: &Broker, messages: u64) -> Result<()> {
    for bytes in [128, 1024] {
        send(broker, "warm-up", bytes, 64, messages)?;
    }
    Ok(())
}

/// `benchmark.Producer` until it has sent `messages`.
pub(super) fn send(
    broker: &Broker,
    topic: &str,
    message_bytes: u32,
    threads: u32,
    messages: u64,
) -> Result<Outcome> {
    let mut command = program(&broker.address, "Producer", topic)?;
    command.args(["-s", &message_bytes.to_string()]);
    command.args(["-w", &threads.to_string(), "-q", &messages.to_string()]);
    let before = broker.process.cpu_seconds()?;
    let text = step::output(&mut command)?;
    let spent = broker.process.cpu_seconds()? - before;
    let line = text
        .lines()
        .rfind(|line| line.starts_with("[Complete]"))
        .with_context(|| format!("no summary in {text:?}"))?;
    // Failures would be cheap messages.
    for name in ["Send Failed", "Response Failed"] {
        ensure!(field(line, name) == Some(0.0), "{}: {line}", broker.name);
    }
    Ok(Outcome {
        // A run of under two seconds has no rate.
        per_second: field(line, "Send TPS").unwrap_or_default(),
        quantiles_ms: [0.0; 3],
        cpu_per_million: spent / millions(messages),
    })
}

/// `benchmark.BatchProducer`.
pub(super) fn send_batches(broker: &Broker, topic: &str, message_bytes: u32) -> Result<Outcome> {
    let mut command = program(&broker.address, "BatchProducer", topic)?;
    command.args(["-s", &message_bytes.to_string(), "-w", "16", "-b", "32"]);
    in_window(broker, &mut command, "Send MPS", "Send Message Failed")
}

/// `benchmark.Consumer`, which starts where a new group starts.
pub(super) fn consume(broker: &Broker, topic: &str, group: &str) -> Result<Outcome> {
    let mut command = program(&broker.address, "Consumer", topic)?;
    command.args(["-g", group, "-p", "false"]);
    in_window(broker, &mut command, "Consume TPS", "Consume Fail")
}

/// Runs `command` for a while; `rate` and `failures` are what it calls messages a second and failures.
fn in_window(
    broker: &Broker,
    command: &mut Command,
    rate: &str,
    failures: &str,
) -> Result<Outcome> {
    let log = tempfile::NamedTempFile::new()?;
    let program = Daemon::start("the benchmark program", command, log.path())?;
    std::thread::sleep(WARM_UP);
    let before = broker.process.cpu_seconds()?;
    std::thread::sleep(WINDOW);
    let spent = broker.process.cpu_seconds()? - before;
    // The line about this window comes at the end of its last second.
    std::thread::sleep(Duration::from_millis(500));
    let text = program.output();
    program.kill()?;
    let line = text
        .lines()
        .rfind(|line| line.contains(rate))
        .with_context(|| format!("no figures in {text:?}"))?;
    let per_second = field(line, rate).unwrap_or_default();
    ensure!(
        per_second > 0.0 && field(line, failures) == Some(0.0),
        "{}: {line}",
        broker.name
    );
    Ok(Outcome {
        per_second,
        quantiles_ms: [0.0; 3],
        cpu_per_million: spent / (per_second * WINDOW.as_secs_f64() / 1e6),
    })
}

/// One sender at 5000 messages a second.
pub(super) fn paced(
    broker: &Broker,
    topic: &str,
    message_bytes: u32,
    messages: u64,
) -> Result<Outcome> {
    let before = broker.process.cpu_seconds()?;
    let [per_second, p50, p99, p999] =
        paced_quantiles(&broker.address, topic, message_bytes, messages)?;
    let spent = broker.process.cpu_seconds()? - before;
    Ok(Outcome {
        per_second,
        quantiles_ms: [p50, p99, p999],
        cpu_per_million: spent / millions(messages),
    })
}

/// Messages a second, p50, p99 and p99.9 in ms of 5000 messages a second to the broker that `names` knows.
pub(in crate::bench) fn paced_quantiles(
    names: &str,
    topic: &str,
    message_bytes: u32,
    messages: u64,
) -> Result<[f64; 4]> {
    let mut command = client()?;
    command.arg(workspace::root().join("bench/rocketmq/Paced.java"));
    command.args([names, topic, &message_bytes.to_string()]);
    command.args([&messages.to_string(), "5000"]);
    let text = step::output(&mut command)?;
    let line = text.lines().last().unwrap_or_default();
    let figures: Vec<f64> = line
        .split(' ')
        .filter_map(|word| word.parse().ok())
        .collect();
    match *figures {
        [per_second, p50, p99, p999, 0.0] => Ok([per_second, p50, p99, p999]),
        _ => anyhow::bail!("five figures were to come, the last of them 0: {text:?}"),
    }
}

/// `benchmark.Producer` with 64 threads, which ends when it is made to.
pub(in crate::bench) fn endless(names: &str, topic: &str, message_bytes: u32) -> Result<Command> {
    let mut command = program(names, "Producer", topic)?;
    command.args(["-s", &message_bytes.to_string(), "-w", "64"]);
    Ok(command)
}

/// A benchmark program of RocketMQ's, told where the name server is, to report once a second.
fn program(names: &str, class: &str, topic: &str) -> Result<Command> {
    let mut command = client()?;
    command.arg(format!("org.apache.rocketmq.example.benchmark.{class}"));
    command.args(["-n", names, "-t", topic, "-ri", "1000"]);
    Ok(command)
}

fn client() -> Result<Command> {
    let home = workspace::target_dir().join("bench/rocketmq-client");
    let options = [
        "-server",
        "-Xms1g",
        "-Xmx1g",
        "-Xmn512m",
        "-XX:+UseG1GC",
        "-XX:MaxDirectMemorySize=1g",
        "-Drocketmq.client.logLevel=WARN",
    ];
    rocketmq_peer::jvm(Path::new(&home), &options)
}

#[allow(
    clippy::cast_precision_loss,
    reason = "message counts are far below 2^52"
)]
fn millions(messages: u64) -> f64 {
    messages as f64 / 1e6
}

/// The figure behind `name` in `… | Send TPS: 15594 | Max RT(ms): 857 | …`.
fn field(line: &str, name: &str) -> Option<f64> {
    line.split('|').find_map(|part| {
        let (found, value) = part.rsplit_once(": ")?;
        let found = found.rsplit_once("] ").map_or(found, |(_, found)| found);
        (found.trim() == name).then(|| value.trim().parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_lines_are_read() {
        let done = "[Complete] Send Total: 200000 | Send TPS: 15594 | Max RT(ms): 857 | Average RT(ms):   4.093 | Send Failed: 0 | Response Failed: 0";
        assert_eq!(field(done, "Send Total"), Some(200_000.0));
        assert_eq!(field(done, "Send TPS"), Some(15594.0));
        assert_eq!(field(done, "Response Failed"), Some(0.0));
        assert_eq!(field(done, "Failed"), None);
        let batches = "Current Time: 2026-11-26 21:40:01,123 | Send TPS: 2985 | Send MPS: 95520 | Send Message Failed: 3";
        assert_eq!(field(batches, "Send MPS"), Some(95520.0));
        assert_eq!(field(batches, "Send Message Failed"), Some(3.0));
    }
}
