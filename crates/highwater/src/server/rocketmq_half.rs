//! The RocketMQ half: name server and broker on their sockets, opened on their directory, served, and closed.
//!
//! Where the broker is off the name server may still serve, for brokers elsewhere.

use super::data::{self, DataDirs};
use super::engines::Engines;
use super::listeners::{self, Listeners};
use super::{StartError, StopError, Threads};
use crate::clock::SystemClock;
use crate::config::{Address, Config, FastPort};
use crate::http::{RecoveryFigures, RocketmqSource};
use rocketmq::broker::{Broker, BrokerConfig, BrokerOpenError};
use rocketmq::namesrv::{KvError, NameServer};
use rocketmq::server::{self, ServerOptions};
use rocketmq::store::{Durability, OWN_DIR, RecoveryReport, StoreError, StoreOptions};
use segment::{EngineKind, FlushService, SegmentError};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::path::PathBuf;
use std::sync::Arc;

/// What `auto` means; measured, see docs/decisions/0001-engines.md.
const DEFAULT_ENGINE: EngineKind = EngineKind::Mmap;
/// How far below the broker's port clients look for the fast one.
const FAST_BELOW: u16 = 2;
/// How often another pair of free ports is tried.
const PAIR_TRIES: usize = 16;

/// What a start found and chose.
#[derive(Debug, Clone)]
pub struct RocketmqSummary {
    /// Where the name server is.
    pub namesrv: Option<SocketAddr>,
    /// The broker, if it is not off.
    pub broker: Option<BrokerSummary>,
}

/// What a start found and chose for the broker.
#[derive(Debug, Clone)]
pub struct BrokerSummary {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where its fast port is.
    pub fast: Option<SocketAddr>,
    /// What clients are told.
    pub advertised: SocketAddr,
    /// The store's directory.
    pub dir: PathBuf,
    /// The engine in use, and why it.
    pub engine: String,
    /// What acknowledges a message.
    pub durability: Durability,
    /// One line about what recovery found.
    pub recovery: String,
}

/// The half's sockets.
pub(super) struct Sockets {
    namesrv: Option<Listeners>,
    broker: Option<Listeners>,
    fast: Option<Listeners>,
}

/// Listens as configured; `None` where all of the half is off.
///
/// # Errors
/// `StartError::Listen`, which names the key to change.
pub(super) fn listen(config: &Config) -> Result<Option<Sockets>, StartError> {
    let (broker, fast) = match &config.rocketmq {
        Some(address) => {
            let (broker, fast) = broker_ports(address, &config.rocketmq_fast)?;
            (Some(broker), fast)
        }
        None => (None, None),
    };
    let namesrv = config.namesrv.as_ref();
    let namesrv = namesrv.map(|address| listeners::open("listen.namesrv", address));
    let namesrv = namesrv.transpose()?;
    if namesrv.is_none() && broker.is_none() {
        return Ok(None);
    }
    Ok(Some(Sockets {
        namesrv,
        broker,
        fast,
    }))
}

/// The broker's port and its fast one.
fn broker_ports(
    address: &Address,
    fast: &FastPort,
) -> Result<(Listeners, Option<Listeners>), StartError> {
    const KEY: &str = "listen.rocketmq";
    let mut tries = PAIR_TRIES;
    loop {
        let broker = listeners::open(KEY, address)?;
        let fast = match fast {
            FastPort::Off => return Ok((broker, None)),
            FastPort::At(address) => address.clone(),
            FastPort::Derived => Address {
                host: address.host.clone(),
                port: broker.announced.port().saturating_sub(FAST_BELOW),
            },
        };
        match listeners::open("listen.rocketmq_fast", &fast) {
            Ok(fast) => return Ok((broker, Some(fast))),
            // The system picked the port above; two below it somebody else may be.
            Err(_) if address.port == 0 && tries > 0 => tries -= 1,
            Err(error) => return Err(error),
        }
    }
}

/// The half, recovered; nobody is served yet.
pub(super) struct Opened {
    name_server: Option<Arc<NameServer>>,
    broker: Option<OpenedBroker>,
}

struct OpenedBroker {
    broker: Arc<Broker>,
    engine: &'static str,
    report: RecoveryReport,
    summary: BrokerSummary,
}

/// The half at work.
pub(super) struct Running {
    broker: Option<Arc<Broker>>,
    connections: serving::Server,
}

/// Opens and recovers.
///
/// # Errors
/// `Locked`, `Damaged`, `Data`, `Advertise`.
pub(super) fn open(
    config: &Config,
    dirs: &DataDirs,
    engines: &Engines,
    flush: Arc<FlushService>,
    sockets: &Sockets,
) -> Result<Opened, StartError> {
    let name_server = match &sockets.namesrv {
        Some(_) => Some(open_name_server(dirs, sockets.broker.is_some())?),
        None => None,
    };
    let broker = match &sockets.broker {
        Some(listening) => {
            let fast = sockets.fast.as_ref().map(|fast| fast.announced);
            let addresses = Addresses {
                listening: listening.announced,
                fast,
                advertised: advertised(config, listening.announced)?,
            };
            let names = name_server.clone();
            Some(open_broker(config, dirs, engines, flush, addresses, names)?)
        }
        None => None,
    };
    Ok(Opened {
        name_server,
        broker,
    })
}

/// Its configuration lies with the store, or where there is none, with what is only ours.
fn open_name_server(dirs: &DataDirs, has_store: bool) -> Result<Arc<NameServer>, StartError> {
    let dir = match has_store {
        true => dirs.rocketmq.join(OWN_DIR),
        false => dirs.own.clone(),
    };
    let opened = NameServer::open(&dir.join("kvConfig.json"), Arc::new(SystemClock));
    let server = opened.map_err(|error| match error {
        KvError::Damaged { .. } => StartError::Damaged(error.to_string()),
        KvError::Read { path, source } | KvError::Write { path, source } => StartError::Data {
            path,
            why: data::explain(&source),
        },
    })?;
    Ok(Arc::new(server))
}

struct Addresses {
    listening: SocketAddr,
    fast: Option<SocketAddr>,
    advertised: SocketAddr,
}

fn open_broker(
    config: &Config,
    dirs: &DataDirs,
    engines: &Engines,
    flush: Arc<FlushService>,
    addresses: Addresses,
    name_server: Option<Arc<NameServer>>,
) -> Result<OpenedBroker, StartError> {
    let settings = &config.rocketmq_settings;
    let wish = settings.engine.unwrap_or(config.engine);
    let chosen = engines.choose(wish, DEFAULT_ENGINE, "RocketMQ's");
    let mut store = StoreOptions::new(chosen.engine, flush, Arc::new(SystemClock));
    store.settings = settings.store.clone();
    let mut broker_settings = settings.broker.clone();
    broker_settings.address = addresses.advertised;
    let opened = Broker::open(BrokerConfig {
        root: dirs.rocketmq.clone(),
        settings: broker_settings,
        store,
        name_server,
    });
    let (broker, report) = opened.map_err(refusal)?;
    if report.is_remarkable() {
        tracing::warn!(%report, "recovered");
    }
    let summary = BrokerSummary {
        address: addresses.listening,
        fast: addresses.fast,
        advertised: addresses.advertised,
        dir: dirs.rocketmq.clone(),
        engine: chosen.line,
        durability: settings.store.durability,
        recovery: recovery_line(&report),
    };
    Ok(OpenedBroker {
        broker,
        engine: chosen.kind.name(),
        report,
        summary,
    })
}

/// What clients are told, which goes into every message, too: an address, never a name.
fn advertised(config: &Config, listening: SocketAddr) -> Result<SocketAddr, StartError> {
    if let Some(wanted) = &config.advertise_rocketmq {
        let port = wanted.port.unwrap_or(listening.port());
        let failed = |why: String| StartError::Advertise {
            host: wanted.host.clone(),
            why,
        };
        let found = (wanted.host.as_str(), port).to_socket_addrs();
        let mut found: Vec<SocketAddr> =
            found.map_err(|error| failed(error.to_string()))?.collect();
        // As the listeners do: what has both is known by its IPv4 address.
        found.sort_by_key(|address| !address.is_ipv4());
        let first = found.first().copied();
        return first.ok_or_else(|| failed("the name has no address".to_owned()));
    }
    if !listening.ip().is_unspecified() {
        return Ok(listening);
    }
    let outward = outward_address().map_err(|error| StartError::Advertise {
        host: listening.ip().to_string(),
        why: format!("it means all addresses, and none of them can be told to clients: {error}"),
    })?;
    Ok(SocketAddr::new(outward, listening.port()))
}

/// The address from which this machine would reach others. Nothing is sent: connecting such a socket only asks the
/// routing table.
fn outward_address() -> io::Result<IpAddr> {
    // Reserved for documentation, so that it is beyond every router.
    const ELSEWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9);
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
    socket.connect(ELSEWHERE)?;
    Ok(socket.local_addr()?.ip())
}

impl Opened {
    /// Serves; gives what runs, what the metrics page shows of it, and what there is to tell.
    ///
    /// # Errors
    /// A thread that could not be started. The half is closed then.
    pub(super) fn serve(
        self,
        sockets: Sockets,
        threads: Threads,
    ) -> Result<(Running, RocketmqSource, RocketmqSummary), StartError> {
        let namesrv = sockets.namesrv.as_ref().map(|names| names.announced);
        let of_names = sockets.namesrv.into_iter().flat_map(|all| all.sockets);
        let of_names: Vec<_> = of_names.collect();
        let of_broker = [sockets.broker, sockets.fast].into_iter().flatten();
        let of_broker: Vec<_> = of_broker.flat_map(|all| all.sockets).collect();
        let broker = self.broker.as_ref().map(|opened| &opened.broker);
        let started = server::serve(ServerOptions {
            name_server: self.name_server.clone().map(|server| (of_names, server)),
            broker: broker.map(|broker| (of_broker, Arc::clone(broker))),
            threads: threads.count,
            stop_grace: threads.stop_grace,
            ..ServerOptions::default()
        });
        let connections = match started {
            Ok(connections) => connections,
            Err(error) => {
                self.close();
                return Err(error.into());
            }
        };
        let source = RocketmqSource {
            connections: connections.connections(),
            broker: self
                .broker
                .as_ref()
                .map(|opened| Arc::clone(&opened.broker)),
            engine: self.broker.as_ref().map_or("", |opened| opened.engine),
            recovery: self
                .broker
                .as_ref()
                .map(|opened| recovery_figures(&opened.report)),
        };
        let (broker, summary) = self
            .broker
            .map(|opened| (opened.broker, opened.summary))
            .unzip();
        let summary = RocketmqSummary {
            namesrv,
            broker: summary,
        };
        let running = Running {
            broker,
            connections,
        };
        Ok((running, source, summary))
    }

    /// Leaves the directory in order without ever having served.
    pub(super) fn close(&self) {
        let broker = self.broker.as_ref();
        if let Some(Err(error)) = broker.map(|opened| opened.broker.close()) {
            tracing::warn!(%error, "the RocketMQ store was not closed cleanly; the next start recovers it");
        }
    }
}

impl Running {
    /// Takes no more connections, answers pulls that wait, and lets connections finish.
    pub(super) fn stop(self) -> Result<(), StopError> {
        self.connections.stop();
        let closed = self.broker.map_or(Ok(()), |broker| broker.close());
        closed.map_err(|error| StopError(format!("RocketMQ: {error}")))
    }
}

fn refusal(error: BrokerOpenError) -> StartError {
    match error {
        BrokerOpenError::Store(StoreError::Segment(error @ SegmentError::Locked { .. })) => {
            StartError::Locked(locked(&error))
        }
        BrokerOpenError::Store(StoreError::Io {
            doing,
            path,
            source,
        }) => StartError::Data {
            path,
            why: format!("{doing}: {}", data::explain(&source)),
        },
        BrokerOpenError::Thread(error) => StartError::Thread(error),
        other => StartError::Damaged(other.to_string()),
    }
}

/// Who holds the directory, by name where the system tells it: often a Java broker.
fn locked(error: &SegmentError) -> String {
    let name = match error {
        SegmentError::Locked {
            holder_pid: Some(pid),
            ..
        } => std::fs::read_to_string(format!("/proc/{pid}/comm")).ok(),
        _ => None,
    };
    let name = name.map_or(String::new(), |name| format!(" ({})", name.trim()));
    format!(
        "{error}{name}: a broker is running on this directory; stop it, or name another with --data or \
         rocketmq.storePathRootDir"
    )
}

/// One line about what opening found.
fn recovery_line(report: &RecoveryReport) -> String {
    let mut line = match (report.clean, report.log_end) {
        (true, 0) => "nothing to recover".to_owned(),
        (true, _) => format!("clean stop before; {} queues", report.queues),
        (false, _) => format!(
            "crash before; {} queues, {} bytes checked, {} bytes cut in {} ms",
            report.queues,
            report.walked_bytes,
            report.cut_bytes(),
            report.elapsed_ms,
        ),
    };
    if !report.notes.is_empty() {
        line.push_str(&format!("; {} notes, see the log", report.notes.len()));
    }
    line
}

/// The same for the metrics page.
fn recovery_figures(report: &RecoveryReport) -> RecoveryFigures {
    RecoveryFigures {
        clean: report.clean,
        walked_bytes: report.walked_bytes,
        cut_bytes: report.cut_bytes(),
        millis: report.elapsed_ms,
        failed: 0,
    }
}
