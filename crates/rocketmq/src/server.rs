//! Name server and broker on sockets. They share the threads.

use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serving::{Budget, Connection, Members, Options, Protocol, Server};

use crate::broker::Broker;
use crate::connection::{self, Channel, Shard};
use crate::namesrv::NameServer;
use crate::service::Service;

/// How many threads may wait for the disk at once, for each thread that serves.
const BLOCKING_THREADS: usize = 8;

/// What to serve, where, and how.
#[derive(Debug)]
pub struct ServerOptions {
    /// Listeners of the name server, and it.
    pub name_server: Option<(Vec<TcpListener>, Arc<NameServer>)>,
    /// Listeners of the broker (its port and the fast one), and it.
    pub broker: Option<(Vec<TcpListener>, Arc<Broker>)>,
    /// Threads that serve connections. Default: one per core.
    pub threads: usize,
    /// Connections at the same time. Default 65 536.
    pub connections_max: usize,
    /// Bytes that frames larger than usual may take, over all connections. Default 64 MiB; one larger frame passes.
    pub in_flight_bytes_max: usize,
    /// How long connections may take to send what they owe when the server stops. Default 5 s.
    pub stop_grace: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        let Options {
            threads,
            stop_grace,
            ..
        } = Options::default();
        Self {
            name_server: None,
            broker: None,
            threads,
            connections_max: 65_536,
            in_flight_bytes_max: 64 << 20,
            stop_grace,
        }
    }
}

/// Serves on sockets that listen already: when this returns, connections are accepted.
///
/// # Errors
/// A thread or runtime that cannot be made.
pub fn serve(options: ServerOptions) -> io::Result<Server> {
    let mut listeners = Vec::new();
    let mut services = Vec::new();
    let mut add = |sockets: Vec<TcpListener>, service: Service| {
        services.extend(sockets.iter().map(|_| service.clone()));
        listeners.extend(sockets);
    };
    if let Some((sockets, server)) = options.name_server {
        add(sockets, Service::NameServer(server));
    }
    if let Some((sockets, broker)) = options.broker {
        add(sockets, Service::Broker(broker));
    }
    let remoting = Remoting {
        services: services.into(),
        budget: Budget::new(options.in_flight_bytes_max),
        connections_max: options.connections_max,
    };
    let options = Options {
        name: "rocketmq",
        threads: options.threads,
        blocking_threads: BLOCKING_THREADS,
        stop_grace: options.stop_grace,
    };
    Server::start(&remoting, listeners, &options)
}

#[derive(Clone)]
struct Remoting {
    /// What each listener offers.
    services: Arc<[Service]>,
    budget: Arc<Budget>,
    connections_max: usize,
}

impl Protocol for Remoting {
    type Shard = Shard;

    fn shard(&self) -> Shard {
        Shard::default()
    }

    fn members(shard: &Shard) -> &Members {
        &shard.members
    }

    fn serve(
        &self,
        connection: Connection,
        shard: Rc<Shard>,
    ) -> impl Future<Output = ()> + 'static {
        let service = self.services.get(connection.listener).cloned();
        let channel = Arc::new(Channel::new(connection.id, connection.peer));
        let budget = Arc::clone(&self.budget);
        async move {
            // There is one for each listener.
            if let Some(service) = service {
                connection::serve(connection.stream, channel, service, budget, shard).await;
            }
        }
    }

    fn connections_max(&self) -> usize {
        self.connections_max
    }

    fn stopping(&self) {
        for service in &*self.services {
            service.stopping();
        }
    }
}
