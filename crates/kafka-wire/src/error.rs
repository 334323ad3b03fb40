//! Why bytes are not a message, or a message cannot become bytes.

/// What stopped a decode or an encode. Nothing is retried: a decode error means the
/// peer (or the file) is wrong, an encode error means the caller asked for something
/// the chosen version cannot say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The bytes end inside a value.
    #[error("{need} bytes needed, {left} left")]
    Truncated {
        /// Bytes the value still needs.
        need: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// An element count that the remaining bytes cannot hold.
    #[error("a count of {count} cannot fit into the remaining {left} bytes")]
    CountTooLarge {
        /// The count read from the wire.
        count: u64,
        /// Bytes that are left.
        left: usize,
    },
    /// A length below zero that does not mean null.
    #[error("negative length {0}")]
    NegativeLength(i64),
    /// The decoded form would take far more memory than the message is long.
    #[error("decoded form exceeds the memory allowed for a message of this size")]
    MemoryBudget,
    /// A string that is not UTF-8.
    #[error("string is not UTF-8")]
    InvalidUtf8,
    /// A variable-length integer of more bits than its type holds.
    #[error("variable-length integer is too long")]
    VarintTooLong,
    /// Null where the version does not allow it.
    #[error("null where a value is required")]
    UnexpectedNull,
    /// Bytes left over after a value of declared length.
    #[error("{left} bytes left over")]
    TrailingBytes {
        /// How many are left over.
        left: usize,
    },
    /// The message does not exist in this version.
    #[error("{message} has no version {version}")]
    UnsupportedVersion {
        /// Schema name of the message.
        message: &'static str,
        /// The version asked for.
        version: i16,
    },
    /// A field that differs from its default is missing from this version and may not be dropped.
    #[error("{message} version {version} has no field {field}")]
    FieldNotInVersion {
        /// Schema name of the message or of its part.
        message: &'static str,
        /// Name of the field.
        field: &'static str,
        /// The version asked for.
        version: i16,
    },
    /// A field is `None`, which this version cannot say.
    #[error("{message} version {version} requires a value for {field}")]
    NullNotInVersion {
        /// Schema name of the message or of its part.
        message: &'static str,
        /// Name of the field.
        field: &'static str,
        /// The version asked for.
        version: i16,
    },
    /// A string, byte field or list longer than its length prefix can say.
    #[error("length {length} does not fit its prefix")]
    TooLong {
        /// The length in bytes or elements.
        length: usize,
    },
    /// A record whose type number is not known.
    #[error("unknown record type {0}")]
    UnknownRecordType(i64),
}
