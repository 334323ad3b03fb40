//! The clients' own test suites, unmodified.
//!
//! Each has a list of exceptions, `tests/clients/suites/NAME.allow`: a test's name and the reason, one a line. A test on the
//! list may fail; one that passes all the same is told, so that the list does not outlive its reasons.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

use super::server::Target;
use crate::report::Tally;
use crate::workspace;

/// One suite.
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    /// Whether `cargo xtask test` runs it.
    in_test: bool,
}

const SUITES: &[Suite] = &[Suite {
    name: "kafka-python",
    in_test: false,
}];

/// The suites of these names, or all.
pub(crate) fn chosen(names: &[String]) -> Result<Vec<&'static Suite>> {
    if names.is_empty() {
        return Ok(SUITES.iter().collect());
    }
    names
        .iter()
        .map(|name| {
            SUITES
                .iter()
                .find(|suite| suite.name == name)
                .with_context(|| format!("no suite `{name}`"))
        })
        .collect()
}

/// Those that `cargo xtask test` runs.
pub(crate) fn in_test() -> impl Iterator<Item = &'static Suite> {
    SUITES.iter().filter(|suite| suite.in_test)
}

/// Runs one suite against a fresh server.
pub(crate) fn run(suite: &Suite, _target: Target) -> Result<Tally> {
    let _ = exceptions(suite.name)?;
    bail!("{} is not wired yet", suite.name)
}

/// Test → reason.
fn exceptions(suite: &str) -> Result<BTreeMap<String, String>> {
    let path = workspace::root().join(format!("tests/clients/suites/{suite}.allow"));
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut exceptions = BTreeMap::new();
    for line in text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
    {
        let (test, reason) = line
            .split_once(' ')
            .with_context(|| format!("{}: no reason: {line}", path.display()))?;
        exceptions.insert(test.to_owned(), reason.trim().to_owned());
    }
    Ok(exceptions)
}
