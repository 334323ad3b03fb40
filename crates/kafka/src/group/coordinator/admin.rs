//! Showing and deleting groups.

use std::sync::Arc;

use super::Coordinator;
use super::burial::bury_group;
use crate::group::error::GroupError;
use crate::group::ledger::Slot;
use crate::group::records::ForeignKind;
use crate::group::state::Phase;

/// A group as ListGroups shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) group: Arc<str>,
    pub(crate) protocol_type: Arc<str>,
    pub(crate) state: &'static str,
    pub(crate) kind: &'static str,
}

/// A group as DescribeGroups shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Described {
    pub(crate) state: &'static str,
    pub(crate) protocol_type: Arc<str>,
    /// Empty unless stable.
    pub(crate) protocol: Arc<str>,
    pub(crate) members: Vec<DescribedMember>,
}

/// A member as DescribeGroups shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DescribedMember {
    pub(crate) member_id: Arc<str>,
    pub(crate) instance_id: Option<Arc<str>>,
    pub(crate) client_id: Arc<str>,
    pub(crate) client_host: Arc<str>,
    /// Empty unless stable.
    pub(crate) metadata: bytes::Bytes,
    pub(crate) assignment: bytes::Bytes,
}

/// Topic, partition, committed offset.
type CommittedNow = (Arc<str>, i32, i64);

impl Coordinator {
    /// A group's members; `None` if there is no such group, or it is not a classic one.
    pub(crate) async fn describe(&self, group: &str) -> Result<Option<Described>, GroupError> {
        let shard = self.ready(group).await?;
        let open = shard.open().ok_or(GroupError::Loading)?;
        Ok(open
            .ledger
            .get(group)
            .filter(|slot| slot.foreign.is_none())
            .map(describe))
    }

    /// All groups.
    pub(crate) async fn list(&self) -> Result<Vec<Listed>, GroupError> {
        let mut listed = Vec::new();
        for shard in self.shards().unwrap_or_default() {
            self.read(shard).await?;
            let open = shard.open().ok_or(GroupError::Loading)?;
            listed.extend(open.ledger.groups().map(|(name, slot)| list(name, slot)));
        }
        listed.sort_by(|a, b| a.group.cmp(&b.group));
        Ok(listed)
    }

    /// What every group has committed, as far as it is in memory now: for figures, not for clients.
    pub(crate) fn committed_now(&self) -> Vec<(Arc<str>, Vec<CommittedNow>)> {
        let mut groups = Vec::new();
        for shard in self.shards_read() {
            let Some(open) = shard.open() else { continue };
            for (name, slot) in open.ledger.groups() {
                let topics = slot.offsets.topics().flat_map(|(topic, partitions)| {
                    let offsets = partitions.iter();
                    offsets.map(|(number, held)| (topic.clone(), *number, held.committed.offset))
                });
                groups.push((name.clone(), topics.collect()));
            }
        }
        groups
    }

    /// Deletes groups with all their offsets; one outcome per group, in order.
    pub(crate) async fn delete_groups(&self, groups: &[&str]) -> Vec<Result<(), GroupError>> {
        let mut outcomes = Vec::with_capacity(groups.len());
        for group in groups {
            outcomes.push(self.delete_group(group).await);
        }
        outcomes
    }

    async fn delete_group(&self, group: &str) -> Result<(), GroupError> {
        let shard = self.ready(group).await?;
        let end = {
            let mut open = shard.open().ok_or(GroupError::Loading)?;
            let slot = open.ledger.get(group).ok_or(GroupError::GroupNotFound)?;
            slot.state.may_be_deleted()?;
            let group: Arc<str> = Arc::from(group);
            let writes = bury_group(&group, slot)?;
            let end = shard.append(&mut open, writes)?;
            open.ledger.forget(&group);
            end
        };
        shard.reached(end).await
    }
}

fn describe(slot: &Slot) -> Described {
    let state = &slot.state;
    let is_stable = state.phase() == Phase::Stable;
    let protocol = state.protocol().filter(|_| is_stable).cloned();
    let metadata_of = protocol.clone();
    let members = state.members().map(|member| DescribedMember {
        member_id: member.id.clone(),
        instance_id: member.instance_id.clone(),
        client_id: member.client_id.clone(),
        client_host: member.client_host.clone(),
        metadata: metadata_of
            .as_deref()
            .and_then(|name| member.metadata(name))
            .unwrap_or_default(),
        assignment: member.assignment.clone(),
    });
    Described {
        state: state.phase().name(),
        protocol_type: state
            .protocol_type()
            .cloned()
            .unwrap_or_else(|| Arc::from("")),
        members: members.collect(),
        protocol: protocol.unwrap_or_else(|| Arc::from("")),
    }
}

fn list(name: &Arc<str>, slot: &Slot) -> Listed {
    let protocol_type = match slot.foreign {
        None => slot
            .state
            .protocol_type()
            .cloned()
            .unwrap_or_else(|| Arc::from("")),
        Some(kind) => Arc::from(kind.name()),
    };
    Listed {
        group: name.clone(),
        protocol_type,
        // Members of the newer protocols cannot live here.
        state: slot
            .foreign
            .map_or(slot.state.phase().name(), |_| Phase::Empty.name()),
        kind: slot.foreign.map_or("classic", ForeignKind::name),
    }
}
