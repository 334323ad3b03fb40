//! A RocketMQ client, frame by frame.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use rocketmq::remoting::{Command, ExtWriter, Head, HeaderForm, Language, write_frame};

/// Longest it waits: reached only where something is wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// A response, with its own memory.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) code: i32,
    pub(crate) remark: String,
    pub(crate) ext: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Got {
    pub(crate) fn number(&self, name: &str) -> i64 {
        let found = self.ext.iter().find(|(known, _)| known == name);
        let found = found.unwrap_or_else(|| panic!("{name} in {self:?}"));
        found.1.parse().unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The bodies of a pull's messages.
    pub(crate) fn bodies(&self) -> Vec<String> {
        let (mut bodies, mut rest) = (Vec::new(), self.body.as_slice());
        while let Some(size) = rest.first_chunk::<4>() {
            let size = usize::try_from(u32::from_be_bytes(*size)).unwrap();
            let (own, behind) = rest.split_at(size);
            let entry = rocketmq::store::message::decode(own).unwrap();
            bodies.push(String::from_utf8_lossy(entry.body).into_owned());
            rest = behind;
        }
        bodies
    }
}

/// One connection, one request at a time.
pub(crate) struct Client {
    stream: TcpStream,
    next_opaque: i32,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream,
            next_opaque: 0,
        }
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn ask(&mut self, code: i32, fields: &[(&str, &str)], body: &[u8]) -> Got {
        self.start(code, fields, body);
        self.finish()
    }

    pub(crate) fn start(&mut self, code: i32, fields: &[(&str, &str)], body: &[u8]) {
        self.next_opaque += 1;
        let head = Head {
            form: HeaderForm::Json,
            code,
            language: Language::JAVA,
            version: 479,
            opaque: self.next_opaque,
            flag: 0,
            remark: None,
        };
        let put = |to: &mut ExtWriter<'_>| fields.iter().for_each(|(n, v)| to.put(n, v));
        let mut out = Vec::new();
        assert!(write_frame(&mut out, &head, &put, body.len()));
        out.extend_from_slice(body);
        self.stream.write_all(&out).unwrap();
    }

    /// The answer to the request sent last.
    pub(crate) fn finish(&mut self) -> Got {
        loop {
            let mut prefix = [0; 4];
            self.stream.read_exact(&mut prefix).unwrap();
            let mut frame = vec![0; usize::try_from(u32::from_be_bytes(prefix)).unwrap()];
            self.stream.read_exact(&mut frame).unwrap();
            let command = Command::decode(&frame).unwrap();
            if command.is_response() && command.opaque == self.next_opaque {
                let ext = command.ext.iter();
                return Got {
                    code: command.code,
                    remark: command.remark.as_deref().unwrap_or("").to_owned(),
                    ext: ext.map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
                    body: command.body.to_vec(),
                };
            }
        }
    }

    /// Sends to queue 0; gives the offset once the message is acknowledged.
    pub(crate) fn put(&mut self, topic: &str, body: &[u8]) -> i64 {
        self.put_to(topic, 0, body)
    }

    /// SEND_MESSAGE_V2; gives the offset once the message is acknowledged.
    pub(crate) fn put_to(&mut self, topic: &str, queue: usize, body: &[u8]) -> i64 {
        let queue = queue.to_string();
        let fields = [
            ("a", "pg"),
            ("b", topic),
            ("c", "TBW102"),
            ("d", "4"),
            ("e", &queue),
            ("f", "0"),
            ("g", "1700000000000"),
            ("h", "0"),
            ("i", ""),
            ("j", "0"),
            ("k", "false"),
        ];
        let got = self.ask(310, &fields, body);
        assert_eq!(got.code, 0, "{got:?}");
        got.number("queueOffset")
    }

    /// PULL_MESSAGE from queue 0, which waits for a message.
    pub(crate) fn pull(&mut self, topic: &str, offset: i64) -> Got {
        self.start_pull(topic, offset);
        self.finish()
    }

    pub(crate) fn start_pull(&mut self, topic: &str, offset: i64) {
        let offset = offset.to_string();
        let fields = [
            ("consumerGroup", "g"),
            ("topic", topic),
            ("queueId", "0"),
            ("queueOffset", offset.as_str()),
            ("maxMsgNums", "32"),
            // May wait, and says what it wants.
            ("sysFlag", "6"),
            ("commitOffset", "0"),
            ("suspendTimeoutMillis", "20000"),
            ("subscription", "*"),
            ("subVersion", "0"),
        ];
        self.start(11, &fields, b"");
    }

    /// The bodies of the first `count` messages of a topic's queue 0.
    pub(crate) fn read(&mut self, topic: &str, count: usize) -> Vec<String> {
        let (mut bodies, mut next) = (Vec::new(), 0);
        while bodies.len() < count {
            let got = self.pull(topic, next);
            assert_eq!(got.code, 0, "{got:?}");
            bodies.extend(got.bodies());
            next = got.number("nextBeginOffset");
        }
        bodies
    }
}
