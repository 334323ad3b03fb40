//! The RocketMQ half of Highwater: the shared log layout (`store`) and, with the feature `broker`, the protocol.
//!
//! Invariants: `store` needs no socket and no runtime; it is what offline tools and embedders use.

pub mod config_json;
pub mod store;
