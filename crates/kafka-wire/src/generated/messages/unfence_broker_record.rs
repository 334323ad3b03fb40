//! `UnfenceBrokerRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `UnfenceBrokerRecord`, key 8, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfenceBrokerRecord {
    /// `int32, versions 0`
    pub id: i32,
    /// `int64, versions 0`
    pub epoch: i64,
}

impl Default for UnfenceBrokerRecord {
    fn default() -> Self {
        Self { id: 0, epoch: 0 }
    }
}

impl<'a> Message<'a> for UnfenceBrokerRecord {
    const KEY: i16 = 8;
    const NAME: &'static str = "UnfenceBrokerRecord";
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
        m.id = r.i32()?;
        m.epoch = r.i64()?;
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
        w.i32(self.id);
        w.i64(self.epoch);
        w.uvarint(0);
        Ok(())
    }
}
