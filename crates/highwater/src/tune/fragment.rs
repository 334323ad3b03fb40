//! The chosen settings as a configuration file that `highwater serve --config` reads, with where they come from.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::{Durability, Layout, Plan};
use crate::report::{Choice, Outcome, Report};

/// Why the file was not written. An older file of that name is as it was.
#[derive(Debug, thiserror::Error)]
pub enum FragmentError {
    /// There is a file already.
    #[error("{path} is there already and was left as it was; say --force to replace it", path = path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// It could not be written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
}

/// The settings; `None` where the figures do not allow any.
#[must_use]
pub fn fragment(plan: &Plan, report: &Report, choice: &Choice) -> Option<String> {
    if choice.outcome == Outcome::NoChoice {
        return None;
    }
    let mut out = String::new();
    let mut comment = |text: &str| {
        // A name of a directory may hold anything, a comment ends with its line.
        let text: String = text
            .chars()
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect();
        // Writing into a string cannot fail.
        let _ = writeln!(out, "# {text}");
    };
    comment(&format!(
        "Written by highwater {} on {}:",
        report.highwater, report.started
    ));
    comment(&format!("  {}", report.command.join(" ")));
    comment("on this machine; on another one, or after a change of disk or kernel, run it again:");
    for (name, fact) in report.machine.facts() {
        comment(&format!("  {name}: {fact}"));
    }
    for sentence in choice.evidence.iter().chain(&choice.why) {
        comment(sentence);
    }
    if plan.layout == Layout::Rocketmq {
        comment(
            "For a directory in RocketMQ's layout; with a Kafka directory, leave the engine out.",
        );
    }
    let engine = match (choice.outcome, plan.layout) {
        (Outcome::Chosen, _) | (_, Layout::Rocketmq) => choice.engine.as_str(),
        _ => "auto",
    };
    let _ = writeln!(out, "engine = \"{engine}\"");
    if plan.layout == Layout::Kafka {
        let caching = plan.durability == Durability::Os;
        let _ = writeln!(out, "\n[kafka]\n\"log.write.caching\" = {caching}");
    }
    Some(out)
}

/// Writes it; replaces a file that is there only where `force` says so.
///
/// # Errors
/// Both variants.
pub fn write_fragment(path: &Path, text: &str, force: bool) -> Result<(), FragmentError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => FragmentError::Exists {
            path: path.to_owned(),
        },
        _ => FragmentError::Io {
            path: path.to_owned(),
            source,
        },
    };
    if force {
        return crate::report::json::replace(path, text.as_bytes()).map_err(|error| match error {
            crate::report::json::JsonError::Io { source, .. } => failed(source),
            other => failed(io::Error::other(other)),
        });
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(|error| {
        // Half of it would be read as all of it. The error that matters is the first one.
        let _ = fs::remove_file(path);
        failed(error)
    })
}

/// Whether [`write_fragment`] could write the file, before minutes of measuring.
///
/// # Errors
/// As [`write_fragment`]; nothing is left behind.
pub fn check_fragment(path: &Path, force: bool) -> Result<(), FragmentError> {
    if !force && path.symlink_metadata().is_ok() {
        return Err(FragmentError::Exists {
            path: path.to_owned(),
        });
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    fs::File::create(&beside)
        .and_then(|_| fs::remove_file(&beside))
        .map_err(|source| FragmentError::Io {
            path: path.to_owned(),
            source,
        })
}
