//! Verdicts from data made for the purpose.
#![allow(clippy::unwrap_used, reason = "a test")]

use serde_json::{Value, json};

use super::*;

/// A point with five samples around a value, 1 % apart.
fn point(x: f64, label: &str, value: f64, also: &[(&str, f64)]) -> Value {
    let around = |value: f64| json!({"min": value * 0.99, "median": value, "max": value * 1.01});
    let also: Vec<Value> = also
        .iter()
        .map(|(name, value)| json!({"name": name, "unit": "count", "values": [], "spread": around(*value)}))
        .collect();
    json!({"x": x, "label": label, "samples": [0, 0, 0, 0, 0], "spread": around(value), "also": also})
}

fn experiment(id: &str, series: &[(&str, Vec<Value>)], crossings: Value) -> Value {
    let series: Vec<Value> = series
        .iter()
        .map(|(name, points)| json!({"name": name, "points": points}))
        .collect();
    json!({"id": id, "complete": true, "series": series, "crossings": crossings})
}

fn data(experiments: Vec<Value>) -> Data {
    serde_json::from_value(json!({ "experiments": experiments })).unwrap()
}

fn word(id: &str, data: &Data) -> Word {
    let claim = CLAIMS.iter().find(|claim| claim.id == id).unwrap();
    decide(claim, data).word
}

#[test]
fn every_claim_is_there_once_and_in_order() {
    let ids: Vec<String> = CLAIMS.iter().map(|claim| claim.id.to_owned()).collect();
    let expected: Vec<String> = (1..=32).map(|number| format!("H{number}")).collect();
    assert_eq!(ids, expected);
}

#[test]
fn without_data_nothing_is_decided() {
    let nothing = Data::default();
    for claim in CLAIMS {
        let verdict = decide(claim, &nothing);
        let expected = if ["H7", "H9", "H25", "H32"].contains(&claim.id) {
            Word::NotTestable
        } else {
            Word::Undecided
        };
        assert_eq!(verdict.word, expected, "{}", claim.id);
        assert!(!verdict.figures.is_empty());
    }
}

#[test]
fn a_copy_saved_matters_as_much_as_the_disk_is_fast() {
    let with = |in_place: f64, copied: f64, disk: f64| {
        let row = |value: f64| {
            [4096.0, 65_536.0, 1_048_576.0]
                .map(|x| point(x, "", value, &[]))
                .to_vec()
        };
        let lease = [("mmap", row(in_place)), ("file", row(copied))];
        let write = [("direct", row(disk))];
        word(
            "H1",
            &data(vec![
                experiment("lease-resident", &lease, json!([])),
                experiment("write-cold", &write, json!([])),
            ]),
        )
    };
    let table = [
        (10.0, 5.0, 1.0, Word::Holds),
        (10.0, 5.0, 4.0, Word::HoldsWithALimit),
        (5.0, 10.0, 1.0, Word::Refuted),
    ];
    for (in_place, copied, disk, expected) in table {
        assert_eq!(
            with(in_place, copied, disk),
            expected,
            "{in_place} {copied} {disk}"
        );
    }
}

#[test]
fn crossings_decide_where_the_claim_says_or_elsewhere() {
    const MIB: f64 = 1_048_576.0;
    let with = |last: f64, crossings: Value| {
        let mmap = vec![point(64.0, "", 10.0, &[]), point(last, "", 5.0, &[])];
        let file = vec![point(64.0, "", 1.0, &[]), point(last, "", 6.0, &[])];
        let series = [("mmap", mmap), ("file", file)];
        let ids = ["read-resident", "write-hole"];
        data(
            ids.map(|id| experiment(id, &series, crossings.clone()))
                .to_vec(),
        )
    };
    let crosses = |x: f64| json!([{"leads_below": "mmap", "leads_above": "file", "x": x}]);
    let others = json!([{"leads_below": "mmap", "leads_above": "direct", "x": 64.0 * MIB}]);
    // Last block, crossings, verdict where one is claimed at 64 MiB, and where none is.
    let table = [
        (512.0, crosses(50.0), Word::HoldsWithALimit, Word::Refuted),
        (512.0 * MIB, crosses(50.0 * MIB), Word::Holds, Word::Refuted),
        (512.0 * MIB, json!([]), Word::Refuted, Word::Holds),
        (512.0 * MIB, others, Word::Refuted, Word::Holds),
        (MIB, json!([]), Word::Undecided, Word::Holds),
    ];
    for (last, crossings, claimed, never) in table {
        let data = with(last, crossings.clone());
        assert_eq!(word("H14", &data), claimed, "{last} {crossings}");
        assert_eq!(word("H17", &data), never, "{last} {crossings}");
    }
}

#[test]
fn faults_decide_about_locks_and_write_back() {
    let touch = |locked: f64, back: f64, back_locked: f64| {
        let at =
            |x: f64, label: &str, faults: f64| point(x, label, 100.0, &[("faults/page", faults)]);
        let points = vec![
            at(3.0, "populated", 0.001),
            at(4.0, "locked only", locked),
            at(5.0, "written back", back),
            at(6.0, "written back, locked", back_locked),
        ];
        data(vec![experiment("touch", &[("mapping", points)], json!([]))])
    };
    let table = [
        (touch(1.0, 1.0, 1.0), Word::Refuted, Word::Holds),
        (touch(0.004, 1.0, 0.004), Word::Holds, Word::HoldsWithALimit),
        (
            touch(0.5, 0.004, 0.004),
            Word::HoldsWithALimit,
            Word::Refuted,
        ),
    ];
    for (data, locks, back) in table {
        assert_eq!((word("H22", &data), word("H21", &data)), (locks, back));
    }
}

#[test]
fn overlapping_spreads_few_runs_and_early_ends_decide_nothing() {
    let paced = |mmap: f64, staged: f64| {
        let line = |value: f64| {
            vec![
                point(1e4, "p99.99", value, &[]),
                point(1e5, "max", value * 10.0, &[]),
            ]
        };
        experiment(
            "paced",
            &[("mmap", line(mmap)), ("staged", line(staged))],
            json!([]),
        )
    };
    let mut few = paced(500.0, 2.0);
    few["series"][0]["points"][0]["samples"] = json!([0, 0, 0]);
    let mut early = paced(500.0, 2.0);
    early["complete"] = json!(false);
    let mut refused = paced(500.0, 2.0);
    refused["series"][1]["points"][1]["refused"] = json!("no memory");
    let table = [
        (paced(500.0, 2.0), Word::Holds),
        (paced(500.0, 499.0), Word::Undecided),
        (paced(2.0, 500.0), Word::Refuted),
        (few, Word::Undecided),
        (early, Word::Undecided),
        (refused, Word::Undecided),
    ];
    for (experiment, expected) in table {
        assert_eq!(
            word("H24", &data(vec![experiment.clone()])),
            expected,
            "{experiment}"
        );
    }
}

#[test]
fn the_page_has_a_line_for_each_claim_and_none_is_torn_by_its_figures() {
    let page = text(
        &Data::default(),
        &[("a time".to_owned(), "a machine".to_owned())],
    );
    let lines = page.lines().filter(|line| line.starts_with("| H"));
    assert_eq!(lines.clone().count(), 32);
    for line in lines {
        assert_eq!(line.matches('|').count(), 6, "{line}");
    }
}

/// A run of `bench mapping`: cases that ended otherwise than the text says.
fn mapping(otherwise: &[&str]) -> Value {
    let cases = ["A1", "A2", "A3", "B4", "B5", "B6", "argued"];
    let rows: Vec<Value> = cases
        .iter()
        .map(|name| {
            let word = if otherwise.contains(name) {
                "otherwise"
            } else {
                "as said"
            };
            json!([name, "", "", "", "as said", "", "", word])
        })
        .collect();
    let mut run = experiment("mapping", &[], json!([]));
    run["tables"] = json!([{"title": "", "columns": [], "rows": rows}]);
    run
}

fn tables(untouched: f64, touched: f64) -> Value {
    let points = vec![
        point(0.0, "untouched", untouched, &[]),
        point(1.0, "read", touched, &[]),
        point(2.0, "stored to", touched, &[]),
        point(3.0, "8 GiB, last page stored to", untouched, &[]),
        point(4.0, "10 TiB, untouched", untouched, &[]),
    ];
    experiment("mapping-tables", &[("shared", points)], json!([]))
}

#[test]
fn cases_of_mapping_decide_only_where_all_runs_agree() {
    let runs = |otherwise: [&[&str]; 5]| {
        let mut all = vec![tables(4096.0, 2_097_152.0)];
        all.extend(otherwise.map(mapping));
        data(all)
    };
    let all = ["A1", "A2", "A3", "B4", "B5", "B6"];
    let table = [
        (runs([&[]; 5]), Word::Holds, Word::Holds),
        (runs([&["B4"]; 5]), Word::HoldsWithALimit, Word::Holds),
        (
            runs([&["A3"], &[], &[], &[], &[]]),
            Word::HoldsWithALimit,
            Word::HoldsWithALimit,
        ),
        (runs([&all; 5]), Word::Refuted, Word::Refuted),
        (
            data(vec![mapping(&[]), tables(1.0, 1.0)]),
            Word::Undecided,
            Word::Undecided,
        ),
    ];
    for (data, flags, shared) in table {
        assert_eq!((word("H12", &data), word("H4", &data)), (flags, shared));
    }
}

#[test]
fn page_tables_counts_and_locks_decide_about_mappings() {
    for (untouched, touched, expected) in [
        (4096.0, 2_097_152.0, Word::HoldsWithALimit),
        (4096.0, 8192.0, Word::Refuted),
        (2_097_152.0, 2_097_152.0, Word::Holds),
    ] {
        let data = data(vec![tables(untouched, touched)]);
        assert_eq!(word("H29", &data), expected);
        assert_eq!(word("H11", &data), Word::Holds);
    }
    let mut refused = tables(1.0, 1.0);
    refused["series"][0]["points"][3]["refused"] = json!("map /x: out of memory");
    assert_eq!(word("H11", &data(vec![refused])), Word::Refuted);
    for (count, expected) in [(65_000.0, Word::Holds), (70_000.0, Word::Refuted)] {
        let points = vec![point(0.0, "4 KiB", count, &[])];
        let mut counted = experiment("mapping-count", &[("shared", points)], json!([]));
        counted["settings"] = json!({"vm.max_map_count": "65700"});
        assert_eq!(word("H10", &data(vec![counted])), expected);
    }
    for (locked, expected) in [
        (0.0, Word::Refuted),
        (1.0, Word::Holds),
        (0.5, Word::HoldsWithALimit),
    ] {
        let points = vec![
            point(0.0, "not locked", 1.0, &[]),
            point(1.0, "locked", locked, &[]),
        ];
        let run = experiment("mapping-locked", &[("anonymous", points)], json!([]));
        assert_eq!(word("H23", &data(vec![run])), expected);
    }
}

#[test]
fn what_a_killed_process_lost_decides_about_the_page_cache() {
    let killed = |cached: f64, staged: f64, committed: f64| {
        let line = |written: f64, committed: f64| {
            vec![
                point(0.0, "written", written, &[]),
                point(1.0, "committed", committed, &[]),
            ]
        };
        let series = [
            ("mmap", line(cached, 0.0)),
            ("file", line(0.0, 0.0)),
            ("staged", line(staged, committed)),
        ];
        data(vec![experiment("killed", &series, json!([]))])
    };
    for (data, expected) in [
        (killed(0.0, 4096.0, 0.0), Word::Holds),
        (killed(0.0, 0.0, 0.0), Word::HoldsWithALimit),
        (killed(64.0, 4096.0, 0.0), Word::Refuted),
        (killed(0.0, 4096.0, 64.0), Word::Refuted),
    ] {
        assert_eq!(word("H3", &data), expected);
    }
}

#[test]
fn moved_records_rolls_and_memory_sizes_decide() {
    let parse = |moved: f64| {
        let line = |moved: f64| vec![point(10_000.0, "", 1e9, &[("moved/byte", moved)])];
        let series = [("buffer", line(moved)), ("mapping", line(0.0))];
        data(vec![experiment("parse", &series, json!([]))])
    };
    // Half a record of 10 000 bytes in 128 KiB is 3.8 %.
    assert_eq!(word("H5", &parse(0.04)), Word::Holds);
    assert_eq!(word("H5", &parse(0.0)), Word::Refuted);
    let roll = |none: f64, ready: f64| {
        let line = || {
            vec![
                point(0.0, "0 ready", none, &[]),
                point(1.0, "1 ready", ready, &[]),
                point(2.0, "2 ready", ready, &[]),
            ]
        };
        let series = ["mmap", "file", "staged"].map(|name| (name, line()));
        data(vec![experiment("roll", &series, json!([]))])
    };
    assert_eq!(word("H27", &roll(9e6, 1e5)), Word::Holds);
    assert_eq!(word("H27", &roll(1e5, 1e5)), Word::Undecided);
    assert_eq!(word("H27", &roll(1e5, 9e6)), Word::Refuted);
    let limited = |size: &str, worst: f64| {
        let points = vec![point(
            0.0,
            "write and sync",
            1e9,
            &[("worst append", worst)],
        )];
        let mut run = experiment("limited", &[("mmap", points)], json!([]));
        run["settings"] = json!({"file": size});
        run
    };
    for (worst, expected) in [
        ([1e7, 2e7, 3e7], Word::Holds),
        ([1e7, 4e7, 3e7], Word::HoldsWithALimit),
        ([3e7, 2e7, 1e7], Word::Refuted),
        ([1e7, 3e7, 1e7], Word::Undecided),
    ] {
        // The order of the runs does not matter.
        let runs = vec![
            limited("1 GiB", worst[1]),
            limited("512 MiB", worst[0]),
            limited("2 GiB", worst[2]),
        ];
        assert_eq!(word("H8", &data(runs)), expected, "{worst:?}");
    }
    assert_eq!(
        word("H8", &data(vec![limited("1 GiB", 1e7)])),
        Word::Undecided
    );
}

#[test]
fn a_device_decides_whether_pages_must_stand_still() {
    let on = |stable: bool| {
        let machine = json!({"storage": {"queue": {"device": "vda", "stable_writes": stable}}});
        serde_json::from_value(json!({"experiments": [], "machine": machine})).unwrap()
    };
    assert_eq!(word("H20", &on(false)), Word::NotTestable);
    assert_eq!(word("H20", &on(true)), Word::Undecided);
}
