//! `highwater produce`: sends the lines of stdin or a file as records.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Read, Write as _};
use std::path::PathBuf;

use clap::ValueEnum;
use highwater::client::{Acks, OutgoingRecord, Producer, ProducerOptions};
use indicatif::{ProgressBar, ProgressStyle};
use kafka::log::compression::Compression;
use tokio::sync::mpsc;

use super::remote::{self, Connect, name_and_value, now_ms};
use crate::exit::{Exit, Failure};

/// Lines handed from the reading thread to the sending one at once.
const CHUNK_LINES: usize = 1_000;

/// Arguments of `highwater produce`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[arg(value_name = "TOPIC")]
    topic: String,
    /// Read this file instead of stdin
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// What stands between key and value on a line [default: lines have no key]
    #[arg(short, long, value_name = "TEXT")]
    key_separator: Option<String>,
    /// A value of just this text is sent as null, which deletes the key in a compacted topic
    #[arg(long, value_name = "TEXT")]
    null_value: Option<String>,
    /// A header for every record; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME=VALUE", value_parser = name_and_value)]
    headers: Vec<(String, String)>,
    /// Send everything to this partition [default: by key, or in turn]
    #[arg(short, long)]
    partition: Option<i32>,
    /// When a record counts as sent
    #[arg(long, value_enum, default_value_t)]
    acks: AcksArg,
    /// How batches are compressed
    #[arg(short = 'z', long, value_enum, default_value_t)]
    compression: Codec,
    /// Say nothing about what was sent.
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    connect: Connect,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum AcksArg {
    /// When the server has made it durable.
    #[default]
    All,
    /// When the server has it.
    #[value(name = "1")]
    Leader,
    /// When it is on its way; losses go unnoticed.
    #[value(name = "0")]
    None,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Codec {
    #[default]
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// Turns lines into records.
struct LineFormat {
    key_separator: Option<Vec<u8>>,
    null_value: Option<Vec<u8>>,
    headers: Vec<(String, Vec<u8>)>,
    partition: Option<i32>,
}

impl LineFormat {
    fn of(args: &Args) -> Self {
        let headers = args.headers.iter();
        Self {
            key_separator: args
                .key_separator
                .as_ref()
                .map(|text| text.clone().into_bytes()),
            null_value: args
                .null_value
                .as_ref()
                .map(|text| text.clone().into_bytes()),
            headers: headers
                .map(|(name, value)| (name.clone(), value.clone().into()))
                .collect(),
            partition: args.partition,
        }
    }

    /// The record of a line without its end; `None` when the key separator is missing.
    fn record(&self, line: &[u8], timestamp_ms: i64) -> Option<OutgoingRecord> {
        let (key, value) = match &self.key_separator {
            None => (None, line),
            Some(separator) => {
                let width = separator.len().max(1);
                let at = line
                    .windows(width)
                    .position(|window| window == separator.as_slice())?;
                let value = line.get(at + separator.len()..).unwrap_or_default();
                (line.get(..at).map(<[u8]>::to_vec), value)
            }
        };
        let is_null = self.null_value.as_deref() == Some(value);
        Some(OutgoingRecord {
            key,
            value: (!is_null).then(|| value.to_vec()),
            headers: self.headers.clone(),
            timestamp_ms,
            partition: self.partition,
        })
    }
}

pub(crate) fn run(args: Args) -> Result<(), Failure> {
    if args.key_separator.as_deref() == Some("") {
        return Err(Failure::new(Exit::Usage, "the key separator is empty"));
    }
    let (input, bytes): (Box<dyn Read + Send>, Option<u64>) = match &args.file {
        None => (Box::new(io::stdin()), None),
        Some(path) => {
            let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
            let (bytes, file) = opened.map_err(|error| {
                Failure::new(Exit::Usage, format!("{}: {error}", path.display()))
            })?;
            (Box::new(file), Some(bytes))
        }
    };
    let progress = progress_bar(&args, bytes);
    let outcome = remote::block_on(send(&args, input, &progress));
    progress.finish_and_clear();
    outcome
}

/// A bar on stderr, if that is a terminal and stdin is not typed at.
fn progress_bar(args: &Args, bytes: Option<u64>) -> ProgressBar {
    let typed_at = args.file.is_none() && io::stdin().is_terminal();
    if args.quiet || typed_at || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let (bar, template) = match bytes {
        Some(bytes) => {
            let template = "{bar:30} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left";
            (ProgressBar::new(bytes), template)
        }
        None => (
            ProgressBar::new_spinner(),
            "{spinner} {bytes}  {bytes_per_sec}",
        ),
    };
    bar.with_style(ProgressStyle::with_template(template).unwrap_or(ProgressStyle::default_bar()))
}

async fn send(
    args: &Args,
    input: Box<dyn Read + Send>,
    progress: &ProgressBar,
) -> Result<(), Failure> {
    let mut client = args.connect.open().await?;
    let options = ProducerOptions {
        acks: match args.acks {
            AcksArg::All => Acks::All,
            AcksArg::Leader => Acks::Leader,
            AcksArg::None => Acks::None,
        },
        compression: match args.compression {
            Codec::None => Compression::None,
            Codec::Gzip => Compression::Gzip,
            Codec::Snappy => Compression::Snappy,
            Codec::Lz4 => Compression::Lz4,
            Codec::Zstd => Compression::Zstd,
        },
        ..ProducerOptions::default()
    };
    let mut producer = Producer::open(&mut client, &args.topic, options).await?;
    let format = LineFormat::of(args);
    let mut lines = read_lines(input);
    let mut line_number = 0u64;
    let mut failure = None;
    while let Some(chunk) = lines.recv().await {
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(error) => {
                failure = Some(Failure::new(Exit::NotWell, format!("input: {error}")));
                break;
            }
        };
        let timestamp_ms = now_ms();
        for line in chunk {
            line_number += 1;
            progress.inc(line.len() as u64);
            let text = line.strip_suffix(b"\n").unwrap_or(&line);
            let text = text.strip_suffix(b"\r").unwrap_or(text);
            match format.record(text, timestamp_ms) {
                Some(record) => producer.push(&mut client, &record).await?,
                None => {
                    let message = format!("line {line_number} has no key separator");
                    failure = Some(Failure::new(Exit::NotWell, message));
                    break;
                }
            }
        }
        // Nothing more to read right now: what was typed should arrive.
        if lines.is_empty() || failure.is_some() {
            producer.flush(&mut client).await?;
        }
        if failure.is_some() {
            break;
        }
    }
    producer.flush(&mut client).await?;
    report(args, producer.acknowledged());
    failure.map_or(Ok(()), Err)
}

fn report(args: &Args, records: u64) {
    if args.quiet {
        return;
    }
    let verb = if matches!(args.acks, AcksArg::None) {
        "sent"
    } else {
        "acknowledged"
    };
    // Without a stderr there is nobody to tell.
    let _ = writeln!(
        io::stderr(),
        "{records} records {verb}, topic {}",
        args.topic
    );
}

type Chunk = io::Result<Vec<Vec<u8>>>;

/// Reads lines on a thread of their own: stdin may block for ever.
fn read_lines(input: Box<dyn Read + Send>) -> mpsc::Receiver<Chunk> {
    let (sender, receiver) = mpsc::channel(4);
    std::thread::spawn(move || {
        let mut reader = BufReader::with_capacity(256 << 10, input);
        let mut chunk = Vec::new();
        loop {
            let mut line = Vec::new();
            match reader.read_until(b'\n', &mut line) {
                Ok(0) => break,
                Ok(_) => chunk.push(line),
                Err(error) => {
                    let _ = sender.blocking_send(Err(error));
                    return;
                }
            }
            let more_is_here = reader.buffer().contains(&b'\n');
            if !more_is_here || chunk.len() >= CHUNK_LINES {
                let full = std::mem::take(&mut chunk);
                // The sender of records has given up: so does the reader of lines.
                if sender.blocking_send(Ok(full)).is_err() {
                    return;
                }
            }
        }
        if !chunk.is_empty() {
            let _ = sender.blocking_send(Ok(chunk));
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(separator: Option<&str>, null: Option<&str>) -> LineFormat {
        LineFormat {
            key_separator: separator.map(|text| text.as_bytes().to_vec()),
            null_value: null.map(|text| text.as_bytes().to_vec()),
            headers: vec![("h".into(), b"1".to_vec())],
            partition: None,
        }
    }

    #[test]
    fn lines_become_keys_and_values() {
        for (separator, null, line, key, value) in [
            (None, None, "a:b", None, Some("a:b")),
            (Some(":"), None, "a:b:c", Some("a"), Some("b:c")),
            (Some("::"), None, "a::", Some("a"), Some("")),
            (Some(":"), Some("NULL"), "a:NULL", Some("a"), None),
            (None, Some(""), "", None, None),
        ] {
            let record = format(separator, null).record(line.as_bytes(), 7).unwrap();
            assert_eq!(record.key.as_deref(), key.map(str::as_bytes), "{line}");
            assert_eq!(record.value.as_deref(), value.map(str::as_bytes), "{line}");
            assert_eq!(record.timestamp_ms, 7);
            assert_eq!(record.headers.len(), 1);
        }
        assert_eq!(format(Some(":"), None).record(b"no key", 0), None);
        assert_eq!(format(Some(":"), None).record(b"", 0), None);
    }

    #[test]
    fn every_line_arrives_in_order_also_the_last_without_an_end() {
        let text: String = (0..5_000).map(|n| format!("{n}\n")).collect::<String>() + "end";
        let mut lines = read_lines(Box::new(io::Cursor::new(text.clone().into_bytes())));
        let mut got = Vec::new();
        while let Some(chunk) = lines.blocking_recv() {
            got.extend(chunk.unwrap().concat());
        }
        assert_eq!(got, text.as_bytes());
    }
}
