//! Stand-in for `raftlog` until it is there: one file of frames, synced by each append.
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::ops::RangeBounds;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use openraft::storage::{LogFlushed, RaftLogStorage};
use openraft::{Entry, LogId, LogState, OptionalSend, RaftLogReader, StorageError, Vote};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::{NodeId, TypeConfig};

type E = StorageError<NodeId>;

#[derive(Default, Serialize, Deserialize, Debug)]
struct Hard {
    vote: Option<Vote<NodeId>>,
    committed: Option<LogId<NodeId>>,
}
#[derive(Serialize, Deserialize)]
enum Record {
    Entry(Entry<TypeConfig>),
    Truncate(u64),
    Purge(LogId<NodeId>),
}
#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    file: File,
    hard: Hard,
    entries: BTreeMap<u64, Entry<TypeConfig>>,
    purged: Option<LogId<NodeId>>,
}
/// See module.
#[derive(Clone, Debug)]
pub struct PlainLog(Arc<Mutex<Inner>>);

impl PlainLog {
    /// Opens.
    pub fn open(dir: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let hard = match std::fs::read(dir.join("hard")) {
            Ok(b) => postcard::from_bytes(&b).map_err(std::io::Error::other)?,
            Err(_) => Hard::default(),
        };
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(dir.join("log"))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let (mut entries, mut purged, mut at) = (BTreeMap::new(), None, 0);
        while let Some(([n, crc], rest)) = bytes.get(at..).and_then(|rest| {
            let (n, rest) = rest.split_first_chunk::<4>()?;
            let (crc, rest) = rest.split_first_chunk::<4>()?;
            Some(([u32::from_le_bytes(*n), u32::from_le_bytes(*crc)], rest))
        }) {
            let n = n as usize;
            let Some(body) = rest.get(..n) else { break };
            if crc32c::crc32c(body) != crc {
                break;
            }
            match postcard::from_bytes(body).map_err(std::io::Error::other)? {
                Record::Entry(e) => {
                    entries.insert(e.log_id.index, e);
                }
                Record::Truncate(i) => {
                    entries.split_off(&i);
                }
                Record::Purge(id) => {
                    entries = entries.split_off(&(id.index + 1));
                    purged = Some(id);
                }
            }
            at += 8 + n;
        }
        file.set_len(at as u64)?;
        Ok(Self(Arc::new(Mutex::new(Inner {
            dir: dir.into(),
            file,
            hard,
            entries,
            purged,
        }))))
    }
}
impl Inner {
    fn put(&mut self, records: &[Record]) -> std::io::Result<()> {
        let mut out = Vec::new();
        for r in records {
            let b = postcard::to_stdvec(r).map_err(std::io::Error::other)?;
            out.extend_from_slice(
                &u32::try_from(b.len())
                    .map_err(std::io::Error::other)?
                    .to_le_bytes(),
            );
            out.extend_from_slice(&crc32c::crc32c(&b).to_le_bytes());
            out.extend_from_slice(&b);
        }
        self.file.write_all(&out)?;
        self.file.sync_data()
    }
    fn save(&mut self) -> std::io::Result<()> {
        let mut f = tempfile::NamedTempFile::new_in(&self.dir)?;
        f.write_all(&postcard::to_stdvec(&self.hard).map_err(std::io::Error::other)?)?;
        f.as_file().sync_data()?;
        f.persist(self.dir.join("hard"))?;
        Ok(())
    }
}
fn err(e: std::io::Error) -> E {
    openraft::StorageIOError::write_logs(&e).into()
}
impl RaftLogReader<TypeConfig> for PlainLog {
    async fn try_get_log_entries<RB: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: RB,
    ) -> Result<Vec<Entry<TypeConfig>>, E> {
        Ok(self
            .0
            .lock()
            .entries
            .range(range)
            .map(|(_, e)| e.clone())
            .collect())
    }
}
impl RaftLogStorage<TypeConfig> for PlainLog {
    type LogReader = Self;
    async fn get_log_state(&mut self) -> Result<LogState<TypeConfig>, E> {
        let i = self.0.lock();
        Ok(LogState {
            last_purged_log_id: i.purged,
            last_log_id: i
                .entries
                .last_key_value()
                .map(|(_, e)| e.log_id)
                .or(i.purged),
        })
    }
    async fn get_log_reader(&mut self) -> Self {
        self.clone()
    }
    async fn save_vote(&mut self, vote: &Vote<NodeId>) -> Result<(), E> {
        let mut i = self.0.lock();
        i.hard.vote = Some(*vote);
        i.save().map_err(err)
    }
    async fn read_vote(&mut self) -> Result<Option<Vote<NodeId>>, E> {
        Ok(self.0.lock().hard.vote)
    }
    async fn save_committed(&mut self, c: Option<LogId<NodeId>>) -> Result<(), E> {
        self.0.lock().hard.committed = c;
        Ok(())
    }
    async fn read_committed(&mut self) -> Result<Option<LogId<NodeId>>, E> {
        Ok(self.0.lock().hard.committed)
    }
    async fn append<I>(&mut self, entries: I, callback: LogFlushed<TypeConfig>) -> Result<(), E>
    where
        I: IntoIterator<Item = Entry<TypeConfig>> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let mut i = self.0.lock();
        let entries: Vec<_> = entries.into_iter().collect();
        let records: Vec<_> = entries.iter().cloned().map(Record::Entry).collect();
        i.put(&records).map_err(err)?;
        i.entries
            .extend(entries.into_iter().map(|e| (e.log_id.index, e)));
        callback.log_io_completed(Ok(()));
        Ok(())
    }
    async fn truncate(&mut self, id: LogId<NodeId>) -> Result<(), E> {
        let mut i = self.0.lock();
        i.put(&[Record::Truncate(id.index)]).map_err(err)?;
        i.entries.split_off(&id.index);
        Ok(())
    }
    async fn purge(&mut self, id: LogId<NodeId>) -> Result<(), E> {
        let mut i = self.0.lock();
        i.put(&[Record::Purge(id)]).map_err(err)?;
        i.entries = i.entries.split_off(&(id.index + 1));
        i.purged = Some(id);
        Ok(())
    }
}
