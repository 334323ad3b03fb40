//! `.txnindex`: the aborted transactions whose marker lies in a segment.
//!
//! Invariants: entries rise in last offset; the file exists only once a transaction was aborted in
//! the segment. A bad entry is an error at load, and the segment is then recovered.
//! Format: docs/formats/txn-index.md.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::error::StorageError;
use super::ids::KafkaOffset;
use super::small_file;

/// What transaction index names end with.
pub const TXN_INDEX_SUFFIX: &str = ".txnindex";
/// Bytes of one entry.
pub const TXN_ENTRY_BYTES: usize = 34;
/// The version each entry carries.
pub const TXN_ENTRY_VERSION: i16 = 0;

/// One aborted transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AbortedTxn {
    /// Whose.
    pub producer_id: i64,
    /// Offset of its first batch.
    pub first_offset: KafkaOffset,
    /// Offset of its marker.
    pub last_offset: KafkaOffset,
    /// The last stable offset when the marker was appended.
    pub last_stable_offset: KafkaOffset,
}

impl AbortedTxn {
    /// The entry's 34 bytes.
    pub fn encode(&self) -> [u8; TXN_ENTRY_BYTES] {
        let mut out = [0; TXN_ENTRY_BYTES];
        out[..2].copy_from_slice(&TXN_ENTRY_VERSION.to_be_bytes());
        out[2..10].copy_from_slice(&self.producer_id.to_be_bytes());
        out[10..18].copy_from_slice(&self.first_offset.0.to_be_bytes());
        out[18..26].copy_from_slice(&self.last_offset.0.to_be_bytes());
        out[26..34].copy_from_slice(&self.last_stable_offset.0.to_be_bytes());
        out
    }

    fn decode(bytes: &[u8; TXN_ENTRY_BYTES]) -> Result<Self, &'static str> {
        let long = |at: usize| {
            let mut field = [0; 8];
            field.copy_from_slice(&bytes[at..at + 8]);
            i64::from_be_bytes(field)
        };
        if i16::from_be_bytes([bytes[0], bytes[1]]) > TXN_ENTRY_VERSION {
            return Err("entry of an unknown version");
        }
        Ok(Self {
            producer_id: long(2),
            first_offset: KafkaOffset(long(10)),
            last_offset: KafkaOffset(long(18)),
            last_stable_offset: KafkaOffset(long(26)),
        })
    }
}

/// The index of one segment: few entries, read whole when asked for.
#[derive(Clone, Debug)]
pub struct TxnIndex {
    path: PathBuf,
}

impl TxnIndex {
    /// The index of the segment that starts at `base` in `dir`.
    pub fn of(dir: &Path, base: i64) -> Self {
        Self {
            path: dir.join(format!("{base:020}{TXN_INDEX_SUFFIX}")),
        }
    }

    /// Every entry; none without a file.
    ///
    /// # Errors
    /// `Damaged` for a broken entry or a size that is not whole entries, or `Io`.
    pub fn read(&self) -> Result<Vec<AbortedTxn>, StorageError> {
        let Some(bytes) = small_file::read(&self.path)? else {
            return Ok(Vec::new());
        };
        let chunks = bytes.chunks_exact(TXN_ENTRY_BYTES);
        if !chunks.remainder().is_empty() {
            return Err(StorageError::damaged(
                &self.path,
                "not a whole number of entries",
            ));
        }
        let mut entries: Vec<AbortedTxn> = Vec::with_capacity(chunks.len());
        for chunk in chunks {
            let Some(chunk) = chunk.first_chunk() else {
                continue;
            };
            let entry =
                AbortedTxn::decode(chunk).map_err(|why| StorageError::damaged(&self.path, why))?;
            if entries
                .last()
                .is_some_and(|last| last.last_offset >= entry.last_offset)
            {
                return Err(StorageError::damaged(&self.path, "last offsets must rise"));
            }
            entries.push(entry);
        }
        Ok(entries)
    }

    /// Appends one entry, creating the file with the first.
    ///
    /// # Errors
    /// `Io`.
    pub fn append(&self, entry: &AbortedTxn) -> Result<(), StorageError> {
        let write = || -> io::Result<()> {
            let mut file = std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(&self.path)?;
            file.write_all(&entry.encode())
        };
        write().map_err(|error| StorageError::io("append to", &self.path, error))
    }

    /// Removes the file, before the index is rebuilt.
    ///
    /// # Errors
    /// `Io`.
    pub fn reset(&self) -> Result<(), StorageError> {
        small_file::remove(&self.path)
    }

    /// Drops entries whose marker lies at or after `end`.
    ///
    /// # Errors
    /// As `read`, or `Io`.
    pub fn cut_end(&self, end: KafkaOffset) -> Result<(), StorageError> {
        let entries = self.read()?;
        let kept: Vec<&AbortedTxn> = entries
            .iter()
            .filter(|entry| entry.last_offset < end)
            .collect();
        if kept.len() == entries.len() {
            return Ok(());
        }
        let bytes: Vec<u8> = kept.iter().flat_map(|entry| entry.encode()).collect();
        if bytes.is_empty() {
            self.reset()
        } else {
            small_file::replace(&self.path, &bytes)
        }
    }

    /// Syncs the file, if there is one.
    ///
    /// # Errors
    /// `Io`.
    pub fn flush(&self) -> Result<(), StorageError> {
        match std::fs::File::open(&self.path) {
            Ok(file) => file
                .sync_data()
                .map_err(|error| StorageError::io("sync", &self.path, error)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(StorageError::io("open", &self.path, error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(first: i64, last: i64) -> AbortedTxn {
        AbortedTxn {
            producer_id: 4,
            first_offset: KafkaOffset(first),
            last_offset: KafkaOffset(last),
            last_stable_offset: KafkaOffset(last + 1),
        }
    }

    #[test]
    fn append_read_cut() {
        let dir = tempfile::tempdir().unwrap();
        let index = TxnIndex::of(dir.path(), 40);
        assert_eq!(index.read().unwrap(), []);
        index.append(&entry(41, 50)).unwrap();
        index.append(&entry(45, 60)).unwrap();
        let path = dir.path().join("00000000000000000040.txnindex");
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 68);
        assert_eq!(index.read().unwrap(), [entry(41, 50), entry(45, 60)]);
        index.cut_end(KafkaOffset(60)).unwrap();
        assert_eq!(index.read().unwrap(), [entry(41, 50)]);
        index.cut_end(KafkaOffset(0)).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn damage() {
        let dir = tempfile::tempdir().unwrap();
        let index = TxnIndex::of(dir.path(), 0);
        let path = dir.path().join("00000000000000000000.txnindex");
        let (one, two) = (entry(1, 9).encode(), entry(2, 9).encode());
        for bad in [&one[..20], &[one, two].concat(), &[9; TXN_ENTRY_BYTES]] {
            std::fs::write(&path, bad).unwrap();
            assert!(matches!(index.read(), Err(StorageError::Damaged { .. })));
        }
    }
}
