//! `highwater log find`: the records of a directory at an offset, from a time on, or with a key.
//!
//! Segments that cannot hold a match are skipped by their names and by the times of their batches; indexes are not
//! trusted, so a damaged index hides nothing.

use std::ops::ControlFlow;

use anyhow::Result;
use indicatif::ProgressBar;
use kafka::log::record::{self, Record};
use serde_json::Value;

use super::dump::record_json;
use super::scan::{Piece, Scan};
use super::target::{self, Partition};
use super::{Where, show};
use crate::cli::Format;
use crate::exit::{Exit, Failure};

/// Arguments of `log find`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) at: Where,
    #[command(flatten)]
    pub(super) what: What,
    /// Stop after so many records
    #[arg(long, default_value_t = 100)]
    pub(super) limit: usize,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub(super) struct What {
    /// The record with this offset (RocketMQ: the message at this physical offset)
    #[arg(long)]
    pub(super) offset: Option<i64>,
    /// Records from this time on, in milliseconds since the epoch
    #[arg(long, value_name = "MS")]
    pub(super) time: Option<i64>,
    /// Records with exactly this key (RocketMQ: through the index file)
    #[arg(long)]
    pub(super) key: Option<String>,
    /// RocketMQ: messages stored at this time or later, in milliseconds since the epoch
    #[arg(long, value_name = "MS")]
    pub(super) from: Option<i64>,
    /// RocketMQ: messages stored at this time or before
    #[arg(long, value_name = "MS")]
    pub(super) to: Option<i64>,
    /// RocketMQ: look through the whole log, not the index
    #[arg(long)]
    pub(super) scan: bool,
}

impl What {
    fn matches(&self, record: &Record<'_>) -> bool {
        self.offset.is_none_or(|offset| record.offset.0 == offset)
            && self.time.is_none_or(|time| record.timestamp_ms >= time)
            && self
                .key
                .as_ref()
                .is_none_or(|key| record.key == Some(key.as_bytes()))
    }
}

/// One match.
struct Match {
    partition: String,
    json: Value,
    row: [String; 4],
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    if args.what.from.is_some() || args.what.to.is_some() || args.what.scan {
        let text = "--from, --to and --scan are for RocketMQ stores; a Kafka log is always looked through, from --time on";
        return Err(Failure::new(Exit::Usage, text));
    }
    let partitions = target::partitions(&args.at.path, args.at.topic.as_deref())?;
    let bar = show::progress(
        partitions.iter().map(Partition::log_bytes).sum(),
        "searching",
    );
    let mut found = Vec::new();
    for partition in &partitions {
        find(args, partition, &bar, &mut found)?;
    }
    bar.finish_and_clear();
    print(args.at.format, &found)?;
    if found.is_empty() {
        return Err(Failure::new(Exit::NotWell, "no such record"));
    }
    Ok(())
}

fn find(
    args: &Args,
    partition: &Partition,
    bar: &ProgressBar,
    found: &mut Vec<Match>,
) -> Result<()> {
    for (at, base) in partition.bases.iter().enumerate() {
        let next = partition.bases.get(at + 1).copied().unwrap_or(i64::MAX);
        if args
            .what
            .offset
            .is_some_and(|offset| offset < *base || offset >= next)
        {
            continue;
        }
        let mut scan = Scan::open(&partition.file(*base, "log"), *base)?;
        while let Some(piece) = scan.next()? {
            bar.inc(piece.bytes);
            let Piece::Batch(header) = piece.piece else {
                continue;
            };
            let elsewhere = args.what.offset.is_some_and(|offset| {
                offset < header.base_offset || offset > header.last_offset().0
            });
            let too_old = args
                .what
                .time
                .is_some_and(|time| header.max_timestamp < time);
            if elsewhere || too_old || header.is_control() {
                continue;
            }
            record::visit(&scan.view()?, |record| {
                if args.what.matches(&record) {
                    found.push(matched(&partition.name, &record));
                }
                if found.len() < args.limit {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            })?;
            if found.len() >= args.limit {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn matched(partition: &str, record: &Record<'_>) -> Match {
    Match {
        partition: partition.to_owned(),
        json: record_json(record),
        row: [
            record.offset.0.to_string(),
            record.timestamp_ms.to_string(),
            show::cell(record.key),
            show::cell(record.value),
        ],
    }
}

fn print(format: Format, found: &[Match]) -> Result<()> {
    if format == Format::Json {
        let all = found.iter().map(|found| {
            let mut json = found.json.clone();
            if let Some(object) = json.as_object_mut() {
                object.insert("partition".to_owned(), Value::from(found.partition.clone()));
            }
            json
        });
        return show::print_json(&all.collect());
    }
    let mut table = show::table(&["PARTITION", "OFFSET", "TIME", "KEY", "VALUE"]);
    for found in found {
        let mut row = vec![found.partition.clone()];
        row.extend(found.row.clone());
        table.add_row(row);
    }
    show::print(&table)
}
