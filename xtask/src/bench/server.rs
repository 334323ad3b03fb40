//! The servers under measurement: started on free ports in a temporary directory, ended by pid.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Which server a column of the tables belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Ours.
    Highwater,
    /// The Java broker, one KRaft node with the heap and collector its own scripts give it.
    Kafka,
    /// Receives the same frames on the same runtime and answers them from a constant.
    Floor,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Highwater => "highwater",
            Self::Kafka => "kafka",
            Self::Floor => "floor",
        }
    }
}

/// One running server.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    pub(crate) port: u16,
    /// From the start of the process to the first answered metadata request.
    pub(crate) first_metadata_ms: u128,
    child: Child,
}

/// Resident memory of a process in MiB: all of it, and the anonymous part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    pub(crate) all_mib: u64,
    pub(crate) anonymous_mib: u64,
}

impl Server {
    /// Starts `kind` below `dir`. `engine` is Highwater's engine name, or empty for its default.
    pub(crate) fn start(kind: Kind, dir: &Path, jars: &Path, engine: &str) -> Result<Self> {
        fs::create_dir_all(dir)?;
        let port = free_port()?;
        let mut command = match kind {
            Kind::Highwater => highwater(dir, port, engine),
            Kind::Kafka => kafka(dir, port, jars)?,
            Kind::Floor => {
                let mut command =
                    Command::new(crate::workspace::root().join("target/release/floor"));
                command.arg(format!("127.0.0.1:{port}"));
                command
            }
        };
        let log = File::create(dir.join(format!("{}.log", kind.name())))?;
        let began = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("{command:?}"))?;
        let mut server = Self {
            kind,
            port,
            first_metadata_ms: 0,
            child,
        };
        server.first_metadata_ms = server.wait_for_metadata(began)?;
        Ok(server)
    }

    /// `127.0.0.1:PORT`, as clients are told.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// User and system seconds used so far.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
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
        let text = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
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

    fn wait_for_metadata(&mut self, began: Instant) -> Result<u128> {
        while began.elapsed() < Duration::from_secs(90) {
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "{} ended at once with {status}; see its log",
                    self.kind.name()
                );
            }
            if answers_metadata(self.port) {
                return Ok(began.elapsed().as_millis());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        bail!("{} gave no metadata within 90 s", self.kind.name())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked first; a server that has not ended after 30 s is made to. The directory goes away with the run.
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").arg(&pid).status();
        let asked = Instant::now();
        while asked.elapsed() < Duration::from_secs(30) {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Our binary, as released.
pub(crate) fn ours() -> Command {
    Command::new(crate::workspace::root().join("target/release/highwater"))
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

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Whether a Metadata request of version 4 for all topics is answered with at least one broker.
fn answers_metadata(port: u16) -> bool {
    let ask = || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        // Size 15; key 3, version 4, correlation id 1, client id null; all topics; no auto-creation.
        stream.write_all(&[
            0, 0, 0, 15, 0, 3, 0, 4, 0, 0, 0, 1, 255, 255, 255, 255, 255, 255, 0,
        ])?;
        let mut head = [0_u8; 16];
        stream.read_exact(&mut head)?;
        Ok(head.to_vec())
    };
    // Bytes 12 to 15, after size, correlation id and throttle time, count the brokers.
    ask().is_ok_and(|head| head.get(12..16).is_some_and(|count| count != [0; 4]))
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
