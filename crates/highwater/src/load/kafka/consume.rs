//! One connection that reads: its share of the partitions, one fetch at a time, as clients do.
//!
//! Batches are counted by their headers. Only where records were sent at the same time are they
//! opened, to see when each was due.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hdrhistogram::Histogram;
use kafka::log::batch::{BatchView, Batches};
use kafka::log::record;
use kafka_wire::fetch_request::{FetchPartition, FetchTopic};
use kafka_wire::fetch_response::PartitionData;
use kafka_wire::{ErrorCode, FetchRequest};

use super::super::LoadError;
use super::super::plan::{End, Work};
use super::super::recorder::{self, Recorder};
use super::{Led, Outage, Part, RECONNECT_PAUSE, Shared, connect};
use crate::client::{ClientError, Connection, FETCH_CEILING};

/// How long the server may wait for a first record.
const MAX_WAIT: Duration = Duration::from_millis(500);
/// Bytes per answer.
const FETCH_BYTES_MAX: i32 = 16 << 20;
/// Bytes per partition and answer; Kafka's own default.
const PARTITION_BYTES_MAX: i32 = 1 << 20;
/// How long a reader waits for what was acknowledged after all has been sent.
const STRAGGLER_PATIENCE_NS: u64 = 5_000_000_000;

/// Where one partition is read.
#[derive(Debug, Clone, Copy)]
struct Reading {
    partition: i32,
    next: i64,
    /// Read up to here; `None` is as long as the run lasts.
    end: Option<i64>,
}

struct Reader<'s> {
    shared: &'s Shared,
    readings: Vec<Reading>,
    recorder: Recorder,
    end_to_end: Histogram<u64>,
    deadline_ns: u64,
    /// When something was read last.
    progress_ns: u64,
    /// More connections than partitions: this one has nothing to read.
    is_idle: bool,
}

/// Reads until the plan is fulfilled, or there is no more.
pub(super) async fn run(shared: &Shared, index: u32) -> Result<Part, LoadError> {
    let first = connect(shared, index).await;
    let may_begin = shared.begin(first.is_ok()).await;
    let mut connected = Some(first?);
    let mut reader = Reader::new(shared);
    let mut outage = Outage::default();
    while may_begin && !reader.is_over() {
        let session = match connected.take() {
            Some(connected) => Ok(connected),
            None => connect(shared, index).await,
        };
        outage.note(session.is_ok(), shared);
        let ended = match session {
            Ok((connection, led)) => reader.session(connection, &led).await,
            Err(error) => Err(error),
        };
        let Err(error) = ended else {
            continue;
        };
        let kind = recorder::kind_of(&error);
        let now_ns = shared.now_ns();
        reader.recorder.error(kind, now_ns, 0);
        if outage.has_lasted(now_ns, shared) {
            break;
        }
        tokio::time::sleep(RECONNECT_PAUSE).await;
    }
    Ok(Part {
        work: Work::Consume,
        half: reader.recorder.finish(),
        end_to_end: reader.end_to_end,
    })
}

impl<'s> Reader<'s> {
    fn new(shared: &'s Shared) -> Self {
        let plan = &shared.plan;
        let deadline_ns = match plan.end {
            End::Records(_) => u64::MAX,
            End::After(time) => u64::try_from((plan.warm_up + time).as_nanos()).unwrap_or(u64::MAX),
        };
        Self {
            shared,
            readings: Vec::new(),
            recorder: Recorder::new(shared.measured_from_ns()),
            end_to_end: recorder::histogram(),
            deadline_ns,
            progress_ns: shared.now_ns(),
            is_idle: false,
        }
    }

    fn is_over(&self) -> bool {
        if self.is_idle || self.shared.is_stopped() {
            return true;
        }
        let (plan, now_ns) = (&self.shared.plan, self.shared.now_ns());
        let read = self.shared.read.load(Ordering::Relaxed);
        if plan.work == Work::Both {
            let acknowledged = self.shared.acknowledged.load(Ordering::Relaxed);
            let is_late = now_ns.saturating_sub(self.progress_ns) > STRAGGLER_PATIENCE_NS;
            return *self.shared.sent_all.borrow() && (read >= acknowledged || is_late);
        }
        let has_all = matches!(plan.end, End::Records(records) if read >= records);
        let is_at_end = !self.readings.is_empty()
            && self
                .readings
                .iter()
                .all(|one| one.end.is_some_and(|end| one.next >= end));
        has_all || is_at_end || now_ns >= self.deadline_ns
    }

    /// This connection's share of the partitions that the leader has.
    fn share_of(&mut self, led: &Led) {
        let both = self.shared.plan.work == Work::Both;
        let mine = self
            .shared
            .before
            .iter()
            .filter(|ends| led.partitions.contains(&ends.partition))
            .skip(led.rank)
            .step_by(led.connections);
        let readings = mine.map(|ends| {
            let known = self
                .readings
                .iter()
                .find(|one| one.partition == ends.partition);
            known.copied().unwrap_or(Reading {
                partition: ends.partition,
                next: if both { ends.end } else { ends.first },
                end: (!both).then_some(ends.end),
            })
        });
        self.readings = readings.collect();
    }

    async fn session(&mut self, mut connection: Connection, led: &Led) -> Result<(), ClientError> {
        self.share_of(led);
        if self.readings.is_empty() {
            self.is_idle = true;
            return Ok(());
        }
        while !self.is_over() {
            let request = self.request();
            let asked_ns = self.shared.now_ns();
            let answer = tokio::select! {
                biased;
                answer = connection.call_at(&request, FETCH_CEILING, MAX_WAIT) => answer?,
                () = self.shared.stopped() => return Ok(()),
            };
            let now_ns = self.shared.now_ns();
            let response = answer.read()?;
            self.recorder.request();
            ClientError::check(response.error_code, "fetch", None)?;
            let mut records = 0;
            for data in response
                .responses
                .iter()
                .flat_map(|topic| &topic.partitions)
            {
                records += self.take(data, asked_ns, now_ns)?;
            }
            if records > 0 {
                self.progress_ns = now_ns;
                self.shared.read.fetch_add(records, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    fn request(&self) -> FetchRequest<'static> {
        let partitions = self
            .readings
            .iter()
            .filter(|one| one.end.is_none_or(|end| one.next < end))
            .map(|one| FetchPartition {
                partition: one.partition,
                fetch_offset: one.next,
                partition_max_bytes: PARTITION_BYTES_MAX,
                ..FetchPartition::default()
            });
        FetchRequest {
            max_wait_ms: i32::try_from(MAX_WAIT.as_millis()).unwrap_or(i32::MAX),
            min_bytes: 1,
            max_bytes: FETCH_BYTES_MAX,
            topics: vec![FetchTopic {
                topic: self.shared.target.topic.clone().into(),
                partitions: partitions.collect(),
                ..FetchTopic::default()
            }],
            ..FetchRequest::default()
        }
    }

    /// Counts the records of one partition's answer; returns how many of them the run is about.
    fn take(
        &mut self,
        data: &PartitionData<'_>,
        asked_ns: u64,
        now_ns: u64,
    ) -> Result<u64, ClientError> {
        let about = || {
            format!(
                "{} partition {}",
                self.shared.target.topic, data.partition_index
            )
        };
        let is_it = |one: &Reading| one.partition == data.partition_index;
        let Some(at) = self.readings.iter().position(is_it) else {
            return Ok(0);
        };
        ClientError::check(data.error_code, &about(), None)?;
        let both = self.shared.plan.work == Work::Both;
        let mut records = 0;
        for batch in Batches::of(data.records.as_deref().unwrap_or_default()) {
            // The last batch may be cut off; it comes whole next time.
            let Ok(batch) = batch else { break };
            let header = batch.header();
            if both {
                records += self.take_ours(&batch, now_ns).map_err(|why| {
                    ClientError::refused(ErrorCode::CorruptMessage, &about(), Some(&why))
                })?;
            } else {
                let count = u64::from(header.record_count.unsigned_abs());
                records += count;
                self.recorder.done(asked_ns, now_ns, count);
                let bytes = batch.records_bytes().len() as u64;
                self.recorder.bytes(asked_ns, now_ns, bytes);
            }
            let next = header.next_offset().0;
            if let Some(reading) = self.readings.get_mut(at) {
                reading.next = reading.next.max(next);
            }
        }
        Ok(records)
    }

    /// Records that this run sent, with the time since each was due.
    fn take_ours(&mut self, batch: &BatchView<'_>, now_ns: u64) -> Result<u64, String> {
        if batch.header().is_control() {
            return Ok(0);
        }
        let (shared, from_ns) = (self.shared, self.shared.measured_from_ns());
        let mut ours = 0;
        let walked = record::visit(batch, |record| {
            let Some(value) = record.value else {
                return ControlFlow::Continue(());
            };
            if let Some(stamp) = shared.payload.stamp(value) {
                ours += 1;
                self.recorder.done(stamp.due_ns, now_ns, 1);
                let bytes = value.len() + record.key.map_or(0, <[u8]>::len);
                self.recorder.bytes(stamp.due_ns, now_ns, bytes as u64);
                if stamp.due_ns >= from_ns {
                    let latency_ns = now_ns.saturating_sub(stamp.due_ns);
                    self.end_to_end.saturating_record(latency_ns.max(1));
                }
            }
            ControlFlow::Continue(())
        });
        walked.map_err(|error| error.to_string())?;
        Ok(ours)
    }
}
