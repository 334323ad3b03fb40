//! `SaslHandshakeResponse`, versions 0-1. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `SaslHandshakeResponse`, key 17, versions 0-1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaslHandshakeResponse<'a> {
    /// `int16, versions 0-1`
    pub error_code: i16,
    /// `[]string, versions 0-1`
    pub mechanisms: Vec<Cow<'a, str>>,
}

impl<'a> Default for SaslHandshakeResponse<'a> {
    fn default() -> Self {
        Self {
            error_code: 0,
            mechanisms: Vec::new(),
        }
    }
}

impl<'a> Message<'a> for SaslHandshakeResponse<'a> {
    const KEY: i16 = 17;
    const NAME: &'static str = "SaslHandshakeResponse";
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
        m.error_code = r.i16()?;
        m.mechanisms = r.array(false, 2, |r| r.string(false))?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.i16(self.error_code);
        w.array(&self.mechanisms, false, |w, value| w.string(value, false))?;
        Ok(())
    }
}

impl SaslHandshakeResponse<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> SaslHandshakeResponse<'static> {
        SaslHandshakeResponse {
            error_code: self.error_code,
            mechanisms: self
                .mechanisms
                .into_iter()
                .map(|one| Cow::Owned(one.into_owned()))
                .collect(),
        }
    }
}
