//! Every experiment, small, on every engine.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::Mutex;
use std::time::Duration;

use super::*;
use crate::report::Experiment;

fn small(dir: &std::path::Path) -> Settings {
    Settings {
        sizes: vec![64, 4096, 1 << 20],
        file_bytes: 1 << 20,
        runs: 2,
        cell_limit: Duration::from_millis(20),
        rate: 2000,
        paced_time: Duration::from_millis(50),
        synced_appends: 4,
        files_max: 10,
        transfer_bytes: 1 << 20,
        bare: true,
        ..Settings::short(dir.to_owned())
    }
}

fn is_empty(dir: &std::path::Path) -> bool {
    std::fs::read_dir(dir).unwrap().next().is_none()
}

/// Each point has all its samples or a reason; nothing is silently absent.
fn assert_accounted(experiment: &Experiment, runs: usize) {
    assert!(experiment.complete, "{}", experiment.id);
    if experiment.refused.is_some() {
        return;
    }
    assert!(!experiment.series.is_empty(), "{}", experiment.id);
    for series in &experiment.series {
        for point in &series.points {
            let is_whole = point.samples.len() == runs && point.spread.is_some();
            assert!(
                is_whole || point.refused.is_some(),
                "{} {} {}: {point:?}",
                experiment.id,
                series.name,
                point.x
            );
            assert!(point.values().all(|value| value > 0.0));
        }
    }
}

/// Each percentile is at least the one before, and what is beside them says the same.
fn assert_tails_rise(experiment: &Experiment) {
    for series in experiment
        .series
        .iter()
        .filter(|one| !one.points.iter().any(|at| at.refused.is_some()))
    {
        let medians = series
            .points
            .iter()
            .map(|point| point.spread.unwrap().median);
        assert!(medians.is_sorted(), "{series:?}");
        let latency = series.points.last().unwrap().latency.as_ref().unwrap();
        let slowest = series.points.last().unwrap().spread.unwrap().max;
        assert_eq!(
            (latency.count, latency.from_due),
            (200, true),
            "2 runs of 50 ms at 2000 a second"
        );
        assert!(
            (latency.max_ns as f64 - slowest).abs() <= slowest / 500.0,
            "{latency:?} {slowest}"
        );
        // An append costs some hundred instructions at the least.
        assert!(latency.max_ns > 100);
    }
}

#[test]
fn every_experiment_accounts_for_every_cell_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let bench = Bench::open(
        small(dir.path()),
        &Entry::all(),
        Stop::default(),
        &Unwatched,
    )
    .unwrap();
    for entry in Entry::all() {
        let (experiment, ended) = bench.run(entry);
        ended.unwrap_or_else(|error| panic!("{}: {error}", entry.id()));
        assert_eq!(experiment.id, entry.id());
        assert_accounted(&experiment, 2);
        if entry.id() == "paced" {
            assert_tails_rise(&experiment);
        }
    }
    let engines = bench.machine().engines;
    assert_eq!(engines.len(), 4);
    drop(bench);
    assert!(is_empty(dir.path()));
}

#[test]
fn resident_cells_are_measured_on_any_file_system() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        engines: vec![segment::EngineKind::File, segment::EngineKind::Mmap],
        ..small(dir.path())
    };
    let bench = Bench::open(settings, &[], Stop::default(), &Unwatched).unwrap();
    let wanted = ["write-resident".to_owned(), "read-resident".to_owned()];
    for entry in selected(&bench.settings, &wanted, false).unwrap() {
        let (experiment, _) = bench.run(entry);
        let names: Vec<&str> = experiment
            .series
            .iter()
            .map(|series| &*series.name)
            .collect();
        assert_eq!(names, ["file", "bare file", "mmap", "bare mmap"]);
        for series in &experiment.series {
            assert_eq!(series.points.len(), 3);
            for sample in series.points.iter().flat_map(|point| &point.samples) {
                let before = sample.before.unwrap();
                assert_eq!((before.pages, before.cached), (256, 256));
                assert!(sample.after.is_some());
            }
        }
        // Engines in pairs with their floors: 2 engines, 3 sizes.
        assert_eq!(experiment.overheads.len(), 6);
    }
}

/// Counts steps, and stops the run at one of them.
struct StopAt {
    stop: Stop,
    at: usize,
    seen: Mutex<Vec<String>>,
}

impl Progress for StopAt {
    fn begin(&self, _experiment: &str, _steps: u64) {}
    fn step(&self, what: &str) {
        let mut seen = self.seen.lock().unwrap();
        seen.push(what.to_owned());
        if seen.len() == self.at {
            self.stop.now();
        }
    }
}

#[test]
fn a_stop_keeps_what_was_measured() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        engines: vec![segment::EngineKind::File],
        bare: false,
        ..small(dir.path())
    };
    let stop = Stop::default();
    let watch = StopAt {
        stop: stop.clone(),
        at: 3,
        seen: Mutex::default(),
    };
    let bench = Bench::open(settings, &[], stop, &watch).unwrap();
    let entry = selected(&bench.settings, &["write-resident".to_owned()], false).unwrap()[0];
    let (experiment, ended) = bench.run(entry);
    assert!(matches!(ended, Err(MeasureError::Stopped)), "{ended:?}");
    assert!(!experiment.complete);
    let samples = experiment.series.iter().flat_map(|series| &series.points);
    assert_eq!(samples.map(|point| point.samples.len()).sum::<usize>(), 2);
    // The next one does not begin.
    let (experiment, ended) = bench.run(entry);
    assert!(ended.is_err() && experiment.series.is_empty());
    drop(bench);
    assert!(is_empty(dir.path()));
}

#[test]
fn runs_are_interleaved_and_take_turns() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        engines: vec![segment::EngineKind::File, segment::EngineKind::Mmap],
        sizes: vec![4096, 8192],
        bare: false,
        ..small(dir.path())
    };
    let watch = StopAt {
        stop: Stop::default(),
        at: usize::MAX,
        seen: Mutex::default(),
    };
    let bench = Bench::open(settings, &[], Stop::default(), &watch).unwrap();
    let entry = selected(&bench.settings, &["write-resident".to_owned()], false).unwrap()[0];
    bench.run(entry).1.unwrap();
    let seen = watch.seen.lock().unwrap();
    assert_eq!(
        *seen,
        [
            "file", "mmap", "file", "mmap", "mmap", "file", "mmap", "file"
        ]
    );
}

#[test]
fn senseless_settings_are_refused_before_anything_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let with = |change: fn(&mut Settings)| {
        let mut settings = small(dir.path());
        change(&mut settings);
        settings
    };
    let cases: [(Settings, &str); 9] = [
        (with(|settings| settings.sizes = vec![0]), "0 bytes"),
        (
            with(|settings| settings.sizes = vec![2 << 20]),
            "does not fit",
        ),
        (
            with(|settings| settings.sizes = vec![]),
            "nothing to measure",
        ),
        (
            with(|settings| settings.file_bytes = 0),
            "multiple of 4 KiB",
        ),
        (
            with(|settings| settings.file_bytes = 5000),
            "multiple of 4 KiB",
        ),
        (with(|settings| settings.file_bytes = 1 << 60), "free"),
        (with(|settings| settings.runs = 0), "from 1 to 1000"),
        (with(|settings| settings.rate = 0), "10 million"),
        (with(|settings| settings.record_bytes = 0), "1 MiB"),
    ];
    for (settings, expected) in cases {
        match Bench::open(settings, &[], Stop::default(), &Unwatched) {
            Ok(_) => panic!("{expected}: was accepted"),
            Err(error) => assert!(error.to_string().contains(expected), "{expected}: {error}"),
        }
        assert!(is_empty(dir.path()), "{expected}");
    }
    let unknown = selected(&small(dir.path()), &["writes".to_owned()], false).unwrap_err();
    assert!(unknown.to_string().contains("write-resident"), "{unknown}");
}
