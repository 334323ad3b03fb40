//! `NoOpRecord`, versions 0. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `NoOpRecord`, key 20, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoOpRecord {}

impl Default for NoOpRecord {
    fn default() -> Self {
        Self {}
    }
}

impl<'a> Message<'a> for NoOpRecord {
    const KEY: i16 = 20;
    const NAME: &'static str = "NoOpRecord";
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
