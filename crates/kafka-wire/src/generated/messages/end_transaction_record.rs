//! `EndTransactionRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `EndTransactionRecord`, key 24, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndTransactionRecord {}

impl Default for EndTransactionRecord {
    fn default() -> Self {
        Self {}
    }
}

impl<'a> Message<'a> for EndTransactionRecord {
    const KEY: i16 = 24;
    const NAME: &'static str = "EndTransactionRecord";
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
        w.uvarint(0);
        Ok(())
    }
}
