//! Records of one connection on their way into batches, one open batch per partition.

use kafka::log::builder::BatchBuilder;
use kafka::log::compression::Compression;

use super::super::payload::{Payload, mix};
use super::super::plan::Plan;
use crate::client::partition_for_key;

/// Bytes of a record beside key and value, at most.
const OVERHEAD_BYTES: usize = 24;
/// What `Payload::key` makes.
const KEY_BYTES: usize = 12;

/// When the records of a batch were due.
#[derive(Debug, Clone)]
pub(super) enum Dues {
    /// All at once (a closed loop).
    Together(u64),
    /// Each at its time.
    Each(Vec<u64>),
}

/// A batch that was encoded, and what has to be known when its answer comes.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) partition: i32,
    pub(super) encoded: Vec<u8>,
    pub(super) records: u32,
    /// Keys and values.
    pub(super) bytes: u64,
    /// Of the sequence numbers, in order.
    pub(super) digest: u64,
    pub(super) dues: Dues,
}

/// Where the digest of no records stands.
pub(super) const DIGEST_START: u64 = 0;

/// The digest with one more sequence number.
pub(super) fn digest_with(digest: u64, sequence: u64) -> u64 {
    mix(digest.rotate_left(1) ^ sequence)
}

#[derive(Debug)]
struct Lane {
    partition: i32,
    batch: BatchBuilder,
    bytes: u64,
    digest: u64,
    dues: Vec<u64>,
    first_due_ns: u64,
}

impl Lane {
    fn new(partition: i32) -> Self {
        Self {
            partition,
            batch: BatchBuilder::new(Compression::None),
            bytes: 0,
            digest: DIGEST_START,
            dues: Vec::new(),
            first_due_ns: 0,
        }
    }

    fn count(&self) -> u32 {
        self.batch.count().unsigned_abs()
    }
}

/// The open batches of one connection.
#[derive(Debug)]
pub(super) struct Lanes<'p> {
    plan: &'p Plan,
    payload: &'p Payload,
    lanes: Vec<Lane>,
    /// All partitions of the topic: a key's partition is one of these.
    partitions_total: usize,
    /// Where records without a key go until a batch is full.
    sticky: usize,
    linger_ns: u64,
    record_bytes_max: usize,
    /// Number of the connection, in the high bits of its sequence numbers.
    high_bits: u64,
    next: u64,
    key: Vec<u8>,
    value: Vec<u8>,
}

impl<'p> Lanes<'p> {
    pub(super) fn new(
        plan: &'p Plan,
        payload: &'p Payload,
        index: u32,
        partitions_total: usize,
    ) -> Self {
        let key_bytes = if plan.keys > 0 { KEY_BYTES } else { 0 };
        Self {
            plan,
            payload,
            lanes: Vec::new(),
            partitions_total,
            sticky: usize::try_from(index).unwrap_or_default(),
            linger_ns: u64::try_from(plan.linger.as_nanos()).unwrap_or(u64::MAX),
            record_bytes_max: plan.record_bytes.max + key_bytes + OVERHEAD_BYTES,
            high_bits: u64::from(index) << 40,
            next: 0,
            key: Vec::new(),
            value: Vec::new(),
        }
    }

    /// Sends to these partitions from now on. Open batches of others are dropped; how many records
    /// that were is returned.
    pub(super) fn lead(&mut self, partitions: &[i32]) -> u64 {
        let mut old = std::mem::take(&mut self.lanes);
        let keep = |&partition: &i32| {
            let at = old.iter().position(|lane| lane.partition == partition);
            at.map_or_else(|| Lane::new(partition), |at| old.swap_remove(at))
        };
        self.lanes = partitions.iter().map(keep).collect();
        old.iter().map(|lane| u64::from(lane.count())).sum()
    }

    /// Records made so far.
    pub(super) fn made(&self) -> u64 {
        self.next
    }

    /// Makes the next record. Returns true when its batch is full.
    pub(super) fn push(&mut self, due_ns: u64, now_ms: i64) -> bool {
        let sequence = self.high_bits | self.next;
        self.next += 1;
        self.payload.write(sequence, due_ns, &mut self.value);
        let keys = self.plan.keys;
        let at = if keys > 0 {
            self.keyed_lane(sequence)
        } else {
            self.sticky
                .checked_rem(self.lanes.len())
                .unwrap_or_default()
        };
        let Some(lane) = self.lanes.get_mut(at) else {
            return true;
        };
        let key = (keys > 0).then_some(self.key.as_slice());
        if lane.count() == 0 {
            lane.first_due_ns = due_ns;
        }
        lane.batch.push(now_ms, key, Some(&self.value));
        lane.bytes += (key.map_or(0, <[u8]>::len) + self.value.len()) as u64;
        lane.digest = digest_with(lane.digest, sequence);
        if self.plan.rate.is_some() {
            lane.dues.push(due_ns);
        }
        lane.batch.plain_bytes() + self.record_bytes_max > self.plan.batch_bytes
    }

    /// Draws keys until one belongs to a partition of this connection's leader.
    fn keyed_lane(&mut self, sequence: u64) -> usize {
        let mut draw = sequence;
        for _ in 0..64 {
            self.payload.key(draw, self.plan.keys, &mut self.key);
            let partition = partition_for_key(&self.key, self.partitions_total);
            let is_it = |lane: &Lane| usize::try_from(lane.partition) == Ok(partition);
            if let Some(at) = self.lanes.iter().position(is_it) {
                return at;
            }
            draw = mix(draw);
        }
        // With few keys and many leaders there may be none; then the last key goes here.
        0
    }

    /// When the oldest open batch has waited long enough.
    pub(super) fn deadline_ns(&self) -> Option<u64> {
        let open = self.lanes.iter().filter(|lane| lane.count() > 0);
        let deadline = open.map(|lane| lane.first_due_ns.saturating_add(self.linger_ns));
        deadline.min()
    }

    /// How many more records certainly fit before a batch may be full.
    pub(super) fn room(&self) -> u64 {
        let bytes = self.lanes.iter().map(|lane| lane.batch.plain_bytes()).max();
        let left = self
            .plan
            .batch_bytes
            .saturating_sub(bytes.unwrap_or_default());
        (left / self.record_bytes_max) as u64
    }

    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.lanes.iter().all(|lane| lane.count() == 0)
    }

    /// Takes the batches that are full or have waited long enough; with `all`, every open one.
    pub(super) fn take_ready(&mut self, now_ns: u64, all: bool) -> std::io::Result<Vec<Sealed>> {
        let (linger_ns, batch_bytes) = (self.linger_ns, self.plan.batch_bytes);
        let record_bytes_max = self.record_bytes_max;
        let mut sealed = Vec::new();
        for lane in &mut self.lanes {
            let is_full = lane.batch.plain_bytes() + record_bytes_max > batch_bytes;
            let has_waited = lane.first_due_ns.saturating_add(linger_ns) <= now_ns;
            if lane.count() == 0 || !(all || is_full || has_waited) {
                continue;
            }
            let ready = std::mem::replace(lane, Lane::new(lane.partition));
            sealed.push(Sealed {
                partition: ready.partition,
                encoded: ready.batch.finish()?,
                records: ready.count(),
                bytes: ready.bytes,
                digest: ready.digest,
                dues: if ready.dues.is_empty() {
                    Dues::Together(ready.first_due_ns)
                } else {
                    Dues::Each(ready.dues)
                },
            });
        }
        if !sealed.is_empty() {
            self.sticky = self.sticky.wrapping_add(1);
        }
        Ok(sealed)
    }
}

#[cfg(test)]
mod tests {
    use kafka::log::batch::BatchView;
    use kafka::log::record;
    use std::ops::ControlFlow;
    use std::time::Duration;

    use super::super::super::plan::{RecordBytes, sample};
    use super::*;

    fn plan(keys: u64, rate: Option<f64>) -> Plan {
        Plan {
            keys,
            rate,
            batch_bytes: 1000,
            record_bytes: RecordBytes { min: 100, max: 100 },
            linger: Duration::from_nanos(50),
            ..sample()
        }
    }

    #[test]
    fn batches_close_when_full_or_after_lingering_and_move_on() {
        let plan = plan(0, Some(1.0));
        let payload = Payload::new(1, plan.record_bytes);
        let mut lanes = Lanes::new(&plan, &payload, 0, 2);
        lanes.lead(&[0, 1]);
        assert!(lanes.is_empty());
        assert_eq!(lanes.deadline_ns(), None);
        assert!(!lanes.push(10, 5));
        assert_eq!(lanes.deadline_ns(), Some(60));
        assert!(lanes.take_ready(59, false).unwrap().is_empty());
        assert_eq!(lanes.take_ready(60, false).unwrap()[0].partition, 0);
        let mut fitted = 0;
        assert!(lanes.room() >= 6);
        while !lanes.push(100 + fitted, 5) {
            fitted += 1;
        }
        let sealed = lanes.take_ready(101, false).unwrap();
        assert_eq!(sealed.len(), 1);
        assert_eq!(
            (sealed[0].partition, u64::from(sealed[0].records)),
            (1, fitted + 1)
        );
        assert!(sealed[0].encoded.len() <= 1000);
        let Dues::Each(dues) = &sealed[0].dues else {
            panic!("{:?}", sealed[0].dues);
        };
        assert_eq!(dues.len() as u64, fitted + 1);
    }

    #[test]
    fn keyed_records_go_where_kafkas_client_puts_them() {
        let plan = plan(50, None);
        let payload = Payload::new(1, plan.record_bytes);
        let mut lanes = Lanes::new(&plan, &payload, 0, 7);
        lanes.lead(&[0, 2, 4, 6]);
        for _ in 0..20 {
            lanes.push(1, 5);
        }
        let mut records = 0;
        for sealed in lanes.take_ready(1, true).unwrap() {
            let batch = BatchView::first(&sealed.encoded).unwrap();
            batch.check_crc().unwrap();
            let mut digest = DIGEST_START;
            record::visit(&batch, |record| {
                let key = record.key.unwrap();
                let partition = i32::try_from(partition_for_key(key, 7)).unwrap();
                assert_eq!(partition, sealed.partition);
                let stamp = payload.stamp(record.value.unwrap()).unwrap();
                digest = digest_with(digest, stamp.sequence);
                records += 1;
                ControlFlow::Continue(())
            })
            .unwrap();
            assert_eq!(digest, sealed.digest);
        }
        assert_eq!(records, 20);
        assert_eq!(lanes.made(), 20);
    }

    #[test]
    fn batches_of_partitions_that_moved_away_are_given_up() {
        let plan = plan(0, None);
        let payload = Payload::new(1, plan.record_bytes);
        let mut lanes = Lanes::new(&plan, &payload, 0, 2);
        lanes.lead(&[0, 1]);
        lanes.push(1, 1);
        assert_eq!(lanes.lead(&[0, 1]), 0);
        assert!(!lanes.is_empty());
        assert_eq!(lanes.lead(&[1]), 1);
        assert!(lanes.is_empty());
    }
}
