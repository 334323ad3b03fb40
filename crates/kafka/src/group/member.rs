//! A member of a classic group.

use std::sync::Arc;

use bytes::Bytes;

use super::state::{SnapshotMember, Ticket};

/// A way of sharing the work that a member offers ("range", "cooperative-sticky"), with its own opaque data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Protocol {
    pub(crate) name: Arc<str>,
    pub(crate) metadata: Bytes,
}

/// A member: who it is, what it offers, what it got, what it waits for.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) id: Arc<str>,
    pub(crate) instance_id: Option<Arc<str>>,
    pub(crate) client_id: Arc<str>,
    pub(crate) client_host: Arc<str>,
    pub(crate) rebalance_timeout_ms: i32,
    pub(crate) session_timeout_ms: i32,
    /// In order of preference, names distinct.
    pub(crate) protocols: Vec<Protocol>,
    pub(crate) assignment: Bytes,
    /// Its waiting JoinGroup.
    pub(super) join: Option<Ticket>,
    /// Its waiting SyncGroup.
    pub(super) sync: Option<Ticket>,
    /// Never got an answer to a join: may be dropped even while it waits for one.
    pub(super) is_new: bool,
    /// When its session ends. `None`: ended while it waited, and waiting counts as being alive.
    pub(super) session_ends_ms: Option<i64>,
}

impl Member {
    pub(super) fn restored(stored: SnapshotMember, protocol: Option<Arc<str>>) -> Self {
        let rebalance_timeout_ms = if stored.rebalance_timeout_ms < 0 {
            stored.session_timeout_ms
        } else {
            stored.rebalance_timeout_ms
        };
        let offered = |name| Protocol {
            name,
            metadata: stored.subscription.clone(),
        };
        Self {
            protocols: protocol.map(offered).into_iter().collect(),
            id: stored.member_id,
            instance_id: stored.instance_id,
            client_id: stored.client_id,
            client_host: stored.client_host,
            rebalance_timeout_ms,
            session_timeout_ms: stored.session_timeout_ms,
            assignment: stored.assignment,
            join: None,
            sync: None,
            is_new: false,
            session_ends_ms: None,
        }
    }

    /// The data it gave for a protocol.
    pub(crate) fn metadata(&self, protocol: &str) -> Option<Bytes> {
        self.protocols
            .iter()
            .find(|p| *p.name == *protocol)
            .map(|p| p.metadata.clone())
    }

    /// True while it waits for an answer; then silence is no sign of death.
    pub(super) fn is_excused(&self) -> bool {
        !self.is_new && (self.join.is_some() || self.sync.is_some())
    }
}
