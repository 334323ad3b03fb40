//! Kafka's wire messages, both directions, and the records of its internal topics.
//!
//! Everything under [`messages`] is written by `cargo xtask codegen` from the schemas inside the
//! published `kafka-clients` jar and its siblings; the rest is by hand. A decoded message borrows
//! its strings and byte fields from the frame: the only allocations are one vector per array.
//!
//! Invariants: no input makes this crate panic or allocate more than a bound that follows the
//! length of the input. What decodes, encodes to the same bytes, except for unknown tagged fields,
//! which are dropped, and explicit defaults in tagged fields, which are omitted.
//!
//! Absent on purpose: sockets, record batches, and the list of versions a server advertises.
//!
//! A nullable field defaults to what the schema says: where the schema gives no default, that is
//! the empty value, not null. Set `None` explicitly where null is meant.

mod error;
mod error_code;
mod frame;
#[rustfmt::skip]
#[allow(
    missing_docs,
    unused_variables,
    unused_mut,
    clippy::all,
    reason = "generated; the shape of the schemas decides"
)]
mod generated;
mod message;
mod reader;
mod uuid;
mod writer;

pub use error::WireError;
pub use error_code::ErrorCode;
pub use frame::{RequestHeader, ResponseHeader, encode_request, encode_response, range_within};
pub use generated::api_key::ApiKey;
pub use generated::messages;
pub use generated::metadata_record::MetadataRecord;
pub use message::{Message, Request, VersionRange, decode_versioned, encode_versioned};
pub use messages::*;
pub use reader::Reader;
pub use uuid::{InvalidUuid, Uuid};
pub use writer::{LengthSlot, Writer};
