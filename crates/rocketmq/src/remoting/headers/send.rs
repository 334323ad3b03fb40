//! Fields of the requests that bring a message: 10, 310, 320, 324, 325 and 326.

use super::header;
use crate::remoting::Field;
use crate::remoting::ext::{ExtFields, HeaderError};
use crate::remoting::write::ExtWriter;

/// SEND_MESSAGE (10), SEND_MESSAGE_V2 (310), SEND_BATCH_MESSAGE (320), SEND_REPLY_MESSAGE (324), its V2 (325).
///
/// V2 says the same with names of one letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendHeader<'e> {
    /// The sender's group.
    pub producer_group: &'e str,
    /// Where the message goes.
    pub topic: &'e str,
    /// The topic whose settings an unknown topic gets (`TBW102`).
    pub default_topic: &'e str,
    /// How many queues the sender would like an unknown topic to have.
    pub default_topic_queue_nums: i32,
    /// The queue; below 0 the broker chooses.
    pub queue_id: i32,
    /// Compression and transaction bits.
    pub sys_flag: i32,
    /// When the sender made it, ms.
    pub born_timestamp: i64,
    /// The user's own number.
    pub flag: i32,
    /// Properties as text.
    pub properties: Option<&'e str>,
    /// How often it was consumed in vain.
    pub reconsume_times: Option<i32>,
    /// Whether the sender runs in unit mode.
    pub unit_mode: Option<bool>,
    /// After how many vain tries it is a dead letter.
    pub max_reconsume_times: Option<i32>,
    /// Whether the body holds many messages.
    pub batch: Option<bool>,
    /// The broker meant.
    pub broker_name: Option<&'e str>,
}

/// How the fields are named; in the order of the struct.
struct Names {
    producer_group: &'static str,
    topic: &'static str,
    default_topic: &'static str,
    default_topic_queue_nums: &'static str,
    queue_id: &'static str,
    sys_flag: &'static str,
    born_timestamp: &'static str,
    flag: &'static str,
    properties: &'static str,
    reconsume_times: &'static str,
    unit_mode: &'static str,
    max_reconsume_times: &'static str,
    batch: &'static str,
    broker_name: &'static str,
}

const LONG: Names = Names {
    producer_group: "producerGroup",
    topic: "topic",
    default_topic: "defaultTopic",
    default_topic_queue_nums: "defaultTopicQueueNums",
    queue_id: "queueId",
    sys_flag: "sysFlag",
    born_timestamp: "bornTimestamp",
    flag: "flag",
    properties: "properties",
    reconsume_times: "reconsumeTimes",
    unit_mode: "unitMode",
    max_reconsume_times: "maxReconsumeTimes",
    batch: "batch",
    broker_name: "bname",
};

const SHORT: Names = Names {
    producer_group: "a",
    topic: "b",
    default_topic: "c",
    default_topic_queue_nums: "d",
    queue_id: "e",
    sys_flag: "f",
    born_timestamp: "g",
    flag: "h",
    properties: "i",
    reconsume_times: "j",
    unit_mode: "k",
    max_reconsume_times: "l",
    batch: "m",
    broker_name: "n",
};

impl<'e> SendHeader<'e> {
    /// Reads the fields by their whole names (10, 324).
    ///
    /// # Errors
    /// The first field that is missing or is not what it must be.
    pub fn decode(ext: &'e ExtFields<'_>) -> Result<Self, HeaderError> {
        Self::decode_as(ext, &LONG)
    }

    /// Reads the fields by their letters (310, 320, 325).
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn decode_v2(ext: &'e ExtFields<'_>) -> Result<Self, HeaderError> {
        Self::decode_as(ext, &SHORT)
    }

    fn decode_as(ext: &'e ExtFields<'_>, names: &Names) -> Result<Self, HeaderError> {
        Ok(Self {
            producer_group: ext.read(names.producer_group)?,
            topic: ext.read(names.topic)?,
            default_topic: ext.read(names.default_topic)?,
            default_topic_queue_nums: ext.read(names.default_topic_queue_nums)?,
            queue_id: ext.read(names.queue_id)?,
            sys_flag: ext.read(names.sys_flag)?,
            born_timestamp: ext.read(names.born_timestamp)?,
            flag: ext.read(names.flag)?,
            properties: ext.read(names.properties)?,
            reconsume_times: ext.read(names.reconsume_times)?,
            unit_mode: ext.read(names.unit_mode)?,
            max_reconsume_times: ext.read(names.max_reconsume_times)?,
            batch: ext.read(names.batch)?,
            broker_name: ext.read(names.broker_name)?,
        })
    }

    /// Writes the fields by their whole names.
    pub fn encode(&self, to: &mut ExtWriter<'_>) {
        self.encode_as(to, &LONG);
    }

    /// Writes the fields by their letters.
    pub fn encode_v2(&self, to: &mut ExtWriter<'_>) {
        self.encode_as(to, &SHORT);
    }

    fn encode_as(&self, to: &mut ExtWriter<'_>, names: &Names) {
        put(to, names.producer_group, &self.producer_group);
        put(to, names.topic, &self.topic);
        put(to, names.default_topic, &self.default_topic);
        put(
            to,
            names.default_topic_queue_nums,
            &self.default_topic_queue_nums,
        );
        put(to, names.queue_id, &self.queue_id);
        put(to, names.sys_flag, &self.sys_flag);
        put(to, names.born_timestamp, &self.born_timestamp);
        put(to, names.flag, &self.flag);
        put(to, names.properties, &self.properties);
        put(to, names.reconsume_times, &self.reconsume_times);
        put(to, names.unit_mode, &self.unit_mode);
        put(to, names.max_reconsume_times, &self.max_reconsume_times);
        put(to, names.batch, &self.batch);
        put(to, names.broker_name, &self.broker_name);
    }
}

fn put<'e>(to: &mut ExtWriter<'_>, name: &str, field: &impl Field<'e>) {
    if let Some(text) = field.text() {
        to.put(name, &text);
    }
}

header! {
    /// PUSH_REPLY_MESSAGE_TO_CLIENT (326), to the client that waits for a reply.
    ReplyPushHeader {
        /// The replier's group.
        producer_group: &'e str = "producerGroup",
        /// The reply topic.
        topic: &'e str = "topic",
        /// As the replier sent it.
        default_topic: &'e str = "defaultTopic",
        /// As the replier sent it.
        default_topic_queue_nums: i32 = "defaultTopicQueueNums",
        /// As the replier sent it.
        queue_id: i32 = "queueId",
        /// Compression bits.
        sys_flag: i32 = "sysFlag",
        /// When the reply was made, ms.
        born_timestamp: i64 = "bornTimestamp",
        /// The user's own number.
        flag: i32 = "flag",
        /// Properties as text.
        properties: Option<&'e str> = "properties",
        /// As the replier sent it.
        reconsume_times: Option<i32> = "reconsumeTimes",
        /// As the replier sent it.
        unit_mode: Option<bool> = "unitMode",
        /// The replier's address.
        born_host: &'e str = "bornHost",
        /// This broker's address.
        store_host: &'e str = "storeHost",
        /// When the reply passed this broker, ms.
        store_timestamp: i64 = "storeTimestamp",
    }
}

impl<'e> ReplyPushHeader<'e> {
    /// What is pushed for a reply that came with `header`.
    #[must_use]
    pub fn for_reply(
        header: &SendHeader<'e>,
        properties: &'e str,
        hosts: (&'e str, &'e str),
        store_timestamp: i64,
    ) -> Self {
        Self {
            producer_group: header.producer_group,
            topic: header.topic,
            default_topic: header.default_topic,
            default_topic_queue_nums: header.default_topic_queue_nums,
            queue_id: header.queue_id,
            sys_flag: header.sys_flag,
            born_timestamp: header.born_timestamp,
            flag: header.flag,
            properties: Some(properties),
            reconsume_times: header.reconsume_times,
            unit_mode: header.unit_mode,
            born_host: hosts.0,
            store_host: hosts.1,
            store_timestamp,
        }
    }
}

impl ReplyPushHeader<'_> {
    /// The fields with memory of their own, for a push that happens later.
    #[must_use]
    pub fn fields(&self) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        self.each(&mut |name, text| fields.push((name.to_owned(), text.to_owned())));
        fields
    }
}
