//! Values of an expression, and how two of them compare.

use std::borrow::Cow;
use std::cmp::Ordering;

/// A value. The widths of integers are kept apart: text is read as wide as the number beside it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'v> {
    Null,
    Boolean(bool),
    Int(i32),
    Long(i64),
    Double(f64),
    Text(Cow<'v, str>),
}

/// The expression has no value for this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed;

impl Value<'_> {
    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Int(_) | Self::Long(_) | Self::Double(_))
    }
}

/// How two values that are not null compare. Kinds that have no order count as less.
#[allow(
    clippy::cast_precision_loss,
    reason = "an integer beside a fraction is compared as one, as Java does"
)]
pub(super) fn compare(left: &Value<'_>, right: &Value<'_>) -> Result<Ordering, Failed> {
    use Value::{Boolean, Double, Int, Long, Text};
    Ok(match (left, right) {
        (Text(a), Text(b)) => java_text_order(a, b),
        (Boolean(a), Boolean(b)) => a.cmp(b),
        (Int(a), Int(b)) => a.cmp(b),
        (Long(a), Long(b)) => a.cmp(b),
        (Int(a), Long(b)) => i64::from(*a).cmp(b),
        (Long(a), Int(b)) => a.cmp(&i64::from(*b)),
        (Double(a), Double(b)) => double_order(*a, *b),
        (Int(a), Double(b)) => double_order(f64::from(*a), *b),
        (Long(a), Double(b)) => double_order(*a as f64, *b),
        (Double(a), Int(b)) => double_order(*a, f64::from(*b)),
        (Double(a), Long(b)) => double_order(*a, *b as f64),
        (Text(a), Boolean(b)) => a.eq_ignore_ascii_case("true").cmp(b),
        (Text(a), Int(b)) => integer::<i32>(a)?.cmp(b),
        (Text(a), Long(b)) => integer::<i64>(a)?.cmp(b),
        (Text(a), Double(b)) => double_order(double(a)?, *b),
        (Int(a), Text(b)) => a.cmp(&integer(b)?),
        (Long(a), Text(b)) => a.cmp(&integer(b)?),
        (Double(a), Text(b)) => double_order(*a, double(b)?),
        // Java casts the wrong side here, and fails.
        (Boolean(_), Text(_)) => return Err(Failed),
        _ => Ordering::Less,
    })
}

/// `Integer.valueOf` and `Long.valueOf`.
fn integer<T: std::str::FromStr>(text: &str) -> Result<T, Failed> {
    text.parse().map_err(|_| Failed)
}

/// `Double.valueOf`, without hexadecimal numbers.
pub(super) fn double(text: &str) -> Result<f64, Failed> {
    let text = text.trim_matches(|c: char| c <= ' ');
    let unsigned = text.trim_start_matches(['+', '-']);
    let number = match unsigned {
        "NaN" | "Infinity" => text.parse(),
        _ => {
            let digits = text.strip_suffix(['d', 'D', 'f', 'F']).unwrap_or(text);
            let numeric = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
            if !digits.chars().all(numeric) {
                return Err(Failed);
            }
            digits.parse()
        }
    };
    number.map_err(|_| Failed)
}

/// `Double.compare`: a total order in which NaN is greatest and -0.0 is below 0.0.
fn double_order(left: f64, right: f64) -> Ordering {
    match (left.is_nan(), right.is_nan()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => left.total_cmp(&right),
    }
}

/// `String.compareTo`: by UTF-16 units.
fn java_text_order(left: &str, right: &str) -> Ordering {
    left.encode_utf16().cmp(right.encode_utf16())
}
