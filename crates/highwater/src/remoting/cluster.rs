//! Who is there: name servers, brokers, topics, queues; and the calls that make and remove topics.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use rocketmq::config_json::{self, Value};
use rocketmq::remoting::codes::{request, response};
use rocketmq::store::SCHEDULE_TOPIC;

use super::connection::{Answer, Call, Connection};
use super::error::RemotingError;

/// The id of a master.
const MASTER: i64 = 0;
/// In front of what the server makes of a group's name.
const GROUP_TOPICS: [&str; 2] = ["%RETRY%", "%DLQ%"];
/// Topics of the servers' own that every broker has; not all brokers tell them when asked.
const SYSTEM_TOPICS: [&str; 6] = [
    "TBW102",
    SCHEDULE_TOPIC,
    "BenchmarkTest",
    "SELF_TEST_TOPIC",
    "OFFSET_MOVED_EVENT",
    "TRANS_CHECK_MAX_TIME_TOPIC",
];

/// A broker that takes writes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BrokerAddress {
    /// Its name.
    pub name: String,
    /// The cluster it is in.
    pub cluster: String,
    /// `HOST:PORT` of its master.
    pub address: String,
}

/// One queue of a topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Queue {
    /// On which broker.
    pub broker: String,
    /// Its number there.
    pub id: i32,
}

/// A topic on one broker.
#[derive(Debug, Clone)]
pub struct Route {
    /// The broker.
    pub broker: BrokerAddress,
    /// Queues that are read.
    pub read_queues: i32,
    /// Queues that are written.
    pub write_queues: i32,
    /// 4 read, 2 write, 1 inherit.
    pub perm: i32,
}

/// Where a queue begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLimits {
    /// First offset that is there.
    pub first: i64,
    /// Offset behind the last (exclusive).
    pub end: i64,
}

/// A name server and the brokers it knows.
#[derive(Debug)]
pub struct Cluster {
    names: Connection,
    patience: Duration,
    brokers: HashMap<String, Connection>,
}

impl Cluster {
    /// Connects to the first name server that answers.
    ///
    /// # Errors
    /// `Unreachable` with the last one's reason.
    pub fn connect(addresses: &[String], patience: Duration) -> Result<Self, RemotingError> {
        let mut last = RemotingError::Nowhere("no name server is named".to_owned());
        for address in addresses {
            match Connection::open("a name server", address, patience) {
                Ok(names) => {
                    return Ok(Self {
                        names,
                        patience,
                        brokers: HashMap::new(),
                    });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Asks the name server.
    ///
    /// # Errors
    /// As [`Connection::call`].
    pub fn ask_names(&mut self, call: &Call<'_>) -> Result<Answer, RemotingError> {
        self.names.call(call)
    }

    /// The connection to a broker, made where there is none.
    ///
    /// # Errors
    /// `Unreachable`.
    pub fn broker(&mut self, address: &str) -> Result<&mut Connection, RemotingError> {
        if !self.brokers.contains_key(address) {
            let connection = Connection::open("a broker", address, self.patience)?;
            self.brokers.insert(address.to_owned(), connection);
        }
        let connection = self.brokers.get_mut(address);
        connection.ok_or_else(|| RemotingError::Nowhere(format!("no connection to {address}")))
    }

    /// Asks a broker.
    ///
    /// # Errors
    /// As [`Connection::call`].
    pub fn ask(&mut self, address: &str, call: &Call<'_>) -> Result<Answer, RemotingError> {
        self.broker(address)?.call(call)
    }

    /// The masters the name server knows.
    ///
    /// # Errors
    /// `Nowhere` where there is none.
    pub fn masters(&mut self) -> Result<Vec<BrokerAddress>, RemotingError> {
        let call = Call::new("the list of brokers", request::GET_BROKER_CLUSTER_INFO, &[]);
        let answer = self.ask_names(&call)?.check("the list of brokers")?;
        let json = self.parse(&answer.body)?;
        let table = json
            .get("brokerAddrTable")
            .map(Value::members)
            .unwrap_or_default();
        let mut masters: Vec<_> = table
            .iter()
            .filter_map(|(_, broker)| master_of(broker))
            .collect();
        masters.sort();
        if masters.is_empty() {
            let text = format!(
                "the name server at {} knows no broker",
                self.names.address()
            );
            return Err(RemotingError::Nowhere(text));
        }
        Ok(masters)
    }

    /// Where a topic is.
    ///
    /// # Errors
    /// `Refused` with TOPIC_NOT_EXIST where it is not.
    pub fn route(&mut self, topic: &str) -> Result<Vec<Route>, RemotingError> {
        let fields = [("topic", topic), ("acceptStandardJsonOnly", "true")];
        let call = Call::new(
            "where the topic is",
            request::GET_ROUTEINFO_BY_TOPIC,
            &fields,
        );
        let about = format!("topic {topic}");
        let answer = self.ask_names(&call)?.check(&about)?;
        let json = self.parse(&answer.body)?;
        let items = |name: &str| json.get(name).map(Value::items).unwrap_or_default();
        let masters: BTreeMap<String, BrokerAddress> = items("brokerDatas")
            .iter()
            .filter_map(master_of)
            .map(|master| (master.name.clone(), master))
            .collect();
        let number = |queues: &Value, name: &str| {
            let number = queues.get(name).and_then(Value::integer).unwrap_or(0);
            i32::try_from(number).unwrap_or(0)
        };
        let mut routes: Vec<Route> = items("queueDatas")
            .iter()
            .filter_map(|queues| {
                let broker = masters.get(queues.get("brokerName")?.text()?)?.clone();
                Some(Route {
                    broker,
                    read_queues: number(queues, "readQueueNums"),
                    write_queues: number(queues, "writeQueueNums"),
                    perm: number(queues, "perm"),
                })
            })
            .collect();
        routes.sort_by(|a, b| a.broker.cmp(&b.broker));
        if routes.is_empty() {
            return Err(RemotingError::Nowhere(format!(
                "{about}: none of its brokers has a master"
            )));
        }
        Ok(routes)
    }

    /// The names of all topics, sorted; and those among them that are the servers' own.
    ///
    /// # Errors
    /// As [`Connection::call`].
    pub fn topics(&mut self) -> Result<(Vec<String>, BTreeSet<String>), RemotingError> {
        let call = Call::new(
            "the list of topics",
            request::GET_ALL_TOPIC_LIST_FROM_NAMESERVER,
            &[],
        );
        let answer = self.ask_names(&call)?.check("the list of topics")?;
        let mut topics = self.names_in(&answer.body)?;
        topics.sort_unstable();
        let call = Call::new(
            "the system topics",
            request::GET_SYSTEM_TOPIC_LIST_FROM_NS,
            &[],
        );
        let answer = self.ask_names(&call)?;
        let mut own: BTreeSet<String> = self
            .names_in(&answer.body)
            .unwrap_or_default()
            .into_iter()
            .collect();
        let call = Call::new(
            "the system topics",
            request::GET_SYSTEM_TOPIC_LIST_FROM_BROKER,
            &[],
        );
        for master in self.masters().unwrap_or_default() {
            let answer = self.ask(&master.address, &call)?;
            if answer.code == response::SUCCESS {
                own.extend(self.names_in(&answer.body)?);
            }
        }
        let is_groups =
            |topic: &String| GROUP_TOPICS.iter().any(|prefix| topic.starts_with(prefix));
        let is_systems = |topic: &String| {
            SYSTEM_TOPICS.contains(&topic.as_str())
                || topic.to_ascii_lowercase().starts_with("rmq_sys_")
                || topic.ends_with("_REPLY_TOPIC")
        };
        own.extend(
            topics
                .iter()
                .filter(|topic| is_groups(topic) || is_systems(topic))
                .cloned(),
        );
        Ok((topics, own))
    }

    fn names_in(&self, body: &[u8]) -> Result<Vec<String>, RemotingError> {
        let json = self.parse(body)?;
        let names = json.get("topicList").map(Value::items).unwrap_or_default();
        Ok(names
            .iter()
            .filter_map(Value::text)
            .map(str::to_owned)
            .collect())
    }

    /// Makes a topic, or changes it, on a broker.
    ///
    /// # Errors
    /// As the broker says.
    pub fn put_topic(
        &mut self,
        address: &str,
        topic: &str,
        queues: i32,
        perm: i32,
    ) -> Result<(), RemotingError> {
        let (queues, perm) = (queues.to_string(), perm.to_string());
        let fields = [
            ("topic", topic),
            ("defaultTopic", "TBW102"),
            ("readQueueNums", &queues),
            ("writeQueueNums", &queues),
            ("perm", &perm),
            ("topicFilterType", "SINGLE_TAG"),
            ("topicSysFlag", "0"),
            ("order", "false"),
        ];
        let call = Call::new("to make a topic", request::UPDATE_AND_CREATE_TOPIC, &fields);
        self.ask(address, &call)?.check(&format!("topic {topic}"))?;
        Ok(())
    }

    /// Removes a topic from all brokers and the name server.
    ///
    /// # Errors
    /// As the first of them that refuses says; brokers before it have removed it.
    pub fn delete_topic(&mut self, topic: &str) -> Result<(), RemotingError> {
        let about = format!("topic {topic}");
        let fields = [("topic", topic)];
        for route in self.route(topic)? {
            let call = Call::new(
                "to delete a topic",
                request::DELETE_TOPIC_IN_BROKER,
                &fields,
            );
            self.ask(&route.broker.address, &call)?.check(&about)?;
        }
        let call = Call::new(
            "to forget a topic",
            request::DELETE_TOPIC_IN_NAMESRV,
            &fields,
        );
        self.ask_names(&call)?.check(&about)?;
        Ok(())
    }

    /// Where a queue begins and ends.
    ///
    /// # Errors
    /// As the broker says.
    pub fn limits(
        &mut self,
        address: &str,
        topic: &str,
        queue: i32,
    ) -> Result<QueueLimits, RemotingError> {
        let id = queue.to_string();
        let fields = [("topic", topic), ("queueId", id.as_str())];
        Ok(QueueLimits {
            first: self.offset(
                address,
                &Call::new("the first offset", request::GET_MIN_OFFSET, &fields),
            )?,
            end: self.offset(
                address,
                &Call::new("the end offset", request::GET_MAX_OFFSET, &fields),
            )?,
        })
    }

    /// The first offset of a queue whose message was stored at or after a time.
    ///
    /// # Errors
    /// As the broker says.
    pub fn offset_at(
        &mut self,
        address: &str,
        topic: &str,
        queue: i32,
        ms: i64,
    ) -> Result<i64, RemotingError> {
        let (id, ms) = (queue.to_string(), ms.to_string());
        let fields = [
            ("topic", topic),
            ("queueId", id.as_str()),
            ("timestamp", ms.as_str()),
            ("boundaryType", "LOWER"),
        ];
        let call = Call::new(
            "the offset at a time",
            request::SEARCH_OFFSET_BY_TIMESTAMP,
            &fields,
        );
        self.offset(address, &call)
    }

    fn offset(&mut self, address: &str, call: &Call<'_>) -> Result<i64, RemotingError> {
        let answer = self.ask(address, call)?.check(call.what)?;
        answer
            .number("offset")
            .ok_or_else(|| RemotingError::Protocol {
                address: address.to_owned(),
                why: format!("no offset in the answer to {}", call.what),
            })
    }

    /// A body in fastjson's dialect.
    pub(super) fn parse(&self, body: &[u8]) -> Result<Value, RemotingError> {
        config_json::parse(body).map_err(|defect| {
            self.names
                .protocol(&format!("a body is not JSON: {defect}"))
        })
    }
}

/// The master in a broker's addresses.
fn master_of(broker: &Value) -> Option<BrokerAddress> {
    let addresses = broker.get("brokerAddrs")?.members();
    let master = addresses
        .iter()
        .find(|(id, _)| id.integer() == Some(MASTER))?;
    Some(BrokerAddress {
        name: broker.get("brokerName")?.text()?.to_owned(),
        cluster: broker
            .get("cluster")
            .and_then(Value::text)
            .unwrap_or_default()
            .to_owned(),
        address: master.1.text()?.to_owned(),
    })
}
