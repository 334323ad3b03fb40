//! `RemoveTopicRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `RemoveTopicRecord`, key 9, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveTopicRecord {
    /// `uuid, versions 0`
    pub topic_id: Uuid,
}

impl Default for RemoveTopicRecord {
    fn default() -> Self {
        Self {
            topic_id: Uuid::ZERO,
        }
    }
}

impl<'a> Message<'a> for RemoveTopicRecord {
    const KEY: i16 = 9;
    const NAME: &'static str = "RemoveTopicRecord";
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
        w.uuid(self.topic_id);
        w.uvarint(0);
        Ok(())
    }
}
