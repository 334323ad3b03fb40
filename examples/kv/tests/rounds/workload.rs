//! The clients: a random mix of reads, writes and compare-and-sets on a few keys, and keys that are written once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use kv::Command;
use kv::client::{Client, ClientError};
use kv::wire::Read;
use tokio::task::JoinSet;

use super::history::{History, Kind, Operation};
use super::nodes;

const CLIENTS: usize = 6;
/// Keys of a round that all clients fight over.
const KEYS: usize = 4;
/// Patience of a client; a write that takes longer has an unknown outcome.
const PATIENCE: Duration = Duration::from_secs(1);
/// Time for the cluster to be whole again after the last fault.
const RECOVERY_LIMIT: Duration = Duration::from_secs(30);

/// How reads are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// As the example promises them.
    Linearizable,
    /// From any node as it is: what the checker must object to.
    Stale,
}

/// Clients at work.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    clients: JoinSet<Result<Vec<Operation>>>,
}

impl Load {
    /// Starts the clients of a round.
    pub(crate) fn start(history: &History, round: u32, reads: Reads, seed: u64) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            let addresses = nodes::IDS.iter().map(|id| nodes::address(*id)).collect();
            let worker = Worker {
                number,
                round,
                reads,
                random: fastrand::Rng::with_seed(seed.wrapping_add(number as u64)),
                client: Client::new(addresses, PATIENCE),
                started: history.started,
                known: BTreeMap::new(),
                writes: 0,
            };
            clients.spawn(worker.run(stop.clone()));
        }
        Self { stop, clients }
    }

    /// Ends the load and adds what the clients saw to the history.
    pub(crate) async fn stop(mut self, history: &mut History) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        while let Some(operations) = self.clients.join_next().await {
            history.operations.extend(operations??);
        }
        let acknowledged = history
            .operations
            .iter()
            .filter(|operation| operation.applied)
            .count();
        ensure!(
            acknowledged > 0,
            "not one write was acknowledged: this round shows nothing"
        );
        Ok(())
    }
}

/// Reads every key of the history, and has to get an answer for each.
pub(crate) async fn read_all(history: &mut History) -> Result<()> {
    let addresses = nodes::IDS.iter().map(|id| nodes::address(*id)).collect();
    let mut client = Client::new(addresses, RECOVERY_LIMIT);
    for key in history.keys() {
        let call_ns = since(history.started);
        let found = client.get(&key, Read::Linearizable).await;
        let found = found.context("the cluster has not recovered")?;
        history.operations.push(Operation {
            client: CLIENTS,
            key,
            kind: Kind::Get,
            call_ns,
            return_ns: Some(since(history.started)),
            found,
            applied: false,
        });
    }
    Ok(())
}

struct Worker {
    number: usize,
    round: u32,
    reads: Reads,
    random: fastrand::Rng,
    client: Client,
    started: Instant,
    /// What this client last knew each key to hold: a good guess for a compare-and-set.
    known: BTreeMap<String, String>,
    writes: u32,
}

impl Worker {
    async fn run(mut self, stop: Arc<AtomicBool>) -> Result<Vec<Operation>> {
        let mut operations = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            if let Some(operation) = self.one().await? {
                operations.push(operation);
            }
            // A little rest keeps histories short enough to be searched.
            tokio::time::sleep(Duration::from_millis(self.random.u64(1..8))).await;
        }
        Ok(operations)
    }

    /// One operation, if it is part of the history.
    async fn one(&mut self) -> Result<Option<Operation>> {
        let mut key = format!("r{}-{}", self.round, self.random.usize(..KEYS));
        let value = format!("c{}-{}", self.number, self.writes);
        let kind = match self.random.u8(..20) {
            0..=8 => Kind::Get,
            9..=13 => Kind::Put { value },
            14..=17 => Kind::Cas {
                expected: self.known.get(&key).cloned(),
                value,
            },
            18 => Kind::Delete,
            _ => {
                key = format!("r{}-once-{value}", self.round);
                Kind::Put { value }
            }
        };
        self.writes += 1;
        if self.random.u8(..4) == 0 || self.reads == Reads::Stale {
            // Also ask nodes that do not lead, or no longer.
            let node = self.random.usize(..nodes::IDS.len());
            self.client.prefer(&nodes::address(nodes::IDS[node]));
        }
        let call_ns = since(self.started);
        let answer = self.ask(&key, &kind).await;
        let return_ns = since(self.started);
        let (found, applied, return_ns) = match answer {
            Ok((found, applied)) => (found, applied, Some(return_ns)),
            Err(ClientError::Unknown(_)) => (None, false, None),
            Err(ClientError::Unavailable(_)) => return Ok(None),
            Err(error @ ClientError::Refused(_)) => return Err(error.into()),
        };
        let holds = match &kind {
            Kind::Put { value } | Kind::Cas { value, .. } if applied => Some(value),
            Kind::Delete => None,
            _ => found.as_ref(),
        };
        match holds.cloned() {
            Some(value) => self.known.insert(key.clone(), value),
            None => self.known.remove(&key),
        };
        Ok(Some(Operation {
            client: self.number,
            key,
            kind,
            call_ns,
            return_ns,
            found,
            applied,
        }))
    }

    /// What the key held, and whether it was changed.
    async fn ask(&mut self, key: &str, kind: &Kind) -> Result<(Option<String>, bool), ClientError> {
        let key = key.to_owned();
        let command = match kind.clone() {
            Kind::Get => {
                let read = match self.reads {
                    Reads::Linearizable => Read::Linearizable,
                    Reads::Stale => Read::Local,
                };
                return Ok((self.client.get(&key, read).await?, false));
            }
            Kind::Put { value } => Command::Put { key, value },
            Kind::Cas { expected, value } => Command::Cas {
                key,
                expected,
                value,
            },
            Kind::Delete => Command::Delete { key },
        };
        let outcome = self.client.write(command).await?;
        Ok((outcome.before, outcome.applied))
    }
}

fn since(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
