//! An experiment as a drawing: lines through the medians, whiskers from least to most, crossings.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::model::{Experiment, Point, Scale, Series};
use super::super::units;
use super::axis::Range;
use super::escape;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 430.0;
/// Room left of, right of, above and below the frame.
const LEFT: f64 = 84.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 54.0;
/// Colours there are in the style sheet.
const COLOURS: usize = 8;
/// Lines with more points than this are drawn without markers.
const MARKERS_MAX: usize = 80;

/// Colour and marker of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    colour: usize,
    shape: usize,
    is_bare: bool,
}

impl Look {
    /// Of the series at this place. A floor looks like the series it is the floor of, dashed.
    pub(super) fn of(experiment: &Experiment, at: usize) -> Self {
        let name = |series: &&Series| series.bare_of.clone().unwrap_or(series.name.clone());
        let wanted = experiment.series.get(at);
        let mut names: Vec<String> = Vec::new();
        for name in experiment.series.iter().map(|series| name(&series)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let number =
            wanted.and_then(|series| names.iter().position(|known| *known == name(&series)));
        let number = number.unwrap_or(at);
        Self {
            colour: number % COLOURS,
            shape: number % SHAPES.len(),
            is_bare: wanted.is_some_and(|series| series.bare_of.is_some()),
        }
    }

    fn line_class(self) -> &'static str {
        if self.is_bare {
            "series bare"
        } else {
            "series"
        }
    }

    /// A short piece of the line with its marker, for the legend.
    pub(super) fn sample(self) -> String {
        format!(
            "<svg class=\"sample c{}\" viewBox=\"0 0 34 14\" aria-hidden=\"true\"><path class=\"{}\" \
             stroke=\"currentColor\" d=\"M1 7H33\"/>{}</svg>",
            self.colour,
            self.line_class(),
            self.marker(17.0, 7.0)
        )
    }

    /// A shape of its own for each series, so that colour alone does not have to tell.
    fn marker(self, x: f64, y: f64) -> String {
        let shape = SHAPES.get(self.shape).copied().unwrap_or(SHAPES[0]);
        let fill = if self.is_bare { "none" } else { "currentColor" };
        format!(
            "<path class=\"point\" fill=\"{fill}\" stroke=\"currentColor\" \
             transform=\"translate({x:.1} {y:.1})\" d=\"{shape}\"/>"
        )
    }
}

/// Round, square, diamond, triangle up and down, cross; about 8 wide.
const SHAPES: [&str; 6] = [
    "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0Z",
    "M-3.5 -3.5H3.5V3.5H-3.5Z",
    "M0 -5L5 0L0 5L-5 0Z",
    "M0 -4.5L4.5 3.5H-4.5Z",
    "M0 4.5L4.5 -3.5H-4.5Z",
    "M-1.3 -4H1.3V-1.3H4V1.3H1.3V4H-1.3V1.3H-4V-1.3H-1.3Z",
];

/// The drawing; `None` where there is nothing to draw.
pub(super) fn draw(experiment: &Experiment) -> Option<String> {
    let plane = Plane::of(experiment)?;
    let mut out = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"{}: {} by {}\">\n",
        escape(&experiment.title),
        escape(&experiment.y.label),
        escape(&experiment.x.label)
    );
    plane.grid(&mut out, experiment);
    crossings(&mut out, experiment, &plane);
    let count = experiment.series.len();
    for (at, series) in experiment.series.iter().enumerate() {
        // Whiskers at one place stand side by side.
        let aside = (number(at) - number(count.saturating_sub(1)) / 2.0) * 3.0;
        let look = Look::of(experiment, at);
        draw_series(&mut out, experiment, series, look, aside, &plane);
    }
    out.push_str("</svg>");
    Some(out)
}

/// The area that values are drawn in.
struct Plane {
    x: Range,
    y: Range,
}

impl Plane {
    fn of(experiment: &Experiment) -> Option<Self> {
        let points = || experiment.series.iter().flat_map(|series| &series.points);
        let measured = || points().filter(|point| point.spread.is_some());
        let x = Range::of(&experiment.x, measured().map(|point| point.x))?;
        let y = measured()
            .filter_map(|point| point.spread)
            .flat_map(|spread| [spread.min, spread.median, spread.max]);
        let y = Range::of(&experiment.y, y)?.roomy();
        let x = if experiment.x.scale == Scale::Linear {
            x
        } else {
            x.roomy()
        };
        Some(Self { x, y })
    }

    fn x(&self, value: f64) -> Option<f64> {
        let share = self.x.share(value)?;
        Some(LEFT + share * (WIDTH - LEFT - RIGHT))
    }

    fn y(&self, value: f64) -> Option<f64> {
        let share = self.y.share(value)?;
        Some(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM))
    }

    fn grid(&self, out: &mut String, experiment: &Experiment) {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        let x_marks = match experiment.x.scale {
            Scale::Names => names(experiment),
            Scale::Log | Scale::Linear => self.x.marks(),
        };
        // Writing into a string cannot fail.
        for (value, text) in x_marks {
            let Some(x) = self.x(value) else { continue };
            let _ = writeln!(
                out,
                "<path class=\"grid\" d=\"M{x:.1} {TOP}V{bottom}\"/><text x=\"{x:.1}\" y=\"{:.1}\" \
                 text-anchor=\"middle\">{}</text>",
                bottom + 18.0,
                escape(&text)
            );
        }
        for (value, text) in self.y.marks() {
            let Some(y) = self.y(value) else { continue };
            let _ = writeln!(
                out,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{right}\"/><text x=\"{:.1}\" y=\"{:.1}\" \
                 text-anchor=\"end\">{}</text>",
                LEFT - 8.0,
                y + 4.0,
                escape(&text)
            );
        }
        let _ = writeln!(
            out,
            "<path class=\"frame\" d=\"M{LEFT} {TOP}V{bottom}H{right}\"/>\
             <text class=\"title\" x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>\
             <text class=\"title\" x=\"{LEFT}\" y=\"{:.1}\" text-anchor=\"start\">{}</text>",
            f64::midpoint(LEFT, right),
            HEIGHT - 12.0,
            escape(&experiment.x.label),
            TOP - 10.0,
            escape(&experiment.y.label)
        );
    }
}

/// What stands at each place of an axis of names.
fn names(experiment: &Experiment) -> Vec<(f64, String)> {
    let points = experiment.series.iter().flat_map(|series| &series.points);
    let mut names: BTreeMap<u64, (f64, String)> = BTreeMap::new();
    for point in points {
        let label = point.label.clone();
        let label = label.unwrap_or_else(|| units::show(point.x, experiment.x.unit));
        // Places are not negative, so their bits are in their order.
        names.entry(point.x.to_bits()).or_insert((point.x, label));
    }
    names.into_values().collect()
}

fn crossings(out: &mut String, experiment: &Experiment, plane: &Plane) {
    let bottom = HEIGHT - BOTTOM;
    for (at, crossing) in experiment.crossings.iter().enumerate() {
        let places = (
            plane.x(crossing.from),
            plane.x(crossing.x),
            plane.x(crossing.to),
        );
        let (Some(from), Some(x), Some(to)) = places else {
            continue;
        };
        // Names of neighbouring crossings stand on lines of their own.
        let line = TOP + 12.0 + number(at % 6) * 14.0;
        let is_right = x > WIDTH * 0.7;
        let (anchor, aside) = if is_right {
            ("end", -5.0)
        } else {
            ("start", 5.0)
        };
        let _ = writeln!(
            out,
            "<g class=\"crossing-mark\"><rect class=\"cross-range\" x=\"{from:.1}\" y=\"{TOP}\" \
             width=\"{:.1}\" height=\"{:.1}\"/><path class=\"cross\" d=\"M{x:.1} {TOP}V{bottom}\"/>\
             <text class=\"cross-name\" x=\"{:.1}\" y=\"{line:.1}\" text-anchor=\"{anchor}\">{} passes \
             {} at {}</text></g>",
            (to - from).max(0.0),
            bottom - TOP,
            x + aside,
            escape(&crossing.leads_above),
            escape(&crossing.leads_below),
            escape(&units::show(crossing.x, experiment.x.unit))
        );
    }
}

fn draw_series(
    out: &mut String,
    experiment: &Experiment,
    series: &Series,
    look: Look,
    aside: f64,
    plane: &Plane,
) {
    let places: Vec<(f64, f64, &Point)> = series
        .points
        .iter()
        .filter_map(|point| {
            let spread = point.spread?;
            Some((plane.x(point.x)?, plane.y(spread.median)?, point))
        })
        .collect();
    let _ = writeln!(
        out,
        "<g class=\"line c{}\" data-series=\"{}\">",
        look.colour,
        escape(&series.name)
    );
    let mut path = String::new();
    for (at, (x, y, _)) in places.iter().enumerate() {
        let command = if at == 0 { 'M' } else { 'L' };
        let _ = write!(path, "{command}{x:.1} {y:.1}");
    }
    // A single point has no line, only a marker.
    if places.len() > 1 {
        let class = look.line_class();
        let _ = writeln!(
            out,
            "<path class=\"{class}\" stroke=\"currentColor\" d=\"{path}\"/>"
        );
    }
    if places.len() <= MARKERS_MAX {
        for (x, y, point) in places {
            whisker(out, point, x + aside, plane);
            let _ = writeln!(
                out,
                "<g>{}<title>{}</title></g>",
                look.marker(x, y),
                escape(&tip(experiment, series, point))
            );
        }
    }
    out.push_str("</g>\n");
}

fn whisker(out: &mut String, point: &Point, x: f64, plane: &Plane) {
    let spread = point.spread.filter(|spread| spread.min < spread.max);
    let Some((low, high)) = spread.and_then(|one| plane.y(one.min).zip(plane.y(one.max))) else {
        return;
    };
    let (left, right) = (x - 3.0, x + 3.0);
    let _ = writeln!(
        out,
        "<path class=\"whisker\" stroke=\"currentColor\" d=\"M{x:.1} {low:.1}V{high:.1}M{left:.1} \
         {low:.1}H{right:.1}M{left:.1} {high:.1}H{right:.1}\"/>"
    );
}

/// What is shown over a point.
fn tip(experiment: &Experiment, series: &Series, point: &Point) -> String {
    let x = point.label.clone();
    let x = x.unwrap_or_else(|| units::show(point.x, experiment.x.unit));
    let y = |value: f64| units::show(value, experiment.y.unit);
    let mut text = format!("{}, {x}", series.name);
    if let Some(spread) = point.spread {
        let _ = write!(text, ": {}", y(spread.median));
        if point.samples.len() > 1 {
            let (min, max) = (y(spread.min), y(spread.max));
            let _ = write!(text, " ({min} to {max} in {} runs)", point.samples.len());
        }
    }
    text
}

/// A small number of things.
#[allow(clippy::cast_precision_loss, reason = "small")]
fn number(count: usize) -> f64 {
    count as f64
}
