//! `EndTxnMarker`, versions 0. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `EndTxnMarker`, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndTxnMarker {
    /// `int32, versions 0`
    pub coordinator_epoch: i32,
}

impl Default for EndTxnMarker {
    fn default() -> Self {
        Self {
            coordinator_epoch: 0,
        }
    }
}

impl<'a> Message<'a> for EndTxnMarker {
    const KEY: i16 = -1;
    const NAME: &'static str = "EndTxnMarker";
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
        m.coordinator_epoch = r.i32()?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.i32(self.coordinator_epoch);
        Ok(())
    }
}
