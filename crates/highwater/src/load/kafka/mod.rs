//! Load by Kafka's protocol.
//!
//! Each connection that sends or reads is one task; the tasks of a thread share its event loop.
//! All connect first, then the clock starts for all at once. A connection that breaks is counted,
//! opened again, and goes on with the schedule, so that what was due meanwhile counts as late; one
//! that cannot be opened for as long as an answer may take is given up.

mod consume;
mod lanes;
mod produce;
mod verify;

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use hdrhistogram::Histogram;
use kafka_wire::ErrorCode;
use parking_lot::Mutex;
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::{Barrier, watch};
use tokio::task::LocalSet;

use self::verify::Acknowledged;
use super::outcome::{Half, Outcome};
use super::pace::Clock;
use super::payload::Payload;
use super::plan::{Plan, PlanError, Work};
use super::{LoadError, recorder};
use crate::client::{
    Client, ClientError, ClientOptions, Connection, Isolation, NewTopic, Offsets, Topic,
};
use crate::server::limits;

/// How often progress is told.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);
/// Pause before a broken connection is opened again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);

/// Where the load goes.
#[derive(Debug, Clone)]
pub struct Target {
    /// How to reach the cluster.
    pub client: ClientOptions,
    /// The topic.
    pub topic: String,
    /// Create it with so many partitions if it is not there.
    pub create: Option<i32>,
}

/// How far a run is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Since the start, in nanoseconds.
    pub now_ns: u64,
    /// Records acknowledged (or sent, where nothing is acknowledged).
    pub acknowledged: u64,
    /// Records read.
    pub read: u64,
}

/// What the tasks of a run share.
#[derive(Debug)]
struct Shared {
    plan: Plan,
    target: Target,
    payload: Payload,
    /// Set when all are connected.
    clock: OnceLock<Clock>,
    ready: Barrier,
    /// Some task could not begin, so none does.
    failed: AtomicBool,
    stop: watch::Receiver<bool>,
    /// Records that were acknowledged, or failed, in all: what a reader may wait for.
    acknowledged: AtomicU64,
    read: AtomicU64,
    /// All senders are done.
    sent_all: watch::Sender<bool>,
    /// Where each partition ended before the run, and where its first record was.
    before: Vec<PartitionEnds>,
    log: Mutex<Vec<Acknowledged>>,
}

/// What a partition held before the run.
#[derive(Debug, Clone, Copy)]
struct PartitionEnds {
    partition: i32,
    first: i64,
    end: i64,
}

impl Shared {
    fn now_ns(&self) -> u64 {
        self.clock.get().map_or(0, Clock::now_ns)
    }

    fn clock(&self) -> Clock {
        *self.clock.get_or_init(Clock::start)
    }

    /// End of the warm-up in the run's time.
    fn measured_from_ns(&self) -> u64 {
        u64::try_from(self.plan.warm_up.as_nanos()).unwrap_or(u64::MAX)
    }

    fn is_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// Returns when the user ends the run; never when that can no longer happen.
    async fn stopped(&self) {
        let mut stop = self.stop.clone();
        if stop.wait_for(|&stop| stop).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until all tasks have tried to connect and the clock runs; false when one could not.
    async fn begin(&self, succeeded: bool) -> bool {
        if !succeeded {
            self.failed.store(true, Ordering::Release);
        }
        self.ready.wait().await;
        // In between, the main task starts the clock.
        self.ready.wait().await;
        !self.failed.load(Ordering::Acquire)
    }
}

/// What one task gives back.
#[derive(Debug)]
struct Part {
    work: Work,
    half: Half,
    end_to_end: Histogram<u64>,
}

/// How long one task has been without a connection.
#[derive(Debug, Default)]
struct Outage {
    since_ns: Option<u64>,
}

impl Outage {
    /// Notes whether connecting worked.
    fn note(&mut self, connected: bool, shared: &Shared) {
        if connected {
            self.since_ns = None;
        } else {
            self.since_ns.get_or_insert(shared.now_ns());
        }
    }

    /// Whether it is time to give up, so that a run against a dead server ends.
    fn has_lasted(&self, now_ns: u64, shared: &Shared) -> bool {
        let patience_ns = u64::try_from(shared.plan.patience.as_nanos()).unwrap_or(u64::MAX);
        self.since_ns
            .is_some_and(|since_ns| now_ns.saturating_sub(since_ns) >= patience_ns)
    }
}

/// What one connection has to do with a leader.
#[derive(Debug)]
struct Led {
    /// The leader's partitions.
    partitions: Vec<i32>,
    /// Number of this connection among those to the same leader, from 0.
    rank: usize,
    /// How many those are.
    connections: usize,
}

/// A connection to the leader that connection `index` works with.
async fn connect(shared: &Shared, index: u32) -> Result<(Connection, Led), ClientError> {
    let options = &shared.target.client;
    let mut client = Client::connect(options.clone()).await?;
    let topic = client.topic(&shared.target.topic, false).await?;
    let leaders = leaders(&topic);
    let count = leaders.len().max(1);
    let index = usize::try_from(index).unwrap_or_default();
    let all = usize::try_from(shared.plan.connections).unwrap_or(1);
    let chosen = index % count;
    let Some((leader, partitions)) = leaders.into_iter().nth(chosen) else {
        let about = format!("topic {}", topic.name);
        let why = Some("it has no partitions");
        return Err(ClientError::refused(
            ErrorCode::LeaderNotAvailable,
            &about,
            why,
        ));
    };
    let address = client.node(leader).await?.address().to_owned();
    let connection = Connection::open(&address, &options.client_id, options.patience).await?;
    let led = Led {
        partitions,
        rank: index / count,
        connections: all.saturating_sub(chosen).div_ceil(count).max(1),
    };
    Ok((connection, led))
}

/// Partitions by the node that leads them.
fn leaders(topic: &Topic) -> BTreeMap<i32, Vec<i32>> {
    let mut leaders: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for partition in &topic.partitions {
        leaders
            .entry(partition.leader)
            .or_default()
            .push(partition.index);
    }
    leaders
}

/// Runs the plan. `progress` is called now and then; the run ends early when `stop` turns true.
///
/// # Errors
/// `LoadError`, when nothing could be measured. What fails later is counted in the outcome.
pub async fn run(
    plan: Plan,
    target: Target,
    stop: watch::Receiver<bool>,
    mut progress: impl FnMut(Progress),
) -> Result<Outcome, LoadError> {
    plan.check()?;
    limits::raise_open_files();
    let mut client = Client::connect(target.client.clone()).await?;
    let topic = find_topic(&mut client, &target).await?;
    let leaders = leaders(&topic).len();
    if usize::try_from(plan.connections).is_ok_and(|connections| connections < leaders) {
        let why = format!(
            "the partitions of {} have {leaders} leaders; give --connections {leaders} or more",
            topic.name
        );
        return Err(PlanError::Together(why).into());
    }
    let before = ends(&mut client, &topic).await?;
    let described = describe(&target, &topic);
    let tasks = tasks_of(&plan);
    let shared = Arc::new(Shared {
        payload: Payload::new(plan.seed, plan.record_bytes),
        clock: OnceLock::new(),
        ready: Barrier::new(tasks.len() + 1),
        failed: AtomicBool::new(false),
        stop,
        acknowledged: AtomicU64::new(0),
        read: AtomicU64::new(0),
        sent_all: watch::Sender::new(false),
        before,
        log: Mutex::new(Vec::new()),
        plan,
        target,
    });
    let threads = start(&shared, &tasks)?;
    shared.ready.wait().await;
    let clock = shared.clock();
    let cpu = CpuMeter::start(&shared);
    shared.ready.wait().await;

    let mut ticks = tokio::time::interval(PROGRESS_EVERY);
    while !threads.iter().all(JoinHandle::is_finished) {
        ticks.tick().await;
        progress(Progress {
            now_ns: clock.now_ns(),
            acknowledged: shared.acknowledged.load(Ordering::Relaxed),
            read: shared.read.load(Ordering::Relaxed),
        });
    }
    let cpu_ns = cpu.stop();
    let mut outcome = gather(&shared, threads, described)?;
    outcome.cpu_ns = cpu_ns;
    outcome.interrupted = shared.is_stopped();
    if shared.plan.verify && !outcome.interrupted {
        outcome.checked = Some(verify::run(&shared, &mut client).await?);
    }
    Ok(outcome)
}

/// Which half each task plays, and its number among those.
fn tasks_of(plan: &Plan) -> Vec<(Work, u32)> {
    let mut tasks = Vec::new();
    for index in 0..plan.connections {
        if plan.work.sends() {
            tasks.push((Work::Produce, index));
        }
        if plan.work.reads() {
            tasks.push((Work::Consume, index));
        }
    }
    tasks
}

type Parts = Result<Vec<Part>, LoadError>;

/// Starts the threads; each has an event loop and its share of the tasks.
fn start(shared: &Arc<Shared>, tasks: &[(Work, u32)]) -> io::Result<Vec<JoinHandle<Parts>>> {
    let count = shared.plan.threads.min(tasks.len()).max(1);
    let mut loops = Vec::with_capacity(count);
    for _ in 0..count {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        loops.push(builder.enable_all().build()?);
    }
    let senders = Arc::new(AtomicU64::new(if shared.plan.work.sends() {
        shared.plan.connections.into()
    } else {
        0
    }));
    let mut threads = Vec::with_capacity(count);
    for (at, runtime) in loops.into_iter().enumerate() {
        let mine: Vec<(Work, u32)> = tasks.iter().copied().skip(at).step_by(count).collect();
        let (shared, senders) = (Arc::clone(shared), Arc::clone(&senders));
        let body = move || runtime.block_on(run_tasks(&shared, &mine, &senders));
        let builder = std::thread::Builder::new().name(format!("load-{at}"));
        threads.push(builder.spawn(body)?);
    }
    Ok(threads)
}

async fn run_tasks(shared: &Arc<Shared>, tasks: &[(Work, u32)], senders: &Arc<AtomicU64>) -> Parts {
    let local = LocalSet::new();
    let tasks: Vec<_> = tasks
        .iter()
        .map(|&(work, index)| {
            let (shared, senders) = (Arc::clone(shared), Arc::clone(senders));
            local.spawn_local(async move { run_task(&shared, work, index, &senders).await })
        })
        .collect();
    local
        .run_until(async {
            let mut parts = Vec::with_capacity(tasks.len());
            for task in tasks {
                parts.push(task.await.map_err(io::Error::other)?);
            }
            parts.into_iter().collect()
        })
        .await
}

async fn run_task(
    shared: &Shared,
    work: Work,
    index: u32,
    senders: &AtomicU64,
) -> Result<Part, LoadError> {
    if work == Work::Consume {
        return consume::run(shared, index).await;
    }
    let part = produce::run(shared, index).await;
    if senders.fetch_sub(1, Ordering::AcqRel) == 1 {
        shared.sent_all.send_replace(true);
    }
    part
}

fn gather(
    shared: &Shared,
    threads: Vec<JoinHandle<Parts>>,
    target: BTreeMap<&'static str, String>,
) -> Result<Outcome, LoadError> {
    let mut outcome = Outcome {
        plan: shared.plan.clone(),
        target,
        produced: shared.plan.work.sends().then(Half::new),
        consumed: shared.plan.work.reads().then(Half::new),
        end_to_end: (shared.plan.work == Work::Both).then(recorder::histogram),
        cpu_ns: 0,
        checked: None,
        interrupted: false,
    };
    for thread in threads {
        let ended = thread.join();
        let parts = ended.map_err(|_| io::Error::other("a thread of the generator panicked"))??;
        for part in parts {
            let half = match part.work {
                Work::Consume => &mut outcome.consumed,
                Work::Produce | Work::Both => &mut outcome.produced,
            };
            if let Some(half) = half {
                half.add(&part.half);
            }
            if let Some(end_to_end) = &mut outcome.end_to_end {
                // Same bounds, so adding cannot fail.
                let _ = end_to_end.add(&part.end_to_end);
            }
        }
    }
    Ok(outcome)
}

/// The topic, created if that was asked for.
async fn find_topic(client: &mut Client, target: &Target) -> Result<Topic, LoadError> {
    let name = target.topic.as_str();
    let metadata = client.metadata(Some(&[name]), false).await?;
    let found = metadata.topics.iter().find(|topic| topic.name == name);
    let error = found.map_or(Some(ErrorCode::UnknownTopicOrPartition), |topic| {
        topic.error
    });
    match (error, target.create) {
        (Some(ErrorCode::UnknownTopicOrPartition), Some(partitions)) => {
            let topic = NewTopic {
                name: name.to_owned(),
                partitions,
                replication_factor: -1,
                configs: Vec::new(),
            };
            client.create_topic(&topic, false).await?;
        }
        (Some(ErrorCode::UnknownTopicOrPartition), None) => {
            return Err(LoadError::NoTopic {
                topic: name.to_owned(),
            });
        }
        (Some(code), _) if code != ErrorCode::LeaderNotAvailable => {
            return Err(ClientError::refused(code, &format!("topic {name}"), None).into());
        }
        _ => {}
    }
    // A topic that was created just now may take a moment to get leaders.
    let mut attempts = 0;
    loop {
        match client.topic(name, false).await {
            Err(error) if error.is_retriable() && attempts < 50 => {
                attempts += 1;
                tokio::time::sleep(RECONNECT_PAUSE).await;
            }
            other => return Ok(other?),
        }
    }
}

async fn ends(client: &mut Client, topic: &Topic) -> Result<Vec<PartitionEnds>, ClientError> {
    let partitions: Vec<i32> = topic.partitions.iter().map(|one| one.index).collect();
    let isolation = Isolation::Uncommitted;
    let first = client.offsets(&topic.name, &partitions, Offsets::Earliest, isolation);
    let first = first.await?;
    let end = client.offsets(&topic.name, &partitions, Offsets::Latest, isolation);
    let end = end.await?;
    let rows = partitions.into_iter().zip(first.into_iter().zip(end));
    Ok(rows
        .map(|(partition, (first, end))| PartitionEnds {
            partition,
            first,
            end,
        })
        .collect())
}

fn describe(target: &Target, topic: &Topic) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("protocol", "kafka".to_owned()),
        ("servers", target.client.bootstrap.join(",")),
        ("topic", target.topic.clone()),
        ("partitions", topic.partitions.len().to_string()),
    ])
}

/// Processor time of this process from the end of the warm-up on.
struct CpuMeter {
    task: tokio::task::JoinHandle<()>,
    start_ns: Arc<AtomicU64>,
}

impl CpuMeter {
    fn start(shared: &Shared) -> Self {
        let start_ns = Arc::new(AtomicU64::new(cpu_ns()));
        let warm_up = shared.plan.warm_up;
        let start = Arc::clone(&start_ns);
        let task = tokio::spawn(async move {
            tokio::time::sleep(warm_up).await;
            start.store(cpu_ns(), Ordering::Relaxed);
        });
        Self { task, start_ns }
    }

    fn stop(self) -> u64 {
        self.task.abort();
        cpu_ns().saturating_sub(self.start_ns.load(Ordering::Relaxed))
    }
}

fn cpu_ns() -> u64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let rest = u64::try_from(time.tv_nsec).unwrap_or_default();
    seconds.saturating_mul(1_000_000_000).saturating_add(rest)
}
