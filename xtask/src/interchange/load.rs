//! Load until the server is gone: several connections that each keep some sends in flight, and write down what was
//! acknowledged where.
//!
//! Invariants: an id is sent once and never again, so that one that is found twice is a fault; what has no answer may be in
//! the log or not.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rocketmq::remoting::codes::response;

use super::client::{Client, Draft, PATIENCE, Placed, placed};

/// Connections; each writes to its own topic of [`TOPICS`], round about.
const CONNECTIONS: usize = 4;
/// Sends of one connection that wait for their answers.
const WINDOW: usize = 8;
/// Each so many sends one is a batch.
const BATCH_EVERY: u32 = 7;
const BATCH: u32 = 3;
/// Queues of each topic.
pub(super) const QUEUES: i32 = 4;
/// Where the load goes.
pub(super) const TOPICS: [&str; 2] = ["load-a", "load-b"];

/// A message that the server answered for.
#[derive(Clone, Debug)]
pub(super) struct Acked {
    pub(super) topic: String,
    pub(super) id: String,
    pub(super) placed: Placed,
}

/// What a load did.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Topic and id of everything that was sent.
    pub(super) attempted: Vec<(String, String)>,
    pub(super) acked: Vec<Acked>,
}

/// A load that runs.
pub(super) struct Load {
    workers: Vec<JoinHandle<Result<Done>>>,
    acked: Arc<AtomicU64>,
}

impl Load {
    /// Starts sending; ids begin with `name`.
    pub(super) fn start(address: SocketAddr, name: &str) -> Self {
        let acked = Arc::new(AtomicU64::new(0));
        let workers = (0..CONNECTIONS).map(|number| {
            let (acked, name) = (Arc::clone(&acked), format!("{name}-{number}"));
            std::thread::spawn(move || work(address, number, &name, &acked))
        });
        Self {
            workers: workers.collect(),
            acked,
        }
    }

    /// Waits until so many messages were acknowledged.
    pub(super) fn wait_acked(&self, count: u64) -> Result<()> {
        let started = Instant::now();
        while self.acked.load(Ordering::Relaxed) < count {
            ensure!(started.elapsed() < PATIENCE, "too little was acknowledged");
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// What was done, after the server was killed.
    pub(super) fn join(self) -> Result<Done> {
        let mut all = Done::default();
        for worker in self.workers {
            let done = worker
                .join()
                .map_err(|_| anyhow::anyhow!("a load panicked"))??;
            all.attempted.extend(done.attempted);
            all.acked.extend(done.acked);
        }
        Ok(all)
    }
}

/// Sends until the connection breaks.
fn work(address: SocketAddr, number: usize, name: &str, acked: &AtomicU64) -> Result<Done> {
    let topic = TOPICS.get(number % TOPICS.len()).context("no topic")?;
    let mut client = Client::connect(address)?;
    let (mut done, mut waiting) = (Done::default(), HashMap::new());
    for count in 0_u32.. {
        let inner = if count % BATCH_EVERY == 0 { BATCH } else { 1 };
        let draft = Draft {
            topic,
            queue_id: i32::try_from(count % QUEUES.unsigned_abs())?,
            ids: (0..inner).map(|i| format!("{name}-{count}.{i}")).collect(),
            padding_bytes: usize::try_from(count.wrapping_mul(977) % 1500)?,
            sys_flag: 0,
            properties: Vec::new(),
        };
        let sent = draft.ids.iter();
        done.attempted
            .extend(sent.map(|id| ((*topic).to_owned(), id.clone())));
        let Ok(opaque) = client.start_send(&draft) else {
            break;
        };
        waiting.insert(opaque, draft.ids);
        if waiting.len() < WINDOW {
            continue;
        }
        let Ok((opaque, answer)) = client.read() else {
            break;
        };
        let ids = waiting.remove(&opaque).context("an answer to nothing")?;
        // A server under load may refuse; it may not say that it has what it has not.
        if answer.code != response::SUCCESS {
            println!("   a send was answered {}: {}", answer.code, answer.remark);
            continue;
        }
        let places = placed(&answer)?;
        ensure!(places.len() == ids.len(), "{ids:?} was put at {places:?}");
        for (id, placed) in ids.into_iter().zip(places) {
            let topic = (*topic).to_owned();
            done.acked.push(Acked { topic, id, placed });
            acked.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(done)
}
