//! RocketMQ's own example programs (`org.apache.rocketmq.example`), unmodified: what they print here is what they print with
//! RocketMQ's broker.
//!
//! Some of them have `127.0.0.1:9876` written in them, so server and programs have a network namespace of their own, in
//! which the ports are the usual ones. What they print is brought down to what chance does not decide ([`facts()`]) and held
//! against `tests/clients/rocketmq/examples-5.5.0.txt`, which is the same from RocketMQ 5.5.0.

mod facts;
mod scenes;

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use self::facts::{facts, messages_in};
use self::scenes::{PROGRAMS, Program, Until};
use crate::clients::server::binary;
use crate::daemon::Daemon;
use crate::report::Tally;
use crate::rocketmq_peer::{self, FRUGAL, Peer};
use crate::{step, workspace};

/// Where all of them look.
const NAME_SERVER: &str = "127.0.0.1:9876";
const BROKER_PORT: u16 = 10911;
/// Longest that a program may take.
const PATIENCE: Duration = Duration::from_secs(90);
/// What comes so long after the last that was waited for would have come too much.
const AFTERWARDS: Duration = Duration::from_secs(1);
/// What both brokers are told: transactions are asked about soon.
const SETTINGS: [&str; 2] = ["transactionCheckInterval=1000", "transactionTimeOut=3000"];

/// What was recorded from RocketMQ.
const RECORD: &str = "tests/clients/rocketmq/examples-5.5.0.txt";

/// Runs all of them against `peer`; a tally entry for each program. With `write`, what they print is the new record.
pub(super) fn run(peer: Peer, write: bool) -> Result<Tally> {
    let dir = tempfile::Builder::new()
        .prefix("highwater-examples-")
        .tempdir()?;
    let net = Namespace::new()?;
    let servers = start(&net, peer, dir.path())?;
    let record = workspace::root().join(RECORD);
    let expected = fs::read_to_string(&record).unwrap_or_default();
    let mut tally = Tally::default();
    let mut text = String::new();
    let mut background = Vec::new();
    for topic in scenes::TOPICS {
        step::output(&mut make_topic(&net, dir.path(), topic)?)?;
    }
    for program in PROGRAMS {
        let said =
            said_by(program, &net, dir.path(), &mut background).with_context(|| program.title())?;
        let chapter = chapter(program, &said);
        let is_known = expected.contains(&chapter);
        if !is_known && !write {
            println!("   {} differs; here it is\n{chapter}", program.title());
        }
        tally.add(Tally::single(is_known || write));
        text.push_str(&chapter);
    }
    drop(background);
    if write {
        fs::write(&record, text)?;
    }
    for server in servers {
        server.stop()?;
    }
    Ok(tally)
}

/// A program's part of the record.
fn chapter(program: &Program, said: &str) -> String {
    let mut chapter = format!("## {}\n", program.title());
    for fact in facts(said, program.counting) {
        let _ = writeln!(chapter, "{fact}");
    }
    chapter.push('\n');
    chapter
}

/// Runs a program until it has ended or done what it is waited for.
fn said_by(
    program: &Program,
    net: &Namespace,
    home: &Path,
    background: &mut Vec<Daemon>,
) -> Result<String> {
    let mut command = net.command(&rocketmq_peer::jvm(home, FRUGAL)?);
    command.arg(format!("-Drocketmq.namesrv.addr={NAME_SERVER}"));
    command.arg(format!("org.apache.rocketmq.example.{}", program.class));
    command.args(program.args);
    let log = tempfile::NamedTempFile::new()?;
    let mut daemon = Daemon::start(program.class, &mut command, log.path())?;
    let began = Instant::now();
    let mut met_at = None;
    loop {
        let ended = daemon.has_ended()?;
        let said = daemon.output();
        let met = match program.until {
            Until::Ended => ended,
            Until::Said(text, times) => said.matches(text).count() >= times,
            Until::Received(count) => messages_in(&said) >= count,
            Until::Passed(seconds) => began.elapsed() >= Duration::from_secs(seconds),
        };
        if met && met_at.is_none() {
            met_at = Some(Instant::now());
        }
        let afterwards = match program.until {
            Until::Ended | Until::Passed(_) => Duration::ZERO,
            Until::Said(..) | Until::Received(_) => AFTERWARDS,
        };
        if met_at.is_some_and(|at: Instant| at.elapsed() >= afterwards) {
            if program.stays {
                background.push(daemon);
            }
            return Ok(said);
        }
        if ended || began.elapsed() > PATIENCE {
            bail!(
                "it did not do what it is waited for:\n{}",
                daemon.last_words()
            );
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn make_topic(net: &Namespace, home: &Path, topic: &str) -> Result<Command> {
    let mut command = net.command(&rocketmq_peer::jvm(home, FRUGAL)?);
    command.arg("org.apache.rocketmq.tools.command.MQAdminStartup");
    command.args(["updateTopic", "-n", NAME_SERVER, "-c", "DefaultCluster"]);
    command.args(["-r", "4", "-w", "4", "-t", topic]);
    Ok(command)
}

/// The broker last, as it is to be stopped first.
fn start(net: &Namespace, peer: Peer, dir: &Path) -> Result<Vec<Daemon>> {
    let log = dir.join("server.log");
    let mut servers = Vec::new();
    match peer {
        Peer::Highwater(engine) => {
            let mut command = Command::new(binary());
            command.arg("serve").arg("--data").arg(dir.join("data"));
            command.args(["--engine", engine]);
            for setting in SETTINGS {
                command.args(["--set", &format!("rocketmq.{setting}")]);
            }
            let mut command = net.command(&command);
            // Where downloads are kept is no setting of the server, and it refuses what it does not know.
            command.env_remove("HIGHWATER_CACHE");
            servers.push(Daemon::start(engine, &mut command, &log)?);
        }
        Peer::RocketMq => {
            let names = rocketmq_peer::name_server(dir, FRUGAL, 9876)?;
            let mut names =
                Daemon::start("RocketMQ's name server", &mut net.command(&names), &log)?;
            // A broker that finds no name server tries again only after 10 s.
            names.wait_until(|_| net.is_open(NAME_SERVER))?;
            let mut lines: Vec<String> = SETTINGS.map(str::to_owned).to_vec();
            lines.push(format!("namesrvAddr={NAME_SERVER}"));
            let more = [
                "brokerIP1=127.0.0.1",
                "enablePropertyFilter=true",
                "traceTopicEnable=true",
                "waitTimeMillsInSendQueue=10000",
            ];
            lines.extend(more.map(str::to_owned));
            let options = [FRUGAL, &["-Xms1g", "-Xmx1g"]].concat();
            let broker =
                rocketmq_peer::broker(dir, &options, BROKER_PORT, &dir.join("store"), &lines)?;
            servers.push(Daemon::start(
                "RocketMQ's broker",
                &mut net.command(&broker),
                &log,
            )?);
            servers.push(names);
        }
    }
    let found = format!("127.0.0.1:{BROKER_PORT}");
    if let Some(broker) = servers.first_mut() {
        broker.wait_until(|_| net.is_open(&found))?;
    }
    Ok(servers)
}

/// A network namespace with nothing but its own loopback, kept open by a sleeping process.
struct Namespace {
    holder: Daemon,
    pid: u32,
    _log: tempfile::NamedTempFile,
}

impl Namespace {
    fn new() -> Result<Self> {
        let log = tempfile::NamedTempFile::new()?;
        let mut command = Command::new("unshare");
        let script = "ip link set lo up && echo ready && exec sleep infinity";
        command.args(["--net", "sh", "-c", script]);
        let mut holder = Daemon::start("a network namespace", &mut command, log.path())?;
        holder.wait_until(|holder| holder.output().contains("ready"))?;
        let pid = holder.pid().context("it has no process")?;
        Ok(Self {
            holder,
            pid,
            _log: log,
        })
    }

    /// The same command in here, as the process that is started.
    fn command(&self, inner: &Command) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.pid));
        command.arg(inner.get_program()).args(inner.get_args());
        command
    }

    /// Whether somebody listens there.
    fn is_open(&self, address: &str) -> bool {
        let script = format!("(: < /dev/tcp/{}) 2>&-", address.replace(':', "/"));
        let mut bash = Command::new("bash");
        bash.args(["-c", &script]);
        self.holder.pid().is_some() && step::passes(&mut self.command(&bash)).unwrap_or(false)
    }
}
