//! The two brokers under measurement: Highwater's RocketMQ half, and RocketMQ's name server and broker with the collector
//! and the options of its own start scripts, with a smaller heap.

use std::fs;
use std::net::TcpStream;
use std::path::Path;

use anyhow::Result;

use crate::bench::server::{Measured, ours};
use crate::daemon::{Daemon, free_port};
use crate::rocketmq_peer::{self, Peer};

/// How a broker brings messages to the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flush {
    /// Acknowledged from the page cache; both write it back in the background.
    Async,
    /// The same by way of buffers of the broker's own: `transientStorePoolEnable` there, the engine `staged` here.
    Pool,
    /// Synced before it is acknowledged.
    Sync,
}

impl Flush {
    pub(super) const ALL: [Self; 3] = [Self::Async, Self::Pool, Self::Sync];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Async => "ASYNC_FLUSH",
            Self::Pool => "pool",
            Self::Sync => "SYNC_FLUSH",
        }
    }

    /// Highwater's engine for the commit log.
    pub(super) fn engine(self) -> &'static str {
        match self {
            Self::Async | Self::Sync => "same",
            Self::Pool => "staged",
        }
    }

    /// What both brokers are told.
    fn setting(self) -> String {
        let disk = match self {
            Self::Async | Self::Pool => "ASYNC_FLUSH",
            Self::Sync => "SYNC_FLUSH",
        };
        format!("flushDiskType={disk}")
    }
}

/// A running broker and where its clients find it.
pub(super) struct Broker {
    pub(super) name: &'static str,
    pub(super) is_ours: bool,
    pub(super) process: Measured,
    names: Option<Daemon>,
    /// `127.0.0.1:PORT` of the name server.
    pub(super) address: String,
    /// From the start of the process until clients were told of it; RocketMQ's name server was there before.
    pub(super) found_ms: u128,
}

impl Broker {
    /// Starts `peer` with its data below `dir`.
    pub(super) fn start(peer: Peer, flush: Flush, dir: &Path) -> Result<Self> {
        match peer {
            Peer::Highwater(engine) => highwater(flush, engine, dir),
            Peer::RocketMq => java(flush, &dir.join("rocketmq")),
        }
    }

    /// Ends its processes in order.
    pub(super) fn stop(self) -> Result<()> {
        self.process.stop()?;
        self.names.map_or(Ok(()), Daemon::stop)
    }
}

fn highwater(flush: Flush, engine: &str, dir: &Path) -> Result<Broker> {
    let names = format!("127.0.0.1:{}", free_port()?);
    let mut command = ours();
    command
        .arg("serve")
        .arg("--data")
        .arg(dir.join("highwater"));
    command.args(["--kafka", "off", "--http", "127.0.0.1:0"]);
    command.args(["--rocketmq", "127.0.0.1:0", "--namesrv", &names]);
    for setting in [flush.setting(), format!("engine={engine}")] {
        command.arg("--set").arg(format!("rocketmq.{setting}"));
    }
    let log = dir.join("highwater.log");
    let ready = |_: &Daemon| rocketmq_peer::knows_a_broker(&names);
    let (process, found_ms) = Measured::start("highwater", &mut command, &log, ready)?;
    Ok(Broker {
        name: "highwater",
        is_ours: true,
        process,
        names: None,
        address: names,
        found_ms,
    })
}

fn java(flush: Flush, home: &Path) -> Result<Broker> {
    fs::create_dir_all(home)?;
    let port = free_port()?;
    let address = format!("127.0.0.1:{port}");
    let mut command = rocketmq_peer::name_server(home, &["-Xms256m", "-Xmx256m"], port)?;
    let mut names = Daemon::start(
        "RocketMQ's name server",
        &mut command,
        &home.join("names.log"),
    )?;
    // A broker that finds no name server tries again only after 10 s.
    names.wait_until(|_| TcpStream::connect(&address).is_ok())?;
    let options = [
        "-server",
        "-Xms2g",
        "-Xmx2g",
        "-Xmn1g",
        "-XX:+UseG1GC",
        "-XX:MaxDirectMemorySize=8g",
    ];
    let mut lines = vec![
        format!("namesrvAddr={address}"),
        "brokerIP1=127.0.0.1".to_owned(),
        flush.setting(),
    ];
    if flush == Flush::Pool {
        lines.push("transientStorePoolEnable=true".to_owned());
    }
    let port = rocketmq_peer::free_broker_port()?;
    let mut command = rocketmq_peer::broker(home, &options, port, &home.join("store"), &lines)?;
    let ready = |_: &Daemon| rocketmq_peer::knows_a_broker(&address);
    let log = home.join("broker.log");
    let (process, found_ms) = Measured::start("RocketMQ's broker", &mut command, &log, ready)?;
    Ok(Broker {
        name: "rocketmq",
        is_ours: false,
        process,
        names: Some(names),
        address,
        found_ms,
    })
}
