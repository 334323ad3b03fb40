//! What targets share: the round trip of a Kafka message, whichever it is, and a connection's bytes in pieces.
//!
//! The list of messages is the one that kafka-wire generates, so a new message is fuzzed without a line here.

pub mod stream;

use kafka_wire::{Message as _, Reader, Writer};

/// Which half of an exchange a body belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Half {
    /// What a client asks.
    Request,
    /// What it is answered.
    Response,
}

impl Half {
    /// Whether a message of this name belongs to this half.
    fn has(self, name: &str) -> bool {
        name.ends_with(match self {
            Self::Request => "Request",
            Self::Response => "Response",
        })
    }
}

/// Decodes `bytes` as the message with this key, encodes it, and does both again.
///
/// Bytes that do not decode are none of its business, a key without a message here neither.
///
/// # Panics
/// What decoded cannot be encoded, or the second encoding differs from the first: a finding.
pub fn round_trip(half: Half, key: i16, version: i16, bytes: &[u8]) {
    macro_rules! try_one {
        ($message:ident) => {
            if key == kafka_wire::$message::KEY && half.has(kafka_wire::$message::NAME) {
                let Ok(first) = kafka_wire::$message::decode(&mut Reader::new(bytes), version)
                else {
                    return;
                };
                let mut once = Writer::new();
                first
                    .encode(&mut once, version)
                    .expect("what was decoded can be encoded");
                let second =
                    kafka_wire::$message::decode(&mut Reader::new(once.as_slice()), version)
                        .expect("what was encoded can be decoded");
                let mut twice = Writer::new();
                second
                    .encode(&mut twice, version)
                    .expect("what was decoded can be encoded");
                assert_eq!(
                    once.as_slice(),
                    twice.as_slice(),
                    "key {key} version {version}"
                );
                return;
            }
        };
    }
    kafka_wire::for_each_message!(try_one);
}
