//! Points in time on the command line, and how they are printed.

use jiff::Timestamp;

/// Reads a point in time: milliseconds since the epoch, RFC 3339 (`2026-11-22T10:00:00Z`), or a
/// span before now (`-90s`, `-5m`, `-2h`, `-1d`).
pub(crate) fn parse(text: &str, now_ms: i64) -> Result<i64, String> {
    let problem =
        || format!("{text:?} is neither milliseconds, nor like 2026-11-22T10:00:00Z, nor like -5m");
    if let Some(ago) = text.strip_prefix('-') {
        let digits = ago.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let count: u32 = digits.parse().map_err(|_| problem())?;
        let unit_ms = match ago.get(digits.len()..) {
            Some("ms") => 1,
            Some("s") => 1_000,
            Some("m" | "min") => 60_000,
            Some("h") => 3_600_000,
            Some("d") => 86_400_000,
            _ => return Err(problem()),
        };
        return now_ms
            .checked_sub(i64::from(count) * unit_ms)
            .ok_or_else(problem);
    }
    if let Ok(ms) = text.parse() {
        return Ok(ms);
    }
    text.parse::<Timestamp>()
        .map(Timestamp::as_millisecond)
        .map_err(|_| problem())
}

/// RFC 3339 in UTC with milliseconds; a dash for no time.
pub(crate) fn print(ms: i64) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(time) if ms >= 0 => format!("{time:.3}"),
        _ => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_in_time() {
        const NOW: i64 = 1_700_000_000_000;
        for (text, ms) in [
            ("0", 0),
            ("1700000000123", 1_700_000_000_123),
            ("2023-11-14T22:13:20Z", NOW),
            ("2023-11-14T23:13:20.5+01:00", NOW + 500),
            ("-90s", NOW - 90_000),
            ("-5m", NOW - 300_000),
            ("-2h", NOW - 7_200_000),
            ("-1d", NOW - 86_400_000),
            ("-7ms", NOW - 7),
        ] {
            assert_eq!(parse(text, NOW), Ok(ms), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "-",
            "-5",
            "-5y",
            "--5m",
            "2023-11-14",
            "-9999999999d",
        ] {
            assert!(parse(text, NOW).is_err(), "{text}");
        }
        assert_eq!(print(NOW + 5), "2023-11-14T22:13:20.005Z");
        assert_eq!(print(-1), "-");
    }
}
