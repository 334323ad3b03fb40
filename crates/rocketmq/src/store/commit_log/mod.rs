//! The commit log: all messages of all topics, one after the other, in files of one fixed size.
//!
//! Invariants: a physical offset is a place in the chain, because every file but the last is full; an entry never spans two
//! files, what is left of one is filled and announced as blank; an entry says where it lies and in which place of its queue.
//! Files are of full length from birth. One append lock for all topics, held for one write.
//! Absent on purpose: queues' units (the dispatcher makes them), waiting (`shared` wakes who waits).
//! Format: docs/formats/rocketmq-commit-log.md.

mod append;
mod scan;
mod shared;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use segment::{
    Allocation, Chain, ChainConfig, ChainListener, Engine, FlushRules, FlushService, FoundSegment,
    Lease, Mark, Position, Segment, SegmentSpec,
};

use super::error::{ReadError, StoreError};
use super::ids::{Clock, PhysicalOffset};
use super::message::{self, BLANK_HEAD_BYTES, Entry, Found};
use super::read_types::Access;
use super::settings::{Durability, StoreSettings};
use append::Tail;

pub(crate) use append::{Item, Stored};
pub(crate) use scan::{EntryFraming, Piece};
pub use shared::Ack;
pub(crate) use shared::Shared;

/// Blocks in which a warmed file is written ahead.
const WARM_BLOCK_BYTES: u32 = 64 << 10;

/// The commit log.
pub(crate) struct CommitLog {
    chain: Arc<Chain>,
    shared: Arc<Shared>,
    tail: Mutex<Tail>,
    clock: Arc<dyn Clock>,
    file_bytes: u64,
}

impl CommitLog {
    /// Opens the log over files that recovery has looked at: `found` with its valid lengths, newest store time `last_ms`.
    pub(crate) fn open(
        dir: &Path,
        spare_dir: &Path,
        settings: &StoreSettings,
        io: (Arc<dyn Engine>, Arc<FlushService>),
        clock: Arc<dyn Clock>,
        found: &[FoundSegment],
        last_ms: i64,
    ) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared::new(settings.durability));
        let listener = Arc::clone(&shared) as Arc<dyn ChainListener>;
        let config = chain_config(dir, spare_dir, settings);
        let (chain, appender) = Chain::open(io.0, config, found, listener, io.1)?;
        let base = found.last().map_or(0, |last| last.base);
        let end = chain.marks().written;
        Ok(Self {
            chain,
            shared,
            tail: Mutex::new(Tail::new(appender, base, end, last_ms)),
            clock,
            file_bytes: settings.commit_log_file_bytes,
        })
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(crate) fn chain(&self) -> &Arc<Chain> {
        &self.chain
    }

    /// The first byte there is.
    pub(crate) fn start(&self) -> PhysicalOffset {
        let first = self.chain.first();
        first.map_or(PhysicalOffset(0), |first| first.start().into())
    }

    /// End of what was written, exclusive.
    pub(crate) fn end(&self) -> PhysicalOffset {
        self.chain.marks().written.into()
    }

    /// End of what readers may see, exclusive.
    pub(crate) fn visible(&self) -> PhysicalOffset {
        self.chain.marks().get(self.shared.visible_mark()).into()
    }

    /// Asks for `ack` to be reached by everything below `upto`, without waiting.
    pub(crate) fn request(&self, ack: Ack, upto: Position) {
        // What fails here is heard of by whoever waits.
        let _ = self.chain.request(self.shared.mark_of(ack), upto);
    }

    /// Where the file after the one that `at` lies in begins.
    pub(crate) fn next_file(&self, at: PhysicalOffset) -> PhysicalOffset {
        let within = at.position().0 % self.file_bytes;
        at.plus(self.file_bytes - within)
    }

    /// The file that holds `at`, if readers may see that far.
    pub(crate) fn segment_of(&self, at: PhysicalOffset, bytes: u64) -> Option<Arc<Segment>> {
        if at.0 < 0 || at.plus(bytes) > self.visible() {
            return None;
        }
        let place = at.position().0;
        let segment = self.chain.find(place)?;
        // An entry lies in one file.
        (place + bytes <= segment.base() + segment.len()).then_some(segment)
    }

    /// The entry at `at`, whole and in its place; `None` if there is none that readers may see.
    pub(crate) fn entry_at(
        &self,
        at: PhysicalOffset,
        access: Access,
    ) -> Result<Option<Lease>, ReadError> {
        let Some(segment) = self.segment_of(at, BLANK_HEAD_BYTES as u64) else {
            return Ok(None);
        };
        let within = at.position().0 - segment.base();
        let mut size = [0; 4];
        match access {
            Access::MayBlock => segment.read_into(within, &mut size)?,
            Access::InMemory => segment
                .try_read_into(within, &mut size)?
                .filter(|read| *read == size.len())
                .ok_or(ReadError::WouldBlock)?,
        };
        self.entry_of(at, i32::from_be_bytes(size), access)
    }

    /// The entry at `at` that is said to be of `size` bytes; `None` if that is not so.
    pub(crate) fn entry_of(
        &self,
        at: PhysicalOffset,
        size: i32,
        access: Access,
    ) -> Result<Option<Lease>, ReadError> {
        let Some(size) = u64::try_from(size).ok().filter(|size| *size > 0) else {
            return Ok(None);
        };
        let Some(segment) = self.segment_of(at, size) else {
            return Ok(None);
        };
        let within = at.position().0 - segment.base();
        let range = within..within + size;
        if access == Access::InMemory && !segment.resident(range.clone()) {
            return Err(ReadError::WouldBlock);
        }
        let lease = segment.lease(range)?;
        let is_here = message::decode(&lease).is_ok_and(|entry| entry.check_place(at).is_ok());
        Ok(is_here.then_some(lease))
    }

    /// Store time of the entry at `at`; `None` if there is none.
    pub(crate) fn store_time_at(
        &self,
        at: PhysicalOffset,
        size: i32,
    ) -> Result<Option<i64>, ReadError> {
        let lease = self.entry_of(at, size, Access::MayBlock)?;
        let entry = lease.as_ref().and_then(|lease| message::decode(lease).ok());
        Ok(entry.map(|entry| entry.store_timestamp_ms))
    }

    /// The oldest entry's store time; `None` for an empty log.
    pub(crate) fn earliest_store_time(&self) -> Result<Option<i64>, ReadError> {
        let Some(lease) = self.entry_at(self.start(), Access::MayBlock)? else {
            return Ok(None);
        };
        Ok(entry_in(&lease).map(|entry| entry.store_timestamp_ms))
    }

    /// Makes everything written durable, and waits for it.
    pub(crate) fn flush(&self) -> Result<Position, StoreError> {
        Ok(self.chain.flush_to(self.chain.marks().written)?)
    }

    /// Takes nothing more; files are closed. Call [`Self::flush`] before.
    pub(crate) fn close(&self) -> Result<(), StoreError> {
        let appender = self.tail.lock().take_appender();
        let closed = appender.map_or(Ok(()), segment::Appender::close);
        self.shared.close();
        Ok(closed?)
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.chain.dir()
    }
}

/// The entry that a lease holds, if it holds one.
pub(crate) fn entry_in(bytes: &[u8]) -> Option<Entry<'_>> {
    match message::find(bytes) {
        Ok(Found::Entry(entry)) => Some(entry),
        _ => None,
    }
}

fn chain_config(dir: &Path, spare_dir: &Path, settings: &StoreSettings) -> ChainConfig {
    let spec = SegmentSpec {
        capacity_bytes: settings.commit_log_file_bytes,
        allocation: Allocation::Whole,
        zero_block_bytes: if settings.warm_files {
            WARM_BLOCK_BYTES
        } else {
            0
        },
        ..SegmentSpec::default()
    };
    let unsynced_age_max = match settings.durability {
        Durability::Os => Some(settings.flush_interval),
        Durability::Disk => None,
    };
    ChainConfig {
        spare_dir: Some(spare_dir.to_owned()),
        spares_max: settings.prepared_files,
        rules: FlushRules {
            unsynced_age_max,
            uncommitted_bytes_max: Some(settings.commit_bytes),
            uncommitted_age_max: Some(settings.commit_interval),
            ..FlushRules::default()
        },
        ..ChainConfig::new(dir, "", spec)
    }
}

/// The mark that a durability names.
pub(crate) fn mark_named(durability: Durability) -> Mark {
    match durability {
        Durability::Os => Mark::Committed,
        Durability::Disk => Mark::Durable,
    }
}
