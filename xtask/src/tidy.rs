//! House rules that neither rustc, clippy nor rustfmt know: each rule a function from the tree to its complaints.
//!
//! Rules read text, not syntax: the tree is formatted by rustfmt, so a function ends at the `}` under its `fn`.
//! Generated files (`*/generated/*`) are exempt from all that is about writing style.
//! Absent on purpose: anything a lint can say; that belongs into `[workspace.lints]` or `clippy.toml`.

mod constants;
mod dependencies;
mod functions;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::report::Tally;
use crate::workspace;

/// From here on a file is worth splitting; only told.
const FILE_LINES_SOFT: usize = 600;
/// Longest file that passes.
const FILE_LINES_MAX: usize = 800;
/// The only folder whose files may say `unsafe`.
const UNSAFE_ALLOWED: &str = "crates/segment/src/engine/";

/// One file of the tree.
pub(crate) struct Source {
    /// Relative to the root, with forward slashes.
    path: String,
    text: String,
}

impl Source {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    fn is_generated(&self) -> bool {
        self.path.contains("/generated/")
    }

    fn is_written_rust(&self) -> bool {
        self.is_rust() && !self.is_generated()
    }
}

/// What the rules found.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) rules_kept: u64,
    pub(crate) rules_broken: u64,
    /// `path:line: what` for each breach, and remarks that break nothing.
    pub(crate) complaints: Vec<String>,
}

type Rule = fn(&[Source]) -> Result<Vec<String>>;

/// Every rule, by the name that its complaints carry.
const RULES: &[(&str, Rule)] = &[
    ("module header", headers),
    ("file length", file_lengths),
    ("function length", functions::check),
    ("crate arrows", dependencies::arrows),
    ("licences", dependencies::licences),
    ("unsafe allow-list", unsafe_places),
    ("no stubs", stubs),
    ("wall clock", wall_clock),
    ("format constants", constants::check),
];

/// Runs every rule over the tree.
pub(crate) fn check() -> Result<Outcome> {
    let sources = read_tree()?;
    let mut outcome = Outcome::default();
    for (name, rule) in RULES {
        let complaints = rule(&sources).with_context(|| format!("rule: {name}"))?;
        if complaints.is_empty() {
            outcome.rules_kept += 1;
        } else {
            outcome.rules_broken += 1;
        }
        outcome.complaints.extend(
            complaints
                .into_iter()
                .map(|text| format!("{text}  [{name}]")),
        );
    }
    for source in sources.iter().filter(|source| source.is_written_rust()) {
        let lines = source.text.lines().count();
        if (FILE_LINES_SOFT..=FILE_LINES_MAX).contains(&lines) {
            outcome.complaints.push(format!(
                "{}: {lines} lines, soon to split  [remark]",
                source.path
            ));
        }
    }
    Ok(outcome)
}

/// Writes the function-length ratchet anew from the tree; entries can only shrink or go.
pub(crate) fn lower_ratchet() -> Result<Tally> {
    functions::lower_ratchet(&read_tree()?)
}

fn read_tree() -> Result<Vec<Source>> {
    let root = workspace::root();
    let mut sources = Vec::new();
    for path in workspace::files()? {
        if wanted(&path) {
            let bytes =
                std::fs::read(root.join(&path)).with_context(|| path.display().to_string())?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            sources.push(Source {
                path: path.to_string_lossy().into_owned(),
                text,
            });
        }
    }
    Ok(sources)
}

fn wanted(path: &Path) -> bool {
    let known = ["rs", "md", "toml"];
    path.extension()
        .is_some_and(|extension| known.iter().any(|known| extension == *known))
}

fn headers(sources: &[Source]) -> Result<Vec<String>> {
    let missing = |source: &&Source| {
        source.is_written_rust() && !source.text.lines().any(|line| line.starts_with("//!"))
    };
    let complain = |source: &Source| format!("{}:1: no `//!` header", source.path);
    Ok(sources.iter().filter(missing).map(complain).collect())
}

fn file_lengths(sources: &[Source]) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| source.is_written_rust()) {
        let lines = source.text.lines().count();
        if lines > FILE_LINES_MAX {
            complaints.push(format!(
                "{}: {lines} lines, at most {FILE_LINES_MAX}",
                source.path
            ));
        }
    }
    Ok(complaints)
}

fn unsafe_places(sources: &[Source]) -> Result<Vec<String>> {
    let outside = |source: &Source| {
        let ships = ["crates/", "examples/", "fuzz/"]
            .iter()
            .any(|folder| source.path.starts_with(folder));
        ships && source.is_rust() && !source.path.starts_with(UNSAFE_ALLOWED)
    };
    let says_unsafe = |line: &str| words(code(line)).any(|word| word == "unsafe");
    Ok(lines_that(
        sources,
        outside,
        says_unsafe,
        "`unsafe` outside the engines",
    ))
}

fn stubs(sources: &[Source]) -> Result<Vec<String>> {
    let patterns = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[", "ignore"),
    ];
    let stub = |line: &str| patterns.iter().any(|pattern| code(line).contains(pattern));
    Ok(lines_that(
        sources,
        Source::is_rust,
        stub,
        "a stub or an ignored test",
    ))
}

/// Time is passed in: a library reads the wall clock only where its `Clock` is implemented.
fn wall_clock(sources: &[Source]) -> Result<Vec<String>> {
    let library = |source: &Source| {
        let in_library = [
            "crates/segment/src/",
            "crates/kafka/src/",
            "crates/kafka-wire/src/",
            "crates/raftlog/src/",
            "crates/rocketmq/src/",
        ]
        .iter()
        .any(|folder| source.path.starts_with(folder));
        let exempt = source.path.ends_with("/clock.rs") || source.path.contains("/tests");
        source.is_rust() && in_library && !exempt
    };
    let reads = |line: &str| code(line).contains(concat!("SystemTime", "::now("));
    Ok(lines_that(
        sources,
        library,
        reads,
        "reads the wall clock outside a clock.rs",
    ))
}

fn lines_that(
    sources: &[Source],
    file: impl Fn(&Source) -> bool,
    line_breaks_rule: impl Fn(&str) -> bool,
    complaint: &str,
) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources.iter().filter(|source| file(source)) {
        for (index, line) in source.text.lines().enumerate() {
            if line_breaks_rule(line) {
                complaints.push(format!("{}:{}: {complaint}", source.path, index + 1));
            }
        }
    }
    complaints
}

/// The part of a line before a comment. A `//` inside a string ends it too, which hides nothing that the rules look for.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or(line)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    text.split(move |c| !part_of_word(c))
        .filter(|word| !word.is_empty())
}

/// A file that rules keep beside the code of xtask.
fn own_file(name: &str) -> PathBuf {
    workspace::root().join("xtask").join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> Vec<Source> {
        vec![Source {
            path: path.to_owned(),
            text: text.to_owned(),
        }]
    }

    #[test]
    fn each_rule_sees_its_breach_and_nothing_else() {
        let long = "//! x\n".repeat(FILE_LINES_MAX + 1);
        let stub = concat!("//! x\nfn f() { todo", "!() }\n");
        let clock = concat!("//! x\nlet t = SystemTime", "::now();\n");
        let cases: &[(&str, Rule, &str, &str, usize)] = &[
            ("no header", headers, "crates/a/src/x.rs", "fn f() {}\n", 1),
            (
                "header after attribute",
                headers,
                "a.rs",
                "#![allow(x)]\n//! x\n",
                0,
            ),
            (
                "generated",
                headers,
                "crates/a/src/generated/x.rs",
                "fn f() {}\n",
                0,
            ),
            ("long", file_lengths, "a.rs", &long, 1),
            (
                "unsafe",
                unsafe_places,
                "crates/kafka/src/x.rs",
                "unsafe { f() }\n",
                1,
            ),
            (
                "unsafe in an example",
                unsafe_places,
                "examples/kv/src/x.rs",
                "unsafe { f() }\n",
                1,
            ),
            (
                "unsafe in an engine",
                unsafe_places,
                "crates/segment/src/engine/x.rs",
                "unsafe {}\n",
                0,
            ),
            (
                "lint of that name",
                unsafe_places,
                "a.rs",
                "#![deny(unsafe_code)] // unsafe\n",
                0,
            ),
            ("stub", stubs, "a.rs", stub, 1),
            ("clock", wall_clock, "crates/kafka/src/log/x.rs", clock, 1),
            (
                "the clock itself",
                wall_clock,
                "crates/kafka/src/log/clock.rs",
                clock,
                0,
            ),
        ];
        for (name, rule, path, text, expected) in cases {
            let found = rule(&file(path, text)).unwrap_or_default();
            assert_eq!(found.len(), *expected, "{name}: {found:?}");
        }
    }
}
