//! What openraft's entries, votes and log ids look like in the log.

use std::error::Error;

use bytes::Bytes;
use openraft::{LogId, RaftTypeConfig, Vote};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What a codec says when it cannot.
pub type CodecError = Box<dyn Error + Send + Sync>;

/// Turns openraft's types into bytes and back. What it wrote must stay readable for as long as the log lives.
///
/// Implement it where entries hold large values: [`Codec::decode_entry`] gets the bytes as they lie in memory, so a value
/// can be a slice of them.
pub trait Codec<C: RaftTypeConfig>: Clone + Send + Sync + 'static {
    /// Encodes an entry, its log id included.
    ///
    /// # Errors
    /// Whatever the codec has to say; the append fails, and with it the Raft task.
    fn encode_entry(&self, entry: &C::Entry) -> Result<Bytes, CodecError>;

    /// Decodes an entry.
    ///
    /// # Errors
    /// Where these are not the bytes of one.
    fn decode_entry(&self, bytes: Bytes) -> Result<C::Entry, CodecError>;

    /// Encodes a vote, in at most 1024 bytes.
    ///
    /// # Errors
    /// As [`Self::encode_entry`].
    fn encode_vote(&self, vote: &Vote<C::NodeId>) -> Result<Bytes, CodecError>;

    /// Decodes a vote.
    ///
    /// # Errors
    /// As [`Self::decode_entry`].
    fn decode_vote(&self, bytes: &[u8]) -> Result<Vote<C::NodeId>, CodecError>;

    /// Encodes a log id, in at most 1024 bytes.
    ///
    /// # Errors
    /// As [`Self::encode_entry`].
    fn encode_log_id(&self, id: &LogId<C::NodeId>) -> Result<Bytes, CodecError>;

    /// Decodes a log id.
    ///
    /// # Errors
    /// As [`Self::decode_entry`].
    fn decode_log_id(&self, bytes: &[u8]) -> Result<LogId<C::NodeId>, CodecError>;
}

/// MessagePack with field names, for whatever serde can write. Fields may be added to a type as long as they have a
/// default: what an older version wrote stays readable.
#[derive(Clone, Copy, Debug, Default)]
pub struct MessagePack;

fn to_bytes(value: &impl Serialize) -> Result<Bytes, CodecError> {
    Ok(rmp_serde::to_vec_named(value)?.into())
}

fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    Ok(rmp_serde::from_slice(bytes)?)
}

impl<C> Codec<C> for MessagePack
where
    C: RaftTypeConfig,
    C::Entry: Serialize + DeserializeOwned,
{
    fn encode_entry(&self, entry: &C::Entry) -> Result<Bytes, CodecError> {
        to_bytes(entry)
    }

    fn decode_entry(&self, bytes: Bytes) -> Result<C::Entry, CodecError> {
        from_bytes(&bytes)
    }

    fn encode_vote(&self, vote: &Vote<C::NodeId>) -> Result<Bytes, CodecError> {
        to_bytes(vote)
    }

    fn decode_vote(&self, bytes: &[u8]) -> Result<Vote<C::NodeId>, CodecError> {
        from_bytes(bytes)
    }

    fn encode_log_id(&self, id: &LogId<C::NodeId>) -> Result<Bytes, CodecError> {
        to_bytes(id)
    }

    fn decode_log_id(&self, bytes: &[u8]) -> Result<LogId<C::NodeId>, CodecError> {
        from_bytes(bytes)
    }
}
