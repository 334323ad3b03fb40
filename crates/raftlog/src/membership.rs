//! The membership record: the last membership that was purged from the log.
//!
//! Invariants: replaced whole, and durable before the purge point passes the entry it holds.
//! Format: docs/formats/raftlog.md.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes};
use segment::Disk;

use crate::entry::{Entry, EntryKind};
use crate::error::RaftLogError;
use segment::crc32c;

/// The file's name.
pub(crate) const MEMBERSHIP_FILE: &str = "membership";
/// Bytes before the payload.
pub(crate) const MEMBERSHIP_HEADER_BYTES: usize = 24;
/// The format's number.
pub(crate) const MEMBERSHIP_VERSION: u32 = 1;

/// Replaces the record.
pub(crate) fn write(dir: &Path, disk: &Arc<dyn Disk>, entry: &Entry) -> Result<(), RaftLogError> {
    let mut content = Vec::with_capacity(MEMBERSHIP_HEADER_BYTES + entry.payload.len());
    content.put_u32_le(0);
    content.put_u32_le(MEMBERSHIP_VERSION);
    content.put_u64_le(entry.index);
    content.put_u64_le(entry.term);
    content.put_slice(&entry.payload);
    let crc = crc32c(content.get(4..).unwrap_or_default());
    if let Some(place) = content.first_chunk_mut::<4>() {
        *place = crc.to_le_bytes();
    }
    let path = dir.join(MEMBERSHIP_FILE);
    let beside = dir.join("membership.tmp");
    let replace = || -> io::Result<()> {
        let mut file = File::create(&beside)?;
        file.write_all(&content)?;
        disk.sync_data(&file)?;
        std::fs::rename(&beside, &path)?;
        disk.sync_dir(dir)
    };
    replace().map_err(|error| RaftLogError::io("replace", &path, error))
}

/// Reads the record; `None` if there is none.
pub(crate) fn read(dir: &Path) -> Result<Option<Entry>, RaftLogError> {
    let path = dir.join(MEMBERSHIP_FILE);
    let content = match std::fs::read(&path) {
        Ok(content) => Bytes::from(content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(RaftLogError::io("read", &path, error)),
    };
    let mut from = content;
    if from.len() < MEMBERSHIP_HEADER_BYTES {
        return Err(RaftLogError::corrupt(&path, 0, "the record is cut off"));
    }
    let crc = from.get_u32_le();
    if crc != crc32c(&from) || from.get_u32_le() != MEMBERSHIP_VERSION {
        return Err(RaftLogError::corrupt(&path, 0, "the record is not whole"));
    }
    let (index, term) = (from.get_u64_le(), from.get_u64_le());
    Ok(Some(Entry {
        index,
        term,
        kind: EntryKind::Membership,
        payload: from,
    }))
}
