//! One partition's log: a chain of segments with indexes, producers, epochs and marks.
//!
//! Invariants: log start ≤ last stable ≤ high watermark ≤ log end. After a clean stop nothing of a
//! log is read before somebody asks for it (`opened`). One append lock per log; readers take no
//! lock that an append holds for longer than a pointer copy.
//! Lock order: `files` before `tail` and `exchange`, each of them before `segments`; `Shared`'s lock last and never while
//! calling the chain. Nobody who holds `tail` waits for the other two.
//! Reading order: `append`, `read`, `recover`.

mod append;
mod clean;
mod lifecycle;
mod lookup;
mod old_message;
mod open;
mod read;
mod rebuild;
mod recover;
mod retention;
mod roll;
mod segments;
mod shared;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use parking_lot::{Mutex, RwLock};
use segment::{Appender, Chain, Engine, FlushRules, FlushService};

use super::batch::BatchHeader;
use super::config::{Durability, LogConfig};
use super::error::{Poisoned, StorageError};
use super::ids::{Clock, KafkaOffset, TopicPartition};
use super::leader_epochs::LeaderEpochs;
use super::producer_state::ProducerStates;
use super::report::PartitionReport;
use super::trash::Trash;

pub use append::{AppendContext, Appended};
pub use lookup::TimedOffset;
pub use read::{Fetched, Isolation};
pub use rebuild::StopReason;
pub use segments::Access;
pub use shared::Ack;

pub(crate) use clean::{Cleaned, Dirt, ENTRY_BYTES_MAX as CLEANER_ENTRY_BYTES, Stop};
pub(crate) use open::Hints;
use rebuild::IndexState;
use segments::{IndexLimits, Indexes, LogSegment};
use shared::Shared;

/// What all logs of a data directory share.
pub(crate) struct LogEnv {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) flush: Arc<FlushService>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) trash: Trash,
    pub(crate) quarantine: PathBuf,
    pub(crate) producer_expiration_ms: i64,
}

/// A partition's log. Everything takes `&self`; share it as an `Arc`.
pub struct PartitionLog {
    tp: TopicPartition,
    env: Arc<LogEnv>,
    config: RwLock<Arc<LogConfig>>,
    dir: RwLock<PathBuf>,
    hints: Mutex<Hints>,
    opened: OnceLock<Opened>,
    opening: Mutex<()>,
}

/// The part of a log that exists once somebody has asked for it.
struct Opened {
    chain: Arc<Chain>,
    shared: Arc<Shared>,
    segments: RwLock<Vec<Arc<LogSegment>>>,
    epochs: Mutex<LeaderEpochs>,
    tail: Mutex<Tail>,
    /// Held by whoever renames or removes files of sealed segments, or goes through all of them.
    files: Mutex<()>,
    /// Held to read; exclusively while cleaned segments take the place of others.
    exchange: RwLock<()>,
}

/// What appending needs, behind the append lock.
struct Tail {
    appender: Appender,
    active: Arc<LogSegment>,
    indexes: Arc<Indexes>,
    index_state: IndexState,
    next_offset: KafkaOffset,
    leader_epoch: i32,
    noted_epoch: i32,
    producers: ProducerStates,
    producers_changed: bool,
    open_transaction: Option<KafkaOffset>,
    ended: Option<(KafkaOffset, KafkaOffset)>,
    first_timestamp_ms: Option<i64>,
    created_ms: i64,
    roll_jitter_ms: i64,
    unflushed_records: i64,
    recovery_point: KafkaOffset,
    snapshots_unsynced: Vec<PathBuf>,
    index_warned: bool,
    closed: bool,
}

impl Tail {
    fn waited_ms(&self, header: &BatchHeader, now_ms: i64) -> i64 {
        match self.first_timestamp_ms {
            Some(first) => header.max_timestamp.saturating_sub(first),
            None => now_ms.saturating_sub(self.created_ms),
        }
    }

    fn note_index(&mut self, config: &LogConfig, header: &BatchHeader, at: u64) {
        if self.first_timestamp_ms.is_none() && at == 0 && header.max_timestamp >= 0 {
            self.first_timestamp_ms = Some(header.max_timestamp);
        }
        let noted = self
            .index_state
            .batch(header, at, &self.indexes, config.index_interval_bytes);
        if let Err(error) = noted
            && !self.index_warned
        {
            // Only a hint is missing: lookups start a little earlier.
            self.index_warned = true;
            tracing::warn!(%error, "index entry was not written");
        }
    }

    /// Counts records that no sync was asked for; true when `flush.messages` is reached.
    fn count_unflushed(&mut self, header: &BatchHeader, config: &LogConfig) -> bool {
        self.unflushed_records += i64::from(header.record_count);
        let due = self.unflushed_records >= config.flush_messages;
        if due {
            self.unflushed_records = 0;
        }
        due
    }
}

impl PartitionLog {
    /// The partition.
    pub fn tp(&self) -> &TopicPartition {
        &self.tp
    }

    /// The directory, as it is named now.
    pub fn dir(&self) -> PathBuf {
        self.dir.read().clone()
    }

    /// The settings now in force.
    pub fn config(&self) -> Arc<LogConfig> {
        Arc::clone(&self.config.read())
    }

    /// Puts other settings in force, from the next append on.
    pub fn set_config(&self, config: LogConfig) {
        let rules = flush_rules(&config);
        let durability = config.durability;
        *self.config.write() = Arc::new(config);
        if let Some(opened) = self.opened.get() {
            opened.chain.set_rules(rules);
            opened
                .shared
                .set_policy(durability, || opened.chain.marks());
            if durability == Durability::Disk {
                let _ = opened
                    .chain
                    .request(segment::Mark::Durable, opened.chain.marks().written);
            }
        }
    }

    /// Which mark acknowledges `acks=all` and bounds what readers see.
    pub fn policy(&self) -> Durability {
        self.config.read().durability
    }

    /// Whether the log was opened (or recovered) since the start.
    pub fn is_open(&self) -> bool {
        self.opened.get().is_some()
    }

    /// First offset readable.
    ///
    /// # Errors
    /// As the first open of the log; never once it is open.
    pub fn log_start_offset(&self) -> Result<KafkaOffset, StorageError> {
        Ok(self.opened()?.shared.log_start())
    }

    /// End of the log, exclusive.
    ///
    /// # Errors
    /// As the first open of the log.
    pub fn log_end_offset(&self) -> Result<KafkaOffset, StorageError> {
        Ok(self.opened()?.shared.log_end())
    }

    /// End of what readers see, exclusive: the mark `policy` names.
    ///
    /// # Errors
    /// As the first open of the log.
    pub fn high_watermark(&self) -> Result<KafkaOffset, StorageError> {
        Ok(self.opened()?.shared.visible())
    }

    /// End of what survives the process being killed, exclusive.
    ///
    /// # Errors
    /// As the first open of the log.
    pub fn committed_offset(&self) -> Result<KafkaOffset, StorageError> {
        Ok(self.opened()?.shared.committed())
    }

    /// End of what survives power loss, exclusive.
    ///
    /// # Errors
    /// As the first open of the log.
    pub fn durable_offset(&self) -> Result<KafkaOffset, StorageError> {
        Ok(self.opened()?.shared.durable())
    }

    /// End of what read_committed readers see, exclusive.
    ///
    /// # Errors
    /// As the first open of the log.
    pub fn last_stable_offset(&self) -> Result<KafkaOffset, StorageError> {
        Ok(self.opened()?.shared.last_stable())
    }

    /// Bytes in the log, and how many of them a power loss would take. Zeros before the first open.
    pub fn unsynced(&self) -> (u64, Option<std::time::Instant>) {
        match self.opened.get() {
            Some(opened) => (opened.chain.unsynced_bytes(), opened.chain.unsynced_since()),
            None => (0, None),
        }
    }

    /// Why the log takes no more appends, if so.
    pub fn poisoned(&self) -> Option<Poisoned> {
        self.opened
            .get()
            .and_then(|opened| opened.shared.poison_of())
    }

    /// Ready when everything below `upto` (exclusive) has reached `ack`.
    ///
    /// Cost: two atomic loads when it has; a lock and a stored waker when it has not.
    ///
    /// # Errors
    /// `Poisoned` when it never will: the batch may or may not be on disk.
    pub fn poll_reached(
        &self,
        ack: Ack,
        upto: KafkaOffset,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Poisoned>> {
        let opened = match self.opened() {
            Ok(opened) => opened,
            Err(error) => return Poll::Ready(Err(Poisoned(error.to_string()))),
        };
        let polled = opened.shared.poll_reached(ack, upto, context);
        // Whoever appended asked for the mark of the policy that held then.
        let needs_sync = match ack {
            Ack::Committed => false,
            Ack::Durable => true,
            Ack::Visible => opened.shared.waits_for_disk(),
        };
        if polled.is_pending() && needs_sync {
            let _ = opened
                .chain
                .request(segment::Mark::Durable, opened.chain.marks().written);
        }
        polled
    }

    /// Ready when the high watermark is past `than`, or the log is closed or poisoned.
    pub fn poll_newer(&self, than: KafkaOffset, context: &mut Context<'_>) -> Poll<()> {
        match self.opened() {
            Ok(opened) => opened.shared.poll_newer(than, context),
            Err(_) => Poll::Ready(()),
        }
    }

    fn limits(&self) -> IndexLimits {
        let config = self.config.read();
        IndexLimits {
            bytes_max: config.segment_index_bytes,
            interval_bytes: config.index_interval_bytes,
        }
    }

    /// The open log; opens it on first use.
    fn opened(&self) -> Result<&Opened, StorageError> {
        match self.opened.get() {
            Some(opened) => Ok(opened),
            None => self.open_now().map(|(opened, _)| opened),
        }
    }

    /// Opens (and, if `Hints` say so, recovers) the log; the report is `None` if it was open.
    fn open_now(&self) -> Result<(&Opened, Option<PartitionReport>), StorageError> {
        let _opening = self.opening.lock();
        if let Some(opened) = self.opened.get() {
            return Ok((opened, None));
        }
        let (opened, report) = self.load()?;
        Ok((self.opened.get_or_init(|| opened), Some(report)))
    }
}

impl std::fmt::Debug for PartitionLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartitionLog")
            .field("tp", &self.tp)
            .field("open", &self.is_open())
            .finish_non_exhaustive()
    }
}

/// `flush.ms` as a rule of the chain.
fn flush_rules(config: &LogConfig) -> FlushRules {
    let age = u64::try_from(config.flush_ms)
        .ok()
        .filter(|_| config.flush_ms != i64::MAX);
    FlushRules {
        unsynced_age_max: age.map(std::time::Duration::from_millis),
        ..FlushRules::default()
    }
}
