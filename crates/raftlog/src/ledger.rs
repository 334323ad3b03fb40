//! What a log remembers besides its entries: the state file, and where its memberships are.
//!
//! Kept apart from the log, so that a checkpoint on another thread does not keep the log open.
//! Invariants: what the state says about durability was so before it was written; after [`Ledger::close`] nothing writes.
//! Lock order: `state`, then `memberships`.

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use crate::completions::Completions;
use crate::error::RaftLogError;
use crate::state::{State, StateFile};

/// The ledger of a log.
pub(crate) struct Ledger {
    state: Mutex<Option<StateFile>>,
    /// Indexes of memberships in the log, ascending; of old ones not all.
    memberships: Mutex<Vec<u64>>,
    completions: Arc<Completions>,
    /// What the state was when the file was closed.
    last: Mutex<Option<State>>,
}

impl Ledger {
    pub(crate) fn new(
        state: StateFile,
        memberships: Vec<u64>,
        completions: &Arc<Completions>,
    ) -> Self {
        Self {
            state: Mutex::new(Some(state)),
            memberships: Mutex::new(memberships),
            completions: Arc::clone(completions),
            last: Mutex::new(None),
        }
    }

    /// Looks at the state.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        let state = self.state.lock();
        match &*state {
            Some(file) => look(file.state()),
            None => {
                let last = self.last.lock();
                match &*last {
                    Some(state) => look(state),
                    None => look(&State::new([0; 16])),
                }
            }
        }
    }

    pub(crate) fn memberships(&self) -> MutexGuard<'_, Vec<u64>> {
        self.memberships.lock()
    }

    /// Changes the state durably, if `check` agrees to what it is.
    ///
    /// # Errors
    /// What `check` says: nothing happened. `Closed`. `Poisoned`, if the disk failed: the log takes no more writes.
    pub(crate) fn save(
        &self,
        check: impl FnOnce(&State) -> Result<(), RaftLogError>,
        change: impl FnOnce(&mut State),
    ) -> Result<(), RaftLogError> {
        let mut state = self.state.lock();
        let file = state.as_mut().ok_or(RaftLogError::Closed)?;
        check(file.state())?;
        file.save(change)
            .map_err(|error| self.completions.poison(&error))
    }

    /// Changes the state, and with it the checkpoint, for as long as the machine has power; `change` says whether there is
    /// anything to write.
    ///
    /// # Errors
    /// `Closed`, `Poisoned`.
    pub(crate) fn save_lazily(
        &self,
        change: impl FnOnce(&mut State) -> bool,
    ) -> Result<(), RaftLogError> {
        let mut state = self.state.lock();
        let file = state.as_mut().ok_or(RaftLogError::Closed)?;
        let written = file.save_lazily(|state| {
            let is_changed = change(state);
            if is_changed {
                self.add_checkpoint(state);
            }
            is_changed
        });
        written.map_err(|error| self.completions.poison(&error))
    }

    /// Puts into `state` how far the log is durable, and what recovery will not see because it begins there.
    pub(crate) fn add_checkpoint(&self, state: &mut State) {
        let durable = self.completions.durable();
        if state.purged_next() <= durable.expect.index {
            state.checkpoint = Some(durable);
        }
        state.memberships.clone_from(&self.memberships.lock());
    }

    /// Renews the checkpoint, if the log is still open.
    pub(crate) fn checkpoint(&self) {
        if self.completions.poisoned().is_none() {
            // Whoever writes next hears of a failure.
            let _ = self.save_lazily(|_| true);
        }
    }

    /// Writes nothing any more.
    pub(crate) fn close(&self) {
        let file = self.state.lock().take();
        if let Some(file) = file {
            *self.last.lock() = Some(file.state().clone());
        }
    }
}
