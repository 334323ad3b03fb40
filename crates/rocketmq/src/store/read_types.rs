//! What readers ask for and get.

use segment::{Lease, Part};

use super::consume_queue::QueueUnit;
use super::ids::{PhysicalOffset, QueueOffset};

/// Whether a read may wait for the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// It may.
    MayBlock,
    /// It must not: what is not in memory is `ReadError::WouldBlock`.
    InMemory,
}

/// Which messages of a queue a reader wants.
pub trait MessageFilter {
    /// Judges by the queue's unit alone.
    fn wants_tags(&self, tags_code: i64) -> bool;
    /// Whether [`Self::wants_entry`] has to be asked, which costs reading the entry.
    fn judges_entries(&self) -> bool;
    /// Judges by the whole entry.
    fn wants_entry(&self, entry: &super::message::Entry<'_>) -> bool;
}

/// Wants everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Everything;

impl MessageFilter for Everything {
    fn wants_tags(&self, _: i64) -> bool {
        true
    }

    fn judges_entries(&self) -> bool {
        false
    }

    fn wants_entry(&self, _: &super::message::Entry<'_>) -> bool {
        true
    }
}

/// Tags whose code is one of a subscription's; addresses of extended units pass, the client looks again.
#[derive(Clone, Debug, Default)]
pub struct TagCodes(pub Vec<i64>);

impl MessageFilter for TagCodes {
    fn wants_tags(&self, tags_code: i64) -> bool {
        tags_code < i64::from(i32::MIN) || self.0.contains(&tags_code)
    }

    fn judges_entries(&self) -> bool {
        false
    }

    fn wants_entry(&self, _: &super::message::Entry<'_>) -> bool {
        true
    }
}

/// A read of one queue.
pub struct GetRequest<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The queue in it.
    pub queue_id: i32,
    /// Where to start.
    pub offset: QueueOffset,
    /// Most messages.
    pub messages_max: usize,
    /// Most bytes; one message is returned however large it is.
    pub bytes_max: usize,
    /// Which of them.
    pub filter: &'a dyn MessageFilter,
    /// Whether to wait for the disk.
    pub access: Access,
}

impl<'a> GetRequest<'a> {
    /// Everything from `offset` on, up to 32 messages and 256 KiB, waiting for the disk.
    #[must_use]
    pub fn new(topic: &'a str, queue_id: i32, offset: QueueOffset) -> Self {
        Self {
            topic,
            queue_id,
            offset,
            messages_max: 32,
            bytes_max: 256 << 10,
            filter: &Everything,
            access: Access::MayBlock,
        }
    }
}

/// How a read went, in RocketMQ's terms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GetStatus {
    /// There are messages.
    Found,
    /// Units were there, none of them wanted: go on at `next_offset`.
    NoMatchedMessage,
    /// The log no longer has what the units name: go on at `next_offset`.
    MessageWasRemoving,
    /// There is no such queue.
    NoMatchedLogicQueue,
    /// The queue never had a message.
    NoMessageInQueue,
    /// Below the first message: go on at `next_offset`.
    OffsetTooSmall,
    /// Exactly at the end: nothing there yet.
    OffsetOverflowOne,
    /// Beyond the end.
    OffsetOverflowBadly,
}

/// What a read found.
#[derive(Debug)]
pub struct GetResult {
    /// How it went.
    pub status: GetStatus,
    /// Where the next read starts.
    pub next_offset: QueueOffset,
    /// First offset of the queue.
    pub min_offset: QueueOffset,
    /// End of the queue, exclusive.
    pub max_offset: QueueOffset,
    /// The wanted messages, by their units.
    pub units: Vec<(QueueOffset, QueueUnit)>,
    /// Their entries, one after the other, as a connection sends them. Entries that follow each other in the log are one
    /// part.
    pub parts: Vec<Part>,
    /// Bytes in `parts`.
    pub bytes: usize,
}

/// Which of several messages of one time, or of the gap between two, is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Boundary {
    /// The first message at or after the time.
    Lower,
    /// The last message at or before the time.
    Upper,
}

/// What a message is found by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QueryKey<'a> {
    /// One of its `KEYS`, or its `UNIQ_KEY`.
    Key(&'a str),
    /// Its `TAGS`, the whole text.
    Tags(&'a str),
}

/// A query by key.
#[derive(Clone, Copy, Debug)]
pub struct QueryRequest<'a> {
    /// The topic.
    pub topic: &'a str,
    /// What it has to have.
    pub key: QueryKey<'a>,
    /// Most messages; at most 64 are looked for.
    pub messages_max: usize,
    /// First store time, inclusive.
    pub begin_ms: i64,
    /// Last store time, inclusive.
    pub end_ms: i64,
}

/// What a query found.
#[derive(Debug, Default)]
pub struct QueryResult {
    /// The entries, oldest first. Each was looked at: it has the topic and what was asked for.
    pub entries: Vec<Lease>,
    /// Newest store time in the index.
    pub index_last_update_timestamp_ms: i64,
    /// Newest message in the index.
    pub index_last_update_offset: PhysicalOffset,
}
