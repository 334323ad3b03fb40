//! The kinds of value a setting can have, their bounds, and the text they are read from and shown as.
//!
//! Invariant: `Definition::parse` then `to_string` is canonical; parsing that again gives the same
//! value. Numbers over the wire are plain decimal; only our own file, environment and flags may say
//! `64MiB` or `200ms` (`Definition::parse_human`).

use std::fmt;

/// What a value is. The numbers are the protocol's (`DescribeConfigs` v3 and later).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// `true` or `false`.
    Boolean = 1,
    /// Any text.
    Text = 2,
    /// A 32-bit number.
    Int = 3,
    /// A 16-bit number.
    Short = 4,
    /// A 64-bit number.
    Long = 5,
    /// A fraction.
    Double = 6,
    /// Comma-separated words.
    List = 7,
}

/// Which values are acceptable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// Whatever the type allows.
    Any,
    /// This number or more.
    AtLeast(i64),
    /// Both ends inclusive.
    Between(i64, i64),
    /// Both ends inclusive, or the one extra number.
    BetweenOr(i64, i64, i64),
    /// A fraction from 0 to 1, inclusive.
    Fraction,
    /// One of these words (for a list: only these words).
    OneOf(&'static [&'static str]),
    /// Nothing but this; other values belong to what this build does not have.
    Only(&'static str, &'static str),
}

/// What a number counts, which decides the suffixes our own configuration accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// `64MiB`, `1GiB`, or a plain number.
    Bytes,
    /// `200ms`, `30s`, `5m`, `12h`, `7d`, or a plain number of milliseconds.
    Millis,
    /// A plain number.
    None,
}

/// One setting: everything about it that does not depend on a running server.
#[derive(Debug, Clone, Copy)]
pub struct Definition {
    /// Kafka's name.
    pub name: &'static str,
    /// The type shown and checked.
    pub kind: Type,
    /// The default's text; `None` is null.
    pub default: Option<&'static str>,
    /// Acceptable values.
    pub bound: Bound,
    /// One or two sentences for `DescribeConfigs` and `docs/configuration.md`.
    pub doc: &'static str,
}

/// A checked value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Of `Type::Boolean`.
    Boolean(bool),
    /// Of `Type::Int`, `Short` and `Long`.
    Number(i64),
    /// Of `Type::Double`.
    Double(f64),
    /// Of `Type::Text`.
    Text(String),
    /// Of `Type::List`.
    List(Vec<String>),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            // `{:?}` keeps the fraction (`1.0`), as Kafka prints it.
            Self::Double(value) => write!(f, "{value:?}"),
            Self::Text(value) => f.write_str(value),
            Self::List(values) => f.write_str(&values.join(",")),
        }
    }
}

/// A value that a setting does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Invalid value {value} for configuration {name}: {why}")]
pub struct InvalidValue {
    /// The setting.
    pub name: String,
    /// What was given.
    pub value: String,
    /// What is wrong with it, or what would be right.
    pub why: String,
}

impl Definition {
    /// Reads and checks a value as Kafka's clients send it.
    ///
    /// # Errors
    /// `InvalidValue` with what would be acceptable.
    pub fn parse(&self, text: &str) -> Result<Value, InvalidValue> {
        let text = text.trim();
        let value = match self.kind {
            Type::Boolean if text.eq_ignore_ascii_case("true") => Value::Boolean(true),
            Type::Boolean if text.eq_ignore_ascii_case("false") => Value::Boolean(false),
            Type::Boolean => return Err(self.invalid(text, "must be true or false")),
            Type::Int => self.number(text, i64::from(i32::MIN), i64::from(i32::MAX))?,
            Type::Short => self.number(text, i64::from(i16::MIN), i64::from(i16::MAX))?,
            Type::Long => self.number(text, i64::MIN, i64::MAX)?,
            Type::Double => match text.parse::<f64>() {
                Ok(value) if value.is_finite() => Value::Double(value),
                _ => return Err(self.invalid(text, "must be a number")),
            },
            Type::Text => Value::Text(text.to_owned()),
            Type::List if text.is_empty() => Value::List(Vec::new()),
            Type::List => Value::List(text.split(',').map(|word| word.trim().to_owned()).collect()),
        };
        self.check_bound(text, &value)?;
        Ok(value)
    }

    /// Like `parse`, and takes sizes (`64MiB`) and times (`200ms`) where the setting counts those.
    ///
    /// # Errors
    /// `InvalidValue`.
    pub fn parse_human(&self, text: &str) -> Result<Value, InvalidValue> {
        match self.kind {
            Type::Int | Type::Long | Type::Short => {
                let plain = match self.unit() {
                    Unit::None => None,
                    Unit::Bytes => parse_bytes(text),
                    Unit::Millis => parse_millis(text),
                };
                match plain {
                    Some(number) => self
                        .parse(&number.to_string())
                        .map_err(|error| InvalidValue {
                            value: text.to_owned(),
                            ..error
                        }),
                    None => self.parse(text),
                }
            }
            _ => self.parse(text),
        }
    }

    /// What the setting's number counts, told by its name.
    pub fn unit(&self) -> Unit {
        let last = self.name.rsplit('.').next().unwrap_or_default();
        match last {
            "ms" => Unit::Millis,
            "bytes" => Unit::Bytes,
            _ => Unit::None,
        }
    }

    /// The default as a value; `None` is null.
    pub fn default_value(&self) -> Option<Value> {
        self.default.and_then(|text| self.parse(text).ok())
    }

    /// The acceptable values in words, empty where anything of the type goes.
    pub fn bound_in_words(&self) -> String {
        match self.bound {
            Bound::Any => String::new(),
            Bound::AtLeast(least) => format!("at least {least}"),
            Bound::Between(least, most) => format!("{least} to {most}"),
            Bound::BetweenOr(least, most, extra) => format!("{least} to {most}, or {extra}"),
            Bound::Fraction => "0 to 1".to_owned(),
            Bound::OneOf(words) => format!("one of {}", words.join(", ")),
            Bound::Only(value, _) => format!("only {value}"),
        }
    }

    fn number(&self, text: &str, least: i64, most: i64) -> Result<Value, InvalidValue> {
        match text.parse::<i64>() {
            Ok(number) if (least..=most).contains(&number) => Ok(Value::Number(number)),
            _ => Err(self.invalid(
                text,
                &format!("must be a whole number from {least} to {most}"),
            )),
        }
    }

    fn check_bound(&self, text: &str, value: &Value) -> Result<(), InvalidValue> {
        let ok = match (self.bound, value) {
            (Bound::Any, _) => true,
            (Bound::AtLeast(least), Value::Number(number)) => *number >= least,
            (Bound::Between(least, most), Value::Number(number)) => (least..=most).contains(number),
            (Bound::BetweenOr(least, most, extra), Value::Number(number)) => {
                (least..=most).contains(number) || *number == extra
            }
            (Bound::Fraction, Value::Double(number)) => (0.0..=1.0).contains(number),
            (Bound::OneOf(words), Value::Text(word)) => words.contains(&word.as_str()),
            (Bound::OneOf(words), Value::List(list)) => {
                list.iter().all(|word| words.contains(&word.as_str()))
            }
            (Bound::Only(only, why), value) => {
                if value.to_string() != only {
                    return Err(self.invalid(text, &format!("must be {only}: {why}")));
                }
                true
            }
            (_, _) => false,
        };
        if ok {
            Ok(())
        } else {
            Err(self.invalid(text, &format!("must be {}", self.bound_in_words())))
        }
    }

    fn invalid(&self, value: &str, why: &str) -> InvalidValue {
        InvalidValue {
            name: self.name.to_owned(),
            value: value.to_owned(),
            why: why.to_owned(),
        }
    }
}

/// A size in bytes: `512`, `64KiB`, `1.5GiB`, `10MB`. `None` if it is not one.
pub fn parse_bytes(text: &str) -> Option<i64> {
    const UNITS: [(&str, i64); 10] = [
        ("kib", 1 << 10),
        ("mib", 1 << 20),
        ("gib", 1 << 30),
        ("tib", 1 << 40),
        ("kb", 1_000),
        ("mb", 1_000_000),
        ("gb", 1_000_000_000),
        ("tb", 1_000_000_000_000),
        ("b", 1),
        ("", 1),
    ];
    scaled(text, &UNITS)
}

/// A time in milliseconds: `250` (already milliseconds), `200ms`, `1.5s`, `5m`, `12h`, `7d`.
/// `None` if it is not one.
pub fn parse_millis(text: &str) -> Option<i64> {
    const UNITS: [(&str, i64); 6] = [
        ("ms", 1),
        ("s", 1_000),
        ("m", 60_000),
        ("h", 3_600_000),
        ("d", 86_400_000),
        ("", 1),
    ];
    scaled(text, &UNITS)
}

/// The number in front times the unit behind; a fraction must come out whole.
fn scaled(text: &str, units: &[(&str, i64)]) -> Option<i64> {
    let text = text.trim();
    let split = text
        .find(|c: char| c.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(split)?;
    let unit = unit.trim().to_ascii_lowercase();
    let factor = units.iter().find(|(name, _)| *name == unit)?.1;
    let number = number.trim();
    let Some((whole, fraction)) = number.split_once('.') else {
        return number.parse::<i64>().ok()?.checked_mul(factor);
    };
    if fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = u32::try_from(fraction.len()).ok()?;
    let parts = fraction.parse::<i64>().ok()?.checked_mul(factor)?;
    let scale = 10_i64.checked_pow(digits)?;
    if parts % scale != 0 || whole.starts_with('-') {
        return None;
    }
    whole
        .parse::<i64>()
        .ok()?
        .checked_mul(factor)?
        .checked_add(parts / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(kind: Type, bound: Bound) -> Definition {
        Definition {
            name: "x.bytes",
            kind,
            default: None,
            bound,
            doc: "",
        }
    }

    #[test]
    fn values_are_canonical() {
        for (kind, text, shown) in [
            (Type::Boolean, " TRUE ", "true"),
            (Type::Int, "007", "7"),
            (Type::Long, "-1", "-1"),
            (Type::Double, "1", "1.0"),
            (Type::Double, "0.50", "0.5"),
            (Type::List, "compact , delete", "compact,delete"),
            (Type::List, "", ""),
            (Type::Text, " a b ", "a b"),
        ] {
            let definition = definition(kind, Bound::Any);
            let value = definition.parse(text).unwrap();
            assert_eq!(value.to_string(), shown);
            assert_eq!(definition.parse(shown).unwrap(), value, "{text}");
        }
    }

    #[test]
    fn what_is_out_of_bounds_says_what_would_be_right() {
        for (kind, bound, text, why) in [
            (Type::Int, Bound::AtLeast(1), "0", "must be at least 1"),
            (
                Type::Int,
                Bound::Any,
                "2147483648",
                "must be a whole number from -2147483648 to 2147483647",
            ),
            (
                Type::Int,
                Bound::Any,
                "1MiB",
                "must be a whole number from -2147483648 to 2147483647",
            ),
            (
                Type::Int,
                Bound::BetweenOr(1, 9, -1),
                "0",
                "must be 1 to 9, or -1",
            ),
            (Type::Double, Bound::Fraction, "1.01", "must be 0 to 1"),
            (Type::Double, Bound::Fraction, "NaN", "must be a number"),
            (Type::Boolean, Bound::Any, "yes", "must be true or false"),
            (
                Type::List,
                Bound::OneOf(&["a", "b"]),
                "a,c",
                "must be one of a, b",
            ),
            (
                Type::Boolean,
                Bound::Only("false", "no tiers"),
                "true",
                "must be false: no tiers",
            ),
        ] {
            let error = definition(kind, bound).parse(text).unwrap_err();
            assert_eq!(error.why, why, "{text}");
        }
    }

    #[test]
    fn sizes_and_times() {
        for (text, bytes) in [
            ("0", Some(0)),
            ("64MiB", Some(64 << 20)),
            ("1.5 GiB", Some(3 << 29)),
            ("10kb", Some(10_000)),
            ("-1", Some(-1)),
            ("1.0000001KiB", None),
            ("9999999999TiB", None),
            ("MiB", None),
            ("5 apples", None),
            ("", None),
            ("1.-5k", None),
        ] {
            assert_eq!(parse_bytes(text), bytes, "{text}");
        }
        for (text, millis) in [
            ("200ms", Some(200)),
            ("1.5s", Some(1_500)),
            ("7d", Some(604_800_000)),
            ("250", Some(250)),
            ("3 weeks", None),
        ] {
            assert_eq!(parse_millis(text), millis, "{text}");
        }
        let size = definition(Type::Int, Bound::AtLeast(1 << 20));
        assert_eq!(size.parse_human("2MiB").unwrap(), Value::Number(2 << 20));
        assert_eq!(size.parse_human("1KiB").unwrap_err().value, "1KiB");
        assert!(size.parse_human("4GiB").is_err());
    }
}
