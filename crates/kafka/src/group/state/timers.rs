//! What happens to a group when nothing happens.
//!
//! Deadlines are plain fields; `wake_at_ms` is never later than the earliest of them. A heartbeat only moves a
//! deadline back, so it costs nothing here: the group wakes too early once, finds nothing due, and looks again.

use std::sync::Arc;

use super::{Action, GroupState, Phase};
use crate::group::error::GroupError;

/// The end of the join phase.
#[derive(Clone, Copy, Debug)]
pub(super) struct JoinTimer {
    at_ms: i64,
    /// Only in the first rebalance of an empty group.
    initial: Option<InitialDelay>,
}

/// How much longer the first rebalance may be put off while members keep coming.
#[derive(Clone, Copy, Debug)]
struct InitialDelay {
    delay_ms: i32,
    remaining_ms: i32,
}

impl JoinTimer {
    pub(super) fn initial(now_ms: i64, delay_ms: i32, remaining_ms: i32) -> Self {
        let at_ms = now_ms.saturating_add(i64::from(delay_ms));
        Self {
            at_ms,
            initial: Some(InitialDelay {
                delay_ms,
                remaining_ms,
            }),
        }
    }
}

/// What is due.
enum Due {
    Join,
    Sync,
    Session(Arc<str>),
    Promise(Arc<str>),
}

impl GroupState {
    /// When [`Self::tick`] wants to be called, at the latest. It may turn out that nothing is due then.
    pub(crate) fn wake_at_ms(&self) -> Option<i64> {
        self.wake_at_ms
    }

    /// Does what is due by `now_ms`.
    pub(crate) fn tick(&mut self, now_ms: i64, out: &mut Vec<Action>) {
        if self.wake_at_ms.is_none_or(|at_ms| at_ms > now_ms) {
            return;
        }
        while let Some((at_ms, due)) = self.earliest() {
            if at_ms > now_ms {
                break;
            }
            match due {
                Due::Join => self.join_phase_over(now_ms, out),
                Due::Sync => self.sync_phase_over(now_ms, out),
                Due::Session(id) => self.session_over(&id, now_ms, out),
                Due::Promise(id) => {
                    self.promised.remove(&id);
                    if self.phase == Phase::PreparingRebalance && self.all_are_here() {
                        self.complete_join(now_ms, out);
                    }
                }
            }
        }
        self.wake_at_ms = self.earliest().map(|(at_ms, _)| at_ms);
    }

    fn earliest(&self) -> Option<(i64, Due)> {
        let join = self.join_timer.map(|timer| (timer.at_ms, Due::Join));
        let sync = self.sync_deadline_ms.map(|at_ms| (at_ms, Due::Sync));
        let sessions = self
            .members
            .values()
            .filter_map(|m| m.session_ends_ms.map(|at| (at, &m.id)));
        let session = sessions
            .min()
            .map(|(at_ms, id)| (at_ms, Due::Session(id.clone())));
        let promises = self.promised.iter().map(|(id, at_ms)| (*at_ms, id));
        let promise = promises
            .min()
            .map(|(at_ms, id)| (at_ms, Due::Promise(id.clone())));
        [join, sync, session, promise]
            .into_iter()
            .flatten()
            .min_by_key(|(at_ms, _)| *at_ms)
    }

    fn join_phase_over(&mut self, now_ms: i64, out: &mut Vec<Action>) {
        let Some(timer) = self.join_timer.take() else {
            return;
        };
        match timer.initial {
            Some(initial) if self.joined_during_delay && initial.remaining_ms > 0 => {
                self.joined_during_delay = false;
                let delay_ms = self
                    .rules
                    .initial_rebalance_delay_ms
                    .min(initial.remaining_ms);
                let remaining_ms = initial.remaining_ms.saturating_sub(initial.delay_ms).max(0);
                self.set_join_timer(JoinTimer::initial(now_ms, delay_ms, remaining_ms));
            }
            _ => self.complete_join(now_ms, out),
        }
    }

    /// Members that never asked for their assignment are out, and the rest starts over.
    fn sync_phase_over(&mut self, now_ms: i64, out: &mut Vec<Action>) {
        self.sync_deadline_ms = None;
        let silent: Vec<_> = self.unsynced.iter().cloned().collect();
        if silent.is_empty() {
            return;
        }
        for id in silent {
            self.remove(&id, out);
        }
        self.rebalance_or_complete(now_ms, out);
    }

    fn session_over(&mut self, id: &str, now_ms: i64, out: &mut Vec<Action>) {
        let Some(member) = self.members.get_mut(id) else {
            return;
        };
        member.session_ends_ms = None;
        if member.is_excused() {
            return;
        }
        self.remove(id, out);
        match self.phase {
            Phase::Stable | Phase::CompletingRebalance => self.prepare_rebalance(now_ms, out),
            Phase::PreparingRebalance if self.all_are_here() => self.complete_join(now_ms, out),
            Phase::PreparingRebalance | Phase::Empty => {}
        }
    }

    /// Starts the member's session anew.
    pub(super) fn renew_session(&mut self, id: &str, now_ms: i64) {
        if let Some(timeout_ms) = self.members.get(id).map(|m| m.session_timeout_ms) {
            self.end_session_in(id, timeout_ms, now_ms);
        }
    }

    pub(super) fn end_session_in(&mut self, id: &str, timeout_ms: i32, now_ms: i64) {
        let ends_ms = now_ms.saturating_add(i64::from(timeout_ms.max(1)));
        if let Some(member) = self.members.get_mut(id) {
            member.session_ends_ms = Some(ends_ms);
            self.wake_by(ends_ms);
        }
    }

    pub(super) fn start_join_timer(&mut self, now_ms: i64) {
        let at_ms = now_ms.saturating_add(i64::from(self.rebalance_timeout_ms().max(1)));
        self.set_join_timer(JoinTimer {
            at_ms,
            initial: None,
        });
    }

    pub(super) fn set_join_timer(&mut self, timer: JoinTimer) {
        self.join_timer = Some(timer);
        self.wake_by(timer.at_ms);
    }

    pub(super) fn start_sync_timer(&mut self, now_ms: i64) {
        let at_ms = now_ms.saturating_add(i64::from(self.rebalance_timeout_ms().max(1)));
        self.sync_deadline_ms = Some(at_ms);
        self.wake_by(at_ms);
    }

    /// The most patient member's timeout.
    pub(super) fn rebalance_timeout_ms(&self) -> i32 {
        self.members
            .values()
            .map(|m| m.rebalance_timeout_ms)
            .max()
            .unwrap_or(0)
            .max(0)
    }

    pub(super) fn wake_by(&mut self, at_ms: i64) {
        self.wake_at_ms = Some(self.wake_at_ms.map_or(at_ms, |earlier| earlier.min(at_ms)));
    }

    /// Takes all assignments back and tells those who wait for theirs why.
    pub(super) fn drop_assignments(
        &mut self,
        error: GroupError,
        now_ms: i64,
        out: &mut Vec<Action>,
    ) {
        let ids: Vec<_> = self.members.keys().cloned().collect();
        for id in ids {
            let Some(member) = self.members.get_mut(&id) else {
                continue;
            };
            member.assignment = bytes::Bytes::new();
            if member.sync.is_some() {
                self.refuse_sync(&id, error, out);
                self.renew_session(&id, now_ms);
            }
        }
    }
}
