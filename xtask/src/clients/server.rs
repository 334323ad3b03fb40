//! The server that clients talk to: Highwater on one engine, or the Java broker as the reference.
//!
//! Starts on a port of its own choosing in a directory of its own, is ended by its process id, never by a name.

use std::fmt;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Result, bail, ensure};

use crate::daemon::{Daemon, bound_address, free_port, next_log};
use crate::{java, maven, step, workspace};

/// What a run is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Highwater with the engine of this name.
    Engine(&'static str),
    /// Apache Kafka, the reference that the cases themselves are held against.
    Kafka,
}

impl Target {
    /// All engines, in the order of the matrix.
    pub(crate) const ENGINES: [Self; 4] = {
        let [mmap, file, staged, direct] = workspace::ENGINES;
        [
            Self::Engine(mmap),
            Self::Engine(file),
            Self::Engine(staged),
            Self::Engine(direct),
        ]
    };
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine(name) => f.write_str(name),
            Self::Kafka => f.write_str("kafka"),
        }
    }
}

impl FromStr for Target {
    type Err = anyhow::Error;

    fn from_str(name: &str) -> Result<Self> {
        let engine = Self::ENGINES
            .iter()
            .find(|engine| engine.to_string() == name);
        match (name, engine) {
            ("kafka", _) => Ok(Self::Kafka),
            (_, Some(engine)) => Ok(*engine),
            _ => bail!(
                "no engine `{name}`; there are mmap, file, staged, direct, and kafka for the Java broker"
            ),
        }
    }
}

/// Profile that the server is built with for client runs: near-release speed, overflow and debug checks kept.
const PROFILE: &str = "checked";

/// Names a binary to run instead of building one, for instance a released one.
const BINARY: &str = "XTASK_SERVER";

/// Builds Highwater, unless a binary is named.
pub(crate) fn build() -> Result<()> {
    if std::env::var_os(BINARY).is_none() {
        let args = [
            "build",
            "--quiet",
            "--profile",
            PROFILE,
            "--package",
            "highwater",
        ];
        ensure!(
            step::passes(workspace::cargo().args(args))?,
            "the server does not build"
        );
    }
    Ok(())
}

/// The binary that [`build`] made, or the one that is named.
pub(crate) fn binary() -> PathBuf {
    std::env::var_os(BINARY).map_or_else(
        || workspace::target_dir().join(PROFILE).join("highwater"),
        PathBuf::from,
    )
}

/// A running server.
pub(crate) struct Server {
    daemon: Daemon,
    address: String,
}

impl Server {
    /// Starts `target` with its data under `dir`, on a free port, and waits until it answers.
    pub(crate) fn start(target: Target, dir: &Path) -> Result<Self> {
        Self::start_at(target, dir, "127.0.0.1:0", &[])
    }

    /// As [`Self::start`], at a given address and with settings (`key=value` of the broker's).
    pub(crate) fn start_at(
        target: Target,
        dir: &Path,
        address: &str,
        settings: &[&str],
    ) -> Result<Self> {
        fs::create_dir_all(dir)?;
        let (mut command, mut address) = match target {
            Target::Engine(engine) => (highwater(dir, engine, address, settings), String::new()),
            Target::Kafka => kafka(dir, address, settings)?,
        };
        let mut daemon = Daemon::start(&target.to_string(), &mut command, &next_log(dir))?;
        daemon.wait_until(|daemon| {
            if address.is_empty() {
                address = bound_address(&daemon.output(), "kafka").unwrap_or_default();
            }
            !address.is_empty() && answers_metadata(&address)
        })?;
        Ok(Self { daemon, address })
    }

    /// `127.0.0.1:PORT`, as clients are told.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Its process, while it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.daemon.pid()
    }

    /// Everything the server has printed so far.
    pub(crate) fn output(&self) -> String {
        self.daemon.output()
    }

    /// SIGKILL, as a crash.
    pub(crate) fn kill(self) -> Result<()> {
        self.daemon.kill()
    }

    /// SIGTERM; it must end by itself, in order.
    pub(crate) fn stop(self) -> Result<()> {
        self.daemon.stop()
    }
}

fn highwater(dir: &Path, engine: &str, address: &str, settings: &[&str]) -> Command {
    let mut command = Command::new(binary());
    // Where downloads are kept is no setting of the server, and it refuses what it does not know.
    command.env_remove("HIGHWATER_CACHE");
    command.arg("serve").arg("--data").arg(dir.join("data"));
    command.args([
        "--engine",
        engine,
        "--kafka",
        address,
        "--rocketmq",
        "off",
        "--http",
        "127.0.0.1:0",
    ]);
    // A name is told as it was given, as Kafka tells the name in its `listeners`.
    if address.parse::<SocketAddr>().is_err() {
        command.args(["--advertise", address]);
    }
    for setting in COMMON_SETTINGS.iter().chain(settings) {
        command.args(["--set", setting]);
    }
    command
}

/// What both servers are started with: no wait before the first rebalance, retention and compaction looked at often.
const COMMON_SETTINGS: &[&str] = &[
    "group.initial.rebalance.delay.ms=0",
    "log.retention.check.interval.ms=1000",
    "log.cleaner.backoff.ms=500",
];

/// The Kafka directory of a server that keeps its data under `dir`: Highwater makes it a level deeper, unless it was there.
pub(crate) fn kafka_data(dir: &Path) -> PathBuf {
    let (data, deeper) = (dir.join("data"), dir.join("data/kafka"));
    if deeper.join("meta.properties").exists() {
        deeper
    } else {
        data
    }
}

fn kafka(dir: &Path, address: &str, settings: &[&str]) -> Result<(Command, String)> {
    let jars = maven::jars("kafka-4.3.1", maven::KAFKA)?;
    let address = if address.ends_with(":0") {
        format!("127.0.0.1:{}", free_port()?)
    } else {
        address.to_owned()
    };
    let controller = free_port()?;
    let data = kafka_data(dir);
    let numbered = settings
        .iter()
        .any(|setting| setting.starts_with("node.id="));
    let number = if numbered { "" } else { "node.id=1\n" };
    let mut properties = format!(
        "process.roles=broker,controller\n{number}\
         listeners=PLAINTEXT://{address},CONTROLLER://127.0.0.1:{controller}\n\
         controller.listener.names=CONTROLLER\ncontroller.quorum.bootstrap.servers=127.0.0.1:{controller}\n\
         log.dirs={}\noffsets.topic.replication.factor=1\n\
         transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n",
        data.display()
    );
    for setting in COMMON_SETTINGS.iter().chain(settings) {
        properties.push_str(setting);
        properties.push('\n');
    }
    let file = dir.join("server.properties");
    fs::write(&file, properties)?;
    if !data.join("meta.properties").exists() {
        let mut format = java(&jars, &[]);
        format.args([
            "kafka.tools.StorageTool",
            "format",
            "--standalone",
            "-t",
            "AAAAAAAAQACAAAAAAAAAAQ",
            "-c",
        ]);
        step::output(format.arg(&file))?;
    }
    let mut command = java(&jars, &["-Xms256m", "-Xmx512m", "-Djava.awt.headless=true"]);
    command.arg("kafka.Kafka").arg(&file);
    Ok((command, address))
}

/// `java` with all jars of `dir` on its class path; the caller adds the main class.
pub(crate) fn java(dir: &Path, options: &[&str]) -> Command {
    let mut command = Command::new("java");
    command.args([
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Dlog4j2.level=ERROR",
    ]);
    command.arg(java::tmpdir());
    command.args(options).arg("-cp").arg(dir.join("*"));
    command
}

/// Whether a Metadata request (version 4, all topics) is answered with at least one broker.
pub(crate) fn answers_metadata(address: &str) -> bool {
    let ask = || -> std::io::Result<[u8; 16]> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        // Size; key 3, version 4, correlation id 1, client id null; topics null; no auto-creation.
        stream.write_all(&[
            0, 0, 0, 15, 0, 3, 0, 4, 0, 0, 0, 1, 255, 255, 255, 255, 255, 255, 0,
        ])?;
        let mut head = [0_u8; 16];
        stream.read_exact(&mut head)?;
        Ok(head)
    };
    // The last four bytes, after size, correlation id and throttle time, count the brokers.
    ask().is_ok_and(|head| !head.ends_with(&[0; 4]))
}
