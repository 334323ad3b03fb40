//! A small Kafka client for the commands: one request at a time per connection, unless it is split.
//!
//! It speaks to any Kafka-compatible server: versions are negotiated with `ApiVersions` and kept
//! below those that need topic ids. `Client` knows the cluster; the other modules group the calls
//! by what they are about. Nothing here prints; a failed call says whether the server was
//! unreachable, refused, or broke the protocol.
//!
//! Absent on purpose: TLS, SASL, transactions, and background tasks. Every wait is the caller's.

mod cluster;
mod connection;
mod consumer;
mod error;
mod groups;
mod membership;
mod partitioner;
mod pipeline;
mod producer;
mod topics;

pub use cluster::{Broker, Client, ClientOptions, Metadata, Partition, Topic};
pub use connection::{Answer, Connection};
pub(crate) use consumer::FETCH_CEILING;
pub use consumer::{Consumer, ConsumerOptions, FetchedRecord, Isolation, Offsets, Position};
pub use error::ClientError;
pub use groups::{CommittedOffset, GroupDescription, GroupListing, GroupMember};
pub use membership::{Heartbeat, Membership};
pub use partitioner::{murmur2, partition_for_key};
pub use pipeline::{Answers, Pending, Requests};
pub(crate) use producer::PRODUCE_CEILING;
pub use producer::{Acks, OutgoingRecord, Producer, ProducerOptions};
pub use topics::{ConfigChange, ConfigEntry, NewTopic};
