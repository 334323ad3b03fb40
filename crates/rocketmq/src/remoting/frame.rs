//! A frame taken apart: header and body, where they lie.

/// Largest frame, without its length prefix, as Java's `com.rocketmq.remoting.frameMaxLength`.
pub const FRAME_BYTES_MAX: usize = 16 << 20;

/// Bytes of the length in front of a frame.
pub const PREFIX_BYTES: usize = 4;

/// Bytes of the field that holds the header's form and length.
const HEADER_FIELD_BYTES: usize = 4;

/// How a header is written; a response is written as its request was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderForm {
    /// A JSON object (form 0).
    Json,
    /// Java's `RocketMQSerializable` (form 1). Its code has 16 bits.
    Binary,
}

impl HeaderForm {
    /// The number in the frame.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Json => 0,
            Self::Binary => 1,
        }
    }
}

/// Why bytes are no frame. Nothing behind it on the connection can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The length in front is negative or above the limit.
    #[error("a frame of {declared} bytes is declared, {limit} are allowed{}", hint(*declared))]
    Length {
        /// As sent.
        declared: u32,
        /// Bytes allowed.
        limit: usize,
    },
    /// Too short for what every frame has.
    #[error("a frame of {0} bytes has no room for a header length")]
    Short(usize),
    /// The header would end behind the frame.
    #[error("a header of {declared} bytes is declared in a frame that has {available} for it")]
    HeaderLength {
        /// As sent.
        declared: usize,
        /// Bytes of the frame behind the header length.
        available: usize,
    },
    /// Neither JSON nor binary.
    #[error("header form {0} is unknown")]
    UnknownForm(u8),
}

/// What else the first bytes of a connection are known to be.
fn hint(declared: u32) -> &'static str {
    match declared.to_be_bytes() {
        [0x16, 0x03, ..] => " (a TLS handshake? this listener speaks plain text)",
        [b'G', b'E', b'T', b' '] | [b'P', b'O', b'S', b'T'] => " (an HTTP request?)",
        [b'P', b'R', b'O', b'X'] | [0x0d, 0x0a, 0x0d, 0x0a] => " (a PROXY header?)",
        _ => "",
    }
}

/// One frame without its length prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// How the header is written.
    pub form: HeaderForm,
    /// The header's bytes.
    pub header: &'a [u8],
    /// Everything behind the header.
    pub body: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The length of the frame whose first bytes these are, without the prefix; `None` until the prefix is whole.
    ///
    /// # Errors
    /// A length above `limit`.
    pub fn declared_length(bytes: &[u8], limit: usize) -> Result<Option<usize>, FrameError> {
        let Some(prefix) = bytes.first_chunk::<PREFIX_BYTES>() else {
            return Ok(None);
        };
        let declared = u32::from_be_bytes(*prefix);
        match usize::try_from(declared) {
            Ok(length) if length <= limit => Ok(Some(length)),
            _ => Err(FrameError::Length { declared, limit }),
        }
    }

    /// Takes a frame apart that lost its length prefix.
    ///
    /// # Errors
    /// A header length or form that cannot be.
    pub fn split(bytes: &'a [u8]) -> Result<Self, FrameError> {
        let (field, rest) = bytes
            .split_first_chunk::<HEADER_FIELD_BYTES>()
            .ok_or(FrameError::Short(bytes.len()))?;
        let [form, high, middle, low] = *field;
        let form = match form {
            0 => HeaderForm::Json,
            1 => HeaderForm::Binary,
            other => return Err(FrameError::UnknownForm(other)),
        };
        let length = u32::from_be_bytes([0, high, middle, low]);
        let declared = usize::try_from(length).unwrap_or(usize::MAX);
        let (header, body) = rest
            .split_at_checked(declared)
            .ok_or(FrameError::HeaderLength {
                declared,
                available: rest.len(),
            })?;
        Ok(Self { form, header, body })
    }
}
