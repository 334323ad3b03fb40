//! The RocketMQ server that clients talk to: Highwater on one engine, or Apache's name server and broker.
//!
//! Ports are free ones, data lies in a directory of the caller's.

use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{DELAY_LEVELS, TRANSACTION_CHECK_MS, TRANSACTION_TIMEOUT_MS};
use crate::clients::server::binary;
use crate::daemon::{Daemon, bound_address, free_port};
use crate::rocketmq_peer::{self, FRUGAL, Peer};

/// A running name server with its broker.
pub(super) struct Server {
    /// The broker, which with Highwater is the name server too.
    broker: Daemon,
    names: Option<Daemon>,
    /// `127.0.0.1:PORT` of the name server.
    pub(super) address: String,
}

impl Server {
    /// Starts `peer` with its data under `dir` and waits until clients find the broker.
    pub(super) fn start(peer: Peer, dir: &Path) -> Result<Self> {
        let mut server = match peer {
            Peer::Highwater(engine) => start_highwater(dir, engine)?,
            Peer::RocketMq => start_java(dir)?,
        };
        let address = &server.address;
        server
            .broker
            .wait_until(|_| rocketmq_peer::knows_a_broker(address))?;
        Ok(server)
    }

    /// Asks its processes to end, the broker before its name server; they must do so in order.
    pub(super) fn stop(self) -> Result<()> {
        let outcome = self.broker.stop();
        let names = self.names.map_or(Ok(()), Daemon::stop);
        outcome.and(names)
    }
}

/// Highwater as it is started here: the one place that knows which settings. Kafka's half is there, as it is for users.
fn start_highwater(dir: &Path, engine: &str) -> Result<Server> {
    let mut command = Command::new(binary());
    // Where downloads are kept is no setting of the server, and it refuses what it does not know.
    command.env_remove("HIGHWATER_CACHE");
    command.arg("serve").arg("--data").arg(dir.join("data"));
    command.args(["--engine", engine]);
    for listener in ["--namesrv", "--rocketmq", "--kafka", "--http"] {
        command.args([listener, "127.0.0.1:0"]);
    }
    for setting in common_settings() {
        command.args(["--set", &format!("rocketmq.{setting}")]);
    }
    let mut broker = Daemon::start(engine, &mut command, &dir.join("server.log"))?;
    let mut address = None;
    broker.wait_until(|broker| {
        address = bound_address(&broker.output(), "namesrv");
        address.is_some()
    })?;
    Ok(Server {
        broker,
        names: None,
        address: address.unwrap_or_default(),
    })
}

fn start_java(dir: &Path) -> Result<Server> {
    let log = dir.join("server.log");
    let names_port = free_port()?;
    let address = format!("127.0.0.1:{names_port}");
    let options = [FRUGAL, &["-Xmx256m"]].concat();
    let mut names = Daemon::start(
        "RocketMQ's name server",
        &mut rocketmq_peer::name_server(dir, &options, names_port)?,
        &log,
    )?;
    // A broker that finds no name server tries again only after 10 s.
    names.wait_until(|_| TcpStream::connect(&address).is_ok())?;
    let options = [FRUGAL, &["-Xms1g", "-Xmx1g", "-XX:MaxDirectMemorySize=1g"]].concat();
    let port = rocketmq_peer::free_broker_port()?;
    let lines = broker_lines(&address);
    let mut broker = rocketmq_peer::broker(dir, &options, port, &dir.join("store"), &lines)?;
    Ok(Server {
        broker: Daemon::start("RocketMQ's broker", &mut broker, &log)?,
        names: Some(names),
        address,
    })
}

/// What both brokers are started with: short waits, and small files, which save time.
fn common_settings() -> [String; 6] {
    let levels: Vec<String> = DELAY_LEVELS.iter().map(|s| format!("{s}s")).collect();
    [
        "mappedFileSizeCommitLog=67108864".to_owned(),
        "maxHashSlotNum=50000".to_owned(),
        "maxIndexNum=200000".to_owned(),
        format!("messageDelayLevel={}", levels.join(" ")),
        format!("transactionCheckInterval={TRANSACTION_CHECK_MS}"),
        format!("transactionTimeOut={TRANSACTION_TIMEOUT_MS}"),
    ]
}

/// The Java broker's settings. SQL92 filters are on here and off by its default.
fn broker_lines(names: &str) -> Vec<String> {
    let mut lines = vec![format!("namesrvAddr={names}")];
    let own = [
        "brokerIP1=127.0.0.1",
        "enablePropertyFilter=true",
        "autoCreateTopicEnable=true",
        "waitTimeMillsInSendQueue=10000",
        "traceTopicEnable=true",
    ];
    lines.extend(own.map(str::to_owned));
    lines.extend(common_settings());
    lines
}
