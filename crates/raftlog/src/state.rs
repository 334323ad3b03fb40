//! The state file: what a replica must never forget, in two slots.
//!
//! Invariants: the slot that was last made durable is not written again before the other one is durable, so a torn write
//! leaves it; of the whole slots the one with the higher sequence counts; what it holds never goes back. A change that
//! may be lost (the commit mark, the checkpoint) is written to the other slot and not synced.
//! Format: docs/formats/raftlog.md.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSlice, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes};
use segment::Disk;

use crate::entry::LogId;
use crate::error::RaftLogError;
use crate::frame::{Expect, Generations};
use segment::crc32c;

/// The file's name.
pub(crate) const STATE_FILE: &str = "state";
/// Bytes of a slot. The file is two.
pub(crate) const STATE_SLOT_BYTES: usize = 4096;
/// The format's number.
pub(crate) const STATE_VERSION: u32 = 1;
/// What a slot says it is.
pub(crate) const STATE_MAGIC: [u8; 8] = *b"hwrftsta";
/// Bytes of a slot before its three texts.
pub(crate) const STATE_FIXED_BYTES: usize = 176;
/// Most bytes of a vote or a log id in the caller's own form.
pub(crate) const STATE_TEXT_BYTES_MAX: usize = 1024;
/// Memberships of the log that a slot remembers: the newest.
pub(crate) const STATE_MEMBERSHIPS_MAX: usize = 4;

const HAS_PURGED: u16 = 1;
const HAS_COMMITTED: u16 = 2;
const HAS_VOTE: u16 = 4;
const HAS_CHECKPOINT: u16 = 8;

/// A log id together with what it is to the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marker {
    /// The entry.
    pub id: LogId,
    /// Its name in the caller's own form; at most 1024 bytes.
    pub text: Bytes,
}

/// A vote: its term, and what it is to the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vote {
    /// The term. A later vote's is not lower.
    pub term: u64,
    /// The vote in the caller's own form; at most 1024 bytes.
    pub text: Bytes,
}

/// A place in the log below which everything is durable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// What has to come at that place.
    pub(crate) expect: Expect,
    /// The segment, by its base, and the byte in it.
    pub(crate) base: u64,
    pub(crate) at: u64,
}

/// What the file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) sequence: u64,
    pub(crate) log: [u8; 16],
    /// Grows with each cut. Entries from `void_from` on that are of an older one are no more.
    pub(crate) generation: u32,
    pub(crate) void_from: u64,
    pub(crate) purged: Option<Marker>,
    pub(crate) committed: Option<Marker>,
    pub(crate) vote: Option<Vote>,
    pub(crate) checkpoint: Option<Checkpoint>,
    /// Indexes of the newest memberships in the log, ascending.
    pub(crate) memberships: Vec<u64>,
}

impl State {
    pub(crate) fn new(log: [u8; 16]) -> Self {
        Self {
            sequence: 1,
            log,
            generation: 0,
            void_from: u64::MAX,
            purged: None,
            committed: None,
            vote: None,
            checkpoint: None,
            memberships: Vec::new(),
        }
    }

    pub(crate) fn generations(&self) -> Generations {
        Generations {
            newest: self.generation,
            void_from: self.void_from,
        }
    }

    /// A place below which everything was durable, as far as it says something about entries that are still there.
    pub(crate) fn durable(&self) -> Option<Checkpoint> {
        self.checkpoint
            .filter(|place| place.expect.index > self.purged_next())
    }

    /// The first index that was not purged; 0 if none was.
    pub(crate) fn purged_next(&self) -> u64 {
        self.purged
            .as_ref()
            .map_or(0, |purged| purged.id.index.saturating_add(1))
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(STATE_SLOT_BYTES);
        out.put_u32_le(0);
        out.put_u32_le(STATE_VERSION);
        out.put_slice(&STATE_MAGIC);
        out.put_u64_le(self.sequence);
        out.put_slice(&self.log);
        out.put_u32_le(self.generation);
        let newest = self.memberships.len().saturating_sub(STATE_MEMBERSHIPS_MAX);
        let memberships = self.memberships.get(newest..).unwrap_or_default();
        let mut has = 0;
        for (flag, is_there) in [
            (HAS_PURGED, self.purged.is_some()),
            (HAS_COMMITTED, self.committed.is_some()),
            (HAS_VOTE, self.vote.is_some()),
            (HAS_CHECKPOINT, self.checkpoint.is_some()),
        ] {
            has |= if is_there { flag } else { 0 };
        }
        out.put_u16_le(has);
        out.put_u16_le(u16::try_from(memberships.len()).unwrap_or_default());
        out.put_u64_le(self.void_from);
        let empty = Marker::default();
        let (purged, committed) = (
            self.purged.as_ref().unwrap_or(&empty),
            self.committed.as_ref().unwrap_or(&empty),
        );
        for marker in [purged, committed] {
            out.put_u64_le(marker.id.index);
            out.put_u64_le(marker.id.term);
        }
        let vote = self.vote.clone().unwrap_or_default();
        out.put_u64_le(vote.term);
        let checkpoint = self.checkpoint.unwrap_or_default();
        out.put_u64_le(checkpoint.expect.index);
        out.put_u64_le(checkpoint.expect.term);
        out.put_u32_le(checkpoint.expect.link);
        out.put_u32_le(checkpoint.expect.generation);
        out.put_u64_le(checkpoint.base);
        out.put_u64_le(checkpoint.at);
        for place in 0..STATE_MEMBERSHIPS_MAX {
            out.put_u64_le(memberships.get(place).copied().unwrap_or_default());
        }
        let texts = [&purged.text, &committed.text, &vote.text];
        for text in texts {
            out.put_u16_le(u16::try_from(text.len()).unwrap_or_default());
        }
        out.put_u16_le(0);
        debug_assert_eq!(out.len(), STATE_FIXED_BYTES);
        for text in texts {
            out.put_slice(text);
        }
        out.resize(STATE_SLOT_BYTES, 0);
        let crc = crc32c(out.get(4..).unwrap_or_default());
        if let Some(place) = out.first_chunk_mut::<4>() {
            *place = crc.to_le_bytes();
        }
        out
    }

    /// Reads a slot; `None` if it is not whole.
    fn decode(slot: &[u8]) -> Option<Self> {
        let (mut head, mut from) = slot.get(..STATE_SLOT_BYTES)?.split_at(4);
        if head.get_u32_le() != crc32c(from) || from.get_u32_le() != STATE_VERSION {
            return None;
        }
        if from.copy_to_bytes(8) != STATE_MAGIC[..] {
            return None;
        }
        let sequence = from.get_u64_le();
        let mut log = [0; 16];
        from.copy_to_slice(&mut log);
        let (generation, has) = (from.get_u32_le(), from.get_u16_le());
        let memberships = usize::from(from.get_u16_le());
        let void_from = from.get_u64_le();
        let mut id = || {
            let (index, term) = (from.get_u64_le(), from.get_u64_le());
            LogId { term, index }
        };
        let (purged, committed) = (id(), id());
        let term = from.get_u64_le();
        let expect = Expect {
            index: from.get_u64_le(),
            term: from.get_u64_le(),
            link: from.get_u32_le(),
            generation: from.get_u32_le(),
        };
        let checkpoint = Checkpoint {
            expect,
            base: from.get_u64_le(),
            at: from.get_u64_le(),
        };
        let all: Vec<u64> = (0..STATE_MEMBERSHIPS_MAX)
            .map(|_| from.get_u64_le())
            .collect();
        let lengths = [from.get_u16_le(), from.get_u16_le(), from.get_u16_le()];
        from.advance(2);
        let mut texts = lengths.iter().map(|length| {
            let length = usize::from(*length);
            (length <= from.remaining()).then(|| from.copy_to_bytes(length))
        });
        let (purged_text, committed_text, vote_text) =
            (texts.next()??, texts.next()??, texts.next()??);
        let marker = |id, text, flag| (has & flag != 0).then_some(Marker { id, text });
        Some(Self {
            sequence,
            log,
            generation,
            void_from,
            purged: marker(purged, purged_text, HAS_PURGED),
            committed: marker(committed, committed_text, HAS_COMMITTED),
            vote: (has & HAS_VOTE != 0).then_some(Vote {
                term,
                text: vote_text,
            }),
            checkpoint: (has & HAS_CHECKPOINT != 0).then_some(checkpoint),
            memberships: all.get(..memberships)?.to_vec(),
        })
    }
}

/// The open file.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    file: File,
    disk: Arc<dyn Disk>,
    state: State,
    /// The slot that survives power loss: 0 or 1.
    safe: u64,
}

impl StateFile {
    /// Makes the file of a new log, whole or not at all.
    pub(crate) fn create(
        dir: &Path,
        disk: &Arc<dyn Disk>,
        log: [u8; 16],
    ) -> Result<Self, RaftLogError> {
        let path = dir.join(STATE_FILE);
        let beside = dir.join("state.tmp");
        let state = State::new(log);
        let mut content = state.encode();
        content.resize(2 * STATE_SLOT_BYTES, 0);
        let make = || -> io::Result<()> {
            let mut file = File::create(&beside)?;
            file.write_all(&content)?;
            disk.sync_data(&file)?;
            std::fs::rename(&beside, &path)?;
            disk.sync_dir(dir)
        };
        make().map_err(|error| RaftLogError::io("create", &path, error))?;
        let file = open(&path)?;
        Ok(Self {
            path,
            file,
            disk: Arc::clone(disk),
            state,
            safe: 0,
        })
    }

    /// Opens the file; `None` if there is none. What is read is durable before it is believed.
    ///
    /// # Errors
    /// `Corrupt` if no slot is whole: that replica has forgotten its votes.
    pub(crate) fn open(dir: &Path, disk: &Arc<dyn Disk>) -> Result<Option<Self>, RaftLogError> {
        let path = dir.join(STATE_FILE);
        let file = match open(&path) {
            Ok(file) => file,
            Err(RaftLogError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let failed = |doing| {
            let path = path.clone();
            move |error| RaftLogError::io(doing, &path, error)
        };
        disk.sync_data(&file).map_err(failed("sync"))?;
        let content = std::fs::read(&path).map_err(failed("read"))?;
        let slots: Vec<Option<State>> = content
            .chunks(STATE_SLOT_BYTES)
            .take(2)
            .map(State::decode)
            .collect();
        let newest = (0_u64..)
            .zip(slots)
            .filter_map(|(slot, state)| state.map(|state| (slot, state)))
            .max_by_key(|(_, state)| state.sequence);
        let Some((safe, state)) = newest else {
            return Err(RaftLogError::corrupt(
                &path,
                0,
                "neither copy of the vote is whole",
            ));
        };
        Ok(Some(Self {
            path,
            file,
            disk: Arc::clone(disk),
            state,
            safe,
        }))
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Changes the state durably.
    ///
    /// # Errors
    /// `Io` after which nothing is known of what the file holds: the group must be poisoned.
    pub(crate) fn save(&mut self, change: impl FnOnce(&mut State)) -> Result<(), RaftLogError> {
        change(&mut self.state);
        self.write()?;
        self.disk
            .sync_data(&self.file)
            .map_err(|error| RaftLogError::io("sync", &self.path, error))?;
        self.safe = 1 - self.safe;
        // The other slot gets the same, sooner or later: damage to one slot is then not the loss of a vote.
        self.write()
    }

    /// Changes the state, for as long as the machine has power; `change` says whether there is anything to write.
    ///
    /// # Errors
    /// `Io` as in [`Self::save`].
    pub(crate) fn save_lazily(
        &mut self,
        change: impl FnOnce(&mut State) -> bool,
    ) -> Result<(), RaftLogError> {
        if change(&mut self.state) {
            self.write()?;
        }
        Ok(())
    }

    /// Writes the slot that is not the safe one.
    fn write(&mut self) -> Result<(), RaftLogError> {
        self.state.sequence += 1;
        let slot = self.state.encode();
        let mut at = (1 - self.safe) * STATE_SLOT_BYTES as u64;
        let mut rest = &slot[..];
        while !rest.is_empty() {
            let wrote = match self.disk.write_at(&self.file, &[IoSlice::new(rest)], at) {
                Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other,
            };
            let wrote = wrote.map_err(|error| RaftLogError::io("write", &self.path, error))?;
            rest = rest.get(wrote..).unwrap_or_default();
            at += wrote as u64;
        }
        Ok(())
    }
}

fn open(path: &Path) -> Result<File, RaftLogError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(|error| RaftLogError::io("open", path, error))
}

/// Fails if a text is too long for a slot.
pub(crate) fn check_text(what: &'static str, text: &[u8]) -> Result<(), RaftLogError> {
    if text.len() > STATE_TEXT_BYTES_MAX {
        return Err(RaftLogError::TooLarge {
            what,
            bytes: text.len() as u64,
            bytes_max: STATE_TEXT_BYTES_MAX as u64,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use segment::RealDisk;

    use super::*;

    fn full() -> State {
        let marker = |index, text: &'static str| {
            Some(Marker {
                id: LogId { term: 3, index },
                text: Bytes::from_static(text.as_bytes()),
            })
        };
        State {
            sequence: 9,
            generation: 4,
            void_from: 30,
            purged: marker(5, "purged"),
            committed: marker(20, ""),
            vote: Some(Vote {
                term: 7,
                text: vec![1; STATE_TEXT_BYTES_MAX].into(),
            }),
            checkpoint: Some(Checkpoint {
                expect: Expect {
                    index: 22,
                    link: 1,
                    term: 3,
                    generation: 2,
                },
                base: 18,
                at: 640,
            }),
            memberships: vec![6, 19],
            ..State::new([7; 16])
        }
    }

    #[test]
    fn a_slot_reads_back_and_no_byte_of_it_may_change() {
        for state in [State::new([1; 16]), full()] {
            let mut slot = state.encode();
            assert_eq!(State::decode(&slot), Some(state));
            for at in 0..STATE_SLOT_BYTES {
                slot[at] ^= 0x10;
                assert_eq!(State::decode(&slot), None, "byte {at}");
                slot[at] ^= 0x10;
            }
        }
        let mut many = full();
        many.memberships = (0..9).collect();
        let read = State::decode(&many.encode()).unwrap();
        assert_eq!(read.memberships, [5, 6, 7, 8]);
    }

    #[test]
    fn what_may_be_lost_never_touches_the_durable_slot() {
        let folder = tempfile::tempdir().unwrap();
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let mut file = StateFile::create(folder.path(), &disk, [1; 16]).unwrap();
        for round in 0..4 {
            file.save(|state| state.generation = round).unwrap();
            let at = usize::try_from(file.safe).unwrap() * STATE_SLOT_BYTES;
            let slot = |content: Vec<u8>| content[at..at + STATE_SLOT_BYTES].to_vec();
            let path = folder.path().join(STATE_FILE);
            let durable = slot(std::fs::read(&path).unwrap());
            for void_from in 0..3 {
                file.save_lazily(|state| {
                    state.void_from = void_from;
                    true
                })
                .unwrap();
                assert!(slot(std::fs::read(&path).unwrap()) == durable, "{round}");
            }
        }
    }

    #[test]
    fn a_torn_write_of_either_slot_leaves_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let mut file = StateFile::create(folder.path(), &disk, [1; 16]).unwrap();
        for term in 1..10 {
            let text = Bytes::new();
            file.save(|state| state.vote = Some(Vote { term, text }))
                .unwrap();
            let content = std::fs::read(folder.path().join(STATE_FILE)).unwrap();
            // Whatever a write of the unsafe slot leaves, the vote is there.
            for keep in [0, 3, 512, 4000] {
                let unsafe_slot = 1 - file.safe;
                let torn = vec![0xee; STATE_SLOT_BYTES - keep];
                let at = unsafe_slot * STATE_SLOT_BYTES as u64 + keep as u64;
                file.file.write_all_at(&torn, at).unwrap();
                let read = StateFile::open(folder.path(), &disk).unwrap().unwrap();
                assert_eq!(read.state().vote.as_ref().unwrap().term, term);
                file.file.write_all_at(&content, 0).unwrap();
            }
        }
    }
}
