//! Threads and listeners: accepts connections and spreads them over single-threaded runtimes.
//!
//! Each thread has a runtime of its own; a connection stays on the thread it was given to. The first thread also
//! accepts, and hands a new connection to the thread that has the fewest.
//! Stopping: no more accepts, what waits for others is answered, connections send what they owe and close, what is left after
//! the grace is dropped.

use std::future::Future;
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

use crate::shard::Members;

/// Pause after an accept that failed for lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often a stop looks whether connections are done.
const DRAIN_STEP: Duration = Duration::from_millis(2);

/// What is served.
pub trait Protocol: Clone + Send + 'static {
    /// What the connections of one thread share.
    type Shard: 'static;

    /// What a new thread's connections share; called on that thread.
    fn shard(&self) -> Self::Shard;

    /// The connections of a thread, for the server to tell them of the end.
    fn members(shard: &Self::Shard) -> &Members;

    /// Serves one connection until either side ends it.
    fn serve(
        &self,
        connection: Connection,
        shard: Rc<Self::Shard>,
    ) -> impl Future<Output = ()> + 'static;

    /// Connections at the same time; one more is closed at once.
    fn connections_max(&self) -> usize;

    /// The server stops: whatever waits for others, which nobody else would answer, is to be answered now. Called on each
    /// thread.
    fn stopping(&self);
}

/// A connection that was accepted.
#[derive(Debug)]
pub struct Connection {
    /// The socket, on its thread's runtime.
    pub stream: TcpStream,
    /// The how manieth connection of the server it is, from 1.
    pub id: u64,
    /// Who connected.
    pub peer: SocketAddr,
    /// The address that it was connected to.
    pub local: SocketAddr,
    /// Which of the listeners, in the order they were given in.
    pub listener: usize,
}

/// How to serve.
#[derive(Debug, Clone)]
pub struct Options {
    /// What threads are called, a number behind it.
    pub name: &'static str,
    /// Threads that serve connections. Default: one per core.
    pub threads: usize,
    /// How many threads may wait for the disk at once, for each thread that serves. Default 4.
    pub blocking_threads: usize,
    /// How long connections may take to send what they owe when the server stops. Default 5 s.
    pub stop_grace: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: "serving",
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            blocking_threads: 4,
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
}

/// Counters over all threads.
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

    /// Connections accepted since the start.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }
}

impl Server {
    /// Starts the threads on sockets that listen already: when this returns, connections are accepted.
    ///
    /// # Errors
    /// A thread or runtime that cannot be made.
    pub fn start<P: Protocol>(
        protocol: &P,
        listeners: Vec<StdListener>,
        options: &Options,
    ) -> io::Result<Self> {
        for listener in &listeners {
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
            protocol: protocol.clone(),
        };
        let mut acceptor = Some(Acceptor { listeners, spread });
        let mut threads = Vec::with_capacity(count);
        for (index, incoming) in receivers.into_iter().enumerate() {
            let thread = ServingThread {
                index,
                protocol: protocol.clone(),
                incoming,
                stopping: stopping.clone(),
                options: options.clone(),
                connections: Arc::clone(&connections),
                acceptor: acceptor.take(),
            };
            let (tell, told) = std::sync::mpsc::channel();
            let builder = std::thread::Builder::new().name(format!("{}-{index}", options.name));
            threads.push(builder.spawn(move || thread.run(&tell))?);
            told.recv().map_err(io::Error::other)??;
        }
        Ok(Self {
            stop,
            threads,
            connections,
        })
    }

    /// How many connections there are and were, for a reader that may outlive the server.
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

/// A connection on its way to its thread.
struct Accepted {
    stream: StdStream,
    id: u64,
    peer: SocketAddr,
    local: SocketAddr,
    listener: usize,
}

struct ServingThread<P> {
    index: usize,
    protocol: P,
    incoming: mpsc::UnboundedReceiver<Accepted>,
    stopping: watch::Receiver<bool>,
    options: Options,
    connections: Arc<Connections>,
    acceptor: Option<Acceptor<P>>,
}

impl<P: Protocol> ServingThread<P> {
    /// Serves until told to stop; first tells whether the runtime could be had, which has to be made where it is used.
    fn run(mut self, tell: &std::sync::mpsc::Sender<io::Result<()>>) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(self.options.blocking_threads)
            .build_local(LocalOptions::default());
        let (runtime, outcome) = match runtime {
            Ok(runtime) => (Some(runtime), Ok(())),
            Err(error) => (None, Err(error)),
        };
        let _ = tell.send(outcome);
        let Some(runtime) = runtime else { return };
        let shard = Rc::new(self.protocol.shard());
        runtime.block_on(async {
            if let Some(acceptor) = self.acceptor.take() {
                tokio::task::spawn_local(acceptor.run(self.stopping.clone()));
            }
            self.take_connections(&shard).await;
            self.protocol.stopping();
            let members = P::members(&shard);
            members.stop();
            let drained = async {
                while members.count() > 0 {
                    tokio::time::sleep(DRAIN_STEP).await;
                }
            };
            let _ = tokio::time::timeout(self.options.stop_grace, drained).await;
        });
    }

    async fn take_connections(&mut self, shard: &Rc<P::Shard>) {
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
            let connection = Connection {
                stream,
                id: new.id,
                peer: new.peer,
                local: new.local,
                listener: new.listener,
            };
            let serving = self.protocol.serve(connection, Rc::clone(shard));
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

struct Acceptor<P> {
    listeners: Vec<StdListener>,
    spread: Spread<P>,
}

impl<P: Protocol> Acceptor<P> {
    async fn run(self, mut stopping: watch::Receiver<bool>) {
        let spread = Rc::new(self.spread);
        for (number, listener) in self.listeners.into_iter().enumerate() {
            let spread = Rc::clone(&spread);
            let mut stopping = stopping.clone();
            tokio::task::spawn_local(async move {
                match TcpListener::from_std(listener) {
                    Ok(listener) => tokio::select! {
                        () = spread.accept(&listener, number) => {}
                        _ = stopping.wait_for(|stopping| *stopping) => {}
                    },
                    Err(error) => warn!(%error, "a listener could not be registered"),
                }
            });
        }
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }
}

struct Spread<P> {
    senders: Vec<mpsc::UnboundedSender<Accepted>>,
    connections: Arc<Connections>,
    protocol: P,
}

impl<P: Protocol> Spread<P> {
    async fn accept(&self, listener: &TcpListener, number: usize) {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    if let Err(error) = self.hand_over(stream, peer, number) {
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

    /// Gives a connection to the thread that has the fewest; where there are too many, it is closed at once.
    fn hand_over(&self, stream: TcpStream, peer: SocketAddr, listener: usize) -> io::Result<()> {
        let connections_max = self.protocol.connections_max();
        if self.connections.open() >= connections_max {
            let why = format!("there are {connections_max} connections, and no more are allowed");
            return Err(io::Error::other(why));
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
        let new = Accepted {
            stream: stream.into_std()?,
            id,
            peer,
            local,
            listener,
        };
        open.fetch_add(1, Ordering::Relaxed);
        if sender.send(new).is_err() {
            open.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(())
    }
}
