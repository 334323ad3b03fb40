//! The smallest server: a directory, an address, no configuration. `cargo run --release --example serve -- DIR [PORT]`

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use kafka::broker::server::{Server, ServerOptions};
use kafka::broker::{Broker, BrokerConfig, Limits};
use kafka::config::Layers;
use kafka::log::Clock;
use segment::{EngineKind, EngineOptions, FlushOptions, FlushService, open_engine};

struct MachineClock;

impl Clock for MachineClock {
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let root = arguments
        .next()
        .ok_or("usage: serve DIR [PORT] [ENGINE] [KEY=VALUE..]")?;
    let port: u16 = arguments.next().as_deref().unwrap_or("9092").parse()?;
    let kind: EngineKind = arguments.next().as_deref().unwrap_or("file").parse()?;
    let mut layers = Layers::default();
    for setting in arguments {
        let (name, value) = setting.split_once('=').ok_or("settings are KEY=VALUE")?;
        layers.set_fixed(name, value)?;
    }
    std::fs::create_dir_all(&root)?;
    let (engine, choice) = open_engine(kind, &EngineOptions::new(&root));
    let config = BrokerConfig {
        root: root.into(),
        own_dir: None,
        engine,
        flush: FlushService::start(FlushOptions::default()),
        clock: Arc::new(MachineClock),
        node_id: None,
        cluster_id: None,
        layers,
        advertised: None,
        limits: Limits::default(),
    };
    let (broker, _) = Broker::open(config)?;
    let options = ServerOptions {
        listen: vec![([127, 0, 0, 1], port).into()],
        ..Default::default()
    };
    let server = Server::start(&broker, &options)?;
    eprintln!("serving {:?} with {:?}", server.addresses(), choice);
    let mut line = String::new();
    // Ends with its standard input.
    while std::io::stdin().read_line(&mut line)? > 0 {}
    server.stop();
    broker.close()?;
    Ok(())
}
