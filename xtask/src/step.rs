//! Running other programs as steps of a task.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::report::Tally;

/// Runs `command` with its output passed through; true when it exits with 0.
pub(crate) fn passes(command: &mut Command) -> Result<bool> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("{command:?}"))?;
    Ok(status.success())
}

/// Runs `command` as one yes-or-no step.
pub(crate) fn single(command: &mut Command) -> Result<Tally> {
    Ok(Tally::single(passes(command)?))
}

/// Runs `command` silently and returns what it printed; its error output is part of the error when it fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{command:?}"))?;
    if !output.status.success() {
        let stdout = String::from_utf8_lossy(&output.stdout);
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!(
            "{command:?} ended with {}:\n{stdout}{stderr}",
            output.status
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs `cargo test` and adds up the `test result:` lines.
pub(crate) fn cargo_test(command: &mut Command) -> Result<Tally> {
    counted(command, test_result)
}

/// Runs `command`, passes its output through and adds up what `count` says of each line. A run that fails without
/// counting a failure (a build error, a test process that died) counts as one.
pub(crate) fn counted(command: &mut Command, count: impl Fn(&str) -> Tally) -> Result<Tally> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{command:?}"))?;
    let mut tally = Tally::default();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            let line = line.with_context(|| format!("output of {command:?}"))?;
            println!("{line}");
            tally.add(count(&line));
        }
    }
    if !child.wait()?.success() && tally.failed == 0 {
        tally.failed = 1;
    }
    Ok(tally)
}

/// Counts of one `test result: ok. 3 passed; 0 failed; 1 ignored; …` line, zeros for any other line.
fn test_result(line: &str) -> Tally {
    let mut tally = Tally::default();
    let Some(counts) = line.strip_prefix("test result: ") else {
        return tally;
    };
    for part in counts.split([';', '.']) {
        let mut words = part.split_whitespace();
        let (Some(count), Some(what)) = (words.next(), words.next()) else {
            continue;
        };
        let Ok(count) = count.parse() else { continue };
        match what {
            "passed" => tally.passed = count,
            "failed" => tally.failed = count,
            "ignored" => tally.skipped = count,
            _ => {}
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_a_result_line() {
        let ok = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.03s";
        assert_eq!(
            test_result(ok),
            Tally {
                passed: 12,
                failed: 0,
                skipped: 1
            }
        );
        let bad = "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 4 filtered out; finished in 1s";
        assert_eq!(
            test_result(bad),
            Tally {
                passed: 3,
                failed: 2,
                skipped: 0
            }
        );
        assert_eq!(test_result("running 12 tests"), Tally::default());
    }
}
