//! The types of a report. Their JSON is an interface: fields are added, never renamed; a change of meaning raises
//! [`SCHEMA`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::machine::Machine;
use super::units::Unit;
use super::{Crossing, Overhead};

/// Version of the document.
pub const SCHEMA: u32 = 1;

/// One run of a measuring command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`] of the program that wrote it.
    pub schema: u32,
    /// Version of that program.
    pub highwater: String,
    /// The command line, program name first.
    pub command: Vec<String>,
    /// When it began: RFC 3339 in UTC.
    pub started: String,
    /// How long it took, in seconds.
    pub duration_s: f64,
    /// How it ended. What was measured before an early end is all here.
    pub ending: Ending,
    /// Where it ran.
    pub machine: Machine,
    /// What was measured, in the order in which it was run.
    pub experiments: Vec<Experiment>,
    /// What a reader must know about all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Of `tune`: what it chose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<Choice>,
}

/// What `tune` chose, computed from the report it stands in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// Whether there is one.
    pub outcome: Outcome,
    /// The engine to use: the chosen one, else the default.
    pub engine: String,
    /// The comparison, a sentence for each engine, the last one the conclusion.
    pub why: Vec<String>,
    /// What kind of disk was measured, by which evidence, and what that means.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// The settings as a configuration file; absent where the figures say nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<String>,
}

/// How a comparison came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Another engine than the default is better beyond doubt.
    Chosen,
    /// The default is better than every other beyond doubt.
    DefaultIsBest,
    /// Nothing is better than the default beyond doubt.
    NoDifference,
    /// The figures do not allow a choice: not a disk, interrupted, not measured.
    NoChoice,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
pub enum Ending {
    /// All that was asked for was run.
    Complete,
    /// A signal ended it early.
    Interrupted,
    /// An error ended it early.
    Failed {
        /// What happened.
        why: String,
    },
}

/// One question and its answer: a chart, and tables where the answer is not a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    /// Short name in kebab case, unique in the report: `write-cold`.
    pub id: String,
    /// Heading.
    pub title: String,
    /// What is done and counted, in a sentence or two.
    pub about: String,
    /// What differs along a series.
    pub x: Axis,
    /// What was measured.
    pub y: Axis,
    /// Which way along `y` is good.
    pub better: Better,
    /// What was held fixed: file size, runs, state. For people.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// The lines of the chart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<Series>,
    /// Answers that are not numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<Table>,
    /// Where one engine passes another; see [`Experiment::conclude`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub crossings: Vec<Crossing>,
    /// What engines cost above the bare calls they are made of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overheads: Vec<Overhead>,
    /// True when every cell was run as often as asked, or refused with a reason.
    pub complete: bool,
    /// Why nothing could be measured at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// What a reader must know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// An axis of a chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Axis {
    /// What it says: `block`, `throughput`.
    pub label: String,
    /// In what.
    pub unit: Unit,
    /// How values lie along it.
    pub scale: Scale,
}

/// How values lie along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Equal distances for equal differences.
    Linear,
    /// Equal distances for equal ratios. All values are above 0.
    Log,
    /// Values are places (0, 1, 2, …); what stands there is in [`Point::label`].
    Names,
}

/// Which way is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
}

/// A line of a chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What the legend says, unique in the experiment.
    pub name: String,
    /// Name of the series that this one is the floor of: the bare calls that the other's engine is made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bare_of: Option<String>,
    /// By rising `x`.
    pub points: Vec<Point>,
}

/// What was measured at one place of a series.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// In the unit of the experiment's `x`.
    pub x: f64,
    /// What to print in place of `x`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Every sample, in the order of the runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<Sample>,
    /// Of the samples; absent without any. Kept by [`Point::push`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread: Option<Spread>,
    /// Where latencies were recorded: those of all runs together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
    /// What else was counted in the same runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Measure>,
    /// Why there are no (more) samples: the state was not reached, the engine cannot, an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// What a reader must know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One measurement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// In the unit of the experiment's `y`.
    pub value: f64,
    /// What the page cache held of the file just before, as the kernel says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Residency>,
    /// And just after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Residency>,
}

/// How much of a file the page cache holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Residency {
    /// Pages of the range that was looked at.
    pub pages: u64,
    /// Of them in the page cache.
    pub cached: u64,
    /// Of those not yet written back; absent where the kernel does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dirty: Option<u64>,
}

/// Smallest, middle and largest of some values. Of an even number the lower middle, so that it is a value that occurred.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Smallest.
    pub min: f64,
    /// Middle.
    pub median: f64,
    /// Largest.
    pub max: f64,
}

/// Something counted beside the main value of a point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// `minor faults`, `cpu`.
    pub name: String,
    /// In what.
    pub unit: Unit,
    /// One a run.
    pub values: Vec<f64>,
    /// Of the values.
    pub spread: Spread,
}

/// A distribution of latencies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Recorded values.
    pub count: u64,
    /// Mean, in nanoseconds.
    pub mean_ns: f64,
    /// Largest, in nanoseconds.
    pub max_ns: u64,
    /// True when each operation's time counts from when it was due, not from when it was begun, so that a stall counts
    /// against all that waited behind it.
    pub from_due: bool,
    /// Rising; see [`Latency::PERCENTILES`].
    pub percentiles: Vec<Percentile>,
}

/// So many percent of the values are at most this.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Percentile {
    /// 50, 99, 99.9.
    pub percent: f64,
    /// In nanoseconds.
    pub ns: u64,
}

/// An answer in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Heading.
    pub title: String,
    /// Headings of the columns; one that begins with `#` is set to the right.
    pub columns: Vec<String>,
    /// Cells, row by row.
    pub rows: Vec<Vec<String>>,
}

impl Axis {
    /// An axis.
    #[must_use]
    pub fn new(label: &str, unit: Unit, scale: Scale) -> Self {
        Self {
            label: label.to_owned(),
            unit,
            scale,
        }
    }
}

impl Experiment {
    /// An experiment without anything in it, incomplete.
    #[must_use]
    pub fn new(id: &str, title: &str, about: &str, x: Axis, y: Axis, better: Better) -> Self {
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            about: about.to_owned(),
            x,
            y,
            better,
            settings: BTreeMap::new(),
            series: Vec::new(),
            tables: Vec::new(),
            crossings: Vec::new(),
            overheads: Vec::new(),
            complete: false,
            refused: None,
            notes: Vec::new(),
        }
    }

    /// The same with something that was held fixed.
    #[must_use]
    pub fn with(mut self, setting: &str, value: impl ToString) -> Self {
        self.settings.insert(setting.to_owned(), value.to_string());
        self
    }

    /// The point of a series at `x`, made if need be; series keep the order in which they were first asked for.
    pub fn point(&mut self, series: &str, x: f64) -> &mut Point {
        let at = match self.series.iter().position(|known| known.name == series) {
            Some(at) => at,
            None => {
                self.series.push(Series::new(series));
                self.series.len() - 1
            }
        };
        self.series[at].point(x)
    }

    /// Computes crossings and overheads from the samples. Called again, it computes them anew.
    pub fn conclude(&mut self) {
        self.crossings = super::crossing::of(self);
        self.overheads = super::overhead::of(self);
    }
}

impl Series {
    /// A series without points.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            bare_of: None,
            points: Vec::new(),
        }
    }

    /// The point at `x`, made if need be.
    pub fn point(&mut self, x: f64) -> &mut Point {
        let at = self.points.partition_point(|point| point.x < x);
        if self.points.get(at).is_none_or(|point| point.x > x) {
            let point = Point {
                x,
                ..Point::default()
            };
            self.points.insert(at, point);
        }
        &mut self.points[at]
    }

    /// The point at `x`, if there is one.
    #[must_use]
    pub fn at(&self, x: f64) -> Option<&Point> {
        self.points.iter().find(|point| point.x == x)
    }
}

impl Point {
    /// Adds a sample. One that is not a number is an arithmetical accident and is left out.
    pub fn push(&mut self, sample: Sample) {
        if sample.value.is_finite() {
            self.samples.push(sample);
            self.spread = Spread::of(self.samples.iter().map(|sample| sample.value));
        }
    }

    /// Adds a bare value.
    pub fn push_value(&mut self, value: f64) {
        self.push(Sample {
            value,
            ..Sample::default()
        });
    }

    /// Adds a value of something counted beside.
    pub fn also(&mut self, name: &str, unit: Unit, value: f64) {
        if !value.is_finite() {
            return;
        }
        if let Some(known) = self.also.iter_mut().find(|known| known.name == name) {
            known.values.push(value);
            known.spread = Spread::of(known.values.iter().copied()).unwrap_or(known.spread);
            return;
        }
        self.also.push(Measure {
            name: name.to_owned(),
            unit,
            values: vec![value],
            spread: Spread {
                min: value,
                median: value,
                max: value,
            },
        });
    }

    /// What was counted beside under a name.
    #[must_use]
    pub fn measure(&self, name: &str) -> Option<&Measure> {
        self.also.iter().find(|known| known.name == name)
    }

    /// Says why there is nothing (more) here. The first reason stays.
    pub fn refuse(&mut self, why: impl Into<String>) {
        self.refused.get_or_insert(why.into());
    }

    /// Adds a note, unless it is there already.
    pub fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Values of the samples.
    pub fn values(&self) -> impl Iterator<Item = f64> + '_ {
        self.samples.iter().map(|sample| sample.value)
    }
}

impl Spread {
    /// Of the values; `None` without any.
    #[must_use]
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
        values.sort_by(f64::total_cmp);
        Some(Self {
            min: *values.first()?,
            median: *values.get((values.len() - 1) / 2)?,
            max: *values.last()?,
        })
    }

    /// True when no value of one is among the values of the other.
    #[must_use]
    pub fn is_apart_from(&self, other: &Self) -> bool {
        self.max < other.min || other.max < self.min
    }
}

impl Latency {
    /// What is kept of a distribution, in percent.
    pub const PERCENTILES: [f64; 8] = [50.0, 75.0, 90.0, 99.0, 99.9, 99.99, 99.999, 100.0];

    /// Of a histogram of nanoseconds.
    #[must_use]
    pub fn of(histogram: &hdrhistogram::Histogram<u64>, from_due: bool) -> Self {
        let at = |percent: f64| Percentile {
            percent,
            ns: histogram.value_at_quantile(percent / 100.0),
        };
        Self {
            count: histogram.len(),
            mean_ns: histogram.mean(),
            max_ns: histogram.max(),
            from_due,
            percentiles: Self::PERCENTILES.into_iter().map(at).collect(),
        }
    }

    /// The value at one of [`Self::PERCENTILES`].
    #[must_use]
    pub fn at(&self, percent: f64) -> Option<u64> {
        self.percentiles
            .iter()
            .find(|known| known.percent == percent)
            .map(|known| known.ns)
    }
}
