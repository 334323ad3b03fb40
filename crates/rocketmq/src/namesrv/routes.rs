//! Who is where: brokers by name, their addresses, their topics.
//!
//! Invariants: a topic's entry names only brokers that are known; a broker without addresses is not known; a cluster
//! without brokers is not known.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::BROKER_TIMEOUT_MS;
use super::registration_body::TopicQueues;

/// The id of a master among the brokers of one name.
const MASTER_ID: i64 = 0;
/// Permission bit: may be written.
const PERM_WRITE: i32 = 1 << 1;

/// Which state of its topics a broker speaks of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DataVersion {
    /// Grows with a new master.
    pub state_version: i64,
    /// When it changed last, ms.
    pub timestamp: i64,
    /// How often it changed.
    pub counter: i64,
}

/// What a broker says of itself.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Its cluster.
    pub cluster: String,
    /// Its name; master and slaves share it.
    pub name: String,
    /// Where clients reach it.
    pub address: String,
    /// Where slaves reach it.
    pub ha_address: String,
    /// 0 for a master.
    pub id: i64,
    /// Whether a slave may stand in for the master.
    pub enable_acting_master: bool,
    /// Silence after which it is forgotten, ms; `None` for the usual time.
    pub timeout_ms: Option<i64>,
    /// The connection it came by; `None` for the broker of this process, which is never forgotten.
    pub channel: Option<u64>,
    /// Which state `topics` is of.
    pub version: DataVersion,
    /// Its topics; `None` where it said nothing about them.
    pub topics: Option<BTreeMap<String, TopicQueues>>,
}

/// What a broker is told when it registers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Registered {
    /// The master's address and where slaves reach it, for a slave.
    pub(super) master: Option<(String, String)>,
}

/// The brokers of one name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct BrokerGroup {
    pub(super) cluster: String,
    pub(super) addresses: BTreeMap<i64, String>,
    pub(super) enable_acting_master: bool,
}

/// Where a topic is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TopicRoute {
    pub(super) queues: BTreeMap<String, TopicQueues>,
    pub(super) brokers: BTreeMap<String, BrokerGroup>,
}

#[derive(Debug)]
struct Live {
    seen_ms: i64,
    timeout_ms: i64,
    channel: Option<u64>,
    version: DataVersion,
    ha_address: String,
}

#[derive(Debug, Default)]
pub(super) struct Routes {
    topics: BTreeMap<String, BTreeMap<String, TopicQueues>>,
    brokers: BTreeMap<String, BrokerGroup>,
    /// By cluster and address.
    live: HashMap<(String, String), Live>,
}

impl Routes {
    pub(super) fn register(&mut self, new: Registration, now_ms: i64) -> Registered {
        let group = self.brokers.entry(new.name.clone()).or_default();
        group.cluster.clone_from(&new.cluster);
        group.enable_acting_master = new.enable_acting_master;
        // A slave that became the master, or the other way round, is known under its new id alone.
        group
            .addresses
            .retain(|id, address| *address != new.address || *id == new.id);
        group.addresses.insert(new.id, new.address.clone());
        let key = (new.cluster.clone(), new.address.clone());
        let live = Live {
            seen_ms: now_ms,
            timeout_ms: new.timeout_ms.unwrap_or(BROKER_TIMEOUT_MS),
            channel: new.channel,
            version: new.version,
            ha_address: new.ha_address,
        };
        self.live.insert(key, live);
        if new.id == MASTER_ID
            && let Some(topics) = new.topics
        {
            self.replace_topics(&new.name, topics);
        }
        let master = (new.id != MASTER_ID).then(|| self.master_of(&new.cluster, &new.name));
        Registered {
            master: master.flatten(),
        }
    }

    fn replace_topics(&mut self, broker: &str, topics: BTreeMap<String, TopicQueues>) {
        self.topics.retain(|topic, by_broker| {
            if !topics.contains_key(topic) {
                by_broker.remove(broker);
            }
            !by_broker.is_empty()
        });
        for (topic, queues) in topics {
            let by_broker = self.topics.entry(topic).or_default();
            by_broker.insert(broker.to_owned(), queues);
        }
    }

    /// One topic of a broker came, changed or went.
    pub(super) fn change_topic(&mut self, broker: &str, topic: &str, queues: Option<TopicQueues>) {
        let Some(queues) = queues else {
            if let Some(by_broker) = self.topics.get_mut(topic) {
                by_broker.remove(broker);
                if by_broker.is_empty() {
                    self.topics.remove(topic);
                }
            }
            return;
        };
        let by_broker = self.topics.entry(topic.to_owned()).or_default();
        by_broker.insert(broker.to_owned(), queues);
    }

    fn master_of(&self, cluster: &str, name: &str) -> Option<(String, String)> {
        let address = self.brokers.get(name)?.addresses.get(&MASTER_ID)?;
        let live = self.live.get(&(cluster.to_owned(), address.clone()))?;
        Some((address.clone(), live.ha_address.clone()))
    }

    pub(super) fn unregister(&mut self, cluster: &str, name: &str, address: &str) {
        self.live.remove(&(cluster.to_owned(), address.to_owned()));
        let Some(group) = self.brokers.get_mut(name) else {
            return;
        };
        group.addresses.retain(|_, known| known != address);
        if !group.addresses.is_empty() {
            return;
        }
        self.brokers.remove(name);
        self.topics.retain(|_, by_broker| {
            by_broker.remove(name);
            !by_broker.is_empty()
        });
    }

    pub(super) fn forget_silent(&mut self, now_ms: i64) {
        let silent = |live: &Live| {
            live.channel.is_some() && now_ms.saturating_sub(live.seen_ms) > live.timeout_ms
        };
        self.forget(silent);
    }

    pub(super) fn channel_closed(&mut self, channel: u64) {
        self.forget(|live| live.channel == Some(channel));
    }

    fn forget(&mut self, gone: impl Fn(&Live) -> bool) {
        let gone = self.live.iter().filter(|(_, live)| gone(live));
        let gone: Vec<(String, String)> = gone.map(|(key, _)| key.clone()).collect();
        for (cluster, address) in gone {
            let names = self.brokers.iter().filter(|(_, group)| {
                group.cluster == cluster && group.addresses.values().any(|known| *known == address)
            });
            let names: Vec<String> = names.map(|(name, _)| name.clone()).collect();
            for name in names {
                tracing::info!(broker = name, %address, "broker forgotten");
                self.unregister(&cluster, &name, &address);
            }
            self.live.remove(&(cluster, address));
        }
    }

    /// The broker at this address was heard of; its version, if it is known.
    pub(super) fn seen(
        &mut self,
        cluster: &str,
        address: &str,
        now_ms: i64,
    ) -> Option<DataVersion> {
        let key = (cluster.to_owned(), address.to_owned());
        let live = self.live.get_mut(&key)?;
        live.seen_ms = now_ms;
        Some(live.version.clone())
    }

    pub(super) fn version(&self, cluster: &str, address: &str) -> Option<&DataVersion> {
        let live = self.live.get(&(cluster.to_owned(), address.to_owned()));
        live.map(|live| &live.version)
    }

    /// Where `topic` is; `None` where no known broker has it.
    pub(super) fn route(&self, topic: &str) -> Option<TopicRoute> {
        let queues = self.topics.get(topic)?;
        let brokers = queues.keys().filter_map(|name| {
            let group = self.brokers.get(name)?;
            Some((name.clone(), group.clone()))
        });
        let brokers: BTreeMap<_, _> = brokers.collect();
        (!brokers.is_empty()).then(|| TopicRoute {
            queues: queues.clone(),
            brokers,
        })
    }

    pub(super) fn brokers(&self) -> &BTreeMap<String, BrokerGroup> {
        &self.brokers
    }

    /// Broker names by cluster.
    pub(super) fn clusters(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut clusters: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, group) in &self.brokers {
            clusters.entry(&group.cluster).or_default().insert(name);
        }
        clusters
    }

    pub(super) fn topics(&self) -> impl Iterator<Item = &str> {
        self.topics.keys().map(String::as_str)
    }

    pub(super) fn topics_of_cluster(&self, cluster: &str) -> BTreeSet<&str> {
        let in_cluster = |name: &String| {
            let group = self.brokers.get(name);
            group.is_some_and(|group| group.cluster == cluster)
        };
        let topics = self.topics.iter();
        let topics = topics.filter(|(_, by_broker)| by_broker.keys().any(in_cluster));
        topics.map(|(topic, _)| topic.as_str()).collect()
    }

    /// Forgets a topic, in one cluster or everywhere; the next registration of a broker that has it brings it back.
    pub(super) fn delete_topic(&mut self, topic: &str, cluster: Option<&str>) {
        let Some(by_broker) = self.topics.get_mut(topic) else {
            return;
        };
        let brokers = &self.brokers;
        by_broker.retain(|name, _| {
            let group = brokers.get(name);
            cluster.is_some_and(|cluster| group.is_none_or(|group| group.cluster != cluster))
        });
        if by_broker.is_empty() {
            self.topics.remove(topic);
        }
    }

    /// Sets or clears the write permission of all topics of a broker; how many it has.
    pub(super) fn set_writable(&mut self, broker: &str, writable: bool) -> usize {
        let mut changed = 0;
        for queues in self.topics.values_mut().filter_map(|t| t.get_mut(broker)) {
            queues.perm = match writable {
                true => queues.perm | PERM_WRITE,
                false => queues.perm & !PERM_WRITE,
            };
            changed += 1;
        }
        changed
    }
}
