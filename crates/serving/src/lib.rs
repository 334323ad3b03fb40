//! What both protocols are served on: listeners and the threads behind them, a bound on the memory of requests in flight, and
//! workers in the background.
//!
//! A protocol says how one connection is served ([`Protocol`]); a [`Server`] accepts connections and spreads them over
//! threads. Nothing here knows what a frame is.

mod budget;
mod server;
mod shard;
mod worker;

pub use self::budget::{Budget, Permit};
pub use self::server::{Connection, Connections, Options, Protocol, Server};
pub use self::shard::Members;
pub use self::worker::{Bell, Worker};
