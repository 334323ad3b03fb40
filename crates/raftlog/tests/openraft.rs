//! openraft's own storage suite, on every engine, and what it leaves out: votes and log ids after a reopen, callbacks.
#![cfg(feature = "openraft")]
#![allow(clippy::unwrap_used)]

mod machine;

use std::sync::atomic::{AtomicU64, Ordering};

use machine::{Command, Machine, Types};
use openraft::storage::{RaftLogStorage, RaftLogStorageExt};
use openraft::testing::{StoreBuilder, Suite};
use openraft::{CommittedLeaderId, Entry, EntryPayload, LogId, RaftLogReader, StorageError, Vote};
use raftlog::{LogConfig, Logstore, LogstoreOptions, OpenraftLog};
use segment::EngineKind;
use tempfile::TempDir;

struct Builder {
    store: Logstore,
    config: LogConfig,
    made: AtomicU64,
}

impl Builder {
    fn new(folder: &TempDir, engine: EngineKind, config: LogConfig) -> Self {
        let options = LogstoreOptions {
            engine,
            ..LogstoreOptions::default()
        };
        Self {
            store: Logstore::open(folder.path().join("raft"), options).unwrap(),
            config,
            made: AtomicU64::new(0),
        }
    }

    fn make(&self) -> OpenraftLog<Types> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let (log, _) = self
            .store
            .open_log(&format!("group-{number}"), self.config.clone())
            .unwrap();
        OpenraftLog::new(log)
    }
}

impl StoreBuilder<Types, OpenraftLog<Types>, Machine> for Builder {
    async fn build(&self) -> Result<((), OpenraftLog<Types>, Machine), StorageError<u64>> {
        Ok(((), self.make(), Machine::default()))
    }
}

/// Once with everything in memory, once with nothing, in segments of a few entries.
fn configs() -> [LogConfig; 2] {
    let small = LogConfig {
        segment_bytes: 4096,
        cache_bytes: 0,
        ..LogConfig::default()
    };
    [LogConfig::default(), small]
}

fn suite(engine: EngineKind) {
    for config in configs() {
        let folder = tempfile::tempdir().unwrap();
        Suite::test_all(Builder::new(&folder, engine, config)).unwrap();
    }
}

#[test]
fn suite_on_mmap() {
    suite(EngineKind::Mmap);
}

#[test]
fn suite_on_file() {
    suite(EngineKind::File);
}

#[test]
fn suite_on_staged() {
    suite(EngineKind::Staged);
}

#[test]
fn suite_on_direct() {
    suite(EngineKind::Direct);
}

fn id(term: u64, node: u64, index: u64) -> LogId<u64> {
    LogId::new(CommittedLeaderId::new(term, node), index)
}

fn entry(id: LogId<u64>, text: &str) -> Entry<Types> {
    let payload = EntryPayload::Normal(Command(text.into()));
    Entry {
        log_id: id,
        payload,
    }
}

#[tokio::test]
async fn a_reopened_log_knows_its_vote_its_marks_and_who_led() {
    for config in configs() {
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let store = Logstore::open(folder.path(), LogstoreOptions::default()).unwrap();
            let (log, _) = store.open_log("g", config.clone()).unwrap();
            OpenraftLog::<Types>::new(log)
        };
        {
            let mut log = open();
            log.save_vote(&Vote::new_committed(7, 3)).await.unwrap();
            let entries = (1..=200).map(|index| entry(id(5, 2, index), "x"));
            log.blocking_append(entries).await.unwrap();
            log.save_committed(Some(id(5, 2, 150))).await.unwrap();
            log.purge(id(5, 2, 100)).await.unwrap();
        }
        let mut log = open();
        assert_eq!(
            log.read_vote().await.unwrap(),
            Some(Vote::new_committed(7, 3))
        );
        assert_eq!(log.read_committed().await.unwrap(), Some(id(5, 2, 150)));
        let state = log.get_log_state().await.unwrap();
        assert_eq!(state.last_purged_log_id, Some(id(5, 2, 100)));
        assert_eq!(state.last_log_id, Some(id(5, 2, 200)));
        let all = log.try_get_log_entries(..).await.unwrap();
        assert_eq!(all.len(), 100);
        assert_eq!(all[0], entry(id(5, 2, 101), "x"));
    }
}
