//! What is computed from samples, and what readers of the document rely on.
#![allow(clippy::unwrap_used, reason = "a test")]

use super::*;

const SIZES: [f64; 5] = [64.0, 1024.0, 4096.0, 65536.0, 1048576.0];

/// Throughput by block, each series three samples around the values given, `spread` apart.
fn experiment(better: Better, series: &[(&str, [f64; 5])], spread: f64) -> Experiment {
    let mut experiment = Experiment::new(
        "write-cold",
        "Writes",
        "One pass.",
        Axis::new("block", Unit::Bytes, Scale::Log),
        Axis::new("throughput", Unit::BytesPerSecond, Scale::Log),
        better,
    );
    for (name, values) in series {
        for (x, value) in SIZES.into_iter().zip(values) {
            for share in [1.0 - spread, 1.0, 1.0 + spread] {
                experiment.point(name, x).push_value(value * share);
            }
        }
    }
    experiment
}

#[test]
fn a_crossing_needs_a_lead_beyond_doubt_on_both_sides() {
    let rising = [1e9, 2e9, 3e9, 8e9, 9e9];
    let level = [4e9; 5];
    // Name, better, the two series, spread, (from, to) of the crossing and who leads below.
    let table = [
        (
            "clear",
            Better::Higher,
            rising,
            level,
            0.05,
            Some((4096.0, 65536.0, "b")),
        ),
        (
            "the other way round",
            Better::Lower,
            rising,
            level,
            0.05,
            Some((4096.0, 65536.0, "a")),
        ),
        (
            "wide spreads widen it",
            Better::Higher,
            rising,
            level,
            0.2,
            Some((1024.0, 65536.0, "b")),
        ),
        (
            "within the spread",
            Better::Higher,
            rising,
            level,
            0.9,
            None,
        ),
        (
            "one always leads",
            Better::Higher,
            rising,
            [1e8; 5],
            0.05,
            None,
        ),
    ];
    for (name, better, a, b, spread, expected) in table {
        let mut experiment = experiment(better, &[("a", a), ("b", b)], spread);
        experiment.conclude();
        let found: Vec<_> = experiment
            .crossings
            .iter()
            .map(|crossing| (crossing.from, crossing.to, &*crossing.leads_below))
            .collect();
        assert_eq!(found, Vec::from_iter(expected), "{name}");
        for crossing in &experiment.crossings {
            assert!(
                crossing.x > crossing.from && crossing.x < crossing.to,
                "{name}: {crossing:?}"
            );
        }
    }
}

#[test]
fn a_crossing_lies_where_the_lines_meet() {
    let mut experiment = experiment(
        Better::Higher,
        &[
            ("a", [1e9, 1e9, 2e9, 4e9, 4e9]),
            ("b", [2e9, 2e9, 4e9, 2e9, 2e9]),
        ],
        0.01,
    );
    experiment.conclude();
    // Half as fast at 4 KiB, twice as fast at 64 KiB: in the middle by ratio.
    assert!((experiment.crossings[0].x - 16384.0).abs() < 1.0);
}

#[test]
fn overheads_are_taken_run_by_run() {
    let mut experiment = experiment(Better::Higher, &[], 0.0);
    for (ours, floor) in [(0.5e9, 1e9), (1e9, 1.25e9), (2e9, 2e9)] {
        experiment.point("file", 1024.0).push_value(ours);
        experiment.point("pwrite", 1024.0).push_value(floor);
    }
    experiment.series[1].bare_of = Some("file".to_owned());
    experiment.conclude();
    let [overhead] = &*experiment.overheads else {
        panic!("{:?}", experiment.overheads)
    };
    let ratio = overhead.ratio;
    assert_eq!((ratio.min, ratio.median, ratio.max), (1.0, 1.25, 2.0));
    let extra = overhead.extra_ns.unwrap();
    assert_eq!((extra.min, extra.max), (0.0, 1024.0));
    assert!((extra.median - 204.8).abs() < 1e-6);
    assert!(experiment.crossings.is_empty(), "a floor is no rival");
}

#[test]
fn spreads_are_values_that_occurred() {
    let cases: [(&[f64], Option<[f64; 3]>); 4] = [
        (&[], None),
        (&[3.0], Some([3.0, 3.0, 3.0])),
        (&[4.0, 1.0, 2.0, 3.0], Some([1.0, 2.0, 4.0])),
        (&[f64::NAN, 1.0], Some([1.0, 1.0, 1.0])),
    ];
    for (values, expected) in cases {
        let found = Spread::of(values.iter().copied());
        let found = found.map(|spread| [spread.min, spread.median, spread.max]);
        assert_eq!(found, expected, "{values:?}");
    }
}

#[test]
fn numbers_are_short_and_say_their_unit() {
    let cases = [
        (64.0, Unit::Bytes, "64 B"),
        (4096.0, Unit::Bytes, "4 KiB"),
        (1.5 * 1048576.0, Unit::Bytes, "1.5 MiB"),
        (1.2345e10, Unit::BytesPerSecond, "12.3 GB/s"),
        (36_000_000.0, Unit::BytesPerSecond, "36 MB/s"),
        (1770.0, Unit::Nanoseconds, "1.77 µs"),
        (0.5, Unit::Nanoseconds, "0.5 ns"),
        (236_000.0, Unit::PerSecond, "236 k/s"),
        (0.0, Unit::Count, "0"),
        (1500.0, Unit::Count, "1500"),
        (65536.0, Unit::Count, "65.5 k"),
        (1.25, Unit::Ratio, "1.25×"),
        (99.9, Unit::Percent, "99.9%"),
    ];
    for (value, unit, expected) in cases {
        assert_eq!(units::show(value, unit), expected);
    }
}

fn report() -> Report {
    let mut experiment = experiment(
        Better::Higher,
        &[
            ("mmap", [9e9, 8e9, 7e9, 3e9, 2e9]),
            ("file", [1e8, 1e9, 2e9, 8e9, 9e9]),
        ],
        0.01,
    );
    experiment
        .point("file", 64.0)
        .refuse("the state was not reached");
    experiment
        .point("file", 4096.0)
        .also("minor faults", Unit::Count, 3.0);
    experiment.point("file", 4096.0).note("time was up");
    experiment.point("mmap", 64.0).note("time was up");
    let mut histogram = hdrhistogram::Histogram::new(3).unwrap();
    histogram.record(1000).unwrap();
    experiment.point("file", 4096.0).latency = Some(Latency::of(&histogram, true));
    experiment.conclude();
    Report {
        schema: SCHEMA,
        highwater: "0.0.0".to_owned(),
        command: vec!["highwater".to_owned()],
        started: "2026-11-26T10:00:00Z".to_owned(),
        duration_s: 1.5,
        ending: Ending::Failed {
            why: "no space".to_owned(),
        },
        choice: None,
        machine: Machine {
            cpu: Some("a processor".to_owned()),
            storage: Some(Storage {
                dir: "/data".to_owned(),
                ..Storage::default()
            }),
            ..Machine::default()
        },
        experiments: vec![experiment],
        notes: vec!["a note".to_owned()],
    }
}

#[test]
fn a_file_says_the_same_when_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("report.json");
    json::write(&report(), &path).unwrap();
    assert_eq!(json::read(&path).unwrap(), report());
    let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().flatten().collect();
    assert_eq!(names.len(), 1, "nothing is left beside it");
    let newer = Report {
        schema: SCHEMA + 1,
        ..report()
    };
    json::write(&newer, &path).unwrap();
    assert!(matches!(
        json::read(&path),
        Err(json::JsonError::Newer { .. })
    ));
    std::fs::write(&path, "{}").unwrap();
    assert!(matches!(
        json::read(&path),
        Err(json::JsonError::Syntax { .. })
    ));
    assert!(matches!(
        json::read(&dir.path().join("none")),
        Err(json::JsonError::Io { .. })
    ));
}

#[test]
fn the_terminal_shows_table_plot_crossing_and_reasons() {
    let text = terminal::text(&report());
    for expected in [
        "a processor",
        "9 GB/s (8.91 GB/s … 9.09 GB/s)*",
        "[1] the state was not reached",
        "file passes mmap at about",
        "minor faults",
        "p99.99",
        "note: time was up: mmap 64 B, file 4 KiB\n",
        "a mmap   b file",
        "ended by an error after 1.5 s: no space",
    ] {
        assert!(text.contains(expected), "{expected}:\n{text}");
    }
}

#[test]
fn a_plot_rises_where_its_values_rise() {
    let experiment = experiment(Better::Higher, &[("only", [1e6, 1e7, 1e8, 1e9, 1e10])], 0.0);
    let plot = plot::draw(&experiment);
    let columns: Vec<usize> = plot
        .lines()
        .filter_map(|line| line.split_once('┤')?.1.find('a'))
        .collect();
    assert_eq!(columns.len(), 5, "{plot}");
    assert!(columns.is_sorted_by(|a, b| a > b), "{plot}");
    let mut flat = experiment;
    flat.x.scale = Scale::Names;
    assert_eq!(plot::draw(&flat), "");
}

#[test]
fn sizes_are_read_by_powers_of_1024_and_ambiguous_ones_refused() {
    let cases = [
        ("0", Some(0)),
        ("64", Some(64)),
        ("64B", Some(64)),
        ("4K", Some(4096)),
        ("4 KiB", Some(4096)),
        ("1g", Some(1 << 30)),
        ("2TiB", Some(2 << 40)),
        ("1MB", None),
        ("", None),
        ("K", None),
        ("-1", None),
        ("1.5M", None),
        ("99999999999T", None),
        ("99999999999999999999999", None),
    ];
    for (text, expected) in cases {
        assert_eq!(units::bytes_of(text).ok(), expected, "{text}");
    }
}
