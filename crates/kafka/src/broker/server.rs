//! A broker on sockets.

use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;

use serving::{Connection, Members, Options, Protocol, Server};

use super::Broker;
use crate::api::ConnectionInfo;
use crate::connection::{self, Shard};

/// Serves `broker` on sockets that listen already: when this returns, connections are accepted.
///
/// # Errors
/// A thread or runtime that cannot be made.
pub fn serve(
    broker: &Arc<Broker>,
    listeners: Vec<TcpListener>,
    options: &Options,
) -> io::Result<Server> {
    Server::start(&Kafka(Arc::clone(broker)), listeners, options)
}

#[derive(Clone)]
struct Kafka(Arc<Broker>);

impl Protocol for Kafka {
    type Shard = Shard;

    fn shard(&self) -> Shard {
        Shard::new(&self.0)
    }

    fn members(shard: &Shard) -> &Members {
        &shard.members
    }

    fn serve(
        &self,
        connection: Connection,
        shard: Rc<Shard>,
    ) -> impl Future<Output = ()> + 'static {
        let info = ConnectionInfo {
            id: connection.id,
            peer: connection.peer,
            local: connection.local,
        };
        connection::serve(connection.stream, info, Arc::clone(&self.0), shard)
    }

    fn connections_max(&self) -> usize {
        usize::try_from(self.0.settings().max_connections).unwrap_or(usize::MAX)
    }

    fn stopping(&self) {
        // Members of a group may wait for minutes; nobody else would answer them.
        self.0.groups().close();
    }
}
