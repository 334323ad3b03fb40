//! What can go wrong in the log half: one variant per thing the caller does next.
//!
//! Invariants: every `AppendError` but `Unknown` means that nothing was appended. The request layer
//! maps each variant to exactly one wire code in one exhaustive match.

use std::io;
use std::path::{Path, PathBuf};

use super::ids::KafkaOffset;

/// Why bytes are not a record batch of format 2.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchDefect {
    /// Fewer bytes than the header, or than the length field announces.
    #[error("batch needs {need_bytes} bytes, {have_bytes} are there")]
    Truncated {
        /// Bytes the batch would take.
        need_bytes: usize,
        /// Bytes given.
        have_bytes: usize,
    },
    /// The length field is below the smallest batch or above what a file can hold.
    #[error("batch length field {0} is impossible")]
    BadLength(i32),
    /// A format other than 2.
    #[error("batch has magic {0}, only 2 is read here")]
    BadMagic(i8),
    /// The checksum does not match the bytes.
    #[error("batch checksum is {stored:#010x}, its bytes give {computed:#010x}")]
    BadChecksum {
        /// What the header says.
        stored: u32,
        /// What the bytes give.
        computed: u32,
    },
    /// A compression codec number above 4.
    #[error("unknown compression codec {0}")]
    UnknownCodec(i16),
    /// The compressed stream cannot be read, or would expand past the bound.
    #[error("compressed records cannot be read: {0}")]
    BadCompression(String),
    /// The record at this index is malformed.
    #[error("record {index}: {what}")]
    BadRecord {
        /// Index of the record in its batch.
        index: i32,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The records end before or after the count the header gives.
    #[error("batch announces {announced} records, {what}")]
    BadCount {
        /// The header's count.
        announced: i32,
        /// How the bytes differ.
        what: &'static str,
    },
}

/// One refused record of a refused batch (Produce 8 and later carry these).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordError {
    /// Index of the record in its batch.
    pub batch_index: i32,
    /// Why it was refused.
    pub message: String,
}

/// Why a batch was not appended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// Damaged on the way: wire code 2, CORRUPT_MESSAGE.
    #[error("{0}")]
    Corrupt(BatchDefect),
    /// Whole but against the rules: wire code 87, INVALID_RECORD.
    #[error("{message}")]
    InvalidRecord {
        /// One sentence for the producer.
        message: String,
        /// The refused records, empty if the batch itself is the matter.
        record_errors: Vec<RecordError>,
    },
    /// A timestamp outside the topic's range: wire code 32, INVALID_TIMESTAMP.
    #[error("{message}")]
    InvalidTimestamp {
        /// One sentence for the producer.
        message: String,
        /// The refused records.
        record_errors: Vec<RecordError>,
    },
    /// Above `max.message.bytes`: wire code 10, MESSAGE_TOO_LARGE.
    #[error("batch of {batch_bytes} bytes exceeds max.message.bytes {max_bytes}")]
    TooLarge {
        /// The batch.
        batch_bytes: usize,
        /// The limit.
        max_bytes: u32,
    },
    /// Above `segment.bytes`: wire code 18, RECORD_LIST_TOO_LARGE.
    #[error("batch of {batch_bytes} bytes exceeds segment.bytes {segment_bytes}")]
    LargerThanSegment {
        /// The batch.
        batch_bytes: usize,
        /// The limit.
        segment_bytes: u32,
    },
    /// A codec this Produce version may not use: wire code 76, UNSUPPORTED_COMPRESSION_TYPE.
    #[error("this version of Produce may not carry {0}")]
    UnsupportedCompression(&'static str),
    /// Sequence not the next one: wire code 45, OUT_OF_ORDER_SEQUENCE_NUMBER.
    #[error("producer {producer_id}: sequence {got} does not follow {last}")]
    OutOfOrderSequence {
        /// Whose.
        producer_id: i64,
        /// First sequence of the batch.
        got: i32,
        /// Last sequence known.
        last: i32,
    },
    /// An epoch older than the newest seen: wire code 47, INVALID_PRODUCER_EPOCH.
    #[error("producer {producer_id}: epoch {got} is older than {current}")]
    InvalidProducerEpoch {
        /// Whose.
        producer_id: i64,
        /// Epoch of the batch.
        got: i16,
        /// Newest epoch known.
        current: i16,
    },
    /// The batch does not fit the producer's transaction: wire code 48, INVALID_TXN_STATE.
    #[error("producer {producer_id}: {what}")]
    InvalidTxnState {
        /// Whose.
        producer_id: i64,
        /// What does not fit.
        what: &'static str,
    },
    /// The disk is full. Nothing was appended; the same batch may be sent again later. Wire code 56.
    #[error("no space left for the log of {0}")]
    NoSpace(String),
    /// The log takes nothing more until it is opened again: wire code 56, KAFKA_STORAGE_ERROR.
    #[error("{0}")]
    Storage(StorageError),
    /// The topic was deleted or the log closed under the caller: wire code 3.
    #[error("the log is closed")]
    Closed,
}

/// Why a read found nothing to give.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Wire code 1, OFFSET_OUT_OF_RANGE.
    #[error("offset {asked} is outside {log_start}..={log_end}")]
    OutOfRange {
        /// What was asked for.
        asked: KafkaOffset,
        /// First offset readable.
        log_start: KafkaOffset,
        /// End of the log, exclusive.
        log_end: KafkaOffset,
    },
    /// Wire code 56, KAFKA_STORAGE_ERROR.
    #[error("{0}")]
    Storage(StorageError),
    /// The bytes are not in memory and the caller may not wait for the disk: ask again where it may.
    #[error("the read would wait for the disk")]
    WouldBlock,
    /// The topic was deleted or the log closed under the caller: wire code 3.
    #[error("the log is closed")]
    Closed,
}

impl From<StorageError> for ReadError {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

/// An earlier sync of this log failed; what was not durable then may never be.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the log is poisoned: {0}")]
pub struct Poisoned(pub String);

/// Files that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The operating system refused an operation on this file.
    #[error("{what} {}: {source}", path.display())]
    Io {
        /// What was being done, as a verb.
        what: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A small file (checkpoint, properties, snapshot) is not what it should be.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong, with the line where there are lines.
        why: String,
    },
    /// The data directory cannot be used: held by another process, or not a directory.
    #[error("{0}")]
    Unusable(String),
    /// Messages of format v0 or v1, which are not served. Nothing was changed; convert with Kafka.
    #[error("{}: {why}", path.display())]
    OldFormat {
        /// Which file.
        path: PathBuf,
        /// Where, and which format.
        why: String,
    },
    /// An earlier failure of this log; only a restart helps.
    #[error(transparent)]
    Poisoned(#[from] Poisoned),
    /// The engine below failed.
    #[error(transparent)]
    Segment(#[from] segment::SegmentError),
}

impl StorageError {
    pub(crate) fn io(what: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            what,
            path: path.to_path_buf(),
            source,
        }
    }

    /// A failure of a random-access file; `what` is a verb.
    pub(crate) fn segment(what: &'static str, path: &Path, source: segment::SegmentError) -> Self {
        tracing::debug!(what, path = %path.display(), %source, "index file operation failed");
        Self::Segment(source)
    }

    pub(crate) fn damaged(path: &Path, why: impl Into<String>) -> Self {
        Self::Damaged {
            path: path.to_path_buf(),
            why: why.into(),
        }
    }
}
