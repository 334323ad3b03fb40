//! What opening a log found.

use std::fmt;
use std::path::PathBuf;

use crate::entry::LogId;

/// What opening a log found, and what was made of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoveryReport {
    /// Entries that were looked at: those behind the last checkpoint.
    pub entries_walked: u64,
    /// The last entry, or the purge point where there is none.
    pub last: Option<LogId>,
    /// What was cut off the end, if anything.
    pub cut: Option<Cut>,
    /// Files that an interrupted purge or truncation had left and that are gone now.
    pub files_removed: u64,
    /// The commit mark, where it was above the last entry. That happens only where a log acknowledges what is not
    /// durable; such a replica must fetch the missing entries before it votes.
    pub committed_above_end: Option<LogId>,
}

/// The end of a log that was not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The file it was found in.
    pub path: PathBuf,
    /// Bytes of that file that count.
    pub at: u64,
    /// Bytes that do not, there and in later files, unused space included.
    pub bytes: u64,
    /// What is wrong with the first of them; `None` for space that was never used.
    pub reason: Option<String>,
    /// Later segments that are gone with it.
    pub segments_removed: u64,
}

impl fmt::Display for RecoveryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.last {
            Some(last) => write!(f, "log ends with {last}")?,
            None => f.write_str("log is empty")?,
        }
        write!(f, ", {} entries walked", self.entries_walked)?;
        if let Some(cut) = &self.cut {
            let reason = cut.reason.as_deref().unwrap_or("unused space");
            let (path, at, bytes) = (cut.path.display(), cut.at, cut.bytes);
            write!(f, "; {bytes} bytes cut off {path} at {at}: {reason}")?;
            if cut.segments_removed > 0 {
                write!(f, " ({} segments behind it)", cut.segments_removed)?;
            }
        }
        if let Some(committed) = self.committed_above_end {
            write!(f, "; {committed} was committed and is not there")?;
        }
        Ok(())
    }
}
