//! Figures of the Kafka half.

use super::{Figure, Out, RecoveryFigures, approximate};
use kafka::broker::Broker;
use kafka::stats::BUCKETS_US;
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;
use serving::Connections;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Where they come from.
#[derive(Clone)]
pub(crate) struct KafkaSource {
    pub(crate) broker: Arc<Broker>,
    pub(crate) connections: Arc<Connections>,
    /// The engine in use.
    pub(crate) engine: &'static str,
    /// What the start recovered.
    pub(crate) recovery: RecoveryFigures,
}

pub(super) fn encode(out: &mut Out<'_>, source: &KafkaSource) -> fmt::Result {
    super::recovery(out, "", source.recovery)?;
    let failed = u64::try_from(source.recovery.failed).unwrap_or(u64::MAX);
    let about = "Partitions that could not be opened";
    out.gauge("recovery_failed_partitions", about, None, failed)?;
    connections(out, source)?;
    requests(out, &source.broker)?;
    topics(out, &source.broker)?;
    groups(out, &source.broker)
}

fn connections(out: &mut Out<'_>, source: &KafkaSource) -> fmt::Result {
    let open = u64::try_from(source.connections.open()).unwrap_or(u64::MAX);
    out.gauge(
        "kafka_connections",
        "Kafka connections open now",
        None,
        open,
    )?;
    let accepted = source.connections.accepted();
    out.counter(
        "kafka_connections_accepted",
        "Kafka connections since the start",
        None,
        accepted,
    )?;
    let held = u64::try_from(source.broker.in_flight_bytes()).unwrap_or(u64::MAX);
    out.gauge(
        "kafka_requests_held",
        "Memory held by requests in hand",
        Some(&Unit::Bytes),
        held,
    )
}

fn requests(out: &mut Out<'_>, broker: &Broker) -> fmt::Result {
    let sums = broker.stats().sums();
    let label = |sum: &kafka::stats::ApiSum| [("api", sum.api.name())];
    for (name, help, unit, figure) in [
        (
            "kafka_requests",
            "Requests answered",
            None,
            (|s| s.requests) as fn(&kafka::stats::ApiSum) -> u64,
        ),
        ("kafka_request", "Bytes received", Some(&Unit::Bytes), |s| {
            s.request_bytes
        }),
        ("kafka_response", "Bytes sent", Some(&Unit::Bytes), |s| {
            s.response_bytes
        }),
    ] {
        out.family(
            (name, help, unit, MetricType::Counter),
            sums.iter()
                .map(|sum| (label(sum), Figure::Whole(figure(sum)))),
        )?;
    }
    let mut metric = out.0.encode_descriptor(
        "kafka_request_duration",
        "From the whole request being there to its answer being ready; long polls included",
        Some(&Unit::Seconds),
        MetricType::Histogram,
    )?;
    for sum in &sums {
        let mut buckets: Vec<(f64, u64)> = BUCKETS_US
            .iter()
            .zip(&sum.buckets)
            .map(|(end, count)| (micros(*end), *count))
            .collect();
        let within: u64 = sum.buckets.iter().sum();
        buckets.push((f64::INFINITY, sum.requests.saturating_sub(within)));
        let labels = label(sum);
        let mut line = metric.encode_family(&labels)?;
        line.encode_histogram::<[(&str, &str); 1]>(
            micros(sum.total_us),
            sum.requests,
            &buckets,
            None,
        )?;
    }
    Ok(())
}

#[derive(Default)]
struct TopicFigures {
    partitions: u64,
    size_bytes: u64,
    unsynced_bytes: u64,
    unsynced_seconds: f64,
}

fn topics(out: &mut Out<'_>, broker: &Broker) -> fmt::Result {
    let mut by_topic: BTreeMap<Arc<str>, TopicFigures> = BTreeMap::new();
    for description in broker.logs().describe() {
        let figures = by_topic.entry(description.tp.topic).or_default();
        figures.partitions += 1;
        figures.size_bytes += description.size_bytes;
    }
    for log in broker.logs().logs() {
        let (bytes, since) = log.unsynced();
        let figures = by_topic.entry(Arc::clone(&log.tp().topic)).or_default();
        figures.unsynced_bytes += bytes;
        let age = since.map_or(0.0, |since| since.elapsed().as_secs_f64());
        figures.unsynced_seconds = figures.unsynced_seconds.max(age);
    }
    let bytes = Some(&Unit::Bytes);
    for (name, help, unit, figure) in [
        (
            "kafka_topic_partitions",
            "Partitions",
            None,
            (|f| Figure::Whole(f.partitions)) as fn(&TopicFigures) -> Figure,
        ),
        ("kafka_topic_size", "Bytes of all segments", bytes, |f| {
            Figure::Whole(f.size_bytes)
        }),
        (
            "kafka_topic_unsynced",
            "Bytes a power loss would take",
            bytes,
            |f| Figure::Whole(f.unsynced_bytes),
        ),
        (
            "kafka_topic_unsynced_age",
            "Age of the oldest such byte",
            Some(&Unit::Seconds),
            |f| Figure::Part(f.unsynced_seconds),
        ),
    ] {
        let rows = by_topic
            .iter()
            .map(|(topic, f)| ([("topic", &**topic)], figure(f)));
        out.family((name, help, unit, MetricType::Gauge), rows)?;
    }
    Ok(())
}

fn groups(out: &mut Out<'_>, broker: &Broker) -> fmt::Result {
    let lags = broker.group_lags();
    let about = "Records still to be read, over all partitions with a committed offset";
    out.family(
        ("kafka_group_lag", about, None, MetricType::Gauge),
        lags.iter()
            .map(|(group, lag)| ([("group", &**group)], Figure::Whole(*lag))),
    )
}

fn micros(us: u64) -> f64 {
    approximate(us) / 1e6
}
