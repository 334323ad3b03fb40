//! Load generators: Kafka's own performance tools, and a light one on librdkafka.
//!
//! Each returns the generator's own figures; the server's cost is measured around the call.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::server::{Server, java};
use crate::step;

/// What one run of a producer or consumer reports.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) records_per_second: f64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) p999_ms: f64,
}

/// One producer run.
#[derive(Clone, Copy)]
pub(crate) struct Produce<'a> {
    pub(crate) topic: &'a str,
    pub(crate) record_bytes: u32,
    pub(crate) records: u64,
    /// Records per second, or −1 for as fast as it goes.
    pub(crate) rate: i64,
    /// Client settings as `name=value`.
    pub(crate) properties: &'a [&'a str],
}

/// Creates `topic`; `configs` are topic settings as `name=value`.
///
/// By our own command, on every server: Kafka's refuses settings that Kafka does not have before it asks.
pub(crate) fn create_topic(
    server: &Server,
    topic: &str,
    partitions: u32,
    configs: &[&str],
) -> Result<()> {
    let mut command = super::server::ours();
    command.args(["topic", "create", topic]);
    command.args(["--bootstrap", &server.address]);
    command.args(["--partitions", &partitions.to_string(), "--replicas", "1"]);
    for config in configs {
        command.args(["--config", config]);
    }
    step::output(&mut command).map(drop)
}

/// Deletes `topic`.
pub(crate) fn delete_topic(server: &Server, topic: &str) -> Result<()> {
    let mut command = super::server::ours();
    command.args(["topic", "delete", "--yes", topic]);
    command.args(["--bootstrap", &server.address]);
    step::output(&mut command).map(drop)
}

/// ProducerPerformance; its first fifth warms up and is left out of its figures.
pub(crate) fn java_produce(address: &str, jars: &Path, load: Produce<'_>) -> Result<Outcome> {
    let text = step::output(&mut java_producer(address, jars, load))?;
    let line = text
        .lines()
        .rfind(|line| line.contains("99.9th"))
        .with_context(|| format!("no summary in {text:?}"))?;
    Ok(producer_summary(line))
}

/// The program that [`java_produce`] runs.
pub(crate) fn java_producer(address: &str, jars: &Path, load: Produce<'_>) -> Command {
    let mut command = tool(jars, "ProducerPerformance");
    command.args(["--bootstrap-server", address, "--topic", load.topic]);
    command.args(["--record-size", &load.record_bytes.to_string()]);
    command.args(["--num-records", &load.records.to_string()]);
    command.args(["--throughput", &load.rate.to_string()]);
    command.args(["--warmup-records", &(load.records / 5).to_string()]);
    command.args([
        "--reporting-interval",
        "600000",
        "--command-property",
        "acks=all",
    ]);
    command.args(load.properties);
    command
}

/// ConsumerPerformance from the start of the topic, with the rebalance left out of the rate.
pub(crate) fn java_consume(
    server: &Server,
    jars: &Path,
    topic: &str,
    records: u64,
    group: &str,
) -> Result<Outcome> {
    let mut command = tool(jars, "ConsumerPerformance");
    command.args(["--bootstrap-server", &server.address, "--topic", topic]);
    command.args([
        "--num-records",
        &records.to_string(),
        "--hide-header",
        "--group",
        group,
    ]);
    let text = step::output(&mut command)?;
    let line = text.lines().last().unwrap_or_default();
    let rate = line
        .split(',')
        .nth(9)
        .and_then(|field| field.trim().parse().ok());
    let records_per_second = rate.with_context(|| format!("no rate in {text:?}"))?;
    Ok(Outcome {
        records_per_second,
        ..Outcome::default()
    })
}

/// The light generator: librdkafka, one process, no JVM.
pub(crate) fn light_produce(server: &Server, load: Produce<'_>) -> Result<Outcome> {
    let binary = crate::workspace::root().join("target/rdload/release/rdload");
    let mut command = Command::new(binary);
    command.args(["produce", &server.address, load.topic]);
    command.args([
        load.record_bytes.to_string(),
        load.records.to_string(),
        load.rate.to_string(),
    ]);
    command.args(load.properties);
    let text = step::output(&mut command)?;
    let mut fields = text
        .split_whitespace()
        .filter_map(|field| field.parse::<f64>().ok());
    let mut next = || {
        fields
            .next()
            .with_context(|| format!("no figures in {text:?}"))
    };
    Ok(Outcome {
        records_per_second: next()?,
        p50_ms: next()?,
        p99_ms: next()?,
        p999_ms: next()?,
    })
}

/// `… 4977 records/sec (4.86 MB/sec), …, 3 ms 50th, 5 ms 95th, 7 ms 99th, 11 ms 99.9th.`
fn producer_summary(line: &str) -> Outcome {
    let words: Vec<&str> = line
        .split([' ', ',', '(', ')'])
        .filter(|word| !word.is_empty())
        .collect();
    let before = |word: &str, back: usize| {
        let at = words
            .iter()
            .position(|found| found.trim_end_matches('.') == word)?;
        words.get(at.checked_sub(back)?)?.parse::<f64>().ok()
    };
    Outcome {
        records_per_second: before("records/sec", 1).unwrap_or_default(),
        p50_ms: before("50th", 2).unwrap_or_default(),
        p99_ms: before("99th", 2).unwrap_or_default(),
        p999_ms: before("99.9th", 2).unwrap_or_default(),
    }
}

fn tool(jars: &Path, class: &str) -> Command {
    let mut command = java(jars, &["-Xmx512M"]);
    command.arg(format!("org.apache.kafka.tools.{class}"));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_producer_tools_summary_is_read() {
        let line = "40000 records sent, 4977.5 records/sec (4.86 MB/sec), 3.2 ms avg latency, \
                    310.00 ms max latency, 3 ms 50th, 5 ms 95th, 7 ms 99th, 11 ms 99.9th.";
        let outcome = producer_summary(line);
        assert!((outcome.records_per_second - 4977.5).abs() < 0.01);
        assert_eq!(
            (outcome.p50_ms, outcome.p99_ms, outcome.p999_ms),
            (3.0, 7.0, 11.0)
        );
    }
}
