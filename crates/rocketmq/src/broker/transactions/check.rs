//! Looks at halves that nobody ended, and asks their producers.

use std::sync::Arc;

use super::super::Broker;
use super::super::names::{GAVE_UP_TOPIC, HALF_TOPIC, OP_TOPIC, TRANSACTION_GROUP};
use super::super::properties::{PropertyMap, key};
use super::super::put::{Draft, Pending};
use super::super::readdressed::Readdressed;
use super::ended::immunity_ms;
use super::{QUEUE, Transactions};
use crate::connection::Channel;
use crate::remoting::Refusal;
use crate::remoting::codes::request as code;
use crate::remoting::headers::CheckTransactionHeader;
use crate::store::message::{self, Entry, OffsetMessageId};
use crate::store::{Access, GetRequest, GetStatus, PhysicalOffset, QueueOffset};

/// What is to be done about a half.
enum Verdict {
    /// It is too young, and so is everything behind it.
    Later,
    /// Not now, but look at those behind it.
    Skip,
    /// Nobody will ever end it.
    GiveUp,
    /// Ask this client.
    Ask(Arc<Channel>),
}

impl Transactions {
    /// One look at all halves; called by the keeper.
    pub(crate) fn check(&self, broker: &Broker) -> Result<(), Refusal> {
        let began_ms = broker.now_ms();
        let offsets = broker.offsets();
        let mut at = offsets
            .get(TRANSACTION_GROUP, HALF_TOPIC, QUEUE)
            .unwrap_or(0);
        let mut progress = at;
        loop {
            if self.state.lock().done.contains(&at) {
                progress = if progress == at { at + 1 } else { progress };
                at += 1;
                continue;
            }
            let request = GetRequest {
                messages_max: 1,
                ..GetRequest::new(HALF_TOPIC, QUEUE, QueueOffset(at))
            };
            let got = broker.store().get(&request);
            let got = got.map_err(|error| Refusal::system(error.to_string()))?;
            match (got.status, got.units.first()) {
                (GetStatus::Found, Some((_, unit))) => {
                    let passed =
                        self.look_at(broker, at, unit.physical_offset, began_ms, at == progress)?;
                    let Some(passed) = passed else { break };
                    progress = if passed && progress == at {
                        at + 1
                    } else {
                        progress
                    };
                    at += 1;
                }
                (
                    GetStatus::OffsetTooSmall
                    | GetStatus::NoMatchedMessage
                    | GetStatus::MessageWasRemoving,
                    _,
                ) => {
                    progress = if progress == at {
                        got.next_offset.0
                    } else {
                        progress
                    };
                    at = got.next_offset.0;
                }
                _ => break,
            }
        }
        offsets.set(TRANSACTION_GROUP, HALF_TOPIC, QUEUE, progress);
        if let Some(op) = self.state.lock().passed(progress) {
            offsets.set(TRANSACTION_GROUP, OP_TOPIC, QUEUE, op);
        }
        Ok(())
    }

    /// `None` to stop here, else whether the half needs no more looking at.
    fn look_at(
        &self,
        broker: &Broker,
        at: i64,
        physical_offset: PhysicalOffset,
        began_ms: i64,
        is_next: bool,
    ) -> Result<Option<bool>, Refusal> {
        let found = broker.store().look_up(physical_offset, Access::MayBlock);
        let found = found.map_err(|error| Refusal::system(error.to_string()))?;
        let entry = found
            .as_deref()
            .and_then(|bytes| message::decode(bytes).ok());
        let Some(entry) = entry else {
            return Ok(Some(true));
        };
        let mut properties = PropertyMap::of(entry.properties);
        let asked: i32 = properties.number(key::CHECK_TIMES).unwrap_or(0);
        match judge(broker, &entry, &properties, asked, began_ms) {
            Verdict::Later => return Ok(None),
            Verdict::Skip => return Ok(Some(false)),
            Verdict::GiveUp => {
                tracing::warn!(at = %entry.physical_offset, asked, "nobody ends a transaction; it is given up");
                again(broker, &entry, GAVE_UP_TOPIC, properties)?;
            }
            Verdict::Ask(channel) => {
                properties.set(key::CHECK_TIMES, (asked + 1).to_string());
                let copy = again(broker, &entry, HALF_TOPIC, properties.clone())?;
                self.state.lock().moved.insert(at, copy.queue_offset.0);
                ask(broker, &channel, &entry, &properties, &copy);
            }
        }
        if !is_next {
            // Progress does not say it, so an op has to.
            self.write_op(broker, at)?;
        }
        Ok(Some(true))
    }
}

fn judge(
    broker: &Broker,
    entry: &Entry<'_>,
    properties: &PropertyMap<'_>,
    asked: i32,
    began_ms: i64,
) -> Verdict {
    let settings = broker.settings();
    let age_ms = broker.now_ms().saturating_sub(entry.born_timestamp_ms);
    let too_old = age_ms > broker.store().settings().file_reserved_ms;
    if asked >= settings.transaction_check_max || too_old {
        return Verdict::GiveUp;
    }
    if entry.store_timestamp_ms >= began_ms {
        return Verdict::Later;
    }
    let timeout_ms = i64::try_from(settings.transaction_timeout.as_millis()).unwrap_or(i64::MAX);
    match immunity_ms(properties, settings.transaction_timeout) {
        Some(immunity_ms) if age_ms <= immunity_ms => return Verdict::Skip,
        None if (0..=timeout_ms).contains(&age_ms) => return Verdict::Later,
        _ => {}
    }
    let group = properties.get(key::PRODUCER_GROUP);
    let channel = group.and_then(|group| broker.producers().any_of(&group));
    channel.map_or(Verdict::Skip, Verdict::Ask)
}

/// Puts the half into a topic once more.
fn again(
    broker: &Broker,
    entry: &Entry<'_>,
    topic: &str,
    properties: PropertyMap<'_>,
) -> Result<Pending, Refusal> {
    broker.put_as_is(&Draft {
        topic,
        queue_id: QUEUE,
        flag: entry.flag,
        sys_flag: entry.sys_flag,
        born_timestamp_ms: entry.born_timestamp_ms,
        born_host: entry.born_host,
        reconsume_times: entry.reconsume_times,
        prepared_transaction_offset: entry.prepared_transaction_offset,
        delay_level: 0,
        body: entry.body,
        properties,
    })
}

/// Asks a producer, by the place of the copy.
fn ask(
    broker: &Broker,
    channel: &Channel,
    entry: &Entry<'_>,
    properties: &PropertyMap<'_>,
    copy: &Pending,
) {
    let unique_key = properties.get(key::UNIQUE_KEY);
    let place = OffsetMessageId {
        store_host: broker.settings().address,
        physical_offset: copy.physical_offset,
    };
    let place = place.to_string();
    let topic = properties.get(key::REAL_TOPIC).unwrap_or_default();
    let header = CheckTransactionHeader {
        tran_state_table_offset: copy.queue_offset.0,
        commit_log_offset: copy.physical_offset.0,
        msg_id: unique_key.as_deref(),
        transaction_id: unique_key.as_deref(),
        offset_msg_id: Some(&place),
        topic: Some(&topic),
    };
    let queue_id = properties.number(key::REAL_QUEUE_ID).unwrap_or(0);
    let readdressed = Readdressed {
        entry,
        topic: &topic,
        queue_id,
        properties: &properties.text(),
        queue_offset: copy.queue_offset,
        physical_offset: copy.physical_offset,
    };
    let body = readdressed.encode();
    let code = code::CHECK_TRANSACTION_STATE;
    if !channel.send_oneway(code, &|to| header.encode(to), &body) {
        tracing::warn!(peer = %channel.peer, "a producer could not be asked about a transaction");
    }
}
