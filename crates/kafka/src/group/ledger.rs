//! All groups of one partition of `__consumer_offsets`, as its records tell them.
//!
//! The same [`Ledger::apply`] serves reading the log at start and keeping up with what was just appended, so both
//! come to the same result. Pure: no log, no lock, no clock.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::offsets::{Held, OffsetTable};
use super::records::{Entry, ForeignKind};
use super::state::{GroupRules, GroupState, Snapshot};
use crate::log::KafkaOffset;

/// One group.
#[derive(Debug)]
pub(crate) struct Slot {
    /// Tells a group from a later one of the same name.
    pub(crate) incarnation: u64,
    pub(crate) state: GroupState,
    pub(crate) offsets: OffsetTable,
    /// The log holds a record of the group itself.
    pub(crate) recorded: bool,
    /// The group was last used with one of the newer protocols, by another server.
    pub(crate) foreign: Option<ForeignKind>,
    /// Live records of those protocols.
    pub(crate) foreign_keys: BTreeSet<Vec<u8>>,
    /// The group's last record, until [`Ledger::finish`] makes the group of it.
    read: Option<Snapshot>,
    /// When the coordinator was asked to look at the group next.
    pub(crate) alarm_ms: Option<i64>,
}

impl Slot {
    /// True if neither the log nor a client knows of it.
    fn is_void(&self) -> bool {
        !self.recorded
            && self.offsets.is_empty()
            && self.foreign_keys.is_empty()
            && self.state.is_deserted()
    }
}

/// An offset of a transaction whose outcome is not known yet.
#[derive(Debug)]
struct Undecided {
    group: Arc<str>,
    topic: Arc<str>,
    partition: i32,
    held: Held,
}

/// The groups of one partition.
#[derive(Debug)]
pub(crate) struct Ledger {
    rules: GroupRules,
    groups: HashMap<Arc<str>, Slot>,
    undecided: HashMap<i64, Vec<Undecided>>,
    next_incarnation: u64,
}

impl Ledger {
    pub(crate) fn new(rules: GroupRules) -> Self {
        Self {
            rules,
            groups: HashMap::new(),
            undecided: HashMap::new(),
            next_incarnation: 0,
        }
    }

    pub(crate) fn get(&self, group: &str) -> Option<&Slot> {
        self.groups.get(group)
    }

    pub(crate) fn get_mut(&mut self, group: &str) -> Option<&mut Slot> {
        self.groups.get_mut(group)
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = (&Arc<str>, &Slot)> {
        self.groups.iter()
    }

    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    /// The group, new and empty if there is none.
    pub(crate) fn get_or_create(&mut self, group: &Arc<str>, now_ms: i64) -> &mut Slot {
        let (rules, next) = (self.rules, &mut self.next_incarnation);
        self.groups.entry(group.clone()).or_insert_with(|| {
            *next += 1;
            Slot {
                incarnation: *next,
                state: GroupState::new(rules, now_ms),
                offsets: OffsetTable::default(),
                recorded: false,
                foreign: None,
                foreign_keys: BTreeSet::new(),
                read: None,
                alarm_ms: None,
            }
        })
    }

    /// Forgets the group if nothing is left of it.
    pub(crate) fn drop_if_void(&mut self, group: &str) {
        if self.groups.get(group).is_some_and(Slot::is_void) {
            self.groups.remove(group);
        }
    }

    /// Forgets a group of which the log has no live record any more.
    pub(crate) fn forget(&mut self, group: &str) {
        self.groups.remove(group);
    }

    /// Takes in one record. `producer_id` is that of a transactional batch, else `None`.
    pub(crate) fn apply(
        &mut self,
        entry: Entry,
        key: &[u8],
        end: KafkaOffset,
        producer_id: Option<i64>,
        now_ms: i64,
    ) {
        match entry {
            Entry::Offset {
                group,
                topic,
                partition,
                committed: Some(committed),
            } => {
                let held = Held { committed, end };
                match producer_id {
                    Some(id) => self.undecided.entry(id).or_default().push(Undecided {
                        group,
                        topic,
                        partition,
                        held,
                    }),
                    None => {
                        self.get_or_create(&group, now_ms)
                            .offsets
                            .put(&topic, partition, held);
                    }
                }
            }
            Entry::Offset {
                group,
                topic,
                partition,
                committed: None,
            } => {
                for waiting in self.undecided.values_mut() {
                    waiting.retain(|u| {
                        (&u.group, &u.topic, u.partition) != (&group, &topic, partition)
                    });
                }
                if let Some(slot) = self.groups.get_mut(&group) {
                    slot.offsets.remove(&topic, partition);
                    self.drop_if_void(&group);
                }
            }
            Entry::Group {
                group,
                snapshot: Some(snapshot),
            } => {
                let slot = self.get_or_create(&group, now_ms);
                slot.read = Some(snapshot);
                slot.recorded = true;
                slot.foreign = None;
            }
            Entry::Group {
                group,
                snapshot: None,
            } => self.forget_group(&group, now_ms),
            Entry::Foreign { kind, group, live } => {
                self.apply_foreign(kind, &group, key, live, now_ms);
            }
            Entry::Unknown => {}
        }
    }

    fn forget_group(&mut self, group: &str, now_ms: i64) {
        let rules = self.rules;
        if let Some(slot) = self.groups.get_mut(group) {
            slot.recorded = false;
            slot.read = None;
            slot.state = GroupState::new(rules, now_ms);
            self.drop_if_void(group);
        }
    }

    fn apply_foreign(
        &mut self,
        kind: ForeignKind,
        group: &Arc<str>,
        key: &[u8],
        live: bool,
        now_ms: i64,
    ) {
        if live {
            let slot = self.get_or_create(group, now_ms);
            slot.foreign_keys.insert(key.to_vec());
            slot.foreign = Some(kind);
        } else if let Some(slot) = self.groups.get_mut(group) {
            slot.foreign_keys.remove(key);
            if slot.foreign_keys.is_empty() {
                slot.foreign = None;
            }
            self.drop_if_void(group);
        }
    }

    /// The log is read: its groups come to life, their members' sessions beginning now.
    pub(crate) fn finish(&mut self, now_ms: i64) {
        for slot in self.groups.values_mut() {
            if let Some(snapshot) = slot.read.take() {
                slot.state = GroupState::restore(self.rules, snapshot, now_ms);
            }
        }
    }

    /// A transaction ended: its offsets count, unless a newer commit came in between, or they do not.
    pub(crate) fn end_transaction(&mut self, producer_id: i64, commits: bool, now_ms: i64) {
        let Some(waiting) = self.undecided.remove(&producer_id) else {
            return;
        };
        for waits in waiting.into_iter().filter(|_| commits) {
            let slot = self.get_or_create(&waits.group, now_ms);
            let present = slot.offsets.get(&waits.topic, waits.partition);
            if present.is_none_or(|held| held.end < waits.held.end) {
                slot.offsets.put(&waits.topic, waits.partition, waits.held);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::records::{self, Committed};
    use crate::log::TopicId;

    fn offset(group: &str, offset: Option<i64>) -> Entry {
        let committed = offset.map(|offset| Committed {
            offset,
            leader_epoch: -1,
            metadata: Arc::from(""),
            committed_ms: 0,
            expires_ms: None,
            topic_id: TopicId::ZERO,
        });
        Entry::Offset {
            group: group.into(),
            topic: "t".into(),
            partition: 0,
            committed,
        }
    }

    fn read(ledger: &Ledger, group: &str) -> Option<i64> {
        Some(ledger.get(group)?.offsets.get("t", 0)?.committed.offset)
    }

    #[test]
    fn offsets_come_and_go_with_their_records() {
        let mut ledger = Ledger::new(GroupRules::default());
        ledger.apply(offset("g", Some(1)), &[], KafkaOffset(1), None, 0);
        ledger.apply(offset("g", Some(2)), &[], KafkaOffset(2), None, 0);
        assert_eq!(read(&ledger, "g"), Some(2));
        ledger.apply(offset("g", None), &[], KafkaOffset(3), None, 0);
        assert_eq!(ledger.len(), 0);
    }

    #[test]
    fn transactional_offsets_count_from_their_commit_on() {
        for (commits, newer, expected) in [
            (true, false, Some(5)),
            (false, false, Some(1)),
            (true, true, Some(9)),
        ] {
            let mut ledger = Ledger::new(GroupRules::default());
            ledger.apply(offset("g", Some(1)), &[], KafkaOffset(1), None, 0);
            ledger.apply(offset("g", Some(5)), &[], KafkaOffset(2), Some(7), 0);
            assert_eq!(read(&ledger, "g"), Some(1));
            if newer {
                ledger.apply(offset("g", Some(9)), &[], KafkaOffset(3), None, 0);
            }
            ledger.end_transaction(8, true, 0);
            ledger.end_transaction(7, commits, 0);
            assert_eq!(read(&ledger, "g"), expected, "{commits} {newer}");
        }
        let mut ledger = Ledger::new(GroupRules::default());
        ledger.apply(offset("g", Some(5)), &[], KafkaOffset(2), Some(7), 0);
        ledger.apply(offset("g", None), &[], KafkaOffset(3), None, 0);
        ledger.end_transaction(7, true, 0);
        assert_eq!(read(&ledger, "g"), None, "deleted meanwhile");
    }

    #[test]
    fn groups_of_newer_protocols_keep_their_offsets_and_records() {
        let mut ledger = Ledger::new(GroupRules::default());
        let foreign = |key_type: u8, value: Option<&[u8]>| {
            let key = vec![0, key_type, 0, 1, b'g', 0, 1, b'm'];
            (records::decode(&key, value).expect("decodes"), key)
        };
        ledger.apply(offset("g", Some(4)), &[], KafkaOffset(1), None, 0);
        for key_type in [3, 5, 8] {
            let (entry, key) = foreign(key_type, Some(b"x"));
            ledger.apply(entry, &key, KafkaOffset(2), None, 0);
        }
        let slot = ledger.get("g").expect("there");
        assert_eq!(
            (slot.foreign, slot.foreign_keys.len()),
            (Some(ForeignKind::Consumer), 3)
        );
        assert_eq!(read(&ledger, "g"), Some(4));
        let (entry, key) = foreign(5, None);
        ledger.apply(entry, &key, KafkaOffset(3), None, 0);
        assert_eq!(ledger.get("g").map(|slot| slot.foreign_keys.len()), Some(2));
        // The group went back to the classic protocol.
        let snapshot = Snapshot {
            protocol_type: Some("consumer".into()),
            generation: 1,
            protocol: None,
            leader: None,
            since_ms: 0,
            members: Vec::new(),
        };
        let entry = Entry::Group {
            group: "g".into(),
            snapshot: Some(snapshot),
        };
        ledger.apply(entry, &[], KafkaOffset(4), None, 0);
        ledger.finish(0);
        assert_eq!(
            ledger.get("g").map(|slot| (slot.foreign, slot.recorded)),
            Some((None, true))
        );
        assert_eq!(read(&ledger, "g"), Some(4));
    }
}
