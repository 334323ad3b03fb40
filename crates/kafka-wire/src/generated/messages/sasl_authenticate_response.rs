//! `SaslAuthenticateResponse`, versions 0-2. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `SaslAuthenticateResponse`, key 36, versions 0-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaslAuthenticateResponse<'a> {
    /// `int16, versions 0-2`
    pub error_code: i16,
    /// `string, versions 0-2, nullable 0-2`
    pub error_message: Option<Cow<'a, str>>,
    /// `bytes, versions 0-2`
    pub auth_bytes: Cow<'a, [u8]>,
    /// `int64, versions 1-2, default 0, ignorable`
    pub session_lifetime_ms: i64,
}

impl<'a> Default for SaslAuthenticateResponse<'a> {
    fn default() -> Self {
        Self {
            error_code: 0,
            error_message: Some(Cow::Borrowed("")),
            auth_bytes: Cow::Borrowed(&[]),
            session_lifetime_ms: 0,
        }
    }
}

impl<'a> Message<'a> for SaslAuthenticateResponse<'a> {
    const KEY: i16 = 36;
    const NAME: &'static str = "SaslAuthenticateResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FLEXIBLE_FROM: Option<i16> = Some(2);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 2;
        let mut m = Self::default();
        m.error_code = r.i16()?;
        m.error_message = r.nullable_string(flexible)?;
        m.auth_bytes = r.bytes(flexible)?;
        if version >= 1 {
            m.session_lifetime_ms = r.i64()?;
        }
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 2;
        w.i16(self.error_code);
        w.nullable_string(self.error_message.as_deref(), flexible)?;
        w.bytes(&self.auth_bytes, flexible)?;
        if version >= 1 {
            w.i64(self.session_lifetime_ms);
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl SaslAuthenticateResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> SaslAuthenticateResponse<'static> {
        SaslAuthenticateResponse {
            error_code: self.error_code,
            error_message: self
                .error_message
                .map(|value| Cow::Owned(value.into_owned())),
            auth_bytes: Cow::Owned(self.auth_bytes.into_owned()),
            session_lifetime_ms: self.session_lifetime_ms,
        }
    }
}
