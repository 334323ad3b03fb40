//! Messages on their way into the store: what the broker adds to them, where delayed ones go first, and who waits for
//! what before the sender is answered.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use segment::Position;

use super::Broker;
use super::names::SCHEDULE_TOPIC;
use super::properties::{PropertyMap, key};
use crate::connection::Handled;
use crate::remoting::codes::response;
use crate::remoting::{Answer, Refusal};
use crate::store::message::{MessageBatch, NewMessage, SysFlag, TransactionKind, UniqueKey};
use crate::store::{Ack, Durability, PhysicalOffset, Put, PutError, QueueOffset};

/// A message as a request brings it.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) topic: &'a str,
    pub(crate) queue_id: i32,
    pub(crate) flag: i32,
    pub(crate) sys_flag: SysFlag,
    pub(crate) born_timestamp_ms: i64,
    pub(crate) born_host: SocketAddr,
    pub(crate) reconsume_times: i32,
    pub(crate) prepared_transaction_offset: i64,
    /// Above 0, it waits for its time first.
    pub(crate) delay_level: i32,
    pub(crate) body: &'a [u8],
    pub(crate) properties: PropertyMap<'a>,
}

/// A message in the log, that may not be acknowledged yet.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) queue_offset: QueueOffset,
    pub(crate) physical_offset: PhysicalOffset,
    end: Position,
    /// Whether its sender waits for the mark that acknowledges.
    waits: bool,
    ids: Vec<crate::store::message::OffsetMessageId>,
}

impl Pending {
    fn new(put: Put, waits: bool) -> Self {
        Self {
            queue_offset: put.queue_offset,
            physical_offset: put.physical_offset,
            end: put.end,
            waits,
            ids: put.message_ids,
        }
    }

    /// Where the log is when the message is in it.
    pub(crate) fn end(&self) -> Position {
        self.end
    }

    /// How many messages, and the bytes of their entries.
    pub(crate) fn size(&self) -> (usize, u64) {
        let start = u64::try_from(self.physical_offset.0).unwrap_or(0);
        (self.ids.len(), self.end.0.saturating_sub(start))
    }

    /// The id that tells its place; of a batch all, joined by commas.
    pub(crate) fn message_id(&self) -> String {
        let mut text = String::with_capacity(33 * self.ids.len());
        for (at, id) in self.ids.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            // Writing into a string does not fail.
            let _ = write!(text, "{id}");
        }
        text
    }
}

impl Broker {
    /// Puts what every message carries: where it came in, and whether it may be traced.
    pub(crate) fn mark<'a>(&'a self, properties: &mut PropertyMap<'a>) {
        let settings = self.settings();
        properties.set(key::REGION, settings.region.as_str());
        let trace_on = if settings.trace_on { "true" } else { "false" };
        properties.set(key::TRACE_ON, trace_on);
        properties.set(key::CLUSTER, settings.cluster.as_str());
    }

    /// The client's own id of a message; one that has none gets one.
    pub(crate) fn unique_key_of(&self, properties: &mut PropertyMap<'_>) -> String {
        if let Some(known) = properties.get(key::UNIQUE_KEY) {
            return known.into_owned();
        }
        let (now_ms, count) = (self.now_ms(), self.next_number());
        let low = |number: i64| u16::try_from(number & 0xffff).unwrap_or(0);
        let unique = UniqueKey {
            ip: self.settings().address.ip(),
            pid: low(i64::from(std::process::id())),
            loader_hash: i32::from(low(count >> 16)),
            since_month_start_ms: u32::try_from(now_ms & 0x7fff_ffff).unwrap_or(0),
            counter: low(count),
        };
        let unique = unique.to_string();
        properties.set(key::UNIQUE_KEY, unique.clone());
        unique
    }

    /// Puts a message into the log: its own queue, or that of its delay level.
    pub(crate) fn put(&self, mut draft: Draft<'_>) -> Result<Pending, Refusal> {
        refuse_timer(&draft.properties)?;
        let kind = draft.sys_flag.transaction();
        if draft.delay_level > 0 && matches!(kind, TransactionKind::None | TransactionKind::Commit)
        {
            let level = draft.delay_level.min(self.delay_levels());
            draft.properties.set(key::DELAY, level.to_string());
            draft.properties.set(key::REAL_TOPIC, draft.topic);
            let queue_id = draft.queue_id.to_string();
            draft.properties.set(key::REAL_QUEUE_ID, queue_id);
            draft.topic = SCHEDULE_TOPIC;
            draft.queue_id = level - 1;
        }
        self.put_as_is(&draft)
    }

    /// Puts a message into the log, where it says.
    pub(crate) fn put_as_is(&self, draft: &Draft<'_>) -> Result<Pending, Refusal> {
        let waits = draft
            .properties
            .get(key::WAIT)
            .is_none_or(|wait| wait == "true");
        let text = draft.properties.text();
        let message = self.new_message(draft, &text);
        let ack = waits.then_some(Ack::Visible);
        let put = self.store().put(&message, ack).map_err(refusal)?;
        Ok(Pending::new(put, waits))
    }

    /// Puts the messages of a batch into the log. Each has its own properties; those of the draft only say whether the
    /// sender waits for the disk, and are not kept, as with Java.
    pub(crate) fn put_batch(&self, draft: &Draft<'_>) -> Result<Pending, Refusal> {
        let waits = draft
            .properties
            .get(key::WAIT)
            .is_none_or(|wait| wait == "true");
        let common = self.new_message(draft, b"");
        let batch = MessageBatch { common };
        let ack = waits.then_some(Ack::Visible);
        let put = self.store().put_batch(&batch, ack).map_err(refusal)?;
        Ok(Pending::new(put, waits))
    }

    fn new_message<'m>(&self, draft: &Draft<'m>, properties: &'m [u8]) -> NewMessage<'m> {
        NewMessage {
            topic: draft.topic,
            queue_id: draft.queue_id,
            flag: draft.flag,
            sys_flag: draft.sys_flag,
            born_timestamp_ms: draft.born_timestamp_ms,
            born_host: unmapped(draft.born_host),
            store_host: self.settings().address,
            reconsume_times: draft.reconsume_times,
            prepared_transaction_offset: draft.prepared_transaction_offset,
            body: draft.body,
            properties,
        }
    }

    /// The answer, once the message is acknowledged and, where it made a topic, the topic is on disk.
    pub(crate) fn when_stored(
        self: &Arc<Self>,
        pending: Pending,
        answer: Answer,
        topic_is_new: bool,
    ) -> Handled {
        if !topic_is_new && (!pending.waits || self.is_reached(pending.end)) {
            return Handled::Answer(answer);
        }
        let broker = Arc::clone(self);
        Handled::Later(Box::pin(async move {
            if topic_is_new && let Err(refusal) = broker.topics_on_disk().await {
                return Some(refusal.into());
            }
            if pending.waits
                && let Err(refusal) = broker.reached(pending.end).await
            {
                return Some(refusal.into());
            }
            Some(answer)
        }))
    }

    fn is_reached(&self, end: Position) -> bool {
        if self.store().durability() == Durability::Disk {
            // A sync takes longer than it takes to get here.
            return false;
        }
        let mut context = Context::from_waker(Waker::noop());
        let reached = self.store().poll_reached(Ack::Visible, end, &mut context);
        matches!(reached, Poll::Ready(Ok(())))
    }

    /// Waits for the mark that acknowledges.
    pub(crate) async fn reached(&self, end: Position) -> Result<(), Refusal> {
        let reached = poll_fn(|cx| self.store().poll_reached(Ack::Visible, end, cx)).await;
        reached.map_err(|poisoned| Refusal::system(poisoned.to_string()))
    }
}

/// An IPv4 client on an IPv6 socket is an IPv4 client.
fn unmapped(host: SocketAddr) -> SocketAddr {
    SocketAddr::new(host.ip().to_canonical(), host.port())
}

/// Messages for a moment of their own are not served yet; delivering them at once would be wrong.
pub(super) fn refuse_timer(properties: &PropertyMap<'_>) -> Result<(), Refusal> {
    let keys = [
        key::TIMER_DELAY_SEC,
        key::TIMER_DELAY_MS,
        key::TIMER_DELIVER_MS,
    ];
    if keys.iter().any(|key| properties.get(key).is_some()) {
        let remark = "accurate timer message is not enabled, timerWheelEnable is false";
        return Err(Refusal::system(remark));
    }
    Ok(())
}

/// What a sender is told about a message that was not stored, or perhaps was.
pub(crate) fn refusal(error: PutError) -> Refusal {
    let code = match &error {
        PutError::Illegal(_) | PutError::BadBatch(_) => response::MESSAGE_ILLEGAL,
        PutError::NotWritable(_) | PutError::Closed => response::SERVICE_NOT_AVAILABLE,
        PutError::Unknown(_) => response::SYSTEM_ERROR,
    };
    Refusal::new(code, Cow::Owned(error.to_string()))
}
