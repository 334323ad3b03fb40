//! The broker: takes messages in, keeps who reads how far, gives messages out.
//!
//! A [`Broker`] knows no socket: connections call `handle` with a request and the `Channel` it came by. Everything
//! takes `&self`; tables have locks of their own, none of which is held while waiting for the disk on a thread that
//! serves connections.
//! Threads of its own: `rocketmq-keeper` (tables, silence, old files, transactions), `rocketmq-delay` (delayed
//! messages); the store's dispatcher wakes pulls that wait.
//! Reading order: `requests/send`, `put`, `requests/pull`, `holds`.
//! Absent on purpose: POP, timers of any length, access control, slaves.

mod arrivals;
mod clients;
mod delays;
mod group_configs;
mod holds;
mod keeper;
mod locks;
mod names;
mod offsets;
mod open;
mod properties;
mod put;
mod readdressed;
mod requests;
mod settings;
mod stats;
mod tables;
mod topics;
mod transactions;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use serving::Worker;

use self::arrivals::Arrivals;
use self::clients::{Change, Consumers, Producers};
use self::delays::Delays;
use self::group_configs::{GroupConfig, GroupConfigs};
use self::holds::Holds;
use self::locks::QueueLocks;
use self::offsets::ConsumerOffsets;
pub use self::open::{BrokerConfig, BrokerOpenError};
pub(crate) use self::requests::handle;
pub use self::settings::BrokerSettings;
pub use self::stats::{Figures, Stats};
use self::tables::ConfigDir;
use self::topics::{TableVersion, TopicConfig, Topics};
use self::transactions::Transactions;
use crate::connection::{Channel, Handled};
use crate::namesrv::{DataVersion, NameServer, Registration};
use crate::remoting::codes::{request as code, response};
use crate::remoting::headers::NotifyConsumerIdsHeader;
use crate::remoting::{Answer, Refusal};
use crate::store::{Clock, GetRequest, QueueOffset, ReadError, Store, StoreError};

/// A queue is young while its first message is no farther from the log's end: about what lies in memory.
const YOUNG_BYTES: i64 = 1 << 30;

/// Everything a request needs.
pub struct Broker {
    settings: BrokerSettings,
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    /// When it was opened, ms.
    started_ms: i64,
    arrivals: Arc<Arrivals>,
    topics: Topics,
    groups: GroupConfigs,
    offsets: ConsumerOffsets,
    delays: Delays,
    consumers: Consumers,
    producers: Producers,
    locks: QueueLocks,
    transactions: Transactions,
    /// What each group's last heartbeat of version 2 was about.
    fingerprints: Mutex<HashMap<String, i64>>,
    name_server: Option<Arc<NameServer>>,
    config_dir: ConfigDir,
    /// Which version of a table is on disk. Held while it is written, so that many who wait share one write.
    topics_written: Mutex<TableVersion>,
    groups_written: Mutex<TableVersion>,
    turn: AtomicUsize,
    numbers: AtomicI64,
    stats: Stats,
    workers: OnceLock<[Worker; 2]>,
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broker")
            .field("name", &self.settings.name)
            .finish_non_exhaustive()
    }
}

impl Broker {
    /// The settings it was opened with.
    #[must_use]
    pub fn settings(&self) -> &BrokerSettings {
        &self.settings
    }

    /// Its store.
    #[must_use]
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Pulls that wait for messages now.
    #[must_use]
    pub fn held_pulls(&self) -> usize {
        self.holds().len()
    }

    /// What went in and out, and what was refused.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Looks at open transactions now rather than at the next interval.
    ///
    /// # Errors
    /// What kept it from looking at all.
    pub fn check_transactions(&self) -> Result<(), Refusal> {
        self.transactions.check(self)
    }

    /// Looks at delayed messages now: for a clock that was set.
    pub fn wake_delays(&self) {
        self.arrivals.delays.ring();
    }

    fn arrivals(&self) -> &Arrivals {
        &self.arrivals
    }

    fn holds(&self) -> &Arc<Holds> {
        &self.arrivals.holds
    }

    fn topics(&self) -> &Topics {
        &self.topics
    }

    fn groups(&self) -> &GroupConfigs {
        &self.groups
    }

    fn offsets(&self) -> &ConsumerOffsets {
        &self.offsets
    }

    fn delays(&self) -> &Delays {
        &self.delays
    }

    fn consumers(&self) -> &Consumers {
        &self.consumers
    }

    fn producers(&self) -> &Producers {
        &self.producers
    }

    fn locks(&self) -> &QueueLocks {
        &self.locks
    }

    fn transactions(&self) -> &Transactions {
        &self.transactions
    }

    fn name_server(&self) -> Option<&NameServer> {
        self.name_server.as_deref()
    }

    fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    fn next_number(&self) -> i64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// How many levels of delay there are.
    fn delay_levels(&self) -> i32 {
        i32::try_from(self.store.settings().delay_levels_ms.len()).unwrap_or(i32::MAX)
    }

    /// What a level waits, ms.
    fn delay_ms(&self, level: i32) -> i64 {
        let levels = &self.store.settings().delay_levels_ms;
        let index = usize::try_from(level - 1).unwrap_or(usize::MAX);
        levels.get(index).copied().unwrap_or(1000)
    }

    /// One queue of so many, another one each time.
    fn any_queue(&self, queues: i32) -> Result<i32, Refusal> {
        let queues = usize::try_from(queues).unwrap_or(0);
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let chosen = turn.checked_rem(queues);
        let chosen = chosen.and_then(|chosen| i32::try_from(chosen).ok());
        chosen.ok_or_else(|| {
            Refusal::new(
                response::NO_PERMISSION,
                "the topic has no queue to write to",
            )
        })
    }

    /// The group, which is made now if it may be.
    fn find_group(&self, name: &str) -> Option<Arc<GroupConfig>> {
        self.groups.get_or_create(name, self.now_ms())
    }

    /// Whether the queue's first message is still there, and near the log's end.
    fn queue_is_young(&self, topic: &str, queue_id: i32) -> Result<bool, ReadError> {
        let request = GetRequest {
            messages_max: 1,
            ..GetRequest::new(topic, queue_id, QueueOffset(0))
        };
        let got = self.store.get(&request)?;
        let first = got.units.first().filter(|_| got.min_offset.0 <= 0);
        let end = self.store.state().log_end;
        let behind = first.map(|(_, unit)| end.0.saturating_sub(unit.physical_offset.0));
        Ok(behind.is_some_and(|bytes| bytes <= YOUNG_BYTES))
    }

    /// Notes what a group's heartbeat is about; whether it was about something else before.
    fn fingerprint_changed(&self, group: &str, fingerprint: i64) -> bool {
        let mut fingerprints = self.fingerprints.lock();
        let before = fingerprints.insert(group.to_owned(), fingerprint);
        before.is_some_and(|before| before != fingerprint)
    }

    /// Tells members of groups that their group changed, so that they share queues anew.
    fn tell_members(&self, change: &Change) {
        for (group, channels) in &change.groups {
            let notify = self
                .groups
                .get(group)
                .is_none_or(|config| config.notify_changes);
            let header = NotifyConsumerIdsHeader {
                consumer_group: group,
            };
            for channel in channels.iter().filter(|_| notify) {
                let code = code::NOTIFY_CONSUMER_IDS_CHANGED;
                channel.send_oneway(code, &|to| header.encode(to), &[]);
            }
        }
    }

    /// A connection is gone, and whoever it was with it.
    pub(crate) fn channel_closed(&self, channel: &Channel) {
        let change = self.consumers.channel_closed(channel.id);
        self.tell_members(&change);
        self.producers.channel_closed(channel.id);
    }

    /// Makes a topic unless it is there; the one that is there then, and whether it is new.
    fn add_topic(&self, topic: TopicConfig) -> (Arc<TopicConfig>, bool) {
        let (topic, is_new) = self.topics.add(topic, self.now_ms());
        if is_new {
            tracing::info!(
                topic = &*topic.name,
                queues = topic.write_queues,
                "topic made"
            );
            self.register(&topic);
        }
        (topic, is_new)
    }

    /// Makes or changes a topic.
    fn put_topic(&self, topic: TopicConfig) {
        let topic = self.topics.put(topic, self.now_ms());
        self.register(&topic);
    }

    /// Takes a topic away, with its queues and all progress in it.
    fn delete_topic(&self, name: &str) -> Result<(), Refusal> {
        self.topics.remove(name, self.now_ms());
        if let Some(name_server) = &self.name_server {
            name_server.change_topic(&self.settings.name, name, None);
        }
        self.write_topics()
            .map_err(|error| Refusal::system(error.to_string()))?;
        self.offsets.remove_topic(name);
        let deleted = self.store.delete_topic(name);
        deleted.map_err(|error| Refusal::system(error.to_string()))
    }

    fn register(&self, topic: &TopicConfig) {
        if let Some(name_server) = &self.name_server {
            let queues = Some(topic.queues());
            name_server.change_topic(&self.settings.name, &topic.name, queues);
        }
    }

    /// Tells the name server of this process everything.
    fn register_all(&self) {
        let Some(name_server) = &self.name_server else {
            return;
        };
        let (topics, version) = self.topics.all();
        let topics = topics
            .iter()
            .map(|topic| (topic.name.to_string(), topic.queues()));
        name_server.register(Registration {
            cluster: self.settings.cluster.clone(),
            name: self.settings.name.clone(),
            address: self.settings.address.to_string(),
            ha_address: self.settings.address.to_string(),
            id: 0,
            enable_acting_master: false,
            timeout_ms: None,
            channel: None,
            version: DataVersion {
                state_version: version.state_version,
                timestamp: version.timestamp_ms,
                counter: version.counter,
            },
            topics: Some(topics.collect::<BTreeMap<_, _>>()),
        });
    }

    /// Waits until every topic that is there now is on disk.
    async fn topics_on_disk(self: &Arc<Self>) -> Result<(), Refusal> {
        let written = self.blocking(|broker| broker.write_topics()).await?;
        written.map_err(|error| Refusal::system(error.to_string()))
    }

    /// Writes the topics, if they changed.
    fn write_topics(&self) -> Result<(), StoreError> {
        let mut written = self.topics_written.lock();
        if self.topics.version() != *written {
            let (topics, version) = self.topics.all();
            let table = tables::topics_json(&topics, version);
            self.config_dir.store(tables::TOPICS, &table)?;
            *written = version;
        }
        Ok(())
    }

    /// Writes the groups, if they changed.
    fn write_groups(&self) -> Result<(), StoreError> {
        let mut written = self.groups_written.lock();
        if self.groups.version() != *written {
            let stored = self.groups.all();
            let table = tables::groups_json(&stored);
            self.config_dir.store(tables::GROUPS, &table)?;
            *written = stored.version;
        }
        Ok(())
    }

    /// Writes the progress of consumers and of delay levels, if it changed.
    fn write_offsets(&self) -> Result<(), StoreError> {
        if let Some(offsets) = self.offsets.take_changed() {
            let table = tables::offsets_json(&offsets);
            let stored = self.config_dir.store(tables::OFFSETS, &table);
            stored.inspect_err(|_| self.offsets.put_back_changed())?;
        }
        if let Some(offsets) = self.delays.unwritten() {
            self.config_dir
                .store(tables::DELAYS, &tables::delay_json(&offsets))?;
            self.delays.written(offsets);
        }
        Ok(())
    }

    /// Runs what may wait for the disk, off the threads that serve connections.
    async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let broker = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&broker)).await;
        done.map_err(|error| Refusal::system(error.to_string()))
    }

    /// An answer made off the threads that serve connections.
    fn answer_blocking(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<Answer, Refusal> + Send + 'static,
    ) -> Handled {
        let broker = Arc::clone(self);
        Handled::Later(Box::pin(async move {
            Some(match broker.blocking(work).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(refusal)) | Err(refusal) => refusal.into(),
            })
        }))
    }
}
