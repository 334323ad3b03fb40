//! Fields of the requests about topics and subscription groups: 17, 207, 208, 215, 351, 352 and their like.

use super::header;

header! {
    /// UPDATE_AND_CREATE_TOPIC (17).
    CreateTopicHeader {
        /// Its name.
        topic: &'e str = "topic",
        /// As Java's clients send it; without effect.
        default_topic: &'e str = "defaultTopic",
        /// Queues that are read.
        read_queue_nums: i32 = "readQueueNums",
        /// Queues that are written.
        write_queue_nums: i32 = "writeQueueNums",
        /// 4 read, 2 write, 1 inherit.
        perm: i32 = "perm",
        /// `SINGLE_TAG` or `MULTI_TAG`.
        topic_filter_type: &'e str = "topicFilterType",
        /// Unit bits.
        topic_sys_flag: Option<i32> = "topicSysFlag",
        /// Whether the number of queues is promised to stay.
        order: bool = "order",
        /// `+key=value` to set, `-key` to remove, separated by commas.
        attributes: Option<&'e str> = "attributes",
    }
}

header! {
    /// The requests that name a topic and nothing else: 202, 215, 300, 351.
    TopicHeader {
        /// Its name.
        topic: &'e str = "topic",
    }
}

header! {
    /// The requests that name a group: 203, 208, 352.
    GroupHeader {
        /// 208, 203.
        consumer_group: Option<&'e str> = "consumerGroup",
        /// 352.
        group: Option<&'e str> = "group",
        /// 208: one topic only.
        topic: Option<&'e str> = "topic",
    }
}

header! {
    /// DELETE_SUBSCRIPTIONGROUP (207).
    DeleteGroupHeader {
        /// Its name.
        group_name: &'e str = "groupName",
        /// Whether its offsets go too.
        clean_offset: Option<bool> = "cleanOffset",
        /// The same, as clients before 5.0 say it.
        remove_offset: Option<bool> = "removeOffset",
    }
}
