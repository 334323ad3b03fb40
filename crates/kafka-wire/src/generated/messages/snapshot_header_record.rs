//! `SnapshotHeaderRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `SnapshotHeaderRecord`, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotHeaderRecord {
    /// `int16, versions 0`
    pub version: i16,
    /// `int64, versions 0`
    pub last_contained_log_timestamp: i64,
}

impl Default for SnapshotHeaderRecord {
    fn default() -> Self {
        Self {
            version: 0,
            last_contained_log_timestamp: 0,
        }
    }
}

impl<'a> Message<'a> for SnapshotHeaderRecord {
    const KEY: i16 = -1;
    const NAME: &'static str = "SnapshotHeaderRecord";
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
        m.last_contained_log_timestamp = r.i64()?;
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
        w.i64(self.last_contained_log_timestamp);
        w.uvarint(0);
        Ok(())
    }
}
