//! Produce (0), versions 3 to 11: batches go from the receive buffer into the log.
//!
//! Written by hand: a request is walked once into ranges (scratch space that the connection keeps), then each batch is
//! checked, stamped and written from where the socket put it. Nothing is appended before the whole request has proved
//! readable. One partition's failure does not touch the others.
//!
//! Absent on purpose: transactions. A transactional batch gets INVALID_TXN_STATE, and version 12, in which Produce
//! joins a transaction by itself, is not spoken.

use std::future::poll_fn;
use std::ops::Range;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use kafka_wire::{ApiKey, ErrorCode, Reader, ResponseHeader, WireError, Writer, range_within};
use tokio::time::Instant;

use super::{Close, Encoded, RequestContext};
use crate::broker::routes::{PartitionRoute, Routes, TopicRoute};
use crate::connection::{AnswerFuture, Buffers, Output, Waiting};
use crate::log::{Ack, AppendContext, AppendError, KafkaOffset, Origin, PartitionLog, RecordError};

/// Compact lengths and tagged fields from here on.
const FLEXIBLE_FROM: i16 = 9;
/// Refused records are named from here on.
const RECORD_ERRORS_FROM: i16 = 8;
/// The log's start is told from here on.
const LOG_START_FROM: i16 = 5;
/// zstd may be used from here on.
const ZSTD_FROM: i16 = 7;
/// Where the attributes lie in a batch, and their bit for a transaction.
const ATTRIBUTES_LOW_AT: usize = 22;
const TRANSACTIONAL_BIT: u8 = 1 << 4;
/// The client id under which coordinators' topics may be written, as in Kafka.
const ADMIN_CLIENT_ID: &str = "__admin_client";

/// A request taken apart: ranges into the frame. Kept and reused by a connection.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    acks: i16,
    timeout_ms: i32,
    topics: Vec<TopicEntry>,
    partitions: Vec<PartitionEntry>,
}

#[derive(Debug)]
struct TopicEntry {
    name: Range<usize>,
    /// End (exclusive) of its partitions in the scratch.
    until: usize,
}

#[derive(Debug)]
struct PartitionEntry {
    number: i32,
    records: Option<Range<usize>>,
}

impl Scratch {
    /// Walks the body of a request; `Ok` means that all of it is readable.
    fn read(&mut self, body: &[u8], version: i16) -> Result<(), WireError> {
        let flexible = version >= FLEXIBLE_FROM;
        self.topics.clear();
        self.partitions.clear();
        let r = &mut Reader::new(body);
        // The transactional id: batches say themselves that they belong to a transaction.
        r.nullable_string(flexible)?;
        self.acks = r.i16()?;
        self.timeout_ms = r.i32()?;
        let topics = r
            .nullable_count(flexible, 3)?
            .ok_or(WireError::UnexpectedNull)?;
        for _ in 0..topics {
            let name = r.string(flexible)?;
            let name = range_within(body, name.as_bytes()).unwrap_or_default();
            let partitions = r
                .nullable_count(flexible, 5)?
                .ok_or(WireError::UnexpectedNull)?;
            for _ in 0..partitions {
                let number = r.i32()?;
                let records = r.nullable_bytes(flexible)?;
                let records = records.and_then(|records| range_within(body, &records));
                if flexible {
                    r.skip_tagged_fields()?;
                }
                self.partitions.push(PartitionEntry { number, records });
            }
            if flexible {
                r.skip_tagged_fields()?;
            }
            self.topics.push(TopicEntry {
                name,
                until: self.partitions.len(),
            });
        }
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(())
    }

    /// Whether every log the request names can be appended to without opening it first.
    fn logs_are_open(&self, body: &[u8], routes: &Routes) -> bool {
        let mut first = 0;
        for topic in &self.topics {
            let route = routes.topic(text(body, &topic.name));
            let entries = self.partitions.get(first..topic.until).unwrap_or_default();
            first = topic.until;
            let Some(route) = route else { continue };
            let mut logs = entries
                .iter()
                .filter_map(|entry| route.partition(entry.number));
            if !logs.all(|partition| partition.log.is_open()) {
                return false;
            }
        }
        true
    }
}

/// What the frame says at `range`; it was checked to be UTF-8 when it was walked.
fn text<'a>(body: &'a [u8], range: &Range<usize>) -> &'a str {
    let bytes = body.get(range.clone()).unwrap_or_default();
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// What became of a request.
pub(crate) enum Produced {
    /// acks=0: there is nothing to answer.
    Silent,
    Answer(Box<ProduceAnswer>),
    /// A log must be opened first, which may wait for the disk. Nothing was appended.
    Cold,
}

/// Appends every batch of a request. `body` is what follows the request header.
pub(crate) fn receive(
    context: &RequestContext<'_>,
    routes: &Routes,
    scratch: &mut Scratch,
    body: &mut [u8],
    may_block: bool,
) -> Result<Produced, Close> {
    let version = context.version;
    let read = scratch.read(body, version);
    read.map_err(|error| Close::Undecodable {
        api: ApiKey::Produce,
        version,
        error,
    })?;
    if !may_block && !scratch.logs_are_open(body, routes) {
        return Ok(Produced::Cold);
    }
    let batches = Batches {
        acks: scratch.acks,
        client_id: context.client_id,
        append: AppendContext {
            now_ms: context.broker.clock().now_ms(),
            origin: Origin::Client,
            ack: awaited(scratch.acks),
            zstd_allowed: version >= ZSTD_FROM,
        },
    };
    let mut answer = Box::new(ProduceAnswer::new(context, scratch));
    let mut entries = scratch.partitions.iter();
    let mut first = 0;
    for topic in &scratch.topics {
        let name = text(body, &topic.name);
        let route = routes.topic(name).cloned();
        let name = route
            .as_ref()
            .map_or_else(|| Arc::from(name), |route| Arc::clone(&route.name));
        for entry in entries.by_ref().take(topic.until - first) {
            let records = entry.records.clone().and_then(|range| body.get_mut(range));
            answer
                .partitions
                .push(batches.append(route.as_deref(), entry.number, records));
        }
        first = topic.until;
        answer.topics.push(TopicAnswer { name, until: first });
    }
    if scratch.acks == 0 {
        let failed = answer
            .partitions
            .iter()
            .find(|partition| partition.error.is_error());
        return match failed {
            Some(failed) => Err(Close::SilentFailure(failed.error)),
            None => Ok(Produced::Silent),
        };
    }
    Ok(Produced::Answer(answer))
}

/// As [`receive`], over a copy of the request and where waiting for the disk is allowed: opens the logs first.
pub(super) fn receive_cold(context: &RequestContext<'_>, mut body: Vec<u8>) -> AnswerFuture {
    let broker = Arc::clone(context.broker);
    let connection = context.connection.clone();
    let client_id = context.client_id.map(str::to_owned);
    let (version, correlation_id, received) =
        (context.version, context.correlation_id, context.received);
    Box::pin(async move {
        let produced = broker.blocking(move |broker| {
            let context = RequestContext {
                broker,
                connection: &connection,
                client_id: client_id.as_deref(),
                version,
                correlation_id,
                received,
            };
            let routes = broker.routes().current();
            receive(&context, &routes, &mut Scratch::default(), &mut body, true)
        });
        let Produced::Answer(mut answer) = produced.await?? else {
            return Ok(Encoded(Vec::new()));
        };
        poll_fn(|cx| answer.poll_reached(cx)).await;
        let mut w = Writer::new();
        let encoded = answer.encode(&mut w);
        encoded.map_err(|error| Close::Unanswerable {
            api: ApiKey::Produce,
            version,
            error,
        })?;
        Ok(Encoded(w.into_vec()))
    })
}

/// The mark that `acks` waits for.
fn awaited(acks: i16) -> Option<Ack> {
    match acks {
        1 => Some(Ack::Committed),
        -1 => Some(Ack::Visible),
        _ => None,
    }
}

/// What is the same for all batches of a request.
struct Batches<'a> {
    acks: i16,
    client_id: Option<&'a str>,
    append: AppendContext,
}

impl Batches<'_> {
    fn append(
        &self,
        topic: Option<&TopicRoute>,
        number: i32,
        records: Option<&mut [u8]>,
    ) -> PartitionAnswer {
        let Some((topic, partition)) =
            topic.and_then(|topic| Some((topic, topic.partition(number)?)))
        else {
            let exists = topic.is_some_and(|topic| topic.has(number));
            let error = if exists {
                ErrorCode::KafkaStorageError
            } else {
                ErrorCode::UnknownTopicOrPartition
            };
            return PartitionAnswer::failed(number, error);
        };
        if topic.internal && self.client_id != Some(ADMIN_CLIENT_ID) {
            return PartitionAnswer::failed(number, ErrorCode::InvalidTopicException);
        }
        let Some(records) = records.filter(|records| !records.is_empty()) else {
            let why = "records must be exactly one batch of format 2";
            return PartitionAnswer::failed(number, ErrorCode::InvalidRecord).because(why);
        };
        if let Err(error) = self.check(partition, records) {
            return PartitionAnswer::failed(number, error);
        }
        match partition.log.append(records, &self.append) {
            Ok(appended) => PartitionAnswer {
                number,
                error: ErrorCode::None,
                base_offset: appended.base_offset.0,
                log_append_time_ms: appended.log_append_time_ms,
                log_start_offset: appended.log_start_offset.0,
                refusal: None,
                waits_for: self
                    .append
                    .ack
                    .map(|ack| (Arc::clone(&partition.log), ack, appended.end)),
            },
            Err(error) => PartitionAnswer::refused(number, error),
        }
    }

    /// What the log cannot know.
    fn check(&self, partition: &PartitionRoute, records: &[u8]) -> Result<(), ErrorCode> {
        if !matches!(self.acks, -1..=1) {
            return Err(ErrorCode::InvalidRequiredAcks);
        }
        if self.acks == -1 && partition.log.config().min_insync_replicas > 1 {
            return Err(ErrorCode::NotEnoughReplicas);
        }
        let attributes = records.get(ATTRIBUTES_LOW_AT).copied().unwrap_or(0);
        if attributes & TRANSACTIONAL_BIT != 0 {
            return Err(ErrorCode::InvalidTxnState);
        }
        Ok(())
    }
}

/// The answer to a request, waiting for its marks.
#[derive(Debug)]
pub(crate) struct ProduceAnswer {
    correlation_id: i32,
    version: i16,
    deadline: Instant,
    topics: Vec<TopicAnswer>,
    partitions: Vec<PartitionAnswer>,
    /// Partitions before this one need no waiting any more.
    reached: usize,
}

#[derive(Debug)]
struct TopicAnswer {
    name: Arc<str>,
    until: usize,
}

#[derive(Debug)]
struct PartitionAnswer {
    number: i32,
    error: ErrorCode,
    base_offset: i64,
    log_append_time_ms: i64,
    log_start_offset: i64,
    refusal: Option<Box<Refusal>>,
    waits_for: Option<(Arc<PartitionLog>, Ack, KafkaOffset)>,
}

#[derive(Debug, Default)]
struct Refusal {
    message: String,
    records: Vec<RecordError>,
}

impl PartitionAnswer {
    fn failed(number: i32, error: ErrorCode) -> Self {
        Self {
            number,
            error,
            base_offset: -1,
            log_append_time_ms: -1,
            log_start_offset: -1,
            refusal: None,
            waits_for: None,
        }
    }

    fn because(mut self, why: &str) -> Self {
        self.refusal = Some(Box::new(Refusal {
            message: why.to_owned(),
            records: Vec::new(),
        }));
        self
    }

    fn refused(number: i32, error: AppendError) -> Self {
        let code = append_code(&error);
        let mut refused = Self::failed(number, code).because(&error.to_string());
        if let AppendError::InvalidRecord { record_errors, .. }
        | AppendError::InvalidTimestamp { record_errors, .. } = error
            && let Some(refusal) = &mut refused.refusal
        {
            refusal.records = record_errors;
        }
        refused
    }
}

/// The code a client gets for a batch that was not appended.
fn append_code(error: &AppendError) -> ErrorCode {
    match error {
        AppendError::Corrupt(_) => ErrorCode::CorruptMessage,
        AppendError::InvalidRecord { .. } => ErrorCode::InvalidRecord,
        AppendError::InvalidTimestamp { .. } => ErrorCode::InvalidTimestamp,
        AppendError::TooLarge { .. } => ErrorCode::MessageTooLarge,
        AppendError::LargerThanSegment { .. } => ErrorCode::RecordListTooLarge,
        AppendError::UnsupportedCompression(_) => ErrorCode::UnsupportedCompressionType,
        AppendError::OutOfOrderSequence { .. } => ErrorCode::OutOfOrderSequenceNumber,
        AppendError::InvalidProducerEpoch { .. } => ErrorCode::InvalidProducerEpoch,
        AppendError::InvalidTxnState { .. } => ErrorCode::InvalidTxnState,
        AppendError::NoSpace(_) | AppendError::Storage(_) => ErrorCode::KafkaStorageError,
        AppendError::Closed => ErrorCode::UnknownTopicOrPartition,
    }
}

impl ProduceAnswer {
    fn new(context: &RequestContext<'_>, scratch: &Scratch) -> Self {
        let timeout_ms = u64::try_from(scratch.timeout_ms).unwrap_or(0);
        Self {
            correlation_id: context.correlation_id,
            version: context.version,
            deadline: context.received + Duration::from_millis(timeout_ms),
            topics: Vec::with_capacity(scratch.topics.len()),
            partitions: Vec::with_capacity(scratch.partitions.len()),
            reached: 0,
        }
    }

    /// Ready when every batch has reached its mark, failed to, or the time is up.
    pub(crate) fn poll_reached(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut expired = None;
        while let Some(partition) = self.partitions.get_mut(self.reached) {
            if let Some((log, ack, end)) = &partition.waits_for {
                match log.poll_reached(*ack, *end, cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(poisoned)) => {
                        *partition =
                            PartitionAnswer::failed(partition.number, ErrorCode::KafkaStorageError)
                                .because(&poisoned.to_string());
                    }
                    Poll::Pending
                        if *expired.get_or_insert_with(|| Instant::now() >= self.deadline) =>
                    {
                        *partition =
                            PartitionAnswer::failed(partition.number, ErrorCode::RequestTimedOut);
                    }
                    Poll::Pending => return Poll::Pending,
                }
            }
            self.reached += 1;
        }
        Poll::Ready(())
    }

    /// Appends the whole answer frame.
    pub(crate) fn encode(&self, w: &mut Writer) -> Result<(), WireError> {
        let flexible = self.version >= FLEXIBLE_FROM;
        let length = w.reserve_length();
        ResponseHeader {
            correlation_id: self.correlation_id,
        }
        .encode(w, i16::from(flexible));
        w.count(Some(self.topics.len()), flexible)?;
        let mut first = 0;
        for topic in &self.topics {
            w.string(&topic.name, flexible)?;
            let partitions = self.partitions.get(first..topic.until).unwrap_or_default();
            first = topic.until;
            w.count(Some(partitions.len()), flexible)?;
            for partition in partitions {
                partition.encode(w, self.version)?;
            }
            if flexible {
                w.uvarint(0);
            }
        }
        w.i32(0);
        if flexible {
            w.uvarint(0);
        }
        w.patch_length(length, 0)
    }
}

impl PartitionAnswer {
    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        let flexible = version >= FLEXIBLE_FROM;
        w.i32(self.number);
        w.i16(self.error.to_i16());
        w.i64(self.base_offset);
        w.i64(self.log_append_time_ms);
        if version >= LOG_START_FROM {
            w.i64(self.log_start_offset);
        }
        if version >= RECORD_ERRORS_FROM {
            let refusal = self.refusal.as_deref();
            let records = refusal.map_or(&[][..], |refusal| &refusal.records);
            w.array(records, flexible, |w, record| {
                w.i32(record.batch_index);
                w.nullable_string(Some(&record.message), flexible)?;
                if flexible {
                    w.uvarint(0);
                }
                Ok(())
            })?;
            w.nullable_string(refusal.map(|refusal| &*refusal.message), flexible)?;
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Waiting for ProduceAnswer {
    fn poll_answer(
        &mut self,
        cx: &mut Context<'_>,
        output: &mut Output,
        buffers: &Buffers,
    ) -> Poll<Result<(), Close>> {
        std::task::ready!(self.poll_reached(cx));
        let version = self.version;
        let encoded = self.encode(output.writer(buffers));
        Poll::Ready(encoded.map_err(|error| Close::Unanswerable {
            api: ApiKey::Produce,
            version,
            error,
        }))
    }

    fn deadline(&self) -> Option<Instant> {
        Some(self.deadline)
    }

    fn cut_short(&mut self) {
        // The records are in the log: the sync they wait for comes, and the producer should hear of it.
    }
}
