//! Frames and headers: a 32-bit length, a header, a message.
//!
//! Absent on purpose: a limit on the length of a frame; who reads from a socket sets it.

use std::borrow::Cow;
use std::ops::Range;

use crate::{ApiKey, Message, Reader, Request, VersionRange, WireError, Writer};

/// What stands before every request. The client id borrows from the frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHeader<'a> {
    /// Which API; not checked, so an unknown one can be reported.
    pub api_key: i16,
    /// Version of the request and of its answer; not checked.
    pub api_version: i16,
    /// Chosen by the client, repeated in the answer.
    pub correlation_id: i32,
    /// A name for logs and quotas; null is legal.
    pub client_id: Option<Cow<'a, str>>,
}

impl<'a> RequestHeader<'a> {
    /// Reads a header. For a key that is not known the client id is read, tagged fields are not.
    ///
    /// # Errors
    /// Any decoding variant of [`WireError`].
    pub fn decode(r: &mut Reader<'a>) -> Result<Self, WireError> {
        let api_key = r.i16()?;
        let api_version = r.i16()?;
        let correlation_id = r.i32()?;
        // The client id keeps its classic length even in the flexible header.
        let client_id = r.nullable_string(false)?;
        let flexible = ApiKey::from_i16(api_key)
            .is_some_and(|api| api.request_header_version(api_version) >= 2);
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(Self {
            api_key,
            api_version,
            correlation_id,
            client_id,
        })
    }

    /// Appends the header in the form its key and version call for.
    ///
    /// # Errors
    /// `TooLong` for a client id above 32767 bytes.
    pub fn encode(&self, w: &mut Writer) -> Result<(), WireError> {
        w.i16(self.api_key);
        w.i16(self.api_version);
        w.i32(self.correlation_id);
        w.nullable_string(self.client_id.as_deref(), false)?;
        let flexible = ApiKey::from_i16(self.api_key)
            .is_some_and(|api| api.request_header_version(self.api_version) >= 2);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

/// What stands before every response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResponseHeader {
    /// The request's own.
    pub correlation_id: i32,
}

impl ResponseHeader {
    /// Reads a header of `header_version` (see [`ApiKey::response_header_version`]).
    ///
    /// # Errors
    /// Any decoding variant of [`WireError`].
    pub fn decode(r: &mut Reader<'_>, header_version: i16) -> Result<Self, WireError> {
        let correlation_id = r.i32()?;
        if header_version >= 1 {
            r.skip_tagged_fields()?;
        }
        Ok(Self { correlation_id })
    }

    /// Appends a header of `header_version`.
    pub fn encode(self, w: &mut Writer, header_version: i16) {
        w.i32(self.correlation_id);
        if header_version >= 1 {
            w.uvarint(0);
        }
    }
}

impl ApiKey {
    /// 2 when the request is flexible, else 1.
    #[must_use]
    pub fn request_header_version(self, version: i16) -> i16 {
        if self.is_flexible(version) { 2 } else { 1 }
    }

    /// 1 when the response is flexible, else 0; always 0 for `ApiVersions`, whose answer must be
    /// readable before versions are agreed on.
    #[must_use]
    pub fn response_header_version(self, version: i16) -> i16 {
        i16::from(self != Self::ApiVersions && self.is_flexible(version))
    }

    /// Whether this version of the request has compact lengths and tagged fields.
    #[must_use]
    pub fn is_flexible(self, version: i16) -> bool {
        self.flexible_from().is_some_and(|from| version >= from)
    }

    /// The versions of Kafka 4.3.1's schema that are released; see [`ApiKey::unstable_from`].
    #[must_use]
    pub fn stable_versions(self) -> VersionRange {
        let all = self.versions();
        match self.unstable_from() {
            Some(from) => VersionRange::new(all.min, from - 1),
            None => all,
        }
    }
}

/// Appends one request frame: length, header, message.
///
/// # Errors
/// As [`Message::encode`].
pub fn encode_request<'a, M: Message<'a> + Request>(
    w: &mut Writer,
    correlation_id: i32,
    client_id: Option<&str>,
    version: i16,
    message: &M,
) -> Result<(), WireError> {
    let slot = w.reserve_length();
    let header = RequestHeader {
        api_key: M::KEY,
        api_version: version,
        correlation_id,
        client_id: client_id.map(Cow::Borrowed),
    };
    header.encode(w)?;
    message.encode(w, version)?;
    w.patch_length(slot, 0)
}

/// Appends one response frame: length, header, message. `M::KEY` names the API.
///
/// # Errors
/// As [`Message::encode`]; `UnsupportedVersion` when `M` is not the message of an API.
pub fn encode_response<'a, M: Message<'a>>(
    w: &mut Writer,
    correlation_id: i32,
    version: i16,
    message: &M,
) -> Result<(), WireError> {
    let api = ApiKey::from_i16(M::KEY).ok_or(WireError::UnsupportedVersion {
        message: M::NAME,
        version,
    })?;
    let slot = w.reserve_length();
    ResponseHeader { correlation_id }.encode(w, api.response_header_version(version));
    message.encode(w, version)?;
    w.patch_length(slot, 0)
}

/// Where `part`, borrowed from `whole`, lies in it; `None` when it lies elsewhere. Lets a server
/// give up a decoded request and still find its record bytes in the frame, to stamp them in place.
#[must_use]
pub fn range_within(whole: &[u8], part: &[u8]) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (end <= whole.len()).then_some(start..end)
}
