//! `SaslHandshakeRequest`, versions 0-1. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `SaslHandshakeRequest`, key 17, versions 0-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaslHandshakeRequest<'a> {
    /// `string, versions 0-1`
    pub mechanism: Cow<'a, str>,
}

impl<'a> Default for SaslHandshakeRequest<'a> {
    fn default() -> Self {
        Self {
            mechanism: Cow::Borrowed(""),
        }
    }
}

impl<'a> Message<'a> for SaslHandshakeRequest<'a> {
    const KEY: i16 = 17;
    const NAME: &'static str = "SaslHandshakeRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 1);
    const FLEXIBLE_FROM: Option<i16> = None;

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.mechanism = r.string(false)?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.string(&self.mechanism, false)?;
        Ok(())
    }
}

impl Request for SaslHandshakeRequest<'_> {
    const API: ApiKey = ApiKey::SaslHandshake;
    type Response<'b> = super::SaslHandshakeResponseType<'b>;
}

impl SaslHandshakeRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> SaslHandshakeRequest<'static> {
        SaslHandshakeRequest {
            mechanism: Cow::Owned(self.mechanism.into_owned()),
        }
    }
}
