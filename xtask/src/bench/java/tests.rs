//! Lines of the programs, and verdicts of made-up cells.

use serde_json::{Value, json};

use super::jvm::{Classes, JavaCell, Pass, pass_of};
use super::ours::OurCell;
use super::outcome::Outcome;
use super::{GIB, PROGRAMS, Plan};

#[test]
fn lines_of_both_kinds_of_program_are_read() {
    let cases = [
        ("mmap 500000000 1000", Some(Pass::Mmap(2000.0))),
        ("channel 1000000000 64", Some(Pass::Channel(64.0))),
        (
            "-- mmap \u{8017}\u{65f6}\u{ff1a}500 ms",
            Some(Pass::Mmap(2000.0)),
        ),
        (
            "-- filechannel \u{8017}\u{65f6}\u{ff1a}1000 ms",
            Some(Pass::Channel(1000.0)),
        ),
        ("mlock result: 0", None),
        ("  *************** 64B *********", None),
        ("done", None),
        ("", None),
    ];
    for (line, expected) in cases {
        assert_eq!(pass_of(line, 1000), expected, "{line:?}");
    }
}

fn plan() -> Plan {
    Plan {
        dir: std::env::temp_dir(),
        file_bytes: GIB,
        sizes: vec![64, 4096],
        runs: 2,
        cell_ms: None,
        programs: PROGRAMS.iter().collect(),
    }
}

fn ours(mmap: f64, file: f64) -> OurCell {
    let machine = json!({"cpu": "c", "cores": 2, "kernel": "k", "build": "release", "storage": {"filesystem": "ext4"}});
    OurCell {
        mmap: Some(json!({ "value": mmap })),
        file: Some(json!({ "value": file })),
        report: json!({"machine": machine, "highwater": "0", "started": "now"}),
    }
}

fn java(mmap: f64, channel: f64) -> JavaCell {
    JavaCell {
        mmap,
        channel,
        held: None,
    }
}

/// Our mapping leads Java's at 64 B and is overtaken by file I/O; Java's mapping leads everywhere. File I/O is slower than Java's at
/// 4 KiB only.
fn filled() -> Outcome {
    let mut outcome = Outcome::new(&plan(), &Classes::none());
    for run in [0.0, 1.0] {
        let [program, ..] = &PROGRAMS;
        outcome.add(program, 64, &java(4e9 + run, 1e9), &ours(5e9, 1e9 + run));
        outcome.add(program, 4096, &java(9e9, 8e9), &ours(6e9 + run, 7e9));
    }
    outcome
}

#[test]
fn a_cell_is_slower_only_where_every_run_says_so() {
    let outcome = filled();
    assert_eq!((outcome.cells(), outcome.slower()), (4, 2));
    let text = outcome.text();
    assert!(
        text.contains("faster in every run in 1, slower in every run in 2; in 1 the runs overlap"),
        "{text}"
    );
}

#[test]
fn the_page_says_where_each_side_crosses() {
    let page = filled().page();
    assert!(
        page.contains("ours between 64 B and 4 KiB; Java nowhere: the mapping leads."),
        "{page}"
    );
    assert!(
        page.contains("| 4 KiB | 6.00 | 9.00 | **0.67 (0.67 … 0.67)** |"),
        "{page}"
    );
    // A program without cells decides nothing.
    assert!(
        page.contains("ours is not decided; Java is not decided"),
        "{page}"
    );
}

#[test]
fn the_document_has_every_sample() {
    let report: Value = filled().report();
    let series = &report["experiments"][0]["series"];
    let names: Vec<&str> = series
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["name"].as_str())
        .collect();
    assert_eq!(names, ["mmap", "Java mmap", "file", "Java FileChannel"]);
    assert_eq!(
        series[1]["points"][0]["samples"],
        json!([{"value": 4e9}, {"value": 4e9 + 1.0}])
    );
    assert_eq!(
        series[1]["points"][0]["spread"],
        json!({"min": 4e9, "median": 4e9, "max": 4e9 + 1.0})
    );
}
