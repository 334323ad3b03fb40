//! The nemesis: what is done to nodes, and how it is undone.

use std::fmt;

use anyhow::Result;
use kv::NodeId;
use rustix::process::Signal;

use super::nodes::{Cluster, IDS};

/// One fault.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// `kill -9`, then a restart.
    Kill(NodeId),
    /// The same with no time between: nobody else can be elected meanwhile. It must not lead on as if nothing had been.
    Bounce(NodeId),
    /// All nodes at once.
    KillAll,
    /// SIGSTOP, then SIGCONT: the node wakes up in the past.
    Pause(NodeId),
    /// No other node is reached, and none reaches it; clients do.
    Isolate(NodeId),
    /// The node hears the others, but they do not hear it.
    Mute(NodeId),
    /// Two nodes do not reach each other, both reach the third.
    CutPair(NodeId, NodeId),
}

/// Chooses a fault; in half of the cases the leader is what it hits.
pub(crate) async fn choose(cluster: &Cluster, random: &mut fastrand::Rng) -> Fault {
    // Both are drawn in any case, so that a seed means the same whoever leads.
    let (at_leader, at_random) = (random.bool(), random.usize(..IDS.len()));
    let leader = if at_leader {
        cluster.leader().await
    } else {
        None
    };
    let other = IDS.get(at_random).copied().unwrap_or(1);
    let node = leader.unwrap_or(other);
    let next = node % 3 + 1;
    match random.u8(..14) {
        0..=2 => Fault::Kill(node),
        3..=4 => Fault::Bounce(node),
        5 => Fault::KillAll,
        6..=7 => Fault::Pause(node),
        8..=10 => Fault::Isolate(node),
        11 => Fault::Mute(node),
        _ => Fault::CutPair(node, next),
    }
}

impl Fault {
    /// Does it.
    pub(crate) fn begin(self, cluster: &mut Cluster) -> Result<()> {
        match self {
            Self::Kill(node) => cluster.kill(node),
            Self::Bounce(node) => cluster.kill(node).and_then(|()| cluster.restart(node)),
            Self::KillAll => IDS.iter().try_for_each(|node| cluster.kill(*node)),
            Self::Pause(node) => cluster.signal(node, Signal::STOP),
            Self::Isolate(_) | Self::Mute(_) | Self::CutPair(..) => self.links(cluster, false),
        }
    }

    /// Undoes it.
    pub(crate) fn end(self, cluster: &mut Cluster) -> Result<()> {
        match self {
            Self::Kill(node) => cluster.restart(node),
            Self::Bounce(_) => Ok(()),
            Self::KillAll => IDS.iter().try_for_each(|node| cluster.restart(*node)),
            Self::Pause(node) => cluster.signal(node, Signal::CONT),
            Self::Isolate(_) | Self::Mute(_) | Self::CutPair(..) => self.links(cluster, true),
        }
    }

    fn links(self, cluster: &mut Cluster, whole: bool) -> Result<()> {
        for from in IDS {
            for to in IDS {
                let hit = match self {
                    Self::Isolate(node) => (from == node) != (to == node),
                    Self::Mute(node) => from == node && to != node,
                    Self::CutPair(a, b) => (from, to) == (a, b) || (from, to) == (b, a),
                    Self::Kill(_) | Self::Bounce(_) | Self::KillAll | Self::Pause(_) => false,
                };
                if hit {
                    cluster.link(from, to, whole)?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kill(node) => write!(f, "kill {node}"),
            Self::Bounce(node) => write!(f, "bounce {node}"),
            Self::KillAll => f.write_str("kill all"),
            Self::Pause(node) => write!(f, "pause {node}"),
            Self::Isolate(node) => write!(f, "isolate {node}"),
            Self::Mute(node) => write!(f, "mute {node}"),
            Self::CutPair(a, b) => write!(f, "cut {a}-{b}"),
        }
    }
}
