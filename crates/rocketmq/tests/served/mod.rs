//! A name server and a broker on sockets of their own, and a client that speaks to them frame by frame.

#![allow(dead_code, reason = "each test file uses its own part of this")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use rocketmq::broker::{Broker, BrokerConfig, BrokerSettings};
use rocketmq::namesrv::NameServer;
use rocketmq::remoting::{Command, ExtWriter, Head, HeaderForm, Language, write_frame};
use rocketmq::server::{self, ServerOptions};
use rocketmq::store::{Clock, Durability, ManualClock, StoreOptions};
use segment::{EngineKind, EngineOptions, FlushOptions, FlushService, open_engine};
use serving::Server;

/// When the tests' clock starts, ms.
pub(crate) const START_MS: i64 = 1_700_000_000_000;
/// Longest a client waits: reached only where something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Served {
    pub(crate) broker: Arc<Broker>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) address: SocketAddr,
    pub(crate) names: SocketAddr,
    server: Option<Server>,
    dir: tempfile::TempDir,
}

/// Starts with `change` made to the usual settings.
pub(crate) fn serve_with(change: impl FnOnce(&mut BrokerSettings, &mut StoreOptions)) -> Served {
    start(
        tempfile::tempdir().unwrap(),
        Arc::new(ManualClock::at(START_MS)),
        change,
    )
}

/// Starts with the usual settings.
pub(crate) fn serve() -> Served {
    serve_with(|_, _| {})
}

fn start(
    dir: tempfile::TempDir,
    clock: Arc<ManualClock>,
    change: impl FnOnce(&mut BrokerSettings, &mut StoreOptions),
) -> Served {
    let listen = || TcpListener::bind("127.0.0.1:0").unwrap();
    let (names, listener) = (listen(), listen());
    let address = listener.local_addr().unwrap();
    let root: PathBuf = dir.path().join("store");
    let (engine, _) = open_engine(EngineKind::Mmap, &EngineOptions::new(dir.path()));
    let flush = FlushService::start(FlushOptions::default());
    let time = || Arc::clone(&clock) as Arc<dyn Clock>;
    let mut store = StoreOptions::new(engine, flush, time());
    store.settings.commit_log_file_bytes = 1 << 20;
    store.settings.queue_file_bytes = 20_000;
    store.settings.index_slots = 1000;
    store.settings.index_entries = 4000;
    store.settings.durability = Durability::Os;
    // A disk that happens to be full is not what is tested here.
    store.disk_usage = Box::new(|_| Ok(0.1));
    let mut settings = BrokerSettings::at(address);
    change(&mut settings, &mut store);
    let name_server = NameServer::open(&root.join(".highwater/kvConfig.json"), time()).unwrap();
    let name_server = Arc::new(name_server);
    let (broker, _) = Broker::open(BrokerConfig {
        root,
        settings,
        store,
        name_server: Some(Arc::clone(&name_server)),
    })
    .unwrap();
    let names_address = names.local_addr().unwrap();
    let server = server::serve(ServerOptions {
        name_server: Some((vec![names], name_server)),
        broker: Some((vec![listener], Arc::clone(&broker))),
        threads: 2,
        ..ServerOptions::default()
    })
    .unwrap();
    Served {
        broker,
        clock,
        address,
        names: names_address,
        server: Some(server),
        dir,
    }
}

impl Served {
    pub(crate) fn client(&self) -> Client {
        Client {
            broker: Arc::downgrade(&self.broker),
            ..Client::connect(self.address)
        }
    }

    /// Waits until so many pulls are held, or at least one where `count` is `None`.
    pub(crate) fn wait_held(&self, count: Option<usize>) {
        let started = Instant::now();
        loop {
            let held = self.broker.held_pulls();
            if count.map_or(held > 0, |count| held == count) {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{held} pulls are held");
            std::thread::yield_now();
        }
    }

    pub(crate) fn names(&self) -> Client {
        Client::connect(self.names)
    }

    /// Stops cleanly and starts again on the same directory.
    pub(crate) fn restart(mut self) -> Served {
        self.server.take().unwrap().stop();
        self.broker.close().unwrap();
        let Served {
            dir, clock, broker, ..
        } = self;
        drop(broker);
        start(dir, clock, |_, _| {})
    }
}

/// A frame that came, with its own memory.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) code: i32,
    pub(crate) opaque: i32,
    pub(crate) is_response: bool,
    pub(crate) is_oneway: bool,
    pub(crate) remark: String,
    pub(crate) ext: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Got {
    pub(crate) fn get(&self, name: &str) -> &str {
        let found = self.ext.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn number(&self, name: &str) -> i64 {
        self.get(name)
            .parse()
            .unwrap_or_else(|_| panic!("{name} in {self:?}"))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}", self.text()))
    }
}

pub(crate) struct Client {
    stream: TcpStream,
    /// Whom to ask whether a message has reached its queue.
    broker: Weak<Broker>,
    pub(crate) form: HeaderForm,
    next_opaque: i32,
    /// Frames that came while something else was waited for.
    aside: Vec<Got>,
}

pub(crate) type Fields<'f> = &'f [(&'f str, &'f str)];

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            broker: Weak::new(),
            form: HeaderForm::Json,
            next_opaque: 0,
            aside: Vec::new(),
        }
    }

    /// Sends a request; its opaque number.
    pub(crate) fn send(&mut self, code: i32, fields: Fields<'_>, body: &[u8]) -> i32 {
        self.next_opaque += 1;
        self.write(code, self.next_opaque, 0, fields, body);
        self.next_opaque
    }

    pub(crate) fn write(
        &mut self,
        code: i32,
        opaque: i32,
        flag: i32,
        fields: Fields<'_>,
        body: &[u8],
    ) {
        let head = Head {
            form: self.form,
            code,
            language: Language::JAVA,
            version: 479,
            opaque,
            flag,
            remark: None,
        };
        let put = |to: &mut ExtWriter<'_>| fields.iter().for_each(|(n, v)| to.put(n, v));
        let mut out = Vec::new();
        assert!(write_frame(&mut out, &head, &put, body.len()));
        out.extend_from_slice(body);
        self.stream.write_all(&out).unwrap();
    }

    pub(crate) fn write_raw(&mut self, bytes: &[u8]) {
        // The other side may have closed by now, which is what the test is about.
        let _ = self.stream.write_all(bytes);
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn ask(&mut self, code: i32, fields: Fields<'_>, body: &[u8]) -> Got {
        let opaque = self.send(code, fields, body);
        self.answer(opaque)
    }

    /// The answer to a request.
    pub(crate) fn answer(&mut self, opaque: i32) -> Got {
        self.wait_for(|got| got.is_response && got.opaque == opaque)
    }

    /// A request that the server sends.
    pub(crate) fn pushed(&mut self, code: i32) -> Got {
        self.wait_for(|got| !got.is_response && got.code == code)
    }

    /// Answers a request of the server.
    pub(crate) fn reply(&mut self, to: &Got, code: i32, body: &[u8]) {
        self.write(code, to.opaque, 1, &[], body);
    }

    fn wait_for(&mut self, wanted: impl Fn(&Got) -> bool) -> Got {
        if let Some(at) = self.aside.iter().position(&wanted) {
            return self.aside.remove(at);
        }
        loop {
            let got = self.read().expect("the server closed the connection");
            if wanted(&got) {
                return got;
            }
            self.aside.push(got);
        }
    }

    /// The next frame; `None` once the server closed.
    pub(crate) fn read(&mut self) -> Option<Got> {
        let mut prefix = [0; 4];
        match self.stream.read_exact(&mut prefix) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                panic!("nothing came for {PATIENCE:?}")
            }
            Err(_) => return None,
        }
        let mut frame = vec![0; usize::try_from(u32::from_be_bytes(prefix)).unwrap()];
        self.stream.read_exact(&mut frame).unwrap();
        let command = Command::decode(&frame).unwrap();
        Some(Got {
            code: command.code,
            opaque: command.opaque,
            is_response: command.is_response(),
            is_oneway: command.is_oneway(),
            remark: command.remark.as_deref().unwrap_or("").to_owned(),
            ext: command
                .ext
                .iter()
                .map(|(n, v)| (n.to_owned(), v.to_owned()))
                .collect(),
            body: command.body.to_vec(),
        })
    }

    /// Sends a message; its answer. A queue learns of a message a moment after it was acknowledged, and a pull beyond a
    /// queue's end is answered at once: this waits for the queue.
    pub(crate) fn put(&mut self, topic: &str, queue: &str, properties: &str, body: &[u8]) -> Got {
        let fields = message(topic, queue, properties);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let got = self.ask(310, &fields, body);
        if let (0, Some(broker)) = (got.code, self.broker.upgrade()) {
            let store = broker.store();
            assert!(store.wait_dispatched(store.state().visible));
        }
        got
    }

    /// A heartbeat as consumer of `group`, wanting all of `topic`.
    pub(crate) fn consume(
        &mut self,
        id: &str,
        group: &str,
        topic: &str,
        text: &str,
        kind: &str,
    ) -> Got {
        let beat = serde_json::json!({
            "clientID": id,
            "consumerDataSet": [{
                "groupName": group,
                "consumeType": "CONSUME_PASSIVELY",
                "messageModel": "CLUSTERING",
                "consumeFromWhere": "CONSUME_FROM_FIRST_OFFSET",
                "subscriptionDataSet": [
                    { "topic": topic, "subString": text, "expressionType": kind, "subVersion": 1 }
                ],
            }],
        });
        self.ask(34, &[], beat.to_string().as_bytes())
    }

    /// A heartbeat as producer of `group`.
    pub(crate) fn produce(&mut self, id: &str, group: &str) -> Got {
        let beat =
            serde_json::json!({ "clientID": id, "producerDataSet": [{ "groupName": group }] });
        self.ask(34, &[], beat.to_string().as_bytes())
    }

    /// Starts a pull that may wait for `hold_ms`; its opaque number.
    pub(crate) fn start_pull(
        &mut self,
        group: &str,
        topic: &str,
        queue: &str,
        offset: i64,
        hold_ms: u64,
    ) -> i32 {
        let (offset, hold) = (offset.to_string(), hold_ms.to_string());
        let flag = if hold_ms > 0 { "6" } else { "4" };
        let fields = [
            ("consumerGroup", group),
            ("topic", topic),
            ("queueId", queue),
            ("queueOffset", offset.as_str()),
            ("maxMsgNums", "32"),
            ("sysFlag", flag),
            ("commitOffset", "0"),
            ("suspendTimeoutMillis", hold.as_str()),
            ("subscription", "*"),
            ("subVersion", "0"),
        ];
        self.send(11, &fields, b"")
    }

    /// Pulls, waiting for messages for as long as the test has patience.
    pub(crate) fn pull(&mut self, group: &str, topic: &str, queue: &str, offset: i64) -> Got {
        let opaque = self.start_pull(group, topic, queue, offset, 20_000);
        self.answer(opaque)
    }

    /// The same once all that lies before `offset` can be read: a queue learns of messages a moment after they were
    /// acknowledged, and a pull beyond its end is answered at once.
    pub(crate) fn pull_behind(
        &mut self,
        group: &str,
        topic: &str,
        queue: &str,
        offset: i64,
    ) -> Got {
        for before in 0..offset {
            self.pull("settle", topic, queue, before);
        }
        self.pull(group, topic, queue, offset)
    }
}

/// The fields of SEND_MESSAGE_V2.
pub(crate) fn message(topic: &str, queue: &str, properties: &str) -> Vec<(&'static str, String)> {
    let own = |text: &str| text.to_owned();
    vec![
        ("a", own("pg")),
        ("b", own(topic)),
        ("c", own("TBW102")),
        ("d", own("4")),
        ("e", own(queue)),
        ("f", own("0")),
        ("g", START_MS.to_string()),
        ("h", own("0")),
        ("i", own(properties)),
        ("j", own("0")),
        ("k", own("false")),
    ]
}

/// One message of a pull's body.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) topic: String,
    pub(crate) queue_offset: i64,
    pub(crate) physical_offset: i64,
    pub(crate) reconsume_times: i32,
    pub(crate) sys_flag: i32,
    pub(crate) body: String,
    pub(crate) properties: String,
}

impl Message {
    pub(crate) fn property(&self, name: &str) -> Option<String> {
        let found = rocketmq::store::message::property(self.properties.as_bytes(), name);
        found.map(|value| value.into_owned())
    }
}

/// The messages of a pull's body.
pub(crate) fn messages(mut body: &[u8]) -> Vec<Message> {
    let mut messages = Vec::new();
    while let Some(size) = body.first_chunk::<4>() {
        let (own, rest) = body.split_at(usize::try_from(u32::from_be_bytes(*size)).unwrap());
        let entry = rocketmq::store::message::decode(own).unwrap();
        messages.push(Message {
            topic: String::from_utf8_lossy(entry.topic).into_owned(),
            queue_offset: entry.queue_offset.0,
            physical_offset: entry.physical_offset.0,
            reconsume_times: entry.reconsume_times,
            sys_flag: entry.sys_flag.0,
            body: String::from_utf8_lossy(entry.body).into_owned(),
            properties: String::from_utf8_lossy(entry.properties).into_owned(),
        });
        body = rest;
    }
    messages
}

/// The bodies of a pull's messages.
pub(crate) fn bodies(got: &Got) -> Vec<String> {
    messages(&got.body)
        .into_iter()
        .map(|message| message.body)
        .collect()
}
