//! Units, and how numbers of them are written for people.

use serde::{Deserialize, Serialize};

/// What a number counts. Values are kept in exactly this, whatever a table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Bytes; shown by powers of 1024.
    Bytes,
    /// Bytes a second; shown by powers of 1000, as disks and networks are.
    BytesPerSecond,
    /// Operations (or records, or messages) a second.
    PerSecond,
    /// Nanoseconds.
    Nanoseconds,
    /// A number of things.
    Count,
    /// A share or proportion; 1 is the whole.
    Ratio,
    /// Percent, as percentiles are counted in.
    Percent,
}

/// A number with its unit: `4 KiB`, `1.53 GB/s`, `12.4 µs`.
#[must_use]
pub fn show(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Bytes => binary(value),
        Unit::BytesPerSecond => scaled(
            value,
            &[
                (1e12, "TB/s"),
                (1e9, "GB/s"),
                (1e6, "MB/s"),
                (1e3, "kB/s"),
                (1.0, "B/s"),
            ],
        ),
        Unit::PerSecond => scaled(
            value,
            &[(1e9, "G/s"), (1e6, "M/s"), (1e3, "k/s"), (1.0, "/s")],
        ),
        Unit::Nanoseconds => scaled(value, &[(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")]),
        Unit::Count if value.abs() < 10_000.0 => digits(value),
        Unit::Count => scaled(value, &[(1e9, "G"), (1e6, "M"), (1e3, "k")]),
        Unit::Ratio => digits(value) + "×",
        Unit::Percent => format!("{value}%"),
    }
}

fn binary(value: f64) -> String {
    let steps = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB"), (0, "B")];
    let step = |(shift, name): (i32, &'static str)| (2_f64.powi(shift), name);
    scaled(value, &steps.map(step))
}

/// Divides by the first factor that leaves at least 1.
fn scaled(value: f64, steps: &[(f64, &str)]) -> String {
    let found = steps.iter().find(|(factor, _)| value.abs() >= *factor);
    let Some((factor, name)) = found.or(steps.last()) else {
        return digits(value);
    };
    let number = digits(value / factor);
    if name.is_empty() {
        number
    } else {
        format!("{number} {name}")
    }
}

/// Three significant digits, and all digits before the point.
fn digits(value: f64) -> String {
    let size = value.abs();
    let text = match size {
        _ if size >= 100.0 || value == 0.0 => format!("{value:.0}"),
        _ if size >= 10.0 => format!("{value:.1}"),
        _ if size >= 0.01 => format!("{value:.2}"),
        _ => format!("{value:.1e}"),
    };
    match text.contains('.') && !text.contains('e') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// Reads a number of bytes: `64`, `4K`, `4KiB`, `1G`.
///
/// # Errors
/// What is wrong with it, for people. Decimal units are refused: `1MB` may mean either.
pub fn bytes_of(text: &str) -> Result<u64, String> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match &*unit.trim().to_ascii_lowercase() {
        "" | "b" => 0,
        "k" | "kib" => 10,
        "m" | "mib" => 20,
        "g" | "gib" => 30,
        "t" | "tib" => 40,
        _ => {
            return Err(format!(
                "{text:?} is no number of bytes such as 64, 4K or 1GiB"
            ));
        }
    };
    let number: u64 = number
        .parse()
        .map_err(|_| format!("{text:?} is no number of bytes such as 64, 4K or 1GiB"))?;
    number
        .checked_mul(1 << shift)
        .ok_or_else(|| format!("{text} is more bytes than can be counted"))
}
