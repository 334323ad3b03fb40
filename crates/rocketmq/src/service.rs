//! What a listener offers: the name server's requests or the broker's.

use std::sync::Arc;

use crate::broker::Broker;
use crate::connection::{Channel, Handled, Request};
use crate::namesrv::NameServer;
use crate::remoting::Refusal;
use crate::{broker, namesrv};

/// The other side of a connection's frames.
#[derive(Clone, Debug)]
pub(crate) enum Service {
    NameServer(Arc<NameServer>),
    Broker(Arc<Broker>),
}

impl Service {
    /// Handles one request.
    pub(crate) fn handle(&self, request: &Request<'_>) -> Result<Handled, Refusal> {
        match self {
            Self::NameServer(server) => namesrv::handle(server, request),
            Self::Broker(broker) => broker::handle(broker, request),
        }
    }

    /// Takes note of what a request was answered with.
    pub(crate) fn answered(&self, code: i32) {
        match self {
            Self::NameServer(_) => {}
            Self::Broker(broker) => broker.stats().answered(code),
        }
    }

    /// The server stops: held pulls are answered.
    pub(crate) fn stopping(&self) {
        match self {
            Self::NameServer(_) => {}
            Self::Broker(broker) => broker.stop_holding(),
        }
    }

    /// A connection has ended.
    pub(crate) fn closed(&self, channel: &Channel) {
        match self {
            Self::NameServer(server) => server.channel_closed(channel.id),
            Self::Broker(broker) => broker.channel_closed(channel),
        }
    }
}
