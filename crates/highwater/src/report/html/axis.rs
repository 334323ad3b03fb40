//! Where values lie along an axis, and where it is marked.

use super::super::model::{Axis, Scale};
use super::super::units::{self, Unit};

/// Marks that fit along an axis.
const MARKS_MAX: usize = 12;

/// An axis with its range.
#[derive(Debug, Clone)]
pub(super) struct Range {
    scale: Scale,
    unit: Unit,
    low: f64,
    high: f64,
}

impl Range {
    /// The range of these values; `None` without any that can be drawn.
    pub(super) fn of(axis: &Axis, values: impl Iterator<Item = f64>) -> Option<Self> {
        let can_be_drawn =
            |value: &f64| value.is_finite() && (axis.scale != Scale::Log || *value > 0.0);
        let (mut low, mut high) = values
            .filter(can_be_drawn)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        if low > high {
            return None;
        }
        if low == high {
            (low, high) = match axis.scale {
                Scale::Log => (low / 2.0, high * 2.0),
                Scale::Linear | Scale::Names => (low - 0.5, high + 0.5),
            };
        }
        Some(Self {
            scale: axis.scale,
            unit: axis.unit,
            low,
            high,
        })
    }

    /// The same with some room at both ends; a linear one begins at 0 if nothing lies below.
    pub(super) fn roomy(mut self) -> Self {
        match self.scale {
            Scale::Log => {
                let room = (self.high / self.low).powf(0.06).max(1.05);
                self.low /= room;
                self.high *= room;
            }
            Scale::Linear => {
                let room = (self.high - self.low) * 0.06;
                self.low = if self.low >= 0.0 {
                    0.0
                } else {
                    self.low - room
                };
                self.high += room;
            }
            Scale::Names => {
                self.low -= 0.4;
                self.high += 0.4;
            }
        }
        self
    }

    /// From 0 at the low end to 1 at the high one; `None` where the value cannot be drawn.
    pub(super) fn share(&self, value: f64) -> Option<f64> {
        let share = match self.scale {
            Scale::Log if value > 0.0 => (value / self.low).ln() / (self.high / self.low).ln(),
            Scale::Log => return None,
            Scale::Linear | Scale::Names => (value - self.low) / (self.high - self.low),
        };
        share.is_finite().then(|| share.clamp(0.0, 1.0))
    }

    /// Values to mark, with what to write there. Names are the caller's.
    pub(super) fn marks(&self) -> Vec<(f64, String)> {
        let values = match (self.scale, self.unit) {
            (Scale::Names, _) => return Vec::new(),
            (Scale::Log, Unit::Bytes) => self.powers(2.0),
            (Scale::Log, _) => {
                let decades = self.powers(10.0);
                if decades.len() >= 3 {
                    decades
                } else {
                    self.between_decades()
                }
            }
            (Scale::Linear, _) => self.steps(),
        };
        values
            .into_iter()
            .map(|value| (value, units::show(value, self.unit)))
            .collect()
    }

    /// Powers of the base in the range, every second, third … one if there are too many.
    fn powers(&self, base: f64) -> Vec<f64> {
        let first = exponent((self.low.ln() / base.ln() - 1e-9).ceil());
        let last = exponent((self.high.ln() / base.ln() + 1e-9).floor());
        let count = usize::try_from(last - first + 1).unwrap_or_default();
        let step = count.div_ceil(MARKS_MAX).max(1);
        let every = i32::try_from(step).unwrap_or(1);
        // The same powers whatever the range: 64 B, 256 B, 1 KiB and not 32 B, 128 B, 512 B.
        (first..=last)
            .filter(|n| n.rem_euclid(every) == 0)
            .map(|n| base.powi(n))
            .collect()
    }

    /// 1, 2 and 5 times each power of ten.
    fn between_decades(&self) -> Vec<f64> {
        let first = exponent(self.low.log10().floor());
        let last = exponent(self.high.log10().ceil());
        (first..=last)
            .flat_map(|n| [1.0, 2.0, 5.0].map(|digit| digit * 10_f64.powi(n)))
            .filter(|value| (self.low..=self.high).contains(value))
            .collect()
    }

    /// Round steps, some seven of them.
    fn steps(&self) -> Vec<f64> {
        let raw = (self.high - self.low) / 7.0;
        let decade = 10_f64.powf(raw.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|digit| digit * decade)
            .find(|step| *step >= raw)
            .unwrap_or(raw);
        let first = (self.low / step - 1e-9).ceil();
        (0..20)
            .map(|n| (first + f64::from(n)) * step)
            .take_while(|value| *value <= self.high)
            .collect()
    }
}

/// A whole number that is certainly small: the exponent of a finite float.
#[allow(
    clippy::cast_possible_truncation,
    reason = "saturates, and the range of exponents is small"
)]
fn exponent(value: f64) -> i32 {
    value as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(scale: Scale, unit: Unit, values: &[f64]) -> Range {
        let axis = Axis::new("a", unit, scale);
        Range::of(&axis, values.iter().copied()).unwrap()
    }

    #[test]
    fn marks_are_round_few_and_within() {
        for (scale, unit, low, high, first, count) in [
            (Scale::Log, Unit::Bytes, 64.0, 536_870_912.0, "64 B", 12),
            (Scale::Log, Unit::Bytes, 1024.0, 4096.0, "1 KiB", 3),
            (Scale::Log, Unit::Nanoseconds, 1e2, 1e7, "100 ns", 6),
            (Scale::Log, Unit::BytesPerSecond, 1.5e9, 9e9, "2 GB/s", 2),
            (Scale::Linear, Unit::Count, 0.0, 100.0, "0", 6),
            (Scale::Linear, Unit::PerSecond, 0.0, 7.0, "0 /s", 8),
        ] {
            let range = range(scale, unit, &[low, high]);
            let marks = range.marks();
            assert_eq!(marks[0].1, first, "{low} {high}");
            assert_eq!(marks.len(), count, "{low} {high}: {marks:?}");
            for (value, _) in marks {
                assert!((low * 0.999..=high * 1.001).contains(&value), "{value}");
            }
        }
    }

    #[test]
    fn equal_ratios_are_equal_distances_on_a_logarithmic_axis() {
        let log = range(Scale::Log, Unit::Bytes, &[1.0, 10_000.0]);
        assert_eq!(log.share(1.0), Some(0.0));
        assert!((log.share(100.0).unwrap() - 0.5).abs() < 1e-9);
        assert_eq!(log.share(0.0), None);
        let linear = range(Scale::Linear, Unit::Count, &[0.0, 10.0]).roomy();
        assert_eq!(linear.share(0.0), Some(0.0));
        assert!(linear.share(10.0).unwrap() < 1.0);
    }

    #[test]
    fn values_that_cannot_be_drawn_are_left_out() {
        let axis = Axis::new("a", Unit::Count, Scale::Log);
        assert!(Range::of(&axis, [0.0, -1.0, f64::NAN].into_iter()).is_none());
        assert!(Range::of(&axis, std::iter::empty()).is_none());
        let one = Range::of(&axis, [0.0, 5.0].into_iter()).unwrap();
        assert!((one.share(5.0).unwrap() - 0.5).abs() < 1e-9);
    }
}
