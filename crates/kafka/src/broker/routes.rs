//! From a topic's name or id to its logs, without a lock per request.
//!
//! A [`Routes`] is an immutable snapshot; a change makes a new one and counts up the generation. Each connection keeps
//! the snapshot it used last and looks at the generation only.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;

use crate::log::{PartitionLog, TopicId};

/// A partition that can be read and written here.
#[derive(Debug, Clone)]
pub(crate) struct PartitionRoute {
    pub(crate) log: Arc<PartitionLog>,
    pub(crate) leader_epoch: i32,
}

#[derive(Debug)]
pub(crate) struct TopicRoute {
    pub(crate) name: Arc<str>,
    pub(crate) id: TopicId,
    /// Written by coordinators, not by clients.
    pub(crate) internal: bool,
    /// By partition number; `None` where the log could not be opened.
    pub(crate) partitions: Vec<Option<PartitionRoute>>,
}

impl TopicRoute {
    pub(crate) fn partition(&self, number: i32) -> Option<&PartitionRoute> {
        self.partitions.get(usize::try_from(number).ok()?)?.as_ref()
    }

    /// Whether the topic has a partition of this number, readable or not.
    pub(crate) fn has(&self, number: i32) -> bool {
        usize::try_from(number).is_ok_and(|number| number < self.partitions.len())
    }
}

#[derive(Debug, Default, Clone)]
pub(crate) struct Routes {
    by_name: HashMap<Arc<str>, Arc<TopicRoute>>,
    by_id: HashMap<TopicId, Arc<TopicRoute>>,
}

impl Routes {
    pub(crate) fn topic(&self, name: &str) -> Option<&Arc<TopicRoute>> {
        self.by_name.get(name)
    }

    pub(crate) fn topic_by_id(&self, id: TopicId) -> Option<&Arc<TopicRoute>> {
        self.by_id.get(&id)
    }

    pub(crate) fn put(&mut self, topic: TopicRoute) {
        let topic = Arc::new(topic);
        let before = self
            .by_name
            .insert(Arc::clone(&topic.name), Arc::clone(&topic));
        if let Some(before) = before {
            self.by_id.remove(&before.id);
        }
        self.by_id.insert(topic.id, topic);
    }

    pub(crate) fn remove(&mut self, name: &str) {
        if let Some(topic) = self.by_name.remove(name) {
            self.by_id.remove(&topic.id);
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct RouteTable {
    current: RwLock<Arc<Routes>>,
    generation: AtomicU64,
}

impl RouteTable {
    pub(crate) fn current(&self) -> Arc<Routes> {
        Arc::clone(&self.current.read())
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Routes)) {
        let mut current = self.current.write();
        change(Arc::make_mut(&mut current));
        self.generation.fetch_add(1, Ordering::Release);
    }
}

/// A connection's view of the table.
#[derive(Debug, Default)]
pub(crate) struct CachedRoutes {
    routes: Arc<Routes>,
    /// One more than the table's generation when it was taken; 0 is never.
    seen: u64,
}

impl CachedRoutes {
    /// The routes as they are now.
    pub(crate) fn get(&mut self, table: &RouteTable) -> &Arc<Routes> {
        let generation = table.generation.load(Ordering::Acquire) + 1;
        if self.seen != generation {
            // A change between the two only means that the next call takes the table again.
            self.routes = table.current();
            self.seen = generation;
        }
        &self.routes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic(name: &str, id: u8) -> TopicRoute {
        TopicRoute {
            name: name.into(),
            id: TopicId([id; 16]),
            internal: false,
            partitions: Vec::new(),
        }
    }

    #[test]
    fn a_view_follows_the_table_and_a_recreated_topic_loses_its_old_id() {
        let table = RouteTable::default();
        let mut view = CachedRoutes::default();
        assert!(view.get(&table).topic("a").is_none());
        table.change(|routes| routes.put(topic("a", 1)));
        assert!(view.get(&table).topic("a").is_some());
        table.change(|routes| routes.put(topic("a", 2)));
        let routes = view.get(&table);
        assert!(routes.topic_by_id(TopicId([1; 16])).is_none());
        assert!(routes.topic_by_id(TopicId([2; 16])).is_some());
        table.change(|routes| routes.remove("a"));
        assert!(view.get(&table).topic_by_id(TopicId([2; 16])).is_none());
    }
}
