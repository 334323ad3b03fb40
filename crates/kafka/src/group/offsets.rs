//! The committed offsets of one group.
//!
//! An offset is here as soon as its record is in the log's buffer; `end` says which position of the log must be
//! safe before anybody may learn of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::records::Committed;
use super::state::ExpiryBase;
use crate::log::KafkaOffset;

/// A committed offset and where its record ends.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) committed: Committed,
    /// End of its record in the log, exclusive.
    pub(crate) end: KafkaOffset,
}

/// Offsets by topic and partition.
#[derive(Clone, Debug, Default)]
pub(crate) struct OffsetTable {
    topics: BTreeMap<Arc<str>, BTreeMap<i32, Held>>,
}

impl OffsetTable {
    pub(crate) fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    pub(crate) fn get(&self, topic: &str, partition: i32) -> Option<&Held> {
        self.topics.get(topic)?.get(&partition)
    }

    pub(crate) fn put(&mut self, topic: &Arc<str>, partition: i32, held: Held) {
        match self.topics.get_mut(topic) {
            Some(partitions) => {
                partitions.insert(partition, held);
            }
            None => {
                self.topics
                    .insert(topic.clone(), BTreeMap::from([(partition, held)]));
            }
        }
    }

    /// Forgets an offset; true if there was one.
    pub(crate) fn remove(&mut self, topic: &str, partition: i32) -> bool {
        let Some(partitions) = self.topics.get_mut(topic) else {
            return false;
        };
        let removed = partitions.remove(&partition).is_some();
        if partitions.is_empty() {
            self.topics.remove(topic);
        }
        removed
    }

    /// All offsets, by topic.
    pub(crate) fn topics(&self) -> impl Iterator<Item = (&Arc<str>, &BTreeMap<i32, Held>)> {
        self.topics.iter()
    }

    /// Names of all partitions that have an offset.
    pub(crate) fn keys(&self) -> Vec<(Arc<str>, i32)> {
        let each = |(topic, partitions): (&Arc<str>, &BTreeMap<i32, Held>)| {
            partitions
                .keys()
                .map(|partition| (topic.clone(), *partition))
                .collect::<Vec<_>>()
        };
        self.topics.iter().flat_map(each).collect()
    }

    /// Partitions whose offsets are too old, leaving out topics that `wanted` names.
    pub(crate) fn expired(
        &self,
        base: ExpiryBase,
        now_ms: i64,
        retention_ms: i64,
        wanted: impl Fn(&str) -> bool,
    ) -> Vec<(Arc<str>, i32)> {
        let is_old = |committed: &Committed| {
            let since_ms = match base {
                ExpiryBase::Never => return false,
                ExpiryBase::Since(ms) => ms,
                ExpiryBase::Commit => committed.committed_ms,
            };
            match committed.expires_ms {
                Some(at_ms) => now_ms >= at_ms,
                None => now_ms.saturating_sub(since_ms) >= retention_ms,
            }
        };
        let mut old = Vec::new();
        for (topic, partitions) in self.topics.iter().filter(|(topic, _)| !wanted(topic)) {
            let of_topic = partitions
                .iter()
                .filter(|(_, held)| is_old(&held.committed));
            old.extend(of_topic.map(|(partition, _)| (topic.clone(), *partition)));
        }
        old
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::TopicId;

    fn held(committed_ms: i64, expires_ms: Option<i64>) -> Held {
        Held {
            committed: Committed {
                offset: 1,
                leader_epoch: -1,
                metadata: Arc::from(""),
                committed_ms,
                expires_ms,
                topic_id: TopicId::ZERO,
            },
            end: KafkaOffset(1),
        }
    }

    #[test]
    fn what_is_old_depends_on_the_group() {
        let mut table = OffsetTable::default();
        table.put(&Arc::from("a"), 0, held(1000, None));
        table.put(&Arc::from("a"), 1, held(5000, None));
        table.put(&Arc::from("b"), 0, held(5000, Some(6000)));
        let nothing = |_: &str| false;
        for (base, now_ms, expected) in [
            (ExpiryBase::Never, i64::MAX, vec![]),
            (ExpiryBase::Commit, 10_999, vec![("b", 0)]),
            (ExpiryBase::Commit, 11_000, vec![("a", 0), ("b", 0)]),
            (
                ExpiryBase::Since(900),
                10_900,
                vec![("a", 0), ("a", 1), ("b", 0)],
            ),
            (ExpiryBase::Since(900), 5999, vec![]),
        ] {
            let found = table.expired(base, now_ms, 10_000, nothing);
            let found: Vec<_> = found.iter().map(|(topic, p)| (&**topic, *p)).collect();
            assert_eq!(found, expected, "{base:?} at {now_ms}");
        }
        let wanted = table.expired(ExpiryBase::Commit, i64::MAX, 0, |topic| topic == "a");
        assert_eq!(wanted.len(), 1);
        assert!(table.remove("a", 0) && !table.remove("a", 0) && table.remove("a", 1));
        assert_eq!(table.keys(), [(Arc::from("b"), 0)]);
    }
}
