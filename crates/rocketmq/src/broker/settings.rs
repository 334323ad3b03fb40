//! Settings of the broker, by what they mean here; each names RocketMQ's key.

use std::net::SocketAddr;
use std::time::Duration;

/// The settings.
#[derive(Clone, Debug)]
pub struct BrokerSettings {
    /// `brokerClusterName`. Default `DefaultCluster`.
    pub cluster: String,
    /// `brokerName`. Default `broker-a`.
    pub name: String,
    /// `brokerIP1` and `listenPort`: where clients reach this broker; part of every message stored and of its id.
    pub address: SocketAddr,
    /// `autoCreateTopicEnable`: an unknown topic is created by the first message sent to it. Default yes.
    pub auto_create_topics: bool,
    /// `autoCreateSubscriptionGroup`: an unknown group is created by its first consumer. Default yes.
    pub auto_create_groups: bool,
    /// `defaultTopicQueueNums`: queues of a topic that is created by sending to it. Default 8, minimum 1.
    pub default_topic_queues: i32,
    /// `regionId`: put into every message. Default `DefaultRegion`.
    pub region: String,
    /// `traceOn`: whether clients may send traces. Default yes.
    pub trace_on: bool,
    /// `enablePropertyFilter`: SQL92 filters are served. Default yes; RocketMQ's own default is no.
    pub property_filter: bool,
    /// `longPollingEnable`: pulls that find nothing may wait. Default yes.
    pub long_polling: bool,
    /// `transactionTimeOut`: a half message younger than this is not asked about. Default 6 s.
    pub transaction_timeout: Duration,
    /// `transactionCheckInterval`: how often half messages are looked at. Default 30 s.
    pub transaction_check_interval: Duration,
    /// `transactionCheckMax`: how often a producer is asked about one message. Default 15.
    pub transaction_check_max: i32,
    /// `flushConsumerOffsetInterval`: how often progress of consumers is written to disk. Default 5 s.
    pub offset_persist_interval: Duration,
    /// `maxMessageSize`: largest body, bytes. Default 4 MiB; must be the store's.
    pub body_bytes_max: usize,
    /// `storeReplyMessageEnable`: replies to requests are stored too. Default yes.
    pub store_replies: bool,
}

impl BrokerSettings {
    /// The defaults, for a broker that clients reach at `address`.
    #[must_use]
    pub fn at(address: SocketAddr) -> Self {
        Self {
            cluster: "DefaultCluster".to_owned(),
            name: "broker-a".to_owned(),
            address,
            auto_create_topics: true,
            auto_create_groups: true,
            default_topic_queues: 8,
            region: "DefaultRegion".to_owned(),
            trace_on: true,
            property_filter: true,
            long_polling: true,
            transaction_timeout: Duration::from_secs(6),
            transaction_check_interval: Duration::from_secs(30),
            transaction_check_max: 15,
            offset_persist_interval: Duration::from_secs(5),
            body_bytes_max: 4 << 20,
            store_replies: true,
        }
    }
}

impl BrokerSettings {
    /// The topic by which replies are sent.
    pub(crate) fn reply_topic(&self) -> String {
        format!("{}_REPLY_TOPIC", self.cluster)
    }
}
