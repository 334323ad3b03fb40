//! `BrokerRegistrationChangeRecord`, versions 0-3. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `BrokerRegistrationChangeRecord`, key 17, versions 0-3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerRegistrationChangeRecord {
    /// `int32, versions 0-3`
    pub broker_id: i32,
    /// `int64, versions 0-3`
    pub broker_epoch: i64,
    /// `int8, versions 0-3, tag 0`
    pub fenced: i8,
    /// `int8, versions 1-3, tag 1`
    pub in_controlled_shutdown: i8,
    /// `[]uuid, versions 2-3, tag 2`
    pub log_dirs: Vec<Uuid>,
    /// `[]uuid, versions 3, nullable 3, tag 3, default null`
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
}

impl Default for BrokerRegistrationChangeRecord {
    fn default() -> Self {
        Self {
            broker_id: 0,
            broker_epoch: 0,
            fenced: 0,
            in_controlled_shutdown: 0,
            log_dirs: Vec::new(),
            cordoned_log_dirs: None,
        }
    }
}

impl<'a> Message<'a> for BrokerRegistrationChangeRecord {
    const KEY: i16 = 17;
    const NAME: &'static str = "BrokerRegistrationChangeRecord";
    const VERSIONS: VersionRange = VersionRange::new(0, 3);
    const FLEXIBLE_FROM: Option<i16> = Some(0);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.broker_id = r.i32()?;
        m.broker_epoch = r.i64()?;
        r.tagged_fields(|tag, r| {
            match tag {
                0 => m.fenced = r.i8()?,
                1 if version >= 1 => m.in_controlled_shutdown = r.i8()?,
                2 if version >= 2 => m.log_dirs = r.array(true, 16, |r| r.uuid())?,
                3 if version >= 3 => {
                    m.cordoned_log_dirs = r.nullable_array(true, 16, |r| r.uuid())?
                }
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
        w.i32(self.broker_id);
        w.i64(self.broker_epoch);
        if !(version >= 1) && self.in_controlled_shutdown != 0 {
            return Err(WireError::FieldNotInVersion {
                message: "BrokerRegistrationChangeRecord",
                field: "in_controlled_shutdown",
                version,
            });
        }
        if !(version >= 2) && !self.log_dirs.is_empty() {
            return Err(WireError::FieldNotInVersion {
                message: "BrokerRegistrationChangeRecord",
                field: "log_dirs",
                version,
            });
        }
        if !(version >= 3) && self.cordoned_log_dirs.is_some() {
            return Err(WireError::FieldNotInVersion {
                message: "BrokerRegistrationChangeRecord",
                field: "cordoned_log_dirs",
                version,
            });
        }
        let has_fenced = self.fenced != 0;
        let has_in_controlled_shutdown = version >= 1 && self.in_controlled_shutdown != 0;
        let has_log_dirs = version >= 2 && !self.log_dirs.is_empty();
        let has_cordoned_log_dirs = version >= 3 && self.cordoned_log_dirs.is_some();
        w.uvarint(
            u32::from(has_fenced)
                + u32::from(has_in_controlled_shutdown)
                + u32::from(has_log_dirs)
                + u32::from(has_cordoned_log_dirs),
        );
        if has_fenced {
            w.tagged(0, |w| {
                w.i8(self.fenced);
                Ok(())
            })?;
        }
        if has_in_controlled_shutdown {
            w.tagged(1, |w| {
                w.i8(self.in_controlled_shutdown);
                Ok(())
            })?;
        }
        if has_log_dirs {
            w.tagged(2, |w| {
                w.array(&self.log_dirs, true, |w, value| {
                    w.uuid(*value);
                    Ok(())
                })?;
                Ok(())
            })?;
        }
        if has_cordoned_log_dirs {
            w.tagged(3, |w| {
                w.nullable_array(self.cordoned_log_dirs.as_deref(), true, |w, value| {
                    w.uuid(*value);
                    Ok(())
                })?;
                Ok(())
            })?;
        }
        Ok(())
    }
}
