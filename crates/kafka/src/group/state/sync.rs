//! After the join: handing out assignments, heartbeats, leaving, and who may commit offsets.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::{Action, GroupState, Leaver, Pending, Phase, StoreId, SyncRequest, Synced, Ticket};
use crate::group::error::GroupError;

impl GroupState {
    /// A SyncGroup. The answer comes through `out`, now or later.
    pub(crate) fn sync(
        &mut self,
        request: SyncRequest,
        ticket: Ticket,
        now_ms: i64,
        out: &mut Vec<Action>,
    ) {
        if let Err(error) = self.validate_sync(&request) {
            out.push(Action::Sync(ticket, Err(error)));
            return;
        }
        let id = request.member_id;
        match self.phase {
            Phase::Empty => out.push(Action::Sync(ticket, Err(GroupError::UnknownMember))),
            Phase::PreparingRebalance => {
                out.push(Action::Sync(ticket, Err(GroupError::RebalanceInProgress)));
            }
            Phase::Stable => {
                self.was_heard(&id, now_ms);
                out.push(Action::Sync(ticket, Ok(self.synced(&id))));
            }
            Phase::CompletingRebalance => {
                // A sync that still waits was given up by its sender.
                self.refuse_sync(&id, GroupError::RebalanceInProgress, out);
                if let Some(member) = self.members.get_mut(&id) {
                    member.sync = Some(ticket);
                }
                self.was_heard(&id, now_ms);
                if self.is_leader(&id) {
                    self.store_assignment(request.assignments, out);
                }
            }
        }
    }

    fn validate_sync(&self, request: &SyncRequest) -> Result<(), GroupError> {
        self.validate_member(&request.member_id, request.instance_id.as_ref())?;
        if request.generation != self.generation {
            return Err(GroupError::IllegalGeneration);
        }
        let differs = |said: &Option<Arc<str>>, is: &Option<Arc<str>>| said.is_some() && said != is;
        if differs(&request.protocol_type, &self.protocol_type)
            || differs(&request.protocol, &self.protocol)
        {
            return Err(GroupError::InconsistentProtocol);
        }
        Ok(())
    }

    /// It asked for its assignment in time.
    fn was_heard(&mut self, id: &str, now_ms: i64) {
        self.renew_session(id, now_ms);
        if self.unsynced.remove(id) && self.unsynced.is_empty() {
            self.sync_deadline_ms = None;
        }
    }

    /// Members the leader forgot get an empty part; parts for strangers are dropped.
    fn store_assignment(&mut self, assignments: Vec<(Arc<str>, Bytes)>, out: &mut Vec<Action>) {
        let parts: HashMap<_, _> = assignments
            .into_iter()
            .filter(|(id, _)| self.members.contains_key(id))
            .collect();
        let snapshot = self.snapshot(|member| parts.get(&member.id).cloned().unwrap_or_default());
        let pending = Pending::Assignment {
            generation: self.generation,
            parts,
        };
        self.store(pending, snapshot, out);
    }

    /// The outcome of an [`Action::Store`]: call it when the record is safe, or will never be.
    pub(crate) fn stored(
        &mut self,
        store: StoreId,
        outcome: Result<(), GroupError>,
        now_ms: i64,
        out: &mut Vec<Action>,
    ) {
        match self.storing.remove(&store) {
            Some(Pending::Assignment { generation, parts }) => {
                // The group may have moved on while the record was on its way.
                if self.phase == Phase::CompletingRebalance && self.generation == generation {
                    self.assigned(parts, outcome, now_ms, out);
                }
            }
            Some(Pending::Replacement(replacement)) => {
                self.replaced(*replacement, outcome, now_ms, out);
            }
            Some(Pending::Note) | None => {}
        }
    }

    fn assigned(
        &mut self,
        mut parts: HashMap<Arc<str>, Bytes>,
        outcome: Result<(), GroupError>,
        now_ms: i64,
        out: &mut Vec<Action>,
    ) {
        if let Err(error) = outcome {
            self.drop_assignments(error, now_ms, out);
            return self.prepare_rebalance(now_ms, out);
        }
        let ids: Vec<_> = self.members.keys().cloned().collect();
        for id in &ids {
            if let Some(member) = self.members.get_mut(id) {
                member.assignment = parts.remove(id).unwrap_or_default();
            }
        }
        for id in &ids {
            let answer = self.synced(id);
            if let Some(ticket) = self.members.get_mut(id).and_then(|m| m.sync.take()) {
                out.push(Action::Sync(ticket, Ok(answer)));
                self.renew_session(id, now_ms);
            }
        }
        self.transition(Phase::Stable, now_ms);
    }

    fn synced(&self, id: &str) -> Synced {
        Synced {
            protocol_type: self.protocol_type.clone(),
            protocol: self.protocol.clone(),
            assignment: self
                .members
                .get(id)
                .map(|m| m.assignment.clone())
                .unwrap_or_default(),
        }
    }

    /// A Heartbeat.
    pub(crate) fn heartbeat(
        &mut self,
        member_id: &str,
        instance_id: Option<&Arc<str>>,
        generation: i32,
        now_ms: i64,
    ) -> Result<(), GroupError> {
        self.validate_member(member_id, instance_id)?;
        if generation != self.generation {
            return Err(GroupError::IllegalGeneration);
        }
        self.renew_session(member_id, now_ms);
        match self.phase {
            Phase::Empty => Err(GroupError::UnknownMember),
            Phase::PreparingRebalance => Err(GroupError::RebalanceInProgress),
            Phase::CompletingRebalance | Phase::Stable => Ok(()),
        }
    }

    /// A LeaveGroup: one outcome per leaver, in their order.
    pub(crate) fn leave(
        &mut self,
        leavers: &[Leaver],
        now_ms: i64,
        out: &mut Vec<Action>,
    ) -> Vec<Result<(), GroupError>> {
        let before = self.members.len();
        let outcomes: Vec<_> = leavers
            .iter()
            .map(|leaver| self.leave_one(leaver, out))
            .collect();
        if self.members.len() < before {
            self.rebalance_or_complete(now_ms, out);
        } else if outcomes.iter().any(Result::is_ok) {
            // An unused promise went: nobody's part changes (Kafka rebalances a stable group here).
            self.complete_join_if_all_are_here(now_ms, out);
        }
        outcomes
    }

    fn leave_one(&mut self, leaver: &Leaver, out: &mut Vec<Action>) -> Result<(), GroupError> {
        let instance = leaver.instance_id.as_ref();
        let id = if leaver.member_id.is_empty() {
            instance
                .and_then(|name| self.statics.get(name))
                .ok_or(GroupError::UnknownMember)?
                .clone()
        } else {
            if !self.promised.contains_key(&leaver.member_id) {
                self.validate_member(&leaver.member_id, instance)?;
            }
            leaver.member_id.clone()
        };
        self.remove(&id, out);
        Ok(())
    }

    /// Whether this sender may commit offsets now. Counts as a sign of life.
    pub(crate) fn may_commit(
        &mut self,
        member_id: &str,
        instance_id: Option<&Arc<str>>,
        generation: i32,
        now_ms: i64,
    ) -> Result<(), GroupError> {
        if generation < 0 && self.phase == Phase::Empty {
            // Consumers that assign themselves, and administrators.
            return Ok(());
        }
        if generation < 0 && member_id.is_empty() && instance_id.is_none() {
            return Err(GroupError::UnknownMember);
        }
        self.validate_member(member_id, instance_id)?;
        if generation != self.generation {
            return Err(GroupError::IllegalGeneration);
        }
        match self.phase {
            // It knows the generation but not its part of it yet.
            Phase::CompletingRebalance => Err(GroupError::RebalanceInProgress),
            Phase::Empty | Phase::PreparingRebalance | Phase::Stable => {
                self.renew_session(member_id, now_ms);
                Ok(())
            }
        }
    }
}
