//! The cluster as the client sees it: who is there, who leads what, and a connection to each.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use kafka_wire::metadata_request::MetadataRequestTopic;
use kafka_wire::{
    ErrorCode, FindCoordinatorRequest, Message, MetadataRequest, MetadataResponse, Request, Uuid,
};

use super::connection::{Answer, Connection};
use super::error::ClientError;

/// Pause before something is asked for again.
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// How to reach a cluster.
#[derive(Debug, Clone)]
pub struct ClientOptions {
    /// `host:port` of brokers to ask first; the rest is learned from them.
    pub bootstrap: Vec<String>,
    /// Name in the server's logs.
    pub client_id: String,
    /// How long a call may take before it counts as failed.
    pub patience: Duration,
}

/// Connections to a cluster.
#[derive(Debug)]
pub struct Client {
    options: ClientOptions,
    /// Leads to whichever bootstrap address answered; its node id is not known.
    seed: Option<Connection>,
    addresses: HashMap<i32, String>,
    nodes: HashMap<i32, Connection>,
}

/// One broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broker {
    /// Node id.
    pub id: i32,
    /// `host:port` it wants to be reached at.
    pub address: String,
    /// Failure domain, if it has one.
    pub rack: Option<String>,
}

/// One partition as the metadata has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Number, from 0.
    pub index: i32,
    /// Node id of the leader, −1 for none.
    pub leader: i32,
    /// Epoch of the leader, −1 when unknown.
    pub leader_epoch: i32,
    /// Node ids that hold it.
    pub replicas: Vec<i32>,
    /// Node ids that are in sync.
    pub in_sync: Vec<i32>,
}

/// One topic as the metadata has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Name; empty when the server does not tell it.
    pub name: String,
    /// Id, zero when unknown.
    pub id: Uuid,
    /// Whether the server keeps it for itself.
    pub is_internal: bool,
    /// Why nothing is known about it.
    pub error: Option<ErrorCode>,
    /// By rising number.
    pub partitions: Vec<Partition>,
}

/// What a broker knows about the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Id of the cluster.
    pub cluster_id: Option<String>,
    /// By rising id.
    pub brokers: Vec<Broker>,
    /// By name.
    pub topics: Vec<Topic>,
}

impl Metadata {
    fn read(response: &MetadataResponse<'_>) -> Self {
        let brokers: BTreeMap<i32, Broker> = response
            .brokers
            .iter()
            .map(|broker| {
                let address = join_address(&broker.host, broker.port);
                let rack = broker.rack.as_deref().filter(|rack| !rack.is_empty());
                let rack = rack.map(str::to_owned);
                (
                    broker.node_id,
                    Broker {
                        id: broker.node_id,
                        address,
                        rack,
                    },
                )
            })
            .collect();
        let mut topics: Vec<Topic> = response
            .topics
            .iter()
            .map(|topic| {
                let mut partitions: Vec<Partition> = topic
                    .partitions
                    .iter()
                    .map(|partition| Partition {
                        index: partition.partition_index,
                        leader: partition.leader_id,
                        leader_epoch: partition.leader_epoch,
                        replicas: partition.replica_nodes.clone(),
                        in_sync: partition.isr_nodes.clone(),
                    })
                    .collect();
                partitions.sort_by_key(|partition| partition.index);
                Topic {
                    name: topic.name.as_deref().unwrap_or_default().to_owned(),
                    id: topic.topic_id,
                    is_internal: topic.is_internal,
                    error: code_of(topic.error_code),
                    partitions,
                }
            })
            .collect();
        topics.sort_by(|a, b| a.name.cmp(&b.name));
        Self {
            cluster_id: response.cluster_id.as_deref().map(str::to_owned),
            brokers: brokers.into_values().collect(),
            topics,
        }
    }
}

/// The error in an error code field; `None` for success.
pub(super) fn code_of(code: i16) -> Option<ErrorCode> {
    match ErrorCode::from_i16(code).unwrap_or(ErrorCode::UnknownServerError) {
        ErrorCode::None => None,
        error => Some(error),
    }
}

/// `host:port`, with brackets round an IPv6 address.
fn join_address(host: &str, port: i32) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

impl Client {
    /// Connects to the first bootstrap address that answers.
    ///
    /// # Errors
    /// The last address's error when none answers.
    pub async fn connect(options: ClientOptions) -> Result<Self, ClientError> {
        let mut client = Self {
            options,
            seed: None,
            addresses: HashMap::new(),
            nodes: HashMap::new(),
        };
        client.any().await?;
        Ok(client)
    }

    /// A connection to some broker.
    ///
    /// # Errors
    /// `Unreachable`, `Timeout`, `Protocol`.
    pub async fn any(&mut self) -> Result<&mut Connection, ClientError> {
        if self.seed.is_none() {
            self.seed = Some(self.open_first().await?);
        }
        self.seed
            .as_mut()
            .ok_or_else(|| nobody(&self.options.bootstrap))
    }

    async fn open_first(&self) -> Result<Connection, ClientError> {
        let mut failure = None;
        let ClientOptions {
            bootstrap,
            client_id,
            patience,
        } = &self.options;
        for address in bootstrap.iter().chain(self.addresses.values()) {
            match Connection::open(address, client_id, *patience).await {
                Ok(connection) => return Ok(connection),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| nobody(bootstrap)))
    }

    /// A connection to the broker with this id, which some metadata named.
    ///
    /// # Errors
    /// `Unreachable`, `Timeout`, `Protocol`.
    pub async fn node(&mut self, id: i32) -> Result<&mut Connection, ClientError> {
        let connection = match self.nodes.remove(&id) {
            Some(connection) => connection,
            None => {
                let address = self.addresses.get(&id).cloned().ok_or_else(|| {
                    ClientError::refused(
                        ErrorCode::BrokerNotAvailable,
                        &format!("broker {id}"),
                        Some("no address of it is known"),
                    )
                })?;
                let ClientOptions {
                    client_id,
                    patience,
                    ..
                } = &self.options;
                Connection::open(&address, client_id, *patience).await?
            }
        };
        Ok(self.nodes.entry(id).or_insert(connection))
    }

    /// Drops all connections; the next call opens what it needs.
    pub fn disconnect(&mut self) {
        self.seed = None;
        self.nodes.clear();
    }

    /// Asks some broker.
    ///
    /// # Errors
    /// As [`Connection::call`].
    pub async fn ask_any<'m, M: Message<'m> + Request>(
        &mut self,
        request: &M,
    ) -> Result<Answer<M>, ClientError> {
        let result = self.any().await?.call(request).await;
        if result.is_err() {
            self.seed = None;
        }
        result
    }

    /// Asks the broker with this id, in a version of at most `ceiling`, giving it `longer` than
    /// usual.
    ///
    /// # Errors
    /// As [`Connection::call`].
    pub async fn ask_node<'m, M: Message<'m> + Request>(
        &mut self,
        id: i32,
        request: &M,
        ceiling: i16,
        longer: Duration,
    ) -> Result<Answer<M>, ClientError> {
        let result = self.node(id).await?.call_at(request, ceiling, longer).await;
        if result.is_err() {
            self.nodes.remove(&id);
        }
        result
    }

    /// What is known about the cluster and these topics (all of them for `None`).
    ///
    /// # Errors
    /// As [`Connection::call`]. A topic that is not there is no error; its `error` says so.
    pub async fn metadata(
        &mut self,
        topics: Option<&[&str]>,
        auto_create: bool,
    ) -> Result<Metadata, ClientError> {
        let named = |name: &&str| MetadataRequestTopic {
            name: Some((*name).to_owned().into()),
            ..MetadataRequestTopic::default()
        };
        let request = MetadataRequest {
            topics: topics.map(|names| names.iter().map(named).collect()),
            allow_auto_topic_creation: auto_create,
            ..MetadataRequest::default()
        };
        let answer = self.ask_any(&request).await?;
        let metadata = Metadata::read(&answer.read()?);
        for broker in &metadata.brokers {
            let known = self.addresses.insert(broker.id, broker.address.clone());
            if known.is_some_and(|address| address != broker.address) {
                self.nodes.remove(&broker.id);
            }
        }
        Ok(metadata)
    }

    /// One topic with a leader for each of its partitions. With `auto_create`, waits for a topic
    /// that is being created.
    ///
    /// # Errors
    /// As [`Connection::call`], and `Refused` when the topic is not there.
    pub async fn topic(&mut self, name: &str, auto_create: bool) -> Result<Topic, ClientError> {
        let mut attempts = 0;
        loop {
            let metadata = self.metadata(Some(&[name]), auto_create).await?;
            let topic = metadata.topics.into_iter().find(|topic| topic.name == name);
            let error = match &topic {
                None => Some(ErrorCode::UnknownTopicOrPartition),
                Some(topic) if topic.partitions.iter().any(|one| one.leader < 0) => {
                    Some(ErrorCode::LeaderNotAvailable)
                }
                Some(topic) => topic.error,
            };
            match (error, topic) {
                (None, Some(topic)) => return Ok(topic),
                (error, _) => {
                    let code = error.unwrap_or(ErrorCode::UnknownTopicOrPartition);
                    let may_come = auto_create && code == ErrorCode::UnknownTopicOrPartition
                        || code == ErrorCode::LeaderNotAvailable;
                    attempts += 1;
                    if !may_come || attempts > 50 {
                        return Err(ClientError::refused(code, &format!("topic {name}"), None));
                    }
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
            }
        }
    }

    /// Node id of the broker that coordinates a group. Waits while the group topic is created.
    ///
    /// # Errors
    /// As [`Connection::call`], and `Refused`.
    pub async fn coordinator(&mut self, group: &str) -> Result<i32, ClientError> {
        // Version 3 has one key and flat fields, which is all that is needed.
        const CEILING: i16 = 3;
        let request = FindCoordinatorRequest {
            key: group.into(),
            ..FindCoordinatorRequest::default()
        };
        let mut attempts = 0;
        loop {
            let answer = self
                .any()
                .await?
                .call_at(&request, CEILING, Duration::ZERO)
                .await;
            let answer = answer.inspect_err(|_| self.seed = None)?;
            let response = answer.read()?;
            let Some(code) = code_of(response.error_code) else {
                let address = join_address(&response.host, response.port);
                let id = response.node_id;
                if self
                    .addresses
                    .insert(id, address.clone())
                    .is_some_and(|old| old != address)
                {
                    self.nodes.remove(&id);
                }
                return Ok(id);
            };
            attempts += 1;
            if !code.is_retriable() || attempts > 100 {
                let message = response.error_message.as_deref();
                return Err(ClientError::refused(
                    code,
                    &format!("group {group}"),
                    message,
                ));
            }
            tokio::time::sleep(RETRY_PAUSE).await;
        }
    }
}

fn nobody(bootstrap: &[String]) -> ClientError {
    ClientError::Unreachable {
        address: bootstrap.join(","),
        source: std::io::Error::other("no address to try"),
    }
}
