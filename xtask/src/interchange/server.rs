//! The server of a round or turn: Highwater's RocketMQ half on one engine, or the real broker 5.5.0, on the directory
//! `HOME/store`.
//!
//! Invariants: a server is ended by its process id; it listens on ports that were free, by IPv4 and by IPv6; both peers get the
//! same settings, by RocketMQ's own keys.

use std::fmt;
use std::fs::{self, File};
use std::net::{Ipv6Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::client::Client;
use crate::clients::server::{Target, binary};
use crate::{java, maven, step};

/// The broker and what it needs.
const ROCKETMQ: &[&str] = &["org.apache.rocketmq:rocketmq-broker:5.5.0"];

/// How long a server may take to start or to stop; the Java one has been seen to need a minute on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

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
    "brokerClusterName=DefaultCluster",
    "brokerName=broker-a",
    "brokerId=0",
    "autoCreateTopicEnable=true",
    "waitTimeMillsInSendQueue=60000",
    "waitTimeMillsInPullQueue=60000",
    "osPageCacheBusyTimeOutMills=60000",
    "diskMaxUsedSpaceRatio=95",
    "cleanFileForciblyEnable=false",
];

/// Who serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// Highwater on the engine of this name.
    Highwater(&'static str),
    /// Apache RocketMQ.
    RocketMq,
}

impl Peer {
    /// Highwater on each engine.
    pub(super) const ENGINES: [Self; 4] = [
        Self::Highwater("mmap"),
        Self::Highwater("file"),
        Self::Highwater("staged"),
        Self::Highwater("direct"),
    ];
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Highwater(engine) => engine,
            Self::RocketMq => "rocketmq",
        })
    }
}

/// Builds Highwater, unless a binary is named.
pub(super) fn build() -> Result<()> {
    crate::clients::server::build(&Target::ENGINES)
}

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

fn rocketmq(home: &Path, host: &str, port: u16, settings: &[String]) -> Result<Command> {
    let jars = maven::jars("rocketmq-broker-5.5.0", ROCKETMQ)?;
    let own = home.join("rocketmq");
    fs::create_dir_all(&own)?;
    let store = store(home);
    let mut lines = vec![
        format!("brokerIP1={host}"),
        format!("listenPort={port}"),
        format!("haListenPort={}", free_port()?),
        format!("storePathRootDir={}", store.display()),
        format!("storePathCommitLog={}", store.join("commitlog").display()),
    ];
    lines.extend(JAVA_SETTINGS.iter().map(|line| (*line).to_owned()));
    lines.extend_from_slice(settings);
    let file = own.join("broker.conf");
    fs::write(&file, lines.join("\n"))?;
    let mut command = Command::new("java");
    command.args([
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Xms256m",
        "-Xmx768m",
    ]);
    command.args(["-XX:MaxDirectMemorySize=1g", &java::tmpdir()]);
    for package in ["java.nio", "sun.nio.ch", "jdk.internal.misc"] {
        command.arg(format!("--add-opens=java.base/{package}=ALL-UNNAMED"));
    }
    command.arg("--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED");
    for property in ["user.home", "rocketmq.home.dir"] {
        command.arg(format!("-D{property}={}", own.display()));
    }
    command.arg("-cp").arg(jars.join("*"));
    command
        .args(["org.apache.rocketmq.broker.BrokerStartup", "-c"])
        .arg(file);
    Ok(command)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A port that is free together with the one two below it, the broker's fast port.
fn free_broker_port() -> Result<u16> {
    for _ in 0..100 {
        let port = free_port()?;
        if TcpListener::bind(("127.0.0.1", port.saturating_sub(2))).is_ok() {
            return Ok(port);
        }
    }
    bail!("no two ports are free")
}

/// A server that answers.
pub(super) struct Running {
    peer: Peer,
    child: Option<Child>,
    port: u16,
    log: PathBuf,
}

impl Running {
    /// Starts `peer` and waits until it serves; it calls itself `host`.
    pub(super) fn start(peer: Peer, home: &Path, host: &str, more: &[&str]) -> Result<Self> {
        fs::create_dir_all(home)?;
        let port = free_broker_port()?;
        let settings = SETTINGS.iter().chain(more);
        let settings: Vec<String> = settings.map(|line| (*line).to_owned()).collect();
        let mut command = match peer {
            Peer::Highwater(engine) => highwater(home, engine, host, port, &settings),
            Peer::RocketMq => rocketmq(home, host, port, &settings)?,
        };
        let log = next_log(home);
        let output = File::create(&log)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("{command:?}"))?;
        let mut running = Self {
            peer,
            child: Some(child),
            port,
            log,
        };
        running.wait_until_ready()?;
        Ok(running)
    }

    pub(super) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// The same server by IPv6.
    pub(super) fn address_v6(&self) -> SocketAddr {
        SocketAddr::from((Ipv6Addr::LOCALHOST, self.port))
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            let child = self.child.as_mut().context("not started")?;
            if let Some(status) = child.try_wait()? {
                self.child = None;
                bail!(
                    "{} ended at its start with {status}:\n{}",
                    self.peer,
                    self.last_words()
                );
            }
            let asked = Client::connect(self.address()).and_then(|mut client| client.is_served());
            if asked.is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        bail!(
            "{} was not ready in time:\n{}",
            self.peer,
            self.last_words()
        )
    }

    /// SIGKILL, as a crash.
    pub(super) fn kill(mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Ends in order.
    pub(super) fn stop(mut self) -> Result<()> {
        let status = self.end()?;
        // Java ends with 143 after SIGTERM.
        let in_order =
            status.success() || (self.peer == Peer::RocketMq && status.code() == Some(143));
        ensure!(
            in_order,
            "{} ended with {status}:\n{}",
            self.peer,
            self.last_words()
        );
        Ok(())
    }

    fn end(&mut self) -> Result<std::process::ExitStatus> {
        let mut child = self.child.take().context("it has ended before")?;
        if let Some(status) = child.try_wait()? {
            bail!(
                "{} had ended by itself with {status}:\n{}",
                self.peer,
                self.last_words()
            );
        }
        step::output(Command::new("kill").arg(child.id().to_string()))?;
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            if let Some(status) = child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        child.kill()?;
        child.wait()?;
        bail!("{} did not end in time:\n{}", self.peer, self.last_words())
    }

    /// The last lines that the server printed.
    pub(super) fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines
            .get(lines.len().saturating_sub(20)..)
            .unwrap_or_default()
            .join("\n")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Somebody gave up before the end: nothing is to be learned from a clean stop.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A log file per start.
fn next_log(home: &Path) -> PathBuf {
    let numbered = |n: u32| home.join(format!("server-{n}.log"));
    (0..u32::MAX)
        .map(numbered)
        .find(|path| !path.exists())
        .unwrap_or_else(|| numbered(u32::MAX))
}
