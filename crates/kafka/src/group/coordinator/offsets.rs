//! Committing, fetching and deleting offsets.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Coordinator;
use super::burial::bury_offset;
use crate::group::error::GroupError;
use crate::group::records::{self, Committed, Entry};
use crate::group::shard::{Open, Shard, Write};
use crate::log::{KafkaOffset, TopicId};

/// An offset to commit.
#[derive(Clone, Debug)]
pub(crate) struct NewOffset {
    pub(crate) topic: Arc<str>,
    pub(crate) topic_id: TopicId,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) leader_epoch: i32,
    pub(crate) metadata: Arc<str>,
}

/// Who commits, and for which generation.
#[derive(Clone, Debug)]
pub(crate) struct Committer {
    pub(crate) member_id: Arc<str>,
    pub(crate) instance_id: Option<Arc<str>>,
    /// -1 for "no member".
    pub(crate) generation: i32,
    /// How long the offsets shall be kept; `None` leaves it to the server.
    pub(crate) retention_ms: Option<i64>,
}

/// Offsets by topic and partition, `None` where nothing was committed.
pub(crate) type Offsets = BTreeMap<Arc<str>, BTreeMap<i32, Option<Committed>>>;

impl Coordinator {
    /// An OffsetCommit: all or nothing as to who may, and safe when it returns.
    ///
    /// # Errors
    /// `GroupNotFound` if the group does not exist and the committer claims to be a member.
    pub(crate) async fn commit(
        &self,
        group: &str,
        committer: &Committer,
        offsets: Vec<NewOffset>,
    ) -> Result<(), GroupError> {
        let shard = self.ready(group).await?;
        let end = {
            let mut open = shard.open().ok_or(GroupError::Loading)?;
            let group: Arc<str> = Arc::from(group);
            may_commit(&shard, &mut open, &group, committer)?;
            let committed_ms = self.common.time.wall_ms();
            let expires_ms = committer
                .retention_ms
                .map(|kept| committed_ms.saturating_add(kept));
            let writes: Result<Vec<_>, _> = offsets
                .into_iter()
                .map(|offset| offset.into_write(&group, committed_ms, expires_ms))
                .collect();
            shard.append(&mut open, writes?)?
        };
        shard.reached(end).await
    }

    /// Committed offsets: those asked for, or all. Safe ones only.
    pub(crate) async fn offsets(
        &self,
        group: &str,
        wanted: Option<&[(Arc<str>, Vec<i32>)]>,
    ) -> Result<Offsets, GroupError> {
        let shard = self.ready(group).await?;
        let mut end: Option<KafkaOffset> = None;
        let mut found = Offsets::new();
        {
            let open = shard.open().ok_or(GroupError::Loading)?;
            let table = open.ledger.get(group).map(|slot| &slot.offsets);
            match wanted {
                Some(topics) => {
                    for (topic, partitions) in topics {
                        let of_topic = found.entry(topic.clone()).or_default();
                        for partition in partitions {
                            let held = table.and_then(|table| table.get(topic, *partition));
                            end = end.max(held.map(|held| held.end));
                            of_topic.insert(*partition, held.map(|held| held.committed.clone()));
                        }
                    }
                }
                None => {
                    for (topic, partitions) in table.into_iter().flat_map(|table| table.topics()) {
                        let of_topic = found.entry(topic.clone()).or_default();
                        for (partition, held) in partitions {
                            end = end.max(Some(held.end));
                            of_topic.insert(*partition, Some(held.committed.clone()));
                        }
                    }
                }
            }
        }
        shard.reached(end).await?;
        Ok(found)
    }

    /// Deletes single offsets of a group; one outcome per topic and partition, in order.
    pub(crate) async fn delete_offsets(
        &self,
        group: &str,
        partitions: &[(Arc<str>, i32)],
    ) -> Result<Vec<Result<(), GroupError>>, GroupError> {
        // Unlike for commits, Kafka takes no empty name here.
        if group.is_empty() {
            return Err(GroupError::InvalidGroupId);
        }
        let shard = self.ready(group).await?;
        let mut outcomes = Vec::with_capacity(partitions.len());
        let end = {
            let mut open = shard.open().ok_or(GroupError::Loading)?;
            let slot = open.ledger.get(group).ok_or(GroupError::GroupNotFound)?;
            slot.state.may_delete_offsets()?;
            let mut writes = Vec::new();
            for (topic, partition) in partitions {
                if slot.state.is_subscribed(topic) {
                    outcomes.push(Err(GroupError::SubscribedToTopic));
                    continue;
                }
                outcomes.push(Ok(()));
                if slot.offsets.get(topic, *partition).is_some() {
                    writes.push(bury_offset(group, topic, *partition)?);
                }
            }
            shard.append(&mut open, writes)?
        };
        shard.reached(end).await?;
        Ok(outcomes)
    }
}

impl NewOffset {
    fn into_write(
        self,
        group: &Arc<str>,
        committed_ms: i64,
        expires_ms: Option<i64>,
    ) -> Result<Write, GroupError> {
        let committed = Committed {
            offset: self.offset,
            leader_epoch: self.leader_epoch.max(-1),
            metadata: self.metadata,
            committed_ms,
            expires_ms,
            topic_id: self.topic_id,
        };
        let key = records::offset_key(group, &self.topic, self.partition);
        Ok(Write {
            key: key.map_err(|_| GroupError::Unexpected)?,
            value: Some(records::offset_value(&committed).map_err(|_| GroupError::Unexpected)?),
            entry: Entry::Offset {
                group: group.clone(),
                topic: self.topic,
                partition: self.partition,
                committed: Some(committed),
            },
        })
    }
}

fn may_commit(
    shard: &Arc<Shard>,
    open: &mut Open,
    group: &Arc<str>,
    committer: &Committer,
) -> Result<(), GroupError> {
    let Some(slot) = open.ledger.get(group) else {
        // Without membership anybody may: the group comes into being with its offsets.
        return if committer.generation < 0 {
            Ok(())
        } else {
            Err(GroupError::GroupNotFound)
        };
    };
    if slot.foreign.is_some() && committer.generation >= 0 {
        return Err(GroupError::UnknownMember);
    }
    let (member_id, instance_id) = (&committer.member_id, committer.instance_id.as_ref());
    let allowed = shard.change(open, group, |state, now_ms, _| {
        state.may_commit(member_id, instance_id, committer.generation, now_ms)
    });
    allowed.unwrap_or(Ok(()))
}
