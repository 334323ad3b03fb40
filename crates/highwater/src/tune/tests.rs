//! Choices from figures made for the purpose, what disks lead to, and the written settings.
#![allow(clippy::unwrap_used, reason = "a test")]

use super::*;
use crate::config::{self, EngineWish, Input};
use crate::report::{
    Axis, Better, BlockQueue, Ending, IoLimit, Machine, Outcome, Report, SCHEMA, Scale, Storage,
    StorageKind,
};

fn plan() -> Plan {
    Plan::new("/data".into())
}

fn experiment(id: &str) -> Experiment {
    let axis = |label: &str| Axis::new(label, Unit::Count, Scale::Names);
    Experiment::new(id, id, "", axis("x"), axis("y"), Better::Higher)
}

/// Seven figures around a value, `spread` to either side.
fn around(value: f64, spread: f64) -> impl Iterator<Item = f64> {
    (-3..=3).map(move |step| value * (1.0 + spread * f64::from(step) / 3.0))
}

/// Messages a second by engine.
fn limit(engines: &[(&str, f64)], spread: f64) -> Experiment {
    let mut experiment = experiment("limit");
    for (name, value) in engines {
        let point = experiment.point(name, 0.0);
        point.label = Some("as fast as it goes".to_owned());
        around(*value, spread).for_each(|value| point.push_value(value));
    }
    experiment
}

/// p99 and slowest append in microseconds, and the share of the rate that was kept, by engine.
fn at_rate(engines: &[(&str, f64, f64, f64)]) -> Experiment {
    let mut experiment = experiment("rate");
    for (name, p99, slowest, kept) in engines {
        for (x, label, us) in [(100.0, "p99", p99), (1e5, "max", slowest)] {
            let point = experiment.point(name, x);
            point.label = Some(label.to_owned());
            around(us * 1000.0, 0.05).for_each(|value| point.push_value(value));
            point.also("rate kept", Unit::Ratio, *kept);
        }
    }
    experiment
}

fn sustained(rates: impl IntoIterator<Item = f64>) -> Experiment {
    let mut experiment = experiment("sustained");
    for (at, rate) in rates.into_iter().enumerate() {
        experiment.point(SUSTAINED, at as f64).push_value(rate);
    }
    experiment
}

fn on(kind: StorageKind) -> Machine {
    Machine {
        storage: Some(Storage {
            dir: "/data".to_owned(),
            filesystem: Some("some".to_owned()),
            kind,
            ..Storage::default()
        }),
        ..Machine::default()
    }
}

fn chosen(plan: &Plan, machine: &Machine, experiments: &[Experiment]) -> (Outcome, String, String) {
    let choice = choose(plan, machine, experiments, true);
    let all: Vec<String> = choice.evidence.into_iter().chain(choice.why).collect();
    (choice.outcome, choice.engine, all.join("\n"))
}

#[test]
fn throughput_decides_only_beyond_the_spread_and_by_a_fifth() {
    use Outcome::{Chosen, DefaultIsBest, NoDifference};
    // file, staged, mmap, direct in thousands of messages a second; spread; outcome and engine.
    let table = [
        ([100.0, 101.0, 99.0, 100.0], 0.02, NoDifference, "file"),
        ([100.0, 90.0, 60.0, 50.0], 0.02, NoDifference, "file"),
        ([100.0, 60.0, 60.0, 50.0], 0.02, DefaultIsBest, "file"),
        ([100.0, 150.0, 90.0, 90.0], 0.02, Chosen, "staged"),
        // In every round, but by less than a fifth.
        ([100.0, 115.0, 90.0, 90.0], 0.02, NoDifference, "file"),
        // By more than a fifth in the middle, but not in every round.
        ([100.0, 130.0, 90.0, 90.0], 0.2, NoDifference, "file"),
        // Two are better: the one that is best beyond doubt, else the plainer one.
        ([100.0, 150.0, 90.0, 250.0], 0.02, Chosen, "direct"),
        ([100.0, 150.0, 90.0, 155.0], 0.02, Chosen, "staged"),
    ];
    for (values, spread, outcome, engine) in table {
        let names = ["file", "staged", "mmap", "direct"];
        let engines: Vec<(&str, f64)> = names.into_iter().zip(values.map(|v| v * 1e3)).collect();
        let (found, name, why) =
            chosen(&plan(), &on(StorageKind::Disk), &[limit(&engines, spread)]);
        assert_eq!((found, &*name), (outcome, engine), "{values:?}: {why}");
        for name in names {
            assert!(why.contains(&format!("{name}: ")), "{why}");
        }
    }
}

#[test]
fn at_a_rate_the_tail_decides_among_those_that_keep_it() {
    use Outcome::{Chosen, DefaultIsBest, NoDifference};
    let with_rate = Plan {
        rate_per_s: 1000,
        ..plan()
    };
    let limits = limit(&[("file", 1e5), ("staged", 1e5)], 0.01);
    // p99, slowest in µs and share kept of file and staged; outcome, engine, and what is said.
    let table = [
        (
            (900.0, 2e3, 1.0),
            (300.0, 2e3, 1.0),
            Chosen,
            "staged",
            "shorter beyond doubt",
        ),
        (
            (300.0, 2e3, 1.0),
            (900.0, 2e3, 1.0),
            DefaultIsBest,
            "file",
            "longer beyond doubt",
        ),
        (
            (300.0, 2e3, 1.0),
            (310.0, 2e3, 1.0),
            NoDifference,
            "file",
            "no difference",
        ),
        // Ten times as long, and shorter than any client sees.
        (
            (15.0, 2e3, 1.0),
            (1.5, 2e3, 1.0),
            NoDifference,
            "file",
            "too little",
        ),
        (
            (900.0, 2e3, 1.0),
            (300.0, 40e3, 1.0),
            NoDifference,
            "file",
            "slowest append",
        ),
        (
            (900.0, 2e3, 0.4),
            (950.0, 2e3, 1.0),
            Chosen,
            "staged",
            "keeps the rate",
        ),
        (
            (900.0, 2e3, 1.0),
            (300.0, 2e3, 0.4),
            NoDifference,
            "file",
            "does not keep",
        ),
        (
            (900.0, 2e3, 0.4),
            (300.0, 2e3, 0.5),
            NoDifference,
            "file",
            "no engine keeps",
        ),
    ];
    for (file, staged, outcome, engine, said) in table {
        let rate = at_rate(&[
            ("file", file.0, file.1, file.2),
            ("staged", staged.0, staged.1, staged.2),
        ]);
        let plan = Plan {
            engines: vec![EngineKind::File, EngineKind::Staged],
            ..with_rate.clone()
        };
        let (found, name, why) = chosen(&plan, &on(StorageKind::Disk), &[limits.clone(), rate]);
        assert_eq!(
            (found, &*name),
            (outcome, engine),
            "{file:?} {staged:?}: {why}"
        );
        assert!(why.contains(said), "{said}: {why}");
    }
}

#[test]
fn memory_networks_and_parts_of_a_run_choose_nothing_or_less() {
    let figures = [limit(
        &[
            ("file", 1e5),
            ("staged", 1e5),
            ("mmap", 9e5),
            ("direct", 5e5),
        ],
        0.01,
    )];
    let (outcome, _, why) = chosen(&plan(), &on(StorageKind::Memory), &figures);
    assert_eq!(outcome, Outcome::NoChoice);
    assert!(why.contains("keeps nothing"), "{why}");
    for kind in [StorageKind::Network, StorageKind::Layered] {
        let (outcome, engine, why) = chosen(&plan(), &on(kind), &figures);
        assert_eq!(
            (outcome, &*engine),
            (Outcome::NoDifference, "file"),
            "{why}"
        );
        assert!(why.contains("not chosen on this file system"), "{why}");
    }
    let (outcome, engine, _) = chosen(&plan(), &on(StorageKind::Loop), &figures);
    assert_eq!((outcome, &*engine), (Outcome::Chosen, "mmap"));
    let part = choose(&plan(), &on(StorageKind::Disk), &figures, false);
    assert_eq!(part.outcome, Outcome::NoChoice);
    let without = Plan {
        engines: vec![EngineKind::Mmap],
        ..plan()
    };
    let (outcome, _, why) = chosen(&without, &on(StorageKind::Disk), &figures);
    assert_eq!(outcome, Outcome::NoChoice);
    assert!(why.contains("was not measured"), "{why}");
}

#[test]
fn limits_falls_and_too_much_are_told_with_their_evidence() {
    let with_limit = |per_second| {
        let mut machine = on(StorageKind::Disk);
        machine.storage.as_mut().unwrap().io_limits = vec![IoLimit {
            writes: true,
            bytes: true,
            per_second,
        }];
        machine
    };
    let level = sustained([20e6; 20]);
    let fallen = sustained((0..20).map(|at| if at < 8 { 200e6 } else { 30e6 }));
    let uneven = sustained((0..20).map(|at| if at % 3 == 0 { 30e6 } else { 200e6 }));
    let asking = Plan {
        rate_per_s: 100_000,
        ..plan()
    };
    let mut rented = on(StorageKind::Disk);
    rented.storage.as_mut().unwrap().queue = Some(BlockQueue {
        device: "nvme1n1".to_owned(),
        model: Some("Amazon Elastic Block Store".to_owned()),
        ..BlockQueue::default()
    });
    let mut busy = on(StorageKind::Disk);
    (busy.cores, busy.load) = (Some(2), Some(1.9));
    let mut unsafe_mount = on(StorageKind::Disk);
    unsafe_mount.storage.as_mut().unwrap().mount_options = Some("rw,nobarrier; rw".to_owned());
    let disk = on(StorageKind::Disk);
    let (p, a) = (plan(), asking);
    // Plan, machine, the disk alone, what is said, and what is not.
    let table = [
        (
            &p,
            &with_limit(20 << 20),
            &level,
            "it is the limit that was measured",
            "fell",
        ),
        (
            &p,
            &with_limit(1 << 20),
            &level,
            "does not reach what the kernel writes back",
            "fell",
        ),
        (&p, &with_limit(1 << 30), &level, "less than that", "fell"),
        (
            &p,
            &disk,
            &fallen,
            "the rate fell during the run",
            "limits the device",
        ),
        (&p, &disk, &uneven, "for messages of", "fell"),
        (&a, &disk, &level, "no engine keeps that up", "fell"),
        (&p, &rented, &level, "credits", "fell"),
        (&p, &busy, &level, "busy", "fell"),
        (&p, &unsafe_mount, &level, "without barriers", "fell"),
    ];
    for (plan, machine, disk, said, unsaid) in table {
        let figures = limit(
            &[
                ("file", 1e5),
                ("staged", 1e5),
                ("mmap", 1e5),
                ("direct", 1e5),
            ],
            0.01,
        );
        let (_, _, why) = chosen(plan, machine, &[disk.clone(), figures]);
        assert!(why.contains(said) && !why.contains(unsaid), "{said}: {why}");
    }
}

fn report(machine: Machine) -> Report {
    Report {
        schema: SCHEMA,
        highwater: "1".to_owned(),
        command: vec![
            "highwater".to_owned(),
            "tune\nengine = \"direct\"".to_owned(),
        ],
        started: "2026-01-02T03:04:05Z".to_owned(),
        duration_s: 1.0,
        ending: Ending::Complete,
        machine,
        experiments: Vec::new(),
        notes: Vec::new(),
        choice: None,
    }
}

#[test]
fn the_written_settings_are_a_configuration_and_say_where_they_come_from() {
    let staged = [
        ("file", 1e5),
        ("staged", 3e5),
        ("mmap", 1e5),
        ("direct", 1e5),
    ];
    let level = [
        ("file", 1e5),
        ("staged", 1e5),
        ("mmap", 1e5),
        ("direct", 1e5),
    ];
    let table = [
        (
            Layout::Kafka,
            Durability::Disk,
            staged,
            EngineWish::Staged,
            Some("false"),
        ),
        (
            Layout::Kafka,
            Durability::Os,
            level,
            EngineWish::Auto,
            Some("true"),
        ),
        (
            Layout::Rocketmq,
            Durability::Disk,
            level,
            EngineWish::Staged,
            None,
        ),
    ];
    let dir = tempfile::tempdir().unwrap();
    for (at, (layout, durability, figures, engine, caching)) in table.into_iter().enumerate() {
        let plan = Plan {
            layout,
            durability,
            ..plan()
        };
        let report = report(on(StorageKind::Disk));
        let choice = choose(&plan, &report.machine, &[limit(&figures, 0.01)], true);
        let text = fragment(&plan, &report, &choice).unwrap();
        for expected in [
            "2026-01-02T03:04:05Z",
            "highwater tune",
            "/data",
            "file: 100 k/s",
        ] {
            assert!(text.contains(expected), "{expected}: {text}");
        }
        let path = dir.path().join(format!("{at}.toml"));
        check_fragment(&path, false).unwrap();
        write_fragment(&path, &text, false).unwrap();
        let loaded = config::load(&Input {
            file: Some(path),
            ..Input::default()
        });
        let loaded = loaded.unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(loaded.config.engine, engine, "{text}");
        let setting = loaded.table.get("kafka.log.write.caching");
        assert_eq!(setting.map(|setting| &*setting.value), caching, "{text}");
    }
}

#[test]
fn a_file_that_is_there_is_replaced_only_when_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tuned.toml");
    std::fs::write(&path, "mine").unwrap();
    let refused = |error: FragmentError| matches!(error, FragmentError::Exists { .. });
    assert!(refused(check_fragment(&path, false).unwrap_err()));
    assert!(refused(write_fragment(&path, "new", false).unwrap_err()));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    check_fragment(&path, true).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
    write_fragment(&path, "new", true).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
    let nowhere = dir.path().join("none/tuned.toml");
    assert!(check_fragment(&nowhere, false).is_err() && check_fragment(&nowhere, true).is_err());
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn appends_are_what_clients_send() {
    // Message, rate, layout, batch; bytes of an append.
    let table = [
        (1 << 10, 0, Layout::Kafka, None, 16 << 10),
        (100, 0, Layout::Kafka, None, 16_300),
        (1 << 20, 0, Layout::Kafka, None, 1 << 20),
        // 5 ms of them.
        (1 << 10, 1000, Layout::Kafka, None, 5 << 10),
        (1 << 10, 10, Layout::Kafka, None, 1 << 10),
        (1 << 10, 0, Layout::Kafka, Some(64 << 10), 64 << 10),
        (1 << 10, 0, Layout::Rocketmq, None, 1 << 10),
    ];
    for (message_bytes, rate_per_s, layout, batch_bytes, expected) in table {
        let plan = Plan {
            message_bytes,
            rate_per_s,
            layout,
            batch_bytes,
            ..plan()
        };
        plan.check().unwrap();
        assert_eq!(plan.append_bytes(), expected, "{plan:?}");
    }
}

#[test]
fn a_slow_disk_gets_less_to_write() {
    let plan = plan();
    let slow = plan.load(&[sustained([1e6; 20])]);
    let quick = plan.load(&[sustained([1e9; 20])]);
    let unknown = plan.load(&[]);
    assert!(slow.bytes_max < quick.bytes_max && quick.bytes_max <= unknown.bytes_max);
    assert_eq!(unknown.bytes_max, plan.file_bytes);
    assert!(slow.bytes_max >= 16 * plan.append_bytes());
    // All cells and the disk alone fit into the time.
    let cells = plan.rounds * 4;
    assert!(slow.time * cells < plan.time * 3 / 4);
}
