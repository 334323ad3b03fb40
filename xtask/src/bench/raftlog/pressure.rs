//! The run in little memory: each log takes entries at a fixed rate in a group of processes whose memory, page cache
//! included, is much less than what is written.
//!
//! The rate is below what the disk takes, so whatever is late is late for want of memory: reclaim that the writer has to do
//! itself, pages under write-back, faults. An entry's latency counts from when it was due, so that a stall shows in every
//! entry that it holds up. The child waits for a line on stdin before it starts, so that it is in the group by then.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};

use super::cgroup::{MemoryGroup, Version};
use super::figures::{Figures, Measured, UnderPressure};
use super::peers::{Peer, Place, Programs, read_answer};
use super::{Args, Limit};

const PAYLOAD_BYTES: u32 = 1024;
/// Of the memory, so much may be a JVM's heap.
const HEAP_DIVISOR: u64 = 3;

/// One round of every log, synced and not.
pub(super) fn round(
    args: &Args,
    programs: &Programs,
    dir: &Path,
    figures: &mut Figures,
) -> Result<()> {
    match MemoryGroup::create("probe", args.pressure_mib << 20) {
        Err(why) => {
            note(figures, format!("The run in little memory was left out: {why}."));
            return Ok(());
        }
        Ok(group) if group.version() == Version::V1 => note(
            figures,
            "Control groups are of version 1 here: dirty pages meet the limit in reclaim and not in the throttling of \
             writers, which overstates stalls."
                .to_owned(),
        ),
        Ok(_) => {}
    }
    for synced in [true, false] {
        for peer in &args.log {
            let outcome =
                one(args, programs, dir, *peer, synced).map_err(|error| format!("{error:#}"));
            let said = outcome.as_ref().map_or_else(Clone::clone, Measured::line);
            eprintln!(
                "{} MiB of memory, {}: {said}",
                args.pressure_mib,
                peer.name()
            );
            add(args, figures, *peer, synced, outcome);
        }
    }
    Ok(())
}

fn note(figures: &mut Figures, text: String) {
    if !figures.notes.contains(&text) {
        figures.notes.push(text);
    }
}

fn add(
    args: &Args,
    figures: &mut Figures,
    peer: Peer,
    synced: bool,
    outcome: Result<Measured, String>,
) {
    let all = &mut figures.pressure;
    match all
        .iter_mut()
        .find(|one| one.peer == peer && one.synced == synced)
    {
        Some(known) => known.rounds.push(outcome),
        None => all.push(UnderPressure {
            peer,
            limit_mib: args.pressure_mib,
            rate: args.pressure_rate,
            seconds: args.pressure_seconds,
            synced,
            rounds: vec![outcome],
        }),
    }
}

fn one(args: &Args, programs: &Programs, dir: &Path, peer: Peer, synced: bool) -> Result<Measured> {
    let place = Place::new(dir)?;
    let group = MemoryGroup::create("log", args.pressure_mib << 20).map_err(anyhow::Error::msg)?;
    let inner = programs.command(peer, args.pressure_mib / HEAP_DIVISOR);
    let mut command = Command::new("sh");
    command.args(["-c", "read _ && exec \"$0\" \"$@\""]);
    command.arg(inner.get_program()).args(inner.get_args());
    command.arg("--dir").arg(place.log());
    command.args(["--payload-bytes", &PAYLOAD_BYTES.to_string()]);
    command.args(["--rate", &args.pressure_rate.to_string()]);
    command.args(["--warm-up-ms", "1000"]);
    command.args(["--measured-ms", &(args.pressure_seconds * 1000).to_string()]);
    command.args(["--total-mib", "100000"]);
    if synced {
        command.arg("--synced");
    }
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("{command:?}"))?;
    group.add(child.id())?;
    child.stdin.take().context("stdin")?.write_all(b"go\n")?;
    let outcome = read_answer(
        child,
        Limit(Duration::from_secs(args.pressure_seconds * 4 + 60)),
    );
    match group.oom_kills() {
        Some(kills) if kills > 0 => outcome.context("killed for want of memory"),
        _ => outcome,
    }
}
