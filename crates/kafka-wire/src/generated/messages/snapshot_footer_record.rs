//! `SnapshotFooterRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `SnapshotFooterRecord`, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotFooterRecord {
    /// `int16, versions 0`
    pub version: i16,
}

impl Default for SnapshotFooterRecord {
    fn default() -> Self {
        Self { version: 0 }
    }
}

impl<'a> Message<'a> for SnapshotFooterRecord {
    const KEY: i16 = -1;
    const NAME: &'static str = "SnapshotFooterRecord";
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
        m.version = r.i16()?;
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
        w.i16(self.version);
        w.uvarint(0);
        Ok(())
    }
}
