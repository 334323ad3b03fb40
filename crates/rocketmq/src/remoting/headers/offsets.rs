//! Fields of the requests about offsets: 14, 15, 29, 30, 31 and 32.

use super::header;

header! {
    /// QUERY_CONSUMER_OFFSET (14).
    QueryOffsetHeader {
        /// Whose progress.
        consumer_group: &'e str = "consumerGroup",
        /// In which topic.
        topic: &'e str = "topic",
        /// In which queue.
        queue_id: i32 = "queueId",
        /// False: say that there is none rather than 0.
        set_zero_if_not_found: Option<bool> = "setZeroIfNotFound",
    }
}

header! {
    /// UPDATE_CONSUMER_OFFSET (15).
    CommitOffsetHeader {
        /// Whose progress.
        consumer_group: &'e str = "consumerGroup",
        /// In which topic.
        topic: &'e str = "topic",
        /// In which queue.
        queue_id: i32 = "queueId",
        /// The next message to consume.
        commit_offset: i64 = "commitOffset",
    }
}

header! {
    /// GET_MAX_OFFSET (30), GET_MIN_OFFSET (31), GET_EARLIEST_MSG_STORETIME (32).
    QueueHeader {
        /// Which topic.
        topic: &'e str = "topic",
        /// Which queue.
        queue_id: i32 = "queueId",
        /// 30 only: false asks for what is written, not only what may be read.
        committed: Option<bool> = "committed",
    }
}

header! {
    /// SEARCH_OFFSET_BY_TIMESTAMP (29).
    SearchOffsetHeader {
        /// Which topic.
        topic: &'e str = "topic",
        /// Which queue.
        queue_id: i32 = "queueId",
        /// Store time, ms.
        timestamp: i64 = "timestamp",
        /// `LOWER` (the default): the first message at or after the time; `UPPER`: the last at or before it.
        boundary_type: Option<&'e str> = "boundaryType",
    }
}
