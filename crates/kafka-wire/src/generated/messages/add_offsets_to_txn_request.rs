//! `AddOffsetsToTxnRequest`, versions 0-4. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `AddOffsetsToTxnRequest`, key 25, versions 0-4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddOffsetsToTxnRequest<'a> {
    /// `string, versions 0-4`
    pub transactional_id: Cow<'a, str>,
    /// `int64, versions 0-4`
    pub producer_id: i64,
    /// `int16, versions 0-4`
    pub producer_epoch: i16,
    /// `string, versions 0-4`
    pub group_id: Cow<'a, str>,
}

impl<'a> Default for AddOffsetsToTxnRequest<'a> {
    fn default() -> Self {
        Self {
            transactional_id: Cow::Borrowed(""),
            producer_id: 0,
            producer_epoch: 0,
            group_id: Cow::Borrowed(""),
        }
    }
}

impl<'a> Message<'a> for AddOffsetsToTxnRequest<'a> {
    const KEY: i16 = 25;
    const NAME: &'static str = "AddOffsetsToTxnRequest";
    const VERSIONS: VersionRange = VersionRange::new(0, 4);
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
        m.transactional_id = r.string(flexible)?;
        m.producer_id = r.i64()?;
        m.producer_epoch = r.i16()?;
        m.group_id = r.string(flexible)?;
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
        w.string(&self.transactional_id, flexible)?;
        w.i64(self.producer_id);
        w.i16(self.producer_epoch);
        w.string(&self.group_id, flexible)?;
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for AddOffsetsToTxnRequest<'_> {
    const API: ApiKey = ApiKey::AddOffsetsToTxn;
    type Response<'b> = super::AddOffsetsToTxnResponseType<'b>;
}

impl AddOffsetsToTxnRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> AddOffsetsToTxnRequest<'static> {
        AddOffsetsToTxnRequest {
            transactional_id: Cow::Owned(self.transactional_id.into_owned()),
            producer_id: self.producer_id,
            producer_epoch: self.producer_epoch,
            group_id: Cow::Owned(self.group_id.into_owned()),
        }
    }
}
