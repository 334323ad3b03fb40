//! `LegacyOffsetCommitValue`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `LegacyOffsetCommitValue`, key 0, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegacyOffsetCommitValue<'a> {
    /// `int64, versions 0`
    pub offset: i64,
    /// `string, versions 0`
    pub metadata: Cow<'a, str>,
    /// `int64, versions 0`
    pub commit_timestamp: i64,
}

impl<'a> Default for LegacyOffsetCommitValue<'a> {
    fn default() -> Self {
        Self {
            offset: 0,
            metadata: Cow::Borrowed(""),
            commit_timestamp: 0,
        }
    }
}

impl<'a> Message<'a> for LegacyOffsetCommitValue<'a> {
    const KEY: i16 = 0;
    const NAME: &'static str = "LegacyOffsetCommitValue";
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
        m.offset = r.i64()?;
        m.metadata = r.string(false)?;
        m.commit_timestamp = r.i64()?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.i64(self.offset);
        w.string(&self.metadata, false)?;
        w.i64(self.commit_timestamp);
        Ok(())
    }
}

impl LegacyOffsetCommitValue<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> LegacyOffsetCommitValue<'static> {
        LegacyOffsetCommitValue {
            offset: self.offset,
            metadata: Cow::Owned(self.metadata.into_owned()),
            commit_timestamp: self.commit_timestamp,
        }
    }
}
