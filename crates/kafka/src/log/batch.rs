//! The record batch, format 2: header, checksum, and the fields a log stamps in place.
//!
//! Invariants: a `BatchHeader` came from at least 61 bytes; a `BatchView` covers exactly one batch
//! whose length field was checked against the bytes given. Stamping the base offset and the leader
//! epoch never touches a checksummed byte; everything else that is rewritten renews the checksum.
//! Absent on purpose: records (`record`), rules for producers (`validate`).
//! Format: docs/formats/record-batch.md.

use super::compression::Compression;
use super::config::TimestampType;
use super::error::BatchDefect;
use super::ids::KafkaOffset;
use segment::crc32c;

/// Bytes of a batch before its records.
pub const BATCH_HEADER_BYTES: usize = 61;
/// Bytes of base offset and length: what the length field does not count.
pub const BATCH_OVERHEAD_BYTES: usize = 12;
/// Smallest value of the length field.
pub const BATCH_LENGTH_MIN: i32 = 49;
/// Where the length field is.
pub const LENGTH_AT: usize = 8;
/// Where the partition leader epoch is.
pub const LEADER_EPOCH_AT: usize = 12;
/// Where the magic is, in this format and in both older ones.
pub const MAGIC_AT: usize = 16;
/// Where the checksum is.
pub const CRC_AT: usize = 17;
/// Where the attributes are, the first byte the checksum covers.
pub const ATTRIBUTES_AT: usize = 21;
/// Where the last offset delta is.
pub const LAST_OFFSET_DELTA_AT: usize = 23;
/// Where the base timestamp is.
pub const BASE_TIMESTAMP_AT: usize = 27;
/// Where the max timestamp is.
pub const MAX_TIMESTAMP_AT: usize = 35;
/// Where the producer id is.
pub const PRODUCER_ID_AT: usize = 43;
/// Where the producer epoch is.
pub const PRODUCER_EPOCH_AT: usize = 51;
/// Where the base sequence is.
pub const BASE_SEQUENCE_AT: usize = 53;
/// Where the record count is.
pub const RECORD_COUNT_AT: usize = 57;
/// The only magic this log writes.
pub const MAGIC: i8 = 2;
/// Attribute bits: the codec.
pub const ATTRIBUTE_CODEC: i16 = 0b111;
/// Attribute bit: timestamps are the log's.
pub const ATTRIBUTE_LOG_APPEND_TIME: i16 = 1 << 3;
/// Attribute bit: part of a transaction.
pub const ATTRIBUTE_TRANSACTIONAL: i16 = 1 << 4;
/// Attribute bit: control records.
pub const ATTRIBUTE_CONTROL: i16 = 1 << 5;
/// Attribute bit: the base timestamp is a delete horizon.
pub const ATTRIBUTE_DELETE_HORIZON: i16 = 1 << 6;
/// "No timestamp".
pub const NO_TIMESTAMP: i64 = -1;
/// "No producer".
pub const NO_PRODUCER_ID: i64 = -1;

/// The 61 bytes before the records, decoded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatchHeader {
    /// Offset of the first record.
    pub base_offset: i64,
    /// Bytes after the length field.
    pub length: i32,
    /// Epoch of the leader that appended it.
    pub leader_epoch: i32,
    /// Format, 2.
    pub magic: i8,
    /// CRC-32C over everything from the attributes on.
    pub crc: u32,
    /// Codec and flags.
    pub attributes: i16,
    /// Last offset minus base offset.
    pub last_offset_delta: i32,
    /// First record's time, or the delete horizon.
    pub base_timestamp: i64,
    /// Largest time of its records.
    pub max_timestamp: i64,
    /// Idempotent producer, −1 for none.
    pub producer_id: i64,
    /// Its epoch, −1 for none.
    pub producer_epoch: i16,
    /// Sequence of the first record, −1 for none.
    pub base_sequence: i32,
    /// Records in the batch.
    pub record_count: i32,
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    if let Some(found) = bytes.get(at..at + N) {
        out.copy_from_slice(found);
    }
    out
}

/// Size in bytes of the batch (any format) whose first 12 bytes these are.
///
/// # Errors
/// `Truncated` below 12 bytes, `BadLength` if no batch or old message can have that length.
pub fn framed_bytes(head: &[u8]) -> Result<usize, BatchDefect> {
    if head.len() < BATCH_OVERHEAD_BYTES {
        return Err(BatchDefect::Truncated {
            need_bytes: BATCH_OVERHEAD_BYTES,
            have_bytes: head.len(),
        });
    }
    let length = i32::from_be_bytes(take(head, LENGTH_AT));
    // 14 is the smallest message of format 0.
    match usize::try_from(length) {
        Ok(bytes) if bytes >= 14 => Ok(bytes + BATCH_OVERHEAD_BYTES),
        _ => Err(BatchDefect::BadLength(length)),
    }
}

impl BatchHeader {
    /// Decodes the header at the start of `bytes`, which may be longer.
    ///
    /// # Errors
    /// `Truncated` below 61 bytes, `BadMagic`, `BadLength`.
    pub fn parse(bytes: &[u8]) -> Result<Self, BatchDefect> {
        if bytes.len() > MAGIC_AT && bytes[MAGIC_AT] != 2 {
            return Err(BatchDefect::BadMagic(i8::from_be_bytes([bytes[MAGIC_AT]])));
        }
        let Some(head) = bytes.first_chunk::<BATCH_HEADER_BYTES>() else {
            return Err(BatchDefect::Truncated {
                need_bytes: BATCH_HEADER_BYTES,
                have_bytes: bytes.len(),
            });
        };
        let header = Self {
            base_offset: i64::from_be_bytes(take(head, 0)),
            length: i32::from_be_bytes(take(head, LENGTH_AT)),
            leader_epoch: i32::from_be_bytes(take(head, LEADER_EPOCH_AT)),
            magic: i8::from_be_bytes(take(head, MAGIC_AT)),
            crc: u32::from_be_bytes(take(head, CRC_AT)),
            attributes: i16::from_be_bytes(take(head, ATTRIBUTES_AT)),
            last_offset_delta: i32::from_be_bytes(take(head, LAST_OFFSET_DELTA_AT)),
            base_timestamp: i64::from_be_bytes(take(head, BASE_TIMESTAMP_AT)),
            max_timestamp: i64::from_be_bytes(take(head, MAX_TIMESTAMP_AT)),
            producer_id: i64::from_be_bytes(take(head, PRODUCER_ID_AT)),
            producer_epoch: i16::from_be_bytes(take(head, PRODUCER_EPOCH_AT)),
            base_sequence: i32::from_be_bytes(take(head, BASE_SEQUENCE_AT)),
            record_count: i32::from_be_bytes(take(head, RECORD_COUNT_AT)),
        };
        if header.length < BATCH_LENGTH_MIN {
            return Err(BatchDefect::BadLength(header.length));
        }
        Ok(header)
    }

    /// Bytes of the whole batch in a file.
    pub fn size_bytes(&self) -> usize {
        usize::try_from(self.length).unwrap_or(0) + BATCH_OVERHEAD_BYTES
    }

    /// Offset of the last record (inclusive; compaction may have removed it).
    pub fn last_offset(&self) -> KafkaOffset {
        KafkaOffset(
            self.base_offset
                .saturating_add(i64::from(self.last_offset_delta)),
        )
    }

    /// Offset after the batch.
    pub fn next_offset(&self) -> KafkaOffset {
        self.last_offset().next()
    }

    /// The codec.
    ///
    /// # Errors
    /// `UnknownCodec`.
    pub fn compression(&self) -> Result<Compression, BatchDefect> {
        Compression::from_attributes(self.attributes)
    }

    /// Whose clock the timestamps come from.
    pub fn timestamp_type(&self) -> TimestampType {
        match self.attributes & ATTRIBUTE_LOG_APPEND_TIME {
            0 => TimestampType::CreateTime,
            _ => TimestampType::LogAppendTime,
        }
    }

    /// Whether it belongs to a transaction.
    pub fn is_transactional(&self) -> bool {
        self.attributes & ATTRIBUTE_TRANSACTIONAL != 0
    }

    /// Whether it holds control records.
    pub fn is_control(&self) -> bool {
        self.attributes & ATTRIBUTE_CONTROL != 0
    }

    /// When a tombstone in it may go, if the cleaner has said so.
    pub fn delete_horizon_ms(&self) -> Option<i64> {
        (self.attributes & ATTRIBUTE_DELETE_HORIZON != 0).then_some(self.base_timestamp)
    }

    /// Whether an idempotent producer wrote it.
    pub fn has_producer(&self) -> bool {
        self.producer_id > NO_PRODUCER_ID
    }

    /// Sequence of the last record; −1 without sequences.
    pub fn last_sequence(&self) -> i32 {
        if self.base_sequence < 0 {
            -1
        } else {
            advance_sequence(self.base_sequence, self.last_offset_delta)
        }
    }
}

/// `sequence` moved on by `by`, wrapping after 2^31−1 to 0.
pub fn advance_sequence(sequence: i32, by: i32) -> i32 {
    let sum = i64::from(sequence) + i64::from(by);
    i32::try_from(sum % (i64::from(i32::MAX) + 1)).unwrap_or(0)
}

/// Exactly one batch, borrowed.
#[derive(Clone, Copy, Debug)]
pub struct BatchView<'a> {
    header: BatchHeader,
    bytes: &'a [u8],
}

impl<'a> BatchView<'a> {
    /// The batch at the start of `bytes`, which may hold more after it.
    ///
    /// # Errors
    /// As `BatchHeader::parse`, and `Truncated` if the bytes end before the batch does.
    pub fn first(bytes: &'a [u8]) -> Result<Self, BatchDefect> {
        let header = BatchHeader::parse(bytes)?;
        match bytes.get(..header.size_bytes()) {
            Some(bytes) => Ok(Self { header, bytes }),
            None => Err(BatchDefect::Truncated {
                need_bytes: header.size_bytes(),
                have_bytes: bytes.len(),
            }),
        }
    }

    /// The decoded header.
    pub fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// All bytes of the batch.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The bytes after the header: records, perhaps compressed.
    pub fn records_bytes(&self) -> &'a [u8] {
        &self.bytes[BATCH_HEADER_BYTES..]
    }

    /// One pass over everything from the attributes on.
    ///
    /// # Errors
    /// `BadChecksum`.
    pub fn check_crc(&self) -> Result<(), BatchDefect> {
        let computed = crc32c(&self.bytes[ATTRIBUTES_AT..]);
        if computed == self.header.crc {
            Ok(())
        } else {
            Err(BatchDefect::BadChecksum {
                stored: self.header.crc,
                computed,
            })
        }
    }
}

/// Walks whole batches one after the other; stops at the first that is not whole.
pub struct Batches<'a> {
    rest: &'a [u8],
}

impl<'a> Batches<'a> {
    /// The batches of `bytes`.
    pub fn of(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What is left after the batches given so far.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Batches<'a> {
    type Item = Result<BatchView<'a>, BatchDefect>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let view = BatchView::first(self.rest);
        match &view {
            Ok(view) => self.rest = &self.rest[view.bytes.len()..],
            Err(_) => self.rest = &[],
        }
        Some(view)
    }
}

/// Writes base offset and leader epoch; no checksummed byte changes. `batch` holds at least a header.
pub fn stamp_position(batch: &mut [u8], base_offset: KafkaOffset, leader_epoch: i32) {
    batch[..8].copy_from_slice(&base_offset.0.to_be_bytes());
    batch[LEADER_EPOCH_AT..MAGIC_AT].copy_from_slice(&leader_epoch.to_be_bytes());
}

/// Writes timestamp type and max timestamp, then the new checksum.
pub fn stamp_timestamps(batch: &mut [u8], kind: TimestampType, max_timestamp_ms: i64) {
    let mut attributes =
        i16::from_be_bytes(take(batch, ATTRIBUTES_AT)) & !ATTRIBUTE_LOG_APPEND_TIME;
    if kind == TimestampType::LogAppendTime {
        attributes |= ATTRIBUTE_LOG_APPEND_TIME;
    }
    batch[ATTRIBUTES_AT..LAST_OFFSET_DELTA_AT].copy_from_slice(&attributes.to_be_bytes());
    batch[MAX_TIMESTAMP_AT..PRODUCER_ID_AT].copy_from_slice(&max_timestamp_ms.to_be_bytes());
    stamp_crc(batch);
}

/// Computes and writes the checksum.
pub fn stamp_crc(batch: &mut [u8]) {
    let crc = crc32c(&batch[ATTRIBUTES_AT..]);
    batch[CRC_AT..ATTRIBUTES_AT].copy_from_slice(&crc.to_be_bytes());
}

/// Encodes a header into the first 61 bytes of `out`; the checksum is written as given.
pub fn write_header(out: &mut [u8; BATCH_HEADER_BYTES], header: &BatchHeader) {
    out[..8].copy_from_slice(&header.base_offset.to_be_bytes());
    out[LENGTH_AT..12].copy_from_slice(&header.length.to_be_bytes());
    out[LEADER_EPOCH_AT..16].copy_from_slice(&header.leader_epoch.to_be_bytes());
    out[MAGIC_AT..17].copy_from_slice(&header.magic.to_be_bytes());
    out[CRC_AT..21].copy_from_slice(&header.crc.to_be_bytes());
    out[ATTRIBUTES_AT..23].copy_from_slice(&header.attributes.to_be_bytes());
    out[LAST_OFFSET_DELTA_AT..27].copy_from_slice(&header.last_offset_delta.to_be_bytes());
    out[BASE_TIMESTAMP_AT..35].copy_from_slice(&header.base_timestamp.to_be_bytes());
    out[MAX_TIMESTAMP_AT..43].copy_from_slice(&header.max_timestamp.to_be_bytes());
    out[PRODUCER_ID_AT..51].copy_from_slice(&header.producer_id.to_be_bytes());
    out[PRODUCER_EPOCH_AT..53].copy_from_slice(&header.producer_epoch.to_be_bytes());
    out[BASE_SEQUENCE_AT..57].copy_from_slice(&header.base_sequence.to_be_bytes());
    out[RECORD_COUNT_AT..61].copy_from_slice(&header.record_count.to_be_bytes());
}
