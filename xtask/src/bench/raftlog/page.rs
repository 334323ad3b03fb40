//! The page of the comparison: made from the figures alone.

use std::fmt::Write as _;

use super::figures::{Cell, Figures, Measured, Runs, UnderPressure};
use super::peers::Peer;
use crate::bench::table::{median, short, spread};

const INTRODUCTION: &str = "\
# The Raft log, its engines, and two others

The author of dongting wrote his Raft log on plain file I/O, behind an interface that could take another implementation, and wished
for one on mappings and for a comparison on the same work. This is that comparison: `raftlog` on its four engines, TiKV's
`raft-engine` 0.4.2 and dongting's own log (commit `0d366e70`). `cargo xtask bench raftlog --write` makes the page; nothing on it is typed in.

## How it is measured

- One Raft group, one thread that owns it. It keeps so many entries *under way*: it appends all that it may in one call, and goes on when
  some of it is complete. That is what the core of a Raft library does with what has piled up.
- Each figure is from a process of its own with a new directory, on the same disk. Rounds go through all cells and, in a cell,
  through all logs, beginning with another each time. Free memory is kept from going back to the host, as for `bench kafka`. `median (least–most)` of the rounds; latencies are medians.
- *Synced*: an entry is complete when it survives power loss: every log syncs its data with `fdatasync` first. *Unsynced*: it is complete when
  the page cache has it (`raftlog`: `Ack::Memory`, which syncs behind, twice a second and each 64 MiB; `raft-engine`: a write without sync, and none until the file is full;
  dongting: `syncForce=false`, which syncs all the time but does not wait).
- Payloads are random bytes. `raft-engine` would compress them by default to no avail: that is off. All other settings are each log's own.
- Synced, the owner of `raft-engine` and of `raftlog` (`append_and_wait`) makes the sync itself where nothing more may be under way;
  dongting's log hands it to a thread for the disk. dongting's log runs without the rest of its server.
- *KiB/sync* are bytes written by the disk's own counter, the file system's included, divided by the log's syncs.
- *bare* is no log: the same payloads written to one file in space that was taken ahead, and synced by the thread that wrote them; no headers, no checksums,
  no index. It writes no zeros ahead either, so it is a mark to read the logs by, not a bound.
- *CPU* is of all threads of the process, user and system, and includes the owner's.
";

/// The page.
pub(super) fn page(figures: &Figures) -> String {
    let mut page = INTRODUCTION.to_owned();
    let _ = writeln!(
        page,
        "- Machine: {}; {} rounds.",
        figures.machine, figures.rounds
    );
    page.push_str("\n![Entries a second, synced](img/raftlog-comparison.svg)\n");
    bars(&mut page, figures);
    mapped_or_not(&mut page, figures);
    pressure(&mut page, figures);
    for cell in figures.cells() {
        table(&mut page, figures, cell);
    }
    page
}

fn bars(page: &mut String, figures: &Figures) {
    let bars = figures.bars();
    if bars.is_empty() {
        return;
    }
    let held = bars.iter().filter(|(_, bar)| bar.held).count();
    let _ = writeln!(
        page,
        "\n## Is the best engine ahead of both?\n\nUnder each load at 256 B and 1 KiB the engine that is ahead in most; {held} of {} comparisons of medians hold. Those that do not:\n",
        bars.len()
    );
    for (cell, bar) in bars.iter().filter(|(_, bar)| !bar.held) {
        let bare = figures.at(*cell).find(|runs| runs.peer == Peer::Bare);
        let bare = bare.map_or_else(String::new, |bare| {
            let tail = bare.values(|measured| measured.p999_ns as f64 / 1e3);
            let rate = bare.values(Measured::rate);
            format!(
                "; bare: {} entries/s, p99.9 {}",
                spread(&rate),
                spread(&tail)
            )
        });
        let _ = writeln!(page, "- {}: {}{bare}", bar.what, bar.figures);
    }
}

/// The question that the project began with.
fn mapped_or_not(page: &mut String, figures: &Figures) {
    page.push_str(
        "\n## Mapped or not?\n\n`mmap` beside `file`, medians.\n\n\
         | | entries/s: mmap | file | mmap ÷ file | p99.9 µs: mmap | file | CPU µs/entry: mmap | file |\n|---|---|---|---|---|---|---|---|\n",
    );
    for cell in figures.cells() {
        let of = |peer: Peer| figures.at(cell).find(|runs| runs.peer == peer);
        let (Some(mmap), Some(file)) = (of(Peer::Mmap), of(Peer::File)) else {
            continue;
        };
        let middle = |runs: &Runs, value: fn(&Measured) -> f64| median(&runs.values(value));
        let (rate_mmap, rate_file) = (middle(mmap, Measured::rate), middle(file, Measured::rate));
        let tail = |measured: &Measured| measured.p999_ns as f64 / 1e3;
        let _ = writeln!(
            page,
            "| {} | {} | {} | {:.2} | {} | {} | {} | {} |",
            cell.name(),
            short(rate_mmap),
            short(rate_file),
            rate_mmap / rate_file,
            short(middle(mmap, tail)),
            short(middle(file, tail)),
            short(middle(mmap, Measured::cpu_us_per_entry)),
            short(middle(file, Measured::cpu_us_per_entry)),
        );
    }
}

fn pressure(page: &mut String, figures: &Figures) {
    page.push_str("\n## In little memory\n\n");
    for note in &figures.notes {
        let _ = writeln!(page, "{note}");
    }
    let Some(first) = figures.pressure.first() else {
        return;
    };
    let _ = writeln!(
        page,
        "\nEntries of 1 KiB at a fixed rate of {} a second for {} s in a group of processes that may use {} MiB of memory, page cache included. \
         A latency counts from when the entry was due, so a stall counts for each entry that it holds up. A JVM gets a third of the memory as its heap.\n",
        first.rate, first.seconds, first.limit_mib
    );
    page.push_str("| | log | p50 µs | p99 | p99.9 | p99.99 | worst (least–most) | CPU µs/entry |\n|---|---|---|---|---|---|---|---|\n");
    for one in &figures.pressure {
        let _ = writeln!(page, "{}", pressed(one));
    }
}

fn pressed(one: &UnderPressure) -> String {
    let durability = if one.synced { "synced" } else { "unsynced" };
    let rounds: Vec<&Measured> = one.rounds.iter().flatten().collect();
    let refused = one.rounds.iter().find_map(|round| round.as_ref().err());
    if rounds.is_empty() {
        let why = refused.map_or("not run", String::as_str);
        return format!(
            "| {durability} | {} | {} | | | | | |",
            one.peer.name(),
            why.replace('\n', " ")
        );
    }
    let values =
        |of: fn(&Measured) -> f64| rounds.iter().map(|round| of(round)).collect::<Vec<_>>();
    let us = |of: fn(&Measured) -> u64| {
        short(median(
            &rounds
                .iter()
                .map(|round| of(round) as f64 / 1e3)
                .collect::<Vec<_>>(),
        ))
    };
    format!(
        "| {durability} | {} | {} | {} | {} | {} | {} | {} |",
        one.peer.name(),
        us(|round| round.p50_ns),
        us(|round| round.p99_ns),
        us(|round| round.p999_ns),
        us(|round| round.p9999_ns),
        spread(&values(|round| round.max_ns as f64 / 1e3)),
        spread(&values(Measured::cpu_us_per_entry)),
    )
}

fn table(page: &mut String, figures: &Figures, cell: Cell) {
    let _ = writeln!(
        page,
        "\n### {}\n\n| log | entries/s | syncs/s | KiB/sync | p50 µs | p99 | p99.9 | p99.99 | CPU µs/entry |\n|---|---|---|---|---|---|---|---|---|",
        cell.name()
    );
    for runs in figures.at(cell) {
        let us = |of: fn(&Measured) -> u64| {
            short(median(&runs.values(|measured| of(measured) as f64 / 1e3)))
        };
        let kib = median(&runs.values(Measured::disk_bytes_per_sync)) / 1024.0;
        let has_syncs = runs.rounds.iter().any(|round| round.syncs > 0);
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            runs.peer.name(),
            spread(&runs.values(Measured::rate)),
            short(median(&runs.values(Measured::syncs_per_second))),
            if has_syncs {
                short(kib)
            } else {
                "–".to_owned()
            },
            us(|measured| measured.p50_ns),
            us(|measured| measured.p99_ns),
            us(|measured| measured.p999_ns),
            us(|measured| measured.p9999_ns),
            spread(&runs.values(Measured::cpu_us_per_entry)),
        );
    }
}
