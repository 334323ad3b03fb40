//! Looks at halves that nobody ended, and asks their producers.

use std::sync::Arc;

use segment::Position;

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
use crate::store::{Access, Ack, GetRequest, GetStatus, PhysicalOffset, QueueOffset};

/// Questions that wait for the disk together.
const QUESTIONS_MAX: usize = 256;

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

/// One look at all halves.
struct Round {
    began_ms: i64,
    /// The half that is looked at.
    at: i64,
    /// Every half below is done or was put to the end.
    progress: i64,
    /// Where the log was after what must not be lost once `progress` counts.
    moved_to: Option<Position>,
    questions: Vec<Question>,
}

impl Round {
    fn is_next(&self) -> bool {
        self.at == self.progress
    }

    /// Goes on to `next`; `passed` if the halves before it need no more looking at.
    fn go_on(&mut self, next: i64, passed: bool) {
        if passed && self.is_next() {
            self.progress = next;
        }
        self.at = next;
    }

    /// Asks, once the copies that are asked about are on the disk: an answer may come at once, and finds only what
    /// readers may see.
    fn settle(&mut self, broker: &Broker) -> Result<(), Refusal> {
        let Some(moved_to) = self.moved_to.take() else {
            return Ok(());
        };
        let reached = broker.store().wait_reached(Ack::Durable, moved_to);
        reached.map_err(|poisoned| Refusal::system(poisoned.to_string()))?;
        for question in self.questions.drain(..) {
            question.ask(broker);
        }
        Ok(())
    }
}

impl Transactions {
    /// One look at all halves; called by the keeper.
    pub(crate) fn check(&self, broker: &Broker) -> Result<(), Refusal> {
        let offsets = broker.offsets();
        let start = offsets.get(TRANSACTION_GROUP, HALF_TOPIC, QUEUE);
        let start = start.unwrap_or(0);
        let mut round = Round {
            began_ms: broker.now_ms(),
            at: start,
            progress: start,
            moved_to: None,
            questions: Vec::new(),
        };
        let looked = self.look(broker, &mut round);
        // Also where the look was cut short: what was copied so far is asked about and not copied again.
        round.settle(broker)?;
        offsets.set(TRANSACTION_GROUP, HALF_TOPIC, QUEUE, round.progress);
        if let Some(op) = self.state.lock().passed(round.progress) {
            offsets.set(TRANSACTION_GROUP, OP_TOPIC, QUEUE, op);
        }
        looked
    }

    fn look(&self, broker: &Broker, round: &mut Round) -> Result<(), Refusal> {
        loop {
            if self.state.lock().done.contains(&round.at) {
                round.go_on(round.at + 1, true);
                continue;
            }
            let request = GetRequest {
                messages_max: 1,
                ..GetRequest::new(HALF_TOPIC, QUEUE, QueueOffset(round.at))
            };
            let got = broker.store().get(&request);
            let got = got.map_err(|error| Refusal::system(error.to_string()))?;
            match (got.status, got.units.first()) {
                (GetStatus::Found, Some((_, unit))) => {
                    let Some(passed) = self.look_at(broker, round, unit.physical_offset)? else {
                        return Ok(());
                    };
                    round.go_on(round.at + 1, passed);
                }
                (
                    GetStatus::OffsetTooSmall
                    | GetStatus::NoMatchedMessage
                    | GetStatus::MessageWasRemoving,
                    _,
                ) => round.go_on(got.next_offset.0, true),
                _ => return Ok(()),
            }
            if round.questions.len() >= QUESTIONS_MAX {
                round.settle(broker)?;
            }
        }
    }

    /// `None` to stop here, else whether the half needs no more looking at.
    fn look_at(
        &self,
        broker: &Broker,
        round: &mut Round,
        physical_offset: PhysicalOffset,
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
        let mut last = match judge(broker, &entry, &properties, asked, round.began_ms) {
            Verdict::Later => return Ok(None),
            Verdict::Skip => return Ok(Some(false)),
            Verdict::GiveUp => {
                tracing::warn!(at = %entry.physical_offset, asked, "nobody ends a transaction; it is given up");
                again(broker, &entry, GAVE_UP_TOPIC, properties)?
            }
            Verdict::Ask(channel) => {
                properties.set(key::CHECK_TIMES, (asked + 1).to_string());
                let copy = again(broker, &entry, HALF_TOPIC, properties.clone())?;
                if self.copied(round.at, copy.queue_offset.0) {
                    let question = Question::new(channel, &entry, &properties, &copy);
                    round.questions.push(question);
                    copy
                } else {
                    self.write_op(broker, copy.queue_offset.0)?
                }
            }
        };
        if !round.is_next() {
            // Progress does not say it, so an op has to.
            last = self.write_op(broker, round.at)?;
        }
        round.moved_to = Some(last.end());
        Ok(Some(true))
    }

    /// Notes where a half went; false if it has ended meanwhile, and the copy with it.
    fn copied(&self, half: i64, copy: i64) -> bool {
        let mut state = self.state.lock();
        if state.done.contains(&half) {
            return false;
        }
        state.moved.insert(half, copy);
        true
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

/// What a producer is to be asked.
struct Question {
    channel: Arc<Channel>,
    queue_offset: QueueOffset,
    physical_offset: PhysicalOffset,
    unique_key: Option<String>,
    topic: String,
    /// The message as the producer knows it.
    body: Vec<u8>,
}

impl Question {
    /// About a half, by the place of its copy.
    fn new(
        channel: Arc<Channel>,
        entry: &Entry<'_>,
        properties: &PropertyMap<'_>,
        copy: &Pending,
    ) -> Self {
        let topic = properties.get(key::REAL_TOPIC).unwrap_or_default();
        let readdressed = Readdressed {
            entry,
            topic: &topic,
            queue_id: properties.number(key::REAL_QUEUE_ID).unwrap_or(0),
            properties: &properties.text(),
            queue_offset: copy.queue_offset,
            physical_offset: copy.physical_offset,
        };
        let unique_key = properties.get(key::UNIQUE_KEY);
        Self {
            channel,
            queue_offset: copy.queue_offset,
            physical_offset: copy.physical_offset,
            unique_key: unique_key.map(|id| id.into_owned()),
            body: readdressed.encode(),
            topic: topic.into_owned(),
        }
    }

    fn ask(&self, broker: &Broker) {
        let place = OffsetMessageId {
            store_host: broker.settings().address,
            physical_offset: self.physical_offset,
        };
        let place = place.to_string();
        let header = CheckTransactionHeader {
            tran_state_table_offset: self.queue_offset.0,
            commit_log_offset: self.physical_offset.0,
            msg_id: self.unique_key.as_deref(),
            transaction_id: self.unique_key.as_deref(),
            offset_msg_id: Some(&place),
            topic: Some(&self.topic),
        };
        let (code, channel) = (code::CHECK_TRANSACTION_STATE, &self.channel);
        if !channel.send_oneway(code, &|to| header.encode(to), &self.body) {
            tracing::warn!(peer = %channel.peer, "a producer could not be asked about a transaction");
        }
    }
}
