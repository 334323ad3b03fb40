//! Appends that are acknowledged as a server acknowledges them: when their bytes have passed a mark, whoever made them pass.
//!
//! Each append asks for its mark and goes on; the chain tells when it moves, and everything below it is acknowledged then.
//! So appends share syncs as they do in the server, by nothing but arriving while one runs. With a rate the loop is open:
//! append `i` is due `i / rate` seconds after the start and its latency counts from then. Without, `in_flight` appends are
//! kept on their way, and the time ends when all of them are on the disk, whatever acknowledged them: no log can be faster
//! than its disk for long. Absent on purpose: messages; what a batch is made of is the caller's business.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use parking_lot::{Condvar, Mutex};
use segment::{
    Allocation, ChainListener, EngineKind, FlushRules, Mark, Marks, Position, SegmentError,
    SegmentSpec,
};

use super::cost::{Cost, DeviceCounter, histogram};
use super::error::MeasureError;
use super::io::Buffer;
use super::paced::{self, SYNC_AGE, wait_until};
use super::store::Store;
use super::{Bench, Stop, matrix};
use crate::report::{Axis, Better, Experiment, Latency, Scale, Unit};

/// How often one who waits looks whether a stop was asked for.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// A disk that acknowledges nothing for this long is given up.
const PATIENCE: Duration = Duration::from_secs(120);

/// The load.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Bytes of a message; figures are told by it.
    pub message_bytes: u64,
    /// Messages in one append. At least 1.
    pub messages: u64,
    /// Messages a second; `None`: as many as go.
    pub rate: Option<u32>,
    /// Appends on their way, where there is no rate.
    pub in_flight: usize,
    /// What acknowledges: `Committed` or `Durable`.
    pub mark: Mark,
    /// A file has its whole size from the beginning, as RocketMQ has it; otherwise it grows, as Kafka has it.
    pub whole_files: bool,
    /// How long one run takes.
    pub time: Duration,
    /// Most bytes of one run.
    pub bytes_max: u64,
}

impl Load {
    fn append_bytes(&self) -> u64 {
        self.message_bytes * self.messages
    }

    /// Appends that fit into one run.
    fn appends_max(&self) -> u64 {
        (self.bytes_max / self.append_bytes()).max(1)
    }

    /// Appends of one run at the rate; at least 1.
    fn appends(&self, rate: u32) -> u64 {
        let messages = u128::from(rate) * self.time.as_nanos() / 1_000_000_000;
        let appends = messages / u128::from(self.messages);
        u64::try_from(appends)
            .unwrap_or(u64::MAX)
            .clamp(1, self.appends_max())
    }

    fn appends_per_s(&self) -> Option<f64> {
        Some(f64::from(self.rate?) / self.messages as f64)
    }

    fn rules(&self) -> FlushRules {
        FlushRules {
            // What was acknowledged earlier is written back all the same, a little later.
            unsynced_age_max: (self.mark == Mark::Committed).then_some(SYNC_AGE),
            ..FlushRules::default()
        }
    }

    fn spec(&self) -> SegmentSpec {
        let mut spec = SegmentSpec {
            capacity_bytes: (self.appends_max() * self.append_bytes())
                .next_multiple_of(1 << 20)
                .max(1 << 20),
            ..SegmentSpec::default()
        };
        if self.whole_files {
            spec.allocation = Allocation::Whole;
        }
        spec
    }
}

/// Appends that wait for their mark, and how long those took that have it.
struct Waiting {
    mark: Mark,
    queue: Mutex<Queue>,
    moved: Condvar,
}

struct Queue {
    /// End of the append, and when it was due; rising.
    appends: VecDeque<(Position, Instant)>,
    took: Histogram<u64>,
    last: Option<Instant>,
    failed: Option<String>,
}

impl Waiting {
    fn new(mark: Mark) -> Result<Arc<Self>, MeasureError> {
        Ok(Arc::new(Self {
            mark,
            queue: Mutex::new(Queue {
                appends: VecDeque::new(),
                took: histogram()?,
                last: None,
                failed: None,
            }),
            moved: Condvar::new(),
        }))
    }

    /// Notes an append, and acknowledges what has its mark.
    fn add(&self, end: Position, due: Instant, marks: Marks) {
        let mut queue = self.queue.lock();
        queue.appends.push_back((end, due));
        queue.settle(marks.get(self.mark));
    }

    /// Waits until fewer than `most` appends wait.
    fn wait_below(&self, most: usize, stop: &Stop) -> Result<(), MeasureError> {
        let begun = Instant::now();
        let mut queue = self.queue.lock();
        loop {
            if let Some(why) = &queue.failed {
                return Err(MeasureError::State(why.clone()));
            }
            if queue.appends.len() < most {
                return Ok(());
            }
            stop.check()?;
            if begun.elapsed() > PATIENCE {
                return Err(MeasureError::State(format!(
                    "nothing was acknowledged for {} s",
                    PATIENCE.as_secs()
                )));
            }
            self.moved.wait_for(&mut queue, LOOK_EVERY);
        }
    }
}

impl Queue {
    fn settle(&mut self, mark: Position) -> bool {
        let now = Instant::now();
        let before = self.appends.len();
        while let Some((end, due)) = self.appends.front()
            && *end <= mark
        {
            let took = now.saturating_duration_since(*due).as_nanos();
            self.took
                .saturating_record(u64::try_from(took).unwrap_or(u64::MAX));
            self.last = Some(now);
            self.appends.pop_front();
        }
        self.appends.len() < before
    }
}

impl ChainListener for Waiting {
    fn marks_moved(&self, marks: Marks) {
        if self.queue.lock().settle(marks.get(self.mark)) {
            self.moved.notify_all();
        }
    }

    fn poisoned(&self, error: &SegmentError) {
        self.queue.lock().failed = Some(error.to_string());
        self.moved.notify_all();
    }
}

/// One run of one engine.
struct Ran {
    appends: u64,
    /// Until all was on the disk.
    cost: Cost,
    /// Share of the asked rate at which appends were acknowledged; at most 1.
    kept: f64,
    took: Histogram<u64>,
    /// Bytes that the device was told to write, for each byte appended.
    amplification: Option<f64>,
}

fn run_once(bench: &Bench<'_>, load: &Load, kind: EngineKind) -> Result<Ran, MeasureError> {
    let engine = bench.engines.get(kind).map_err(MeasureError::State)?;
    let waiting = Waiting::new(load.mark)?;
    let mut store = Store::open_heard(
        engine,
        bench.work.folder("acknowledged")?,
        load.spec(),
        load.rules(),
        Arc::clone(&waiting) as Arc<dyn ChainListener>,
    )?;
    let source = Buffer::new(load.append_bytes())?;
    let device = DeviceCounter::under(bench.work.path());
    let written = || device.as_ref().and_then(DeviceCounter::written_bytes);
    let before = written();
    let begun = Instant::now();
    let (appends, cost) = Cost::of(|| {
        let appends = match load.appends_per_s() {
            Some(rate) => at_a_rate(bench, load, &mut store, &waiting, rate, source.get())?,
            None => in_flight(bench, load, &mut store, &waiting, source.get())?,
        };
        store.sync()?;
        Ok(appends)
    })?;
    // The last sync has passed every mark, and its listener may hear of it only in a moment.
    waiting.marks_moved(store.chain().marks());
    let mut queue = waiting.queue.lock();
    let took = std::mem::replace(&mut queue.took, histogram()?);
    let until_last = queue.last.map_or(cost.time, |last| last - begun);
    let kept = match load.appends_per_s() {
        Some(rate) => (appends as f64 / rate / until_last.as_secs_f64()).min(1.0),
        None => 1.0,
    };
    let appended = appends * load.append_bytes();
    let amplification = before
        .zip(written())
        .map(|(before, after)| after.saturating_sub(before) as f64 / appended as f64);
    Ok(Ran {
        appends,
        cost,
        kept,
        took,
        amplification,
    })
}

fn append(
    load: &Load,
    store: &mut Store,
    waiting: &Waiting,
    due: Instant,
    bytes: &[u8],
) -> Result<(), MeasureError> {
    store.append(bytes)?;
    let marks = store.chain().marks();
    let end = marks.written;
    waiting.add(end, due, marks);
    if marks.get(load.mark) < end {
        store.request(load.mark, end)?;
        // It may have moved before the append was noted; nobody is told again then.
        let marks = store.chain().marks();
        if marks.get(load.mark) >= end {
            waiting.marks_moved(marks);
        }
    }
    Ok(())
}

/// Ends early when the time has been up for as long again: a disk that cannot keep the rate shows by then.
fn at_a_rate(
    bench: &Bench<'_>,
    load: &Load,
    store: &mut Store,
    waiting: &Waiting,
    rate: f64,
    bytes: &[u8],
) -> Result<u64, MeasureError> {
    let appends = load.appends(load.rate.unwrap_or(u32::MAX));
    let begun = Instant::now();
    for at in 0..appends {
        let due = begun + Duration::from_secs_f64(at as f64 / rate);
        wait_until(due);
        if at % 64 == 0 {
            bench.stop.check()?;
            if begun.elapsed() > load.time * 2 {
                return Ok(at);
            }
        }
        append(load, store, waiting, due, bytes)?;
    }
    Ok(appends)
}

fn in_flight(
    bench: &Bench<'_>,
    load: &Load,
    store: &mut Store,
    waiting: &Waiting,
    bytes: &[u8],
) -> Result<u64, MeasureError> {
    let begun = Instant::now();
    let mut appends = 0;
    while appends < load.appends_max() && begun.elapsed() < load.time {
        bench.stop.check()?;
        waiting.wait_below(load.in_flight, &bench.stop)?;
        append(load, store, waiting, Instant::now(), bytes)?;
        appends += 1;
    }
    Ok(appends)
}

impl Bench<'_> {
    /// Measures how many messages a second each engine takes; `load` has no rate.
    pub fn limit(&self, load: &Load) -> (Experiment, Result<(), MeasureError>) {
        let experiment = Experiment::new(
            "limit",
            "As fast as it goes",
            "So many appends are kept on their way, each until it is acknowledged; the time ends when all of it is on the \
             disk.",
            Axis::new("load", Unit::Count, Scale::Names),
            Axis::new("messages", Unit::PerSecond, Scale::Log),
            Better::Higher,
        );
        let experiment =
            described(experiment, self, load).with("appends on their way", load.in_flight);
        self.conclude(experiment, |experiment| {
            matrix::engines(
                self,
                experiment,
                |kind| run_once(self, load, kind),
                |experiment, kind, ran| {
                    let point = experiment.point(kind.name(), 0.0);
                    point.label = Some("as fast as it goes".to_owned());
                    match ran {
                        Ok(ran) => {
                            let messages = (ran.appends * load.messages) as f64;
                            point.push_value(messages / ran.cost.time.as_secs_f64());
                            let p99 = ran.took.value_at_quantile(0.99);
                            point.also("p99", Unit::Nanoseconds, p99 as f64);
                            beside(point, load, &ran);
                        }
                        Err(why) => point.refuse(why.to_string()),
                    }
                },
            )
        })
    }

    /// Measures how long each engine lets a message wait at the rate of `load`.
    pub fn at_rate(&self, load: &Load) -> (Experiment, Result<(), MeasureError>) {
        let experiment = Experiment::new(
            "rate",
            "Until an append is acknowledged, at your rate",
            "Open loop: latency counts from when an append was due, so a stall counts against all behind it.",
            Axis::new("one in so many is slower", Unit::Count, Scale::Log),
            Axis::new("latency", Unit::Nanoseconds, Scale::Log),
            Better::Lower,
        );
        let rate = load.rate.map_or(0, u64::from);
        let experiment = described(experiment, self, load).with("messages a second", rate);
        let mut all: Vec<(EngineKind, Histogram<u64>)> = Vec::new();
        self.conclude(experiment, |experiment| {
            matrix::engines(
                self,
                experiment,
                |kind| run_once(self, load, kind),
                |experiment, kind, ran| match ran {
                    Ok(ran) => record(experiment, kind, load, &ran, &mut all),
                    Err(why) => paced::refuse(experiment, kind, &why),
                },
            )
        })
    }
}

fn described(experiment: Experiment, bench: &Bench<'_>, load: &Load) -> Experiment {
    let bytes = |bytes: u64| crate::report::units::show(bytes as f64, Unit::Bytes);
    let (acknowledged, files) = (
        match load.mark {
            Mark::Durable => "when it is on the disk",
            Mark::Committed => "when it is in the page cache; a sync follows within 500 ms",
        },
        match load.whole_files {
            true => "of their whole size from the start",
            false => "grow",
        },
    );
    experiment
        .with("message", bytes(load.message_bytes))
        .with("append", bytes(load.append_bytes()))
        .with("acknowledged", acknowledged)
        .with("files", files)
        .with("rounds", bench.settings.runs)
}

fn beside(point: &mut crate::report::Point, load: &Load, ran: &Ran) {
    let messages = (ran.appends * load.messages) as f64;
    let cpu = ran.cost.process_cpu.as_nanos() as f64;
    point.also("cpu/message", Unit::Nanoseconds, cpu / messages);
    if let Some(bytes) = ran.amplification {
        point.also("to the device/byte", Unit::Ratio, bytes);
    }
}

fn record(
    experiment: &mut Experiment,
    kind: EngineKind,
    load: &Load,
    ran: &Ran,
    all: &mut Vec<(EngineKind, Histogram<u64>)>,
) {
    for (percent, name) in paced::POINTS {
        let point = experiment.point(kind.name(), paced::place(percent));
        point.label = Some(name.to_owned());
        point.push_value(ran.took.value_at_quantile(percent / 100.0) as f64);
    }
    let last = experiment.point(kind.name(), paced::place(100.0));
    last.also("rate kept", Unit::Ratio, ran.kept);
    beside(last, load, ran);
    if !all.iter().any(|(known, _)| *known == kind) {
        all.push((kind, Histogram::new_from(&ran.took)));
    }
    // All count to three digits, so one fits into the other.
    if let Some((_, sum)) = all.iter_mut().find(|(known, _)| *known == kind)
        && sum.add(&ran.took).is_ok()
    {
        last.latency = Some(Latency::of(sum, true));
    }
}
