//! Consumer groups: which there are, how far they are, who is in them; and being in one.

use std::collections::BTreeSet;

use rocketmq::config_json::{self, Value};
use rocketmq::remoting::codes::{request, response};
use serde_json::json;

use super::cluster::{Cluster, Queue};
use super::connection::Call;
use super::error::RemotingError;
use super::messages::Subscription;

/// How far a group is in one queue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupQueue {
    /// The topic.
    pub topic: String,
    /// The queue in it.
    pub queue: Queue,
    /// The next message it consumes.
    pub committed: i64,
    /// Behind the last message of the queue (exclusive).
    pub end: i64,
}

/// One consumer of a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// Its id.
    pub id: String,
    /// Its address.
    pub address: String,
    /// What it is written in.
    pub language: String,
}

impl Cluster {
    /// The names of all groups that have settings on a broker.
    ///
    /// # Errors
    /// As the brokers say.
    pub fn groups(&mut self) -> Result<BTreeSet<String>, RemotingError> {
        let mut groups = BTreeSet::new();
        let call = Call::new(
            "the list of groups",
            request::GET_ALL_SUBSCRIPTIONGROUP_CONFIG,
            &[],
        );
        for master in self.masters()? {
            let answer = self
                .ask(&master.address, &call)?
                .check("the list of groups")?;
            let json = self.parse(&answer.body)?;
            let table = json
                .get("subscriptionGroupTable")
                .map(Value::members)
                .unwrap_or_default();
            groups.extend(
                table
                    .iter()
                    .filter_map(|(name, _)| Some(name.text()?.into_owned())),
            );
        }
        Ok(groups)
    }

    /// How far a group is, queue by queue, in all topics or one.
    ///
    /// # Errors
    /// As the brokers say.
    pub fn progress(
        &mut self,
        group: &str,
        topic: Option<&str>,
    ) -> Result<Vec<GroupQueue>, RemotingError> {
        let mut found = Vec::new();
        let mut fields = vec![("consumerGroup", group)];
        fields.extend(topic.map(|topic| ("topic", topic)));
        let call = Call::new("how far a group is", request::GET_CONSUME_STATS, &fields);
        let about = format!("group {group}");
        for master in self.masters()? {
            let answer = self.ask(&master.address, &call)?.check(&about)?;
            let json = self.parse(&answer.body)?;
            let table = json
                .get("offsetTable")
                .map(Value::members)
                .unwrap_or_default();
            for (key, stats) in table {
                found.extend(group_queue(key, stats));
            }
        }
        // A retry topic comes with every group, used or not.
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// Who is in a group.
    ///
    /// # Errors
    /// As the brokers say.
    pub fn members(&mut self, group: &str) -> Result<BTreeSet<Member>, RemotingError> {
        let mut members = BTreeSet::new();
        let fields = [("consumerGroup", group)];
        let call = Call::new(
            "who is in a group",
            request::GET_CONSUMER_CONNECTION_LIST,
            &fields,
        );
        for master in self.masters()? {
            let answer = self.ask(&master.address, &call)?;
            // Older brokers say SYSTEM_ERROR for a group without members.
            if matches!(
                answer.code,
                response::CONSUMER_NOT_ONLINE | response::SYSTEM_ERROR
            ) {
                continue;
            }
            let json = self.parse(&answer.check(&format!("group {group}"))?.body)?;
            let connections = json
                .get("connectionSet")
                .map(Value::items)
                .unwrap_or_default();
            let text = |connection: &Value, name: &str| {
                connection
                    .get(name)
                    .and_then(Value::text)
                    .unwrap_or_default()
                    .to_owned()
            };
            members.extend(connections.iter().map(|connection| Member {
                id: text(connection, "clientId"),
                address: text(connection, "clientAddr"),
                language: text(connection, "language"),
            }));
        }
        Ok(members)
    }

    /// How far a group is in one queue; `None` where it has said nothing yet.
    ///
    /// # Errors
    /// As the broker says.
    pub fn committed(
        &mut self,
        address: &str,
        group: &str,
        topic: &str,
        queue: i32,
    ) -> Result<Option<i64>, RemotingError> {
        let id = queue.to_string();
        let fields = [
            ("consumerGroup", group),
            ("topic", topic),
            ("queueId", id.as_str()),
            ("setZeroIfNotFound", "false"),
        ];
        let call = Call::new(
            "how far a group is",
            request::QUERY_CONSUMER_OFFSET,
            &fields,
        );
        let answer = self.ask(address, &call)?;
        if answer.code == response::QUERY_NOT_FOUND {
            return Ok(None);
        }
        Ok(answer.check(&format!("group {group}"))?.number("offset"))
    }

    /// Says how far a group is in one queue.
    ///
    /// # Errors
    /// As the broker says.
    pub fn commit(
        &mut self,
        address: &str,
        group: &str,
        topic: &str,
        queue: i32,
        offset: i64,
    ) -> Result<(), RemotingError> {
        let (id, offset) = (queue.to_string(), offset.to_string());
        let fields = [
            ("consumerGroup", group),
            ("topic", topic),
            ("queueId", id.as_str()),
            ("commitOffset", offset.as_str()),
        ];
        let call = Call::new("to commit", request::UPDATE_CONSUMER_OFFSET, &fields);
        self.ask(address, &call)?.check(&format!("group {group}"))?;
        Ok(())
    }

    /// Joins a group at a broker, or stays in it.
    ///
    /// # Errors
    /// As the broker says.
    pub fn heartbeat(
        &mut self,
        address: &str,
        client: &str,
        group: &str,
        wanted: &Subscription<'_>,
        from_first: bool,
    ) -> Result<(), RemotingError> {
        let from = match from_first {
            true => "CONSUME_FROM_FIRST_OFFSET",
            false => "CONSUME_FROM_LAST_OFFSET",
        };
        let body = json!({
            "clientID": client,
            "producerDataSet": [],
            "consumerDataSet": [{
                "groupName": group,
                "consumeType": "CONSUME_PASSIVELY",
                "messageModel": "CLUSTERING",
                "consumeFromWhere": from,
                "unitMode": false,
                "subscriptionDataSet": [{
                    "classFilterMode": false,
                    "topic": wanted.topic,
                    "subString": wanted.expression,
                    "tagsSet": wanted.tags(),
                    "codeSet": wanted.codes(),
                    "subVersion": 1,
                    "expressionType": wanted.kind(),
                }],
            }],
        });
        let body = body.to_string().into_bytes();
        let call = Call {
            body: &body,
            ..Call::new("a heartbeat", request::HEART_BEAT, &[])
        };
        self.ask(address, &call)?.check(&format!("group {group}"))?;
        Ok(())
    }

    /// The ids of a group's members, sorted: everybody divides the queues by the same list.
    ///
    /// # Errors
    /// As the broker says.
    pub fn member_ids(&mut self, address: &str, group: &str) -> Result<Vec<String>, RemotingError> {
        let fields = [("consumerGroup", group)];
        let call = Call::new(
            "who is in a group",
            request::GET_CONSUMER_LIST_BY_GROUP,
            &fields,
        );
        let answer = self.ask(address, &call)?.check(&format!("group {group}"))?;
        let json = self.parse(&answer.body)?;
        let ids = json
            .get("consumerIdList")
            .map(Value::items)
            .unwrap_or_default();
        let mut ids: Vec<String> = ids
            .iter()
            .filter_map(Value::text)
            .map(str::to_owned)
            .collect();
        ids.sort_unstable();
        Ok(ids)
    }

    /// Leaves a group.
    ///
    /// # Errors
    /// As the broker says.
    pub fn leave(&mut self, address: &str, client: &str, group: &str) -> Result<(), RemotingError> {
        let fields = [("clientID", client), ("consumerGroup", group)];
        let call = Call::new("to leave a group", request::UNREGISTER_CLIENT, &fields);
        self.ask(address, &call)?.check(&format!("group {group}"))?;
        Ok(())
    }

    /// Whether a broker said since the last question that members came or went.
    pub fn members_changed(&mut self, address: &str) -> bool {
        let connection = self.broker(address);
        connection.is_ok_and(|connection| std::mem::take(&mut connection.members_changed))
    }
}

/// One member of `offsetTable`: its key is an object, or the text of one.
fn group_queue(key: &config_json::Key, stats: &Value) -> Option<GroupQueue> {
    let object = match key {
        config_json::Key::Object(members) => Value::Object(members.clone()),
        other => config_json::parse(other.text()?.as_bytes()).ok()?,
    };
    Some(GroupQueue {
        topic: object.get("topic")?.text()?.to_owned(),
        queue: Queue {
            broker: object.get("brokerName")?.text()?.to_owned(),
            id: i32::try_from(object.get("queueId")?.integer()?).ok()?,
        },
        committed: stats.get("consumerOffset")?.integer()?,
        end: stats.get("brokerOffset")?.integer()?,
    })
}
