//! `SaslAuthenticateRequest`, versions 0-2. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `SaslAuthenticateRequest`, key 36, versions 0-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaslAuthenticateRequest<'a> {
    /// `bytes, versions 0-2`
    pub auth_bytes: Cow<'a, [u8]>,
}

impl<'a> Default for SaslAuthenticateRequest<'a> {
    fn default() -> Self {
        Self {
            auth_bytes: Cow::Borrowed(&[]),
        }
    }
}

impl<'a> Message<'a> for SaslAuthenticateRequest<'a> {
    const KEY: i16 = 36;
    const NAME: &'static str = "SaslAuthenticateRequest";
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
        m.auth_bytes = r.bytes(flexible)?;
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
        w.bytes(&self.auth_bytes, flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for SaslAuthenticateRequest<'_> {
    const API: ApiKey = ApiKey::SaslAuthenticate;
    type Response<'b> = super::SaslAuthenticateResponseType<'b>;
}

impl SaslAuthenticateRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> SaslAuthenticateRequest<'static> {
        SaslAuthenticateRequest {
            auth_bytes: Cow::Owned(self.auth_bytes.into_owned()),
        }
    }
}
