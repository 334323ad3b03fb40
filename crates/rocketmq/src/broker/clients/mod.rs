//! Who is connected: producers and consumers by group.
//!
//! Invariants: a client is known by its connection, and forgotten with it at once, or after [`CLIENT_TIMEOUT_MS`]
//! without a heartbeat. A group is known while it has a client.

mod consumers;
mod producers;
mod subscription;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub(crate) use self::consumers::{Change, Consumers, GroupManner};
pub(crate) use self::producers::Producers;
pub(crate) use self::subscription::Subscription;
use crate::connection::Channel;
use crate::remoting::Language;

/// Silence after which a client is forgotten.
pub(crate) const CLIENT_TIMEOUT_MS: i64 = 120_000;

/// A client as it said it is.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// Its own name for itself, unique in its group.
    pub(crate) id: Arc<str>,
    pub(crate) channel: Arc<Channel>,
    pub(crate) language: Language,
    pub(crate) version: i32,
    /// When it was heard of last.
    pub(crate) seen_ms: i64,
}
