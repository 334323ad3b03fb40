//! Producer groups: who may be asked about a transaction, and who waits for a reply.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;

use super::{CLIENT_TIMEOUT_MS, Client};
use crate::connection::Channel;

#[derive(Debug, Default)]
struct Tables {
    /// By group and connection.
    groups: HashMap<String, HashMap<u64, Client>>,
    /// By the client's name for itself.
    clients: HashMap<Arc<str>, Arc<Channel>>,
}

#[derive(Debug, Default)]
pub(crate) struct Producers {
    tables: RwLock<Tables>,
    /// Whose turn it is to be asked.
    turn: std::sync::atomic::AtomicUsize,
}

impl Producers {
    pub(crate) fn register(&self, group: &str, client: &Client) {
        let mut tables = self.tables.write();
        let members = tables.groups.entry(group.to_owned()).or_default();
        members.insert(client.channel.id, client.clone());
        let channel = Arc::clone(&client.channel);
        tables.clients.insert(Arc::clone(&client.id), channel);
    }

    pub(crate) fn unregister(&self, group: &str, channel: u64) {
        self.forget(|name, client| name == group && client.channel.id == channel);
    }

    pub(crate) fn channel_closed(&self, channel: u64) {
        self.forget(|_, client| client.channel.id == channel);
    }

    pub(crate) fn forget_silent(&self, now_ms: i64) {
        self.forget(|_, client| now_ms.saturating_sub(client.seen_ms) > CLIENT_TIMEOUT_MS);
    }

    fn forget(&self, gone: impl Fn(&str, &Client) -> bool) {
        let any = |tables: &Tables| {
            let mut groups = tables.groups.iter();
            groups.any(|(name, members)| members.values().any(|client| gone(name, client)))
        };
        if !any(&self.tables.read()) {
            return;
        }
        let mut tables = self.tables.write();
        let Tables { groups, clients } = &mut *tables;
        groups.retain(|name, members| {
            members.retain(|_, client| !gone(name, client));
            !members.is_empty()
        });
        let left = groups.values().flat_map(HashMap::values);
        let left: HashMap<&str, u64> = left.map(|c| (&*c.id, c.channel.id)).collect();
        clients.retain(|id, channel| left.get(&**id) == Some(&channel.id));
    }

    /// One client of the group that is still connected, another one each time.
    pub(crate) fn any_of(&self, group: &str) -> Option<Arc<Channel>> {
        let tables = self.tables.read();
        let members = tables.groups.get(group)?;
        let mut open: Vec<&Client> = members.values().collect();
        open.retain(|client| !client.channel.is_closed());
        open.sort_by_key(|client| client.channel.id);
        let turn = self.turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let chosen = open.get(turn.checked_rem(open.len())?)?;
        Some(Arc::clone(&chosen.channel))
    }

    /// The connection of the client of this name.
    pub(crate) fn find(&self, client_id: &str) -> Option<Arc<Channel>> {
        self.tables.read().clients.get(client_id).cloned()
    }

    /// The group's clients.
    pub(crate) fn members(&self, group: &str) -> Vec<Client> {
        let tables = self.tables.read();
        let members = tables.groups.get(group).into_iter();
        members.flat_map(HashMap::values).cloned().collect()
    }
}
