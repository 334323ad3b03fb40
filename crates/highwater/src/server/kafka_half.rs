//! Opens the Kafka half on the data directory with the engine that was asked for.

use super::StartError;
use super::data::DataDirs;
use crate::clock::SystemClock;
use crate::config::{Config, EngineWish};
use crate::http::RecoveryFigures;
use kafka::broker::{Broker, BrokerConfig, BrokerOpenError, Limits, OpenReport};
use kafka::log::StorageError;
use segment::{EngineKind, EngineOptions, FlushOptions, FlushService};
use std::net::SocketAddr;
use std::sync::Arc;

/// What `auto` means; measured, see docs/decisions/0001-engines.md.
pub const DEFAULT_ENGINE: EngineKind = EngineKind::File;

pub(super) struct Opened {
    pub(super) broker: Arc<Broker>,
    /// The engine in use, and why it.
    pub(super) engine: String,
    pub(super) engine_name: &'static str,
    pub(super) report: OpenReport,
}

/// Opens and recovers.
///
/// # Errors
/// `Locked`, `Damaged`, `Data`.
pub(super) fn open(
    config: &Config,
    dirs: &DataDirs,
    listening: SocketAddr,
) -> Result<Opened, StartError> {
    let (wanted, asked) = match config.engine {
        EngineWish::Auto => (DEFAULT_ENGINE, false),
        EngineWish::Mmap => (EngineKind::Mmap, true),
        EngineWish::File => (EngineKind::File, true),
        EngineWish::Staged => (EngineKind::Staged, true),
        EngineWish::Direct => (EngineKind::Direct, true),
    };
    let (engine, choice) = segment::open_engine(wanted, &EngineOptions::new(&dirs.own));
    let why = match asked {
        false if choice.kind == wanted => "default for Kafka's layout",
        _ => choice.why.as_str(),
    };
    let engine_line = format!("{} ({why})", choice.kind);
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
        engine,
        flush: FlushService::start(FlushOptions::default()),
        clock: Arc::new(SystemClock),
        node_id: layers.configured_node_id(),
        cluster_id: None,
        layers,
        advertised,
        limits: Limits::default(),
    });
    let (broker, report) = opened.map_err(refusal)?;
    Ok(Opened {
        broker,
        engine: engine_line,
        engine_name: choice.kind.name(),
        report,
    })
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
pub(super) fn recovery_line(report: &OpenReport) -> String {
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
pub(super) fn recovery_figures(report: &OpenReport) -> RecoveryFigures {
    let recovery = &report.recovery;
    RecoveryFigures {
        clean: recovery.clean,
        walked_bytes: recovery.walked_bytes(),
        cut_bytes: recovery.cut_bytes(),
        millis: recovery.phases.iter().map(|phase| phase.elapsed_ms).sum(),
        failed: recovery.failed.len(),
    }
}
