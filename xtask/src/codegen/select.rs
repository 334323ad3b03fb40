//! Which messages are generated.
//!
//! All that ordinary clients, admin tools and our own files need. Left out: what only brokers and
//! controllers say to each other, delegation tokens, telemetry,
//! share groups and streams groups.

use anyhow::{Result, ensure};

use super::schema::{Kind, Message};

/// Keys of the requests whose request and response are generated.
const API_KEYS: [i16; 54] = [
    0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
    29, 30, 31, 32, 33, 34, 35, 36, 37, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 55, 57, 60, 61, 65,
    66, 68, 69, 74, 75,
];

/// Messages without an API key that are generated.
const DATA: [&str; 14] = [
    "ConsumerProtocolAssignment",
    "ConsumerProtocolSubscription",
    "ControlRecordTypeSchema",
    "DefaultPrincipalData",
    "EndTxnMarker",
    "KRaftVersionRecord",
    "LeaderChangeMessage",
    "ProducerSnapshot",
    "QuorumStateData",
    "SnapshotFooterRecord",
    "SnapshotHeaderRecord",
    "TransactionLogKey",
    "TransactionLogValue",
    "VotersRecord",
];

pub(crate) fn is_wanted(message: &Message) -> bool {
    match message.kind {
        Kind::Request | Kind::Response => message.key.is_some_and(|key| API_KEYS.contains(&key)),
        // Tiered storage keeps records of this kind in a topic of its own.
        Kind::Metadata => !message.name.starts_with("Remote"),
        Kind::Coordinator => {
            message.name.starts_with("TransactionLog")
                || !message.name.starts_with("Share") && !message.name.starts_with("Streams")
        }
        Kind::Data => DATA.contains(&message.name.as_str()),
        Kind::Header => false,
    }
}

/// Fails when a wanted message is missing from the jars.
pub(crate) fn ensure_complete(selected: &[&Message]) -> Result<()> {
    for key in API_KEYS {
        let halves = selected
            .iter()
            .filter(|m| matches!(m.kind, Kind::Request | Kind::Response) && m.key == Some(key))
            .count();
        ensure!(
            halves == 2,
            "API key {key}: {halves} schemas found, expected 2"
        );
    }
    for name in DATA {
        ensure!(
            selected.iter().any(|m| m.name == name),
            "no schema named {name}"
        );
    }
    Ok(())
}
