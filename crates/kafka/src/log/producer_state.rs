//! What a log remembers of its idempotent and transactional producers.
//!
//! Invariants: five last batches per producer are known; a duplicate of one of them is answered,
//! never appended; open transactions are ordered by first offset, so the oldest is found in O(log n).
//! Absent on purpose: files (`producer_snapshot`), who may use which id (the coordinator).

use std::collections::{BTreeMap, HashMap};

use super::batch::{BatchHeader, advance_sequence};
use super::error::AppendError;
use super::ids::KafkaOffset;
use super::validate::Origin;

/// Batches remembered per producer.
pub const BATCHES_PER_PRODUCER: usize = 5;

/// One remembered batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatchMark {
    /// Sequence of its last record.
    pub last_sequence: i32,
    /// Offset of its last record.
    pub last_offset: KafkaOffset,
    /// Last offset minus first.
    pub offset_delta: i32,
    /// Its max timestamp.
    pub timestamp_ms: i64,
}

impl BatchMark {
    /// Sequence of its first record.
    pub fn first_sequence(&self) -> i32 {
        let first = i64::from(self.last_sequence) - i64::from(self.offset_delta);
        let wrapped = if first < 0 {
            first + i64::from(i32::MAX) + 1
        } else {
            first
        };
        i32::try_from(wrapped).unwrap_or(0)
    }

    /// Offset of its first record.
    pub fn base_offset(&self) -> KafkaOffset {
        KafkaOffset(self.last_offset.0 - i64::from(self.offset_delta))
    }
}

/// One producer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProducerEntry {
    /// Its id.
    pub producer_id: i64,
    /// Its newest epoch.
    pub epoch: i16,
    /// Its last batches, oldest first, all of this epoch.
    batches: [Option<BatchMark>; BATCHES_PER_PRODUCER],
    /// When it was last heard of.
    pub last_timestamp_ms: i64,
    /// Epoch of the coordinator that wrote its last marker, −1 for none.
    pub coordinator_epoch: i32,
    /// First offset of its open transaction.
    pub open_transaction: Option<KafkaOffset>,
}

impl ProducerEntry {
    /// A producer of which nothing is known but its epoch.
    pub fn new(producer_id: i64, epoch: i16) -> Self {
        Self {
            producer_id,
            epoch,
            batches: [None; BATCHES_PER_PRODUCER],
            last_timestamp_ms: -1,
            coordinator_epoch: -1,
            open_transaction: None,
        }
    }

    /// Its last batches, oldest first.
    pub fn batches(&self) -> impl Iterator<Item = &BatchMark> {
        self.batches.iter().flatten()
    }

    /// Its newest batch.
    pub fn last_batch(&self) -> Option<&BatchMark> {
        self.batches.iter().flatten().last()
    }

    /// Sequence of its newest record, −1 for none.
    pub fn last_sequence(&self) -> i32 {
        self.last_batch().map_or(-1, |batch| batch.last_sequence)
    }

    /// Remembers a batch, forgetting the oldest of six.
    pub fn remember(&mut self, mark: BatchMark) {
        match self.batches.iter_mut().find(|slot| slot.is_none()) {
            Some(free) => *free = Some(mark),
            None => {
                self.batches.rotate_left(1);
                self.batches[BATCHES_PER_PRODUCER - 1] = Some(mark);
            }
        }
    }

    fn move_to_epoch(&mut self, epoch: i16) {
        if self.epoch != epoch {
            self.epoch = epoch;
            self.batches = [None; BATCHES_PER_PRODUCER];
        }
    }
}

/// What to do with a producer's batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sequence {
    /// Append it.
    Next,
    /// It is there already: answer with this.
    Duplicate(BatchMark),
}

/// A transaction that a marker ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EndedTransaction {
    /// Whose.
    pub producer_id: i64,
    /// Offset of its first batch.
    pub first_offset: KafkaOffset,
    /// Offset of the marker.
    pub last_offset: KafkaOffset,
    /// Whether it was aborted.
    pub aborted: bool,
}

/// A transaction marker, read from a control batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Marker {
    /// Abort, else commit.
    pub abort: bool,
    /// Epoch of the coordinator that wrote it.
    pub coordinator_epoch: i32,
}

impl Marker {
    /// Reads the control record's key and value; `None` for other control types.
    pub fn parse(key: &[u8], value: &[u8]) -> Option<Self> {
        let kind = i16::from_be_bytes(*key.get(2..4)?.first_chunk()?);
        let coordinator_epoch = i32::from_be_bytes(*value.get(2..6)?.first_chunk()?);
        match kind {
            0 => Some(Self {
                abort: true,
                coordinator_epoch,
            }),
            1 => Some(Self {
                abort: false,
                coordinator_epoch,
            }),
            _ => None,
        }
    }
}

/// All producers of one log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProducerStates {
    producers: HashMap<i64, ProducerEntry>,
    open: BTreeMap<KafkaOffset, i64>,
}

impl ProducerStates {
    /// Whether there are none: the common case, worth asking first.
    pub fn is_empty(&self) -> bool {
        self.producers.is_empty()
    }

    /// Every producer, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &ProducerEntry> {
        self.producers.values()
    }

    /// One producer.
    pub fn get(&self, producer_id: i64) -> Option<&ProducerEntry> {
        self.producers.get(&producer_id)
    }

    /// Puts an entry in place, as a snapshot holds it.
    pub fn insert(&mut self, entry: ProducerEntry) {
        if let Some(first) = entry.open_transaction {
            self.open.insert(first, entry.producer_id);
        }
        self.producers.insert(entry.producer_id, entry);
    }

    /// First offset of the oldest open transaction.
    pub fn first_open_transaction(&self) -> Option<KafkaOffset> {
        self.open.keys().next().copied()
    }

    /// Checks a producer's batch against what is known. Batches without producer always pass.
    ///
    /// # Errors
    /// `InvalidProducerEpoch`, `OutOfOrderSequence`, `InvalidTxnState`: nothing may be appended.
    pub fn check(&self, header: &BatchHeader, origin: Origin) -> Result<Sequence, AppendError> {
        if !header.has_producer() || origin != Origin::Client {
            return Ok(Sequence::Next);
        }
        let Some(known) = self.producers.get(&header.producer_id) else {
            return Ok(Sequence::Next);
        };
        let producer_id = header.producer_id;
        if header.producer_epoch < known.epoch {
            let (got, current) = (header.producer_epoch, known.epoch);
            return Err(AppendError::InvalidProducerEpoch {
                producer_id,
                got,
                current,
            });
        }
        let (first, last) = (header.base_sequence, header.last_sequence());
        if header.producer_epoch == known.epoch {
            let same =
                |mark: &&BatchMark| mark.first_sequence() == first && mark.last_sequence == last;
            if let Some(mark) = known.batches().find(same) {
                return Ok(Sequence::Duplicate(*mark));
            }
        }
        let expected = if header.producer_epoch == known.epoch {
            match known.last_sequence() {
                -1 => 0,
                last => advance_sequence(last, 1),
            }
        } else {
            0
        };
        if first != expected && known.epoch >= 0 {
            return Err(AppendError::OutOfOrderSequence {
                producer_id,
                got: first,
                last: known.last_sequence(),
            });
        }
        if known.open_transaction.is_some() && !header.is_transactional() {
            let what = "a batch outside its open transaction";
            return Err(AppendError::InvalidTxnState { producer_id, what });
        }
        Ok(Sequence::Next)
    }

    /// Notes an appended data batch whose offsets are final.
    pub fn appended(&mut self, header: &BatchHeader) {
        if !header.has_producer() {
            return;
        }
        let fresh = || ProducerEntry::new(header.producer_id, header.producer_epoch);
        let entry = self
            .producers
            .entry(header.producer_id)
            .or_insert_with(fresh);
        entry.move_to_epoch(header.producer_epoch);
        entry.remember(BatchMark {
            last_sequence: header.last_sequence(),
            last_offset: header.last_offset(),
            offset_delta: header.last_offset_delta,
            timestamp_ms: header.max_timestamp,
        });
        entry.last_timestamp_ms = header.max_timestamp;
        if header.is_transactional() && entry.open_transaction.is_none() {
            let first = KafkaOffset(header.base_offset);
            entry.open_transaction = Some(first);
            self.open.insert(first, header.producer_id);
        }
    }

    /// Notes an appended marker; gives the transaction it ended, if one was open.
    pub fn ended(&mut self, header: &BatchHeader, marker: Marker) -> Option<EndedTransaction> {
        let fresh = || ProducerEntry::new(header.producer_id, header.producer_epoch);
        let entry = self
            .producers
            .entry(header.producer_id)
            .or_insert_with(fresh);
        entry.move_to_epoch(header.producer_epoch);
        entry.coordinator_epoch = marker.coordinator_epoch;
        entry.last_timestamp_ms = header.max_timestamp;
        let first_offset = entry.open_transaction.take()?;
        self.open.remove(&first_offset);
        Some(EndedTransaction {
            producer_id: header.producer_id,
            first_offset,
            last_offset: KafkaOffset(header.base_offset),
            aborted: marker.abort,
        })
    }

    /// Forgets producers idle for `expiration_ms`, unless a transaction of theirs is open.
    pub fn expire(&mut self, now_ms: i64, expiration_ms: i64) -> usize {
        let before = self.producers.len();
        self.producers.retain(|_, entry| {
            entry.open_transaction.is_some()
                || now_ms.saturating_sub(entry.last_timestamp_ms) < expiration_ms
        });
        before - self.producers.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(epoch: i16, sequence: i32, count: i32, base_offset: i64) -> BatchHeader {
        BatchHeader {
            base_offset,
            length: 49,
            leader_epoch: 0,
            magic: 2,
            crc: 0,
            attributes: 0,
            last_offset_delta: count - 1,
            base_timestamp: 5,
            max_timestamp: 5,
            producer_id: 7,
            producer_epoch: epoch,
            base_sequence: sequence,
            record_count: count,
        }
    }

    fn verdict(states: &ProducerStates, header: &BatchHeader) -> &'static str {
        match states.check(header, Origin::Client) {
            Ok(Sequence::Next) => "next",
            Ok(Sequence::Duplicate(_)) => "duplicate",
            Err(AppendError::OutOfOrderSequence { .. }) => "order",
            Err(AppendError::InvalidProducerEpoch { .. }) => "epoch",
            Err(AppendError::InvalidTxnState { .. }) => "txn",
            Err(_) => "other",
        }
    }

    #[test]
    fn sequence_rules() {
        let mut states = ProducerStates::default();
        assert_eq!(
            verdict(&states, &header(0, 55, 1, 0)),
            "next",
            "nothing is known: any sequence"
        );
        for (index, base) in (0..6i32).map(|index| (index, index * 10)) {
            let batch = header(1, base, 10, i64::from(index) * 10);
            assert_eq!(verdict(&states, &batch), "next", "{base}");
            states.appended(&batch);
        }
        for (epoch, sequence, count, want) in [
            (1, 60, 1, "next"),
            (1, 50, 10, "duplicate"),
            (1, 10, 10, "duplicate"),
            (1, 0, 10, "order"),
            (1, 50, 9, "order"),
            (1, 61, 1, "order"),
            (0, 60, 1, "epoch"),
            (2, 0, 1, "next"),
            (2, 60, 1, "order"),
        ] {
            assert_eq!(
                verdict(&states, &header(epoch, sequence, count, 0)),
                want,
                "{epoch} {sequence} {count}"
            );
        }
    }

    #[test]
    fn sequences_wrap() {
        let mut states = ProducerStates::default();
        let batch = header(0, i32::MAX - 1, 4, 0);
        assert_eq!(batch.last_sequence(), 1);
        states.appended(&batch);
        assert_eq!(verdict(&states, &batch), "duplicate");
        assert_eq!(verdict(&states, &header(0, 2, 1, 0)), "next");
        assert_eq!(verdict(&states, &header(0, 0, 1, 0)), "order");
    }

    #[test]
    fn transactions_open_and_end() {
        let mut states = ProducerStates::default();
        let mut batch = header(0, 0, 2, 100);
        batch.attributes = 1 << 4;
        states.appended(&batch);
        assert_eq!(states.first_open_transaction(), Some(KafkaOffset(100)));
        assert_eq!(verdict(&states, &header(0, 2, 1, 0)), "txn");
        let marker = Marker::parse(&[0, 0, 0, 0], &[0, 0, 0, 0, 0, 9]).unwrap();
        let ended = states.ended(&header(0, -1, 1, 102), marker).unwrap();
        assert_eq!(
            (ended.first_offset.0, ended.last_offset.0, ended.aborted),
            (100, 102, true)
        );
        assert_eq!(states.first_open_transaction(), None);
        assert_eq!(states.expire(5 + 10, 10), 1);
    }
}
