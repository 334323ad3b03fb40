//! The state machine by tables, and against its invariants under random interleavings.

mod model;
mod scenarios;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::*;

/// A group with a clock, a log that stores when told to, and the answers it gave.
struct Rig {
    group: GroupState,
    now_ms: i64,
    next_ticket: u64,
    next_id: u64,
    joins: BTreeMap<Ticket, JoinAnswer>,
    syncs: BTreeMap<Ticket, SyncAnswer>,
    unstored: Vec<(StoreId, Snapshot)>,
    /// Store at once.
    stores: bool,
    log: Vec<Snapshot>,
}

const SESSION_MS: i32 = 10_000;
const REBALANCE_MS: i32 = 60_000;

impl Rig {
    fn new(rules: GroupRules) -> Self {
        Self::of(GroupState::new(rules, 0))
    }

    fn of(group: GroupState) -> Self {
        Self {
            group,
            now_ms: 0,
            next_ticket: 0,
            next_id: 0,
            joins: BTreeMap::new(),
            syncs: BTreeMap::new(),
            unstored: Vec::new(),
            stores: true,
            log: Vec::new(),
        }
    }

    fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    fn take(&mut self, actions: Vec<Action>) {
        let mut actions = std::collections::VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            match action {
                Action::Join(ticket, answer) => {
                    assert!(
                        self.joins.insert(ticket, answer).is_none(),
                        "{ticket:?} twice"
                    );
                }
                Action::Sync(ticket, answer) => {
                    assert!(
                        self.syncs.insert(ticket, answer).is_none(),
                        "{ticket:?} twice"
                    );
                }
                Action::Store(id, snapshot) if self.stores => {
                    self.log.push(snapshot);
                    let mut more = Vec::new();
                    self.group.stored(id, Ok(()), self.now_ms, &mut more);
                    actions.extend(more);
                }
                Action::Store(id, snapshot) => self.unstored.push((id, snapshot)),
            }
        }
        self.group.check();
    }

    /// Completes the oldest pending store.
    fn finish_store(&mut self, outcome: Result<(), GroupError>) -> bool {
        if self.unstored.is_empty() {
            return false;
        }
        let (id, snapshot) = self.unstored.remove(0);
        if outcome.is_ok() {
            self.log.push(snapshot);
        }
        let mut out = Vec::new();
        self.group.stored(id, outcome, self.now_ms, &mut out);
        self.take(out);
        true
    }

    fn request(&mut self, id: &str, protocols: &[&str]) -> JoinRequest {
        self.next_id += 1;
        JoinRequest {
            member_id: Arc::from(id),
            fresh_member_id: Arc::from(format!("m{}", self.next_id)),
            instance_id: None,
            client_id: Arc::from("client"),
            client_host: Arc::from("/127.0.0.1"),
            session_timeout_ms: SESSION_MS,
            rebalance_timeout_ms: REBALANCE_MS,
            protocol_type: Arc::from("consumer"),
            protocols: protocols
                .iter()
                .map(|name| Protocol {
                    name: Arc::from(*name),
                    metadata: Bytes::from_static(&[0, 0, 0, 0, 0, 1, 0, 1, b't']),
                })
                .collect(),
            id_required: false,
            may_skip_assignment: true,
        }
    }

    fn send(&mut self, request: JoinRequest) -> Ticket {
        let ticket = self.ticket();
        let mut out = Vec::new();
        self.group.join(request, ticket, self.now_ms, &mut out);
        self.take(out);
        ticket
    }

    /// A join of a member that offers "range".
    fn join(&mut self, id: &str) -> Ticket {
        let request = self.request(id, &["range"]);
        self.send(request)
    }

    fn join_static(&mut self, id: &str, name: &str) -> Ticket {
        let mut request = self.request(id, &["range"]);
        request.instance_id = Some(Arc::from(name));
        self.send(request)
    }

    fn joined(&self, ticket: Ticket) -> Joined {
        self.joins
            .get(&ticket)
            .expect("join not answered")
            .clone()
            .expect("join refused")
    }

    fn refusal(&self, ticket: Ticket) -> GroupError {
        self.joins
            .get(&ticket)
            .expect("join not answered")
            .clone()
            .expect_err("joined")
            .error
    }

    fn sync(&mut self, id: &str, generation: i32, parts: &[(&str, &str)]) -> Ticket {
        let request = SyncRequest {
            member_id: Arc::from(id),
            instance_id: None,
            generation,
            protocol_type: None,
            protocol: None,
            assignments: parts
                .iter()
                .map(|(id, part)| (Arc::from(*id), Bytes::copy_from_slice(part.as_bytes())))
                .collect(),
        };
        self.send_sync(request)
    }

    fn send_sync(&mut self, request: SyncRequest) -> Ticket {
        let ticket = self.ticket();
        let mut out = Vec::new();
        self.group.sync(request, ticket, self.now_ms, &mut out);
        self.take(out);
        ticket
    }

    fn part(&self, ticket: Ticket) -> Result<String, GroupError> {
        let answer = self.syncs.get(&ticket).expect("sync not answered").clone();
        answer.map(|synced| String::from_utf8(synced.assignment.to_vec()).expect("text"))
    }

    fn beat(&mut self, id: &str, generation: i32) -> Result<(), GroupError> {
        let outcome = self.group.heartbeat(id, None, generation, self.now_ms);
        self.group.check();
        outcome
    }

    fn leave(&mut self, id: &str) -> Result<(), GroupError> {
        let leaver = Leaver {
            member_id: Arc::from(id),
            instance_id: None,
        };
        let mut out = Vec::new();
        let outcomes = self.group.leave(&[leaver], self.now_ms, &mut out);
        self.take(out);
        outcomes[0]
    }

    /// Lets time pass, waking the group whenever it wants to be woken.
    fn pass(&mut self, ms: i64) {
        let end_ms = self.now_ms + ms;
        while let Some(at_ms) = self.group.wake_at_ms().filter(|at_ms| *at_ms <= end_ms) {
            self.now_ms = self.now_ms.max(at_ms);
            let mut out = Vec::new();
            self.group.tick(self.now_ms, &mut out);
            self.take(out);
            assert!(
                self.group
                    .wake_at_ms()
                    .is_none_or(|next_ms| next_ms > self.now_ms),
                "would wake for ever at {}",
                self.now_ms
            );
        }
        self.now_ms = end_ms;
    }

    /// A stable group of `n` dynamic members; returns their ids, the leader first, and the generation.
    fn stable(n: usize) -> (Self, Vec<String>, i32) {
        let mut rig = Self::new(GroupRules::default());
        let mut ids: Vec<String> = Vec::new();
        let mut answers = vec![];
        for _ in 0..n {
            let mut tickets = vec![rig.join("")];
            tickets.extend(ids.clone().iter().map(|id| rig.join(id)));
            answers = tickets
                .into_iter()
                .map(|ticket| rig.joined(ticket))
                .collect();
            ids = answers
                .iter()
                .map(|joined| joined.member_id.to_string())
                .collect();
        }
        let leader = answers[0].leader.to_string();
        let generation = answers[0].generation;
        ids.sort_by_key(|id| *id != leader);
        let parts: Vec<_> = ids.iter().map(|id| (id.as_str(), id.as_str())).collect();
        for id in &ids {
            let ticket = rig.sync(id, generation, &parts);
            assert_eq!(rig.part(ticket), Ok(id.clone()));
        }
        assert_eq!(rig.group.phase(), Phase::Stable);
        (rig, ids, generation)
    }
}

impl GroupState {
    /// The invariants of the module's header.
    fn check(&self) {
        let parked = self.members.values().filter(|m| m.join.is_some()).count();
        assert_eq!(parked, self.awaiting_join);
        let mut offers: HashMap<Arc<str>, usize> = HashMap::new();
        let mut statics = BTreeMap::new();
        for (id, member) in &self.members {
            assert_eq!(*id, member.id);
            assert!(!self.promised.contains_key(id));
            for protocol in &member.protocols {
                *offers.entry(protocol.name.clone()).or_insert(0) += 1;
            }
            if let Some(name) = &member.instance_id {
                assert!(
                    statics.insert(name.clone(), id.clone()).is_none(),
                    "{name} twice"
                );
            }
            assert!(member.sync.is_none() || self.phase == Phase::CompletingRebalance);
            assert!(
                member.session_ends_ms.is_some() || member.join.is_some() || member.sync.is_some(),
                "{id} would stay for ever"
            );
        }
        assert_eq!(offers, self.offers);
        assert_eq!(statics, self.statics);
        match &self.leader {
            Some(leader) => assert!(self.members.contains_key(leader)),
            None => assert!(self.members.is_empty()),
        }
        match self.phase {
            Phase::Empty => assert!(self.members.is_empty() && self.protocol.is_none()),
            Phase::PreparingRebalance => {
                assert!(self.join_timer.is_some(), "would never end");
            }
            Phase::CompletingRebalance | Phase::Stable => {
                assert!(!self.members.is_empty());
                let protocol = self.protocol.as_deref().expect("a protocol");
                for member in self.members.values() {
                    assert!(
                        member.metadata(protocol).is_some(),
                        "{} lacks {protocol}",
                        member.id
                    );
                }
            }
        }
        assert!(self.unsynced.iter().all(|id| self.members.contains_key(id)));
        if self.phase == Phase::CompletingRebalance {
            assert!(self.unsynced.is_empty() == self.sync_deadline_ms.is_none());
        }
        let waits_for_log = !self.storing.is_empty();
        assert!(self.wake_at_ms.is_some() || self.members.is_empty() || waits_for_log);
    }
}
