//! The snapshot file of a node: the whole map at one log position, on disk before anyone is told of it.
//!
//! A node keeps one snapshot, the file `snapshot`: 8 bytes of magic, the CRC32C of the rest (4 bytes, little-endian), and
//! the [`State`] in postcard. A new one is written beside it, synced, renamed over it, and then the directory is synced.
//!
//! Invariants: the file is never older than the one before it, for log entries that only a snapshot still holds are gone
//! from the log, and building one may end after a newer one was received. Equal log positions mean equal bytes: the state
//! is a function of the log, and its maps are ordered.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use openraft::{BasicNode, SnapshotMeta};
use parking_lot::Mutex;

use crate::NodeId;
use crate::state_machine::State;

const MAGIC: [u8; 8] = *b"HWKVSNP1";
const HEADER_BYTES: usize = MAGIC.len() + 4;
const NAME: &str = "snapshot";

/// Openraft's description of a snapshot.
pub type Meta = SnapshotMeta<NodeId, BasicNode>;

/// The folder that holds a node's snapshot.
#[derive(Debug)]
pub struct Snapshots {
    dir: PathBuf,
    /// Of the file that is there. Held while the file is replaced.
    current: Mutex<Option<Meta>>,
}

impl Snapshots {
    /// Opens the folder, makes it if there is none, and returns the state that its snapshot holds.
    ///
    /// # Errors
    /// `InvalidData` when the snapshot is damaged. The node cannot help itself then: parts of its log are gone.
    pub fn open(dir: &Path) -> io::Result<(Self, Option<State>)> {
        make_dir(dir)?;
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            // What a crash left half-written.
            if entry.file_name() != NAME {
                fs::remove_file(entry.path())?;
            }
        }
        let state = match fs::read(dir.join(NAME)) {
            Ok(bytes) => Some(decode(&bytes).map_err(|error| {
                io::Error::new(
                    error.kind(),
                    format!("{}: {error}", dir.join(NAME).display()),
                )
            })?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let snapshots = Self {
            dir: dir.to_owned(),
            current: Mutex::new(state.as_ref().map(meta)),
        };
        Ok((snapshots, state))
    }

    /// Makes `state` the snapshot, unless the one that is there is as new; returns when it would survive a power loss.
    ///
    /// # Errors
    /// What the file system said; the snapshot before it is still in place then.
    pub fn publish(&self, state: &State, bytes: &[u8]) -> io::Result<()> {
        let mut current = self.current.lock();
        let meta = meta(state);
        if current
            .as_ref()
            .is_some_and(|current| current.last_log_id >= meta.last_log_id)
        {
            return Ok(());
        }
        let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(self.dir.join(NAME))?;
        sync_dir(&self.dir)?;
        *current = Some(meta);
        Ok(())
    }

    /// The snapshot, open for reading. It stays readable when another one takes its place.
    ///
    /// # Errors
    /// What the file system said.
    pub fn current(&self) -> io::Result<Option<(Meta, File)>> {
        let current = self.current.lock();
        let Some(meta) = &*current else {
            return Ok(None);
        };
        Ok(Some((meta.clone(), File::open(self.dir.join(NAME))?)))
    }

    /// A file without a name for a snapshot that is being received; it is gone when it is closed.
    ///
    /// # Errors
    /// What the file system said.
    pub fn spool(&self) -> io::Result<File> {
        tempfile::tempfile_in(&self.dir)
    }
}

/// How openraft names the snapshot of `state`.
fn meta(state: &State) -> Meta {
    let snapshot_id = match state.last_applied {
        Some(log_id) => format!("{}-{}", log_id.leader_id, log_id.index),
        None => "empty".to_owned(),
    };
    SnapshotMeta {
        last_log_id: state.last_applied,
        last_membership: state.membership.clone(),
        snapshot_id,
    }
}

/// The bytes of a snapshot of `state`, as they are in the file and as they go to another node.
///
/// # Errors
/// None in practice; the codec's type has one.
pub fn encode(state: &State) -> io::Result<Vec<u8>> {
    let body = postcard::to_stdvec(state).map_err(io::Error::other)?;
    let mut bytes = Vec::with_capacity(HEADER_BYTES + body.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&crc32c::crc32c(&body).to_le_bytes());
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

/// Reads what [`encode`] wrote.
///
/// # Errors
/// `InvalidData` for anything else.
pub fn decode(bytes: &[u8]) -> io::Result<State> {
    let damaged = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let (magic, rest) = bytes
        .split_first_chunk::<8>()
        .ok_or_else(|| damaged("too short for a snapshot"))?;
    let (crc, body) = rest
        .split_first_chunk::<4>()
        .ok_or_else(|| damaged("too short for a snapshot"))?;
    if *magic != MAGIC {
        return Err(damaged("not a snapshot of this program"));
    }
    if crc32c::crc32c(body) != u32::from_le_bytes(*crc) {
        return Err(damaged("the checksum of the snapshot does not match"));
    }
    postcard::from_bytes(body).map_err(|error| damaged(&format!("snapshot: {error}")))
}

/// Makes a directory whose name survives a power loss, as far as its parent's does.
pub(crate) fn make_dir(dir: &Path) -> io::Result<()> {
    fs::create_dir_all(dir)?;
    sync_dir(&dir.join(".."))
}

/// Makes new names in `dir` survive a power loss.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

#[cfg(test)]
mod tests {
    use openraft::{CommittedLeaderId, LogId};

    use super::*;

    fn state(index: u64) -> State {
        let mut state = State {
            last_applied: Some(LogId::new(CommittedLeaderId::new(1, 1), index)),
            ..State::default()
        };
        state.map.insert("k".to_owned(), index.to_string());
        state
    }

    fn publish(snapshots: &Snapshots, index: u64) {
        let state = state(index);
        snapshots.publish(&state, &encode(&state).unwrap()).unwrap();
    }

    #[test]
    fn a_snapshot_is_there_after_reopening_and_never_gets_older() {
        let dir = tempfile::tempdir().unwrap();
        let (snapshots, before) = Snapshots::open(dir.path()).unwrap();
        assert!(before.is_none() && snapshots.current().unwrap().is_none());
        for index in [5, 9, 7] {
            publish(&snapshots, index);
        }
        let (meta, _) = snapshots.current().unwrap().unwrap();
        assert_eq!(meta.last_log_id.map(|id| id.index), Some(9));
        drop(snapshots);
        let (snapshots, after) = Snapshots::open(dir.path()).unwrap();
        assert_eq!(after, Some(state(9)));
        assert_eq!(snapshots.current().unwrap().unwrap().0, meta);
    }

    #[test]
    fn what_a_crash_left_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let (snapshots, _) = Snapshots::open(dir.path()).unwrap();
        publish(&snapshots, 5);
        fs::write(dir.path().join(".tmpX"), "half").unwrap();
        let (_, after) = Snapshots::open(dir.path()).unwrap();
        assert_eq!(after, Some(state(5)));
        assert!(!dir.path().join(".tmpX").exists());
    }

    #[test]
    fn every_damaged_byte_and_every_cut_is_seen() {
        let bytes = encode(&state(5)).unwrap();
        assert_eq!(decode(&bytes).unwrap(), state(5));
        for at in 0..bytes.len() {
            assert!(decode(&bytes[..at]).is_err(), "cut at {at}");
            let mut bad = bytes.clone();
            bad[at] ^= 1;
            assert!(decode(&bad).is_err(), "byte {at}");
        }
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(NAME), &bytes[..bytes.len() - 1]).unwrap();
        let error = Snapshots::open(dir.path()).unwrap_err().to_string();
        assert!(error.contains("snapshot: the checksum"), "{error}");
    }
}
