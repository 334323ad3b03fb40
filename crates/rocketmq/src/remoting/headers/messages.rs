//! Fields of the requests about one stored message: 12, 33, 36.

use super::header;

header! {
    /// QUERY_MESSAGE (12).
    QueryMessageHeader {
        /// In which topic.
        topic: &'e str = "topic",
        /// A key of the message, or its unique id.
        key: &'e str = "key",
        /// How many at most.
        max_num: i32 = "maxNum",
        /// Store time from, ms, inclusive.
        begin_timestamp: i64 = "beginTimestamp",
        /// Store time to, ms, inclusive.
        end_timestamp: i64 = "endTimestamp",
        /// `T` where `key` is a tag (5.5 and later); `K` for a key, as is nothing.
        index_type: Option<&'e str> = "indexType",
    }
}

header! {
    /// VIEW_MESSAGE_BY_ID (33).
    ViewMessageHeader {
        /// Its place in the commit log, bytes.
        offset: i64 = "offset",
        /// Its topic, where the client knows it.
        topic: Option<&'e str> = "topic",
    }
}

header! {
    /// CONSUMER_SEND_MSG_BACK (36).
    SendBackHeader {
        /// The message's place in the commit log, bytes.
        offset: i64 = "offset",
        /// Who could not consume it.
        group: &'e str = "group",
        /// When to try again: a delay level, 0 for the broker's choice, below 0 for never.
        delay_level: i32 = "delayLevel",
        /// The message's unique id.
        origin_msg_id: Option<&'e str> = "originMsgId",
        /// Its topic.
        origin_topic: Option<&'e str> = "originTopic",
        /// Whether the consumer runs in unit mode.
        unit_mode: Option<bool> = "unitMode",
        /// After how many vain tries it is a dead letter; the group's own limit where absent.
        max_reconsume_times: Option<i32> = "maxReconsumeTimes",
    }
}
