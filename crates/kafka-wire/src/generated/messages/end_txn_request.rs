//! `EndTxnRequest`, versions 0-5. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `EndTxnRequest`, key 26, versions 0-5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndTxnRequest<'a> {
    /// `string, versions 0-5`
    pub transactional_id: Cow<'a, str>,
    /// `int64, versions 0-5`
    pub producer_id: i64,
    /// `int16, versions 0-5`
    pub producer_epoch: i16,
    /// `bool, versions 0-5`
    pub committed: bool,
}

impl<'a> Default for EndTxnRequest<'a> {
    fn default() -> Self {
        Self {
            transactional_id: Cow::Borrowed(""),
            producer_id: 0,
            producer_epoch: 0,
            committed: false,
        }
    }
}

impl<'a> Message<'a> for EndTxnRequest<'a> {
    const KEY: i16 = 26;
    const NAME: &'static str = "EndTxnRequest";
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
        m.transactional_id = r.string(flexible)?;
        m.producer_id = r.i64()?;
        m.producer_epoch = r.i16()?;
        m.committed = r.bool()?;
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
        w.bool(self.committed);
        if flexible {
            w.uvarint(0);
        }
        Ok(())
    }
}

impl Request for EndTxnRequest<'_> {
    const API: ApiKey = ApiKey::EndTxn;
    type Response<'b> = super::EndTxnResponseType<'b>;
}

impl EndTxnRequest<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> EndTxnRequest<'static> {
        EndTxnRequest {
            transactional_id: Cow::Owned(self.transactional_id.into_owned()),
            producer_id: self.producer_id,
            producer_epoch: self.producer_epoch,
            committed: self.committed,
        }
    }
}
