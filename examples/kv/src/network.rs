//! The way to the other nodes: openraft's requests over kept TCP connections.
//!
//! Openraft makes many short-lived clients for one target (one for each read index, for instance), so the connections
//! belong to the `Peer`, not to the client. A connection carries one request at a time and is taken out of the peer
//! meanwhile: when openraft gives a request up and drops its future, the connection is dropped with it, and no later
//! request can read the answer that it still owed.
//!
//! Invariants: every request ends within the time that openraft gives it, connecting included. After any failure all idle
//! connections of the peer are dropped, for what broke one (a restart, a cut link) has broken them all.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use openraft::error::{NetworkError, RPCError, RaftError, RemoteError, Timeout, Unreachable};
use openraft::network::{Backoff, RPCOption, RPCTypes, RaftNetwork, RaftNetworkFactory};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, InstallSnapshotRequest, InstallSnapshotResponse,
    VoteRequest, VoteResponse,
};
use openraft::{BasicNode, error::InstallSnapshotError};
use parking_lot::Mutex;
use tokio::net::TcpStream;

use crate::wire::{self, PeerReply, PeerRequest, Request};
use crate::{NodeId, TypeConfig};

/// What a request to a peer can end with, beside its answer.
type Failure<E = openraft::error::Infallible> = RPCError<NodeId, BasicNode, RaftError<NodeId, E>>;

/// Pause before a node that cannot be connected to is tried again.
const BACKOFF: std::time::Duration = std::time::Duration::from_millis(200);

/// All peers of one node.
#[derive(Debug)]
pub struct Network {
    id: NodeId,
    peers: BTreeMap<NodeId, Arc<Peer>>,
}

/// Another node.
#[derive(Debug)]
struct Peer {
    id: NodeId,
    address: String,
    idle: Mutex<Vec<TcpStream>>,
}

impl Network {
    /// The network of node `id`.
    pub fn new(id: NodeId) -> Self {
        Self {
            id,
            peers: BTreeMap::new(),
        }
    }
}

impl RaftNetworkFactory<TypeConfig> for Network {
    type Network = PeerClient;

    async fn new_client(&mut self, target: NodeId, node: &BasicNode) -> PeerClient {
        let known = self.peers.get(&target);
        let peer = match known.filter(|peer| peer.address == node.addr) {
            Some(peer) => peer.clone(),
            None => {
                let peer = Arc::new(Peer {
                    id: target,
                    address: node.addr.clone(),
                    idle: Mutex::new(Vec::new()),
                });
                self.peers.insert(target, peer.clone());
                peer
            }
        };
        PeerClient { id: self.id, peer }
    }
}

impl Peer {
    async fn call(&self, rpc: PeerRequest) -> Result<PeerReply, Trouble> {
        let idle = self.idle.lock().pop();
        let mut stream = match idle {
            Some(stream) => stream,
            None => self.connect().await.map_err(Trouble::Connect)?,
        };
        let request = Request::Peer { to: self.id, rpc };
        let reply = exchange(&mut stream, &request).await;
        match reply {
            Ok(PeerReply::WrongNode(other)) => {
                let text = format!("{} is node {other}, not {}", self.address, self.id);
                Err(Trouble::Connect(io::Error::other(text)))
            }
            Ok(reply) => {
                self.idle.lock().push(stream);
                Ok(reply)
            }
            Err(error) => {
                self.idle.lock().clear();
                Err(Trouble::Exchange(error))
            }
        }
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

async fn exchange(stream: &mut TcpStream, request: &Request) -> io::Result<PeerReply> {
    wire::send(stream, request).await?;
    wire::receive(stream).await
}

/// Why there is no answer.
enum Trouble {
    /// The request was not sent.
    Connect(io::Error),
    /// It may have arrived.
    Exchange(io::Error),
}

/// One of openraft's clients of a peer.
#[derive(Debug)]
pub struct PeerClient {
    id: NodeId,
    peer: Arc<Peer>,
}

impl PeerClient {
    /// One request within its time. `open` takes the right kind of answer out of the reply.
    async fn request<T, E: std::error::Error>(
        &self,
        action: RPCTypes,
        rpc: PeerRequest,
        option: &RPCOption,
        open: impl FnOnce(PeerReply) -> Option<Result<T, RaftError<NodeId, E>>>,
    ) -> Result<T, Failure<E>> {
        let limit = option.hard_ttl();
        let Ok(reply) = tokio::time::timeout(limit, self.peer.call(rpc)).await else {
            self.peer.idle.lock().clear();
            return Err(RPCError::Timeout(Timeout {
                action,
                id: self.id,
                target: self.peer.id,
                timeout: limit,
            }));
        };
        let reply = reply.map_err(|trouble| match trouble {
            Trouble::Connect(error) => RPCError::Unreachable(Unreachable::new(&error)),
            Trouble::Exchange(error) => RPCError::Network(NetworkError::new(&error)),
        })?;
        let answer = open(reply).ok_or_else(|| {
            let error = io::Error::other("the answer belongs to another kind of request");
            RPCError::Network(NetworkError::new(&error))
        })?;
        answer.map_err(|error| RPCError::RemoteError(RemoteError::new(self.peer.id, error)))
    }
}

impl RaftNetwork<TypeConfig> for PeerClient {
    async fn append_entries(
        &mut self,
        rpc: AppendEntriesRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<AppendEntriesResponse<NodeId>, Failure> {
        let open = |reply| match reply {
            PeerReply::Append(answer) => Some(answer),
            _ => None,
        };
        self.request(
            RPCTypes::AppendEntries,
            PeerRequest::Append(rpc),
            &option,
            open,
        )
        .await
    }

    async fn install_snapshot(
        &mut self,
        rpc: InstallSnapshotRequest<TypeConfig>,
        option: RPCOption,
    ) -> Result<InstallSnapshotResponse<NodeId>, Failure<InstallSnapshotError>> {
        let open = |reply| match reply {
            PeerReply::Snapshot(answer) => Some(answer),
            _ => None,
        };
        self.request(
            RPCTypes::InstallSnapshot,
            PeerRequest::Snapshot(rpc),
            &option,
            open,
        )
        .await
    }

    async fn vote(
        &mut self,
        rpc: VoteRequest<NodeId>,
        option: RPCOption,
    ) -> Result<VoteResponse<NodeId>, Failure> {
        let open = |reply| match reply {
            PeerReply::Vote(answer) => Some(answer),
            _ => None,
        };
        self.request(RPCTypes::Vote, PeerRequest::Vote(rpc), &option, open)
            .await
    }

    fn backoff(&self) -> Backoff {
        Backoff::new(std::iter::repeat(BACKOFF))
    }
}

#[cfg(test)]
mod tests;
