//! Storing messages: checks outside the lock, one write under it.
//!
//! Invariants: nothing was stored unless `Ok` came back; offsets are given in the order of the log. Waiting for a mark is the
//! caller's (`Store::poll_reached`): many messages share one sync.

use segment::Position;

use super::commit_log::{Ack, Item, Stored};
use super::error::PutError;
use super::ids::{PhysicalOffset, QueueOffset};
use super::message::{
    BatchMessages, MessageBatch, NewMessage, OffsetMessageId, PROPERTIES_BYTES_MAX, Shape,
};
use super::store::Store;

/// Longest topic: with a prefix and a group's name, what a directory's name can hold.
pub const TOPIC_BYTES_MAX: usize = 255;

/// Where messages went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Put {
    /// Where the first lies.
    pub physical_offset: PhysicalOffset,
    /// Number of the first in its queue; 0 for prepared and rolled-back ones, which have none.
    pub queue_offset: QueueOffset,
    /// When they were stored, ms since the epoch.
    pub store_timestamp_ms: i64,
    /// What to give `poll_reached`: the end of the last.
    pub end: Position,
    /// The id of each.
    pub message_ids: Vec<OffsetMessageId>,
}

impl Store {
    /// Stores a message. `ack` is what the caller is going to wait for, so that it is asked for at once; `None` for a
    /// message that nobody waits for.
    ///
    /// Cost: one checksum pass over the body, one write; waits for the disk only where a file is full and no next one is
    /// prepared.
    ///
    /// # Errors
    /// As each variant says; only after `Unknown` may something be stored.
    pub fn put(&self, message: &NewMessage<'_>, ack: Option<Ack>) -> Result<Put, PutError> {
        self.check(message, message.body.len())?;
        let shape = Shape::of(message, self.settings.property_crc);
        self.put_shapes(message, vec![shape], ack)
    }

    /// Stores the messages of a batch, all or none, one after the other.
    ///
    /// # Errors
    /// As [`Self::put`], and `BadBatch`.
    pub fn put_batch(&self, batch: &MessageBatch<'_>, ack: Option<Ack>) -> Result<Put, PutError> {
        let common = &batch.common;
        self.check(common, 0)?;
        // As Java's: together they may not be larger than one.
        self.check_body(common.body.len())?;
        let mut shapes = Vec::new();
        for inner in BatchMessages::of(common.body) {
            let inner = inner?;
            self.check_body(inner.body.len())?;
            shapes.push(Shape::of_inner(common, &inner, self.settings.property_crc));
        }
        if shapes.is_empty() {
            return Err(PutError::Illegal("the batch has no messages".into()));
        }
        self.put_shapes(common, shapes, ack)
    }

    fn put_shapes(
        &self,
        message: &NewMessage<'_>,
        shapes: Vec<Shape<'_>>,
        ack: Option<Ack>,
    ) -> Result<Put, PutError> {
        let longest = shapes
            .iter()
            .map(Shape::properties_bytes)
            .max()
            .unwrap_or(0);
        if longest > PROPERTIES_BYTES_MAX {
            return Err(PutError::Illegal(format!(
                "{longest} bytes of properties, at most {PROPERTIES_BYTES_MAX}"
            )));
        }
        self.check_writable()?;
        let has_place = message.sys_flag.has_queue_place();
        let queue = self.queues.get_or_add(message.topic, message.queue_id);
        let sizes: Vec<u64> = shapes.iter().map(|shape| shape.bytes as u64).collect();
        let mut items: Vec<_> = shapes
            .into_iter()
            .map(|shape| Item { shape, has_place })
            .collect();
        let stored = self.log.append(&queue, &mut items)?;
        self.log.shared().bell.ring();
        if let Some(ack) = ack {
            self.log.request(ack, stored.end);
        }
        Ok(put_of(message, &sizes, &stored))
    }

    fn check(&self, message: &NewMessage<'_>, body_bytes: usize) -> Result<(), PutError> {
        let topic = message.topic;
        let is_name = !matches!(topic, "" | "." | "..")
            && topic.len() <= TOPIC_BYTES_MAX
            && !topic.contains(['/', '\0']);
        if !is_name {
            return Err(PutError::Illegal(format!(
                "topic {topic:?} cannot be the name of a directory"
            )));
        }
        if message.queue_id < 0 {
            let id = message.queue_id;
            return Err(PutError::Illegal(format!("queue {id} is negative")));
        }
        self.check_body(body_bytes)
    }

    fn check_body(&self, bytes: usize) -> Result<(), PutError> {
        let most = self.settings.body_bytes_max;
        if bytes > usize::try_from(most).unwrap_or(usize::MAX) {
            return Err(PutError::Illegal(format!(
                "a body of {bytes} bytes, maxMessageSize is {most}"
            )));
        }
        Ok(())
    }
}

fn put_of(message: &NewMessage<'_>, sizes: &[u64], stored: &Stored) -> Put {
    let mut at = stored.start;
    let message_ids = sizes.iter().map(|size| {
        let id = OffsetMessageId {
            store_host: message.store_host,
            physical_offset: at,
        };
        at = at.plus(*size);
        id
    });
    Put {
        message_ids: message_ids.collect(),
        physical_offset: stored.start,
        queue_offset: stored.queue_offset,
        store_timestamp_ms: stored.store_timestamp_ms,
        end: stored.end,
    }
}
