//! `highwater serve` as a process, and the Kafka requests that tests write by hand.

#![allow(dead_code, reason = "each test file uses its own part of this")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

pub(crate) mod rocketmq;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use kafka::log::builder::BatchBuilder;
use kafka::log::compression::Compression;

pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A server process; killed when dropped.
pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) ready: String,
}

pub(crate) fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_highwater"));
    command
        .args(args)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub(crate) fn serve_args<'a>(data: &'a str, http: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["serve", "--data", data, "--http", http];
    // Left alone, the name server is off where the broker is.
    let without_broker = more.windows(2).any(|pair| pair == ["--rocketmq", "off"]);
    for listener in ["--kafka", "--rocketmq", "--namesrv"] {
        let left_alone = without_broker && listener == "--namesrv";
        if !more.contains(&listener) && !left_alone {
            args.extend([listener, "127.0.0.1:0"]);
        }
    }
    args.extend(more);
    args
}

impl Served {
    pub(crate) fn start(data: &Path, more: &[&str]) -> Self {
        Self::start_with(data, "127.0.0.1:0", more)
    }

    pub(crate) fn start_with(data: &Path, http: &str, more: &[&str]) -> Self {
        let data = data.to_str().unwrap();
        let mut child = command(&serve_args(data, http, more))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut ready)
            .unwrap();
        assert!(ready.starts_with("ready in "), "{ready:?}");
        Self { child, ready }
    }

    /// An address of the ready line.
    pub(crate) fn address(&self, name: &str) -> SocketAddr {
        let prefix = format!("{name}=");
        let field = self
            .ready
            .split_whitespace()
            .find_map(|word| word.strip_prefix(&prefix));
        field
            .unwrap_or_else(|| panic!("{name} in {:?}", self.ready))
            .parse()
            .unwrap()
    }

    pub(crate) fn http(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address("http")).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", name, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        wait(&mut self.child)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        assert!(began.elapsed() < DEADLINE, "the process does not end");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Runs to the end; gives the exit code and what stood on stderr.
pub(crate) fn refused(args: &[&str]) -> (Option<i32>, String) {
    let mut child = command(args).spawn().unwrap();
    let status = wait(&mut child);
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    (status.code(), said)
}

/// A request frame, by hand so that these tests need no client: key, version, fields after the header.
pub(crate) fn frame(key: i16, version: i16, fields: &[&[u8]]) -> Vec<u8> {
    let mut frame = Vec::new();
    frame.extend(key.to_be_bytes());
    frame.extend(version.to_be_bytes());
    // Correlation id, no client id.
    frame.extend(7_i32.to_be_bytes());
    frame.extend((-1_i16).to_be_bytes());
    fields.iter().for_each(|field| frame.extend(*field));
    let mut whole = i32::try_from(frame.len()).unwrap().to_be_bytes().to_vec();
    whole.extend(frame);
    whole
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    let mut bytes = i16::try_from(text.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

pub(crate) fn int(number: i32) -> [u8; 4] {
    number.to_be_bytes()
}

/// Sends; the answer is left for later.
pub(crate) fn send(at: SocketAddr, frame: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.write_all(frame).unwrap();
    stream
}

/// The next answer without its length and correlation id.
pub(crate) fn receive(stream: &mut TcpStream) -> Vec<u8> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut answer = vec![0; usize::try_from(i32::from_be_bytes(length)).unwrap()];
    stream.read_exact(&mut answer).unwrap();
    answer.split_off(4)
}

/// CreateTopics version 2, one partition; gives the code.
pub(crate) fn create_topic(at: SocketAddr, name: &str) -> i16 {
    let name = text(name);
    let fields: [&[u8]; 8] = [
        &int(1),
        &name,
        &int(1),
        &[0, 1],
        &int(0),
        &int(0),
        &int(1000),
        &[0],
    ];
    let answer = receive(&mut send(at, &frame(19, 2, &fields)));
    // Throttle time, one topic, its name, then the code.
    let code = 4 + 4 + name.len();
    i16::from_be_bytes([answer[code], answer[code + 1]])
}

/// Fetch version 4 that waits a minute for the first record of partition 0; taken when this returns.
pub(crate) fn park_fetch(at: SocketAddr, topic: &str) -> TcpStream {
    let (topic, mib) = (text(topic), int(1 << 20));
    let fields: [&[u8]; 11] = [
        // Replica, longest wait, least and most bytes, isolation.
        &int(-1),
        &int(60_000),
        &int(1),
        &mib,
        &[0],
        &int(1),
        &topic,
        &int(1),
        &int(0),
        &[0; 8],
        &mib,
    ];
    // ApiVersions in front, in one piece: what is answered there was read with what follows.
    let mut both = frame(18, 0, &[]);
    both.extend(frame(1, 4, &fields));
    let mut stream = send(at, &both);
    receive(&mut stream);
    stream
}

/// JoinGroup version 0, once there is a coordinator; the answer comes when the group has assembled.
pub(crate) fn park_join(at: SocketAddr) -> TcpStream {
    let (group, empty, kind, range) = (text("g"), text(""), text("consumer"), text("range"));
    let ask = frame(10, 0, &[&group]);
    while receive(&mut send(at, &ask))[..2] != [0, 0] {
        std::thread::yield_now();
    }
    let fields: [&[u8]; 7] = [
        &group,
        &int(1_000_000),
        &empty,
        &kind,
        &int(1),
        &range,
        &int(0),
    ];
    send(at, &frame(11, 0, &fields))
}

/// Produce version 3 of one record to partition 0, acknowledged as its topic says; gives the code and the offset.
pub(crate) fn produce(at: SocketAddr, topic: &str, value: &[u8]) -> (i16, i64) {
    let mut builder = BatchBuilder::new(Compression::None).position(0, 0);
    builder.push(0, None, Some(value));
    let batch = builder.finish().unwrap();
    let (topic, size) = (text(topic), int(i32::try_from(batch.len()).unwrap()));
    let fields: [&[u8]; 9] = [
        // No transaction, acks=all, a timeout.
        &[0xff, 0xff],
        &[0xff, 0xff],
        &int(30_000),
        &int(1),
        &topic,
        &int(1),
        &int(0),
        &size,
        &batch,
    ];
    let answer = receive(&mut send(at, &frame(0, 3, &fields)));
    // Topics, the name, partitions, the partition's number; then code and offset.
    let code = 4 + topic.len() + 4 + 4;
    let offset = answer[code + 2..code + 10].try_into().unwrap();
    (
        i16::from_be_bytes([answer[code], answer[code + 1]]),
        i64::from_be_bytes(offset),
    )
}

/// Fetch version 4 of partition 0 from its start, without waiting; gives the answer as it came.
pub(crate) fn fetch(at: SocketAddr, topic: &str) -> Vec<u8> {
    let (topic, mib) = (text(topic), int(1 << 20));
    let fields: [&[u8]; 11] = [
        &int(-1),
        &int(0),
        &int(1),
        &mib,
        &[0],
        &int(1),
        &topic,
        &int(1),
        &int(0),
        &[0; 8],
        &mib,
    ];
    receive(&mut send(at, &frame(1, 4, &fields)))
}
