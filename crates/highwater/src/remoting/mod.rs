//! A client of RocketMQ's remoting protocol for the command line: any name server and broker, Java's or ours.
//!
//! Invariants: one thread, blocking sockets, every wait bounded; a call's answer is the frame with its number, and what the
//! server asks in between is passed over, but for the news that a group's members have changed.
//! Absent on purpose: compression and batches of producers, transactions, access control, TLS.
//! Reading order: `connection`, `cluster`, `messages`.

mod cluster;
mod connection;
mod error;
mod groups;
mod messages;
mod received;

pub use cluster::{BrokerAddress, Cluster, Queue, QueueLimits, Route};
pub use connection::{Answer, Call, Connection};
pub use error::RemotingError;
pub use groups::{GroupQueue, Member};
pub use messages::{Outgoing, Pulled, Search, Subscription};
pub use received::Received;
