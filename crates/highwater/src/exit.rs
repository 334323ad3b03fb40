//! Exit codes and the one error type a command returns.

use std::fmt;
use std::process::ExitCode;

/// Why the process leaves unsuccessfully. The numbers are an interface: scripts test them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(
    dead_code,
    reason = "the list is complete; commands use what they need"
)]
pub(crate) enum Exit {
    /// The thing looked at is not well: damage found, lag above the limit asked for.
    NotWell = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// The server cannot be reached.
    Unreachable = 3,
    /// The server refused: authentication or authorisation.
    Refused = 4,
    /// Damaged data stopped the command.
    Damaged = 5,
    /// A demanded limit was not met.
    FellShort = 6,
    /// This machine does not give what is needed: directory locked, port taken, not writable.
    Unavailable = 7,
    /// Interrupted by the user.
    Interrupted = 130,
}

impl Exit {
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}

/// What a command reports when it fails: the exit code and one message that says what happened,
/// where, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
}

impl Failure {
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// An error without a better code: something on this side went wrong.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(Exit::NotWell, format!("{error:#}"))
    }
}
