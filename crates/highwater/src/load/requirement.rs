//! A demand on a run's outcome: `p99<5ms`, `rate>10000`, `errors<1`.

use std::str::FromStr;

use super::outcome::{Half, Outcome, as_f64};
use crate::report::units::{self, Unit};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Figure {
    /// Latency at a quantile.
    Latency(f64),
    /// End-to-end latency at a quantile.
    EndToEnd(f64),
    /// Records a second.
    Rate,
    /// Records that failed.
    Errors,
}

/// A demand.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    text: String,
    figure: Figure,
    /// True for `<`.
    below: bool,
    /// In nanoseconds, records a second, or records.
    limit: f64,
}

/// Not a demand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no requirement; write p50, p90, p99, p99.9, p99.99 or max (with e2e- before it for \
     end to end), rate or errors, then < or >, then a number: p99<5ms, rate>10000"
)]
pub struct UnknownRequirement(String);

impl FromStr for Requirement {
    type Err = UnknownRequirement;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownRequirement(text.to_owned());
        let at = text.find(['<', '>']).ok_or_else(unknown)?;
        let (name, rest) = text.split_at(at);
        let below = rest.starts_with('<');
        let number = rest.get(1..).unwrap_or_default().trim();
        let figure = figure(name.trim()).ok_or_else(unknown)?;
        let limit = match figure {
            Figure::Latency(_) | Figure::EndToEnd(_) => nanoseconds(number),
            Figure::Rate | Figure::Errors => number.parse().ok(),
        };
        let limit = limit.filter(|limit: &f64| limit.is_finite() && *limit >= 0.0);
        Ok(Self {
            text: text.to_owned(),
            figure,
            below,
            limit: limit.ok_or_else(unknown)?,
        })
    }
}

fn figure(name: &str) -> Option<Figure> {
    let quantile = |name| {
        Some(match name {
            "p50" => 0.5,
            "p90" => 0.9,
            "p99" => 0.99,
            "p99.9" => 0.999,
            "p99.99" => 0.9999,
            "max" => 1.0,
            _ => return None,
        })
    };
    match name {
        "rate" => Some(Figure::Rate),
        "errors" => Some(Figure::Errors),
        _ => match name.strip_prefix("e2e-") {
            Some(name) => quantile(name).map(Figure::EndToEnd),
            None => quantile(name).map(Figure::Latency),
        },
    }
}

fn nanoseconds(text: &str) -> Option<f64> {
    for (unit, factor) in [
        ("ns", 1.0),
        ("us", 1e3),
        ("µs", 1e3),
        ("ms", 1e6),
        ("s", 1e9),
    ] {
        if let Some(number) = text.strip_suffix(unit) {
            return number
                .trim()
                .parse::<f64>()
                .ok()
                .map(|number| number * factor);
        }
    }
    None
}

impl Requirement {
    /// What fell short, for people; `None` when it was met. Without the half it asks about, it was
    /// not.
    pub fn fell_short(&self, outcome: &Outcome) -> Option<String> {
        let half: Option<&Half> = outcome.produced.as_ref().or(outcome.consumed.as_ref());
        let (found, unit) = match self.figure {
            Figure::Latency(quantile) => (
                half.map(|half| as_f64(half.latency.value_at_quantile(quantile))),
                Unit::Nanoseconds,
            ),
            Figure::EndToEnd(quantile) => {
                let histogram = outcome.end_to_end.as_ref();
                let found = histogram.map(|one| as_f64(one.value_at_quantile(quantile)));
                (found, Unit::Nanoseconds)
            }
            Figure::Rate => (half.map(|half| half.rate(&outcome.plan)), Unit::PerSecond),
            Figure::Errors => (Some(as_f64(outcome.failed())), Unit::Count),
        };
        let Some(found) = found else {
            return Some(format!("{}: not measured", self.text));
        };
        let is_met = if self.below {
            found < self.limit
        } else {
            found > self.limit
        };
        (!is_met).then(|| format!("{}: it was {}", self.text, units::show(found, unit)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::sample;
    use super::*;

    fn outcome() -> Outcome {
        let mut half = Half::new();
        half.records = 1000;
        half.last_ns = 1_000_000_000;
        half.latency.record_n(2_000_000, 1000).unwrap();
        half.errors.insert("X".into(), 3);
        Outcome {
            plan: sample(),
            target: Default::default(),
            produced: Some(half),
            consumed: None,
            end_to_end: None,
            cpu_ns: 5_000_000,
            checked: None,
            interrupted: false,
        }
    }

    #[test]
    fn requirements_are_met_or_not() {
        for (text, is_met) in [
            ("p99<5ms", true),
            ("p99 < 2.5 ms", true),
            ("p99<1ms", false),
            ("max<1s", true),
            ("p50>1us", true),
            ("rate>999", true),
            ("rate>1001", false),
            ("errors<1", false),
            ("errors<4", true),
            ("e2e-p99<5ms", false),
        ] {
            let requirement: Requirement = text.parse().unwrap();
            let said = requirement.fell_short(&outcome());
            assert_eq!(said.is_none(), is_met, "{text}: {said:?}");
        }
        assert!((outcome().cpu_s_per_million() - 5.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_no_requirement_is_refused() {
        for text in [
            "", "p99", "p98<5ms", "p99<5", "p99=5ms", "rate>x", "rate>-1", "rate>NaN", "<5ms",
        ] {
            let parsed: Result<Requirement, _> = text.parse();
            assert!(parsed.is_err(), "{text}");
        }
    }
}
