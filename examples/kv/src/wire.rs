//! What nodes and clients say to each other over TCP: one request, one reply, in turn, on each connection.
//!
//! A message is a frame: its length (4 bytes, big-endian), then that many bytes of postcard. Postcard is chosen because it
//! is small, documented and maintained, and because it never allocates more than the bytes at hand can fill.
//! A frame that is longer than [`FRAME_BYTES_MAX`] ends the connection before anything is allocated for it.
//!
//! Absent on purpose: versions (all nodes of a cluster run the same build), several requests at a time on a connection.

use std::collections::BTreeMap;
use std::io;

use openraft::error::{InstallSnapshotError, RaftError};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, InstallSnapshotRequest, InstallSnapshotResponse,
    VoteRequest, VoteResponse,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{Command, NodeId, Outcome, TypeConfig};

/// Longest frame, in bytes, without its length field.
pub const FRAME_BYTES_MAX: u32 = 8 << 20;

/// Everything that can arrive at a node.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// From another node.
    Peer {
        /// The node that is meant. An address can have passed on to another node, which must not answer for it.
        to: NodeId,
        /// What is asked.
        rpc: PeerRequest,
    },
    /// From a client.
    Client(ClientRequest),
}

/// Raft's own requests.
#[derive(Debug, Serialize, Deserialize)]
pub enum PeerRequest {
    /// New entries, or a heartbeat without any.
    Append(AppendEntriesRequest<TypeConfig>),
    /// A candidate asks for a vote.
    Vote(VoteRequest<NodeId>),
    /// A piece of a snapshot.
    Snapshot(InstallSnapshotRequest<TypeConfig>),
}

/// Answers to [`PeerRequest`], by the same names.
#[derive(Debug, Serialize, Deserialize)]
pub enum PeerReply {
    /// To [`PeerRequest::Append`].
    Append(Result<AppendEntriesResponse<NodeId>, RaftError<NodeId>>),
    /// To [`PeerRequest::Vote`].
    Vote(Result<VoteResponse<NodeId>, RaftError<NodeId>>),
    /// To [`PeerRequest::Snapshot`].
    Snapshot(Result<InstallSnapshotResponse<NodeId>, RaftError<NodeId, InstallSnapshotError>>),
    /// The request was meant for another node than this one.
    WrongNode(NodeId),
}

/// What a client can ask.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ClientRequest {
    /// The value of a key.
    Get {
        /// The key.
        key: String,
        /// Which node may answer, and with what.
        read: Read,
    },
    /// A change of the map.
    Write(Command),
    /// How the node sees itself and the cluster.
    Status,
    /// Makes the first cluster of nodes that have no data yet.
    Init(BTreeMap<NodeId, String>),
    /// Takes a node in: it catches up first, then it votes.
    AddMember(NodeId, String),
    /// Takes a node out.
    RemoveMember(NodeId),
}

/// How fresh a read is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Read {
    /// Sees every write that was acknowledged before the read began. Only the leader answers.
    Linearizable,
    /// Whatever the asked node has applied: perhaps old, and older still after that node has started again.
    Local,
}

/// What a client is answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum ClientReply {
    /// To [`ClientRequest::Get`].
    Value(Option<String>),
    /// To [`ClientRequest::Write`]: a majority has it, and it is applied.
    Written(Outcome),
    /// To [`ClientRequest::Status`].
    Status(Status),
    /// A change of members is complete.
    Done,
    /// Nothing happened: the leader must be asked, if it is known who that is.
    NotLeader(Option<(NodeId, String)>),
    /// Nothing happened, and asking again now will not help.
    Refused(String),
    /// Nothing happened, but it may when asked again.
    Unavailable(String),
    /// It may have happened, now or later, or never.
    Unknown(String),
}

/// How a node sees itself and the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The node that answered.
    pub id: NodeId,
    /// The leader it knows of, which may have been replaced meanwhile.
    pub leader: Option<NodeId>,
    /// Raft's term.
    pub term: u64,
    /// Last index in the log of this node, inclusive.
    pub last_log_index: Option<u64>,
    /// Last index that is part of its map, inclusive.
    pub applied_index: Option<u64>,
    /// Last index that its snapshot holds, inclusive.
    pub snapshot_index: Option<u64>,
    /// Last index that is no longer in its log, inclusive.
    pub purged_index: Option<u64>,
    /// Nodes that vote, by number, with their addresses.
    pub voters: BTreeMap<NodeId, String>,
    /// Nodes that only listen.
    pub learners: BTreeMap<NodeId, String>,
}

/// Sends one message.
///
/// # Errors
/// `InvalidInput` if the message is longer than a frame may be (nothing was sent), else what the socket said.
pub async fn send<W: AsyncWrite + Unpin, M: Serialize>(to: &mut W, message: &M) -> io::Result<()> {
    let body = postcard::to_stdvec(message).map_err(io::Error::other)?;
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    if length > FRAME_BYTES_MAX {
        let text = format!("{length} bytes do not fit into a frame");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let mut frame = Vec::with_capacity(body.len() + 4);
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&body);
    to.write_all(&frame).await?;
    to.flush().await
}

/// Receives one message.
///
/// # Errors
/// `UnexpectedEof` when the other side has closed the connection, `InvalidData` for bytes that are no message.
pub async fn receive<R: AsyncRead + Unpin, M: DeserializeOwned>(from: &mut R) -> io::Result<M> {
    let length = from.read_u32().await?;
    if length > FRAME_BYTES_MAX {
        let text = format!("a frame of {length} bytes, at most {FRAME_BYTES_MAX} are allowed");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    // Grows with what arrives: a length alone allocates nothing.
    let mut body = Vec::new();
    let taken = from.take(u64::from(length)).read_to_end(&mut body).await?;
    if taken < length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    postcard::from_bytes(&body).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

#[cfg(test)]
mod tests {
    use openraft::{CommittedLeaderId, EntryPayload, LogId, Membership, Vote};

    use super::*;

    fn log_id(index: u64) -> LogId<NodeId> {
        LogId::new(CommittedLeaderId::new(3, 1), index)
    }

    fn append(value_bytes: usize, entries: u64) -> Request {
        let value = "v".repeat(value_bytes);
        let entry = |index| openraft::Entry {
            log_id: log_id(index),
            payload: EntryPayload::Normal(Command::Put {
                key: "k".to_owned(),
                value: value.clone(),
            }),
        };
        let rpc = PeerRequest::Append(AppendEntriesRequest {
            vote: Vote::new_committed(3, 1),
            prev_log_id: Some(log_id(6)),
            entries: (7..7 + entries).map(entry).collect(),
            leader_commit: None,
        });
        Request::Peer { to: 2, rpc }
    }

    async fn there_and_back<M: Serialize + DeserializeOwned>(message: &M) -> io::Result<M> {
        let mut bytes = Vec::new();
        send(&mut bytes, message).await?;
        receive(&mut bytes.as_slice()).await
    }

    #[tokio::test]
    async fn messages_survive_the_wire() {
        let nodes: BTreeMap<NodeId, openraft::BasicNode> =
            [(1, openraft::BasicNode::new("h:1"))].into();
        let membership = Membership::new(vec![[1].into()], nodes);
        let meta = openraft::SnapshotMeta {
            last_log_id: Some(log_id(9)),
            last_membership: openraft::StoredMembership::new(Some(log_id(1)), membership),
            snapshot_id: "3-1-9".to_owned(),
        };
        let snapshot = PeerRequest::Snapshot(InstallSnapshotRequest {
            vote: Vote::new(3, 1),
            meta,
            offset: 4,
            data: vec![0, 255],
            done: true,
        });
        let requests = [
            append(3, 2),
            Request::Peer {
                to: 1,
                rpc: PeerRequest::Vote(VoteRequest::new(Vote::new(4, 2), None)),
            },
            Request::Peer {
                to: 1,
                rpc: snapshot,
            },
            Request::Client(ClientRequest::AddMember(4, "h:4".to_owned())),
        ];
        for request in requests {
            let back = there_and_back(&request).await.unwrap();
            assert_eq!(format!("{back:?}"), format!("{request:?}"));
        }
    }

    #[tokio::test]
    async fn the_longest_replication_request_fits_into_a_frame() {
        let entries = crate::node::MAX_PAYLOAD_ENTRIES;
        let longest = Command::KEY_BYTES_MAX + 2 * Command::VALUE_BYTES_MAX;
        there_and_back(&append(longest, entries)).await.unwrap();
    }

    #[tokio::test]
    async fn bad_bytes_are_errors() {
        use io::ErrorKind::{InvalidData, UnexpectedEof};
        let cases: &[(&str, &[u8], io::ErrorKind)] = &[
            ("nothing", &[], UnexpectedEof),
            ("cut length", &[0, 0], UnexpectedEof),
            ("cut body", &[0, 0, 0, 9, 1, 2], UnexpectedEof),
            ("endless", &[255, 255, 255, 255, 0], InvalidData),
            ("no such variant", &[0, 0, 0, 1, 77], InvalidData),
            ("empty", &[0, 0, 0, 0], InvalidData),
        ];
        for (name, bytes, expected) in cases {
            let mut bytes = *bytes;
            let result: io::Result<Request> = receive(&mut bytes).await;
            assert_eq!(
                result.map_err(|error| error.kind()).unwrap_err(),
                *expected,
                "{name}"
            );
        }
    }
}
