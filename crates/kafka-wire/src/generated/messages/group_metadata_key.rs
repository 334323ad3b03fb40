//! `GroupMetadataKey`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `GroupMetadataKey`, key 2, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupMetadataKey<'a> {
    /// `string, versions 0`
    pub group: Cow<'a, str>,
}

impl<'a> Default for GroupMetadataKey<'a> {
    fn default() -> Self {
        Self {
            group: Cow::Borrowed(""),
        }
    }
}

impl<'a> Message<'a> for GroupMetadataKey<'a> {
    const KEY: i16 = 2;
    const NAME: &'static str = "GroupMetadataKey";
    const VERSIONS: VersionRange = VersionRange::new(0, 0);
    const FLEXIBLE_FROM: Option<i16> = None;

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.group = r.string(false)?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.string(&self.group, false)?;
        Ok(())
    }
}

impl GroupMetadataKey<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> GroupMetadataKey<'static> {
        GroupMetadataKey {
            group: Cow::Owned(self.group.into_owned()),
        }
    }
}
