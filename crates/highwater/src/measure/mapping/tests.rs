//! What is decided from what was found. That the kernel does it is tested through the command line.
#![allow(clippy::unwrap_used, reason = "a test")]

use super::writer::Stores;
use super::*;

fn watched(ended: Ended) -> Watched {
    Watched {
        written_bytes: 1 << 20,
        ended,
    }
}

fn done() -> Watched {
    watched(Ended::Done(Stores {
        all_ns: 5,
        longest_ns: 2_000_000,
        long: 1,
        minor_faults: 3,
        major_faults: 0,
    }))
}

#[test]
fn the_texts_six_cases_are_all_here_once() {
    let mut numbers: Vec<&str> = [Scenario::A, Scenario::B]
        .into_iter()
        .flat_map(|scenario| MapKind::ALL.map(|kind| said(scenario, kind).0))
        .filter(|number| *number != "argued")
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, ["A1", "A2", "A3", "B4", "B5", "B6"]);
}

#[test]
fn sizes_keep_the_texts_proportions() {
    let gib = 1 << 30;
    assert_eq!(Scenario::A.bytes_of(16 * gib), 30 * gib);
    assert_eq!(Scenario::B.bytes_of(16 * gib), 15 * gib);
    assert_eq!(Scenario::A.bytes_of(12_345_678) % 4096, 0);
}

#[test]
fn one_killed_process_decides_a_case() {
    for (processes, writing) in [
        (vec![done(), done()], End::AllFinish),
        (vec![done(), watched(Ended::Killed(9))], End::OneKilled),
        (vec![watched(Ended::NotMapped("no".into()))], End::NotMapped),
        (
            vec![done(), watched(Ended::Failed("?".into()))],
            End::Unknown,
        ),
    ] {
        let case = Case {
            scenario: Scenario::B,
            kind: MapKind::Private,
            called: (End::Mapped, "maps".into()),
            wrote: Ok(processes),
        };
        assert_eq!(case.writing(), writing);
    }
}

#[test]
fn rows_say_what_was_said_and_whether_it_was_so() {
    let mut case = Case {
        scenario: Scenario::B,
        kind: MapKind::Private,
        called: (End::Mapped, "maps".into()),
        wrote: Ok(vec![done(), watched(Ended::Killed(9))]),
    };
    let row = case.row();
    assert_eq!(row[0], "B4");
    assert_eq!((row[4].as_str(), row[7].as_str()), ("as said", "as said"));
    assert!(
        row[6].contains("longest store 2 ms") && row[6].contains("killed (signal 9)"),
        "{row:?}"
    );
    case.wrote = Ok(vec![done(), done()]);
    assert_eq!(case.row()[7], "otherwise");
    case.wrote = Err("no permission".into());
    assert_eq!(case.row()[6..], ["not tried: no permission", "not tried"]);
    case.scenario = Scenario::A;
    assert_eq!(case.row()[4], "otherwise", "A1 says that the call fails");
    assert_eq!(case.row()[7], "", "and so nothing about the writing");
}

#[test]
fn a_limit_that_makes_no_sense_is_refused() {
    for (limit_bytes, is_good) in [
        (0, false),
        (1 << 20, false),
        (1 << 28, true),
        (u64::MAX, false),
    ] {
        let settings = MappingSettings {
            dir: ".".into(),
            limit_bytes,
            patience: std::time::Duration::from_secs(1),
            program: "highwater".into(),
        };
        assert_eq!(check(&settings).is_ok(), is_good, "{limit_bytes}");
    }
}
