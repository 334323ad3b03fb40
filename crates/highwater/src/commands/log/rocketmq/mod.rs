//! `highwater log` on the directories of RocketMQ's file store, a Java broker's or ours.
//!
//! Invariants: as for Kafka's: all but `repair` only read and may run beside a broker; nothing is believed because another
//! file says so. A directory's kind is told by the names in it. Stores of other kinds (DLedger, RocksDB, batch queues)
//! are refused by name.
//! Absent on purpose: compressed bodies are shown as they are stored; the timer wheel's own files are not read (its messages
//! are in the log, in the topic `rmq_sys_wheel_timer`).

pub(super) mod dump;
pub(super) mod find;
mod index;
mod queues;
mod rebuild;
pub(super) mod repair;
mod scan;
mod show;
mod store_dir;
pub(super) mod verify;

pub(super) use store_dir::is_rocketmq;
