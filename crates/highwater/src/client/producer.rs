//! Sends records to one topic: gathers them by partition, sends batches, sends again what failed.
//!
//! Invariants: per partition, batches are sent one after the other, so records stay in the order
//! they were given. With `Acks::All` the server drops what it got twice (idempotent producer),
//! unless it does not offer that.

use std::collections::BTreeMap;
use std::time::Duration;

use kafka::log::batch::advance_sequence;
use kafka::log::builder::{BatchBuilder, ProducerStamp};
use kafka::log::compression::Compression;
use kafka_wire::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_wire::{ErrorCode, InitProducerIdRequest, ProduceRequest, ProduceResponse};

use super::cluster::{Client, Partition};
use super::error::ClientError;
use super::partitioner::partition_for_key;

/// Last version that names topics and is free of the newer transaction rules.
pub(crate) const PRODUCE_CEILING: i16 = 11;
/// Bytes gathered over all partitions before they are sent.
const GATHERED_BYTES_MAX: usize = 4 << 20;
/// What the server may take to answer, in ms.
const REQUEST_TIMEOUT_MS: i32 = 30_000;

/// When a record counts as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Acks {
    /// When the server has made it durable.
    #[default]
    All,
    /// When the server has it.
    Leader,
    /// When it is on its way; losses go unnoticed.
    None,
}

impl Acks {
    pub(crate) fn on_the_wire(self) -> i16 {
        match self {
            Self::All => -1,
            Self::Leader => 1,
            Self::None => 0,
        }
    }
}

/// How to send.
#[derive(Debug, Clone)]
pub struct ProducerOptions {
    /// When a record counts as sent.
    pub acks: Acks,
    /// How batches are compressed.
    pub compression: Compression,
    /// Uncompressed bytes at which a partition's batch is full.
    pub batch_bytes: usize,
    /// How often a batch is sent again.
    pub retries: u32,
}

impl Default for ProducerOptions {
    fn default() -> Self {
        Self {
            acks: Acks::All,
            compression: Compression::None,
            batch_bytes: 256 << 10,
            retries: 20,
        }
    }
}

/// A record to send.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OutgoingRecord {
    /// Decides on the partition, if there is one.
    pub key: Option<Vec<u8>>,
    /// `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Names may repeat.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Milliseconds since the epoch.
    pub timestamp_ms: i64,
    /// Goes here whatever the key says.
    pub partition: Option<i32>,
}

#[derive(Debug)]
struct Lane {
    partition: Partition,
    batch: BatchBuilder,
    next_sequence: i32,
}

/// One encoded batch on its way.
#[derive(Debug)]
struct Sealed {
    lane: usize,
    bytes: Vec<u8>,
    records: i32,
}

/// What came of one request.
#[derive(Debug)]
struct Settled {
    /// Partitions whose batch the server has.
    arrived: Vec<i32>,
    /// A failure that is worth another round.
    retriable: Option<ClientError>,
}

/// Sends records to one topic.
#[derive(Debug)]
pub struct Producer {
    topic: String,
    options: ProducerOptions,
    lanes: Vec<Lane>,
    gathered_bytes: usize,
    /// Where records without a key go until a batch is full.
    sticky: usize,
    identity: Option<(i64, i16)>,
    acknowledged: u64,
}

impl Producer {
    /// Prepares to send to `topic`, which the server may create.
    ///
    /// # Errors
    /// As `Connection::call`, and `Refused`.
    pub async fn open(
        client: &mut Client,
        topic: &str,
        options: ProducerOptions,
    ) -> Result<Self, ClientError> {
        let found = client.topic(topic, true).await?;
        let identity = match options.acks {
            Acks::All => producer_identity(client).await?,
            Acks::Leader | Acks::None => None,
        };
        let batch = BatchBuilder::new(options.compression);
        let lanes = found.partitions.into_iter().map(|partition| Lane {
            partition,
            batch: batch.clone(),
            next_sequence: 0,
        });
        Ok(Self {
            topic: topic.to_owned(),
            lanes: lanes.collect(),
            options,
            gathered_bytes: 0,
            sticky: 0,
            identity,
            acknowledged: 0,
        })
    }

    /// How many records the server has acknowledged; with `Acks::None`, how many were sent.
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// Takes a record; sends what was gathered when that is enough.
    ///
    /// # Errors
    /// As `flush`.
    pub async fn push(
        &mut self,
        client: &mut Client,
        record: &OutgoingRecord,
    ) -> Result<(), ClientError> {
        let bytes = record_bytes(record);
        let mut at = self.lane_of(record)?;
        let is_full = |lane: &Lane, batch_bytes| {
            lane.batch.count() > 0 && lane.batch.plain_bytes() + bytes > batch_bytes
        };
        let full = self
            .lanes
            .get(at)
            .is_some_and(|lane| is_full(lane, self.options.batch_bytes));
        if full || self.gathered_bytes + bytes > GATHERED_BYTES_MAX && self.gathered_bytes > 0 {
            self.flush(client).await?;
            at = self.lane_of(record)?;
        }
        if let Some(lane) = self.lanes.get_mut(at) {
            let headers = record.headers.iter();
            lane.batch.push_with(
                record.timestamp_ms,
                record.key.as_deref(),
                record.value.as_deref(),
                headers.map(|(name, value)| (name.as_bytes(), Some(value.as_slice()))),
            );
            self.gathered_bytes += bytes;
        }
        Ok(())
    }

    fn lane_of(&self, record: &OutgoingRecord) -> Result<usize, ClientError> {
        let lanes = self.lanes.len();
        match (record.partition, &record.key) {
            (Some(wanted), _) => {
                let found = self
                    .lanes
                    .iter()
                    .position(|lane| lane.partition.index == wanted);
                found.ok_or_else(|| {
                    ClientError::refused(
                        ErrorCode::UnknownTopicOrPartition,
                        &format!("topic {}", self.topic),
                        Some(&format!("it has {lanes} partitions and no number {wanted}")),
                    )
                })
            }
            (None, Some(key)) => Ok(partition_for_key(key, lanes)),
            (None, None) => Ok(self.sticky.checked_rem(lanes).unwrap_or_default()),
        }
    }

    /// Sends everything gathered and waits until it is acknowledged.
    ///
    /// # Errors
    /// As `Connection::call`, and `Refused` when the server will not have a batch. What of the
    /// rest was taken is then not known.
    pub async fn flush(&mut self, client: &mut Client) -> Result<(), ClientError> {
        let mut open = self.seal()?;
        self.sticky = self.sticky.wrapping_add(1);
        self.gathered_bytes = 0;
        let mut attempts = 0;
        while !open.is_empty() {
            let failure = match self.send_round(client, &mut open).await {
                Ok(failure) => failure,
                // Without acknowledgement or sequence numbers, sending again could double records.
                Err(error) if error.is_retriable() && self.identity.is_some() => Some(error),
                Err(error) => return Err(error),
            };
            let Some(failure) = failure else { continue };
            attempts += 1;
            if attempts > self.options.retries {
                return Err(failure);
            }
            tokio::time::sleep(Duration::from_millis(u64::from(attempts.min(10)) * 50)).await;
            self.find_leaders(client).await?;
        }
        Ok(())
    }

    /// Closes the batch of every partition that has one.
    fn seal(&mut self) -> Result<Vec<Sealed>, ClientError> {
        let mut sealed = Vec::new();
        for (at, lane) in self.lanes.iter_mut().enumerate() {
            let records = lane.batch.count();
            if records == 0 {
                continue;
            }
            let fresh = BatchBuilder::new(self.options.compression);
            let mut batch = std::mem::replace(&mut lane.batch, fresh);
            if let Some((id, epoch)) = self.identity {
                let base_sequence = lane.next_sequence;
                batch = batch.producer(ProducerStamp {
                    id,
                    epoch,
                    base_sequence,
                });
                lane.next_sequence = advance_sequence(base_sequence, records);
            }
            let bytes = batch.finish().map_err(|error| {
                let about = format!("topic {}", self.topic);
                ClientError::refused(ErrorCode::InvalidRecord, &about, Some(&error.to_string()))
            })?;
            sealed.push(Sealed {
                lane: at,
                bytes,
                records,
            });
        }
        Ok(sealed)
    }

    /// Sends each batch once; takes those out of `open` that arrived. Returns a failure that is
    /// worth another round.
    async fn send_round(
        &mut self,
        client: &mut Client,
        open: &mut Vec<Sealed>,
    ) -> Result<Option<ClientError>, ClientError> {
        let mut by_leader: BTreeMap<i32, Vec<Sealed>> = BTreeMap::new();
        for sealed in open.drain(..) {
            let leader = self
                .lanes
                .get(sealed.lane)
                .map_or(-1, |lane| lane.partition.leader);
            by_leader.entry(leader).or_default().push(sealed);
        }
        let mut retriable = None;
        let mut outcome = Ok(());
        for (leader, mut batches) in by_leader {
            if outcome.is_ok() {
                match self.send_to(client, leader, &mut batches).await {
                    Ok(failure) => retriable = failure.or(retriable),
                    Err(error) => outcome = Err(error),
                }
            }
            open.append(&mut batches);
        }
        outcome.map(|()| retriable)
    }

    async fn send_to(
        &mut self,
        client: &mut Client,
        leader: i32,
        batches: &mut Vec<Sealed>,
    ) -> Result<Option<ClientError>, ClientError> {
        let request = self.request(batches);
        if self.options.acks == Acks::None {
            client
                .node(leader)
                .await?
                .send(&request, PRODUCE_CEILING)
                .await?;
            let records = batches
                .drain(..)
                .map(|sealed| u64::from(sealed.records.unsigned_abs()));
            self.acknowledged += records.sum::<u64>();
            return Ok(None);
        }
        let longer = Duration::from_millis(u64::from(REQUEST_TIMEOUT_MS.unsigned_abs()));
        let answer = client
            .ask_node(leader, &request, PRODUCE_CEILING, longer)
            .await?;
        let settled = self.settle(&answer.read()?, batches)?;
        for &partition in &settled.arrived {
            let is_it = |sealed: &Sealed| self.index_of(sealed) == Some(partition);
            if let Some(at) = batches.iter().position(is_it) {
                let sealed = batches.swap_remove(at);
                self.acknowledged += u64::from(sealed.records.unsigned_abs());
            }
        }
        Ok(settled.retriable)
    }

    /// Number of the partition a batch is for.
    fn index_of(&self, sealed: &Sealed) -> Option<i32> {
        self.lanes.get(sealed.lane).map(|lane| lane.partition.index)
    }

    fn request<'b>(&self, batches: &'b [Sealed]) -> ProduceRequest<'b> {
        let partition_data = batches.iter().map(|sealed| PartitionProduceData {
            index: self
                .lanes
                .get(sealed.lane)
                .map_or(-1, |lane| lane.partition.index),
            records: Some(sealed.bytes.as_slice().into()),
        });
        ProduceRequest {
            transactional_id: None,
            acks: self.options.acks.on_the_wire(),
            timeout_ms: REQUEST_TIMEOUT_MS,
            topic_data: vec![TopicProduceData {
                name: self.topic.clone().into(),
                partition_data: partition_data.collect(),
                ..TopicProduceData::default()
            }],
        }
    }

    /// What the server says of each batch.
    fn settle(
        &self,
        response: &ProduceResponse<'_>,
        batches: &[Sealed],
    ) -> Result<Settled, ClientError> {
        let mut settled = Settled {
            arrived: Vec::new(),
            retriable: None,
        };
        for result in response
            .responses
            .iter()
            .flat_map(|topic| &topic.partition_responses)
        {
            let about = format!("topic {} partition {}", self.topic, result.index);
            let detail = result.record_errors.first();
            let detail = detail.and_then(|error| error.batch_index_error_message.as_deref());
            let message = detail.or(result.error_message.as_deref());
            match ClientError::check(result.error_code, &about, message) {
                Ok(()) => settled.arrived.push(result.index),
                Err(error) if error.code() == Some(ErrorCode::DuplicateSequenceNumber) => {
                    settled.arrived.push(result.index);
                }
                Err(error) if error.is_retriable() => settled.retriable = Some(error),
                Err(error) => return Err(error),
            }
        }
        if settled.retriable.is_none() && settled.arrived.len() < batches.len() {
            let about = format!("topic {}", self.topic);
            let message = Some("the server said nothing about a batch it was sent");
            return Err(ClientError::refused(
                ErrorCode::UnknownServerError,
                &about,
                message,
            ));
        }
        Ok(settled)
    }

    async fn find_leaders(&mut self, client: &mut Client) -> Result<(), ClientError> {
        let topic = match client.topic(&self.topic, false).await {
            Err(error) if error.is_retriable() => {
                client.disconnect();
                return Ok(());
            }
            other => other?,
        };
        for found in topic.partitions {
            let lane = self
                .lanes
                .iter_mut()
                .find(|lane| lane.partition.index == found.index);
            if let Some(lane) = lane {
                lane.partition = found;
            }
        }
        Ok(())
    }
}

/// Bytes a record takes in a batch, about.
fn record_bytes(record: &OutgoingRecord) -> usize {
    let headers = record
        .headers
        .iter()
        .map(|(name, value)| name.len() + value.len() + 4);
    let key = record.key.as_ref().map_or(0, Vec::len);
    let value = record.value.as_ref().map_or(0, Vec::len);
    key + value + headers.sum::<usize>() + 24
}

/// Producer id and epoch, if the server gives them out.
async fn producer_identity(client: &mut Client) -> Result<Option<(i64, i16)>, ClientError> {
    let request = InitProducerIdRequest {
        transactional_id: None,
        transaction_timeout_ms: i32::MAX,
        ..InitProducerIdRequest::default()
    };
    for _ in 0..50 {
        let answer = match client.ask_any(&request).await {
            Err(ClientError::NotOffered { .. }) => return Ok(None),
            other => other?,
        };
        let response = answer.read()?;
        match ErrorCode::from_i16(response.error_code) {
            Some(ErrorCode::None) => {
                return Ok(Some((response.producer_id, response.producer_epoch)));
            }
            Some(code) if code.is_retriable() => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            _ => ClientError::check(response.error_code, "producer id", None)?,
        }
    }
    Err(ClientError::refused(
        ErrorCode::CoordinatorNotAvailable,
        "producer id",
        None,
    ))
}
