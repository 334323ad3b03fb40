//! `RemoveDelegationTokenRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `RemoveDelegationTokenRecord`, key 26, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveDelegationTokenRecord<'a> {
    /// `string, versions 0`
    pub token_id: Cow<'a, str>,
}

impl<'a> Default for RemoveDelegationTokenRecord<'a> {
    fn default() -> Self {
        Self {
            token_id: Cow::Borrowed(""),
        }
    }
}

impl<'a> Message<'a> for RemoveDelegationTokenRecord<'a> {
    const KEY: i16 = 26;
    const NAME: &'static str = "RemoveDelegationTokenRecord";
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
        m.token_id = r.string(true)?;
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
        w.string(&self.token_id, true)?;
        w.uvarint(0);
        Ok(())
    }
}

impl RemoveDelegationTokenRecord<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> RemoveDelegationTokenRecord<'static> {
        RemoveDelegationTokenRecord {
            token_id: Cow::Owned(self.token_id.into_owned()),
        }
    }
}
