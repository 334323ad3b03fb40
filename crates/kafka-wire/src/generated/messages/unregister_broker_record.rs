//! `UnregisterBrokerRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `UnregisterBrokerRecord`, key 1, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnregisterBrokerRecord {
    /// `int32, versions 0`
    pub broker_id: i32,
    /// `int64, versions 0`
    pub broker_epoch: i64,
}

impl Default for UnregisterBrokerRecord {
    fn default() -> Self {
        Self {
            broker_id: 0,
            broker_epoch: 0,
        }
    }
}

impl<'a> Message<'a> for UnregisterBrokerRecord {
    const KEY: i16 = 1;
    const NAME: &'static str = "UnregisterBrokerRecord";
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
        m.broker_id = r.i32()?;
        m.broker_epoch = r.i64()?;
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
        w.i32(self.broker_id);
        w.i64(self.broker_epoch);
        w.uvarint(0);
        Ok(())
    }
}
