//! `PartitionChangeRecord`, versions 0-2. Written by `cargo xtask codegen`; do not edit.

use crate::*;

/// `PartitionChangeRecord`, key 5, versions 0-2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionChangeRecord {
    /// `int32, versions 0-2, default -1`
    pub partition_id: i32,
    /// `uuid, versions 0-2`
    pub topic_id: Uuid,
    /// `[]int32, versions 0-2, nullable 0-2, tag 0, default null`
    pub isr: Option<Vec<i32>>,
    /// `int32, versions 0-2, tag 1, default -2`
    pub leader: i32,
    /// `[]int32, versions 0-2, nullable 0-2, tag 2, default null`
    pub replicas: Option<Vec<i32>>,
    /// `[]int32, versions 0-2, nullable 0-2, tag 3, default null`
    pub removing_replicas: Option<Vec<i32>>,
    /// `[]int32, versions 0-2, nullable 0-2, tag 4, default null`
    pub adding_replicas: Option<Vec<i32>>,
    /// `int8, versions 0-2, tag 5, default -1`
    pub leader_recovery_state: i8,
    /// `[]uuid, versions 1-2, nullable 1-2, tag 8, default null`
    pub directories: Option<Vec<Uuid>>,
    /// `[]int32, versions 2, nullable 2, tag 6, default null`
    pub eligible_leader_replicas: Option<Vec<i32>>,
    /// `[]int32, versions 2, nullable 2, tag 7, default null`
    pub last_known_elr: Option<Vec<i32>>,
}

impl Default for PartitionChangeRecord {
    fn default() -> Self {
        Self {
            partition_id: -1,
            topic_id: Uuid::ZERO,
            isr: None,
            leader: -2,
            replicas: None,
            removing_replicas: None,
            adding_replicas: None,
            leader_recovery_state: -1,
            directories: None,
            eligible_leader_replicas: None,
            last_known_elr: None,
        }
    }
}

impl<'a> Message<'a> for PartitionChangeRecord {
    const KEY: i16 = 5;
    const NAME: &'static str = "PartitionChangeRecord";
    const VERSIONS: VersionRange = VersionRange::new(0, 2);
    const FLEXIBLE_FROM: Option<i16> = Some(0);

    fn decode(r: &mut Reader<'a>, version: i16) -> Result<Self, WireError> {
        if !Self::VERSIONS.contains(version) {
            return Err(WireError::UnsupportedVersion {
                message: Self::NAME,
                version,
            });
        }
        let mut m = Self::default();
        m.partition_id = r.i32()?;
        m.topic_id = r.uuid()?;
        r.tagged_fields(|tag, r| {
            match tag {
                0 => m.isr = r.nullable_array(true, 4, |r| r.i32())?,
                1 => m.leader = r.i32()?,
                2 => m.replicas = r.nullable_array(true, 4, |r| r.i32())?,
                3 => m.removing_replicas = r.nullable_array(true, 4, |r| r.i32())?,
                4 => m.adding_replicas = r.nullable_array(true, 4, |r| r.i32())?,
                5 => m.leader_recovery_state = r.i8()?,
                8 if version >= 1 => m.directories = r.nullable_array(true, 16, |r| r.uuid())?,
                6 if version >= 2 => {
                    m.eligible_leader_replicas = r.nullable_array(true, 4, |r| r.i32())?
                }
                7 if version >= 2 => m.last_known_elr = r.nullable_array(true, 4, |r| r.i32())?,
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
        w.i32(self.partition_id);
        w.uuid(self.topic_id);
        if !(version >= 1) && self.directories.is_some() {
            return Err(WireError::FieldNotInVersion {
                message: "PartitionChangeRecord",
                field: "directories",
                version,
            });
        }
        if !(version >= 2) && self.eligible_leader_replicas.is_some() {
            return Err(WireError::FieldNotInVersion {
                message: "PartitionChangeRecord",
                field: "eligible_leader_replicas",
                version,
            });
        }
        if !(version >= 2) && self.last_known_elr.is_some() {
            return Err(WireError::FieldNotInVersion {
                message: "PartitionChangeRecord",
                field: "last_known_elr",
                version,
            });
        }
        let has_isr = self.isr.is_some();
        let has_leader = self.leader != -2;
        let has_replicas = self.replicas.is_some();
        let has_removing_replicas = self.removing_replicas.is_some();
        let has_adding_replicas = self.adding_replicas.is_some();
        let has_leader_recovery_state = self.leader_recovery_state != -1;
        let has_eligible_leader_replicas = version >= 2 && self.eligible_leader_replicas.is_some();
        let has_last_known_elr = version >= 2 && self.last_known_elr.is_some();
        let has_directories = version >= 1 && self.directories.is_some();
        w.uvarint(
            u32::from(has_isr)
                + u32::from(has_leader)
                + u32::from(has_replicas)
                + u32::from(has_removing_replicas)
                + u32::from(has_adding_replicas)
                + u32::from(has_leader_recovery_state)
                + u32::from(has_eligible_leader_replicas)
                + u32::from(has_last_known_elr)
                + u32::from(has_directories),
        );
        if has_isr {
            w.tagged(0, |w| {
                w.nullable_array(self.isr.as_deref(), true, |w, value| {
                    w.i32(*value);
                    Ok(())
                })?;
                Ok(())
            })?;
        }
        if has_leader {
            w.tagged(1, |w| {
                w.i32(self.leader);
                Ok(())
            })?;
        }
        if has_replicas {
            w.tagged(2, |w| {
                w.nullable_array(self.replicas.as_deref(), true, |w, value| {
                    w.i32(*value);
                    Ok(())
                })?;
                Ok(())
            })?;
        }
        if has_removing_replicas {
            w.tagged(3, |w| {
                w.nullable_array(self.removing_replicas.as_deref(), true, |w, value| {
                    w.i32(*value);
                    Ok(())
                })?;
                Ok(())
            })?;
        }
        if has_adding_replicas {
            w.tagged(4, |w| {
                w.nullable_array(self.adding_replicas.as_deref(), true, |w, value| {
                    w.i32(*value);
                    Ok(())
                })?;
                Ok(())
            })?;
        }
        if has_leader_recovery_state {
            w.tagged(5, |w| {
                w.i8(self.leader_recovery_state);
                Ok(())
            })?;
        }
        if has_eligible_leader_replicas {
            w.tagged(6, |w| {
                w.nullable_array(
                    self.eligible_leader_replicas.as_deref(),
                    true,
                    |w, value| {
                        w.i32(*value);
                        Ok(())
                    },
                )?;
                Ok(())
            })?;
        }
        if has_last_known_elr {
            w.tagged(7, |w| {
                w.nullable_array(self.last_known_elr.as_deref(), true, |w, value| {
                    w.i32(*value);
                    Ok(())
                })?;
                Ok(())
            })?;
        }
        if has_directories {
            w.tagged(8, |w| {
                w.nullable_array(self.directories.as_deref(), true, |w, value| {
                    w.uuid(*value);
                    Ok(())
                })?;
                Ok(())
            })?;
        }
        Ok(())
    }
}
