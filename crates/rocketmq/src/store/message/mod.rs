//! One message as it lies in the commit log, and what is in it.
//!
//! Invariants: decoding borrows and never allocates by a number that was not checked against the bytes that are there;
//! what a client sent as body and properties is stored untouched.
//! Format: docs/formats/rocketmq-commit-log.md.

mod batch;
mod checksum;
mod encode;
mod entry;
#[cfg(fuzzing)]
pub mod fuzzing;
mod java_hash;
mod message_id;
mod properties;
mod stand_in;
mod sys_flag;

pub use batch::{BatchDefect, BatchMessage, BatchMessages};
pub use checksum::{PROPERTY_CRC_BYTES, PROPERTY_CRC_KEY, body_crc};
pub use encode::{MessageBatch, NewMessage};
pub(crate) use encode::{Place, Shape};
pub use entry::{
    BLANK_HEAD_BYTES, BLANK_MAGIC, ENTRY_OVERHEAD_BYTES, Entry, EntryDefect, Found, MAGIC_V1,
    MAGIC_V2, PROPERTIES_BYTES_MAX, Version, decode, find,
};
pub use java_hash::{index_hash, index_hash_of_tags, java_hash, tags_code};
pub use message_id::{BadMessageId, OffsetMessageId, UniqueKey};
pub use properties::{
    NAME_VALUE_SEPARATOR, PROPERTY_SEPARATOR, Properties, key, property, push_property,
};
pub use stand_in::{STAND_IN_TOPIC, filler_head, stand_in};
pub use sys_flag::{SysFlag, TransactionKind};
