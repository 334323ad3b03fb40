//! One classic consumer group: members, generations, protocol choice, timers.
//!
//! Pure: requests, the outcome of storing, and the time come in; answers and things to store go out as
//! [`Action`]s. A request that has to wait is known by its [`Ticket`]; every ticket is answered exactly once,
//! here or when the group goes away ([`GroupState::close`]).
//!
//! Invariants (`check` in the tests states them as code):
//! - a member awaits at most one join and one sync;
//! - a generation has one leader, a member, and only its answer lists the members;
//! - in `CompletingRebalance` and `Stable` the protocol is one that every member offers;
//! - every static name belongs to exactly one member;
//! - an assignment is handed out only after it was stored.
//!
//! Absent on purpose: sockets, the log, offsets, clocks, randomness (ids of new members come with the request).
//! Behaviour follows Kafka 4.3's classic groups; where this differs it says so.

mod join;
mod sync;
#[cfg(test)]
mod tests;
mod timers;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bytes::Bytes;

use super::error::GroupError;
use super::member::Member;
pub(crate) use super::member::Protocol;
use super::subscription;

/// A request whose answer may come later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Ticket(pub(crate) u64);

/// A snapshot of the group that is being stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StoreId(pub(crate) u64);

/// What the group wants done.
#[derive(Debug)]
pub(crate) enum Action {
    /// Answer a JoinGroup.
    Join(Ticket, JoinAnswer),
    /// Answer a SyncGroup.
    Sync(Ticket, SyncAnswer),
    /// Write this to the log; once it is safe (or has failed) call [`GroupState::stored`].
    Store(StoreId, Snapshot),
}

/// The rules one server sets for all its groups.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupRules {
    /// How long the first rebalance of an empty group waits for more members. 0 does not wait.
    pub(crate) initial_rebalance_delay_ms: i32,
    /// Members a group takes at most.
    pub(crate) max_members: usize,
    /// How long a member that never got an answer to its first join is kept.
    pub(crate) new_member_join_timeout_ms: i32,
}

impl Default for GroupRules {
    fn default() -> Self {
        Self {
            initial_rebalance_delay_ms: 0,
            max_members: usize::MAX,
            new_member_join_timeout_ms: 5 * 60 * 1000,
        }
    }
}

/// Where a group is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No members; perhaps offsets.
    Empty,
    /// Waiting for the members to join.
    PreparingRebalance,
    /// All joined; waiting for the leader's assignment.
    CompletingRebalance,
    /// Everybody has, or may fetch, an assignment.
    Stable,
}

impl Phase {
    /// The name clients know.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Stable => "Stable",
        }
    }
}

/// A JoinGroup request, and what the connection tells about its sender.
#[derive(Clone, Debug)]
pub(crate) struct JoinRequest {
    /// Empty for "no id yet".
    pub(crate) member_id: Arc<str>,
    /// The id the member gets if it has none.
    pub(crate) fresh_member_id: Arc<str>,
    pub(crate) instance_id: Option<Arc<str>>,
    pub(crate) client_id: Arc<str>,
    pub(crate) client_host: Arc<str>,
    pub(crate) session_timeout_ms: i32,
    pub(crate) rebalance_timeout_ms: i32,
    pub(crate) protocol_type: Arc<str>,
    pub(crate) protocols: Vec<Protocol>,
    /// A dynamic member must first fetch its id and then join with it (JoinGroup 4 and above).
    pub(crate) id_required: bool,
    /// The client understands "you lead, but do not assign" (JoinGroup 9 and above).
    pub(crate) may_skip_assignment: bool,
}

/// What a member learns at the end of a join.
pub(crate) type JoinAnswer = Result<Joined, JoinRefusal>;

/// A successful join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Joined {
    pub(crate) generation: i32,
    pub(crate) protocol_type: Option<Arc<str>>,
    pub(crate) protocol: Option<Arc<str>>,
    pub(crate) leader: Arc<str>,
    pub(crate) member_id: Arc<str>,
    pub(crate) skip_assignment: bool,
    /// Only the leader gets them.
    pub(crate) members: Vec<JoinedMember>,
}

/// A member as its leader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JoinedMember {
    pub(crate) member_id: Arc<str>,
    pub(crate) instance_id: Option<Arc<str>>,
    pub(crate) metadata: Bytes,
}

/// A refused join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JoinRefusal {
    pub(crate) error: GroupError,
    /// The id the answer carries: the sender's, a new one (with `MemberIdRequired`), or none.
    pub(crate) member_id: Arc<str>,
}

/// A SyncGroup request.
#[derive(Clone, Debug)]
pub(crate) struct SyncRequest {
    pub(crate) member_id: Arc<str>,
    pub(crate) instance_id: Option<Arc<str>>,
    pub(crate) generation: i32,
    pub(crate) protocol_type: Option<Arc<str>>,
    pub(crate) protocol: Option<Arc<str>>,
    pub(crate) assignments: Vec<(Arc<str>, Bytes)>,
}

/// What a member learns at the end of a sync.
pub(crate) type SyncAnswer = Result<Synced, GroupError>;

/// A member's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Synced {
    pub(crate) protocol_type: Option<Arc<str>>,
    pub(crate) protocol: Option<Arc<str>>,
    pub(crate) assignment: Bytes,
}

/// Who leaves.
#[derive(Clone, Debug)]
pub(crate) struct Leaver {
    /// Empty: whoever has the static name.
    pub(crate) member_id: Arc<str>,
    pub(crate) instance_id: Option<Arc<str>>,
}

/// The group as its record in the log holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) protocol_type: Option<Arc<str>>,
    pub(crate) generation: i32,
    pub(crate) protocol: Option<Arc<str>>,
    pub(crate) leader: Option<Arc<str>>,
    /// When the group came into its phase; -1 where the record's version has no such field.
    pub(crate) since_ms: i64,
    pub(crate) members: Vec<SnapshotMember>,
}

/// A member as its group's record holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SnapshotMember {
    pub(crate) member_id: Arc<str>,
    pub(crate) instance_id: Option<Arc<str>>,
    pub(crate) client_id: Arc<str>,
    pub(crate) client_host: Arc<str>,
    pub(crate) rebalance_timeout_ms: i32,
    pub(crate) session_timeout_ms: i32,
    pub(crate) subscription: Bytes,
    pub(crate) assignment: Bytes,
}

/// From which moment a group's offsets grow old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExpiryBase {
    /// They do not.
    Never,
    /// All from this moment (milliseconds since the epoch).
    Since(i64),
    /// Each from its own commit.
    Commit,
}

/// What is being stored, and what follows.
#[derive(Debug)]
enum Pending {
    /// The leader's assignment of a generation.
    Assignment {
        generation: i32,
        parts: HashMap<Arc<str>, Bytes>,
    },
    /// A static member came back under a new id.
    Replacement(Box<join::Replacement>),
    /// Nothing follows.
    Note,
}

/// The group.
#[derive(Debug)]
pub(crate) struct GroupState {
    rules: GroupRules,
    phase: Phase,
    previous: Option<Phase>,
    since_ms: i64,
    protocol_type: Option<Arc<str>>,
    protocol: Option<Arc<str>>,
    generation: i32,
    leader: Option<Arc<str>>,
    members: BTreeMap<Arc<str>, Member>,
    /// Static name to member id.
    statics: BTreeMap<Arc<str>, Arc<str>>,
    /// Ids given out but not used yet, with the moment they lapse.
    promised: BTreeMap<Arc<str>, i64>,
    awaiting_join: usize,
    /// Members of this generation that have not asked for their assignment.
    unsynced: BTreeSet<Arc<str>>,
    /// How many members offer each protocol.
    offers: HashMap<Arc<str>, usize>,
    /// Topics the members want; `None` when that cannot be told.
    topics: Option<BTreeSet<Arc<str>>>,
    join_timer: Option<timers::JoinTimer>,
    sync_deadline_ms: Option<i64>,
    joined_during_delay: bool,
    storing: BTreeMap<StoreId, Pending>,
    next_store: u64,
    wake_at_ms: Option<i64>,
}

impl GroupState {
    /// A group that nobody has joined.
    pub(crate) fn new(rules: GroupRules, now_ms: i64) -> Self {
        Self {
            rules,
            phase: Phase::Empty,
            previous: None,
            since_ms: now_ms,
            protocol_type: None,
            protocol: None,
            generation: 0,
            leader: None,
            members: BTreeMap::new(),
            statics: BTreeMap::new(),
            promised: BTreeMap::new(),
            awaiting_join: 0,
            unsynced: BTreeSet::new(),
            offers: HashMap::new(),
            topics: None,
            join_timer: None,
            sync_deadline_ms: None,
            joined_during_delay: false,
            storing: BTreeMap::new(),
            next_store: 0,
            wake_at_ms: None,
        }
    }

    /// The group a record of the log describes. Its members have one session timeout from now to be heard of.
    pub(crate) fn restore(rules: GroupRules, snapshot: Snapshot, now_ms: i64) -> Self {
        let mut group = Self::new(rules, now_ms);
        group.generation = snapshot.generation;
        group.protocol_type = snapshot.protocol_type.filter(|name| !name.is_empty());
        group.protocol = snapshot.protocol;
        group.since_ms = snapshot.since_ms;
        for stored in snapshot.members {
            let member = Member::restored(stored, group.protocol.clone());
            group.insert(member);
        }
        if !group.members.is_empty() {
            group.phase = Phase::Stable;
            let ids: Vec<_> = group.members.keys().cloned().collect();
            for id in ids {
                group.renew_session(&id, now_ms);
            }
        }
        group.leader = snapshot
            .leader
            .filter(|id| group.members.contains_key(id))
            .or(group.leader);
        group.topics = group.parse_topics();
        if group.members.len() > rules.max_members {
            group.phase = Phase::PreparingRebalance;
            group.previous = Some(Phase::Stable);
            group.start_join_timer(now_ms);
        }
        group
    }

    /// Where the group is in its life.
    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// Type of the members' protocols ("consumer", "connect"); `None` before the first join.
    pub(crate) fn protocol_type(&self) -> Option<&Arc<str>> {
        self.protocol_type.as_ref()
    }

    /// The protocol of this generation.
    pub(crate) fn protocol(&self) -> Option<&Arc<str>> {
        self.protocol.as_ref()
    }

    /// The generation; it only grows.
    #[cfg(test)]
    pub(crate) fn generation(&self) -> i32 {
        self.generation
    }

    /// The members, in the order of their ids.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    /// True if nobody is a member, waits for an answer, or was promised an id.
    pub(crate) fn is_deserted(&self) -> bool {
        self.phase == Phase::Empty && self.promised.is_empty() && self.members.is_empty()
    }

    /// True if a member wants `topic`, or might.
    pub(crate) fn is_subscribed(&self, topic: &str) -> bool {
        match &self.topics {
            Some(topics) => topics.contains(topic),
            None => self.uses_consumer_protocol(),
        }
    }

    /// From which moment the group's offsets grow old.
    pub(crate) fn expiry_base(&self) -> ExpiryBase {
        if self.protocol_type.is_none() {
            return ExpiryBase::Commit;
        }
        match self.phase {
            Phase::Empty if self.since_ms < 0 => ExpiryBase::Commit,
            Phase::Empty => ExpiryBase::Since(self.since_ms),
            Phase::Stable if self.uses_consumer_protocol() && self.topics.is_some() => {
                ExpiryBase::Commit
            }
            _ => ExpiryBase::Never,
        }
    }

    /// Whether the group, as it is, may be deleted.
    pub(crate) fn may_be_deleted(&self) -> Result<(), GroupError> {
        if self.phase == Phase::Empty {
            Ok(())
        } else {
            Err(GroupError::NotEmpty)
        }
    }

    /// Whether single offsets may be deleted; topics are checked one by one with [`Self::is_subscribed`].
    pub(crate) fn may_delete_offsets(&self) -> Result<(), GroupError> {
        if self.phase == Phase::Empty || self.uses_consumer_protocol() {
            Ok(())
        } else {
            Err(GroupError::NotEmpty)
        }
    }

    /// Answers whoever still waits, with `error`. The group is unusable afterwards.
    pub(crate) fn close(&mut self, error: GroupError, out: &mut Vec<Action>) {
        let ids: Vec<_> = self.members.keys().cloned().collect();
        for id in ids {
            self.refuse_join(&id, error, id.clone(), out);
            self.refuse_sync(&id, error, out);
        }
        self.storing.clear();
        self.wake_at_ms = None;
    }

    fn uses_consumer_protocol(&self) -> bool {
        self.protocol_type.as_deref() == Some(subscription::CONSUMER)
    }

    fn transition(&mut self, phase: Phase, now_ms: i64) {
        self.previous = Some(self.phase);
        self.phase = phase;
        self.since_ms = now_ms;
    }

    fn is_leader(&self, member_id: &str) -> bool {
        self.leader.as_deref() == Some(member_id)
    }

    /// Known by id and, if it names one, by static name.
    fn validate_member(
        &self,
        member_id: &str,
        instance_id: Option<&Arc<str>>,
    ) -> Result<(), GroupError> {
        if let Some(instance) = instance_id {
            match self.statics.get(instance) {
                None => return Err(GroupError::UnknownMember),
                Some(owner) if **owner != *member_id => return Err(GroupError::FencedInstance),
                Some(_) => {}
            }
        }
        if self.members.contains_key(member_id) {
            Ok(())
        } else {
            Err(GroupError::UnknownMember)
        }
    }

    fn insert(&mut self, member: Member) {
        if let Some(instance) = &member.instance_id {
            self.statics.insert(instance.clone(), member.id.clone());
        }
        if self.leader.is_none() {
            self.leader = Some(member.id.clone());
        }
        self.promised.remove(&member.id);
        self.count_offers(&member.protocols, true);
        self.members.insert(member.id.clone(), member);
    }

    /// Takes a member out, answering what it waits for with `UnknownMember`.
    fn remove(&mut self, member_id: &str, out: &mut Vec<Action>) {
        self.refuse_join(member_id, GroupError::UnknownMember, Arc::from(""), out);
        self.refuse_sync(member_id, GroupError::UnknownMember, out);
        if let Some(member) = self.members.remove(member_id) {
            self.count_offers(&member.protocols, false);
            if let Some(instance) = &member.instance_id {
                self.statics.remove(instance);
            }
        }
        if self.is_leader(member_id) {
            self.leader = self.members.keys().next().cloned();
        }
        self.promised.remove(member_id);
        self.unsynced.remove(member_id);
    }

    fn refuse_join(
        &mut self,
        member_id: &str,
        error: GroupError,
        answered_id: Arc<str>,
        out: &mut Vec<Action>,
    ) {
        if let Some(ticket) = self.members.get_mut(member_id).and_then(|m| m.join.take()) {
            self.awaiting_join -= 1;
            out.push(Action::Join(
                ticket,
                Err(JoinRefusal {
                    error,
                    member_id: answered_id,
                }),
            ));
        }
    }

    fn refuse_sync(&mut self, member_id: &str, error: GroupError, out: &mut Vec<Action>) {
        if let Some(ticket) = self.members.get_mut(member_id).and_then(|m| m.sync.take()) {
            out.push(Action::Sync(ticket, Err(error)));
        }
    }

    fn count_offers(&mut self, protocols: &[Protocol], add: bool) {
        for protocol in protocols {
            let count = self.offers.entry(protocol.name.clone()).or_insert(0);
            *count = if add {
                *count + 1
            } else {
                count.saturating_sub(1)
            };
            if *count == 0 {
                self.offers.remove(&protocol.name);
            }
        }
    }

    /// Whether a member with these protocols could be in the group.
    fn fits(&self, protocol_type: &str, protocols: &[Protocol]) -> bool {
        if self.phase == Phase::Empty {
            return !protocol_type.is_empty() && !protocols.is_empty();
        }
        let everybody = self.members.len();
        self.protocol_type.as_deref() == Some(protocol_type)
            && protocols
                .iter()
                .any(|p| self.offers.get(&p.name).copied().unwrap_or(0) == everybody)
    }

    /// The protocol with most votes among those that all members offer; the leader's order breaks ties.
    fn select_protocol(&self) -> Option<Arc<str>> {
        let everybody = self.members.len();
        let common = |p: &&Protocol| self.offers.get(&p.name) == Some(&everybody);
        let mut votes: HashMap<&Arc<str>, usize> = HashMap::new();
        for member in self.members.values() {
            if let Some(choice) = member.protocols.iter().find(common) {
                *votes.entry(&choice.name).or_insert(0) += 1;
            }
        }
        let leader = self.leader.as_ref().and_then(|id| self.members.get(id));
        let order = &leader.or_else(|| self.members.values().next())?.protocols;
        let mut best: Option<(&Arc<str>, usize)> = None;
        for protocol in order {
            let count = votes.get(&protocol.name).copied().unwrap_or(0);
            if count > best.map_or(0, |(_, most)| most) {
                best = Some((&protocol.name, count));
            }
        }
        best.map(|(name, _)| name.clone())
    }

    fn parse_topics(&self) -> Option<BTreeSet<Arc<str>>> {
        if !self.uses_consumer_protocol() {
            return None;
        }
        let mut topics = BTreeSet::new();
        for member in self.members.values() {
            subscription::topics(&member.metadata(self.protocol.as_deref()?)?, &mut topics)?;
        }
        Some(topics)
    }

    fn store(&mut self, pending: Pending, snapshot: Snapshot, out: &mut Vec<Action>) {
        let id = StoreId(self.next_store);
        self.next_store += 1;
        self.storing.insert(id, pending);
        out.push(Action::Store(id, snapshot));
    }

    /// The group as its record would hold it now, with `part` choosing each member's assignment.
    fn snapshot(&self, part: impl Fn(&Member) -> Bytes) -> Snapshot {
        let protocol = self.protocol.as_deref().unwrap_or("");
        let stored = |member: &Member| SnapshotMember {
            member_id: member.id.clone(),
            instance_id: member.instance_id.clone(),
            client_id: member.client_id.clone(),
            client_host: member.client_host.clone(),
            rebalance_timeout_ms: member.rebalance_timeout_ms,
            session_timeout_ms: member.session_timeout_ms,
            subscription: member.metadata(protocol).unwrap_or_default(),
            assignment: part(member),
        };
        Snapshot {
            protocol_type: self.protocol_type.clone(),
            generation: self.generation,
            protocol: self.protocol.clone(),
            leader: self.leader.clone(),
            since_ms: self.since_ms,
            members: self.members.values().map(stored).collect(),
        }
    }
}
