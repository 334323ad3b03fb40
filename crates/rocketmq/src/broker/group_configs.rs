//! Subscription groups: what each consumer group may do.
//!
//! Invariants: a group that was made is on disk soon (the keeper writes it); losing one loses nothing, as its next
//! consumer makes it again, so nobody waits for the disk. Groups that were made by hand are written before the answer.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::RwLock;

use super::names::{PRESET_GROUPS, is_group_name, is_system_group};
use super::topics::TableVersion;
use crate::config_json::Value;

/// What a group may do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GroupConfig {
    pub(crate) name: Arc<str>,
    /// Whether it may pull at all.
    pub(crate) consume_enable: bool,
    /// Kept for clients that read it.
    pub(crate) consume_from_min_enable: bool,
    /// Whether it may read in the manner of broadcasting.
    pub(crate) consume_broadcast_enable: bool,
    /// Kept for clients that read it.
    pub(crate) consume_orderly: bool,
    /// Queues of its retry topic; 0: nothing is tried again.
    pub(crate) retry_queues: i32,
    /// After how many vain tries a message is a dead letter.
    pub(crate) retry_max_times: i32,
    pub(crate) broker_id: i64,
    pub(crate) which_broker_when_slow: i64,
    /// Whether members are told when members change.
    pub(crate) notify_changes: bool,
    pub(crate) sys_flag: i32,
    pub(crate) consume_timeout_minutes: i32,
    pub(crate) attributes: BTreeMap<String, String>,
    /// `groupRetryPolicy`, kept as it came: it is for POP, which is not served.
    pub(crate) retry_policy: Value,
    /// `subscriptionDataSet`, kept as it came: it is for the proxy's clients.
    pub(crate) subscriptions: Option<Value>,
}

/// What a group may not do with a topic, as bits of [`super::topics::perm`]; by group, then by topic.
pub(crate) type Forbidden = BTreeMap<String, BTreeMap<String, i32>>;

/// Groups as they are stored and told.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StoredGroups {
    /// In the order of their names.
    pub(crate) groups: Vec<Arc<GroupConfig>>,
    pub(crate) forbidden: Forbidden,
    pub(crate) version: TableVersion,
}

impl GroupConfig {
    /// The usual settings.
    pub(crate) fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            consume_enable: true,
            consume_from_min_enable: true,
            consume_broadcast_enable: true,
            consume_orderly: false,
            retry_queues: 1,
            retry_max_times: 16,
            broker_id: 0,
            which_broker_when_slow: 1,
            notify_changes: true,
            sys_flag: 0,
            consume_timeout_minutes: 15,
            attributes: BTreeMap::new(),
            retry_policy: Value::object().with("type", "CUSTOMIZED"),
            subscriptions: None,
        }
    }
}

#[derive(Debug, Default)]
struct Table {
    groups: HashMap<Arc<str>, Arc<GroupConfig>>,
    forbidden: Forbidden,
    version: TableVersion,
}

/// All groups of a broker.
#[derive(Debug)]
pub(crate) struct GroupConfigs {
    table: RwLock<Table>,
    auto_create: bool,
}

impl GroupConfigs {
    pub(crate) fn new(stored: StoredGroups, auto_create: bool) -> Self {
        let preset = PRESET_GROUPS.map(|name| Arc::new(GroupConfig::new(name)));
        let groups = preset.into_iter().chain(stored.groups);
        let groups = groups.map(|group| (Arc::clone(&group.name), group));
        let table = Table {
            groups: groups.collect(),
            forbidden: stored.forbidden,
            version: stored.version,
        };
        Self {
            table: RwLock::new(table),
            auto_create,
        }
    }

    /// The group as it is, if it is.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<GroupConfig>> {
        self.table.read().groups.get(name).cloned()
    }

    /// The group as it is, or made now if that is allowed.
    pub(crate) fn get_or_create(&self, name: &str, now_ms: i64) -> Option<Arc<GroupConfig>> {
        if let Some(known) = self.get(name) {
            return Some(known);
        }
        let allowed = self.auto_create || is_system_group(name);
        if !allowed || !is_group_name(name) {
            return None;
        }
        let mut table = self.table.write();
        let Table {
            groups, version, ..
        } = &mut *table;
        let group = groups.entry(name.into()).or_insert_with(|| {
            version.advance(now_ms);
            Arc::new(GroupConfig::new(name))
        });
        Some(Arc::clone(group))
    }

    pub(crate) fn put(&self, group: GroupConfig, now_ms: i64) {
        let mut table = self.table.write();
        table
            .groups
            .insert(Arc::clone(&group.name), Arc::new(group));
        table.version.advance(now_ms);
    }

    /// Whether the group may not do with the topic what these bits say.
    pub(crate) fn is_forbidden(&self, group: &str, topic: &str, bits: i32) -> bool {
        let table = self.table.read();
        let topics = table.forbidden.get(group);
        // Below zero is nothing, as in Java.
        let forbidden = topics.and_then(|topics| topics.get(topic)).copied();
        forbidden.unwrap_or(0).max(0) & bits == bits
    }

    /// Takes a group away, with what it may not do; whether it was there.
    pub(crate) fn remove(&self, name: &str, now_ms: i64) -> bool {
        let mut table = self.table.write();
        table.forbidden.remove(name);
        let removed = table.groups.remove(name).is_some();
        if removed {
            table.version.advance(now_ms);
        }
        removed
    }

    /// All there is to store.
    pub(crate) fn all(&self) -> StoredGroups {
        let table = self.table.read();
        let mut groups: Vec<_> = table.groups.values().cloned().collect();
        let (forbidden, version) = (table.forbidden.clone(), table.version);
        drop(table);
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        StoredGroups {
            groups,
            forbidden,
            version,
        }
    }

    pub(crate) fn version(&self) -> TableVersion {
        self.table.read().version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_made_where_that_is_allowed() {
        for (auto_create, name, made) in [
            (true, "g", true),
            (true, "g.g", false),
            (false, "g", false),
            (false, "CID_RMQ_SYS_x", true),
            (false, "TOOLS_CONSUMER", true),
        ] {
            let groups = GroupConfigs::new(StoredGroups::default(), auto_create);
            assert_eq!(groups.get_or_create(name, 1).is_some(), made, "{name}");
        }
    }

    #[test]
    fn what_was_stored_wins_over_the_preset() {
        let mut stored = GroupConfig::new("TOOLS_CONSUMER");
        stored.consume_enable = false;
        let stored = StoredGroups {
            groups: vec![Arc::new(stored)],
            ..StoredGroups::default()
        };
        let groups = GroupConfigs::new(stored, true);
        assert!(!groups.get("TOOLS_CONSUMER").unwrap().consume_enable);
        assert!(groups.remove("TOOLS_CONSUMER", 1));
        assert_eq!(groups.version().counter, 1);
    }

    #[test]
    fn what_is_forbidden_goes_with_the_group() {
        let of_topics = BTreeMap::from([("T".to_owned(), 0b100), ("all".to_owned(), -1)]);
        let stored = StoredGroups {
            groups: vec![Arc::new(GroupConfig::new("g"))],
            forbidden: BTreeMap::from([("g".to_owned(), of_topics)]),
            ..StoredGroups::default()
        };
        let groups = GroupConfigs::new(stored, true);
        for (group, topic, bits, forbidden) in [
            ("g", "T", 0b100, true),
            ("g", "T", 0b010, false),
            ("g", "T", 0b110, false),
            ("g", "all", 0b100, false),
            ("g", "other", 0b100, false),
            ("h", "T", 0b100, false),
        ] {
            let found = groups.is_forbidden(group, topic, bits);
            assert_eq!(found, forbidden, "{group} {topic} {bits:b}");
        }
        groups.remove("g", 1);
        assert!(groups.all().forbidden.is_empty());
    }
}
