//! What all requests share: logs, metadata, routes, settings, limits, clock.
//!
//! A [`Broker`] knows no socket; [`server`] gives it threads and listeners.

mod background;
mod cleaning;
pub(crate) mod closings;
pub(crate) mod fetch_sessions;
mod housekeeping;
mod open;
mod producer_ids;
pub(crate) mod routes;
pub mod server;
mod topics;
pub(crate) mod visible;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use serving::{Budget, Worker};

use self::background::Background;
use self::closings::Closings;
use self::fetch_sessions::FetchSessions;
pub use self::open::{BrokerConfig, BrokerOpenError, OpenReport};
pub(crate) use self::producer_ids::ProducerIds;
use self::routes::RouteTable;
pub use self::topics::TopicError;
use crate::api::Close;
use crate::config::{BrokerSettings, Layers};
use crate::group::coordinator::Coordinator;
use crate::log::{Clock, LogDir, TopicPartition};
use crate::metadata::Metadata;
use crate::stats::Stats;

/// Bounds on what connections may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Largest request frame. Default 104 857 600 (`socket.request.max.bytes`).
    pub frame_bytes_max: usize,
    /// Bytes of large receive buffers over all connections. Default 32 MiB; a single larger frame still passes.
    pub in_flight_bytes_max: usize,
    /// A connection that sends nothing for this long is closed. Default 10 min (`connections.max.idle.ms`).
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes_max: 104_857_600,
            in_flight_bytes_max: 32 << 20,
            idle: Duration::from_secs(600),
        }
    }
}

impl Limits {
    fn with_settings(self, settings: &BrokerSettings) -> Self {
        let idle_ms = u64::try_from(settings.connections_max_idle_ms).unwrap_or(u64::MAX);
        // Far beyond any uptime, and still a moment that can be computed.
        let idle = Duration::from_millis(idle_ms).min(Duration::from_secs(365 * 86_400));
        Self {
            frame_bytes_max: usize::try_from(settings.request_max_bytes).unwrap_or(0),
            idle,
            ..self
        }
    }
}

/// Everything a request needs.
pub struct Broker {
    limits: Limits,
    budget: Arc<Budget>,
    closings: Closings,
    fetch_sessions: FetchSessions,
    producer_ids: ProducerIds,
    routes: RouteTable,
    settings: RwLock<Arc<BrokerSettings>>,
    layers: RwLock<Layers>,
    /// Held while topics are changed, so that metadata, logs and routes change in the same order.
    topic_changes: Mutex<()>,
    /// Held from reading settings to having changed them.
    settings_changes: Mutex<()>,
    stats: Stats,
    advertised: Option<(String, u16)>,
    clock: Arc<dyn Clock>,
    metadata: Arc<Metadata>,
    logs: Arc<LogDir>,
    groups: Arc<Coordinator>,
    background: Background,
    /// What goes on by itself: retention and checkpoints, compaction.
    workers: OnceLock<[Worker; 2]>,
}

impl std::fmt::Debug for Broker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Broker")
            .field("root", &self.logs.root())
            .finish_non_exhaustive()
    }
}

impl Broker {
    /// The partition logs.
    #[must_use]
    pub fn logs(&self) -> &Arc<LogDir> {
        &self.logs
    }

    /// The cluster metadata.
    #[must_use]
    pub fn metadata(&self) -> &Arc<Metadata> {
        &self.metadata
    }

    /// Where time comes from.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The broker settings now in force.
    #[must_use]
    pub fn settings(&self) -> Arc<BrokerSettings> {
        Arc::clone(&self.settings.read())
    }

    /// Where the broker settings come from.
    #[must_use]
    pub fn layers(&self) -> Layers {
        self.layers.read().clone()
    }

    /// Bytes held by large receive buffers now.
    #[must_use]
    pub fn in_flight_bytes(&self) -> usize {
        self.budget.used_bytes()
    }

    /// Fetch sessions held now.
    #[must_use]
    pub fn open_fetch_sessions(&self) -> usize {
        self.fetch_sessions.len()
    }

    /// Host and port a client is told, given the address it dialled.
    pub(crate) fn advertised(&self, dialled: SocketAddr) -> (String, i32) {
        match &self.advertised {
            Some((host, port)) => (host.clone(), i32::from(*port)),
            None => (
                dialled.ip().to_canonical().to_string(),
                i32::from(dialled.port()),
            ),
        }
    }

    /// Runs what may wait for the disk, off the threads that serve connections.
    pub(crate) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Arc<Self>) -> T + Send + 'static,
    ) -> Result<T, Close> {
        let broker = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&broker)).await;
        done.map_err(|error| Close::Defect(error.to_string()))
    }

    /// The coordinator of consumer groups.
    pub(crate) fn groups(&self) -> &Arc<Coordinator> {
        &self.groups
    }

    pub(crate) fn settings_changes(&self) -> &Mutex<()> {
        &self.settings_changes
    }

    /// Records that each group has still to read, over all partitions it has committed an offset for. May read
    /// logs that nobody has asked for yet.
    #[must_use]
    pub fn group_lags(&self) -> Vec<(Arc<str>, u64)> {
        let groups = self.groups.committed_now().into_iter();
        let lag = |(topic, partition, offset): &(Arc<str>, i32, i64)| {
            let tp = TopicPartition::new(Arc::clone(topic), *partition);
            let end = self.logs.log(&tp)?.high_watermark().ok()?;
            u64::try_from(end.0.saturating_sub(*offset)).ok()
        };
        groups
            .map(|(name, offsets)| (name, offsets.iter().filter_map(lag).sum()))
            .collect()
    }

    /// Counts per API.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn budget(&self) -> &Arc<Budget> {
        &self.budget
    }

    pub(crate) fn closings(&self) -> &Closings {
        &self.closings
    }

    pub(crate) fn routes(&self) -> &RouteTable {
        &self.routes
    }

    pub(crate) fn fetch_sessions(&self) -> &FetchSessions {
        &self.fetch_sessions
    }

    pub(crate) fn producer_ids(&self) -> &ProducerIds {
        &self.producer_ids
    }
}
