//! `ConsumerGroupTargetAssignmentMetadataValue`, versions 0. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `ConsumerGroupTargetAssignmentMetadataValue`, key 6, versions 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerGroupTargetAssignmentMetadataValue {
    /// `int32, versions 0`
    pub assignment_epoch: i32,
    /// `int64, versions 0, tag 0, default 0, ignorable`
    pub assignment_timestamp: i64,
}

impl Default for ConsumerGroupTargetAssignmentMetadataValue {
    fn default() -> Self {
        Self {
            assignment_epoch: 0,
            assignment_timestamp: 0,
        }
    }
}

impl<'a> Message<'a> for ConsumerGroupTargetAssignmentMetadataValue {
    const KEY: i16 = 6;
    const NAME: &'static str = "ConsumerGroupTargetAssignmentMetadataValue";
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
        m.assignment_epoch = r.i32()?;
        r.tagged_fields(|tag, r| {
            match tag {
                0 => m.assignment_timestamp = r.i64()?,
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
        w.i32(self.assignment_epoch);
        let has_assignment_timestamp = self.assignment_timestamp != 0;
        w.uvarint(u32::from(has_assignment_timestamp));
        if has_assignment_timestamp {
            w.tagged(0, |w| {
                w.i64(self.assignment_timestamp);
                Ok(())
            })?;
        }
        Ok(())
    }
}
