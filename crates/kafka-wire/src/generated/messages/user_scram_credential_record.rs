//! `UserScramCredentialRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `UserScramCredentialRecord`, key 11, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserScramCredentialRecord<'a> {
    /// `string, versions 0`
    pub name: Cow<'a, str>,
    /// `int8, versions 0`
    pub mechanism: i8,
    /// `bytes, versions 0`
    pub salt: Cow<'a, [u8]>,
    /// `bytes, versions 0`
    pub stored_key: Cow<'a, [u8]>,
    /// `bytes, versions 0`
    pub server_key: Cow<'a, [u8]>,
    /// `int32, versions 0`
    pub iterations: i32,
}

impl<'a> Default for UserScramCredentialRecord<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            mechanism: 0,
            salt: Cow::Borrowed(&[]),
            stored_key: Cow::Borrowed(&[]),
            server_key: Cow::Borrowed(&[]),
            iterations: 0,
        }
    }
}

impl<'a> Message<'a> for UserScramCredentialRecord<'a> {
    const KEY: i16 = 11;
    const NAME: &'static str = "UserScramCredentialRecord";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FLEXIBLE_FROM: Option<i16> = Some(0);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.name = r.string(true)?;
        m.mechanism = r.i8()?;
        m.salt = r.bytes(true)?;
        m.stored_key = r.bytes(true)?;
        m.server_key = r.bytes(true)?;
        m.iterations = r.i32()?;
        r.skip_tagged_fields()?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.string(&self.name, true)?;
        w.i8(self.mechanism);
        w.bytes(&self.salt, true)?;
        w.bytes(&self.stored_key, true)?;
        w.bytes(&self.server_key, true)?;
        w.i32(self.iterations);
        w.uvarint(0);
        Ok(())
    }
}

impl UserScramCredentialRecord<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> UserScramCredentialRecord<'static> {
        UserScramCredentialRecord {
            name: Cow::Owned(self.name.into_owned()),
            mechanism: self.mechanism,
            salt: Cow::Owned(self.salt.into_owned()),
            stored_key: Cow::Owned(self.stored_key.into_owned()),
            server_key: Cow::Owned(self.server_key.into_owned()),
            iterations: self.iterations,
        }
    }
}
