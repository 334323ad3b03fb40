//! Opening a log: what its directory holds becomes a chain, indexes, producers and marks.
//!
//! Invariants: after a clean stop only the last segment's end is read, from its last index entry
//! on; if that does not fit, the segment is recovered as after a crash. Nothing is trusted that was
//! not checked against a batch header.
//! Absent on purpose: walking after a crash (`recover`), the data root (`log_dir`).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use segment::{Allocation, Appender, Chain, ChainConfig, FoundSegment, Position, SegmentSpec};

use super::super::batch::{BATCH_HEADER_BYTES, BatchHeader};
use super::super::config::LogConfig;
use super::super::error::StorageError;
use super::super::ids::{KafkaOffset, TopicPartition};
use super::super::leader_epochs::LeaderEpochs;
use super::super::producer_state::ProducerStates;
use super::super::report::PartitionReport;
use super::super::{producer_snapshot, small_file};
use super::rebuild::{IndexState, MaxTimestamp};
use super::recover::{self, tidy};
use super::roll::jitter_ms;
use super::segments::{Access, HeaderScan, Indexes, LogSegment};
use super::shared::{Boundary, Shared};
use super::{LogEnv, Opened, PartitionLog, Tail, flush_rules};

/// What log file names end with.
pub(crate) const LOG_SUFFIX: &str = ".log";

/// What the data root's files say about a log before it is opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Hints {
    /// The last stop was clean.
    pub(crate) clean: bool,
    /// Everything below is durable, data and indexes.
    pub(crate) recovery_point: KafkaOffset,
    /// The log starts here, or at its first segment if that is higher.
    pub(crate) log_start: KafkaOffset,
    /// The next batch's leader epoch is at least this.
    pub(crate) leader_epoch: i32,
}

/// The end of a log as found, and what the next append continues.
pub(super) struct End {
    pub(super) next_offset: KafkaOffset,
    pub(super) state: IndexState,
}

/// A directory's chain while it is being looked at.
pub(super) struct Loading<'l> {
    pub(super) tp: &'l TopicPartition,
    pub(super) env: &'l LogEnv,
    pub(super) dir: &'l Path,
    pub(super) config: &'l LogConfig,
    pub(super) hints: Hints,
    pub(super) segments: Vec<Arc<LogSegment>>,
    pub(super) appender: Appender,
    pub(super) epochs: LeaderEpochs,
    pub(super) producers: ProducerStates,
    pub(super) report: PartitionReport,
}

impl PartitionLog {
    /// A log that opens when it is first used.
    pub(crate) fn new(
        tp: TopicPartition,
        env: Arc<LogEnv>,
        dir: std::path::PathBuf,
        config: LogConfig,
        hints: Hints,
    ) -> Self {
        Self {
            tp,
            env,
            config: RwLock::new(Arc::new(config)),
            dir: RwLock::new(dir),
            hints: Mutex::new(hints),
            opened: std::sync::OnceLock::new(),
            opening: Mutex::new(()),
        }
    }

    /// Opens the log now; the report is `None` if it was open.
    ///
    /// # Errors
    /// Whatever keeps the directory from being a log.
    pub(crate) fn open(&self) -> Result<Option<PartitionReport>, StorageError> {
        self.open_now().map(|(_, report)| report)
    }

    pub(crate) fn hints(&self) -> Hints {
        *self.hints.lock()
    }

    pub(super) fn load(&self) -> Result<(Opened, PartitionReport), StorageError> {
        let (dir, config, hints) = (self.dir(), self.config(), self.hints());
        let began = self.env.clock.now_ms();
        let mut report = PartitionReport::new(&self.tp, hints.clean);
        tidy::directory(&dir, &mut report)?;
        let shared = Arc::new(Shared::new(
            hints.log_start,
            Boundary {
                offset: hints.log_start,
                position: Position(0),
            },
            config.durability,
        ));
        if !hints.clean {
            recover::settle(&dir, hints.recovery_point)?;
        }
        let found = usable(Chain::scan(&dir, LOG_SUFFIX)?, &dir)?;
        let (chain, appender) = Chain::open(
            Arc::clone(&self.env.engine),
            chain_config(&dir, &config),
            &found,
            Arc::clone(&shared) as Arc<dyn segment::ChainListener>,
            Arc::clone(&self.env.flush),
        )?;
        let segments = chain.segments().into_iter().map(log_segment).collect();
        let epochs = load_epochs(&dir, &mut report);
        let producers = ProducerStates::default();
        let mut loading = Loading {
            tp: &self.tp,
            env: &self.env,
            dir: &dir,
            config: &config,
            hints,
            segments,
            appender,
            epochs,
            producers,
            report,
        };
        let end = match loading.find_end()? {
            Found::End(end) => end,
            Found::SpaceInside { path, end_bytes } => {
                chain.retire();
                drop(loading);
                return self.cut_space_and_load(&path, end_bytes);
            }
        };
        if end.next_offset < hints.log_start && !loading.segments.is_empty() {
            return self.start_over(loading, &chain);
        }
        let opened = loading.finish(chain, shared, end)?;
        let (opened, mut report) = opened;
        report.elapsed_ms = self.env.clock.now_ms().saturating_sub(began);
        Ok((opened, report))
    }

    /// Cuts a segment that others follow to its batches, durably, and begins again: all positions behind it change.
    fn cut_space_and_load(
        &self,
        path: &Path,
        end_bytes: u64,
    ) -> Result<(Opened, PartitionReport), StorageError> {
        let cut = || -> std::io::Result<()> {
            let file = std::fs::OpenOptions::new().write(true).open(path)?;
            file.set_len(end_bytes)?;
            file.sync_all()
        };
        cut().map_err(|error| StorageError::io("cut", path, error))?;
        let (opened, mut report) = self.load()?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        report.notes.push(format!(
            "{name}: space taken ahead was cut off at byte {end_bytes}, before the segments that follow"
        ));
        Ok((opened, report))
    }

    /// Everything lies below the log start: the log is empty and begins there.
    fn start_over(
        &self,
        loading: Loading<'_>,
        chain: &Arc<Chain>,
    ) -> Result<(Opened, PartitionReport), StorageError> {
        chain.retire();
        tidy::remove_segments(loading.dir)?;
        let note = format!(
            "log ended below its start {}; begun anew there",
            loading.hints.log_start
        );
        drop(loading);
        let (opened, mut report) = self.load()?;
        report.notes.push(note);
        Ok((opened, report))
    }
}

/// What opening found out about the segments.
pub(super) enum Found {
    End(End),
    /// The segment at `path` ends in zeros from `end_bytes` on, and the next one begins with the offset that follows its
    /// last: a loss of power kept the new segment and not yet the cut of the old one.
    SpaceInside {
        path: PathBuf,
        end_bytes: u64,
    },
}

impl Loading<'_> {
    fn find_end(&mut self) -> Result<Found, StorageError> {
        if self.segments.is_empty() {
            return Ok(Found::End(End {
                next_offset: self.hints.log_start,
                state: IndexState::default(),
            }));
        }
        let last = Arc::clone(&self.segments[self.segments.len() - 1]);
        if !self.hints.clean {
            return match self.settled_end(&last) {
                Some(end) => {
                    self.load_producers(end.next_offset, end.next_offset)?;
                    self.report.recovered_from = end.next_offset;
                    Ok(Found::End(end))
                }
                None => self.recover(self.hints.recovery_point),
            };
        }
        let end = match self.clean_end(&last) {
            Ok(Some(end)) => end,
            Ok(None) | Err(StorageError::Damaged { .. }) => {
                let note = "the end does not fit its index, recovered though the stop was clean";
                self.report.notes.push(note.to_owned());
                self.report.clean = false;
                return self.recover(KafkaOffset(last.base()));
            }
            Err(error) => return Err(error),
        };
        self.load_producers(end.next_offset, end.next_offset)?;
        Ok(Found::End(end))
    }

    /// The end, if nothing was appended since the recovery point: all of it is known to be durable.
    fn settled_end(&self, last: &Arc<LogSegment>) -> Option<End> {
        if last.base() > self.hints.recovery_point.0 {
            return None;
        }
        let end = self.clean_end(last).ok().flatten()?;
        (end.next_offset == self.hints.recovery_point).then_some(end)
    }

    /// The end of a cleanly closed segment: headers from its last index entry on. `None` if
    /// anything there is not as it should be.
    fn clean_end(&self, last: &Arc<LogSegment>) -> Result<Option<End>, StorageError> {
        let indexes = last.indexes(self.dir, self.limits())?;
        let entry = indexes.offsets.last()?;
        let mut state = IndexState::default();
        // A time entry above the last offset entry was only written for closing.
        match entry {
            Some(entry) => indexes.times.cut_above(entry.offset)?,
            None => indexes.times.clear(),
        }
        if let Some(time) = indexes.times.last()? {
            state.max = MaxTimestamp {
                timestamp_ms: time.timestamp_ms,
                offset: time.offset,
            };
        }
        let (start, len) = (
            entry.map_or(0, |entry| u64::from(entry.position)),
            last.file.len(),
        );
        let mut scan = HeaderScan::new(&last.file, start, len, Access::MayBlock);
        let (mut at, mut next_offset) = (start, KafkaOffset(last.base()));
        while let Ok(Some(found)) = scan.next() {
            let is_entry = entry.is_some_and(|entry| u64::from(entry.position) == found.position);
            if is_entry && entry.is_some_and(|entry| entry.offset != found.header.last_offset()) {
                return Ok(None);
            }
            state.max.note(&found.header);
            state.interval.count(found.header.size_bytes(), u32::MAX);
            at = found.end();
            next_offset = found.header.next_offset();
        }
        if at != len || (entry.is_some() && at == start) {
            return Ok(None);
        }
        // More bytes than the interval since the last entry: the next append writes one anyway.
        Ok(Some(End { next_offset, state }))
    }

    pub(super) fn limits(&self) -> super::IndexLimits {
        super::IndexLimits {
            bytes_max: self.config.segment_index_bytes,
            interval_bytes: self.config.index_interval_bytes,
        }
    }

    fn finish(
        mut self,
        chain: Arc<Chain>,
        shared: Arc<Shared>,
        end: End,
    ) -> Result<(Opened, PartitionReport), StorageError> {
        if self.segments.is_empty() {
            self.appender
                .roll(u64::try_from(end.next_offset.0).unwrap_or(0))?;
            self.segments = chain.segments().into_iter().map(log_segment).collect();
        }
        let Some(active) = self.segments.last().cloned() else {
            return Err(StorageError::Unusable(format!(
                "{}: no segment could be made",
                self.tp
            )));
        };
        let indexes = Arc::clone(active.indexes(self.dir, self.limits())?);
        let first_base = self.segments.first().map_or(0, |segment| segment.base());
        let log_start = self.hints.log_start.max(KafkaOffset(first_base));
        // Both, without short-circuit.
        if self.epochs.cut_end(end.next_offset)
            | self.epochs.cut_start(log_start)
            | self.report.epochs_changed
        {
            self.epochs.write()?;
        }
        recover::drop_stray_snapshots(self.dir, &self.segments, end.next_offset)?;
        let boundary = Boundary {
            offset: end.next_offset,
            position: chain.marks().written,
        };
        shared.reset(log_start, boundary);
        if let Some(first) = self.producers.first_open_transaction() {
            shared.transactions(Some(first), None, || chain.marks());
        }
        indexes.rest()?;
        let (segments, producers) = (self.segments.len(), self.producers.iter().count());
        self.report
            .finish(log_start, end.next_offset, segments, producers);
        let segments = RwLock::new(std::mem::take(&mut self.segments));
        let report = self.report.clone();
        let (epochs, tail) = self.into_tail(active, indexes, &end);
        let opened = Opened {
            chain,
            shared,
            segments,
            epochs: Mutex::new(epochs),
            tail: Mutex::new(tail),
            files: Mutex::new(()),
            exchange: RwLock::new(()),
        };
        Ok((opened, report))
    }

    fn into_tail(
        self,
        active: Arc<LogSegment>,
        indexes: Arc<Indexes>,
        end: &End,
    ) -> (LeaderEpochs, Tail) {
        let recovery_point = match self.hints.clean {
            true => end.next_offset,
            false => self.hints.recovery_point.min(end.next_offset),
        };
        let latest = self.epochs.latest();
        let tail = Tail {
            index_state: end.state,
            next_offset: end.next_offset,
            leader_epoch: latest.unwrap_or(0).max(self.hints.leader_epoch),
            noted_epoch: latest.unwrap_or(-1),
            first_timestamp_ms: first_timestamp(&active),
            created_ms: self.env.clock.now_ms(),
            roll_jitter_ms: jitter_ms(self.config, KafkaOffset(active.base())),
            appender: self.appender,
            active,
            indexes,
            open_transaction: self.producers.first_open_transaction(),
            producers: self.producers,
            producers_changed: false,
            ended: None,
            unflushed_records: 0,
            recovery_point,
            snapshots_unsynced: Vec::new(),
            index_warned: false,
            closed: false,
        };
        (self.epochs, tail)
    }
}

fn log_segment(file: Arc<segment::Segment>) -> Arc<LogSegment> {
    Arc::new(LogSegment::new(
        i64::try_from(file.base()).unwrap_or(i64::MAX),
        file,
    ))
}

/// Segment files whose base is an offset; others are an error, not a guess.
fn usable(found: Vec<FoundSegment>, dir: &Path) -> Result<Vec<FoundSegment>, StorageError> {
    for segment in &found {
        if i64::try_from(segment.base).is_err() {
            return Err(StorageError::damaged(
                dir,
                format!("segment name {} is no offset", segment.base),
            ));
        }
        if segment.len_bytes > u64::from(u32::MAX >> 1) {
            let path = segment.path(dir, LOG_SUFFIX);
            return Err(StorageError::damaged(
                &path,
                format!("{} bytes are too many", segment.len_bytes),
            ));
        }
    }
    Ok(found)
}

/// Zeros ahead of small appends to a log that is written to in earnest: batches of 16 KiB cost a third less CPU.
const ZERO_AHEAD_BYTES: u64 = 64 * 1024;

fn chain_config(dir: &Path, config: &LogConfig) -> ChainConfig {
    let spec = SegmentSpec {
        capacity_bytes: u64::from(config.segment_bytes),
        allocation: Allocation::Grow {
            step_bytes: 8 << 20,
        },
        zero_ahead_bytes: ZERO_AHEAD_BYTES,
        ..SegmentSpec::default()
    };
    ChainConfig {
        rules: flush_rules(config),
        ..ChainConfig::new(dir, LOG_SUFFIX, spec)
    }
}

fn load_epochs(dir: &Path, report: &mut PartitionReport) -> LeaderEpochs {
    match LeaderEpochs::load(dir) {
        Ok(epochs) => epochs,
        Err(error) => {
            report
                .notes
                .push(format!("leader epochs are begun anew: {error}"));
            report.epochs_changed = true;
            LeaderEpochs::empty(dir)
        }
    }
}

pub(super) fn first_timestamp(segment: &LogSegment) -> Option<i64> {
    let mut head = [0u8; BATCH_HEADER_BYTES];
    segment.file.read_into(0, &mut head).ok()?;
    let header = BatchHeader::parse(&head).ok()?;
    (header.max_timestamp >= 0).then_some(header.max_timestamp)
}

/// Reads the newest readable snapshot at or below `end`; damaged ones are removed.
pub(super) fn newest_snapshot(
    dir: &Path,
    end: KafkaOffset,
    report: &mut PartitionReport,
) -> Result<Option<(KafkaOffset, ProducerStates)>, StorageError> {
    let mut offsets = recover::snapshot_offsets(dir)?;
    offsets.retain(|offset| *offset <= end);
    while let Some(offset) = offsets.pop() {
        let path = producer_snapshot::path(dir, offset);
        match producer_snapshot::read(&path) {
            Ok(states) => return Ok(Some((offset, states))),
            Err(error) => {
                report
                    .notes
                    .push(format!("producer snapshot removed: {error}"));
                small_file::remove(&path)?;
            }
        }
    }
    Ok(None)
}
