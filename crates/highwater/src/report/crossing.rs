//! Where one series passes another.
//!
//! A crossing is claimed only between two places where the order is beyond doubt: at each of them every sample of one
//! series is better than every sample of the other. Places in between where their spreads overlap widen the interval and
//! decide nothing. Series that never part have no crossing, and neither have those of which one always leads.

use serde::{Deserialize, Serialize};

use super::model::{Better, Experiment, Point, Scale, Series};

/// One series is better at `from` and the other one at `to`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Crossing {
    /// Better up to here.
    pub leads_below: String,
    /// Better from here on.
    pub leads_above: String,
    /// Where the lines through the medians meet.
    pub x: f64,
    /// Last place where the first one leads beyond doubt (inclusive).
    pub from: f64,
    /// First place where the other one does (inclusive).
    pub to: f64,
}

/// Every crossing of two series that are not floors of others.
pub(super) fn of(experiment: &Experiment) -> Vec<Crossing> {
    if experiment.x.scale == Scale::Names {
        return Vec::new();
    }
    let series: Vec<&Series> = experiment
        .series
        .iter()
        .filter(|series| series.bare_of.is_none())
        .collect();
    let mut found = Vec::new();
    for (at, one) in series.iter().enumerate() {
        for other in series.iter().skip(at + 1) {
            found.extend(between(experiment, one, other));
        }
    }
    found
}

/// The crossings of two series of an experiment, by rising x.
#[must_use]
pub fn between(experiment: &Experiment, one: &Series, other: &Series) -> Vec<Crossing> {
    let mut found = Vec::new();
    let mut before: Option<Pair<'_>> = None;
    for point in &one.points {
        let Some(pair) = other
            .at(point.x)
            .and_then(|at| Pair::of(point, at, experiment.better))
        else {
            continue;
        };
        if let Some(before) = &before
            && before.one_leads != pair.one_leads
        {
            let (below, above) = if before.one_leads {
                (one, other)
            } else {
                (other, one)
            };
            found.push(Crossing {
                leads_below: below.name.clone(),
                leads_above: above.name.clone(),
                x: meet(before, &pair, experiment.x.scale),
                from: before.one.x,
                to: pair.one.x,
            });
        }
        before = Some(pair);
    }
    found
}

/// Two points at one place whose order is beyond doubt.
struct Pair<'a> {
    one: &'a Point,
    /// Logarithm of the ratio of the medians, or their difference where one is not above 0.
    distance: f64,
    one_leads: bool,
}

impl<'a> Pair<'a> {
    fn of(one: &'a Point, other: &Point, better: Better) -> Option<Self> {
        let (a, b) = (one.spread?, other.spread?);
        if !a.is_apart_from(&b) {
            return None;
        }
        let distance = if a.median > 0.0 && b.median > 0.0 {
            (a.median / b.median).ln()
        } else {
            a.median - b.median
        };
        let one_leads = match better {
            Better::Higher => a.median > b.median,
            Better::Lower => a.median < b.median,
        };
        Some(Self {
            one,
            distance,
            one_leads,
        })
    }
}

/// Where the line through both distances is 0.
fn meet(before: &Pair<'_>, after: &Pair<'_>, scale: Scale) -> f64 {
    let share = before.distance / (before.distance - after.distance);
    let (from, to) = (before.one.x, after.one.x);
    match scale {
        Scale::Log if from > 0.0 => from * (to / from).powf(share),
        _ => from + (to - from) * share,
    }
}
