//! `highwater log dump`: what stands in segment files.
//!
//! Output is streamed, so a file of any size can be dumped; with `--format json` it is one object a line.

use std::fs;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use kafka::log::record::{self, Record};
use kafka::log::{producer_snapshot, txn_index::TxnIndex};
use serde_json::{Value, json};

use super::scan::{Found, Piece, Scan};
use super::{entries, rocketmq, show, target};
use crate::cli::Format;
use crate::exit::{Exit, Failure};

/// Arguments of `log dump`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Files (.log, .index, .timeindex, .txnindex, .snapshot; RocketMQ's by their numbers), or directories of them
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Show records, not only batches; bodies and properties of RocketMQ's messages
    #[arg(long)]
    pub(super) records: bool,
    /// Begin at this offset (RocketMQ: a physical offset in the log, a number in a queue)
    #[arg(long, value_name = "OFFSET")]
    pub(super) from: Option<i64>,
    /// Stop after so many batches, messages or entries of each file
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<u64>,
    /// How to print: lines for people, or one JSON object a line
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match dump_all(args) {
        // Whoever read our output has seen enough.
        Err(error) if is_broken_pipe(&error) => Ok(()),
        // One that has an exit code of its own.
        Err(error) => Err(error.downcast::<Failure>().unwrap_or_else(Failure::from)),
        Ok(false) => Ok(()),
        Ok(true) => Err(Failure::new(
            Exit::NotWell,
            "damaged bytes were found; `highwater log verify` says more",
        )),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
}

/// Whether anything was damaged.
fn dump_all(args: &Args) -> Result<bool> {
    let mut out = Out {
        out: io::BufWriter::new(io::stdout().lock()),
        format: args.format,
        damaged: false,
    };
    for path in &args.paths {
        if rocketmq::is_rocketmq(path) {
            rocketmq::dump::dump_path(args, path, &mut out)?;
            continue;
        }
        for file in files(path)? {
            dump(args, &file, &mut out).with_context(|| format!("{}", file.display()))?;
        }
    }
    out.out.flush()?;
    Ok(out.damaged)
}

/// `path` itself, or the files of the partitions it holds.
fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = Vec::new();
    for partition in target::partitions(path, None)? {
        for base in &partition.bases {
            let all = target::SUFFIXES
                .iter()
                .map(|suffix| partition.file(*base, suffix));
            files.extend(all.filter(|file| file.is_file()));
        }
    }
    Ok(files)
}

pub(super) struct Out<'o> {
    out: io::BufWriter<io::StdoutLock<'o>>,
    format: Format,
    /// Damaged bytes were shown.
    pub(super) damaged: bool,
}

impl Out<'_> {
    /// One line of text, or one object.
    pub(super) fn line(
        &mut self,
        json: impl FnOnce() -> Value,
        text: impl FnOnce() -> String,
    ) -> io::Result<()> {
        match self.format {
            Format::Json => writeln!(self.out, "{}", json()),
            Format::Table => writeln!(self.out, "{}", text()),
        }
    }
}

fn dump(args: &Args, file: &Path, out: &mut Out<'_>) -> Result<()> {
    out.line(
        || json!({"kind": "file", "path": file}),
        || format!("# {}", file.display()),
    )?;
    let base = target::base_offset(file);
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("log") => dump_log(args, file, base.unwrap_or(0), out),
        Some("index") => dump_offsets(file, base.unwrap_or(0), out),
        Some("timeindex") => dump_times(file, base.unwrap_or(0), out),
        Some("txnindex") => dump_aborted(file, base.unwrap_or(0), out),
        Some("snapshot") => dump_snapshot(file, out),
        _ => bail!("neither .log, .index, .timeindex, .txnindex nor .snapshot"),
    }
}

fn dump_log(args: &Args, file: &Path, base: i64, out: &mut Out<'_>) -> Result<()> {
    let mut scan = Scan::open(file, base)?;
    let (from, mut left) = (
        args.from.unwrap_or(i64::MIN),
        args.limit.unwrap_or(u64::MAX),
    );
    while let Some(found) = scan.next()? {
        if matches!(&found.piece, Piece::Batch(header) if header.last_offset().0 < from) {
            continue;
        }
        if left == 0 {
            break;
        }
        left -= 1;
        show_piece(&found, out)?;
        if args.records && matches!(found.piece, Piece::Batch(_)) {
            let view = scan.view()?;
            let mut written = Ok(());
            record::visit(&view, |record| {
                written = show_record(&record, out);
                if written.is_ok() {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            })?;
            written?;
        }
    }
    Ok(())
}

fn show_piece(found: &Found, out: &mut Out<'_>) -> io::Result<()> {
    let (at, bytes) = (found.at, found.bytes);
    let other =
        |kind: &str, why: &str| json!({"kind": kind, "position": at, "bytes": bytes, "why": why});
    match &found.piece {
        Piece::Batch(header) => out.line(
            || show::batch_json(at, header),
            || {
                let codec = header.compression().map_or("?", kafka::log::compression::Compression::name);
                let mut line = format!(
                    "{at:>10}  offsets {}..{}  records {}  bytes {bytes}  {codec}  epoch {}  max time {}",
                    header.base_offset, header.last_offset().0, header.record_count, header.leader_epoch,
                    header.max_timestamp
                );
                if header.has_producer() {
                    line.push_str(&format!(
                        "  producer {}/{} from {}",
                        header.producer_id, header.producer_epoch, header.base_sequence
                    ));
                }
                for (set, word) in [(header.is_transactional(), "transactional"), (header.is_control(), "control")] {
                    if set {
                        line.push_str("  ");
                        line.push_str(word);
                    }
                }
                line
            },
        ),
        Piece::Old(magic) => {
            let why = format!("a message of format {magic}, written before Kafka 0.11; not read here");
            out.line(|| other("old", &why), || format!("{at:>10}  {bytes} bytes: {why}"))
        }
        Piece::Zeros => out.line(
            || other("zeros", "reserved space"),
            || format!("{at:>10}  {bytes} bytes of zeros: reserved and not used"),
        ),
        Piece::Torn(why) => {
            out.line(|| other("torn", why), || format!("{at:>10}  {bytes} bytes torn off: {why}"))
        }
        Piece::Damaged(why) => {
            out.damaged = true;
            out.line(|| other("damaged", why), || format!("{at:>10}  {bytes} bytes DAMAGED: {why}"))
        }
    }
}

fn show_record(record: &Record<'_>, out: &mut Out<'_>) -> io::Result<()> {
    out.line(
        || record_json(record),
        || {
            let mut line = format!(
                "            {}  time {}  key {}  value {}",
                record.offset.0,
                record.timestamp_ms,
                show::cell(record.key),
                show::cell(record.value)
            );
            for (key, value) in record.headers() {
                line.push_str(&format!("  {}={}", show::text(key), show::cell(value)));
            }
            line
        },
    )
}

/// A record as JSON; the keys are an interface.
pub(super) fn record_json(record: &Record<'_>) -> Value {
    let headers: Vec<Value> = record
        .headers()
        .map(|(key, value)| json!({"key": show::text(key), "value": value.map(show::text)}))
        .collect();
    json!({
        "kind": "record",
        "offset": record.offset.0,
        "timestamp_ms": record.timestamp_ms,
        "key": record.key.map(show::text),
        "value": record.value.map(show::text),
        "headers": headers,
    })
}

fn dump_offsets(file: &Path, base: i64, out: &mut Out<'_>) -> Result<()> {
    for entry in entries::offsets(file, base)?.entries {
        let (offset, position) = (entry.offset, entry.position);
        out.line(
            || json!({"kind": "offset_entry", "offset": offset, "position": position}),
            || format!("  offset {offset}  position {position}"),
        )?;
    }
    Ok(())
}

fn dump_times(file: &Path, base: i64, out: &mut Out<'_>) -> Result<()> {
    for entry in entries::times(file, base)?.entries {
        let (time, offset) = (entry.timestamp_ms, entry.offset);
        out.line(
            || json!({"kind": "time_entry", "timestamp_ms": time, "offset": offset}),
            || format!("  time {time}  offset {offset}"),
        )?;
    }
    Ok(())
}

fn dump_aborted(file: &Path, base: i64, out: &mut Out<'_>) -> Result<()> {
    let dir = file.parent().unwrap_or(Path::new("."));
    for entry in TxnIndex::of(dir, base).read()? {
        out.line(
            || {
                json!({
                    "kind": "aborted", "producer_id": entry.producer_id, "first_offset": entry.first_offset.0,
                    "last_offset": entry.last_offset.0, "last_stable_offset": entry.last_stable_offset.0,
                })
            },
            || {
                format!(
                    "  producer {}  offsets {}..{}  last stable offset {}",
                    entry.producer_id, entry.first_offset.0, entry.last_offset.0, entry.last_stable_offset.0
                )
            },
        )?;
    }
    Ok(())
}

fn dump_snapshot(file: &Path, out: &mut Out<'_>) -> Result<()> {
    let states = producer_snapshot::decode(&fs::read(file)?).map_err(anyhow::Error::msg)?;
    for producer in states.iter() {
        let last = producer.last_batch();
        let (sequence, offset) = (
            producer.last_sequence(),
            last.map_or(-1, |mark| mark.last_offset.0),
        );
        out.line(
            || {
                json!({
                    "kind": "producer", "producer_id": producer.producer_id, "epoch": producer.epoch,
                    "last_sequence": sequence, "last_offset": offset,
                })
            },
            || {
                format!(
                    "  producer {}  epoch {}  last sequence {sequence}  last offset {offset}",
                    producer.producer_id, producer.epoch
                )
            },
        )?;
    }
    Ok(())
}
