//! `ControlRecordTypeSchema`, versions 0. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `ControlRecordTypeSchema`, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlRecordTypeSchema {
    /// `int16, versions 0`
    pub r#type: i16,
}

impl Default for ControlRecordTypeSchema {
    fn default() -> Self {
        Self { r#type: 0 }
    }
}

impl<'a> Message<'a> for ControlRecordTypeSchema {
    const KEY: i16 = -1;
    const NAME: &'static str = "ControlRecordTypeSchema";
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
        m.r#type = r.i16()?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.i16(self.r#type);
        Ok(())
    }
}
