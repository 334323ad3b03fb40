//! One connection: calls go out, frames come in.
//!
//! Invariants: a read waits until a deadline and no longer; a frame's length is checked before memory is taken for it.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use rocketmq::remoting::codes::{request, response};
use rocketmq::remoting::{
    Command, ExtWriter, FRAME_BYTES_MAX, Frame, Head, PREFIX_BYTES, write_frame,
};

use super::error::RemotingError;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Call<'c> {
    /// Its name, for messages.
    pub what: &'static str,
    /// Its request code.
    pub code: i32,
    /// The header's own fields.
    pub fields: &'c [(&'c str, &'c str)],
    /// The body.
    pub body: &'c [u8],
}

impl<'c> Call<'c> {
    /// A call without body.
    #[must_use]
    pub fn new(what: &'static str, code: i32, fields: &'c [(&'c str, &'c str)]) -> Self {
        Self {
            what,
            code,
            fields,
            body: &[],
        }
    }
}

/// An answer with its own memory.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// Joins it to its call.
    pub opaque: i32,
    /// How it went.
    pub code: i32,
    /// The server's words.
    pub remark: String,
    /// The header's own fields.
    pub fields: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// One field.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// One field that is a number.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<i64> {
        self.get(name)?.parse().ok()
    }

    /// A refusal unless the code is success.
    ///
    /// # Errors
    /// `Refused`.
    pub fn check(self, about: &str) -> Result<Self, RemotingError> {
        match self.code {
            response::SUCCESS => Ok(self),
            _ => Err(self.refusal(about)),
        }
    }

    /// The refusal that it is.
    #[must_use]
    pub fn refusal(self, about: &str) -> RemotingError {
        RemotingError::Refused {
            about: about.to_owned(),
            code: self.code,
            remark: self.remark,
        }
    }
}

/// A connection to one server.
#[derive(Debug)]
pub struct Connection {
    address: String,
    stream: TcpStream,
    patience: Duration,
    next_opaque: i32,
    input: Vec<u8>,
    /// Answers that came while that of a call was waited for.
    aside: VecDeque<Answer>,
    /// The server said that the members of a group have changed.
    pub(super) members_changed: bool,
}

impl Connection {
    /// Connects to `HOST:PORT` within `patience`, which is also how long a call may take.
    ///
    /// # Errors
    /// `Unreachable`.
    pub fn open(
        what: &'static str,
        address: &str,
        patience: Duration,
    ) -> Result<Self, RemotingError> {
        let failed = |source| RemotingError::Unreachable {
            what,
            address: address.to_owned(),
            source,
        };
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for one in address.to_socket_addrs().map_err(failed)? {
            match TcpStream::connect_timeout(&one, patience) {
                Ok(stream) => {
                    stream.set_nodelay(true).map_err(failed)?;
                    stream.set_write_timeout(Some(patience)).map_err(failed)?;
                    return Ok(Self {
                        address: address.to_owned(),
                        stream,
                        patience,
                        next_opaque: 0,
                        input: Vec::new(),
                        aside: VecDeque::new(),
                        members_changed: false,
                    });
                }
                Err(error) => last = error,
            }
        }
        Err(failed(last))
    }

    /// Where it leads.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The address of this side, as the server sees it unless something stands between.
    #[must_use]
    pub fn local_ip(&self) -> Option<std::net::IpAddr> {
        Some(self.stream.local_addr().ok()?.ip())
    }

    /// Asks and waits for the answer, whatever it says.
    ///
    /// # Errors
    /// All but `Refused`.
    pub fn call(&mut self, call: &Call<'_>) -> Result<Answer, RemotingError> {
        let opaque = self.send(call)?;
        let deadline = Instant::now() + self.patience;
        loop {
            match self.receive_new(deadline)? {
                Some(answer) if answer.opaque == opaque => return Ok(answer),
                Some(other) => self.aside.push_back(other),
                None => {
                    return Err(RemotingError::Timeout {
                        address: self.address.clone(),
                        what: call.what,
                        waited_ms: self.patience.as_millis(),
                    });
                }
            }
        }
    }

    /// Asks; the number that the answer will have.
    ///
    /// # Errors
    /// `Unreachable` where the connection broke.
    pub fn send(&mut self, call: &Call<'_>) -> Result<i32, RemotingError> {
        self.next_opaque = self.next_opaque.wrapping_add(1) & i32::MAX;
        let head = Head::request(call.code, self.next_opaque, false);
        let fields = |to: &mut ExtWriter<'_>| {
            for (name, value) in call.fields {
                to.put(name, value);
            }
        };
        let mut out = Vec::new();
        if !write_frame(&mut out, &head, &fields, call.body.len()) {
            return Err(self.protocol("the request does not fit into a frame"));
        }
        out.extend_from_slice(call.body);
        self.stream
            .write_all(&out)
            .map_err(|source| self.broken(source))?;
        Ok(self.next_opaque)
    }

    /// The next answer, whichever it is; `None` at the deadline.
    ///
    /// # Errors
    /// `Unreachable` where the connection broke, `Protocol`.
    pub fn receive(&mut self, deadline: Instant) -> Result<Option<Answer>, RemotingError> {
        match self.aside.pop_front() {
            Some(answer) => Ok(Some(answer)),
            None => self.receive_new(deadline),
        }
    }

    fn receive_new(&mut self, deadline: Instant) -> Result<Option<Answer>, RemotingError> {
        loop {
            if let Some(frame) = self.take_frame()? {
                let command =
                    Command::decode(&frame).map_err(|error| self.protocol(&error.to_string()))?;
                if command.is_response() {
                    let fields = command.ext.iter();
                    return Ok(Some(Answer {
                        opaque: command.opaque,
                        code: command.code,
                        remark: command.remark.as_deref().unwrap_or_default().to_owned(),
                        fields: fields
                            .map(|(name, value)| (name.to_owned(), value.to_owned()))
                            .collect(),
                        body: command.body.to_vec(),
                    }));
                }
                self.members_changed |= command.code == request::NOTIFY_CONSUMER_IDS_CHANGED;
                continue;
            }
            if !self.fill(deadline)? {
                return Ok(None);
            }
        }
    }

    /// A whole frame without its prefix, if one is there.
    fn take_frame(&mut self) -> Result<Option<Vec<u8>>, RemotingError> {
        let length = Frame::declared_length(&self.input, FRAME_BYTES_MAX)
            .map_err(|error| self.protocol(&error.to_string()))?;
        let Some(end) = length.map(|length| PREFIX_BYTES + length) else {
            return Ok(None);
        };
        if self.input.len() < end {
            return Ok(None);
        }
        let rest = self.input.split_off(end);
        let mut frame = std::mem::replace(&mut self.input, rest);
        frame.drain(..PREFIX_BYTES);
        Ok(Some(frame))
    }

    /// Reads what is there, or comes; false at the deadline.
    fn fill(&mut self, deadline: Instant) -> Result<bool, RemotingError> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(false);
        }
        self.stream
            .set_read_timeout(Some(left))
            .map_err(|source| self.broken(source))?;
        let mut piece = [0; 64 << 10];
        match self.stream.read(&mut piece) {
            Ok(0) => Err(self.broken(io::ErrorKind::UnexpectedEof.into())),
            Ok(read) => {
                self.input
                    .extend_from_slice(piece.get(..read).unwrap_or_default());
                Ok(true)
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Ok(false),
                io::ErrorKind::Interrupted => Ok(true),
                _ => Err(self.broken(error)),
            },
        }
    }

    fn broken(&self, source: io::Error) -> RemotingError {
        RemotingError::Unreachable {
            what: "the server",
            address: self.address.clone(),
            source,
        }
    }

    /// What the server sent is not what it should be.
    pub(super) fn protocol(&self, why: &str) -> RemotingError {
        RemotingError::Protocol {
            address: self.address.clone(),
            why: why.to_owned(),
        }
    }
}
