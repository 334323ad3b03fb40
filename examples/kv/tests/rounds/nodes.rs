//! The three nodes as processes, each on a machine of its own, and what can be done to a process.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kv::NodeId;
use kv::client::Client;
use rustix::process::{Pid, Signal, kill_process};

use super::machines::{self, Machine};

/// Port of every node, each in a network of its own.
const PORT: u16 = 4000;

/// Few enough that snapshots are made, installed and started from within a round.
const SNAPSHOT_ENTRIES: &str = "300";

pub(crate) const IDS: [NodeId; 3] = [1, 2, 3];

/// Where clients and nodes reach node `id`.
pub(crate) fn address(id: NodeId) -> String {
    format!("{}:{PORT}", machines::address(id))
}

#[derive(Debug)]
struct Node {
    id: NodeId,
    machine: Machine,
    process: Child,
}

/// All nodes. They end with it.
#[derive(Debug)]
pub(crate) struct Cluster {
    dir: PathBuf,
    engine: String,
    nodes: Vec<Node>,
}

impl Cluster {
    /// Starts three nodes that know of each other, with their data below `dir`.
    pub(crate) fn start(dir: &Path, engine: &str) -> Result<Self> {
        machines::lay_cables()?;
        let mut cluster = Self {
            dir: dir.to_owned(),
            engine: engine.to_owned(),
            nodes: Vec::new(),
        };
        for id in IDS {
            let machine = Machine::new(id)?;
            let process = cluster.spawn(id, &machine)?;
            cluster.nodes.push(Node {
                id,
                machine,
                process,
            });
        }
        Ok(cluster)
    }

    fn spawn(&self, id: NodeId, machine: &Machine) -> Result<Child> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.log(id))?;
        let peers: Vec<String> = IDS
            .iter()
            .map(|id| format!("{id}={}", address(*id)))
            .collect();
        machine
            .command(env!("CARGO_BIN_EXE_kv"))
            .args(["node", "--id", &id.to_string(), "--listen", &address(id)])
            .args(["--peers", &peers.join(","), "--engine", &self.engine])
            .args(["--snapshot-entries", SNAPSHOT_ENTRIES, "--data"])
            .arg(self.dir.join(format!("node-{id}")))
            .env("RUST_LOG", "warn,openraft=error")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("node {id}"))
    }

    fn log(&self, id: NodeId) -> PathBuf {
        self.dir.join(format!("node-{id}.log"))
    }

    fn node(&mut self, id: NodeId) -> Result<&mut Node> {
        let node = self.nodes.iter_mut().find(|node| node.id == id);
        node.with_context(|| format!("no node {id}"))
    }

    /// Ends a node as a crash does.
    pub(crate) fn kill(&mut self, id: NodeId) -> Result<()> {
        let node = self.node(id)?;
        node.process.kill()?;
        node.process.wait()?;
        Ok(())
    }

    /// Starts a node that was killed.
    pub(crate) fn restart(&mut self, id: NodeId) -> Result<()> {
        let at = self
            .nodes
            .iter()
            .position(|node| node.id == id)
            .context("no such node")?;
        let node = self.nodes.get(at).context("no such node")?;
        let process = self.spawn(id, &node.machine)?;
        self.node(id)?.process = process;
        Ok(())
    }

    /// Stops or continues a node.
    pub(crate) fn signal(&mut self, id: NodeId, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.node(id)?.process.id())?;
        Ok(kill_process(
            Pid::from_raw(pid).context("no process")?,
            signal,
        )?)
    }

    /// Cuts the way from one node to another, or mends it.
    pub(crate) fn link(&mut self, from: NodeId, to: NodeId, whole: bool) -> Result<()> {
        let machine = &self.node(from)?.machine;
        if whole {
            machine.mend(to)
        } else {
            machine.cut(to)
        }
    }

    /// The leader, if some node knows one.
    pub(crate) async fn leader(&self) -> Option<NodeId> {
        for id in IDS {
            let mut client = Client::new(vec![address(id)], Duration::from_millis(200));
            if let Ok(status) = client.status().await
                && status.leader.is_some()
            {
                return status.leader;
            }
        }
        None
    }

    /// Complains about a node that has ended without having been killed, or that has panicked.
    pub(crate) fn all_alive(&mut self) -> Result<()> {
        for id in IDS {
            let ended = self.node(id)?.process.try_wait()?;
            ensure!(ended.is_none(), "node {id} has ended by itself");
            let said = fs::read_to_string(self.log(id))?;
            ensure!(!said.contains("panicked"), "node {id} has panicked");
        }
        Ok(())
    }

    /// The end of what each node has printed.
    pub(crate) fn last_words(&self) -> String {
        let of = |id: &NodeId| {
            let said = fs::read_to_string(self.log(*id)).unwrap_or_default();
            let lines: Vec<&str> = said.lines().collect();
            let last = lines
                .get(lines.len().saturating_sub(10)..)
                .unwrap_or_default();
            format!("node {id}:\n{}\n", last.join("\n"))
        };
        IDS.iter().map(of).collect()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            let ended = node.process.kill().and_then(|()| node.process.wait());
            if let Err(error) = ended {
                eprintln!("node {}: {error}", node.id);
            }
        }
    }
}
