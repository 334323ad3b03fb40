//! `TopicRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `TopicRecord`, key 2, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicRecord<'a> {
    /// `string, versions 0`
    pub name: Cow<'a, str>,
    /// `uuid, versions 0`
    pub topic_id: Uuid,
}

impl<'a> Default for TopicRecord<'a> {
    fn default() -> Self {
        Self {
            name: Cow::Borrowed(""),
            topic_id: Uuid::ZERO,
        }
    }
}

impl<'a> Message<'a> for TopicRecord<'a> {
    const KEY: i16 = 2;
    const NAME: &'static str = "TopicRecord";
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
        m.topic_id = r.uuid()?;
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
        w.uuid(self.topic_id);
        w.uvarint(0);
        Ok(())
    }
}

impl TopicRecord<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TopicRecord<'static> {
        TopicRecord {
            name: Cow::Owned(self.name.into_owned()),
            topic_id: self.topic_id,
        }
    }
}
