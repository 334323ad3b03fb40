//! One group's log.
//!
//! Invariants: entries follow each other without a hole, from the purge point (exclusive) to the last; one thread at a
//! time changes the log, any number read it; what readers are told of is complete. After a write or a sync that failed
//! nothing is written any more.
//! Lock order: `writer`, the ledger's, then one of `view`, `cache`, the index's, the completions'.

mod append;
mod cut;
mod open;
mod read;
mod recover;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use segment::{Chain, Mark};

use crate::cache::TailCache;
use crate::completions::Completions;
use crate::entry::{Entry, LogId};
use crate::error::RaftLogError;
use crate::index::Indexes;
use crate::ledger::Ledger;
use crate::state::{Marker, State, Vote, check_text};
use crate::store::Services;
use append::Writer;

pub(crate) use open::open;

/// What follows the 20 digits of a segment's base, which is the index of its first entry.
pub(crate) const SEGMENT_SUFFIX: &str = ".log";

/// What a log acknowledges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ack {
    /// What a sync has covered. Survives power loss.
    #[default]
    Durable,
    /// What the page cache holds. Survives the death of the process only: a replica that lost power may have forgotten
    /// what it acknowledged, and must not vote before it has caught up. Synced about twice a second.
    Memory,
}

impl Ack {
    pub(crate) fn mark(self) -> Mark {
        match self {
            Self::Durable => Mark::Durable,
            Self::Memory => Mark::Committed,
        }
    }
}

/// Settings of a log.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// Most bytes of a segment file, and so of an entry. Default 512 MiB; what is below 4 KiB or above 4 GiB is taken for
    /// that. Holds for segments made from now on.
    pub segment_bytes: u64,
    /// Memory for the newest entries. Default 64 MiB; 0: none.
    pub cache_bytes: usize,
    /// What is acknowledged. Default: what is durable.
    pub ack: Ack,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            segment_bytes: 512 << 20,
            cache_bytes: 64 << 20,
            ack: Ack::Durable,
        }
    }
}

/// What readers see of the log's extent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct View {
    /// The first entry there is, or would be.
    first: u64,
    /// The first index behind the last entry.
    next: u64,
    /// The last entry, or what was purged last.
    last: Option<LogId>,
    /// Entries below were purged; 0: none was.
    purged_next: u64,
    /// Entries below are committed and will not be cut.
    committed_next: u64,
    /// Counts cuts and purges.
    changes: u64,
}

pub(crate) struct Shared {
    pub(crate) chain: Arc<Chain>,
    services: Arc<Services>,
    config: LogConfig,
    group: String,
    dir: PathBuf,
    /// The log's own id, in every segment.
    log: [u8; 16],
    writer: Mutex<Writer>,
    ledger: Arc<Ledger>,
    view: RwLock<View>,
    cache: Mutex<TailCache>,
    indexes: Indexes,
    completions: Arc<Completions>,
}

/// A group's log. Cheap to clone; all clones are the same log, which is closed when the last one is gone.
#[derive(Clone)]
pub struct RaftLog {
    pub(crate) shared: Arc<Shared>,
}

impl std::fmt::Debug for RaftLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RaftLog")
            .field("dir", &self.shared.dir)
            .field("first", &self.first_index())
            .field("last", &self.last())
            .finish_non_exhaustive()
    }
}

impl RaftLog {
    /// The group's directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.shared.dir
    }

    /// The index of the first entry there is; of the next one, where there is none.
    #[must_use]
    pub fn first_index(&self) -> u64 {
        self.shared.view.read().first
    }

    /// The last entry; where there is none, the one purged last.
    #[must_use]
    pub fn last(&self) -> Option<LogId> {
        self.shared.view.read().last
    }

    /// The first index that is not known to be durable.
    #[must_use]
    pub fn durable_next(&self) -> u64 {
        self.shared.completions.durable_next()
    }

    /// The entry purged last.
    #[must_use]
    pub fn purged(&self) -> Option<Marker> {
        self.shared.ledger.look(|state| state.purged.clone())
    }

    /// The vote that was saved last.
    #[must_use]
    pub fn vote(&self) -> Option<Vote> {
        self.shared.ledger.look(|state| state.vote.clone())
    }

    /// The commit mark that was saved last, as far as it is known. May be above the last entry after power loss.
    #[must_use]
    pub fn committed(&self) -> Option<Marker> {
        self.shared.ledger.look(|state| state.committed.clone())
    }

    /// Saves a vote; it is durable when this returns. Waits for the disk.
    ///
    /// # Errors
    /// `TermWentBack`, `TooLarge`: nothing happened. `Poisoned`.
    pub fn save_vote(&self, vote: Vote) -> Result<(), RaftLogError> {
        check_text("a vote", &vote.text)?;
        self.shared.check_alive()?;
        let got = vote.term;
        let check = |state: &State| match &state.vote {
            Some(last) if got < last.term => {
                let last = last.term;
                Err(RaftLogError::TermWentBack { last, got })
            }
            _ => Ok(()),
        };
        self.shared
            .ledger
            .save(check, |state| state.vote = Some(vote))
    }

    /// Saves the commit mark, lazily: a loss of power may take it back to an older one, the death of the process does
    /// not. A lower one than the last is passed over.
    ///
    /// # Errors
    /// `TooLarge`: nothing happened. `Poisoned`.
    pub fn save_committed(&self, id: LogId, text: Bytes) -> Result<(), RaftLogError> {
        check_text("a log id", &text)?;
        self.shared.check_alive()?;
        self.shared.ledger.save_lazily(|state| {
            let is_newer = state.committed.as_ref().is_none_or(|last| id > last.id);
            if is_newer {
                state.committed = Some(Marker { id, text });
            }
            is_newer
        })?;
        let mut view = self.shared.view.write();
        view.committed_next = view.committed_next.max(id.index.saturating_add(1));
        Ok(())
    }

    /// The newest membership: in the log, or remembered from what was purged. May wait for the disk.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn last_membership(&self) -> Result<Option<Entry>, RaftLogError> {
        let newest = self.shared.ledger.memberships().last().copied();
        if let Some(index) = newest {
            let mut found = self.read(index..index.saturating_add(1), 0)?;
            if let Some(entry) = found.pop() {
                return Ok(Some(entry));
            }
        }
        crate::membership::read(&self.shared.dir)
    }

    /// Why the log takes no more writes, if so.
    #[must_use]
    pub fn poisoned(&self) -> Option<RaftLogError> {
        self.shared.completions.poisoned()
    }

    /// Makes everything durable, writes the checkpoint and closes the files. All later calls fail with `Closed`.
    ///
    /// # Errors
    /// `Poisoned`, if some of it could not be made durable.
    pub fn close(&self) -> Result<(), RaftLogError> {
        self.shared.close()
    }

    #[cfg(feature = "openraft")]
    pub(crate) fn offload(&self, job: impl FnOnce() + Send + 'static) {
        self.shared.services.pool.run(job);
    }
}

impl Shared {
    /// For what must not fail half-way: a failure ends all writing.
    fn poison_if_failed<T>(&self, result: Result<T, RaftLogError>) -> Result<T, RaftLogError> {
        result.map_err(|error| self.completions.poison(&error))
    }

    fn check_alive(&self) -> Result<(), RaftLogError> {
        match self.completions.poisoned() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn close(&self) -> Result<(), RaftLogError> {
        let appender = self.writer.lock().appender.take();
        let Some(appender) = appender else {
            return Ok(());
        };
        let flushed = self.chain.flush_to(self.chain.marks().written);
        self.completions.quiesce();
        self.indexes.flush();
        let saved = match flushed {
            Ok(_) => self
                .ledger
                .save(|_| Ok(()), |state| self.ledger.add_checkpoint(state)),
            Err(error) => Err(error.into()),
        };
        self.ledger.close();
        appender.close()?;
        saved
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::warn!(dir = %self.dir.display(), %error, "log not closed cleanly");
        }
        self.services.forget(&self.group);
    }
}
