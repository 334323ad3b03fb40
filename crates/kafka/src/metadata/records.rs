//! One metadata record as bytes, and several of them as a batch.
//!
//! A record's value is: frame version (1), record type, record version, each an unsigned varint,
//! then the record. Which version of a record may be written follows from `metadata.version`.
//! Format: docs/formats/cluster-metadata.md.

use kafka_wire::{Message, MetadataRecord, PartitionRecord, Reader, WireError, Writer};

use crate::log::builder::BatchBuilder;
use crate::log::compression::Compression;

/// The feature that decides which records may be written.
pub(super) const METADATA_VERSION: &str = "metadata.version";
/// What `kafka-storage format` of Kafka 4.3.1 finalizes; a directory made here gets the same.
pub(super) const DEFAULT_FEATURES: [(&str, i16); 6] = [
    (METADATA_VERSION, 30),
    ("eligible.leader.replicas.version", 1),
    ("group.version", 1),
    ("share.version", 1),
    ("streams.version", 1),
    ("transaction.version", 2),
];
/// The lowest `metadata.version` Kafka 4 knows.
pub(super) const METADATA_VERSION_MIN: i16 = 7;
/// The highest one this code was checked against (Kafka 4.4).
pub(super) const METADATA_VERSION_MAX: i16 = 31;

const FRAME_VERSION: u32 = 1;

/// Encodes a record with its frame.
pub(super) fn frame(record: &MetadataRecord<'_>, version: i16) -> Result<Vec<u8>, WireError> {
    let unsigned = |number: i16| u32::try_from(number).unwrap_or_default();
    let mut writer = Writer::with_capacity(80);
    writer.uvarint(FRAME_VERSION);
    writer.uvarint(unsigned(record.record_type()));
    writer.uvarint(unsigned(version));
    record.encode(&mut writer, version)?;
    Ok(writer.into_vec())
}

/// Decodes a record with its frame.
pub(super) fn unframe(value: &[u8]) -> Result<MetadataRecord<'_>, String> {
    let mut reader = Reader::new(value);
    let mut number = |what: &str| {
        let number = reader
            .uvarint()
            .map_err(|error| format!("{what}: {error}"))?;
        i16::try_from(number).map_err(|_| format!("{what} {number} is too large"))
    };
    let frame_version = number("frame version")?;
    if u32::try_from(frame_version) != Ok(FRAME_VERSION) {
        return Err(format!("frame version {frame_version} is unknown"));
    }
    let (record_type, version) = (number("record type")?, number("record version")?);
    let record = MetadataRecord::decode(&mut reader, record_type, version)
        .map_err(|error| format!("record of type {record_type}, version {version}: {error}"))?;
    reader
        .finish()
        .map_err(|error| format!("{}: {error}", record.name()))?;
    Ok(record)
}

/// The record versions a level of `metadata.version` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RecordVersions {
    level: i16,
}

impl RecordVersions {
    pub(super) fn at(level: i16) -> Self {
        Self { level }
    }

    /// Version to write `record` in.
    pub(super) fn of(self, record: &MetadataRecord<'_>) -> i16 {
        match record {
            MetadataRecord::PartitionRecord(_) | MetadataRecord::PartitionChangeRecord(_) => {
                match self.level {
                    23.. => 2,
                    17.. => 1,
                    _ => 0,
                }
            }
            MetadataRecord::RegisterBrokerRecord(_) => match self.level {
                30.. => 4,
                17.. => 3,
                8.. => 2,
                _ => 1,
            },
            // The lowest version that says it, as Kafka does.
            MetadataRecord::BrokerRegistrationChangeRecord(change) => {
                if change.cordoned_log_dirs.is_some() {
                    3
                } else if !change.log_dirs.is_empty() {
                    2
                } else {
                    i16::from(change.in_controlled_shutdown != 0)
                }
            }
            _ => 0,
        }
    }

    /// Whether directory ids may be written.
    pub(super) fn has_directories(self) -> bool {
        self.level >= 17
    }

    /// Takes out of a partition what its version cannot say.
    pub(super) fn fit(self, record: &mut PartitionRecord) {
        if !self.has_directories() {
            record.directories.clear();
        }
        if self.level < 23 {
            record.eligible_leader_replicas = None;
            record.last_known_elr = None;
        }
    }

    /// Whether several batches may form one transaction.
    pub(super) fn has_transactions(self) -> bool {
        self.level >= 13
    }
}

/// Builds a batch of metadata records.
pub(super) fn batch_of(
    records: &[MetadataRecord<'_>],
    versions: RecordVersions,
    place: Place,
) -> Result<Vec<u8>, String> {
    let mut builder = place.builder();
    for record in records {
        let value = frame(record, versions.of(record)).map_err(|error| error.to_string())?;
        builder.push(place.timestamp_ms, None, Some(&value));
    }
    builder.finish().map_err(|error| error.to_string())
}

/// Where a batch goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) base_offset: i64,
    pub(super) epoch: i32,
    pub(super) timestamp_ms: i64,
}

impl Place {
    fn builder(self) -> BatchBuilder {
        BatchBuilder::new(Compression::None).position(self.base_offset, self.epoch)
    }
}

/// Kafka's types of control record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i16)]
pub(super) enum ControlType {
    LeaderChange = 2,
    SnapshotHeader = 3,
    SnapshotFooter = 4,
    KraftVersion = 5,
    KraftVoters = 6,
}

impl ControlType {
    /// Reads a control record's key: version, then type. `None` for a type unknown here.
    pub(super) fn of_key(key: Option<&[u8]>) -> Option<Self> {
        match i16::from_be_bytes(*key?.get(2..)?.first_chunk()?) {
            2 => Some(Self::LeaderChange),
            3 => Some(Self::SnapshotHeader),
            4 => Some(Self::SnapshotFooter),
            5 => Some(Self::KraftVersion),
            6 => Some(Self::KraftVoters),
            _ => None,
        }
    }
}

/// Gathers control records into one batch.
pub(super) struct ControlBatch {
    builder: BatchBuilder,
    timestamp_ms: i64,
}

impl ControlBatch {
    pub(super) fn at(place: Place) -> Self {
        Self {
            builder: place.builder().control(),
            timestamp_ms: place.timestamp_ms,
        }
    }

    /// Adds a control record; its schema's version is 0 for all types written here.
    pub(super) fn push<'m, M: Message<'m>>(
        &mut self,
        kind: ControlType,
        message: &M,
    ) -> Result<(), String> {
        let mut key = [0u8; 4];
        key[2..].copy_from_slice(&(kind as i16).to_be_bytes());
        // The schemas carry their own version as first field, so nothing goes before the message.
        let mut value = Writer::new();
        message
            .encode(&mut value, 0)
            .map_err(|error| error.to_string())?;
        self.builder
            .push(self.timestamp_ms, Some(&key), Some(value.as_slice()));
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Vec<u8>, String> {
        self.builder.finish().map_err(|error| error.to_string())
    }
}
