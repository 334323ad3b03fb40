//! `ClearElrRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `ClearElrRecord`, key 28, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearElrRecord<'a> {
    /// `string, versions 0`
    pub topic_name: Cow<'a, str>,
}

impl<'a> Default for ClearElrRecord<'a> {
    fn default() -> Self {
        Self {
            topic_name: Cow::Borrowed(""),
        }
    }
}

impl<'a> Message<'a> for ClearElrRecord<'a> {
    const KEY: i16 = 28;
    const NAME: &'static str = "ClearElrRecord";
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
        m.topic_name = r.string(true)?;
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
        w.string(&self.topic_name, true)?;
        w.uvarint(0);
        Ok(())
    }
}

impl ClearElrRecord<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> ClearElrRecord<'static> {
        ClearElrRecord {
            topic_name: Cow::Owned(self.topic_name.into_owned()),
        }
    }
}
