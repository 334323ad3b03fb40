//! Topics: how many queues each has, and what may be done with it.
//!
//! Invariants: a topic that was made is on disk before anybody is told so. Names were checked before they came here.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::RwLock;

use super::names::{AUTO_CREATE_KEY, GAVE_UP_TOPIC, HALF_TOPIC, OP_TOPIC, SCHEDULE_TOPIC};
use super::settings::BrokerSettings;
use crate::namesrv::TopicQueues;

/// Permissions: bits of `perm`.
pub(crate) mod perm {
    /// May be read.
    pub(crate) const READ: i32 = 1 << 2;
    /// May be written.
    pub(crate) const WRITE: i32 = 1 << 1;
    /// Lends its settings to unknown topics.
    pub(crate) const INHERIT: i32 = 1;
    /// The usual.
    pub(crate) const READ_WRITE: i32 = READ | WRITE;
}

/// Bits of a topic's system flag.
pub(crate) mod unit_flag {
    /// Made by a producer in unit mode.
    pub(crate) const UNIT: i32 = 1;
    /// Made for a consumer in unit mode.
    pub(crate) const UNIT_SUBSCRIPTION: i32 = 1 << 1;
}

/// One topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TopicConfig {
    pub(crate) name: Arc<str>,
    pub(crate) read_queues: i32,
    pub(crate) write_queues: i32,
    pub(crate) perm: i32,
    /// A message may have several tags.
    pub(crate) multi_tag: bool,
    pub(crate) sys_flag: i32,
    pub(crate) order: bool,
    pub(crate) attributes: BTreeMap<String, String>,
}

impl TopicConfig {
    pub(crate) fn new(name: &str, queues: i32, perm: i32) -> Self {
        Self {
            name: name.into(),
            read_queues: queues,
            write_queues: queues,
            perm,
            multi_tag: false,
            sys_flag: 0,
            order: false,
            attributes: BTreeMap::new(),
        }
    }

    pub(crate) fn is_readable(&self) -> bool {
        self.perm & perm::READ != 0
    }

    pub(crate) fn is_writable(&self) -> bool {
        self.perm & perm::WRITE != 0
    }

    /// What a name server is told.
    pub(crate) fn queues(&self) -> TopicQueues {
        TopicQueues {
            read: self.read_queues,
            write: self.write_queues,
            perm: self.perm,
            sys_flag: self.sys_flag,
        }
    }
}

/// The topics a broker has before anybody makes one.
pub(crate) fn built_in(settings: &BrokerSettings) -> Vec<TopicConfig> {
    let inherited = perm::READ_WRITE | perm::INHERIT;
    let mut topics = vec![
        TopicConfig::new("SELF_TEST_TOPIC", 1, perm::READ_WRITE),
        TopicConfig::new("BenchmarkTest", 1024, perm::READ_WRITE),
        TopicConfig::new(&settings.cluster, 16, inherited),
        TopicConfig::new(&settings.name, 1, inherited),
        TopicConfig::new("OFFSET_MOVED_EVENT", 1, perm::READ_WRITE),
        TopicConfig::new(SCHEDULE_TOPIC, 18, perm::READ_WRITE),
        TopicConfig::new(&settings.reply_topic(), 1, perm::READ_WRITE),
        TopicConfig::new(HALF_TOPIC, 1, perm::READ_WRITE),
        TopicConfig::new(OP_TOPIC, 1, perm::READ_WRITE),
        TopicConfig::new(GAVE_UP_TOPIC, 1, perm::READ_WRITE),
    ];
    if settings.trace_on {
        topics.push(TopicConfig::new("RMQ_SYS_TRACE_TOPIC", 1, perm::READ_WRITE));
    }
    if settings.auto_create_topics {
        let queues = settings.default_topic_queues;
        topics.push(TopicConfig::new(AUTO_CREATE_KEY, queues, inherited));
    }
    topics
}

/// How often the table changed, and when last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TableVersion {
    pub(crate) state_version: i64,
    pub(crate) timestamp_ms: i64,
    pub(crate) counter: i64,
}

impl TableVersion {
    pub(crate) fn advance(&mut self, now_ms: i64) {
        self.timestamp_ms = now_ms;
        self.counter += 1;
    }
}

#[derive(Debug, Default)]
struct Table {
    topics: HashMap<Arc<str>, Arc<TopicConfig>>,
    version: TableVersion,
}

/// All topics of a broker.
#[derive(Debug, Default)]
pub(crate) struct Topics {
    table: RwLock<Table>,
}

impl Topics {
    pub(crate) fn new(topics: Vec<TopicConfig>, version: TableVersion) -> Self {
        let topics = topics
            .into_iter()
            .map(|topic| (Arc::clone(&topic.name), Arc::new(topic)));
        Self {
            table: RwLock::new(Table {
                topics: topics.collect(),
                version,
            }),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<TopicConfig>> {
        self.table.read().topics.get(name).cloned()
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.table.read().topics.contains_key(name)
    }

    /// All topics in the order of their names, and the version they are.
    pub(crate) fn all(&self) -> (Vec<Arc<TopicConfig>>, TableVersion) {
        let table = self.table.read();
        let mut topics: Vec<_> = table.topics.values().cloned().collect();
        let version = table.version;
        drop(table);
        topics.sort_by(|a, b| a.name.cmp(&b.name));
        (topics, version)
    }

    pub(crate) fn version(&self) -> TableVersion {
        self.table.read().version
    }

    /// Makes a topic unless it is there; the one that is there then, and whether it is new.
    pub(crate) fn add(&self, topic: TopicConfig, now_ms: i64) -> (Arc<TopicConfig>, bool) {
        let mut table = self.table.write();
        if let Some(known) = table.topics.get(&topic.name) {
            return (Arc::clone(known), false);
        }
        let topic = Arc::new(topic);
        table
            .topics
            .insert(Arc::clone(&topic.name), Arc::clone(&topic));
        table.version.advance(now_ms);
        (topic, true)
    }

    /// Makes a topic, or changes the one that is there.
    pub(crate) fn put(&self, topic: TopicConfig, now_ms: i64) -> Arc<TopicConfig> {
        let mut table = self.table.write();
        let topic = Arc::new(topic);
        table
            .topics
            .insert(Arc::clone(&topic.name), Arc::clone(&topic));
        table.version.advance(now_ms);
        topic
    }

    /// Takes a topic away; whether it was there.
    pub(crate) fn remove(&self, name: &str, now_ms: i64) -> bool {
        let mut table = self.table.write();
        let removed = table.topics.remove(name).is_some();
        if removed {
            table.version.advance(now_ms);
        }
        removed
    }

    /// What an unknown topic becomes by a message sent to it: as many queues as the sender would like and `default`
    /// has, with its permissions; `None` where `default` lends nothing.
    pub(crate) fn inherited(&self, name: &str, default: &str, wanted: i32) -> Option<TopicConfig> {
        let default = self.get(default)?;
        if default.perm & perm::INHERIT == 0 {
            return None;
        }
        let queues = wanted.min(default.write_queues).max(0);
        let mut topic = TopicConfig::new(name, queues, default.perm & !perm::INHERIT);
        topic.multi_tag = default.multi_tag;
        Some(topic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> BrokerSettings {
        BrokerSettings::at(([127, 0, 0, 1], 10911).into())
    }

    #[test]
    fn an_unknown_topic_inherits() {
        let topics = Topics::new(built_in(&settings()), TableVersion::default());
        for (wanted, queues) in [(4, 4), (16, 8), (-1, 0)] {
            let topic = topics.inherited("T", AUTO_CREATE_KEY, wanted).unwrap();
            assert_eq!((topic.read_queues, topic.write_queues), (queues, queues));
            assert_eq!(topic.perm, perm::READ_WRITE);
        }
        assert!(topics.inherited("T", "SELF_TEST_TOPIC", 4).is_none());
        assert!(topics.inherited("T", "unknown", 4).is_none());
    }

    #[test]
    fn without_auto_creation_nothing_is_lent() {
        let mut settings = settings();
        settings.auto_create_topics = false;
        let topics = Topics::new(built_in(&settings), TableVersion::default());
        assert!(topics.inherited("T", AUTO_CREATE_KEY, 4).is_none());
    }

    #[test]
    fn the_version_grows_with_each_change() {
        let topics = Topics::default();
        let topic = || TopicConfig::new("T", 1, perm::READ);
        assert!(topics.add(topic(), 5).1);
        assert!(!topics.add(topic(), 6).1);
        assert_eq!(
            (topics.version().counter, topics.version().timestamp_ms),
            (1, 5)
        );
        topics.put(topic(), 7);
        assert!(topics.remove("T", 8));
        assert!(!topics.remove("T", 9));
        assert_eq!(
            (topics.version().counter, topics.version().timestamp_ms),
            (3, 8)
        );
    }
}
