//! Fields of the requests about clients and of those that go to clients: 35, 38, 40, 220, 221, 307, 309.

use super::header;

header! {
    /// UNREGISTER_CLIENT (35).
    UnregisterClientHeader {
        /// Who leaves.
        client_id: &'e str = "clientID",
        /// As a producer of this group.
        producer_group: Option<&'e str> = "producerGroup",
        /// As a consumer of this group.
        consumer_group: Option<&'e str> = "consumerGroup",
    }
}

header! {
    /// GET_CONSUMER_LIST_BY_GROUP (38).
    ConsumerListHeader {
        /// Whose members.
        consumer_group: &'e str = "consumerGroup",
    }
}

header! {
    /// NOTIFY_CONSUMER_IDS_CHANGED (40), to every member.
    NotifyConsumerIdsHeader {
        /// Whose members changed.
        consumer_group: &'e str = "consumerGroup",
    }
}

header! {
    /// GET_CONSUMER_RUNNING_INFO (307), handed on to the client named.
    RelayHeader {
        /// The client's group.
        consumer_group: &'e str = "consumerGroup",
        /// Which client.
        client_id: &'e str = "clientId",
        /// 307 only: with a stack trace.
        jstack_enable: Option<bool> = "jstackEnable",
    }
}

header! {
    /// CONSUME_MESSAGE_DIRECTLY (309), handed on to the client named.
    ConsumeDirectlyHeader {
        /// The client's group.
        consumer_group: &'e str = "consumerGroup",
        /// Which client; any of the group where absent.
        client_id: Option<&'e str> = "clientId",
        /// The message, by the id that tells its place.
        msg_id: Option<&'e str> = "msgId",
        /// Passed on.
        broker_name: Option<&'e str> = "brokerName",
        /// Passed on.
        topic: Option<&'e str> = "topic",
        /// Passed on.
        topic_sys_flag: Option<i32> = "topicSysFlag",
        /// Passed on.
        group_sys_flag: Option<i32> = "groupSysFlag",
    }
}

header! {
    /// INVOKE_BROKER_TO_RESET_OFFSET (222), and RESET_CONSUMER_CLIENT_OFFSET (220) that follows from it.
    ResetOffsetHeader {
        /// Of which topic.
        topic: &'e str = "topic",
        /// Of which group.
        group: &'e str = "group",
        /// 222: one queue only, where 0 or above.
        queue_id: Option<i32> = "queueId",
        /// To the first message stored at or after this time, ms; -1 is the end.
        timestamp: Option<i64> = "timestamp",
        /// 222: to this offset of that one queue.
        offset: Option<i64> = "offset",
        /// Also where that means going forward.
        is_force: Option<bool> = "isForce",
    }
}
