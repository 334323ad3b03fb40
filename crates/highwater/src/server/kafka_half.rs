//! The Kafka half: opened on its directory, served, and closed.

use super::data::DataDirs;
use super::engines::Engines;
use super::listeners::Listeners;
use super::{StartError, StopError, Threads};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::http::{KafkaSource, RecoveryFigures};
use kafka::broker::server;
use kafka::broker::{Broker, BrokerConfig, BrokerOpenError, Limits, OpenReport};
use kafka::log::StorageError;
use segment::{EngineKind, FlushService};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// What `auto` means; measured, see docs/decisions/0001-engines.md.
pub const DEFAULT_ENGINE: EngineKind = EngineKind::File;

/// What a start found and chose.
#[derive(Debug, Clone)]
pub struct KafkaSummary {
    /// Where clients connect.
    pub address: SocketAddr,
    /// The log directory.
    pub dir: PathBuf,
    /// The engine in use, and why it.
    pub engine: String,
    /// One line about what recovery found.
    pub recovery: String,
}

/// The half, recovered; nobody is served yet.
pub(super) struct Opened {
    broker: Arc<Broker>,
    engine: &'static str,
    report: OpenReport,
    summary: KafkaSummary,
}

/// The half at work.
pub(super) struct Running {
    broker: Arc<Broker>,
    connections: serving::Server,
}

/// Opens and recovers.
///
/// # Errors
/// `Locked`, `Damaged`, `Data`.
pub(super) fn open(
    config: &Config,
    dirs: &DataDirs,
    engines: &Engines,
    flush: Arc<FlushService>,
    listening: SocketAddr,
) -> Result<Opened, StartError> {
    let chosen = engines.choose(config.engine, DEFAULT_ENGINE, "Kafka's");
    let mut layers = config.kafka_settings.clone();
    let advertised = config.advertise.as_ref().map(|advertised| {
        (
            advertised.host.clone(),
            advertised.port.unwrap_or(listening.port()),
        )
    });
    let (host, port) = advertised
        .clone()
        .unwrap_or((listening.ip().to_string(), listening.port()));
    layers.set_derived("listeners", format!("PLAINTEXT://{listening}"));
    layers.set_derived("advertised.listeners", format!("PLAINTEXT://{host}:{port}"));
    layers.set_derived("log.dir", dirs.kafka.display().to_string());
    layers.set_derived("log.dirs", dirs.kafka.display().to_string());
    let opened = Broker::open(BrokerConfig {
        root: dirs.kafka.clone(),
        own_dir: Some(dirs.own.clone()),
        engine: chosen.engine,
        flush,
        clock: Arc::new(SystemClock),
        node_id: layers.configured_node_id(),
        cluster_id: None,
        layers,
        advertised,
        limits: Limits::default(),
    });
    let (broker, report) = opened.map_err(refusal)?;
    let summary = KafkaSummary {
        address: listening,
        dir: dirs.kafka.clone(),
        engine: chosen.line,
        recovery: recovery_line(&report),
    };
    Ok(Opened {
        broker,
        engine: chosen.kind.name(),
        report,
        summary,
    })
}

impl Opened {
    /// Serves; gives what runs, what the metrics page shows of it, and what there is to tell.
    ///
    /// # Errors
    /// A thread that could not be started. The half is closed then.
    pub(super) fn serve(
        self,
        listeners: Listeners,
        threads: Threads,
    ) -> Result<(Running, KafkaSource, KafkaSummary), StartError> {
        let options = serving::Options {
            name: "kafka",
            threads: threads.count,
            stop_grace: threads.stop_grace,
            ..Default::default()
        };
        let started = server::serve(&self.broker, listeners.sockets, &options);
        let connections = match started {
            Ok(connections) => connections,
            Err(error) => {
                self.close();
                return Err(error.into());
            }
        };
        let source = KafkaSource {
            broker: Arc::clone(&self.broker),
            connections: connections.connections(),
            engine: self.engine,
            recovery: recovery_figures(&self.report),
        };
        let running = Running {
            broker: self.broker,
            connections,
        };
        Ok((running, source, self.summary))
    }

    /// Leaves the directory in order without ever having served.
    pub(super) fn close(&self) {
        if let Err(error) = self.broker.close() {
            tracing::warn!(%error, "the Kafka logs were not closed cleanly; the next start recovers them");
        }
    }
}

impl Running {
    /// Takes no more connections, and lets those there are finish.
    pub(super) fn stop(self) -> Result<(), StopError> {
        self.connections.stop();
        let closed = self.broker.close();
        closed.map_err(|error| StopError(format!("Kafka: {error}")))
    }
}

fn refusal(error: BrokerOpenError) -> StartError {
    match error {
        // The only thing a data directory is unusable for at this point is somebody else's lock.
        BrokerOpenError::Storage(StorageError::Unusable(why)) => StartError::Locked(why),
        BrokerOpenError::Thread(error) => StartError::Thread(error),
        other => StartError::Damaged(other.to_string()),
    }
}

/// One line about what opening found.
fn recovery_line(report: &OpenReport) -> String {
    let recovery = &report.recovery;
    let mut line = if recovery.logs == 0 {
        "nothing to recover".to_owned()
    } else if recovery.clean {
        format!("clean stop before; {} partitions", recovery.logs)
    } else {
        let millis: i64 = recovery.phases.iter().map(|phase| phase.elapsed_ms).sum();
        format!(
            "crash before; {} partitions, {} bytes checked, {} bytes cut in {millis} ms",
            recovery.logs,
            recovery.walked_bytes(),
            recovery.cut_bytes(),
        )
    };
    let mut add = |count: usize, what: &str| {
        if count > 0 {
            line.push_str(&format!("; {count} {what}"));
        }
    };
    add(recovery.failed.len(), "partitions NOT OPENED, see the log");
    add(report.created.len(), "missing partitions created empty");
    add(
        report.strays.len(),
        "directories that no topic knows left alone",
    );
    line
}

/// The same for the metrics page.
fn recovery_figures(report: &OpenReport) -> RecoveryFigures {
    let recovery = &report.recovery;
    RecoveryFigures {
        clean: recovery.clean,
        walked_bytes: recovery.walked_bytes(),
        cut_bytes: recovery.cut_bytes(),
        millis: recovery.phases.iter().map(|phase| phase.elapsed_ms).sum(),
        failed: recovery.failed.len(),
    }
}
