//! What clients may change: topics and settings, checked as Kafka checks them, then handed to the
//! broker.
//!
//! Invariants: a refusal changed nothing. Changes to settings come one at a time; a setting is
//! obeyed by every log before the change returns.
//! Everything here may wait for the disk: call it where blocking is allowed.
//! Absent on purpose: wire types, permissions.

mod settings;
mod topics;

#[cfg(test)]
mod tests;

pub use settings::{Extent, SettingsError, alter_broker, alter_topic, set_all};
pub use topics::{
    CreatedTopic, Refused, Replication, TopicSpec, create_partitions, create_topics, delete_topic,
};
