//! Reading: from a queue, by time, by key.
//!
//! Invariants: a read copies nothing that the kernel can send from the file; entries that follow each other in the log are
//! one part; with `Access::InMemory` it never waits for the disk. What an index names was looked at before it is given out.

use std::ops::Range;
use std::sync::Arc;

use segment::Part;

use super::consume_queue::{Queue, QueueUnit};
use super::error::ReadError;
use super::ids::{PhysicalOffset, QueueOffset};
use super::index_file::QUERY_HITS_MAX;
use super::message::{self, Entry, key};
use super::read_types::{
    Access, Boundary, GetRequest, GetResult, GetStatus, QueryKey, QueryRequest, QueryResult,
};
use super::store::Store;

/// Units that one read looks at, at most, when the filter wants few of them; more where more messages are asked for.
const UNITS_LOOKED_AT: usize = 800;
const UNITS_PER_READ: usize = 256;

/// A row of entries that follow each other.
type Row = Range<PhysicalOffset>;

impl Store {
    /// Reads messages of a queue.
    ///
    /// # Errors
    /// `WouldBlock` with `Access::InMemory`; `Storage` where the disk does not give the bytes. All else is a status.
    pub fn get(&self, request: &GetRequest<'_>) -> Result<GetResult, ReadError> {
        let mut result = GetResult {
            status: GetStatus::NoMatchedLogicQueue,
            next_offset: QueueOffset(0),
            min_offset: QueueOffset(0),
            max_offset: QueueOffset(0),
            units: Vec::new(),
            parts: Vec::new(),
            bytes: 0,
        };
        let Some(queue) = self.queues.get(request.topic, request.queue_id) else {
            return Ok(result);
        };
        let (min, max) = (
            self.queues.min_offset(&queue, self.log.start())?,
            queue.end(),
        );
        (result.min_offset, result.max_offset) = (min, max);
        let offset = request.offset;
        let (status, next) = match offset {
            _ if max == QueueOffset(0) => (GetStatus::NoMessageInQueue, QueueOffset(0)),
            _ if offset < min => (GetStatus::OffsetTooSmall, min),
            _ if offset == max => (GetStatus::OffsetOverflowOne, offset),
            _ if offset > max => (GetStatus::OffsetOverflowBadly, max),
            _ => (GetStatus::Found, offset),
        };
        (result.status, result.next_offset) = (status, next);
        if status == GetStatus::Found {
            let rows = self.collect(request, &queue, &mut result)?;
            self.fetch(&rows, request.access, &mut result)?;
        }
        Ok(result)
    }

    /// Chooses units; the rows of entries that they name.
    fn collect(
        &self,
        request: &GetRequest<'_>,
        queue: &Arc<Queue>,
        result: &mut GetResult,
    ) -> Result<Vec<Row>, ReadError> {
        let log_start = self.log.start();
        let mut rows: Vec<Row> = Vec::new();
        let mut looked_at = 0;
        let most = UNITS_LOOKED_AT.max(request.messages_max);
        let mut saw_removed = false;
        let mut is_full = false;
        while looked_at < most && !is_full && result.next_offset < result.max_offset {
            let ask = UNITS_PER_READ.min(most - looked_at).max(1);
            let units = self
                .queues
                .read(queue, result.next_offset, ask, request.access)?;
            if units.is_empty() {
                // Its file went while we looked.
                saw_removed = true;
                break;
            }
            for unit in units {
                looked_at += 1;
                let is_there = !unit.is_prefill() && unit.physical_offset >= log_start;
                saw_removed |= !is_there;
                if is_there && self.wants(request, &unit)? {
                    let size = usize::try_from(unit.size_bytes).unwrap_or(0);
                    let over = result.bytes + size > request.bytes_max && result.bytes > 0;
                    if over || result.units.len() >= request.messages_max {
                        is_full = true;
                        break;
                    }
                    result.bytes += size;
                    result.units.push((result.next_offset, unit));
                    match rows
                        .last_mut()
                        .filter(|row| row.end == unit.physical_offset)
                    {
                        Some(row) => row.end = unit.entry_end(),
                        None => rows.push(unit.physical_offset..unit.entry_end()),
                    }
                }
                result.next_offset = result.next_offset.next();
            }
        }
        if result.units.is_empty() {
            result.status = match saw_removed {
                true => GetStatus::MessageWasRemoving,
                false => GetStatus::NoMatchedMessage,
            };
        }
        Ok(rows)
    }

    fn wants(&self, request: &GetRequest<'_>, unit: &QueueUnit) -> Result<bool, ReadError> {
        if !request.filter.wants_tags(unit.tags_code) {
            return Ok(false);
        }
        if !request.filter.judges_entries() {
            return Ok(true);
        }
        let (at, size) = (unit.physical_offset, unit.size_bytes);
        let lease = self.log.entry_of(at, size, request.access)?;
        let entry = lease.as_ref().and_then(|lease| message::decode(lease).ok());
        Ok(entry.is_some_and(|entry| request.filter.wants_entry(&entry)))
    }

    /// Turns rows into parts. A row whose file went meanwhile ends the answer before it.
    fn fetch(&self, rows: &[Row], access: Access, result: &mut GetResult) -> Result<(), ReadError> {
        for row in rows {
            let bytes = row.end.position().0.saturating_sub(row.start.position().0);
            let Some(segment) = self.log.segment_of(row.start, bytes) else {
                self.end_before(row.start, result);
                return Ok(());
            };
            let from = row.start.position().0 - segment.base();
            let range = from..from + bytes;
            if !segment.resident(range.clone()) {
                if access == Access::InMemory {
                    return Err(ReadError::WouldBlock);
                }
                // What is sent from the file later must not wait for the disk then.
                segment.warm(range.clone())?;
            }
            segment.parts(range, &mut result.parts)?;
        }
        Ok(())
    }

    fn end_before(&self, gone: PhysicalOffset, result: &mut GetResult) {
        let keep = result
            .units
            .iter()
            .position(|(_, unit)| unit.physical_offset == gone)
            .unwrap_or(0);
        if let Some((offset, _)) = result.units.get(keep) {
            result.next_offset = *offset;
        }
        result.units.truncate(keep);
        result.bytes = result.parts.iter().map(Part::len).sum();
        if keep == 0 {
            result.status = GetStatus::MessageWasRemoving;
            result.next_offset = result.next_offset.next();
        }
    }

    /// Store time of the message at a place of a queue; `None` if there is none.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn store_time(
        &self,
        topic: &str,
        queue_id: i32,
        offset: QueueOffset,
    ) -> Result<Option<i64>, ReadError> {
        match self.queues.get(topic, queue_id) {
            Some(queue) => self.store_time_of(&queue, offset),
            None => Ok(None),
        }
    }

    fn store_time_of(&self, queue: &Queue, offset: QueueOffset) -> Result<Option<i64>, ReadError> {
        let Some(unit) = self
            .queues
            .unit(queue, offset)?
            .filter(|unit| !unit.is_prefill())
        else {
            return Ok(None);
        };
        self.log
            .store_time_at(unit.physical_offset, unit.size_bytes)
    }

    /// The place in a queue that a time means: `Lower` the first message at or after it (the end of the queue if there is
    /// none), `Upper` the last at or before it (the first message if there is none).
    ///
    /// Cost: the logarithm of the queue's length in reads.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn offset_by_time(
        &self,
        topic: &str,
        queue_id: i32,
        time_ms: i64,
        boundary: Boundary,
    ) -> Result<QueueOffset, ReadError> {
        let Some(queue) = self.queues.get(topic, queue_id) else {
            return Ok(QueueOffset(0));
        };
        let min = self.queues.min_offset(&queue, self.log.start())?;
        let is_before = |time: i64| match boundary {
            Boundary::Lower => time < time_ms,
            Boundary::Upper => time <= time_ms,
        };
        let (mut low, mut high) = (min, queue.end());
        while low < high {
            let middle = QueueOffset(low.0 + (high.0 - low.0) / 2);
            // What is gone was before whatever is there.
            if self.store_time_of(&queue, middle)?.is_none_or(is_before) {
                low = middle.next();
            } else {
                high = middle;
            }
        }
        Ok(match boundary {
            Boundary::Lower => low,
            Boundary::Upper => low.plus(-1).max(min),
        })
    }

    /// Finds messages by a key or their tags, oldest first; where there are more than asked for, the newest of them.
    ///
    /// Every candidate of the index is looked at: it is in the answer only if it has the topic, the key, and a store time in
    /// the range. Waits for the disk.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub fn query(&self, request: &QueryRequest<'_>) -> Result<QueryResult, ReadError> {
        let mut result = QueryResult::default();
        let Some(index) = &self.index else {
            return Ok(result);
        };
        let (time, place) = index.last_update();
        result.index_last_update_timestamp_ms = time;
        result.index_last_update_offset = place;
        let (begin, end) = (request.begin_ms, request.end_ms);
        let hash = match request.key {
            QueryKey::Key(key) => message::index_hash(request.topic, key),
            QueryKey::Tags(tags) => message::index_hash_of_tags(request.topic, tags),
        };
        let hits = index.find(hash, begin, end, QUERY_HITS_MAX)?;
        let most = request.messages_max.min(QUERY_HITS_MAX);
        let mut before = None;
        for hit in hits {
            if result.entries.len() >= most {
                break;
            }
            // A key that is there twice, or is the unique key too, was indexed twice.
            if before.replace(hit) == Some(hit) {
                continue;
            }
            let Some(lease) = self.log.entry_at(hit, Access::MayBlock)? else {
                continue;
            };
            let is_wanted = message::decode(&lease).is_ok_and(|entry| answers(&entry, request));
            if is_wanted {
                result.entries.push(lease);
            }
        }
        result.entries.reverse();
        Ok(result)
    }
}

fn answers(entry: &Entry<'_>, request: &QueryRequest<'_>) -> bool {
    let in_time = (request.begin_ms..=request.end_ms).contains(&entry.store_timestamp_ms);
    let is_wanted = || match request.key {
        QueryKey::Tags(tags) => entry.property(key::TAGS).as_deref() == Some(tags),
        QueryKey::Key(wanted) => {
            let unique = entry.property(key::UNIQUE_KEY);
            let keys = entry.property(key::KEYS);
            unique.as_deref() == Some(wanted)
                || keys.is_some_and(|keys| keys.split(' ').any(|one| one == wanted))
        }
    };
    in_time && entry.topic() == Ok(request.topic) && is_wanted()
}
