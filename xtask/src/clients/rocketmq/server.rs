//! The RocketMQ server that clients talk to: Highwater on one engine, or Apache's name server and broker.
//!
//! Ports are free ones, data lies in a directory of the caller's, processes are ended by their ids.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::{DELAY_LEVELS, TRANSACTION_CHECK_MS, TRANSACTION_TIMEOUT_MS, Target};
use crate::clients::server::{binary, java};
use crate::{maven, step};

/// Name server, broker and tools, as `group:artifact:version`.
pub(super) const ROCKETMQ: &[&str] = &[
    "org.apache.rocketmq:rocketmq-namesrv:5.5.0",
    "org.apache.rocketmq:rocketmq-broker:5.5.0",
    "org.apache.rocketmq:rocketmq-tools:5.5.0",
];

/// Highwater as it is started here: the one place that knows which settings. Kafka's half is there, as it is for users.
fn highwater(dir: &Path, engine: &str) -> Command {
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
    command
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

/// A running name server with its broker.
pub(super) struct Server {
    target: Target,
    /// In the order in which they were started; one if one process is both.
    children: Vec<Child>,
    log: PathBuf,
    /// `127.0.0.1:PORT` of the name server.
    pub(super) address: String,
}

impl Server {
    /// Starts `target` with its data under `dir` and waits until clients find the broker.
    pub(super) fn start(target: Target, dir: &Path) -> Result<Self> {
        let mut server = Self {
            target,
            children: Vec::new(),
            log: dir.join("server.log"),
            address: String::new(),
        };
        match target {
            Target::Engine(engine) => {
                server.spawn(&mut highwater(dir, engine))?;
                server.wait("its address was not printed", |server| {
                    let log = fs::read_to_string(&server.log).unwrap_or_default();
                    server.address = bound_address(&log).unwrap_or_default();
                    !server.address.is_empty()
                })?;
            }
            Target::Java => server.start_java(dir)?,
        }
        server.wait("clients do not find the broker", |server| {
            knows_default_topic(&server.address)
        })?;
        Ok(server)
    }

    fn start_java(&mut self, dir: &Path) -> Result<()> {
        let jars = maven::jars("rocketmq-5.5.0", ROCKETMQ)?;
        let (names, broker, ha) = (free_port()?, free_broker_port()?, free_port()?);
        self.address = format!("127.0.0.1:{names}");
        fs::write(
            dir.join("names.conf"),
            format!("listenPort={names}\norderMessageEnable=true\n"),
        )?;
        fs::write(
            dir.join("broker.conf"),
            broker_conf(dir, &self.address, broker, ha),
        )?;
        let home = format!("-Drocketmq.home.dir={}", dir.display());
        let user = format!("-Duser.home={}", dir.display());
        let mut command = java(&jars, &["-Xmx256m", &home, &user]);
        command.arg("org.apache.rocketmq.namesrv.NamesrvStartup");
        self.spawn(command.arg("-c").arg(dir.join("names.conf")))?;
        // A broker that finds no name server tries again only after 10 s.
        self.wait("the name server does not listen", |server| {
            TcpStream::connect(&server.address).is_ok()
        })?;
        let mut options = vec!["-Xms1g", "-Xmx1g", "-XX:MaxDirectMemorySize=1g"];
        options.extend(OPENS);
        options.extend([home.as_str(), user.as_str()]);
        let mut command = java(&jars, &options);
        command.arg("org.apache.rocketmq.broker.BrokerStartup");
        self.spawn(command.arg("-c").arg(dir.join("broker.conf")))
    }

    fn spawn(&mut self, command: &mut Command) -> Result<()> {
        let output = File::options().create(true).append(true).open(&self.log)?;
        command.stdin(Stdio::null());
        command.stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().with_context(|| format!("{command:?}"))?;
        self.children.push(child);
        Ok(())
    }

    /// Asks `ready` until it says yes; ends the server when it takes too long or a process is gone.
    fn wait(&mut self, otherwise: &str, mut ready: impl FnMut(&mut Self) -> bool) -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            for child in &mut self.children {
                if let Some(status) = child.try_wait()? {
                    bail!(
                        "{} ended with {status}:\n{}",
                        self.target,
                        self.last_words()
                    );
                }
            }
            if ready(self) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("{}: {otherwise}:\n{}", self.target, self.last_words())
    }

    /// Asks its processes to end, the broker before its name server; they must do so in order.
    pub(super) fn stop(mut self) -> Result<()> {
        let mut outcome = Ok(());
        while let Some(child) = self.children.pop() {
            outcome = outcome.and(self.end(child));
        }
        outcome
    }

    fn end(&self, mut child: Child) -> Result<()> {
        if let Some(status) = child.try_wait()? {
            bail!(
                "{} had ended with {status}:\n{}",
                self.target,
                self.last_words()
            );
        }
        step::output(Command::new("kill").arg(child.id().to_string()))?;
        let asked = Instant::now();
        while asked.elapsed() < PATIENCE {
            if let Some(status) = child.try_wait()? {
                // Java ends with 143 after SIGTERM.
                let in_order =
                    status.success() || (self.target == Target::Java && status.code() == Some(143));
                ensure!(
                    in_order,
                    "{} ended with {status}:\n{}",
                    self.target,
                    self.last_words()
                );
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        child.kill()?;
        child.wait()?;
        bail!(
            "{} did not end when asked:\n{}",
            self.target,
            self.last_words()
        )
    }

    fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let from = lines.len().saturating_sub(20);
        lines.get(from..).unwrap_or_default().join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(120);

/// What the Java broker needs of a JVM newer than 8.
const OPENS: [&str; 4] = [
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
    "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
];

/// The Java broker's settings. SQL92 filters are on here and off by its default.
fn broker_conf(dir: &Path, names: &str, port: u16, ha_port: u16) -> String {
    let store = dir.join("store");
    let own = [
        format!("listenPort={port}\nhaListenPort={ha_port}\nnamesrvAddr={names}"),
        "brokerClusterName=DefaultCluster\nbrokerName=broker-a\nbrokerId=0".to_owned(),
        "brokerIP1=127.0.0.1".to_owned(),
        format!("storePathRootDir={}", store.display()),
        format!("storePathCommitLog={}", store.join("commitlog").display()),
        "enablePropertyFilter=true\nautoCreateTopicEnable=true\nwaitTimeMillsInSendQueue=10000"
            .to_owned(),
        "traceTopicEnable=true".to_owned(),
    ];
    own.into_iter()
        .chain(common_settings())
        .map(|line| line + "\n")
        .collect()
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A free port whose second neighbour below, the broker's fast port, is free too.
fn free_broker_port() -> Result<u16> {
    for _ in 0..100 {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        if TcpListener::bind(("127.0.0.1", port - 2)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no two free ports")
}

/// The name server's address in what our server printed, once it has said that it is ready.
fn bound_address(output: &str) -> Option<String> {
    let (_, rest) = output.split_once("ready in ")?;
    let (line, _) = rest.split_once('\n')?;
    let address = line
        .split(' ')
        .find_map(|word| word.strip_prefix("namesrv="))?;
    Some(address.to_owned())
}

/// Whether the name server tells the route of the topic that new topics are modelled on: then a broker has registered.
fn knows_default_topic(address: &str) -> bool {
    let ask = || -> std::io::Result<String> {
        let header = br#"{"code":105,"extFields":{"topic":"TBW102"},"flag":0,"language":"JAVA","opaque":1,"serializeTypeCurrentRPC":"JSON","version":479}"#;
        let size = u32::try_from(header.len()).unwrap_or_default();
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(&[(size + 4).to_be_bytes(), size.to_be_bytes()].concat())?;
        stream.write_all(header)?;
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let mut answer = vec![
            0;
            usize::try_from(u32::from_be_bytes(length))
                .unwrap_or(0)
                .min(1 << 20)
        ];
        stream.read_exact(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    ask().is_ok_and(|answer| answer.contains("brokerDatas"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_name_servers_address() {
        let said = "data /x\nready in 3 ms kafka=127.0.0.1:1 namesrv=127.0.0.1:4711 rocketmq=127.0.0.1:2\n";
        assert_eq!(bound_address(said).as_deref(), Some("127.0.0.1:4711"));
        for unfinished in ["namesrv=127.0.0.1:4711\n", "ready in 3 ms namesrv=127."] {
            assert_eq!(bound_address(unfinished), None, "{unfinished}");
        }
    }
}
