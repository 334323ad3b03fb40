//! Progress of consumer groups: the next message of each queue to consume.
//!
//! Invariants: what a client committed is kept, also where it goes back; the keeper writes it to disk. A reset of
//! progress is told to the next pull of the queue, and until then commits of the queue are not taken: they speak of
//! what the client read before.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;

/// A topic and a group that reads it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct TopicGroup {
    pub(crate) topic: Arc<str>,
    pub(crate) group: Arc<str>,
}

type ByQueue = BTreeMap<i32, i64>;

#[derive(Debug, Default)]
struct Tables {
    /// By group, then by topic: looked up without making a key.
    offsets: HashMap<Arc<str>, HashMap<Arc<str>, ByQueue>>,
    resets: HashMap<(Arc<str>, Arc<str>), ByQueue>,
}

#[derive(Debug, Default)]
pub(crate) struct ConsumerOffsets {
    tables: RwLock<Tables>,
    changed: AtomicBool,
    any_reset: AtomicBool,
}

impl ConsumerOffsets {
    pub(crate) fn new(stored: Vec<(TopicGroup, ByQueue)>) -> Self {
        let offsets = Self::default();
        let mut tables = offsets.tables.write();
        for (key, queues) in stored {
            let topics = tables.offsets.entry(key.group).or_default();
            topics.insert(key.topic, queues);
        }
        drop(tables);
        offsets
    }

    pub(crate) fn get(&self, group: &str, topic: &str, queue_id: i32) -> Option<i64> {
        let tables = self.tables.read();
        tables
            .offsets
            .get(group)?
            .get(topic)?
            .get(&queue_id)
            .copied()
    }

    /// Takes over what a client says; false where a reset stands against it.
    pub(crate) fn commit(&self, group: &str, topic: &str, queue_id: i32, offset: i64) -> bool {
        if self.pending_reset(group, topic, queue_id).is_some() {
            return false;
        }
        self.set(group, topic, queue_id, offset);
        true
    }

    pub(crate) fn set(&self, group: &str, topic: &str, queue_id: i32, offset: i64) {
        let mut tables = self.tables.write();
        let known = tables
            .offsets
            .get_mut(group)
            .and_then(|topics| topics.get_mut(topic));
        let previous = match known {
            Some(queues) => queues.insert(queue_id, offset),
            None => {
                let topics = tables.offsets.entry(group.into()).or_default();
                let queues = topics.entry(topic.into()).or_default();
                queues.insert(queue_id, offset)
            }
        };
        drop(tables);
        if let Some(previous) = previous.filter(|previous| *previous > offset) {
            tracing::warn!(
                group,
                topic,
                queue_id,
                from = previous,
                to = offset,
                "progress goes back"
            );
        }
        if previous != Some(offset) {
            self.changed.store(true, Ordering::Release);
        }
    }

    /// Sets progress from outside, to be told to the queue's next pull.
    pub(crate) fn reset(&self, group: &str, topic: &str, queue_id: i32, offset: i64) {
        self.set(group, topic, queue_id, offset);
        let mut tables = self.tables.write();
        let queues = tables
            .resets
            .entry((group.into(), topic.into()))
            .or_default();
        queues.insert(queue_id, offset);
        self.any_reset.store(true, Ordering::Release);
    }

    fn pending_reset(&self, group: &str, topic: &str, queue_id: i32) -> Option<i64> {
        if !self.any_reset.load(Ordering::Acquire) {
            return None;
        }
        let key = (Arc::from(group), Arc::from(topic));
        self.tables.read().resets.get(&key)?.get(&queue_id).copied()
    }

    /// The reset that this pull is told of; from then on the client's commits count again.
    pub(crate) fn take_reset(&self, group: &str, topic: &str, queue_id: i32) -> Option<i64> {
        let offset = self.pending_reset(group, topic, queue_id)?;
        let key = (Arc::from(group), Arc::from(topic));
        let mut tables = self.tables.write();
        if let Some(queues) = tables.resets.get_mut(&key) {
            queues.remove(&queue_id);
            if queues.is_empty() {
                tables.resets.remove(&key);
            }
        }
        let any = !tables.resets.is_empty();
        self.any_reset.store(any, Ordering::Release);
        Some(offset)
    }

    /// Progress of a group in a topic.
    pub(crate) fn of_topic(&self, group: &str, topic: &str) -> BTreeMap<i32, i64> {
        let tables = self.tables.read();
        let queues = tables
            .offsets
            .get(group)
            .and_then(|topics| topics.get(topic));
        queues.cloned().unwrap_or_default()
    }

    /// Topics in which a group has progress.
    pub(crate) fn topics_of(&self, group: &str) -> Vec<Arc<str>> {
        let tables = self.tables.read();
        let topics = tables
            .offsets
            .get(group)
            .into_iter()
            .flat_map(HashMap::keys);
        topics.cloned().collect()
    }

    /// Groups that have progress in a topic.
    pub(crate) fn groups_of(&self, topic: &str) -> Vec<Arc<str>> {
        let tables = self.tables.read();
        let reads = tables
            .offsets
            .iter()
            .filter(|(_, topics)| topics.contains_key(topic));
        reads.map(|(group, _)| Arc::clone(group)).collect()
    }

    /// Forgets a topic that is gone.
    pub(crate) fn remove_topic(&self, topic: &str) {
        self.remove(|_, known| known == topic);
    }

    /// Forgets a group that is gone.
    pub(crate) fn remove_group(&self, group: &str) {
        self.remove(|known, _| known == group);
    }

    fn remove(&self, gone: impl Fn(&str, &str) -> bool) {
        let mut tables = self.tables.write();
        tables.offsets.retain(|group, topics| {
            topics.retain(|topic, _| !gone(group, topic));
            !topics.is_empty()
        });
        tables
            .resets
            .retain(|(group, topic), _| !gone(group, topic));
        self.changed.store(true, Ordering::Release);
    }

    /// Everything, if it changed since this was asked last.
    pub(crate) fn take_changed(&self) -> Option<Vec<(TopicGroup, ByQueue)>> {
        self.changed
            .swap(false, Ordering::AcqRel)
            .then(|| self.all())
    }

    /// What was taken could not be written: it counts as changed still.
    pub(crate) fn put_back_changed(&self) {
        self.changed.store(true, Ordering::Release);
    }

    fn all(&self) -> Vec<(TopicGroup, ByQueue)> {
        let tables = self.tables.read();
        let mut all = Vec::new();
        for (group, topics) in &tables.offsets {
            for (topic, queues) in topics {
                let key = TopicGroup {
                    topic: Arc::clone(topic),
                    group: Arc::clone(group),
                };
                all.push((key, queues.clone()));
            }
        }
        drop(tables);
        all.sort();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_committed_is_there_and_written_once() {
        let offsets = ConsumerOffsets::default();
        assert!(offsets.take_changed().is_none());
        assert!(offsets.commit("g", "T", 0, 5));
        assert!(offsets.commit("g", "T", 1, 7));
        assert!(offsets.commit("g", "T", 0, 4), "progress may go back");
        assert_eq!(offsets.get("g", "T", 0), Some(4));
        assert_eq!(offsets.get("g", "T", 2), None);
        let all = offsets.take_changed().unwrap();
        assert_eq!(all[0].1, BTreeMap::from([(0, 4), (1, 7)]));
        assert!(offsets.take_changed().is_none());
        offsets.commit("g", "T", 0, 4);
        assert!(offsets.take_changed().is_none(), "nothing changed");
        let again = ConsumerOffsets::new(all);
        assert_eq!(again.of_topic("g", "T").len(), 2);
    }

    #[test]
    fn a_reset_stands_until_a_pull_is_told() {
        let offsets = ConsumerOffsets::default();
        offsets.commit("g", "T", 0, 50);
        offsets.reset("g", "T", 0, 10);
        assert!(!offsets.commit("g", "T", 0, 51));
        assert!(offsets.commit("g", "T", 1, 51));
        assert_eq!(offsets.get("g", "T", 0), Some(10));
        assert_eq!(offsets.take_reset("g", "T", 0), Some(10));
        assert_eq!(offsets.take_reset("g", "T", 0), None);
        assert!(offsets.commit("g", "T", 0, 11));
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let offsets = ConsumerOffsets::default();
        for (group, topic) in [("g", "T"), ("g", "U"), ("h", "T")] {
            offsets.set(group, topic, 0, 1);
        }
        offsets.remove_topic("T");
        assert_eq!(offsets.topics_of("g"), ["U".into()]);
        assert!(offsets.groups_of("T").is_empty());
        offsets.remove_group("g");
        assert!(offsets.topics_of("g").is_empty());
    }
}
