//! Rule: a function fits a screen.
//!
//! Longer ones that exist are listed in `xtask/long-functions.txt` with their length, and may only get shorter:
//! the list is a ratchet, not an allowance. `cargo xtask fix` lowers it, nothing raises it.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::{Source, own_file};
use crate::report::Tally;

/// Longest function, from its `fn` line to its closing brace, both included.
const FUNCTION_LINES_MAX: usize = 70;
/// The same for tests, whose tables are data.
const TEST_LINES_MAX: usize = 150;
const RATCHET: &str = "long-functions.txt";

/// Complains about functions that are too long and not in the ratchet, or longer than it says.
pub(super) fn check(sources: &[Source]) -> Result<Vec<String>> {
    let allowed = read_ratchet()?;
    let mut complaints = Vec::new();
    for (key, (line, lines, limit)) in too_long(sources) {
        let most = allowed.get(&key).copied().unwrap_or(limit);
        if lines > most {
            let (path, name) = key.split_once(' ').unwrap_or((key.as_str(), ""));
            complaints.push(format!(
                "{path}:{line}: {name} has {lines} lines, at most {most}"
            ));
        }
    }
    Ok(complaints)
}

/// Lowers each entry of the ratchet to the present length and drops those that are short or gone.
pub(super) fn lower_ratchet(sources: &[Source]) -> Result<Tally> {
    let found = too_long(sources);
    let mut text = String::new();
    for (key, most) in read_ratchet()? {
        if let Some((_, lines, _)) = found.get(&key) {
            text.push_str(&format!("{key} {}\n", most.min(*lines)));
        }
    }
    let path = own_file(RATCHET);
    if path.exists() {
        std::fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    Ok(Tally::single(true))
}

/// `path function` → most lines allowed.
fn read_ratchet() -> Result<BTreeMap<String, usize>> {
    let path = own_file(RATCHET);
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let mut entries = BTreeMap::new();
    for line in text.lines() {
        if let Some((key, lines)) = line.rsplit_once(' ') {
            let lines = lines
                .parse()
                .with_context(|| format!("{RATCHET}: {line}"))?;
            entries.insert(key.to_owned(), lines);
        }
    }
    Ok(entries)
}

/// `path function` → (line of its `fn`, lines, most lines), for all functions over their limit.
fn too_long(sources: &[Source]) -> BTreeMap<String, (usize, usize, usize)> {
    let mut found = BTreeMap::new();
    for source in sources.iter().filter(|source| source.is_written_rust()) {
        let tests_from = first_test_line(source);
        for (name, line, lines) in functions(&source.text) {
            let limit = if line > tests_from {
                TEST_LINES_MAX
            } else {
                FUNCTION_LINES_MAX
            };
            if lines > limit {
                found.insert(format!("{} {name}", source.path), (line, lines, limit));
            }
        }
    }
    found
}

/// From which line on a file holds tests: all of it under a `tests` folder, else from its test module on.
fn first_test_line(source: &Source) -> usize {
    if source.path.contains("/tests/") || source.path.ends_with("tests.rs") {
        return 0;
    }
    source
        .text
        .lines()
        .position(|line| line.trim() == "#[cfg(test)]")
        .unwrap_or(usize::MAX)
}

/// Name, line of the `fn` (from 1) and number of lines of every function with a body of its own lines.
fn functions(text: &str) -> Vec<(String, usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else {
            continue;
        };
        let indent = &line[..line.len() - line.trim_start().len()];
        let rest = lines.get(index..).unwrap_or_default();
        let Some(open) = rest
            .iter()
            .position(|line| line.ends_with('{') || line.ends_with(['}', ';']))
        else {
            continue;
        };
        if !rest.get(open).is_some_and(|line| line.ends_with('{')) {
            continue;
        }
        let closes = |line: &&str| line.strip_prefix(indent).is_some_and(|rest| rest == "}");
        if let Some(close) = rest.iter().skip(open).position(closes) {
            found.push((name.to_owned(), index + 1, open + close + 1));
        }
    }
    found
}

/// Name of the function that this line begins to define.
fn function_name(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    for prefix in [
        "pub(crate) ",
        "pub(super) ",
        "pub ",
        "default ",
        "const ",
        "async ",
        "unsafe ",
        "extern \"C\" ",
    ] {
        rest = rest.strip_prefix(prefix).unwrap_or(rest);
    }
    let rest = rest.strip_prefix("fn ")?;
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'))?;
    rest.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_bodies_and_their_lengths() {
        let text = "trait T {\n    fn a(&self);\n    fn b(\n        &self,\n    ) -> u8;\n}\n\
                    pub(crate) async fn c() {\n    let x = 1;\n\n    if x {\n    }\n}\nfn d() {}\n\
                    impl X {\n    fn e<A>(a: A)\n    where\n        A: B,\n    {\n        f(a);\n    }\n}\n";
        let found = functions(text);
        assert_eq!(found, [("c".to_owned(), 7, 6), ("e".to_owned(), 15, 6)]);
    }
}
