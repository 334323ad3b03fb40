//! Prints records as they come: values alone, columns, or one JSON object per line.

use std::io::{self, BufWriter, Stdout, Write};
use std::ops::ControlFlow;

use clap::ValueEnum;
use highwater::client::FetchedRecord;
use serde_json::{Map, Value, json};

use crate::commands::when;
use crate::exit::{Exit, Failure};

/// How records are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum RecordFormat {
    /// The value and a newline; nothing is decoded.
    #[default]
    Value,
    /// Partition, offset, time, key and value, separated by tabs, below a heading.
    Table,
    /// One JSON object per line; its keys are an interface.
    Json,
}

/// Writes records to stdout.
pub(super) struct Printer {
    format: RecordFormat,
    key_separator: Option<String>,
    out: BufWriter<Stdout>,
    needs_heading: bool,
    failure: Option<io::Error>,
}

impl Printer {
    pub(super) fn new(format: RecordFormat, key_separator: Option<String>) -> Self {
        Self {
            format,
            key_separator,
            out: BufWriter::with_capacity(64 << 10, io::stdout()),
            needs_heading: format == RecordFormat::Table,
            failure: None,
        }
    }

    /// Prints one record; breaks when that fails, and `flush` says why.
    pub(super) fn record(&mut self, record: &FetchedRecord<'_>) -> ControlFlow<()> {
        if std::mem::take(&mut self.needs_heading) {
            let _ = writeln!(self.out, "PARTITION\tOFFSET\tTIME\tKEY\tVALUE");
        }
        let separator = self.key_separator.as_deref();
        match write_record(&mut self.out, self.format, separator, record) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.failure = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    /// Makes what was printed visible; breaks when nobody reads it any more.
    pub(super) fn flush(&mut self) -> Result<ControlFlow<()>, Failure> {
        let result = match self.failure.take() {
            Some(error) => Err(error),
            None => self.out.flush(),
        };
        match result {
            Ok(()) => Ok(ControlFlow::Continue(())),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
            Err(error) => Err(Failure::new(Exit::NotWell, format!("stdout: {error}"))),
        }
    }
}

fn write_record(
    out: &mut impl Write,
    format: RecordFormat,
    key_separator: Option<&str>,
    fetched: &FetchedRecord<'_>,
) -> io::Result<()> {
    let record = &fetched.record;
    match format {
        RecordFormat::Value => {
            if let Some(separator) = key_separator {
                out.write_all(record.key.unwrap_or_default())?;
                out.write_all(separator.as_bytes())?;
            }
            out.write_all(record.value.unwrap_or_default())?;
            out.write_all(b"\n")
        }
        RecordFormat::Table => {
            let text = |bytes: Option<&[u8]>| {
                bytes.map_or("(null)".into(), |bytes| {
                    one_line(&String::from_utf8_lossy(bytes))
                })
            };
            writeln!(
                out,
                "{}\t{}\t{}\t{}\t{}",
                fetched.partition,
                record.offset,
                when::print(record.timestamp_ms),
                text(record.key),
                text(record.value)
            )
        }
        RecordFormat::Json => writeln!(out, "{}", as_json(fetched)),
    }
}

/// Control characters as Rust writes them, so that one record stays on one line.
fn one_line(text: &str) -> String {
    let shown = |c: char| match c.is_control() {
        true => c.escape_default().collect::<String>(),
        false => c.to_string(),
    };
    text.chars().map(shown).collect()
}

fn as_json(fetched: &FetchedRecord<'_>) -> Value {
    let record = &fetched.record;
    let mut object = Map::new();
    object.insert("topic".into(), json!(fetched.topic));
    object.insert("partition".into(), json!(fetched.partition));
    object.insert("offset".into(), json!(record.offset.0));
    object.insert("timestamp_ms".into(), json!(record.timestamp_ms));
    insert_bytes(&mut object, "key", record.key);
    insert_bytes(&mut object, "value", record.value);
    let headers = record.headers().map(|(name, value)| {
        let mut header = Map::new();
        header.insert("name".into(), json!(String::from_utf8_lossy(name)));
        insert_bytes(&mut header, "value", value);
        Value::Object(header)
    });
    object.insert("headers".into(), headers.collect());
    Value::Object(object)
}

/// Text under `name`; what is not UTF-8 goes under `name_hex`.
fn insert_bytes(object: &mut Map<String, Value>, name: &str, bytes: Option<&[u8]>) {
    match bytes.map(std::str::from_utf8) {
        None => object.insert(name.into(), Value::Null),
        Some(Ok(text)) => object.insert(name.into(), json!(text)),
        Some(Err(_)) => {
            let bytes = bytes.unwrap_or_default();
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            object.insert(format!("{name}_hex"), json!(hex))
        }
    };
}

#[cfg(test)]
mod tests {
    use kafka::log::batch::BatchView;
    use kafka::log::builder::BatchBuilder;
    use kafka::log::record;

    use super::*;

    /// Prints one record and gives back the text.
    fn printed(
        format: RecordFormat,
        separator: Option<&str>,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> String {
        let mut builder = BatchBuilder::default().position(40, 0);
        let headers = [(&b"h"[..], Some(&b"1"[..]))];
        builder.push_with(1_700_000_000_005, key, value, headers);
        let batch = builder.finish().unwrap();
        let mut out = Vec::new();
        record::visit(&BatchView::first(&batch).unwrap(), |record| {
            let fetched = FetchedRecord {
                topic: "t",
                partition: 3,
                record,
            };
            write_record(&mut out, format, separator, &fetched).unwrap();
            ControlFlow::Continue(())
        })
        .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn records_in_every_format() {
        let (key, value) = (Some(&b"k"[..]), Some(&b"a\tb"[..]));
        assert_eq!(printed(RecordFormat::Value, None, key, value), "a\tb\n");
        assert_eq!(
            printed(RecordFormat::Value, Some("="), key, value),
            "k=a\tb\n"
        );
        assert_eq!(printed(RecordFormat::Value, Some("="), None, None), "=\n");
        assert_eq!(
            printed(RecordFormat::Table, None, key, value),
            "3\t40\t2023-11-14T22:13:20.005Z\tk\ta\\tb\n"
        );
        assert_eq!(
            printed(RecordFormat::Table, None, None, None),
            "3\t40\t2023-11-14T22:13:20.005Z\t(null)\t(null)\n"
        );
        let object: Value =
            serde_json::from_str(&printed(RecordFormat::Json, None, key, Some(&[0xff, 0])))
                .unwrap();
        assert_eq!(
            object,
            json!({
                "topic": "t", "partition": 3, "offset": 40, "timestamp_ms": 1_700_000_000_005i64,
                "key": "k", "value_hex": "ff00", "headers": [{"name": "h", "value": "1"}],
            })
        );
    }
}
