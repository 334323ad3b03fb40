//! The RocketMQ half of Highwater: the shared log layout (`store`) and, with the feature `broker`, the protocol.
//!
//! Invariants: `store` needs no socket and no runtime; it is what offline tools and embedders use. [`remoting`] is the
//! protocol's bytes, `connection` moves them, [`namesrv`] and [`broker`] have one file per request, [`server`] gives
//! them threads and listeners.

#[cfg(feature = "broker")]
pub mod broker;
pub mod config_json;
#[cfg(feature = "broker")]
mod connection;
#[cfg(all(feature = "broker", fuzzing))]
pub use connection::fuzzing;
#[cfg(feature = "broker")]
pub mod filter;
#[cfg(feature = "broker")]
pub mod namesrv;
#[cfg(feature = "broker")]
pub mod remoting;
#[cfg(feature = "broker")]
pub mod server;
#[cfg(feature = "broker")]
mod service;
pub mod store;
