//! Classic consumer groups: who shares a topic's partitions, and how far each group has read.
//!
//! From the bottom up: `state` (one group, pure) and `offsets` (its committed offsets); `records` (how both look in
//! the log); `ledger` (all groups of one partition of `__consumer_offsets`); `shard` (that partition with its lock and
//! its log); `coordinator` (all shards, timers, expiry), which the files in `api` call.
//!
//! Absent on purpose: the newer protocols (KIP-848, share and streams groups); what another server recorded of
//! such groups is kept and their offsets are served.
#![allow(dead_code)] // until the broker uses it

mod alarms;
pub(crate) mod coordinator;
pub(crate) mod error;
mod hash;
mod journal;
mod ledger;
mod member;
mod offsets;
mod records;
mod shard;
pub(crate) mod state;
mod subscription;
#[cfg(test)]
mod tests;
mod time;
