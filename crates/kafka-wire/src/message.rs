//! What all generated messages have in common.

use std::fmt;

use crate::{ApiKey, Reader, WireError, Writer};

/// A range of versions, both ends inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VersionRange {
    /// Lowest version.
    pub min: i16,
    /// Highest version.
    pub max: i16,
}

impl VersionRange {
    /// Both ends inclusive.
    #[must_use]
    pub const fn new(min: i16, max: i16) -> Self {
        Self { min, max }
    }

    /// Whether `version` lies inside.
    #[must_use]
    #[inline]
    pub const fn contains(self, version: i16) -> bool {
        self.min <= version && version <= self.max
    }

    /// The versions in both ranges, if there are any.
    #[must_use]
    pub fn intersect(self, other: Self) -> Option<Self> {
        let both = Self {
            min: self.min.max(other.min),
            max: self.max.min(other.max),
        };
        (both.min <= both.max).then_some(both)
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.min == self.max {
            write!(f, "{}", self.min)
        } else {
            write!(f, "{}-{}", self.min, self.max)
        }
    }
}

/// A message, or a record of one of Kafka's internal topics, that borrows from the bytes it was
/// decoded from.
pub trait Message<'a>: Sized + Default {
    /// The API key, or the record type of an internal record; −1 where the schema gives none.
    const KEY: i16;
    /// The name in Kafka's schema.
    const NAME: &'static str;
    /// The versions this code knows. What a server advertises is its own affair.
    const VERSIONS: VersionRange;
    /// First version with compact lengths and tagged fields.
    const FLEXIBLE_FROM: Option<i16>;

    /// Reads one message. Bytes after it are left in the reader.
    ///
    /// # Errors
    /// Any decoding variant of [`WireError`].
    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError>;

    /// Appends the message.
    ///
    /// # Errors
    /// `UnsupportedVersion`, `FieldNotInVersion`, `NullNotInVersion`, `TooLong`. What was
    /// appended by then is unspecified.
    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError>;

    /// Whether this version has compact lengths and tagged fields.
    #[must_use]
    #[inline]
    fn is_flexible(version: i16) -> bool {
        Self::FLEXIBLE_FROM.is_some_and(|from| version >= from)
    }
}

/// A request, tied to the answer it gets.
pub trait Request {
    /// The key both carry.
    const API: ApiKey;
    /// The answer.
    type Response<'b>: Message<'b>;
}

/// Reads a value that starts with its own version (an `i16`): keys and values of the internal
/// topics, the consumer protocol's blobs, raft's control records.
///
/// # Errors
/// Any decoding variant of [`WireError`].
pub fn decode_versioned<'a, M: Message<'a>>(bytes: &'a [u8]) -> Result<(M, i16), WireError> {
    let mut r = Reader::new(bytes);
    let version = r.i16()?;
    Ok((M::decode(&mut r, version)?, version))
}

/// Writes `version` (an `i16`), then the message in that version.
///
/// # Errors
/// As [`Message::encode`].
pub fn encode_versioned<'a, M: Message<'a>>(
    message: &M,
    version: i16,
) -> Result<Vec<u8>, WireError> {
    let mut w = Writer::new();
    w.i16(version);
    message.encode(&mut w, version)?;
    Ok(w.into_vec())
}

/// The value of a field that this version requires although other versions allow null.
#[inline]
pub(crate) fn required<'v, T>(
    value: &'v Option<T>,
    message: &'static str,
    field: &'static str,
    version: i16,
) -> Result<&'v T, WireError> {
    value.as_ref().ok_or(WireError::NullNotInVersion {
        message,
        field,
        version,
    })
}
