//! A replicated key–value store: the example of the crate `raftlog`, and its test bed.
//!
//! Every node keeps the same log and applies it to the same map. A write is answered once a majority has it on disk and
//! this node has applied it; a read is answered from the leader's map, after a majority has confirmed that it still is
//! the leader (a *read index*). So the store behaves as one map on one machine: it is linearizable, and
//! `cargo xtask raft` checks that with nodes killed, stopped and cut off.
//!
//! Where to read: [`state_machine`] is the map and its snapshots, [`node`] puts log, map and network together,
//! [`network`] is the way to the other nodes, [`server`] answers requests, [`client`] makes them.
//!
//! Absent on purpose: sessions that make a repeated write count once (a client is told that an outcome is unknown and
//! decides for itself), encryption and authentication, a map larger than memory.

pub mod client;
pub mod network;
pub mod node;
pub mod server;
pub mod snapshot;
pub mod state_machine;
pub mod wire;

use openraft::BasicNode;
use serde::{Deserialize, Serialize};

/// Number of a node. It is never used again for another node: see `README.md`.
pub type NodeId = u64;

/// The Raft instance of a node.
pub type Raft = openraft::Raft<TypeConfig>;

openraft::declare_raft_types!(
    /// What openraft is told about this program's types.
    pub TypeConfig:
        D = Command,
        R = Outcome,
        NodeId = NodeId,
        Node = BasicNode,
        Entry = openraft::Entry<TypeConfig>,
        SnapshotData = tokio::fs::File,
);

/// A change of the map: what a log entry holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Sets the value of a key.
    Put {
        /// Key to set.
        key: String,
        /// Its value from now on.
        value: String,
    },
    /// Sets the value of a key if it has the expected one (`None`: if the key is absent).
    Cas {
        /// Key to set.
        key: String,
        /// What it must hold now.
        expected: Option<String>,
        /// Its value from now on.
        value: String,
    },
    /// Removes a key.
    Delete {
        /// Key to remove.
        key: String,
    },
}

impl Command {
    /// Longest key, in bytes.
    pub const KEY_BYTES_MAX: usize = 1 << 10;
    /// Longest value, in bytes.
    pub const VALUE_BYTES_MAX: usize = 64 << 10;

    /// Says what is too long, if anything is.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn check(&self) -> Result<(), String> {
        let (key, values) = match self {
            Self::Put { key, value } => (key, [Some(value), None]),
            Self::Cas {
                key,
                expected,
                value,
            } => (key, [Some(value), expected.as_ref()]),
            Self::Delete { key } => (key, [None, None]),
        };
        if key.len() > Self::KEY_BYTES_MAX {
            return Err(format!(
                "the key has {} bytes, at most {} are allowed",
                key.len(),
                Self::KEY_BYTES_MAX
            ));
        }
        let longest = values.iter().flatten().map(|value| value.len()).max();
        if longest > Some(Self::VALUE_BYTES_MAX) {
            return Err(format!(
                "the value has {} bytes, at most {} are allowed",
                longest.unwrap_or_default(),
                Self::VALUE_BYTES_MAX
            ));
        }
        Ok(())
    }
}

/// What a command did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Whether the map was changed; false only for a [`Command::Cas`] that found another value.
    pub applied: bool,
    /// What the key held just before.
    pub before: Option<String>,
}
