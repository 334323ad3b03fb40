//! Threads and listeners: accepts connections and spreads them over single-threaded runtimes.
//!
//! Each shard is one thread with one runtime; a connection stays on the shard it was given to. The first shard also
//! accepts, and hands a new connection to the shard that has the fewest.
//! Stopping: no more accepts, connections send what is ready and close, what is left after the grace is dropped.

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

use super::Broker;
use crate::api::ConnectionInfo;
use crate::connection::{self, Shard};

/// How many threads may read cold data at once, per shard.
const BLOCKING_THREADS: usize = 4;
/// Pause after an accept that failed for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How to serve a broker.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Addresses to listen on; port 0 picks one.
    pub listen: Vec<SocketAddr>,
    /// Threads that serve connections. Default: one per core.
    pub threads: usize,
    /// How long connections may take to send what they owe when the server stops. Default 5 s.
    pub stop_grace: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            listen: Vec::new(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            stop_grace: Duration::from_secs(5),
        }
    }
}

/// A running server. Dropping it stops it without waiting.
#[derive(Debug)]
pub struct Server {
    addresses: Vec<SocketAddr>,
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
    connections: Arc<Connections>,
}

/// Counters over all shards.
#[derive(Debug, Default)]
pub struct Connections {
    accepted: AtomicU64,
    open: Vec<AtomicUsize>,
}

struct NewConnection {
    stream: StdStream,
    info: ConnectionInfo,
}

impl Server {
    /// Binds every address, then starts as [`Self::start_on`].
    ///
    /// # Errors
    /// An address that cannot be bound, or a thread or runtime that cannot be made.
    pub fn start(broker: &Arc<Broker>, options: &ServerOptions) -> io::Result<Self> {
        let listeners = options
            .listen
            .iter()
            .map(|address| StdListener::bind(*address));
        Self::start_on(listeners.collect::<io::Result<Vec<_>>>()?, broker, options)
    }

    /// Starts the threads on sockets that listen already: when this returns, connections are accepted.
    ///
    /// # Errors
    /// A thread or runtime that cannot be made.
    pub fn start_on(
        listeners: Vec<StdListener>,
        broker: &Arc<Broker>,
        options: &ServerOptions,
    ) -> io::Result<Self> {
        for listener in &listeners {
            listener.set_nonblocking(true)?;
        }
        let addresses = listeners.iter().map(StdListener::local_addr);
        let addresses = addresses.collect::<io::Result<Vec<_>>>()?;
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
            broker: Arc::clone(broker),
        };
        let mut acceptor = Some(Acceptor { listeners, spread });
        let mut threads = Vec::with_capacity(count);
        for (index, incoming) in receivers.into_iter().enumerate() {
            let shard = ShardThread {
                index,
                broker: Arc::clone(broker),
                incoming,
                stopping: stopping.clone(),
                grace: options.stop_grace,
                connections: Arc::clone(&connections),
                acceptor: acceptor.take(),
            };
            let (tell, told) = std::sync::mpsc::channel();
            let thread = std::thread::Builder::new().name(format!("kafka-{index}"));
            threads.push(thread.spawn(move || shard.run(&tell))?);
            told.recv().map_err(io::Error::other)??;
        }
        Ok(Self {
            addresses,
            stop,
            threads,
            connections,
        })
    }

    /// The addresses bound, in the order asked for.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Connections open now.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.connections
            .open
            .iter()
            .map(|open| open.load(Ordering::Relaxed))
            .sum()
    }

    /// Connections accepted since the start.
    #[must_use]
    pub fn accepted_connections(&self) -> u64 {
        self.connections.accepted()
    }

    /// The counters, for a reader that outlives the server.
    #[must_use]
    pub fn connections(&self) -> Arc<Connections> {
        Arc::clone(&self.connections)
    }

    /// Stops accepting, lets connections finish within the grace, and waits for the threads. Blocks.
    pub fn stop(mut self) {
        self.stop.send_replace(true);
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                warn!("a connection thread had panicked");
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

struct ShardThread {
    index: usize,
    broker: Arc<Broker>,
    incoming: mpsc::UnboundedReceiver<NewConnection>,
    stopping: watch::Receiver<bool>,
    grace: Duration,
    connections: Arc<Connections>,
    acceptor: Option<Acceptor>,
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
        let shard = Rc::new(Shard::new(&self.broker));
        let (index, grace, broker) = (self.index, self.grace, Arc::clone(&self.broker));
        runtime.block_on(async {
            if let Some(acceptor) = self.acceptor.take() {
                tokio::task::spawn_local(acceptor.run(self.stopping.clone()));
            }
            self.take_connections(&shard).await;
            if index == 0 {
                // Members of a group may wait for minutes; nobody else would answer them.
                broker.groups().close();
            }
            shard.stop();
            let drained = async {
                while shard.connections() > 0 {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            };
            let _ = tokio::time::timeout(grace, drained).await;
        });
    }

    async fn take_connections(&mut self, shard: &Rc<Shard>) {
        loop {
            let new = tokio::select! {
                new = self.incoming.recv() => new,
                _ = self.stopping.wait_for(|stopping| *stopping) => None,
            };
            let Some(new) = new else { return };
            let stream = match TcpStream::from_std(new.stream) {
                Ok(stream) => stream,
                Err(error) => {
                    warn!(%error, "a new connection could not be registered");
                    self.gone();
                    continue;
                }
            };
            let serving =
                connection::serve(stream, new.info, Arc::clone(&self.broker), Rc::clone(shard));
            let connections = Arc::clone(&self.connections);
            let index = self.index;
            tokio::task::spawn_local(async move {
                serving.await;
                connections.gone(index);
            });
        }
    }

    fn gone(&self) {
        self.connections.gone(self.index);
    }
}

impl Connections {
    /// Connections accepted since the start.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// Connections open now.
    #[must_use]
    pub fn open(&self) -> usize {
        self.open
            .iter()
            .map(|open| open.load(Ordering::Relaxed))
            .sum()
    }

    fn gone(&self, index: usize) {
        if let Some(open) = self.open.get(index) {
            open.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

struct Acceptor {
    listeners: Vec<StdListener>,
    spread: Spread,
}

impl Acceptor {
    async fn run(self, mut stopping: watch::Receiver<bool>) {
        let spread = Rc::new(self.spread);
        for listener in self.listeners {
            let spread = Rc::clone(&spread);
            let mut stopping = stopping.clone();
            tokio::task::spawn_local(async move {
                match TcpListener::from_std(listener) {
                    Ok(listener) => tokio::select! {
                        () = accept(&listener, &spread) => {}
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
    broker: Arc<Broker>,
}

async fn accept(listener: &TcpListener, spread: &Spread) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                if let Err(error) = spread.hand_over(stream, peer) {
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
    /// Gives a connection to the shard that has the fewest; at `max.connections` it is closed at once.
    fn hand_over(&self, stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
        let limit = usize::try_from(self.broker.settings().max_connections).unwrap_or(usize::MAX);
        if self.connections.open() >= limit {
            return Err(io::Error::other("max.connections is reached"));
        }
        stream.set_nodelay(true)?;
        let local = stream.local_addr()?;
        rustix::net::sockopt::set_socket_keepalive(&stream, true)?;
        let open = self.connections.open.iter().zip(&self.senders);
        let least = open.min_by_key(|(open, _)| open.load(Ordering::Relaxed));
        let Some((open, sender)) = least else {
            return Ok(());
        };
        let id = self.connections.accepted.fetch_add(1, Ordering::Relaxed) + 1;
        let new = NewConnection {
            stream: stream.into_std()?,
            info: ConnectionInfo { id, peer, local },
        };
        open.fetch_add(1, Ordering::Relaxed);
        if sender.send(new).is_err() {
            open.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(())
    }
}
