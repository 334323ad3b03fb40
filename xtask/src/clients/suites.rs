//! The clients' own test suites, unmodified, each against a fresh server.
//!
//! Each has a list of exceptions, `tests/clients/suites/NAME.allow`: a test's name and the reason, one a line. A test on the
//! list may fail; one that passes all the same is told, so that the list does not outlive its reasons. A test that the suite
//! itself skips is counted as skipped.

mod sources;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::server::{Server, Target};
use crate::report::Tally;
use crate::workspace;

/// One suite.
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    /// Whether `cargo xtask test` runs it.
    in_test: bool,
    /// Where its tests expect the server; port 0 if they can be told.
    address: &'static str,
    /// Broker settings that its tests take for granted.
    settings: &'static [&'static str],
    output: Output,
    /// How many tests tell an outcome at least; fewer means that the run broke off.
    tests_min: usize,
    /// Fetches and builds it; the command runs its tests against the server at this address.
    command: fn(address: &str) -> Result<Command>,
}

/// How a suite's runner tells the outcome of a test.
#[derive(Clone, Copy)]
enum Output {
    /// `path::test PASSED [ 10%]`
    Pytest,
    /// `{"Action":"pass","Test":"TestX"}`
    GoJson,
    /// `test a::b ... ok`
    Cargo,
}

const SUITES: &[Suite] = &[
    Suite {
        name: "kafka-python",
        in_test: true,
        address: "127.0.0.1:0",
        // As its own servers are set up; `test_group` joins with sessions of 3 s, which Kafka's default refuses too.
        settings: &[
            "node.id=0",
            "num.partitions=4",
            "group.min.session.timeout.ms=1000",
        ],
        output: Output::Pytest,
        tests_min: 60,
        command: sources::kafka_python,
    },
    Suite {
        name: "confluent-kafka-go",
        in_test: false,
        address: "127.0.0.1:0",
        settings: &["num.partitions=4"],
        output: Output::GoJson,
        tests_min: 55,
        command: sources::confluent_kafka_go,
    },
    Suite {
        name: "rdkafka",
        in_test: false,
        // Its tests look for node 0 at port 9092.
        address: "localhost:9092",
        settings: &["node.id=0", "num.partitions=3"],
        output: Output::Cargo,
        tests_min: 60,
        command: sources::rdkafka,
    },
    Suite {
        name: "rskafka",
        in_test: false,
        address: "127.0.0.1:0",
        settings: &[
            "auto.create.topics.enable=false",
            // Its records are of 1970: the first look for what is too old, 30 s after the start, would take them.
            "log.retention.ms=-1",
        ],
        output: Output::Cargo,
        tests_min: 170,
        command: sources::rskafka,
    },
    Suite {
        name: "kafka-go",
        in_test: false,
        // Its tests dial localhost:9092 and nothing else.
        address: "localhost:9092",
        // As its own server is set up: some of its records are large.
        settings: &["num.partitions=1", "message.max.bytes=200000000"],
        output: Output::GoJson,
        tests_min: 900,
        command: sources::kafka_go,
    },
    Suite {
        name: "franz-go",
        in_test: false,
        address: "127.0.0.1:0",
        settings: &[],
        output: Output::GoJson,
        tests_min: 440,
        command: sources::franz_go,
    },
];

/// The suites of these names, or all.
pub(crate) fn chosen(names: &[String]) -> Result<Vec<&'static Suite>> {
    if names.is_empty() {
        return Ok(SUITES.iter().collect());
    }
    let find = |name: &String| {
        SUITES
            .iter()
            .find(|suite| suite.name == name)
            .with_context(|| format!("no suite `{name}`"))
    };
    names.iter().map(find).collect()
}

/// Those that `cargo xtask test` runs.
pub(crate) fn in_test() -> impl Iterator<Item = &'static Suite> {
    SUITES.iter().filter(|suite| suite.in_test)
}

/// Runs one suite against a fresh server and judges it by its list of exceptions.
pub(crate) fn run(suite: &Suite, target: Target) -> Result<Tally> {
    let exceptions = exceptions(suite.name)?;
    (suite.command)("127.0.0.1:1").context("fetching and building the suite")?;
    let dir = tempfile::Builder::new()
        .prefix("highwater-suite-")
        .tempdir()?;
    let server = Server::start_at(target, dir.path(), suite.address, suite.settings)?;
    let logs = workspace::target_dir().join("clients");
    fs::create_dir_all(&logs)?;
    let log = logs.join(format!("suite-{}.log", suite.name));
    let mut command = limited(&(suite.command)(server.address())?);
    println!("   {command:?}\n   log: {}", log.display());
    let output = File::create(&log)?;
    let status = command
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .status()?;
    // Output of clients is not always text.
    let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    let outcomes = outcomes(&text, suite.output);
    let tally = judge(&outcomes, &exceptions);
    ensure!(
        outcomes.len() >= suite.tests_min,
        "only {} tests told an outcome, at least {} should; the suite ended with {status}; see {}",
        outcomes.len(),
        suite.tests_min,
        log.display()
    );
    server.stop()?;
    Ok(tally)
}

/// The same command under `timeout`: no suite may hold up a run for ever.
fn limited(command: &Command) -> Command {
    let mut limited = Command::new("timeout");
    limited
        .args(["--kill-after=10", "1500"])
        .arg(command.get_program())
        .args(command.get_args());
    limited.envs(
        command
            .get_envs()
            .filter_map(|(key, value)| Some((key, value?))),
    );
    if let Some(dir) = command.get_current_dir() {
        limited.current_dir(dir);
    }
    limited
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Skipped,
}

fn judge(outcomes: &BTreeMap<String, Outcome>, exceptions: &BTreeMap<String, String>) -> Tally {
    let mut tally = Tally::default();
    let mut excepted = 0;
    for (test, outcome) in outcomes {
        match (outcome, exceptions.get(test)) {
            (Outcome::Passed, exception) => {
                tally.passed += 1;
                if exception.is_some() {
                    println!("   {test} passes; its exception can go");
                }
            }
            (Outcome::Failed, None) => {
                tally.failed += 1;
                println!("   FAILED {test}");
            }
            (Outcome::Failed, Some(reason)) => {
                tally.skipped += 1;
                excepted += 1;
                println!("   excepted: {test}: {reason}");
            }
            (Outcome::Skipped, _) => tally.skipped += 1,
        }
    }
    println!(
        "   {} passed, {} failed, {excepted} excepted, {} skipped by the suite itself",
        tally.passed,
        tally.failed,
        tally.skipped - excepted
    );
    tally
}

/// Test → outcome, from everything the runner printed. The last word on a test counts.
fn outcomes(text: &str, output: Output) -> BTreeMap<String, Outcome> {
    let line: fn(&str) -> Option<(String, Outcome)> = match output {
        Output::Pytest => pytest_line,
        Output::GoJson => go_line,
        Output::Cargo => cargo_line,
    };
    text.lines().filter_map(line).collect()
}

/// `TEST OUTCOME` as it runs, where what a thread prints may come in between, or `OUTCOME TEST` of the summary.
fn pytest_line(line: &str) -> Option<(String, Outcome)> {
    let mut words = line.split_whitespace();
    let (first, second) = (words.next()?, words.next()?);
    let (test, word) = match first.contains(".py::") {
        true => (first, second),
        false => (second, first),
    };
    if !test.contains(".py::") {
        return None;
    }
    let outcome = match word {
        "PASSED" | "XFAIL" | "XPASS" => Outcome::Passed,
        "FAILED" | "ERROR" => Outcome::Failed,
        "SKIPPED" => Outcome::Skipped,
        _ => return None,
    };
    Some((test.to_owned(), outcome))
}

fn go_line(line: &str) -> Option<(String, Outcome)> {
    let event: Value = serde_json::from_str(line).ok()?;
    let outcome = match event["Action"].as_str()? {
        "pass" => Outcome::Passed,
        "fail" => Outcome::Failed,
        "skip" => Outcome::Skipped,
        _ => return None,
    };
    let test = event["Test"].as_str()?;
    // Packages below the module's own, `github.com/owner/module`, are told apart: `protocol/fetch.TestX`.
    let below = event["Package"]
        .as_str()
        .and_then(|package| package.splitn(4, '/').nth(3));
    Some((
        below.map_or_else(|| test.to_owned(), |below| format!("{below}.{test}")),
        outcome,
    ))
}

fn cargo_line(line: &str) -> Option<(String, Outcome)> {
    let (test, outcome) = line.strip_prefix("test ")?.split_once(" ... ")?;
    let outcome = match outcome.split_whitespace().next()? {
        "ok" => Outcome::Passed,
        "FAILED" => Outcome::Failed,
        "ignored," | "ignored" => Outcome::Skipped,
        _ => return None,
    };
    Some((test.to_owned(), outcome))
}

/// Test → reason.
fn exceptions(suite: &str) -> Result<BTreeMap<String, String>> {
    let path = workspace::root().join(format!("tests/clients/suites/{suite}.allow"));
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runners_tell_outcomes_in_their_ways() {
        let cases = [
            (
                Output::Pytest,
                "test/a.py::test_b[x] PASSED  [ 4%]",
                Some(("test/a.py::test_b[x]", Outcome::Passed)),
            ),
            (
                Output::Pytest,
                "test/a.py::test_b ERROR [ 4%]",
                Some(("test/a.py::test_b", Outcome::Failed)),
            ),
            (
                Output::Pytest,
                "FAILED test/a.py::test_b - x",
                Some(("test/a.py::test_b", Outcome::Failed)),
            ),
            (Output::Pytest, "test/a.py::test_b Done!", None),
            (
                Output::GoJson,
                r#"{"Action":"fail","Test":"TestA/b"}"#,
                Some(("TestA/b", Outcome::Failed)),
            ),
            (
                Output::GoJson,
                r#"{"Action":"skip","Package":"github.com/a/b/c/d","Test":"TestA"}"#,
                Some(("c/d.TestA", Outcome::Skipped)),
            ),
            (
                Output::GoJson,
                r#"{"Action":"output","Test":"TestA"}"#,
                None,
            ),
            (
                Output::Cargo,
                "test a::b ... ok",
                Some(("a::b", Outcome::Passed)),
            ),
            (
                Output::Cargo,
                "test a::b ... ignored, why",
                Some(("a::b", Outcome::Skipped)),
            ),
            (Output::Cargo, "test result: ok. 1 passed", None),
        ];
        for (output, line, expected) in cases {
            let found = outcomes(line, output).into_iter().next();
            assert_eq!(
                found,
                expected.map(|(test, outcome)| (test.to_owned(), outcome)),
                "{line}"
            );
        }
    }

    #[test]
    fn exceptions_cover_failures_only() {
        let outcomes = BTreeMap::from([
            ("a".to_owned(), Outcome::Passed),
            ("b".to_owned(), Outcome::Failed),
            ("c".to_owned(), Outcome::Failed),
            ("d".to_owned(), Outcome::Skipped),
        ]);
        let exceptions = BTreeMap::from([("c".to_owned(), "transactions".to_owned())]);
        assert_eq!(
            judge(&outcomes, &exceptions),
            Tally {
                passed: 1,
                failed: 1,
                skipped: 2
            }
        );
    }
}
