//! The metrics page: figures are read from the server when somebody scrapes, and only then.
//!
//! Base units (seconds, bytes), `_total` for counters. Per topic, not per partition: the number of
//! lines stays readable; `DescribeLogDirs` has the rest.

use kafka::broker::Broker;
use kafka::broker::server::Connections;
use kafka::stats::BUCKETS_US;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Where the figures come from once the server is ready.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) broker: Arc<Broker>,
    pub(crate) connections: Arc<Connections>,
    /// The engine in use.
    pub(crate) engine: String,
    /// What the start recovered.
    pub(crate) recovery: RecoveryFigures,
}

/// What the start recovered.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RecoveryFigures {
    pub(crate) clean: bool,
    pub(crate) walked_bytes: u64,
    pub(crate) cut_bytes: u64,
    pub(crate) millis: i64,
    pub(crate) failed: usize,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").finish_non_exhaustive()
    }
}

/// The page as text.
///
/// # Errors
/// None in practice: writing into a String does not fail.
pub(super) fn render(source: Option<&Source>) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("highwater");
    registry.register_collector(Box::new(Page {
        source: source.cloned(),
    }));
    let mut page = String::new();
    text::encode(&mut page, &registry)?;
    Ok(page)
}

#[derive(Debug)]
struct Page {
    source: Option<Source>,
}

impl Collector for Page {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Out(encoder);
        process(&mut out)?;
        let Some(source) = &self.source else {
            return out.gauge("ready", "1 when clients are served", None, 0_u64);
        };
        out.gauge("ready", "1 when clients are served", None, 1_u64)?;
        build(&mut out, source)?;
        recovery(&mut out, source.recovery)?;
        connections(&mut out, source)?;
        requests(&mut out, &source.broker)?;
        topics(&mut out, &source.broker)?;
        groups(&mut out, &source.broker)
    }
}

/// A value to print: counts and bytes are whole, seconds are not.
enum Figure {
    Whole(u64),
    Part(f64),
}

/// Shorthand for the encoder's ceremony.
struct Out<'a>(DescriptorEncoder<'a>);

impl Out<'_> {
    fn gauge(&mut self, name: &str, help: &str, unit: Option<&Unit>, value: u64) -> fmt::Result {
        let metric = self
            .0
            .encode_descriptor(name, help, unit, MetricType::Gauge)?;
        ConstGauge::new(value).encode(metric)
    }

    fn seconds(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        let metric =
            self.0
                .encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Gauge)?;
        ConstGauge::new(value).encode(metric)
    }

    fn counter(&mut self, name: &str, help: &str, unit: Option<&Unit>, value: u64) -> fmt::Result {
        let metric = self
            .0
            .encode_descriptor(name, help, unit, MetricType::Counter)?;
        ConstCounter::new(value).encode(metric)
    }

    /// One line per row, all of one metric.
    fn family<L: EncodeLabelSet>(
        &mut self,
        (name, help, unit, kind): (&str, &str, Option<&Unit>, MetricType),
        rows: impl Iterator<Item = (L, Figure)>,
    ) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, unit, kind)?;
        for (labels, value) in rows {
            let line = metric.encode_family(&labels)?;
            match (kind, value) {
                (MetricType::Counter, Figure::Whole(value)) => {
                    ConstCounter::new(value).encode(line)?
                }
                (MetricType::Counter, Figure::Part(value)) => {
                    ConstCounter::new(value).encode(line)?
                }
                (_, Figure::Whole(value)) => ConstGauge::new(value).encode(line)?,
                (_, Figure::Part(value)) => ConstGauge::new(value).encode(line)?,
            }
        }
        Ok(())
    }
}

fn build(out: &mut Out<'_>, source: &Source) -> fmt::Result {
    let labels = [
        ("version", env!("CARGO_PKG_VERSION")),
        ("engine", source.engine.as_str()),
    ];
    out.family(
        (
            "build",
            "Version and I/O engine, as labels",
            None,
            MetricType::Gauge,
        ),
        std::iter::once((labels, Figure::Whole(1))),
    )
}

fn recovery(out: &mut Out<'_>, figures: RecoveryFigures) -> fmt::Result {
    let clean = u64::from(figures.clean);
    out.gauge(
        "recovery_clean",
        "1 if the last stop was clean",
        None,
        clean,
    )?;
    let bytes = Some(&Unit::Bytes);
    out.gauge(
        "recovery_checked",
        "Bytes the start had to check",
        bytes,
        figures.walked_bytes,
    )?;
    out.gauge(
        "recovery_cut",
        "Bytes the start cut off torn ends",
        bytes,
        figures.cut_bytes,
    )?;
    let failed = u64::try_from(figures.failed).unwrap_or(u64::MAX);
    out.gauge(
        "recovery_failed_partitions",
        "Partitions that could not be opened",
        None,
        failed,
    )?;
    out.seconds(
        "recovery_duration",
        "Time the start took on the logs",
        millis(figures.millis),
    )
}

fn connections(out: &mut Out<'_>, source: &Source) -> fmt::Result {
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

/// What the operating system says of this process.
fn process(out: &mut Out<'_>) -> fmt::Result {
    let page = u64::try_from(rustix::param::page_size()).unwrap_or(4096);
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let mut pages = statm
        .split_ascii_whitespace()
        .map(|field| field.parse::<u64>().unwrap_or(0));
    let resident = pages.nth(1).unwrap_or(0) * page;
    let shared = pages.next().unwrap_or(0) * page;
    out.gauge(
        "process_resident_memory",
        "Memory in use",
        Some(&Unit::Bytes),
        resident,
    )?;
    let own = resident.saturating_sub(shared);
    out.gauge(
        "process_anonymous_memory",
        "Memory in use, files left out",
        Some(&Unit::Bytes),
        own,
    )?;
    let open = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let open = u64::try_from(open).unwrap_or(0);
    out.gauge("process_open_files", "Open file descriptors", None, open)
}

/// Good to 2^53, which no counter here reaches in years.
#[allow(clippy::cast_precision_loss)]
fn approximate(count: u64) -> f64 {
    count as f64
}

fn micros(us: u64) -> f64 {
    approximate(us) / 1e6
}

fn millis(ms: i64) -> f64 {
    approximate(ms.max(0).unsigned_abs()) / 1e3
}
