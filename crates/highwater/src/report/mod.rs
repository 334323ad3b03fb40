//! What a measuring command found: one document for `bench`, `tune` and `doctor`, and its forms.
//!
//! A [`Report`] holds the [`Machine`] it was made on and a list of [`Experiment`]s; an experiment is one chart: named
//! [`Series`] of [`Point`]s over one axis, and tables where the answer is not a number. The same document is a terminal
//! table ([`terminal`]), a JSON file ([`json`]) and a page ([`html`]).
//!
//! Invariants: every sample is kept, in the order in which it was taken; what stands beside the samples (spreads,
//! crossings, overheads) is computed from them by code here and never typed in; a point that could not be measured says
//! why and has no samples. Absent on purpose: measuring, judging, colours.

pub mod crossing;
pub mod html;
pub mod json;
mod machine;
mod model;
pub mod overhead;
pub mod plot;
pub mod table;
pub mod terminal;
pub mod units;

pub use crossing::Crossing;
pub use machine::{BlockQueue, EngineFact, IoLimit, Machine, PageCache, Storage, StorageKind};
pub use model::{
    Axis, Better, Choice, Ending, Experiment, Latency, Measure, Outcome, Percentile, Point, Report,
    Residency, SCHEMA, Sample, Scale, Series, Spread, Table,
};
pub use overhead::Overhead;
pub use units::Unit;

#[cfg(test)]
mod tests;
