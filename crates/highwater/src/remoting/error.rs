//! Why a call failed, by what the caller does next.

use std::io;

use rocketmq::remoting::codes::response;

/// What went wrong between the command and the servers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemotingError {
    /// Nobody answers at the address, or the connection broke. Check the address, start the server, try again.
    #[error("cannot reach {what} at {address}: {source}")]
    Unreachable {
        /// Name server or broker.
        what: &'static str,
        /// Where it was tried.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// No answer in time. What was asked for may have happened.
    #[error("{address} did not answer {what} within {waited_ms} ms")]
    Timeout {
        /// Who was asked.
        address: String,
        /// Name of the call.
        what: &'static str,
        /// How long was waited, in ms.
        waited_ms: u128,
    },
    /// The server answered with an error.
    #[error("{about}: {remark} ({}, code {code})", code_name(*code))]
    Refused {
        /// Which topic, group or message.
        about: String,
        /// RocketMQ's response code.
        code: i32,
        /// The server's own words.
        remark: String,
    },
    /// What the server sent makes no sense. A bug on one of the two sides, or no RocketMQ server.
    #[error("{address} broke the protocol: {why}")]
    Protocol {
        /// Who sent it.
        address: String,
        /// What was wrong with it.
        why: String,
    },
    /// The name server knows no broker that could do it.
    #[error("{0}")]
    Nowhere(String),
}

impl RemotingError {
    /// The code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }
}

fn code_name(code: i32) -> &'static str {
    match code {
        response::SYSTEM_ERROR => "SYSTEM_ERROR",
        response::SYSTEM_BUSY => "SYSTEM_BUSY",
        response::REQUEST_CODE_NOT_SUPPORTED => "REQUEST_CODE_NOT_SUPPORTED",
        response::FLUSH_DISK_TIMEOUT => "FLUSH_DISK_TIMEOUT",
        response::SLAVE_NOT_AVAILABLE => "SLAVE_NOT_AVAILABLE",
        response::FLUSH_SLAVE_TIMEOUT => "FLUSH_SLAVE_TIMEOUT",
        response::MESSAGE_ILLEGAL => "MESSAGE_ILLEGAL",
        response::SERVICE_NOT_AVAILABLE => "SERVICE_NOT_AVAILABLE",
        response::NO_PERMISSION => "NO_PERMISSION",
        response::TOPIC_NOT_EXIST => "TOPIC_NOT_EXIST",
        response::QUERY_NOT_FOUND => "QUERY_NOT_FOUND",
        response::SUBSCRIPTION_PARSE_FAILED => "SUBSCRIPTION_PARSE_FAILED",
        response::SUBSCRIPTION_GROUP_NOT_EXIST => "SUBSCRIPTION_GROUP_NOT_EXIST",
        response::INVALID_PARAMETER => "INVALID_PARAMETER",
        response::CONSUMER_NOT_ONLINE => "CONSUMER_NOT_ONLINE",
        _ => "refused",
    }
}
