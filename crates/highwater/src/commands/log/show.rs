//! How offline tools print: tables on stdout, one JSON document instead when asked, progress on a terminal's stderr.

use std::io::{self, IsTerminal, Write};

use anyhow::Result;
use comfy_table::{Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use kafka::log::batch::BatchHeader;
use serde_json::{Value, json};

/// Longest key or value that a table shows; JSON always has all of it.
const SHOWN_CHARACTERS: usize = 80;

/// A table without borders that other programs can cut at blanks.
pub(super) fn table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(headings);
    table
}

/// Prints a table, or `document` in its place.
pub(super) fn print(text: &dyn std::fmt::Display) -> Result<()> {
    writeln!(io::stdout().lock(), "{text}")?;
    Ok(())
}

/// Prints one JSON document.
pub(super) fn print_json(document: &Value) -> Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, document)?;
    writeln!(out)?;
    Ok(())
}

/// A bar over `bytes`, hidden unless stderr is a terminal.
pub(super) fn progress(bytes: u64, what: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template(
        "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left",
    );
    let bar = ProgressBar::new(bytes).with_message(what.to_owned());
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Bytes as text where they are text, as hexadecimal digits where not.
pub(super) fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(|c| c.is_control() && !c.is_whitespace()) => text.to_owned(),
        _ => bytes.iter().fold("0x".to_owned(), |mut out, byte| {
            out.push_str(&format!("{byte:02x}"));
            out
        }),
    }
}

/// `text`, cut to what a table shows; `∅` for none.
pub(super) fn cell(bytes: Option<&[u8]>) -> String {
    let Some(bytes) = bytes else {
        return "∅".to_owned();
    };
    let whole = text(bytes);
    if whole.chars().count() <= SHOWN_CHARACTERS {
        return whole;
    }
    let cut: String = whole.chars().take(SHOWN_CHARACTERS - 1).collect();
    format!("{cut}…")
}

/// A batch's header as JSON; the keys are an interface.
pub(super) fn batch_json(at: u64, header: &BatchHeader) -> Value {
    json!({
        "kind": "batch",
        "position": at,
        "bytes": header.size_bytes(),
        "base_offset": header.base_offset,
        "last_offset": header.last_offset().0,
        "records": header.record_count,
        "leader_epoch": header.leader_epoch,
        "compression": header.compression().map_or("unknown", kafka::log::compression::Compression::name),
        "log_append_time": header.timestamp_type() == kafka::log::TimestampType::LogAppendTime,
        "max_timestamp_ms": header.max_timestamp,
        "transactional": header.is_transactional(),
        "control": header.is_control(),
        "delete_horizon_ms": header.delete_horizon_ms(),
        "producer_id": header.producer_id,
        "producer_epoch": header.producer_epoch,
        "base_sequence": header.base_sequence,
        "crc": header.crc,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_as_what_they_are() {
        assert_eq!(cell(Some("grüße".as_bytes())), "grüße");
        assert_eq!(cell(Some(&[0, 255])), "0x00ff");
        assert_eq!(cell(None), "∅");
        assert_eq!(cell(Some(&[b'x'; 100])).chars().count(), SHOWN_CHARACTERS);
    }
}
