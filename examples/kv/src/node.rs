//! A node: its log, its map and its network, put together, and the settings that all nodes share.
//!
//! **Times.** `heartbeat_interval` is more than its name says: openraft 0.9 also gives a replication request and the
//! confirmation of a read index no longer than that. A follower syncs its disk within it, so it is 200 ms, not the default
//! of 50. An election begins when nothing was heard for the lease (`election_timeout_max`, 1 s) and a random time above
//! `election_timeout_min` (600 ms): a dead leader is replaced in about two seconds.
//! `install_snapshot_timeout` covers writing and syncing the whole snapshot, 10 s instead of 200 ms.
//!
//! **A restart is a new term.** Openraft 0.9 makes a node that was the leader when it stopped the leader again at once, in
//! the old term and without an entry of its own. Two promises lean on that entry. A read index is only as new as what the
//! leader knows to be committed; after an election it is at least the new term's first entry, but after such a restart it
//! may be whatever mark was last saved, older than writes that were acknowledged. And where a log sends entries before they
//! are on its own disk, the restarted leader can give one log position to two entries. So [`start`] takes the mark
//! "elected" off this node's own vote before openraft reads it; the node then has to win an election again.
//!
//! **No pre-vote** in openraft 0.9. A node that comes back from behind a cut link has a higher term and unseats the leader:
//! one election for nothing, safe but slow. Followers that hear their leader do refuse it their votes (the lease).
//!
//! **Snapshots** are built every `snapshot_entries` entries; half as many stay in the log behind one, so that a node that
//! was away for a moment needs entries only, not a snapshot. `replication_lag_threshold` is twice that number: a
//! node is sent a snapshot only where a snapshot brings it near.
//!
//! **Bounds.** [`MAX_PAYLOAD_ENTRIES`] of the longest commands fit into one frame, tested in [`wire`].

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use openraft::error::{InitializeError, RaftError};
use openraft::storage::RaftLogStorage;
use openraft::{BasicNode, Config, SnapshotPolicy, Vote};
use raftlog::{
    EngineKind, LogConfig, Logstore, LogstoreOptions, OpenraftLog, RaftLog, RaftLogError,
    RecoveryReport,
};
use tokio::net::TcpListener;

use crate::network::Network;
use crate::server::Server;
use crate::snapshot;
use crate::state_machine::StateMachine;
use crate::wire;
use crate::{Command, NodeId, Raft, TypeConfig};

/// Most entries in one replication request.
pub const MAX_PAYLOAD_ENTRIES: u64 = 48;

/// Bytes of a segment of the log: what a purge gives back at a time.
const SEGMENT_BYTES: u64 = 16 << 20;

/// Memory for the newest entries, from which followers and the map are fed.
const CACHE_BYTES: usize = 8 << 20;

/// Bytes of a snapshot in one request.
const SNAPSHOT_CHUNK_BYTES: u32 = 1 << 20;

/// Most bytes that one entry takes in a request: the longest command and what goes with it.
const ENTRY_BYTES_MAX: usize = Command::KEY_BYTES_MAX + 2 * Command::VALUE_BYTES_MAX + 64;

const _: () = assert!(
    MAX_PAYLOAD_ENTRIES * (ENTRY_BYTES_MAX as u64) < wire::FRAME_BYTES_MAX as u64,
    "the longest replication request must fit into a frame"
);

/// What makes a node this one.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its number.
    pub id: NodeId,
    /// Where it listens; port 0 is any free one.
    pub listen: SocketAddr,
    /// The first members of the cluster, this node among them. A node without data starts the cluster with them; empty
    /// for a node that is to be added to a cluster.
    pub peers: BTreeMap<NodeId, String>,
    /// Directory of its log, its snapshot and its number.
    pub data: PathBuf,
    /// How its log reaches the disk.
    pub engine: EngineKind,
    /// Entries between two snapshots.
    pub snapshot_entries: u64,
}

/// A running node.
#[derive(Debug)]
pub struct Node {
    /// Where it listens.
    pub address: SocketAddr,
    server: Arc<Server>,
    accepting: tokio::task::JoinHandle<()>,
}

/// Opens the node's directory, joins in where it left off, and answers requests.
///
/// # Errors
/// When the directory cannot be read or belongs to another node, or the address is taken.
pub async fn start(options: &Options) -> Result<Node> {
    claim(options)?;
    let machine = StateMachine::open(&options.data.join("snapshot"))
        .with_context(|| options.data.display().to_string())?;
    let (log, report) = open_log(options)?;
    tracing::info!("{report}");
    let mut log = OpenraftLog::new(log);
    leave_office(&mut log, options.id).await?;
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("cannot listen at {}", options.listen))?;
    let address = listener.local_addr()?;
    let network = Network::new(options.id);
    let config = Arc::new(config(options)?);
    let raft = Raft::new(options.id, config, network, log, machine.clone()).await?;
    form(&raft, &options.peers).await?;
    let server = Arc::new(Server::new(options.id, raft, machine));
    let accepting = tokio::spawn(server.clone().accept(listener));
    Ok(Node {
        address,
        server,
        accepting,
    })
}

impl Node {
    /// Waits until openraft ends by itself, which it does only when its storage has failed.
    pub async fn failed(&self) -> String {
        self.server.failed().await
    }

    /// Takes no more requests and ends in order.
    pub async fn stop(self) {
        self.accepting.abort();
        self.server.stop().await;
    }
}

/// Makes the directory this node's, or finds that it is.
fn claim(options: &Options) -> Result<()> {
    snapshot::make_dir(&options.data).with_context(|| options.data.display().to_string())?;
    let path = options.data.join("node-id");
    let mine = format!("{}\n", options.id);
    match std::fs::read_to_string(&path) {
        Ok(text) if text == mine => Ok(()),
        Ok(text) => bail!(
            "{} belongs to node {}, not to node {}",
            options.data.display(),
            text.trim(),
            options.id
        ),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut file = tempfile::NamedTempFile::new_in(&options.data)?;
            std::io::Write::write_all(&mut file, mine.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            Ok(snapshot::sync_dir(&options.data)?)
        }
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// The log, as the last run left it. It keeps its directory locked, so that a node cannot run twice.
fn open_log(options: &Options) -> Result<(RaftLog, RecoveryReport), RaftLogError> {
    let engine = LogstoreOptions {
        engine: options.engine,
        ..LogstoreOptions::default()
    };
    let sizes = LogConfig {
        segment_bytes: SEGMENT_BYTES,
        cache_bytes: CACHE_BYTES,
        ..LogConfig::default()
    };
    Logstore::open(options.data.join("log"), engine)?.open_log("kv", sizes)
}

/// Takes the mark "elected" off this node's own vote: see the module header.
async fn leave_office(log: &mut impl RaftLogStorage<TypeConfig>, id: NodeId) -> Result<()> {
    let vote = log.read_vote().await?;
    if let Some(vote) = vote.filter(|vote| vote.committed && vote.leader_id.voted_for() == Some(id))
    {
        log.save_vote(&Vote::new(vote.leader_id.get_term(), id))
            .await?;
    }
    Ok(())
}

/// Starts the cluster, unless this node is already part of one. All first members may do so with the same list.
async fn form(raft: &Raft, peers: &BTreeMap<NodeId, String>) -> Result<()> {
    if peers.is_empty() || raft.is_initialized().await? {
        return Ok(());
    }
    match raft.initialize(nodes(peers)).await {
        // Another member was quicker.
        Ok(()) | Err(RaftError::APIError(InitializeError::NotAllowed(_))) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Members as openraft keeps them.
pub(crate) fn nodes(members: &BTreeMap<NodeId, String>) -> BTreeMap<NodeId, BasicNode> {
    members
        .iter()
        .map(|(id, address)| (*id, BasicNode::new(address)))
        .collect()
}

fn config(options: &Options) -> Result<Config> {
    ensure!(
        options.snapshot_entries > 0,
        "snapshots need at least one entry between them"
    );
    let config = Config {
        cluster_name: "kv".to_owned(),
        heartbeat_interval: 200,
        election_timeout_min: 600,
        election_timeout_max: 1000,
        install_snapshot_timeout: 10_000,
        max_payload_entries: MAX_PAYLOAD_ENTRIES,
        snapshot_max_chunk_size: u64::from(SNAPSHOT_CHUNK_BYTES),
        snapshot_policy: SnapshotPolicy::LogsSinceLast(options.snapshot_entries),
        max_in_snapshot_log_to_keep: options.snapshot_entries / 2,
        replication_lag_threshold: options.snapshot_entries.saturating_mul(2),
        ..Config::default()
    };
    Ok(config.validate()?)
}
