//! The Kafka half of Highwater: the partitioned log layout (`log`), its settings (`config`) and, with the feature `broker`, the protocol.
//!
//! Invariants: `log` needs no socket and no runtime; it is what offline tools and embedders use.

pub mod config;
#[cfg(feature = "broker")]
mod group;
pub mod log;
pub mod metadata;
