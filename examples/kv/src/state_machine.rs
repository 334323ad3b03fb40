//! The map that the log is applied to, and what openraft asks of it.
//!
//! The map is in memory. What survives is the log and, for the part of the log that is gone, the [snapshot]:
//! at the start the map is the snapshot's, and openraft applies again what was committed behind it.
//!
//! Invariants: the state changes only by log entries in order, or as a whole by a snapshot; a snapshot is on disk before
//! it takes effect, so that after a crash the log never ends below what was purged because of it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use openraft::storage::RaftStateMachine;
use openraft::{
    BasicNode, Entry, EntryPayload, ErrorSubject, ErrorVerb, LogId, OptionalSend,
    RaftSnapshotBuilder, Snapshot, StorageError, StorageIOError, StoredMembership,
};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use crate::snapshot::{self, Meta, Snapshots};
use crate::{Command, NodeId, Outcome, TypeConfig};

/// Everything that the log has brought about, up to one entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The last entry that is part of this state.
    pub last_applied: Option<LogId<NodeId>>,
    /// The last change of members up to there.
    pub membership: StoredMembership<NodeId, BasicNode>,
    /// Keys and values.
    pub map: BTreeMap<String, String>,
}

impl State {
    fn apply(&mut self, entry: Entry<TypeConfig>) -> Outcome {
        self.last_applied = Some(entry.log_id);
        match entry.payload {
            EntryPayload::Blank => Outcome::default(),
            EntryPayload::Normal(command) => self.run(command),
            EntryPayload::Membership(membership) => {
                self.membership = StoredMembership::new(Some(entry.log_id), membership);
                Outcome::default()
            }
        }
    }

    fn run(&mut self, command: Command) -> Outcome {
        let (applied, before) = match command {
            Command::Put { key, value } => (true, self.map.insert(key, value)),
            Command::Delete { key } => (true, self.map.remove(&key)),
            Command::Cas {
                key,
                expected,
                value,
            } => {
                let before = self.map.get(&key).cloned();
                let applied = before == expected;
                if applied {
                    self.map.insert(key, value);
                }
                (applied, before)
            }
        };
        Outcome { applied, before }
    }
}

/// The state of a node, shared between openraft, which changes it, and the server, which reads it.
#[derive(Clone, Debug)]
pub struct StateMachine {
    /// A snapshot is built from the `Arc`; the first entry applied meanwhile copies the state (`Arc::make_mut`).
    state: Arc<RwLock<Arc<State>>>,
    snapshots: Arc<Snapshots>,
}

impl StateMachine {
    /// The state as the snapshot in `dir` has it, or the empty one.
    ///
    /// # Errors
    /// As [`Snapshots::open`].
    pub fn open(dir: &Path) -> io::Result<Self> {
        let (snapshots, state) = Snapshots::open(dir)?;
        Ok(Self {
            state: Arc::new(RwLock::new(Arc::new(state.unwrap_or_default()))),
            snapshots: Arc::new(snapshots),
        })
    }

    /// What `key` holds in the entries that were applied here so far.
    pub fn get(&self, key: &str) -> Option<String> {
        self.state.read().map.get(key).cloned()
    }
}

impl RaftStateMachine<TypeConfig> for StateMachine {
    type SnapshotBuilder = SnapshotBuilder;

    async fn applied_state(
        &mut self,
    ) -> Result<(Option<LogId<NodeId>>, StoredMembership<NodeId, BasicNode>), StorageError<NodeId>>
    {
        let state = self.state.read();
        Ok((state.last_applied, state.membership.clone()))
    }

    async fn apply<I>(&mut self, entries: I) -> Result<Vec<Outcome>, StorageError<NodeId>>
    where
        I: IntoIterator<Item = Entry<TypeConfig>> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let mut state = self.state.write();
        let state = Arc::make_mut(&mut state);
        Ok(entries
            .into_iter()
            .map(|entry| state.apply(entry))
            .collect())
    }

    async fn get_snapshot_builder(&mut self) -> SnapshotBuilder {
        SnapshotBuilder {
            state: self.state.read().clone(),
            snapshots: self.snapshots.clone(),
        }
    }

    async fn begin_receiving_snapshot(&mut self) -> Result<Box<File>, StorageError<NodeId>> {
        let snapshots = self.snapshots.clone();
        let file = blocking(ErrorVerb::Write, move || snapshots.spool()).await?;
        Ok(Box::new(File::from_std(file)))
    }

    async fn install_snapshot(
        &mut self,
        meta: &Meta,
        mut snapshot: Box<File>,
    ) -> Result<(), StorageError<NodeId>> {
        let mut bytes = Vec::new();
        snapshot.rewind().await.map_err(failed(ErrorVerb::Read))?;
        snapshot
            .read_to_end(&mut bytes)
            .await
            .map_err(failed(ErrorVerb::Read))?;
        let snapshots = self.snapshots.clone();
        let (wanted, shared) = (meta.last_log_id, self.state.clone());
        blocking(ErrorVerb::Write, move || {
            let state = snapshot::decode(&bytes)?;
            if state.last_applied != wanted {
                let text = "the snapshot ends elsewhere than its sender said";
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
            snapshots.publish(&state, &bytes)?;
            *shared.write() = Arc::new(state);
            Ok(())
        })
        .await
    }

    async fn get_current_snapshot(
        &mut self,
    ) -> Result<Option<Snapshot<TypeConfig>>, StorageError<NodeId>> {
        open_current(&self.snapshots).await
    }
}

/// Writes the snapshot of one state, while the state machine goes on.
#[derive(Debug)]
pub struct SnapshotBuilder {
    state: Arc<State>,
    snapshots: Arc<Snapshots>,
}

impl RaftSnapshotBuilder<TypeConfig> for SnapshotBuilder {
    async fn build_snapshot(&mut self) -> Result<Snapshot<TypeConfig>, StorageError<NodeId>> {
        let (state, snapshots) = (self.state.clone(), self.snapshots.clone());
        blocking(ErrorVerb::Write, move || {
            snapshots.publish(&state, &snapshot::encode(&state)?)
        })
        .await?;
        let current = open_current(&self.snapshots).await?;
        current.ok_or_else(|| failed(ErrorVerb::Read)(io::ErrorKind::NotFound.into()))
    }
}

async fn open_current(
    snapshots: &Arc<Snapshots>,
) -> Result<Option<Snapshot<TypeConfig>>, StorageError<NodeId>> {
    let snapshots = snapshots.clone();
    let current = blocking(ErrorVerb::Read, move || snapshots.current()).await?;
    Ok(current.map(|(meta, file)| Snapshot {
        meta,
        snapshot: Box::new(File::from_std(file)),
    }))
}

/// Runs what waits for the disk away from the threads that serve connections.
async fn blocking<T: Send + 'static>(
    verb: ErrorVerb,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, StorageError<NodeId>> {
    let result = tokio::task::spawn_blocking(work).await;
    result
        .map_err(io::Error::other)
        .flatten()
        .map_err(failed(verb))
}

/// An error of a snapshot's file, in openraft's words. It ends the node: a retry proves nothing after a failed sync.
fn failed(verb: ErrorVerb) -> impl FnOnce(io::Error) -> StorageError<NodeId> {
    move |error| StorageIOError::new(ErrorSubject::Snapshot(None), verb, &error).into()
}

#[cfg(test)]
mod tests;
