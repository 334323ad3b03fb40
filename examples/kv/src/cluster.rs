//! `kv cluster`: a process for each node, on this machine, for trying things out; and the table of `kv member list`.
//!
//! The nodes' addresses are kept in `cluster.json`, for a cluster must find its members where they were. The nodes end
//! with this process, even if it is killed: each reads from a pipe that only this process holds open.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use kv::NodeId;
use kv::client::{Client, ClientError};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use super::{ClusterArgs, StorageArgs};

/// Longest wait for a leader after the start.
const START_LIMIT: Duration = Duration::from_secs(30);

/// Longest wait for the nodes to end in order.
const STOP_LIMIT: Duration = Duration::from_secs(10);

pub(crate) async fn run(args: &ClusterArgs) -> Result<ExitCode> {
    ensure!(args.nodes > 0, "a cluster has at least one node");
    let data = &args.storage.data;
    std::fs::create_dir_all(data).with_context(|| data.display().to_string())?;
    let known = known_addresses(data)?;
    let ids: Vec<NodeId> = if known.is_empty() {
        (1..=args.nodes).collect()
    } else {
        known.keys().copied().collect()
    };
    let (mut addresses, mut pipes, mut nodes) = (BTreeMap::new(), Vec::new(), JoinSet::new());
    for id in ids {
        let listen = known.get(&id).map_or("127.0.0.1:0", String::as_str);
        let (mut child, address) = start(id, listen, &args.storage).await?;
        println!(
            "node {id} listens at {address}, process {}",
            child.id().unwrap_or_default()
        );
        addresses.insert(id, address);
        // Kept apart, for waiting closes a child's pipe, and the node would take that for the end of this process.
        pipes.push(child.stdin.take());
        nodes.spawn(async move { (id, child.wait().await) });
    }
    let at: Vec<String> = addresses.values().cloned().collect();
    let mut client = Client::new(at.clone(), START_LIMIT);
    if known.is_empty() {
        client.init(addresses.clone()).await?;
        keep_addresses(data, &addresses)?;
    }
    // Answered by a leader that has committed an entry of its term: the cluster is ready.
    client.get("", kv::wire::Read::Linearizable).await?;
    println!(
        "ready; for the other commands: export KV_NODES={}",
        at.join(",")
    );
    let mut end = std::pin::pin!(super::asked_to_end(false));
    loop {
        tokio::select! {
            asked = &mut end => {
                asked?;
                break;
            }
            Some(ended) = nodes.join_next() => {
                let (id, status) = ended?;
                let address = addresses.get(&id).map_or("", String::as_str);
                println!("node {id} ended ({}); to start it again:", status?);
                println!("kv node --id {id} --listen {address} --data {}", node_dir(data, id).display());
            }
        }
    }
    drop(pipes);
    let ended = tokio::time::timeout(STOP_LIMIT, nodes.join_all()).await;
    ended.context("a node did not end, and is killed")?;
    Ok(ExitCode::SUCCESS)
}

fn node_dir(data: &Path, id: NodeId) -> PathBuf {
    data.join(format!("node-{id}"))
}

/// Starts a node and waits until it says where it listens.
async fn start(id: NodeId, listen: &str, storage: &StorageArgs) -> Result<(Child, String)> {
    let mut child = Command::new(std::env::current_exe()?)
        .args([
            "node",
            "--with-parent",
            "--id",
            &id.to_string(),
            "--listen",
            listen,
        ])
        .args(["--engine", storage.engine.name()])
        .args(["--snapshot-entries", &storage.snapshot_entries.to_string()])
        .arg("--data")
        .arg(node_dir(&storage.data, id))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = child.stdout.take().context("no pipe to the node")?;
    let line = BufReader::new(stdout)
        .lines()
        .next_line()
        .await?
        .unwrap_or_default();
    match line.rsplit_once(' ') {
        Some((_, address)) => Ok((child, address.to_owned())),
        None => bail!("node {id} did not start"),
    }
}

fn known_addresses(data: &Path) -> Result<BTreeMap<NodeId, String>> {
    let path = data.join("cluster.json");
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).with_context(|| path.display().to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

fn keep_addresses(data: &Path, addresses: &BTreeMap<NodeId, String>) -> Result<()> {
    let file = tempfile::NamedTempFile::new_in(data)?;
    serde_json::to_writer_pretty(&file, addresses)?;
    file.as_file().sync_all()?;
    file.persist(data.join("cluster.json"))?;
    Ok(())
}

/// Prints each member and what it says of itself.
pub(crate) async fn list(client: &mut Client, timeout_ms: u64) -> Result<(), ClientError> {
    let mut cluster = client.status().await?;
    // A node that was removed, or is cut off, may not know it; the leader does.
    if let Some(address) = cluster
        .leader
        .and_then(|leader| cluster.voters.get(&leader))
    {
        client.prefer(address);
        cluster = client.status().await?;
    }
    println!("id    votes  leader  term  applied  snapshot  address");
    let voters = cluster.voters.iter().map(|member| (member, "yes"));
    let learners = cluster.learners.iter().map(|member| (member, "no"));
    for ((id, address), votes) in voters.chain(learners) {
        let limit = Duration::from_millis(timeout_ms.min(1000));
        let number = |value: Option<u64>| value.map_or("-".to_owned(), |value| value.to_string());
        match Client::new(vec![address.clone()], limit).status().await {
            Ok(status) => println!(
                "{id:<5} {votes:<6} {:<7} {:<5} {:<8} {:<9} {address}",
                if status.leader == Some(*id) {
                    "yes"
                } else {
                    "no"
                },
                status.term,
                number(status.applied_index),
                number(status.snapshot_index),
            ),
            Err(_) => println!("{id:<5} {votes:<6} does not answer{:19}{address}", ""),
        }
    }
    Ok(())
}
