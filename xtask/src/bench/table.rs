//! Figures of repeated runs: medians with their spread, the bars they are held against, and where they go.

use std::io::Write;
use std::path::Path;

use anyhow::Result;

/// Measurements of one server in one cell, one entry a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs {
    pub(crate) records_per_second: Vec<f64>,
    pub(crate) p50_ms: Vec<f64>,
    pub(crate) p99_ms: Vec<f64>,
    pub(crate) p999_ms: Vec<f64>,
    /// The server's CPU seconds, user and system, per million records.
    pub(crate) cpu_per_million: Vec<f64>,
}

/// Middle value; of an even count the lower of the two. Zero for none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
        .get(sorted.len().saturating_sub(1) / 2)
        .copied()
        .unwrap_or_default()
}

/// `median (min–max)`, with as many decimals as the size of the figure needs.
pub(crate) fn spread(values: &[f64]) -> String {
    let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = values.iter().copied().fold(0.0, f64::max);
    if values.is_empty() {
        return "–".to_owned();
    }
    format!(
        "{} ({}–{})",
        short(median(values)),
        short(lowest),
        short(highest)
    )
}

/// Three significant figures are all that such a run can carry.
pub(crate) fn short(value: f64) -> String {
    if value >= 1000.0 {
        let thousands = value / 1000.0;
        if thousands >= 100.0 {
            format!("{thousands:.0}k")
        } else {
            format!("{thousands:.1}k")
        }
    } else if value >= 100.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// One bar: what must hold, whether it did, and the figures it was judged by.
pub(crate) struct Bar {
    pub(crate) what: String,
    pub(crate) held: bool,
    pub(crate) figures: String,
}

impl Bar {
    /// `ours` must be at most `factor` times `theirs`.
    pub(crate) fn at_most(what: String, ours: f64, factor: f64, theirs: f64) -> Self {
        let figures = format!(
            "{} against {} × {}",
            short(ours),
            short(factor),
            short(theirs)
        );
        Self {
            what,
            held: ours <= factor * theirs,
            figures,
        }
    }

    /// As [`Self::at_most`]; says so where `least`, what a bare server that writes to files takes, misses the bar too.
    pub(crate) fn cost_at_most(
        what: String,
        ours: f64,
        factor: f64,
        theirs: f64,
        least: Option<f64>,
    ) -> Self {
        let mut bar = Self::at_most(what, ours, factor, theirs);
        if let Some(least) = least {
            let reach = if least > factor * theirs {
                "; the floor with files misses it too: "
            } else {
                "; the floor with files takes "
            };
            bar.figures.push_str(reach);
            bar.figures.push_str(&short(least));
        }
        bar
    }

    /// `ours` must be at least `theirs`.
    pub(crate) fn at_least(what: String, ours: f64, theirs: f64) -> Self {
        let figures = format!("{} against {}", short(ours), short(theirs));
        Self {
            what,
            held: ours >= theirs,
            figures,
        }
    }
}

/// What is printed as it comes, and written to a file at the end.
#[derive(Default)]
pub(crate) struct Output {
    text: String,
}

impl Output {
    pub(crate) fn line(&mut self, line: &str) {
        println!("{line}");
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// The table of bars; whether all of them were held.
    pub(crate) fn bars(&mut self, bars: &[Bar]) -> bool {
        self.line("\n| bar | held | figures |\n|---|---|---|");
        for bar in bars {
            let held = if bar.held { "yes" } else { "**no**" };
            self.line(&format!("| {} | {held} | {} |", bar.what, bar.figures));
        }
        bars.iter().all(|bar| bar.held)
    }

    /// Appends all of it to the file, if there is to be one.
    pub(crate) fn append_to(&self, path: Option<&Path>) -> Result<()> {
        let Some(path) = path else { return Ok(()) };
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.create(true).append(true).open(path)?;
        file.write_all(self.text.as_bytes())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_spreads() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[]), 0.0);
        assert_eq!(spread(&[0.5, 0.25, 12.0]), "0.50 (0.25–12.0)");
        assert_eq!(short(182_066.0), "182k");
    }

    #[test]
    fn bars_include_their_border() {
        assert!(Bar::at_most("x".into(), 1.0, 0.5, 2.0).held);
        assert!(!Bar::at_most("x".into(), 1.1, 0.5, 2.0).held);
        assert!(Bar::at_least("x".into(), 2.0, 2.0).held);
    }
}
