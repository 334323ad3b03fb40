//! One connection with many requests on their way: one half sends, the other takes the answers.
//!
//! Invariant: a server answers in the order of the requests, so whoever uses the halves must take
//! the answers in the order of the [`Pending`]s. After an error neither half is of further use.

use std::collections::HashMap;

use kafka_wire::{Message, Request, VersionRange, Writer, encode_request};
use tokio::io::AsyncWriteExt as _;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::connection::{Answer, Connection, answer_to, common_version, read_frame};
use super::error::ClientError;

/// A request that was sent and whose answer has not been taken.
#[derive(Debug, Clone, Copy)]
pub struct Pending {
    correlation_id: i32,
    version: i16,
}

/// The half that sends.
#[derive(Debug)]
pub struct Requests {
    stream: OwnedWriteHalf,
    address: String,
    client_id: String,
    offered: HashMap<i16, VersionRange>,
    next_correlation_id: i32,
    staged: Vec<u8>,
}

/// The half that takes answers.
#[derive(Debug)]
pub struct Answers {
    stream: OwnedReadHalf,
    address: String,
}

impl Connection {
    /// Takes the connection apart. All its requests must have been answered.
    pub fn split(self) -> (Requests, Answers) {
        let (read, write) = self.stream.into_split();
        let requests = Requests {
            stream: write,
            address: self.address.clone(),
            client_id: self.client_id,
            offered: self.offered,
            next_correlation_id: self.next_correlation_id,
            staged: Vec::new(),
        };
        let answers = Answers {
            stream: read,
            address: self.address,
        };
        (requests, answers)
    }
}

impl Requests {
    /// Encodes a request, in a version of at most `ceiling`; [`Self::flush`] sends it.
    ///
    /// # Errors
    /// `NotOffered`, `Unsayable`.
    pub fn stage<'m, M: Message<'m> + Request>(
        &mut self,
        request: &M,
        ceiling: i16,
    ) -> Result<Pending, ClientError> {
        let version = common_version(&self.offered, &self.address, M::API, ceiling)?;
        let correlation_id = self.next_correlation_id;
        self.next_correlation_id = correlation_id.wrapping_add(1);
        let mut w = Writer::new();
        encode_request(
            &mut w,
            correlation_id,
            Some(&self.client_id),
            version,
            request,
        )?;
        if self.staged.is_empty() {
            self.staged = w.into_vec();
        } else {
            self.staged.extend_from_slice(w.as_slice());
        }
        Ok(Pending {
            correlation_id,
            version,
        })
    }

    /// Sends what was staged.
    ///
    /// # Errors
    /// `Unreachable`; how much of it arrived is not known.
    pub async fn flush(&mut self) -> Result<(), ClientError> {
        let staged = std::mem::take(&mut self.staged);
        let sent = self.stream.write_all(&staged).await;
        sent.map_err(|source| ClientError::Unreachable {
            address: self.address.clone(),
            source,
        })
    }
}

impl Answers {
    /// Where they come from.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The answer to the oldest request that has none yet, which was an `M`. Waits for ever; must be
    /// polled to its end, or the connection is of no further use.
    ///
    /// # Errors
    /// `Unreachable`, `Protocol`.
    pub async fn take<M: Request>(&mut self, pending: Pending) -> Result<Answer<M>, ClientError> {
        let bytes = read_frame(&mut self.stream, &self.address).await?;
        answer_to(
            pending.correlation_id,
            pending.version,
            bytes,
            &self.address,
        )
    }
}
