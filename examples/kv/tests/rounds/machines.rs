//! One network namespace for each node, joined by a bridge, with the clients at the bridge itself.
//!
//! A cut is a wrong, permanent neighbour entry: what one node sends to another goes to a hardware address that nobody has.
//! So packets vanish without a word, as on a broken link, one direction can be cut alone, and the clients still reach
//! the node that is cut off — it is they who would notice a stale answer.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use kv::NodeId;

/// A namespace with one network interface, kept open by a sleeping process.
#[derive(Debug)]
pub(crate) struct Machine {
    id: NodeId,
    holder: Child,
}

impl Machine {
    /// A machine for node `id`, reachable at [`address`].
    pub(crate) fn new(id: NodeId) -> Result<Self> {
        let mut holder = Command::new("unshare")
            .args(["--net", "sh", "-c", "echo; exec sleep infinity"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        // The line comes from inside of the new namespace.
        let stdout = holder.stdout.take().context("no pipe")?;
        BufReader::new(stdout).read_line(&mut String::new())?;
        let machine = Self { id, holder };
        let (link, pid) = (format!("node{id}"), machine.holder.id().to_string());
        ip(&[
            "link", "add", &link, "type", "veth", "peer", "name", "eth0", "netns", &pid,
        ])?;
        ip(&["link", "set", &link, "master", BRIDGE, "up"])?;
        machine.ip(&["link", "set", "lo", "up"])?;
        machine.ip(&["addr", "add", &format!("{}/24", address(id)), "dev", "eth0"])?;
        machine.ip(&["link", "set", "eth0", "up"])?;
        Ok(machine)
    }

    /// A command that runs `program` on this machine, as the process that is started.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--net=/proc/{}/ns/net", self.holder.id()))
            .arg(program);
        command
    }

    /// From now on nothing that this machine sends arrives at `to`.
    pub(crate) fn cut(&self, to: NodeId) -> Result<()> {
        let nobody = [
            "lladdr",
            "02:00:00:00:de:ad",
            "dev",
            "eth0",
            "nud",
            "permanent",
        ];
        self.ip(&[&["neigh", "replace", &address(to)], nobody.as_slice()].concat())
    }

    /// Undoes [`Self::cut`].
    pub(crate) fn mend(&self, to: NodeId) -> Result<()> {
        self.ip(&["neigh", "del", &address(to), "dev", "eth0"])
    }

    fn ip(&self, args: &[&str]) -> Result<()> {
        run(self.command("ip").args(args))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let ended = self.holder.kill().and_then(|()| self.holder.wait());
        if let Err(error) = ended {
            eprintln!("machine {}: {error}", self.id);
        }
    }
}

const BRIDGE: &str = "bridge0";

/// Address of the machine of node `id`. Nothing outside of the namespaces can see it.
pub(crate) fn address(id: NodeId) -> String {
    format!("10.0.0.{id}")
}

/// Makes the bridge; the clients are at its own address.
pub(crate) fn lay_cables() -> Result<()> {
    ip(&["link", "set", "lo", "up"])?;
    ip(&["link", "add", BRIDGE, "type", "bridge"])?;
    ip(&["addr", "add", "10.0.0.254/24", "dev", BRIDGE])?;
    ip(&["link", "set", BRIDGE, "up"])
}

fn ip(args: &[&str]) -> Result<()> {
    run(Command::new("ip").args(args))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {said}");
    Ok(())
}
