//! A report as a file.
//!
//! Invariants: a file is there whole or not at all (a new name, then a rename); one that a newer program wrote is refused,
//! not half understood.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::model::{Report, SCHEMA};

/// Why a report was not read or written.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// The file could not be reached. Nothing was changed.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's own words.
        source: io::Error,
    },
    /// It is no report.
    #[error("{path} is no report of highwater: {source}", path = path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// It is a report of a newer program.
    #[error("{path} has version {found}; this program knows {SCHEMA}", path = path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
}

/// Writes a report; an older file of that name is replaced.
///
/// # Errors
/// `Io`; the older file is what it was then.
pub fn write(report: &Report, path: &Path) -> Result<(), JsonError> {
    let text = text(report).map_err(|error| JsonError::Io {
        path: path.to_owned(),
        source: error.into(),
    })?;
    replace(path, text.as_bytes())
}

/// Writes a file under a new name and renames it into place.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), JsonError> {
    let failed = |source| JsonError::Io {
        path: path.to_owned(),
        source,
    };
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let written = fs::File::create(&beside)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| {
        // The error that matters is the first one.
        let _ = fs::remove_file(&beside);
        failed(error)
    })
}

/// Reads a report.
///
/// # Errors
/// All variants.
pub fn read(path: &Path) -> Result<Report, JsonError> {
    let bytes = fs::read(path).map_err(|source| JsonError::Io {
        path: path.to_owned(),
        source,
    })?;
    let syntax = |source| JsonError::Syntax {
        path: path.to_owned(),
        source,
    };
    #[derive(serde::Deserialize)]
    struct Version {
        schema: u32,
    }
    let version: Version = serde_json::from_slice(&bytes).map_err(syntax)?;
    if version.schema > SCHEMA {
        return Err(JsonError::Newer {
            path: path.to_owned(),
            found: version.schema,
        });
    }
    serde_json::from_slice(&bytes).map_err(syntax)
}

/// The document with a newline at its end.
///
/// # Errors
/// None for a report: its maps have text keys and its numbers are finite.
pub fn text(report: &Report) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    Ok(text)
}
