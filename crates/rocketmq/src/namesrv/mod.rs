//! The name server: which brokers there are, and which of them have which topics.
//!
//! Invariants: nothing here outlives the process but the KV configuration; brokers tell the rest again and again, and
//! one that falls silent is forgotten. The broker of this process registers by a call, and is never silent.
//! Absent on purpose: any agreement between name servers. Each knows what it was told.

mod broker_heartbeat;
mod cluster_info;
mod data_version;
mod kv_config;
mod kv_table;
mod register_broker;
mod registration_body;
mod route_info;
mod routes;
#[cfg(test)]
mod tests;
mod topic_lists;
mod unregister_broker;
mod write_perm;

use std::path::Path;
use std::sync::Arc;

use parking_lot::RwLock;

pub use self::kv_table::KvError;
use self::kv_table::KvTable;
pub use self::registration_body::TopicQueues;
use self::routes::Routes;
pub use self::routes::{DataVersion, Registration};
use crate::connection::{Handled, Request};
use crate::remoting::codes::{request as code, response};
use crate::remoting::{Answer, Refusal};
use crate::store::Clock;

/// Silence after which a broker is forgotten, unless it asked for another time.
pub(crate) const BROKER_TIMEOUT_MS: i64 = 120_000;

/// One name server.
pub struct NameServer {
    routes: RwLock<Routes>,
    kv: KvTable,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for NameServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NameServer").finish_non_exhaustive()
    }
}

impl NameServer {
    /// A name server that knows nobody, with the KV configuration of `kv_path`.
    ///
    /// # Errors
    /// The file is there and cannot be read, or is none of ours.
    pub fn open(kv_path: &Path, clock: Arc<dyn Clock>) -> Result<Self, KvError> {
        Ok(Self {
            routes: RwLock::default(),
            kv: KvTable::open(kv_path)?,
            clock,
        })
    }

    /// Takes in what a broker says of itself. One of this process needs to say it only when it changes.
    pub fn register(&self, registration: Registration) {
        let now_ms = self.clock.now_ms();
        self.routes.write().register(registration, now_ms);
    }

    /// Takes in that one topic of a broker came, changed, or (`None`) went.
    pub fn change_topic(&self, broker: &str, topic: &str, queues: Option<TopicQueues>) {
        self.routes.write().change_topic(broker, topic, queues);
    }

    /// Forgets brokers that have been silent for too long.
    pub fn forget_silent(&self) {
        let now_ms = self.clock.now_ms();
        self.routes.write().forget_silent(now_ms);
    }

    pub(crate) fn channel_closed(&self, channel: u64) {
        self.routes.write().channel_closed(channel);
    }
}

/// Handles one request to the name server.
pub(crate) fn handle(server: &NameServer, request: &Request<'_>) -> Result<Handled, Refusal> {
    let command = request.command;
    let answer = match command.code {
        code::PUT_KV_CONFIG => kv_config::put(server, command),
        code::GET_KV_CONFIG => kv_config::get(server, command),
        code::DELETE_KV_CONFIG => kv_config::delete(server, command),
        code::GET_KVLIST_BY_NAMESPACE => kv_config::list(server, command),
        code::REGISTER_BROKER => register_broker::handle(server, request),
        code::UNREGISTER_BROKER => unregister_broker::handle(server, command),
        code::BROKER_HEARTBEAT => broker_heartbeat::handle(server, command),
        code::QUERY_DATA_VERSION => data_version::handle(server, command),
        code::GET_ROUTEINFO_BY_TOPIC => route_info::handle(server, command),
        code::GET_BROKER_CLUSTER_INFO => Ok(cluster_info::handle(server)),
        code::WIPE_WRITE_PERM_OF_BROKER => write_perm::wipe(server, command),
        code::ADD_WRITE_PERM_OF_BROKER => write_perm::add(server, command),
        code::GET_ALL_TOPIC_LIST_FROM_NAMESERVER => Ok(topic_lists::all(server)),
        code::GET_TOPICS_BY_CLUSTER => topic_lists::by_cluster(server, command),
        code::GET_SYSTEM_TOPIC_LIST_FROM_NS => Ok(topic_lists::system(server)),
        code::DELETE_TOPIC_IN_NAMESRV => topic_lists::delete(server, command),
        unknown => Err(not_supported(unknown)),
    };
    answer.map(Handled::Answer)
}

fn not_supported(code: i32) -> Refusal {
    Refusal::new(
        response::REQUEST_CODE_NOT_SUPPORTED,
        format!("request type {code} is not supported by this name server"),
    )
}

/// A response whose only content is that it went well.
fn done() -> Result<Answer, Refusal> {
    Ok(Answer::success())
}
