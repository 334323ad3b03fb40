//! `InitProducerIdResponse`, versions 0-6. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `InitProducerIdResponse`, key 22, versions 0-6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitProducerIdResponse {
    /// `int32, versions 0-6, ignorable`
    pub throttle_time_ms: i32,
    /// `int16, versions 0-6`
    pub error_code: i16,
    /// `int64, versions 0-6, default -1`
    pub producer_id: i64,
    /// `int16, versions 0-6`
    pub producer_epoch: i16,
    /// `int64, versions 6, default -1`
    pub ongoing_txn_producer_id: i64,
    /// `int16, versions 6, default -1`
    pub ongoing_txn_producer_epoch: i16,
}

impl Default for InitProducerIdResponse {
    fn default() -> Self {
        Self {
            throttle_time_ms: 0,
            error_code: 0,
            producer_id: -1,
            producer_epoch: 0,
            ongoing_txn_producer_id: -1,
            ongoing_txn_producer_epoch: -1,
        }
    }
}

impl<'a> Message<'a> for InitProducerIdResponse {
    const KEY: i16 = 22;
    const NAME: &'static str = "InitProducerIdResponse";
    const VERSIONS: VersionRange = VersionRange::new(0, 6);
    const FLEXIBLE_FROM: Option<i16> = Some(2);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let flexible = version >= 2;
        let mut m = Self::default();
        m.throttle_time_ms = r.i32()?;
        m.error_code = r.i16()?;
        m.producer_id = r.i64()?;
        m.producer_epoch = r.i16()?;
        if version >= 6 {
            m.ongoing_txn_producer_id = r.i64()?;
        }
        if version >= 6 {
            m.ongoing_txn_producer_epoch = r.i16()?;
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
        let flexible = version >= 2;
        w.i32(self.throttle_time_ms);
        w.i16(self.error_code);
        w.i64(self.producer_id);
        w.i16(self.producer_epoch);
        if version >= 6 {
            w.i64(self.ongoing_txn_producer_id);
        } else if self.ongoing_txn_producer_id != -1 {
            return Err(WireError::FieldNotInVersion {
                message: "InitProducerIdResponse",
                field: "ongoing_txn_producer_id",
                version,
            });
        }
        if version >= 6 {
            w.i16(self.ongoing_txn_producer_epoch);
        } else if self.ongoing_txn_producer_epoch != -1 {
            return Err(WireError::FieldNotInVersion {
                message: "InitProducerIdResponse",
                field: "ongoing_txn_producer_epoch",
                version,
            });
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}
