//! A Raft log on segment files, with exchangeable engines, and the log storage of [`openraft`] on it.
//!
//! A [`Logstore`] is a directory of logs, one per group, that share an engine and the threads that sync. A [`RaftLog`]
//! keeps one group's entries, its vote, its commit mark and its purge point. It may be far larger than memory: what is in
//! memory is bounded by [`LogConfig::cache_bytes`]. With `openraft` it takes these lines:
//!
#![cfg_attr(feature = "openraft", doc = "```")]
#![cfg_attr(not(feature = "openraft"), doc = "```ignore")]
//! # #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
//! # pub struct Command(String);
//! # use std::io::Cursor;
//! # openraft::declare_raft_types!(pub Types: D = Command, R = (), NodeId = u64, Node = openraft::BasicNode);
//! use raftlog::{LogConfig, Logstore, LogstoreOptions, OpenraftLog};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let dir = folder.path().join("raft");
//! let store = Logstore::open(dir, LogstoreOptions::default())?;
//! let (log, report) = store.open_log("orders", LogConfig::default())?;
//! println!("{report}");
//! let log_store = OpenraftLog::<Types>::new(log);
//! // openraft::Raft::<Types>::new(node_id, config, network, log_store, state_machine)
//! # fn takes<L: openraft::storage::RaftLogStorage<Types>>(_: L) {}
//! # takes(log_store);
//! # Ok(())
//! # }
//! ```
//!
//! # What holds
//!
//! The rules that a Raft log lives by, and where each is kept. `tests/rules.rs` has a test for each, by its number.
//!
//! - **D1** A vote is durable when [`RaftLog::save_vote`] returns, and none that was is forgotten or followed by an older
//!   one: two slots, of which the durable one is never written (`state.rs`).
//! - **D2** of the design is about entries beside the log. There are none here: everything is a frame in one chain.
//! - **D3** A truncation is durable before anything is accepted behind it, and the next start finishes one that a crash cut
//!   short: the state names the cut and a new *generation* first, then bytes and files go, synced (`log/cut.rs`). A frame of
//!   an older generation, or one that does not name the checksum of the frame before it, is never taken for part of the log.
//! - **D4** An append is acknowledged when a sync has covered it, or with [`Ack::Memory`] when the page cache has it; in the
//!   order of the appends, many per sync (`completions.rs`).
//! - **D5** The purge point, and the last membership below it, is durable before the first file goes (`log/cut.rs`).
//! - **D6** The commit mark and the checkpoint are lazy: they only speed up a start. A lost one is an older one.
//! - **D7** What recovery cuts off is gone durably before the first append: the file ends there (`log/recover.rs`).
//! - **D8** An index and term are issued once: after a failed write or sync the log takes nothing more
//!   ([`RaftLogError::Poisoned`]), so a leader cannot issue them again without a new term. What a restart owes is the Raft
//!   library's part: see [`adapter`].
//! - **D9** Names in a directory are synced after a file is made, renamed or unlinked, before anything depends on it.
//!
//! Damage below what is known to have been durable is [`RaftLogError::Corrupt`] with file and position; it is never cut off
//! as if it were a torn end. Each frame says how far the log was durable when it was written, so a frame that is whole
//! proves this for the ones before it.
//!
//! Absent on purpose: Raft itself, snapshots, an async runtime, the meaning of a payload.

#[cfg(feature = "openraft")]
pub mod adapter;
mod cache;
mod completions;
mod entry;
mod error;
mod frame;
mod index;
mod ledger;
mod log;
mod membership;
mod pool;
mod report;
mod state;
mod store;
mod walk;

#[cfg(feature = "openraft")]
pub use adapter::OpenraftLog;
pub use entry::{Entry, EntryKind, LogId};
pub use error::RaftLogError;
pub use log::{Ack, LogConfig, RaftLog};
pub use report::{Cut, RecoveryReport};
// What an embedder says and hears of the engines, so that it depends on this crate alone.
pub use segment::{EngineChoice, EngineKind, FlushOptions, UnknownEngine};
pub use state::{Marker, Vote};
pub use store::{Logstore, LogstoreOptions};
