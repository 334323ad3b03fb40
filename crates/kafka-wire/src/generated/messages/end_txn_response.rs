//! `EndTxnResponse`, versions 0-5. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `EndTxnResponse`, key 26, versions 0-5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndTxnResponse {
    /// `int32, versions 0-5`
    pub throttle_time_ms: i32,
    /// `int16, versions 0-5`
    pub error_code: i16,
    /// `int64, versions 5, default -1, ignorable`
    pub producer_id: i64,
    /// `int16, versions 5, default -1, ignorable`
    pub producer_epoch: i16,
}

impl Default for EndTxnResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            producer_id: -1,
            producer_epoch: -1,
        }
    }
}

impl<'a> Message<'a> for EndTxnResponse {
    const KEY: i16 = 26;
    const NAME: &'static str = "EndTxnResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 5);
    const FLEXIBLE_FROM: Option<i16> = Some(3);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 3;
        let mut m = Self::default();
        m.throttle_time_ms = r.i32()?;
        m.error_code = r.i16()?;
        if version >= 5 {
            m.producer_id = r.i64()?;
        }
        if version >= 5 {
            m.producer_epoch = r.i16()?;
        }
        if flexible {
            r.skip_tagged_fields()?;
        }
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 3;
        w.i32(self.throttle_time_ms);
        w.i16(self.error_code);
        if version >= 5 {
            w.i64(self.producer_id);
        }
        if version >= 5 {
            w.i16(self.producer_epoch);
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}
