//! RocketMQ's store: one commit log for all topics, a consume queue per topic and queue, an index by key.
//!
//! Invariants: what lies in the data root is what RocketMQ 5.5's file store would have written, byte for byte where the
//! content is determined; files of ours go into `.highwater/` at the root. The log is the truth: no queue and no index is
//! believed over it. Time comes from the `Clock` that is passed in.
//! Absent on purpose: sockets, a runtime, wire types, topic and group rules. Formats: docs/formats/rocketmq-*.md.
