//! `highwater log find` in a RocketMQ store: messages by key (through the index, or with `--scan` through the log), by
//! place, by time, by topic and queue.
//!
//! The index only proposes: each message is read, and is an answer if its topic, key and time are right.

use std::collections::BTreeSet;
use std::io;
use std::ops::ControlFlow;

use anyhow::Result;
use rocketmq::store::IndexHeader;
use rocketmq::store::message::{self, Entry};
use serde_json::Value;

use super::super::find::Args;
use super::super::show;
use super::index::IndexFile;
use super::scan::{self, Piece, Scan};
use super::show as own_show;
use super::store_dir::StoreDir;
use crate::cli::Format;
use crate::exit::{Exit, Failure};

/// One message found.
struct Match {
    json: Value,
    row: [String; 6],
}

/// Finds until there are enough.
struct Finder<'f> {
    args: &'f Args,
    store: &'f StoreDir,
    found: Vec<Match>,
    /// Offsets of what was found: an index may list a message twice.
    seen: BTreeSet<i64>,
}

pub(in super::super) fn run(args: &Args) -> Result<(), Failure> {
    let store = StoreDir::open(&args.at.path)?;
    let mut finder = Finder {
        args,
        store: &store,
        found: Vec::new(),
        seen: BTreeSet::new(),
    };
    if let Some(offset) = args.what.offset {
        finder.at(offset)?;
    } else if let (Some(key), false) = (&args.what.key, args.what.scan) {
        finder.by_index(key)?;
    } else {
        finder.by_scan()?;
    }
    let found = finder.found;
    print(args.at.format, &found)?;
    if found.is_empty() {
        let hint = match args.what.key.is_some() && !args.what.scan {
            true => " in the index; --scan looks through the log",
            false => "",
        };
        return Err(Failure::new(
            Exit::NotWell,
            format!("no such message{hint}"),
        ));
    }
    Ok(())
}

impl Finder<'_> {
    fn is_enough(&self) -> bool {
        self.found.len() >= self.args.limit
    }

    fn at(&mut self, offset: i64) -> Result<()> {
        if let Some(bytes) = scan::entry_at(self.store, offset)? {
            self.offer(&message::decode(&bytes)?);
        }
        Ok(())
    }

    /// Takes a message if it is one that was asked for.
    fn offer(&mut self, entry: &Entry<'_>) {
        let (what, topic) = (&self.args.what, &self.args.at.topic);
        let from = what.from.or(what.time).unwrap_or(i64::MIN);
        let is_in_time = entry.store_timestamp_ms >= from
            && entry.store_timestamp_ms <= what.to.unwrap_or(i64::MAX);
        let is_of_topic = topic
            .as_ref()
            .is_none_or(|topic| entry.topic == topic.as_bytes());
        let mut has_key = what.key.is_none();
        let _ = entry.visit_index_keys(|key| -> Result<(), ()> {
            has_key |= what.key.as_deref() == Some(key);
            Ok(())
        });
        if is_in_time && is_of_topic && has_key && self.seen.insert(entry.physical_offset.0) {
            self.found.push(Match {
                json: own_show::whole_json(entry),
                row: [
                    entry.physical_offset.0.to_string(),
                    show::text(entry.topic),
                    entry.queue_id.to_string(),
                    entry.queue_offset.0.to_string(),
                    entry.store_timestamp_ms.to_string(),
                    show::cell(Some(entry.body)),
                ],
            });
        }
    }

    fn by_index(&mut self, key: &str) -> Result<(), Failure> {
        let failed = |error: io::Error| Failure::from(anyhow::Error::from(error));
        let Some(shape) = self.store.index_shape else {
            let text = match self.store.index.is_empty() {
                true => "the store has no index; --scan looks through the log",
                false => "no index file tells how many slots it has; --scan looks through the log",
            };
            return Err(Failure::new(Exit::NotWell, text));
        };
        let topics: BTreeSet<String> = match &self.args.at.topic {
            Some(topic) => BTreeSet::from([topic.clone()]),
            None => self
                .store
                .queues
                .iter()
                .map(|queue| queue.topic.clone())
                .collect(),
        };
        for path in self.store.index.iter().rev() {
            let is_whole = path.metadata().map_err(failed)?.len() == shape.file_bytes();
            if !is_whole {
                let text = format!(
                    "{} is damaged; --scan looks through the log",
                    path.display()
                );
                return Err(Failure::new(Exit::Damaged, text));
            }
            let file = IndexFile::open(path, shape).map_err(failed)?;
            if !self.may_hold(&file.header) {
                continue;
            }
            for topic in &topics {
                if self.is_enough() {
                    return Ok(());
                }
                self.in_file(&file, topic, key)?;
            }
        }
        Ok(())
    }

    fn may_hold(&self, header: &IndexHeader) -> bool {
        let what = &self.args.what;
        let from = what.from.or(what.time).unwrap_or(i64::MIN);
        header.overlaps(from, what.to.unwrap_or(i64::MAX))
    }

    fn in_file(&mut self, file: &IndexFile, topic: &str, key: &str) -> Result<(), Failure> {
        let mut failed = None;
        let is_whole = file
            .chain(message::index_hash(topic, key), |entry| {
                match scan::entry_at(self.store, entry.physical_offset.0) {
                    Ok(Some(bytes)) => {
                        if let Ok(entry) = message::decode(&bytes) {
                            self.offer(&entry);
                        }
                    }
                    // Retention took it, or it is damaged.
                    Ok(None) => {}
                    Err(error) => failed = Some(error),
                }
                match failed.is_some() || self.is_enough() {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            })
            .map_err(anyhow::Error::from)?;
        if let Some(error) = failed {
            return Err(anyhow::Error::from(error).into());
        }
        if !is_whole {
            let text = format!(
                "{} is damaged: a chain of entries does not end; --scan looks through the log",
                file.path.display()
            );
            return Err(Failure::new(Exit::Damaged, text));
        }
        Ok(())
    }

    fn by_scan(&mut self) -> Result<()> {
        let bar = show::progress(self.store.log_bytes(), "searching");
        for file in &self.store.log {
            let mut scan = Scan::open(file)?;
            while let Some(stretch) = scan.next()? {
                bar.inc(stretch.bytes);
                if stretch.piece == Piece::Entry {
                    self.offer(&scan.entry()?);
                }
                if self.is_enough() {
                    return Ok(());
                }
            }
        }
        bar.finish_and_clear();
        Ok(())
    }
}

fn print(format: Format, found: &[Match]) -> Result<()> {
    if format == Format::Json {
        return show::print_json(&found.iter().map(|found| found.json.clone()).collect());
    }
    let headings = [
        "PHYSICAL OFFSET",
        "TOPIC",
        "QUEUE",
        "OFFSET",
        "STORED",
        "BODY",
    ];
    let mut table = show::table(&headings);
    for found in found {
        table.add_row(found.row.clone());
    }
    show::print(&table)
}
