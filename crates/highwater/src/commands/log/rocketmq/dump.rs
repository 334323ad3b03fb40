//! `highwater log dump` of RocketMQ's files: entries of the commit log, units of queues, index entries, the checkpoint.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use rocketmq::store::{Checkpoint, QueueUnit, UNIT_BYTES};
use serde_json::json;

use super::super::dump::{Args, Out};
use super::index::{self, IndexFile};
use super::scan::{Piece, Scan};
use super::show;
use super::store_dir::{self, Kind, OffsetFile};

/// Units read at a time.
const PIECE_UNITS: usize = 3200;

/// Dumps `path`, a file or a directory of them.
pub(in super::super) fn dump_path(args: &Args, path: &Path, out: &mut Out<'_>) -> Result<()> {
    for (kind, file) in store_dir::files(path)? {
        dump_file(args, kind, &file, out).with_context(|| format!("{}", file.display()))?;
    }
    Ok(())
}

fn dump_file(args: &Args, kind: Kind, path: &Path, out: &mut Out<'_>) -> Result<()> {
    out.line(
        || json!({"kind": "file", "path": path}),
        || format!("# {}", path.display()),
    )?;
    match kind {
        Kind::Log => dump_log(args, path, out),
        Kind::Queue => dump_queue(args, path, out),
        Kind::Index => dump_index(args, path, out),
        Kind::Checkpoint => dump_checkpoint(path, out),
    }
}

fn named(path: &Path) -> Result<OffsetFile> {
    let name = path.file_name().and_then(|name| name.to_str());
    let base = name.and_then(|name| name.parse().ok());
    Ok(OffsetFile {
        base: base.context("its name is no offset")?,
        path: path.to_owned(),
        len: path.metadata()?.len(),
    })
}

fn dump_log(args: &Args, path: &Path, out: &mut Out<'_>) -> Result<()> {
    let file = named(path)?;
    let mut scan = Scan::open(&file)?;
    let from = args.from.unwrap_or(i64::MIN);
    let mut left = args.limit.unwrap_or(u64::MAX);
    while let Some(found) = scan.next()? {
        let at = file.base.saturating_add(found.at);
        let is_before = i64::try_from(at).is_ok_and(|at| at < from);
        if is_before && matches!(found.piece, Piece::Entry | Piece::Filler) {
            continue;
        }
        if left == 0 {
            break;
        }
        left -= 1;
        match &found.piece {
            Piece::Entry => {
                let entry = scan.entry()?;
                let json = || match args.records {
                    true => show::whole_json(&entry),
                    false => show::entry_json(&entry),
                };
                let text = || match args.records {
                    true => format!("{}\n{}", show::entry_line(&entry), show::body_line(&entry)),
                    false => show::entry_line(&entry),
                };
                out.line(json, text)?;
            }
            other => other_piece(at, found.bytes, other, out)?,
        }
    }
    Ok(())
}

fn other_piece(at: u64, bytes: u64, piece: &Piece, out: &mut Out<'_>) -> io::Result<()> {
    let (kind, why) = match piece {
        Piece::Entry => return Ok(()),
        Piece::Filler => ("filler", "the log goes on in the next file"),
        Piece::Zeros => ("zeros", "never written"),
        Piece::Torn(why) => ("torn", why.as_str()),
        Piece::Damaged(why) => {
            out.damaged = true;
            ("damaged", why.as_str())
        }
    };
    out.line(
        || json!({"kind": kind, "physical_offset": at, "bytes": bytes, "why": why}),
        || format!("{at:>10}  {bytes} bytes {}: {why}", shout(kind)),
    )
}

fn shout(kind: &str) -> String {
    match kind {
        "damaged" => kind.to_uppercase(),
        _ => kind.to_owned(),
    }
}

fn dump_queue(args: &Args, path: &Path, out: &mut Out<'_>) -> Result<()> {
    let file = named(path)?;
    let open = File::open(path)?;
    let unit_bytes = UNIT_BYTES as u64;
    let (first, units) = (file.base / unit_bytes, file.len / unit_bytes);
    let from = u64::try_from(args.from.unwrap_or(0)).unwrap_or(0);
    let mut number = from.saturating_sub(first).min(units);
    let end = args
        .limit
        .map_or(units, |limit| units.min(number.saturating_add(limit)));
    let mut bytes = vec![0; PIECE_UNITS * UNIT_BYTES];
    while number < end {
        let count = usize::try_from(end - number).map_or(PIECE_UNITS, |left| left.min(PIECE_UNITS));
        let piece = bytes.get_mut(..count * UNIT_BYTES).unwrap_or_default();
        open.read_exact_at(piece, number * unit_bytes)?;
        for unit in piece.as_chunks().0 {
            let unit = QueueUnit::decode(unit);
            if !unit.is_written() {
                return Ok(());
            }
            let offset = first + number;
            out.line(
                || {
                    json!({
                        "kind": "unit", "queue_offset": offset, "physical_offset": unit.physical_offset.0,
                        "bytes": unit.size_bytes, "tags_code": unit.tags_code, "stands_in": unit.is_prefill(),
                    })
                },
                || match unit.is_prefill() {
                    true => format!("  {offset}  no message"),
                    false => format!(
                        "  {offset}  physical offset {}  bytes {}  tags code {}",
                        unit.physical_offset, unit.size_bytes, unit.tags_code
                    ),
                },
            )?;
            number += 1;
        }
    }
    Ok(())
}

fn dump_index(args: &Args, path: &Path, out: &mut Out<'_>) -> Result<()> {
    let beside = store_dir::files(path.parent().unwrap_or(Path::new("."))).unwrap_or_default();
    let mut paths = vec![path.to_owned()];
    let others = beside.into_iter().filter(|(kind, _)| *kind == Kind::Index);
    paths.extend(others.map(|(_, path)| path));
    let Some(shape) = index::shape_of(&paths)? else {
        bail!("its head and its length do not tell how many slots it has");
    };
    if path.metadata()?.len() != shape.file_bytes() {
        bail!("{} bytes are expected", shape.file_bytes());
    }
    let file = IndexFile::open(path, shape)?;
    let header = file.header;
    out.line(
        || {
            json!({
                "kind": "index", "begin_timestamp_ms": header.begin_ms, "end_timestamp_ms": header.end_ms,
                "begin_physical_offset": header.begin.0, "end_physical_offset": header.end.0,
                "used_slots": header.used_slots, "entries": header.count - 1,
                "slots_max": shape.slots, "entries_max": shape.entries - 1,
            })
        },
        || {
            format!(
                "  messages {} to {}, stored {} to {}  {} entries of {}  {} slots of {}",
                header.begin, header.end, header.begin_ms, header.end_ms, header.count - 1, shape.entries - 1,
                header.used_slots, shape.slots
            )
        },
    )?;
    let (mut number, mut left) = (1, args.limit.unwrap_or(u64::MAX));
    while number < file.end() && left > 0 {
        for entry in file.piece(number)? {
            if left == 0 {
                break;
            }
            out.line(
                || {
                    json!({
                        "kind": "index_entry", "number": number, "hash": entry.hash,
                        "physical_offset": entry.physical_offset.0, "seconds": entry.seconds,
                        "previous": entry.previous,
                    })
                },
                || {
                    format!(
                        "  {number}  hash {}  physical offset {}  second {}  before it {}",
                        entry.hash, entry.physical_offset, entry.seconds, entry.previous
                    )
                },
            )?;
            (number, left) = (number + 1, left - 1);
        }
    }
    Ok(())
}

fn dump_checkpoint(path: &Path, out: &mut Out<'_>) -> Result<()> {
    let root = path.parent().unwrap_or(Path::new("."));
    let Some(checkpoint) = Checkpoint::read(root)? else {
        bail!("too short for a checkpoint");
    };
    out.line(
        || {
            json!({
                "kind": "checkpoint", "log_timestamp_ms": checkpoint.log_ms,
                "queues_timestamp_ms": checkpoint.queues_ms, "index_timestamp_ms": checkpoint.index_ms,
                "master_flushed_offset": checkpoint.master_flushed, "confirmed_offset": checkpoint.confirmed,
            })
        },
        || {
            format!(
                "  log {}  queues {}  index {}  master flushed {}  confirmed {}",
                checkpoint.log_ms, checkpoint.queues_ms, checkpoint.index_ms, checkpoint.master_flushed,
                checkpoint.confirmed
            )
        },
    )?;
    Ok(())
}
