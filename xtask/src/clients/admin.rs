//! Admin calls of the Java client, held against what Kafka 4.3.1 answers to the same calls.
//!
//! `tests/clients/java/admin/kafka-4.3.1.txt` was recorded from the Java broker; `differences.txt` beside it lists
//! the lines in which Highwater says something else, with the reason.

use std::fs;

use anyhow::{Context, Result};

use super::server::{Server, Target, java};
use crate::report::Tally;
use crate::{maven, step, workspace};

/// Runs the calls against `target`; one tally entry per line.
pub(super) fn run(target: Target) -> Result<Tally> {
    let folder = workspace::root().join("tests/clients/java/admin");
    let read = |name: &str| fs::read_to_string(folder.join(name)).with_context(|| name.to_owned());
    let expected = read("kafka-4.3.1.txt")?;
    let allowed = read("differences.txt")?;
    let jars = maven::jars("kafka-4.3.1", maven::KAFKA)?;
    let dir = tempfile::Builder::new()
        .prefix("highwater-admin-")
        .tempdir()?;
    let server = Server::start(target, dir.path())?;
    let mut java = java(&jars, &["-Dlog4j2.level=OFF"]);
    java.arg(folder.join("AdminScenario.java"))
        .arg(server.address());
    let said = step::output(&mut java)?;
    server.stop()?;
    Ok(compare(&expected, &said, &allowed))
}

/// Line by line: as Kafka, or as the list of differences says. Prints what is neither.
fn compare(expected: &str, said: &str, allowed: &str) -> Tally {
    let mut tally = Tally::default();
    let is_answer = |line: &&str| line.contains(" -> ") || line.starts_with("topic config ");
    let said: Vec<&str> = said.lines().filter(is_answer).collect();
    let kafka: Vec<&str> = expected.lines().collect();
    let ours: Vec<&str> = allowed
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    for line in &said {
        let ok = kafka.contains(line) || ours.contains(line);
        if !ok {
            println!("   unexpected: {line}");
        }
        tally.add(Tally::single(ok));
    }
    // Every call that Kafka answered must have been answered.
    let call = |line: &str| line.split(" -> ").next().unwrap_or_default().to_owned();
    for line in kafka.iter().filter(|line| line.contains(" -> ")) {
        if !said.iter().any(|ours| call(ours) == call(line)) {
            println!("   missing: {line}");
            tally.add(Tally::single(false));
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_kafkas_or_listed() {
        let kafka = "a -> ok\nb -> Error: x\nc -> 1\n";
        let tally = |said| compare(kafka, said, "# why\nb -> Error: y\n");
        assert_eq!(
            (
                tally("a -> ok\nb -> Error: y\nc -> 1\n").failed,
                tally("log\n").failed
            ),
            (0, 3)
        );
        assert_eq!(tally("a -> ok\nb -> Error: z\nc -> 1\n").failed, 1);
    }
}
