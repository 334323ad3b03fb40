//! What is left of a batch: all of it, some records, its header alone, or nothing.
//!
//! Invariants: base offset, last offset, epoch and producer fields of a batch never change, nor do offset, key, value and
//! headers of a record. A batch of which every record stays is copied as it is.
//! Source: `Cleaner` and `MemoryRecords.filterTo` of Kafka 4.3.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::ControlFlow;

use super::super::super::batch::{
    ATTRIBUTE_CODEC, ATTRIBUTE_DELETE_HORIZON, BATCH_HEADER_BYTES, BATCH_OVERHEAD_BYTES,
    BatchHeader, BatchView, NO_TIMESTAMP, stamp_crc, write_header,
};
use super::super::super::config::TimestampType;
use super::super::super::error::BatchDefect;
use super::super::super::ids::KafkaOffset;
use super::super::super::producer_state::ProducerStates;
use super::super::super::record::{self, Record};
use super::offset_map::OffsetMap;
use super::transactions::Transactions;

/// What keeps the header of an active producer's batch: its sequence, or if it has none, its epoch.
#[derive(Clone, Copy)]
enum LastOf {
    DataAt(KafkaOffset),
    MarkerOf(i16),
}

pub(super) struct Filter<'m> {
    map: &'m OffsetMap,
    pub(super) transactions: Transactions,
    producers: HashMap<i64, LastOf>,
    now_ms: i64,
    delete_retention_ms: i64,
}

/// What one look at a batch's records tells.
#[derive(Default)]
struct Look {
    keep: Vec<bool>,
    kept: usize,
    tombstones: bool,
}

impl<'m> Filter<'m> {
    pub(super) fn new(
        map: &'m OffsetMap,
        transactions: Transactions,
        producers: &ProducerStates,
        now_ms: i64,
        delete_retention_ms: i64,
    ) -> Self {
        let last_of = |entry: &super::super::super::producer_state::ProducerEntry| {
            let last = match entry.last_batch() {
                Some(batch) => LastOf::DataAt(batch.last_offset),
                None => LastOf::MarkerOf(entry.epoch),
            };
            (entry.producer_id, last)
        };
        Self {
            map,
            transactions,
            producers: producers.iter().map(last_of).collect(),
            now_ms,
            delete_retention_ms,
        }
    }

    /// The bytes that take the batch's place; `None` if nothing does.
    pub(super) fn batch<'b>(
        &mut self,
        view: &BatchView<'b>,
    ) -> Result<Option<Cow<'b, [u8]>>, BatchDefect> {
        let header = view.header();
        let not_needed = self.transactions.read(view);
        let is_marker = header.is_control();
        // A marker outlives its transaction by the time that tombstones do.
        let expired = header
            .delete_horizon_ms()
            .is_some_and(|horizon_ms| horizon_ms <= self.now_ms);
        let drop_all = not_needed && (!is_marker || expired);
        let look = match drop_all {
            true => Look::default(),
            false => self.look(view)?,
        };
        if look.kept == 0 {
            let alone = || match header.record_count {
                0 => Cow::Borrowed(view.bytes()),
                _ => Cow::Owned(header_alone(header)),
            };
            return Ok(self.header_stays(header).then(alone));
        }
        let marks_end = look.tombstones || (not_needed && is_marker);
        let new_horizon = (marks_end && header.delete_horizon_ms().is_none())
            .then(|| self.now_ms.saturating_add(self.delete_retention_ms));
        if look.kept == look.keep.len() && new_horizon.is_none() {
            return Ok(Some(Cow::Borrowed(view.bytes())));
        }
        let horizon_ms = new_horizon.or(header.delete_horizon_ms());
        rewritten(view, &look.keep, horizon_ms).map(|bytes| Some(Cow::Owned(bytes)))
    }

    fn look(&self, view: &BatchView<'_>) -> Result<Look, BatchDefect> {
        let mut look = Look::default();
        let tombstones_stay = view
            .header()
            .delete_horizon_ms()
            .is_none_or(|horizon_ms| self.now_ms < horizon_ms);
        record::visit(view, |record| {
            let keep = view.header().is_control() || self.stays(&record, tombstones_stay);
            look.keep.push(keep);
            look.kept += usize::from(keep);
            look.tombstones |= keep && record.value.is_none();
            ControlFlow::Continue(())
        })?;
        Ok(look)
    }

    fn stays(&self, record: &Record<'_>, tombstones_stay: bool) -> bool {
        if record.offset > self.map.latest() {
            return true;
        }
        // A compacted topic takes no records without a key; what is there came before it was one.
        let Some(key) = record.key else { return false };
        self.map.is_newest(key, record.offset) && (record.value.is_some() || tombstones_stay)
    }

    /// Whether a batch without records is needed: it tells where the cleaned part ends, or what a producer did last.
    fn header_stays(&self, header: &BatchHeader) -> bool {
        if header.last_offset() == self.map.latest() {
            return true;
        }
        if !header.has_producer() {
            return false;
        }
        match self.producers.get(&header.producer_id) {
            Some(LastOf::DataAt(offset)) => header.last_offset() == *offset,
            Some(LastOf::MarkerOf(epoch)) => header.is_control() && header.producer_epoch == *epoch,
            None => false,
        }
    }
}

/// The batch without records and without a codec.
fn header_alone(header: &BatchHeader) -> Vec<u8> {
    let mut out = vec![0; BATCH_HEADER_BYTES];
    let empty = BatchHeader {
        attributes: header.attributes & !(ATTRIBUTE_CODEC | ATTRIBUTE_DELETE_HORIZON),
        base_timestamp: NO_TIMESTAMP,
        record_count: 0,
        ..*header
    };
    finish(&mut out, empty);
    out
}

/// The batch with the records that are to be kept, times told from its delete horizon if it has one.
fn rewritten(
    view: &BatchView<'_>,
    keep: &[bool],
    horizon_ms: Option<i64>,
) -> Result<Vec<u8>, BatchDefect> {
    let header = view.header();
    let mut plain = Vec::new();
    let mut base_timestamp = horizon_ms;
    let (mut count, mut newest_ms) = (0i32, NO_TIMESTAMP);
    let mut keep = keep.iter();
    record::visit(view, |record| {
        if keep.next() == Some(&true) {
            let base_ms = *base_timestamp.get_or_insert(record.timestamp_ms);
            let delta = i32::try_from(record.offset.0 - header.base_offset).unwrap_or(0);
            record.encode(
                record.timestamp_ms.saturating_sub(base_ms),
                delta,
                &mut plain,
            );
            newest_ms = newest_ms.max(record.timestamp_ms);
            count = count.saturating_add(1);
        }
        ControlFlow::Continue(())
    })?;
    let mut out = vec![0; BATCH_HEADER_BYTES];
    header
        .compression()?
        .compress(&plain, None, &mut out)
        .map_err(|error| BatchDefect::BadCompression(error.to_string()))?;
    let mark = horizon_ms.map_or(0, |_| ATTRIBUTE_DELETE_HORIZON);
    let fewer = BatchHeader {
        attributes: header.attributes & !ATTRIBUTE_DELETE_HORIZON | mark,
        base_timestamp: base_timestamp.unwrap_or(NO_TIMESTAMP),
        max_timestamp: match header.timestamp_type() {
            TimestampType::CreateTime => newest_ms,
            TimestampType::LogAppendTime => header.max_timestamp,
        },
        record_count: count,
        ..*header
    };
    finish(&mut out, fewer);
    Ok(out)
}

/// Writes the header, with the length of `out`, and the checksum.
fn finish(out: &mut [u8], header: BatchHeader) {
    let length = i32::try_from(out.len() - BATCH_OVERHEAD_BYTES).unwrap_or(i32::MAX);
    if let Some(head) = out.first_chunk_mut() {
        write_header(head, &BatchHeader { length, ..header });
    }
    stamp_crc(out);
}
