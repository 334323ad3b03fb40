//! Start and stop of a broker.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, AtomicUsize};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use serving::{Bell, Worker};

use super::arrivals::Arrivals;
use super::clients::{Consumers, Producers};
use super::delays::{self, Delays};
use super::group_configs::GroupConfigs;
use super::locks::QueueLocks;
use super::offsets::ConsumerOffsets;
use super::settings::BrokerSettings;
use super::stats::Stats;
use super::tables::{self, ConfigDir};
use super::topics::{Topics, built_in};
use super::transactions::Transactions;
use super::{Broker, keeper};
use crate::namesrv::NameServer;
use crate::store::{ReadError, RecoveryReport, Store, StoreError, StoreOptions};

/// What a broker is made of.
#[derive(Debug)]
pub struct BrokerConfig {
    /// Its data root.
    pub root: PathBuf,
    /// Its settings.
    pub settings: BrokerSettings,
    /// How its store is opened; who listens to the store is the broker's own business.
    pub store: StoreOptions,
    /// The name server of this process, which it tells about its topics.
    pub name_server: Option<Arc<NameServer>>,
}

/// Why a broker did not start. Nothing was lost by any of them.
#[derive(Debug, thiserror::Error)]
pub enum BrokerOpenError {
    /// The store, or a table in `config`.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What the store has could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A thread.
    #[error("a thread could not be started: {0}")]
    Thread(io::Error),
}

impl Broker {
    /// Opens the store and the tables, and starts what goes on by itself.
    ///
    /// # Errors
    /// As the variants say.
    pub fn open(config: BrokerConfig) -> Result<(Arc<Self>, RecoveryReport), BrokerOpenError> {
        let arrivals = Arrivals::new();
        let clock = Arc::clone(&config.store.clock);
        let disk = Arc::clone(config.store.engine.disk());
        let options = StoreOptions {
            listener: Arc::clone(&arrivals) as _,
            ..config.store
        };
        let (store, report) = Store::open(&config.root, options)?;
        let dir = ConfigDir::at(&config.root, disk);
        let topics = dir
            .load(tables::TOPICS)?
            .map(|json| tables::topics_from_json(&json));
        let (topics, topic_version) = topics.unwrap_or_default();
        let groups = dir
            .load(tables::GROUPS)?
            .map(|json| tables::groups_from_json(&json));
        let groups = groups.unwrap_or_default();
        let offsets = dir
            .load(tables::OFFSETS)?
            .map(|json| tables::offsets_from_json(&json));
        let delays = dir
            .load(tables::DELAYS)?
            .map(|json| tables::delay_from_json(&json));
        let auto_groups = config.settings.auto_create_groups;
        let broker = Arc::new(Self {
            topics: Topics::new(topics, topic_version),
            groups: GroupConfigs::new(groups, auto_groups),
            offsets: ConsumerOffsets::new(offsets.unwrap_or_default()),
            delays: Delays::new(delays.unwrap_or_default()),
            settings: config.settings,
            store,
            started_ms: clock.now_ms(),
            clock,
            arrivals,
            consumers: Consumers::default(),
            producers: Producers::default(),
            locks: QueueLocks::default(),
            transactions: Transactions::default(),
            fingerprints: Mutex::default(),
            name_server: config.name_server,
            config_dir: dir,
            topics_written: Mutex::default(),
            groups_written: Mutex::default(),
            turn: AtomicUsize::new(0),
            numbers: AtomicI64::new(0),
            stats: Stats::default(),
            workers: OnceLock::new(),
        });
        let now_ms = broker.now_ms();
        for topic in built_in(&broker.settings) {
            broker.topics.add(topic, now_ms);
        }
        broker.write_topics()?;
        broker.transactions.recover(&broker)?;
        broker.register_all();
        broker.start_workers().map_err(BrokerOpenError::Thread)?;
        Ok((broker, report))
    }

    fn start_workers(self: &Arc<Self>) -> io::Result<()> {
        let weak = Arc::downgrade(self);
        let for_keeper = weak.clone();
        let keeper = Worker::start("rocketmq-keeper", Arc::<Bell>::default(), move |bell| {
            keeper::run(&for_keeper, bell);
        })?;
        let bell = Arc::clone(&self.arrivals.delays);
        let delays = Worker::start("rocketmq-delay", bell, move |bell| delays::run(&weak, bell))?;
        let _ = self.workers.set([keeper, delays]);
        Ok(())
    }

    /// Answers the pulls that wait, and has those that come not wait any more: the first step of a stop.
    pub fn stop_holding(&self) {
        self.holds().close();
    }

    /// Writes what has to be written and closes the store. Connections should be gone by then.
    ///
    /// # Errors
    /// The store could not be closed as a clean stop demands; the next start recovers it.
    pub fn close(&self) -> Result<(), StoreError> {
        self.stop_holding();
        for worker in self.workers.get().into_iter().flatten() {
            worker.stop();
        }
        self.persist();
        self.store.close()
    }
}
