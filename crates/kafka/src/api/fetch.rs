//! Fetch (1), versions 4 to 18: slices of the log go to the socket as they lie in the file.
//!
//! Written by hand. A request becomes a list of [`target::Target`]s, its own or its session's; the list is read in
//! order within the byte limits; if too little is there the answer waits in the connection's queue and is woken by
//! appends. Record data is never looked at: the answer is head | file part | tail, per partition.
//!
//! Reads that would touch the disk go to the blocking pool first and are taken from the page cache after that.
//! Absent on purpose: replicas that fetch (versions 17 and 18 differ for them only), preferred read replicas.

mod answer;
mod encode;
mod request;
pub(crate) mod target;

use std::sync::Arc;
use std::time::Duration;

use kafka_wire::{ApiKey, ErrorCode};
use parking_lot::Mutex;

use self::answer::Bounds;
pub(crate) use self::answer::FetchAnswer;
use self::request::FetchRequest;
use self::target::Targets;
use super::{Close, RequestContext};
use crate::broker::fetch_sessions::{Opened, Session};
use crate::broker::routes::Routes;
use crate::log::Isolation;

/// Topics are named by id from here on.
const TOPIC_IDS_FROM: i16 = 13;
/// Compact lengths and tagged fields from here on.
const FLEXIBLE_FROM: i16 = 12;
/// Sessions from here on.
const SESSIONS_FROM: i16 = 7;
/// `isolation_level` of a reader that wants committed records only.
const READ_COMMITTED: i8 = 1;

/// Takes a request apart and enters it into its session; reading is the answer's business.
pub(crate) fn receive(
    context: &RequestContext<'_>,
    routes: &Arc<Routes>,
    body: &[u8],
) -> Result<Box<FetchAnswer>, Close> {
    let version = context.version;
    let request = FetchRequest::decode(body, version).map_err(|error| Close::Undecodable {
        api: ApiKey::Fetch,
        version,
        error,
    })?;
    let broker = context.broker;
    let fetch_max_bytes = usize::try_from(broker.settings().fetch_max_bytes).unwrap_or(0);
    let wait_ms = u64::try_from(request.max_wait_ms).unwrap_or(0);
    let max_bytes = usize::try_from(request.max_bytes)
        .unwrap_or(0)
        .min(fetch_max_bytes);
    let bounds = Bounds {
        max_bytes,
        min_bytes: usize::try_from(request.min_bytes)
            .unwrap_or(0)
            .min(max_bytes),
        deadline: context.received + Duration::from_millis(wait_ms),
        isolation: match request.isolation {
            READ_COMMITTED => Isolation::Committed,
            _ => Isolation::Uncommitted,
        },
    };
    let answer = |opened: Result<Opened, ErrorCode>| {
        Box::new(FetchAnswer::new(
            context,
            Arc::clone(broker),
            bounds,
            opened,
        ))
    };
    if version < SESSIONS_FROM || request.is_sessionless() {
        broker.fetch_sessions().close(request.session_id);
        let targets = Targets::of(&request.asked, routes);
        return Ok(answer(Ok(Opened::sessionless(targets))));
    }
    if request.starts_session() {
        broker.fetch_sessions().close(request.session_id);
        let targets = Targets::indexed(&request.asked, routes);
        return Ok(answer(Ok(broker
            .fetch_sessions()
            .create(targets, context.received))));
    }
    let found =
        broker
            .fetch_sessions()
            .enter(request.session_id, request.session_epoch, context.received);
    let session = match found.and_then(|session| update(session, &request, version, routes)) {
        Ok(session) => session,
        Err(error) => return Ok(answer(Err(error))),
    };
    let emptied = session.lock().targets.is_empty();
    if emptied {
        // Emptied by forgetting: the session ends, the answer says so with id 0.
        broker.fetch_sessions().close(request.session_id);
        return Ok(answer(Ok(Opened::sessionless(Targets::default()))));
    }
    Ok(answer(Ok(Opened::continued(request.session_id, session))))
}

/// Enters what an incremental request changes into its session.
fn update(
    session: Arc<Mutex<Session>>,
    request: &FetchRequest<'_>,
    version: i16,
    routes: &Routes,
) -> Result<Arc<Mutex<Session>>, ErrorCode> {
    {
        let targets = &mut session.lock().targets;
        let by_id = version >= TOPIC_IDS_FROM;
        if targets.uses_ids().is_some_and(|ids| ids != by_id) {
            return Err(ErrorCode::FetchSessionTopicIdError);
        }
        targets.update(&request.asked, &request.forgotten, routes);
    }
    Ok(session)
}
