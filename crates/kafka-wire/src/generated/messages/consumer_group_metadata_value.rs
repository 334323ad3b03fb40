//! `ConsumerGroupMetadataValue`, versions 0. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `ConsumerGroupMetadataValue`, key 3, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerGroupMetadataValue {
    /// `int32, versions 0`
    pub epoch: i32,
    /// `int64, versions 0, tag 0, default 0`
    pub metadata_hash: i64,
}

impl Default for ConsumerGroupMetadataValue {
    fn default() -> Self {
        Self {
            epoch: 0,
            metadata_hash: 0,
        }
    }
}

impl<'a> Message<'a> for ConsumerGroupMetadataValue {
    const KEY: i16 = 3;
    const NAME: &'static str = "ConsumerGroupMetadataValue";
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
        m.epoch = r.i32()?;
        r.tagged_fields(|tag, r| {
            match tag {
                0 => m.metadata_hash = r.i64()?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(m)
    }

    fn encode(&self, w: &mut Writer, version: i16) -> Result<(), WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        w.i32(self.epoch);
        let has_metadata_hash = self.metadata_hash != 0;
        w.uvarint(u32::from(has_metadata_hash));
        if has_metadata_hash {
            w.tagged(0, |w| {
                w.i64(self.metadata_hash);
                Ok(())
            })?;
        }
        Ok(())
    }
}
