//! A request or response as it came.

use std::borrow::Cow;

use super::binary_header::{self, BinaryError};
use super::ext::ExtFields;
use super::frame::{Frame, FrameError, HeaderForm};
use super::json_header;
use super::json_scan::JsonError;
use super::language::Language;

/// The protocol version this server says it has: RocketMQ 5.3.3. Clients refuse SQL92 below 4.1.0.
pub const VERSION: i32 = 479;

/// Set in the flag of a response.
const RESPONSE_BIT: i32 = 1;
/// Set in the flag of a request that wants no response.
const ONEWAY_BIT: i32 = 1 << 1;

/// Why a frame is no command. The connection cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The frame itself.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// Text that is not UTF-8.
    #[error("the header is not UTF-8")]
    NotText,
    /// A JSON header that is none.
    #[error("the header is not JSON: {0}")]
    Json(#[from] JsonError),
    /// A binary header that is none.
    #[error("the binary header is damaged: {0}")]
    Binary(#[from] BinaryError),
}

/// What a header holds, in either form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    pub(super) code: i32,
    pub(super) language: Language,
    pub(super) version: i32,
    pub(super) opaque: i32,
    pub(super) flag: i32,
    pub(super) remark: Option<Cow<'a, str>>,
    pub(super) ext: ExtFields<'a>,
}

impl Default for Parts<'_> {
    fn default() -> Self {
        Self {
            code: 0,
            language: Language::OTHER,
            version: 0,
            opaque: 0,
            flag: 0,
            remark: None,
            ext: ExtFields::default(),
        }
    }
}

/// One request or response, borrowed from its frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command<'a> {
    /// How its header is written.
    pub form: HeaderForm,
    /// What is asked, or how it went.
    pub code: i32,
    /// What the sender is written in.
    pub language: Language,
    /// Which protocol version the sender has.
    pub version: i32,
    /// Joins a response to its request.
    pub opaque: i32,
    /// See [`Self::is_response`], [`Self::is_oneway`].
    pub flag: i32,
    /// Text for people.
    pub remark: Option<Cow<'a, str>>,
    /// The fields of this kind of request.
    pub ext: ExtFields<'a>,
    /// Bytes behind the header.
    pub body: &'a [u8],
}

impl<'a> Command<'a> {
    /// Decodes a frame that lost its length prefix.
    ///
    /// # Errors
    /// The frame or its header is damaged.
    pub fn decode(frame: &'a [u8]) -> Result<Self, CommandError> {
        let Frame { form, header, body } = Frame::split(frame)?;
        let parts = match form {
            HeaderForm::Json => {
                let text = std::str::from_utf8(header).map_err(|_| CommandError::NotText)?;
                json_header::read(text)?
            }
            HeaderForm::Binary => binary_header::read(header)?,
        };
        Ok(Self {
            form,
            code: parts.code,
            language: parts.language,
            version: parts.version,
            opaque: parts.opaque,
            flag: parts.flag,
            remark: parts.remark,
            ext: parts.ext,
            body,
        })
    }

    /// Whether this answers a request of the receiver.
    #[must_use]
    pub fn is_response(&self) -> bool {
        self.flag & RESPONSE_BIT != 0
    }

    /// Whether the sender wants no answer.
    #[must_use]
    pub fn is_oneway(&self) -> bool {
        self.flag & ONEWAY_BIT != 0
    }
}

/// The flag of a response.
pub(super) const RESPONSE_FLAG: i32 = RESPONSE_BIT;
/// The flag of a request without response.
pub(super) const ONEWAY_FLAG: i32 = ONEWAY_BIT;
