//! `kv`: nodes of a replicated key–value store, a whole cluster of them, and the client.
#![allow(
    clippy::print_stdout,
    reason = "a command talks to the person who started it"
)]

mod cluster;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use kv::client::{Client, ClientError};
use kv::wire::Read;
use kv::{Command, NodeId, node};
use raftlog::EngineKind;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
#[command(
    name = "kv",
    about = "A replicated key–value store: the example of raftlog"
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs one node.
    Node(NodeArgs),
    /// Runs a whole cluster on this machine: a process for each node.
    Cluster(ClusterArgs),
    /// Sets the value of a key.
    Put {
        key: String,
        value: String,
        #[command(flatten)]
        at: At,
    },
    /// Prints the value of a key; exit code 1 if it has none.
    Get {
        key: String,
        /// Ask the first node of --nodes for what it has, however old that is.
        #[arg(long)]
        local: bool,
        #[command(flatten)]
        at: At,
    },
    /// Sets the value of a key if it still has the expected one; exit code 1 if it has not.
    Cas {
        key: String,
        value: String,
        /// The value it must have; without this it must have none.
        #[arg(long)]
        expect: Option<String>,
        #[command(flatten)]
        at: At,
    },
    /// Removes a key.
    Delete {
        key: String,
        #[command(flatten)]
        at: At,
    },
    /// Which nodes belong to the cluster.
    #[command(subcommand)]
    Member(Member),
}

#[derive(Subcommand)]
enum Member {
    /// Prints each node and what it says of itself.
    List {
        #[command(flatten)]
        at: At,
    },
    /// Takes a running node without data in; returns when it votes.
    Add {
        /// ID=HOST:PORT; the id was never used before.
        #[arg(value_parser = member)]
        node: (NodeId, String),
        #[command(flatten)]
        at: At,
    },
    /// Takes a node out. Its id must not be used again.
    Remove {
        id: NodeId,
        #[command(flatten)]
        at: At,
    },
}

#[derive(Args)]
struct NodeArgs {
    /// Number of this node, never used for another one.
    #[arg(long)]
    id: NodeId,
    /// Address to listen at; port 0 is any free one, printed at the start.
    #[arg(long, value_name = "HOST:PORT")]
    listen: SocketAddr,
    /// The first members, this node among them, as others reach them. Only looked at while this node has no data;
    /// without it the node waits to be added.
    #[arg(long, value_name = "ID=HOST:PORT,…", value_delimiter = ',', value_parser = member)]
    peers: Vec<(NodeId, String)>,
    /// Ends when standard input is closed, so that it does not outlive whoever started it.
    #[arg(long, hide = true)]
    with_parent: bool,
    #[command(flatten)]
    storage: StorageArgs,
}

#[derive(Args, Clone)]
struct StorageArgs {
    /// Directory of the data; made if it is not there.
    #[arg(long)]
    data: PathBuf,
    /// I/O engine of the log: mmap, file, staged or direct.
    #[arg(long, default_value_t = EngineKind::File)]
    engine: EngineKind,
    /// Entries between two snapshots.
    #[arg(long, default_value_t = 5000)]
    snapshot_entries: u64,
}

#[derive(Args)]
struct ClusterArgs {
    /// How many nodes.
    #[arg(long, default_value_t = 3)]
    nodes: u64,
    #[command(flatten)]
    storage: StorageArgs,
}

/// Where the cluster is.
#[derive(Args)]
struct At {
    /// Addresses of nodes; one that runs is enough.
    #[arg(
        long,
        env = "KV_NODES",
        value_name = "HOST:PORT,…",
        value_delimiter = ',',
        required = true
    )]
    nodes: Vec<String>,
    /// Longest wait, in milliseconds.
    #[arg(long, default_value_t = 5000)]
    timeout_ms: u64,
}

impl At {
    fn client(&self) -> Client {
        Client::new(self.nodes.clone(), Duration::from_millis(self.timeout_ms))
    }
}

fn member(text: &str) -> Result<(NodeId, String), String> {
    let (id, address) = text
        .split_once('=')
        .ok_or("a member is written ID=HOST:PORT")?;
    let id = id.parse().map_err(|_| format!("`{id}` is no node id"))?;
    if !address.contains(':') {
        return Err(format!("`{address}` has no port"));
    }
    Ok((id, address.to_owned()))
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| "warn,openraft=off".into()),
        )
        .with_writer(std::io::stderr)
        .init();
    match run(Cli::parse().task).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("kv: {error:#}");
            match error.downcast_ref::<ClientError>() {
                Some(ClientError::Unavailable(_)) => ExitCode::from(3),
                Some(ClientError::Unknown(_)) => ExitCode::from(4),
                _ => ExitCode::from(2),
            }
        }
    }
}

async fn run(task: Task) -> Result<ExitCode> {
    match task {
        Task::Node(args) => run_node(args).await,
        Task::Cluster(args) => cluster::run(&args).await,
        Task::Put { key, value, at } => {
            at.client().write(Command::Put { key, value }).await?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Get { key, local, at } => {
            let read = if local {
                Read::Local
            } else {
                Read::Linearizable
            };
            let value = at.client().get(&key, read).await?;
            Ok(value.map_or(ExitCode::FAILURE, |value| {
                println!("{value}");
                ExitCode::SUCCESS
            }))
        }
        Task::Cas {
            key,
            value,
            expect,
            at,
        } => {
            let command = Command::Cas {
                key,
                expected: expect,
                value,
            };
            let outcome = at.client().write(command).await?;
            if !outcome.applied {
                eprintln!("kv: it holds {:?}", outcome.before);
            }
            Ok(ExitCode::from(u8::from(!outcome.applied)))
        }
        Task::Delete { key, at } => {
            at.client().write(Command::Delete { key }).await?;
            Ok(ExitCode::SUCCESS)
        }
        Task::Member(member) => run_member(member).await,
    }
}

async fn run_member(task: Member) -> Result<ExitCode> {
    match task {
        Member::List { at } => cluster::list(&mut at.client(), at.timeout_ms).await?,
        Member::Add {
            node: (id, address),
            at,
        } => at.client().add_member(id, address).await?,
        Member::Remove { id, at } => at.client().remove_member(id).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn run_node(args: NodeArgs) -> Result<ExitCode> {
    let peers: BTreeMap<NodeId, String> = args.peers.into_iter().collect();
    anyhow::ensure!(
        peers.is_empty() || peers.contains_key(&args.id),
        "--peers must name this node too: node {} is missing",
        args.id
    );
    let options = node::Options {
        id: args.id,
        listen: args.listen,
        peers,
        data: args.storage.data,
        engine: args.storage.engine,
        snapshot_entries: args.storage.snapshot_entries,
    };
    let node = node::start(&options).await?;
    println!("node {} listens at {}", args.id, node.address);
    tokio::select! {
        failure = node.failed() => anyhow::bail!("node {} ends: {failure}", args.id),
        ended = asked_to_end(args.with_parent) => ended?,
    }
    node.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Waits for SIGINT or SIGTERM, or for the end of the parent if it is to be watched.
async fn asked_to_end(with_parent: bool) -> Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM")?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
        () = parent_gone(), if with_parent => {}
    }
    Ok(())
}

/// Waits until standard input is closed. On a thread of its own: the runtime would wait for one of its own to return.
async fn parent_gone() {
    let (gone, wait) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = gone.send(());
    });
    let _ = wait.await;
}
