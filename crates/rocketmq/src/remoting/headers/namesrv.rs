//! Fields of the requests to a name server: 100 to 106, 205, 216, 219, 224, 322, 327, 904.

use super::header;

header! {
    /// PUT_KV_CONFIG (100), GET_KV_CONFIG (101), DELETE_KV_CONFIG (102).
    KvHeader {
        /// Which table.
        namespace: &'e str = "namespace",
        /// Which entry.
        key: &'e str = "key",
        /// 100 only: what it shall be.
        value: Option<&'e str> = "value",
    }
}

header! {
    /// GET_KVLIST_BY_NAMESPACE (219).
    KvListHeader {
        /// Which table.
        namespace: &'e str = "namespace",
    }
}

header! {
    /// REGISTER_BROKER (103).
    RegisterBrokerHeader {
        /// Its name; master and slaves share it.
        broker_name: &'e str = "brokerName",
        /// Where clients reach it.
        broker_addr: &'e str = "brokerAddr",
        /// Its cluster.
        cluster_name: &'e str = "clusterName",
        /// Where slaves reach it.
        ha_server_addr: &'e str = "haServerAddr",
        /// 0 for a master.
        broker_id: i64 = "brokerId",
        /// Silence after which it is taken for dead.
        heartbeat_timeout_millis: Option<i64> = "heartbeatTimeoutMillis",
        /// Whether a slave may stand in for the master.
        enable_acting_master: Option<bool> = "enableActingMaster",
        /// Whether the body is deflated and in lines.
        compressed: Option<bool> = "compressed",
        /// CRC-32 of the body.
        body_crc32: Option<i32> = "bodyCrc32",
    }
}

header! {
    /// UNREGISTER_BROKER (104).
    UnregisterBrokerHeader {
        /// Its name.
        broker_name: &'e str = "brokerName",
        /// Where it was reached.
        broker_addr: &'e str = "brokerAddr",
        /// Its cluster.
        cluster_name: &'e str = "clusterName",
        /// 0 for a master.
        broker_id: i64 = "brokerId",
    }
}

header! {
    /// QUERY_DATA_VERSION (322).
    QueryDataVersionHeader {
        /// Its name.
        broker_name: &'e str = "brokerName",
        /// Where it is reached.
        broker_addr: &'e str = "brokerAddr",
        /// Its cluster.
        cluster_name: &'e str = "clusterName",
        /// 0 for a master.
        broker_id: i64 = "brokerId",
    }
}

header! {
    /// BROKER_HEARTBEAT (904).
    BrokerHeartbeatHeader {
        /// Its cluster.
        cluster_name: &'e str = "clusterName",
        /// Where it is reached.
        broker_addr: &'e str = "brokerAddr",
        /// Its name.
        broker_name: &'e str = "brokerName",
    }
}

header! {
    /// GET_ROUTEINFO_BY_TOPIC (105).
    RouteHeader {
        /// Which topic.
        topic: &'e str = "topic",
        /// Whether keys of the answer must be quoted.
        accept_standard_json_only: Option<bool> = "acceptStandardJsonOnly",
    }
}

header! {
    /// WIPE_WRITE_PERM_OF_BROKER (205), ADD_WRITE_PERM_OF_BROKER (327).
    BrokerNameHeader {
        /// Which broker.
        broker_name: &'e str = "brokerName",
    }
}

header! {
    /// DELETE_TOPIC_IN_NAMESRV (216).
    DeleteTopicHeader {
        /// Which topic.
        topic: &'e str = "topic",
        /// Of this cluster only.
        cluster_name: Option<&'e str> = "clusterName",
    }
}

header! {
    /// GET_TOPICS_BY_CLUSTER (224).
    TopicsByClusterHeader {
        /// Which cluster.
        cluster: &'e str = "cluster",
    }
}
