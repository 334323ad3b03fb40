//! Threads and listeners: accepts connections and spreads them over single-threaded runtimes.
//!
//! Each shard is one thread with one runtime; a connection stays on the shard it was given to. The first shard also
//! accepts, and hands a new connection to the shard that has the fewest. Name server and broker share the threads.
//! Stopping: no more accepts, held pulls are answered, connections send what is ready and close, what is left after
//! the grace is dropped.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener, TcpStream as StdStream};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::LocalOptions;
use tokio::sync::{mpsc, watch};
use tracing::warn;

use crate::broker::Broker;
use crate::connection::{self, Budget, Channel, Shard};
use crate::namesrv::NameServer;
use crate::service::Service;

/// How many threads may wait for the disk at once, per shard.
const BLOCKING_THREADS: usize = 8;
/// Pause after an accept that failed for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often a stop looks whether connections are done.
const DRAIN_STEP: Duration = Duration::from_millis(2);

/// What to serve, where, and how.
#[derive(Debug)]
pub struct ServerOptions {
    /// Listeners of the name server, and it.
    pub name_server: Option<(Vec<StdListener>, Arc<NameServer>)>,
    /// Listeners of the broker (its port and the fast one), and it.
    pub broker: Option<(Vec<StdListener>, Arc<Broker>)>,
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
        Self {
            name_server: None,
            broker: None,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            connections_max: 65_536,
            in_flight_bytes_max: 64 << 20,
            stop_grace: Duration::from_secs(5),
        }
    }
}

/// A running server. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Server {
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
    connections: Arc<Connections>,
    broker: Option<Arc<Broker>>,
}

/// Counters over all threads, of name server and broker together.
#[derive(Debug, Default)]
pub struct Connections {
    accepted: AtomicU64,
    open: Vec<AtomicUsize>,
}

impl Connections {
    /// Connections open now.
    #[must_use]
    pub fn open(&self) -> usize {
        let each = self.open.iter();
        each.map(|open| open.load(Ordering::Relaxed)).sum()
    }

    /// Connections since the start.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }
}

struct NewConnection {
    stream: StdStream,
    channel: Arc<Channel>,
    service: Service,
}

impl Server {
    /// Starts the threads on sockets that listen already: when this returns, connections are accepted.
    ///
    /// # Errors
    /// A thread or runtime that cannot be made.
    pub fn start(options: ServerOptions) -> io::Result<Self> {
        let broker = options
            .broker
            .as_ref()
            .map(|(_, broker)| Arc::clone(broker));
        let mut listeners = Vec::new();
        if let Some((sockets, server)) = options.name_server {
            let service = || Service::NameServer(Arc::clone(&server));
            listeners.extend(sockets.into_iter().map(|socket| (socket, service())));
        }
        if let Some((sockets, server)) = options.broker {
            let service = || Service::Broker(Arc::clone(&server));
            listeners.extend(sockets.into_iter().map(|socket| (socket, service())));
        }
        for (listener, _) in &listeners {
            listener.set_nonblocking(true)?;
        }
        let count = options.threads.max(1);
        let connections = Arc::new(Connections {
            accepted: AtomicU64::new(0),
            open: (0..count).map(|_| AtomicUsize::new(0)).collect(),
        });
        let (stop, stopping) = watch::channel(false);
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..count).map(|_| mpsc::unbounded_channel()).unzip();
        let spread = Spread {
            senders,
            connections: Arc::clone(&connections),
            connections_max: options.connections_max,
        };
        let mut acceptor = Some(Acceptor { listeners, spread });
        let budget = Budget::new(options.in_flight_bytes_max);
        let mut threads = Vec::with_capacity(count);
        for (index, incoming) in receivers.into_iter().enumerate() {
            let shard = ShardThread {
                index,
                incoming,
                stopping: stopping.clone(),
                grace: options.stop_grace,
                connections: Arc::clone(&connections),
                budget: Arc::clone(&budget),
                acceptor: acceptor.take(),
                broker: broker.clone(),
            };
            let (tell, told) = std::sync::mpsc::channel();
            let thread = std::thread::Builder::new().name(format!("rocketmq-{index}"));
            threads.push(thread.spawn(move || shard.run(&tell))?);
            told.recv().map_err(io::Error::other)??;
        }
        Ok(Self {
            stop,
            threads,
            connections,
            broker,
        })
    }

    /// How many connections there are and were.
    #[must_use]
    pub fn connections(&self) -> Arc<Connections> {
        Arc::clone(&self.connections)
    }

    /// Stops accepting, lets connections finish within the grace, and waits for the threads. Blocks.
    pub fn stop(mut self) {
        self.tell_to_stop();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                warn!("a connection thread had panicked");
            }
        }
    }

    fn tell_to_stop(&self) {
        self.stop.send_replace(true);
        if let Some(broker) = &self.broker {
            broker.stop_holding();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tell_to_stop();
    }
}

struct ShardThread {
    index: usize,
    incoming: mpsc::UnboundedReceiver<NewConnection>,
    stopping: watch::Receiver<bool>,
    grace: Duration,
    connections: Arc<Connections>,
    budget: Arc<Budget>,
    acceptor: Option<Acceptor>,
    broker: Option<Arc<Broker>>,
}

impl ShardThread {
    /// Serves until told to stop; first tells whether the runtime could be had, which has to be made where it is used.
    fn run(mut self, tell: &std::sync::mpsc::Sender<io::Result<()>>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(BLOCKING_THREADS)
            .build_local(LocalOptions::default());
        let (runtime, outcome) = match runtime {
            Ok(runtime) => (Some(runtime), Ok(())),
            Err(error) => (None, Err(error)),
        };
        let _ = tell.send(outcome);
        let Some(runtime) = runtime else { return };
        let shard = Rc::new(Shard::default());
        runtime.block_on(async {
            if let Some(acceptor) = self.acceptor.take() {
                tokio::task::spawn_local(acceptor.run(self.stopping.clone()));
            }
            self.take_connections(&shard).await;
            if let Some(broker) = &self.broker {
                broker.stop_holding();
            }
            shard.stop();
            let drained = async {
                while shard.connections() > 0 {
                    tokio::time::sleep(DRAIN_STEP).await;
                }
            };
            let _ = tokio::time::timeout(self.grace, drained).await;
        });
    }

    async fn take_connections(&mut self, shard: &Rc<Shard>) {
        loop {
            let new = tokio::select! {
                new = self.incoming.recv() => new,
                _ = self.stopping.wait_for(|stopping| *stopping) => None,
            };
            let Some(new) = new else { return };
            let gone = Gone {
                connections: Arc::clone(&self.connections),
                index: self.index,
            };
            let stream = match TcpStream::from_std(new.stream) {
                Ok(stream) => stream,
                Err(error) => {
                    warn!(%error, "a new connection could not be registered");
                    continue;
                }
            };
            let budget = Arc::clone(&self.budget);
            let serving =
                connection::serve(stream, new.channel, new.service, budget, Rc::clone(shard));
            tokio::task::spawn_local(async move {
                serving.await;
                drop(gone);
            });
        }
    }
}

/// Counts a connection down when it is gone.
struct Gone {
    connections: Arc<Connections>,
    index: usize,
}

impl Drop for Gone {
    fn drop(&mut self) {
        if let Some(open) = self.connections.open.get(self.index) {
            open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

struct Acceptor {
    listeners: Vec<(StdListener, Service)>,
    spread: Spread,
}

impl Acceptor {
    async fn run(self, mut stopping: watch::Receiver<bool>) {
        let spread = Rc::new(self.spread);
        for (listener, service) in self.listeners {
            let spread = Rc::clone(&spread);
            let mut stopping = stopping.clone();
            tokio::task::spawn_local(async move {
                match TcpListener::from_std(listener) {
                    Ok(listener) => tokio::select! {
                        () = accept(&listener, &service, &spread) => {}
                        _ = stopping.wait_for(|stopping| *stopping) => {}
                    },
                    Err(error) => warn!(%error, "a listener could not be registered"),
                }
            });
        }
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }
}

struct Spread {
    senders: Vec<mpsc::UnboundedSender<NewConnection>>,
    connections: Arc<Connections>,
    connections_max: usize,
}

async fn accept(listener: &TcpListener, service: &Service, spread: &Spread) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Err(error) = spread.hand_over(stream, peer, service.clone()) {
                    warn!(%peer, %error, "a new connection was dropped");
                }
            }
            Err(error) => {
                warn!(%error, "accept failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

impl Spread {
    /// Gives a connection to the shard that has the fewest; where there are too many, it is closed at once.
    fn hand_over(&self, stream: TcpStream, peer: SocketAddr, service: Service) -> io::Result<()> {
        if self.connections.open() >= self.connections_max {
            return Err(io::Error::other("there are too many connections"));
        }
        stream.set_nodelay(true)?;
        rustix::net::sockopt::set_socket_keepalive(&stream, true)?;
        let open = self.connections.open.iter().zip(&self.senders);
        let least = open.min_by_key(|(open, _)| open.load(Ordering::Relaxed));
        let Some((open, sender)) = least else {
            return Ok(());
        };
        let id = self.connections.accepted.fetch_add(1, Ordering::Relaxed) + 1;
        let new = NewConnection {
            stream: stream.into_std()?,
            channel: Arc::new(Channel::new(id, peer)),
            service,
        };
        open.fetch_add(1, Ordering::Relaxed);
        if sender.send(new).is_err() {
            open.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(())
    }
}
