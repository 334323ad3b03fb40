//! The page as text: that it is closed in itself, says everything, and lets nothing in unescaped.
//! That a browser draws it is tested by `cargo xtask browser`.
#![allow(clippy::unwrap_used, reason = "a test")]

use super::super::model::{Axis, Better, Scale, Table};
use super::super::{Machine, SCHEMA};
use super::*;

const SIZES: [f64; 4] = [64.0, 4096.0, 65536.0, 1048576.0];

fn experiment() -> Experiment {
    let mut experiment = Experiment::new(
        "write-cold",
        "Writes <cold>",
        "One pass.",
        Axis::new("block", Unit::Bytes, Scale::Log),
        Axis::new("throughput", Unit::BytesPerSecond, Scale::Log),
        Better::Higher,
    )
    .with("file", "1 GiB & more");
    for (name, values) in [
        ("mmap", [4e9, 5e9, 5e9, 4e9]),
        ("file", [1e8, 1e9, 7e9, 9e9]),
        ("pwrite", [1.1e8, 1.2e9, 7.1e9, 9.1e9]),
    ] {
        for (x, value) in SIZES.into_iter().zip(values) {
            for share in [0.99, 1.0, 1.01] {
                experiment.point(name, x).push_value(value * share);
            }
        }
    }
    experiment.series[2].bare_of = Some("file".into());
    experiment
        .point("direct", 64.0)
        .refuse("no O_DIRECT on \"tmpfs\"");
    experiment.complete = true;
    experiment.conclude();
    experiment
}

fn report(experiments: Vec<Experiment>) -> Report {
    Report {
        schema: SCHEMA,
        highwater: "0.1.0".into(),
        command: vec![
            "highwater".into(),
            "bench".into(),
            "io".into(),
            "--dir=<x>".into(),
        ],
        started: "2026-11-26T10:00:00Z".into(),
        duration_s: 12.5,
        ending: Ending::Complete,
        machine: Machine {
            cpu: Some("A & B".into()),
            ..Machine::default()
        },
        experiments,
        choice: None,
        notes: vec!["mind the gap".into()],
    }
}

fn count(text: &str, part: &str) -> usize {
    text.matches(part).count()
}

#[test]
fn the_page_is_whole_and_asks_nobody() {
    let page = page(&report(vec![experiment()]));
    for wanted in [
        "<title>highwater bench io</title>",
        "A &amp; B",
        "mind the gap",
        "complete, in 12.5 s",
        "--dir=&lt;x&gt;",
        "Writes &lt;cold&gt;",
        "1 GiB &amp; more",
        "no O_DIRECT on &quot;tmpfs&quot;",
        "default-src 'none'",
    ] {
        assert!(page.contains(wanted), "{wanted}");
    }
    for unwanted in [
        "<script", "http://", "https://", "@import", "url(", " src=", "NaN", "inf",
    ] {
        assert!(!page.contains(unwanted), "{unwanted}");
    }
    for tag in [
        "html", "body", "section", "figure", "svg", "g", "table", "details", "p", "dl",
    ] {
        let opened = count(&page, &format!("<{tag}>")) + count(&page, &format!("<{tag} "));
        assert_eq!(opened, count(&page, &format!("</{tag}>")), "{tag}");
    }
}

#[test]
fn lines_whiskers_and_crossings_are_drawn() {
    let chart = chart::draw(&experiment()).unwrap();
    assert_eq!(count(&chart, "class=\"series\""), 2);
    assert_eq!(count(&chart, "class=\"series bare\""), 1);
    assert_eq!(count(&chart, "class=\"whisker\""), 12);
    assert_eq!(count(&chart, "<title>"), 12);
    assert_eq!(count(&chart, "class=\"crossing-mark\""), 1);
    assert!(chart.contains("file passes mmap at"), "{chart}");
    let floor = Look::of(&experiment(), 2);
    let engine = Look::of(&experiment(), 1);
    assert!(floor != engine && floor.sample().contains("c1") && engine.sample().contains("c1"));
}

use chart::Look;

#[test]
fn what_cannot_be_drawn_is_said_instead() {
    let empty = Experiment::new(
        "x",
        "X",
        "Nothing.",
        Axis::new("block", Unit::Bytes, Scale::Log),
        Axis::new("time", Unit::Nanoseconds, Scale::Log),
        Better::Lower,
    );
    assert_eq!(chart::draw(&empty), None);
    let mut refused = empty.clone();
    refused.refused = Some("no memory group may be made".into());
    refused.tables.push(Table {
        title: "T".into(),
        columns: vec!["what".into(), "#n".into()],
        rows: vec![vec!["<a>".into(), "1".into()]],
    });
    let mut report = report(vec![empty, refused]);
    report.ending = Ending::Interrupted;
    let page = page(&report);
    assert!(!page.contains("<figure"));
    assert!(page.contains("not measured: no memory group may be made"));
    assert!(page.contains("<td>&lt;a&gt;</td><td class=\"n\">1</td>"));
    assert_eq!(count(&page, "incomplete: it was ended early"), 2);
    assert!(page.contains("interrupted after"));
    assert!(page.contains("<a href=\"#x\">"));
}

#[test]
fn places_may_have_names() {
    let mut experiment = Experiment::new(
        "x",
        "X",
        "By name.",
        Axis::new("kind", Unit::Count, Scale::Names),
        Axis::new("time", Unit::Nanoseconds, Scale::Linear),
        Better::Lower,
    );
    for (at, name) in ["growing", "zeroed"].into_iter().enumerate() {
        let x = if at == 0 { 0.0 } else { 1.0 };
        let point = experiment.point("file", x);
        point.label = Some(name.into());
        point.push_value(5.0);
    }
    let chart = chart::draw(&experiment).unwrap();
    assert!(chart.contains(">growing</text>") && chart.contains(">zeroed</text>"));
    assert_eq!(
        count(&chart, "class=\"whisker\""),
        0,
        "one sample has no spread"
    );
}

#[test]
fn a_page_replaces_an_older_one_whole() {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("report.html");
    std::fs::write(&path, "old").unwrap();
    write(&report(vec![experiment()]), &path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("<!doctype html>") && text.ends_with("</html>\n"));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    assert!(write(&report(Vec::new()), &dir.path().join("no/where.html")).is_err());
}
