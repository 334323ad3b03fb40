//! Joining: who gets in, when the group rebalances, when a generation is complete.

use std::collections::HashSet;
use std::sync::Arc;

use super::timers::JoinTimer;
use super::{
    Action, GroupState, JoinRefusal, JoinRequest, Joined, JoinedMember, Pending, Phase, Ticket,
};
use crate::group::error::GroupError;
use crate::group::member::{Member, Protocol};

/// What is needed to finish, or to take back, a static member's return under a new id.
#[derive(Debug)]
pub(super) struct Replacement {
    old_id: Arc<str>,
    new_id: Arc<str>,
    old_leader: Option<Arc<str>>,
    old_protocols: Vec<Protocol>,
    old_rebalance_timeout_ms: i32,
    old_session_timeout_ms: i32,
    ticket: Ticket,
    generation: i32,
    may_skip_assignment: bool,
}

impl GroupState {
    /// A JoinGroup. The answer comes through `out`, now or later.
    pub(crate) fn join(
        &mut self,
        mut request: JoinRequest,
        ticket: Ticket,
        now_ms: i64,
        out: &mut Vec<Action>,
    ) {
        let mut seen = HashSet::new();
        request
            .protocols
            .retain(|protocol| seen.insert(protocol.name.clone()));
        let refuse = |error, member_id: &Arc<str>| {
            Action::Join(
                ticket,
                Err(JoinRefusal {
                    error,
                    member_id: member_id.clone(),
                }),
            )
        };
        let nobody: Arc<str> = Arc::from("");
        if !self.has_room_for(&request.member_id) {
            self.remove(&request.member_id, out);
            out.push(refuse(GroupError::GroupFull, &nobody));
            return self.complete_join_if_all_are_here(now_ms, out);
        }
        if !self.fits(&request.protocol_type, &request.protocols) {
            out.push(refuse(GroupError::InconsistentProtocol, &request.member_id));
        } else if !request.member_id.is_empty() {
            self.join_with_id(request, ticket, now_ms, out);
        } else if let Some(instance) = &request.instance_id {
            match self.statics.get(instance).cloned() {
                Some(old_id) => self.replace_static(old_id, request, ticket, now_ms, out),
                None => {
                    let id = request.fresh_member_id.clone();
                    self.admit(id, request, ticket, now_ms, out);
                }
            }
        } else if request.id_required {
            let id = request.fresh_member_id;
            let lapses_ms = now_ms.saturating_add(i64::from(request.session_timeout_ms.max(0)));
            self.promised.insert(id.clone(), lapses_ms);
            self.wake_by(lapses_ms);
            out.push(refuse(GroupError::MemberIdRequired, &id));
        } else {
            let id = request.fresh_member_id.clone();
            self.admit(id, request, ticket, now_ms, out);
        }
    }

    fn join_with_id(
        &mut self,
        request: JoinRequest,
        ticket: Ticket,
        now_ms: i64,
        out: &mut Vec<Action>,
    ) {
        let id = request.member_id.clone();
        if self.promised.contains_key(&id) && request.instance_id.is_none() {
            return self.admit(id, request, ticket, now_ms, out);
        }
        let refused = self
            .validate_member(&id, request.instance_id.as_ref())
            .err();
        let refused = refused.or((self.phase == Phase::Empty).then_some(GroupError::UnknownMember));
        if let Some(error) = refused {
            out.push(Action::Join(
                ticket,
                Err(JoinRefusal {
                    error,
                    member_id: id,
                }),
            ));
            return;
        }
        let unchanged = self
            .members
            .get(&id)
            .is_some_and(|m| m.protocols == request.protocols);
        // In a running generation a member that brings nothing new is told about that generation: its
        // last answer got lost. Only the leader of a stable group may ask for a new one that way.
        let answer_now = match self.phase {
            Phase::CompletingRebalance => unchanged,
            Phase::Stable => unchanged && !self.is_leader(&id),
            Phase::Empty | Phase::PreparingRebalance => false,
        };
        if answer_now {
            out.push(Action::Join(ticket, Ok(self.joined(&id))));
            return;
        }
        self.update(&id, request, ticket, out);
        self.rebalance_or_complete(now_ms, out);
    }

    /// Room for one more, or already counted.
    fn has_room_for(&self, member_id: &str) -> bool {
        match self.phase {
            Phase::Empty => true,
            // Members still to rejoin may be more than fit, since the limit may have shrunk: those who
            // come last are sent away.
            Phase::PreparingRebalance => {
                self.members
                    .get(member_id)
                    .is_some_and(|m| m.join.is_some())
                    || self.awaiting_join < self.rules.max_members
            }
            Phase::CompletingRebalance | Phase::Stable => {
                self.members.contains_key(member_id) || self.members.len() < self.rules.max_members
            }
        }
    }

    fn admit(
        &mut self,
        id: Arc<str>,
        request: JoinRequest,
        ticket: Ticket,
        now_ms: i64,
        out: &mut Vec<Action>,
    ) {
        if self.phase == Phase::PreparingRebalance && self.previous == Some(Phase::Empty) {
            self.joined_during_delay = true;
        }
        if self.members.is_empty() {
            self.protocol_type = Some(request.protocol_type);
        }
        self.insert(Member {
            id: id.clone(),
            instance_id: request.instance_id,
            client_id: request.client_id,
            client_host: request.client_host,
            rebalance_timeout_ms: request.rebalance_timeout_ms,
            session_timeout_ms: request.session_timeout_ms,
            protocols: request.protocols,
            assignment: bytes::Bytes::new(),
            join: Some(ticket),
            sync: None,
            is_new: true,
            session_ends_ms: None,
        });
        self.awaiting_join += 1;
        // It does not know its id yet, so it cannot send heartbeats; a client that went away would stay
        // in the rebalance for ever without this.
        self.end_session_in(&id, self.rules.new_member_join_timeout_ms, now_ms);
        self.rebalance_or_complete(now_ms, out);
    }

    /// Takes over what a known member says now, and parks its join.
    fn update(&mut self, id: &str, request: JoinRequest, ticket: Ticket, out: &mut Vec<Action>) {
        // A join that still waits was given up by its sender.
        self.refuse_join(id, GroupError::RebalanceInProgress, Arc::from(id), out);
        let Some(member) = self.members.get_mut(id) else {
            return;
        };
        let old = std::mem::replace(&mut member.protocols, request.protocols);
        let new = member.protocols.clone();
        member.rebalance_timeout_ms = request.rebalance_timeout_ms;
        member.session_timeout_ms = request.session_timeout_ms;
        member.client_id = request.client_id;
        member.client_host = request.client_host;
        member.join = Some(ticket);
        self.awaiting_join += 1;
        self.count_offers(&old, false);
        self.count_offers(&new, true);
    }

    /// The owner of a static name came back without its id: it gets a new one and the old one's place.
    fn replace_static(
        &mut self,
        old_id: Arc<str>,
        request: JoinRequest,
        ticket: Ticket,
        now_ms: i64,
        out: &mut Vec<Action>,
    ) {
        let old_leader = self.leader.clone();
        let new_id = request.fresh_member_id.clone();
        let may_skip_assignment = request.may_skip_assignment;
        self.rename(&old_id, &new_id, out);
        let Some(member) = self.members.get(&new_id) else {
            return;
        };
        let replacement = Box::new(Replacement {
            old_id,
            new_id: new_id.clone(),
            old_leader,
            old_protocols: member.protocols.clone(),
            old_rebalance_timeout_ms: member.rebalance_timeout_ms,
            old_session_timeout_ms: member.session_timeout_ms,
            ticket,
            generation: self.generation,
            may_skip_assignment,
        });
        self.update(&new_id, request, ticket, out);
        self.renew_session(&new_id, now_ms);
        match self.phase {
            Phase::Stable if self.select_protocol() == self.protocol => {
                let snapshot = self.snapshot(|member| member.assignment.clone());
                self.store(Pending::Replacement(replacement), snapshot, out);
            }
            // The leader may be about to assign to the old id.
            Phase::Stable | Phase::CompletingRebalance => self.prepare_rebalance(now_ms, out),
            Phase::PreparingRebalance | Phase::Empty => self.rebalance_or_complete(now_ms, out),
        }
    }

    /// Gives a static member another id; whoever still uses the old one is told that it is fenced.
    fn rename(&mut self, old_id: &Arc<str>, new_id: &Arc<str>, out: &mut Vec<Action>) {
        self.refuse_join(old_id, GroupError::FencedInstance, old_id.clone(), out);
        self.refuse_sync(old_id, GroupError::FencedInstance, out);
        let Some(mut member) = self.members.remove(old_id) else {
            return;
        };
        member.id = new_id.clone();
        if let Some(instance) = &member.instance_id {
            self.statics.insert(instance.clone(), new_id.clone());
        }
        if self.is_leader(old_id) {
            self.leader = Some(new_id.clone());
        }
        if self.unsynced.remove(old_id) {
            self.unsynced.insert(new_id.clone());
        }
        self.members.insert(new_id.clone(), member);
    }

    /// The outcome of storing a static member's new id.
    pub(super) fn replaced(
        &mut self,
        replacement: Replacement,
        outcome: Result<(), GroupError>,
        now_ms: i64,
        out: &mut Vec<Action>,
    ) {
        let id = &replacement.new_id;
        let waits = self
            .members
            .get(id)
            .is_some_and(|m| m.join == Some(replacement.ticket));
        if !waits || self.phase != Phase::Stable || self.generation != replacement.generation {
            // A rebalance took the join over, or answered it.
            return;
        }
        if let Err(error) = outcome {
            self.refuse_join(id, error, Arc::from(""), out);
            return self.take_back(replacement, now_ms, out);
        }
        let mut answer = self.joined(id);
        if answer.members.is_empty() || replacement.may_skip_assignment {
            answer.skip_assignment = !answer.members.is_empty();
        } else {
            // An old client would assign anew without a rebalance; let it believe it follows.
            answer.members.clear();
            answer.leader = replacement.old_leader.unwrap_or_else(|| Arc::from(""));
        }
        self.answer_join(id, answer, out);
        self.renew_session(id, now_ms);
    }

    fn take_back(&mut self, replacement: Replacement, now_ms: i64, out: &mut Vec<Action>) {
        self.rename(&replacement.new_id, &replacement.old_id, out);
        let Some(member) = self.members.get_mut(&replacement.old_id) else {
            return;
        };
        let new = std::mem::replace(&mut member.protocols, replacement.old_protocols.clone());
        member.rebalance_timeout_ms = replacement.old_rebalance_timeout_ms;
        member.session_timeout_ms = replacement.old_session_timeout_ms;
        self.count_offers(&new, false);
        self.count_offers(&replacement.old_protocols, true);
        self.renew_session(&replacement.old_id, now_ms);
    }

    /// Starts a rebalance if none is under way, else looks whether that one is complete.
    pub(super) fn rebalance_or_complete(&mut self, now_ms: i64, out: &mut Vec<Action>) {
        if self.phase == Phase::PreparingRebalance {
            self.complete_join_if_all_are_here(now_ms, out);
        } else {
            self.prepare_rebalance(now_ms, out);
        }
    }

    pub(super) fn prepare_rebalance(&mut self, now_ms: i64, out: &mut Vec<Action>) {
        if self.phase == Phase::CompletingRebalance {
            self.drop_assignments(GroupError::RebalanceInProgress, now_ms, out);
        }
        self.unsynced.clear();
        self.sync_deadline_ms = None;
        let first = self.phase == Phase::Empty;
        self.transition(Phase::PreparingRebalance, now_ms);
        if first && self.rules.initial_rebalance_delay_ms > 0 {
            self.start_initial_delay(now_ms);
        } else if first || self.all_are_here() {
            self.complete_join(now_ms, out);
        } else {
            self.start_join_timer(now_ms);
        }
    }

    pub(super) fn all_are_here(&self) -> bool {
        self.members.len() == self.awaiting_join && self.promised.is_empty()
    }

    /// Ends the join phase early if nobody is missing. The first one of a group runs its full delay.
    pub(super) fn complete_join_if_all_are_here(&mut self, now_ms: i64, out: &mut Vec<Action>) {
        if self.phase == Phase::PreparingRebalance
            && self.previous != Some(Phase::Empty)
            && self.all_are_here()
        {
            self.complete_join(now_ms, out);
        }
    }

    /// Ends the join phase: those who did not come are out, except static members.
    pub(super) fn complete_join(&mut self, now_ms: i64, out: &mut Vec<Action>) {
        self.join_timer = None;
        self.joined_during_delay = false;
        let missing: Vec<_> = self
            .members
            .values()
            .filter(|m| m.join.is_none() && m.instance_id.is_none())
            .map(|m| m.id.clone())
            .collect();
        for id in missing {
            self.remove(&id, out);
        }
        if !self.elect_joined_leader() && !self.members.is_empty() {
            // Only silent static members: wait until they come or their sessions end.
            return self.start_join_timer(now_ms);
        }
        self.generation = self.generation.checked_add(1).unwrap_or(1);
        self.unsynced.clear();
        if self.members.is_empty() {
            self.protocol = None;
            self.transition(Phase::Empty, now_ms);
            self.topics = self.parse_topics();
            let snapshot = self.snapshot(|member| member.assignment.clone());
            return self.store(Pending::Note, snapshot, out);
        }
        self.protocol = self.select_protocol();
        self.topics = self.parse_topics();
        self.transition(Phase::CompletingRebalance, now_ms);
        let ids: Vec<_> = self.members.keys().cloned().collect();
        for id in ids {
            let answer = self.joined(&id);
            self.answer_join(&id, answer, out);
            self.renew_session(&id, now_ms);
            if let Some(member) = self.members.get_mut(&id) {
                member.is_new = false;
            }
            self.unsynced.insert(id);
        }
        self.start_sync_timer(now_ms);
    }

    /// The leader stays if it joined; else the first member that did.
    fn elect_joined_leader(&mut self) -> bool {
        let joined = |member: &Member| member.join.is_some();
        if self
            .leader
            .as_ref()
            .and_then(|id| self.members.get(id))
            .is_some_and(joined)
        {
            return true;
        }
        match self.members.values().find(|member| joined(member)) {
            Some(member) => {
                self.leader = Some(member.id.clone());
                true
            }
            None => false,
        }
    }

    fn answer_join(&mut self, id: &str, answer: Joined, out: &mut Vec<Action>) {
        if let Some(ticket) = self.members.get_mut(id).and_then(|m| m.join.take()) {
            self.awaiting_join -= 1;
            out.push(Action::Join(ticket, Ok(answer)));
        }
    }

    /// The current generation as `id` may see it.
    fn joined(&self, id: &Arc<str>) -> Joined {
        let protocol = self.protocol.as_deref().unwrap_or("");
        let listed = |member: &Member| JoinedMember {
            member_id: member.id.clone(),
            instance_id: member.instance_id.clone(),
            metadata: member.metadata(protocol).unwrap_or_default(),
        };
        Joined {
            generation: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol: self.protocol.clone(),
            leader: self.leader.clone().unwrap_or_else(|| Arc::from("")),
            member_id: id.clone(),
            skip_assignment: false,
            members: if self.is_leader(id) {
                self.members.values().map(listed).collect()
            } else {
                Vec::new()
            },
        }
    }

    fn start_initial_delay(&mut self, now_ms: i64) {
        let delay_ms = self.rules.initial_rebalance_delay_ms;
        let remaining_ms = self.rebalance_timeout_ms().saturating_sub(delay_ms).max(0);
        self.set_join_timer(JoinTimer::initial(now_ms, delay_ms, remaining_ms));
    }
}
