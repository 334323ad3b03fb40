//! Kernel settings about connections.

use super::kernel::Kernel;
use super::{Finding, Verdict, size};

/// Connections the server lets the kernel hold before it accepts them.
const BACKLOG: u64 = 1024;

#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    pub(super) backlog_max: Option<u64>,
    /// Largest receive and send buffer of one connection.
    pub(super) buffers_max: Option<(u64, u64)>,
    /// Memory of all connections at which the kernel stops giving more.
    pub(super) memory_max_bytes: Option<u64>,
}

impl Facts {
    pub(super) fn read(kernel: &Kernel) -> Self {
        let third = |name: &str| {
            let numbers = kernel.numbers(&format!("proc/sys/net/ipv4/{name}"));
            numbers.get(2).copied()
        };
        let page_bytes = rustix::param::page_size() as u64;
        Self {
            backlog_max: kernel.number("proc/sys/net/core/somaxconn"),
            buffers_max: third("tcp_rmem").zip(third("tcp_wmem")),
            memory_max_bytes: third("tcp_mem").map(|pages| pages.saturating_mul(page_bytes)),
        }
    }
}

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    let checks = [
        facts.backlog_max.map(backlog),
        facts.buffers_max.map(buffers),
        facts.memory_max_bytes.map(memory),
    ];
    checks.into_iter().flatten().collect()
}

fn backlog(max: u64) -> Finding {
    let why = "when many clients come back at once, those beyond this are turned away";
    let verdict = if max >= BACKLOG {
        Verdict::Ok
    } else {
        Verdict::Warn
    };
    let finding = Finding::new("network.backlog", verdict, max.to_string()).why(why);
    if verdict == Verdict::Ok {
        return finding;
    }
    finding.change(format!("sysctl -w net.core.somaxconn={BACKLOG}"))
}

fn buffers((receive, send): (u64, u64)) -> Finding {
    let why =
        "one connection carries at most its buffer per round trip: 4 MiB is 320 Mbit/s at 100 ms";
    let verdict = if receive.min(send) >= 1 << 22 {
        Verdict::Ok
    } else {
        Verdict::Note
    };
    let found = format!("receive {}, send {}", size(receive), size(send));
    let finding = Finding::new("network.buffers", verdict, found).why(why);
    if verdict == Verdict::Ok {
        return finding;
    }
    finding.change(
        "only for clients far away: sysctl -w net.ipv4.tcp_rmem='4096 131072 16777216' \
         net.ipv4.tcp_wmem='4096 65536 16777216'",
    )
}

fn memory(max_bytes: u64) -> Finding {
    let why = "of all connections together; above it the kernel drops packets of all of them";
    let verdict = if max_bytes >= 64 << 20 {
        Verdict::Ok
    } else {
        Verdict::Note
    };
    Finding::new("network.memory", verdict, size(max_bytes)).why(why)
}
