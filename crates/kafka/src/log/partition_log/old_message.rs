//! Messages of the formats before record batches, v0 and v1: told apart from batches that were cut short.
//!
//! Layout, big endian: offset (8), size (4) of what follows, CRC-32 (4) of what follows it, magic (1), attributes (1),
//! in v1 a timestamp (8), then key and value. The magic lies where a batch has its own, so a batch whose first bytes
//! were never written looks like a message of format v0; only the checksum tells.
//! Absent on purpose: reading such messages.

use crc_fast::{CrcAlgorithm, Digest};
use segment::Segment;

use super::super::batch::framed_bytes;
use super::super::error::StorageError;

/// Offset and size.
const PREFIX_BYTES: usize = 12;
const CRC_BYTES: usize = 4;

/// Where the message or batch at `at` ends by its own word (exclusive); `None` if that is nothing, or beyond `end`.
pub(super) fn stated_end(file: &Segment, at: u64, end: u64) -> Result<Option<u64>, StorageError> {
    let mut prefix = [0; PREFIX_BYTES];
    let got = file.read_into(at, &mut prefix)?;
    let framed = framed_bytes(&prefix[..got]).ok();
    Ok(framed
        .map(|bytes| at + bytes as u64)
        .filter(|stated| *stated <= end))
}

/// Whether a whole message with a good checksum lies at `at`.
pub(super) fn is_whole(file: &Segment, at: u64, end: u64) -> Result<bool, StorageError> {
    let Some(message_end) = stated_end(file, at, end)? else {
        return Ok(false);
    };
    let mut stored = [0; CRC_BYTES];
    file.read_into(at + PREFIX_BYTES as u64, &mut stored)?;
    let mut from = at + (PREFIX_BYTES + CRC_BYTES) as u64;
    let mut digest = Digest::new(CrcAlgorithm::Crc32IsoHdlc);
    let mut buffer = [0; 16 << 10];
    while from < message_end {
        let want = usize::try_from(message_end - from)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let got = file.read_into(from, &mut buffer[..want])?;
        if got == 0 {
            return Ok(false);
        }
        digest.update(&buffer[..got]);
        from += got as u64;
    }
    Ok(digest.finalize() == u64::from(u32::from_be_bytes(stored)))
}
