//! Answers requests, of other nodes and of clients.
//!
//! What a client is told follows one rule: [`ClientReply::NotLeader`], [`ClientReply::Refused`] and
//! [`ClientReply::Unavailable`] only where nothing happened and nothing will. Once a command was given to openraft, any
//! answer but its outcome is [`ClientReply::Unknown`]. That includes openraft's own "forward to leader": it says so too
//! when a new leader has cut the entry off this node's log, and yet another node that still has it may be elected and
//! commit it.
//!
//! Invariants: no request waits longer than its limit here; no more than [`CONNECTIONS_MAX`] connections are open.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use openraft::error::{CheckIsLeaderError, ClientWriteError, RaftError};
use openraft::{BasicNode, ChangeMembers, RaftMetrics};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::node;
use crate::state_machine::StateMachine;
use crate::wire::{
    self, ClientReply, ClientRequest, PeerReply, PeerRequest, Read, Request, Status,
};
use crate::{Command, NodeId, Raft};

/// Most connections at a time; others wait to be accepted.
pub const CONNECTIONS_MAX: usize = 1024;

/// A connection on which nothing was asked for so long is closed.
const IDLE_LIMIT: Duration = Duration::from_secs(300);

/// Longest wait for a write or a read. Shorter than a client's patience, so that it hears why.
const REQUEST_LIMIT: Duration = Duration::from_secs(3);

/// Longest wait for a change of members: a new node fetches the whole map meanwhile.
const MEMBERS_LIMIT: Duration = Duration::from_secs(60);

/// The answering half of a node.
pub struct Server {
    id: NodeId,
    raft: Raft,
    machine: StateMachine,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

type ChangeError = RaftError<NodeId, ClientWriteError<NodeId, BasicNode>>;

impl Server {
    /// Answers with what `raft` decides and `machine` holds.
    pub fn new(id: NodeId, raft: Raft, machine: StateMachine) -> Self {
        Self { id, raft, machine }
    }

    /// Serves connections for ever.
    pub async fn accept(self: Arc<Self>, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let Ok(place) = places.clone().acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let server = self.clone();
                    tokio::spawn(async move {
                        if let Err(error) = server.connection(stream).await {
                            tracing::debug!("a connection ended: {error}");
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    // Out of file descriptors, mostly: closing connections will help.
                    tracing::warn!("accept: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    async fn connection(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        loop {
            let request: Request = timeout(IDLE_LIMIT, wire::receive(&mut stream)).await??;
            match request {
                Request::Peer { to, rpc } => {
                    let reply = self.answer_peer(to, rpc).await;
                    timeout(IDLE_LIMIT, wire::send(&mut stream, &reply)).await??;
                }
                Request::Client(request) => {
                    let reply = self.answer_client(request).await;
                    timeout(IDLE_LIMIT, wire::send(&mut stream, &reply)).await??;
                }
            }
        }
    }

    async fn answer_peer(&self, to: NodeId, rpc: PeerRequest) -> PeerReply {
        if to != self.id {
            return PeerReply::WrongNode(self.id);
        }
        match rpc {
            PeerRequest::Append(rpc) => PeerReply::Append(self.raft.append_entries(rpc).await),
            PeerRequest::Vote(rpc) => PeerReply::Vote(self.raft.vote(rpc).await),
            PeerRequest::Snapshot(rpc) => {
                PeerReply::Snapshot(self.raft.install_snapshot(rpc).await)
            }
        }
    }

    async fn answer_client(&self, request: ClientRequest) -> ClientReply {
        match request {
            ClientRequest::Get { key, read } => self.get(&key, read).await,
            ClientRequest::Write(command) => self.write(command).await,
            ClientRequest::Status => ClientReply::Status(status(&self.metrics())),
            ClientRequest::Init(members) => self.init(members).await,
            ClientRequest::AddMember(id, address) => {
                self.change_members(self.add_member(id, address)).await
            }
            ClientRequest::RemoveMember(id) => self.change_members(self.remove_member(id)).await,
        }
    }

    /// A linearizable read: a majority confirms that this node leads, after the request arrived; then this node applies
    /// what was committed until then; then it looks.
    async fn get(&self, key: &str, read: Read) -> ClientReply {
        if read == Read::Linearizable {
            match timeout(REQUEST_LIMIT, self.raft.ensure_linearizable()).await {
                Ok(Ok(_)) => {}
                Ok(Err(RaftError::APIError(CheckIsLeaderError::ForwardToLeader(_)))) => {
                    return self.not_leader();
                }
                Ok(Err(error)) => return ClientReply::Unavailable(error.to_string()),
                Err(_) => return ClientReply::Unavailable("no majority answers".to_owned()),
            }
        }
        ClientReply::Value(self.machine.get(key))
    }

    async fn write(&self, command: Command) -> ClientReply {
        if let Err(reason) = command.check() {
            return ClientReply::Refused(reason);
        }
        if !self.leads() {
            return self.not_leader();
        }
        match timeout(REQUEST_LIMIT, self.raft.client_write(command)).await {
            Ok(Ok(written)) => ClientReply::Written(written.data),
            Ok(Err(error)) => ClientReply::Unknown(error.to_string()),
            Err(_) => ClientReply::Unknown("no majority has confirmed it in time".to_owned()),
        }
    }

    async fn init(&self, members: BTreeMap<NodeId, String>) -> ClientReply {
        match self.raft.initialize(node::nodes(&members)).await {
            Ok(()) => ClientReply::Done,
            Err(RaftError::APIError(error)) => ClientReply::Refused(error.to_string()),
            Err(error) => ClientReply::Unknown(error.to_string()),
        }
    }

    async fn add_member(&self, id: NodeId, address: String) -> Result<(), ChangeError> {
        self.raft
            .add_learner(id, BasicNode { addr: address }, true)
            .await?;
        let voters = ChangeMembers::AddVoterIds(BTreeSet::from([id]));
        self.raft.change_membership(voters, true).await?;
        Ok(())
    }

    async fn remove_member(&self, id: NodeId) -> Result<(), ChangeError> {
        let metrics = self.metrics();
        let membership = metrics.membership_config.membership();
        let changes = if membership.voter_ids().any(|voter| voter == id) {
            ChangeMembers::RemoveVoters(BTreeSet::from([id]))
        } else {
            ChangeMembers::RemoveNodes(BTreeSet::from([id]))
        };
        self.raft.change_membership(changes, false).await?;
        Ok(())
    }

    async fn change_members(
        &self,
        change: impl Future<Output = Result<(), ChangeError>>,
    ) -> ClientReply {
        if !self.leads() {
            return self.not_leader();
        }
        match timeout(MEMBERS_LIMIT, change).await {
            Ok(Ok(())) => ClientReply::Done,
            Ok(Err(RaftError::APIError(ClientWriteError::ChangeMembershipError(error)))) => {
                ClientReply::Refused(error.to_string())
            }
            Ok(Err(error)) => ClientReply::Unknown(error.to_string()),
            Err(_) => ClientReply::Unknown(
                "the change is not complete yet; `kv member list` tells how far it is".to_owned(),
            ),
        }
    }

    fn metrics(&self) -> RaftMetrics<NodeId, BasicNode> {
        self.raft.metrics().borrow().clone()
    }

    /// Whether this node takes itself for the leader. It may be wrong, which openraft notices.
    fn leads(&self) -> bool {
        self.metrics().current_leader == Some(self.id)
    }

    fn not_leader(&self) -> ClientReply {
        let metrics = self.metrics();
        let leader = metrics.current_leader.filter(|leader| *leader != self.id);
        ClientReply::NotLeader(leader.and_then(|id| {
            let node = metrics.membership_config.membership().get_node(&id)?;
            Some((id, node.addr.clone()))
        }))
    }

    /// Waits until openraft has ended because its storage failed, and says how.
    pub async fn failed(&self) -> String {
        let mut metrics = self.raft.metrics();
        let ended = metrics
            .wait_for(|metrics| metrics.running_state.is_err())
            .await;
        match ended {
            Ok(metrics) => metrics
                .running_state
                .clone()
                .err()
                .map(|error| error.to_string()),
            Err(_) => None,
        }
        .unwrap_or_else(|| "openraft has stopped".to_owned())
    }

    /// Ends openraft's tasks.
    pub async fn stop(&self) {
        if let Err(error) = self.raft.shutdown().await {
            tracing::warn!("shutdown: {error}");
        }
    }
}

fn status(metrics: &RaftMetrics<NodeId, BasicNode>) -> Status {
    let membership = metrics.membership_config.membership();
    let voters: BTreeSet<NodeId> = membership.voter_ids().collect();
    let (voters, learners) = membership
        .nodes()
        .map(|(id, node)| (*id, node.addr.clone()))
        .partition(|(id, _)| voters.contains(id));
    Status {
        id: metrics.id,
        leader: metrics.current_leader,
        term: metrics.current_term,
        last_log_index: metrics.last_log_index,
        applied_index: metrics.last_applied.map(|id| id.index),
        snapshot_index: metrics.snapshot.map(|id| id.index),
        purged_index: metrics.purged.map(|id| id.index),
        voters,
        learners,
    }
}
