//! The metrics page: figures are read from the server when somebody scrapes, and only then.
//!
//! Base units (seconds, bytes), `_total` for counters. Per topic, not per partition: the number of
//! lines stays readable; `DescribeLogDirs` has the rest.

mod kafka_half;
mod rocketmq_half;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;

pub(crate) use kafka_half::KafkaSource;
pub(crate) use rocketmq_half::RocketmqSource;

/// Where the figures come from once the server is ready.
#[derive(Clone, Default)]
pub(crate) struct Source {
    /// `None` where that half is off.
    pub(crate) kafka: Option<KafkaSource>,
    /// `None` where that half is off.
    pub(crate) rocketmq: Option<RocketmqSource>,
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
        if let Some(kafka) = &source.kafka {
            kafka_half::encode(&mut out, kafka)?;
        }
        match &source.rocketmq {
            Some(rocketmq) => rocketmq_half::encode(&mut out, rocketmq),
            None => Ok(()),
        }
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
    let engine = |engine: Option<&'static str>| engine.unwrap_or("off");
    let kafka = source.kafka.as_ref().map(|half| half.engine);
    let rocketmq = source.rocketmq.as_ref().map(|half| half.engine);
    let labels = [
        ("version", env!("CARGO_PKG_VERSION")),
        ("engine", engine(kafka)),
        ("rocketmq_engine", engine(rocketmq)),
    ];
    out.family(
        (
            "build",
            "Version and I/O engines (Kafka's, RocketMQ's), as labels",
            None,
            MetricType::Gauge,
        ),
        std::iter::once((labels, Figure::Whole(1))),
    )
}

/// What a half recovered; `prefix` goes in front of the names.
fn recovery(out: &mut Out<'_>, prefix: &str, figures: RecoveryFigures) -> fmt::Result {
    let bytes = Some(&Unit::Bytes);
    let clean = u64::from(figures.clean);
    let rows = [
        ("clean", "1 if the last stop was clean", None, clean),
        (
            "checked",
            "Bytes the start had to check",
            bytes,
            figures.walked_bytes,
        ),
        (
            "cut",
            "Bytes the start cut off torn ends",
            bytes,
            figures.cut_bytes,
        ),
    ];
    for (name, help, unit, value) in rows {
        out.gauge(&format!("{prefix}recovery_{name}"), help, unit, value)?;
    }
    out.seconds(
        &format!("{prefix}recovery_duration"),
        "Time the start took on the logs",
        millis(figures.millis),
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

fn millis(ms: i64) -> f64 {
    approximate(ms.max(0).unsigned_abs()) / 1e3
}
