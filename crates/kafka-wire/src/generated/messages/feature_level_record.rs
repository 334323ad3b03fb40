//! `FeatureLevelRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `FeatureLevelRecord`, key 12, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureLevelRecord<'a> {
    /// `string, versions 0`
    pub name: Cow<'a, str>,
    /// `int16, versions 0`
    pub feature_level: i16,
}

impl<'a> Default for FeatureLevelRecord<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            feature_level: 0,
        }
    }
}

impl<'a> Message<'a> for FeatureLevelRecord<'a> {
    const KEY: i16 = 12;
    const NAME: &'static str = "FeatureLevelRecord";
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
        m.feature_level = r.i16()?;
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
        w.i16(self.feature_level);
        w.uvarint(0);
        Ok(())
    }
}

impl FeatureLevelRecord<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> FeatureLevelRecord<'static> {
        FeatureLevelRecord {
            name: Cow::Owned(self.name.into_owned()),
            feature_level: self.feature_level,
        }
    }
}
