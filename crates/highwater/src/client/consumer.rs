//! Reads partitions from given offsets on, and looks offsets up.
//!
//! Invariants: records of a partition come in order; a record below the position is skipped even
//! when the server sends it (it sends whole batches). With `Isolation::Committed`, records of
//! aborted transactions are left out.

use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;
use std::time::Duration;

use kafka::log::batch::{BatchView, Batches};
use kafka::log::record::{self, Record};
use kafka_wire::fetch_request::{FetchPartition, FetchTopic};
use kafka_wire::fetch_response::PartitionData;
use kafka_wire::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_wire::{ErrorCode, FetchRequest, ListOffsetsRequest};

use super::cluster::{Client, Topic, code_of};
use super::error::ClientError;

/// Last version that names topics.
pub(crate) const FETCH_CEILING: i16 = 12;
/// Last version before tiered storage.
const LIST_OFFSETS_CEILING: i16 = 10;
/// A control record's key: version and type, two bytes each; type 0 ends an aborted transaction.
const ABORT_MARKER: [u8; 2] = [0, 0];

/// Which records of transactions are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Isolation {
    /// All, also of open and aborted transactions.
    #[default]
    Uncommitted,
    /// Only of committed transactions.
    Committed,
}

impl Isolation {
    fn on_the_wire(self) -> i8 {
        match self {
            Self::Uncommitted => 0,
            Self::Committed => 1,
        }
    }
}

/// Which offset of a partition to look up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offsets {
    /// Of the first record still there.
    Earliest,
    /// After the last record.
    Latest,
    /// Of the first record at or after this time, in ms since the epoch; after the last record
    /// when there is none.
    At(i64),
}

/// Where to read next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Name of the topic.
    pub topic: String,
    /// Number of the partition.
    pub partition: i32,
    /// Next offset.
    pub offset: i64,
}

/// How to read.
#[derive(Debug, Clone)]
pub struct ConsumerOptions {
    /// Which records of transactions are wanted.
    pub isolation: Isolation,
    /// How long the server may wait for a first record.
    pub max_wait: Duration,
    /// Bytes per answer; a larger batch still comes whole.
    pub fetch_bytes_max: i32,
    /// Bytes per partition and answer.
    pub partition_bytes_max: i32,
}

impl Default for ConsumerOptions {
    fn default() -> Self {
        Self {
            isolation: Isolation::Uncommitted,
            max_wait: Duration::from_millis(500),
            fetch_bytes_max: 16 << 20,
            partition_bytes_max: 4 << 20,
        }
    }
}

/// A record and where it came from.
#[derive(Debug, Clone, Copy)]
pub struct FetchedRecord<'r> {
    /// Name of the topic.
    pub topic: &'r str,
    /// Number of the partition.
    pub partition: i32,
    /// The record itself.
    pub record: Record<'r>,
}

#[derive(Debug, Clone)]
struct Reading {
    position: Position,
    /// Node id; −1 until looked up.
    leader: i32,
}

/// Reads a set of partitions.
#[derive(Debug)]
pub struct Consumer {
    options: ConsumerOptions,
    readings: Vec<Reading>,
}

impl Consumer {
    /// Reads from these positions on.
    pub fn new(options: ConsumerOptions, positions: Vec<Position>) -> Self {
        let readings = positions.into_iter().map(|position| Reading {
            position,
            leader: -1,
        });
        Self {
            options,
            readings: readings.collect(),
        }
    }

    /// Where it will read next, per partition.
    pub fn positions(&self) -> impl Iterator<Item = &Position> {
        self.readings.iter().map(|reading| &reading.position)
    }

    /// Fetches once from each leader and hands every record to `each` until it breaks. A record
    /// that was handed over is behind the position afterwards. Returns whether `each` broke off.
    ///
    /// # Errors
    /// As `Connection::call`, and `Refused`: `OffsetOutOfRange` when a position is gone.
    pub async fn poll(
        &mut self,
        client: &mut Client,
        mut each: impl FnMut(FetchedRecord<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, ClientError> {
        if self.readings.iter().any(|reading| reading.leader < 0) {
            self.find_leaders(client).await?;
        }
        let leaders: HashSet<i32> = self.readings.iter().map(|reading| reading.leader).collect();
        let mut leaders: Vec<i32> = leaders.into_iter().collect();
        // A different leader waits first each time would be fairer; one is the usual number.
        leaders.sort_unstable();
        let share = u32::try_from(leaders.len()).unwrap_or(1).max(1);
        let wait = self.options.max_wait / share;
        for leader in leaders {
            let request = self.request(leader, wait);
            let answer = client
                .ask_node(leader, &request, FETCH_CEILING, wait)
                .await?;
            let response = answer.read()?;
            ClientError::check(response.error_code, "fetch", None)?;
            for topic in &response.responses {
                for data in &topic.partitions {
                    if self.take(&topic.topic, data, &mut each)?.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn request(&self, leader: i32, wait: Duration) -> FetchRequest<'static> {
        let mut topics: BTreeMap<&str, Vec<FetchPartition>> = BTreeMap::new();
        for reading in self
            .readings
            .iter()
            .filter(|reading| reading.leader == leader)
        {
            let position = &reading.position;
            topics
                .entry(&position.topic)
                .or_default()
                .push(FetchPartition {
                    partition: position.partition,
                    fetch_offset: position.offset,
                    partition_max_bytes: self.options.partition_bytes_max,
                    ..FetchPartition::default()
                });
        }
        let topics = topics.into_iter().map(|(topic, partitions)| FetchTopic {
            topic: topic.to_owned().into(),
            partitions,
            ..FetchTopic::default()
        });
        FetchRequest {
            max_wait_ms: i32::try_from(wait.as_millis()).unwrap_or(i32::MAX),
            min_bytes: 1,
            max_bytes: self.options.fetch_bytes_max,
            isolation_level: self.options.isolation.on_the_wire(),
            topics: topics.collect(),
            ..FetchRequest::default()
        }
    }

    fn take(
        &mut self,
        topic: &str,
        data: &PartitionData<'_>,
        each: &mut impl FnMut(FetchedRecord<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, ClientError> {
        let isolation = self.options.isolation;
        let is_it = |reading: &&mut Reading| {
            reading.position.topic == topic && reading.position.partition == data.partition_index
        };
        let Some(reading) = self.readings.iter_mut().find(is_it) else {
            return Ok(ControlFlow::Continue(()));
        };
        if let Some(code) = code_of(data.error_code) {
            if code.is_retriable() {
                reading.leader = -1;
                return Ok(ControlFlow::Continue(()));
            }
            let position = &reading.position;
            let about = format!(
                "{topic} partition {} offset {}",
                position.partition, position.offset
            );
            return Err(ClientError::refused(code, &about, None));
        }
        let mut aborted = Aborted::of(isolation, data);
        for batch in Batches::of(data.records.as_deref().unwrap_or_default()) {
            // The last batch may be cut off; it comes whole next time.
            let Ok(batch) = batch else { break };
            let is_wanted = aborted.wants(&batch);
            let flow = deliver(&mut reading.position, &batch, is_wanted, each)?;
            if flow.is_break() {
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    async fn find_leaders(&mut self, client: &mut Client) -> Result<(), ClientError> {
        let names: HashSet<&str> = self
            .readings
            .iter()
            .map(|reading| reading.position.topic.as_str())
            .collect();
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        for name in names {
            let topic = client.topic(&name, false).await?;
            for reading in self
                .readings
                .iter_mut()
                .filter(|one| one.position.topic == name)
            {
                let index = reading.position.partition;
                let found = topic.partitions.iter().find(|one| one.index == index);
                let found = found.ok_or_else(|| {
                    ClientError::refused(
                        ErrorCode::UnknownTopicOrPartition,
                        &format!("topic {name}"),
                        Some(&format!("it has no partition {index}")),
                    )
                })?;
                reading.leader = found.leader;
            }
        }
        Ok(())
    }
}

/// Hands over the records of one batch and moves the position past it.
fn deliver(
    position: &mut Position,
    batch: &BatchView<'_>,
    is_wanted: bool,
    each: &mut impl FnMut(FetchedRecord<'_>) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, ClientError> {
    let damaged = |position: &Position, why: String| {
        let about = format!("{} partition {}", position.topic, position.partition);
        ClientError::refused(ErrorCode::CorruptMessage, &about, Some(&why))
    };
    let mut flow = ControlFlow::Continue(());
    if is_wanted {
        batch
            .check_crc()
            .map_err(|error| damaged(position, error.to_string()))?;
        let topic = position.topic.clone();
        let walked = record::visit(batch, |record| {
            if record.offset.0 < position.offset {
                return ControlFlow::Continue(());
            }
            position.offset = record.offset.0.saturating_add(1);
            flow = each(FetchedRecord {
                topic: &topic,
                partition: position.partition,
                record,
            });
            flow
        });
        walked.map_err(|error| damaged(position, error.to_string()))?;
    }
    if flow.is_continue() {
        position.offset = position.offset.max(batch.header().next_offset().0);
    }
    Ok(flow)
}

/// The aborted transactions of one answer, and how far it was read.
struct Aborted {
    isolation: Isolation,
    /// First offset and producer id, last first.
    to_come: Vec<(i64, i64)>,
    /// Producers whose transaction at the present offset was aborted.
    producers: HashSet<i64>,
}

impl Aborted {
    fn of(isolation: Isolation, data: &PartitionData<'_>) -> Self {
        let listed = data.aborted_transactions.iter().flatten();
        let mut to_come: Vec<(i64, i64)> = listed
            .map(|txn| (txn.first_offset, txn.producer_id))
            .collect();
        to_come.sort_unstable_by(|a, b| b.cmp(a));
        Self {
            isolation,
            to_come,
            producers: HashSet::new(),
        }
    }

    /// Whether the records of the next batch are for the reader.
    fn wants(&mut self, batch: &BatchView<'_>) -> bool {
        let header = batch.header();
        if self.isolation == Isolation::Committed {
            while let Some(&(first_offset, producer)) = self.to_come.last() {
                if first_offset > header.last_offset().0 {
                    break;
                }
                self.producers.insert(producer);
                self.to_come.pop();
            }
        }
        if header.is_control() {
            if is_abort_marker(batch) {
                self.producers.remove(&header.producer_id);
            }
            return false;
        }
        !(header.is_transactional() && self.producers.contains(&header.producer_id))
    }
}

fn is_abort_marker(batch: &BatchView<'_>) -> bool {
    let mut is_abort = false;
    let walked = record::visit(batch, |record| {
        let kind = record.key.and_then(|key| key.get(2..4));
        is_abort = kind == Some(&ABORT_MARKER[..]);
        ControlFlow::Break(())
    });
    walked.is_ok() && is_abort
}

impl Client {
    /// Looks up one offset in each of the given partitions of a topic, in their order.
    ///
    /// # Errors
    /// As `Connection::call`, and `Refused`.
    pub async fn offsets(
        &mut self,
        topic: &str,
        partitions: &[i32],
        wanted: Offsets,
        isolation: Isolation,
    ) -> Result<Vec<i64>, ClientError> {
        let mut found = self
            .lookup_patiently(topic, partitions, wanted, isolation)
            .await?;
        let is_after_the_end = |offset: &i64| matches!(wanted, Offsets::At(_)) && *offset < 0;
        if found.iter().any(is_after_the_end) {
            let ends = self
                .lookup_patiently(topic, partitions, Offsets::Latest, isolation)
                .await?;
            for (offset, end) in found.iter_mut().zip(ends) {
                if is_after_the_end(offset) {
                    *offset = end;
                }
            }
        }
        Ok(found)
    }

    /// Asks again while a leader is new to its partition, as after a topic was created.
    async fn lookup_patiently(
        &mut self,
        topic: &str,
        partitions: &[i32],
        wanted: Offsets,
        isolation: Isolation,
    ) -> Result<Vec<i64>, ClientError> {
        let mut attempts = 0;
        loop {
            let known = self.topic(topic, false).await?;
            match self.lookup(&known, partitions, wanted, isolation).await {
                Err(ClientError::Refused { code, .. }) if code.is_retriable() && attempts < 50 => {
                    attempts += 1;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                other => return other,
            }
        }
    }

    async fn lookup(
        &mut self,
        known: &Topic,
        partitions: &[i32],
        wanted: Offsets,
        isolation: Isolation,
    ) -> Result<Vec<i64>, ClientError> {
        let topic = known.name.as_str();
        let mut by_leader: BTreeMap<i32, Vec<ListOffsetsPartition>> = BTreeMap::new();
        for &index in partitions {
            let leader = known.partitions.iter().find(|one| one.index == index);
            let leader = leader.map(|one| one.leader).ok_or_else(|| {
                ClientError::refused(
                    ErrorCode::UnknownTopicOrPartition,
                    &format!("topic {topic}"),
                    Some(&format!("it has no partition {index}")),
                )
            })?;
            by_leader
                .entry(leader)
                .or_default()
                .push(ListOffsetsPartition {
                    partition_index: index,
                    timestamp: match wanted {
                        Offsets::Latest => -1,
                        Offsets::Earliest => -2,
                        Offsets::At(ms) => ms,
                    },
                    ..ListOffsetsPartition::default()
                });
        }
        let mut offsets: BTreeMap<i32, i64> = BTreeMap::new();
        for (leader, partitions) in by_leader {
            let request = ListOffsetsRequest {
                replica_id: -1,
                isolation_level: isolation.on_the_wire(),
                topics: vec![ListOffsetsTopic {
                    name: topic.into(),
                    partitions,
                }],
                ..ListOffsetsRequest::default()
            };
            let answer = self
                .ask_node(leader, &request, LIST_OFFSETS_CEILING, Duration::ZERO)
                .await?;
            for result in answer
                .read()?
                .topics
                .iter()
                .flat_map(|topic| &topic.partitions)
            {
                let about = format!("{topic} partition {}", result.partition_index);
                ClientError::check(result.error_code, &about, None)?;
                offsets.insert(result.partition_index, result.offset);
            }
        }
        let found = partitions
            .iter()
            .map(|index| offsets.get(index).copied().unwrap_or(-1));
        Ok(found.collect())
    }
}
