//! Whether the addresses of the configuration can be listened on, and if not, who does.

use std::io;

use super::kernel::Kernel;
use super::{Finding, Verdict};
use crate::config::{Address, Config, FastPort};
use crate::server::{StartError, listeners};

#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    pub(super) listeners: Vec<Listener>,
}

#[derive(Debug, Clone)]
pub(super) struct Listener {
    /// The setting that names it.
    pub(super) key: &'static str,
    pub(super) address: Address,
    pub(super) outcome: Outcome,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Free,
    /// Process id and name, where they can be told.
    Taken(Option<(u32, String)>),
    Refused(String),
}

impl Facts {
    pub(super) fn read(kernel: &Kernel, config: &Config) -> Self {
        let wanted = [
            ("listen.kafka", config.kafka.clone()),
            ("listen.rocketmq", config.rocketmq.clone()),
            ("listen.rocketmq_fast", fast_port(config)),
            ("listen.namesrv", config.namesrv.clone()),
            ("listen.http", config.http.clone()),
        ];
        let listeners = wanted.into_iter().filter_map(|(key, address)| {
            let address = address?;
            let outcome = match listeners::open(key, &address) {
                Ok(_) => Outcome::Free,
                Err(StartError::Listen { source, .. })
                    if source.kind() == io::ErrorKind::AddrInUse =>
                {
                    Outcome::Taken(holder(kernel, address.port))
                }
                Err(error) => Outcome::Refused(error.to_string()),
            };
            Some(Listener {
                key,
                address,
                outcome,
            })
        });
        Self {
            listeners: listeners.collect(),
        }
    }
}

/// Where the broker's fast port is going to be, where that can be told.
fn fast_port(config: &Config) -> Option<Address> {
    let broker = config.rocketmq.as_ref()?;
    match &config.rocketmq_fast {
        FastPort::Off => None,
        FastPort::At(address) => Some(address.clone()),
        // Of a port that the system picks, the one below is picked, too.
        FastPort::Derived => Some(Address {
            host: broker.host.clone(),
            port: broker.port.checked_sub(2)?,
        }),
    }
}

/// Who listens on the port. Other users' processes can be seen by root only.
fn holder(kernel: &Kernel, port: u16) -> Option<(u32, String)> {
    let tables = ["proc/net/tcp", "proc/net/tcp6"];
    let inodes: Vec<String> = tables
        .into_iter()
        .flat_map(|table| listening(&kernel.text(table).unwrap_or_default(), port))
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let pids = kernel.list("proc").into_iter();
    for pid in pids.filter_map(|name| name.parse::<u32>().ok()) {
        let descriptors = format!("proc/{pid}/fd");
        for descriptor in kernel.list(&descriptors) {
            let link = kernel.link(&format!("{descriptors}/{descriptor}"));
            let is_it =
                link.is_some_and(|to| inodes.iter().any(|inode| to.as_os_str() == inode.as_str()));
            if is_it {
                let name = kernel.text(&format!("proc/{pid}/comm"))?;
                return Some((pid, name));
            }
        }
    }
    None
}

/// Inodes of the sockets of a `/proc/net/tcp` table that listen on the port.
pub(super) fn listening(table: &str, port: u16) -> Vec<String> {
    const LISTEN: &str = "0A";
    let wanted = format!("{port:04X}");
    let rows = table.lines().skip(1).filter_map(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let (_, its_port) = columns.get(1)?.rsplit_once(':')?;
        let is_it = its_port == wanted && columns.get(3) == Some(&LISTEN);
        is_it.then(|| columns.get(9).map(|inode| (*inode).to_owned()))?
    });
    rows.collect()
}

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    facts.listeners.iter().map(listener).collect()
}

fn listener(listener: &Listener) -> Finding {
    let Listener { key, address, .. } = listener;
    let check = match *key {
        "listen.http" => "port.http",
        "listen.rocketmq" => "port.rocketmq",
        "listen.rocketmq_fast" => "port.rocketmq_fast",
        "listen.namesrv" => "port.namesrv",
        _ => "port.kafka",
    };
    let say = |verdict, found: String| Finding::new(check, verdict, format!("{address} {found}"));
    let change = match *key {
        // It has no flag.
        "listen.rocketmq_fast" => "listen.rocketmq_fast = \"HOST:PORT\"".to_owned(),
        _ => format!("{} HOST:PORT", key.replace("listen.", "--")),
    };
    match &listener.outcome {
        Outcome::Free => {
            say(Verdict::Ok, "can be listened on".to_owned()).why("clients connect there")
        }
        Outcome::Taken(Some((pid, name))) if name == "highwater" => say(
            Verdict::Note,
            format!("is in use by highwater, process {pid}"),
        )
        .why("the server runs already; a second one needs other ports and another directory"),
        Outcome::Taken(holder) => {
            let by = holder.as_ref();
            let by = by.map_or(String::new(), |(pid, name)| {
                format!(" by {name}, process {pid}")
            });
            say(Verdict::Fail, format!("is in use{by}"))
                .why("the server does not start when it cannot listen")
                .change(format!("stop what uses it, or give another with {change}"))
        }
        Outcome::Refused(why) => say(Verdict::Fail, "cannot be listened on".to_owned())
            .why(why.clone())
            .change(format!("give an address of this machine with {change}")),
    }
}
