//! Appending one batch: checks outside the lock, then O(1) work under it.
//!
//! Invariants: one checksum pass and no copy in the common case; nothing was appended unless `Ok`
//! came back; offsets are given in the order of the lock. Nothing slow happens under the lock but a
//! roll, which takes a prepared segment file.
//! Absent on purpose: waiting (`shared`), answers (the request layer).

use std::io::IoSlice;

use segment::{Mark, Position, SegmentError};

use super::super::batch::{BatchHeader, BatchView, stamp_position, stamp_timestamps};
use super::super::builder;
use super::super::compression::Compression;
use super::super::config::{Durability, LogConfig, TimestampType, TopicCompression};
use super::super::error::{AppendError, StorageError};
use super::super::ids::KafkaOffset;
use super::super::producer_state::{Marker, Sequence};
use super::super::record;
use super::super::txn_index::AbortedTxn;
use super::super::validate::{self, Origin, Plan};
use super::shared::{Ack, Boundary};
use super::{Opened, PartitionLog, Tail};

/// Who appends, when, and what for.
#[derive(Clone, Copy, Debug)]
pub struct AppendContext {
    /// The time now, ms since the epoch.
    pub now_ms: i64,
    /// Who appends.
    pub origin: Origin,
    /// What the caller is going to wait for, so that it is asked for at once; `None` for acks=0.
    pub ack: Option<Ack>,
    /// Whether this Produce version may carry zstd (7 and later).
    pub zstd_allowed: bool,
}

impl AppendContext {
    /// A client's batch whose ack waits for the topic's durability.
    pub fn client(now_ms: i64) -> Self {
        Self {
            now_ms,
            origin: Origin::Client,
            ack: Some(Ack::Visible),
            zstd_allowed: true,
        }
    }

    /// A coordinator's batch whose ack waits for the topic's durability.
    pub fn coordinator(now_ms: i64) -> Self {
        Self {
            now_ms,
            origin: Origin::Coordinator,
            ack: Some(Ack::Visible),
            zstd_allowed: true,
        }
    }
}

/// Where a batch went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Appended {
    /// Offset of its first record.
    pub base_offset: KafkaOffset,
    /// Offset of its last record (inclusive).
    pub last_offset: KafkaOffset,
    /// The log's time, −1 under CreateTime.
    pub log_append_time_ms: i64,
    /// Start of the log.
    pub log_start_offset: KafkaOffset,
    /// What to give `poll_reached`: the offset after the batch.
    pub end: KafkaOffset,
    /// It was there already (an idempotent producer sent it again); nothing was appended.
    pub duplicate: bool,
}

impl PartitionLog {
    /// Appends exactly one v2 batch, stamped in place in `batch`.
    ///
    /// Cost: one checksum pass, one walk over the records, one write; no copy unless the topic
    /// recompresses. Does not wait for the disk unless the segment must roll.
    ///
    /// # Errors
    /// As each variant says; after `NoSpace` the same batch may be sent again.
    pub fn append(
        &self,
        batch: &mut [u8],
        context: &AppendContext,
    ) -> Result<Appended, AppendError> {
        let opened = self.opened().map_err(AppendError::Storage)?;
        let config = self.config();
        let view = validate::check_frame(batch, &config, context.origin)?;
        let plan = match context.origin {
            Origin::Client => {
                validate::check_client(&view, &config, context.now_ms, context.zstd_allowed)?
            }
            Origin::Coordinator if config.timestamp_type == TimestampType::LogAppendTime => {
                Plan::Retime(TimestampType::LogAppendTime, context.now_ms)
            }
            Origin::Coordinator | Origin::Replicated => Plan::InPlace,
        };
        match plan {
            Plan::InPlace => self.append_checked(opened, &config, batch, context),
            Plan::Retime(kind, max_timestamp_ms) => {
                stamp_timestamps(batch, kind, max_timestamp_ms);
                self.append_checked(opened, &config, batch, context)
            }
            Plan::Rebuild(codec) => {
                let mut rebuilt = rebuild(&view, &config, codec)?;
                if config.timestamp_type == TimestampType::LogAppendTime {
                    stamp_timestamps(&mut rebuilt, TimestampType::LogAppendTime, context.now_ms);
                }
                self.append_checked(opened, &config, &mut rebuilt, context)
            }
        }
    }

    fn append_checked(
        &self,
        opened: &Opened,
        config: &LogConfig,
        batch: &mut [u8],
        context: &AppendContext,
    ) -> Result<Appended, AppendError> {
        if batch.len() > config.segment_bytes as usize {
            let (batch_bytes, segment_bytes) = (batch.len(), config.segment_bytes);
            return Err(AppendError::LargerThanSegment {
                batch_bytes,
                segment_bytes,
            });
        }
        let mut header = BatchHeader::parse(batch).map_err(AppendError::Corrupt)?;
        let mut tail = opened.tail.lock();
        if let Some(known) = admit(opened, &tail, config, &header, context.origin)? {
            return Ok(known);
        }
        if context.origin != Origin::Replicated {
            header.base_offset = tail.next_offset.0;
            header.leader_epoch = tail.leader_epoch;
            stamp_position(batch, tail.next_offset, tail.leader_epoch);
        }
        self.roll_if_due(opened, &mut tail, config, &header, context.now_ms)?;
        self.note_epoch(opened, &mut tail, &header)?;
        let (end, at) = self.write(opened, &mut tail, config, batch, context.now_ms)?;
        tail.note_index(config, &header, at);
        tail.next_offset = header.next_offset();
        self.note_producer(opened, &mut tail, &header, batch);
        let unflushed = tail.count_unflushed(&header, config);
        publish(opened, &mut tail, end);
        drop(tail);
        self.ask_for_marks(opened, config, context.ack, end, unflushed);
        Ok(Appended {
            base_offset: KafkaOffset(header.base_offset),
            last_offset: header.last_offset(),
            log_append_time_ms: append_time(config, header.max_timestamp),
            log_start_offset: opened.shared.log_start(),
            end: header.next_offset(),
            duplicate: false,
        })
    }

    /// A batch of a new leader epoch: the history is on disk before the batch is.
    fn note_epoch(
        &self,
        opened: &Opened,
        tail: &mut Tail,
        header: &BatchHeader,
    ) -> Result<(), AppendError> {
        if header.leader_epoch <= tail.noted_epoch {
            return Ok(());
        }
        let start = KafkaOffset(header.base_offset);
        opened
            .epochs
            .lock()
            .assign(header.leader_epoch, start)
            .map_err(AppendError::Storage)?;
        tail.noted_epoch = header.leader_epoch;
        Ok(())
    }

    fn write(
        &self,
        opened: &Opened,
        tail: &mut Tail,
        config: &LogConfig,
        batch: &[u8],
        now_ms: i64,
    ) -> Result<(Position, u64), AppendError> {
        let parts = [IoSlice::new(batch)];
        let appended = match tail.appender.append(&parts) {
            Err(SegmentError::Full { .. }) => {
                self.roll(opened, tail, config, now_ms)?;
                tail.appender.append(&parts)
            }
            other => other,
        };
        match appended {
            Ok(appended) => Ok((appended.end, appended.at)),
            Err(error) => Err(self.append_error(opened, error)),
        }
    }

    pub(super) fn append_error(&self, opened: &Opened, error: SegmentError) -> AppendError {
        match error {
            SegmentError::NoSpace { .. } => AppendError::NoSpace(self.tp().to_string()),
            SegmentError::Closed => AppendError::Closed,
            SegmentError::Poisoned(_) => match opened.shared.poison_of() {
                Some(poison) => AppendError::Storage(StorageError::Poisoned(poison)),
                None => AppendError::Storage(StorageError::Segment(error)),
            },
            other => AppendError::Storage(StorageError::Segment(other)),
        }
    }

    fn note_producer(&self, opened: &Opened, tail: &mut Tail, header: &BatchHeader, batch: &[u8]) {
        if !header.has_producer() {
            return;
        }
        tail.producers_changed = true;
        if !header.is_control() {
            tail.producers.appended(header);
            return;
        }
        let Some(marker) = marker_of(batch) else {
            return;
        };
        let Some(ended) = tail.producers.ended(header, marker) else {
            return;
        };
        tail.ended = Some((ended.first_offset, ended.last_offset));
        if ended.aborted {
            let next = ended.last_offset.next();
            let stable = tail
                .producers
                .first_open_transaction()
                .map_or(next, |first| first.min(next));
            let entry = AbortedTxn {
                producer_id: ended.producer_id,
                first_offset: ended.first_offset,
                last_offset: ended.last_offset,
                last_stable_offset: stable,
            };
            let index = tail.active.txn_index(&opened.chain.dir());
            if let Err(error) = index.append(&entry) {
                tracing::error!(log = %self.tp(), %error, "aborted transaction is missing from its index");
            }
        }
    }

    /// Asks for the marks that acks and readers wait for.
    fn ask_for_marks(
        &self,
        opened: &Opened,
        config: &LogConfig,
        ack: Option<Ack>,
        end: Position,
        flush_now: bool,
    ) {
        // A commit that finds no space is repeated by the chain; poison wakes whoever waits.
        if ack.is_some() || config.durability == Durability::Os {
            let _ = opened.chain.request(Mark::Committed, end);
        }
        if flush_now || config.durability == Durability::Disk || ack == Some(Ack::Durable) {
            let _ = opened.chain.request(Mark::Durable, end);
        }
    }
}

/// What only the lock can tell: whether the log takes this batch, or has it already.
fn admit(
    opened: &Opened,
    tail: &Tail,
    config: &LogConfig,
    header: &BatchHeader,
    origin: Origin,
) -> Result<Option<Appended>, AppendError> {
    if tail.closed {
        return Err(AppendError::Closed);
    }
    if let Some(poison) = opened.shared.poison_of() {
        return Err(AppendError::Storage(StorageError::Poisoned(poison)));
    }
    if origin == Origin::Replicated && header.base_offset < tail.next_offset.0 {
        let (got, next) = (header.base_offset, tail.next_offset);
        return Err(AppendError::InvalidRecord {
            message: format!("offset {got} where {next} is next"),
            record_errors: Vec::new(),
        });
    }
    let Sequence::Duplicate(mark) = tail.producers.check(header, origin)? else {
        return Ok(None);
    };
    Ok(Some(Appended {
        base_offset: mark.base_offset(),
        last_offset: mark.last_offset,
        log_append_time_ms: append_time(config, mark.timestamp_ms),
        log_start_offset: opened.shared.log_start(),
        end: mark.last_offset.next(),
        duplicate: true,
    }))
}

/// Lets readers and waiters see the batch that ends at `end`; a transaction it opened first, so
/// that the stable offset never runs past it.
fn publish(opened: &Opened, tail: &mut Tail, end: Position) {
    let marks = || opened.chain.marks();
    let open = tail.producers.first_open_transaction();
    if open != tail.open_transaction || tail.ended.is_some() {
        tail.open_transaction = open;
        opened.shared.transactions(open, tail.ended.take(), marks);
    }
    let next = Boundary {
        offset: tail.next_offset,
        position: end,
    };
    opened.shared.appended(next, marks);
}

fn append_time(config: &LogConfig, max_timestamp_ms: i64) -> i64 {
    match config.timestamp_type {
        TimestampType::CreateTime => -1,
        TimestampType::LogAppendTime => max_timestamp_ms,
    }
}

fn rebuild(
    view: &BatchView<'_>,
    config: &LogConfig,
    codec: Compression,
) -> Result<Vec<u8>, AppendError> {
    let level = match (config.compression, codec) {
        (TopicCompression::Producer, _) => None,
        (_, Compression::Gzip) => Some(config.gzip_level),
        (_, Compression::Zstd) => Some(config.zstd_level),
        _ => None,
    };
    builder::rebuild(view, codec, level).map_err(|defect| AppendError::InvalidRecord {
        message: defect.to_string(),
        record_errors: Vec::new(),
    })
}

/// The transaction marker in a control batch.
pub(crate) fn marker_of(batch: &[u8]) -> Option<Marker> {
    let view = BatchView::first(batch).ok()?;
    let mut marker = None;
    record::visit(&view, |record| {
        marker = record
            .key
            .zip(record.value)
            .and_then(|(key, value)| Marker::parse(key, value));
        std::ops::ControlFlow::Break(())
    })
    .ok()?;
    marker
}
