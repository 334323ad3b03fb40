//! The server: opens the data, listens, serves, and stops in order.
//!
//! Start: open files limit → listeners → HTTP (live, not ready) → data directory and recovery of both halves, side by
//! side → ready.
//! Stop: no new connections → requests in hand are answered (at most `stop.grace`) → logs closed, the
//! clean marker of each half last → HTTP ends.
//! Invariant: what fails at the start leaves nothing running, and a half that was opened by then is closed in order.
//! Absent on purpose: what a request means (`kafka`, `rocketmq`), signals and messages to people (`commands`).

mod data;
mod engines;
mod kafka_half;
pub(crate) mod limits;
pub(crate) mod listeners;
mod rocketmq_half;

pub use kafka_half::DEFAULT_ENGINE;

use crate::config::{Address, Config};
use crate::http::{Http, Source, Status};
use engines::Engines;
pub use kafka_half::KafkaSummary;
use listeners::Listeners;
pub use rocketmq_half::{BrokerSummary, RocketmqSummary};
use segment::{FlushOptions, FlushService};
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A running server. Dropping it without `stop` is like a crash: the next start recovers.
pub struct Server {
    kafka: Option<kafka_half::Running>,
    rocketmq: Option<rocketmq_half::Running>,
    status: Arc<Status>,
    http: Option<Http>,
    summary: Summary,
}

/// What a start found and chose, for the banner and for scripts.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The Kafka half, if it is not off.
    pub kafka: Option<KafkaSummary>,
    /// The RocketMQ half, if it is not off.
    pub rocketmq: Option<RocketmqSummary>,
    /// Where metrics and health are.
    pub http: Option<SocketAddr>,
    /// Threads that serve connections, of each half.
    pub network_threads: usize,
    /// Limit of open files; `None` is no limit.
    pub open_files: Option<u64>,
}

/// Why the server did not start. Nothing is left running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A listener could not be opened.
    #[error("cannot listen on {address} ({key}): {}", listen_advice(key, source))]
    Listen {
        /// The setting.
        key: &'static str,
        /// The address.
        address: Address,
        /// Why.
        source: io::Error,
    },
    /// There is no address that RocketMQ clients can be told.
    #[error(
        "advertise.rocketmq: {host}: {why}; set it to an address of this machine that clients can reach"
    )]
    Advertise {
        /// What was given.
        host: String,
        /// What is wrong with it.
        why: String,
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

/// How a half serves its connections.
#[derive(Debug, Clone, Copy)]
struct Threads {
    count: usize,
    stop_grace: Duration,
}

/// What is listened on, before anything is opened.
struct Sockets {
    kafka: Option<Listeners>,
    rocketmq: Option<rocketmq_half::Sockets>,
    http: Option<Listeners>,
}

impl Server {
    /// Opens the data, recovers what a crash left, and serves.
    ///
    /// # Errors
    /// `StartError`, with what to do about it.
    pub fn start(config: &Config) -> Result<Self, StartError> {
        let open_files = limits::raise_open_files();
        let mut sockets = Sockets::open(config)?;
        let status = Arc::new(Status::default());
        let http = sockets.http.take();
        let http_at = http.as_ref().map(|http| http.announced);
        let http = http
            .map(|http| Http::start(http.sockets, Arc::clone(&status)))
            .transpose()?;
        let threads = Threads {
            count: match config.network_threads {
                0 => std::thread::available_parallelism().map_or(1, |count| count.get().min(8)),
                count => count,
            },
            stop_grace: config.stop_grace,
        };

        let (kafka, rocketmq) = open_halves(config, &sockets)?;
        let mut source = Source::default();
        let mut server = Self {
            kafka: None,
            rocketmq: None,
            status: Arc::clone(&status),
            http,
            summary: Summary {
                kafka: None,
                rocketmq: None,
                http: http_at,
                network_threads: threads.count,
                open_files,
            },
        };
        if let (Some(opened), Some(listeners)) = (rocketmq, sockets.rocketmq) {
            let (running, shown, summary) = match opened.serve(listeners, threads) {
                Ok(served) => served,
                Err(error) => {
                    kafka.iter().for_each(kafka_half::Opened::close);
                    return Err(error);
                }
            };
            server.rocketmq = Some(running);
            server.summary.rocketmq = Some(summary);
            source.rocketmq = Some(shown);
        }
        if let (Some(opened), Some(listeners)) = (kafka, sockets.kafka) {
            let (running, shown, summary) = match opened.serve(listeners, threads) {
                Ok(served) => served,
                Err(error) => {
                    // The first failure is the one to tell.
                    let _ = server.stop();
                    return Err(error);
                }
            };
            server.kafka = Some(running);
            server.summary.kafka = Some(summary);
            source.kafka = Some(shown);
        }
        status.ready(source);
        Ok(server)
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
        let rocketmq = self.rocketmq;
        // Side by side: neither waits for what the other's clients still have in hand.
        let (kafka, rocketmq) = std::thread::scope(|scope| {
            let rocketmq = scope.spawn(|| rocketmq.map_or(Ok(()), rocketmq_half::Running::stop));
            let kafka = self.kafka.map_or(Ok(()), kafka_half::Running::stop);
            (kafka, joined(rocketmq.join()))
        });
        drop(self.http);
        match (kafka, rocketmq) {
            (Err(StopError(kafka)), Err(StopError(rocketmq))) => {
                Err(StopError(format!("{kafka}; {rocketmq}")))
            }
            (kafka, rocketmq) => kafka.and(rocketmq),
        }
    }
}

impl Sockets {
    fn open(config: &Config) -> Result<Self, StartError> {
        let one = |key, address: &Option<Address>| {
            let address = address.as_ref();
            address
                .map(|address| listeners::open(key, address))
                .transpose()
        };
        Ok(Self {
            kafka: one("listen.kafka", &config.kafka)?,
            rocketmq: rocketmq_half::listen(config)?,
            http: one("listen.http", &config.http)?,
        })
    }
}

type Halves = (Option<kafka_half::Opened>, Option<rocketmq_half::Opened>);

/// Opens and recovers both halves at the same time; where one cannot be opened, the other is closed again.
fn open_halves(config: &Config, sockets: &Sockets) -> Result<Halves, StartError> {
    let store_dir = config.rocketmq_settings.store_dir.as_deref();
    let halves = data::Halves {
        kafka: sockets.kafka.is_some(),
        rocketmq: config.rocketmq.is_some(),
    };
    let dirs = data::prepare(&config.data, store_dir, halves)?;
    let engines = Engines::new(&dirs);
    let flush = FlushService::start(FlushOptions::default());
    let (kafka, rocketmq) = std::thread::scope(|scope| {
        let open_rocketmq =
            |sockets| rocketmq_half::open(config, &dirs, &engines, Arc::clone(&flush), sockets);
        let rocketmq = sockets.rocketmq.as_ref();
        let rocketmq = rocketmq.map(|sockets| scope.spawn(move || open_rocketmq(sockets)));
        let kafka = sockets.kafka.as_ref().map(|listeners| {
            let address = listeners.announced;
            kafka_half::open(config, &dirs, &engines, Arc::clone(&flush), address)
        });
        let rocketmq = rocketmq.map(|thread| joined(thread.join()));
        (kafka.transpose(), rocketmq.transpose())
    });
    match (kafka, rocketmq) {
        (Ok(kafka), Ok(rocketmq)) => Ok((kafka, rocketmq)),
        (Ok(kafka), Err(error)) => {
            kafka.iter().for_each(kafka_half::Opened::close);
            Err(error)
        }
        (Err(error), rocketmq) => {
            let rocketmq = rocketmq.ok().flatten();
            rocketmq.iter().for_each(rocketmq_half::Opened::close);
            Err(error)
        }
    }
}

/// What a thread came to; its panic goes on here.
fn joined<T>(outcome: std::thread::Result<T>) -> T {
    outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// The logs could not be closed cleanly: nothing acknowledged is lost, the next start recovers.
#[derive(Debug, thiserror::Error)]
#[error("the logs were not closed cleanly ({0}); the next start will recover them")]
pub struct StopError(String);

fn listen_advice(key: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let off = match key {
                "listen.kafka" => ", or `off` to leave Kafka out",
                "listen.rocketmq" => ", or `off` to leave RocketMQ out",
                "listen.rocketmq_fast" => ", or `off` to do without",
                _ => "",
            };
            format!(
                "the port is in use; stop what uses it, or give another (port 0 picks a free one){off}"
            )
        }
        io::ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "permission denied; ports below 1024 need privileges".to_owned()
        }
        _ => error.to_string(),
    }
}
