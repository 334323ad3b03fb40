//! `TransactionLogKey`, versions 0. Written by `cargo xtask codegen`; do not edit.

use std::borrow::Cow;

use crate::*;

/// `TransactionLogKey`, key 0, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionLogKey<'a> {
    /// `string, versions 0`
    pub transactional_id: Cow<'a, str>,
}

impl<'a> Default for TransactionLogKey<'a> {
    fn default() -> Self {
        Self {
            transactional_id: Cow::Borrowed(""),
        }
    }
}

impl<'a> Message<'a> for TransactionLogKey<'a> {
    const KEY: i16 = 0;
    const NAME: &'static str = "TransactionLogKey";
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
        m.transactional_id = r.string(false)?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.string(&self.transactional_id, false)?;
        Ok(())
    }
}

impl TransactionLogKey<'_> {
    /// A copy that borrows nothing.
    #[must_use]
    pub fn into_owned(self) -> TransactionLogKey<'static> {
        TransactionLogKey {
            transactional_id: Cow::Owned(self.transactional_id.into_owned()),
        }
    }
}
