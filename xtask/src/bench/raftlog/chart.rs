//! The chart: synced entries a second by entries under way, a panel for each size of entry.

use std::fmt::Write as _;

use super::figures::{Figures, Measured};
use super::peers::Peer;
use crate::bench::table::{median, short};

const PANEL_WIDTH: f64 = 260.0;
const PANEL_HEIGHT: f64 = 220.0;
const MARGIN: f64 = 44.0;
const LEGEND_HEIGHT: f64 = 26.0;

fn color(peer: Peer) -> &'static str {
    match peer {
        Peer::Mmap => "#0072b2",
        Peer::File => "#009e73",
        Peer::Staged => "#56b4e9",
        Peer::Direct => "#cc79a7",
        Peer::RaftEngine => "#d55e00",
        Peer::Dongting => "#7f7f7f",
        Peer::Bare => "#000000",
    }
}

/// One line of a panel.
struct Line {
    peer: Peer,
    /// Place among the numbers under way, and median, least and most of entries a second.
    points: Vec<(usize, [f64; 3])>,
}

/// The picture, on logarithmic axes.
pub(super) fn svg(figures: &Figures) -> String {
    let cells: Vec<_> = figures
        .cells()
        .into_iter()
        .filter(|cell| cell.synced)
        .collect();
    let mut sizes: Vec<u32> = cells.iter().map(|cell| cell.payload_bytes).collect();
    sizes.dedup();
    let mut pending: Vec<u32> = cells.iter().map(|cell| cell.pending).collect();
    pending.sort_unstable();
    pending.dedup();
    let (width, height) = (
        PANEL_WIDTH * sizes.len().max(1) as f64,
        PANEL_HEIGHT + LEGEND_HEIGHT,
    );
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"11\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    for (place, size) in sizes.iter().enumerate() {
        let lines = lines(figures, *size, &pending);
        panel(
            &mut svg,
            PANEL_WIDTH * place as f64,
            *size,
            &pending,
            &lines,
        );
    }
    for (place, peer) in Peer::ALL.into_iter().enumerate() {
        let x = MARGIN + 100.0 * place as f64;
        let _ = writeln!(
            svg,
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"4\" fill=\"{}\"/><text x=\"{}\" y=\"{}\">{}</text>",
            color(peer),
            x + 8.0,
            height - 8.0,
            peer.name(),
            y = height - 12.0,
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn lines(figures: &Figures, size: u32, pending: &[u32]) -> Vec<Line> {
    let of = |peer| {
        let runs = figures.runs.iter().filter(|runs| {
            runs.peer == peer && runs.cell.synced && runs.cell.payload_bytes == size
        });
        let points = runs.filter_map(|runs| {
            let rates = runs.values(Measured::rate);
            let place = pending.iter().position(|one| *one == runs.cell.pending)?;
            let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
            let most = rates.iter().copied().fold(0.0, f64::max);
            Some((place, [median(&rates), least, most]))
        });
        points.collect()
    };
    let all = Peer::ALL.into_iter().map(|peer| Line {
        peer,
        points: of(peer),
    });
    all.filter(|line| !line.points.is_empty()).collect()
}

/// The powers of ten that the values lie between.
fn powers(lines: &[Line]) -> (f64, f64) {
    let values = || {
        let points = lines.iter().flat_map(|line| &line.points);
        points.flat_map(|point| point.1)
    };
    let low = values().fold(f64::INFINITY, f64::min).max(1.0);
    let high = values().fold(10.0, f64::max);
    (low.log10().floor(), high.log10().ceil())
}

fn panel(svg: &mut String, left: f64, size: u32, pending: &[u32], lines: &[Line]) {
    let (low, high) = powers(lines);
    let bottom = PANEL_HEIGHT - 32.0;
    let y = |value: f64| {
        bottom - (value.max(1.0).log10() - low) / (high - low).max(1.0) * (bottom - 24.0)
    };
    let step = (PANEL_WIDTH - MARGIN - 24.0) / pending.len().max(2) as f64;
    let x = |place: usize| left + MARGIN + step * (place as f64 + 0.5);
    let right = left + PANEL_WIDTH - 16.0;
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"14\" font-weight=\"bold\">entries/s synced, {size} B</text>",
        left + MARGIN
    );
    let mut power = low;
    while power <= high {
        let value = 10_f64.powf(power);
        let _ = writeln!(
            svg,
            "<line x1=\"{x1}\" x2=\"{right}\" y1=\"{y1}\" y2=\"{y1}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>",
            left + MARGIN - 6.0,
            y(value) + 4.0,
            short(value),
            x1 = left + MARGIN,
            y1 = y(value),
        );
        power += 1.0;
    }
    for (place, number) in pending.iter().enumerate() {
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{number} pending</text>",
            x(place),
            bottom + 16.0
        );
    }
    for (at, line) in lines.iter().enumerate() {
        let shift = (at as f64 - lines.len() as f64 / 2.0) * 5.0;
        let mut path = String::new();
        for (place, [middle, least, most]) in &line.points {
            let (cx, color) = (x(*place) + shift, color(line.peer));
            let _ = write!(
                path,
                "{}{cx:.1},{:.1}",
                if path.is_empty() { "M" } else { " L" },
                y(*middle)
            );
            let _ = writeln!(
                svg,
                "<circle cx=\"{cx:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{color}\"/><line x1=\"{cx:.1}\" x2=\"{cx:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"{color}\"/>",
                y(*middle),
                y(*least),
                y(*most)
            );
        }
        let _ = writeln!(
            svg,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{}\" stroke-opacity=\"0.5\"/>",
            color(line.peer)
        );
    }
}
