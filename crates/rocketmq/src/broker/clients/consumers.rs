//! Consumer groups: members and what they want.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::RwLock;

use super::{CLIENT_TIMEOUT_MS, Client, Subscription};
use crate::connection::Channel;

/// How a group consumes: the words its clients use for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GroupManner {
    /// `CONSUME_PASSIVELY` for push consumers, `CONSUME_ACTIVELY` for pull consumers.
    pub(crate) consume_type: String,
    /// `CLUSTERING` or `BROADCASTING`.
    pub(crate) message_model: String,
    /// `CONSUME_FROM_LAST_OFFSET` and its like; clients act on it, the broker only tells.
    pub(crate) consume_from: String,
}

impl GroupManner {
    pub(crate) fn is_broadcast(&self) -> bool {
        self.message_model == "BROADCASTING"
    }
}

/// One consumer group.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConsumerGroup {
    pub(crate) manner: GroupManner,
    pub(crate) subscriptions: BTreeMap<String, Arc<Subscription>>,
    /// By connection.
    members: HashMap<u64, Client>,
}

impl ConsumerGroup {
    pub(crate) fn members(&self) -> impl Iterator<Item = &Client> {
        self.members.values()
    }

    /// The member of this name.
    pub(crate) fn member(&self, client_id: &str) -> Option<&Client> {
        self.members().find(|client| &*client.id == client_id)
    }

    fn channels(&self) -> Vec<Arc<Channel>> {
        let members = self.members.values();
        members.map(|client| Arc::clone(&client.channel)).collect()
    }

    /// Takes over what a heartbeat wants; true if topics came or went.
    fn subscribe(&mut self, wanted: Vec<Subscription>) -> bool {
        let before = self.subscriptions.len();
        self.subscriptions
            .retain(|topic, _| wanted.iter().any(|new| new.topic == *topic));
        let mut changed = self.subscriptions.len() != before;
        for new in wanted {
            match self.subscriptions.get(&new.topic) {
                None => changed = true,
                Some(old) if new.version > old.version => {
                    if !new.says_the_same(old) {
                        tracing::info!(
                            topic = new.topic,
                            from = old.text,
                            to = new.text,
                            "subscription changed"
                        );
                    }
                }
                Some(_) => continue,
            }
            self.subscriptions.insert(new.topic.clone(), Arc::new(new));
        }
        changed
    }
}

/// Who has to be told that a group's members or topics changed.
#[derive(Debug, Default)]
pub(crate) struct Change {
    /// By group; empty where nothing changed.
    pub(crate) groups: Vec<(String, Vec<Arc<Channel>>)>,
}

#[derive(Debug, Default)]
pub(crate) struct Consumers {
    groups: RwLock<HashMap<String, ConsumerGroup>>,
}

impl Consumers {
    /// A heartbeat: `wanted` is `None` where it does not repeat what it wants.
    pub(crate) fn register(
        &self,
        group: &str,
        client: &Client,
        manner: GroupManner,
        wanted: Option<Vec<Subscription>>,
    ) -> Change {
        let mut groups = self.groups.write();
        let entry = groups.entry(group.to_owned()).or_default();
        let broadcast = manner.is_broadcast();
        entry.manner = manner;
        let known = entry.members.insert(client.channel.id, client.clone());
        let mut changed = known.is_none_or(|known| known.id != client.id);
        if let Some(wanted) = wanted {
            changed |= entry.subscribe(wanted);
        }
        // Who reads all queues anyway has nothing to rebalance.
        if changed && !broadcast {
            let channels = entry.channels();
            return Change {
                groups: vec![(group.to_owned(), channels)],
            };
        }
        Change::default()
    }

    /// A client leaves one group.
    pub(crate) fn unregister(&self, group: &str, channel: u64) -> Change {
        let mut groups = self.groups.write();
        let mut change = Change::default();
        if let Some(entry) = groups.get_mut(group)
            && entry.members.remove(&channel).is_some()
        {
            change.groups.push((group.to_owned(), entry.channels()));
            if entry.members.is_empty() {
                groups.remove(group);
            }
        }
        change
    }

    /// A connection is gone, and with it a member of every group it was in.
    pub(crate) fn channel_closed(&self, channel: u64) -> Change {
        self.forget(|client| client.channel.id == channel)
    }

    /// Forgets who was not heard of.
    pub(crate) fn forget_silent(&self, now_ms: i64) -> Change {
        self.forget(|client| now_ms.saturating_sub(client.seen_ms) > CLIENT_TIMEOUT_MS)
    }

    fn forget(&self, gone: impl Fn(&Client) -> bool) -> Change {
        let mut change = Change::default();
        // Most connections are no consumer's; they do not stop the others.
        let any = |group: &ConsumerGroup| group.members.values().any(&gone);
        if !self.groups.read().values().any(any) {
            return change;
        }
        self.groups.write().retain(|name, group| {
            let before = group.members.len();
            group.members.retain(|_, client| !gone(client));
            if group.members.len() != before {
                change.groups.push((name.clone(), group.channels()));
            }
            !group.members.is_empty()
        });
        change
    }

    /// Looks at a group, if it has a member.
    pub(crate) fn with<T>(&self, group: &str, look: impl FnOnce(&ConsumerGroup) -> T) -> Option<T> {
        self.groups.read().get(group).map(look)
    }

    /// Names of the members, each once.
    pub(crate) fn member_ids(&self, group: &str) -> Vec<Arc<str>> {
        let ids = self.with(group, |group| {
            let ids = group.members().map(|client| Arc::clone(&client.id));
            ids.collect::<std::collections::BTreeSet<_>>()
        });
        ids.into_iter().flatten().collect()
    }

    /// Groups that want a topic.
    pub(crate) fn groups_of_topic(&self, topic: &str) -> Vec<String> {
        let groups = self.groups.read();
        let wants = groups
            .iter()
            .filter(|(_, group)| group.subscriptions.contains_key(topic));
        wants.map(|(name, _)| name.clone()).collect()
    }
}
