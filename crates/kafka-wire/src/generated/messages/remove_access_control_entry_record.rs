//! `RemoveAccessControlEntryRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `RemoveAccessControlEntryRecord`, key 19, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoveAccessControlEntryRecord {
    /// `uuid, versions 0`
    pub id: Uuid,
}

impl Default for RemoveAccessControlEntryRecord {
    fn default() -> Self {
        Self { id: Uuid::ZERO }
    }
}

impl<'a> Message<'a> for RemoveAccessControlEntryRecord {
    const KEY: i16 = 19;
    const NAME: &'static str = "RemoveAccessControlEntryRecord";
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
        m.id = r.uuid()?;
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
        w.uuid(self.id);
        w.uvarint(0);
        Ok(())
    }
}
