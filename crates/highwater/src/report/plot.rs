//! A small plot for a terminal: medians over a logarithmic (or linear) axis, a letter for each series.
//!
//! It shows the shape; the numbers are in the table. Where letters meet, the later series is drawn and a `+` says so.

use std::fmt::Write as _;

use super::model::{Axis, Experiment, Scale, Series};
use super::units;

/// Columns between the axes.
const WIDTH: usize = 64;
/// Rows above the lower axis.
const HEIGHT: usize = 14;

/// Letter, series, and the medians of its places.
type Line<'a> = (char, &'a Series, Vec<(f64, f64)>);

/// The plot, empty where there is nothing to draw: fewer than two places, or places that are names.
#[must_use]
pub fn draw(experiment: &Experiment) -> String {
    if experiment.x.scale == Scale::Names {
        return String::new();
    }
    let lines: Vec<Line<'_>> = experiment
        .series
        .iter()
        .filter(|series| series.bare_of.is_none())
        .zip('a'..='z')
        .map(|(series, letter)| (letter, series, medians(series)))
        .collect();
    let all: Vec<(f64, f64)> = lines.iter().flat_map(|(_, _, line)| line.clone()).collect();
    let x = Range::of(all.iter().map(|(x, _)| *x), &experiment.x);
    let y = Range::of(all.iter().map(|(_, y)| *y), &experiment.y);
    let (Some(x), Some(y)) = (x, y) else {
        return String::new();
    };
    if x.low == x.high {
        return String::new();
    }
    let mut canvas = vec![vec![' '; WIDTH]; HEIGHT];
    for (letter, _, line) in &lines {
        for pair in line.windows(2) {
            if let [from, to] = pair {
                segment(&mut canvas, (&x, &y), *from, *to);
            }
        }
        for (at_x, at_y) in line {
            let place = canvas
                .get_mut(HEIGHT - 1 - y.place(*at_y, HEIGHT))
                .and_then(|row| row.get_mut(x.place(*at_x, WIDTH)));
            if let Some(place) = place {
                *place = if place.is_alphabetic() || *place == '+' {
                    '+'
                } else {
                    *letter
                };
            }
        }
    }
    let mut legend: Vec<String> = Vec::new();
    for (letter, series, _) in &lines {
        legend.push(format!("{letter} {}", series.name));
    }
    frame(experiment, &canvas, &x, &y) + &format!("{:>12}{}\n", "", legend.join("   "))
}

fn medians(series: &Series) -> Vec<(f64, f64)> {
    let median = |point: &super::Point| Some((point.x, point.spread?.median));
    series.points.iter().filter_map(median).collect()
}

/// Dots from one point towards the next.
fn segment(canvas: &mut [Vec<char>], axes: (&Range, &Range), from: (f64, f64), to: (f64, f64)) {
    let (left, right) = (axes.0.place(from.0, WIDTH), axes.0.place(to.0, WIDTH));
    let (low, high) = (axes.1.share(from.1), axes.1.share(to.1));
    for column in left..=right {
        let along = (column - left) as f64 / (right - left).max(1) as f64;
        let row = HEIGHT - 1 - row_of(low + (high - low) * along, HEIGHT);
        if let Some(place) = canvas.get_mut(row).and_then(|row| row.get_mut(column))
            && *place == ' '
        {
            *place = '·';
        }
    }
}

fn frame(experiment: &Experiment, canvas: &[Vec<char>], x: &Range, y: &Range) -> String {
    let mut text = format!("{} by {}\n", experiment.y.label, experiment.x.label);
    for (at, row) in canvas.iter().enumerate() {
        let label = if at == 0 {
            units::show(y.high, experiment.y.unit)
        } else if at + 1 == HEIGHT {
            units::show(y.low, experiment.y.unit)
        } else {
            String::new()
        };
        let row: String = row.iter().collect();
        let _ = writeln!(text, "{label:>10} ┤{}", row.trim_end());
    }
    let (low, high) = (
        units::show(x.low, experiment.x.unit),
        units::show(x.high, experiment.x.unit),
    );
    let _ = writeln!(text, "{:>10} └{}", "", "─".repeat(WIDTH));
    let _ = writeln!(
        text,
        "{:>12}{low:<half$}{high:>half$}",
        "",
        half = WIDTH / 2
    );
    text
}

/// What an axis covers.
struct Range {
    low: f64,
    high: f64,
    log: bool,
}

impl Range {
    fn of(values: impl Iterator<Item = f64>, axis: &Axis) -> Option<Self> {
        let log = axis.scale == Scale::Log;
        let values: Vec<f64> = values.filter(|value| !log || *value > 0.0).collect();
        Some(Self {
            low: values.iter().copied().min_by(f64::total_cmp)?,
            high: values.iter().copied().max_by(f64::total_cmp)?,
            log,
        })
    }

    /// How far along the axis a value lies: 0 to 1.
    fn share(&self, value: f64) -> f64 {
        let (low, high, value) = if self.log {
            (self.low.ln(), self.high.ln(), value.max(self.low).ln())
        } else {
            (self.low, self.high, value)
        };
        if high > low {
            (value - low) / (high - low)
        } else {
            0.5
        }
    }

    fn place(&self, value: f64, cells: usize) -> usize {
        row_of(self.share(value), cells)
    }
}

/// The cell that a share of the way falls into.
fn row_of(share: f64, cells: usize) -> usize {
    let steps = (cells - 1) as f64;
    // Searching keeps to whole numbers without a cast that could wrap.
    (0..cells)
        .rev()
        .find(|cell| *cell as f64 <= share * steps + 0.5)
        .unwrap_or(0)
}
