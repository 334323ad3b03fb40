//! A broker on a temporary directory behind a real socket, for tests that speak frames.

#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod admin;
pub(crate) mod data;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use kafka::broker::server::serve;
use kafka::broker::{Broker, BrokerConfig, BrokerOpenError, Limits};
use kafka::config::Layers;
use kafka::log::Clock;
use kafka_wire::{Message, Reader, Request, ResponseHeader, Writer, encode_request};
use segment::{EngineKind, EngineOptions, FlushOptions, FlushService, open_engine};
use serving::{Options, Server};
use tempfile::TempDir;

/// The machine's clock: clients stamp their records with it, too.
struct MachineClock;

impl Clock for MachineClock {
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970");
        i64::try_from(since.as_millis()).expect("before the year 292 million")
    }
}

pub(crate) struct Served {
    pub(crate) broker: Arc<Broker>,
    server: Option<Server>,
    address: SocketAddr,
    pub(crate) dir: TempDir,
}

pub(crate) fn open(root: &Path, layers: Layers) -> Arc<Broker> {
    try_open(root, layers).expect("opens")
}

pub(crate) fn try_open(root: &Path, layers: Layers) -> Result<Arc<Broker>, BrokerOpenError> {
    let (engine, _) = open_engine(EngineKind::File, &EngineOptions::new(root));
    let config = BrokerConfig {
        root: root.to_owned(),
        own_dir: None,
        engine,
        flush: FlushService::start(FlushOptions::default()),
        clock: Arc::new(MachineClock),
        node_id: None,
        cluster_id: None,
        layers,
        advertised: None,
        limits: Limits::default(),
    };
    Broker::open(config).map(|(broker, _)| broker)
}

impl Served {
    pub(crate) fn start() -> Self {
        Self::with(Layers::default())
    }

    pub(crate) fn with(layers: Layers) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let broker = open(dir.path(), layers);
        let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
        let address = listener.local_addr().expect("an address");
        let options = Options {
            threads: 2,
            ..Default::default()
        };
        let server = serve(&broker, vec![listener], &options).expect("starts");
        Self {
            broker,
            address,
            server: Some(server),
            dir,
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).expect("connects")
    }

    pub(crate) fn client(&self) -> Client {
        Client {
            stream: self.connect(),
            next_id: 1,
            client_id: "test".to_owned(),
        }
    }

    pub(crate) fn stop(mut self) {
        self.server.take().expect("running").stop();
        self.broker.close().expect("closes");
    }
}

/// A client that speaks one request at a time.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    next_id: i32,
    pub(crate) client_id: String,
}

impl Client {
    pub(crate) fn send<'a, M: Message<'a> + Request>(&mut self, request: &M, version: i16) -> i32 {
        let id = self.next_id;
        self.next_id += 1;
        let mut w = Writer::new();
        encode_request(&mut w, id, Some(&self.client_id), version, request).expect("encodes");
        self.stream.write_all(w.as_slice()).expect("sends");
        id
    }

    /// The body of the next answer, which must belong to request `id`.
    pub(crate) fn receive<'a, M: Message<'a> + Request>(
        &mut self,
        id: i32,
        version: i16,
    ) -> Vec<u8> {
        let frame = read_frame(&mut self.stream);
        let mut r = Reader::new(&frame);
        let header = ResponseHeader::decode(&mut r, M::API.response_header_version(version));
        assert_eq!(header.expect("a header").correlation_id, id);
        r.rest().to_vec()
    }

    /// Sends, receives, decodes.
    pub(crate) fn call<'a, M: Message<'a> + Request>(
        &mut self,
        request: &M,
        version: i16,
    ) -> M::Response<'static> {
        let id = self.send(request, version);
        let body = self.receive::<M>(id, version).leak();
        let mut r = Reader::new(body);
        let response = M::Response::decode(&mut r, version).expect("decodes");
        r.finish().expect("nothing left over");
        response
    }
}

pub(crate) fn read_frame(stream: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).expect("a length");
    let mut frame = vec![0; usize::try_from(i32::from_be_bytes(length)).expect("positive")];
    stream.read_exact(&mut frame).expect("a frame");
    frame
}
