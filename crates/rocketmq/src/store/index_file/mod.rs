//! The index by key: files of hash slots and entries, the newest entry of a slot first.
//!
//! Invariants: entries are only added, in order of the log; a slot and the entries' links can be made anew from the entries
//! alone, and are after an unclean stop; an index answers with candidates, and the store looks at each message before it
//! gives it out. Only the newest file is kept open (mapped); older ones are opened for a query.
//! Format: docs/formats/rocketmq-index-file.md.

mod file;
mod header;
mod hole;
mod recover;
mod set;

pub use header::{
    Header as IndexHeader, INDEX_ENTRY_BYTES, INDEX_HEADER_BYTES, INDEX_SLOT_BYTES, IndexEntry,
    Shape as IndexShape,
};
pub(crate) use recover::IndexState;
pub(crate) use set::{IndexFiles, QUERY_HITS_MAX};
