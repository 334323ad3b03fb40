//! Names and numbers of Kafka's log: offsets, topic ids, partitions, and the clock that is passed in.
//!
//! Invariants: a `TopicPartition`'s directory name is split at the *last* `-`; a `TopicId` prints as
//! Kafka prints a UUID: URL-safe base64, no padding, 22 characters.
//! Absent on purpose: leaders, replicas, anything of the protocol.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The number of a record in a partition. Never bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct KafkaOffset(pub i64);

impl KafkaOffset {
    /// The first offset of a partition.
    pub const ZERO: Self = Self(0);

    /// The offset after this one (saturating).
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// This offset moved by `by` (saturating).
    pub fn plus(self, by: i64) -> Self {
        Self(self.0.saturating_add(by))
    }
}

impl fmt::Display for KafkaOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A topic's identity across re-creations: 16 bytes, all zero meaning "none".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TopicId(pub [u8; 16]);

const BASE64_URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl TopicId {
    /// The id that means "no id".
    pub const ZERO: Self = Self([0; 16]);

    /// A fresh random id. Like Kafka's, its text never starts with `-` (awkward on a command line).
    pub fn random() -> Self {
        loop {
            let id = Self(*uuid::Uuid::new_v4().as_bytes());
            if !id.to_string().starts_with('-') {
                return id;
            }
        }
    }

    /// Whether this is the "no id" value.
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }
}

impl fmt::Display for TopicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(22);
        for chunk in self.0.chunks(3) {
            let mut word = [0u8; 3];
            word[..chunk.len()].copy_from_slice(chunk);
            let bits = u32::from(word[0]) << 16 | u32::from(word[1]) << 8 | u32::from(word[2]);
            for index in 0..=chunk.len() {
                let digit = (bits >> (18 - 6 * index)) & 63;
                text.push(char::from(BASE64_URL[digit as usize]));
            }
        }
        f.write_str(&text)
    }
}

impl fmt::Debug for TopicId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TopicId({self})")
    }
}

/// The text is not 22 characters of URL-safe base64.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not an id of 22 URL-safe base64 characters")]
pub struct BadTopicId;

impl FromStr for TopicId {
    type Err = BadTopicId;

    fn from_str(text: &str) -> Result<Self, BadTopicId> {
        let text = text.trim_end_matches('=').as_bytes();
        if text.len() != 22 {
            return Err(BadTopicId);
        }
        let mut bits: u128 = 0;
        let mut last = 0u8;
        for (index, byte) in text.iter().enumerate() {
            let digit = BASE64_URL
                .iter()
                .position(|digit| digit == byte)
                .ok_or(BadTopicId)?;
            let digit = u8::try_from(digit).map_err(|_| BadTopicId)?;
            if index < 21 {
                bits = bits << 6 | u128::from(digit);
            } else {
                last = digit;
            }
        }
        // 21 digits carry 126 bits; the last digit's upper two bits complete 128.
        Ok(Self((bits << 2 | u128::from(last >> 4)).to_be_bytes()))
    }
}

/// One partition of one topic.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The partition's number, from 0.
    pub partition: i32,
}

impl TopicPartition {
    /// Names a partition.
    pub fn new(topic: impl Into<Arc<str>>, partition: i32) -> Self {
        Self {
            topic: topic.into(),
            partition,
        }
    }

    /// The name of the partition's directory: `topic-partition`.
    pub fn dir_name(&self) -> String {
        format!("{}-{}", self.topic, self.partition)
    }

    /// Reads a directory name back; `None` if it is not `topic-number`.
    pub fn from_dir_name(name: &str) -> Option<Self> {
        let (topic, partition) = name.rsplit_once('-')?;
        if topic.is_empty()
            || partition.is_empty()
            || !partition.bytes().all(|b| b.is_ascii_digit())
        {
            return None;
        }
        Some(Self::new(topic, partition.parse().ok()?))
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// Where wall-clock time comes from. Stores never ask the system themselves.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch.
    fn now_ms(&self) -> i64;
}

/// A clock that stands where it was put: for tests and offline tools.
#[derive(Debug, Default)]
pub struct ManualClock(std::sync::atomic::AtomicI64);

impl ManualClock {
    /// A clock at `now_ms`.
    pub fn at(now_ms: i64) -> Self {
        Self(now_ms.into())
    }

    /// Moves the clock to `now_ms`.
    pub fn set(&self, now_ms: i64) {
        self.0.store(now_ms, std::sync::atomic::Ordering::SeqCst);
    }

    /// Moves the clock on by `by_ms`.
    pub fn advance(&self, by_ms: i64) {
        self.0.fetch_add(by_ms, std::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topic_ids_print_as_kafka_prints_them() {
        for (bytes, text) in [
            ([0u8; 16], "AAAAAAAAAAAAAAAAAAAAAA"),
            ([0xff; 16], "_____________________w"),
            (
                [0, 0, 0, 0, 0, 0, 64, 0, 128, 0, 0, 0, 0, 0, 0, 1],
                "AAAAAAAAQACAAAAAAAAAAQ",
            ),
        ] {
            assert_eq!(TopicId(bytes).to_string(), text);
            assert_eq!(text.parse(), Ok(TopicId(bytes)));
        }
        for bad in [
            "",
            "AAAA",
            "AAAAAAAAAAAAAAAAAAAAA!",
            "AAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(bad.parse::<TopicId>(), Err(BadTopicId), "{bad}");
        }
    }

    #[test]
    fn random_ids_round_trip() {
        for _ in 0..200 {
            let id = TopicId::random();
            assert_eq!(id.to_string().parse(), Ok(id));
            assert!(!id.to_string().starts_with('-'));
        }
    }

    #[test]
    fn directory_names_split_at_the_last_dash() {
        for (name, want) in [
            ("a-0", Some(("a", 0))),
            ("a-b-12", Some(("a-b", 12))),
            ("a--1", Some(("a-", 1))),
            ("-1", None),
            ("a-", None),
            ("a-x", None),
            ("a-0-delete", None),
            ("a-99999999999", None),
            ("plain", None),
        ] {
            let got = TopicPartition::from_dir_name(name);
            assert_eq!(got, want.map(|(t, p)| TopicPartition::new(t, p)), "{name}");
        }
    }
}
