//! What the clients asked, what they were told, and when.
//!
//! An operation whose outcome is unknown has no end: it may take effect at any later time, or never. One that certainly did
//! nothing is left out, and so is a read without an answer.

use std::collections::BTreeSet;
use std::fmt;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde::Serialize;

/// One operation of one client on one key; the fields are the checker's.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Operation {
    pub(crate) client: usize,
    pub(crate) key: String,
    #[serde(flatten)]
    pub(crate) kind: Kind,
    pub(crate) call_ns: u64,
    /// None while the outcome is unknown.
    pub(crate) return_ns: Option<u64>,
    /// What the key held: a read's value, or the value before a write.
    pub(crate) found: Option<String>,
    /// Whether a write changed the key.
    pub(crate) applied: bool,
}

/// What was asked.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub(crate) enum Kind {
    Get,
    Put {
        value: String,
    },
    Cas {
        expected: Option<String>,
        value: String,
    },
    Delete,
}

/// The operations of a round, or of all.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) started: Instant,
    pub(crate) operations: Vec<Operation>,
}

/// What the checker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Linearizable,
    NotLinearizable,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Linearizable => "linearizable",
            Self::NotLinearizable => "NOT LINEARIZABLE",
        })
    }
}

impl History {
    pub(crate) fn new(started: Instant) -> Self {
        Self {
            started,
            operations: Vec::new(),
        }
    }

    /// An empty history on the same clock.
    pub(crate) fn successor(&self) -> Self {
        Self::new(self.started)
    }

    pub(crate) fn absorb(&mut self, other: Self) {
        self.operations.extend(other.operations);
    }

    pub(crate) fn keys(&self) -> BTreeSet<String> {
        self.operations
            .iter()
            .map(|operation| operation.key.clone())
            .collect()
    }

    pub(crate) fn summary(&self) -> String {
        let unknown = self
            .operations
            .iter()
            .filter(|operation| operation.return_ns.is_none());
        format!(
            "{} operations, {} of unknown outcome",
            self.operations.len(),
            unknown.count()
        )
    }

    /// Writes the history to `path.jsonl` and asks the checker, which leaves a picture in `path.html` if it objects.
    pub(crate) fn check(&self, checker: &Path, path: &Path) -> Result<Verdict> {
        let file = path.with_extension("jsonl");
        let mut lines = std::io::BufWriter::new(std::fs::File::create(&file)?);
        for operation in &self.operations {
            serde_json::to_writer(&mut lines, operation)?;
            lines.write_all(b"\n")?;
        }
        lines.flush()?;
        let output = Command::new(checker)
            .arg(&file)
            .arg(path.with_extension("html"))
            .output()
            .with_context(|| checker.display().to_string())?;
        match output.status.code() {
            Some(0) => Ok(Verdict::Linearizable),
            Some(1) => Ok(Verdict::NotLinearizable),
            _ => bail!(
                "the checker failed: {}",
                String::from_utf8_lossy(&output.stderr)
            ),
        }
    }
}
