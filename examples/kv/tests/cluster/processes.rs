//! Clusters and single nodes as processes. They end with their handles, and with this process.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use kv::client::{Client, ClientError};
use kv::wire::Read;
use kv::{Command, NodeId};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout};

/// Longest wait for a process to say something.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// `kv` with these arguments, ended with its handle.
pub(crate) fn command(args: &[&str]) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_kv"));
    command
        .args(args)
        .env_remove("KV_NODES")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

pub(crate) fn put(key: &str, value: &str) -> Command {
    Command::Put {
        key: key.to_owned(),
        value: value.to_owned(),
    }
}

/// Writes until it is acknowledged; the same value twice does no harm where nobody else writes.
pub(crate) async fn put_surely(client: &mut Client, key: &str, value: &str) {
    loop {
        match client.write(put(key, value)).await {
            Ok(_) => return,
            Err(ClientError::Unknown(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

/// The value of a key that has one.
pub(crate) async fn read(client: &mut Client, key: &str) -> String {
    client
        .get(key, Read::Linearizable)
        .await
        .unwrap()
        .unwrap_or_else(|| panic!("{key} is lost"))
}

fn signal(pid: u32, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

async fn next_line(lines: &mut Lines<BufReader<ChildStdout>>) -> String {
    let line = tokio::time::timeout(PATIENCE, lines.next_line()).await;
    line.expect("says nothing").unwrap().expect("has ended")
}

/// One node.
pub(crate) struct Process {
    pub(crate) address: String,
    child: Child,
}

impl Process {
    /// A node on any free port.
    pub(crate) async fn node(id: NodeId, data: &Path, more: &[&str]) -> Self {
        Self::node_at(id, "127.0.0.1:0", data, more).await
    }

    pub(crate) async fn node_at(id: NodeId, listen: &str, data: &Path, more: &[&str]) -> Self {
        let (id, data) = (id.to_string(), data.to_str().unwrap());
        let args = ["node", "--id", &id, "--listen", listen, "--data", data];
        Self::started(&[&args, more].concat()).await
    }

    /// A node by a command that the cluster has printed.
    pub(crate) async fn node_by_command(line: &str) -> Self {
        let args: Vec<&str> = line.split(' ').skip(1).collect();
        Self::started(&args).await
    }

    async fn started(args: &[&str]) -> Self {
        let mut command = command(args);
        // Holding the pipe is what keeps the node running.
        command
            .arg("--with-parent")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = next_line(&mut lines).await;
        let address = line.rsplit(' ').next().unwrap().to_owned();
        Self { address, child }
    }

    /// SIGKILL, and the end.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// `kv cluster`.
pub(crate) struct Cluster {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// Number, address and process of each node.
    nodes: Vec<(NodeId, String, u32)>,
}

impl Cluster {
    /// Starts it and waits until it is ready.
    pub(crate) async fn start(dir: &Path, more: &[&str]) -> Self {
        let mut command = command(&[&["cluster", "--data", dir.to_str().unwrap()], more].concat());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut nodes = Vec::new();
        loop {
            let line = next_line(&mut lines).await;
            if line.starts_with("ready") {
                return Self {
                    child,
                    lines,
                    nodes,
                };
            }
            // node 1 listens at 127.0.0.1:4000, process 77
            let words: Vec<&str> = line.split([' ', ',']).collect();
            nodes.push((
                words[1].parse().unwrap(),
                words[4].to_owned(),
                words[7].parse().unwrap(),
            ));
        }
    }

    pub(crate) fn addresses(&self) -> Vec<String> {
        self.nodes
            .iter()
            .map(|(_, address, _)| address.clone())
            .collect()
    }

    pub(crate) fn addresses_without(&self, node: NodeId) -> Vec<String> {
        let others = self.nodes.iter().filter(|(id, ..)| *id != node);
        others.map(|(_, address, _)| address.clone()).collect()
    }

    /// Runs a client command against it.
    pub(crate) async fn kv(&self, args: &[&str]) -> Output {
        command(args)
            .env("KV_NODES", self.addresses().join(","))
            .output()
            .await
            .unwrap()
    }

    /// SIGKILL for one node.
    pub(crate) fn kill(&mut self, node: NodeId) {
        let (.., pid) = self.nodes.iter().find(|(id, ..)| *id == node).unwrap();
        signal(*pid, Signal::KILL);
    }

    /// The next line that contains `text`.
    pub(crate) async fn line_with(&mut self, text: &str) -> String {
        loop {
            let line = next_line(&mut self.lines).await;
            if line.contains(text) {
                return line;
            }
        }
    }

    /// SIGTERM, and the end.
    pub(crate) async fn stop(mut self) {
        signal(self.child.id().unwrap(), Signal::TERM);
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        assert!(status.expect("does not end").unwrap().success());
    }

    /// SIGKILL for the cluster's own process only.
    pub(crate) async fn kill_parent(mut self) {
        self.child.kill().await.unwrap();
    }
}
