//! `RemoveUserScramCredentialRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `RemoveUserScramCredentialRecord`, key 22, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveUserScramCredentialRecord<'a> {
    /// `string, versions 0`
    pub name: Cow<'a, str>,
    /// `int8, versions 0`
    pub mechanism: i8,
}

impl<'a> Default for RemoveUserScramCredentialRecord<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            mechanism: 0,
        }
    }
}

impl<'a> Message<'a> for RemoveUserScramCredentialRecord<'a> {
    const KEY: i16 = 22;
    const NAME: &'static str = "RemoveUserScramCredentialRecord";
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
        w.uvarint(0);
        Ok(())
    }
}

impl RemoveUserScramCredentialRecord<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> RemoveUserScramCredentialRecord<'static> {
        RemoveUserScramCredentialRecord {
            name: Cow::Owned(self.name.into_owned()),
            mechanism: self.mechanism,
        }
    }
}
