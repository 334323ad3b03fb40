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
        let expected = if claim.id == "H32" {
            Word::NotTestable
        } else {
            Word::Undecided
        };
        assert_eq!(verdict.word, expected, "{}", claim.id);
        assert!(!verdict.figures.is_empty());
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
    let page = text(&Data::default(), &["a machine".to_owned()]);
    let lines = page.lines().filter(|line| line.starts_with("| H"));
    assert_eq!(lines.clone().count(), 32);
    for line in lines {
        assert_eq!(line.matches('|').count(), 6, "{line}");
    }
}
