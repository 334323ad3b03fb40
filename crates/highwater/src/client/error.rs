//! Why a call failed, by what the caller does next.

use std::io;

use kafka_wire::{ErrorCode, WireError};

/// What went wrong between the command and the server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody answers at any of the addresses, or a connection broke. Check the address, start
    /// the server, try again.
    #[error("cannot reach {address}: {source}")]
    Unreachable {
        /// Where it was tried.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// The server did not answer in time. What was asked for may have happened.
    #[error("{address} did not answer {what} within {waited_ms} ms")]
    Timeout {
        /// Who was asked.
        address: String,
        /// Name of the call.
        what: &'static str,
        /// How long was waited, in ms.
        waited_ms: u128,
    },
    /// The server answered with an error. Nothing of what was asked for happened.
    #[error("{about}: {message} ({})", .code.name())]
    Refused {
        /// Which topic, group or partition.
        about: String,
        /// Kafka's error code.
        code: ErrorCode,
        /// The server's own words, or those of the code.
        message: String,
    },
    /// The server has no version of a call that this client has too.
    #[error("{address} does not offer {what} in a version this client knows")]
    NotOffered {
        /// Who was asked.
        address: String,
        /// Name of the call.
        what: &'static str,
    },
    /// What the server sent makes no sense. A bug on one of the two sides.
    #[error("{address} broke the protocol: {why}")]
    Protocol {
        /// Who sent it.
        address: String,
        /// What was wrong with it.
        why: String,
    },
    /// What was asked for cannot be written in the versions both sides know.
    #[error("the request cannot be sent: {0}")]
    Unsayable(#[from] WireError),
}

impl ClientError {
    /// Turns the error code of an answer into a result.
    ///
    /// # Errors
    /// `Refused` unless the code is 0.
    pub fn check(code: i16, about: &str, message: Option<&str>) -> Result<(), Self> {
        match ErrorCode::from_i16(code).unwrap_or(ErrorCode::UnknownServerError) {
            ErrorCode::None => Ok(()),
            code => Err(Self::refused(code, about, message)),
        }
    }

    /// A refusal with the server's words, or the code's where the server gave none.
    pub fn refused(code: ErrorCode, about: &str, message: Option<&str>) -> Self {
        let message = message
            .filter(|text| !text.is_empty())
            .unwrap_or(code.message());
        Self::Refused {
            about: about.to_owned(),
            code,
            message: message.to_owned(),
        }
    }

    /// The code of a refusal.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether the same call may succeed a little later, perhaps at another broker.
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Timeout { .. } => true,
            Self::Refused { code, .. } => code.is_retriable(),
            Self::NotOffered { .. } | Self::Protocol { .. } | Self::Unsayable(_) => false,
        }
    }
}
