//! `ConsumerGroupMetadataKey`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ConsumerGroupMetadataKey`, key 3, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerGroupMetadataKey<'a> {
    /// `string, versions 0`
    pub group_id: Cow<'a, str>,
}

impl<'a> Default for ConsumerGroupMetadataKey<'a> {
    fn default() -> Self {
        Self {
            group_id: Cow::Borrowed(""),
        }
    }
}

impl<'a> Message<'a> for ConsumerGroupMetadataKey<'a> {
    const KEY: i16 = 3;
    const NAME: &'static str = "ConsumerGroupMetadataKey";
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
        m.group_id = r.string(false)?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.string(&self.group_id, false)?;
        Ok(())
    }
}

impl ConsumerGroupMetadataKey<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ConsumerGroupMetadataKey<'static> {
        ConsumerGroupMetadataKey {
            group_id: Cow::Owned(self.group_id.into_owned()),
        }
    }
}
