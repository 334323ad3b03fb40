//! Numbers in the table of hypotheses.

use super::data::Spread;

/// `median (least…most)` with a unit of `B/s`, `/s`, `ns` or none.
pub(super) fn spread(spread: Spread, unit: &str) -> String {
    let (factor, name) = scale(spread.median, unit);
    let one = |value: f64| number(value / factor);
    let name = if name.is_empty() {
        String::new()
    } else {
        format!(" {name}")
    };
    format!(
        "{} ({}…{}){name}",
        one(spread.median),
        one(spread.min),
        one(spread.max)
    )
}

fn scale(value: f64, unit: &str) -> (f64, String) {
    let steps: &[(f64, &str)] = match unit {
        "ns" => &[(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")],
        "B/s" => &[(1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"), (1.0, "B/s")],
        "/s" => &[(1e6, "M/s"), (1e3, "k/s"), (1.0, "/s")],
        _ => &[],
    };
    let fits = steps.iter().find(|(factor, _)| value >= *factor);
    fits.or(steps.last())
        .map_or((1.0, unit.to_owned()), |(factor, name)| {
            (*factor, (*name).to_owned())
        })
}

/// Three significant digits.
pub(super) fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 || size == 0.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// A block size.
pub(super) fn blocks(bytes: f64) -> String {
    for (factor, name) in [
        (1_073_741_824.0, "GiB"),
        (1_048_576.0, "MiB"),
        (1024.0, "KiB"),
    ] {
        if bytes >= factor {
            return format!(
                "{} {name}",
                number(bytes / factor)
                    .trim_end_matches(".00")
                    .trim_end_matches(".0")
            );
        }
    }
    format!("{bytes:.0} B")
}

/// A ratio.
pub(super) fn times(ratio: f64) -> String {
    format!("{}×", number(ratio))
}
