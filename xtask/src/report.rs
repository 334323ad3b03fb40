//! What a task did, step by step, and the closing line that CI reads.

use std::time::{Duration, Instant};

/// Counts of one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Tally {
    /// One thing that passed or did not.
    pub(crate) fn single(passed: bool) -> Self {
        Self {
            passed: u64::from(passed),
            failed: u64::from(!passed),
            skipped: 0,
        }
    }

    /// Adds the counts of another step.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Collects steps and prints one line per step as it ends.
pub(crate) struct Report {
    started: Instant,
    steps: Vec<(String, Tally, Duration)>,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            steps: Vec::new(),
        }
    }

    /// Runs `step`, prints its outcome and counts it. An error counts as one failure and does not stop the task.
    pub(crate) fn step(
        &mut self,
        name: &str,
        step: impl FnOnce() -> anyhow::Result<Tally>,
    ) -> bool {
        println!("── {name}");
        let started = Instant::now();
        let tally = step().unwrap_or_else(|error| {
            println!("{name}: {error:#}");
            Tally::single(false)
        });
        let took = started.elapsed();
        println!("{}", line(name, tally, took));
        self.steps.push((name.to_owned(), tally, took));
        tally.failed == 0
    }

    /// Prints the table of steps and the closing line. True when nothing failed and something passed.
    pub(crate) fn finish(self) -> bool {
        let mut total = Tally::default();
        println!("\nsummary");
        for (name, tally, took) in &self.steps {
            println!("{}", line(name, *tally, *took));
            total.add(*tally);
        }
        println!("{}", line("all", total, self.started.elapsed()));
        if total.skipped == 0 {
            println!("{} passed, {} failed", total.passed, total.failed);
        } else {
            println!(
                "{} passed, {} failed, {} skipped",
                total.passed, total.failed, total.skipped
            );
        }
        total.failed == 0 && total.passed > 0
    }
}

fn line(name: &str, tally: Tally, took: Duration) -> String {
    let word = if tally.failed == 0 { "ok" } else { "FAILED" };
    let seconds = took.as_secs_f64();
    format!(
        "   {name:<28} {word:<7} {:>5} passed {:>4} failed {seconds:>8.1} s",
        tally.passed, tally.failed
    )
}
