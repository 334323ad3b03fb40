//! Sending, pulling and searching messages.

use std::collections::BTreeSet;

use rocketmq::remoting::codes::request;
use rocketmq::remoting::headers::PullHeader;
use rocketmq::store::message::{java_hash, key, push_property};

use super::cluster::{Cluster, Queue};
use super::connection::{Answer, Call};
use super::error::RemotingError;

/// The kind of an expression over properties.
const SQL92: &str = "SQL92";
/// The kind of a list of tags.
const TAG: &str = "TAG";
/// The group under which tools send.
const PRODUCER_GROUP: &str = "HIGHWATER_CLI";
/// The topic whose settings an unknown topic gets.
const DEFAULT_TOPIC: &str = "TBW102";

/// A message to be sent.
#[derive(Debug, Clone, Default)]
pub struct Outgoing {
    /// The body.
    pub body: Vec<u8>,
    /// Search keys, separated by spaces.
    pub keys: Option<String>,
    /// The tag.
    pub tags: Option<String>,
    /// The delay level; 0 for none.
    pub delay_level: u32,
    /// Further properties.
    pub properties: Vec<(String, String)>,
    /// The client's own id of it.
    pub unique_key: String,
    /// When it was made, ms since the epoch.
    pub born_ms: i64,
}

impl Outgoing {
    fn properties(&self) -> String {
        let mut text = Vec::new();
        let delay = (self.delay_level > 0).then(|| self.delay_level.to_string());
        let own = [
            (key::UNIQUE_KEY, Some(&self.unique_key)),
            (key::KEYS, self.keys.as_ref()),
            (key::TAGS, self.tags.as_ref()),
            (key::DELAY, delay.as_ref()),
        ];
        for (name, value) in own {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                push_property(&mut text, name, value);
            }
        }
        for (name, value) in &self.properties {
            push_property(&mut text, name, value);
        }
        String::from_utf8_lossy(&text).into_owned()
    }
}

/// Which messages of a topic are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Subscription<'s> {
    /// The topic.
    pub topic: &'s str,
    /// Tags separated by `||`, `*` for all; or an SQL92 expression.
    pub expression: &'s str,
    /// It is SQL92.
    pub is_sql: bool,
}

impl Subscription<'_> {
    /// `TAG` or `SQL92`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        if self.is_sql { SQL92 } else { TAG }
    }

    /// The tags wanted; none where everything is, or where it is SQL92.
    #[must_use]
    pub fn tags(&self) -> BTreeSet<&str> {
        if self.is_sql || self.expression == "*" {
            return BTreeSet::new();
        }
        let tags = self.expression.split("||").map(str::trim);
        tags.filter(|tag| !tag.is_empty()).collect()
    }

    /// Their hashes, by which a broker filters.
    #[must_use]
    pub fn codes(&self) -> Vec<i32> {
        self.tags().into_iter().map(java_hash).collect()
    }

    /// Whether a message with this tag is wanted: a broker compares hashes only.
    #[must_use]
    pub fn wants(&self, tag: Option<&str>) -> bool {
        let tags = self.tags();
        tags.is_empty() || tag.is_some_and(|tag| tags.contains(tag))
    }
}

/// What came of a pull.
#[derive(Debug, Clone)]
pub struct Pulled {
    /// Whole entries, one after the other.
    pub entries: Vec<u8>,
    /// Where to go on.
    pub next: i64,
}

/// How messages are searched.
#[derive(Debug, Clone, Copy)]
pub struct Search<'s> {
    /// In which topic.
    pub topic: &'s str,
    /// A key, or a unique key.
    pub key: &'s str,
    /// It is a unique key.
    pub is_unique: bool,
    /// Stored at or after, ms.
    pub from_ms: i64,
    /// Stored at or before, ms.
    pub to_ms: i64,
    /// How many at most, of each broker.
    pub limit: usize,
}

impl Cluster {
    /// Sends a message. Returns its place in the queue.
    ///
    /// # Errors
    /// As the broker says; after `Timeout` and `Unreachable` it may have been stored.
    pub fn send(
        &mut self,
        address: &str,
        topic: &str,
        queue: &Queue,
        message: &Outgoing,
    ) -> Result<i64, RemotingError> {
        let (id, born) = (queue.id.to_string(), message.born_ms.to_string());
        let properties = message.properties();
        let fields = [
            ("a", PRODUCER_GROUP),
            ("b", topic),
            ("c", DEFAULT_TOPIC),
            ("d", "4"),
            ("e", id.as_str()),
            ("f", "0"),
            ("g", born.as_str()),
            ("h", "0"),
            ("i", properties.as_str()),
            ("j", "0"),
            ("k", "false"),
            ("l", "0"),
            ("m", "false"),
            ("n", queue.broker.as_str()),
        ];
        let call = Call {
            body: &message.body,
            ..Call::new("to store a message", request::SEND_MESSAGE_V2, &fields)
        };
        let answer = self.ask(address, &call)?.check(&format!("topic {topic}"))?;
        Ok(answer.number("queueOffset").unwrap_or(-1))
    }

    /// Asks for messages of a queue; the answer, which may be held for `hold_ms`, has the number that is returned.
    ///
    /// # Errors
    /// `Unreachable`.
    pub fn send_pull(
        &mut self,
        address: &str,
        group: &str,
        wanted: &Subscription<'_>,
        (queue, offset): (i32, i64),
        hold_ms: u64,
    ) -> Result<i32, RemotingError> {
        let hold = if hold_ms > 0 { PullHeader::SUSPEND } else { 0 };
        let (id, offset) = (queue.to_string(), offset.to_string());
        let (flags, hold_ms) = (
            (hold | PullHeader::SUBSCRIPTION).to_string(),
            hold_ms.to_string(),
        );
        let fields = [
            ("consumerGroup", group),
            ("topic", wanted.topic),
            ("queueId", id.as_str()),
            ("queueOffset", offset.as_str()),
            ("maxMsgNums", "32"),
            ("sysFlag", flags.as_str()),
            ("commitOffset", "0"),
            ("suspendTimeoutMillis", hold_ms.as_str()),
            ("subscription", wanted.expression),
            ("subVersion", "0"),
            ("expressionType", wanted.kind()),
        ];
        let call = Call::new("to pull", request::PULL_MESSAGE, &fields);
        self.broker(address)?.send(&call)
    }

    /// The messages with a key, from every broker.
    ///
    /// # Errors
    /// As the brokers say; that nothing was found is none.
    pub fn search(&mut self, search: &Search<'_>) -> Result<Vec<Vec<u8>>, RemotingError> {
        let (limit, from, to) = (
            search.limit.to_string(),
            search.from_ms.to_string(),
            search.to_ms.to_string(),
        );
        let unique = search.is_unique.to_string();
        let fields = [
            ("topic", search.topic),
            ("key", search.key),
            ("maxNum", limit.as_str()),
            ("beginTimestamp", from.as_str()),
            ("endTimestamp", to.as_str()),
            ("_UNIQUE_KEY_QUERY", unique.as_str()),
        ];
        let call = Call::new("to search", request::QUERY_MESSAGE, &fields);
        let mut found = Vec::new();
        for route in self.route(search.topic)? {
            let answer = self.ask(&route.broker.address, &call)?;
            if answer.code != rocketmq::remoting::codes::response::QUERY_NOT_FOUND {
                found.push(answer.check(&format!("topic {}", search.topic))?.body);
            }
        }
        Ok(found)
    }

    /// The message at a physical offset of a broker's log.
    ///
    /// # Errors
    /// As the broker says, also where there is none.
    pub fn view(&mut self, address: &str, physical_offset: i64) -> Result<Vec<u8>, RemotingError> {
        let offset = physical_offset.to_string();
        let fields = [("offset", offset.as_str())];
        let call = Call::new("for a message", request::VIEW_MESSAGE_BY_ID, &fields);
        let answer = self.ask(address, &call)?;
        Ok(answer
            .check(&format!("the message at {physical_offset}"))?
            .body)
    }
}

impl Pulled {
    /// What an answer to a pull from `offset` says.
    ///
    /// # Errors
    /// `Refused`.
    pub fn of(answer: Answer, offset: i64, about: &str) -> Result<Self, RemotingError> {
        use rocketmq::remoting::codes::response;
        let next = answer.number("nextBeginOffset");
        match answer.code {
            response::SUCCESS => Ok(Self {
                next: next.unwrap_or(offset),
                entries: answer.body,
            }),
            response::PULL_NOT_FOUND
            | response::PULL_RETRY_IMMEDIATELY
            | response::PULL_OFFSET_MOVED => Ok(Self {
                entries: Vec::new(),
                next: next.unwrap_or(offset),
            }),
            _ => Err(answer.refusal(about)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_what_stands_between_bars() {
        let of = |expression, is_sql| Subscription {
            topic: "t",
            expression,
            is_sql,
        };
        for (expression, tags) in [
            ("*", vec![]),
            ("a", vec!["a"]),
            ("b || a", vec!["a", "b"]),
            ("a||||", vec!["a"]),
        ] {
            let wanted = of(expression, false);
            assert_eq!(wanted.tags().into_iter().collect::<Vec<_>>(), tags);
            assert_eq!(wanted.codes().len(), tags.len());
            assert!(wanted.wants(Some("a")));
            assert_eq!(wanted.wants(None), tags.is_empty());
        }
        assert!(of("a > 3", true).tags().is_empty());
        assert_eq!(of("a > 3", true).kind(), "SQL92");
    }

    #[test]
    fn properties_of_a_message_are_written_once_each() {
        let message = Outgoing {
            keys: Some("k1 k2".into()),
            tags: Some(String::new()),
            delay_level: 3,
            properties: vec![("a".into(), "b".into())],
            unique_key: "U".into(),
            ..Outgoing::default()
        };
        assert_eq!(
            message.properties(),
            "UNIQ_KEY\x01U\x02KEYS\x01k1 k2\x02DELAY\x013\x02a\x01b\x02"
        );
    }
}
