//! One connection to a broker, request by request, and the requests that the rounds and turns are made of.
//!
//! Invariants: an answer that is no success is an error that says what was asked; nothing waits without a bound. Frames are
//! those of the crate `rocketmq`; what came in a body is looked at with its `store::message`.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rocketmq::remoting::codes::{request, response};
use rocketmq::remoting::headers::{
    CommitOffsetHeader, CreateTopicHeader, EndTransactionHeader, PullHeader, QueryMessageHeader,
    QueryOffsetHeader, QueueHeader, SearchOffsetHeader, SendBackHeader, SendHeader,
};
use rocketmq::remoting::{Command, ExtWriter, Head, write_frame};
use rocketmq::store::message::{Entry, Found, OffsetMessageId, find, push_property};

/// Longest an answer may take: reached only where something is wrong.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// Messages per pull and per query.
const MESSAGES_MAX: i32 = 32;

/// An answer with memory of its own.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) code: i32,
    pub(super) remark: String,
    fields: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Answer {
    fn number(&self, name: &str) -> Result<i64> {
        let text = self.fields.get(name);
        text.and_then(|text| text.parse().ok())
            .with_context(|| format!("no number {name} in {:?}", self.fields))
    }
}

/// Where a message was put, as its answer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) queue_id: i32,
    pub(super) queue_offset: i64,
    pub(super) physical_offset: i64,
}

/// A message to send. Its id is its body's first word, its `KEYS` and the end of its `UNIQ_KEY`.
#[derive(Clone, Debug)]
pub(super) struct Draft<'d> {
    pub(super) topic: &'d str,
    pub(super) queue_id: i32,
    pub(super) ids: Vec<String>,
    pub(super) padding_bytes: usize,
    pub(super) sys_flag: i32,
    /// More properties, as `name`, `value`.
    pub(super) properties: Vec<(&'d str, String)>,
}

impl Draft<'_> {
    fn body(&self, id: &str) -> Vec<u8> {
        let padding = std::iter::repeat_n(b'.', self.padding_bytes);
        format!("{id} ")
            .into_bytes()
            .into_iter()
            .chain(padding)
            .collect()
    }

    fn properties(&self, id: &str) -> Vec<u8> {
        let mut text = Vec::new();
        push_property(&mut text, "KEYS", id);
        push_property(&mut text, "UNIQ_KEY", &unique_key(id));
        for (name, value) in &self.properties {
            push_property(&mut text, name, value);
        }
        text
    }

    /// Request code, properties and body: one message, or a batch where there are several ids.
    fn content(&self) -> (i32, String, Vec<u8>) {
        if let [id] = self.ids.as_slice() {
            let properties = String::from_utf8_lossy(&self.properties(id)).into_owned();
            return (request::SEND_MESSAGE_V2, properties, self.body(id));
        }
        let mut batch = Vec::new();
        for id in &self.ids {
            let (body, properties) = (self.body(id), self.properties(id));
            let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes();
            batch.extend(length(22 + body.len() + properties.len()));
            batch.extend([0; 12]);
            batch.extend(length(body.len()));
            batch.extend(&body);
            batch.extend(
                u16::try_from(properties.len())
                    .unwrap_or(u16::MAX)
                    .to_be_bytes(),
            );
            batch.extend(&properties);
        }
        (request::SEND_BATCH_MESSAGE, String::new(), batch)
    }
}

/// What a client would have made up for the message.
pub(super) fn unique_key(id: &str) -> String {
    format!("U-{id}")
}

/// What a query is by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    Key,
    Tags,
}

/// A message as it lies in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored(Vec<u8>);

impl Stored {
    /// The entry; it was decoded before.
    pub(super) fn entry(&self) -> Result<Entry<'_>> {
        Ok(rocketmq::store::message::decode(&self.0)?)
    }

    /// The first word of its body.
    pub(super) fn id(&self) -> Result<String> {
        let body = self.entry()?.body;
        let word = body.split(|byte| *byte == b' ').next().unwrap_or_default();
        Ok(String::from_utf8_lossy(word).into_owned())
    }
}

fn entries(mut body: &[u8]) -> Result<Vec<Stored>> {
    let mut all = Vec::new();
    while !body.is_empty() {
        let Found::Entry(entry) = find(body)? else {
            anyhow::bail!("an answer holds what is no message");
        };
        entry.check_body()?;
        all.push(Stored(entry.bytes.to_vec()));
        body = body.get(entry.bytes.len()..).unwrap_or_default();
    }
    Ok(all)
}

/// A connection.
pub(super) struct Client {
    stream: TcpStream,
    opaque: i32,
}

impl Client {
    pub(super) fn connect(address: SocketAddr) -> Result<Self> {
        let stream =
            TcpStream::connect_timeout(&address, PATIENCE).with_context(|| address.to_string())?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self { stream, opaque: 0 })
    }

    /// Writes a request; its number.
    fn write(
        &mut self,
        code: i32,
        fields: &dyn Fn(&mut ExtWriter<'_>),
        body: &[u8],
    ) -> Result<i32> {
        self.opaque += 1;
        let mut frame = Vec::with_capacity(512 + body.len());
        let head = Head::request(code, self.opaque, false);
        ensure!(
            write_frame(&mut frame, &head, fields, body.len()),
            "a request that no frame can hold"
        );
        frame.extend_from_slice(body);
        self.stream.write_all(&frame)?;
        Ok(self.opaque)
    }

    /// Reads an answer, and the number of its request. What the server asks by itself is passed over.
    pub(super) fn read(&mut self) -> Result<(i32, Answer)> {
        loop {
            let mut length = [0; 4];
            self.stream.read_exact(&mut length)?;
            let mut frame = vec![0; usize::try_from(u32::from_be_bytes(length))?];
            self.stream.read_exact(&mut frame)?;
            let command = Command::decode(&frame)?;
            if command.is_response() {
                let fields = command.ext.iter();
                let answer = Answer {
                    code: command.code,
                    remark: command.remark.as_deref().unwrap_or_default().to_owned(),
                    fields: fields
                        .map(|(name, value)| (name.to_owned(), value.to_owned()))
                        .collect(),
                    body: command.body.to_vec(),
                };
                return Ok((command.opaque, answer));
            }
        }
    }

    /// Asks, whatever the answer says.
    fn ask(
        &mut self,
        code: i32,
        fields: &dyn Fn(&mut ExtWriter<'_>),
        body: &[u8],
    ) -> Result<Answer> {
        let asked = self.write(code, fields, body)?;
        let (opaque, answer) = self.read()?;
        ensure!(opaque == asked, "the answer to {asked} came for {opaque}");
        Ok(answer)
    }

    fn succeed(&mut self, code: i32, fields: &dyn Fn(&mut ExtWriter<'_>)) -> Result<Answer> {
        let answer = self.ask(code, fields, &[])?;
        let (said, remark) = (answer.code, &answer.remark);
        ensure!(
            said == response::SUCCESS,
            "request {code} was answered {said}: {remark}"
        );
        Ok(answer)
    }

    /// Whether the broker serves.
    pub(super) fn is_served(&mut self) -> Result<()> {
        self.succeed(request::GET_BROKER_RUNTIME_INFO, &|_| {})
            .map(drop)
    }

    pub(super) fn create_topic(&mut self, topic: &str, queues: i32) -> Result<()> {
        let header = CreateTopicHeader {
            topic,
            default_topic: "TBW102",
            read_queue_nums: queues,
            write_queue_nums: queues,
            perm: 6,
            topic_filter_type: "SINGLE_TAG",
            topic_sys_flag: Some(0),
            order: false,
            attributes: None,
        };
        self.succeed(request::UPDATE_AND_CREATE_TOPIC, &|to| header.encode(to))
            .map(drop)
    }

    pub(super) fn create_group(&mut self, group: &str) -> Result<()> {
        let code = request::UPDATE_AND_CREATE_SUBSCRIPTIONGROUP;
        let config = serde_json::json!({
            "groupName": group, "consumeEnable": true, "consumeBroadcastEnable": true, "consumeFromMinEnable": true,
            "retryQueueNums": 1, "retryMaxTimes": 16, "brokerId": 0, "whichBrokerWhenConsumeSlowly": 1,
            "notifyConsumerIdsChangedEnable": true,
        });
        let answer = self.ask(code, &|_| {}, config.to_string().as_bytes())?;
        let (said, remark) = (answer.code, &answer.remark);
        ensure!(said == response::SUCCESS, "group {group}: {said} {remark}");
        Ok(())
    }

    /// Writes a send request; its number.
    pub(super) fn start_send(&mut self, draft: &Draft<'_>) -> Result<i32> {
        let (code, properties, body) = draft.content();
        let header = SendHeader {
            producer_group: "producers",
            topic: draft.topic,
            default_topic: "TBW102",
            default_topic_queue_nums: 4,
            queue_id: draft.queue_id,
            sys_flag: draft.sys_flag,
            born_timestamp: 1_700_000_000_000,
            flag: 7,
            properties: Some(&properties),
            reconsume_times: Some(0),
            unit_mode: Some(false),
            max_reconsume_times: None,
            batch: Some(code == request::SEND_BATCH_MESSAGE),
            broker_name: None,
        };
        self.write(code, &|to| header.encode_v2(to), &body)
    }

    /// Sends and waits; where each message of the draft is.
    pub(super) fn send(&mut self, draft: &Draft<'_>) -> Result<Vec<Placed>> {
        let asked = self.start_send(draft)?;
        let (opaque, answer) = self.read()?;
        ensure!(opaque == asked, "the answer to {asked} came for {opaque}");
        placed(&answer)
    }

    /// First and end (exclusive) of a queue.
    pub(super) fn bounds(&mut self, topic: &str, queue_id: i32) -> Result<(i64, i64)> {
        let mut one = |code| {
            let header = QueueHeader {
                topic,
                queue_id,
                committed: None,
            };
            self.succeed(code, &|to| header.encode(to))?
                .number("offset")
        };
        Ok((one(request::GET_MIN_OFFSET)?, one(request::GET_MAX_OFFSET)?))
    }

    /// The first message of a queue that was stored at `timestamp` or later.
    pub(super) fn offset_at(&mut self, topic: &str, queue: i32, timestamp: i64) -> Result<i64> {
        let header = SearchOffsetHeader {
            topic,
            queue_id: queue,
            timestamp,
            boundary_type: Some("LOWER"),
        };
        let code = request::SEARCH_OFFSET_BY_TIMESTAMP;
        self.succeed(code, &|to| header.encode(to))?
            .number("offset")
    }

    /// Waits until a queue ends at `end` or behind it.
    pub(super) fn wait_end(&mut self, topic: &str, queue_id: i32, end: i64) -> Result<()> {
        let asked = Instant::now();
        loop {
            let (_, found) = self.bounds(topic, queue_id)?;
            if found >= end {
                return Ok(());
            }
            ensure!(
                asked.elapsed() < PATIENCE,
                "{topic} {queue_id} ends at {found}, not at {end}"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// All messages of a queue from `from` on.
    pub(super) fn pull(&mut self, topic: &str, queue_id: i32, from: i64) -> Result<Vec<Stored>> {
        let (_, end) = self.bounds(topic, queue_id)?;
        let (mut at, mut all) = (from, Vec::new());
        while at < end {
            let header = PullHeader {
                consumer_group: "readers",
                topic,
                queue_id,
                queue_offset: at,
                max_msg_nums: MESSAGES_MAX,
                sys_flag: PullHeader::SUBSCRIPTION,
                commit_offset: 0,
                suspend_timeout_millis: 0,
                subscription: Some("*"),
                sub_version: 0,
                expression_type: Some("TAG"),
                max_msg_bytes: None,
            };
            let answer = self
                .succeed(request::PULL_MESSAGE, &|to| header.encode(to))
                .with_context(|| format!("{topic} {queue_id} at {at} of {end}"))?;
            let next = answer.number("nextBeginOffset")?;
            ensure!(next > at, "{topic} {queue_id}: no way on from {at}");
            all.extend(entries(&answer.body)?);
            at = next;
        }
        Ok(all)
    }

    /// The messages of `topic` that carry `key`, or these tags.
    pub(super) fn query(&mut self, topic: &str, key: &str, by: By) -> Result<Vec<Stored>> {
        let header = QueryMessageHeader {
            topic,
            key,
            max_num: MESSAGES_MAX,
            begin_timestamp: 0,
            end_timestamp: i64::MAX,
            index_type: (by == By::Tags).then_some("T"),
        };
        let answer = self.ask(request::QUERY_MESSAGE, &|to| header.encode(to), &[])?;
        if answer.code == response::QUERY_NOT_FOUND {
            return Ok(Vec::new());
        }
        let (said, remark) = (answer.code, &answer.remark);
        ensure!(said == response::SUCCESS, "query {key}: {said} {remark}");
        // The Java broker leaves it to the client to pass over keys with the same hash.
        let mut found = Vec::new();
        for stored in entries(&answer.body)? {
            let entry = stored.entry()?;
            let has = |name| entry.property(name).is_some_and(|value| value == key);
            let is_wanted = match by {
                By::Key => has("KEYS") || has("UNIQ_KEY"),
                By::Tags => has("TAGS"),
            };
            if entry.topic()? == topic && is_wanted {
                found.push(stored);
            }
        }
        Ok(found)
    }

    pub(super) fn commit(&mut self, group: &str, topic: &str, queue: i32, at: i64) -> Result<()> {
        let header = CommitOffsetHeader {
            consumer_group: group,
            topic,
            queue_id: queue,
            commit_offset: at,
        };
        self.succeed(request::UPDATE_CONSUMER_OFFSET, &|to| header.encode(to))
            .map(drop)
    }

    pub(super) fn progress(&mut self, group: &str, topic: &str, queue: i32) -> Result<i64> {
        let header = QueryOffsetHeader {
            consumer_group: group,
            topic,
            queue_id: queue,
            set_zero_if_not_found: Some(false),
        };
        let answer = self.succeed(request::QUERY_CONSUMER_OFFSET, &|to| header.encode(to))?;
        answer.number("offset")
    }

    /// Ends the transaction of the half message that lies there.
    pub(super) fn end_transaction(&mut self, half: Placed, id: &str, how: i32) -> Result<()> {
        let unique = unique_key(id);
        let header = EndTransactionHeader {
            producer_group: "producers",
            tran_state_table_offset: half.queue_offset,
            commit_log_offset: half.physical_offset,
            commit_or_rollback: how,
            from_transaction_check: Some(false),
            msg_id: &unique,
            transaction_id: Some(&unique),
        };
        self.succeed(request::END_TRANSACTION, &|to| header.encode(to))
            .map(drop)
    }

    /// Gives a message back, to come again after the delay of `level`.
    pub(super) fn send_back(&mut self, group: &str, stored: &Stored, level: i32) -> Result<()> {
        let entry = stored.entry()?;
        let unique = entry.property("UNIQ_KEY");
        let header = SendBackHeader {
            offset: entry.physical_offset.0,
            group,
            delay_level: level,
            origin_msg_id: unique.as_deref(),
            origin_topic: Some(entry.topic()?),
            unit_mode: Some(false),
            max_reconsume_times: Some(16),
        };
        self.succeed(request::CONSUMER_SEND_MSG_BACK, &|to| header.encode(to))
            .map(drop)
    }
}

/// Where the answer to a send says the messages are.
pub(super) fn placed(answer: &Answer) -> Result<Vec<Placed>> {
    let (said, remark) = (answer.code, &answer.remark);
    ensure!(
        said == response::SUCCESS,
        "a send was answered {said}: {remark}"
    );
    let (queue_id, first) = (answer.number("queueId")?, answer.number("queueOffset")?);
    let ids = answer.fields.get("msgId").context("no msgId")?;
    let mut all = Vec::new();
    for (id, queue_offset) in ids.split(',').zip(first..) {
        let id: OffsetMessageId = id.parse().with_context(|| id.to_owned())?;
        all.push(Placed {
            queue_id: i32::try_from(queue_id)?,
            queue_offset,
            physical_offset: id.physical_offset.0,
        });
    }
    Ok(all)
}
