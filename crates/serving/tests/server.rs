//! A server with a protocol that sends its client one line, then waits for the end of one of the two.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use serving::{Connection, Members, Options, Protocol, Server};
use tokio::io::AsyncWriteExt;

#[derive(Clone, Default)]
struct Greeter {
    connections_max: usize,
    /// Does not close when it is asked to.
    stubborn: bool,
    told_to_stop: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Shard {
    members: Members,
    served: Cell<u32>,
}

impl Protocol for Greeter {
    type Shard = Shard;

    fn shard(&self) -> Shard {
        Shard::default()
    }

    fn members(shard: &Shard) -> &Members {
        &shard.members
    }

    fn serve(
        &self,
        mut connection: Connection,
        shard: Rc<Shard>,
    ) -> impl Future<Output = ()> + 'static {
        let stubborn = self.stubborn;
        async move {
            let _member = shard.members.enter(connection.id).await;
            shard.served.set(shard.served.get() + 1);
            let line = format!("{} {}\n", connection.listener, connection.local.port());
            connection.stream.write_all(line.as_bytes()).await.unwrap();
            let (mut reading, mut writing) = connection.stream.split();
            let mut ended = pin!(async {
                let mut byte = [0];
                let _ = tokio::io::AsyncReadExt::read(&mut reading, &mut byte).await;
            });
            let asked = poll_fn(|cx| {
                if ended.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(false);
                }
                match shard.members.is_stopping() && !stubborn {
                    true => Poll::Ready(true),
                    false => Poll::Pending,
                }
            })
            .await;
            if asked {
                writing.write_all(b"goodbye\n").await.unwrap();
            }
        }
    }

    fn connections_max(&self) -> usize {
        self.connections_max
    }

    fn stopping(&self) {
        self.told_to_stop.fetch_add(1, Ordering::Relaxed);
    }
}

fn start(greeter: &Greeter, listeners: usize) -> (Server, Vec<u16>) {
    let listen = |_| TcpListener::bind("127.0.0.1:0").unwrap();
    let listeners: Vec<_> = (0..listeners).map(listen).collect();
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    let ports = listeners.iter().map(port).collect();
    let options = Options {
        threads: 2,
        stop_grace: Duration::from_millis(50),
        ..Options::default()
    };
    (Server::start(greeter, listeners, &options).unwrap(), ports)
}

fn greeted(port: u16) -> (BufReader<TcpStream>, String) {
    let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).unwrap());
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    (stream, line)
}

/// Counters follow a connection's end in their own time.
fn wait_for_open(server: &Server, count: usize) {
    while server.connections().open() != count {
        std::thread::yield_now();
    }
}

#[test]
fn a_connection_knows_its_listener_and_is_counted() {
    let greeter = Greeter {
        connections_max: 10,
        ..Greeter::default()
    };
    let (server, ports) = start(&greeter, 2);
    let first = greeted(ports[0]);
    let second = greeted(ports[1]);
    assert_eq!(first.1, format!("0 {}\n", ports[0]));
    assert_eq!(second.1, format!("1 {}\n", ports[1]));
    assert_eq!(server.connections().open(), 2);
    drop(first);
    wait_for_open(&server, 1);
    assert_eq!(server.connections().accepted(), 2);
}

#[test]
fn one_more_than_allowed_is_closed_at_once_and_none_of_the_others() {
    let greeter = Greeter {
        connections_max: 2,
        ..Greeter::default()
    };
    let (server, ports) = start(&greeter, 1);
    let kept = [greeted(ports[0]), greeted(ports[0])];
    assert_eq!(greeted(ports[0]).1, "");
    assert_eq!(server.connections().open(), 2);
    drop(kept);
    wait_for_open(&server, 0);
    assert_ne!(greeted(ports[0]).1, "");
}

#[test]
fn a_stop_lets_connections_say_what_they_owe() {
    let greeter = Greeter {
        connections_max: 10,
        ..Greeter::default()
    };
    let (server, ports) = start(&greeter, 1);
    let clients: Vec<_> = (0..4).map(|_| greeted(ports[0]).0).collect();
    let connections = server.connections();
    server.stop();
    for mut client in clients {
        let mut last = String::new();
        client.read_to_string(&mut last).unwrap();
        assert_eq!(last, "goodbye\n");
    }
    assert_eq!(connections.open(), 0);
    assert_eq!(greeter.told_to_stop.load(Ordering::Relaxed), 2);
    assert!(TcpStream::connect(("127.0.0.1", ports[0])).is_err());
}

#[test]
fn a_stop_does_not_wait_for_ever() {
    let greeter = Greeter {
        connections_max: 10,
        stubborn: true,
        ..Greeter::default()
    };
    let (server, ports) = start(&greeter, 1);
    let (mut client, _) = greeted(ports[0]);
    server.stop();
    let mut last = String::new();
    client.read_to_string(&mut last).unwrap();
    assert_eq!(last, "");
}
