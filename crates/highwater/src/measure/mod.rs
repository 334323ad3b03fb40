//! The measuring core behind `highwater bench io` and `highwater tune`: what the store's engines do on this disk, through
//! the interface that the store itself uses.
//!
//! A [`Bench`] holds the engines, a directory of its own and the settings; an experiment is a function from it to an
//! [`Experiment`]. Invariants: a state of the page cache is prepared, then asked for from the
//! kernel before and after each cell, never assumed, and a cell whose state was not reached has a reason in place of a
//! sample; run `r` of every cell of an experiment comes before run `r + 1`, and engines take turns in going first;
//! nothing is written outside of the directory, which is gone when a run ends, however it ends.
//! Absent on purpose: printing, judging, changing a kernel's setting.

mod acknowledged;
mod bare;
mod catalogue;
pub mod cgroup;
mod cost;
mod engines;
mod error;
mod fanout;
mod grow;
mod io;
mod killed;
mod limited;
pub mod machine;
pub mod mapping;
mod matrix;
mod paced;
mod parse;
mod roll;
mod search;
pub mod settings;
mod space;
mod state;
mod store;
mod sustained;
mod synced;
mod touch;
mod transfer;
pub mod workdir;

pub use acknowledged::Load;
pub use catalogue::{Entry, selected};
pub use engines::Engines;
pub use error::MeasureError;
pub use killed::run_killed_writer;
pub use limited::{LimitedCell, run_limited_cell};
pub use settings::Settings;
pub use state::State;
pub use sustained::SUSTAINED;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::report::{Experiment, Machine};
use workdir::WorkDir;

/// Told to stop by a signal; looked at between operations.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks everything to end soon.
    pub fn now(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Was it asked for?
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// # Errors
    /// `Stopped` once asked.
    pub fn check(&self) -> Result<(), MeasureError> {
        if self.is_asked() {
            return Err(MeasureError::Stopped);
        }
        Ok(())
    }
}

/// Told how far a run is.
pub trait Progress: Sync {
    /// An experiment of so many steps begins.
    fn begin(&self, experiment: &str, steps: u64);
    /// A step of it begins.
    fn step(&self, what: &str);
}

/// Progress that nobody looks at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn begin(&self, _experiment: &str, _steps: u64) {}
    fn step(&self, _what: &str) {}
}

/// Everything an experiment needs.
#[allow(missing_debug_implementations, reason = "holds whoever watches")]
pub struct Bench<'a> {
    /// What was asked for.
    pub settings: Settings,
    /// The engines that run here.
    pub engines: Engines,
    /// Where files may be made.
    pub work: WorkDir,
    /// Asked between operations.
    pub stop: Stop,
    /// Told at each cell.
    pub progress: &'a dyn Progress,
}

impl<'a> Bench<'a> {
    /// Checks the settings, clears what a killed run left, looks for the space that the experiments need, and starts the
    /// engines.
    ///
    /// # Errors
    /// `Settings`, `Unusable`, `NoRoom`. Nothing is left behind then.
    pub fn open(
        settings: Settings,
        entries: &[Entry],
        stop: Stop,
        progress: &'a dyn Progress,
    ) -> Result<Self, MeasureError> {
        settings.check()?;
        let work = WorkDir::make(&settings.dir)?;
        space::check(&settings, entries, work.path())?;
        let engines = Engines::start(&settings.engines, work.path());
        Ok(Self {
            settings,
            engines,
            work,
            stop,
            progress,
        })
    }

    /// The header of a report of this run.
    #[must_use]
    pub fn machine(&self) -> Machine {
        Machine {
            engines: self.engines.facts().to_vec(),
            ..machine::read(Some(&self.settings.dir))
        }
    }

    /// Runs one experiment.
    ///
    /// The experiment is worth keeping whatever happened; the error says why it ended early and that no other should be
    /// begun.
    pub fn run(&self, entry: Entry) -> (Experiment, Result<(), MeasureError>) {
        let experiment = entry.describe(&self.settings);
        self.conclude(experiment, |experiment| entry.run(self, experiment))
    }

    /// Fills an experiment, and says how that ended.
    fn conclude(
        &self,
        mut experiment: Experiment,
        fill: impl FnOnce(&mut Experiment) -> Result<(), MeasureError>,
    ) -> (Experiment, Result<(), MeasureError>) {
        let begun = self.stop.check();
        let ended = match begun.and_then(|()| fill(&mut experiment)) {
            // What keeps one experiment from being run need not keep others.
            Err(error) if error.is_of_one_cell() => {
                experiment.refused = Some(error.to_string());
                Ok(())
            }
            other => other,
        };
        experiment.complete = ended.is_ok();
        experiment.conclude();
        (experiment, ended)
    }
}

#[cfg(test)]
mod tests;
