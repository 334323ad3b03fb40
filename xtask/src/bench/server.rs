//! The servers under measurement: started on free ports in a temporary directory, ended by pid.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::clients::server::answers_metadata;
use crate::daemon::{Daemon, free_port};

/// Which server a column of the tables belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Ours.
    Highwater,
    /// The Java broker, one KRaft node with the heap and collector its own scripts give it.
    Kafka,
    /// Receives the same frames on the same runtime and answers them from a constant.
    Floor,
    /// The floor, and writes the bytes of each partition at the end of a file before it answers.
    Writer,
    /// As [`Self::Writer`], and syncs the files it wrote.
    Syncer,
}

impl Kind {
    /// Whether it keeps topics, that is, whether it is a broker at all.
    pub(crate) fn is_broker(self) -> bool {
        matches!(self, Self::Highwater | Self::Kafka)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Highwater => "highwater",
            Self::Kafka => "kafka",
            Self::Floor => "floor",
            Self::Writer => "floor that writes",
            Self::Syncer => "floor that syncs",
        }
    }
}

/// One running server.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    /// `127.0.0.1:PORT`, as clients are told.
    pub(crate) address: String,
    /// From the start of the process to the first answered metadata request.
    pub(crate) first_metadata_ms: u128,
    files: PathBuf,
    pub(crate) process: Measured,
}

impl Server {
    /// Starts `kind` below `dir`. `engine` is Highwater's engine name, or empty for its default.
    pub(crate) fn start(kind: Kind, dir: &Path, jars: &Path, engine: &str) -> Result<Self> {
        fs::create_dir_all(dir)?;
        let port = free_port()?;
        let address = format!("127.0.0.1:{port}");
        let mut command = match kind {
            Kind::Highwater => highwater(dir, port, engine),
            Kind::Kafka => kafka(dir, port, jars)?,
            Kind::Floor => floor(&address),
            Kind::Writer => with_files(floor(&address), dir)?,
            Kind::Syncer => {
                let mut command = with_files(floor(&address), dir)?;
                command.arg("--sync");
                command
            }
        };
        let log = dir.join(format!("{}.log", kind.name()));
        let (process, first_metadata_ms) =
            Measured::start(kind.name(), &mut command, &log, |_| {
                answers_metadata(&address)
            })?;
        Ok(Self {
            kind,
            address,
            files: dir.join(FILES),
            first_metadata_ms,
            process,
        })
    }

    /// Removes what a floor that writes has written: it keeps its files open, but never comes back to them.
    pub(crate) fn forget_files(&self) -> Result<()> {
        if matches!(self.kind, Kind::Writer | Kind::Syncer) {
            fs::remove_dir_all(&self.files)?;
            fs::create_dir(&self.files)?;
        }
        Ok(())
    }
}

/// Resident memory of a process in MiB: all of it, and the anonymous part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) all_mib: u64,
    pub(crate) anonymous_mib: u64,
}

/// A running server and what it costs.
pub(crate) struct Measured {
    daemon: Daemon,
    pid: u32,
}

impl Measured {
    /// Starts `command` and asks `ready` until it says yes; the second figure is how long that took, in ms.
    pub(crate) fn start(
        name: &str,
        command: &mut Command,
        log: &Path,
        ready: impl FnMut(&Daemon) -> bool,
    ) -> Result<(Self, u128)> {
        let began = Instant::now();
        let mut daemon = Daemon::start(name, command, log)?;
        let pid = daemon.pid().context("it has no process")?;
        daemon.wait_until(ready)?;
        Ok((Self { daemon, pid }, began.elapsed().as_millis()))
    }

    /// Everything it has printed so far.
    pub(crate) fn output(&self) -> String {
        self.daemon.output()
    }

    /// Ends it in order.
    pub(crate) fn stop(self) -> Result<()> {
        self.daemon.stop()
    }

    /// User and system seconds used so far.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        // The command name may hold blanks; the fields after it do not.
        let fields: Vec<&str> = text
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok());
        let (Some(user), Some(system)) = (ticks(11), ticks(12)) else {
            bail!("cannot read the CPU time in {text:?}");
        };
        // Linux reports these in USER_HZ, which is 100 on every platform Rust runs on.
        Ok((user + system) / 100.0)
    }

    /// What the process holds now.
    pub(crate) fn memory(&self) -> Result<Memory> {
        let text = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let kib = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name))
                .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
                .unwrap_or_default()
        };
        Ok(Memory {
            all_mib: kib("VmRSS:") / 1024,
            anonymous_mib: kib("RssAnon:") / 1024,
        })
    }
}

/// Our binary, as released.
pub(crate) fn ours() -> Command {
    Command::new(crate::workspace::root().join("target/release/highwater"))
}

/// Where a floor that writes has its files, below its own directory.
const FILES: &str = "files";

fn floor(address: &str) -> Command {
    let mut command = Command::new(crate::workspace::root().join("target/release/floor"));
    command.arg(address);
    command
}

fn with_files(mut command: Command, dir: &Path) -> Result<Command> {
    let files = dir.join(FILES);
    fs::create_dir_all(&files)?;
    command.arg(files);
    Ok(command)
}

fn highwater(dir: &Path, port: u16, engine: &str) -> Command {
    let mut command = ours();
    command.arg("serve").arg("--data").arg(dir.join("data"));
    command.args([
        "--kafka",
        &format!("127.0.0.1:{port}"),
        "--rocketmq",
        "off",
        "--http",
        "127.0.0.1:0",
    ]);
    if !engine.is_empty() {
        command.args(["--engine", engine]);
    }
    command
}

fn kafka(dir: &Path, port: u16, jars: &Path) -> Result<Command> {
    let controller = free_port()?;
    let properties = dir.join("server.properties");
    fs::write(
        &properties,
        format!(
            "process.roles=broker,controller\nnode.id=1\n\
             listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
             controller.listener.names=CONTROLLER\n\
             controller.quorum.bootstrap.servers=127.0.0.1:{controller}\n\
             log.dirs={}\noffsets.topic.replication.factor=1\n\
             transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n",
            dir.join("data").display()
        ),
    )?;
    let mut format = java(jars, &[]);
    format.args(["kafka.tools.StorageTool", "format", "--standalone"]);
    format
        .args(["-t", "AAAAAAAAQACAAAAAAAAAAQ", "-c"])
        .arg(&properties);
    crate::step::output(&mut format)?;
    let mut command = java(
        jars,
        &[
            "-Xms1g",
            "-Xmx1g",
            "-server",
            "-XX:MaxGCPauseMillis=20",
            "-XX:InitiatingHeapOccupancyPercent=35",
            "-XX:+ExplicitGCInvokesConcurrent",
            "-Djava.awt.headless=true",
        ],
    );
    command.arg("kafka.Kafka").arg(&properties);
    Ok(command)
}

/// `java` with the class path of `jars`; options come before the main class, which the caller adds.
pub(crate) fn java(jars: &Path, options: &[&str]) -> Command {
    let mut command = Command::new("java");
    command
        .args(["-XX:+UseG1GC", "-Dlog4j2.level=ERROR"])
        .arg(crate::java::tmpdir())
        .args(options);
    command.arg("-cp").arg(class_path(jars));
    command
}

fn class_path(jars: &Path) -> PathBuf {
    jars.join("*")
}

/// The facts about machine and kernel that any result has to carry.
pub(crate) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = BufReader::new(read("/proc/cpuinfo").as_bytes())
        .lines()
        .map_while(Result::ok)
        .find_map(|line| {
            line.strip_prefix("model name")
                .map(|rest| rest.trim_matches([' ', '\t', ':']).to_owned())
        })
        .unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{cores} cores of {cpu}, Linux {}", kernel.trim())
}
