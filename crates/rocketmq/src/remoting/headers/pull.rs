//! Fields of PULL_MESSAGE (11) and LITE_PULL_MESSAGE (361).

use super::header;

header! {
    /// PULL_MESSAGE (11), LITE_PULL_MESSAGE (361).
    PullHeader {
        /// Who pulls.
        consumer_group: &'e str = "consumerGroup",
        /// From which topic.
        topic: &'e str = "topic",
        /// From which of its queues.
        queue_id: i32 = "queueId",
        /// The first message wanted.
        queue_offset: i64 = "queueOffset",
        /// How many messages at most.
        max_msg_nums: i32 = "maxMsgNums",
        /// See the constants of this type.
        sys_flag: i32 = "sysFlag",
        /// Progress to be recorded, with [`Self::COMMIT_OFFSET`].
        commit_offset: i64 = "commitOffset",
        /// How long the request may be held, with [`Self::SUSPEND`].
        suspend_timeout_millis: i64 = "suspendTimeoutMillis",
        /// The filter, with [`Self::SUBSCRIPTION`].
        subscription: Option<&'e str> = "subscription",
        /// Version of the consumer's subscription.
        sub_version: i64 = "subVersion",
        /// `TAG` (the default) or `SQL92`.
        expression_type: Option<&'e str> = "expressionType",
        /// How many bytes at most.
        max_msg_bytes: Option<i32> = "maxMsgBytes",
    }
}

impl PullHeader<'_> {
    /// Bit of `sys_flag`: `commit_offset` counts.
    pub const COMMIT_OFFSET: i32 = 1;
    /// Bit of `sys_flag`: where nothing is to be had, wait for it.
    pub const SUSPEND: i32 = 1 << 1;
    /// Bit of `sys_flag`: `subscription` counts, not the one of the heartbeat.
    pub const SUBSCRIPTION: i32 = 1 << 2;

    /// Whether a bit of `sys_flag` is set.
    #[must_use]
    pub fn has(&self, bit: i32) -> bool {
        self.sys_flag & bit != 0
    }
}
