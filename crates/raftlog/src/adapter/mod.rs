//! The log storage of `openraft` 0.9 on a [`RaftLog`].
//!
//! An entry's payload is the whole openraft entry in a [`Codec`]'s form. What may wait for the disk runs on the directory's
//! own few threads, so no worker of the caller's runtime blocks and any runtime will do; an append is made in place.
//!
//! What the Raft library owes to rule D8: openraft 0.9 makes a restarted leader a leader again in the same term, but it
//! appends to no follower what is not durable here, so no index of a term is issued twice. A later openraft that replicates
//! before the local flush must run with `enable_leader_restore: Some(false)`.
//!
//! What openraft 0.10 will need: `truncate_after` with the last log id to keep instead of `truncate`, `IOFlushed` in the
//! place of `LogFlushed`, `io::Error` in the place of `StorageError`, `read_vote` on the reader too, and its streams. The
//! log below needs nothing: its completions come in order and may be many under way.

#![allow(
    clippy::result_large_err,
    reason = "the error is openraft's, and its traits name it"
)]

mod codec;

use std::fmt::Debug;
use std::io;
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};

use bytes::Bytes;
use openraft::storage::{LogFlushed, RaftLogStorage};
use openraft::{
    AnyError, LogState, OptionalSend, RaftLogId, RaftLogReader, RaftTypeConfig, StorageError,
    StorageIOError,
};

use crate::entry::{Entry, EntryKind, LogId};
use crate::error::RaftLogError;
use crate::log::RaftLog;
use crate::state::Vote;
pub use codec::{Codec, CodecError, MessagePack};

/// What one read for replication returns at most, in bytes of payload.
const REPLICATE_BYTES_MAX: usize = 4 << 20;

/// A group's log as openraft's log storage, and as its log reader.
///
/// `K` says what entries, votes and log ids look like in the log.
pub struct OpenraftLog<C, K = MessagePack> {
    log: RaftLog,
    codec: K,
    types: PhantomData<fn() -> C>,
}

impl<C, K: Clone> Clone for OpenraftLog<C, K> {
    fn clone(&self) -> Self {
        Self {
            log: self.log.clone(),
            codec: self.codec.clone(),
            types: PhantomData,
        }
    }
}

impl<C, K> Debug for OpenraftLog<C, K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("OpenraftLog").field(&self.log).finish()
    }
}

impl<C> OpenraftLog<C> {
    /// The log with everything in MessagePack.
    #[must_use]
    pub fn new(log: RaftLog) -> Self {
        Self::with_codec(log, MessagePack)
    }
}

impl<C, K> OpenraftLog<C, K> {
    /// The log with everything in the codec's form.
    #[must_use]
    pub fn with_codec(log: RaftLog, codec: K) -> Self {
        Self {
            log,
            codec,
            types: PhantomData,
        }
    }

    /// The log itself.
    #[must_use]
    pub fn log(&self) -> &RaftLog {
        &self.log
    }
}

type Refused<C> = StorageError<<C as RaftTypeConfig>::NodeId>;

fn any(error: impl std::fmt::Display) -> AnyError {
    AnyError::error(error)
}

/// Runs what may wait for the disk on another thread.
async fn offload<T: Send + 'static>(
    log: &RaftLog,
    job: impl FnOnce(&RaftLog) -> Result<T, RaftLogError> + Send + 'static,
) -> Result<T, RaftLogError> {
    let (done, is_done) = tokio::sync::oneshot::channel();
    let theirs = log.clone();
    log.offload(move || {
        let result = job(&theirs);
        // Before the answer: whoever lets the log go then finds it closed.
        drop(theirs);
        // Who asked may have gone.
        let _ = done.send(result);
    });
    is_done.await.unwrap_or(Err(RaftLogError::Closed))
}

impl<C, K> OpenraftLog<C, K>
where
    C: RaftTypeConfig,
    K: Codec<C>,
{
    fn encode(&self, entry: &C::Entry) -> Result<Entry, Refused<C>> {
        let id = entry.get_log_id();
        let payload = self
            .codec
            .encode_entry(entry)
            .map_err(|error| StorageIOError::write_log_entry(id.clone(), any(error)))?;
        let is_membership = openraft::entry::RaftPayload::get_membership(entry).is_some();
        Ok(Entry {
            index: id.index,
            term: id.leader_id.term,
            kind: if is_membership {
                EntryKind::Membership
            } else {
                EntryKind::Normal
            },
            payload,
        })
    }

    fn decode(&self, entries: Vec<Entry>) -> Result<Vec<C::Entry>, Refused<C>> {
        entries
            .into_iter()
            .map(|entry| {
                let index = entry.index;
                self.codec
                    .decode_entry(entry.payload)
                    .map_err(|error| StorageIOError::read_log_at_index(index, any(error)).into())
            })
            .collect()
    }

    fn encode_id(&self, id: &openraft::LogId<C::NodeId>) -> Result<(LogId, Bytes), Refused<C>> {
        let text = self
            .codec
            .encode_log_id(id)
            .map_err(|error| StorageIOError::write_logs(any(error)))?;
        let (term, index) = (id.leader_id.term, id.index);
        Ok((LogId { term, index }, text))
    }

    fn decode_id(&self, text: &Bytes) -> Result<openraft::LogId<C::NodeId>, Refused<C>> {
        self.codec
            .decode_log_id(text)
            .map_err(|error| StorageIOError::read_logs(any(error)).into())
    }

    /// Entries of a range; as many as have `bytes_max` of payload, but at least one if there is one.
    async fn some(
        &self,
        from: u64,
        to: u64,
        bytes_max: usize,
    ) -> Result<Vec<C::Entry>, Refused<C>> {
        let found = match self.log.read_cached(from..to, bytes_max) {
            Some(found) => found,
            None => offload(&self.log, move |log| log.read(from..to, bytes_max))
                .await
                .map_err(|error| StorageIOError::read_logs(any(error)))?,
        };
        self.decode(found)
    }

    /// The id of the last entry; where there is none, of the one purged last.
    async fn last_id(&self) -> Result<Option<openraft::LogId<C::NodeId>>, Refused<C>> {
        if let Some(last) = self.log.last()
            && let Some(entry) = self.some(last.index, last.index + 1, 0).await?.pop()
        {
            return Ok(Some(entry.get_log_id().clone()));
        }
        self.purged_id()
    }

    fn purged_id(&self) -> Result<Option<openraft::LogId<C::NodeId>>, Refused<C>> {
        self.log
            .purged()
            .map(|purged| self.decode_id(&purged.text))
            .transpose()
    }
}

fn bounds(range: &impl RangeBounds<u64>) -> (u64, u64) {
    let from = match range.start_bound() {
        Bound::Included(from) => *from,
        Bound::Excluded(before) => before.saturating_add(1),
        Bound::Unbounded => 0,
    };
    let to = match range.end_bound() {
        Bound::Included(last) => last.saturating_add(1),
        Bound::Excluded(to) => *to,
        Bound::Unbounded => u64::MAX,
    };
    (from, to)
}

impl<C, K> RaftLogReader<C> for OpenraftLog<C, K>
where
    C: RaftTypeConfig,
    K: Codec<C>,
{
    async fn try_get_log_entries<R: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: R,
    ) -> Result<Vec<C::Entry>, Refused<C>> {
        let (mut from, to) = bounds(&range);
        let mut all = Vec::new();
        while from < to {
            let some = self.some(from, to, REPLICATE_BYTES_MAX).await?;
            let Some(last) = some.last() else { break };
            from = last.get_log_id().index.saturating_add(1);
            all.extend(some);
        }
        Ok(all)
    }

    async fn limited_get_log_entries(
        &mut self,
        start: u64,
        end: u64,
    ) -> Result<Vec<C::Entry>, Refused<C>> {
        self.some(start, end, REPLICATE_BYTES_MAX).await
    }
}

impl<C, K> RaftLogStorage<C> for OpenraftLog<C, K>
where
    C: RaftTypeConfig,
    K: Codec<C>,
{
    type LogReader = Self;

    async fn get_log_state(&mut self) -> Result<LogState<C>, Refused<C>> {
        Ok(LogState {
            last_purged_log_id: self.purged_id()?,
            last_log_id: self.last_id().await?,
        })
    }

    async fn get_log_reader(&mut self) -> Self::LogReader {
        self.clone()
    }

    async fn save_vote(&mut self, vote: &openraft::Vote<C::NodeId>) -> Result<(), Refused<C>> {
        let text = self
            .codec
            .encode_vote(vote)
            .map_err(|error| StorageIOError::write_vote(any(error)))?;
        let term = vote.leader_id.term;
        offload(&self.log, move |log| log.save_vote(Vote { term, text }))
            .await
            .map_err(|error| StorageIOError::write_vote(any(error)).into())
    }

    async fn read_vote(&mut self) -> Result<Option<openraft::Vote<C::NodeId>>, Refused<C>> {
        self.log
            .vote()
            .map(|vote| {
                self.codec
                    .decode_vote(&vote.text)
                    .map_err(|error| StorageIOError::read_vote(any(error)).into())
            })
            .transpose()
    }

    async fn save_committed(
        &mut self,
        committed: Option<openraft::LogId<C::NodeId>>,
    ) -> Result<(), Refused<C>> {
        let Some(committed) = committed else {
            return Ok(());
        };
        let (id, text) = self.encode_id(&committed)?;
        self.log
            .save_committed(id, text)
            .map_err(|error| StorageIOError::write_logs(any(error)).into())
    }

    /// The commit mark, but not above the last entry: what power loss took must not be asked for.
    async fn read_committed(&mut self) -> Result<Option<openraft::LogId<C::NodeId>>, Refused<C>> {
        let Some(committed) = self.log.committed() else {
            return Ok(None);
        };
        match self.log.last() {
            Some(last) if last.index < committed.id.index => self.last_id().await,
            None => Ok(None),
            Some(_) => self.decode_id(&committed.text).map(Some),
        }
    }

    async fn append<I>(&mut self, entries: I, callback: LogFlushed<C>) -> Result<(), Refused<C>>
    where
        I: IntoIterator<Item = C::Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let entries = entries
            .into_iter()
            .map(|entry| self.encode(&entry))
            .collect::<Result<Vec<Entry>, _>>()?;
        let done = move |result: Result<(), RaftLogError>| {
            callback.log_io_completed(result.map_err(io::Error::other));
        };
        self.log
            .append(&entries, done)
            .map_err(|error| StorageIOError::write_logs(any(error)).into())
    }

    async fn truncate(&mut self, log_id: openraft::LogId<C::NodeId>) -> Result<(), Refused<C>> {
        let from = log_id.index;
        offload(&self.log, move |log| log.truncate(from))
            .await
            .map_err(|error| StorageIOError::write_logs(any(error)).into())
    }

    async fn purge(&mut self, log_id: openraft::LogId<C::NodeId>) -> Result<(), Refused<C>> {
        let (id, text) = self.encode_id(&log_id)?;
        offload(&self.log, move |log| log.purge(id, text))
            .await
            .map_err(|error| StorageIOError::write_logs(any(error)).into())
    }
}
