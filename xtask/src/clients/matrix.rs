//! The matrix of clients, cases and engines, written from a run and never by hand.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::{Driver, Results};
use crate::workspace;

/// What stands above a matrix, and where it belongs.
pub(super) struct Page {
    /// File name under docs/.
    pub(super) name: &'static str,
    /// Title and what the reader must know, a line break at the end.
    pub(super) head: &'static str,
}

/// The page of Kafka's clients.
pub(super) const KAFKA: Page = Page {
    name: "clients.md",
    head: "# Clients\n\nReal, unmodified clients against Highwater, one server per I/O engine. Written by\n\
        `cargo xtask clients --write` from a run; the cases are programs under `tests/clients/`, each first held against\n\
        Apache Kafka 4.3.1 (`cargo xtask clients --engine kafka`). The clients' own test suites: client-suites.md.\n",
};

/// Writes the matrix and returns where: under `docs/` if `into_docs`, else the build directory.
pub(super) fn write(
    page: &Page,
    drivers: &[Driver],
    results: &Results,
    into_docs: bool,
) -> Result<PathBuf> {
    let path = if into_docs {
        workspace::root().join("docs").join(page.name)
    } else {
        workspace::target_dir().join("clients").join(page.name)
    };
    std::fs::write(&path, page.head.to_owned() + &render(drivers, results))
        .with_context(|| path.display().to_string())?;
    Ok(path)
}

fn render(drivers: &[Driver], results: &Results) -> String {
    let targets: Vec<&String> = results.keys().collect();
    let passed: BTreeMap<(&str, &str, &str), bool> = results
        .iter()
        .flat_map(|(target, run)| {
            run.iter().map(move |result| {
                (
                    (
                        target.as_str(),
                        result.driver.as_str(),
                        result.case.as_str(),
                    ),
                    result.ok,
                )
            })
        })
        .collect();
    let mark = |target: &str, driver: &str, case: &str| match passed.get(&(target, driver, case)) {
        Some(true) => "yes",
        Some(false) => "**no**",
        None => "not run",
    };
    let mut text = String::from("\n| client | cases |");
    let _ = targets
        .iter()
        .try_for_each(|target| write!(text, " {target} |"));
    let _ = writeln!(text, "\n|---|---|{}", "---|".repeat(targets.len()));
    for driver in drivers {
        let _ = write!(text, "| {} | {} |", driver.title, driver.cases.len());
        for target in &targets {
            let count = driver
                .cases
                .iter()
                .filter(|case| mark(target, &driver.id, case) == "yes")
                .count();
            let _ = write!(text, " {count} |");
        }
        text.push('\n');
    }
    for driver in drivers {
        let _ = write!(text, "\n## {}\n\n| case |", driver.title);
        let _ = targets
            .iter()
            .try_for_each(|target| write!(text, " {target} |"));
        let _ = writeln!(text, "\n|---|{}", "---|".repeat(targets.len()));
        for case in &driver.cases {
            let _ = write!(text, "| {case} |");
            let _ = targets
                .iter()
                .try_for_each(|target| write!(text, " {} |", mark(target, &driver.id, case)));
            text.push('\n');
        }
    }
    text
}
