//! The Kafka half of Highwater: the partitioned log layout (`log`) and, with the feature `broker`, the protocol.
//!
//! Invariants: `log` needs no socket and no runtime; it is what offline tools and embedders use.
//! [`broker`] holds what requests share, `connection` moves frames, `api` has one file per API key, `group`
//! coordinates consumer groups.

#[cfg(feature = "broker")]
pub mod admin;
#[cfg(feature = "broker")]
mod api;
#[cfg(feature = "broker")]
pub mod broker;
pub mod config;
#[cfg(feature = "broker")]
mod connection;
#[cfg(all(feature = "broker", fuzzing))]
pub use connection::fuzzing;
#[cfg(feature = "broker")]
mod group;
pub mod log;
pub mod metadata;
#[cfg(feature = "broker")]
pub mod stats;
