//! `checkpoint`, RocketMQ's own file: up to which store times log, queues and index are on the disk.
//!
//! Invariants: a time is written only after what it speaks of was synced. RocketMQ starts a recovery from these times; ours
//! starts from the dispatch mark (`mark`), and from these only in a directory that was never ours. What it says
//! of the queues is never later than the begin of an index file that RocketMQ would throw away, so that it makes such a file
//! again.
//! Format: docs/formats/rocketmq-checkpoint.md.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use segment::Disk;

use super::error::StoreError;
use super::files;
use super::ids::PhysicalOffset;

/// The file's name at the data root.
pub const CHECKPOINT: &str = "checkpoint";
/// Its length.
pub const CHECKPOINT_BYTES: usize = 4096;
/// RocketMQ goes back by so much.
const SAFETY_MS: i64 = 3000;

/// What the file says.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Checkpoint {
    /// Store time of the last message of which the log is on the disk.
    pub log_ms: i64,
    /// The same for the consume queues.
    pub queues_ms: i64,
    /// The same for index files.
    pub index_ms: i64,
    /// For replicas: how far the master's log was on the disk.
    pub master_flushed: i64,
    /// For replicas: up to where the log is confirmed.
    pub confirmed: i64,
    /// From which message on RocketMQ 5.5 dispatches again, whatever the times say; 0: the times decide, as before 5.5.
    pub dispatch_from: i64,
}

impl Checkpoint {
    /// Reads the file; nothing where there is none, or where it is too short.
    ///
    /// # Errors
    /// `Io`.
    pub fn read(root: &Path) -> Result<Option<Self>, StoreError> {
        let Some(bytes) = files::read(&root.join(CHECKPOINT))? else {
            return Ok(None);
        };
        let (fields, _) = bytes.as_chunks::<8>();
        let field = |at: usize| fields.get(at).map(|field| i64::from_be_bytes(*field));
        let all = || {
            Some(Self {
                log_ms: field(0)?,
                queues_ms: field(1)?,
                index_ms: field(2)?,
                master_flushed: field(3)?,
                confirmed: field(4)?,
                dispatch_from: field(5)?,
            })
        };
        Ok(all())
    }

    /// The bytes of the file.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0; CHECKPOINT_BYTES];
        let fields = [
            self.log_ms,
            self.queues_ms,
            self.index_ms,
            self.master_flushed,
            self.confirmed,
            self.dispatch_from,
        ];
        for (place, field) in bytes.chunks_exact_mut(8).zip(fields) {
            place.copy_from_slice(&field.to_be_bytes());
        }
        bytes
    }

    /// Writes the file in place, as RocketMQ does, and syncs it.
    pub(crate) fn write(&self, disk: &dyn Disk, root: &Path) -> Result<(), StoreError> {
        let path = root.join(CHECKPOINT);
        let is_new = !path.exists();
        let write = || -> io::Result<()> {
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)?;
            files::write_all_at(disk, &file, &self.encode(), 0)?;
            disk.sync_data(&file)
        };
        write().map_err(|error| StoreError::io("write", &path, error))?;
        match is_new {
            true => files::sync_dir(disk, root),
            false => Ok(()),
        }
    }

    /// Makes RocketMQ dispatch again from `index` on, the begin of an index file that ends behind `index_ms`. After a crash it
    /// throws away each such file, and puts in again only what it dispatches; the keys of older messages would be lost to it.
    pub(crate) fn go_back_to(&mut self, index: Option<(i64, PhysicalOffset)>) {
        if let Some((begin_ms, begin)) = index {
            // Before 5.5 it looks for a log file that begins at this time or before it, and one that begins in the same
            // millisecond may begin too late.
            self.queues_ms = self.queues_ms.min(begin_ms.saturating_sub(1));
            self.dispatch_from = self.dispatch_from.min(begin.0);
        }
    }

    /// The store time from which RocketMQ dispatches again.
    pub(crate) fn dispatch_from_ms(&self) -> i64 {
        self.log_ms.min(self.queues_ms).saturating_sub(SAFETY_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_numbers_in_a_page() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Checkpoint::read(dir.path()).unwrap(), None);
        let checkpoint = Checkpoint {
            log_ms: 1,
            queues_ms: 2,
            index_ms: 3,
            master_flushed: -1,
            confirmed: i64::MAX,
            dispatch_from: 5,
        };
        checkpoint.write(&segment::RealDisk, dir.path()).unwrap();
        assert_eq!(Checkpoint::read(dir.path()).unwrap(), Some(checkpoint));
        let bytes = std::fs::read(dir.path().join(CHECKPOINT)).unwrap();
        assert_eq!(bytes.len(), 4096);
        assert_eq!(
            bytes[..17],
            [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0]
        );
        assert_eq!(bytes[40..49], [0, 0, 0, 0, 0, 0, 0, 5, 0]);
        std::fs::write(dir.path().join(CHECKPOINT), [0; 47]).unwrap();
        assert_eq!(Checkpoint::read(dir.path()).unwrap(), None);
    }
}
