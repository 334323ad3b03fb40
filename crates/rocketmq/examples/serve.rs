//! Name server and broker in one process, for real clients to be pointed at.
//!
//! ```text
//! serve DIR [NAMESRV_PORT [BROKER_PORT]]
//! ```
//! Environment: `ENGINE` (mmap), `DURABILITY=os` for ASYNC_FLUSH, `DELAY_LEVELS_MS` (numbers with spaces between),
//! `TRANSACTION_CHECK_MS`, `TRANSACTION_TIMEOUT_MS`.
//!
//! Ports default to 0, which picks free ones; the addresses are printed once they accept. Ends when its standard input
//! does, and leaves the directory as a clean stop does.

#![expect(clippy::print_stdout, reason = "who runs it reads the addresses there")]

use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rocketmq::broker::{Broker, BrokerConfig, BrokerSettings};
use rocketmq::namesrv::NameServer;
use rocketmq::server::{Server, ServerOptions};
use rocketmq::store::{Clock, Durability, StoreOptions};
use segment::{EngineKind, EngineOptions, FlushOptions, FlushService, open_engine};

/// The machine's clock.
struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let root = PathBuf::from(
        arguments
            .next()
            .ok_or("usage: serve DIR [NAMESRV_PORT [BROKER_PORT]]")?,
    );
    let mut port = || arguments.next().map_or(Ok(0), |port| port.parse::<u16>());
    let (names_port, broker_port) = (port()?, port()?);
    let names = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], names_port)))?;
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], broker_port)))?;
    let address = listener.local_addr()?;
    let fast = TcpListener::bind(SocketAddr::from((
        [127, 0, 0, 1],
        address.port().saturating_sub(2),
    )));

    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let wanted = std::env::var("ENGINE").map_or(Ok(EngineKind::Mmap), |name| name.parse())?;
    let (engine, _) = open_engine(wanted, &EngineOptions::new(&root));
    let flush = FlushService::start(FlushOptions::default());
    let mut store = StoreOptions::new(engine, flush, Arc::clone(&clock));
    store.settings.commit_log_file_bytes = 64 << 20;
    store.settings.index_slots = 50_000;
    store.settings.index_entries = 200_000;
    if std::env::var("DURABILITY").as_deref() == Ok("os") {
        store.settings.durability = Durability::Os;
    }
    if let Ok(levels) = std::env::var("DELAY_LEVELS_MS") {
        let levels = levels.split_whitespace().map(str::parse);
        store.settings.delay_levels_ms = levels.collect::<Result<_, _>>()?;
    }
    let name_server = Arc::new(NameServer::open(
        &root.join(".highwater/kvConfig.json"),
        clock,
    )?);
    let mut settings = BrokerSettings::at(address);
    if let Ok(ms) = std::env::var("TRANSACTION_CHECK_MS") {
        settings.transaction_check_interval = Duration::from_millis(ms.parse()?);
    }
    if let Ok(ms) = std::env::var("TRANSACTION_TIMEOUT_MS") {
        settings.transaction_timeout = Duration::from_millis(ms.parse()?);
    }
    let (broker, report) = Broker::open(BrokerConfig {
        root,
        settings,
        store,
        name_server: Some(Arc::clone(&name_server)),
    })?;
    println!("recovered {report:?}");
    let listeners = std::iter::once(listener).chain(fast.ok()).collect();
    let names_address = names.local_addr()?;
    let server = Server::start(ServerOptions {
        name_server: Some((vec![names], name_server)),
        broker: Some((listeners, Arc::clone(&broker))),
        ..ServerOptions::default()
    })?;
    println!("name server {names_address}, broker {address}");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    server.stop();
    broker.close()?;
    println!("stopped");
    Ok(())
}
