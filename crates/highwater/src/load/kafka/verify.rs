//! Reads everything back that the run may have written, and holds it against what was acknowledged.
//!
//! Of each acknowledged batch its place, its number of records and a digest of their sequence
//! numbers are kept. Each record proves itself (`payload`), the digest proves that they are the
//! right ones in the right order.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use super::super::LoadError;
use super::super::outcome::Checked;
use super::Shared;
use super::lanes::{DIGEST_START, digest_with};
use crate::client::{
    Client, Consumer, ConsumerOptions, FetchedRecord, Isolation, Offsets, Position,
};

/// Faults that are told one by one.
const EXAMPLES_MAX: usize = 10;

/// A batch that was acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Acknowledged {
    pub(super) partition: i32,
    pub(super) base_offset: i64,
    pub(super) records: u32,
    pub(super) digest: u64,
}

impl Acknowledged {
    fn end(&self) -> i64 {
        self.base_offset.saturating_add(self.records.into())
    }
}

/// Reads back and compares.
///
/// # Errors
/// The server cannot be reached, or refuses to be read from.
pub(super) async fn run(shared: &Shared, client: &mut Client) -> Result<Checked, LoadError> {
    let topic = shared.target.topic.as_str();
    let log = std::mem::take(&mut *shared.log.lock());
    let mut by_partition: BTreeMap<i32, Vec<Acknowledged>> = BTreeMap::new();
    for batch in log {
        by_partition.entry(batch.partition).or_default().push(batch);
    }
    let mut checked = Checked::default();
    // The connections of before the run may be gone by now.
    client.disconnect();
    for ends in &shared.before {
        let batches = by_partition.remove(&ends.partition).unwrap_or_default();
        let partitions = [ends.partition];
        let isolation = Isolation::Uncommitted;
        let found = client
            .offsets(topic, &partitions, Offsets::Latest, isolation)
            .await?;
        let end = found.first().copied().unwrap_or_default();
        let mut comparison = Comparison::new(topic, ends.partition, batches, checked);
        let position = Position {
            topic: topic.to_owned(),
            partition: ends.partition,
            offset: ends.end,
        };
        let mut consumer = Consumer::new(ConsumerOptions::default(), vec![position]);
        let is_before_end =
            |consumer: &Consumer| consumer.positions().any(|position| position.offset < end);
        while is_before_end(&consumer) && !shared.is_stopped() {
            consumer
                .poll(client, |FetchedRecord { record, .. }| {
                    let value = record.value.unwrap_or_default();
                    comparison.take(record.offset.0, value, shared);
                    ControlFlow::Continue(())
                })
                .await?
                .is_break();
        }
        checked = comparison.finish();
    }
    Ok(checked)
}

/// One partition's records against its acknowledged batches, both by rising offset.
struct Comparison<'t> {
    topic: &'t str,
    partition: i32,
    batches: std::iter::Peekable<std::vec::IntoIter<Acknowledged>>,
    /// Of the batch at hand: whole records seen, and the digest of all seen.
    seen: u32,
    damaged: u32,
    digest: u64,
    checked: Checked,
}

impl<'t> Comparison<'t> {
    fn new(
        topic: &'t str,
        partition: i32,
        mut batches: Vec<Acknowledged>,
        checked: Checked,
    ) -> Self {
        batches.sort_unstable_by_key(|batch| batch.base_offset);
        Self {
            topic,
            partition,
            batches: batches.into_iter().peekable(),
            seen: 0,
            damaged: 0,
            digest: DIGEST_START,
            checked,
        }
    }

    fn take(&mut self, offset: i64, value: &[u8], shared: &Shared) {
        let sequence = shared.payload.stamp(value).map(|stamp| stamp.sequence);
        self.take_record(offset, sequence, shared.payload.is_whole(value));
    }

    /// A record with what it says it is, and whether it is all of it.
    fn take_record(&mut self, offset: i64, sequence: Option<u64>, is_whole: bool) {
        while self
            .batches
            .peek()
            .is_some_and(|batch| batch.end() <= offset)
        {
            self.close_batch();
        }
        let is_inside = self
            .batches
            .peek()
            .is_some_and(|batch| batch.base_offset <= offset);
        if !is_inside {
            self.checked.unacknowledged += u64::from(sequence.is_some());
            return;
        }
        match (sequence, is_whole) {
            (Some(sequence), true) => {
                self.seen += 1;
                self.digest = digest_with(self.digest, sequence);
            }
            _ => {
                self.damaged += 1;
                self.fault(offset, "holds other bytes than were acknowledged there");
            }
        }
    }

    fn close_batch(&mut self) {
        let Some(batch) = self.batches.next() else {
            return;
        };
        let (seen, damaged) = (u64::from(self.seen), u64::from(self.damaged));
        let missing = u64::from(batch.records).saturating_sub(seen + damaged);
        self.checked.missing += missing;
        self.checked.damaged += damaged;
        if missing > 0 {
            let what =
                format!("begins a batch of which {missing} acknowledged records are missing");
            self.fault(batch.base_offset, &what);
        }
        if missing == 0 && damaged == 0 && self.digest != batch.digest {
            self.checked.damaged += seen;
            self.fault(
                batch.base_offset,
                "begins a batch that holds records of another",
            );
        } else {
            self.checked.found += seen;
        }
        self.seen = 0;
        self.damaged = 0;
        self.digest = DIGEST_START;
    }

    fn fault(&mut self, offset: i64, what: &str) {
        if self.checked.examples.len() < EXAMPLES_MAX {
            let (topic, partition) = (self.topic, self.partition);
            let example = format!("{topic} partition {partition} offset {offset} {what}");
            self.checked.examples.push(example);
        }
    }

    /// What is left was acknowledged and lies beyond the end.
    fn finish(mut self) -> Checked {
        while self.batches.peek().is_some() {
            self.close_batch();
        }
        self.checked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(base_offset: i64, sequences: &[u64]) -> Acknowledged {
        Acknowledged {
            partition: 0,
            base_offset,
            records: u32::try_from(sequences.len()).unwrap(),
            digest: sequences
                .iter()
                .fold(DIGEST_START, |digest, &one| digest_with(digest, one)),
        }
    }

    /// Two batches acknowledged, of records 1, 2, 3 at offset 10 and 4, 5 at offset 15.
    fn compare(records: &[(i64, Option<u64>, bool)]) -> Checked {
        let batches = vec![batch(15, &[4, 5]), batch(10, &[1, 2, 3])];
        let mut comparison = Comparison::new("t", 0, batches, Checked::default());
        for &(offset, sequence, is_whole) in records {
            comparison.take_record(offset, sequence, is_whole);
        }
        comparison.finish()
    }

    #[test]
    fn loss_damage_and_exchange_are_found() {
        let whole = |offset, sequence| (offset, Some(sequence), true);
        let all = [
            whole(10, 1),
            whole(11, 2),
            whole(12, 3),
            whole(13, 77),
            (14, None, false),
            whole(15, 4),
            whole(16, 5),
            whole(17, 78),
        ];
        let checked = compare(&all);
        assert_eq!((checked.found, checked.unacknowledged), (5, 2));
        assert!(checked.is_whole() && checked.examples.is_empty());

        let lost_end = compare(&all[..6]);
        assert_eq!((lost_end.found, lost_end.missing), (4, 1));
        let lost_all = compare(&[]);
        assert_eq!((lost_all.found, lost_all.missing), (0, 5));
        assert_eq!(lost_all.examples.len(), 2);

        let mut damaged = all;
        damaged[1] = (11, Some(2), false);
        let checked = compare(&damaged);
        assert_eq!((checked.found, checked.damaged, checked.missing), (4, 1, 0));
        damaged[1] = (11, None, false);
        assert_eq!(compare(&damaged).damaged, 1);

        let mut exchanged = all;
        exchanged.swap(0, 1);
        exchanged[0].0 = 10;
        exchanged[1].0 = 11;
        let checked = compare(&exchanged);
        assert_eq!((checked.found, checked.damaged), (2, 3));
        assert!(!checked.is_whole());
    }
}
