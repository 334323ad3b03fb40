//! A run as experiments of a report: latency by percentile, throughput by the second.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::outcome::{Half, Outcome, as_f64};
use crate::report::units::Unit;
use crate::report::{Axis, Better, Experiment, Latency, Scale, Table};

/// Percentiles of the latency chart.
const PERCENTILES: [f64; 9] = [1.0, 25.0, 50.0, 75.0, 90.0, 99.0, 99.9, 99.99, 100.0];

/// What the run has to say: one chart of latencies, one over time.
pub fn experiments(outcome: &Outcome) -> Vec<Experiment> {
    vec![latency(outcome), throughput(outcome)]
}

fn settings(outcome: &Outcome) -> BTreeMap<String, String> {
    let plan = &outcome.plan;
    let sizes = plan.record_bytes;
    let mut settings: BTreeMap<String, String> = outcome
        .target
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    let mut set = |name: &str, value: String| settings.insert(name.to_owned(), value);
    set("record bytes", sizes.to_string());
    set("connections", plan.connections.to_string());
    set("in flight", plan.in_flight.to_string());
    set("warm-up", format!("{:?}", plan.warm_up));
    if plan.work.sends() {
        set("acks", format!("{:?}", plan.acks).to_lowercase());
        set("batch bytes", plan.batch_bytes.to_string());
        set("keys", plan.keys.to_string());
        match plan.rate {
            Some(rate) => {
                set("rate", format!("{rate} records/s"));
                set("linger", format!("{:?}", plan.linger))
            }
            None => set("rate", "as fast as it goes".to_owned()),
        };
    }
    settings
}

fn latency(outcome: &Outcome) -> Experiment {
    let x = Axis::new("percentile", Unit::Percent, Scale::Names);
    let y = Axis::new("latency", Unit::Nanoseconds, Scale::Log);
    let about = match outcome.plan.rate {
        Some(_) => {
            "From when a record was due to when it was acknowledged (or read): what held the sending \
             up counts as well (coordinated omission is corrected)."
        }
        None => {
            "As many requests in flight as allowed: from when a batch was sent to when it was \
             acknowledged. Under a closed loop a slow server is sent less, so this is no latency at \
             a given rate."
        }
    };
    let mut experiment = Experiment::new("load-latency", "Latency", about, x, y, Better::Lower);
    experiment.settings = settings(outcome);
    let from_due = outcome.plan.rate.is_some();
    let mut add = |name: &str, histogram: &Histogram<u64>, from_due: bool| {
        if histogram.is_empty() {
            return;
        }
        for (at, percent) in PERCENTILES.into_iter().enumerate() {
            let value = as_f64(histogram.value_at_quantile(percent / 100.0));
            let point = experiment.point(name, as_f64(at as u64));
            point.label = Some(match percent {
                100.0 => "max".to_owned(),
                percent => format!("p{percent}"),
            });
            point.push_value(value);
            if percent == 100.0 {
                point.latency = Some(Latency::of(histogram, from_due));
            }
        }
    };
    if let Some(produced) = &outcome.produced {
        add("acknowledged", &produced.latency, from_due);
    }
    if let Some(consumed) = &outcome.consumed {
        add("fetch answered", &consumed.latency, false);
    }
    if let Some(end_to_end) = &outcome.end_to_end {
        add("read back", end_to_end, from_due);
    }
    experiment.tables.push(totals(outcome));
    let halves = [
        ("sending", &outcome.produced),
        ("reading", &outcome.consumed),
    ];
    for (what, half) in halves {
        let Some(half) = half.as_ref().filter(|half| half.failures > 0) else {
            continue;
        };
        let rows = half.errors.iter();
        experiment.tables.push(Table {
            title: format!("Failures in {what}"),
            columns: vec!["kind".into(), "#records".into()],
            rows: rows
                .map(|(kind, n)| vec![kind.clone(), n.to_string()])
                .collect(),
        });
    }
    experiment.complete = !outcome.interrupted;
    experiment
}

fn totals(outcome: &Outcome) -> Table {
    let plan = &outcome.plan;
    let row = |what: &str, half: &Half| {
        vec![
            what.to_owned(),
            half.records.to_string(),
            format!("{:.0}", half.rate(plan)),
            format!("{:.2}", half.bytes_per_second(plan) / 1e6),
            half.requests.to_string(),
            half.failures.to_string(),
            half.unsent.to_string(),
        ]
    };
    let mut rows = Vec::new();
    rows.extend(outcome.produced.as_ref().map(|half| row("sent", half)));
    rows.extend(outcome.consumed.as_ref().map(|half| row("read", half)));
    let columns = [
        "",
        "#records",
        "#records/s",
        "#MB/s",
        "#requests",
        "#failures",
        "#never sent",
    ];
    Table {
        title: format!(
            "Totals; the generator took {:.2} processor seconds per million records",
            outcome.cpu_s_per_million()
        ),
        columns: columns.map(str::to_owned).to_vec(),
        rows,
    }
}

fn throughput(outcome: &Outcome) -> Experiment {
    let x = Axis::new("time", Unit::Nanoseconds, Scale::Linear);
    let y = Axis::new("records", Unit::PerSecond, Scale::Linear);
    let about = "Records that were acknowledged (or read) in each second, warm-up left out.";
    let mut experiment = Experiment::new(
        "load-throughput",
        "Throughput over time",
        about,
        x,
        y,
        Better::Higher,
    );
    experiment.settings = settings(outcome);
    let halves = [
        ("acknowledged", &outcome.produced),
        ("read", &outcome.consumed),
    ];
    for (name, half) in halves {
        let seconds = half.iter().flat_map(|half| &half.seconds);
        for (at, interval) in seconds.enumerate() {
            let point = experiment.point(name, as_f64(at as u64) * 1e9);
            point.push_value(as_f64(interval.records));
            point.also("bytes", Unit::BytesPerSecond, as_f64(interval.bytes));
            let latency_max = as_f64(interval.latency_max_ns);
            point.also("longest latency", Unit::Nanoseconds, latency_max);
            if interval.failed > 0 {
                point.note(format!("{} records failed", interval.failed));
            }
        }
    }
    experiment.complete = !outcome.interrupted;
    experiment
}
