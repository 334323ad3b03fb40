//! A light load generator on librdkafka.
//!
//! `rdload produce ADDRESS TOPIC RECORD_BYTES RECORDS RATE [name=value…]` sends records with acks=all at RATE a second
//! (−1: as fast as it goes) and prints `records/s p50 p99 p99.9`, the latencies in milliseconds from the hand-over to
//! the delivery report, as librdkafka's user sees them. A paced record counts from when it was due, so that a stall
//! counts for all who had to wait for it. The first fifth warms up and is left out.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use hdrhistogram::Histogram;
use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, ThreadedProducer};

/// Latencies above this count as this.
const LATENCY_US_MAX: u64 = 600_000_000;

/// What delivery reports add up to.
#[derive(Clone)]
struct Reports {
    began: Instant,
    seen: Arc<Mutex<Seen>>,
}

struct Seen {
    latency_us: Histogram<u64>,
    failed: u64,
}

impl ClientContext for Reports {}

impl ProducerContext for Reports {
    /// Microseconds after the start at which the record was due; `u64::MAX` while warming up.
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, due_us: usize) {
        let mut seen = self
            .seen
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if result.is_err() {
            seen.failed += 1;
        } else if due_us != usize::MAX {
            let now_us = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
            seen.latency_us
                .saturating_record(now_us.saturating_sub(due_us as u64));
        }
    }
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [
        command,
        address,
        topic,
        record_bytes,
        records,
        rate,
        settings @ ..,
    ] = args.as_slice()
    else {
        bail!("usage: rdload produce ADDRESS TOPIC RECORD_BYTES RECORDS RATE [name=value…]");
    };
    ensure!(command == "produce", "unknown command {command:?}");
    let payload = vec![b'x'; record_bytes.parse().context("RECORD_BYTES")?];
    let records: usize = records.parse().context("RECORDS")?;
    let rate: i64 = rate.parse().context("RATE")?;
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", address).set("acks", "all");
    for setting in settings {
        let (name, value) = setting
            .split_once('=')
            .with_context(|| format!("{setting:?} is not name=value"))?;
        config.set(name, value);
    }
    let began = Instant::now();
    let seen = Arc::new(Mutex::new(Seen {
        latency_us: Histogram::new_with_bounds(1, LATENCY_US_MAX, 3)?,
        failed: 0,
    }));
    let producer: ThreadedProducer<Reports> = config.create_with_context(Reports {
        began,
        seen: Arc::clone(&seen),
    })?;
    let took = send(&producer, topic, &payload, records, rate, began)?;
    report(&seen, records - records / 5, took)
}

/// Sends all records and waits for their reports; the time from the end of the warm-up to the last report.
fn send(
    producer: &ThreadedProducer<Reports>,
    topic: &str,
    payload: &[u8],
    records: usize,
    rate: i64,
    began: Instant,
) -> Result<Duration> {
    let warm_up = records / 5;
    let pace = u64::try_from(rate).ok().filter(|rate| *rate > 0);
    let mut measured_from = Instant::now();
    for at in 0..records {
        if at == warm_up {
            if pace.is_none() {
                producer.flush(Duration::from_secs(120))?;
            }
            measured_from = Instant::now();
        }
        let due = pace.map(|rate| Duration::from_nanos(at as u64 * 1_000_000_000 / rate));
        if let Some(wait) = due.and_then(|due| due.checked_sub(began.elapsed())) {
            std::thread::sleep(wait);
        }
        let due_us = due.unwrap_or_else(|| began.elapsed()).as_micros();
        let due_us = if at < warm_up {
            usize::MAX
        } else {
            usize::try_from(due_us)?
        };
        let mut record =
            BaseRecord::<(), [u8], usize>::with_opaque_to(topic, due_us).payload(payload);
        while let Err((error, back)) = producer.send(record) {
            if !matches!(
                error,
                KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)
            ) {
                return Err(error.into());
            }
            std::thread::sleep(Duration::from_millis(1));
            record = back;
        }
    }
    producer.flush(Duration::from_secs(300))?;
    Ok(measured_from.elapsed())
}

#[allow(
    clippy::cast_precision_loss,
    reason = "record counts are far below 2^52"
)]
fn report(seen: &Mutex<Seen>, measured: usize, took: Duration) -> Result<()> {
    let seen = seen
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    ensure!(
        seen.failed == 0,
        "{} records were not delivered",
        seen.failed
    );
    let ms = |quantile| seen.latency_us.value_at_quantile(quantile) as f64 / 1000.0;
    let rate = measured as f64 / took.as_secs_f64();
    println!("{rate:.0} {:.3} {:.3} {:.3}", ms(0.5), ms(0.99), ms(0.999));
    Ok(())
}
