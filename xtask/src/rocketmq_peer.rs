//! Apache RocketMQ 5.5.0 as a peer: its name server and its broker as commands, and whether clients find a broker.
//!
//! Settings of a broker are the callers': what is here is what every JVM, home and port of one needs.

use std::fmt;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::daemon::free_port;
use crate::{java, maven, workspace};

/// Name server, broker, tools and the benchmark programs.
const ARTIFACTS: &[&str] = &[
    "org.apache.rocketmq:rocketmq-namesrv:5.5.0",
    "org.apache.rocketmq:rocketmq-broker:5.5.0",
    "org.apache.rocketmq:rocketmq-tools:5.5.0",
    "org.apache.rocketmq:rocketmq-example:5.5.0",
];

/// Who serves RocketMQ's clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Highwater on the engine of this name.
    Highwater(&'static str),
    /// Apache RocketMQ.
    RocketMq,
}

impl Peer {
    /// Highwater on each engine.
    pub(crate) const ENGINES: [Self; 4] = {
        let [mmap, file, staged, direct] = workspace::ENGINES;
        [
            Self::Highwater(mmap),
            Self::Highwater(file),
            Self::Highwater(staged),
            Self::Highwater(direct),
        ]
    };
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Highwater(engine) => engine,
            Self::RocketMq => "rocketmq",
        })
    }
}

/// Directory of the jars, fetched unless they are there.
pub(crate) fn jars() -> Result<PathBuf> {
    maven::jars("rocketmq-5.5.0", ARTIFACTS)
}

/// For a JVM that is started often and need not be fast.
pub(crate) const FRUGAL: &[&str] = &["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/// What the broker needs of a JVM newer than 8.
const OPENS: &[&str] = &[
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
    "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
];

/// A JVM with RocketMQ's classes and its files below `home`; the caller adds the class and its arguments.
pub(crate) fn jvm(home: &Path, options: &[&str]) -> Result<Command> {
    let jars = jars()?;
    fs::create_dir_all(home)?;
    let mut command = Command::new("java");
    command.args(options).args(OPENS).arg(java::tmpdir());
    for property in ["user.home", "rocketmq.home.dir", "rocketmq.client.logRoot"] {
        command.arg(format!("-D{property}={}", home.display()));
    }
    command.arg("-cp").arg(jars.join("*"));
    Ok(command)
}

/// The name server, on `port`.
pub(crate) fn name_server(home: &Path, options: &[&str], port: u16) -> Result<Command> {
    let mut command = jvm(home, options)?;
    let file = home.join("names.conf");
    fs::write(
        &file,
        format!("listenPort={port}\norderMessageEnable=true\n"),
    )?;
    command.arg("org.apache.rocketmq.namesrv.NamesrvStartup");
    command.arg("-c").arg(file);
    Ok(command)
}

/// The broker of one process alone, on `port`, with its data in `store`; `lines` are further ones of its `broker.conf`.
pub(crate) fn broker(
    home: &Path,
    options: &[&str],
    port: u16,
    store: &Path,
    lines: &[String],
) -> Result<Command> {
    let mut command = jvm(home, options)?;
    let mut text = format!(
        "listenPort={port}\nhaListenPort={}\nbrokerClusterName=DefaultCluster\nbrokerName=broker-a\nbrokerId=0\n\
         storePathRootDir={}\nstorePathCommitLog={}\n",
        free_port()?,
        store.display(),
        store.join("commitlog").display()
    );
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    let file = home.join("broker.conf");
    fs::write(&file, text)?;
    command.arg("org.apache.rocketmq.broker.BrokerStartup");
    command.arg("-c").arg(file);
    Ok(command)
}

/// A port that is free together with the one two below it, the broker's fast port.
pub(crate) fn free_broker_port() -> Result<u16> {
    for _ in 0..100 {
        let port = free_port()?;
        if TcpListener::bind(("127.0.0.1", port.saturating_sub(2))).is_ok() {
            return Ok(port);
        }
    }
    bail!("no two ports are free")
}

/// Whether the name server tells the route of the topic that new topics are modelled on: then a broker has registered.
pub(crate) fn knows_a_broker(name_server: &str) -> bool {
    let ask = || -> std::io::Result<String> {
        let header = br#"{"code":105,"extFields":{"topic":"TBW102"},"flag":0,"language":"JAVA","opaque":1,"serializeTypeCurrentRPC":"JSON","version":479}"#;
        let size = u32::try_from(header.len()).unwrap_or_default();
        let mut stream = TcpStream::connect(name_server)?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(&[(size + 4).to_be_bytes(), size.to_be_bytes()].concat())?;
        stream.write_all(header)?;
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(0);
        let mut answer = vec![0; length.min(1 << 20)];
        stream.read_exact(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    ask().is_ok_and(|answer| answer.contains("brokerDatas"))
}
