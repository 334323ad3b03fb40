//! `<offset>.snapshot`: the producers of a log as they were before that offset.
//!
//! Invariants: the checksum covers everything after it; of each producer only the newest batch is
//! kept; a damaged file is an error, never a panic, and the caller tries the next older one.
//! Format: docs/formats/producer-snapshot.md.

use std::path::{Path, PathBuf};

use super::error::StorageError;
use super::ids::KafkaOffset;
use super::producer_state::{BatchMark, ProducerEntry, ProducerStates};
use super::small_file;
use segment::crc32c;

/// What snapshot file names end with.
pub const SNAPSHOT_SUFFIX: &str = ".snapshot";
/// The version written.
pub const SNAPSHOT_VERSION: i16 = 1;
/// Bytes of one producer.
pub const SNAPSHOT_ENTRY_BYTES: usize = 46;
/// Bytes before the entries: version, checksum, count.
pub const SNAPSHOT_HEADER_BYTES: usize = 10;
const CRC_AT: usize = 2;
const CRC_FROM: usize = 6;

/// The file for the state before `offset`.
pub fn path(dir: &Path, offset: KafkaOffset) -> PathBuf {
    dir.join(format!("{:020}{SNAPSHOT_SUFFIX}", offset.0))
}

/// Encodes the producers, ordered by id.
pub fn encode(states: &ProducerStates) -> Vec<u8> {
    let mut entries: Vec<&ProducerEntry> = states.iter().collect();
    entries.sort_by_key(|entry| entry.producer_id);
    let mut out = Vec::with_capacity(SNAPSHOT_HEADER_BYTES + entries.len() * SNAPSHOT_ENTRY_BYTES);
    out.extend_from_slice(&SNAPSHOT_VERSION.to_be_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(
        &i32::try_from(entries.len())
            .unwrap_or(i32::MAX)
            .to_be_bytes(),
    );
    for entry in entries {
        let last = entry.last_batch();
        out.extend_from_slice(&entry.producer_id.to_be_bytes());
        out.extend_from_slice(&entry.epoch.to_be_bytes());
        out.extend_from_slice(&entry.last_sequence().to_be_bytes());
        out.extend_from_slice(&last.map_or(-1, |batch| batch.last_offset.0).to_be_bytes());
        out.extend_from_slice(&last.map_or(0, |batch| batch.offset_delta).to_be_bytes());
        out.extend_from_slice(&entry.last_timestamp_ms.to_be_bytes());
        out.extend_from_slice(&entry.coordinator_epoch.to_be_bytes());
        out.extend_from_slice(
            &entry
                .open_transaction
                .map_or(-1, |first| first.0)
                .to_be_bytes(),
        );
    }
    let crc = crc32c(&out[CRC_FROM..]);
    out[CRC_AT..CRC_FROM].copy_from_slice(&crc.to_be_bytes());
    out
}

/// Decodes a snapshot.
///
/// # Errors
/// What is wrong, as a phrase.
pub fn decode(bytes: &[u8]) -> Result<ProducerStates, &'static str> {
    let Some((head, entries)) = bytes.split_first_chunk::<SNAPSHOT_HEADER_BYTES>() else {
        return Err("shorter than its header");
    };
    if i16::from_be_bytes([head[0], head[1]]) != SNAPSHOT_VERSION {
        return Err("unknown version");
    }
    if u32::from_be_bytes([head[2], head[3], head[4], head[5]]) != crc32c(&bytes[CRC_FROM..]) {
        return Err("checksum does not match");
    }
    let count = i32::from_be_bytes([head[6], head[7], head[8], head[9]]);
    let whole = entries.chunks_exact(SNAPSHOT_ENTRY_BYTES);
    if !whole.remainder().is_empty() || usize::try_from(count) != Ok(whole.len()) {
        return Err("count does not match its size");
    }
    let mut states = ProducerStates::default();
    for entry in whole {
        states.insert(decode_entry(entry).ok_or("entry cut off")?);
    }
    Ok(states)
}

fn decode_entry(bytes: &[u8]) -> Option<ProducerEntry> {
    let (producer_id, bytes) = bytes.split_first_chunk::<8>()?;
    let (epoch, bytes) = bytes.split_first_chunk::<2>()?;
    let (last_sequence, bytes) = bytes.split_first_chunk::<4>()?;
    let (last_offset, bytes) = bytes.split_first_chunk::<8>()?;
    let (offset_delta, bytes) = bytes.split_first_chunk::<4>()?;
    let (timestamp, bytes) = bytes.split_first_chunk::<8>()?;
    let (coordinator_epoch, bytes) = bytes.split_first_chunk::<4>()?;
    let open = i64::from_be_bytes(*bytes.first_chunk::<8>()?);
    let mut entry =
        ProducerEntry::new(i64::from_be_bytes(*producer_id), i16::from_be_bytes(*epoch));
    entry.last_timestamp_ms = i64::from_be_bytes(*timestamp);
    entry.coordinator_epoch = i32::from_be_bytes(*coordinator_epoch);
    entry.open_transaction = (open >= 0).then_some(KafkaOffset(open));
    let last_offset = i64::from_be_bytes(*last_offset);
    if last_offset >= 0 {
        entry.remember(BatchMark {
            last_sequence: i32::from_be_bytes(*last_sequence),
            last_offset: KafkaOffset(last_offset),
            offset_delta: i32::from_be_bytes(*offset_delta),
            timestamp_ms: entry.last_timestamp_ms,
        });
    }
    Some(entry)
}

/// Writes and syncs the snapshot of the state before `offset`.
///
/// # Errors
/// `Io`.
pub fn write(dir: &Path, offset: KafkaOffset, states: &ProducerStates) -> Result<(), StorageError> {
    small_file::replace(&path(dir, offset), &encode(states))
}

/// Reads one snapshot file.
///
/// # Errors
/// `Damaged`, or `Io` (also when it is not there).
pub fn read(file: &Path) -> Result<ProducerStates, StorageError> {
    match small_file::read(file)? {
        Some(bytes) => decode(&bytes).map_err(|why| StorageError::damaged(file, why)),
        None => Err(StorageError::damaged(file, "not there")),
    }
}

/// The offset in a snapshot's name.
pub fn offset_of(name: &str) -> Option<KafkaOffset> {
    let digits = name.strip_suffix(SNAPSHOT_SUFFIX)?;
    let all_digits = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits
        .then(|| digits.parse().ok().map(KafkaOffset))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> ProducerStates {
        let mut states = ProducerStates::default();
        for id in [900, 3] {
            let mut entry = ProducerEntry::new(id, 2);
            entry.last_timestamp_ms = 1234;
            entry.remember(BatchMark {
                last_sequence: 9,
                last_offset: KafkaOffset(77),
                offset_delta: 4,
                timestamp_ms: 1234,
            });
            states.insert(entry);
        }
        let mut open = ProducerEntry::new(5, 0);
        open.open_transaction = Some(KafkaOffset(70));
        open.coordinator_epoch = 1;
        states.insert(open);
        states
    }

    #[test]
    fn round_trip() {
        let bytes = encode(&sample());
        assert_eq!(
            bytes.len(),
            SNAPSHOT_HEADER_BYTES + 3 * SNAPSHOT_ENTRY_BYTES
        );
        assert_eq!(decode(&bytes), Ok(sample()));
        assert_eq!(
            decode(&encode(&ProducerStates::default())),
            Ok(ProducerStates::default())
        );
    }

    #[test]
    fn any_flipped_byte_is_noticed() {
        let bytes = encode(&sample());
        for at in 0..bytes.len() {
            let mut bad = bytes.clone();
            bad[at] ^= 0x40;
            assert!(decode(&bad).is_err(), "byte {at}");
        }
        for end in 0..bytes.len() {
            assert!(decode(&bytes[..end]).is_err(), "cut at {end}");
        }
    }

    #[test]
    fn names() {
        assert_eq!(
            offset_of("00000000000000012345.snapshot"),
            Some(KafkaOffset(12345))
        );
        for bad in [
            "12345.snapshot",
            "00000000000000012345.log",
            "0000000000000001234x.snapshot",
        ] {
            assert_eq!(offset_of(bad), None);
        }
    }
}
