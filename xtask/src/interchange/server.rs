//! The server of a round or turn: Highwater's RocketMQ half on one engine, or the real broker 5.5.0, on the directory
//! `HOME/store`.
//!
//! Invariants: it listens on ports that were free, by IPv4 and by IPv6; both peers get the same settings, by RocketMQ's own keys.

use std::fs;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::client::Client;
use crate::clients::server::binary;
use crate::daemon::{Daemon, next_log};
use crate::rocketmq_peer::{self, FRUGAL, Peer};

/// Small files, so that a few hundred messages roll all of them; progress is written down often; delays are short; open transactions are
/// left alone; a slow machine is no reason to refuse.
const SETTINGS: &[&str] = &[
    "mappedFileSizeCommitLog=262144",
    "mappedFileSizeConsumeQueue=2560",
    "maxHashSlotNum=500",
    "maxIndexNum=2000",
    "transactionCheckInterval=3600000",
    "flushConsumerOffsetInterval=1000",
    "messageDelayLevel=1s 3s 6s 15s",
];

/// Settings that only the Java broker has. Its checkpoint follows what it has written closely, so that after a crash it
/// dispatches little again, as a broker does that ran for longer.
const JAVA_SETTINGS: &[&str] = &[
    "flushDelayOffsetInterval=500",
    "flushIntervalConsumeQueue=200",
    "flushConsumeQueueThoroughInterval=500",
    // As far back as has to be: ten of these small files are less than one that RocketMQ makes unasked.
    "commitLogRecoverMaxNum=1000",
    "autoCreateTopicEnable=true",
    "waitTimeMillsInSendQueue=60000",
    "waitTimeMillsInPullQueue=60000",
    "osPageCacheBusyTimeOutMills=60000",
    "diskMaxUsedSpaceRatio=95",
    "cleanFileForciblyEnable=false",
];

/// The store's directory of a server with this home.
pub(super) fn store(home: &Path) -> PathBuf {
    home.join("store")
}

fn highwater(home: &Path, engine: &str, host: &str, port: u16, settings: &[String]) -> Command {
    let mut command = Command::new(binary());
    // Where downloads are kept is no setting of the server, and it refuses what it does not know.
    command.env_remove("HIGHWATER_CACHE");
    command.arg("serve").arg("--data").arg(home.join("data"));
    command.args([
        "--engine",
        engine,
        "--kafka",
        "off",
        "--http",
        "127.0.0.1:0",
    ]);
    command.args(["--namesrv", "127.0.0.1:0", "--allow-remote"]);
    command.args(["--rocketmq", &format!("[::]:{port}")]);
    command.args(["--advertise-rocketmq", &bracketed(host)]);
    let root = format!("storePathRootDir={}", store(home).display());
    for setting in settings.iter().chain([&root]) {
        command.arg("--set").arg(format!("rocketmq.{setting}"));
    }
    command
}

/// A host as it stands before a port.
fn bracketed(host: &str) -> String {
    match host.contains(':') {
        true => format!("[{host}]"),
        false => host.to_owned(),
    }
}

fn java(home: &Path, host: &str, port: u16, settings: &[String]) -> Result<Command> {
    let mut lines = vec![format!("brokerIP1={host}")];
    lines.extend(JAVA_SETTINGS.iter().map(|line| (*line).to_owned()));
    lines.extend_from_slice(settings);
    let options = [
        FRUGAL,
        &["-Xms256m", "-Xmx768m", "-XX:MaxDirectMemorySize=1g"],
    ]
    .concat();
    rocketmq_peer::broker(&home.join("rocketmq"), &options, port, &store(home), &lines)
}

/// A server that answers.
pub(super) struct Running {
    daemon: Daemon,
    port: u16,
}

impl Running {
    /// Starts `peer` and waits until it serves; it calls itself `host`.
    pub(super) fn start(peer: Peer, home: &Path, host: &str, more: &[&str]) -> Result<Self> {
        fs::create_dir_all(home)?;
        let port = rocketmq_peer::free_broker_port()?;
        let settings = SETTINGS.iter().chain(more);
        let settings: Vec<String> = settings.map(|line| (*line).to_owned()).collect();
        let mut command = match peer {
            Peer::Highwater(engine) => highwater(home, engine, host, port, &settings),
            Peer::RocketMq => java(home, host, port, &settings)?,
        };
        let daemon = Daemon::start(&peer.to_string(), &mut command, &next_log(home))?;
        let mut running = Self { daemon, port };
        let address = running.address();
        running.daemon.wait_until(|_| {
            Client::connect(address)
                .and_then(|mut client| client.is_served())
                .is_ok()
        })?;
        Ok(running)
    }

    pub(super) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// The same server by IPv6.
    pub(super) fn address_v6(&self) -> SocketAddr {
        SocketAddr::from((Ipv6Addr::LOCALHOST, self.port))
    }

    /// SIGKILL, as a crash.
    pub(super) fn kill(self) -> Result<()> {
        self.daemon.kill()
    }

    /// Ends in order.
    pub(super) fn stop(self) -> Result<()> {
        self.daemon.stop()
    }

    /// The last lines that the server printed.
    pub(super) fn last_words(&self) -> String {
        self.daemon.last_words()
    }
}
