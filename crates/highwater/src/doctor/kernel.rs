//! Reads the small files under `/proc` and `/sys`.
//!
//! Absent on purpose: errors. What cannot be read is not known, and each check says what then.

use std::fs;
use std::path::PathBuf;

/// Where those files are: `/`, or a copy that a test made.
#[derive(Debug, Clone)]
pub(super) struct Kernel {
    root: PathBuf,
}

impl Kernel {
    pub(super) fn real() -> Self {
        Self { root: "/".into() }
    }

    #[cfg(test)]
    pub(super) fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The whole text of a file, without white space at its ends. The path has no leading slash.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        let text = fs::read_to_string(self.root.join(path)).ok()?;
        Some(text.trim().to_owned())
    }

    /// A file that holds one number.
    pub(super) fn number(&self, path: &str) -> Option<u64> {
        self.text(path)?.parse().ok()
    }

    /// The numbers of a file that holds some.
    pub(super) fn numbers(&self, path: &str) -> Vec<u64> {
        let text = self.text(path).unwrap_or_default();
        text.split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect()
    }

    /// The number after `name:` in a file of such lines (`/proc/meminfo`, `/proc/self/status`).
    pub(super) fn field(&self, path: &str, name: &str) -> Option<u64> {
        let text = self.text(path)?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// Names in a directory, in order.
    pub(super) fn list(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.root.join(path)).into_iter().flatten();
        let mut names: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    }

    /// Where a symbolic link leads.
    pub(super) fn link(&self, path: &str) -> Option<PathBuf> {
        fs::read_link(self.root.join(path)).ok()
    }

    /// The real place of a path below the root, without a leading slash.
    pub(super) fn real_path(&self, path: &str) -> Option<String> {
        let found = self.root.join(path).canonicalize().ok()?;
        let root = self.root.canonicalize().ok()?;
        let below = found.strip_prefix(root).ok()?;
        below.to_str().map(str::to_owned)
    }

    /// Whether there is such a file or directory.
    pub(super) fn exists(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }
}
