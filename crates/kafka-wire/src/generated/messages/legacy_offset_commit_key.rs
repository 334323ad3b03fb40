//! `LegacyOffsetCommitKey`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `LegacyOffsetCommitKey`, key 0, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyOffsetCommitKey<'a> {
    /// `string, versions 0`
    pub group: Cow<'a, str>,
    /// `string, versions 0`
    pub topic: Cow<'a, str>,
    /// `int32, versions 0`
    pub partition: i32,
}

impl<'a> Default for LegacyOffsetCommitKey<'a> {
    fn default() -> Self {
        Self {
            group: Cow::Borrowed(""),
            topic: Cow::Borrowed(""),
            partition: 0,
        }
    }
}

impl<'a> Message<'a> for LegacyOffsetCommitKey<'a> {
    const KEY: i16 = 0;
    const NAME: &'static str = "LegacyOffsetCommitKey";
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
        m.topic = r.string(false)?;
        m.partition = r.i32()?;
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
        w.string(&self.topic, false)?;
        w.i32(self.partition);
        Ok(())
    }
}

impl LegacyOffsetCommitKey<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> LegacyOffsetCommitKey<'static> {
        LegacyOffsetCommitKey {
            group: Cow::Owned(self.group.into_owned()),
            topic: Cow::Owned(self.topic.into_owned()),
            partition: self.partition,
        }
    }
}
