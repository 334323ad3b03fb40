//! The server: opens the data, listens, serves, and stops in order.
//!
//! Start: open files limit → listeners → HTTP (live, not ready) → data directory and recovery → ready.
//! Stop: no new connections → requests in hand are answered (at most `stop.grace`) → logs closed, the
//! clean marker last → HTTP ends.
//! Absent on purpose: what a request means (`kafka`), signals and messages to people (`commands`).

mod data;
mod kafka_half;
pub(crate) mod limits;
pub(crate) mod listeners;

pub use kafka_half::DEFAULT_ENGINE;

use crate::config::{Address, Config};
use crate::http::{Http, Source, Status};
use kafka::broker::Broker;
use kafka::broker::server::{Server as KafkaServer, ServerOptions};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// A running server. Dropping it without `stop` is like a crash: the next start recovers.
pub struct Server {
    broker: Arc<Broker>,
    status: Arc<Status>,
    http: Option<Http>,
    connections: KafkaServer,
    summary: Summary,
}

/// What a start found and chose, for the banner and for scripts.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Where Kafka clients connect.
    pub kafka: SocketAddr,
    /// Where metrics and health are.
    pub http: Option<SocketAddr>,
    /// Kafka's log directory.
    pub kafka_dir: PathBuf,
    /// The engine in use, and why it.
    pub engine: String,
    /// One line about what recovery found.
    pub recovery: String,
    /// Threads that serve connections.
    pub network_threads: usize,
    /// Limit of open files; `None` is no limit.
    pub open_files: Option<u64>,
}

/// Why the server did not start. Nothing is left running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A listener could not be opened.
    #[error("cannot listen on {address} ({key}): {}", listen_advice(source))]
    Listen {
        /// The setting.
        key: &'static str,
        /// The address.
        address: Address,
        /// Why.
        source: io::Error,
    },
    /// What should be a directory is a file.
    #[error("{} is a file, not a directory; name another with --data", path.display())]
    NotADirectory {
        /// Which path.
        path: PathBuf,
    },
    /// The data directory cannot be used.
    #[error("{}: {why}", path.display())]
    Data {
        /// Which path.
        path: PathBuf,
        /// Why, and what to do.
        why: String,
    },
    /// Another process uses the data directory.
    #[error("{0}")]
    Locked(String),
    /// What lies in the data directory is damaged, or not what one node can serve.
    #[error("{0}")]
    Damaged(String),
    /// The system refused a thread or an event loop.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
}

impl Server {
    /// Opens the data, recovers what a crash left, and serves.
    ///
    /// # Errors
    /// `StartError`, with what to do about it.
    pub fn start(config: &Config) -> Result<Self, StartError> {
        let open_files = limits::raise_open_files();
        let kafka = listeners::open("listen.kafka", &config.kafka)?;
        let http = config.http.as_ref();
        let http = http
            .map(|address| listeners::open("listen.http", address))
            .transpose()?;
        let status = Arc::new(Status::default());
        let http_at = http.as_ref().map(|http| http.announced);
        let http = http
            .map(|http| Http::start(http.sockets, Arc::clone(&status)))
            .transpose()?;

        let dirs = data::prepare(&config.data)?;
        let opened = kafka_half::open(config, &dirs, kafka.announced)?;
        let threads = match config.network_threads {
            0 => std::thread::available_parallelism().map_or(1, |count| count.get().min(8)),
            count => count,
        };
        let options = ServerOptions {
            threads,
            stop_grace: config.stop_grace,
            ..Default::default()
        };
        let connections = KafkaServer::start_on(kafka.sockets, &opened.broker, &options)?;
        status.ready(Source {
            broker: Arc::clone(&opened.broker),
            connections: connections.connections(),
            engine: opened.engine_name.to_owned(),
            recovery: kafka_half::recovery_figures(&opened.report),
        });
        let summary = Summary {
            kafka: kafka.announced,
            http: http_at,
            kafka_dir: dirs.kafka,
            engine: opened.engine,
            recovery: kafka_half::recovery_line(&opened.report),
            network_threads: threads,
            open_files,
        };
        Ok(Self {
            broker: opened.broker,
            status,
            http,
            connections,
            summary,
        })
    }

    /// What the start found and chose.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Stops in order; see the module's description.
    ///
    /// # Errors
    /// The logs could not be closed; the next start recovers.
    pub fn stop(self) -> Result<(), StopError> {
        self.status.stopping();
        self.connections.stop();
        let closed = self
            .broker
            .close()
            .map_err(|error| StopError(error.to_string()));
        drop(self.http);
        closed
    }
}

/// The logs could not be closed cleanly: nothing acknowledged is lost, the next start recovers.
#[derive(Debug, thiserror::Error)]
#[error("the logs were not closed cleanly ({0}); the next start will recover them")]
pub struct StopError(String);

fn listen_advice(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            "the port is in use; stop what uses it, or give another (port 0 picks a free one)"
                .to_owned()
        }
        io::ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "permission denied; ports below 1024 need privileges".to_owned()
        }
        _ => error.to_string(),
    }
}
