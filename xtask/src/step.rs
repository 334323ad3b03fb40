//! Running other programs as steps of a task.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal};

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

/// How long a step may print nothing before it is ended: a test that hangs must not cost the names of those that failed.
const SILENCE_MAX: Duration = Duration::from_secs(20 * 60);

/// Runs `command`, passes its output through and adds up what `count` says of each line. A run that fails without
/// counting a failure (a build error, a test process that died or went silent) counts as one.
pub(crate) fn counted(command: &mut Command, count: impl Fn(&str) -> Tally) -> Result<Tally> {
    counted_within(command, count, SILENCE_MAX)
}

fn counted_within(
    command: &mut Command,
    count: impl Fn(&str) -> Tally,
    silence_max: Duration,
) -> Result<Tally> {
    // A group of its own, so that the programs it started can be ended with it.
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .process_group(0)
        .spawn()
        .with_context(|| format!("{command:?}"))?;
    let stdout = child.stdout.take().context("no output")?;
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        let mut lines = BufReader::new(stdout).lines();
        while lines.next().is_some_and(|line| sender.send(line).is_ok()) {}
    });
    let mut tally = Tally::default();
    loop {
        match lines.recv_timeout(silence_max) {
            Ok(line) => {
                let line = line.with_context(|| format!("output of {command:?}"))?;
                println!("{line}");
                tally.add(count(&line));
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                println!("nothing was printed for {} s: ended", silence_max.as_secs());
                let group = Pid::from_child(&child);
                rustix::process::kill_process_group(group, Signal::KILL)?;
                tally.failed += 1;
                break;
            }
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
    fn a_step_that_goes_silent_is_ended_with_all_it_started() {
        let mut hangs = Command::new("sh");
        hangs.args(["-c", "echo one; sleep 600 & echo $!; wait"]);
        let lines = std::cell::RefCell::new(Vec::new());
        let note = |line: &str| {
            lines.borrow_mut().push(line.to_owned());
            Tally::default()
        };
        let tally = counted_within(&mut hangs, note, Duration::from_millis(500)).unwrap();
        assert_eq!(tally.failed, 1);
        let lines = lines.into_inner();
        assert_eq!(lines[0], "one");
        // Gone, or dead and not yet collected by whoever inherited it.
        let is_gone = || {
            let state = std::fs::read_to_string(format!("/proc/{}/stat", lines[1]));
            state.is_err() || state.is_ok_and(|state| state.contains(") Z "))
        };
        let ended = (0..2000).any(|_| {
            std::thread::sleep(Duration::from_millis(5));
            is_gone()
        });
        assert!(ended, "{lines:?}");
    }

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
