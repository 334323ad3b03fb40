//! Opening a broker on a data directory, and closing it.
//!
//! Order: directory lock, metadata, logs (which ask the metadata for each log's settings and leader epoch), the two
//! compared, routes. Closing goes the other way; the clean marker is written last.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use segment::{DirLock, Engine, FlushService};
use serving::{Budget, Worker};

use super::background::Background;
use super::closings::Closings;
use super::fetch_sessions::FetchSessions;
use super::producer_ids::ProducerIds;
use super::routes::{PartitionRoute, RouteTable, TopicRoute};
use super::{Broker, Limits, cleaning, housekeeping};
use crate::config::{BrokerSettings, Layers};
use crate::group;
use crate::log::{
    Clock, LogConfig, LogDir, LogDirOptions, RecoveryReport, StorageError, TopicPartition,
    partition_metadata,
};
use crate::metadata::{
    ChangeError, Metadata, MetadataOptions, MetadataReport, OpenError, TopicImage, is_internal,
};
use crate::stats::Stats;

/// How to open a broker.
pub struct BrokerConfig {
    /// The data directory, Kafka's `log.dirs`.
    pub root: PathBuf,
    /// Where files of ours go; `None` is `.highwater` inside the data directory.
    pub own_dir: Option<PathBuf>,
    /// The engine for all logs.
    pub engine: Arc<dyn Engine>,
    /// The flush service for all logs.
    pub flush: Arc<FlushService>,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// The node's number; `None` takes what the directory says, else 1.
    pub node_id: Option<i32>,
    /// The cluster's id; `None` takes what the directory says, else a random one.
    pub cluster_id: Option<String>,
    /// Broker settings given at start.
    pub layers: Layers,
    /// Host and port told to clients; `None` tells each the address it dialled.
    pub advertised: Option<(String, u16)>,
    /// Bounds on connections.
    pub limits: Limits,
}

/// What opening found.
#[derive(Debug, Clone)]
pub struct OpenReport {
    /// The logs' recovery.
    pub recovery: RecoveryReport,
    /// The metadata.
    pub metadata: MetadataReport,
    /// Partitions of the metadata that had no directory and were created empty.
    pub created: Vec<TopicPartition>,
    /// Directories that the metadata does not know: renamed to end in `-stray` and not served.
    pub strays: Vec<TopicPartition>,
}

/// Why a broker could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerOpenError {
    /// The data directory or a file in it.
    #[error("{0}")]
    Storage(#[from] StorageError),
    /// The metadata.
    #[error("{0}")]
    Metadata(#[from] OpenError),
    /// The metadata could not take the new leader epochs.
    #[error("{0}")]
    Change(#[from] ChangeError),
    /// The system refused a thread.
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}

impl Broker {
    /// Opens the data directory, making it if there is none.
    ///
    /// # Errors
    /// `BrokerOpenError`; what was opened is closed again. A directory whose metadata is refused is left as it was.
    pub fn open(mut config: BrokerConfig) -> Result<(Arc<Self>, OpenReport), BrokerOpenError> {
        let lock = LogDir::lock(&config.root)?;
        let options = MetadataOptions {
            node_id: config.node_id,
            cluster_id: config.cluster_id.take(),
            clock: Arc::clone(&config.clock),
        };
        let (metadata, metadata_report) = Metadata::open(&config.root, &options)?;
        if metadata_report.is_remarkable() {
            tracing::warn!("{metadata_report}");
        } else {
            tracing::debug!("{metadata_report}");
        }
        let metadata = Arc::new(metadata);
        config.layers.set_node_id(metadata.node_id());
        let layers = config
            .layers
            .with_altered(&metadata.all_brokers_config(), &metadata.broker_config());
        let (logs, recovery) = open_logs(&config, lock, &metadata, &layers)?;
        logs.set_broker_epoch(metadata.broker_epoch());
        let report = OpenReport {
            recovery,
            metadata: metadata_report,
            created: Vec::new(),
            strays: Vec::new(),
        };
        Self::assemble(config, metadata, logs, layers, report)
    }

    fn assemble(
        config: BrokerConfig,
        metadata: Arc<Metadata>,
        logs: Arc<LogDir>,
        layers: Layers,
        mut report: OpenReport,
    ) -> Result<(Arc<Self>, OpenReport), BrokerOpenError> {
        let settings = layers.settings();
        let limits = config.limits.with_settings(&settings);
        let background = Background::start().map_err(BrokerOpenError::Thread)?;
        let groups = {
            let _runtime = background.handle().enter();
            group::open(&logs, &metadata, &config.clock, &settings)
        };
        let broker = Arc::new(Self {
            limits,
            budget: Budget::new(limits.in_flight_bytes_max),
            closings: Closings::default(),
            fetch_sessions: FetchSessions::new(
                usize::try_from(settings.fetch_session_slots).unwrap_or(0),
            ),
            producer_ids: ProducerIds::default(),
            routes: RouteTable::default(),
            settings: parking_lot::RwLock::new(Arc::new(settings)),
            layers: parking_lot::RwLock::new(layers),
            topic_changes: parking_lot::Mutex::new(()),
            settings_changes: parking_lot::Mutex::new(()),
            stats: Stats::default(),
            advertised: config.advertised,
            clock: config.clock,
            metadata,
            logs,
            groups,
            background,
            workers: OnceLock::new(),
        });
        broker.reconcile(&mut report)?;
        {
            let _runtime = broker.background.handle().enter();
            broker.groups.start();
        }
        let keeper = housekeeping::start(&broker, !report.recovery.clean);
        let cleaner = cleaning::start(&broker);
        let workers = [keeper, cleaner].map(|started| started.map_err(BrokerOpenError::Thread));
        let [keeper, cleaner] = workers;
        let _ = broker.workers.set([keeper?, cleaner?]);
        Ok((broker, report))
    }

    /// Makes the logs that the metadata promises, sets aside what it does not know, and the routes to all.
    fn reconcile(&self, report: &mut OpenReport) -> Result<(), BrokerOpenError> {
        let logs = self.logs.logs();
        let mut found = Vec::with_capacity(logs.len());
        for log in &logs {
            found.push((log.tp().clone(), partition_metadata::read(&log.dir())?));
        }
        let differs = self
            .metadata
            .image()
            .reconcile(found.iter().map(|(tp, id)| (tp, *id)));
        for tp in differs.strays {
            if let Some(path) = self.logs.set_aside(&tp)? {
                tracing::warn!(partition = %tp, to = %path.display(), "no topic claims this directory, set aside");
            }
            report.strays.push(tp);
        }
        let failed = &report.recovery.failed;
        let unreadable: HashSet<&str> = failed.iter().map(|(name, _)| name.as_str()).collect();
        let mut missing = differs.missing;
        missing.retain(|(tp, _)| !unreadable.contains(tp.to_string().as_str()));
        for of_topic in missing.chunk_by(|(_, a), (_, b)| a == b) {
            let Some((first, id)) = of_topic.first() else {
                continue;
            };
            let tps: Vec<TopicPartition> = of_topic.iter().map(|(tp, _)| tp.clone()).collect();
            let config = self.log_config(&first.topic);
            self.logs.create_all(&tps, *id, &config)?;
            report.created.extend(tps);
        }
        self.settle_epochs(&report.recovery)?;
        let image = self.metadata.image();
        self.routes.change(|routes| {
            for topic in image.topics() {
                routes.put(self.route_of(topic));
            }
        });
        Ok(())
    }

    /// After a crash: no partition's leader epoch in the metadata is below the newest in its log, and where records
    /// were cut a new epoch begins, so that consumers which had seen more notice.
    fn settle_epochs(&self, recovery: &RecoveryReport) -> Result<(), BrokerOpenError> {
        if recovery.clean {
            return Ok(());
        }
        let reports = recovery.partitions.iter();
        let lost: HashSet<&str> = reports
            .filter(|report| !report.cuts.is_empty())
            .map(|report| report.partition.as_str())
            .collect();
        let (mut at_least, mut cut, mut begun) = (Vec::new(), Vec::new(), Vec::new());
        for log in self.logs.logs() {
            let Some(topic) = self.metadata.topic(&log.tp().topic) else {
                continue;
            };
            let number = log.tp().partition;
            at_least.push((topic.id(), number, log.leader_epoch()?));
            if lost.contains(log.tp().to_string().as_str()) {
                cut.push((topic.id(), number));
                begun.push(log);
            }
        }
        self.metadata.raise_leader_epochs(&at_least)?;
        self.metadata.begin_leader_epochs(&cut)?;
        for log in begun {
            let topic = self.metadata.topic(&log.tp().topic);
            if let Some(found) = topic
                .as_ref()
                .and_then(|topic| topic.partition(log.tp().partition))
            {
                log.assign_leader_epoch(found.leader_epoch())?;
            }
        }
        Ok(())
    }

    /// The route to a topic whose logs exist.
    pub(super) fn route_of(&self, topic: &TopicImage) -> TopicRoute {
        let count = usize::try_from(topic.partition_count()).unwrap_or(0);
        let mut partitions = Vec::with_capacity(count);
        for number in 0..topic.partition_count() {
            let log = self
                .logs
                .log(&TopicPartition::new(Arc::clone(topic.name()), number));
            let leader_epoch = topic
                .partition(number)
                .map_or(0, |image| image.leader_epoch());
            partitions.push(log.map(|log| PartitionRoute { log, leader_epoch }));
        }
        TopicRoute {
            name: Arc::clone(topic.name()),
            id: topic.id(),
            internal: is_internal(topic.name()),
            partitions,
        }
    }

    /// The settings now in force for a topic's logs.
    pub(super) fn log_config(&self, topic: &str) -> LogConfig {
        self.layers
            .read()
            .log_config(&self.metadata.topic_config(topic))
    }

    /// Ends the background work and closes the logs; the clean marker is written last. Blocks.
    ///
    /// # Errors
    /// The first log that could not be closed; the next start recovers.
    pub fn close(&self) -> Result<(), StorageError> {
        self.workers
            .get()
            .into_iter()
            .flatten()
            .for_each(Worker::stop);
        self.groups.close();
        self.background.stop();
        self.logs.close()
    }
}

fn open_logs(
    config: &BrokerConfig,
    lock: DirLock,
    metadata: &Arc<Metadata>,
    layers: &Layers,
) -> Result<(Arc<LogDir>, RecoveryReport), StorageError> {
    let settings: BrokerSettings = layers.settings();
    let mut options = LogDirOptions::new(
        Arc::clone(&config.engine),
        Arc::clone(&config.flush),
        Arc::clone(&config.clock),
    );
    let (for_config, for_epoch) = (Arc::clone(metadata), Arc::clone(metadata));
    let layers = layers.clone();
    options.config_of = Box::new(move |tp| layers.log_config(&for_config.topic_config(&tp.topic)));
    options.epoch_of = Box::new(move |tp| {
        let topic = for_epoch.topic(&tp.topic);
        let partition = topic
            .as_ref()
            .and_then(|topic| topic.partition(tp.partition));
        partition.map_or(0, |found| found.leader_epoch())
    });
    options.own_dir.clone_from(&config.own_dir);
    options.recovery_threads = settings.recovery_threads;
    options.producer_expiration_ms = settings.producer_id_expiration_ms;
    options.lock = Some(lock);
    LogDir::open(&config.root, options)
}
