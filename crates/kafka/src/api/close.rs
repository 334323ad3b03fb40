//! Why a connection ends.

use std::io;

use kafka_wire::{ApiKey, WireError};

use crate::connection::FrameError;

/// The reason a connection is closed. Everything that is wrong *inside* a readable request is an error code in its
/// answer instead.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Close {
    #[error("closed by the peer")]
    ByPeer,
    #[error("nothing received for too long")]
    Idle,
    #[error("the server stops")]
    Stopping,
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("bad frame: {0}")]
    Frame(#[from] FrameError),
    #[error("bad request header: {0}")]
    Header(WireError),
    #[error("API key {key} version {version} is not spoken here")]
    Unsupported { key: i16, version: i16 },
    #[error("undecodable {api:?} request, version {version}: {error}")]
    Undecodable {
        api: ApiKey,
        version: i16,
        error: WireError,
    },
    /// A defect of ours, or an answer too large for the protocol.
    #[error("{api:?} version {version} could not be answered: {error}")]
    Unanswerable {
        api: ApiKey,
        version: i16,
        error: WireError,
    },
    /// A request that wants no answer failed; closing is the only way to say so.
    #[error("produce without acknowledgement failed: {0}")]
    SilentFailure(kafka_wire::ErrorCode),
    /// A defect of ours that took the request with it.
    #[error("internal failure: {0}")]
    Defect(String),
}

impl Close {
    /// Whether the peer sent something that no correct client sends.
    pub(crate) fn is_protocol_violation(&self) -> bool {
        match self {
            Self::Frame(_)
            | Self::Header(_)
            | Self::Unsupported { .. }
            | Self::Undecodable { .. } => true,
            Self::ByPeer
            | Self::Idle
            | Self::Stopping
            | Self::Io(_)
            | Self::Unanswerable { .. }
            | Self::SilentFailure(_)
            | Self::Defect(_) => false,
        }
    }
}
