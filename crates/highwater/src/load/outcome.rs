//! What a run measured, whatever the protocol.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

use super::plan::Plan;

/// One half of a client over all its connections, warm-up left out.
#[derive(Debug, Clone)]
pub struct Half {
    /// Records that were acknowledged, or read.
    pub records: u64,
    /// Those of the warm-up.
    pub warm_up_records: u64,
    /// Keys and values of `records`.
    pub bytes: u64,
    /// Requests that were answered, warm-up included.
    pub requests: u64,
    /// When the last of `records` was done, in the run's time.
    pub last_ns: u64,
    /// Of records that were sent, from due to acknowledged; of records that were read, from when they
    /// were asked for to the answer; of both at the same time, from due to read.
    pub latency: Histogram<u64>,
    /// How late the generator itself was, where nothing else held it up.
    pub lateness: Histogram<u64>,
    /// Records lost to each kind of failure.
    pub errors: BTreeMap<String, u64>,
    /// How often something failed.
    pub failures: u64,
    /// Records that were due before the end and were not sent by then. They are in `latency` with
    /// the time they had waited.
    pub unsent: u64,
    /// By the second, from the end of the warm-up on.
    pub seconds: Vec<Interval>,
}

/// One second of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Interval {
    /// Records done in it.
    pub records: u64,
    /// Their keys and values.
    pub bytes: u64,
    /// Records that failed in it.
    pub failed: u64,
    /// The longest of their latencies.
    pub latency_max_ns: u64,
}

/// What reading back found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Acknowledged records that were there, whole and in their place.
    pub found: u64,
    /// Acknowledged records that were not.
    pub missing: u64,
    /// Acknowledged records with other bytes than were sent.
    pub damaged: u64,
    /// Records of this run that are there without having been acknowledged. No fault.
    pub unacknowledged: u64,
    /// The first few faults, with topic, partition and offset.
    pub examples: Vec<String>,
}

impl Checked {
    /// Whether all that was acknowledged is there.
    pub fn is_whole(&self) -> bool {
        self.missing == 0 && self.damaged == 0
    }
}

/// All of a run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What was asked for.
    pub plan: Plan,
    /// Protocol, address, topic and partitions, for people.
    pub target: BTreeMap<&'static str, String>,
    /// What was sent.
    pub produced: Option<Half>,
    /// What was read.
    pub consumed: Option<Half>,
    /// From due to read, where both halves ran.
    pub end_to_end: Option<Histogram<u64>>,
    /// Processor time of the generator, warm-up left out.
    pub cpu_ns: u64,
    /// What reading back found.
    pub checked: Option<Checked>,
    /// Whether the user ended it early.
    pub interrupted: bool,
}

impl Half {
    /// Seconds from the end of the warm-up to the last record.
    pub fn elapsed_s(&self, plan: &Plan) -> f64 {
        let warm_up_ns = u64::try_from(plan.warm_up.as_nanos()).unwrap_or(u64::MAX);
        as_f64(self.last_ns.saturating_sub(warm_up_ns)) / 1e9
    }

    /// Records a second.
    pub fn rate(&self, plan: &Plan) -> f64 {
        per_second(self.records, self.elapsed_s(plan))
    }

    /// Bytes of keys and values a second.
    pub fn bytes_per_second(&self, plan: &Plan) -> f64 {
        per_second(self.bytes, self.elapsed_s(plan))
    }

    fn json(&self, plan: &Plan) -> Value {
        let seconds = self.seconds.iter().map(|one| {
            json!({
                "records": one.records,
                "bytes": one.bytes,
                "failed": one.failed,
                "latency_max_ns": one.latency_max_ns,
            })
        });
        json!({
            "records": self.records,
            "warm_up_records": self.warm_up_records,
            "bytes": self.bytes,
            "requests": self.requests,
            "elapsed_s": self.elapsed_s(plan),
            "records_per_second": self.rate(plan),
            "bytes_per_second": self.bytes_per_second(plan),
            "latency": latency_json(&self.latency),
            "generator_lateness": latency_json(&self.lateness),
            "errors": self.errors,
            "failures": self.failures,
            "unsent": self.unsent,
            "seconds": seconds.collect::<Vec<_>>(),
        })
    }
}

impl Outcome {
    /// Records that were sent or read.
    pub fn records(&self) -> u64 {
        let halves = [&self.produced, &self.consumed];
        halves.into_iter().flatten().map(|half| half.records).sum()
    }

    /// Records lost to failures.
    pub fn failed(&self) -> u64 {
        let halves = [&self.produced, &self.consumed];
        let errors = halves
            .into_iter()
            .flatten()
            .flat_map(|half| half.errors.values());
        errors.sum()
    }

    /// How often something failed.
    pub fn failures(&self) -> u64 {
        let halves = [&self.produced, &self.consumed];
        halves.into_iter().flatten().map(|half| half.failures).sum()
    }

    /// Processor seconds of the generator per million records.
    pub fn cpu_s_per_million(&self) -> f64 {
        match self.records() {
            0 => 0.0,
            records => as_f64(self.cpu_ns) / 1e9 * 1e6 / as_f64(records),
        }
    }

    /// The document for programs. Its keys are an interface.
    pub fn json(&self) -> Value {
        let mut document = Map::new();
        let mut put = |key: &str, value: Value| document.insert(key.to_owned(), value);
        put("target", json!(self.target));
        if let Some(produced) = &self.produced {
            put("produced", produced.json(&self.plan));
        }
        if let Some(consumed) = &self.consumed {
            put("consumed", consumed.json(&self.plan));
        }
        if let Some(end_to_end) = &self.end_to_end {
            put("end_to_end", latency_json(end_to_end));
        }
        put("generator_cpu_s", json!(as_f64(self.cpu_ns) / 1e9));
        put(
            "generator_cpu_s_per_million",
            json!(self.cpu_s_per_million()),
        );
        put("interrupted", json!(self.interrupted));
        if let Some(checked) = &self.checked {
            put(
                "verified",
                json!({
                    "found": checked.found,
                    "missing": checked.missing,
                    "damaged": checked.damaged,
                    "unacknowledged": checked.unacknowledged,
                    "examples": checked.examples,
                }),
            );
        }
        Value::Object(document)
    }
}

fn latency_json(histogram: &Histogram<u64>) -> Value {
    let at = |quantile| histogram.value_at_quantile(quantile);
    json!({
        "count": histogram.len(),
        "mean_ns": histogram.mean(),
        "p50_ns": at(0.5),
        "p90_ns": at(0.9),
        "p99_ns": at(0.99),
        "p99_9_ns": at(0.999),
        "p99_99_ns": at(0.9999),
        "max_ns": histogram.max(),
    })
}

/// Exact below 2^53, and close enough above.
#[allow(clippy::cast_precision_loss, reason = "for people and rates")]
pub(super) fn as_f64(n: u64) -> f64 {
    n as f64
}

fn per_second(count: u64, seconds: f64) -> f64 {
    if seconds > 0.0 {
        as_f64(count) / seconds
    } else {
        0.0
    }
}
