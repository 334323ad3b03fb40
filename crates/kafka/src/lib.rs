//! The Kafka half of Highwater.
