//! Which leader epoch began at which offset: `leader-epoch-checkpoint` and its rules.
//!
//! Invariants: entries rise strictly in epoch and in start offset. Assigning syncs the file before
//! it returns; truncation may leave stale lines on disk, which are cut again at the next load.
//! Format: docs/formats/leader-epoch-checkpoint.md.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::checkpoints::{CHECKPOINT_VERSION, framed_lines};
use super::error::StorageError;
use super::ids::KafkaOffset;
use super::small_file;

/// The file's name inside a partition directory.
pub const LEADER_EPOCH_CHECKPOINT: &str = "leader-epoch-checkpoint";

/// One epoch and the offset of its first batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EpochEntry {
    /// The leader epoch.
    pub epoch: i32,
    /// Offset of the first batch appended in it.
    pub start: KafkaOffset,
}

/// The epochs of one log, oldest first.
#[derive(Debug, Default)]
pub struct LeaderEpochs {
    path: PathBuf,
    entries: Vec<EpochEntry>,
}

impl LeaderEpochs {
    /// Loads the file in `dir`; a missing one is an empty history.
    ///
    /// # Errors
    /// `Damaged` with the line, or `Io`.
    pub fn load(dir: &Path) -> Result<Self, StorageError> {
        let path = dir.join(LEADER_EPOCH_CHECKPOINT);
        let mut entries: Vec<EpochEntry> = Vec::new();
        if let Some(text) = small_file::read_text(&path)? {
            for (index, line) in framed_lines(&path, &text)?.into_iter().enumerate() {
                let parsed = line.trim().split_once(' ');
                let parsed = parsed
                    .and_then(|(epoch, start)| epoch.parse().ok().zip(start.trim().parse().ok()));
                let Some((epoch, start)) = parsed else {
                    return Err(StorageError::damaged(
                        &path,
                        format!("line {}: {line:?}", index + 3),
                    ));
                };
                let entry = EpochEntry {
                    epoch,
                    start: KafkaOffset(start),
                };
                if entries
                    .last()
                    .is_some_and(|last| last.epoch >= entry.epoch || last.start >= entry.start)
                {
                    return Err(StorageError::damaged(
                        &path,
                        format!("line {}: entries must rise", index + 3),
                    ));
                }
                entries.push(entry);
            }
        }
        Ok(Self { path, entries })
    }

    /// An empty history that will be written into `dir`.
    pub fn empty(dir: &Path) -> Self {
        Self {
            path: dir.join(LEADER_EPOCH_CHECKPOINT),
            entries: Vec::new(),
        }
    }

    /// All entries, oldest first.
    pub fn entries(&self) -> &[EpochEntry] {
        &self.entries
    }

    /// The newest epoch.
    pub fn latest(&self) -> Option<i32> {
        self.entries.last().map(|entry| entry.epoch)
    }

    /// The epoch that the record at `offset` was appended in.
    pub fn epoch_at(&self, offset: KafkaOffset) -> Option<i32> {
        let after = self.entries.partition_point(|entry| entry.start <= offset);
        after.checked_sub(1).map(|index| self.entries[index].epoch)
    }

    /// Notes that `epoch` begins at `start`; true if that is news and the file should be written.
    pub fn note(&mut self, epoch: i32, start: KafkaOffset) -> bool {
        let news = match self.entries.last() {
            Some(last) => epoch != last.epoch || start < last.start,
            None => true,
        };
        if epoch < 0 || !news {
            return false;
        }
        self.entries
            .retain(|entry| entry.epoch < epoch && entry.start < start);
        self.entries.push(EpochEntry { epoch, start });
        true
    }

    /// `note`, then the file synced.
    ///
    /// # Errors
    /// `Io`; the entry is then in memory only.
    pub fn assign(&mut self, epoch: i32, start: KafkaOffset) -> Result<(), StorageError> {
        if self.note(epoch, start) {
            self.write()
        } else {
            Ok(())
        }
    }

    /// Where `epoch` ended, with the epoch the answer is about; `(−1, −1)` when nothing is known.
    pub fn end_offset_for(&self, epoch: i32, log_end: KafkaOffset) -> (i32, KafkaOffset) {
        const UNKNOWN: (i32, KafkaOffset) = (-1, KafkaOffset(-1));
        let Some(latest) = self.latest() else {
            return UNKNOWN;
        };
        if epoch < 0 || epoch > latest {
            return UNKNOWN;
        }
        if epoch == latest {
            return (epoch, log_end);
        }
        let higher = self.entries.partition_point(|entry| entry.epoch <= epoch);
        match (self.entries.get(higher), higher.checked_sub(1)) {
            (Some(next), Some(floor)) => (self.entries[floor].epoch, next.start),
            (Some(next), None) => (epoch, next.start),
            (None, _) => UNKNOWN,
        }
    }

    /// Forgets everything above `end` (exclusive end of the log); an epoch that begins right there
    /// without a batch yet stays, so that epochs never go backwards. Not written here.
    pub fn cut_end(&mut self, end: KafkaOffset) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.start <= end);
        before != self.entries.len()
    }

    /// Forgets what lies before `start`, keeping the epoch that is current there. Not written here.
    pub fn cut_start(&mut self, start: KafkaOffset) -> bool {
        let at_or_below = self.entries.partition_point(|entry| entry.start <= start);
        let Some(last_below) = at_or_below.checked_sub(1) else {
            return false;
        };
        if last_below == 0 && self.entries[0].start == start {
            return false;
        }
        self.entries.drain(..last_below);
        self.entries[0].start = start;
        true
    }

    /// Writes and syncs the file.
    ///
    /// # Errors
    /// `Io`.
    pub fn write(&self) -> Result<(), StorageError> {
        let mut text = format!("{CHECKPOINT_VERSION}\n{}\n", self.entries.len());
        for entry in &self.entries {
            let _ = writeln!(text, "{} {}", entry.epoch, entry.start);
        }
        small_file::replace(&self.path, text.as_bytes())
    }

    /// The file follows its directory when that is renamed.
    pub fn moved_to(&mut self, dir: &Path) {
        self.path = dir.join(LEADER_EPOCH_CHECKPOINT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(entries: &[(i32, i64)]) -> LeaderEpochs {
        let mut epochs = LeaderEpochs::default();
        for &(epoch, start) in entries {
            epochs.note(epoch, KafkaOffset(start));
        }
        epochs
    }

    fn plain(epochs: &LeaderEpochs) -> Vec<(i32, i64)> {
        epochs
            .entries()
            .iter()
            .map(|entry| (entry.epoch, entry.start.0))
            .collect()
    }

    #[test]
    fn assigning_keeps_the_history_rising() {
        for (entries, want) in [
            (
                &[(0, 0), (1, 10), (2, 20)][..],
                &[(0, 0), (1, 10), (2, 20)][..],
            ),
            (&[(0, 0), (0, 10)], &[(0, 0)]),
            (&[(0, 0), (2, 10), (1, 20)], &[(0, 0), (1, 20)]),
            (&[(0, 0), (1, 10), (2, 5)], &[(0, 0), (2, 5)]),
            (&[(-1, 0)], &[]),
        ] {
            assert_eq!(plain(&with(entries)), want, "{entries:?}");
        }
    }

    #[test]
    fn end_offsets() {
        let epochs = with(&[(2, 10), (4, 20), (5, 30)]);
        for (epoch, want) in [
            (5, (5, 99)),
            (4, (4, 30)),
            (3, (2, 20)),
            (2, (2, 20)),
            (1, (1, 10)),
            (6, (-1, -1)),
            (-1, (-1, -1)),
        ] {
            let (got, end) = epochs.end_offset_for(epoch, KafkaOffset(99));
            assert_eq!((got, end.0), want, "{epoch}");
        }
        assert_eq!(with(&[]).end_offset_for(0, KafkaOffset(99)).0, -1);
    }

    #[test]
    fn cutting() {
        let entries = [(2, 10), (4, 20), (5, 30)];
        for (start, want) in [
            (5, &[(2, 10), (4, 20), (5, 30)][..]),
            (10, &[(2, 10), (4, 20), (5, 30)]),
            (15, &[(2, 15), (4, 20), (5, 30)]),
            (20, &[(4, 20), (5, 30)]),
            (99, &[(5, 99)]),
        ] {
            let mut epochs = with(&entries);
            epochs.cut_start(KafkaOffset(start));
            assert_eq!(plain(&epochs), want, "start {start}");
        }
        for (end, want) in [
            (40, &entries[..]),
            (30, &entries[..]),
            (29, &entries[..2]),
            (5, &[]),
        ] {
            let mut epochs = with(&entries);
            epochs.cut_end(KafkaOffset(end));
            assert_eq!(plain(&epochs), want, "end {end}");
        }
    }

    #[test]
    fn file_round_trip_and_damage() {
        let dir = tempfile::tempdir().unwrap();
        let mut epochs = LeaderEpochs::load(dir.path()).unwrap();
        epochs.assign(0, KafkaOffset(0)).unwrap();
        epochs.assign(3, KafkaOffset(7)).unwrap();
        let path = dir.path().join(LEADER_EPOCH_CHECKPOINT);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "0\n2\n0 0\n3 7\n");
        assert_eq!(
            plain(&LeaderEpochs::load(dir.path()).unwrap()),
            [(0, 0), (3, 7)]
        );
        for bad in ["0\n2\n0 0\n0 7\n", "0\n1\n0\n", "0\n1\n0 0\n1 1\n"] {
            std::fs::write(&path, bad).unwrap();
            assert!(
                matches!(
                    LeaderEpochs::load(dir.path()),
                    Err(StorageError::Damaged { .. })
                ),
                "{bad:?}"
            );
        }
    }
}
