//! Fetch sessions (KIP-227): what a reader asked for last, so that it need only say what changed.
//!
//! Sessions are a cache: any may be dropped at any time, its reader then starts anew. When the cache is full, a new
//! session takes the place of one that nobody used for [`UNUSED`], else of a smaller one, else it is refused, and the
//! reader goes on without.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use kafka_wire::ErrorCode;
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::api::fetch::target::Targets;

/// Not used for this long, a session may be dropped for any other.
const UNUSED: Duration = Duration::from_secs(120);

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) targets: Targets,
    /// What the next request must carry.
    epoch: i32,
}

/// What a request reads from.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) session: Arc<Mutex<Session>>,
    /// 0 for none.
    pub(crate) id: i32,
    /// Only what changed is answered.
    pub(crate) incremental: bool,
}

impl Opened {
    pub(crate) fn sessionless(targets: Targets) -> Self {
        let session = Arc::new(Mutex::new(Session { targets, epoch: 0 }));
        Self {
            session,
            id: 0,
            incremental: false,
        }
    }

    pub(crate) fn continued(id: i32, session: Arc<Mutex<Session>>) -> Self {
        Self {
            session,
            id,
            incremental: true,
        }
    }
}

#[derive(Debug)]
pub(crate) struct FetchSessions {
    slots: usize,
    sessions: Mutex<HashMap<i32, Cached>>,
}

#[derive(Debug)]
struct Cached {
    session: Arc<Mutex<Session>>,
    used: Instant,
    /// Partitions when it was created or last used.
    size: usize,
}

impl FetchSessions {
    pub(crate) fn new(slots: usize) -> Self {
        Self {
            slots,
            sessions: Mutex::new(HashMap::new()),
        }
    }

    /// A session for `targets`, or none (id 0) if there is no room or nothing to remember.
    pub(crate) fn create(&self, targets: Targets, now: Instant) -> Opened {
        let size = targets.len();
        let mut sessions = self.sessions.lock();
        if size == 0 || !make_room(&mut sessions, self.slots, size, now) {
            drop(sessions);
            return Opened::sessionless(targets);
        }
        let id = free_id(&sessions);
        let session = Arc::new(Mutex::new(Session { targets, epoch: 1 }));
        sessions.insert(
            id,
            Cached {
                session: Arc::clone(&session),
                used: now,
                size,
            },
        );
        Opened {
            session,
            id,
            incremental: false,
        }
    }

    /// The session a request continues.
    ///
    /// # Errors
    /// FETCH_SESSION_ID_NOT_FOUND, INVALID_FETCH_SESSION_EPOCH.
    pub(crate) fn enter(
        &self,
        id: i32,
        epoch: i32,
        now: Instant,
    ) -> Result<Arc<Mutex<Session>>, ErrorCode> {
        let mut sessions = self.sessions.lock();
        let cached = sessions
            .get_mut(&id)
            .ok_or(ErrorCode::FetchSessionIdNotFound)?;
        let mut session = cached.session.lock();
        if session.epoch != epoch {
            return Err(ErrorCode::InvalidFetchSessionEpoch);
        }
        session.epoch = if epoch == i32::MAX { 1 } else { epoch + 1 };
        cached.used = now;
        cached.size = session.targets.len();
        drop(session);
        Ok(Arc::clone(&cached.session))
    }

    /// Drops a session, if there is one of this id.
    pub(crate) fn close(&self, id: i32) {
        if id != 0 {
            self.sessions.lock().remove(&id);
        }
    }

    /// Sessions held now.
    pub(crate) fn len(&self) -> usize {
        self.sessions.lock().len()
    }
}

/// Sees to it that one more fits; false if it may not.
fn make_room(sessions: &mut HashMap<i32, Cached>, slots: usize, size: usize, now: Instant) -> bool {
    if sessions.len() < slots {
        return true;
    }
    let oldest = sessions.iter().min_by_key(|(_, cached)| cached.used);
    let stale = oldest.filter(|(_, cached)| now.duration_since(cached.used) > UNUSED);
    let smallest = || {
        sessions
            .iter()
            .min_by_key(|(_, cached)| cached.size)
            .filter(|(_, cached)| cached.size < size)
    };
    let Some(victim) = stale.or_else(smallest).map(|(id, _)| *id) else {
        return false;
    };
    sessions.remove(&victim);
    true
}

/// A positive id that is not in use, hard to guess so that a reader does not hit another's by mistake.
fn free_id(sessions: &HashMap<i32, Cached>) -> i32 {
    loop {
        let [a, b, c, d, ..] = *uuid::Uuid::new_v4().as_bytes();
        let id = i32::from_be_bytes([a, b, c, d]) & i32::MAX;
        if id != 0 && !sessions.contains_key(&id) {
            return id;
        }
    }
}
