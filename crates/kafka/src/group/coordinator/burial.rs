//! Tombstones: what is written when offsets and groups go, asked for, too old, or with their topic.

use std::sync::Arc;

use super::Coordinator;
use crate::group::error::GroupError;
use crate::group::ledger::Slot;
use crate::group::records::{self, Entry, ForeignKind};
use crate::group::shard::Write;
use crate::log::TopicId;

/// Key types in the order of their tombstones: of the consumer protocol, of share groups, of streams groups.
const BURIAL_ORDER: [u8; 19] = [
    8, 7, 6, 5, 16, 4, 3, 14, 13, 12, 10, 15, 11, 22, 21, 20, 19, 23, 17,
];

impl Coordinator {
    /// Topics were deleted: their offsets go too. Only groups that were read already are looked at; offsets of
    /// the others are told apart by the topic's id later.
    pub(crate) fn topics_deleted(&self, topics: &[(Arc<str>, TopicId)]) {
        for shard in self.shards.get().into_iter().flatten() {
            let Some(mut open) = shard.open() else {
                continue;
            };
            let mut writes = Vec::new();
            for (group, slot) in open.ledger.groups() {
                for (topic, partitions) in slot.offsets.topics() {
                    let Some((_, id)) = topics.iter().find(|(name, _)| name == topic) else {
                        continue;
                    };
                    let of_topic = partitions.iter().filter(|(_, held)| {
                        held.committed.topic_id.is_zero() || held.committed.topic_id == *id
                    });
                    let buried = of_topic.filter_map(|(p, _)| bury_offset(group, topic, *p).ok());
                    writes.extend(buried);
                }
            }
            if let Err(error) = shard.append(&mut open, writes) {
                tracing::warn!(?error, "offsets of deleted topics not removed");
            }
        }
    }

    /// Removes offsets that are too old, and groups nothing is left of.
    pub(crate) fn expire(&self) {
        let now_ms = self.common.time.wall_ms();
        for shard in self.shards.get().into_iter().flatten() {
            let Some(mut open) = shard.open() else {
                continue;
            };
            let mut writes = Vec::new();
            let mut emptied = Vec::new();
            for (group, slot) in open
                .ledger
                .groups()
                .filter(|(_, slot)| slot.foreign.is_none())
            {
                let is_wanted = |topic: &str| slot.state.is_subscribed(topic);
                let base = slot.state.expiry_base();
                let old = slot
                    .offsets
                    .expired(base, now_ms, self.settings.retention_ms, is_wanted);
                if old.len() == slot.offsets.keys().len() && slot.state.is_deserted() {
                    writes.extend(bury_group(group, slot).unwrap_or_default());
                    emptied.push(group.clone());
                } else {
                    let buried = old
                        .iter()
                        .filter_map(|(t, p)| bury_offset(group, t, *p).ok());
                    writes.extend(buried);
                }
            }
            if !writes.is_empty() {
                tracing::info!(records = writes.len(), "expired offsets and groups removed");
            }
            match shard.append(&mut open, writes) {
                Ok(_) => emptied.iter().for_each(|group| open.ledger.forget(group)),
                Err(error) => tracing::warn!(?error, "expired offsets not removed"),
            }
        }
    }
}

pub(super) fn bury_offset(
    group: &str,
    topic: &Arc<str>,
    partition: i32,
) -> Result<Write, GroupError> {
    let key = records::offset_key(group, topic, partition).map_err(|_| GroupError::Unexpected)?;
    let topic = topic.clone();
    let entry = Entry::Offset {
        group: Arc::from(group),
        topic,
        partition,
        committed: None,
    };
    Ok(Write {
        key,
        value: None,
        entry,
    })
}

/// Tombstones for what the newer protocols recorded of a group. Kafka refuses to load a partition where they come in
/// another order: what is assigned goes before the members, the group itself last.
pub(super) fn bury_foreign(group: &Arc<str>, slot: &Slot) -> Vec<Write> {
    let kind = slot.foreign.unwrap_or(ForeignKind::Consumer);
    let bury = |key: &Vec<u8>| Write {
        key: key.clone(),
        value: None,
        entry: Entry::Foreign {
            kind,
            group: group.clone(),
            live: false,
        },
    };
    let mut keys: Vec<_> = slot.foreign_keys.iter().collect();
    keys.sort_by_key(|key| {
        BURIAL_ORDER
            .iter()
            .position(|kind| key.starts_with(&[0, *kind]))
    });
    keys.into_iter().map(bury).collect()
}

/// Everything the log knows of a group: first its offsets, last itself.
pub(super) fn bury_group(group: &Arc<str>, slot: &Slot) -> Result<Vec<Write>, GroupError> {
    let mut writes = Vec::new();
    for (topic, partition) in slot.offsets.keys() {
        writes.push(bury_offset(group, &topic, partition)?);
    }
    writes.extend(bury_foreign(group, slot));
    // Kafka keeps a group that it knows by its offsets alone until this tombstone, too.
    if slot.recorded || (slot.foreign.is_none() && !slot.offsets.is_empty()) {
        let key = records::group_key(group).map_err(|_| GroupError::Unexpected)?;
        let entry = Entry::Group {
            group: group.clone(),
            snapshot: None,
        };
        writes.push(Write {
            key,
            value: None,
            entry,
        });
    }
    Ok(writes)
}
