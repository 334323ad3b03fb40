//! What verdicts read of a report: its JSON is an interface, and this is a view of it.

use std::collections::HashMap;

use serde::Deserialize;

/// Experiments of one or more reports.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Data {
    #[serde(default)]
    pub(super) experiments: Vec<Experiment>,
    /// The header of the first report.
    #[serde(default)]
    pub(super) machine: serde_json::Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Experiment {
    id: String,
    complete: bool,
    refused: Option<String>,
    #[serde(default)]
    settings: HashMap<String, String>,
    #[serde(default)]
    series: Vec<Series>,
    #[serde(default)]
    tables: Vec<Table>,
    #[serde(default)]
    pub(super) crossings: Vec<Crossing>,
}

#[derive(Debug, Deserialize)]
struct Table {
    rows: Vec<Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Series {
    name: String,
    pub(super) points: Vec<Point>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Point {
    pub(super) x: f64,
    label: Option<String>,
    #[serde(default)]
    samples: Vec<serde_json::Value>,
    pub(super) spread: Option<Spread>,
    #[serde(default)]
    also: Vec<Measure>,
    refused: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Measure {
    name: String,
    spread: Spread,
}

/// Least, median, most.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub(super) struct Spread {
    pub(super) min: f64,
    pub(super) median: f64,
    pub(super) max: f64,
}

/// Where one series passes another.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Crossing {
    pub(super) leads_below: String,
    pub(super) leads_above: String,
    pub(super) x: f64,
}

/// Why a figure is not there, for the table.
pub(super) type Missing = String;

/// Fewer runs than this decide nothing.
pub(super) const RUNS_MIN: usize = 5;

impl Data {
    /// A whole experiment that was measured.
    pub(super) fn experiment(&self, id: &str) -> Result<&Experiment, Missing> {
        let found = self.experiments.iter().find(|one| one.id == id);
        found
            .ok_or_else(|| format!("`{id}` was not run"))?
            .measured()
    }

    /// All of one id, each whole: the same thing done in several runs.
    pub(super) fn all(&self, id: &str) -> Result<Vec<&Experiment>, Missing> {
        let found = self.experiments.iter().filter(|one| one.id == id);
        found.map(Experiment::measured).collect()
    }

    /// The device that was measured, and whether it needs pages to stand still.
    pub(super) fn stable_writes(&self) -> Result<(&str, bool), Missing> {
        let queue = &self.machine["storage"]["queue"];
        queue["device"]
            .as_str()
            .zip(queue["stable_writes"].as_bool())
            .ok_or_else(|| "the report tells nothing of the device".to_owned())
    }

    /// The point of a series at `x`.
    pub(super) fn at(&self, id: &str, series: &str, x: f64) -> Result<&Point, Missing> {
        let line = self.experiment(id)?.series(series)?;
        let point = line.points.iter().find(|point| point.x == x);
        let point = point.ok_or_else(|| format!("`{id}` has nothing of {series} at {x}"))?;
        point.whole(id, series)
    }

    /// The point of a series that is called `label`.
    pub(super) fn called(&self, id: &str, series: &str, label: &str) -> Result<&Point, Missing> {
        self.experiment(id)?.called(series, label)
    }

    /// Spread of the main value of a point.
    pub(super) fn value(&self, id: &str, series: &str, x: f64) -> Result<Spread, Missing> {
        self.at(id, series, x)?.value()
    }
}

impl Experiment {
    fn measured(&self) -> Result<&Self, Missing> {
        match &self.refused {
            Some(why) => Err(format!("`{}`: {why}", self.id)),
            None if !self.complete => Err(format!("`{}` was ended early", self.id)),
            None => Ok(self),
        }
    }

    /// The point of a series that is called `label`.
    pub(super) fn called(&self, series: &str, label: &str) -> Result<&Point, Missing> {
        let id = &self.id;
        let line = self.series(series)?;
        let found = line
            .points
            .iter()
            .find(|point| point.label.as_deref() == Some(label));
        let point =
            found.ok_or_else(|| format!("`{id}` has nothing of {series} called {label}"))?;
        point.whole(id, series)
    }

    /// Rows of its tables.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[String]> {
        self.tables
            .iter()
            .flat_map(|table| &table.rows)
            .map(Vec::as_slice)
    }

    pub(super) fn series(&self, name: &str) -> Result<&Series, Missing> {
        let found = self.series.iter().find(|series| series.name == name);
        found.ok_or_else(|| format!("`{}` has no {name}", self.id))
    }

    pub(super) fn setting(&self, name: &str) -> &str {
        self.settings.get(name).map_or("?", String::as_str)
    }
}

impl Point {
    fn whole(&self, id: &str, series: &str) -> Result<&Self, Missing> {
        match &self.refused {
            Some(why) => Err(format!("`{id}`, {series}: {why}")),
            None if self.samples.len() < RUNS_MIN => Err(format!(
                "`{id}`, {series}: {} runs, at least {RUNS_MIN} are needed",
                self.samples.len()
            )),
            None => Ok(self),
        }
    }

    pub(super) fn value(&self) -> Result<Spread, Missing> {
        self.spread.ok_or_else(|| "no samples".to_owned())
    }

    /// Spread of something that was counted beside.
    pub(super) fn beside(&self, name: &str) -> Result<Spread, Missing> {
        let found = self.also.iter().find(|measure| measure.name == name);
        found
            .map(|measure| measure.spread)
            .ok_or_else(|| format!("{name} was not counted"))
    }
}

impl Spread {
    /// True when every value of this one is above every value of the other.
    pub(super) fn is_above(&self, other: &Self) -> bool {
        self.min > other.max
    }

    /// Divided by a number.
    pub(super) fn by(self, divisor: f64) -> Self {
        Self {
            min: self.min / divisor,
            median: self.median / divisor,
            max: self.max / divisor,
        }
    }
}
