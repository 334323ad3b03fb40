//! `InitProducerIdRequest`, versions 0-6. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `InitProducerIdRequest`, key 22, versions 0-6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitProducerIdRequest<'a> {
    /// `string, versions 0-6, nullable 0-6`
    pub transactional_id: Option<Cow<'a, str>>,
    /// `int32, versions 0-6`
    pub transaction_timeout_ms: i32,
    /// `int64, versions 3-6, default -1`
    pub producer_id: i64,
    /// `int16, versions 3-6, default -1`
    pub producer_epoch: i16,
    /// `bool, versions 6, default false`
    pub enable2_pc: bool,
    /// `bool, versions 6, default false`
    pub keep_prepared_txn: bool,
}

impl<'a> Default for InitProducerIdRequest<'a> {
    fn default() -> Self {
        Self {
            transactional_id: Some(Cow::Borrowed("")),
            transaction_timeout_ms: 0,
            producer_id: -1,
            producer_epoch: -1,
            enable2_pc: false,
            keep_prepared_txn: false,
        }
    }
}

impl<'a> Message<'a> for InitProducerIdRequest<'a> {
    const KEY: i16 = 22;
    const NAME: &'static str = "InitProducerIdRequest";
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
        m.transactional_id = r.nullable_string(flexible)?;
        m.transaction_timeout_ms = r.i32()?;
        if version >= 3 {
            m.producer_id = r.i64()?;
        }
        if version >= 3 {
            m.producer_epoch = r.i16()?;
        }
        if version >= 6 {
            m.enable2_pc = r.bool()?;
        }
        if version >= 6 {
            m.keep_prepared_txn = r.bool()?;
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
        w.nullable_string(self.transactional_id.as_deref(), flexible)?;
        w.i32(self.transaction_timeout_ms);
        if version >= 3 {
            w.i64(self.producer_id);
        } else if self.producer_id != -1 {
            return Err(WireError::FieldNotInVersion {
                message: "InitProducerIdRequest",
                field: "producer_id",
                version,
            });
        }
        if version >= 3 {
            w.i16(self.producer_epoch);
        } else if self.producer_epoch != -1 {
            return Err(WireError::FieldNotInVersion {
                message: "InitProducerIdRequest",
                field: "producer_epoch",
                version,
            });
        }
        if version >= 6 {
            w.bool(self.enable2_pc);
        } else if self.enable2_pc {
            return Err(WireError::FieldNotInVersion {
                message: "InitProducerIdRequest",
                field: "enable2_pc",
                version,
            });
        }
        if version >= 6 {
            w.bool(self.keep_prepared_txn);
        } else if self.keep_prepared_txn {
            return Err(WireError::FieldNotInVersion {
                message: "InitProducerIdRequest",
                field: "keep_prepared_txn",
                version,
            });
        }
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for InitProducerIdRequest<'_> {
    const API: ApiKey = ApiKey::InitProducerId;
    type Response<'b> = super::InitProducerIdResponseType<'b>;
}

impl InitProducerIdRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> InitProducerIdRequest<'static> {
        InitProducerIdRequest {
            transactional_id: self
                .transactional_id
                .map(|value| Cow::Owned(value.into_owned())),
            transaction_timeout_ms: self.transaction_timeout_ms,
            producer_id: self.producer_id,
            producer_epoch: self.producer_epoch,
            enable2_pc: self.enable2_pc,
            keep_prepared_txn: self.keep_prepared_txn,
        }
    }
}
