//! Subscription groups: what each consumer group may do.
//!
//! Invariants: a group that was made is on disk soon (the keeper writes it); losing one loses nothing, as its next
//! consumer makes it again, so nobody waits for the disk. Groups that were made by hand are written before the answer.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use parking_lot::RwLock;

use super::names::{PRESET_GROUPS, is_group_name, is_system_group};
use super::topics::TableVersion;

/// What a group may do.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        }
    }
}

#[derive(Debug, Default)]
struct Table {
    groups: HashMap<Arc<str>, Arc<GroupConfig>>,
    version: TableVersion,
}

/// All groups of a broker.
#[derive(Debug)]
pub(crate) struct GroupConfigs {
    table: RwLock<Table>,
    auto_create: bool,
}

impl GroupConfigs {
    pub(crate) fn new(groups: Vec<GroupConfig>, version: TableVersion, auto_create: bool) -> Self {
        let preset = PRESET_GROUPS.map(GroupConfig::new).into_iter();
        let groups = preset.chain(groups);
        let groups = groups.map(|group| (Arc::clone(&group.name), Arc::new(group)));
        let table = Table {
            groups: groups.collect(),
            version,
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
        let Table { groups, version } = &mut *table;
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

    /// Takes a group away; whether it was there.
    pub(crate) fn remove(&self, name: &str, now_ms: i64) -> bool {
        let mut table = self.table.write();
        let removed = table.groups.remove(name).is_some();
        if removed {
            table.version.advance(now_ms);
        }
        removed
    }

    /// All groups in the order of their names, and the version they are.
    pub(crate) fn all(&self) -> (Vec<Arc<GroupConfig>>, TableVersion) {
        let table = self.table.read();
        let mut groups: Vec<_> = table.groups.values().cloned().collect();
        let version = table.version;
        drop(table);
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        (groups, version)
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
            let groups = GroupConfigs::new(Vec::new(), TableVersion::default(), auto_create);
            assert_eq!(groups.get_or_create(name, 1).is_some(), made, "{name}");
        }
    }

    #[test]
    fn what_was_stored_wins_over_the_preset() {
        let mut stored = GroupConfig::new("TOOLS_CONSUMER");
        stored.consume_enable = false;
        let groups = GroupConfigs::new(vec![stored], TableVersion::default(), true);
        assert!(!groups.get("TOOLS_CONSUMER").unwrap().consume_enable);
        assert!(groups.remove("TOOLS_CONSUMER", 1));
        assert_eq!(groups.version().counter, 1);
    }
}
