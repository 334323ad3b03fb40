//! The quorum of one: `quorum-state`, voters, and the control records of the metadata log.
//!
//! Invariants: this node is the only voter, or the directory is refused; an epoch begins with
//! `quorum-state` synced, then the epoch history, then the leader-change record.
//! Absent on purpose: elections, followers.
//! Format: docs/formats/cluster-metadata.md.

use std::path::{Path, PathBuf};

use kafka_wire::messages::leader_change_message::Voter as EpochVoter;
use kafka_wire::messages::voters_record::{Endpoint, KRaftVersionFeature, Voter};
use kafka_wire::{KRaftVersionRecord, LeaderChangeMessage, Message, Reader, Uuid, VotersRecord};
use serde_json::{Value, json};

use super::error::OpenError;
use super::properties::MetaProperties;
use super::records::{ControlBatch, ControlType, Place};
use crate::log::record::Record;
use crate::log::{StorageError, small_file};

/// The file that remembers epoch and vote.
pub(super) const QUORUM_STATE: &str = "quorum-state";
/// Where a directory made here says its controller listens. The Java controller writes its real
/// address over it when it first leads.
pub(super) const CONTROLLER_ENDPOINT: (&str, &str, u16) = ("CONTROLLER", "localhost", 9093);

const OTHER_CLUSTER: &str = "Highwater stands in for a cluster of one node only. To take over the \
    partitions that lie here without their settings, move __cluster_metadata-0 away and start again";

/// What control records and `quorum-state` say.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Quorum {
    /// 0: voters come from the configuration. 1: they are in the log.
    pub(super) kraft_version: i16,
    /// The voters in the log, with `kraft_version` 1.
    pub(super) voters: Option<VotersRecord<'static>>,
    /// Leader and voters of the last leader change.
    pub(super) last_leader: Option<(i32, Vec<i32>)>,
    /// Highest epoch seen anywhere.
    pub(super) epoch: i32,
}

impl Quorum {
    /// A quorum as `kafka-storage format --standalone` makes it.
    pub(super) fn standalone(identity: &MetaProperties) -> Self {
        let (name, host, port) = CONTROLLER_ENDPOINT;
        let endpoint = Endpoint {
            name: name.into(),
            host: host.into(),
            port,
        };
        let voter = Voter {
            voter_id: identity.node_id,
            voter_directory_id: identity.directory_id,
            endpoints: vec![endpoint],
            k_raft_version_feature: KRaftVersionFeature {
                min_supported_version: 0,
                max_supported_version: 1,
            },
        };
        Self {
            kraft_version: 1,
            voters: Some(VotersRecord {
                version: 0,
                voters: vec![voter],
            }),
            last_leader: None,
            epoch: 0,
        }
    }

    /// Takes one control record of the log or of a snapshot.
    pub(super) fn apply(&mut self, record: &Record<'_>) -> Result<(), String> {
        let value = record.value.ok_or("a control record has no value")?;
        let mut reader = Reader::new(value);
        match ControlType::of_key(record.key) {
            Some(ControlType::LeaderChange) => {
                let change: LeaderChangeMessage = decode(&mut reader)?;
                let voters = change.voters.iter().map(|voter| voter.voter_id).collect();
                self.last_leader = Some((change.leader_id, voters));
            }
            Some(ControlType::KraftVersion) => {
                let version: KRaftVersionRecord = decode(&mut reader)?;
                self.kraft_version = version.k_raft_version;
            }
            Some(ControlType::KraftVoters) => {
                self.voters = Some(decode::<VotersRecord<'_>>(&mut reader)?.into_owned());
            }
            Some(ControlType::SnapshotHeader | ControlType::SnapshotFooter) | None => {}
        }
        Ok(())
    }

    /// Refuses a directory whose log has other voters than this node.
    ///
    /// # Errors
    /// `Foreign`.
    pub(super) fn check_alone(&self, dir: &Path, id: &MetaProperties) -> Result<(), OpenError> {
        let foreign = |why: String| Err(OpenError::foreign(dir, why, OTHER_CLUSTER));
        if self.kraft_version > 1 {
            return foreign(format!("kraft.version {} is unknown", self.kraft_version));
        }
        if let Some(record) = &self.voters {
            let alone = matches!(record.voters.as_slice(), [voter] if voter.voter_id == id.node_id
                && (voter.voter_directory_id == id.directory_id));
            if !alone {
                let voters: Vec<_> = record.voters.iter().map(|voter| voter.voter_id).collect();
                return foreign(format!(
                    "the controllers are nodes {voters:?}, this is node {} with directory {}",
                    id.node_id, id.directory_id
                ));
            }
        }
        match &self.last_leader {
            Some((leader, voters)) if *leader != id.node_id || voters != &[id.node_id] => {
                foreign(format!(
                    "node {leader} of the controllers {voters:?} leads, this is node {}",
                    id.node_id
                ))
            }
            _ => Ok(()),
        }
    }

    /// The batch that begins an epoch. Voters are repeated when the log does not hold them yet.
    pub(super) fn leader_change(
        &self,
        place: Place,
        node_id: i32,
        with_voters: bool,
    ) -> Result<Vec<u8>, String> {
        let voter = || EpochVoter {
            voter_id: node_id,
            voter_directory_id: Uuid::ZERO,
        };
        let mut batch = ControlBatch::at(place);
        let change = LeaderChangeMessage {
            version: 0,
            leader_id: node_id,
            voters: vec![voter()],
            granting_voters: vec![voter()],
        };
        batch.push(ControlType::LeaderChange, &change)?;
        if with_voters {
            self.push_voters(&mut batch)?;
        }
        batch.finish()
    }

    /// Adds version and voters, if they are in the log at all.
    pub(super) fn push_voters(&self, batch: &mut ControlBatch) -> Result<(), String> {
        let Some(voters) = self.voters.as_ref().filter(|_| self.kraft_version > 0) else {
            return Ok(());
        };
        let version = KRaftVersionRecord {
            version: 0,
            k_raft_version: self.kraft_version,
        };
        batch.push(ControlType::KraftVersion, &version)?;
        batch.push(ControlType::KraftVoters, voters)
    }

    /// The file's content for this node leading in `epoch`.
    fn state_text(&self, node_id: i32, epoch: i32) -> String {
        if self.kraft_version > 0 {
            return format!(
                "{{\"leaderId\":{node_id},\"leaderEpoch\":{epoch},\"votedId\":-1,\
                 \"votedDirectoryId\":\"{}\",\"data_version\":1}}",
                Uuid::ZERO
            );
        }
        json!({
            "clusterId": "", "leaderId": node_id, "leaderEpoch": epoch, "votedId": -1,
            "appliedOffset": 0, "currentVoters": [{ "voterId": node_id }], "data_version": 0,
        })
        .to_string()
    }

    /// Remembers, synced, that this node leads in `epoch`.
    ///
    /// # Errors
    /// `Io`.
    pub(super) fn write_state(
        &self,
        dir: &Path,
        node: i32,
        epoch: i32,
    ) -> Result<(), StorageError> {
        small_file::replace(&state_path(dir), self.state_text(node, epoch).as_bytes())
    }
}

fn decode<'a, M: Message<'a>>(reader: &mut Reader<'a>) -> Result<M, String> {
    M::decode(reader, 0).map_err(|error| format!("{}: {error}", M::NAME))
}

fn state_path(dir: &Path) -> PathBuf {
    dir.join(QUORUM_STATE)
}

/// The epoch in `quorum-state`; 0 without the file.
///
/// # Errors
/// `Damaged` or `Io`.
pub(super) fn read_epoch(dir: &Path) -> Result<i32, OpenError> {
    let path = state_path(dir);
    let Some(text) = small_file::read_text(&path)? else {
        return Ok(0);
    };
    let damaged = |why: String| OpenError::Damaged {
        path: path.clone(),
        at: 0,
        why,
        advice: "Remove the file: the log beside it holds the epoch too".to_owned(),
    };
    let state: Value = serde_json::from_str(text.lines().next().unwrap_or_default())
        .map_err(|error| damaged(format!("not JSON: {error}")))?;
    let epoch = state.get("leaderEpoch").and_then(Value::as_i64);
    epoch
        .and_then(|epoch| i32::try_from(epoch).ok())
        .ok_or_else(|| damaged("no leaderEpoch".to_owned()))
}
