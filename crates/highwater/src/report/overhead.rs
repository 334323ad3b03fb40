//! What an engine costs above the bare calls it is made of.
//!
//! Sample by sample of the same run, so that what disturbs both (a flusher at work, a warmer processor) cancels out.

use serde::{Deserialize, Serialize};

use super::model::{Better, Experiment, Series, Spread};
use super::units::Unit;

/// One place of a series beside the same place of its floor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overhead {
    /// The series.
    pub series: String,
    /// Its floor.
    pub bare: String,
    /// Where.
    pub x: f64,
    /// Cost of the series by cost of the floor, run by run: 1 is no overhead, 1.05 is 5 % more.
    pub ratio: Spread,
    /// Nanoseconds that one operation takes more, run by run, where `x` is the bytes of an operation and `y` bytes a
    /// second, or where `y` is nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra_ns: Option<Spread>,
}

/// Every pair of a series and its floor, place by place.
pub(super) fn of(experiment: &Experiment) -> Vec<Overhead> {
    let mut found = Vec::new();
    for bare in &experiment.series {
        let of = bare.bare_of.as_ref();
        let series = experiment
            .series
            .iter()
            .find(|series| Some(&series.name) == of);
        if let Some(series) = series {
            found.extend(pairs(experiment, series, bare));
        }
    }
    found
}

fn pairs(experiment: &Experiment, series: &Series, bare: &Series) -> Vec<Overhead> {
    let overhead = |point: &super::Point| {
        let floor = bare.at(point.x)?;
        let both: Vec<(f64, f64)> = point
            .values()
            .zip(floor.values())
            .filter(|(ours, floor)| *ours > 0.0 && *floor > 0.0)
            .collect();
        let ratio = |(ours, floor): &(f64, f64)| match experiment.better {
            Better::Lower => ours / floor,
            Better::Higher => floor / ours,
        };
        let ns = |value: f64| match (experiment.x.unit, experiment.y.unit) {
            (_, Unit::Nanoseconds) => Some(value),
            (Unit::Bytes, Unit::BytesPerSecond) => Some(point.x / value * 1e9),
            _ => None,
        };
        let extra = |(ours, floor): &(f64, f64)| Some(ns(*ours)? - ns(*floor)?);
        Some(Overhead {
            series: series.name.clone(),
            bare: bare.name.clone(),
            x: point.x,
            ratio: Spread::of(both.iter().map(ratio))?,
            extra_ns: Spread::of(both.iter().filter_map(extra)),
        })
    };
    series.points.iter().filter_map(overhead).collect()
}
