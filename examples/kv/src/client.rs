//! A client: finds the leader, asks it, and says honestly what became of the request.
//!
//! A request that certainly did nothing is made again elsewhere until the time is over, and so is a read. A write that
//! may have arrived is never made again: it could count twice, with another client's write in between. The caller is told
//! [`ClientError::Unknown`] and can read what is there.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};

use crate::wire::{self, ClientReply, ClientRequest, Read, Request, Status};
use crate::{Command, NodeId, Outcome};

/// Pause before the next node is asked.
const RETRY_PAUSE: Duration = Duration::from_millis(20);

/// Longest wait for a connection; a node that is cut off does not even refuse it.
const CONNECT_LIMIT: Duration = Duration::from_millis(500);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nothing happened. The request is at fault: making it again will not help.
    #[error("refused: {0}")]
    Refused(String),
    /// Nothing happened. No node could do it in time: making it again may help.
    #[error("nothing happened: {0}")]
    Unavailable(String),
    /// It may have happened, or happen yet. Read before you decide to make it again.
    #[error("it is not known whether it happened: {0}")]
    Unknown(String),
}

/// Talks to a cluster, one request at a time.
#[derive(Debug)]
pub struct Client {
    /// Where nodes listen. At least one of them must be right.
    nodes: Vec<String>,
    /// The node to ask next: the leader, as far as is known.
    next: String,
    connections: BTreeMap<String, TcpStream>,
    /// Longest wait for one request, with all its repetitions.
    limit: Duration,
}

impl Client {
    /// A client of the cluster that the nodes at these addresses (`host:port`) belong to.
    pub fn new(nodes: Vec<String>, limit: Duration) -> Self {
        Self {
            next: nodes.first().cloned().unwrap_or_default(),
            nodes,
            connections: BTreeMap::new(),
            limit,
        }
    }

    /// Asks the node at `address` first next time.
    pub fn prefer(&mut self, address: &str) {
        address.clone_into(&mut self.next);
    }

    /// The value of a key.
    ///
    /// # Errors
    /// [`ClientError::Refused`] or [`ClientError::Unavailable`]: a read changes nothing, whatever happened to it.
    pub async fn get(&mut self, key: &str, read: Read) -> Result<Option<String>, ClientError> {
        let key = key.to_owned();
        match self.request(&ClientRequest::Get { key, read }).await? {
            ClientReply::Value(value) => Ok(value),
            other => Err(unexpected(&other)),
        }
    }

    /// Changes the map.
    ///
    /// # Errors
    /// Any; [`ClientError::Unknown`] wants a decision.
    pub async fn write(&mut self, command: Command) -> Result<Outcome, ClientError> {
        command.check().map_err(ClientError::Refused)?;
        match self.request(&ClientRequest::Write(command)).await? {
            ClientReply::Written(outcome) => Ok(outcome),
            other => Err(unexpected(&other)),
        }
    }

    /// How a node that answers sees the cluster.
    ///
    /// # Errors
    /// [`ClientError::Unavailable`] if none does.
    pub async fn status(&mut self) -> Result<Status, ClientError> {
        match self.request(&ClientRequest::Status).await? {
            ClientReply::Status(status) => Ok(status),
            other => Err(unexpected(&other)),
        }
    }

    /// Makes a cluster of nodes that have none; the client's first node must be one of them.
    ///
    /// # Errors
    /// [`ClientError::Refused`] if that node belongs to a cluster already.
    pub async fn init(&mut self, members: BTreeMap<NodeId, String>) -> Result<(), ClientError> {
        self.change(ClientRequest::Init(members)).await
    }

    /// Takes a node in.
    ///
    /// # Errors
    /// Any; after [`ClientError::Unknown`] it can be done again.
    pub async fn add_member(&mut self, id: NodeId, address: String) -> Result<(), ClientError> {
        self.change(ClientRequest::AddMember(id, address)).await
    }

    /// Takes a node out.
    ///
    /// # Errors
    /// Any; after [`ClientError::Unknown`] it can be done again.
    pub async fn remove_member(&mut self, id: NodeId) -> Result<(), ClientError> {
        self.change(ClientRequest::RemoveMember(id)).await
    }

    async fn change(&mut self, request: ClientRequest) -> Result<(), ClientError> {
        match self.request(&request).await? {
            ClientReply::Done => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    async fn request(&mut self, request: &ClientRequest) -> Result<ClientReply, ClientError> {
        let deadline = Instant::now() + self.limit;
        let harmless = matches!(request, ClientRequest::Get { .. } | ClientRequest::Status);
        loop {
            let why = match self.attempt(request, deadline).await {
                Ok(ClientReply::NotLeader(Some((_, address)))) => {
                    let why = format!("{} says that {address} leads", self.next);
                    self.next = address;
                    why
                }
                Ok(ClientReply::NotLeader(None)) => self.ask_another("knows no leader"),
                Ok(ClientReply::Unavailable(why)) => self.ask_another(&why),
                Ok(ClientReply::Refused(why)) => return Err(ClientError::Refused(why)),
                Ok(ClientReply::Unknown(why)) => return Err(ClientError::Unknown(why)),
                Ok(reply) => return Ok(reply),
                Err(Trouble::Connect(error)) => self.ask_another(&error.to_string()),
                Err(Trouble::Exchange(error)) if harmless => self.ask_another(&error.to_string()),
                Err(Trouble::Exchange(error)) => {
                    let why = self.ask_another(&error.to_string());
                    return Err(ClientError::Unknown(why));
                }
            };
            if Instant::now() + RETRY_PAUSE >= deadline {
                return Err(ClientError::Unavailable(why));
            }
            sleep(RETRY_PAUSE).await;
        }
    }

    /// Moves on to the node after the one that was asked, and says why.
    fn ask_another(&mut self, why: &str) -> String {
        let why = format!("{}: {why}", self.next);
        let asked = self.nodes.iter().position(|node| *node == self.next);
        let after = asked.map_or(0, |at| at + 1);
        if let Some(node) = self.nodes.iter().cycle().nth(after) {
            self.next.clone_from(node);
        }
        why
    }

    /// Asks `self.next` once. A connection that did not carry a whole exchange is not used again.
    async fn attempt(
        &mut self,
        request: &ClientRequest,
        deadline: Instant,
    ) -> Result<ClientReply, Trouble> {
        let mut stream = match self.connections.remove(&self.next) {
            Some(stream) => stream,
            None => {
                let limit = deadline.min(Instant::now() + CONNECT_LIMIT);
                let connected = timeout_at(limit, TcpStream::connect(&self.next)).await;
                connected
                    .map_err(io::Error::from)
                    .flatten()
                    .map_err(Trouble::Connect)?
            }
        };
        stream.set_nodelay(true).map_err(Trouble::Connect)?;
        let exchange = async {
            wire::send(&mut stream, &Request::Client(request.clone())).await?;
            wire::receive(&mut stream).await
        };
        let reply = timeout_at(deadline, exchange).await;
        let reply = reply
            .map_err(io::Error::from)
            .flatten()
            .map_err(Trouble::Exchange)?;
        self.connections.insert(self.next.clone(), stream);
        Ok(reply)
    }
}

/// Why one attempt has no answer.
enum Trouble {
    /// The request was not sent.
    Connect(io::Error),
    /// It may have arrived.
    Exchange(io::Error),
}

fn unexpected(reply: &ClientReply) -> ClientError {
    ClientError::Unknown(format!("an answer that fits no such request: {reply:?}"))
}
