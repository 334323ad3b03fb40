//! What was measured, and what it has to show.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use super::peers::Peer;
use crate::bench::table::{Bar, median};

/// Version of the file of figures.
const SCHEMA: u32 = 1;

/// One load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cell {
    pub(super) payload_bytes: u32,
    pub(super) pending: u32,
    pub(super) synced: bool,
}

impl Cell {
    pub(super) fn name(&self) -> String {
        let durability = if self.synced { "synced" } else { "unsynced" };
        format!(
            "{} B, {} pending, {durability}",
            self.payload_bytes, self.pending
        )
    }
}

/// What a program of the load says: `raftload::Outcome` has what each field means.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) entries: u64,
    pub(super) seconds: f64,
    pub(crate) syncs: u64,
    pub(super) disk_bytes: u64,
    pub(super) cpu_seconds: f64,
    pub(super) p50_ns: u64,
    pub(super) p99_ns: u64,
    pub(super) p999_ns: u64,
    pub(super) p9999_ns: u64,
    pub(super) max_ns: u64,
}

impl Measured {
    pub(super) fn rate(&self) -> f64 {
        self.entries as f64 / self.seconds
    }

    pub(super) fn syncs_per_second(&self) -> f64 {
        self.syncs as f64 / self.seconds
    }

    pub(super) fn disk_bytes_per_sync(&self) -> f64 {
        self.disk_bytes as f64 / self.syncs.max(1) as f64
    }

    pub(super) fn cpu_us_per_entry(&self) -> f64 {
        self.cpu_seconds * 1e6 / self.entries.max(1) as f64
    }

    pub(crate) fn line(&self) -> String {
        format!(
            "{:.0} entries/s, {:.0} syncs/s, p50 {:.0} µs, p99.9 {:.0} µs, {:.2} µs CPU an entry",
            self.rate(),
            self.syncs_per_second(),
            self.p50_ns as f64 / 1e3,
            self.p999_ns as f64 / 1e3,
            self.cpu_us_per_entry()
        )
    }
}

/// The rounds of one log at one load.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Runs {
    pub(super) cell: Cell,
    pub(super) peer: Peer,
    pub(super) rounds: Vec<Measured>,
}

impl Runs {
    pub(super) fn values(&self, of: impl Fn(&Measured) -> f64) -> Vec<f64> {
        self.rounds.iter().map(of).collect()
    }
}

/// The run in little memory, of one log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct UnderPressure {
    pub(super) peer: Peer,
    pub(super) limit_mib: u64,
    pub(super) rate: u64,
    pub(super) seconds: u64,
    pub(super) synced: bool,
    /// `Err`: what became of a round instead.
    pub(super) rounds: Vec<Result<Measured, String>>,
}

/// A whole run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    schema: u32,
    pub(super) machine: String,
    pub(super) rounds: u32,
    pub(super) runs: Vec<Runs>,
    pub(super) pressure: Vec<UnderPressure>,
    /// Said of the machine's memory groups.
    pub(super) notes: Vec<String>,
}

impl Figures {
    pub(super) fn new(machine: String, rounds: u32) -> Self {
        Self {
            schema: SCHEMA,
            machine,
            rounds,
            runs: Vec::new(),
            pressure: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let figures: Self =
            serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        ensure!(
            figures.schema == SCHEMA,
            "{}: schema {}",
            path.display(),
            figures.schema
        );
        Ok(figures)
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        fs::write(path, serde_json::to_string_pretty(self)?)
            .with_context(|| path.display().to_string())
    }

    pub(super) fn add(&mut self, cell: &Cell, peer: Peer, measured: Measured) {
        let known = self
            .runs
            .iter_mut()
            .find(|runs| runs.cell == *cell && runs.peer == peer);
        match known {
            Some(runs) => runs.rounds.push(measured),
            None => self.runs.push(Runs {
                cell: *cell,
                peer,
                rounds: vec![measured],
            }),
        }
    }

    /// The loads, in the order they were run.
    pub(super) fn cells(&self) -> Vec<Cell> {
        let mut cells: Vec<Cell> = Vec::new();
        for runs in &self.runs {
            if !cells.contains(&runs.cell) {
                cells.push(runs.cell);
            }
        }
        cells
    }

    /// The logs under that load, in the order of [`Peer::ALL`].
    pub(super) fn at(&self, cell: Cell) -> impl Iterator<Item = &Runs> {
        Peer::ALL.iter().filter_map(move |peer| {
            self.runs
                .iter()
                .find(|runs| runs.cell == cell && runs.peer == *peer)
        })
    }

    /// One of our engines is ahead of each peer, in entries a second and at the 99.9th percentile. Where none is in all of it, the
    /// bars are those of the engine that is ahead in most, and of these the one with the most entries a second.
    pub(crate) fn bars(&self) -> Vec<(Cell, Bar)> {
        let judged = |cell: &Cell| [256, 1024].contains(&cell.payload_bytes);
        let mut bars = Vec::new();
        for cell in self.cells().into_iter().filter(judged) {
            let engines = self.at(cell).filter(|runs| runs.peer.is_ours());
            let best = engines.map(|ours| (self.bars_of(ours), rate(ours))).max_by(
                |(a, rate_a), (b, rate_b)| {
                    let held = |bars: &[Bar]| bars.iter().filter(|bar| bar.held).count();
                    (held(a).cmp(&held(b))).then(rate_a.total_cmp(rate_b))
                },
            );
            let best = best.map(|(bars, _)| bars).unwrap_or_default();
            bars.extend(best.into_iter().map(|bar| (cell, bar)));
        }
        bars
    }

    fn bars_of(&self, ours: &Runs) -> Vec<Bar> {
        let tail = |runs: &Runs| median(&runs.values(|measured| measured.p999_ns as f64 / 1e3));
        let (cell, engine) = (ours.cell.name(), ours.peer.name());
        self.at(ours.cell)
            .filter(|runs| runs.peer.is_rival())
            .flat_map(|theirs| {
                let peer = theirs.peer.name();
                let faster = format!("{cell}: entries/s of {engine} above {peer}");
                let sooner = format!("{cell}: p99.9 in µs of {engine} below {peer}");
                [
                    Bar::at_least(faster, rate(ours), rate(theirs)),
                    Bar::at_most(sooner, tail(ours), 1.0, tail(theirs)),
                ]
            })
            .collect()
    }
}

fn rate(runs: &Runs) -> f64 {
    median(&runs.values(Measured::rate))
}
